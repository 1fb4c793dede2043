/* older.h: this process, and what it starts, on a kernel that lacks something. */
#ifndef ARRESTOR_SELFTEST_OLDER_H
#define ARRESTOR_SELFTEST_OLDER_H

/* Bits. */
enum older {
    OLDER_NOT = 0,
    OLDER_LANDLOCK = 1,      /* its three calls answer ENOSYS */
    OLDER_SECRET_MEMORY = 2, /* so does memfd_secret */
    OLDER_SECCOMP = 4,       /* the kernel says that it has no filters */
    OLDER_CONNECT = 8        /* connect(2) is not done and said to be, as in fetch-net */
};

/* By a filter that only answers: it takes nothing else away. Without root it brings
 * no-new-privs. Ends the process with 70 where there is none. */
void older_become(enum older lacks);

#endif
