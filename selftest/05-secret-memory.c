/* Claim 05: what lies in a region cannot be read by another process, not even by
 * root, through process_vm_readv, /proc/PID/mem or /proc/PID/map_files. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/region.h"

#define VALUE_BYTES 64

/* What the holder tells of itself: where the value lies, twice. */
struct held {
    uintptr_t region, control, region_end;
    enum region_kind kind;
};

/* As place holds it: adopted from the one who made it, with the descriptor closed. */
static void hold_value(const char *value, int out) {
    static char control[VALUE_BYTES];
    struct region made, region;
    struct error err;
    if (region_make(&made, VALUE_BYTES, &err) != 0)
        _exit(70);
    (void)snprintf((char *)made.bytes, VALUE_BYTES, "%s", value);
    (void)snprintf(control, sizeof control, "%s", value);
    enum region_kind kind = made.kind;
    if (region_adopt(&region, region_give(&made), &err) != 0)
        _exit(70);
    struct held held = {(uintptr_t)region.bytes, (uintptr_t)control,
                        (uintptr_t)region.bytes + region.mapped, kind};
    if (write(out, &held, sizeof held) != (ssize_t)sizeof held)
        _exit(70);
    for (;;)
        (void)pause();
}

static bool read_by_copy(pid_t pid, uintptr_t at, char *ret) {
    struct iovec local = {ret, VALUE_BYTES}, remote = {(void *)at, VALUE_BYTES};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == VALUE_BYTES;
}

static bool read_by_file(pid_t pid, uintptr_t at, char *ret) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : pread(fd, ret, VALUE_BYTES, (off_t)at);
    if (fd >= 0)
        (void)close(fd);
    return got == VALUE_BYTES;
}

static bool read_by_map(pid_t pid, const struct held *held, char *ret) {
    char path[96];
    (void)snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", (int)pid,
                   (unsigned long)held->region, (unsigned long)held->region_end);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : pread(fd, ret, VALUE_BYTES, 0);
    if (fd >= 0)
        (void)close(fd);
    return got > 0;
}

int main(int argc, char **argv) {
    char found[3][VALUE_BYTES] = {{0}}, control[2][VALUE_BYTES] = {{0}};
    struct held held;
    int ends[2];
    claim_begin(argc, argv);
    const char *value = claim_canary();
    claim_need(pipe2(ends, O_CLOEXEC) == 0, "make a pipe");
    pid_t pid = claim_fork();
    if (pid == 0)
        hold_value(value, ends[1]);
    (void)close(ends[1]);
    claim_need(read(ends[0], &held, sizeof held) == (ssize_t)sizeof held, "make a region");
    bool seen =
        read_by_copy(pid, held.control, control[0]) && read_by_file(pid, held.control, control[1]);
    if (!seen || strcmp(control[0], value) != 0 || strcmp(control[1], value) != 0) {
        claim_weaken("no process may read another's memory here, so this could not be tried");
        claim_settle("%s", "");
    }
    (void)read_by_copy(pid, held.region, found[0]);
    (void)read_by_file(pid, held.region, found[1]);
    (void)read_by_map(pid, &held, found[2]);
    for (int i = 0; i < 3; i++) {
        if (memcmp(found[i], value, strlen(value)) != 0)
            continue;
        if (held.kind == REGION_SECRET)
            claim_off("a value in memfd_secret can be read by uid %u", (unsigned)geteuid());
        claim_weaken("there is no memfd_secret here: values lie in %s memory, which root can "
                     "read",
                     held.kind == REGION_LOCKED ? "locked" : "ordinary");
    }
    if (held.kind != REGION_SECRET)
        claim_weaken("this kernel has no memfd_secret");
    claim_settle("uid %u read ordinary memory of another process, but not its secret memory, in "
                 "three ways",
                 (unsigned)geteuid());
}
