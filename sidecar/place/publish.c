#include "sidecar/place/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"
#include "sidecar/base/wipe.h"

#define LINK       "current"
#define LINK_NEXT  "current.next"
#define NAME_BYTES 16

static void generation_name(char name[NAME_BYTES], uint64_t generation) {
    (void)snprintf(name, NAME_BYTES, "g-%06u", (unsigned)generation);
}

/* Number in a name as generation_name writes it, or 0. */
static uint64_t generation_number(const char *name) {
    char again[NAME_BYTES];
    uint64_t number;
    if (!text_starts(name, "g-") || number_parse(name + 2, LIMIT_GENERATION, &number) != 0)
        return 0;
    generation_name(again, number);
    return strcmp(again, name) == 0 ? number : 0;
}

int publish_look(int directory, uint64_t *ret, struct error *err) {
    char target[NAME_BYTES + 1];
    ssize_t length = readlinkat(directory, LINK, target, sizeof target - 1);
    if (length < 0 && errno != ENOENT && errno != EINVAL) /* EINVAL: it is no link */
        return error_system(err, ERROR_PLACE_FILE, "cannot read the link " LINK);
    target[length < 0 ? 0 : length] = '\0';
    *ret = generation_number(target);
    return 0;
}

uint64_t publish_current(int directory) {
    struct error ignored;
    uint64_t current;
    return publish_look(directory, &current, &ignored) == 0 ? current : 0;
}

static int check_memory_filesystem(int directory, struct error *err) {
    struct statfs fs;
    if (fstatfs(directory, &fs) != 0)
        return error_system(err, ERROR_NO_TMPFS, "cannot look at the directory of the set");
    if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
        return error_set(err, ERROR_NO_TMPFS, "the directory of the set is not on tmpfs");
    return 0;
}

/* Removes every generation up to `newest` and every one after `keep` (its writer
 * died), never `keep` itself. Files are only unlinked: a reader may hold one. */
static int remove_generations(int directory, uint64_t newest, uint64_t keep) {
    DIR *list = file_list(directory);
    int result = 0;
    if (list == NULL)
        return -1;
    const struct dirent *entry;
    while ((entry = readdir(list)) != NULL) {
        uint64_t number = generation_number(entry->d_name);
        if (number == 0 || number == keep || (number > newest && number < keep))
            continue;
        if (wipe_directory(directory, entry->d_name, false) != 0)
            result = -1;
    }
    (void)closedir(list);
    return result;
}

static enum error_code write_fault(void) {
    return errno == ENOSPC || errno == EDQUOT || errno == ENOMEM ? ERROR_PLACE_FULL
                                                                 : ERROR_PLACE_FILE;
}

int publish_file(int directory, const struct publish_item *item, mode_t mode, struct error *err) {
    int fd =
        openat(directory, item->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        error_system(err, write_fault(), "cannot make the file");
        return error_at(err, item->name, 0, 0);
    }
    int failed = file_write_all(fd, item->bytes, item->length);
    if (failed != 0)
        error_system(err, write_fault(), "cannot write the file");
    if (close(fd) != 0 && failed == 0)
        failed = error_system(err, write_fault(), "cannot close the file");
    return failed != 0 ? error_at(err, item->name, 0, 0) : 0;
}

/* Makes and fills a generation that nothing points to yet. Readers are those of the
 * directory; nobody but its owner writes, also where a pod's volume lets everybody. */
static int fill_generation(int directory, const char *name, const struct publish_item *items,
                           size_t count, mode_t mode, struct error *err) {
    struct stat st;
    if (fstat(directory, &st) != 0 || mkdirat(directory, name, st.st_mode & 0755) != 0)
        return error_system(err, write_fault(), "cannot make a generation");
    int generation = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (generation < 0)
        return error_system(err, ERROR_PLACE_FILE, "cannot open a generation");
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = publish_file(generation, &items[i], mode, err);
    (void)close(generation);
    return result;
}

/* The one step that readers see. */
static int point_to(int directory, const char *name, struct error *err) {
    if (unlinkat(directory, LINK_NEXT, 0) != 0 && errno != ENOENT)
        return error_system(err, ERROR_PLACE_FILE, "cannot remove an old link");
    if (symlinkat(name, directory, LINK_NEXT) != 0 ||
        renameat(directory, LINK_NEXT, directory, LINK) != 0)
        return error_system(err, write_fault(), "cannot move the link to the new generation");
    return 0;
}

int publish_generation(int directory, uint64_t generation, const struct publish_item *items,
                       size_t count, mode_t mode, struct error *err) {
    char name[NAME_BYTES];
    uint64_t current;
    generation_name(name, generation);
    if (check_memory_filesystem(directory, err) != 0 || publish_look(directory, &current, err) != 0)
        return -1;
    if (generation > LIMIT_GENERATION) {
        error_set(err, ERROR_PLACE_FILE,
                  "there is no number after generation %u: the old set stays", LIMIT_GENERATION);
        return error_todo(err, "end arrestor and start it again, so that it counts from 1");
    }
    if (generation <= current)
        return error_set(err, ERROR_INTERNAL, "a generation must be newer than the current one");
    /* What a killed writer left. */
    if (remove_generations(directory, 0, current) != 0)
        return error_system(err, ERROR_PLACE_FILE, "cannot remove an unfinished generation");
    if (fill_generation(directory, name, items, count, mode, err) != 0 ||
        point_to(directory, name, err) != 0) {
        (void)wipe_directory(directory, name, false);
        return -1;
    }
    /* The new set stands; what is older than the previous one can wait. */
    if (current > 1)
        (void)remove_generations(directory, current - 1, generation);
    return 0;
}

int publish_retire(int directory, uint64_t newest, struct error *err) {
    uint64_t current;
    if (publish_look(directory, &current, err) != 0)
        return -1;
    if (remove_generations(directory, newest, current) != 0)
        return error_system(err, ERROR_PLACE_FILE, "cannot remove an old generation");
    return 0;
}
