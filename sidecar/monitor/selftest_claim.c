#include "sidecar/monitor/selftest_claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"

static const char *const state_names[CLAIM_STATES] = {"on", "degraded", "off", "broken"};

/* Where the claims lie, seen from the directory of the executable. */
static const char *const places[] = {"/selftest", "/../libexec/arrestor/selftest"};

const char *claim_state_name(enum claim_state state) {
    return state < CLAIM_STATES ? state_names[state] : "unknown";
}

static int find_self(struct claim_list *list, struct error *err) {
    ssize_t length = readlink("/proc/self/exe", list->arrestor, sizeof list->arrestor - 1);
    if (length <= 0 || (size_t)length >= sizeof list->arrestor - 1)
        return error_system(err, ERROR_SYSTEM, "cannot tell where arrestor is");
    list->arrestor[length] = '\0';
    return 0;
}

static int open_place(struct claim_list *list, struct error *err) {
    int above = (int)(strrchr(list->arrestor, '/') - list->arrestor);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int length = snprintf(list->directory, sizeof list->directory, "%.*s%s", above,
                              list->arrestor, places[i]);
        if (length < 0 || (size_t)length >= sizeof list->directory)
            continue;
        int fd = open(list->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            return fd;
    }
    error_set(err, ERROR_SYSTEM, "there are no claims beside %s", list->arrestor);
    return error_todo(err, "install arrestor with make install, which brings them along");
}

/* Whether name is "NN-name"; its number goes to *ret. */
static bool is_claim(const char *name, unsigned *ret) {
    size_t digits = strspn(name, "0123456789");
    if (digits != 2 || name[2] != '-' || strlen(name) >= LIMIT_CLAIM_NAME ||
        name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz-")] != '\0')
        return false;
    *ret = (unsigned)(name[0] - '0') * 10 + (unsigned)(name[1] - '0');
    return true;
}

static int compare_claims(const void *a, const void *b) {
    const struct claim *left = a, *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

static int read_names(struct claim_list *list, DIR *names, struct error *err) {
    const struct dirent *entry;
    unsigned number;
    while ((entry = readdir(names)) != NULL) {
        if (!is_claim(entry->d_name, &number))
            continue;
        if (list->count == LIMIT_CLAIMS)
            return error_set(err, ERROR_INTERNAL, "there are more than %d claims", LIMIT_CLAIMS);
        struct claim *claim = &list->claims[list->count++];
        claim->number = number;
        (void)snprintf(claim->file, sizeof claim->file, "%.*s", LIMIT_CLAIM_NAME - 1,
                       entry->d_name);
    }
    qsort(list->claims, list->count, sizeof *list->claims, compare_claims);
    for (size_t i = 1; i < list->count; i++)
        if (list->claims[i].number == list->claims[i - 1].number)
            return error_set(err, ERROR_INTERNAL, "claim %02u is there twice",
                             list->claims[i].number);
    return list->count > 0 ? 0 : error_set(err, ERROR_SYSTEM, "no claims in %s", list->directory);
}

int claim_list_find(struct claim_list *ret, struct error *err) {
    ret->count = 0;
    int fd = find_self(ret, err) != 0 ? -1 : open_place(ret, err);
    if (fd < 0)
        return -1;
    DIR *names = fdopendir(fd);
    if (names == NULL) {
        (void)close(fd);
        return error_system(err, ERROR_SYSTEM, "cannot list %s", ret->directory);
    }
    int result = read_names(ret, names, err);
    (void)closedir(names);
    return result;
}

/* In the child: its own process group, so that all of it can be ended. */
static void exec_claim(const struct claim_list *list, const struct claim *claim, int out,
                       char **environment) {
    char path[sizeof list->directory + LIMIT_CLAIM_NAME + 1], name[LIMIT_CLAIM_NAME];
    char arrestor[sizeof list->arrestor];
    (void)snprintf(path, sizeof path, "%s/%s", list->directory, claim->file);
    memcpy(name, claim->file, sizeof name);
    memcpy(arrestor, list->arrestor, sizeof arrestor);
    char *argv[] = {name, arrestor, NULL};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0 && setpgid(0, 0) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0)
        (void)execve(path, argv, environment);
    _exit(127);
}

/* Takes what is there to read. False once nothing more can come. */
static bool take_output(int fd, char *text, size_t size, size_t *length) {
    char beyond[512];
    bool full = *length + 1 >= size;
    ssize_t got =
        full ? read(fd, beyond, sizeof beyond) : read(fd, text + *length, size - 1 - *length);
    if (got > 0 && !full)
        *length += (size_t)got;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool is_over(pid_t pid) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Reads what the claim says until it is over, or time is. */
static bool watch_claim(pid_t pid, int fd, char *text, size_t size) {
    uint64_t deadline = clock_now_ms() + LIMIT_CLAIM_MS;
    struct pollfd item = {.fd = fd, .events = POLLIN};
    size_t length = 0;
    bool over = false;
    while (!over && clock_now_ms() < deadline) {
        over = is_over(pid);
        (void)poll(&item, 1, over ? 0 : 20);
        /* A negative descriptor is one that poll passes over. */
        if (item.fd >= 0 && item.revents != 0 && !take_output(fd, text, size, &length))
            item.fd = -1;
    }
    text[length] = '\0';
    return over;
}

static void say_broken(struct claim_outcome *ret, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say_broken(struct claim_outcome *ret, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ret->detail, sizeof ret->detail, format, args);
    va_end(args);
    ret->state = CLAIM_BROKEN;
}

/* Cuts the line after its state, and holds state and status against each other. */
static void read_line(struct claim_outcome *ret, const char *text, int status) {
    size_t word = strcspn(text, "\t\n");
    int state = CLAIM_BROKEN;
    for (int i = CLAIM_ON; i <= CLAIM_OFF; i++)
        if (strlen(state_names[i]) == word && strncmp(text, state_names[i], word) == 0)
            state = i;
    const char *sentence = text[word] == '\t' ? text + word + 1 : text;
    size_t length = strcspn(sentence, "\n");
    int expected = state == CLAIM_OFF ? 1 : state == CLAIM_BROKEN ? 70 : 0;
    if (WIFSIGNALED(status))
        say_broken(ret, "it was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == 70 && length > 0)
        say_broken(ret, "%.*s", (int)length, sentence);
    else if (WEXITSTATUS(status) != expected || state == CLAIM_BROKEN)
        say_broken(ret, "it ended with status %d and said \"%.*s\"", WEXITSTATUS(status),
                   (int)(length < 200 ? length : 200), text);
    else {
        ret->state = (enum claim_state)state;
        (void)snprintf(ret->detail, sizeof ret->detail, "%.*s", (int)length, sentence);
    }
}

void claim_run(const struct claim_list *list, const struct claim *claim, char **environment,
               struct claim_outcome *ret) {
    char text[LIMIT_CLAIM_BYTES];
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        say_broken(ret, "it cannot be started: %s", strerror(errno));
        return;
    }
    (void)signal(SIGCHLD, SIG_DFL); /* inherited as ignored, no status would be kept */
    pid_t pid = fork();
    if (pid == 0)
        exec_claim(list, claim, ends[1], environment);
    (void)close(ends[1]);
    bool over = pid > 0 && watch_claim(pid, ends[0], text, sizeof text);
    (void)close(ends[0]);
    if (pid < 0) {
        say_broken(ret, "it cannot be started: %s", strerror(errno));
        return;
    }
    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (over)
        read_line(ret, text, status);
    else
        say_broken(ret, "it took longer than %d seconds", LIMIT_CLAIM_MS / 1000);
}
