#include "sidecar/place/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/place/publish.h"

#define LEASES  "leases"
#define VALUES  "values"
#define SESSION "session"

static int read_bytes(int fd, struct secret_text *text) {
    size_t used = 0;
    while (used < text->length) {
        ssize_t got = pread(fd, text->bytes + used, text->length - used, (off_t)used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        used += (size_t)got;
    }
    return 0;
}

/* Reads current/NAME into zeroing memory; empty where it is not there. */
static int read_part(int directory, const char *name, size_t limit, struct secret_text *ret,
                     struct error *err) {
    struct secret_text text = {0};
    struct stat st;
    char path[32];
    memset(ret, 0, sizeof *ret);
    (void)snprintf(path, sizeof path, "current/%s", name);
    int fd = openat(directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_system(err, ERROR_PROTOCOL, "cannot open %s", path);
    int result = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)limit ? -1 : 0;
    if (result == 0) {
        text.length = (size_t)st.st_size;
        text.bytes = secret_alloc(text.length + 1);
        result = text.bytes == NULL ? -1 : read_bytes(fd, &text);
    }
    (void)close(fd);
    if (result == 0) {
        *ret = text;
        return 0;
    }
    secret_text_free(&text);
    return error_set(err, ERROR_PROTOCOL, "%s cannot be read", path);
}

int state_read_table(int directory, struct arena *arena, struct lease_table *ret,
                     struct error *err) {
    struct secret_text text;
    memset(ret, 0, sizeof *ret);
    if (read_part(directory, LEASES, LIMIT_LEASE_BYTES, &text, err) != 0)
        return -1;
    int result = text.bytes == NULL
                     ? 0
                     : lease_table_parse((const char *)text.bytes, text.length, arena, ret, err);
    secret_text_free(&text);
    return result;
}

int state_read_values(int directory, struct secret_set *ret, struct error *err) {
    struct secret_text text;
    memset(ret, 0, sizeof *ret);
    if (read_part(directory, VALUES, LIMIT_REGION_BYTES, &text, err) != 0)
        return -1;
    return text.bytes == NULL ? 0 : secret_set_decode_bytes(ret, text.bytes, text.length, err);
}

int state_read_session(int directory, struct secret_text *ret, struct error *err) {
    return read_part(directory, SESSION, LIMIT_SECRET_BYTES, ret, err);
}

size_t state_count_plain(const struct secret_set *set) {
    size_t count = 0;
    while (count < set->count && set->secrets[count].index < LIMIT_SECRETS)
        count++;
    return count;
}

/* The plain secrets in the layout of a region. */
static int encode_values(const struct secret_set *set, struct secret_text *ret, struct error *err) {
    size_t count = state_count_plain(set), size = secret_set_size(set->secrets, count);
    struct secret_text text = {.bytes = secret_alloc(size), .length = size};
    if (text.bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the values of the state");
    if (secret_set_encode_bytes(text.bytes, size, set->secrets, count, set->version, err) != 0) {
        secret_text_free(&text);
        return -1;
    }
    *ret = text;
    return 0;
}

/* The session that the next state has: of this round, else the one that stands.
 * One that cannot be read is lost, and with it the token: not worth the set. */
static void choose_session(int directory, const struct secret_set *set, bool held,
                           struct secret_text *carried, struct publish_item *ret) {
    const struct secret *brought = secret_set_find(set, SECRET_INDEX_SESSION);
    struct error ignored;
    memset(carried, 0, sizeof *carried);
    *ret = (struct publish_item){.name = SESSION};
    if (!held)
        return;
    if (brought != NULL) {
        ret->bytes = brought->bytes;
        ret->length = brought->length;
    } else if (state_read_session(directory, carried, &ignored) == 0) {
        ret->bytes = carried->bytes;
        ret->length = carried->length;
    }
}

int state_publish(int directory, const struct lease_table *table, const struct secret_set *values,
                  struct error *err) {
    struct buffer leases = buffer_make(LIMIT_LEASE_BYTES);
    struct secret_text encoded = {0}, carried;
    struct lease_table next = *table;
    struct publish_item items[3];
    uint64_t current;
    int result = -1;
    if (publish_look(directory, &current, err) != 0)
        return -1;
    choose_session(directory, values, table->session.held, &carried, &items[2]);
    next.session.held = items[2].length > 0;
    lease_table_format(&next, &leases);
    if (buffer_status(&leases) != 0) {
        error_set(err, ERROR_MEMORY, "no memory for the lease table");
        goto out;
    }
    if (encode_values(values, &encoded, err) != 0)
        goto out;
    items[0] = (struct publish_item){LEASES, (const unsigned char *)leases.data, leases.length};
    items[1] = (struct publish_item){VALUES, encoded.bytes, encoded.length};
    result =
        publish_generation(directory, current + 1, items, items[2].length > 0 ? 3 : 2, 0400, err);
out:
    secret_text_free(&encoded);
    secret_text_free(&carried);
    buffer_free(&leases);
    return result;
}
