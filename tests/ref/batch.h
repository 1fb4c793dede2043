/* batch.h: what the programs share that answer many questions in one process, for
 * comparison with Spark: one JSON object per line in, one per line out. */
#ifndef ARRESTOR_TESTS_BATCH_H
#define ARRESTOR_TESTS_BATCH_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "sidecar/base/arena.h"

/* Reads questions from standard input and writes what `answer` makes of each, which
 * it owns, at once. The exit status: failure at the first line that is no JSON. */
static inline int batch_run(json_t *(*answer)(json_t *question)) {
    int status = EXIT_SUCCESS;
    char *line = NULL;
    size_t room = 0;
    while (status == EXIT_SUCCESS && getline(&line, &room, stdin) > 0) {
        json_error_t fault;
        json_t *question = json_loads(line, 0, &fault);
        json_t *said = question == NULL ? NULL : answer(question);
        if (said == NULL || json_dumpf(said, stdout, JSON_COMPACT) != 0 || puts("") < 0 ||
            fflush(stdout) != 0) {
            (void)fprintf(stderr, "no answer: %s\n", question == NULL ? fault.text : line);
            status = EXIT_FAILURE;
        }
        json_decref(said);
        json_decref(question);
    }
    free(line);
    return status;
}

/* {"NAME": "value"} as "NAME=value", NULL-terminated, in the arena; NULL when exhausted. */
static inline const char **batch_variables(json_t *map, struct arena *arena) {
    const char **items = arena_array(arena, json_object_size(map) + 1, sizeof *items);
    size_t count = 0;
    for (void *at = json_object_iter(map); items != NULL && at != NULL;
         at = json_object_iter_next(map, at)) {
        const char *value = json_string_value(json_object_iter_value(at));
        items[count++] = arena_printf(arena, "%s=%s", json_object_iter_key(at), value);
    }
    return items;
}

#endif
