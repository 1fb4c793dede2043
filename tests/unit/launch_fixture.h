/* launch_fixture.h: a launch from one line of words, for the units of effective/. */
#ifndef ARRESTOR_TEST_LAUNCH_FIXTURE_H
#define ARRESTOR_TEST_LAUNCH_FIXTURE_H

#include <string.h>

#include "policy/effective/launch.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define WORDS_MAX 32

struct scene {
    struct arena arena;
    const char *argv[WORDS_MAX];
    struct launch launch;
    struct launch_plan plan;
    struct input_file properties, defaults, java_opts;
    struct launch_sources sources;
    struct effective conf;
    struct error err;
};

/* Plans a launch whose words are separated by single blanks. */
static inline int scene_plan(struct scene *s, const char *line, const char *const *environment) {
    memset(s, 0, sizeof *s);
    s->arena = arena_make(LIMIT_ARENA_BYTES);
    char *copy = arena_text(&s->arena, line, strlen(line)), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && s->launch.argc < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        s->argv[s->launch.argc++] = word;
    s->launch.argv = s->argv;
    s->launch.environment = environment;
    return launch_plan(&s->launch, &s->arena, &s->plan, &s->err);
}

static inline struct input_file scene_file(const char *path, const char *text) {
    return (struct input_file){.path = path, .bytes = text, .length = strlen(text)};
}

static inline void scene_properties(struct scene *s, const char *text) {
    s->properties = scene_file("job.properties", text);
    s->sources.properties = &s->properties;
}

static inline void scene_defaults(struct scene *s, const char *text) {
    s->defaults = scene_file("spark-defaults.conf", text);
    s->sources.defaults = &s->defaults;
}

static inline void scene_java_opts(struct scene *s, const char *text) {
    s->java_opts = scene_file("java-opts", text);
    s->sources.java_opts = &s->java_opts;
}

static inline int scene_resolve(struct scene *s, const struct launch_pair *injected, size_t count) {
    return launch_resolve(&s->plan, &s->sources, injected, count, &s->arena, &s->conf, &s->err);
}

static inline void scene_free(struct scene *s) {
    arena_free(&s->arena);
}

#endif
