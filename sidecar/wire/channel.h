/* channel.h: a SEQPACKET pair between monitor and one role (or fetch and place). */
#ifndef ARRESTOR_WIRE_CHANNEL_H
#define ARRESTOR_WIRE_CHANNEL_H

#include "sidecar/wire/message.h"

struct channel {
    int fd;
    enum party self, peer;
};

/* A connected pair, close-on-exec. 0, or -1 with ERROR_SYSTEM. */
int channel_pair(int fds[2], struct error *err);

/* Sends one record, with descriptor fd or -1. Does not close fd. 0, or -1 with
 * ERROR_CHILD (the peer is gone) or ERROR_SYSTEM. */
int channel_send(const struct channel *channel, const struct message *message, int fd,
                 struct error *err);

/* Receives one record. A descriptor that came along is *fd (close-on-exec), else
 * -1; one that the type does not carry, or a missing one, is ERROR_PROTOCOL and
 * closed. fd NULL: none is wanted. 1: a record; 0: the peer has closed; -1. */
int channel_receive(const struct channel *channel, struct message *ret, int *fd, struct error *err);

/* Waits until a record can be read or timeout_ms are over (-1: for ever).
 * 1 readable or closed, 0 time is over, -1 with ERROR_SYSTEM. */
int channel_wait(const struct channel *channel, int timeout_ms, struct error *err);

#endif
