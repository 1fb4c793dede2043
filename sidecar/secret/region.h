/* region.h: the only memory that may hold a store's secrets.
 *
 * A region is memfd_secret(2) memory where the kernel has it, else a locked,
 * undumpable memfd; the difference is reported, never hidden. It is passed to
 * another process as a descriptor, mapped there, and wiped by its owner.
 *
 * Nobody can cut a mapped region under the other end (that would be a SIGBUS):
 * a memfd_secret that has a size refuses every other one (EINVAL, 5.14 and
 * later, tried on 6.18; it takes no seals), and an ordinary memfd is sealed with
 * F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_SEAL before it is passed on. */
#ifndef ARRESTOR_SECRET_REGION_H
#define ARRESTOR_SECRET_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum region_kind {
    REGION_NONE,
    REGION_SECRET, /* memfd_secret: out of every other mapping, root included */
    REGION_LOCKED, /* memfd + mlock + MADV_DONTDUMP: degraded */
    REGION_PLAIN   /* memfd that could not be locked: weaker still */
};

struct region {
    unsigned char *bytes;
    size_t size; /* as asked for */
    size_t mapped;
    int fd; /* -1 once closed or passed on */
    enum region_kind kind;
};

/* Makes and maps a region of size bytes (1 … LIMIT_REGION_BYTES), zeroed. 0, or
 * -1 with ERROR_MEMORY or ERROR_SECRET_SIZE. The caller owns it.
 * Calls: memfd_secret, ftruncate, mmap, close; where that fails memfd_create,
 * ftruncate, fcntl(F_ADD_SEALS), mmap, mlock, madvise, close. */
int region_make(struct region *region, size_t size, struct error *err);

/* Maps a region that another process made; takes the size from fstat, bounds
 * it, and closes fd in every case. What is neither a memfd_secret nor a memfd
 * sealed as above is refused. 0, or -1 with ERROR_PROTOCOL or ERROR_MEMORY.
 * Calls: fstat, fstatfs, mmap, close; for a memfd fcntl(F_GET_SEALS), mlock,
 * madvise too. */
int region_adopt(struct region *region, int fd, struct error *err);

/* Gives the region away: unmaps it here without wiping (the memory is shared)
 * and returns its descriptor, which the caller sends and closes. The region is
 * then empty. -1 where there is none. Calls: munmap. */
int region_give(struct region *region);

/* Wipes, unmaps, closes. NULL bytes are fine. The memory is shared: what the
 * other end has mapped is wiped too. Calls: munmap, close. */
void region_free(struct region *region);

#endif
