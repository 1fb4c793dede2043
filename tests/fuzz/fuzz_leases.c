/* The lease table: what is read is within its bounds, and what is written is read. */
#include <string.h>

#include "sidecar/lease/lease_table.h"
#include "tests/fuzz/fuzz.h"

static void check_table(const struct lease_table *table) {
    HOLDS(table->generation <= LIMIT_GENERATION && table->count <= LIMIT_SECRETS);
    HOLDS(table->box_version <= INT64_MAX && memchr(table->config, 0, sizeof table->config));
    HOLDS(table->session.expires_ms <= LIMIT_WALL_MS && table->session.issued_ms <= LIMIT_WALL_MS);
    for (size_t i = 0; i < table->count; i++) {
        const struct lease *lease = &table->leases[i];
        HOLDS(lease->name != NULL && lease->store != NULL);
        HOLDS(lease->fetched_ms <= LIMIT_WALL_MS && lease->expires_ms <= LIMIT_WALL_MS);
        HOLDS(lease_find(table, lease->name) == lease);
    }
}

static bool is_same(const struct lease_table *a, const struct lease_table *b) {
    bool same = a->generation == b->generation && a->box_version == b->box_version &&
                strcmp(a->config, b->config) == 0 && a->count == b->count &&
                a->session.held == b->session.held && a->session.ours == b->session.ours &&
                a->session.renewable == b->session.renewable &&
                a->session.expires_ms == b->session.expires_ms &&
                a->session.issued_ms == b->session.issued_ms;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->leases[i].name, b->leases[i].name) == 0 &&
               strcmp(a->leases[i].store, b->leases[i].store) == 0 &&
               a->leases[i].version == b->leases[i].version &&
               a->leases[i].fetched_ms == b->leases[i].fetched_ms &&
               a->leases[i].expires_ms == b->leases[i].expires_ms;
    return same;
}

FUZZ_TARGET(leases, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    struct lease_table table, untouched, again;
    struct error err;
    memset(&table, 0x5a, sizeof table);
    untouched = table;
    error_clear(&err);
    if (lease_table_parse(bytes, length, &arena, &table, &err) != 0) {
        HOLDS(err.code == ERROR_PROTOCOL && memcmp(&table, &untouched, sizeof table) == 0);
        fuzz_check_silent(&err);
    } else {
        check_table(&table);
        lease_table_format(&table, &text);
        HOLDS(buffer_status(&text) == 0);
        HOLDS(lease_table_parse(text.data, text.length, &arena, &again, &err) == 0);
        HOLDS(is_same(&table, &again));
    }
    buffer_free(&text);
    arena_free(&arena);
}
