/* platform_fixture.h: reads an input as a platform's and looks at what was said, each
 * value in its place. */
#ifndef ARRESTOR_TESTS_PLATFORM_FIXTURE_H
#define ARRESTOR_TESTS_PLATFORM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "policy/surface/document.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "policy/surface/platform/platform.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define LABEL "job.json"

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
    const char *text;
};

/* The byte of the text at a place, or NULL where there is none. */
static inline const char *bench_at(const char *text, const struct origin *origin) {
    const char *p = text;
    for (size_t line = 1; line < origin->line; line++) {
        p = strchr(p, '\n');
        if (p == NULL)
            return NULL;
        p++;
    }
    return origin->line > 0 && origin->column - 1 <= strcspn(p, "\n") ? p + origin->column - 1
                                                                      : NULL;
}

/* The value's known bytes stand there, up to what is unknown, escaped or joined. */
static inline void bench_check_place(const char *text, const char *value,
                                     const struct origin *origin) {
    const char *p = bench_at(text, origin);
    assert_int_equal(origin->kind, ORIGIN_FILE);
    assert_string_equal(origin->file, LABEL);
    assert_non_null(p);
    for (; *value != '\0' && *value != UNKNOWN_OPEN && *p != '\\' && *p != '\n' && *p != '\'' &&
           (*p != '"' || p == bench_at(text, origin));
         value++, p++) {
        if (*value != *p)
            print_error("%zu:%zu holds '%.20s', not '%s'\n", origin->line, origin->column, p,
                        value);
        assert_int_equal(*value, *p);
    }
}

static inline void bench_check_setting(const struct bench *s, const struct setting *setting) {
    const char *key = bench_at(s->text, &setting->origin);
    assert_non_null(key);
    bench_check_place(s->text, setting->value, &setting->value_origin);
    if (strncmp(setting->key, "emr.security.", 13) == 0)
        return;
    assert_int_equal(*key == setting->key[0] || *key == '-' || *key == '\\', 1);
}

/* What the platform says by itself stands at the launch, and so nowhere. */
static inline void bench_check_list(const struct bench *s, const struct document_launch *launch,
                                    enum document_list list) {
    for (size_t i = 0; i < launch->lists[list].count; i++) {
        const struct setting *setting = &launch->lists[list].items[i];
        bool own = setting->value_origin.line == setting->origin.line &&
                   setting->value_origin.column == setting->origin.column;
        if (list == DOCUMENT_FACTS)
            assert_non_null(bench_at(s->text, &setting->origin));
        else if (!own)
            bench_check_setting(s, setting);
        else
            assert_string_equal(setting->key, "spark.master");
    }
}

/* Words with "=" have their value in its place; the others begin in theirs, if the
 * platform does not add them. */
static inline void bench_check_word(const struct bench *s, const struct document_word *word) {
    const char *p = bench_at(s->text, &word->origin);
    const char *equals = strchr(word->text, '=');
    assert_non_null(p);
    if (word->value_origin.kind == ORIGIN_FILE && equals != NULL)
        bench_check_place(s->text, equals + 1, &word->value_origin);
}

static inline void bench_check_places(const struct bench *s) {
    for (size_t i = 0; i < s->document.launch_count; i++) {
        const struct document_launch *launch = &s->document.launches[i];
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            bench_check_list(s, launch, (enum document_list)list);
        for (size_t w = 0; w < launch->word_count; w++)
            bench_check_word(s, &launch->words[w]);
    }
    for (size_t i = 0; i < s->document.loose.count; i++)
        bench_check_setting(s, &s->document.loose.items[i]);
}

static inline int bench_try(struct bench *s, const char *text, size_t length) {
    struct surface_input input = {.label = LABEL, .bytes = text, .length = length};
    *s = (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES), .text = text};
    return platform_read(&input, &s->arena, &s->document, &s->err);
}

static inline struct bench bench_read(const char *text) {
    struct bench s;
    if (bench_try(&s, text, strlen(text)) != 0)
        fail_msg("%s:%zu: %s", s.err.where, s.err.line, s.err.what);
    bench_check_places(&s);
    return s;
}

static inline void bench_free(struct bench *s) {
    arena_free(&s->arena);
}

/* The last value of a key in a list of a launch, as people read it; NULL. */
static inline const char *bench_get(struct bench *s, size_t launch, enum document_list list,
                                    const char *key) {
    assert_true(launch < s->document.launch_count);
    const struct setting_list *settings = &s->document.launches[launch].lists[list];
    for (size_t i = settings->count; i > 0; i--)
        if (strcmp(settings->items[i - 1].key, key) == 0)
            return settings->items[i - 1].value;
    return NULL;
}

static inline const char *bench_loose(const struct bench *s, const char *key) {
    for (size_t i = 0; i < s->document.loose.count; i++)
        if (strcmp(s->document.loose.items[i].key, key) == 0)
            return s->document.loose.items[i].value;
    return NULL;
}

/* All words of a launch with blanks between; unknown parts in < >. */
static inline const char *bench_words(struct bench *s, size_t launch) {
    assert_true(launch < s->document.launch_count);
    const struct document_launch *l = &s->document.launches[launch];
    char *out = arena_array(&s->arena, 4096, 1);
    assert_non_null(out);
    for (size_t i = 0; i < l->word_count; i++)
        snprintf(out + strlen(out), 4096 - strlen(out), "%s%s", i == 0 ? "" : " ",
                 l->words[i].text);
    for (char *p = out; *p != '\0'; p++)
        *p = *p == UNKNOWN_OPEN ? '<' : *p == UNKNOWN_CLOSE ? '>' : *p;
    return out;
}

/* What Spark would run with. */
static inline struct effective bench_resolve(struct bench *s, size_t index) {
    const struct document_launch *written = &s->document.launches[index];
    struct launch launch;
    struct launch_plan plan;
    struct launch_sources sources = {0};
    struct effective conf = {0};
    written_version(written, &sources.spark_major, &sources.spark_minor);
    if (written->word_count == 0)
        assert_int_equal(written_resolve(written, &s->arena, &conf, &s->err), 0);
    else if (written_launch(written, &s->arena, &launch, &s->err) != 0 ||
             launch_plan(&launch, &s->arena, &plan, &s->err) != 0 ||
             launch_resolve(&plan, &sources, NULL, 0, &s->arena, &conf, &s->err) != 0)
        fail_msg("%s:%zu: %s", s->err.where, s->err.line, s->err.what);
    return conf;
}

static inline const char *bench_effective(struct bench *s, size_t index, const char *key) {
    struct effective conf = bench_resolve(s, index);
    const struct setting *setting = effective_find(&conf, key);
    return setting == NULL ? NULL : setting->value;
}

static inline const char *bench_kind(const char *label, const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    const struct kind *kind = kind_recognise(&input);
    return kind == NULL ? "" : kind->name;
}

/* Each prefix of the text is read or refused in a sentence. */
static inline void bench_truncate(const char *text) {
    for (size_t length = 0; length < strlen(text); length++) {
        struct bench s;
        char *copy = test_malloc(length + 1);
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (bench_try(&s, copy, length) != 0)
            assert_true(s.err.code == ERROR_INPUT && s.err.what[0] != '\0');
        bench_free(&s);
        test_free(copy);
    }
}

#endif
