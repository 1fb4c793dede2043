#include "sidecar/place/state.h"

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/place/publish.h"

#define LEASES_BYTES 256

int state_publish(int directory, uint64_t generation, const struct secret_set *set,
                  struct error *err) {
    struct buffer leases = buffer_make(LEASES_BYTES);
    buffer_printf(&leases, "{\"format\":1,\"generation\":%llu,\"strongbox\":{\"version\":%llu}}\n",
                  (unsigned long long)generation, (unsigned long long)set->version);
    if (buffer_status(&leases) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for the lease table");
    struct publish_item items[] = {
        {.name = "leases", .bytes = (const unsigned char *)leases.data, .length = leases.length},
        {.name = "values", .bytes = set->copy, .length = secret_set_size(set->secrets, set->count)},
    };
    int result = publish_generation(directory, generation, items, 2, 0400, err);
    buffer_free(&leases);
    return result;
}
