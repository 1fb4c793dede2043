/* A launch: words, variables, properties file, spark-defaults.conf, parted by lines
 * "====", words and variables one a line. What was judged is what is launched: the
 * merged properties and the words that are exec'd resolve to the same settings. */
#include <stdio.h>
#include <string.h>

#include "policy/effective/launch.h"
#include "policy/report/report.h"
#include "policy/rules/rule_hide.h"
#include "sidecar/wire/launch_words.h"
#include "tests/fuzz/fuzz.h"

struct scene {
    struct arena arena;
    struct launch launch;
    struct launch_plan plan;
    struct input_file properties, defaults, extra[LIMIT_PROPERTIES_ARGUMENTS];
    struct launch_sources sources;
};

static const struct launch_pair injected[] = {{"spark.executorEnv.ARRESTOR_DIR", "/run/arrestor"}};

static void check_origin(const struct origin *origin, size_t argc) {
    char text[64];
    origin_describe(origin, text, sizeof text);
    HOLDS(memchr(text, '\0', sizeof text) != NULL && text[0] != '\0');
    HOLDS(origin->kind != ORIGIN_ARGV || origin->argv < argc);
    HOLDS(origin->kind != ORIGIN_FILE || (origin->file != NULL && origin->line > 0));
}

static void check_conf(const struct effective *conf, size_t argc) {
    for (size_t i = 0; i < conf->count; i++) {
        const struct setting *setting = &conf->settings[i];
        HOLDS(setting->key != NULL && setting->value != NULL);
        HOLDS(strncmp(setting->key, "spark.", 6) == 0);
        HOLDS(i == 0 || strcmp(setting[-1].key, setting->key) < 0);
        HOLDS(effective_find(conf, setting->key) == setting);
        for (const struct setting *s = setting; s != NULL; s = s->overridden) {
            check_origin(&s->origin, argc);
            HOLDS(strcmp(s->key, setting->key) == 0);
        }
    }
    for (size_t i = 0; i < conf->ignored_count; i++)
        HOLDS(strncmp(conf->ignored[i].key, "spark.", 6) != 0);
    for (size_t i = 0; i < conf->note_count; i++)
        HOLDS(conf->notes[i].text != NULL);
}

static bool hides_all(const struct setting *settings, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (const struct setting *s = &settings[i]; s != NULL; s = s->overridden)
            if (strstr(s->key, FUZZ_CANARY) != NULL ||
                (strstr(s->value, FUZZ_CANARY) != NULL && !rule_must_hide(s->key, s->value)))
                return false;
    return true;
}

/* No value that must be hidden is shown. */
static void check_redaction(const struct effective *conf, struct arena *arena) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES), json = text;
    struct effective redacted;
    struct error err;
    HOLDS(report_redact(conf, arena, &redacted, &err) == 0 && redacted.count == conf->count);
    report_effective_text(&redacted, &text);
    report_effective_json(&redacted, &json);
    HOLDS(buffer_status(&text) == 0 && buffer_status(&json) == 0);
    HOLDS(fuzz_is_json(json.data, json.length));
    if (hides_all(conf->settings, conf->count) && hides_all(conf->ignored, conf->ignored_count)) {
        HOLDS(!fuzz_contains(text.data, text.length, FUZZ_CANARY));
        HOLDS(!fuzz_contains(json.data, json.length, FUZZ_CANARY));
    }
    buffer_free(&json);
    buffer_free(&text);
}

static bool is_same(const struct setting *a, const struct setting *b) {
    return strcmp(a->key, b->key) == 0 && strcmp(a->value, b->value) == 0;
}

static void check_same(const struct effective *judged, const struct effective *launched) {
    for (size_t i = 0; i < judged->count && i < launched->count; i++) {
        const struct setting *a = &judged->settings[i], *b = &launched->settings[i];
        if (!is_same(a, b))
            (void)fprintf(stderr, "judged %s=%s, launched %s=%s\n", a->key, a->value, b->key,
                          b->value);
        HOLDS(is_same(a, b));
    }
    HOLDS(judged->count == launched->count && judged->master == launched->master);
}

/* The words as judge tells monitor, and monitor execs. */
static size_t exec_words(struct scene *s, char *const **ret) {
    const struct launch_arguments *a = &s->plan.arguments;
    struct message_verdict verdict = {.insert = 1, .insert_at = 1};
    if (a->insert_at > 0)
        verdict.insert_at = (uint32_t)a->insert_at;
    for (size_t i = 0; i < a->properties_count; i++) {
        const struct properties_argument *from = &a->properties[i];
        verdict.argument[i].index = (uint32_t)from->argv;
        verdict.argument[i].joined = from->joined;
        verdict.argument[i].extra = from->extra;
        verdict.insert = from->extra ? verdict.insert : 0;
    }
    verdict.properties_argument = (uint32_t)a->properties_count;
    char **argv = arena_array(&s->arena, s->launch.argc + 1, sizeof *argv);
    memcpy(argv, s->launch.argv, s->launch.argc * sizeof *argv);
    HOLDS(launch_words_fit(&verdict, s->launch.argc));
    *ret = launch_words(&verdict, argv, s->launch.argc, &s->arena);
    HOLDS(*ret != NULL);
    size_t count = 0;
    while ((*ret)[count] != NULL)
        count++;
    return count;
}

static void check_launch(struct scene *s, const struct effective *conf) {
    struct scene again = {.arena = arena_make(LIMIT_ARENA_BYTES), .sources = s->sources};
    struct buffer merged = buffer_make(LIMIT_INPUT_BYTES);
    struct effective launched;
    struct error err;
    char *const *argv = NULL;
    HOLDS(launch_merge(&s->plan, &s->sources, injected, 1, &s->arena, &merged, &err) == 0);
    again.launch = s->launch;
    again.launch.argc = exec_words(s, &argv);
    again.launch.argv = (const char *const *)(const void *)argv;
    HOLDS(launch_plan(&again.launch, &again.arena, &again.plan, &err) == 0);
    struct input_file file = {"/proc/self/fd/19", merged.data != NULL ? merged.data : "",
                              merged.length};
    again.sources.properties = &file;
    for (size_t i = 0; i < again.plan.extra_count; i++)
        again.extra[i] = file;
    again.sources.extra = again.extra;
    again.sources.extra_count = again.plan.extra_count;
    HOLDS(again.plan.properties_path != NULL);
    HOLDS(launch_resolve(&again.plan, &again.sources, NULL, 0, &again.arena, &launched, &err) == 0);
    check_same(conf, &launched);
    arena_free(&again.arena);
    buffer_free(&merged);
}

static void try_launch(struct scene *s) {
    struct effective conf = {.count = 77};
    struct error err;
    error_clear(&err);
    if (launch_resolve(&s->plan, &s->sources, injected, 1, &s->arena, &conf, &err) != 0) {
        HOLDS(conf.count == 77 && (err.code == ERROR_SPARK || err.code == ERROR_INPUT));
        fuzz_check_error(&err);
        return;
    }
    check_conf(&conf, s->launch.argc);
    check_redaction(&conf, &s->arena);
    check_launch(s, &conf);
}

static struct input_file take_file(const char *path, const char **bytes, size_t *length,
                                   struct arena *arena) {
    struct input_file file = {.path = path};
    file.bytes = fuzz_section(bytes, length, arena, &file.length);
    return file;
}

static void take_words(struct scene *s, const char **bytes, size_t *length) {
    size_t size = 0, count = 0;
    const char *text = fuzz_section(bytes, length, &s->arena, &size);
    s->launch.argv = fuzz_words(text, size, '\n', &s->arena, &s->launch.argc);
    text = fuzz_section(bytes, length, &s->arena, &size);
    s->launch.environment = fuzz_words(text, size, '\n', &s->arena, &count);
    s->launch.conf_dir = "conf";
    s->launch.environment_is_final = true;
}

FUZZ_TARGET(launch, 16384) {
    static const int versions[][2] = {{3, 5}, {4, 0}, {4, 2}, {0, 0}, {3, 2}};
    struct scene s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct error err;
    unsigned version = fuzz_choose(&bytes, &length, sizeof versions / sizeof *versions);
    take_words(&s, &bytes, &length);
    if (s.launch.argc > 0 && launch_plan(&s.launch, &s.arena, &s.plan, &err) == 0 &&
        s.plan.arguments.launches &&
        s.plan.arguments.properties_count <= LIMIT_PROPERTIES_ARGUMENTS) {
        s.properties = take_file(s.plan.properties_path, &bytes, &length, &s.arena);
        s.defaults = take_file("conf/spark-defaults.conf", &bytes, &length, &s.arena);
        for (size_t i = 0; i < s.plan.extra_count; i++)
            s.extra[i] = take_file(s.plan.extra_paths[i], &bytes, &length, &s.arena);
        s.sources = (struct launch_sources){
            .properties = s.plan.properties_path != NULL ? &s.properties : NULL,
            .defaults = &s.defaults,
            .spark_major = versions[version][0],
            .spark_minor = versions[version][1],
            .extra = s.extra,
            .extra_count = s.plan.extra_count};
        try_launch(&s);
    }
    arena_free(&s.arena);
}
