#include <string.h>
#include <yaml.h>

#include "policy/surface/tree/tree_build.h"
#include "policy/surface/tree/tree_scalar.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

struct reader {
    struct template_text input;
    struct place_map file;
    struct arena *arena;
    struct error *err;
    struct builder builder;
    struct scalar_reader scalars;
    const struct tree_node **roots;
    size_t count, room, broken;
    size_t offset; /* of what libyaml reads now */
};

static int fail_memory(struct reader *r) {
    return error_set(r->err, ERROR_MEMORY, "no memory to read %s", r->file.file);
}

static int add_document(struct reader *r, const struct tree_node *root) {
    const struct tree_node **roots =
        arena_grow(r->arena, r->roots, r->count, &r->room, sizeof *roots);
    if (roots == NULL)
        return fail_memory(r);
    r->roots = roots;
    roots[r->count++] = root;
    r->broken += root->kind == TREE_BROKEN;
    return 0;
}

/* A document that libyaml cannot read: its words, and where. */
static int add_broken(struct reader *r, const yaml_parser_t *parser) {
    if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
        return fail_memory(r);
    size_t at = r->offset + parser->problem_mark.index;
    at = at < r->input.length ? at : r->input.length;
    const char *context = parser->context != NULL ? parser->context : "";
    struct tree_node *node = arena_array(r->arena, 1, sizeof *node);
    char *text =
        arena_printf(r->arena, "%s%s%s", context, *context != '\0' ? ": " : "", parser->problem);
    if (text == NULL || node == NULL)
        return fail_memory(r);
    *node = (struct tree_node){.kind = TREE_BROKEN,
                               .text = text,
                               .length = strlen(text),
                               .origin = place_find(&r->file, at)};
    node->last_line = node->origin.line;
    return add_document(r, node);
}

/* Behind the anchor and the tag of a node, and the white space and comments that may
 * stand between them and its text. */
static size_t skip_properties(const struct reader *r, size_t at, size_t end) {
    const char *text = r->input.masked;
    for (bool more = true; more && at < end;) {
        more = text[at] == '&' || text[at] == '!';
        while (more && at < end && strchr(" \t\r\n", text[at]) == NULL)
            at++;
        while (at < end && strchr(" \t\r\n", text[at]) != NULL)
            at++;
        if (at < end && text[at] == '#' && (at == 0 || strchr(" \t\n", text[at - 1]) != NULL)) {
            const char *line = memchr(text + at, '\n', end - at);
            at = line == NULL ? end : (size_t)(line - text);
            more = true;
        }
    }
    return at;
}

/* Local tags are kept: those of YAML itself tell a type, which nobody asks for here. */
static const char *keep_tag(struct reader *r, const yaml_char_t *tag, bool *failed) {
    const char *text = (const char *)tag;
    if (text == NULL || *text != '!' || text[1] == '\0')
        return NULL;
    const char *copy = arena_text(r->arena, text, strlen(text));
    *failed = *failed || copy == NULL;
    return copy;
}

/* The name behind the next mark, as it is written: libyaml has seen it masked. */
static const char *keep_name(struct reader *r, size_t at, char mark, size_t length) {
    const char *found = memchr(r->input.masked + at, mark, r->input.length - at);
    size_t begin = found == NULL ? at : (size_t)(found - r->input.masked) + 1;
    size_t most = r->input.length - begin;
    return arena_text(r->arena, r->input.clean + begin, length < most ? length : most);
}

static int describe_event(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                          const yaml_char_t *tag, struct build_event *ret) {
    bool failed = false;
    *ret = (struct build_event){.begin = r->offset + event->start_mark.index,
                                .end = r->offset + event->end_mark.index,
                                .column = (long)event->start_mark.column,
                                .tag = keep_tag(r, tag, &failed)};
    size_t length = r->input.length;
    ret->begin = ret->begin < length ? ret->begin : length;
    ret->end = ret->end < length ? ret->end : length;
    if (anchor != NULL) {
        ret->anchor = keep_name(r, ret->begin, '&', strlen((const char *)anchor));
        failed = failed || ret->anchor == NULL;
    }
    return failed ? fail_memory(r) : 0;
}

static enum scalar_style style_of(const yaml_event_t *event) {
    switch (event->data.scalar.style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return SCALAR_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return SCALAR_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE:
        return SCALAR_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return SCALAR_FOLDED;
    default:
        return SCALAR_PLAIN;
    }
}

/* The indent of the innermost collection without brackets. */
static long block_indent(const struct builder *b) {
    for (size_t i = b->depth; i > 0; i--)
        if (b->frames[i - 1].column >= 0)
            return b->frames[i - 1].column;
    return -1;
}

static int read_scalar_text(struct reader *r, const yaml_event_t *event,
                            const struct build_event *where, struct scalar *ret) {
    enum scalar_style style = style_of(event);
    size_t begin = skip_properties(r, where->begin, where->end);
    if (where->tag != NULL && strcmp(where->tag, "!Sub") != 0)
        return scalar_unknown(&r->scalars, where->begin, where->end, ret);
    r->scalars.substitutes = where->tag != NULL;
    if (style != SCALAR_LITERAL && style != SCALAR_FOLDED)
        return scalar_read(&r->scalars, style, begin, where->end, -1, ret);
    return scalar_read(&r->scalars, style, begin, r->input.length, block_indent(&r->builder), ret);
}

static int read_scalar(struct reader *r, const yaml_event_t *event) {
    struct build_event where;
    struct scalar scalar;
    const yaml_char_t *tag = event->data.scalar.tag;
    if (describe_event(r, event, event->data.scalar.anchor, tag, &where) != 0 ||
        build_pass(&r->builder, where.begin) != 0)
        return -1;
    if (read_scalar_text(r, event, &where, &scalar) != 0)
        return fail_memory(r);
    size_t last = where.end > where.begin ? where.end - 1 : where.begin;
    struct tree_node node = {
        .kind = TREE_SCALAR,
        .text = scalar.text,
        .length = scalar.length,
        .quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
                  (tag != NULL && strcmp((const char *)tag, YAML_STR_TAG) == 0),
        .tag = where.tag,
        .origin = place_find(&scalar.map, 0),
        .map = scalar.map,
        .last_line = place_find(&r->file, last).line,
    };
    if (build_scalar(&r->builder, &where, &node) != 0)
        return -1;
    return build_claim(&r->builder, where.end);
}

static int read_collection(struct reader *r, const yaml_event_t *event) {
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    struct build_event where;
    int failed = mapping ? describe_event(r, event, event->data.mapping_start.anchor,
                                          event->data.mapping_start.tag, &where)
                         : describe_event(r, event, event->data.sequence_start.anchor,
                                          event->data.sequence_start.tag, &where);
    if (failed != 0 || build_pass(&r->builder, where.begin) != 0)
        return -1;
    where.flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                         : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    return build_open(&r->builder, &where, mapping ? TREE_MAPPING : TREE_SEQUENCE);
}

static int shut_collection(struct reader *r, const yaml_event_t *event) {
    struct build_event where;
    if (describe_event(r, event, NULL, NULL, &where) != 0 ||
        build_pass(&r->builder, where.begin) != 0)
        return -1;
    if (where.end > where.begin) /* a bracket */
        r->builder.line = place_find(&r->file, where.begin).line;
    return build_shut(&r->builder);
}

static int read_alias(struct reader *r, const yaml_event_t *event) {
    struct build_event where;
    const yaml_char_t *name = event->data.alias.anchor;
    if (describe_event(r, event, NULL, NULL, &where) != 0 ||
        build_pass(&r->builder, where.begin) != 0)
        return -1;
    const char *copy = keep_name(r, where.begin, '*', strlen((const char *)name));
    return copy == NULL ? fail_memory(r) : build_alias(&r->builder, &where, copy);
}

static int end_document(struct reader *r) {
    const struct tree_node *root = r->builder.root;
    if (root == NULL || (tree_is_null(root) && root->open == NULL))
        return 0;
    return add_document(r, root);
}

static int read_event(struct reader *r, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        build_start(&r->builder);
        return 0;
    case YAML_DOCUMENT_END_EVENT:
        return end_document(r);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event);
    case YAML_ALIAS_EVENT:
        return read_alias(r, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return read_collection(r, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return shut_collection(r, event);
    default:
        return 0;
    }
}

static int read_events(struct reader *r, yaml_parser_t *parser) {
    for (bool more = true; more;) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0)
            return add_broken(r, parser);
        more = event.type != YAML_STREAM_END_EVENT;
        int failed = read_event(r, &event);
        yaml_event_delete(&event);
        if (failed != 0)
            return -1;
    }
    return 0;
}

/* Reads one document of the stream. */
static int read_part(struct reader *r, size_t begin, size_t end) {
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return fail_memory(r);
    r->offset = begin;
    build_start(&r->builder);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)r->input.masked + begin,
                                 end - begin);
    int failed = read_events(r, &parser);
    yaml_parser_delete(&parser);
    if (failed == 0)
        failed = build_pass(&r->builder, end);
    return failed;
}

/* Whether "---" or "..." stands there alone, or before a blank. */
static bool parts_documents(const char *text, size_t at, size_t length, const char *mark) {
    return length - at >= 3 && memcmp(text + at, mark, 3) == 0 &&
           (length - at == 3 || strchr(" \t\r\n", text[at + 3]) != NULL);
}

static int read_parts(struct reader *r) {
    const char *text = r->input.masked;
    size_t length = r->input.length;
    size_t begin = length >= 3 && memcmp(r->input.clean, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    bool empty = true; /* nothing but what parts documents */
    for (size_t at = begin; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t next = end == NULL ? length : (size_t)(end - text) + 1;
        bool starts = parts_documents(text, at, length, "---");
        bool ends = parts_documents(text, at, length, "...");
        if (starts && !empty) {
            if (read_part(r, begin, at) != 0)
                return -1;
            begin = at;
        }
        empty = ends || (empty && !starts && strspn(text + at, " \t\r\n") >= next - at);
        if (ends) {
            if (read_part(r, begin, at) != 0)
                return -1;
            begin = next;
        }
        at = next;
    }
    return read_part(r, begin, length);
}

static int refuse_nul(struct reader *r, size_t at) {
    struct origin place = place_find(&r->file, at);
    error_set(r->err, ERROR_INPUT, "there is a NUL byte in the text");
    error_at(r->err, r->file.file, place.line, place.column);
    return error_todo(r->err, "check that this is the right file; save it as UTF-8 text");
}

static int refuse_broken(struct reader *r) {
    const struct tree_node *node = r->roots[0];
    error_set(r->err, ERROR_INPUT, "this is no YAML: %s", node->text);
    error_at(r->err, r->file.file, node->origin.line, node->origin.column);
    return error_todo(r->err, "mend the syntax there");
}

/* The roots side by side, as they are when all is read. */
static struct tree_node *gather_roots(struct reader *r) {
    struct tree_node *roots = arena_array(r->arena, r->count, sizeof *roots);
    for (size_t i = 0; roots != NULL && i < r->count; i++)
        roots[i] = *r->roots[i];
    return roots;
}

static int read_input(struct reader *r) {
    r->builder =
        (struct builder){.arena = r->arena, .err = r->err, .file = &r->file, .input = &r->input};
    r->scalars = scalar_begin(&r->input, &r->file, r->arena);
    int failed = read_parts(r);
    scalar_end(&r->scalars);
    if (failed != 0)
        return -1;
    if (r->count > 0 && r->count == r->broken)
        return refuse_broken(r);
    return 0;
}

static int parse(struct reader *r, const char *bytes, size_t length, bool marked) {
    const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
    if (nul != NULL)
        return refuse_nul(r, (size_t)(nul - bytes));
    if (template_mask(bytes, length, marked, r->arena, &r->input) != 0)
        return fail_memory(r);
    return read_input(r);
}

static int finish(struct reader *r, const struct tree_node **documents, size_t *count) {
    const struct tree_node *roots = gather_roots(r);
    if (roots == NULL)
        return fail_memory(r);
    *documents = roots;
    *count = r->count;
    return 0;
}

int tree_parse(const char *bytes, size_t length, const char *label, struct arena *arena,
               const struct tree_node **documents, size_t *count, struct error *err) {
    struct reader *r = arena_array(arena, 1, sizeof *r);
    if (r == NULL)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", label);
    *r = (struct reader){.arena = arena, .err = err};
    r->file.file = label;
    if (place_file(label, bytes, length, arena, &r->file) != 0)
        return fail_memory(r);
    return parse(r, bytes, length, false) != 0 ? -1 : finish(r, documents, count);
}

int tree_parse_text(const char *bytes, size_t length, const struct place_map *map,
                    struct arena *arena, const struct tree_node **documents, size_t *count,
                    struct error *err) {
    struct reader *r = arena_array(arena, 1, sizeof *r);
    if (r == NULL)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", map->file);
    *r = (struct reader){.arena = arena, .err = err, .file = *map};
    return parse(r, bytes, length, true) != 0 ? -1 : finish(r, documents, count);
}
