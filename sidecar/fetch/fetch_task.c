#include "sidecar/fetch/fetch_task.h"

#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/wire/message.h"

static void read_leases(enum role role, struct arena *arena, struct lease_table *ret) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct error ignored;
    int fd = role_slot(role, SLOT_LEASES);
    if (fd < 0 || file_read(fd, "leases", &text, &ignored) != 0 ||
        lease_table_parse(text.data, text.length, arena, ret, &ignored) != 0)
        *ret = (struct lease_table){.count = 0};
    buffer_free(&text);
}

/* The address of the round, or NULL where no store over the network is used. */
static int find_address(const struct config *config, const struct message_round *round,
                        const struct config_address **ret, struct error *err) {
    bool used = (config_stores(config) & 1u << STORE_VAULT) != 0;
    if (used && round->address >= config->vault.address_count)
        return error_set(err, ERROR_PROTOCOL, "the store has no address of this number");
    *ret = used ? &config->vault.addresses[round->address] : NULL;
    return 0;
}

static void fill_slots(enum role role, struct store_task *task) {
    const struct {
        int *to;
        enum slot slot;
    } slots[] = {
        {&task->box, SLOT_BOX},
        {&task->key, SLOT_KEY},
        {&task->passphrase, SLOT_PASSPHRASE},
        {&task->dial, SLOT_DIAL},
        {&task->ca, SLOT_CA},
        {&task->token, SLOT_TOKEN},
        {&task->role_id, SLOT_ROLE_ID},
        {&task->secret_id, SLOT_SECRET_ID},
        {&task->session, SLOT_SESSION},
    };
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        *slots[i].to = role_slot(role, slots[i].slot);
}

int fetch_task_read(enum role role, const struct message_round *round, struct arena *arena,
                    struct fetch_inputs *inputs, struct store_task *task, struct error *err) {
    if (config_load(role_slot(role, SLOT_CONFIG), "arrestor.yaml", arena, &inputs->config, err) !=
            0 ||
        config_load_environment(role_slot(role, SLOT_STORE_ENV), arena, &inputs->config, err) != 0)
        return -1;
    *task = (struct store_task){.config = &inputs->config,
                                .before = &inputs->before,
                                .round = round->round,
                                .flags = round->flags,
                                .revoke = round->task == TASK_REVOKE,
                                .wall_ms = clock_wall_ms()};
    read_leases(role, arena, &inputs->before);
    fill_slots(role, task);
    return find_address(&inputs->config, round, &task->address, err);
}
