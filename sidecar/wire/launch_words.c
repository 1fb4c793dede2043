#include "sidecar/wire/launch_words.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/wire/slot.h"

#define PROPERTIES_PATH "/proc/self/fd/19"
_Static_assert(LAUNCH_FD == 19, "PROPERTIES_PATH names LAUNCH_FD");

bool launch_words_fit(const struct message_verdict *verdict, size_t argc) {
    bool sound = verdict->properties_argument <= LIMIT_PROPERTIES_ARGUMENTS &&
                 verdict->insert_at > 0 && verdict->insert_at <= argc;
    for (uint32_t i = 0; sound && i < verdict->properties_argument; i++)
        sound = verdict->argument[i].index > 0 && verdict->argument[i].index < argc &&
                verdict->argument[i].extra <= 1;
    return sound;
}

char **launch_words(const struct message_verdict *verdict, char *const *argv, size_t argc,
                    struct arena *arena) {
    static const char option[] = "--properties-file", path[] = PROPERTIES_PATH;
    char **ret = arena_array(arena, argc + 3, sizeof *ret);
    char *inserted[] = {arena_text(arena, option, sizeof option - 1),
                        arena_text(arena, path, sizeof path - 1)};
    char *joined[] = {arena_printf(arena, "--properties-file=%s", path),
                      arena_printf(arena, "--extra-properties-file=%s", path)};
    if (ret == NULL || inserted[0] == NULL || inserted[1] == NULL || joined[0] == NULL ||
        joined[1] == NULL)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i <= argc; i++) {
        if (verdict->insert != 0 && i == verdict->insert_at) {
            ret[count++] = inserted[0];
            ret[count++] = inserted[1];
        }
        if (i == argc)
            break;
        ret[count] = argv[i];
        for (uint32_t j = 0; j < verdict->properties_argument; j++)
            if (verdict->argument[j].index == i)
                ret[count] = verdict->argument[j].joined != 0 ? joined[verdict->argument[j].extra]
                                                              : inserted[1];
        count++;
    }
    return ret;
}
