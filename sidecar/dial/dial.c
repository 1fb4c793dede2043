#include "sidecar/dial/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"

/* Where an attempt goes. */
struct target {
    int family;
    struct sockaddr_storage address;
    socklen_t length;
};

struct targets {
    struct target list[LIMIT_DIAL_TARGETS];
    size_t count;
};

/* What became of the attempts. */
struct race {
    struct pollfd attempts[LIMIT_DIAL_TARGETS];
    size_t of_target[LIMIT_DIAL_TARGETS]; /* which target an attempt goes to */
    size_t started, open;
    int failure; /* errno of the last that failed */
};

static uint64_t time_left(uint64_t deadline) {
    uint64_t now = clock_now_ms();
    return now < deadline ? deadline - now : 0;
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
}

/* Takes the next address of this family, from *from on. */
static bool take_next(const struct addrinfo **from, int family, struct targets *ret) {
    const struct addrinfo *info = *from;
    while (info != NULL &&
           (info->ai_family != family || info->ai_addrlen > sizeof ret->list->address))
        info = info->ai_next;
    *from = info == NULL ? NULL : info->ai_next;
    if (info == NULL || ret->count == LIMIT_DIAL_TARGETS)
        return false;
    struct target *target = &ret->list[ret->count++];
    target->family = info->ai_family;
    target->length = info->ai_addrlen;
    memcpy(&target->address, info->ai_addr, info->ai_addrlen);
    return true;
}

/* The resolver's order, but with the families by turns, so that one that leads
 * nowhere costs one stagger and not all the time there is. */
static void order_targets(const struct addrinfo *found, struct targets *ret) {
    int first = found->ai_family, second = first == AF_INET ? AF_INET6 : AF_INET;
    const struct addrinfo *firsts = found, *seconds = found;
    bool more = true;
    while (more) {
        bool one = take_next(&firsts, first, ret);
        more = take_next(&seconds, second, ret) || one;
    }
}

static int look_up(const struct dial_request *request, struct addrinfo **ret, struct error *err) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    const struct config_address *address = request->address;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    int result = getaddrinfo(address->host, port, &hints, ret);
    if (result == EAI_NONAME) {
        hints.ai_flags = AI_NUMERICSERV;
        result = getaddrinfo(address->host, port, &hints, ret);
    }
    if (result == 0)
        return 0;
    *request->system_error = result == EAI_SYSTEM ? errno : 0;
    return error_set(err, ERROR_STORE_ADDRESS, "%s: %s", address->host, gai_strerror(result));
}

static int find_targets(const struct dial_request *request, struct targets *ret,
                        struct error *err) {
    struct addrinfo *found = NULL;
    bool clear = !request->address->tls && !request->allow_http;
    int result = 0;
    if (look_up(request, &found, err) != 0)
        return -1;
    order_targets(found, ret);
    freeaddrinfo(found);
    for (size_t i = 0; i < ret->count && clear && result == 0; i++)
        if (!is_loopback((const struct sockaddr *)&ret->list[i].address))
            result = error_set(err, ERROR_STORE_TLS, "http would leave this host");
    if (result == 0 && ret->count == 0)
        result = error_set(err, ERROR_STORE_ADDRESS, "%s has no address", request->address->host);
    return result;
}

/* A socket on its way to target, or -1 with errno. */
static int start_attempt(const struct target *target) {
    int fd = socket(target->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&target->address, target->length) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int failure = errno;
    (void)close(fd);
    errno = failure;
    return -1;
}

/* TCP may connect a socket to itself where nobody listens on a port from which
 * the kernel also takes its own (simultaneous open, RFC 9293 §3.5). */
static bool is_itself(int fd) {
    struct sockaddr_storage here = {0}, there = {0};
    socklen_t here_length = sizeof here, there_length = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_length) == 0 &&
           here_length == there_length && memcmp(&here, &there, here_length) == 0;
}

/* errno of an attempt that poll has told of; 0: it is connected. */
static int outcome_of(int fd) {
    int failure = 0;
    socklen_t length = sizeof failure;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
        return errno;
    return failure == 0 && is_itself(fd) ? ECONNREFUSED : failure;
}

static void start_next(struct race *race, const struct targets *targets) {
    size_t target = race->started++;
    int fd = start_attempt(&targets->list[target]);
    if (fd < 0) {
        race->failure = errno;
        return;
    }
    race->of_target[race->open] = target;
    race->attempts[race->open++] = (struct pollfd){.fd = fd, .events = POLLOUT};
}

/* Index of an attempt that is connected, else -1. Those that failed are closed. */
static int settle_attempts(struct race *race) {
    for (size_t i = 0; i < race->open;) {
        struct pollfd *attempt = &race->attempts[i];
        int failure = attempt->revents == 0 ? EINPROGRESS : outcome_of(attempt->fd);
        if (failure == 0)
            return (int)i;
        if (failure == EINPROGRESS) {
            i++;
            continue;
        }
        race->failure = failure;
        (void)close(attempt->fd);
        race->open--;
        race->attempts[i] = race->attempts[race->open];
        race->of_target[i] = race->of_target[race->open];
    }
    return -1;
}

/* Runs until one attempt is connected, all have failed, or time is over. */
static int run_race(struct race *race, const struct targets *targets, uint64_t deadline) {
    int winner = -1;
    while (winner < 0 && time_left(deadline) > 0) {
        if (race->started < targets->count)
            start_next(race, targets);
        else if (race->open == 0)
            break;
        uint64_t pause = time_left(deadline);
        if (race->started < targets->count && pause > LIMIT_DIAL_STAGGER_MS)
            pause = race->open == 0 ? 0 : LIMIT_DIAL_STAGGER_MS;
        if (poll(race->attempts, race->open, (int)pause) > 0)
            winner = settle_attempts(race);
    }
    return winner;
}

static int say_failure(const struct dial_request *request, const struct race *race,
                       struct error *err) {
    const struct config_address *address = request->address;
    bool slow = race->open > 0 || race->failure == 0 || race->failure == ETIMEDOUT;
    *request->system_error = slow ? ETIMEDOUT : race->failure;
    return error_set(err, slow ? ERROR_STORE_SLOW : ERROR_STORE_UNREACHABLE, "%s port %u: %s",
                     address->host, (unsigned)address->port, strerror(*request->system_error));
}

/* The first socket; its target goes to *target. */
static int connect_first(const struct dial_request *request, const struct targets *targets,
                         uint64_t deadline, size_t *target, struct error *err) {
    struct race race = {0};
    int winner = run_race(&race, targets, deadline), fd = -1;
    if (winner < 0)
        (void)say_failure(request, &race, err);
    for (size_t i = 0; i < race.open; i++)
        if ((int)i != winner)
            (void)close(race.attempts[i].fd);
    if (winner >= 0) {
        fd = race.attempts[winner].fd;
        *target = race.of_target[winner];
    }
    return fd;
}

/* Up to count further sockets, all started at once. Gives how many there are. */
static size_t connect_more(const struct target *target, size_t count, uint64_t deadline,
                           int *sockets) {
    struct pollfd pending[LIMIT_SOCKETS];
    size_t open = 0, done = 0;
    for (; open < count; open++) {
        int fd = start_attempt(target);
        if (fd < 0)
            break;
        pending[open] = (struct pollfd){.fd = fd, .events = POLLOUT};
    }
    while (open > 0 && poll(pending, open, (int)time_left(deadline)) > 0)
        for (size_t i = open; i-- > 0;) {
            if (pending[i].revents == 0)
                continue;
            if (outcome_of(pending[i].fd) == 0)
                sockets[done++] = pending[i].fd;
            else
                (void)close(pending[i].fd);
            pending[i] = pending[--open];
        }
    for (size_t i = 0; i < open; i++)
        (void)close(pending[i].fd);
    return done;
}

int dial_connect(const struct dial_request *request, int *sockets, struct error *err) {
    uint64_t deadline = clock_now_ms() + (uint64_t)request->limit_ms;
    struct targets targets = {.count = 0};
    size_t target = 0;
    *request->system_error = 0;
    if (find_targets(request, &targets, err) != 0)
        return -1;
    int first = connect_first(request, &targets, deadline, &target, err);
    if (first < 0)
        return -1;
    sockets[0] = first;
    size_t wanted = request->count < LIMIT_SOCKETS ? request->count : LIMIT_SOCKETS;
    uint64_t shortly = clock_now_ms() + LIMIT_DIAL_STAGGER_MS;
    size_t more = wanted < 2 ? 0
                             : connect_more(&targets.list[target], wanted - 1,
                                            shortly < deadline ? shortly : deadline, sockets + 1);
    return (int)(1 + more);
}
