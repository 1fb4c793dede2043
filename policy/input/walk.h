/* walk.h: every file beneath a directory, one after the other, in the order of their
 * names. Symbolic links are not followed, so that nothing leads out. */
#ifndef ARRESTOR_POLICY_WALK_H
#define ARRESTOR_POLICY_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

struct input_counts {
    size_t files;   /* given to walk.file */
    size_t ignored; /* by a .gitignore; a directory counts once, with all that it holds */
    size_t binary;  /* a NUL stands among the first bytes */
    size_t huge;    /* more than LIMIT_INPUT_BYTES */
    size_t links;   /* symbolic links */
    size_t special; /* sockets, pipes, devices */
};

struct input_walker {
    void *context;

    /* A text file, open for reading; it is closed afterwards. `path` lives until the call
     * returns. 0, or -1 with err: the walk ends. */
    int (*file)(void *context, const char *path, int fd, struct error *err);

    /* What could not be looked at, with its path (ERROR_INPUT). 0, or -1: the walk ends. */
    int (*fault)(void *context, const struct error *fault, struct error *err);

    /* Whether a file or directory is to be passed over, because it was named by itself.
     * NULL: none is. */
    bool (*named)(void *context, dev_t device, ino_t inode);

    struct input_counts counts; /* added to */
};

/* Opens a directory. *fd is the caller's, -1 where the path is something else or
 * nothing. Call before confinement. */
void input_open_directory(const char *path, int *fd);

/* Walks the directory; fd stays the caller's. A .gitignore in it or beneath it holds as
 * for git, but those above it do not; .git is passed over. label: how the directory is
 * shown; "." is not shown. 0, or -1: what walk.file or walk.fault said, ERROR_INPUT for
 * more than LIMIT_WALK_FILES files, ERROR_MEMORY. */
int input_walk(struct input_walker *walk, int fd, const char *label, struct error *err);

/* The path without "." and "..", taken as they are written; false where it leads out, is
 * absolute or empty, or does not fit. */
bool input_flatten(const char *path, char *ret, size_t size);

/* Opens the file at a path that input_flatten gave, beneath the directory and not by way of a
 * symbolic link. The descriptor, or -1: there is none, or it is no regular file. */
int input_open_beneath(int fd, const char *path);

#endif
