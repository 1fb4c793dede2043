#include "sidecar/place/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/place/publish.h"

#define NEXT SET_STATUS_FILE ".next"

/* Whether status.json was there and could be read. */
static bool read_note(int directory, struct arena *arena, struct set_status *ret) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct error ignored;
    int fd = openat(directory, SET_STATUS_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool read = file_read(fd, SET_STATUS_FILE, &text, &ignored) == 0 &&
                set_status_parse(text.data, text.length, arena, ret, &ignored) == 0;
    buffer_free(&text);
    (void)close(fd);
    return read;
}

/* When the set that stands was filled. */
static uint64_t time_of_set(int directory) {
    struct stat st;
    if (fstatat(directory, "current", &st, 0) != 0 || st.st_mtim.tv_sec < 0)
        return 0;
    return (uint64_t)st.st_mtim.tv_sec * 1000u + (uint64_t)st.st_mtim.tv_nsec / 1000000u;
}

bool note_read(int directory, uint64_t generation, struct arena *arena, struct set_status *ret) {
    if (read_note(directory, arena, ret) && ret->generation == generation)
        return true;
    *ret = (struct set_status){.generation = generation};
    ret->published_ms = ret->checked_ms = generation == 0 ? 0 : time_of_set(directory);
    return false;
}

int note_prepare(int directory, const struct set_status *status, uint64_t now_ms, mode_t mode,
                 struct error *err) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    int result = -1;
    set_status_format(status, now_ms, &text);
    if (buffer_status(&text) != 0) {
        error_set(err, ERROR_MEMORY, "no memory for " SET_STATUS_FILE);
    } else if (unlinkat(directory, NEXT, 0) != 0 && errno != ENOENT) {
        error_system(err, ERROR_PLACE_FILE, "cannot remove an old " NEXT);
    } else {
        const struct publish_item item = {NEXT, (const unsigned char *)text.data, text.length};
        result = publish_file(directory, &item, mode, err);
        if (result != 0)
            note_drop(directory);
    }
    buffer_free(&text);
    return result;
}

int note_commit(int directory, struct error *err) {
    if (renameat(directory, NEXT, directory, SET_STATUS_FILE) == 0)
        return 0;
    error_system(err, ERROR_PLACE_FILE, "cannot replace " SET_STATUS_FILE);
    note_drop(directory);
    return -1;
}

void note_drop(int directory) {
    (void)unlinkat(directory, NEXT, 0);
}
