#include "sidecar/strongbox/strongbox_confine.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"

int strongbox_open_parent(const char *path, struct error *err) {
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    (void)snprintf(directory, sizeof directory, "%.*s", (int)length, path);
    if (slash == NULL)
        (void)snprintf(directory, sizeof directory, ".");
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error_system(err, ERROR_SYSTEM, "cannot open the directory");
        error_at(err, directory, 0, 0);
        error_todo(err, "make it first, readable by you alone: mkdir -m 0700 -p %s", directory);
    }
    return fd;
}

int strongbox_confine(const int *directories, size_t count, struct error *err) {
    struct confine_path paths[2];
    struct protections protections;
    for (size_t i = 0; i < count; i++)
        paths[i] = (struct confine_path){.fd = directories[i], .reach = REACH_PUBLISH};
    const struct confine_request request = {
        .uid = (uid_t)-1, .gid = (gid_t)-1, .paths = paths, .path_count = count};
    return confine_climb(ROLE_TOOL, &request, &protections, err);
}
