/* file.h: the one way to open and read files whole. */
#ifndef ARRESTOR_BASE_FILE_H
#define ARRESTOR_BASE_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

/* Opens a regular file for reading (close-on-exec, never a terminal, never
 * blocking on a fifo). Descriptor, or -1 with ERROR_INPUT naming the path: a
 * directory, a device, a missing or unreadable file each in its own words. */
int file_open(const char *path, struct error *err);

/* Whether an open file belongs to root or the caller and can be written by
 * nobody else (group and others have no write bit). 0, or -1 with `code`. */
int file_check_owner(int fd, const char *path, int code, struct error *err);

/* Reads all of fd: a file from its start, whatever the offset (which processes
 * share), a pipe from where it is; more than out->limit bytes is an
 * error. Does not close. 0, or -1 with ERROR_INPUT naming the path. */
int file_read(int fd, const char *path, struct buffer *out, struct error *err);

/* Lists an open directory from its start, whatever its offset; fd stays the
 * caller's. closedir() ends it. NULL with errno. */
DIR *file_list(int fd);

/* Opens /dev/null where descriptor 0, 1 or 2 is missing: else the first file that is
 * opened would be taken for one of them. 0 or -1. */
int file_open_standard(void);

/* Closes every descriptor from first to last. close_range(2) came with Linux 5.9, and
 * container runtimes refuse calls that they do not know: there by what /proc/self/fd
 * lists. 0, or -1 with errno where neither can be had. */
int file_close_range(unsigned first, unsigned last);

/* Writes all bytes, resuming short writes and EINTR. 0, or -1 with errno. */
int file_write_all(int fd, const void *bytes, size_t length);

/* memfd_create(2), also where vm.memfd_noexec=2 allows only what can never be executed
 * (Linux 6.3). Descriptor, or -1 with errno. */
int file_make_memory(const char *name, unsigned flags);

/* A sealed memory file with these bytes (memfd, F_SEAL_SEAL|SHRINK|GROW|WRITE),
 * offset 0, close-on-exec. Descriptor or -1 with ERROR_SYSTEM. Not for secrets. */
int file_seal_bytes(const char *name, const void *bytes, size_t length, struct error *err);

#endif
