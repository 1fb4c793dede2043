/* Claim 07: a set is published whole or not at all. Writers are killed at random
 * moments, while readers of one file and of one opened directory look on. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/error.h"
#include "sidecar/place/publish.h"

#define WRITERS    120
#define FILES      3
#define FILE_BYTES 8192

/* Shared with the readers. */
struct watch {
    volatile unsigned long reads, slow;
    volatile int broken; /* a way of the table below, plus one */
    volatile bool stop;
};

static const char *const names[FILES] = {"password", "token", "user"};
static const char *const faults[] = {"one file was a mix of two sets",
                                     "one opened directory held files of two sets",
                                     "a file of the set was missing", "there was no set"};

/* Every byte of every file of a generation says which one it is. */
static unsigned char stamp_of(uint64_t generation) {
    return (unsigned char)(1 + generation % 251);
}

static void publish(int directory, uint64_t generation) {
    static unsigned char bytes[FILE_BYTES];
    struct publish_item items[FILES];
    struct error err;
    memset(bytes, stamp_of(generation), sizeof bytes);
    for (int i = 0; i < FILES; i++)
        items[i] = (struct publish_item){names[i], bytes, sizeof bytes};
    if (publish_generation(directory, generation, items, FILES, 0400, &err) != 0)
        _exit(70);
}

/* The stamp of a file, 0 where it is missing, -1 where it is a mix. */
static int read_stamp(int directory, const char *path) {
    unsigned char bytes[FILE_BYTES + 1];
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t length = 0;
    ssize_t got;
    while ((got = read(fd, bytes + length, sizeof bytes - length)) > 0)
        length += (size_t)got;
    (void)close(fd);
    if (length != FILE_BYTES)
        return -1;
    for (size_t i = 1; i < length; i++)
        if (bytes[i] != bytes[0])
            return -1;
    return bytes[0];
}

/* One look through one opened directory. 0, or a fault. */
static int look_through_directory(int top) {
    int directory = openat(top, "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fault = 0,
        first = 0;
    if (directory < 0)
        return 4;
    for (int i = 0; i < FILES && fault == 0; i++) {
        int stamp = read_stamp(directory, names[i]);
        first = i == 0 ? stamp : first;
        fault = stamp == 0 ? 3 : stamp < 0 ? 1 : stamp != first ? 2 : 0;
    }
    (void)close(directory);
    return fault;
}

static int look_at_file(int top) {
    int stamp = read_stamp(top, "current/token");
    return stamp == 0 ? 3 : stamp < 0 ? 1 : 0;
}

/* A set stays until the second one after it. A reader that took longer than two
 * of these rounds may find it gone: that is not what is claimed. */
static void read_on(int top, struct watch *watch, int (*look)(int top)) {
    while (!watch->stop && watch->broken == 0) {
        uint64_t before = publish_current(top);
        int fault = look(top);
        if (fault >= 3 && publish_current(top) >= before + 2)
            watch->slow++;
        else if (fault != 0)
            watch->broken = fault;
        if (++watch->reads % 8 == 0)
            (void)usleep(50); /* where there are few processors, the writers want one */
    }
    _exit(0);
}

static pid_t start_reader(int top, struct watch *watch, int (*look)(int top)) {
    pid_t pid = claim_fork();
    if (pid == 0)
        read_on(top, watch, look);
    return pid;
}

static void wait_ns(long ns) {
    struct timespec begun, now;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000000L + now.tv_nsec - begun.tv_nsec < ns);
}

/* Starts one writer and kills it delay_ns after it began. True where it was done. */
static bool kill_writer(int top, uint64_t generation, long delay_ns) {
    int ends[2];
    char byte;
    claim_need(pipe2(ends, O_CLOEXEC) == 0, "make a pipe");
    pid_t pid = claim_fork();
    if (pid == 0) {
        if (write(ends[1], "x", 1) == 1)
            publish(top, generation);
        _exit(0);
    }
    (void)close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    (void)close(ends[0]);
    wait_ns(delay_ns);
    (void)kill(pid, SIGKILL);
    int status = claim_wait(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 70)
        claim_broken("a set cannot be published");
    return WIFEXITED(status);
}

static long random_below(long bound) {
    unsigned number = 0;
    claim_need(getrandom(&number, sizeof number, 0) == (ssize_t)sizeof number, "get random bytes");
    return (long)(number % (unsigned)bound);
}

/* The moments spread over the whole of a publication: as long as too many come
 * to their end the delays shrink, and the other way round. */
static unsigned kill_writers(int top, const struct watch *watch) {
    unsigned killed = 0;
    long span = 300000;
    for (unsigned i = 0; i < WRITERS && watch->broken == 0; i++) {
        bool done = kill_writer(top, publish_current(top) + 1, random_below(span));
        killed += done ? 0 : 1;
        span = done ? span * 9 / 10 + 1000 : span * 11 / 10 + 1000;
    }
    return killed;
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    const char *path = claim_memory_directory();
    int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct watch *watch =
        mmap(NULL, sizeof *watch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    claim_need(top >= 0 && watch != MAP_FAILED, "prepare");
    if (!kill_writer(top, 1, 2000000000L))
        claim_broken("no first set can be published");
    pid_t readers[] = {start_reader(top, watch, look_through_directory),
                       start_reader(top, watch, look_at_file)};
    unsigned killed = kill_writers(top, watch);
    watch->stop = true;
    for (int i = 0; i < 2; i++)
        (void)claim_wait(readers[i]);
    if (watch->broken != 0)
        claim_off("%s", faults[watch->broken - 1]);
    if (killed < WRITERS / 40 || watch->reads < WRITERS)
        claim_broken("only %u writers were killed and %lu looks taken", killed, watch->reads);
    claim_settle("%u writers, %u of them killed at work, under %lu looks: none saw a mix or a "
                 "missing file",
                 WRITERS, killed, watch->reads);
}
