/* follow.h: runs a command and stands beside it and all its descendants.
 *
 * The one ptrace loop of the tools here. Signals, stops and statuses go their
 * usual way; a tool only sees them pass. */
#ifndef ARRESTOR_TESTS_FOLLOW_H
#define ARRESTOR_TESTS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A system call that is about to be made. */
struct called {
    long number;
    uint64_t arguments[6];
};

struct follow {
    void *context;
    /* Each may be NULL. */
    void (*on_fork)(void *context, pid_t parent, pid_t pid); /* a child that has not run yet */
    void (*on_exec)(void *context, pid_t pid);               /* a new program */
    void (*on_exit)(void *context, pid_t pid);               /* about to end, memory still there */
    void (*on_end)(void *context, pid_t pid, int status);    /* has ended, as waitpid tells it */
    void (*on_call)(void *context, pid_t pid, const struct called *call); /* before … */
    void (*on_return)(void *context, pid_t pid);                          /* … and after */
    pid_t target;                                  /* whose calls are seen; 0: nobody's */
    bool (*wants_calls)(void *context, pid_t pid); /* or whose, beside */
};

/* Runs command to its end, and until its last descendant has ended. The status
 * as a shell tells it, or 125 where it could not be started or traced. */
int follow_command(struct follow *follow, char **command);

/* ROLE when pid runs as `arrestor role ROLE …`, else its subcommand, copied into
 * text (size bytes). False for any other program. */
bool follow_role(pid_t pid, char *text, size_t size);

#endif
