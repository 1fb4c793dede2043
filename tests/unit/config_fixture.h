/* config_fixture.h: a configuration that was parsed, for the units of config/. */
#ifndef ARRESTOR_TEST_CONFIG_FIXTURE_H
#define ARRESTOR_TEST_CONFIG_FIXTURE_H

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"

#define MEMORY (16u * 1024u * 1024u)
#define HEAD   "version: 1\n"
#define DB     HEAD "secrets: {db: {store: strongbox, path: orders-db}}\n"
#define FILES  DB "deliver:\n  files:\n    "

struct fixture {
    struct arena arena;
    struct config config;
    struct error err;
};

static inline int parse(struct fixture *f, const char *text) {
    struct config untouched = {.poll_ms = 77};
    f->arena = arena_make(MEMORY);
    f->config = untouched;
    error_clear(&f->err);
    int result = config_parse(text, strlen(text), "arrestor.yaml", &f->arena, &f->config, &f->err);
    if (result != 0) {
        assert_int_equal(f->config.poll_ms, 77);
        assert_int_equal(f->err.code, ERROR_CONFIG);
        assert_string_equal(f->err.where, "arrestor.yaml");
        assert_string_not_equal(f->err.todo, "");
    }
    return result;
}

static inline void assert_parses(struct fixture *f, const char *text) {
    if (parse(f, text) != 0)
        fail_msg("%s: %zu:%zu: %s", text, f->err.line, f->err.column, f->err.what);
}

static inline void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static inline void assert_refused(const char *text, size_t line, size_t column, const char *what,
                                  const char *todo) {
    struct fixture f;
    if (parse(&f, text) == 0)
        fail_msg("taken: %s", text);
    assert_holds(f.err.what, what);
    assert_holds(f.err.todo, todo);
    if (f.err.line != line || f.err.column != column)
        fail_msg("\"%s\" stands at %zu:%zu", what, f.err.line, f.err.column);
    arena_free(&f.arena);
}

#endif
