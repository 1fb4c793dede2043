/* setup.h: what monitor must know of arrestor.yaml, as one record. Pure. */
#ifndef ARRESTOR_WARDEN_SETUP_H
#define ARRESTOR_WARDEN_SETUP_H

#include "sidecar/config/config.h"
#include "sidecar/wire/message.h"

struct error;

/* Fills *ret from a checked configuration. A name in `require:` that is no
 * protection is ERROR_CONFIG with the nearest one; a text that does not fit its
 * record is ERROR_CONFIG too. 0 or -1. */
int setup_fill(const struct config *config, struct message_setup *ret, struct error *err);

#endif
