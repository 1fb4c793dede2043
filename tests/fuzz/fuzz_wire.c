/* Records between processes: only what is whole, of its size, from the right side
 * and with texts that end is taken; what is taken is what was sent. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sidecar/wire/channel.h"
#include "sidecar/wire/launch_words.h"
#include "tests/fuzz/fuzz.h"

#define HEAD_BYTES (4 * sizeof(uint32_t))
#define WORDS      20

static void check_text(const char *text, size_t size) {
    HOLDS(memchr(text, '\0', size) != NULL);
}
#define CHECK_TEXT(field) check_text(field, sizeof(field))

static void check_setup(const struct message_setup *setup) {
    CHECK_TEXT(setup->dir);
    CHECK_TEXT(setup->state);
    CHECK_TEXT(setup->box);
    CHECK_TEXT(setup->key);
    CHECK_TEXT(setup->ca);
    CHECK_TEXT(setup->token);
    CHECK_TEXT(setup->role_id);
    CHECK_TEXT(setup->secret_id);
    CHECK_TEXT(setup->user);
    CHECK_TEXT(setup->job_user);
    CHECK_TEXT(setup->keep_env);
}

/* Monitor execs what a verdict names: the caller's words and no others. */
static void check_verdict(const struct message_verdict *verdict) {
    char *argv[WORDS + 1] = {0}, word[] = "word";
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    CHECK_TEXT(verdict->rules);
    for (size_t i = 0; i < WORDS; i++)
        argv[i] = word;
    if (launch_words_fit(verdict, WORDS)) {
        char **words = launch_words(verdict, argv, WORDS, &arena);
        size_t count = 0, changed = 0;
        HOLDS(words != NULL && words[0] == word);
        for (; words[count] != NULL; count++)
            changed += words[count] != word;
        HOLDS(count == WORDS + (verdict->insert != 0 ? 2 : 0));
        HOLDS(changed <= verdict->properties_argument + (verdict->insert != 0 ? 2u : 0u));
    }
    arena_free(&arena);
}

static void check_texts(const struct message *message) {
    switch (message->type) {
    case MESSAGE_SETUP:
        check_setup(&message->body.setup);
        break;
    case MESSAGE_RESULT:
    case MESSAGE_ENDED:
        CHECK_TEXT(message->body.result.location);
        break;
    case MESSAGE_COLLISION:
        CHECK_TEXT(message->body.collision.name);
        break;
    case MESSAGE_LAUNCH:
        CHECK_TEXT(message->body.launch.program);
        CHECK_TEXT(message->body.launch.directory);
        break;
    case MESSAGE_VERDICT:
        check_verdict(&message->body.verdict);
        break;
    case MESSAGE_WIPE:
        for (size_t i = 0; i < 3; i++)
            CHECK_TEXT(message->body.wipe.name[i]);
        break;
    default:
        break;
    }
}

/* 0 and the record, or -1. */
static int try_decode(const unsigned char *bytes, size_t length, enum party from, enum party to,
                      struct message *message) {
    unsigned char again[MESSAGE_BYTES_MAX];
    struct message untouched;
    struct error err;
    memset(message, 0x5a, sizeof *message);
    memset(&untouched, 0x5a, sizeof untouched);
    if (message_decode(bytes, length, from, to, message, &err) != 0) {
        HOLDS(err.code == ERROR_PROTOCOL);
        fuzz_check_silent(&err);
        HOLDS(memcmp(message, &untouched, sizeof untouched) == 0);
        return -1;
    }
    HOLDS(message->type < MESSAGES && from != to);
    HOLDS(message_encode(message, again) == length && memcmp(again, bytes, length) == 0);
    HOLDS(message_name(message->type)[0] != '\0');
    check_texts(message);
    return 0;
}

static void send_raw(int fd, const unsigned char *bytes, size_t length, size_t descriptors) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = {0};
    const int fds[3] = {0, 0, 0};
    struct iovec part = {.iov_len = length};
    memcpy(&part.iov_base, &bytes, sizeof bytes);
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptors > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        struct cmsghdr *item = CMSG_FIRSTHDR(&header);
        *item = (struct cmsghdr){.cmsg_len = CMSG_LEN(descriptors * sizeof(int)),
                                 .cmsg_level = SOL_SOCKET,
                                 .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(item), fds, descriptors * sizeof(int));
    }
    HOLDS(sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)length);
}

/* How many descriptors are open: the same before and after where nothing leaks. */
static int count_descriptors(void) {
    struct pollfd items[64];
    int count = 0;
    for (int i = 0; i < 64; i++)
        items[i] = (struct pollfd){.fd = i};
    HOLDS(poll(items, 64, 0) >= 0);
    for (int i = 0; i < 64; i++)
        count += (items[i].revents & POLLNVAL) == 0;
    return count;
}

/* As one datagram over a real channel; it and the decoder are of one mind. */
static void try_channel(const unsigned char *bytes, size_t length, enum party from, enum party to,
                        size_t descriptors, bool wanted) {
    struct message message, other;
    struct error err;
    int fds[2], fd = 77, before = count_descriptors();
    bool sound = try_decode(bytes, length, from, to, &message) == 0;
    int carries = sound ? message_descriptor(message.type) : 0;
    bool fits = descriptors == 0 ? carries != 1 : descriptors == 1 && carries != 0 && wanted;
    HOLDS(channel_pair(fds, &err) == 0);
    struct channel channel = {.fd = fds[0], .self = to, .peer = from};
    send_raw(fds[1], bytes, length, descriptors);
    error_clear(&err);
    int result = channel_receive(&channel, &other, wanted ? &fd : NULL, &err);
    HOLDS(length > 0 ? result == (sound && fits ? 1 : -1) : result == 0);
    if (result == 1) {
        HOLDS(other.type == message.type && (!wanted || (fd >= 0) == (descriptors == 1)));
        if (wanted && fd >= 0)
            (void)close(fd);
    } else if (result < 0) {
        HOLDS(err.code == ERROR_PROTOCOL && fd == 77);
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
    HOLDS(count_descriptors() == before);
}

/* What is sent by one end is what the other receives. */
static void try_send(const struct message *message, enum party from, enum party to) {
    struct message other;
    struct error err;
    int fds[2], fd = -1, before = count_descriptors();
    bool carries = message_descriptor(message->type) != 0;
    HOLDS(channel_pair(fds, &err) == 0);
    struct channel here = {.fd = fds[0], .self = from, .peer = to};
    struct channel there = {.fd = fds[1], .self = to, .peer = from};
    HOLDS(channel_send(&here, message, carries ? 0 : -1, &err) == 0);
    HOLDS(channel_wait(&there, 0, &err) == 1);
    HOLDS(channel_receive(&there, &other, &fd, &err) == 1 && (fd >= 0) == carries);
    unsigned char one[MESSAGE_BYTES_MAX], two[MESSAGE_BYTES_MAX];
    size_t length = message_encode(message, one);
    HOLDS(message_encode(&other, two) == length && memcmp(one, two, length) == 0);
    if (fd >= 0)
        (void)close(fd);
    (void)close(fds[0]);
    (void)close(fds[1]);
    HOLDS(count_descriptors() == before);
}

/* Puts the head of a record of that type before a body of its size. */
static size_t make_record(enum message_type type, const char *body, size_t length,
                          unsigned char *ret) {
    static const size_t sizes[] = {
#define SIZE(id, body, from, to, fd) sizeof(struct body),
        MESSAGE_TABLE(SIZE)
#undef SIZE
    };
    struct message message = {.type = type};
    memcpy(&message.body, body, length < sizes[type] ? length : sizes[type]);
    HOLDS(message_encode(&message, ret) == HEAD_BYTES + sizes[type]);
    return HEAD_BYTES + sizes[type];
}

FUZZ_TARGET(wire, 8192) {
    unsigned char record[MESSAGE_BYTES_MAX];
    unsigned shape = fuzz_choose(&bytes, &length, 16);
    enum party from = (enum party)fuzz_choose(&bytes, &length, PARTIES);
    enum party to = (enum party)fuzz_choose(&bytes, &length, PARTIES);
    const unsigned char *sent = (const unsigned char *)bytes;
    if (length == 0)
        return;
    if ((shape & 1) != 0) {
        enum message_type type = (enum message_type)fuzz_choose(&bytes, &length, MESSAGES);
        length = make_record(type, length == 0 ? "" : bytes, length, record);
        sent = record;
    }
    if ((shape & 2) == 0) {
        struct message message;
        if (try_decode(sent, length, from, to, &message) == 0)
            try_send(&message, from, to);
    } else {
        try_channel(sent, length, from, to, (shape >> 2) & 3, (shape & 8) != 0 || shape == 2);
    }
}
