#include "tests/torture/weak_landlock.h"

#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE_VERSION 1u
#define FIRST_SIZE     8u    /* of the attributes in the first version */
#define LARGEST_SIZE   4096u /* a page: more is E2BIG in every version */

/* What each version knows (linux/landlock.h): the size of the attributes, and the
 * rights in each of their three words: files, network, scopes. */
static const struct version {
    size_t size;
    uint64_t known[3];
} versions[LANDLOCK_ABIS + 1] = {
    [1] = {8, {(1u << 13) - 1}},     [2] = {8, {(1u << 14) - 1}},
    [3] = {8, {(1u << 15) - 1}},     [4] = {16, {(1u << 15) - 1, 3}},
    [5] = {16, {(1u << 16) - 1, 3}}, [6] = {24, {(1u << 16) - 1, 3, 3}},
};

/* Reads what the caller passes; -1 where its memory is closed to us. */
static int read_attributes(const struct seccomp_notif *call, unsigned char *bytes, size_t size) {
    struct iovec ours = {bytes, size}, theirs = {(void *)(uintptr_t)call->data.args[0], size};
    return process_vm_readv((pid_t)call->pid, &ours, 1, &theirs, 1, 0) == (ssize_t)size ? 0 : -1;
}

/* As the kernel's copy_struct_from_user: what it does not know must be zero. */
static int judge_attributes(const struct version *version, const unsigned char *bytes,
                            size_t size) {
    for (size_t i = version->size; i < size; i++)
        if (bytes[i] != 0)
            return -E2BIG;
    uint64_t words[3] = {0};
    memcpy(words, bytes, size < version->size ? size : version->size);
    for (int i = 0; i < 3; i++)
        if ((words[i] & ~version->known[i]) != 0)
            return -EINVAL;
    return 0;
}

/* The older kernel's answer: above 0 the version, below 0 an error, 0: goes on. */
static int64_t answer(int abi, const struct seccomp_notif *call) {
    unsigned char bytes[LARGEST_SIZE];
    uint64_t attributes = call->data.args[0], size = call->data.args[1], flags = call->data.args[2];
    if ((uint32_t)flags != 0)
        return (uint32_t)flags == CREATE_VERSION && attributes == 0 && size == 0 ? abi : -EINVAL;
    if (size < FIRST_SIZE)
        return -EINVAL;
    if (size > sizeof bytes)
        return -E2BIG;
    if (read_attributes(call, bytes, size) == 0)
        return judge_attributes(&versions[abi], bytes, size);
    (void)fputs("weak: the attributes of a Landlock ruleset cannot be read: run it as root\n",
                stderr);
    return -EIO;
}

static void serve(int listener, int abi) {
    struct seccomp_notif *call;
    struct seccomp_notif_resp *response;
    struct pollfd item = {.fd = listener, .events = POLLIN};
    if (seccomp_notify_alloc(&call, &response) != 0)
        return;
    for (;;) {
        if (poll(&item, 1, -1) < 0 && errno != EINTR)
            return;
        if ((item.revents & POLLIN) == 0 && (item.revents & POLLHUP) != 0)
            return; /* nobody is left */
        memset(call, 0, sizeof *call);
        if ((item.revents & POLLIN) == 0 || seccomp_notify_receive(listener, call) != 0)
            continue;
        int64_t told = answer(abi, call);
        memset(response, 0, sizeof *response);
        response->id = call->id;
        response->val = told > 0 ? told : 0;
        response->error = told < 0 ? (int)told : 0;
        response->flags = told == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
        (void)seccomp_notify_respond(listener, response);
    }
}

static int take_listener(int socket) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {{0}};
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int listener = -1;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    return listener;
}

/* Neither the terminal nor a pipe of the caller's may wait for it. */
static void supervise(int socket, int abi) {
    (void)setsid();
    if (fork() != 0)
        _exit(0);
    int listener = take_listener(socket);
    (void)close(socket);
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    if (listener >= 0)
        serve(listener, abi);
    _exit(0);
}

int landlock_supervise(int abi) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        supervise(pair[1], abi);
    }
    (void)close(pair[1]);
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? pair[0] : -1;
}

int landlock_hand_over(int socket, int listener) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {{0}};
    char byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof listener)};
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    int result = sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
    (void)close(socket);
    (void)close(listener);
    return result;
}
