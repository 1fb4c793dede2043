/* noop: stands in for spark-submit where only arrestor's own cost is measured.
 * Prints when it was started (CLOCK_MONOTONIC, ns), and waits NOOP_SECONDS. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    (void)printf("%ld\n", time.tv_sec * 1000000000L + time.tv_nsec);
    (void)fflush(stdout);
    const char *seconds = getenv("NOOP_SECONDS");
    if (seconds != NULL)
        (void)sleep((unsigned)strtoul(seconds, NULL, 10));
    return 0;
}
