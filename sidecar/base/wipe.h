/* wipe.h: removing a directory of ours with all that is in it. */
#ifndef ARRESTOR_BASE_WIPE_H
#define ARRESTOR_BASE_WIPE_H

#include <stdbool.h>

/* Removes everything beneath the open directory fd, never following a link and
 * never leaving it. overwrite: files are filled with zeros first, for the end of
 * a set; not while a reader may still hold one open. 0, or -1 with errno where
 * something stayed. */
int wipe_contents(int fd, bool overwrite);

/* wipe_contents of directory `name` in parent, then the directory itself. A name
 * that is not there is no error; one that is a link or a file is unlinked. */
int wipe_directory(int parent, const char *name, bool overwrite);

#endif
