#include <string.h>

#include "policy/effective/launch.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* What spark-env.sh, read as text, does to a launch that is still to be started. */

/* Whether the files of the directory that is named there were not read: they are opened by
 * then, and were found by what the caller says. What cannot be told is taken for the same. */
static bool leads_elsewhere(const struct launch_plan *plan, const char *key, const char *value) {
    const char *known = strcmp(key, "SPARK_CONF_DIR") == 0 ? plan->conf_dir
                        : strcmp(key, "SPARK_HOME") == 0   ? plan->spark_home
                                                           : value;
    return !unknown_in(value) && (known == NULL || strcmp(known, value) != 0);
}

/* The variable of the caller that an unknown part names, as "$NAME" or "${NAME}"; NULL. */
static const char *find_named(const struct launch *launch, const char *part, size_t length,
                              struct arena *arena) {
    bool braced = length > 3 && part[1] == '{' && part[length - 1] == '}';
    const char *name = length < 2 || part[0] != '$'
                           ? NULL
                           : arena_text(arena, part + (braced ? 2 : 1), length - (braced ? 3 : 1));
    return name == NULL ? NULL : text_variable(launch->environment, name);
}

/* "$SPARK_SUBMIT_OPTS -Dmore": what a script cannot tell of the caller's variables is told by
 * those. What is not set there stays unknown: the script may have read it. */
static const char *fill_in(const struct launch *launch, const char *text, struct arena *arena) {
    static const char opens[] = {UNKNOWN_OPEN, '\0'}, closes[] = {UNKNOWN_CLOSE, '\0'};
    struct buffer out = buffer_make(LIMIT_ENVIRONMENT_BYTES);
    for (const char *p = text; *p != '\0';) {
        size_t plain = strcspn(p, opens);
        buffer_bytes(&out, p, plain);
        p += plain;
        if (*p == '\0')
            break;
        size_t length = strcspn(p, closes);
        const char *value = find_named(launch, p + 1, length - 1, arena);
        length += p[length] != '\0';
        if (value != NULL)
            buffer_text(&out, value);
        else
            buffer_bytes(&out, p, length);
        p += length;
    }
    const char *ret = buffer_status(&out) != 0
                          ? NULL
                          : arena_text(arena, out.data == NULL ? "" : out.data, out.length);
    buffer_free(&out);
    return ret;
}

/* The variables of `sourced` behind those of the launch, as "NAME=VALUE". 0 or -1. */
static int add_variables(struct launch *launch, const struct launch_plan *plan,
                         struct document_launch *sourced, struct arena *arena) {
    const struct setting_list *variables = &sourced->lists[DOCUMENT_ENVIRONMENT];
    size_t count = 0;
    while (launch->environment[count] != NULL)
        count++;
    const char **environment =
        arena_array(arena, count + variables->count + 1, sizeof *environment);
    if (environment == NULL)
        return -1;
    memcpy(environment, launch->environment, count * sizeof *environment);
    for (size_t i = 0; i < variables->count; i++) {
        const struct setting *s = &variables->items[i];
        const char *value = fill_in(launch, s->value, arena);
        environment[count + i] = value == NULL ? NULL : arena_printf(arena, "%s=%s", s->key, value);
        if (environment[count + i] == NULL)
            return -1;
        if (sourced->open == NULL && leads_elsewhere(plan, s->key, value))
            sourced->open = &s->origin;
    }
    launch->environment = environment;
    return 0;
}

int launch_source(struct launch *launch, const struct launch_plan *plan,
                  const struct document *document, struct arena *arena, struct error *err) {
    const struct document_launch *found = NULL;
    for (size_t i = 0; i < document->launch_count; i++)
        if (document->launches[i].title != NULL &&
            strcmp(document->launches[i].title, "spark-env.sh") == 0)
            found = &document->launches[i];
    if (found == NULL)
        return 0;
    struct document_launch *sourced = arena_array(arena, 1, sizeof *sourced);
    if (sourced != NULL)
        *sourced = *found;
    if (sourced == NULL || add_variables(launch, plan, sourced, arena) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    launch->sourced = sourced;
    return 0;
}

int launch_source_unread(struct launch *launch, const struct origin *place, struct arena *arena,
                         struct error *err) {
    struct document_launch *sourced = arena_array(arena, 1, sizeof *sourced);
    struct origin *open = arena_array(arena, 1, sizeof *open);
    if (sourced == NULL || open == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    *open = *place;
    sourced->open = open;
    launch->sourced = sourced;
    return 0;
}
