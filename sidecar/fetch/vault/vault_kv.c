#include "sidecar/fetch/vault/vault_kv.h"

#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/fetch/vault/vault_json.h"
#include "sidecar/fetch/vault/vault_time.h"
#include "sidecar/secret/secret_set.h"

/* Unreserved (RFC 3986 section 2.3), and '/' between segments. */
#define PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

#define VERSION_MAX 9007199254740992.0 /* 2^53: up to here a real is exact */

void vault_kv_path(const char *path, uint64_t version, struct buffer *out) {
    for (const char *c = path; *c != '\0'; c++)
        if (strchr(PATH_CHARACTERS, *c) != NULL)
            buffer_char(out, *c);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    if (version != 0)
        buffer_printf(out, "?version=%llu", (unsigned long long)version);
}

static int refuse(struct error *err, enum error_code code, uint32_t status) {
    return error_set(err, code, "status %u", (unsigned)status);
}

/* Whether a 404 tells of a version that was there once. */
static bool tells_deleted(const struct vault_answer *answer) {
    struct error ignored;
    json_t *root = vault_answer_parse(answer, &ignored);
    const json_t *metadata = json_object_get(json_object_get(root, "data"), "metadata");
    const json_t *time = json_object_get(metadata, "deletion_time");
    bool deleted = json_is_true(json_object_get(metadata, "destroyed")) ||
                   (json_is_string(time) && json_string_length(time) > 0);
    json_decref(root);
    return deleted;
}

static int read_version(const json_t *metadata, uint64_t *ret) {
    const json_t *version = json_object_get(metadata, "version");
    double number = json_is_number(version) ? json_number_value(version) : 0;
    if (!(number >= 1 && number <= VERSION_MAX) || (double)(uint64_t)number != number)
        return -1;
    *ret = (uint64_t)number;
    return 0;
}

static int read_expiry(const json_t *metadata, uint64_t *ret) {
    const json_t *time = json_object_get(metadata, "deletion_time");
    if (time == NULL || json_is_null(time) ||
        (json_is_string(time) && json_string_length(time) == 0)) {
        *ret = 0;
        return 0;
    }
    return json_is_string(time) ? vault_time_parse(json_string_value(time), ret) : -1;
}

/* What stands beside the value. */
static int read_metadata(const json_t *root, uint64_t asked, struct vault_value *value,
                         struct error *err) {
    const json_t *data = json_object_get(root, "data");
    const json_t *metadata = json_object_get(data, "metadata");
    if (!json_is_object(json_object_get(data, "data")) ||
        read_version(metadata, &value->version) != 0)
        return error_set(err, ERROR_SECRET_KIND, "no data.data with a version");
    if (asked != 0 && asked != value->version)
        return error_set(err, ERROR_STORE_ANSWER, "another version than was asked for");
    if (read_expiry(metadata, &value->expires_ms) != 0)
        return error_set(err, ERROR_STORE_ANSWER, "deletion_time is no time");
    return 0;
}

static int cut_value(const struct vault_answer *answer, struct vault_value *value,
                     struct error *err) {
    struct vault_span text = {.bytes = (const char *)answer->body, .length = answer->length};
    if (vault_json_member(text, "data", &text) != 0 || vault_json_member(text, "data", &text) != 0)
        return error_set(err, ERROR_STORE_ANSWER, "a member's name is escaped");
    value->bytes = secret_alloc(text.length);
    if (value->bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a value of %zu bytes", text.length);
    value->length = vault_json_compact(text, value->bytes);
    return 0;
}

int vault_kv_decode(const struct vault_answer *answer, uint64_t asked, struct vault_value *ret,
                    struct error *err) {
    enum error_code code = vault_status_code(answer->status);
    if (code == ERROR_SECRET_MISSING && tells_deleted(answer))
        code = ERROR_SECRET_DELETED;
    if (code != ERROR_OK)
        return refuse(err, code, answer->status);
    struct vault_value value = {.bytes = NULL};
    json_t *root = vault_answer_parse(answer, err);
    if (root == NULL)
        return -1;
    int result = read_metadata(root, asked, &value, err);
    json_decref(root);
    if (result != 0 || cut_value(answer, &value, err) != 0)
        return -1;
    *ret = value;
    return 0;
}
