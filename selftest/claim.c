#include "selftest/claim.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/wipe.h"

#define NOBODY     65534u
#define WAIT_MS    20000
#define THINGS     32
#define PATH_BYTES 4096

/* One process is one claim: what it has made and must take away again. */
static struct {
    pid_t self;
    char arrestor[PATH_BYTES];
    char *directories[THINGS];
    size_t directory_count;
    pid_t children[THINGS];
    char sentence[LIMIT_CLAIM_BYTES - 16]; /* the state and a tab stand before it */
    char weaker[LIMIT_CLAIM_BYTES - 16];
} claim;

static void remove_directory(const char *path) {
    int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top >= 0) {
        (void)wipe_directory(top, path + 1, false);
        (void)close(top);
    }
}

/* Children that forked from a claim end with _exit, and leave this alone. */
static void clean_up(void) {
    if (getpid() != claim.self)
        return;
    for (size_t i = 0; i < THINGS; i++)
        if (claim.children[i] > 0)
            claim_end(claim.children[i]);
    for (size_t i = 0; i < claim.directory_count; i++)
        remove_directory(claim.directories[i]);
    claim.directory_count = 0;
}

static void compose(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
static void compose(const char *format, va_list args) {
    (void)vsnprintf(claim.sentence, sizeof claim.sentence, format, args);
}

_Noreturn static void say(const char *state, int status) {
    if (getpid() != claim.self)
        _exit(status); /* a child's word is its status */
    clean_up();
    (void)printf("%s\t%s\n", state, claim.sentence);
    exit(fflush(stdout) == 0 ? status : 70);
}

void claim_off(const char *format, ...) {
    va_list args;
    va_start(args, format);
    compose(format, args);
    va_end(args);
    say("off", 1);
}

void claim_broken(const char *format, ...) {
    va_list args;
    va_start(args, format);
    compose(format, args);
    va_end(args);
    say("broken", 70);
}

void claim_weaken(const char *format, ...) {
    va_list args;
    if (claim.weaker[0] != '\0')
        return;
    va_start(args, format);
    (void)vsnprintf(claim.weaker, sizeof claim.weaker, format, args);
    va_end(args);
}

void claim_settle(const char *format, ...) {
    va_list args;
    va_start(args, format);
    compose(format, args);
    va_end(args);
    if (claim.weaker[0] == '\0')
        say("on", 0);
    memcpy(claim.sentence, claim.weaker, sizeof claim.sentence);
    say("degraded", 0);
}

void claim_need(bool fine, const char *what) {
    if (!fine)
        claim_broken("cannot %s: %s", what, strerror(errno));
}

/* Beside the directory of claims in the build, or as it is installed. */
static void find_arrestor(void) {
    static const char *const places[] = {"../arrestor", "../../../bin/arrestor"};
    char self[PATH_BYTES / 2];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    claim_need(length > 0, "tell where this claim is");
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(claim.arrestor, sizeof claim.arrestor, "%s/%s", self, places[i]);
        if (access(claim.arrestor, X_OK) == 0)
            return;
    }
    claim_broken("there is no arrestor beside %s", self);
}

void claim_begin(int argc, char **argv) {
    claim.self = getpid();
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc == 2)
        (void)snprintf(claim.arrestor, sizeof claim.arrestor, "%s", argv[1]);
    else
        find_arrestor();
}

const char *claim_arrestor(void) {
    return claim.arrestor;
}

const char *claim_program(const char *name) {
    static const char *const places[] = {"", "/../libexec/arrestor"};
    int above = (int)(strrchr(claim.arrestor, '/') - claim.arrestor);
    char *path = NULL;
    for (size_t i = 0; name != NULL && i < 2; i++) {
        claim_need(asprintf(&path, "%.*s%s/%s", above, claim.arrestor, places[i], name) > 0,
                   "keep a path");
        if (access(path, X_OK) == 0)
            return path;
    }
    if (name != NULL)
        claim_broken("there is no %s beside %s", name, claim.arrestor);
    return claim.arrestor;
}

static const char *make_directory(const char *base) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/arrestor-selftest-XXXXXX", base);
    if (claim.directory_count == THINGS || mkdtemp(path) == NULL)
        return NULL;
    char *kept = strdup(path);
    claim_need(kept != NULL, "keep a path");
    claim.directories[claim.directory_count++] = kept;
    return kept;
}

const char *claim_memory_directory(void) {
    const char *bases[] = {"/run", getenv("XDG_RUNTIME_DIR"), "/dev/shm"};
    for (size_t i = 0; i < 3; i++) {
        struct statfs fs;
        if (bases[i] == NULL || bases[i][0] != '/' || statfs(bases[i], &fs) != 0 ||
            (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
            continue;
        const char *made = make_directory(bases[i]);
        if (made != NULL)
            return made;
    }
    claim_broken("no directory on tmpfs can be made in /run, $XDG_RUNTIME_DIR or /dev/shm");
}

const char *claim_any_directory(void) {
    const char *bases[] = {getenv("TMPDIR"), "/tmp", "/var/tmp"};
    for (size_t i = 0; i < 3; i++) {
        const char *made = bases[i] == NULL || bases[i][0] != '/' ? NULL : make_directory(bases[i]);
        if (made != NULL)
            return made;
    }
    return claim_memory_directory();
}

const char *claim_path(const char *directory, const char *name) {
    char *path = NULL;
    claim_need(asprintf(&path, "%s/%s", directory, name) > 0, "keep a path");
    return path;
}

void claim_write(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    claim_need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
    (void)close(fd);
}

size_t claim_read(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 1;
    while (fd >= 0 && got > 0 && length < size - 1) {
        got = read(fd, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    text[length] = '\0';
    return length;
}

bool claim_exists(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0;
}

bool claim_is_bare(const char *path) {
    DIR *list = opendir(path);
    const struct dirent *entry;
    bool bare = list != NULL || errno == ENOENT;
    while (list != NULL && bare && (entry = readdir(list)) != NULL)
        bare = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (list != NULL)
        (void)closedir(list);
    return bare;
}

const char *claim_canary(void) {
    unsigned long long words[2];
    char *text = NULL;
    claim_need(getrandom(words, sizeof words, 0) == (ssize_t)sizeof words, "get random bytes");
    claim_need(asprintf(&text, "canary-%016llx%016llx", words[0], words[1]) > 0, "keep a canary");
    return text;
}

pid_t claim_fork(void) {
    size_t free_slot = 0;
    while (free_slot < THINGS && claim.children[free_slot] != 0)
        free_slot++;
    (void)fflush(stdout);
    pid_t parent = getpid(), pid = free_slot < THINGS ? fork() : -1;
    claim_need(pid >= 0, "fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent)
            _exit(70);
    } else if (parent == claim.self)
        claim.children[free_slot] = pid;
    return pid;
}

void claim_forget(pid_t pid) {
    for (size_t i = 0; i < THINGS; i++)
        if (claim.children[i] == pid)
            claim.children[i] = 0;
}

void claim_end(pid_t pid) {
    claim_forget(pid);
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Without a sleep, which would dominate short work; where the kernel has no pidfd,
 * with one that is short. */
static void await_end(pid_t pid, int limit_ms) {
    struct pollfd item = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (item.fd < 0)
        (void)usleep(1000);
    else
        (void)poll(&item, 1, limit_ms);
    if (item.fd >= 0)
        (void)close(item.fd);
}

int claim_wait(pid_t pid) {
    int status = 0;
    uint64_t now = clock_now_ms(), deadline = now + WAIT_MS;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        if (now > deadline) {
            claim_end(pid);
            claim_broken("a process that was started did not end within %d s", WAIT_MS / 1000);
        }
        await_end(pid, (int)(deadline - now) + 1);
        now = clock_now_ms();
    }
    claim_forget(pid);
    return status;
}

bool claim_becomes(bool (*holds)(const void *context), const void *context, int limit_ms) {
    uint64_t deadline = clock_now_ms() + (uint64_t)limit_ms;
    while (!holds(context)) {
        if (clock_now_ms() > deadline)
            return false;
        (void)usleep(5000);
    }
    return true;
}

bool claim_status_field(pid_t pid, const char *field, char *ret, size_t size) {
    char path[64], text[4096], label[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", pid > 0 ? (int)pid : (int)getpid());
    (void)snprintf(label, sizeof label, "\n%s:", field);
    (void)claim_read(path, text, sizeof text);
    const char *value = strstr(text, label);
    if (value == NULL)
        return false;
    value += strlen(label);
    value += strspn(value, " \t");
    size_t length = strcspn(value, "\n");
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    (void)snprintf(ret, size, "%.*s", (int)length, value);
    return true;
}

int claim_listen(struct sockaddr_in *ret) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    claim_need(fd >= 0 && bind(fd, (const struct sockaddr *)&here, sizeof here) == 0 &&
                   listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)&here, &length) == 0,
               "listen on loopback");
    *ret = here;
    return fd;
}

uid_t claim_service_uid(void) {
    const struct passwd *user = getpwnam("arrestor");
    return user != NULL ? user->pw_uid : NOBODY;
}

void claim_need_sight(void) {
    char text[256];
    int ends[2];
    claim_need(pipe2(ends, O_CLOEXEC) == 0, "make a pipe");
    pid_t pid = claim_fork();
    if (pid == 0) {
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && write(ends[1], "", 1) == 1)
            (void)pause();
        _exit(0);
    }
    (void)close(ends[1]);
    claim_need(read(ends[0], text, 1) == 1, "start a process");
    (void)close(ends[0]);
    bool seen = claim_status_field(pid, "Uid", text, sizeof text);
    claim_end(pid);
    if (seen)
        return;
    claim_weaken("/proc hides what a closed process is (hidepid): this could not be tried");
    claim_settle("%s", "");
}
