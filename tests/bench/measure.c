/* measure: median time and peak memory of a command, started cold again and again.
 *
 *   measure RUNS STATUS COMMAND…
 *
 * Each run must end with STATUS. Prints one line of JSON: median, tenth and
 * ninetieth percentile in microseconds, the largest resident set in KB, and, if
 * the command printed a number (CLOCK_MONOTONIC in ns, as `noop` does), the
 * median time until then. Small itself, so that what a child inherits from it
 * does not count for the child's peak. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_RUNS 2000

struct run {
    long wall, until; /* ns */
    long rss;         /* KB */
};

static long now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int run_once(char **command, int status, struct run *ret) {
    int out[2], ended;
    char text[64];
    posix_spawn_file_actions_t actions;
    if (pipe2(out, O_CLOEXEC) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, out[1], 1) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) != 0)
        return -1;
    pid_t pid;
    struct rusage usage;
    long begun = now();
    if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ) != 0)
        return -1;
    (void)close(out[1]);
    ssize_t length = read(out[0], text, sizeof text - 1);
    /* What else it prints is read to the end, so that it never blocks. */
    for (char rest[4096]; read(out[0], rest, sizeof rest) > 0;)
        ;
    if (wait4(pid, &ended, 0, &usage) != pid)
        return -1;
    ret->wall = now() - begun;
    ret->rss = usage.ru_maxrss;
    text[length > 0 ? length : 0] = '\0';
    long printed = strtol(text, NULL, 10);
    ret->until = printed > begun ? printed - begun : 0;
    (void)close(out[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(ended) && WEXITSTATUS(ended) == status ? 0 : -1;
}

static int compare(const void *a, const void *b) {
    long left = *(const long *)a, right = *(const long *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv) {
    static long walls[MOST_RUNS], untils[MOST_RUNS];
    long runs = argc < 4 ? 0 : strtol(argv[1], NULL, 10), rss = 0;
    if (runs < 1 || runs > MOST_RUNS) {
        (void)fprintf(stderr, "usage: measure RUNS STATUS COMMAND…\n");
        return 2;
    }
    for (long i = 0; i < runs; i++) {
        struct run run;
        if (run_once(argv + 3, (int)strtol(argv[2], NULL, 10), &run) != 0) {
            (void)fprintf(stderr, "measure: %s did not end with status %s\n", argv[3], argv[2]);
            return 1;
        }
        walls[i] = run.wall;
        untils[i] = run.until;
        rss = run.rss > rss ? run.rss : rss;
    }
    qsort(walls, (size_t)runs, sizeof *walls, compare);
    qsort(untils, (size_t)runs, sizeof *untils, compare);
    (void)printf("{\"median_us\": %ld, \"p10_us\": %ld, \"p90_us\": %ld, \"peak_kb\": %ld, "
                 "\"until_us\": %ld}\n",
                 walls[runs / 2] / 1000, walls[runs / 10] / 1000, walls[runs * 9 / 10] / 1000, rss,
                 untils[runs / 2] / 1000);
    return 0;
}
