/* shifted_clock: a FAKE clock, linked into a copy of arrestor for tests only.
 *
 * Whoever asks what time it is gets what the kernel says and an offset, which a test
 * may change while the program runs: the file `clock` beside the executable holds
 * three signed 64-bit numbers, nanoseconds for CLOCK_REALTIME, CLOCK_BOOTTIME and
 * CLOCK_MONOTONIC. The clock of the machine is not touched. It takes the place of
 * libc's functions for the program and for its libraries; what the kernel does by
 * its own clock (poll, stamps of files) is as it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum { SHIFT_REALTIME, SHIFT_BOOTTIME, SHIFT_MONOTONIC, SHIFTS };

static const volatile int64_t *shifts;

/* Before main, so before anything is confined. A fake that does nothing would let
 * every test pass: without its file it ends the program. */
__attribute__((constructor)) static void open_shifts(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/clock");
    char *slash = length < 0 ? NULL : memrchr(path, '/', (size_t)length);
    int fd = -1;
    if (slash != NULL) {
        memcpy(slash, "/clock", sizeof "/clock");
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    void *map =
        fd < 0 ? MAP_FAILED : mmap(NULL, SHIFTS * sizeof *shifts, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        (void)fprintf(stderr, "shifted clock: %s: %s\n", path, strerror(errno));
        abort();
    }
    (void)close(fd);
    shifts = map;
}

static int64_t shift_of(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return shifts[SHIFT_REALTIME];
    case CLOCK_BOOTTIME:
        return shifts[SHIFT_BOOTTIME];
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
        return shifts[SHIFT_MONOTONIC];
    default:
        return 0;
    }
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (syscall(SYS_clock_gettime, clock, now) != 0)
        return -1;
    int64_t at = (int64_t)now->tv_sec * SECOND + now->tv_nsec + shift_of(clock);
    now->tv_sec = at / SECOND;
    now->tv_nsec = at % SECOND;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec at;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &at) != 0)
        return -1;
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret) {
    struct timespec at;
    if (clock_gettime(CLOCK_REALTIME, &at) != 0)
        return -1;
    if (ret != NULL)
        *ret = at.tv_sec;
    return at.tv_sec;
}
