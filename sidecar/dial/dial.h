/* dial.h: looks a host up and connects to it. Touches resolver files and sockets,
 * nothing else. */
#ifndef ARRESTOR_DIAL_H
#define ARRESTOR_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_address;
struct error;

struct dial_request {
    const struct config_address *address;
    bool allow_http;   /* in clear text beyond loopback */
    size_t count;      /* sockets wanted, 1 … LIMIT_SOCKETS */
    int limit_ms;      /* for look-up and connection together */
    int *system_error; /* errno behind a failure, else 0 */
};

/* Connects to the first address of the host that takes a connection: attempts
 * start LIMIT_DIAL_STAGGER_MS apart, families by turns (RFC 8305). The others of
 * `count` go to the same address, and one that is not there shortly after is
 * done without. Gives how many there are, 1 … count; sockets[…] are the caller's:
 * connected, non-blocking, close-on-exec, TCP_NODELAY. -1 with
 * ERROR_STORE_ADDRESS: the name cannot be looked up
 * ERROR_STORE_UNREACHABLE: every address refuses or has no route
 * ERROR_STORE_SLOW: none answered in time
 * ERROR_STORE_TLS: http, and the host has an address beyond loopback. */
int dial_connect(const struct dial_request *request, int *sockets, struct error *err);

#endif
