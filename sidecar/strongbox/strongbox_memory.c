#include "sidecar/strongbox/strongbox_memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/number.h"

/* What a command of ours needs beside Argon2id's memory. */
#define ROOM_BYTES (8u * 1024u * 1024u)

/* A line of /proc/self/cgroup is ID:CONTROLLERS:PATH (cgroups(7)). */
static const struct {
    const char *controllers, *mount, *file;
} versions[] = {
    {"", "/sys/fs/cgroup", "memory.max"},
    {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
};

/* Reads a small file into text of size bytes, without its last newline. */
static bool read_text(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, size - 1);
    (void)close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    if (text[length - 1] == '\n')
        text[length - 1] = '\0';
    return true;
}

/* The least limit of group and all above it; group is cut short meanwhile. In a
 * container the path may be that of the host: then its upper end is what exists. */
static uint64_t least_limit(const char *mount, char *group, const char *file) {
    uint64_t least = UINT64_MAX, limit;
    for (;;) {
        char path[LIMIT_PATH * 2], text[32];
        (void)snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
        if (read_text(path, text, sizeof text) && number_parse(text, UINT64_MAX, &limit) == 0 &&
            limit < least)
            least = limit;
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

static uint64_t limit_of_line(char *line) {
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL)
        return UINT64_MAX;
    *group++ = '\0';
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (strcmp(controllers + 1, versions[i].controllers) == 0)
            return least_limit(versions[i].mount, group, versions[i].file);
    return UINT64_MAX;
}

uint64_t strongbox_memory_limit(void) {
    char text[LIMIT_LOG_LINE], *rest = NULL;
    uint64_t least = UINT64_MAX;
    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return least;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        uint64_t limit = limit_of_line(line);
        least = limit < least ? limit : least;
    }
    return least;
}

int strongbox_check_memory(uint64_t limit, uint32_t memory_kib, struct error *err) {
    if ((uint64_t)memory_kib * 1024 + ROOM_BYTES <= limit)
        return 0;
    error_set(err, ERROR_MEMORY,
              "the passphrase asks for %u MiB of memory, and this control group allows %llu MiB",
              memory_kib / 1024, (unsigned long long)(limit >> 20));
    return error_todo(err, "raise the limit, or seal the key for less: --memory 32M of init and "
                           "rekey (of a key that is there: rekey --keep-key, where there is room)");
}
