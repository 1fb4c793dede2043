#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/monitor/monitor.h"

/* The user that the kernel shows for one that a user namespace does not know. */
#define OVERFLOW_UID 65534

/* In a namespace without it, the machine's root is shown as nobody: so is what owns
 * /dev/shm. */
static bool is_unmapped_root(uid_t owner) {
    unsigned inside = 0, outside = 0, count = 0;
    FILE *map = owner == OVERFLOW_UID ? fopen("/proc/self/uid_map", "re") : NULL;
    if (map == NULL)
        return false;
    bool partial = fscanf(map, "%10u %10u %10u", &inside, &outside, &count) == 3 && outside != 0;
    (void)fclose(map);
    return partial;
}

bool trust_owner(const struct identity *identity, uid_t owner) {
    return owner == 0 || owner == geteuid() || owner == identity->job_uid ||
           (identity->drops && owner == identity->service_uid);
}

/* Whether a directory is the top of a mount, as the volume of a pod is: there everybody
 * may write whom the pod lets see it. */
static bool is_mount(int fd, const struct stat *st) {
    struct stat above;
    return fstatat(fd, "..", &above, AT_SYMLINK_NOFOLLOW) == 0 && above.st_dev != st->st_dev;
}

/* Whether others could put a directory of theirs in the place of ours. */
static bool can_be_swapped(const struct identity *identity, int parent) {
    struct stat st;
    if (fstat(parent, &st) != 0 ||
        (!trust_owner(identity, st.st_uid) && !is_unmapped_root(st.st_uid)))
        return true;
    return (st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0 && !is_mount(parent, &st);
}

int trust_directory(const struct identity *identity, const struct memory_directory *directory,
                    struct error *err) {
    struct stat st;
    if (fstat(directory->fd, &st) != 0)
        return error_system(err, ERROR_NO_TMPFS, "%s cannot be looked at", directory->path);
    if (!trust_owner(identity, st.st_uid))
        error_set(err, ERROR_NO_TMPFS, "belongs to another user (uid %u), who could change the set",
                  (unsigned)st.st_uid);
    else if ((st.st_mode & S_IWOTH) != 0 && !is_mount(directory->fd, &st))
        error_set(err, ERROR_NO_TMPFS, "may be written to by everybody, who could change the set");
    else if (can_be_swapped(identity, directory->parent))
        error_set(err, ERROR_NO_TMPFS, "lies in a directory in which others could replace it");
    else
        return 0;
    (void)error_at(err, directory->path, 0, 0);
    return error_todo(err, "name a directory that is not there yet, in one that belongs to root or "
                           "to you and that nobody else may write to");
}

bool trust_contents(int fd) {
    static const char *const ours[] = {
        ".", "..", "current", "current.next", "status.json", "status.json.next"};
    DIR *list = file_list(fd);
    const struct dirent *entry;
    bool only = list != NULL;
    while (only && (entry = readdir(list)) != NULL) {
        const char *name = entry->d_name;
        bool known = text_starts(name, "g-") && strspn(name + 2, "0123456789") == strlen(name + 2);
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            known = known || strcmp(name, ours[i]) == 0;
        only = known;
    }
    if (list != NULL)
        (void)closedir(list);
    return only;
}
