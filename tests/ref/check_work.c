/* check_work.c: `arrestor check` without its confinement, so that a test can count its
 * instructions and its memory: valgrind makes calls that the judge's filter ends.
 *
 *   check-work [OPTION]… FILE…      options and output of `arrestor check`
 *
 * Linked with --wrap=confine_climb: the judge climbs no ladder, all else is what
 * `check` does. The last line on standard error tells the most heap that it had. */
#include <malloc.h>
#include <stdio.h>

#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"
#include "sidecar/judge/judge_commands.h"

/* What the linker calls in the place of confine_climb. */
int climb_nothing(enum role role, const struct confine_request *request, struct protections *ret,
                  struct error *err) __asm__("__wrap_confine_climb");

int climb_nothing(enum role role, const struct confine_request *request, struct protections *ret,
                  struct error *err) {
    (void)role;
    (void)request;
    (void)err;
    for (size_t i = 0; i < PROTECTIONS; i++)
        ret->state[i] = STATE_ON;
    return 0;
}

int main(int argc, char **argv, char **environment) {
    struct invocation call;
    struct error err;
    /* All of the heap is one region that never shrinks: its size is the most there was. */
    (void)mallopt(M_MMAP_MAX, 0);
    (void)mallopt(M_TRIM_THRESHOLD, -1);
    if (command_parse(&check_command, argc, argv, environment, &call, &err) != 0)
        return command_fail(&err);
    int status = check_command.run(&call);
    fprintf(stderr, "heap: %zu bytes\n", mallinfo2().arena);
    return status;
}
