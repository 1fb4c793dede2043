#include "sidecar/status/status_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/confine.h"

#define CURRENT "current"

/* The directory above $ARRESTOR_DIR, which is DIR/current; NULL where it is not set. */
static const char *find_above(const struct invocation *call, struct arena *arena) {
    const char *path = command_variable(call, "ARRESTOR_DIR");
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (slash == NULL || strcmp(slash + 1, CURRENT) != 0)
        return path;
    return slash == path ? "/" : arena_text(arena, path, (size_t)(slash - path));
}

static int open_config(const char *path, struct error *err) {
    int fd = file_open(path, err);
    if (fd < 0) {
        err->code = ERROR_CONFIG;
        return -1;
    }
    if (file_check_owner(fd, path, ERROR_CONFIG, err) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int status_find(const struct invocation *call, struct arena *arena, struct status_place *ret,
                struct error *err) {
    struct status_place place = {.path = command_value(call, "dir"), .config = -1};
    if (place.path == NULL)
        place.config_path = command_config(call);
    if (place.config_path != NULL && (place.config = open_config(place.config_path, err)) < 0)
        return -1;
    if (place.path == NULL && place.config_path == NULL)
        place.path = find_above(call, arena);
    if (place.path == NULL && place.config_path == NULL) {
        error_set(err, ERROR_USAGE, "which set? Nothing names its directory");
        error_at(err, call->command->name, 0, 0);
        return error_todo(err, "--dir DIR, or -c FILE with deliver.dir; a job finds it in "
                               "$ARRESTOR_DIR");
    }
    /* Which directory it is stands in the configuration, and that is parsed behind
     * the ladder only: so all may be read that the caller could read without us. */
    const char *reach = place.path != NULL ? place.path : "/";
    place.reach = open(reach, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place.reach < 0) {
        error_system(err, ERROR_INPUT, "cannot open the directory");
        return error_at(err, reach, 0, 0);
    }
    *ret = place;
    return 0;
}

int status_confine(const struct status_place *place, struct error *err) {
    const struct confine_path path = {.fd = place->reach, .reach = REACH_READ};
    const struct confine_request request = {
        .uid = (uid_t)-1, .gid = (gid_t)-1, .paths = &path, .path_count = 1};
    struct protections protections;
    return confine_climb(ROLE_TOOL, &request, &protections, err);
}

int status_resolve(const struct invocation *call, struct arena *arena, struct status_place *place,
                   struct error *err) {
    struct config config;
    if (place->path != NULL)
        return 0;
    int result = config_load(place->config, place->config_path, arena, &config, err);
    (void)close(place->config);
    place->config = -1;
    if (result != 0)
        return -1;
    place->path = config.dir != NULL ? config.dir : find_above(call, arena);
    if (place->path != NULL)
        return 0;
    error_set(err, ERROR_USAGE, "deliver.dir is not named, so the directory is another each time");
    error_at(err, place->config_path, 0, 0);
    return error_todo(err, "--dir DIR; `arrestor run` says it for each generation");
}

/* Whoever has published the set may tell of it: the owner of its directory, or
 * where that is shared (a mount of a pod), the owner of the set that stands. */
static int check_file(int fd, const struct stat *directory, const struct stat *set,
                      struct error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_system(err, ERROR_INPUT, "cannot look at it");
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_INPUT, "is no file");
    if (st.st_uid != directory->st_uid && st.st_uid != set->st_uid)
        return error_set(err, ERROR_INPUT, "belongs to uid %u, who has not published this set",
                         (unsigned)st.st_uid);
    return 0;
}

typedef int parse_status(const char *text, size_t length, struct arena *arena,
                         struct set_status *ret, struct error *err);

static int read_text(int fd, parse_status *parse, struct arena *arena, struct set_status *ret,
                     struct error *err) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    int result = file_read(fd, SET_STATUS_FILE, &text, err) != 0 ||
                         parse(text.data, text.length, arena, ret, err) != 0
                     ? -1
                     : 0;
    buffer_free(&text);
    return result;
}

static int read_in(int directory, parse_status *parse, struct arena *arena, struct set_status *ret,
                   struct error *err) {
    struct stat above, set;
    if (fstat(directory, &above) != 0 || fstatat(directory, CURRENT, &set, 0) != 0 ||
        !S_ISDIR(set.st_mode))
        return error_set(err, ERROR_INPUT, "no set stands here");
    int fd = openat(directory, SET_STATUS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP
                   ? error_set(err, ERROR_INPUT, SET_STATUS_FILE " is a link: not followed")
                   : error_system(err, ERROR_INPUT, "cannot open " SET_STATUS_FILE);
    int result =
        check_file(fd, &above, &set, err) != 0 || read_text(fd, parse, arena, ret, err) != 0;
    (void)close(fd);
    if (result == 0)
        return 0;
    char what[LIMIT_ERROR_WHAT];
    memcpy(what, err->what, sizeof what);
    return error_set(err, ERROR_INPUT, SET_STATUS_FILE ": %.400s", what);
}

static int read_status(const char *path, parse_status *parse, struct arena *arena,
                       struct set_status *ret, struct error *err) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        error_system(err, ERROR_INPUT, "cannot open the directory");
        return error_at(err, path, 0, 0);
    }
    int result = read_in(directory, parse, arena, ret, err);
    (void)close(directory);
    return result == 0 ? 0 : error_at(err, path, 0, 0);
}

int status_read(const char *path, struct arena *arena, struct set_status *ret, struct error *err) {
    return read_status(path, set_status_parse, arena, ret, err);
}

int status_read_head(const char *path, struct arena *arena, struct set_status *ret,
                     struct error *err) {
    return read_status(path, set_status_parse_head, arena, ret, err);
}
