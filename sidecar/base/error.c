#include "sidecar/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"

struct error_row {
    const char *name;
    int status;
    const char *text;
};

static const struct error_row rows[] = {
#define ERROR_ROW(id, name, status, text) {name, status, text},
    ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

static const struct error_row *error_row(enum error_code code) {
    size_t index = (size_t)code;
    return &rows[index < ERROR_CODES ? index : (size_t)ERROR_INTERNAL];
}

const char *error_name(enum error_code code) {
    return error_row(code)->name;
}

int error_status(enum error_code code) {
    return error_row(code)->status;
}

const char *error_text(enum error_code code) {
    return error_row(code)->text;
}

void error_clear(struct error *err) {
    memset(err, 0, sizeof *err);
}

static void format_what(struct error *err, enum error_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void format_what(struct error *err, enum error_code code, const char *format, va_list args) {
    error_clear(err);
    err->code = code;
    int length = vsnprintf(err->what, sizeof err->what, format, args);
    if (length <= 0)
        (void)snprintf(err->what, sizeof err->what, "%s", error_text(code));
}

int error_set(struct error *err, enum error_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    format_what(err, code, format, args);
    va_end(args);
    return -1;
}

int error_system(struct error *err, enum error_code code, const char *format, ...) {
    int saved = errno;
    va_list args;
    va_start(args, format);
    format_what(err, code, format, args);
    va_end(args);
    size_t used = strlen(err->what);
    (void)snprintf(err->what + used, sizeof err->what - used, ": %s", strerror(saved));
    return -1;
}

int error_at(struct error *err, const char *where, size_t line, size_t column) {
    (void)snprintf(err->where, sizeof err->where, "%s", where);
    err->line = line;
    err->column = column;
    return -1;
}

int error_todo(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->todo, sizeof err->todo, format, args);
    va_end(args);
    return -1;
}

int error_excerpt(struct error *err, const char *text, size_t length, size_t line) {
    size_t start = 0;
    for (size_t at = 1; at < line && start < length; at++) {
        const char *end = memchr(text + start, '\n', length - start);
        if (end == NULL)
            return -1;
        start = (size_t)(end - text) + 1;
    }
    const char *end = start < length ? memchr(text + start, '\n', length - start) : NULL;
    size_t size = (end != NULL ? (size_t)(end - text) : length) - start;
    if (size >= sizeof err->excerpt)
        size = sizeof err->excerpt - 1;
    memcpy(err->excerpt, text + start, size);
    err->excerpt[size] = '\0';
    return -1;
}

static void format_place(const struct error *err, struct buffer *out) {
    if (err->where[0] == '\0')
        return;
    text_escape(out, err->where, strlen(err->where));
    if (err->line > 0)
        buffer_printf(out, ":%zu", err->line);
    if (err->column > 0)
        buffer_printf(out, ":%zu", err->column);
    buffer_text(out, ": ");
}

static void format_caret(const struct error *err, struct buffer *out) {
    buffer_text(out, "    ");
    text_escape(out, err->excerpt, strlen(err->excerpt));
    buffer_text(out, "\n");
    if (err->column == 0 || err->column > strlen(err->excerpt) + 1)
        return;
    buffer_printf(out, "    %*s^\n", (int)(err->column - 1), "");
}

void error_format(const struct error *err, struct buffer *out) {
    buffer_text(out, "arrestor: ");
    format_place(err, out);
    text_escape(out, err->what, strlen(err->what));
    buffer_text(out, "\n");
    if (err->excerpt[0] != '\0')
        format_caret(err, out);
    if (err->todo[0] == '\0')
        return;
    buffer_text(out, "  -> ");
    text_escape(out, err->todo, strlen(err->todo));
    buffer_text(out, "\n");
}
