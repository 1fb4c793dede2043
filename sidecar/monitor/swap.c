#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"

/* Reads a file of /proc into text; its length, 0 where it cannot be read. */
static size_t read_proc(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = fd < 0 ? 0 : 1;
    while (got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    text[used] = '\0';
    return used;
}

/* Whether a line of /proc/self/mountinfo ends with a list that has the option: the
 * filesystem's own. Paths and what is mounted stand before it, and may hold any word. */
static bool has_option(const char *line, const char *option) {
    const char *at = strrchr(line, ' ');
    size_t length = strlen(option);
    while (at != NULL) {
        if (strncmp(++at, option, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
        at = strchr(at, ',');
    }
    return false;
}

/* Whether the filesystem of fd is mounted with `noswap` (Linux 6.4). */
static bool is_noswap(int fd) {
    static char mounts[LIMIT_MOUNTS];
    char device[32];
    struct stat st;
    if (fstat(fd, &st) != 0 || read_proc("/proc/self/mountinfo", mounts, sizeof mounts) == 0)
        return false;
    (void)snprintf(device, sizeof device, " %u:%u ", major(st.st_dev), minor(st.st_dev));
    char *line = strstr(mounts, device);
    if (line == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return has_option(line, "noswap");
}

/* /proc/swaps is a heading and one line for each area. */
uint8_t swap_state_of(int fd) {
    char swaps[1024];
    struct statfs fs;
    if (fstatfs(fd, &fs) == 0 && fs.f_type == RAMFS_MAGIC)
        return STATE_ON;
    const char *end =
        read_proc("/proc/swaps", swaps, sizeof swaps) > 0 ? strchr(swaps, '\n') : NULL;
    bool has_none = end != NULL && end[1] == '\0';
    return has_none || is_noswap(fd) ? STATE_ON : STATE_DEGRADED;
}
