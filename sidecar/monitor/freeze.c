#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"

/* Budget of one frozen launch. */
struct freezing {
    const struct identity *identity;
    size_t files, bytes;
};

static int too_much(const char *path, struct error *err) {
    error_set(err, ERROR_INPUT, "holds more than %d files or %u bytes: not a configuration",
              LIMIT_FROZEN_FILES, LIMIT_FROZEN_BYTES);
    return error_at(err, path, 0, 0);
}

static int copy_bytes(struct freezing *freezing, int from, int to, const char *name,
                      struct error *err) {
    char chunk[16384];
    ssize_t size;
    while ((size = read(from, chunk, sizeof chunk)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 || file_write_all(to, chunk, (size_t)size) != 0) {
            error_system(err, errno == ENOSPC ? ERROR_PLACE_FULL : ERROR_INPUT, "cannot be frozen");
            return error_at(err, name, 0, 0);
        }
        freezing->bytes += (size_t)size;
        if (freezing->bytes > LIMIT_FROZEN_BYTES)
            return too_much(name, err);
    }
    return 0;
}

/* Read by the job's group, and by place, which is the owner; written by nobody. */
static int give_copy(const struct identity *identity, int copy, mode_t mode) {
    if (identity->drops && fchown(copy, identity->service_uid, identity->job_gid) != 0)
        return -1;
    return fchmod(copy, (mode & 0111) != 0 ? 0550 : 0440);
}

static int freeze_file(struct freezing *freezing, int from, int to, const char *name, mode_t mode,
                       struct error *err) {
    if (++freezing->files > LIMIT_FROZEN_FILES)
        return too_much(name, err);
    int source = openat(from, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    /* What we cannot read, Spark, who is the same user, cannot read either. */
    if (source < 0)
        return 0;
    int copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = copy < 0 ? error_system(err, ERROR_SYSTEM, "cannot freeze %s", name)
                          : copy_bytes(freezing, source, copy, name, err);
    if (result == 0 && give_copy(freezing->identity, copy, mode) != 0)
        result = error_system(err, ERROR_SYSTEM, "cannot freeze %s", name);
    (void)close(source);
    if (copy >= 0 && close(copy) != 0 && result == 0)
        result = error_system(err, ERROR_SYSTEM, "cannot freeze %s", name);
    return result;
}

static int freeze_tree(struct freezing *freezing, int from, int to, unsigned depth,
                       struct error *err);

/* Makes directory `name` in `to`, as the sweeping service user can empty it. */
static int make_copy(const struct freezing *freezing, int to, const char *name, struct error *err) {
    if (mkdirat(to, name, 0750) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot freeze %s", name);
    int fd = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const struct identity *identity = freezing->identity;
    if (fd < 0 || (identity->drops && (fchown(fd, identity->service_uid, identity->job_gid) != 0 ||
                                       fchmod(fd, 02750) != 0))) {
        error_system(err, ERROR_SYSTEM, "cannot freeze %s", name);
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

static int freeze_below(struct freezing *freezing, int from, int to, const char *name,
                        unsigned depth, struct error *err) {
    int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return 0;
    int copy = make_copy(freezing, to, name, err);
    int result = copy < 0 ? -1 : freeze_tree(freezing, source, copy, depth, err);
    if (copy >= 0)
        (void)close(copy);
    (void)close(source);
    return result;
}

/* Links are followed, as Spark would: a ConfigMap is a tree of links through
 * `..data`, whose own dot-dot entries are not copied a second time. */
static int freeze_entry(struct freezing *freezing, int from, int to, const char *name,
                        unsigned depth, struct error *err) {
    struct stat st;
    if (strncmp(name, "..", 2) == 0 || strcmp(name, ".") == 0 || fstatat(from, name, &st, 0) != 0)
        return 0;
    if (S_ISREG(st.st_mode))
        return freeze_file(freezing, from, to, name, st.st_mode, err);
    if (S_ISDIR(st.st_mode) && depth > 0)
        return freeze_below(freezing, from, to, name, depth - 1, err);
    return 0;
}

static int freeze_tree(struct freezing *freezing, int from, int to, unsigned depth,
                       struct error *err) {
    DIR *list = file_list(from);
    int result = 0;
    if (list == NULL)
        return error_system(err, ERROR_INPUT, "a configuration directory cannot be listed");
    const struct dirent *entry;
    while (result == 0 && (entry = readdir(list)) != NULL)
        result = freeze_entry(freezing, from, to, entry->d_name, depth, err);
    (void)closedir(list);
    return result;
}

/* Freezes `path` as directory `name` of the launch; a path that is not there
 * becomes an empty one, so that nothing can appear in it later. */
static int freeze_directory(struct monitor *m, struct freezing *freezing, const char *path,
                            const char *name, struct error *err) {
    int copy = make_copy(freezing, m->directories[DIRECTORY_LAUNCH].fd, name, err);
    if (copy < 0)
        return -1;
    int from = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    if (from >= 0) {
        result = freeze_tree(freezing, from, copy, LIMIT_FROZEN_DEPTH, err);
        (void)close(from);
    }
    (void)close(copy);
    return result;
}

/* Freezes the directory that variable names and points it at the copy. */
static int freeze_variable(struct monitor *m, struct freezing *freezing, const char *variable,
                           const char *name, struct error *err) {
    size_t length = strlen(variable);
    for (char **entry = m->recorded_environment; *entry != NULL; entry++) {
        if (strncmp(*entry, variable, length) != 0 || (*entry)[length] != '=')
            continue;
        const char *path = *entry + length + 1;
        struct stat st;
        if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
            return 0;
        if (freeze_directory(m, freezing, path, name, err) != 0)
            return -1;
        *entry = arena_printf(&m->arena, "%s=%s/%s", variable,
                              m->directories[DIRECTORY_LAUNCH].path, name);
        return *entry != NULL ? 0 : error_set(err, ERROR_MEMORY, "no memory for the environment");
    }
    return 0;
}

/* Where Spark would look: SPARK_CONF_DIR, else SPARK_HOME/conf; NULL in *ret
 * without either. */
static int find_conf(struct monitor *m, const char **ret, struct error *err) {
    const char *conf = environment_get(m->recorded_environment, "SPARK_CONF_DIR");
    const char *home = environment_get(m->recorded_environment, "SPARK_HOME");
    bool named = conf != NULL && conf[0] != '\0';
    if (!named && home != NULL) {
        conf = arena_printf(&m->arena, "%s/conf", home);
        if (conf == NULL)
            return error_set(err, ERROR_MEMORY, "no memory for the launch");
        named = true;
    }
    if (named && strlen(conf) >= LIMIT_PATH)
        return error_set(err, ERROR_INPUT, "SPARK_CONF_DIR is longer than %d bytes", LIMIT_PATH);
    *ret = named ? conf : NULL;
    return 0;
}

static int seal_words(char *const *words, const char *name, size_t limit, struct error *err) {
    struct buffer text = buffer_make(limit);
    for (; *words != NULL; words++)
        buffer_bytes(&text, *words, strlen(*words) + 1);
    int fd = text.starved ? error_set(err, ERROR_MEMORY, "no memory for the %s", name)
             : buffer_status(&text) != 0
                 ? error_set(err, ERROR_INPUT, "the %s is larger than %zu bytes", name, limit)
                 : file_seal_bytes(name, text.data != NULL ? text.data : "", text.length, err);
    buffer_free(&text);
    return fd;
}

int freeze_launch(struct monitor *m, struct error *err) {
    struct freezing freezing = {.identity = &m->identity};
    const char *conf = NULL;
    m->arguments = seal_words(m->argv, "command line", LIMIT_ARGUMENT_BYTES, err);
    if (m->arguments < 0)
        return -1;
    m->recorded = seal_words(m->recorded_environment, "environment", LIMIT_ENVIRONMENT_BYTES, err);
    if (m->recorded < 0 || find_conf(m, &conf, err) != 0)
        return -1;
    if (freeze_directory(m, &freezing, conf, "spark", err) != 0 ||
        freeze_variable(m, &freezing, "HADOOP_CONF_DIR", "hadoop", err) != 0 ||
        freeze_variable(m, &freezing, "YARN_CONF_DIR", "yarn", err) != 0)
        return -1;
    m->conf = openat(m->directories[DIRECTORY_LAUNCH].fd, "spark",
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return m->conf < 0 ? error_system(err, ERROR_SYSTEM, "cannot open the frozen launch") : 0;
}
