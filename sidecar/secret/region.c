#include "sidecar/secret/region.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"

#define REGION_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* f_type of a memfd_secret (SECRETMEM_MAGIC of linux/magic.h, which older
 * kernel headers lack). */
#define REGION_SECRET_MAGIC 0x5345434d

/* Number of memfd_secret(2), the same on every architecture that has it. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static const struct region empty = {.fd = -1, .kind = REGION_NONE};

static size_t round_to_pages(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

/* Maps fd into *region. On failure *region is unchanged and fd stays open. */
static int map_region(struct region *region, int fd, size_t size, enum region_kind kind) {
    size_t mapped = round_to_pages(size);
    void *bytes = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return -1;
    *region =
        (struct region){.bytes = bytes, .size = size, .mapped = mapped, .fd = fd, .kind = kind};
    return 0;
}

/* The kernel may know no memfd_secret (ENOSYS), be told not to offer it, or
 * refuse the mapping because of RLIMIT_MEMLOCK (EAGAIN): all lead to the memfd. */
static int make_secret(struct region *region, size_t size) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) != 0 || map_region(region, fd, size, REGION_SECRET) != 0) {
        (void)close(fd);
        return -1;
    }
    return 0;
}

/* Keeps a memfd's pages out of swap and cores; says by kind whether they are. */
static void lock_region(struct region *region) {
    bool locked = mlock(region->bytes, region->mapped) == 0;
    bool hidden = madvise(region->bytes, region->mapped, MADV_DONTDUMP) == 0;
    region->kind = locked && hidden ? REGION_LOCKED : REGION_PLAIN;
}

static int make_memfd(struct region *region, size_t size, struct error *err) {
    int fd = file_make_memory("secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_system(err, ERROR_MEMORY, "cannot make memory for secrets");
    if (ftruncate(fd, (off_t)size) != 0 || fcntl(fd, F_ADD_SEALS, REGION_SEALS) != 0 ||
        map_region(region, fd, size, REGION_PLAIN) != 0) {
        error_system(err, ERROR_MEMORY, "cannot prepare memory for secrets");
        (void)close(fd);
        return -1;
    }
    lock_region(region);
    return 0;
}

static int refuse_size(size_t size, struct error *err) {
    error_set(err, ERROR_SECRET_SIZE, "the secrets need %zu bytes; one round carries 1 to %u", size,
              LIMIT_REGION_BYTES);
    return error_todo(err, "deliver fewer or smaller secrets in one set");
}

int region_make(struct region *region, size_t size, struct error *err) {
    if (size == 0 || size > LIMIT_REGION_BYTES)
        return refuse_size(size, err);
    struct region made = empty;
    if (make_secret(&made, size) != 0 && make_memfd(&made, size, err) != 0)
        return -1;
    *region = made;
    return 0;
}

/* What fd is: REGION_SECRET, REGION_PLAIN for a well-sealed memfd, else NONE. */
static enum region_kind descriptor_kind(int fd) {
    struct statfs fs;
    if (fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == REGION_SECRET_MAGIC)
        return REGION_SECRET;
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & REGION_SEALS) == REGION_SEALS ? REGION_PLAIN : REGION_NONE;
}

int region_adopt(struct region *region, int fd, struct error *err) {
    struct region adopted = empty;
    struct stat st;
    int result = -1;
    if (fstat(fd, &st) != 0) {
        error_system(err, ERROR_PROTOCOL, "cannot look at memory that was handed over");
        goto out;
    }
    enum region_kind kind = descriptor_kind(fd);
    if (kind == REGION_NONE) {
        error_set(err, ERROR_PROTOCOL, "what was handed over is no sealed memory for secrets");
        goto out;
    }
    if (st.st_size < 1 || st.st_size > LIMIT_REGION_BYTES) {
        error_set(err, ERROR_PROTOCOL, "memory that was handed over has %lld bytes",
                  (long long)st.st_size);
        goto out;
    }
    if (map_region(&adopted, fd, (size_t)st.st_size, kind) != 0) {
        error_system(err, ERROR_MEMORY, "cannot map memory that was handed over");
        goto out;
    }
    if (kind != REGION_SECRET)
        lock_region(&adopted);
    adopted.fd = -1;
    *region = adopted;
    result = 0;
out:
    if (fd >= 0)
        (void)close(fd);
    return result;
}

int region_give(struct region *region) {
    int fd = region->fd;
    if (region->bytes != NULL)
        (void)munmap(region->bytes, region->mapped);
    *region = empty;
    return fd;
}

void region_free(struct region *region) {
    if (region->bytes != NULL) {
        explicit_bzero(region->bytes, region->mapped);
        (void)munmap(region->bytes, region->mapped);
    }
    if (region->bytes != NULL && region->fd >= 0)
        (void)close(region->fd);
    *region = empty;
}
