#include "policy/input/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/input/ignore.h"
#include "policy/input/input.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"

/* As many bytes as git and grep look at to tell text from binary. */
#define LOOKED_AT 8192

/* A .gitignore that holds here, and those of the directories above. */
struct level {
    struct ignore_list list;
    size_t start; /* where paths relative to its directory begin in stroll.path */
    const struct level *above;
};

struct stroll {
    struct input_walker *walk;
    struct error *err;
    char path[LIMIT_WALK_PATH]; /* of what is looked at, as it is shown */
    size_t length;
    unsigned depth;
};

struct entry {
    const char *name;
    unsigned char type;
};

/* Opens an entry for reading: no link is followed, nothing is waited for. */
static int open_entry(int directory, const char *name) {
    return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
}

static int memory_fault(struct stroll *s) {
    return error_set(s->err, ERROR_MEMORY, "no memory to walk a directory");
}

/* Tells walk.fault about the current path, in the words of errno unless `what` is given. */
static int tell_fault(struct stroll *s, const char *what) {
    struct error fault;
    if (what == NULL)
        error_system(&fault, ERROR_INPUT, "cannot open");
    else
        error_set(&fault, ERROR_INPUT, "%s", what);
    error_at(&fault, s->path, 0, 0);
    return s->walk->fault(s->walk->context, &fault, s->err);
}

/* Appends "/name" to the path; the length before, to be given to leave_name, or -1 where
 * it does not fit. */
static ssize_t enter_name(struct stroll *s, const char *name) {
    size_t length = strlen(name), before = s->length;
    if (s->length + length + 2 > sizeof s->path)
        return -1;
    if (s->length > 0 && s->path[s->length - 1] != '/')
        s->path[s->length++] = '/';
    memcpy(s->path + s->length, name, length + 1);
    s->length += length;
    return (ssize_t)before;
}

static void leave_name(struct stroll *s, ssize_t before) {
    s->length = (size_t)before;
    s->path[s->length] = '\0';
}

static bool is_ignored(const struct stroll *s, const struct level *level, bool directory) {
    enum ignore_verdict verdict = IGNORE_SILENT;
    for (; level != NULL && verdict == IGNORE_SILENT; level = level->above)
        verdict = ignore_match(&level->list, s->path + level->start, directory);
    return verdict == IGNORE_YES;
}

static bool is_binary(int fd) {
    char bytes[LOOKED_AT];
    ssize_t length = pread(fd, bytes, sizeof bytes, 0);
    return length > 0 && memchr(bytes, '\0', (size_t)length) != NULL;
}

static int visit_file(struct stroll *s, int fd, const struct stat *st) {
    struct input_counts *counts = &s->walk->counts;
    if (st->st_size > (off_t)LIMIT_INPUT_BYTES) {
        counts->huge++;
        return 0;
    }
    if (is_binary(fd)) {
        counts->binary++;
        return 0;
    }
    if (counts->files == LIMIT_WALK_FILES) {
        error_set(s->err, ERROR_INPUT, "there are more than %d files", LIMIT_WALK_FILES);
        return error_todo(s->err, "name fewer directories at once");
    }
    counts->files++;
    return s->walk->file(s->walk->context, s->path, fd, s->err);
}

static int visit_directory(struct stroll *s, int fd, const struct level *above);

/* What an entry that could be opened turned out to be. */
static int visit_opened(struct stroll *s, int fd, const struct level *level) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return tell_fault(s, NULL);
    if (s->walk->named != NULL && s->walk->named(s->walk->context, st.st_dev, st.st_ino))
        return 0;
    if (S_ISREG(st.st_mode))
        return visit_file(s, fd, &st);
    if (!S_ISDIR(st.st_mode)) {
        s->walk->counts.special++;
        return 0;
    }
    if (s->depth == LIMIT_WALK_DEPTH)
        return tell_fault(s, "lies too deep beneath the directory that was named");
    s->depth++;
    int status = visit_directory(s, fd, level);
    s->depth--;
    return status;
}

/* Type of an entry where the file system does not tell it. */
static unsigned char find_type(int directory, const char *name) {
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return (unsigned char)IFTODT(st.st_mode);
}

/* The path is that of the entry. */
static int visit_entry(struct stroll *s, int directory, const struct entry *entry,
                       const struct level *level) {
    struct input_counts *counts = &s->walk->counts;
    unsigned char type =
        entry->type != DT_UNKNOWN ? entry->type : find_type(directory, entry->name);
    if (is_ignored(s, level, type == DT_DIR)) {
        counts->ignored++;
        return 0;
    }
    if (type != DT_REG && type != DT_DIR && type != DT_UNKNOWN) {
        *(type == DT_LNK ? &counts->links : &counts->special) += 1;
        return 0;
    }
    int fd = open_entry(directory, entry->name);
    if (fd < 0 && errno == ENOENT) /* it has gone since */
        return 0;
    if (fd < 0)
        return tell_fault(s, NULL);
    int status = visit_opened(s, fd, level);
    (void)close(fd);
    return status;
}

static int by_name(const void *a, const void *b) {
    const struct entry *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static bool is_passed_over(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0;
}

/* The entries by name. 0; -1 when memory is exhausted; 1 where there are too many. */
static int list_entries(DIR *list, struct arena *arena, struct entry **ret, size_t *count) {
    struct entry *entries = NULL;
    size_t room = 0;
    *count = 0;
    for (struct dirent *found = readdir(list); found != NULL; found = readdir(list)) {
        if (is_passed_over(found->d_name))
            continue;
        if (*count == LIMIT_WALK_ENTRIES)
            return 1;
        entries = arena_grow(arena, entries, *count, &room, sizeof *entries);
        const char *name = arena_text(arena, found->d_name, strlen(found->d_name));
        if (entries == NULL || name == NULL)
            return -1;
        entries[(*count)++] = (struct entry){name, found->d_type};
    }
    if (*count > 1)
        qsort(entries, *count, sizeof *entries, by_name);
    *ret = entries;
    return 0;
}

static bool is_listed(const struct entry *entries, size_t count, const char *name) {
    const struct entry wanted = {.name = name};
    return count > 0 && bsearch(&wanted, entries, count, sizeof *entries, by_name) != NULL;
}

/* Reads the .gitignore of a directory, if there is one that git would read. */
static int read_ignore(struct stroll *s, int directory, struct arena *arena,
                       struct ignore_list *ret) {
    struct buffer bytes = buffer_make(LIMIT_IGNORE_BYTES);
    struct error fault;
    struct stat st;
    int status = 0, fd = open_entry(directory, ".gitignore");
    if (fd < 0)
        return 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        status = file_read(fd, ".gitignore", &bytes, &fault);
        if (status != 0)
            status = tell_fault(s, "its .gitignore cannot be read whole");
        else if (ignore_parse(bytes.data, bytes.length, arena, ret) != 0)
            status = memory_fault(s);
    }
    (void)close(fd);
    buffer_free(&bytes);
    return status;
}

static int visit_entries(struct stroll *s, int fd, const struct entry *entries, size_t count,
                         const struct level *level) {
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        ssize_t before = enter_name(s, entries[i].name);
        if (before < 0) {
            status = tell_fault(s, "holds a path that is too long");
            continue;
        }
        status = visit_entry(s, fd, &entries[i], level);
        leave_name(s, before);
    }
    return status;
}

/* Lists an open directory. Its offset is the walk's own, so that it need not be opened again. */
static DIR *list_directory(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list != NULL)
        rewinddir(list);
    else if (copy >= 0)
        (void)close(copy);
    return list;
}

static int visit_directory(struct stroll *s, int fd, const struct level *above) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct level level = {.above = above};
    struct entry *entries = NULL;
    size_t count = 0;
    DIR *list = list_directory(fd);
    int status = list == NULL ? 0 : list_entries(list, &arena, &entries, &count);
    if (list == NULL) {
        status = tell_fault(s, NULL);
        goto out;
    }
    (void)closedir(list);
    if (status != 0) {
        status = status < 0 ? memory_fault(s) : tell_fault(s, "holds too many entries");
        goto out;
    }
    level.start = s->length + (s->length > 0 && s->path[s->length - 1] != '/' ? 1 : 0);
    if (is_listed(entries, count, ".gitignore"))
        status = read_ignore(s, fd, &arena, &level.list);
    if (status == 0)
        status = visit_entries(s, fd, entries, count, level.list.count > 0 ? &level : above);
out:
    arena_free(&arena);
    return status;
}

void input_open_directory(const char *path, int *fd) {
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECTORY);
}

int input_walk(struct input_walker *walk, int fd, const char *label, struct error *err) {
    struct stroll s = {.walk = walk, .err = err};
    size_t length = strlen(label);
    while (length > 1 && label[length - 1] == '/')
        length--;
    if (length >= sizeof s.path) {
        error_set(err, ERROR_INPUT, "is too long a path");
        return error_at(err, label, 0, 0);
    }
    if (strcmp(label, ".") != 0) {
        memcpy(s.path, label, length);
        s.length = length;
    }
    return visit_directory(&s, fd, NULL);
}

bool input_flatten(const char *path, char *ret, size_t size) {
    size_t length = 0;
    if (path[0] == '/')
        return false;
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        if (part == 2 && path[0] == '.' && path[1] == '.') {
            if (length == 0)
                return false;
            while (length > 0 && ret[--length] != '/')
                continue;
        } else if (part > 0 && !(part == 1 && path[0] == '.')) {
            if (length + part + 2 > size)
                return false;
            if (length > 0)
                ret[length++] = '/';
            memcpy(ret + length, path, part);
            length += part;
        }
        path += part + (path[part] == '/' ? 1 : 0);
    }
    ret[length] = '\0';
    return length > 0;
}

int input_open_beneath(int fd, const char *path) {
    char parts[LIMIT_WALK_PATH];
    struct stat st;
    size_t length = strlen(path);
    if (length >= sizeof parts)
        return -1;
    memcpy(parts, path, length + 1);
    int at = fd;
    for (char *part = parts, *next; part != NULL && at >= 0; part = next) {
        next = strchr(part, '/');
        if (next != NULL)
            *next++ = '\0';
        int found = open_entry(at, part);
        if (at != fd)
            (void)close(at);
        at = found;
    }
    if (at >= 0 && (fstat(at, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)close(at);
        at = -1;
    }
    return at;
}
