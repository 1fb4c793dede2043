/* watch.h: a launch of a site, every process of it traced from its first
 * instruction on, so that nothing that it starts can be missed. */
#ifndef ARRESTOR_SELFTEST_WATCH_H
#define ARRESTOR_SELFTEST_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "selftest/site.h"

/* The process is stopped: it has just begun another program and holds what was left
 * open for it; or it is about to end, and its memory is still there. */
enum watch_moment { WATCH_EXEC, WATCH_END };

/* Called for each; may kill the process. */
typedef void watch_see(pid_t pid, enum watch_moment moment, void *context);

/* Launches, and follows until no process is left. see may be NULL. What came of the
 * launch lives until the next one. Where nothing can be traced, the claim is degraded
 * and says so. */
const struct outcome *watch_launch(const struct site *site, const char *const *variables,
                                   watch_see *see, void *context);

/* The role that a process was started as, or ROLES; also while it is stopped. */
int watch_role(pid_t pid);

/* Where each descriptor of a process leads, as /proc tells it. Gives how many there
 * are, or -1 where this user may not look. */
struct watch_file {
    int fd;
    char target[512];
};
int watch_files(pid_t pid, struct watch_file *ret, size_t count);

#endif
