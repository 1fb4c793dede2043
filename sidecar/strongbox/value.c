#include "sidecar/strongbox/value.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"
#include "sidecar/base/text.h"
#include "sidecar/strongbox/box.h"

#define READ_BYTES (LIMIT_SECRET_BYTES + 2u) /* a newline, and one to see too much */

static int read_all(int fd, struct secret_text *text, struct error *err) {
    while (text->length < READ_BYTES) {
        ssize_t got = read(fd, text->bytes + text->length, READ_BYTES - text->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system(err, ERROR_INPUT, "cannot read the value from standard input");
        if (got == 0)
            return 0;
        text->length += (size_t)got;
    }
    return 0;
}

static int check_value(const struct secret_text *text, struct error *err) {
    if (text->length > LIMIT_SECRET_BYTES)
        return error_set(err, ERROR_BOX_FULL, "the value has more than %u bytes, the maximum",
                         LIMIT_SECRET_BYTES);
    if (text->length > 0)
        return 0;
    error_set(err, ERROR_SECRET_EMPTY, "the value on standard input is empty");
    return error_todo(err, "nothing has changed; Spark fails open on empty files, so an empty "
                           "secret is never kept");
}

int value_read(int fd, bool keep_newline, struct secret_text *ret, struct error *err) {
    struct secret_text text = {.bytes = secret_alloc(READ_BYTES)};
    if (text.bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the value");
    int result = read_all(fd, &text, err);
    if (!keep_newline && text.length > 0 && text.bytes[text.length - 1] == '\n')
        text.length--;
    if (result == 0)
        result = check_value(&text, err);
    if (result == 0)
        *ret = text;
    else
        secret_text_free(&text);
    return result;
}

/* *ret: the value as an object; NULL: it is none. 0, or -1 with ERROR_MEMORY. */
static int load_object(const struct box_entry *entry, json_t **ret, struct error *err) {
    if (json_text_load((const char *)entry->value, entry->length,
                       JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, ret, err) != 0)
        return -1;
    if (!json_is_object(*ret)) {
        json_decref(*ret);
        *ret = NULL;
    }
    return 0;
}

static bool is_object_of_strings(json_t *object) {
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member) {
        if (!json_is_string(member))
            return false;
    }
    return true;
}

static int check_field(const char *field, struct error *err) {
    size_t length =
        strspn(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (length >= 1 && length <= LIMIT_SECRET_NAME && field[length] == '\0')
        return 0;
    error_set(err, ERROR_USAGE, "this is not a name for a field");
    return error_todo(err, "use 1 to %d of A-Z a-z 0-9 . _ -", LIMIT_SECRET_NAME);
}

/* The object to change: that of old, or a new one. NULL with err. */
static json_t *base_object(const struct box_entry *old, struct error *err) {
    json_t *object = NULL;
    if (old != NULL && load_object(old, &object, err) != 0)
        return NULL;
    if (old == NULL && (object = json_object()) == NULL) {
        error_set(err, ERROR_MEMORY, "no memory for the value");
        return NULL;
    }
    if (object != NULL && is_object_of_strings(object))
        return object;
    json_decref(object);
    error_set(err, ERROR_SECRET_FIELD,
              "the secret is not a JSON object of strings, so it has no fields to set");
    error_todo(err, "set it whole without --field, or remove it first");
    return NULL;
}

static int dump_object(const json_t *object, struct secret_text *ret, struct error *err) {
    size_t size = json_dumpb(object, NULL, 0, JSON_COMPACT);
    unsigned char *bytes = size > 0 ? secret_alloc(size + 1) : NULL;
    if (bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the value");
    *ret = (struct secret_text){.bytes = bytes,
                                .length = json_dumpb(object, (char *)bytes, size, JSON_COMPACT)};
    if (ret->length == size)
        return 0;
    secret_text_free(ret);
    return error_set(err, ERROR_MEMORY, "no memory for the value");
}

int value_set_field(const struct box_entry *old, const char *field, const struct secret_text *value,
                    struct secret_text *ret, struct error *err) {
    if (check_field(field, err) != 0)
        return -1;
    if (!text_is_utf8((const char *)value->bytes, value->length)) {
        error_set(err, ERROR_SECRET_FORM, "the value is not UTF-8, so it cannot be a JSON field");
        return error_todo(err, "set it as a secret of its own, without --field");
    }
    json_t *object = base_object(old, err);
    if (object == NULL)
        return -1;
    int result = -1;
    json_t *member = json_stringn((const char *)value->bytes, value->length);
    if (member == NULL || json_object_set_new(object, field, member) != 0)
        error_set(err, ERROR_MEMORY, "no memory for the value");
    else if (json_object_size(object) > LIMIT_SECRET_FIELDS)
        error_set(err, ERROR_SECRET_FIELD, "a secret can have %d fields", LIMIT_SECRET_FIELDS);
    else
        result = dump_object(object, ret, err);
    json_decref(object);
    return result;
}

void value_list_fields(const struct box_entry *entry, bool json, struct buffer *out) {
    const char *name, *before = "";
    json_t *member, *object = NULL;
    struct error ignored;
    if (load_object(entry, &object, &ignored) != 0)
        out->failed = out->starved = true;
    json_object_foreach(object, name, member) {
        buffer_text(out, before);
        if (json)
            buffer_json(out, name, strlen(name));
        else
            text_escape(out, name, strlen(name));
        before = json ? "," : ", ";
    }
    json_decref(object);
}
