#include <string.h>

#include "policy/effective/launch.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* What spark-env.sh, read as text, does to a launch that is still to be started. */

/* The files are opened by then, and were found by these. */
static int check_directories(const struct launch_plan *plan, const struct setting *s,
                             struct error *err) {
    const char *known = strcmp(s->key, "SPARK_CONF_DIR") == 0 ? plan->conf_dir
                        : strcmp(s->key, "SPARK_HOME") == 0   ? plan->spark_home
                                                              : s->value;
    if (known != NULL && strcmp(known, s->value) == 0)
        return 0;
    error_set(err, ERROR_INPUT, "names another %s than the one whose files are read here", s->key);
    error_at(err, s->origin.file, s->origin.line, s->origin.column);
    return error_todo(err, "set %s in the environment as well", s->key);
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

/* NAME=VALUE, in the arena; NULL when exhausted. */
static const char *make_entry(const struct launch *launch, const struct setting *s,
                              struct arena *arena) {
    const char *value = fill_in(launch, s->value, arena);
    return value == NULL ? NULL : arena_printf(arena, "%s=%s", s->key, value);
}

int launch_source(struct launch *launch, const struct launch_plan *plan,
                  const struct document *document, struct arena *arena, struct error *err) {
    const struct document_launch *sourced = NULL;
    size_t count = 0;
    for (size_t i = 0; i < document->launch_count; i++)
        if (document->launches[i].title != NULL &&
            strcmp(document->launches[i].title, "spark-env.sh") == 0)
            sourced = &document->launches[i];
    if (sourced == NULL)
        return 0;
    while (launch->environment[count] != NULL)
        count++;
    const struct setting_list *variables = &sourced->lists[DOCUMENT_ENVIRONMENT];
    const char **environment =
        arena_array(arena, count + variables->count + 1, sizeof *environment);
    if (environment == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    memcpy(environment, launch->environment, count * sizeof *environment);
    for (size_t i = 0; i < variables->count; i++) {
        const struct setting *s = &variables->items[i];
        if (check_directories(plan, s, err) != 0)
            return -1;
        environment[count + i] = make_entry(launch, s, arena);
        if (environment[count + i] == NULL)
            return error_set(err, ERROR_MEMORY, "no memory for the environment");
    }
    launch->environment = environment;
    launch->sourced = sourced;
    return 0;
}
