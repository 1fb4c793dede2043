/* What the reader of shell scripts sees in a file, as JSON:
 * {"launches": [{"title", "open", "words": [[text, line, column, value line, value
 * column]], "environment": {name: value}}], "loose": [[name, value, line, column,
 * value line, value column]], "inner": [[hint, text]]}. Unknown parts stand between
 * U+E000 and U+E001. One line for each file; null where it is refused, with the reason on
 * standard error and status 1. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"

static void add_string(struct buffer *out, const char *text) {
    struct buffer shown = buffer_make(LIMIT_REPORT_BYTES);
    for (; *text != '\0'; text++)
        if (*text == UNKNOWN_OPEN || *text == UNKNOWN_CLOSE)
            buffer_text(&shown, *text == UNKNOWN_OPEN ? "\xEE\x80\x80" : "\xEE\x80\x81");
        else
            buffer_char(&shown, *text);
    buffer_json(out, shown.length == 0 ? "" : shown.data, shown.length);
    buffer_free(&shown);
}

static void add_setting(struct buffer *out, const struct setting *s, const char *before) {
    buffer_text(out, before);
    buffer_char(out, '[');
    add_string(out, s->key);
    buffer_char(out, ',');
    add_string(out, s->value);
    buffer_printf(out, ",%zu,%zu,%zu,%zu]", s->origin.line, s->origin.column, s->value_origin.line,
                  s->value_origin.column);
}

static void add_list(struct buffer *out, const char *name, const struct setting_list *list) {
    buffer_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < list->count; i++)
        add_setting(out, &list->items[i], i == 0 ? "" : ",");
    buffer_char(out, ']');
}

static void add_launch(struct buffer *out, const struct document_launch *launch) {
    buffer_text(out, "{\"title\":");
    add_string(out, launch->title);
    buffer_printf(out, ",\"open\":%s,\"words\":[", launch->open == NULL ? "false" : "true");
    for (size_t i = 0; i < launch->word_count; i++) {
        const struct document_word *w = &launch->words[i];
        buffer_text(out, i == 0 ? "[" : ",[");
        add_string(out, w->text);
        buffer_printf(out, ",%zu,%zu,%zu,%zu]", w->origin.line, w->origin.column,
                      w->value_origin.line, w->value_origin.column);
    }
    buffer_text(out, "],");
    add_list(out, "environment", &launch->lists[DOCUMENT_ENVIRONMENT]);
    buffer_char(out, ',');
    add_list(out, "defaults", &launch->lists[DOCUMENT_DEFAULTS]);
    buffer_char(out, '}');
}

static void add_document(struct buffer *out, const struct document *document) {
    buffer_text(out, "{\"launches\":[");
    for (size_t i = 0; i < document->launch_count; i++) {
        buffer_text(out, i == 0 ? "" : ",");
        add_launch(out, &document->launches[i]);
    }
    buffer_text(out, "],");
    add_list(out, "loose", &document->loose);
    buffer_text(out, ",\"inner\":[");
    for (size_t i = 0; i < document->text_count; i++) {
        buffer_text(out, i == 0 ? "[" : ",[");
        add_string(out, document->texts[i].hint);
        buffer_char(out, ',');
        add_string(out, document->texts[i].bytes);
        buffer_char(out, ']');
    }
    buffer_printf(out, "],\"notes\":%zu}\n", document->note_count);
}

static void complain(const struct error *err) {
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    error_format(err, &out);
    (void)fputs(out.data == NULL ? "no memory" : out.data, stderr);
    buffer_free(&out);
}

static int show(const char *path) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer bytes = buffer_make(LIMIT_INPUT_BYTES), out = buffer_make(LIMIT_REPORT_BYTES);
    struct document document;
    struct error err;
    int status = 1;
    error_clear(&err);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || file_read(file, path, &bytes, &err) != 0 ||
        shell_read(&(struct surface_input){path, bytes.length == 0 ? "" : bytes.data, bytes.length},
                   &arena, &document, &err) != 0) {
        complain(&err);
        (void)puts("null");
    } else {
        add_document(&out, &document);
        status = buffer_status(&out) == 0 && fputs(out.data, stdout) >= 0 ? 0 : 1;
    }
    if (file >= 0)
        close(file);
    buffer_free(&out);
    buffer_free(&bytes);
    arena_free(&arena);
    return status;
}

int main(int argc, char **argv) {
    int status = argc < 2;
    for (int i = 1; i < argc; i++)
        status |= show(argv[i]);
    return status;
}
