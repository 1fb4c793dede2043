/* role_table.h: every role and every room with its privileges, as data.
 *
 * This table is the only place that says who may do what. confine_climb builds
 * each role's filter from it, monitor its descriptors, and `make check` holds
 * includes and undefined symbols of every object against it. */
#ifndef ARRESTOR_CONFINE_ROLE_TABLE_H
#define ARRESTOR_CONFINE_ROLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/confine/confine.h"
#include "sidecar/wire/slot.h"

/* Groups of system calls; which call is in which stands in filter_table.c. */
#define CALLS_BASE    (1u << 0) /* memory, time, open descriptors, exit */
#define CALLS_CHANNEL (1u << 1) /* records to and from other processes */
#define CALLS_SECRET  (1u << 2) /* regions */
#define CALLS_READ    (1u << 3) /* open files and directories for reading */
#define CALLS_PUBLISH (1u << 4) /* make, fill, rename and remove files */
#define CALLS_WIPE    (1u << 5) /* overwrite and remove files */
#define CALLS_PROMPT  (1u << 6) /* a terminal without echo */
#define CALLS_DIAL    (1u << 7) /* look up a name, open and connect sockets */
#define CALLS_SOCKET  (1u << 8) /* speak on sockets that are connected */

enum role_identity {
    IDENTITY_CALLER, /* keeps the caller's ids */
    IDENTITY_SERVICE /* started as root: drops to the service uid */
};

struct role_row {
    const char *name;
    enum role_identity identity;
    bool confined; /* monitor is not: Spark is its child and must inherit nothing */
    bool dies_with_parent;
    bool holds_secrets;                /* values of a store */
    bool answers;                      /* libraries try what they do not need: a call that is not
                                          listed is counted and answered ENOSYS; exec, ptrace, bpf
                                          and mount still kill */
    const char *program;               /* executable; NULL: arrestor */
    uint32_t calls;                    /* CALLS_… */
    uint32_t beneath;                  /* CALLS_… further, where it was given paths */
    uint32_t files;                    /* RLIMIT_NOFILE */
    enum slot slots[LIMIT_ROLE_SLOTS]; /* ends at SLOT_NONE */
    const char *rooms;                 /* directories whose code it runs, by blanks */
};

/* A room: a directory, what it may include, and which watched functions of the
 * C library it may call (tests/bin/check-rooms lists the watched ones). */
struct room_row {
    const char *path;
    const char *includes; /* other rooms, by blanks */
    const char *calls;    /* functions, by blanks */
};

/* A file that does what others of its room may not: open something for writing,
 * or make a system call that the C library has no function for. */
struct file_row {
    const char *path;
    const char *writes;  /* what it opens for writing; "": nothing */
    const char *numbers; /* system calls, by blanks */
};

extern const struct role_row role_table[ROLES];
extern const struct room_row room_table[];
extern const size_t room_count;
extern const struct file_row file_table[];
extern const size_t file_count;

/* Descriptor of a slot in a role, or -1 where the role has no such slot or
 * nothing was put there. */
int role_slot(enum role role, enum slot slot);

#endif
