/* effective_batch.c: many launches resolved in one process, for comparison with
 * Spark. One JSON object per line on standard input:
 *
 *   {"argv": [program, word, …], "env": {"NAME": "value"}, "spark": [4, 1]}
 *
 * and one per line on standard output: {"conf": {key: value}}, {"refused": what,
 * "code": name}, or {"special": option} where nothing would be launched. The
 * environment is taken for final, as in `run`. */
#include <jansson.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/judge/judge_inputs.h"
#include "tests/ref/batch.h"

static const char **strings_of(json_t *list, struct arena *arena, size_t *count) {
    *count = json_array_size(list);
    const char **items = arena_array(arena, *count + 1, sizeof *items);
    for (size_t i = 0; items != NULL && i < *count; i++)
        items[i] = json_string_value(json_array_get(list, i));
    return items;
}

static int resolve(json_t *question, struct arena *arena, struct judge_inputs *inputs,
                   struct effective *ret, struct error *err) {
    struct judge_sources *sources = arena_array(arena, 1, sizeof *sources);
    json_t *version = json_object_get(question, "spark");
    inputs->launch.argv =
        strings_of(json_object_get(question, "argv"), arena, &inputs->launch.argc);
    inputs->launch.environment = batch_variables(json_object_get(question, "env"), arena);
    inputs->launch.environment_is_final = true;
    inputs->spark_major = (int)json_integer_value(json_array_get(version, 0));
    inputs->spark_minor = (int)json_integer_value(json_array_get(version, 1));
    if (sources == NULL || inputs->launch.argv == NULL || inputs->launch.environment == NULL)
        return error_set(err, ERROR_MEMORY, "no memory");
    if (judge_inputs_open_launch(inputs, arena, err) != 0)
        return -1;
    if (!inputs->plan.arguments.launches)
        return 0;
    if (judge_inputs_sources(inputs, arena, sources, err) != 0)
        return -1;
    return launch_resolve(&inputs->plan, &sources->sources, NULL, 0, arena, ret, err);
}

/* What Java would make of bytes that are no UTF-8 is another test's matter. */
static json_t *text(const char *value) {
    json_t *made = json_string(value);
    return made != NULL ? made : json_string("(not UTF-8)");
}

static json_t *answer(json_t *question) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct judge_inputs inputs = {0};
    struct effective conf = {0};
    struct error err = {0};
    json_t *said = json_object(), *map;
    if (resolve(question, &arena, &inputs, &conf, &err) != 0) {
        json_object_set_new(said, "refused", text(err.what));
        json_object_set_new(said, "where", text(err.where));
        json_object_set_new(said, "code", json_string(error_name(err.code)));
    } else if (!inputs.plan.arguments.launches) {
        json_object_set_new(said, "special", text(inputs.plan.arguments.special));
    } else {
        json_object_set_new(said, "conf", map = json_object());
        for (size_t i = 0; i < conf.count; i++)
            json_object_set_new(map, conf.settings[i].key, text(conf.settings[i].value));
    }
    judge_inputs_close(&inputs);
    arena_free(&arena);
    return said;
}

int main(void) {
    return batch_run(answer);
}
