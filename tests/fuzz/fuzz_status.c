/* status.json: what is read is written and read again, the head alone says whether a
 * set is ready as the whole does, and what is shown moves no cursor. */
#include <string.h>

#include "sidecar/lease/set_status.h"
#include "sidecar/status/status_text.h"
#include "tests/fuzz/fuzz.h"

static void check_status(const struct set_status *status) {
    HOLDS(status->generation <= LIMIT_GENERATION && status->count <= LIMIT_SECRETS);
    HOLDS(status->withdrawn <= LIMIT_FILES && status->error < ERROR_CODES);
    HOLDS(status->published_ms <= LIMIT_WALL_MS && status->checked_ms <= LIMIT_WALL_MS);
    HOLDS(status->stale_since_ms <= LIMIT_WALL_MS && status->grace_ms <= LIMIT_WALL_MS);
}

static bool is_same(const struct set_status *a, const struct set_status *b) {
    bool same = a->generation == b->generation && a->published_ms == b->published_ms &&
                a->checked_ms == b->checked_ms && a->stale_since_ms == b->stale_since_ms &&
                a->grace_ms == b->grace_ms && a->error == b->error && a->count == b->count &&
                a->withdrawn == b->withdrawn && a->error_detail == b->error_detail;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->leases[i].name, b->leases[i].name) == 0 &&
               a->leases[i].version == b->leases[i].version &&
               a->leases[i].expires_ms == b->leases[i].expires_ms;
    return same;
}

/* Ready, and no reader of the head alone thinks otherwise up to the end of year 9999,
 * which is the last time that is written; and time only takes it away. */
static void check_ready(const struct set_status *whole, const struct set_status *head) {
    static const uint64_t times[] = {0, 1, 2000, 1u << 30, 1763731020000u, LIMIT_WALL_MS - 1};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        bool ready = set_status_is_ready(whole, times[i]);
        HOLDS(set_status_is_ready(head, times[i]) == ready);
        HOLDS(strcmp(set_status_word(whole, times[i]), set_status_word(head, times[i])) == 0);
        HOLDS(!ready || strcmp(set_status_word(whole, times[i]), "expired") != 0);
        for (size_t j = 0; j < sizeof times / sizeof *times; j++)
            HOLDS(times[j] < times[i] || ready || !set_status_is_ready(whole, times[j]));
    }
}

static void check_shown(const struct set_status *status) {
    struct buffer table = buffer_make(LIMIT_REPORT_BYTES), json = table;
    status_line(status, 1763731020000u, &table);
    status_table(status, "/run/\x1b[2J", 1763731020000u, false, &table);
    status_json(status, "/run/arrestor", 1763731020000u, &json);
    HOLDS(buffer_status(&table) == 0 && fuzz_is_json(json.data, json.length));
    for (size_t i = 0; i < table.length; i++)
        HOLDS((unsigned char)table.data[i] >= ' ' || table.data[i] == '\n');
    buffer_free(&json);
    buffer_free(&table);
}

static void check_again(const struct set_status *status, struct arena *arena) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    struct set_status again, head;
    struct error err;
    set_status_format(status, 1763731020000u, &text);
    HOLDS(buffer_status(&text) == 0);
    HOLDS(set_status_parse(text.data, text.length, arena, &again, &err) == 0);
    HOLDS(is_same(status, &again));
    HOLDS(set_status_parse_head(text.data, text.length, arena, &head, &err) == 0);
    HOLDS(head.generation == status->generation && head.count == 0);
    check_ready(&again, &head);
    buffer_free(&text);
}

FUZZ_TARGET(status, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct set_status status, untouched, head;
    struct error err;
    memset(&status, 0x5a, sizeof status);
    untouched = head = status;
    error_clear(&err);
    if (set_status_parse(bytes, length, &arena, &status, &err) != 0) {
        HOLDS(err.code == ERROR_PROTOCOL && memcmp(&status, &untouched, sizeof status) == 0);
        fuzz_check_silent(&err);
    } else {
        check_status(&status);
        check_shown(&status);
        check_again(&status, &arena);
    }
    if (set_status_parse_head(bytes, length, &arena, &head, &err) != 0)
        HOLDS(err.code == ERROR_PROTOCOL && memcmp(&head, &untouched, sizeof head) == 0);
    else
        check_status(&head);
    arena_free(&arena);
}
