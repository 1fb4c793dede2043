#include "sidecar/fetch/vault/vault_sockets.h"

#include <string.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"

/* Dial bounds itself (a look-up may take longer than LIMIT_DIAL_MS); this is for
 * one that hangs, and leaves time to say so. */
#define PATIENCE_MS (LIMIT_ROUND_MS / 2)

void vault_sockets_make(struct vault_sockets *sockets, int fd, uint32_t round) {
    *sockets = (struct vault_sockets){.dial = {.fd = fd, .self = PARTY_FETCH, .peer = PARTY_DIAL},
                                      .round = round};
}

/* Why dial gives none; it may say only what a store can suffer. */
static int refuse(const struct message_dialed *dialed, struct error *err) {
    enum error_code code = dialed->code > ERROR_OK && dialed->code < ERROR_CODES
                               ? (enum error_code)dialed->code
                               : ERROR_PROTOCOL;
    return error_set(err, code, "dial: %s", error_text(code));
}

/* Takes one record. 0: taken or at its end; -1: there will be no socket. */
static int receive(struct vault_sockets *sockets, struct error *err) {
    struct message message;
    int fd = -1;
    int got = channel_receive(&sockets->dial, &message, &fd, err);
    if (got == 0)
        sockets->ended = true;
    if (got <= 0)
        return got;
    const struct message_dialed *dialed = &message.body.dialed;
    if (message.type == MESSAGE_DIALED && dialed->round == sockets->round &&
        dialed->code == ERROR_OK && fd >= 0) {
        sockets->fds[sockets->count++] = fd;
        return 0;
    }
    sockets->ended = true;
    if (fd >= 0)
        (void)close(fd);
    return sockets->count > 0 ? 0 : refuse(dialed, err);
}

int vault_sockets_wait(struct vault_sockets *sockets, size_t wanted, struct error *err) {
    uint64_t deadline = clock_now_ms() + PATIENCE_MS;
    if (sockets->dial.fd < 0)
        sockets->ended = true;
    while (sockets->count < wanted && sockets->count < LIMIT_SOCKETS && !sockets->ended) {
        uint64_t now = clock_now_ms();
        int ready = now < deadline ? channel_wait(&sockets->dial, (int)(deadline - now), err) : 0;
        if (ready < 0 || (ready > 0 && receive(sockets, err) != 0))
            return -1;
        if (ready == 0)
            break;
    }
    if (sockets->count > 0)
        return 0;
    return sockets->ended ? error_set(err, ERROR_CHILD, "dial has ended without a word")
                          : error_set(err, ERROR_STORE_SLOW, "dial takes too long");
}

int vault_sockets_take(struct vault_sockets *sockets) {
    return sockets->taken < sockets->count ? sockets->fds[sockets->taken++] : -1;
}

void vault_sockets_close(struct vault_sockets *sockets) {
    for (int fd = vault_sockets_take(sockets); fd >= 0; fd = vault_sockets_take(sockets))
        (void)close(fd);
}
