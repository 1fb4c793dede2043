/* vault_sockets.h: the connected sockets that dial hands over. */
#ifndef ARRESTOR_VAULT_SOCKETS_H
#define ARRESTOR_VAULT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"
#include "sidecar/wire/channel.h"

struct error;

struct vault_sockets {
    struct channel dial;
    uint32_t round;
    int fds[LIMIT_SOCKETS];
    size_t count, taken; /* received; given out */
    bool ended;          /* dial has no more */
};

/* Nothing received yet; `fd` is the channel to dial, or -1. */
void vault_sockets_make(struct vault_sockets *sockets, int fd, uint32_t round);

/* Waits until `wanted` (at most LIMIT_SOCKETS) were received, dial has ended, or
 * dial's own time is over. 0 where at least one is there; else -1 with the code
 * that dial gave (STORE_ADDRESS, STORE_UNREACHABLE, STORE_SLOW …), ERROR_CHILD
 * where it ended without a word, or ERROR_PROTOCOL. */
int vault_sockets_wait(struct vault_sockets *sockets, size_t wanted, struct error *err);

/* The next socket, which is then the caller's, or -1. */
int vault_sockets_take(struct vault_sockets *sockets);

/* Closes what nobody took. */
void vault_sockets_close(struct vault_sockets *sockets);

#endif
