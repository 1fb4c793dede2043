/* rule_fixture.h: packs and configurations from text, for the units of rules/. */
#ifndef ARRESTOR_TEST_RULE_FIXTURE_H
#define ARRESTOR_TEST_RULE_FIXTURE_H

#include <string.h>

#include "policy/effective/launch.h"
#include "policy/rules/rule_check.h"
#include "policy/rules/rule_load.h"
#include "policy/rules/rule_pack.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct fixture {
    struct arena arena;
    struct error err;
    struct pack pack;
    const struct pack *packs[1];
    struct rule_set set;
    struct effective conf;
    struct check_mode mode;
    struct finding_list found;
};

/* A rule with only what a test is about: when and require. */
#define RULE_HEAD                                                                                  \
    "pack: t\ntitle: T\nrules:\n- id: T-1\n  title: T\n  severity: high\n  owner: job\n"
#define RULE_TAIL "  because: B\n  fix: F\n  examples: {pass: {}, fail: {}}\n"

static inline void fixture_make(struct fixture *f) {
    memset(f, 0, sizeof *f);
    f->arena = arena_make(LIMIT_ARENA_BYTES);
}

static inline void fixture_free(struct fixture *f) {
    arena_free(&f->arena);
}

static inline int load_bytes(struct fixture *f, const char *bytes, size_t length) {
    static const struct pack untouched = {.name = "untouched"};
    f->pack = untouched;
    error_clear(&f->err);
    int status = rule_load(bytes, length, "t.yaml", &f->arena, &f->pack, &f->err);
    if (status != 0) {
        assert_string_equal(f->pack.name, "untouched");
        assert_int_equal(f->err.code, ERROR_POLICY);
        assert_string_equal(f->err.where, "t.yaml");
    }
    return status;
}

static inline void load_rules(struct fixture *f, const char *text) {
    if (load_bytes(f, text, strlen(text)) != 0)
        fail_msg("%zu:%zu: %s (%s)\n%s", f->err.line, f->err.column, f->err.what, f->err.todo,
                 text);
    f->packs[0] = &f->pack;
    assert_int_equal(rule_set_collect(f->packs, 1, &f->arena, &f->set, &f->err), 0);
}

static inline void use_pack(struct fixture *f, const char *name) {
    f->packs[0] = pack_find(name);
    assert_non_null(f->packs[0]);
    assert_int_equal(rule_set_collect(f->packs, 1, &f->arena, &f->set, &f->err), 0);
}

static inline void read_conf(struct fixture *f, const char *text) {
    struct input_file *file = arena_array(&f->arena, 1, sizeof *file);
    assert_non_null(file);
    *file = (struct input_file){"t.conf", arena_text(&f->arena, text, strlen(text)), strlen(text)};
    if (file_resolve(file, &f->arena, &f->conf, &f->err) != 0)
        fail_msg("%s: %s", f->err.what, text);
}

/* Judges a conf by the rules at hand. */
static inline void judge(struct fixture *f, const char *text) {
    read_conf(f, text);
    assert_int_equal(rule_check(&f->set, &f->conf, f->mode, &f->arena, &f->found, &f->err), 0);
}

static inline void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static inline void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in \"%s\"", part, text);
}

/* The finding of that rule, or NULL. */
static inline const struct finding *find_finding(const struct fixture *f, const char *id) {
    for (size_t i = 0; i < f->found.count; i++)
        if (strcmp(f->found.items[i].rule->id, id) == 0)
            return &f->found.items[i];
    return NULL;
}

#endif
