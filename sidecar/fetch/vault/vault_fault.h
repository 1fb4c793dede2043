/* vault_fault.h: an answer that is none of what was hoped for, as a fault. Pure. */
#ifndef ARRESTOR_VAULT_FAULT_H
#define ARRESTOR_VAULT_FAULT_H

#include "sidecar/fetch/store/store.h"
#include "sidecar/fetch/vault/vault_answer.h"

/* Why no answer came, else what its status means. */
enum error_code vault_fault_code(const struct vault_answer *answer);

/* Fills err with the code, and *fault with status (or verdict of the certificate)
 * and redirect, not its position. Always -1. */
int vault_fault_set(struct store_fault *fault, enum error_code code,
                    const struct vault_answer *answer, struct error *err);

#endif
