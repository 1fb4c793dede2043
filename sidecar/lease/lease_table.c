#include "sidecar/lease/lease_table.h"

#include <sodium.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/lease/lease_read.h"

#define FORMAT 1

/* The empty digest is that of a table which place has not completed yet. */
static int read_digest(const json_t *object, char ret[LEASE_DIGEST_BYTES]) {
    const json_t *value = json_object_get(object, "config");
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (text == NULL || (length != 0 && length != LEASE_DIGEST_BYTES - 1) ||
        strspn(text, "0123456789abcdef") != length)
        return -1;
    memcpy(ret, text, length + 1);
    return 0;
}

static int read_session(const json_t *object, struct lease_session *session) {
    const json_t *from = json_object_get(object, "session");
    return !json_is_object(from) || lease_read_bool(from, "held", &session->held) != 0 ||
                   lease_read_bool(from, "ours", &session->ours) != 0 ||
                   lease_read_bool(from, "renewable", &session->renewable) != 0 ||
                   lease_read_time(from, "issued_ms", &session->issued_ms) != 0 ||
                   lease_read_time(from, "expires_ms", &session->expires_ms) != 0
               ? -1
               : 0;
}

int lease_table_parse(const char *text, size_t length, struct arena *arena, struct lease_table *ret,
                      struct error *err) {
    struct lease_table table = {0};
    uint64_t format;
    json_t *object = lease_read_object(text, length, "lease table", err);
    if (object == NULL)
        return -1;
    int result =
        lease_read_number(object, "format", FORMAT, &format) != 0 || format != FORMAT ||
                lease_read_number(object, "generation", LIMIT_GENERATION, &table.generation) != 0 ||
                lease_read_number(object, "box_version", LEASE_NUMBER_MAX, &table.box_version) !=
                    0 ||
                read_digest(object, table.config) != 0 ||
                read_session(object, &table.session) != 0 ||
                lease_read_list(object, arena, &table.leases, &table.count) != 0
            ? -1
            : 0;
    json_decref(object);
    if (result != 0)
        return error_set(err, ERROR_PROTOCOL, "the lease table is damaged or of another version");
    *ret = table;
    return 0;
}

static void format_session(const struct lease_session *session, struct buffer *out) {
    buffer_printf(out,
                  "\"session\":{\"held\":%s,\"ours\":%s,\"renewable\":%s,\"issued_ms\":%llu,"
                  "\"expires_ms\":%llu},\n",
                  session->held ? "true" : "false", session->ours ? "true" : "false",
                  session->renewable ? "true" : "false",
                  lease_bound(session->issued_ms, LIMIT_WALL_MS),
                  lease_bound(session->expires_ms, LIMIT_WALL_MS));
}

static void format_lease(const struct lease *lease, struct buffer *out) {
    buffer_text(out, "{\"name\":");
    buffer_json(out, lease->name, strlen(lease->name));
    buffer_text(out, ",\"store\":");
    buffer_json(out, lease->store, strlen(lease->store));
    buffer_printf(out, ",\"version\":%llu,\"fetched_ms\":%llu,\"expires_ms\":%llu}",
                  lease_bound(lease->version, LEASE_NUMBER_MAX),
                  lease_bound(lease->fetched_ms, LIMIT_WALL_MS),
                  lease_bound(lease->expires_ms, LIMIT_WALL_MS));
}

void lease_table_format(const struct lease_table *table, struct buffer *out) {
    buffer_printf(out,
                  "{\"format\":%d,\"generation\":%llu,\"box_version\":%llu,\"config\":\"%s\",\n",
                  FORMAT, lease_bound(table->generation, LIMIT_GENERATION),
                  lease_bound(table->box_version, LEASE_NUMBER_MAX), table->config);
    format_session(&table->session, out);
    buffer_text(out, "\"secrets\":[");
    for (size_t i = 0; i < table->count; i++) {
        buffer_text(out, i == 0 ? "\n" : ",\n");
        format_lease(&table->leases[i], out);
    }
    buffer_text(out, "]}\n");
}

const struct lease *lease_find(const struct lease_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->leases[i].name, name) == 0)
            return &table->leases[i];
    return NULL;
}

void lease_digest(const void *bytes, size_t length, char ret[LEASE_DIGEST_BYTES]) {
    unsigned char hash[(LEASE_DIGEST_BYTES - 1) / 2];
    (void)crypto_generichash(hash, sizeof hash, bytes, length, NULL, 0);
    (void)sodium_bin2hex(ret, LEASE_DIGEST_BYTES, hash, sizeof hash);
}
