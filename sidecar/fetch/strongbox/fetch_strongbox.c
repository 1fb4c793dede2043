#include "sidecar/fetch/strongbox/fetch_strongbox.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_file.h"

/* The descriptors have no path here; messages say which of them is meant. */
#define BOX_WORD "strongbox"
#define KEY_WORD "strongbox key"

/* Points at what the configuration wants of the box. */
static int collect(const struct config *config, const struct box *box, struct secret *secrets,
                   size_t *count, size_t *fault_index, struct error *err) {
    size_t found = 0;
    for (size_t i = 0; i < config->secret_count; i++) {
        const struct config_secret *wanted = &config->secrets[i];
        if (wanted->store != STORE_STRONGBOX)
            continue;
        const struct box_entry *entry = box_find(box, wanted->path);
        if (entry == NULL || found == LIMIT_SECRETS) {
            *fault_index = i;
            return box_refuse_missing(box, wanted->path, err);
        }
        secrets[found++] =
            (struct secret){.bytes = entry->value, .length = entry->length, .index = (uint32_t)i};
    }
    *count = found;
    return 0;
}

static int fill_region(const struct secret *secrets, size_t count, uint64_t version,
                       struct region *ret, struct error *err) {
    struct region region;
    size_t size = secret_set_size(secrets, count);
    if (size == 0) {
        error_set(err, ERROR_SECRET_SIZE, "the %zu secrets of one set have more than %u bytes",
                  count, LIMIT_REGION_BYTES);
        return error_todo(err, "deliver fewer or smaller secrets in one set");
    }
    if (region_make(&region, size, err) != 0)
        return -1;
    if (secret_set_encode(&region, secrets, count, version, err) != 0) {
        region_free(&region);
        return -1;
    }
    *ret = region;
    return 0;
}

int fetch_strongbox(int box_fd, int key_fd, const struct config *config, struct region *ret,
                    uint64_t *version, size_t *fault_index, struct error *err) {
    unsigned char key[BOX_KEY_BYTES];
    struct box box;
    struct secret secrets[LIMIT_SECRETS];
    size_t count = 0;
    if (box_file_read_key(key_fd, KEY_WORD, key, err) != 0)
        return -1;
    int result = box_file_load(box_fd, BOX_WORD, key, &box, err);
    explicit_bzero(key, sizeof key);
    if (result != 0)
        return -1;
    if (collect(config, &box, secrets, &count, fault_index, err) != 0 ||
        fill_region(secrets, count, box.version, ret, err) != 0)
        result = -1;
    else
        *version = box.version;
    box_free(&box);
    return result;
}
