/* landlock.h: which files a role reaches, by the kernel's Landlock (since 5.13). */
#ifndef ARRESTOR_CONFINE_LANDLOCK_H
#define ARRESTOR_CONFINE_LANDLOCK_H

#include "sidecar/confine/confine.h"

struct error;

/* Denies every file beyond `paths`, and what the kernel's version can deny of
 * TCP, abstract sockets and signals; who `dials` may connect by TCP. *ret: on (files with
 * truncation: ABI 3), degraded (older), off (no Landlock). Needs no-new-privs. 0, or -1 with
 * ERROR_SYSTEM where a Landlock that is there refuses.
 * Source: Documentation/userspace-api/landlock.rst. */
int landlock_confine(const struct confine_path *paths, size_t count, bool dials, uint8_t *ret,
                     struct error *err);

#endif
