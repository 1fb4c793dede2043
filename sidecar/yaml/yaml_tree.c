#include "sidecar/yaml/yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/yaml/yaml_text.h"

/* An open sequence or mapping. */
struct frame {
    struct yaml_node *node, *last;
    const char *key; /* a mapping's key whose value comes next, or NULL */
    yaml_mark_t key_mark;
};

struct reader {
    struct yaml_source source;
    struct arena *tree, *texts;
    struct frame stack[LIMIT_YAML_DEPTH];
    size_t depth, nodes, documents;
    struct yaml_node *root;
    struct error *err;
};

static int refuse(struct reader *r, const yaml_mark_t *mark, const char *what, const char *todo) {
    yaml_error(&r->source, mark->line + 1, mark->column + 1, r->err, "%s", what);
    return error_todo(r->err, "%s", todo);
}

static int refuse_memory(struct reader *r) {
    return error_set(r->err, ERROR_MEMORY, "memory is exhausted while reading %s", r->source.name);
}

static struct frame *top_frame(struct reader *r) {
    return r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
}

static bool wants_key(const struct frame *top) {
    return top != NULL && top->node->kind == YAML_MAPPING && top->key == NULL;
}

static void attach_node(struct reader *r, struct yaml_node *node) {
    struct frame *top = top_frame(r);
    if (top == NULL) {
        r->root = node;
        return;
    }
    node->key = top->key;
    if (top->key != NULL) {
        node->key_line = top->key_mark.line + 1;
        node->key_column = top->key_mark.column + 1;
    }
    top->key = NULL;
    if (top->last == NULL)
        top->node->first = node;
    else
        top->last->next = node;
    top->last = node;
    top->node->count++;
}

static struct yaml_node *add_node(struct reader *r, enum yaml_kind kind, const yaml_mark_t *mark) {
    if (r->nodes >= LIMIT_YAML_NODES) {
        refuse(r, mark, "the text holds too many values", "split it into several files");
        return NULL;
    }
    struct yaml_node *node = arena_alloc(r->tree, sizeof *node);
    if (node == NULL) {
        refuse_memory(r);
        return NULL;
    }
    r->nodes++;
    node->kind = kind;
    node->line = mark->line + 1;
    node->column = mark->column + 1;
    attach_node(r, node);
    return node;
}

static int check_decorations(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                             const yaml_char_t *tag) {
    if (anchor != NULL)
        return refuse(r, &event->start_mark, "anchors (&name) are not allowed",
                      "write the value out; put a text that begins with '&' in quotes");
    if (tag != NULL)
        return refuse(r, &event->start_mark, "tags (!name) are not allowed",
                      "leave it out; put a text that begins with '!' in quotes");
    return 0;
}

static int read_document(struct reader *r, const yaml_event_t *event) {
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end)
        return refuse(r, &event->start_mark, "directives (%YAML, %TAG) are not allowed",
                      "leave the line out");
    if (r->documents++ > 0)
        return refuse(r, &event->start_mark, "a second document begins here",
                      "keep one document in a file, without '---' between");
    return 0;
}

static int read_alias(struct reader *r, const yaml_event_t *event) {
    return refuse(r, &event->start_mark, "aliases (*name) are not allowed",
                  "write the value out; put a text that begins with '*' in quotes");
}

static bool is_plain(const yaml_event_t *event) {
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static int read_key(struct reader *r, const yaml_event_t *event, const char *text) {
    struct frame *top = top_frame(r);
    if (*text == '\0')
        return refuse(r, &event->start_mark, "a key is missing before ':'", "write `key: value`");
    if (is_plain(event) && strcmp(text, "<<") == 0)
        return refuse(r, &event->start_mark, "merge keys (<<) are not allowed",
                      "write the keys out");
    top->key = text;
    top->key_mark = event->start_mark;
    return 0;
}

static int read_scalar(struct reader *r, const yaml_event_t *event) {
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (check_decorations(r, event, event->data.scalar.anchor, event->data.scalar.tag) != 0)
        return -1;
    if (memchr(value, '\0', length) != NULL)
        return refuse(r, &event->start_mark, "a text holds a NUL (\\0)", "leave it out");
    char *text = arena_text(r->texts, value, length);
    if (text == NULL)
        return refuse_memory(r);
    if (wants_key(top_frame(r)))
        return read_key(r, event, text);
    struct yaml_node *node = add_node(r, YAML_SCALAR, &event->start_mark);
    if (node == NULL)
        return -1;
    node->text = text;
    node->quoted = !is_plain(event);
    return 0;
}

static int open_collection(struct reader *r, const yaml_event_t *event, enum yaml_kind kind) {
    if (wants_key(top_frame(r)))
        return refuse(r, &event->start_mark, "a key must be text, not a list or a mapping",
                      "put a text that begins with '[' or '{' in quotes");
    if (r->depth >= LIMIT_YAML_DEPTH)
        return refuse(r, &event->start_mark, "the text is nested too deeply", "make it flatter");
    struct yaml_node *node = add_node(r, kind, &event->start_mark);
    if (node == NULL)
        return -1;
    r->stack[r->depth++] = (struct frame){.node = node};
    return 0;
}

static int read_sequence(struct reader *r, const yaml_event_t *event) {
    if (check_decorations(r, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag) != 0)
        return -1;
    return open_collection(r, event, YAML_SEQUENCE);
}

static int read_mapping(struct reader *r, const yaml_event_t *event) {
    if (check_decorations(r, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag) != 0)
        return -1;
    return open_collection(r, event, YAML_MAPPING);
}

static int close_sequence(struct reader *r, const yaml_event_t *event) {
    (void)event;
    r->depth--;
    return 0;
}

static bool stands_before(const struct yaml_node *a, const struct yaml_node *b) {
    return a->key_line != b->key_line ? a->key_line < b->key_line : a->key_column < b->key_column;
}

static int compare_keys(const void *left, const void *right) {
    const struct yaml_node *a = *(const struct yaml_node *const *)left;
    const struct yaml_node *b = *(const struct yaml_node *const *)right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : stands_before(a, b) ? -1 : 1;
}

static int refuse_duplicate(struct reader *r, const struct yaml_node *first,
                            const struct yaml_node *again) {
    yaml_error_key(&r->source, again, r->err, "the key \"%.100s\" stands twice", again->key);
    return error_todo(r->err, "keep one of them; the first is in line %zu, column %zu",
                      first->key_line, first->key_column);
}

/* Sorts, because a hostile file may hold one mapping with very many keys. */
static int check_duplicates(struct reader *r, const struct yaml_node *mapping) {
    if (mapping->count < 2)
        return 0;
    const struct yaml_node **keys = arena_array(r->tree, mapping->count, sizeof *keys);
    if (keys == NULL)
        return refuse_memory(r);
    size_t count = 0;
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next)
        keys[count++] = child;
    qsort(keys, count, sizeof *keys, compare_keys);
    const struct yaml_node *first = NULL, *again = NULL;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(keys[i - 1]->key, keys[i]->key) != 0 ||
            (again != NULL && stands_before(again, keys[i])))
            continue;
        first = keys[i - 1];
        again = keys[i];
    }
    return again != NULL ? refuse_duplicate(r, first, again) : 0;
}

static int close_mapping(struct reader *r, const yaml_event_t *event) {
    (void)event;
    return check_duplicates(r, r->stack[--r->depth].node);
}

static int (*const readers[])(struct reader *, const yaml_event_t *) = {
    [YAML_DOCUMENT_START_EVENT] = read_document, [YAML_ALIAS_EVENT] = read_alias,
    [YAML_SCALAR_EVENT] = read_scalar,           [YAML_SEQUENCE_START_EVENT] = read_sequence,
    [YAML_SEQUENCE_END_EVENT] = close_sequence,  [YAML_MAPPING_START_EVENT] = read_mapping,
    [YAML_MAPPING_END_EVENT] = close_mapping,
};

static int read_events(struct reader *r, yaml_parser_t *parser) {
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return yaml_explain(&r->source, parser, r->err);
        size_t type = (size_t)event.type;
        ended = event.type == YAML_STREAM_END_EVENT;
        int result = 0;
        if (type < sizeof readers / sizeof *readers && readers[type] != NULL)
            result = readers[type](r, &event);
        yaml_event_delete(&event);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int read_stream(struct reader *r) {
    static const char mark[] = "\xef\xbb\xbf";
    size_t skip = r->source.length >= 3 && memcmp(r->source.bytes, mark, 3) == 0 ? 3 : 0;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return refuse_memory(r);
    yaml_parser_set_input_string(&parser, (const unsigned char *)r->source.bytes + skip,
                                 r->source.length - skip);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    int result = read_events(r, &parser);
    yaml_parser_delete(&parser);
    return result;
}

int yaml_parse(const char *bytes, size_t length, const char *name, int code, struct arena *tree,
               struct arena *texts, const struct yaml_node **ret, struct error *err) {
    struct reader r = {
        .source = {bytes, length, name, code}, .tree = tree, .texts = texts, .err = err};
    if (yaml_check_text(&r.source, err) != 0)
        return -1;
    if (length > 0 && read_stream(&r) != 0)
        return -1;
    bool empty = r.root != NULL && yaml_is_null(r.root) && *r.root->text == '\0';
    *ret = empty ? NULL : r.root;
    return 0;
}
