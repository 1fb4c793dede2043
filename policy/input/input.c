#include "policy/input/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"

int input_open(const char *path, int *fd, struct error *err) {
    *fd = file_open(path, err);
    return *fd < 0 ? -1 : 0;
}

int input_open_optional(const char *path, int *fd, struct error *err) {
    struct stat st;
    *fd = -1;
    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    return input_open(path, fd, err);
}

int input_read(int fd, const char *path, struct arena *arena, struct input_file *ret,
               struct error *err) {
    struct buffer bytes = buffer_make(LIMIT_INPUT_BYTES);
    int status = file_read(fd, path, &bytes, err);
    char *copy = NULL;
    if (status != 0)
        goto out;
    copy = arena_text(arena, bytes.data == NULL ? "" : bytes.data, bytes.length);
    if (copy == NULL) {
        error_set(err, ERROR_MEMORY, "no memory to read");
        status = error_at(err, path, 0, 0);
        goto out;
    }
    *ret = (struct input_file){.path = path, .bytes = copy, .length = bytes.length};
out:
    buffer_free(&bytes);
    return status;
}

/* "4.1.1" or "3.5.7-amzn-1" at the start of text. */
static bool read_version(const char *text, int *major, int *minor) {
    int first = 0, second = 0;
    if (sscanf(text, "%3d.%3d", &first, &second) != 2 || first < 1 || second < 0)
        return false;
    *major = first;
    *minor = second;
    return true;
}

/* spark-core_2.12-3.5.7.jar: the version stands behind the last "-" that follows
 * the Scala version. */
static bool read_jar_name(const char *name, int *major, int *minor) {
    static const char prefix[] = "spark-core_";
    if (!text_starts(name, prefix) || !text_ends(name, ".jar"))
        return false;
    const char *dash = strchr(name + strlen(prefix), '-');
    return dash != NULL && read_version(dash + 1, major, minor);
}

static bool version_from_jars(const char *spark_home, int *major, int *minor) {
    char path[LIMIT_ERROR_WHERE];
    int size = snprintf(path, sizeof path, "%s/jars", spark_home);
    DIR *jars = size > 0 && (size_t)size < sizeof path ? opendir(path) : NULL;
    bool found = false;
    if (jars == NULL)
        return false;
    for (struct dirent *entry = readdir(jars); entry != NULL && !found; entry = readdir(jars))
        found = read_jar_name(entry->d_name, major, minor);
    (void)closedir(jars);
    return found;
}

/* First line of RELEASE: "Spark 3.5.7 (git revision …) built for Hadoop 3.3.4". */
static bool version_from_release(const char *spark_home, int *major, int *minor) {
    char path[LIMIT_ERROR_WHERE], text[64] = "";
    int size = snprintf(path, sizeof path, "%s/RELEASE", spark_home);
    int fd =
        size > 0 && (size_t)size < sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    return length > 0 && text_starts(text, "Spark ") && read_version(text + 6, major, minor);
}

void input_spark_version(const char *spark_home, int *major, int *minor) {
    *major = *minor = 0;
    if (spark_home != NULL && !version_from_jars(spark_home, major, minor))
        (void)version_from_release(spark_home, major, minor);
}

static bool has_jars(const char *directory) {
    char path[LIMIT_ERROR_WHERE];
    struct stat st;
    int size = snprintf(path, sizeof path, "%s/jars", directory);
    return size > 0 && (size_t)size < sizeof path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory to look for Spark");
}

/* The directory of PATH that holds `program`; NULL in *ret where none does. */
static int search_path(const char *program, const char *path_variable, struct arena *arena,
                       char **ret, struct error *err) {
    for (const char *p = path_variable; p != NULL;) {
        size_t length = strcspn(p, ":");
        char *directory = arena_text(arena, length > 0 ? p : ".", length > 0 ? length : 1);
        char *file = directory == NULL ? NULL : arena_printf(arena, "%s/%s", directory, program);
        if (file == NULL)
            return out_of_memory(err);
        if (access(file, X_OK) == 0) {
            *ret = directory;
            return 0;
        }
        p = p[length] == ':' ? p + length + 1 : NULL;
    }
    return 0;
}

/* The directory that holds `program`; a name without '/' is looked up in PATH. */
static int find_directory(const char *program, const char *path_variable, struct arena *arena,
                          char **ret, struct error *err) {
    const char *slash = strrchr(program, '/');
    *ret = NULL;
    if (slash == NULL)
        return search_path(program, path_variable, arena, ret, err);
    *ret = arena_text(arena, program, (size_t)(slash - program));
    return *ret == NULL ? out_of_memory(err) : 0;
}

/* pip puts Spark's scripts into bin/ and Spark itself into
 * lib/python3.N/site-packages/pyspark. */
static int find_package(const char *root, struct arena *arena, const char **ret,
                        struct error *err) {
    char path[LIMIT_ERROR_WHERE];
    int size = snprintf(path, sizeof path, "%s/lib", root), status = 0;
    DIR *lib = size > 0 && (size_t)size < sizeof path ? opendir(path) : NULL;
    if (lib == NULL)
        return 0;
    for (struct dirent *entry = readdir(lib); entry != NULL && *ret == NULL && status == 0;
         entry = readdir(lib)) {
        if (!text_starts(entry->d_name, "python3"))
            continue;
        char *home = arena_printf(arena, "%s/lib/%s/site-packages/pyspark", root, entry->d_name);
        status = home == NULL ? out_of_memory(err) : 0;
        *ret = home != NULL && has_jars(home) ? home : NULL;
    }
    (void)closedir(lib);
    return status;
}

/* The home above or beside the program's directory; NULL in *ret for none. */
static int home_of_program(const char *program, const char *path_variable, struct arena *arena,
                           const char **ret, struct error *err) {
    char *directory = NULL;
    if (find_directory(program, path_variable, arena, &directory, err) != 0)
        return -1;
    if (directory == NULL)
        return 0;
    char *root = arena_printf(arena, "%s/..", directory);
    if (root == NULL)
        return out_of_memory(err);
    if (!has_jars(root))
        return find_package(root, arena, ret, err);
    *ret = root;
    return 0;
}

int input_spark_home(const char *program, const char *const *environment, struct arena *arena,
                     const char **ret, struct error *err) {
    const char *home = text_variable(environment, "SPARK_HOME");
    if (home == NULL || home[0] == '\0') {
        home = NULL;
        if (home_of_program(program, text_variable(environment, "PATH"), arena, &home, err) != 0)
            return -1;
    }
    *ret = home;
    return 0;
}
