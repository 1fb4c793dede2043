#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/lease/set_status.h"
#include "sidecar/place/note.h"
#include "sidecar/place/placing.h"
#include "sidecar/place/state.h"

/* ---- status.json */

/* What is told of the set that stands, by status.json, else by the state. */
static void read_status(struct placing *placing, struct set_status *ret) {
    struct lease_table table;
    struct error ignored;
    if (note_read(placing->directory, placing->stands, &placing->arena, ret) ||
        state_read_table(placing->state, &placing->arena, &table, &ignored) != 0 ||
        table.generation != ret->generation)
        return;
    ret->leases = table.leases;
    ret->count = table.count;
    for (size_t i = 0; i < placing->config.file_count; i++)
        if (strcmp(table.config, placing->digest) == 0 &&
            placing_lacks(placing, &table, &placing->config.files[i]))
            ret->withdrawn++;
}

static int write_status(struct placing *placing, struct set_status *status, struct error *err) {
    status->grace_ms = placing->config.grace_ms;
    if (status->withdrawn <= placing->config.file_count)
        placing->result.files = (uint32_t)(placing->config.file_count - status->withdrawn);
    return note_prepare(placing->directory, status, placing->now_ms,
                        (mode_t)placing->task.file_mode, err) != 0
               ? -1
               : note_commit(placing->directory, err);
}

int placing_tell_fault(struct placing *placing, uint32_t code, const char *secret, uint32_t detail,
                       struct error *err) {
    struct set_status status;
    read_status(placing, &status);
    if (status.generation == 0)
        return 0;
    if (status.stale_since_ms == 0)
        status.stale_since_ms = placing->now_ms;
    status.error = (enum error_code)code;
    status.error_secret = secret;
    status.error_detail = detail;
    return write_status(placing, &status, err);
}

/* Every version is the one that stands. A lease may have been made longer. */
static int tell_checked(struct placing *placing, struct error *err) {
    struct set_status status;
    read_status(placing, &status);
    if (status.generation == 0)
        return 0;
    if (status.withdrawn == 0 && placing->table.generation == status.generation) {
        status.leases = placing->table.leases;
        status.count = placing->table.count;
    }
    status.checked_ms = placing->now_ms;
    status.stale_since_ms = 0;
    status.error = ERROR_OK;
    status.error_secret = NULL;
    status.error_detail = 0;
    return write_status(placing, &status, err);
}

/* ---- Publishing */

/* The rendered files as the next generation. Its status.json is written before
 * and takes its name afterwards. */
static int publish_set(struct placing *placing, struct set_status *status, struct error *err) {
    mode_t mode = (mode_t)placing->task.file_mode;
    status->grace_ms = placing->config.grace_ms;
    status->published_ms = placing->now_ms;
    if (note_prepare(placing->directory, status, placing->now_ms, mode, err) != 0)
        return -1;
    if (publish_generation(placing->directory, status->generation, placing->items, placing->count,
                           mode, err) != 0) {
        note_drop(placing->directory);
        return -1;
    }
    placing->stands = status->generation;
    placing->result.changed = 1;
    placing->result.files = (uint32_t)placing->count;
    return note_commit(placing->directory, err);
}

/* A login is not lost because its set cannot be placed: the next one might use up
 * a secret_id. The rest of the state stays what belongs to the set that stands. */
static void keep_session(struct placing *placing) {
    struct lease_table table;
    struct secret_set values;
    struct error ignored;
    const struct secret *session = secret_set_find(&placing->set, SECRET_INDEX_SESSION);
    if (session == NULL)
        return;
    if (state_read_table(placing->state, &placing->arena, &table, &ignored) != 0 ||
        state_read_values(placing->state, &values, &ignored) != 0 ||
        table.count != state_count_plain(&values)) {
        memset(&table, 0, sizeof table);
        memset(&values, 0, sizeof values);
    }
    table.session = placing->table.session;
    values.secrets[values.count++] = *session;
    (void)state_publish(placing->state, &table, &values, &ignored);
    secret_set_free(&values);
}

/* Takes the lease table out of what fetch sent: one lease for each secret. */
static int take_table(struct placing *placing, bool publish, struct error *err) {
    const struct secret *text = secret_set_find(&placing->set, SECRET_INDEX_LEASES);
    struct lease_table *table = &placing->table;
    if (text == NULL || lease_table_parse((const char *)text->bytes, text->length, &placing->arena,
                                          table, err) != 0)
        return error_set(err, ERROR_PROTOCOL, "fetch sent no lease table");
    size_t plain = state_count_plain(&placing->set);
    for (size_t i = 0; i < plain; i++) {
        uint32_t index = placing->set.secrets[i].index;
        if (index >= placing->config.secret_count || i >= table->count ||
            strcmp(table->leases[i].name, placing->config.secrets[index].name) != 0)
            return error_set(err, ERROR_PROTOCOL, "fetch sent a secret without its lease");
    }
    memcpy(table->config, placing->digest, sizeof table->config);
    return plain == table->count || (plain == 0 && !publish)
               ? 0
               : error_set(err, ERROR_PROTOCOL, "fetch sent a lease without its secret");
}

/* Only the store token is new. A set that is not placed yet stays marked so by
 * the number in the table. */
static int publish_session(struct placing *placing, struct error *err) {
    struct secret_set values;
    struct lease_table before;
    const struct secret *session = secret_set_find(&placing->set, SECRET_INDEX_SESSION);
    if (state_read_table(placing->state, &placing->arena, &before, err) != 0)
        return -1;
    placing->table.generation = before.generation;
    if (state_count_plain(&placing->set) > 0)
        return state_publish(placing->state, &placing->table, &placing->set, err);
    if (state_read_values(placing->state, &values, err) != 0)
        return -1;
    int result = -1;
    if (placing->table.count != state_count_plain(&values))
        error_set(err, ERROR_PROTOCOL, "fetch sent a lease without its secret");
    else {
        if (session != NULL)
            values.secrets[values.count++] = *session;
        result = state_publish(placing->state, &placing->table, &values, err);
    }
    secret_set_free(&values);
    return result;
}

int placing_new(struct placing *placing, bool publish, struct error *err) {
    struct message_kept unchanged = {.code = ERROR_OK};
    if (take_table(placing, publish, err) != 0)
        return -1;
    if (!publish) {
        int result = publish_session(placing, err);
        secret_set_free(&placing->set);
        return result == 0 ? placing_kept(placing, &unchanged, err) : -1;
    }
    struct set_status status = {.generation = placing->stands + 1,
                                .checked_ms = placing->now_ms,
                                .leases = placing->table.leases,
                                .count = placing->table.count};
    if (placing_render(placing, false, err) != 0 || placing_compare(placing, err) != 0) {
        keep_session(placing);
        return -1;
    }
    placing->table.generation = status.generation;
    /* State first: what a store has issued is never lost, and a set that is not
     * published yet is published again from it. */
    return state_publish(placing->state, &placing->table, &placing->set, err) != 0
               ? -1
               : publish_set(placing, &status, err);
}

/* ---- From the state */

/* The values of the state by today's configuration: they are known by the names
 * of their leases. A secret that it no longer has is dropped, and so is one that
 * has expired up to before_ms. *dropped: how many. */
static int read_values(struct placing *placing, uint64_t before_ms, size_t *dropped,
                       struct error *err) {
    struct secret_set *set = &placing->set;
    struct lease_table *table = &placing->table;
    if (state_read_values(placing->state, set, err) != 0)
        return -1;
    if (table->count != set->count)
        return error_set(err, ERROR_PROTOCOL,
                         "the values of the state are not those of its leases");
    struct lease *leases = arena_array(&placing->arena, table->count, sizeof *leases);
    if (leases == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the leases");
    struct secret sorted[LIMIT_SECRETS] = {0};
    size_t count = 0;
    for (size_t i = 0; i < placing->config.secret_count; i++)
        for (size_t k = 0; k < table->count; k++) {
            const struct lease *lease = &table->leases[k];
            if (strcmp(lease->name, placing->config.secrets[i].name) != 0 ||
                (lease->expires_ms != 0 && lease->expires_ms <= before_ms))
                continue;
            sorted[count] = set->secrets[k];
            sorted[count].index = (uint32_t)i;
            leases[count++] = *lease;
        }
    *dropped = table->count - count;
    memcpy(set->secrets, sorted, count * sizeof *sorted);
    set->count = table->count = count;
    table->leases = leases;
    return 0;
}

/* Publishes what the state holds and has not expired, where that is not what
 * stands already; then only status.json is mended. placing->table is the state's. */
static int publish_from_state(struct placing *placing, uint64_t before_ms, struct error *err) {
    struct set_status status;
    size_t dropped;
    bool behind = placing->stands == 0 || placing->table.generation != placing->stands;
    read_status(placing, &status);
    if (read_values(placing, before_ms, &dropped, err) != 0)
        return -1;
    if (!behind && dropped == 0)
        return write_status(placing, &status, err);
    if (placing_render(placing, true, err) != 0 || placing_compare(placing, err) != 0)
        return -1;
    status.generation = placing->stands + 1;
    status.withdrawn = placing->withdrawn;
    if (status.withdrawn == 0 || status.count == 0) {
        status.leases = placing->table.leases;
        status.count = placing->table.count;
    }
    bool written = dropped == 0 && placing->table.generation == status.generation;
    placing->table.generation = status.generation;
    if (!written && state_publish(placing->state, &placing->table, &placing->set, err) != 0)
        return -1;
    return publish_set(placing, &status, err);
}

int placing_withdraw(struct placing *placing, struct error *err) {
    if (state_read_table(placing->state, &placing->arena, &placing->table, err) != 0)
        return -1;
    if (placing->stands == 0)
        return 0;
    return placing->table.generation != 0
               ? publish_from_state(placing, placing->task.before_ms, err)
               : error_set(err, ERROR_PROTOCOL, "there is no state to make the set from");
}

/* Whether a round was killed, or failed, between the state and its set. */
static bool is_unplaced(const struct placing *placing) {
    return (placing->stands == 0 || placing->table.generation != placing->stands) &&
           (placing->config.secret_count == 0 ||
            (placing->table.generation != 0 &&
             strcmp(placing->table.config, placing->digest) == 0));
}

int placing_kept(struct placing *placing, const struct message_kept *kept, struct error *err) {
    const char *secret = NULL;
    uint64_t grace = placing->config.grace_ms;
    int result = 0;
    /* Where the table is damaged, status.json still tells what stands. */
    (void)state_read_table(placing->state, &placing->arena, &placing->table, err);
    error_clear(err);
    if (is_unplaced(placing))
        result =
            publish_from_state(placing, placing->now_ms > grace ? placing->now_ms - grace : 0, err);
    if (result != 0)
        return -1;
    if (kept->code == ERROR_OK)
        return tell_checked(placing, err);
    if (kept->has_position != 0 && kept->position < placing->config.secret_count)
        secret = placing->config.secrets[kept->position].name;
    return placing_tell_fault(placing, kept->code, secret, kept->detail, err);
}
