/* YAML as somebody else writes it: texts as libyaml reads them where no template is in
 * them, every known byte at its place, all nodes within their bounds. */
#include <string.h>
#include <yaml.h>

#include "policy/surface/tree/tree.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"
#include "sidecar/base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.yaml";

struct lines {
    const char *bytes;
    size_t length;
    struct place_map map;
};

static size_t find_offset(const struct lines *lines, const struct origin *place) {
    HOLDS(place->kind == ORIGIN_FILE && strcmp(place->file, name) == 0);
    HOLDS(place->line >= 1 && place->line <= lines->map.count && place->column >= 1);
    size_t offset = lines->map.segments[place->line - 1].offset + place->column - 1;
    HOLDS(offset <= lines->length);
    return offset;
}

/* Bytes of a text that stand side by side are written so. */
static void check_text(const struct lines *lines, const struct tree_node *node) {
    HOLDS(strlen(node->text) == node->length);
    for (size_t i = 0; i < node->length; i++) {
        struct origin place = place_find(&node->map, i);
        size_t at = find_offset(lines, &place);
        char c = node->text[i];
        bool same = at < lines->length && lines->bytes[at] == c;
        bool mark = c == UNKNOWN_OPEN || c == UNKNOWN_CLOSE;
        HOLDS(same || mark || c == '?' || c == ' ' || c == '\n' ||
              (at < lines->length && strchr("\\'!", lines->bytes[at]) != NULL) || (c & 0x80) != 0);
    }
}

static size_t check_node(const struct lines *lines, const struct tree_node *node,
                         const struct tree_node *parent, size_t depth) {
    size_t count = 1, children = 0;
    HOLDS(depth <= LIMIT_TREE_DEPTH);
    find_offset(lines, &node->origin);
    HOLDS((node->key != NULL) == (parent != NULL && parent->kind == TREE_MAPPING));
    if (node->key != NULL)
        find_offset(lines, &node->key_origin);
    if (node->open != NULL)
        find_offset(lines, node->open);
    if (node->kind == TREE_SCALAR)
        check_text(lines, node);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        count += check_node(lines, child, node, depth + 1);
        children++;
    }
    HOLDS(children == node->count);
    HOLDS(node->last_line >= node->origin.line || node->kind == TREE_SCALAR);
    return count;
}

/* The scalars of a tree in their order, keys too. */
struct texts {
    const char **items;
    size_t count, most;
};

static void gather(const struct tree_node *node, struct texts *texts) {
    if (node->key != NULL && texts->count < texts->most)
        texts->items[texts->count++] = node->key;
    if (node->kind == TREE_SCALAR && texts->count < texts->most)
        texts->items[texts->count++] = node->text;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next)
        gather(child, texts);
}

/* Whether libyaml itself reads the same bytes, and nothing is in them that this room
 * reads otherwise. */
static bool is_plain_yaml(const char *bytes, size_t length) {
    static const char *const others[] = {
        "{{",  "{%",  "{#",  "<%",  "&",        "*",        "<<",
        "!",   "?",   "%",   "@",   "`",        "\\0",      "\\x",
        "\\u", "\\U", "...", "---", "\xc2\x85", "\xe2\x80", "\xef\xbb\xbf",
        "\\\r"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (memmem(bytes, length, others[i], strlen(others[i])) != NULL)
            return false;
    return text_is_utf8(bytes, length);
}

/* Reads with libyaml alone; false where it refuses. */
static bool compare(const char *bytes, size_t length, const struct texts *texts) {
    yaml_parser_t parser;
    HOLDS(yaml_parser_initialize(&parser) == 1);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    size_t at = 0;
    bool more = true, sound = true;
    while (more && sound) {
        yaml_event_t event;
        sound = yaml_parser_parse(&parser, &event) == 1;
        if (!sound)
            break;
        more = event.type != YAML_STREAM_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT && texts->count > 0) {
            HOLDS(at < texts->count);
            HOLDS(strcmp((const char *)event.data.scalar.value, texts->items[at]) == 0);
            at++;
        }
        yaml_event_delete(&event);
    }
    HOLDS(!sound || at == texts->count);
    yaml_parser_delete(&parser);
    return sound;
}

static void check_tree(const struct lines *lines, const struct tree_node *documents, size_t count,
                       struct arena *arena) {
    size_t nodes = 0;
    struct texts texts = {.most = 2 * LIMIT_TREE_NODES};
    texts.items = arena_array(arena, texts.most, sizeof *texts.items);
    HOLDS(texts.items != NULL);
    for (size_t i = 0; i < count; i++) {
        nodes += check_node(lines, &documents[i], NULL, 0);
        gather(&documents[i], &texts);
        HOLDS(documents[i].kind != TREE_BROKEN || *documents[i].text != '\0');
    }
    HOLDS(nodes <= LIMIT_TREE_NODES);
    if (count == 1 && documents[0].kind != TREE_BROKEN &&
        is_plain_yaml(lines->bytes, lines->length))
        compare(lines->bytes, lines->length, &texts);
}

FUZZ_TARGET(tree, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), other = arena_make(LIMIT_ARENA_BYTES);
    struct lines lines = {.bytes = bytes, .length = length};
    const struct tree_node *documents = NULL;
    struct error err;
    size_t count = 77;
    error_clear(&err);
    HOLDS(place_file(name, bytes, length, &other, &lines.map) == 0);
    if (tree_parse(bytes, length, name, &arena, &documents, &count, &err) != 0) {
        HOLDS(documents == NULL && count == 77 && err.code == ERROR_INPUT);
        fuzz_check_place(&err, bytes, length);
        fuzz_check_silent(&err);
    } else {
        HOLDS(arena.used <= 400000 + 1200 * length);
        check_tree(&lines, documents, count, &other);
    }
    arena_free(&other);
    arena_free(&arena);
}
