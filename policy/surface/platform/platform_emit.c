#include <ctype.h>
#include <string.h>

#include "policy/surface/platform/shape.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

bool platform_spend(struct platform *p, size_t nodes) {
    if (p->b->failed || nodes <= LIMIT_SETTINGS - p->looked) {
        p->looked += p->b->failed ? 0 : nodes;
        return !p->b->failed;
    }
    error_set(p->err, ERROR_INPUT, "too many launches share what is written once");
    error_at(p->err, p->label, 0, 0);
    p->b->failed = true;
    return false;
}

void nodes_add(struct platform *p, struct nodes *nodes, const struct tree_node *node) {
    const struct tree_node **items = arena_grow(p->arena, nodes->items, nodes->count, &nodes->room,
                                                sizeof(const struct tree_node *));
    if (items == NULL) {
        platform_starve(p);
        return;
    }
    nodes->items = items;
    items[nodes->count++] = node;
}

/* A root that a child points to may be another copy than the one in the stream's array. */
static bool is_same(const struct tree_node *a, const struct tree_node *b) {
    return a == b || (a->parent == NULL && b->parent == NULL && a->first == b->first);
}

bool nodes_have(const struct nodes *nodes, const struct tree_node *node) {
    for (size_t i = 0; i < nodes->count; i++)
        if (is_same(nodes->items[i], node))
            return true;
    return false;
}

/* Whether a key is that name, but for the case of its first letter and ".$". */
static bool is_named(const char *key, const char *name) {
    size_t length = strlen(name);
    if (tolower((unsigned char)key[0]) != tolower((unsigned char)name[0]) ||
        strncmp(key + 1, name + 1, length - 1) != 0)
        return false;
    return key[length] == '\0' || strcmp(key + length, ".$") == 0;
}

const struct tree_node *platform_find(const struct tree_node *mapping, const char *name) {
    const struct tree_node *found = NULL;
    if (mapping == NULL || mapping->kind != TREE_MAPPING)
        return NULL;
    for (const struct tree_node *child = mapping->first; child != NULL; child = child->next)
        if (child->key != NULL && child->key[0] != '\0' && is_named(child->key, name))
            found = child;
    return found;
}

const struct tree_node *platform_path(const struct tree_node *node, const char *path) {
    char name[64];
    while (node != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        node = platform_find(node, name);
        path += length + (path[length] == '.');
    }
    return node;
}

void platform_launch(struct platform *p, const char *title, const struct tree_node *at,
                     const char *platform, enum written_form form) {
    struct origin origin = at->origin;
    struct origin unset = tree_unset(at);
    p->b->form = form;
    document_launch(p->b, title, &origin);
    document_unset(p->b, unset.file, unset.line, unset.column);
    document_set(p->b, DOCUMENT_FACTS, DOCUMENT_FACT_PLATFORM, platform, &origin, NULL);
}

static bool is_too_many(struct platform *p) {
    if (p->b->failed || ++p->settings <= LIMIT_SETTINGS)
        return p->b->failed;
    error_set(p->err, ERROR_INPUT, "more than %u settings over all its launches", LIMIT_SETTINGS);
    error_at(p->err, p->label, 0, 0);
    p->b->failed = true;
    return true;
}

void platform_set(struct platform *p, enum document_list list, const char *key,
                  const struct origin *key_origin, const struct platform_text *value) {
    if (is_too_many(p))
        return;
    if (list == PLATFORM_LOOSE)
        document_add_loose(p->b, key, value->text, key_origin, &value->origin);
    else
        document_set(p->b, list, key, value->text, key_origin, &value->origin);
}

/* A key without the ".$" of Step Functions. */
static const char *clean_key(struct platform *p, const char *key) {
    if (!text_ends(key, ".$"))
        return key;
    const char *clean = arena_text(p->arena, key, strlen(key) - 2);
    if (clean == NULL)
        platform_starve(p);
    return clean;
}

void platform_put(struct platform *p, enum document_list list, const struct tree_node *child) {
    struct platform_text value;
    const char *key = clean_key(p, child->key);
    struct origin origin = child->key_origin;
    if (key == NULL || !platform_text(p, child, &value))
        return;
    if (list != PLATFORM_LOOSE && !tree_is_certain(child)) {
        platform_set(p, PLATFORM_LOOSE, key, &origin, &value);
        value.text = tree_doubt(p->arena, value.text, false);
        if (value.text == NULL) {
            platform_starve(p);
            return;
        }
    }
    platform_set(p, list, key, &origin, &value);
}

void platform_put_all(struct platform *p, enum document_list list,
                      const struct tree_node *mapping) {
    if (mapping == NULL)
        return;
    bool told = mapping->kind == TREE_MAPPING && !platform_is_intrinsic(mapping);
    if (list != PLATFORM_LOOSE && (mapping->open != NULL || (!told && !tree_is_null(mapping))))
        platform_open(p, mapping);
    for (const struct tree_node *child = mapping->first; told && child != NULL; child = child->next)
        if (child->key != NULL)
            platform_put(p, list, child);
}

void platform_fact(struct platform *p, const char *fact, const struct tree_node *mapping,
                   const char *name) {
    const struct tree_node *node = platform_find(mapping, name);
    struct platform_text text;
    if (!platform_text(p, node, &text))
        return;
    struct origin key = node->key_origin;
    platform_set(p, DOCUMENT_FACTS, fact, &key, &text);
}

void platform_master(struct platform *p, const struct tree_node *at, const char *master) {
    struct origin origin = at->origin;
    const char *unknown = "the platform's master";
    const char *value = master != NULL ? master : unknown_text(p->arena, unknown, strlen(unknown));
    if (value == NULL)
        platform_starve(p);
    else
        document_set(p->b, DOCUMENT_DEFAULTS, "spark.master", value, &origin, &origin);
}

void platform_word(struct platform *p, const char *word, const struct tree_node *at) {
    struct origin origin = at->origin;
    document_word(p->b, word, &origin, NULL);
}

const char *platform_equals(const char *text) {
    bool inside = false;
    for (; *text != '\0'; text++) {
        inside = *text == UNKNOWN_OPEN || (inside && *text != UNKNOWN_CLOSE);
        if (*text == '=' && !inside)
            return text;
    }
    return NULL;
}

/* Escapes may stand in a word, so the value behind '=' has a place of its own. */
static void add_word(struct platform *p, const struct platform_text *text) {
    const char *equals = text->text[0] == '-' ? NULL : platform_equals(text->text);
    struct origin value;
    if (equals != NULL) {
        size_t offset = (size_t)(equals - text->text) + 1;
        value = place_find(&text->map, offset + (text->text[offset] == UNKNOWN_OPEN));
    }
    document_word(p->b, text->text, &text->origin, equals == NULL ? NULL : &value);
}

void platform_word_node(struct platform *p, const struct tree_node *node) {
    struct platform_text text;
    if (!platform_text(p, node, &text))
        return;
    if (node->condition != NULL)
        text.text = tree_doubt(p->arena, text.text, true);
    if (text.text == NULL)
        platform_starve(p);
    else
        add_word(p, &text);
}

void platform_words(struct platform *p, const struct tree_node *sequence) {
    if (sequence == NULL || tree_is_null(sequence))
        return;
    if (sequence->kind != TREE_SEQUENCE || platform_is_intrinsic(sequence)) {
        platform_open(p, sequence);
        return;
    }
    if (sequence->open != NULL)
        platform_open(p, sequence);
    for (const struct tree_node *word = sequence->first; word != NULL; word = word->next) {
        platform_word_node(p, word);
        if (word->condition != NULL)
            platform_open(p, word);
    }
}

void platform_conf(struct platform *p, const char *key, const struct tree_node *child) {
    struct platform_text value;
    if (!platform_text(p, child, &value))
        return;
    const char *name = key == NULL ? clean_key(p, child->key) : key;
    const char *word = name == NULL ? NULL : arena_printf(p->arena, "%s=%s", name, value.text);
    struct origin origin = child->key_origin;
    origin.form = WRITTEN_JSON;
    if (word == NULL) {
        platform_starve(p);
        return;
    }
    document_word(p->b, "--conf", &origin, NULL);
    document_word(p->b, word, &origin, &value.origin);
}

size_t platform_command_words(struct platform *p, const struct tree_node *node,
                              struct document_word **words) {
    struct platform_text text;
    size_t count;
    if (!platform_text(p, node, &text))
        return 0;
    if (shell_split(text.text, strlen(text.text), &text.map, p->arena, words, &count, p->err) == 0)
        return count;
    p->b->failed = true;
    return 0;
}

void platform_split(struct platform *p, const struct tree_node *node) {
    struct document_word *words;
    size_t count = platform_command_words(p, node, &words);
    for (size_t i = 0; i < count; i++)
        if (unknown_is_whole(words[i].text, strlen(words[i].text)))
            document_open(p->b, &words[i].origin);
        else
            document_word(p->b, words[i].text, &words[i].origin, &words[i].value_origin);
}

void platform_open(struct platform *p, const struct tree_node *node) {
    if (node == NULL)
        return;
    struct origin origin = node->open != NULL ? *node->open : node->origin;
    document_open(p->b, &origin);
}

void platform_note(struct platform *p, const struct tree_node *at, const char *text) {
    struct origin origin = at->origin;
    document_note(p->b, &origin, text);
}
