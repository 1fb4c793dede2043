#include "sidecar/fetch/vault/vault_fault.h"

#include <string.h>

enum error_code vault_fault_code(const struct vault_answer *answer) {
    return answer->code != ERROR_OK ? answer->code : vault_status_code(answer->status);
}

int vault_fault_set(struct store_fault *fault, enum error_code code,
                    const struct vault_answer *answer, struct error *err) {
    fault->detail = answer->code != ERROR_OK ? answer->detail : answer->status;
    memcpy(fault->location, answer->location, sizeof fault->location);
    return error_set(err, code, "detail %u", (unsigned)fault->detail);
}
