#include "sidecar/base/wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"

static void overwrite_file(int parent, const char *name, off_t size) {
    static const char zeros[4096];
    /* A file of ours is 0400; where it is not ours, unlinking must do. */
    int fd = fchmodat(parent, name, 0600, 0) != 0
                 ? -1
                 : openat(parent, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    while (size > 0) {
        size_t part = size > (off_t)sizeof zeros ? sizeof zeros : (size_t)size;
        if (file_write_all(fd, zeros, part) != 0)
            break;
        size -= (off_t)part;
    }
    (void)close(fd);
}

static int wipe_tree(int fd, bool overwrite, unsigned depth);

static int wipe_entry(int parent, const char *name, bool overwrite, unsigned depth) {
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(st.st_mode)) {
        if (overwrite && S_ISREG(st.st_mode))
            overwrite_file(parent, name, st.st_size);
        return unlinkat(parent, name, 0);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = depth > 0 ? wipe_tree(fd, overwrite, depth - 1) : -1;
    (void)close(fd);
    return unlinkat(parent, name, AT_REMOVEDIR) != 0 ? -1 : result;
}

static int wipe_tree(int fd, bool overwrite, unsigned depth) {
    DIR *directory = file_list(fd);
    int result = 0;
    if (directory == NULL)
        return -1;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            wipe_entry(fd, entry->d_name, overwrite, depth) != 0)
            result = -1;
    (void)closedir(directory);
    return result;
}

int wipe_contents(int fd, bool overwrite) {
    return wipe_tree(fd, overwrite, LIMIT_FROZEN_DEPTH + 2);
}

int wipe_directory(int parent, const char *name, bool overwrite) {
    return wipe_entry(parent, name, overwrite, LIMIT_FROZEN_DEPTH + 2);
}
