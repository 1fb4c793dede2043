/* warden_say.h: what warden writes to standard error for people, and nothing that
 * a store has sent. Each is one line, or one line and what to do. */
#ifndef ARRESTOR_WARDEN_SAY_H
#define ARRESTOR_WARDEN_SAY_H

#include <stdint.h>

#include "sidecar/config/config.h"
#include "sidecar/warden/plan.h"
#include "sidecar/wire/message.h"

/* What in the configuration works but may surprise. */
void warden_say_lint(const struct config *config);

/* How a round ended, where people should hear of it (`note`); `address` is the one
 * that was asked. After plan_on_ended. */
void warden_say_ended(const struct config *config, const struct plan *plan, enum plan_note note,
                      const struct message_result *result, uint32_t address);

/* Files whose secrets have expired are taken out of the set, or could not be. */
void warden_say_withdrawn(const struct plan *plan, const struct message_result *result);

/* No first set; `waited`: it was tried for so long. */
void warden_say_given_up(const struct plan *plan, uint64_t waited_ms);

#endif
