/* strongbox_confine.h: the ladder of the command, in one place. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_CONFINE_H
#define ARRESTOR_STRONGBOX_STRONGBOX_CONFINE_H

#include <stddef.h>

struct error;

/* Opens the directory that path lies in (O_PATH). Descriptor, or -1 with
 * ERROR_SYSTEM naming the directory. */
int strongbox_open_parent(const char *path, struct error *err);

/* Climbs the ladder of role tool; afterwards files can be made and replaced in
 * these `count` (at most 2) open directories and nothing else can be opened. 0,
 * or -1 with ERROR_SYSTEM. */
int strongbox_confine(const int *directories, size_t count, struct error *err);

#endif
