/* Claim 29: fetch-net reaches nobody but whom dial has connected it with: on the
 * sockets that it is given it can speak, but not go elsewhere, and it can make none.
 * Tried with everything in force, and again without Landlock: the filter alone holds. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/older.h"
#include "selftest/role.h"

/* A socket that the role has, and where it shall not come. */
struct way_out {
    int fd;
    struct sockaddr_in to;
};

static long go(const struct way_out *out) {
    return connect(out->fd, (const struct sockaddr *)&out->to, sizeof out->to);
}

static long connect_there(const void *context) {
    return go(context);
}

/* AF_UNSPEC takes a connection away; the socket would be free for the next. */
static long connect_anew(const void *context) {
    const struct way_out *out = context;
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(out->fd, &nowhere, sizeof nowhere);
    return go(out);
}

static long connect_own(const void *context) {
    struct way_out own = *(const struct way_out *)context;
    own.fd = socket(AF_INET, SOCK_STREAM, 0);
    return own.fd < 0 ? -1 : go(&own);
}

static long send_there(const void *context) {
    const struct way_out *out = context;
    return sendto(out->fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&out->to,
                  sizeof out->to);
}

static long send_own(const void *context) {
    struct way_out own = *(const struct way_out *)context;
    own.fd = socket(AF_INET, SOCK_DGRAM, 0);
    return own.fd < 0 ? -1 : send_there(&own);
}

static long message_there(const void *context) {
    struct way_out out = *(const struct way_out *)context;
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_name = &out.to, .msg_namelen = sizeof out.to, .msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(out.fd, &message, MSG_FASTOPEN | MSG_NOSIGNAL);
}

/* FRESH: not connected at all, as dial never hands one over. */
enum kind { CONNECTED, HUNG_UP, FRESH, KINDS };

static const struct way {
    const char *what;
    long (*act)(const void *context);
    bool fresh; /* also with a socket that is not connected */
} ways[] = {
    {"connect", connect_there, true},
    {"connect after AF_UNSPEC", connect_anew, true},
    {"a socket of its own", connect_own, true},
    {"sendto with an address", send_there, true},
    {"a datagram", send_own, true},
    {"sendmsg with an address", message_there, false},
};
#define WAYS (sizeof ways / sizeof *ways)

static int make_socket(enum kind kind, const struct sockaddr_in *store, int listener) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    claim_need(fd >= 0, "make a socket");
    if (kind == FRESH)
        return fd;
    claim_need(connect(fd, (const struct sockaddr *)store, sizeof *store) == 0, "connect");
    int other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    claim_need(other >= 0, "accept a connection");
    struct pollfd item = {.fd = fd, .events = POLLIN};
    if (kind == HUNG_UP)
        claim_need(close(other) == 0 && poll(&item, 1, 1000) == 1, "hang up");
    return fd;
}

struct ground {
    struct sockaddr_in store, elsewhere;
    int store_listener, listener, datagrams;
};

static bool was_reached(const struct ground *ground, int limit_ms) {
    struct pollfd items[] = {{.fd = ground->listener, .events = POLLIN},
                             {.fd = ground->datagrams, .events = POLLIN}};
    return poll(items, 2, limit_ms) != 0;
}

static void try_ways(const struct ground *ground, const char *when) {
    for (size_t i = 0; i < WAYS; i++)
        for (enum kind kind = CONNECTED; kind < KINDS; kind++) {
            if (kind == FRESH && !ways[i].fresh)
                continue;
            struct way_out out = {make_socket(kind, &ground->store, ground->store_listener),
                                  ground->elsewhere};
            (void)role_try(ROLE_FETCH_NET, NULL, 0, ways[i].act, &out);
            if (was_reached(ground, 0))
                claim_off("fetch-net reaches another address by %s%s", ways[i].what, when);
            (void)close(out.fd);
        }
    if (was_reached(ground, 50))
        claim_off("fetch-net reaches another address%s", when);
}

static long speak(const void *context) {
    const struct way_out *out = context;
    return send(out->fd, "x", 1, MSG_NOSIGNAL);
}

/* What must go through, or nothing would be proved. */
static void check_ground(const struct ground *ground) {
    struct way_out out = {make_socket(CONNECTED, &ground->store, ground->store_listener),
                          ground->elsewhere};
    char byte;
    struct attempt attempt = role_try(ROLE_FETCH_NET, NULL, 0, speak, &out);
    if (attempt.signal != 0 || attempt.result != 1)
        claim_broken("fetch-net cannot speak on a socket that it is given");
    if (connect_anew(&out) != 0 || !was_reached(ground, 1000))
        claim_broken("a connected socket cannot be connected anew here");
    int fd = accept4(ground->listener, NULL, NULL, SOCK_CLOEXEC);
    claim_need(fd >= 0 && close(fd) == 0 && close(out.fd) == 0, "end a connection");
    if (send_own(&out) != 1 || !was_reached(ground, 1000) ||
        recv(ground->datagrams, &byte, 1, 0) != 1)
        claim_broken("no datagram comes through here");
}

static struct ground make_ground(void) {
    struct ground ground;
    ground.store_listener = claim_listen(&ground.store);
    ground.listener = claim_listen(&ground.elsewhere);
    ground.datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    claim_need(ground.datagrams >= 0 &&
                   bind(ground.datagrams, (const struct sockaddr *)&ground.elsewhere,
                        sizeof ground.elsewhere) == 0,
               "take the port for datagrams too");
    return ground;
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    struct ground ground = make_ground();
    check_ground(&ground);
    try_ways(&ground, "");
    older_become(OLDER_LANDLOCK);
    try_ways(&ground, " where the kernel has no Landlock");
    claim_settle("%zu ways to another address, on sockets that were connected, hung up or fresh: "
                 "nothing arrived there, nor where the kernel has no Landlock",
                 WAYS);
}
