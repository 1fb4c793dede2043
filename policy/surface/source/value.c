#include "policy/surface/source/value.h"

#include <string.h>

#include "policy/surface/source/entries.h"
#include "policy/surface/source/literal.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

#define NAMES_DEEP 16 /* names that stand for names */

struct source_node *value_argument(struct source_node *call, const char *name, size_t position) {
    size_t at = 0;
    for (struct source_node *item = call->items; item != NULL; item = item->next) {
        if (item->stars > 0)
            continue;
        bool labelled = item->label.length > 0;
        if (labelled ? syntax_is(&item->label, name) : at == position)
            return item;
        at += !labelled;
    }
    return NULL;
}

size_t value_positions(struct source_node *call) {
    size_t count = 0;
    for (struct source_node *item = call->items; item != NULL; item = item->next)
        count += item->stars == 0 && item->label.length == 0;
    return count;
}

struct source_node *value_leaf(const struct source_file *file, struct source_node *node) {
    for (size_t i = 0; i < NAMES_DEEP; i++) {
        struct source_node *next = names_value(&file->names, node);
        if (next == NULL)
            break;
        node = next;
    }
    return node;
}

bool value_is_word(const struct source_file *file, struct source_node *node, const char *word) {
    node = value_leaf(file, node);
    return node->kind == SOURCE_WORD && syntax_is(&node->name, word);
}

static bool is_method(struct source_node *node, const char *name) {
    return node->kind == SOURCE_CALL && node->object->kind == SOURCE_MEMBER &&
           syntax_is(&node->object->name, name);
}

static bool is_environ(struct source_node *node) {
    return (node->kind == SOURCE_MEMBER || node->kind == SOURCE_NAME) &&
           (syntax_is(&node->name, "environ") || syntax_is(&node->name, "env"));
}

static bool is_getter(struct source_node *callee) {
    if (syntax_is(&callee->name, "getenv"))
        return callee->kind == SOURCE_MEMBER || callee->kind == SOURCE_NAME;
    return callee->kind == SOURCE_MEMBER && is_environ(callee->object) &&
           (syntax_is(&callee->name, "get") || syntax_is(&callee->name, "getOrElse") ||
            syntax_is(&callee->name, "pop"));
}

const char *value_variable(struct source_file *file, struct source_node *node,
                           struct source_node **fallback) {
    struct source_node *name = NULL;
    *fallback = NULL;
    bool call = node->kind == SOURCE_CALL && is_getter(node->object);
    if (call || (node->kind == SOURCE_INDEX && is_environ(node->object)) ||
        (node->kind == SOURCE_CALL && syntax_is(&node->object->name, "env") &&
         is_environ(node->object)))
        name = value_argument(node, "key", 0);
    if (call)
        *fallback = value_argument(node, "default", 1);
    if (name == NULL || value_leaf(file, name)->kind != SOURCE_TEXT)
        return "";
    return value_text(file, name);
}

/* How what is not told is shown: names and calls, never a literal. */
static void put_unknown(struct source_file *file, struct source_sink *sink,
                        struct source_node *node) {
    struct source_node *fallback, *from = node;
    const char *bytes = file->text->bytes;
    const char *variable = value_variable(file, node, &fallback);
    if (variable[0] != '\0' && strlen(variable) < 64 && !unknown_in(variable)) {
        char shown[66] = "$";
        memcpy(shown + 1, variable, strlen(variable));
        sink_unknown(sink, shown, strlen(variable) + 1, node->offset);
        return;
    }
    while (from->kind == SOURCE_CALL || from->kind == SOURCE_INDEX)
        from = from->object;
    size_t length = from->end - from->offset;
    bool plain = (from->kind == SOURCE_NAME || from->kind == SOURCE_MEMBER) && length <= 64;
    for (size_t i = 0; plain && i < length; i++)
        plain = strchr("\"'\n(", bytes[from->offset + i]) == NULL;
    if (plain)
        sink_unknown(sink, bytes + from->offset, length, node->offset);
    else
        sink_unknown(sink, "...", 3, node->offset);
}

/* A number of the source as str() writes it; false where that would have to be computed. */
static bool put_number(struct source_file *file, struct source_sink *sink,
                       struct source_node *node) {
    char shown[32];
    size_t size = 0;
    bool suffix = file->text->language == SOURCE_SCALA;
    for (size_t i = 0; i < node->name.length; i++) {
        char c = node->name.text[i];
        if (c == '_' || (suffix && i + 1 == node->name.length && strchr("lLdDfF", c) != NULL))
            continue;
        if (size == sizeof shown || strchr("-0123456789.", c) == NULL)
            return false;
        shown[size++] = c;
    }
    if (size == 0 ||
        (memchr(shown, '.', size) != NULL && shown[size - 1] == '0' && shown[size - 2] != '.'))
        return false;
    if (size == node->name.length)
        sink_put(sink, shown, size, node->offset);
    else
        sink_decoded(sink, shown, size, node->offset);
    return true;
}

static void put_word(struct source_file *file, struct source_sink *sink, struct source_node *node) {
    char first = node->name.text[0];
    if ((first >= '0' && first <= '9') || first == '-' || first == '.') {
        if (!put_number(file, sink, node))
            put_unknown(file, sink, node);
    } else if (first == '\'') {
        put_unknown(file, sink, node);
    } else {
        sink_put(sink, node->name.text, node->name.length, node->offset);
    }
}

static void put_node(struct source_file *file, struct source_sink *sink, struct source_node *node,
                     size_t deep);

/* "a {} b".format(…) and "a %s b" % …: what is filled in is unknown. */
static void put_template(struct source_file *file, struct source_sink *sink,
                         struct source_node *form, bool braces) {
    const char *text = value_text(file, form);
    size_t offset =
        form->offset + lexer_string(file->text->language, file->text->bytes + form->offset,
                                    form->end - form->offset)
                           .offset;
    for (const char *at = text; *at != '\0';) {
        bool doubled = at[1] == *at && (braces ? *at == '{' || *at == '}' : *at == '%');
        size_t filled = doubled      ? 0
                        : braces     ? (*at == '{' ? strcspn(at, "}") + 1 : 0)
                        : *at == '%' ? 1 + strcspn(at + 1, "sdrfixg") + 1
                                     : 0;
        if (filled > strlen(at))
            filled = strlen(at);
        if (filled > 0)
            sink_unknown(sink, at, filled < 32 ? filled : 32, offset);
        else
            sink_decoded(sink, at, 1, offset);
        at += filled > 0 ? filled : doubled ? 2 : 1;
    }
}

/* ",".join([…]) of items that are told. */
static bool put_joined(struct source_file *file, struct source_sink *sink, struct source_node *node,
                       size_t deep) {
    struct source_node *list = node->items == NULL ? NULL : value_leaf(file, node->items);
    struct source_node *between = value_leaf(file, node->object->object);
    if (list == NULL || list->kind != SOURCE_SEQUENCE || between->kind != SOURCE_TEXT)
        return false;
    for (struct source_node *item = list->items; item != NULL; item = item->next) {
        if (item != list->items)
            put_node(file, sink, between, deep);
        put_node(file, sink, item, deep);
    }
    return true;
}

struct search {
    struct source_file *file;
    const char *key;
    struct source_node *found;
};

static void take_searched(void *state, const struct source_pair *pair) {
    struct search *s = state;
    if (pair->key != NULL && strcmp(value_text(s->file, pair->key), s->key) == 0)
        s->found = pair->value;
}

/* NAME["key"] of a dictionary that is told. */
static struct source_node *find_item(struct source_file *file, struct source_node *node) {
    struct source_node *key = node->items;
    if (key == NULL || key->next != NULL || value_leaf(file, key)->kind != SOURCE_TEXT)
        return NULL;
    struct source_node *mapping = value_leaf(file, node->object);
    if (mapping->kind != SOURCE_MAPPING || names_find(&file->names, node->object) == NULL ||
        names_find(&file->names, node->object)->entries != NULL)
        return NULL;
    struct search s = {.file = file, .key = value_text(file, key)};
    bool told = entries_each(file, mapping, take_searched, &s);
    return told ? s.found : NULL;
}

static void put_call(struct source_file *file, struct source_sink *sink, struct source_node *node,
                     size_t deep) {
    bool text = node->object->kind == SOURCE_NAME && syntax_is(&node->object->name, "str");
    if (text && node->items != NULL && node->items->next == NULL)
        put_node(file, sink, node->items, deep);
    else if (is_method(node, "format") &&
             value_leaf(file, node->object->object)->kind == SOURCE_TEXT)
        put_template(file, sink, value_leaf(file, node->object->object), true);
    else if (!is_method(node, "join") || !put_joined(file, sink, node, deep))
        put_unknown(file, sink, node);
}

static void put_node(struct source_file *file, struct source_sink *sink, struct source_node *node,
                     size_t deep) {
    struct source_node *found = NULL;
    file->work += 1 + (node->kind == SOURCE_TEXT ? node->end - node->offset : 0);
    if (deep == 0 || file->work > LIMIT_SOURCE_WORK) {
        put_unknown(file, sink, node);
    } else if (node->kind == SOURCE_TEXT) {
        literal_put(sink, file->text, node->offset, node->end - node->offset);
    } else if (node->kind == SOURCE_WORD) {
        put_word(file, sink, node);
    } else if (node->kind == SOURCE_JOIN) {
        for (struct source_node *item = node->items; item != NULL; item = item->next)
            put_node(file, sink, item, deep - 1);
    } else if (node->kind == SOURCE_CALL) {
        put_call(file, sink, node, deep - 1);
    } else if (node->kind == SOURCE_OTHER && node->operation == '%' &&
               value_leaf(file, node->object)->kind == SOURCE_TEXT) {
        put_template(file, sink, value_leaf(file, node->object), false);
    } else {
        found =
            node->kind == SOURCE_INDEX ? find_item(file, node) : names_value(&file->names, node);
        if (found != NULL)
            put_node(file, sink, found, deep - 1);
        else
            put_unknown(file, sink, node);
    }
}

static const char *finish_sink(struct source_file *file, struct source_sink *sink) {
    const char *text =
        arena_text(file->arena, sink->text.length == 0 ? "" : sink->text.data, sink->text.length);
    if (text == NULL || buffer_status(&sink->text) != 0 || sink->starved)
        file->starved = true;
    file->work += sink->text.length;
    buffer_free(&sink->text);
    return text == NULL ? "" : text;
}

const char *value_text(struct source_file *file, struct source_node *node) {
    struct source_node *leaf = value_leaf(file, node);
    if (leaf->known != NULL)
        return leaf->known;
    struct source_sink sink = {.text = buffer_make(2 * LIMIT_SOURCE_WORK)};
    put_node(file, &sink, leaf, NAMES_DEEP);
    const char *text = finish_sink(file, &sink);
    if (leaf->kind == SOURCE_TEXT)
        leaf->known = text;
    return text;
}

const char *value_mapped(struct source_file *file, struct source_node *node,
                         struct place_map *map) {
    struct source_sink sink = {
        .text = buffer_make(2 * LIMIT_SOURCE_WORK), .file = &file->map, .arena = file->arena};
    put_node(file, &sink, node, NAMES_DEEP);
    if (sink.count == 0)
        sink_decoded(&sink, "", 0, node->offset);
    *map =
        (struct place_map){.file = file->map.file, .segments = sink.segments, .count = sink.count};
    return finish_sink(file, &sink);
}

struct origin value_origin(struct source_file *file, struct source_node *node) {
    struct place_map map;
    value_mapped(file, node, &map);
    return map.count == 0 ? place_find(&file->map, node->offset) : place_find(&map, 0);
}

bool value_is_known(struct source_file *file, struct source_node *node) {
    struct source_node *leaf = value_leaf(file, node);
    bool text = leaf->kind == SOURCE_TEXT || leaf->kind == SOURCE_JOIN ||
                leaf->kind == SOURCE_CALL || leaf->kind == SOURCE_INDEX;
    return text && !unknown_in(value_text(file, node));
}
