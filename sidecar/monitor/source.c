#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/monitor/monitor.h"

/* What Spark's own scripts do before they start a JVM (bin/spark-submit and
 * bin/spark-class of 3.5 and 4.x), and then the environment as it has become.
 * $0 is the program, because find-spark-home looks beside it. */
static const char script[] =
    "if [ -z \"$SPARK_HOME\" ]; then\n"
    "  d=${0%/*}\n"
    "  if [ -f \"$d/find-spark-home\" ]; then . \"$d/find-spark-home\"\n"
    "  else SPARK_HOME=$(cd \"$d/..\" && pwd); export SPARK_HOME; fi\n"
    "fi\n"
    "if [ -f \"$SPARK_HOME/bin/load-spark-env.sh\" ]; then . "
    "\"$SPARK_HOME/bin/load-spark-env.sh\"\n"
    "elif [ -z \"$SPARK_ENV_LOADED\" ]; then\n"
    "  SPARK_CONF_DIR=${SPARK_CONF_DIR:-$SPARK_HOME/conf}; export SPARK_CONF_DIR\n"
    "  if [ -f \"$SPARK_CONF_DIR/spark-env.sh\" ]; then set -a; . "
    "\"$SPARK_CONF_DIR/spark-env.sh\"; set +a; fi\n"
    "fi\n"
    "exec /usr/bin/env -0 >&19\n";

_Static_assert(LAUNCH_FD == 19, "the script writes to LAUNCH_FD");
_Static_assert(GATE_FD == LAUNCH_FD + 1, "the second descriptor that spawn_job keeps");

/* path, where it is a program that we may execute; *found: it is at least there. */
static const char *try_program(const char *path, bool *found) {
    struct stat st;
    if (path == NULL || stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return NULL;
    *found = true;
    return access(path, X_OK) == 0 ? path : NULL;
}

static const char *search_path(struct monitor *m, const char *name, bool *found) {
    const char *path = environment_get(m->environment, "PATH"), *program = NULL;
    while (path != NULL && program == NULL) {
        size_t length = strcspn(path, ":");
        program = try_program(
            arena_printf(&m->arena, "%.*s%s%s", (int)length, path, length > 0 ? "/" : "./", name),
            found);
        path = path[length] == ':' ? path + length + 1 : NULL;
    }
    return program;
}

static const char *make_absolute(struct monitor *m, const char *path) {
    char here[4096];
    if (path == NULL || path[0] == '/')
        return path;
    if (getcwd(here, sizeof here) == NULL)
        return NULL;
    return arena_printf(&m->arena, "%s/%s", here, path);
}

const char *source_find_program(struct monitor *m, const char *name, int *status,
                                struct error *err) {
    bool found = false;
    const char *program =
        strchr(name, '/') != NULL ? try_program(name, &found) : search_path(m, name, &found);
    bool absolute = program == NULL || (program = make_absolute(m, program)) != NULL;
    if (program != NULL)
        return program;
    *status = found ? 126 : 127;
    (void)error_set(err, ERROR_USAGE, found ? "cannot be executed" : "command not found");
    (void)error_at(err, name, 0, 0);
    if (found && !absolute)
        (void)error_todo(err, "name it by an absolute path: the working directory has none");
    return NULL;
}

/* Splits the dump of env -0 into the recorded environment. */
static int record(struct monitor *m, const struct buffer *dump, struct error *err) {
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < dump->length; i++)
        count += dump->data[i] == '\0';
    char **words = arena_array(&m->arena, count + 1, sizeof *words);
    char *text = arena_text(&m->arena, dump->data, dump->length);
    if (words == NULL || text == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    for (size_t start = 0; start < dump->length; start += strlen(text + start) + 1)
        if (!text_starts(text + start, "_=")) /* bash's own: the last command */
            words[kept++] = text + start;
    m->recorded_environment = words;
    return 0;
}

static int read_dump(struct monitor *m, int fd, struct error *err) {
    struct buffer dump = buffer_make(LIMIT_ENVIRONMENT_BYTES);
    int result = file_read(fd, "the environment after spark-env.sh", &dump, err);
    if (result == 0)
        result = record(m, &dump, err);
    buffer_free(&dump);
    return result;
}

static const char *find_bash(void) {
    return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/usr/bin/bash";
}

/* Runs bash on the script. `arrestor gate`, which may stand in spark-env.sh, knows
 * by its end of a socket pair, made by us and open as long as this lasts, that
 * the frozen launch is judged anyway, and passes in silence. */
static int run_bash(struct monitor *m, char *const *argv, int dump, struct error *err) {
    char **environment = environment_source(m);
    int pair[2];
    if (environment == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    if (channel_pair(pair, err) != 0)
        return -1;
    const int keep[LAUNCH_FDS] = {dump, pair[1]};
    pid_t pid = spawn_job(m, find_bash(), argv, environment, keep, err);
    (void)close(pair[1]);
    int result = pid < 0 ? -1 : loop_await(m, pid, err);
    (void)close(pair[0]);
    return result;
}

/* Whether bash came to the end of the script: an `exit 0` on the way is a status of
 * 0 and no environment, and Spark would not start either. */
static int check_end(const struct monitor *m, int dump, struct error *err) {
    int status = m->watched_status;
    struct stat st;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_INPUT, "spark-env.sh ended with status %d, and Spark would too",
                         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (fstat(dump, &st) == 0 && st.st_size > 0)
        return 0;
    (void)error_set(err, ERROR_INPUT, "the shell ended in spark-env.sh, and Spark's own would too");
    return error_todo(err, "look for exit, exec or SHELLOPTS in spark-env.sh and the environment");
}

int source_environment(struct monitor *m, struct error *err) {
    char bash[] = "bash", norc[] = "--norc", noprofile[] = "--noprofile", command[] = "-c";
    char *text = arena_text(&m->arena, script, sizeof script - 1);
    char *program = arena_text(&m->arena, m->program, strlen(m->program));
    char *argv[] = {bash, norc, noprofile, command, text, program, NULL};
    int dump = file_make_memory("environment", MFD_CLOEXEC), result = -1;
    if (dump < 0 || text == NULL || program == NULL) {
        error_system(err, ERROR_SYSTEM, "cannot record the environment");
        goto out;
    }
    if (run_bash(m, argv, dump, err) != 0 || check_end(m, dump, err) != 0)
        goto out;
    result = read_dump(m, dump, err);
out:
    if (dump >= 0)
        (void)close(dump);
    return result;
}
