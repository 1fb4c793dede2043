/* atomic_file.h: a file is replaced whole or not at all.
 *
 * A new file beside the old one, ".NAME.XXXXXXXXXXXXXXXX" with 16 random hex
 * digits, is written, synced and renamed over it; then the directory is synced.
 * Killed at any moment, the old or the new stands, and perhaps that file: its
 * writer holds a lock on it (flock(2)), so that others can tell when he is dead. */
#ifndef ARRESTOR_BASE_ATOMIC_FILE_H
#define ARRESTOR_BASE_ATOMIC_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct error;

/* Replaces path (mode before umask: exactly `mode`). A symbolic link at path is
 * followed once, so that a linked file stays linked. 0, or -1 with ERROR_SYSTEM
 * naming the path; then nothing has changed and no temporary file is left. */
int atomic_file_replace(const char *path, const void *bytes, size_t length, mode_t mode,
                        struct error *err);

/* Creates path; fails with ERROR_BOX_EXISTS where something is there already.
 * Otherwise as atomic_file_replace. */
int atomic_file_create(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *err);

/* Removes what writers of path that were killed have left beside it: regular
 * files of the caller with a name as above that nobody holds a lock on. What
 * cannot be looked at or removed stays; there is nothing to report. */
void atomic_file_tidy(const char *path);

#endif
