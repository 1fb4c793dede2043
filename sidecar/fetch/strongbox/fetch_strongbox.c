#include "sidecar/fetch/strongbox/fetch_strongbox.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_file.h"

/* The descriptors have no path here; messages say which of them is meant. */
#define BOX_WORD "strongbox"
#define KEY_WORD "strongbox key"

static bool is_ours(const struct config_secret *secret) {
    return secret->store == STORE_STRONGBOX;
}

/* Whether every wanted secret is there, before anything is taken. */
static int look_for_all(const struct store_task *task, const struct box *box,
                        struct store_fault *fault, struct error *err) {
    for (size_t i = 0; i < task->config->secret_count; i++) {
        const struct config_secret *wanted = &task->config->secrets[i];
        if (!is_ours(wanted) || box_find(box, wanted->path) != NULL)
            continue;
        fault->position = i;
        return box_refuse_missing(box, wanted->path, err);
    }
    return 0;
}

static int take_one(const struct store_task *task, const struct box *box, size_t position,
                    struct harvest *harvest, struct error *err) {
    const struct box_entry *entry = box_find(box, task->config->secrets[position].path);
    unsigned char *copy = secret_alloc(entry->length);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a value of %zu bytes", entry->length);
    memcpy(copy, entry->value, entry->length);
    harvest_put(harvest, task, position, copy, entry->length, box->version, 0);
    return 0;
}

static int take_all(const struct store_task *task, const struct box *box, struct harvest *harvest,
                    struct store_fault *fault, struct error *err) {
    if (look_for_all(task, box, fault, err) != 0)
        return -1;
    for (size_t i = 0; i < task->config->secret_count; i++)
        if (is_ours(&task->config->secrets[i]) && take_one(task, box, i, harvest, err) != 0)
            return -1;
    harvest->box_version = box->version;
    return 0;
}

int fetch_strongbox(const struct store_task *task, struct harvest *harvest,
                    struct store_fault *fault, struct error *err) {
    struct box box;
    if (task->revoke)
        return 0;
    if (box_file_load_with(task->box, BOX_WORD, task->key, KEY_WORD, task->passphrase, &box, err) !=
        0)
        return -1;
    int result = take_all(task, &box, harvest, fault, err);
    box_free(&box);
    return result;
}
