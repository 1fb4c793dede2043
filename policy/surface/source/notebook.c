/* Notebooks of Jupyter (nbformat 3 and 4): their code cells as one source. */
#include <string.h>

#include "policy/surface/source/source.h"
#include "policy/surface/tree/tree.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536

/* Braces that a template engine would take for its own; here they are Python's. The second
 * byte of each travels as a control character, which JSON does not allow by itself. */
static const char braces[] = {'{', '%', '#'}, travelling[] = {0x1c, 0x1d, 0x1e, 0x1f};

/* Code, and where each piece of it stands. */
struct code {
    struct arena *arena;
    struct buffer out;
    struct place_segment *segments;
    size_t count, room;
    bool starved;
};

static bool holds(const struct surface_input *input, const char *text) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    return length > 0 && memmem(input->bytes, length, text, strlen(text)) != NULL;
}

enum surface_certainty notebook_recognise(const struct surface_input *input) {
    bool named = text_ends(input->label, ".ipynb");
    bool form = input->length > 0 && input->bytes[strspn(input->bytes, " \t\r\n")] == '{' &&
                (holds(input, "\"cells\"") || holds(input, "\"worksheets\""));
    if (!form || (!named && !holds(input, "\"cell_type\"")))
        return SURFACE_NO;
    return named ? SURFACE_SURE : SURFACE_LIKELY;
}

static void hide_braces(char *bytes, size_t length) {
    for (size_t i = 0; i + 1 < length; i++) {
        const char *found = memchr(braces, bytes[i + 1], sizeof braces);
        if (bytes[i] == '{' && found != NULL)
            bytes[i + 1] = travelling[found - braces];
        else if (bytes[i] == '<' && bytes[i + 1] == '%')
            bytes[i + 1] = travelling[3];
    }
}

static char show_brace(char c) {
    const char *found = memchr(travelling, c, sizeof travelling);
    return found == NULL ? c : found == &travelling[3] ? '%' : braces[found - travelling];
}

static void add_segment(struct code *c, struct place_segment segment) {
    struct place_segment *grown =
        arena_grow(c->arena, c->segments, c->count, &c->room, sizeof *grown);
    c->starved = c->starved || grown == NULL;
    if (grown == NULL)
        return;
    c->segments = grown;
    grown[c->count++] = segment;
}

static void add_text(struct code *c, const struct tree_node *text) {
    for (size_t i = 0; i < text->map.count && !c->starved; i++) {
        struct place_segment segment = text->map.segments[i];
        if (segment.offset >= text->length && i > 0)
            break;
        segment.offset += c->out.length;
        add_segment(c, segment);
    }
    for (size_t i = 0; i < text->length; i++)
        buffer_char(&c->out, show_brace(text->text[i]));
}

/* A cell's text: one string, or one for each line. */
static void add_cell(struct code *c, const struct tree_node *source) {
    if (source->kind == TREE_SCALAR)
        add_text(c, source);
    for (const struct tree_node *line = source->first; line != NULL; line = line->next)
        if (line->kind == TREE_SCALAR && line->length > 0)
            add_text(c, line);
    if (c->count > 0)
        buffer_char(&c->out, '\n');
}

/* Lines that go to the kernel or to a shell are none of the language. */
static void hide_magics(struct code *c, size_t from) {
    if (buffer_status(&c->out) != 0)
        return;
    for (size_t line = from; line < c->out.length;) {
        const char *end = memchr(c->out.data + line, '\n', c->out.length - line);
        size_t at = line;
        while (at < c->out.length && (c->out.data[at] == ' ' || c->out.data[at] == '\t'))
            at++;
        if (at < c->out.length && (c->out.data[at] == '%' || c->out.data[at] == '!'))
            c->out.data[at] = '#';
        line = end == NULL ? c->out.length : (size_t)(end - c->out.data) + 1;
    }
}

/* Hands the text to `read` where it stands. 0, or -1 with the builder failed. */
static int finish(struct code *c, document_read_text *read, const char *label,
                  struct document_builder *b) {
    const char *bytes = c->starved || buffer_status(&c->out) != 0
                            ? NULL
                            : arena_text(c->arena, c->out.data, c->out.length);
    const struct place_map map = {label, c->segments, c->count};
    struct document_text text = {bytes, c->out.length, map, "cell.sh"};
    buffer_free(&c->out);
    if (bytes == NULL && !b->failed) {
        b->failed = true;
        error_set(b->err, ERROR_MEMORY, "no memory for the cells of %s", label);
    }
    if (b->failed)
        return -1;
    if (read != NULL)
        return read(bytes, text.length, &map, b);
    document_text(b, &text);
    return b->failed ? -1 : 0;
}

/* The first bytes of a cell. */
static const char *look_at(const struct tree_node *source) {
    while (source != NULL && source->kind == TREE_SEQUENCE)
        source = source->first;
    return source != NULL && source->kind == TREE_SCALAR ? source->text : "";
}

static bool begins_one_of(const char *text, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (text_starts(text, words[i]) && strchr(" \t\r\n", text[strlen(words[i])]) != NULL)
            return true;
    return false;
}

/* "%%bash" is a script, "%%time" is the code behind it; others are another language. */
static void read_cell(struct code *c, const struct tree_node *source, const char *label,
                      struct document_builder *b) {
    static const char *const scripts[] = {"%%bash", "%%sh", "%%script bash", "%%script sh"};
    static const char *const plain[] = {"%%time", "%%timeit", "%%capture", "%%pyspark", "%%spark"};
    const char *text = look_at(source);
    size_t from = c->out.length;
    if (begins_one_of(text, scripts, sizeof scripts / sizeof scripts[0])) {
        struct code script = {.arena = c->arena, .out = buffer_make(LIMIT_INPUT_BYTES)};
        add_cell(&script, source);
        if (buffer_status(&script.out) == 0)
            script.out.data[0] = '#';
        (void)finish(&script, NULL, label, b);
    } else if (!text_starts(text, "%%") ||
               begins_one_of(text, plain, sizeof plain / sizeof plain[0])) {
        add_cell(c, source);
        hide_magics(c, from);
    }
}

static void read_cells(struct code *c, const struct tree_node *cells, const char *label,
                       struct document_builder *b) {
    if (cells == NULL || cells->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *cell = cells->first; cell != NULL && !b->failed;
         cell = cell->next) {
        const char *type = tree_path_text(cell, "cell_type");
        const struct tree_node *source = tree_find(cell, "source");
        source = source == NULL ? tree_find(cell, "input") : source; /* nbformat 3 */
        if (type != NULL && strcmp(type, "code") == 0 && source != NULL)
            read_cell(c, source, label, b);
    }
}

/* Python where nothing is said. */
static document_read_text *find_language(const struct tree_node *root) {
    const char *name = tree_path_text(root, "metadata.language_info.name");
    if (name == NULL)
        name = tree_path_text(root, "metadata.kernelspec.language");
    if (name == NULL || text_equal_nocase(name, "python") || text_equal_nocase(name, "ipython"))
        return pyspark_read_text;
    return text_equal_nocase(name, "scala") ? scala_read_text : NULL;
}

static void read_notebook(const struct tree_node *root, const char *label,
                          struct document_builder *b) {
    struct code code = {.arena = b->arena, .out = buffer_make(LIMIT_INPUT_BYTES)};
    document_read_text *read = find_language(root);
    const struct tree_node *sheets = tree_find(root, "worksheets");
    if (root->kind == TREE_BROKEN || read == NULL)
        return;
    read_cells(&code, tree_find(root, "cells"), label, b);
    for (const struct tree_node *s = sheets == NULL ? NULL : sheets->first; s != NULL; s = s->next)
        read_cells(&code, tree_find(s, "cells"), label, b);
    if (code.count > 0 || code.starved)
        (void)finish(&code, read, label, b);
    else
        buffer_free(&code.out);
}

int notebook_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                  struct error *err) {
    const struct tree_node *documents;
    size_t count;
    char *bytes = arena_text(arena, input->length == 0 ? "" : input->bytes, input->length);
    if (bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the notebook %s", input->label);
    hide_braces(bytes, input->length);
    if (tree_parse(bytes, input->length, input->label, arena, &documents, &count, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    for (size_t i = 0; i < count && !b.failed; i++)
        read_notebook(&documents[i], input->label, &b);
    return document_end(&b, ret);
}
