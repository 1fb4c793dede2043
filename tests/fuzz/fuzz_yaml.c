/* YAML text to a tree: positions lie in the text, the tree is bounded, and a tree
 * that is written as JSON is read as the same tree. */
#include <string.h>

#include "sidecar/base/utf8.h"
#include "sidecar/yaml/yaml_tree.h"
#include "tests/fuzz/fuzz.h"

/* libyaml takes 1,024 bytes of a key in one line, quotes included, and a character is
 * written again in up to ten. */
#define KEY_MOST 102

struct lines {
    const char **starts; /* of each line, NUL-terminated */
    size_t count;
};

struct walk {
    struct lines lines;
    size_t nodes;
    bool rewritable; /* no key is too long to be written in one line */
};

/* What stands at a place; columns count characters. */
static const char *text_at(const struct walk *walk, size_t line, size_t column) {
    HOLDS(line >= 1 && line <= walk->lines.count && column >= 1);
    const char *at = walk->lines.starts[line - 1];
    for (size_t left = strlen(at); column > 1; column--) {
        size_t size = text_utf8_size(at, left);
        HOLDS(size > 0);
        at += size;
        left -= size;
    }
    return at;
}

static void check_scalar(const struct walk *walk, const struct yaml_node *node) {
    const char *at = text_at(walk, node->line, node->column);
    HOLDS(node->text != NULL && text_is_utf8(node->text, strlen(node->text)));
    HOLDS(node->first == NULL && node->count == 0);
    if (node->quoted)
        HOLDS(*at != '\0' && strchr("\"'|>", *at) != NULL);
    else
        HOLDS(*at == node->text[0] || node->text[0] == '\0');
}

static void check_node(struct walk *walk, const struct yaml_node *node, bool named, size_t depth) {
    size_t count = 0;
    size_t most = node->kind == YAML_SCALAR ? LIMIT_YAML_DEPTH + 1 : LIMIT_YAML_DEPTH;
    HOLDS(depth <= most && ++walk->nodes <= LIMIT_YAML_NODES);
    HOLDS((node->key != NULL) == named);
    if (named) {
        const char *at = text_at(walk, node->key_line, node->key_column);
        HOLDS(*at == node->key[0] || *at == '"' || *at == '\'' || *at == '?' || *at == '|' ||
              *at == '>' || node->key[0] == '\0');
        walk->rewritable = walk->rewritable && strlen(node->key) <= KEY_MOST;
    }
    if (node->kind == YAML_SCALAR) {
        check_scalar(walk, node);
        return;
    }
    HOLDS(node->text == NULL);
    (void)text_at(walk, node->line, node->column);
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        check_node(walk, child, node->kind == YAML_MAPPING, depth + 1);
        if (named && node->kind == YAML_MAPPING)
            HOLDS(yaml_find(node, child->key) == child);
        count++;
    }
    HOLDS(count == node->count);
}

static unsigned long decode_point(const char *text, size_t size) {
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned long point = (unsigned char)text[0] & first_bits[size];
    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3f);
    return point;
}

static void write_text(const char *text, struct buffer *out) {
    buffer_char(out, '"');
    for (size_t left = strlen(text); left > 0;) {
        size_t size = text_utf8_size(text, left);
        unsigned long point = decode_point(text, size);
        if (point < ' ' || point > '~' || *text == '"' || *text == '\\')
            buffer_printf(out, "\\U%08lx", point);
        else
            buffer_char(out, *text);
        text += size;
        left -= size;
    }
    buffer_char(out, '"');
}

static void write_node(const struct yaml_node *node, struct buffer *out) {
    if (node->kind == YAML_SCALAR) {
        write_text(node->text, out);
        return;
    }
    buffer_char(out, node->kind == YAML_MAPPING ? '{' : '[');
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (child->key != NULL) {
            write_text(child->key, out);
            buffer_text(out, ": ");
        }
        write_node(child, out);
        if (child->next != NULL)
            buffer_text(out, ",\n");
    }
    buffer_char(out, node->kind == YAML_MAPPING ? '}' : ']');
}

static bool is_same(const struct yaml_node *a, const struct yaml_node *b) {
    if (a->kind != b->kind || a->count != b->count ||
        (a->key != NULL && strcmp(a->key, b->key) != 0) ||
        (a->text != NULL && strcmp(a->text, b->text) != 0))
        return false;
    const struct yaml_node *left = a->first, *right = b->first;
    for (; left != NULL && right != NULL; left = left->next, right = right->next)
        if (!is_same(left, right))
            return false;
    return left == right;
}

static void check_again(const struct yaml_node *root) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    const struct yaml_node *again = NULL;
    struct error err;
    write_node(root, &text);
    HOLDS(buffer_status(&text) == 0);
    HOLDS(yaml_parse(text.data, text.length, "again", ERROR_CONFIG, &arena, &arena, &again, &err) ==
          0);
    HOLDS(again != NULL && is_same(root, again));
    buffer_free(&text);
    arena_free(&arena);
}

FUZZ_TARGET(yaml, 65536) {
    static const struct yaml_node untouched;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), lines = arena_make(LIMIT_ARENA_BYTES);
    const struct yaml_node *root = &untouched;
    struct error err;
    error_clear(&err);
    if (yaml_parse(bytes, length, "fuzz.yaml", ERROR_POLICY, &arena, &arena, &root, &err) != 0) {
        HOLDS(root == &untouched && err.code == ERROR_POLICY);
        HOLDS(strcmp(err.where, "fuzz.yaml") == 0 && err.todo[0] != '\0');
        fuzz_check_place(&err, bytes, length);
        if (fuzz_is_secret_yaml(bytes, length))
            fuzz_check_silent(&err);
    } else if (root != NULL) {
        struct walk walk = {.rewritable = true};
        bool mark = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
        walk.lines.starts = fuzz_words(bytes + (mark ? 3 : 0), length - (mark ? 3 : 0), '\n',
                                       &lines, &walk.lines.count);
        walk.lines.starts[walk.lines.count++] = "";
        check_node(&walk, root, false, 1);
        HOLDS(arena.used <= 1024 + 256 * length);
        if (walk.rewritable)
            check_again(root);
    }
    arena_free(&lines);
    arena_free(&arena);
}
