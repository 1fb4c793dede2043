#include "sidecar/strongbox/passphrase.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "sidecar/base/error.h"

/* One byte at a time: what stands behind the line is somebody else's. 1 where a
 * byte of the line was read, 0 at its end, -1 with errno. */
static ssize_t read_byte(int fd, bool file, struct secret_text *text) {
    unsigned char *at = text->bytes + text->length;
    ssize_t got;
    do
        got = file ? pread(fd, at, 1, (off_t)text->length) : read(fd, at, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1 && *at == '\n') {
        *at = '\0';
        return 0;
    }
    return got;
}

static int check(const struct secret_text *text, int fd, enum error_code code, struct error *err) {
    if (text->length == 0) {
        error_set(err, code, "the passphrase on descriptor %d is empty", fd);
        return error_todo(err, "pass one line there: --passphrase-fd 3 3< FILE");
    }
    if (text->length > LIMIT_PROMPT_BYTES)
        return error_set(err, code, "the passphrase on descriptor %d has more than %d bytes", fd,
                         LIMIT_PROMPT_BYTES);
    return 0;
}

static int read_line(int fd, bool file, struct secret_text *ret, struct error *err) {
    struct secret_text text = {.bytes = secret_alloc(LIMIT_PROMPT_BYTES + 1)};
    ssize_t got = 1;
    if (text.bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the passphrase");
    while (text.length <= LIMIT_PROMPT_BYTES && (got = read_byte(fd, file, &text)) == 1)
        text.length++;
    int result = got < 0 ? error_system(err, file ? ERROR_BOX_PASSPHRASE : ERROR_INPUT,
                                        "cannot read the passphrase from descriptor %d", fd)
                         : check(&text, fd, file ? ERROR_BOX_PASSPHRASE : ERROR_USAGE, err);
    if (result == 0)
        *ret = text;
    else
        secret_text_free(&text);
    return result;
}

int passphrase_read(int fd, struct secret_text *ret, struct error *err) {
    return read_line(fd, false, ret, err);
}

int passphrase_read_file(int fd, struct secret_text *ret, struct error *err) {
    return read_line(fd, true, ret, err);
}
