#include "sidecar/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"

/* MFD_NOEXEC_SEAL of linux/memfd.h, which older headers lack. */
#define NOEXEC_SEAL 8u

static const char *kind_name(mode_t mode) {
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

static int open_failed(const char *path, struct error *err) {
    int saved = errno;
    error_system(err, ERROR_INPUT, "cannot open");
    error_at(err, path, 0, 0);
    return saved == ENOENT
               ? error_todo(err, "check the path; it is read from the current directory")
               : -1;
}

int file_open(const char *path, struct error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return open_failed(path, err);
    struct stat st;
    if (fstat(fd, &st) != 0) {
        open_failed(path, err);
        goto fail;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(err, ERROR_INPUT, "is %s, not a file", kind_name(st.st_mode));
        error_at(err, path, 0, 0);
        goto fail;
    }
    return fd;
fail:
    (void)close(fd);
    return -1;
}

int file_check_owner(int fd, const char *path, int code, struct error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0) {
        error_system(err, (enum error_code)code, "cannot look at");
        return error_at(err, path, 0, 0);
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        error_set(err, (enum error_code)code, "belongs to uid %u, neither root nor you",
                  (unsigned)st.st_uid);
        error_at(err, path, 0, 0);
        return error_todo(err, "chown it: whoever owns it decides what is protected");
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error_set(err, (enum error_code)code, "can be written by others (mode %04o)",
                  (unsigned)(st.st_mode & 07777));
        error_at(err, path, 0, 0);
        return error_todo(err, "chmod go-w %s", path);
    }
    return 0;
}

/* By position, because processes that inherited a descriptor share its offset. */
static ssize_t read_chunk(int fd, void *chunk, size_t size, size_t position) {
    ssize_t got;
    do
        got = pread(fd, chunk, size, (off_t)position);
    while (got < 0 && errno == EINTR);
    while (got < 0 && (errno == ESPIPE || errno == EINTR))
        got = read(fd, chunk, size);
    return got;
}

static int refuse_text(const struct buffer *text, const char *path, struct error *err) {
    if (text->starved)
        error_set(err, ERROR_MEMORY, "no memory to read it");
    else
        error_set(err, ERROR_INPUT, "is larger than %zu bytes", text->limit);
    return error_at(err, path, 0, 0);
}

int file_read(int fd, const char *path, struct buffer *out, struct error *err) {
    char chunk[16384];
    size_t position = 0;
    for (;;) {
        ssize_t size = read_chunk(fd, chunk, sizeof chunk, position);
        if (size < 0) {
            error_system(err, ERROR_INPUT, "cannot read");
            return error_at(err, path, 0, 0);
        }
        if (size == 0)
            break;
        position += (size_t)size;
        buffer_bytes(out, chunk, (size_t)size);
        if (buffer_status(out) != 0)
            return refuse_text(out, path, err);
    }
    if (out->data == NULL)
        buffer_bytes(out, "", 0);
    return buffer_status(out) != 0 ? refuse_text(out, path, err) : 0;
}

DIR *file_list(int fd) {
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL && copy >= 0)
        (void)close(copy);
    return list;
}

int file_open_standard(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return -1;
    return 0;
}

/* Where the kernel cannot do it at once: what is open is listed, because a limit on
 * descriptors may be a thousand million. */
static int close_listed(unsigned first, unsigned last) {
    int self = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = self < 0 ? NULL : fdopendir(self);
    const struct dirent *entry;
    uint64_t number;
    if (list == NULL)
        return -1;
    while ((entry = readdir(list)) != NULL)
        if (number_parse(entry->d_name, INT_MAX, &number) == 0 && number >= first &&
            number <= last && (int)number != self)
            (void)close((int)number);
    return closedir(list);
}

int file_close_range(unsigned first, unsigned last) {
    return close_range(first, last, 0) == 0 ? 0 : close_listed(first, last);
}

int file_write_all(int fd, const void *bytes, size_t length) {
    const char *p = bytes;
    while (length > 0) {
        ssize_t size = write(fd, p, length);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return -1;
        p += size;
        length -= (size_t)size;
    }
    return 0;
}

int file_make_memory(const char *name, unsigned flags) {
    int fd = memfd_create(name, flags);
    return fd < 0 && errno == EACCES ? memfd_create(name, flags | NOEXEC_SEAL) : fd;
}

static int seal(int fd, struct error *err) {
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot seal a memory file");
    return 0;
}

int file_seal_bytes(const char *name, const void *bytes, size_t length, struct error *err) {
    int fd = file_make_memory(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_system(err, ERROR_SYSTEM, "cannot make a memory file");
    if (file_write_all(fd, bytes, length) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        error_system(err, ERROR_SYSTEM, "cannot fill a memory file");
        goto fail;
    }
    if (seal(fd, err) != 0)
        goto fail;
    return fd;
fail:
    (void)close(fd);
    return -1;
}
