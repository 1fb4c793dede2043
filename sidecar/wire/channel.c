#include "sidecar/wire/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sidecar/base/error.h"

/* Room for one descriptor more than is ever allowed, so that a second one is
 * seen and closed instead of being cut off by the kernel. */
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
};

int channel_pair(int fds[2], struct error *err) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot make a channel");
    return 0;
}

int channel_send(const struct channel *channel, const struct message *message, int fd,
                 struct error *err) {
    unsigned char bytes[MESSAGE_BYTES_MAX];
    struct iovec part = {.iov_base = bytes, .iov_len = message_encode(message, bytes)};
    union control control = {0};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof fd);
        struct cmsghdr *item = CMSG_FIRSTHDR(&header);
        *item = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(item), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(channel->fd, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)part.iov_len)
        return 0;
    return error_system(err, errno == EPIPE || errno == ECONNRESET ? ERROR_CHILD : ERROR_SYSTEM,
                        "cannot send record %s", message_name(message->type));
}

/* Takes the descriptors out of a received header: the first into *fd, every
 * further one is closed. Gives how many came. */
static int take_descriptors(struct msghdr *header, int *fd) {
    int count = 0;
    *fd = -1;
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
            continue;
        size_t fds = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < fds; i++) {
            int one;
            memcpy(&one, CMSG_DATA(item) + i * sizeof one, sizeof one);
            if (count++ == 0)
                *fd = one;
            else
                (void)close(one);
        }
    }
    return count;
}

static int check_descriptors(const struct message *message, int count, bool wanted) {
    int expected = message_descriptor(message->type);
    if (count > 1 || (count == 1 && (expected == 0 || !wanted)))
        return -1;
    return count == 0 && expected == 1 ? -1 : 0;
}

int channel_receive(const struct channel *channel, struct message *ret, int *fd,
                    struct error *err) {
    unsigned char bytes[MESSAGE_BYTES_MAX + 1];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    union control control = {0};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t length;
    do
        length = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno != ECONNRESET)
        return error_system(err, ERROR_SYSTEM, "cannot receive a record");
    int got = -1, count = length > 0 ? take_descriptors(&header, &got) : 0;
    if (length <= 0)
        return 0;
    struct message message;
    int result = -1;
    error_clear(err);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        error_set(err, ERROR_PROTOCOL, "a record is too long");
    else if (message_decode(bytes, (size_t)length, channel->peer, channel->self, &message, err) ==
             0)
        result = check_descriptors(&message, count, fd != NULL);
    if (result != 0) {
        if (got >= 0)
            (void)close(got);
        return err->code == ERROR_PROTOCOL
                   ? -1
                   : error_set(err, ERROR_PROTOCOL, "a record came with a wrong descriptor");
    }
    *ret = message;
    if (fd != NULL)
        *fd = got;
    return 1;
}

int channel_wait(const struct channel *channel, int timeout_ms, struct error *err) {
    struct pollfd item = {.fd = channel->fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&item, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready < 0 ? error_system(err, ERROR_SYSTEM, "cannot wait for a record") : ready > 0;
}
