/* sanitizer: what arrestor's programs say to the sanitizers' runtime. Linked into
 * builds with -fsanitize and into no other.
 *
 * A role starts with an emptied environment, so ASAN_OPTIONS cannot reach it; and
 * once it has climbed its ladder it opens no file. So the options are compiled in,
 * and the file for findings is opened before main: tests/e2e/conftest.py fails the
 * test that made it grow. */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Called by the runtimes, and of the runtimes: there is no header of gcc's for them. */
const char *__asan_default_options(void);
void __sanitizer_set_report_fd(void *fd);

/* LeakSanitizer stops the world by clone and ptrace, which end every role. The
 * units, which run without a filter, look for leaks. */
const char *__asan_default_options(void) {
    return "detect_leaks=0:symbolize=0:color=never:exitcode=99";
}

__attribute__((constructor)) static void open_findings(void) {
    int fd = open(FINDINGS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    /* Far above the slots of a role, an empty one of which it would take. */
    int above = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    if (above >= 0)
        __sanitizer_set_report_fd((void *)(intptr_t)above);
    (void)close(fd);
}
