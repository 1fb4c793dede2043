#include "policy/effective/resolution.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

bool resolution_since(const struct resolution *r, int major, int minor) {
    int have = r->sources->spark_major, small = r->sources->spark_minor;
    return have == 0 || have > major || (have == major && small >= minor);
}

static const struct origin *find_variable(const struct document_launch *written, const char *name) {
    const struct setting_list *variables = &written->lists[DOCUMENT_ENVIRONMENT];
    for (size_t i = variables->count; i > 0; i--)
        if (strcmp(variables->items[i - 1].key, name) == 0)
            return &variables->items[i - 1].value_origin;
    return NULL;
}

struct origin resolution_place(const struct resolution *r, const struct origin *origin,
                               bool value) {
    const struct launch *launch = r->plan == NULL ? NULL : r->plan->launch;
    const struct document_launch *written = launch == NULL ? NULL : launch->written;
    if (launch == NULL || (written == NULL && launch->sourced == NULL))
        return *origin;
    if (written != NULL && origin->kind == ORIGIN_ARGV && origin->argv < written->word_count) {
        const struct document_word *word = &written->words[origin->argv];
        return value && word->value_origin.kind != ORIGIN_UNSET ? word->value_origin : word->origin;
    }
    const struct origin *variable =
        origin->kind != ORIGIN_ENVIRONMENT
            ? NULL
            : find_variable(written != NULL ? written : launch->sourced, origin->variable);
    return variable != NULL ? *variable : *origin;
}

int resolution_add(struct resolution *r, const struct setting *setting, enum strength strength) {
    struct setting placed = *setting;
    placed.origin = resolution_place(r, &setting->origin, false);
    placed.value_origin = resolution_place(r, &setting->value_origin, true);
    return candidates_add(&r->candidates, r->arena, &placed, strength, r->err);
}

int resolution_note(struct resolution *r, const struct origin *origin, const char *text) {
    struct note *notes =
        arena_grow(r->arena, r->notes, r->note_count, &r->note_capacity, sizeof *notes);
    if (notes == NULL)
        return error_set(r->err, ERROR_MEMORY, "no memory for the notes");
    r->notes = notes;
    r->notes[r->note_count++] =
        (struct note){.origin = resolution_place(r, origin, false), .text = text};
    return 0;
}

const char *resolution_variable(const struct resolution *r, const char *name) {
    return text_variable(r->plan->launch->environment, name);
}

const char *resolution_word(const struct resolution *r, const char *text) {
    if (strchr(text, '\r') == NULL || !resolution_since(r, 3, 4))
        return text;
    char *copy = arena_text(r->arena, text, strlen(text));
    if (copy == NULL)
        return NULL;
    char *out = copy;
    for (const char *p = text; *p != '\0'; p++)
        if (*p != '\r')
            *out++ = *p;
    *out = '\0';
    return copy;
}

int resolution_take_words(struct resolution *r) {
    for (size_t i = 0; i < ARGUMENTS; i++) {
        r->values[i] = r->plan->arguments.values[i];
        if (r->values[i].text == NULL)
            continue;
        r->values[i].text = resolution_word(r, r->values[i].text);
        if (r->values[i].text == NULL)
            return error_set(r->err, ERROR_MEMORY, "no memory for the command line");
    }
    return 0;
}

static struct setting from_argument(const char *key, const struct argument *argument) {
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = argument->argv};
    return (struct setting){
        .key = key, .value = argument->text, .origin = origin, .value_origin = origin};
}

static struct setting from_variable(const struct resolution *r, const char *key,
                                    const char *variable) {
    const char *value = variable == NULL ? NULL : resolution_variable(r, variable);
    struct origin origin = {.kind = ORIGIN_ENVIRONMENT, .variable = variable};
    return (struct setting){.key = key, .value = value, .origin = origin, .value_origin = origin};
}

struct setting resolution_look(const struct resolution *r, enum argument_id id, const char *key,
                               const char *alternative, const char *variable) {
    if ((size_t)id < ARGUMENTS && r->values[id].text != NULL)
        return from_argument(key, &r->values[id]);
    const struct setting *property = candidates_property(&r->candidates, key);
    if (property == NULL && alternative != NULL)
        property = candidates_property(&r->candidates, alternative);
    if (property == NULL)
        return from_variable(r, key, variable);
    struct setting found = *property;
    found.key = key;
    return found;
}

bool resolution_runs_driver(const struct resolution *r) {
    struct setting master = resolution_look(r, ARGUMENT_MASTER, "spark.master", NULL, NULL);
    struct setting mode =
        resolution_look(r, ARGUMENT_DEPLOY_MODE, "spark.submit.deployMode", NULL, NULL);
    return master.value == NULL || master.value[0] == '\0' || mode.value == NULL ||
           mode.value[0] == '\0' || strcmp(mode.value, "client") == 0;
}

bool resolution_is_local_connect(const struct resolution *r) {
    return !resolution_since(r, 4, 0) &&
           candidates_property(&r->candidates, "spark.local.connect") != NULL;
}

const char *resolution_resource(const struct resolution *r) {
    const char *text = r->plan->arguments.resource.text;
    return text == NULL ? "" : text;
}

bool resource_is_shell(const struct resolution *r, const char *resource) {
    static const char *const shells[] = {"spark-shell", "pyspark-shell", "sparkr-shell"};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(resource, shells[i]) == 0)
            return true;
    return strcmp(resource, "connect-shell") == 0 && resolution_since(r, 4, 0);
}

bool resource_is_python(const char *resource) {
    return text_ends(resource, ".py") || strcmp(resource, "pyspark-shell") == 0;
}

bool resource_is_r(const char *resource) {
    return text_ends(resource, ".R") || text_ends(resource, ".r") ||
           strcmp(resource, "sparkr-shell") == 0;
}

bool resource_is_jar(const struct resolution *r, const char *resource) {
    return !resource_is_shell(r, resource) && !resource_is_python(resource) &&
           !resource_is_r(resource) && strcmp(resource, "spark-internal") != 0;
}

const char *resolution_class(const struct resolution *r) {
    const char *text = r->values[ARGUMENT_CLASS].text;
    return text == NULL ? "" : text;
}

int resolution_refuse(struct resolution *r, const struct origin *about, const char *what,
                      const char *todo) {
    static const struct origin none = {.kind = ORIGIN_UNSET};
    struct origin place = resolution_place(r, about == NULL ? &none : about, true);
    if (place.kind == ORIGIN_ARGV)
        error_set(r->err, ERROR_SPARK, "argument %zu: Spark refuses %s", place.argv, what);
    else if (place.kind == ORIGIN_ENVIRONMENT)
        error_set(r->err, ERROR_SPARK, "environment variable %s: Spark refuses %s", place.variable,
                  what);
    else
        error_set(r->err, ERROR_SPARK, "Spark refuses %s", what);
    if (place.kind == ORIGIN_FILE)
        error_at(r->err, place.file, place.line, place.column);
    else
        error_at(r->err, r->plan->arguments.program, 0, 0);
    return error_todo(r->err, "%s", todo);
}
