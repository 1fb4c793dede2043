#include "sidecar/lease/set_status.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/lease/lease_read.h"

#define FORMAT 1

/* "2025-11-21T13:50:00Z". Not by gmtime_r: it would read /etc/localtime inside a
 * sandbox. Days to a date as in the proleptic Gregorian calendar, whose cycle is
 * 146,097 days in 400 years; years begin in March, so that a leap day is last. */
static void format_time(uint64_t ms, struct buffer *out) {
    uint64_t seconds = lease_bound(ms, LIMIT_WALL_MS) / 1000;
    uint64_t days = seconds / 86400 + 719468, rest = seconds % 86400;
    uint64_t cycle = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint64_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    year += 400 * cycle + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    buffer_printf(out, "\"%04u-%02u-%02uT%02u:%02u:%02uZ\"", (unsigned)year, (unsigned)month,
                  (unsigned)day + 1, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
                  (unsigned)(rest % 60));
}

/* "KEY":"2025-…","KEY_ms":1763… ; null and 0 where there is no such time. */
static void format_both(const char *key, uint64_t ms, struct buffer *out) {
    buffer_printf(out, "\"%s\":", key);
    if (ms == 0)
        buffer_text(out, "null");
    else
        format_time(ms, out);
    buffer_printf(out, ",\"%s_ms\":%llu", key, lease_bound(ms, LIMIT_WALL_MS));
}

static int read_error(const json_t *object, struct arena *arena, struct set_status *status) {
    const json_t *from = json_object_get(object, "error");
    const char *name = json_string_value(json_object_get(from, "code"));
    uint64_t detail = 0;
    if (json_is_null(from))
        return 0;
    if (name == NULL || lease_read_number(from, "status", UINT32_MAX, &detail) != 0 ||
        (!json_is_null(json_object_get(from, "secret")) &&
         lease_read_text(from, "secret", arena, &status->error_secret) != 0))
        return -1;
    status->error_detail = (uint32_t)detail;
    for (int code = 1; code < ERROR_CODES && status->error == ERROR_OK; code++)
        if (strcmp(error_name((enum error_code)code), name) == 0)
            status->error = (enum error_code)code;
    return status->error == ERROR_OK ? -1 : 0;
}

static int read_status(const json_t *object, struct arena *arena, struct set_status *status) {
    uint64_t format, withdrawn;
    if (lease_read_number(object, "format", FORMAT, &format) != 0 || format != FORMAT ||
        lease_read_number(object, "generation", LIMIT_GENERATION, &status->generation) != 0 ||
        lease_read_time(object, "published_ms", &status->published_ms) != 0 ||
        lease_read_time(object, "checked_ms", &status->checked_ms) != 0 ||
        lease_read_time(object, "stale_since_ms", &status->stale_since_ms) != 0 ||
        lease_read_time(object, "grace_ms", &status->grace_ms) != 0 ||
        lease_read_number(object, "withdrawn", LIMIT_FILES, &withdrawn) != 0 ||
        read_error(object, arena, status) != 0 ||
        lease_read_list(object, arena, &status->leases, &status->count) != 0)
        return -1;
    status->withdrawn = (size_t)withdrawn;
    return 0;
}

/* Takes the object, which may be NULL with err filled. */
static int take_object(json_t *object, bool head, struct arena *arena, struct set_status *ret,
                       struct error *err) {
    struct set_status status = {0};
    if (object == NULL)
        return -1;
    int result = read_status(object, arena, &status);
    if (result == 0 && head)
        result = lease_read_time(object, "ready_until_ms", &status.ready_until_ms);
    json_decref(object);
    if (result != 0)
        return error_set(err, ERROR_PROTOCOL, SET_STATUS_FILE " is damaged or of another version");
    *ret = status;
    return 0;
}

int set_status_parse(const char *text, size_t length, struct arena *arena, struct set_status *ret,
                     struct error *err) {
    return take_object(lease_read_object(text, length, SET_STATUS_FILE, err), false, arena, ret,
                       err);
}

#define SECRETS   "\n  \"secrets\":["
#define HEAD_MOST 4096

int set_status_parse_head(const char *text, size_t length, struct arena *arena,
                          struct set_status *ret, struct error *err) {
    size_t most = length < HEAD_MOST ? length : HEAD_MOST;
    const char *secrets = most > 0 ? memmem(text, most, SECRETS, strlen(SECRETS)) : NULL;
    if (secrets == NULL)
        return set_status_parse(text, length, arena, ret, err);
    struct buffer head = buffer_make(HEAD_MOST + sizeof "]}" + sizeof SECRETS);
    buffer_bytes(&head, text, (size_t)(secrets - text) + strlen(SECRETS));
    buffer_text(&head, "]}");
    int result = buffer_status(&head) != 0
                     ? error_set(err, ERROR_MEMORY, "no memory for " SET_STATUS_FILE)
                     : take_object(lease_read_object(head.data, head.length, SET_STATUS_FILE, err),
                                   true, arena, ret, err);
    buffer_free(&head);
    return result;
}

static uint64_t end_of(const struct lease *lease, uint64_t grace_ms) {
    return lease_bound(lease->expires_ms, LIMIT_WALL_MS) + lease_bound(grace_ms, LIMIT_WALL_MS);
}

/* Until when the set may be used; 0: no limit. */
static uint64_t ready_until(const struct set_status *status) {
    uint64_t until = status->ready_until_ms;
    for (size_t i = 0; i < status->count; i++) {
        uint64_t end = end_of(&status->leases[i], status->grace_ms);
        if (status->leases[i].expires_ms != 0 && (until == 0 || end < until))
            until = end;
    }
    return until;
}

static bool is_expired(const struct set_status *status, uint64_t now_ms) {
    uint64_t until = ready_until(status);
    return status->withdrawn > 0 || (until != 0 && until <= now_ms);
}

const char *set_status_word(const struct set_status *status, uint64_t now_ms) {
    if (is_expired(status, now_ms))
        return "expired";
    return status->stale_since_ms != 0 ? "stale" : "fresh";
}

bool set_status_is_ready(const struct set_status *status, uint64_t now_ms) {
    return status->generation > 0 && !is_expired(status, now_ms);
}

static void format_error(const struct set_status *status, struct buffer *out) {
    const char *name = error_name(status->error), *text = error_text(status->error);
    if (status->error == ERROR_OK) {
        buffer_text(out, "  \"error\":null,\n");
        return;
    }
    buffer_text(out, "  \"error\":{\"code\":");
    buffer_json(out, name, strlen(name));
    buffer_text(out, ",\"secret\":");
    if (status->error_secret == NULL)
        buffer_text(out, "null");
    else
        buffer_json(out, status->error_secret, strlen(status->error_secret));
    buffer_printf(out, ",\"status\":%u,\"text\":", (unsigned)status->error_detail);
    buffer_json(out, text, strlen(text));
    buffer_text(out, "},\n");
}

static void format_secret(const struct lease *lease, struct buffer *out) {
    buffer_text(out, "    {\"name\":");
    buffer_json(out, lease->name, strlen(lease->name));
    buffer_text(out, ",\"store\":");
    buffer_json(out, lease->store, strlen(lease->store));
    buffer_printf(out, ",\"version\":%llu,", lease_bound(lease->version, LEASE_NUMBER_MAX));
    format_both("fetched", lease->fetched_ms, out);
    buffer_char(out, ',');
    format_both("expires", lease->expires_ms, out);
    buffer_char(out, '}');
}

static void format_times(const struct set_status *status, struct buffer *out) {
    const struct {
        const char *key;
        uint64_t ms;
    } rows[] = {
        {"published", status->published_ms},
        {"checked", status->checked_ms},
        {"stale_since", status->stale_since_ms},
        {"ready_until", ready_until(status)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buffer_text(out, "  ");
        format_both(rows[i].key, rows[i].ms, out);
        buffer_text(out, ",\n");
    }
}

void set_status_format(const struct set_status *status, uint64_t now_ms, struct buffer *out) {
    buffer_printf(out, "{\n  \"format\":%d,\n  \"generation\":%llu,\n  \"state\":\"%s\",\n", FORMAT,
                  lease_bound(status->generation, LIMIT_GENERATION),
                  set_status_word(status, now_ms));
    format_times(status, out);
    buffer_printf(out, "  \"grace_ms\":%llu,\n  \"withdrawn\":%llu,\n",
                  lease_bound(status->grace_ms, LIMIT_WALL_MS),
                  lease_bound(status->withdrawn, LIMIT_FILES));
    format_error(status, out);
    buffer_text(out, "  \"secrets\":[");
    for (size_t i = 0; i < status->count; i++) {
        buffer_text(out, i == 0 ? "\n" : ",\n");
        format_secret(&status->leases[i], out);
    }
    buffer_text(out, "]\n}\n");
}
