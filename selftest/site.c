#include "selftest/site.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/file.h"

const char site_safe[] = "spark.app.name selftest\n"
                         "spark.master local[1]\n"
                         "spark.driver.host 127.0.0.1\n"
                         "spark.driver.bindAddress 127.0.0.1\n"
                         "spark.ui.enabled false\n"
                         "spark.io.encryption.enabled true\n";

const char site_lively[] = "deliver:\n  poll: 100ms\n  files:\n    value: {raw: \"${it}\"}\n";

#define MAX_WORDS 32
#define WAIT_MS   10000

void site_configure(const struct site *site, const char *lines) {
    char text[4096];
    int length = snprintf(text, sizeof text,
                          "version: 1\n"
                          "stores:\n  strongbox: {box: %s, key: %s}\n"
                          "secrets:\n  it: {store: strongbox, path: it}\n"
                          "%s"
                          "%s",
                          site->box, site->key,
                          strstr(lines, "deliver:") != NULL
                              ? ""
                              : "deliver:\n  files:\n    value: {raw: \"${it}\"}\n",
                          lines);
    if (length < 0 || (size_t)length >= sizeof text)
        claim_broken("the configuration of a site is too long");
    claim_write(site->yaml, text);
}

void site_use_vault(const struct site *site, unsigned port, const char *auth) {
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "version: 1\n"
                          "stores:\n  vault: {address: \"http://127.0.0.1:%u\", auth: %s}\n"
                          "secrets:\n  it: {store: vault, path: secret/data/it}\n"
                          "deliver:\n  wait: 0s\n  files:\n    value: {raw: \"${it.value}\"}\n",
                          port, auth);
    if (length < 0 || (size_t)length >= sizeof text)
        claim_broken("the configuration of a site is too long");
    claim_write(site->yaml, text);
}

static void use_box(const struct site *site, const char *const *words, const char *input) {
    struct outcome *done = calloc(1, sizeof *done);
    claim_need(done != NULL, "find memory");
    site_command(site, words, input, NULL, done);
    if (done->status != 0)
        claim_broken("strongbox %s does not work: %.300s", words[1], done->err);
    free(done);
}

void site_store(const struct site *site, const char *value) {
    const char *set[] = {"strongbox", "set", "it", "--box", site->box, "--key", site->key, NULL};
    use_box(site, set, value);
}

static void fill_box(const struct site *site) {
    const char *init[] = {"strongbox", "init", "--box", site->box, "--key", site->key, NULL};
    use_box(site, init, NULL);
    site_store(site, site->secret);
}

void site_make(struct site *ret, const char *settings) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    claim_need(length > 0, "tell where this claim is");
    self[length] = '\0';
    *ret = (struct site){.path = claim_any_directory(), .secret = claim_canary()};
    ret->box = claim_path(ret->path, "it.box");
    ret->key = claim_path(claim_path(ret->path, "key"), "it.key");
    ret->yaml = claim_path(ret->path, "arrestor.yaml");
    ret->conf = claim_path(ret->path, "conf");
    ret->home = claim_path(ret->path, "spark");
    const char *bin = claim_path(ret->home, "bin");
    claim_need(mkdir(claim_path(ret->path, "key"), 0700) == 0 && mkdir(ret->conf, 0700) == 0 &&
                   mkdir(ret->home, 0700) == 0 && mkdir(bin, 0700) == 0 &&
                   symlink(self, claim_path(bin, "spark-submit")) == 0,
               "make a site");
    claim_write(claim_path(ret->conf, "spark-defaults.conf"), settings);
    fill_box(ret);
    site_configure(ret, "");
}

/* Nothing of the caller's environment but what a launch needs reaches arrestor. */
static void fill_environment(const struct site *site, const char *const *variables,
                             const char **ret) {
    size_t count = 0;
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *path = NULL, *home = NULL, *conf = NULL, *own = NULL, *place = NULL;
    claim_need(asprintf(&path, "PATH=%s/bin:/usr/local/bin:/usr/bin:/bin", site->home) > 0 &&
                   asprintf(&home, "SPARK_HOME=%s", site->home) > 0 &&
                   asprintf(&conf, "SPARK_CONF_DIR=%s", site->conf) > 0 &&
                   asprintf(&own, "HOME=%s", site->path) > 0 &&
                   asprintf(&place, "SELFTEST_SITE=%s", site->path) > 0,
               "find memory");
    const char *usual[] = {path, home, conf, own, place, "LANG=C.UTF-8"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        ret[count++] = usual[i];
    char *there = NULL;
    if (runtime != NULL && asprintf(&there, "XDG_RUNTIME_DIR=%s", runtime) > 0)
        ret[count++] = there;
    for (; variables != NULL && *variables != NULL && count < MAX_WORDS - 1; variables++)
        ret[count++] = *variables;
    ret[count] = NULL;
}

static void exec_command(const struct site *site, const char *const *words, const int standard[3],
                         const char *const *variables) {
    const char *environment[MAX_WORDS], *argv[MAX_WORDS] = {"arrestor"};
    size_t count = 1;
    for (; *words != NULL && count < MAX_WORDS - 1; words++)
        argv[count++] = *words;
    argv[count] = NULL;
    fill_environment(site, variables, environment);
    for (int i = 0; i < 3; i++)
        if (dup2(standard[i], i) < 0)
            _exit(70);
    (void)signal(SIGPIPE, SIG_DFL);
    if (chdir(site->path) != 0)
        _exit(70);
    older_become(site->older);
    /* execve takes words that it does not change as if it might. */
    union {
        const char *const *in;
        char *const *out;
    } as_argv = {.in = argv}, as_environment = {.in = environment};
    (void)execve(site->program != NULL ? site->program : claim_arrestor(), as_argv.out,
                 as_environment.out);
    _exit(127);
}

static int memory_file(const char *text) {
    int fd = file_make_memory("selftest", MFD_CLOEXEC);
    claim_need(fd >= 0, "make a memory file");
    if (text != NULL)
        claim_need(write(fd, text, strlen(text)) == (ssize_t)strlen(text) && lseek(fd, 0, 0) == 0,
                   "fill a memory file");
    return fd;
}

static void read_back(int fd, char *text, size_t size) {
    ssize_t length = pread(fd, text, size - 1, 0);
    text[length < 0 ? 0 : length] = '\0';
    (void)close(fd);
}

void site_command(const struct site *site, const char *const *words, const char *input,
                  const char *const *variables, struct outcome *ret) {
    int standard[3] = {memory_file(input), memory_file(NULL), memory_file(NULL)};
    pid_t pid = claim_fork();
    if (pid == 0)
        exec_command(site, words, standard, variables);
    int status = claim_wait(pid);
    ret->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    (void)close(standard[0]);
    read_back(standard[1], ret->out, sizeof ret->out);
    read_back(standard[2], ret->err, sizeof ret->err);
}

static void fill_launch(const struct site *site, const char **words) {
    const char *launch[] = {"run", "-c", site->yaml, "--", "spark-submit", "job.py", NULL};
    memcpy(words, launch, sizeof launch);
}

/* What an earlier launch has left. */
static void forget_launch(const struct site *site) {
    static const char *const names[] = {"ready", "go", "report"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(claim_path(site->path, names[i]));
}

void site_launch(const struct site *site, const char *const *variables, struct outcome *ret) {
    const char *words[8];
    fill_launch(site, words);
    forget_launch(site);
    site_command(site, words, NULL, variables, ret);
}

struct waited {
    const char *ready;
    pid_t monitor;
};

static bool is_ready(const void *context) {
    const struct waited *waited = context;
    siginfo_t info = {0};
    return claim_exists(waited->ready) ||
           (waitid(P_PID, (id_t)waited->monitor, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0);
}

static const char *said_path(const struct site *site) {
    return claim_path(site->path, "said");
}

pid_t site_start(const struct site *site, const char *const *variables) {
    const char *words[8], *all[MAX_WORDS] = {"SELFTEST_WAIT=1"};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int said = open(said_path(site), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    int standard[3] = {null, null, said};
    claim_need(null >= 0 && said >= 0, "open what a launch writes to");
    for (size_t i = 0; variables != NULL && variables[i] != NULL && i < MAX_WORDS - 2; i++)
        all[i + 1] = variables[i];
    fill_launch(site, words);
    forget_launch(site);
    pid_t monitor = claim_fork();
    if (monitor == 0)
        exec_command(site, words, standard, all);
    (void)close(null);
    (void)close(said);
    return monitor;
}

pid_t site_launch_waiting(const struct site *site) {
    char text[400];
    struct waited waited = {claim_path(site->path, "ready"), site_start(site, NULL)};
    bool settled = claim_becomes(is_ready, &waited, 15000);
    site_said(site, text, sizeof text);
    if (!settled || !claim_exists(waited.ready))
        claim_broken("a job did not start: %s", text);
    return waited.monitor;
}

void site_said(const struct site *site, char *text, size_t size) {
    (void)claim_read(said_path(site), text, size);
}

struct words {
    const char *path, *text;
};

static bool has_words(const void *context) {
    const struct words *words = context;
    char text[8192];
    (void)claim_read(words->path, text, sizeof text);
    return strstr(text, words->text) != NULL;
}

bool site_says(const struct site *site, const char *words) {
    struct words wanted = {said_path(site), words};
    return claim_becomes(has_words, &wanted, WAIT_MS);
}

const char *site_set(const struct site *site) {
    char path[4096];
    site_report(site, path, sizeof path);
    size_t length = strlen(path);
    if (length < 9 || strcmp(path + length - 8, "/current") != 0)
        claim_broken("the job was not told where its set is");
    path[length - 8] = '\0';
    char *kept = strdup(path);
    claim_need(kept != NULL, "keep a path");
    return kept;
}

void site_rotate(const struct site *site, const char *value) {
    struct words wanted = {claim_path(site_set(site), "current/value"), value};
    site_store(site, value);
    if (!claim_becomes(has_words, &wanted, WAIT_MS))
        claim_broken("a new value does not arrive in the set");
}

void site_let_go(const struct site *site, pid_t monitor) {
    claim_write(claim_path(site->path, "go"), "");
    (void)claim_wait(monitor);
}

void site_report(const struct site *site, char *text, size_t size) {
    (void)claim_read(claim_path(site->path, "report"), text, size);
}

size_t site_children(pid_t parent, pid_t *ret, size_t count) {
    char path[64], text[4096];
    size_t found = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    (void)claim_read(path, text, sizeof text);
    for (char *p = text, *end; found < count; p = end) {
        pid_t pid = (pid_t)strtol(p, &end, 10);
        if (end == p)
            break;
        ret[found++] = pid;
    }
    return found;
}

bool site_is_role(pid_t pid, const char *role) {
    char path[64], words[256];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    size_t length = claim_read(path, words, sizeof words);
    const char *second = words + strlen(words) + 1;
    if (second >= words + length || strcmp(second, "role") != 0)
        return false;
    const char *third = second + strlen(second) + 1;
    return third < words + length && strcmp(third, role) == 0;
}

pid_t site_role(pid_t monitor, const char *role) {
    pid_t children[32];
    size_t count = site_children(monitor, children, 32);
    for (size_t i = 0; i < count; i++)
        if (site_is_role(children[i], role))
            return children[i];
    return 0;
}

bool job_is_me(char **argv) {
    const char *slash = strrchr(argv[0], '/');
    return strcmp(slash != NULL ? slash + 1 : argv[0], "spark-submit") == 0 &&
           getenv("SELFTEST_SITE") != NULL;
}

void job_report(const char *format, ...) {
    const char *path = claim_path(getenv("SELFTEST_SITE"), "report");
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    va_list args;
    if (fd < 0)
        _exit(70);
    va_start(args, format);
    (void)vdprintf(fd, format, args);
    va_end(args);
    (void)close(fd);
}

static bool may_go(const void *context) {
    return claim_exists(context);
}

void job_wait(void) {
    const char *site = getenv("SELFTEST_SITE");
    if (getenv("SELFTEST_WAIT") == NULL)
        return;
    claim_write(claim_path(site, "ready"), "");
    (void)claim_becomes(may_go, claim_path(site, "go"), 20000);
}

int job_hold_set(void) {
    char value[256];
    const char *set = getenv("ARRESTOR_DIR");
    if (set == NULL || claim_read(claim_path(set, "value"), value, sizeof value) == 0)
        return 1;
    job_report("%s", set);
    job_wait();
    return value[0] == '\0';
}

int job_tell_start(void) {
    job_report("started\n");
    return 0;
}

void site_begin(struct site *ret, int argc, char **argv, int (*job)(void)) {
    if (job_is_me(argv))
        exit(job());
    claim_begin(argc, argv);
    site_make(ret, site_safe);
}
