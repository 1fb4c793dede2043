#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"
#include "sidecar/base/text.h"
#include "sidecar/secret/secret_set.h"

static int copy_text(const unsigned char *bytes, size_t length, struct secret_text *ret,
                     struct error *err) {
    unsigned char *copy = secret_alloc(length + 1);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a value of %zu bytes", length);
    memcpy(copy, bytes, length);
    *ret = (struct secret_text){.bytes = copy, .length = length};
    return 0;
}

/* Says that there is no such member, and which has nearly that name. */
static int refuse_member(json_t *object, const char *field, struct error *err) {
    const char *names[LIMIT_SECRET_FIELDS], *name;
    size_t count = 0;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (count < LIMIT_SECRET_FIELDS)
            names[count++] = name;
    }
    error_set(err, ERROR_SECRET_FIELD, "the secret has no field \"%s\"", field);
    const char *near = text_nearest(field, names, count);
    return near != NULL ? error_todo(err, "did you mean \"%s\"?", near)
                        : error_todo(err, "add the field to the secret, or name another");
}

/* An integer or a boolean as JSON writes it. */
static int take_scalar(const json_t *member, struct secret_text *ret, struct error *err) {
    char text[32];
    int length =
        json_is_boolean(member)
            ? snprintf(text, sizeof text, "%s", json_is_true(member) ? "true" : "false")
            : snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(member));
    int result = copy_text((const unsigned char *)text, (size_t)length, ret, err);
    explicit_bzero(text, sizeof text);
    return result;
}

/* A real is refused because its digits would be rounded. */
static int take_member(json_t *object, const char *field, struct secret_text *ret,
                       struct error *err) {
    json_t *member = json_object_get(object, field);
    if (member == NULL)
        return refuse_member(object, field, err);
    if (json_is_integer(member) || json_is_boolean(member))
        return take_scalar(member, ret, err);
    if (!json_is_string(member)) {
        error_set(err, ERROR_SECRET_FIELD,
                  "the field \"%s\" is neither a string nor an integer nor a boolean", field);
        return error_todo(err, "write its value in double quotes");
    }
    size_t length = json_string_length(member);
    if (length == 0)
        return error_set(err, ERROR_SECRET_EMPTY, "the field \"%s\" is empty", field);
    return copy_text((const unsigned char *)json_string_value(member), length, ret, err);
}

static int read_member(const struct secret *secret, const char *field, struct secret_text *ret,
                       struct error *err) {
    json_t *root;
    if (json_text_load((const char *)secret->bytes, secret->length,
                       JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &root, err) != 0)
        return -1;
    if (!json_is_object(root)) {
        json_decref(root);
        error_set(err, ERROR_SECRET_FIELD,
                  "the secret is not a JSON object, so it has no field \"%s\"", field);
        return error_todo(err, "leave the field out, or store {\"%s\": \"...\"}", field);
    }
    int result = take_member(root, field, ret, err);
    json_decref(root);
    return result;
}

int secret_field(const struct secret *secret, const char *field, struct secret_text *ret,
                 struct error *err) {
    if (secret->length > LIMIT_SECRET_BYTES)
        return error_set(err, ERROR_SECRET_SIZE, "the secret has %zu bytes; %u are the maximum",
                         secret->length, LIMIT_SECRET_BYTES);
    if (secret->length == 0)
        return error_set(err, ERROR_SECRET_EMPTY, "the secret is empty");
    return field == NULL ? copy_text(secret->bytes, secret->length, ret, err)
                         : read_member(secret, field, ret, err);
}

void secret_text_free(struct secret_text *text) {
    secret_free(text->bytes);
    *text = (struct secret_text){.bytes = NULL};
}
