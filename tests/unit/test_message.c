/* Records between processes: what is sent is what arrives, and nothing else passes. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/wire/channel.h"

/* One allowed direction of every type. */
static const struct {
    enum message_type type;
    enum party from, to;
} directions[] = {
    {MESSAGE_FENCE, PARTY_PLACE, PARTY_MONITOR},
    {MESSAGE_SETUP, PARTY_WARDEN, PARTY_MONITOR},
    {MESSAGE_LOOK, PARTY_WARDEN, PARTY_MONITOR},
    {MESSAGE_LOOKED, PARTY_MONITOR, PARTY_WARDEN},
    {MESSAGE_ROUND, PARTY_WARDEN, PARTY_MONITOR},
    {MESSAGE_TASK, PARTY_MONITOR, PARTY_FETCH},
    {MESSAGE_RESULT, PARTY_FETCH, PARTY_MONITOR},
    {MESSAGE_ENDED, PARTY_MONITOR, PARTY_WARDEN},
    {MESSAGE_COLLISION, PARTY_PLACE, PARTY_MONITOR},
    {MESSAGE_SECRETS, PARTY_FETCH, PARTY_PLACE},
    {MESSAGE_LAUNCH, PARTY_MONITOR, PARTY_JUDGE},
    {MESSAGE_VERDICT, PARTY_JUDGE, PARTY_MONITOR},
    {MESSAGE_WIPE, PARTY_MONITOR, PARTY_SWEEP},
    {MESSAGE_STANDING, PARTY_MONITOR, PARTY_WARDEN},
    {MESSAGE_GIVE_UP, PARTY_WARDEN, PARTY_MONITOR},
    {MESSAGE_DIALED, PARTY_DIAL, PARTY_FETCH},
    {MESSAGE_KEPT, PARTY_FETCH, PARTY_PLACE},
};
#define DIRECTIONS (sizeof directions / sizeof *directions)

static void every_type_arrives_as_it_was_sent(void **state) {
    (void)state;
    assert_int_equal(DIRECTIONS, MESSAGES);
    for (size_t i = 0; i < DIRECTIONS; i++) {
        struct message sent = {.type = directions[i].type}, got = {0};
        unsigned char bytes[MESSAGE_BYTES_MAX];
        struct error err;
        sent.body.look.store = 7;
        size_t length = message_encode(&sent, bytes);
        assert_int_equal(
            message_decode(bytes, length, directions[i].from, directions[i].to, &got, &err), 0);
        assert_int_equal(got.type, sent.type);
        assert_int_equal(got.body.look.store, 7);
    }
}

static void a_record_that_is_cut_or_longer_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        struct message sent = {.type = directions[i].type}, got;
        unsigned char bytes[MESSAGE_BYTES_MAX + 1] = {0};
        struct error err;
        size_t length = message_encode(&sent, bytes);
        for (size_t cut = 0; cut <= length + 1 && cut <= sizeof bytes; cut++) {
            if (cut == length)
                continue;
            memset(&got, 0xdb, sizeof got);
            assert_int_equal(
                message_decode(bytes, cut, directions[i].from, directions[i].to, &got, &err), -1);
            assert_int_equal(err.code, ERROR_PROTOCOL);
            assert_int_equal(((unsigned char *)&got)[0], 0xdb);
        }
    }
}

static void a_record_from_the_wrong_side_is_refused(void **state) {
    (void)state;
    size_t allowed = 0, tried = 0;
    for (size_t i = 0; i < DIRECTIONS; i++)
        for (int from = 0; from < PARTIES; from++)
            for (int to = 0; to < PARTIES; to++) {
                struct message sent = {.type = directions[i].type}, got;
                unsigned char bytes[MESSAGE_BYTES_MAX];
                struct error err;
                size_t length = message_encode(&sent, bytes);
                tried++;
                if (message_decode(bytes, length, (enum party)from, (enum party)to, &got, &err) ==
                    0) {
                    allowed++;
                    assert_true(from != to);
                }
            }
    assert_int_equal(tried, DIRECTIONS * PARTIES * PARTIES);
    /* FENCE from six roles, TASK to three, RESULT from three, the others one each. */
    assert_int_equal(allowed, 6 + 3 + 3 + (DIRECTIONS - 3));
}

static void an_unknown_type_is_refused(void **state) {
    (void)state;
    struct message sent = {.type = MESSAGE_LOOK}, got;
    unsigned char bytes[MESSAGE_BYTES_MAX];
    struct error err;
    size_t length = message_encode(&sent, bytes);
    for (size_t byte = 0; byte < 16; byte++) {
        unsigned char damaged[MESSAGE_BYTES_MAX];
        memcpy(damaged, bytes, length);
        damaged[byte] ^= 0x80;
        assert_int_equal(message_decode(damaged, length, PARTY_WARDEN, PARTY_MONITOR, &got, &err),
                         -1);
    }
}

static void a_text_without_an_end_is_refused(void **state) {
    (void)state;
    struct message sent = {.type = MESSAGE_SETUP}, got;
    unsigned char bytes[MESSAGE_BYTES_MAX];
    struct error err;
    memset(sent.body.setup.box, 'x', sizeof sent.body.setup.box);
    size_t length = message_encode(&sent, bytes);
    assert_int_equal(message_decode(bytes, length, PARTY_WARDEN, PARTY_MONITOR, &got, &err), -1);
    assert_non_null(strstr(err.what, "text without an end"));
}

static void a_text_that_does_not_fit_leaves_its_field(void **state) {
    (void)state;
    char field[4] = "abc";
    assert_int_equal(message_text(field, sizeof field, "four"), -1);
    assert_string_equal(field, "abc");
    assert_int_equal(message_text(field, sizeof field, "xyz"), 0);
    assert_string_equal(field, "xyz");
}

static size_t open_descriptors(void) {
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void a_descriptor_travels_with_the_types_that_have_one(void **state) {
    (void)state;
    int fds[2], got = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct error err;
    struct message sent = {.type = MESSAGE_SECRETS}, received;
    assert_int_equal(channel_pair(fds, &err), 0);
    struct channel fetch = {fds[0], PARTY_FETCH, PARTY_PLACE},
                   place = {fds[1], PARTY_PLACE, PARTY_FETCH};
    assert_int_equal(channel_send(&fetch, &sent, null, &err), 0);
    assert_int_equal(channel_receive(&place, &received, &got, &err), 1);
    assert_true(got >= 0);
    assert_int_equal(fcntl(got, F_GETFD), FD_CLOEXEC);
    (void)close(got);
    (void)close(null);
    (void)close(fds[0]);
    assert_int_equal(channel_receive(&place, &received, &got, &err), 0);
    (void)close(fds[1]);
}

static void a_descriptor_that_nobody_asked_for_is_closed_and_refused(void **state) {
    (void)state;
    int fds[2], got = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct error err;
    struct message sent = {.type = MESSAGE_LOOK}, received;
    assert_int_equal(channel_pair(fds, &err), 0);
    struct channel warden = {fds[0], PARTY_WARDEN, PARTY_MONITOR},
                   monitor = {fds[1], PARTY_MONITOR, PARTY_WARDEN};
    size_t before = open_descriptors();
    assert_int_equal(channel_send(&warden, &sent, null, &err), 0);
    assert_int_equal(channel_receive(&monitor, &received, &got, &err), -1);
    assert_int_equal(err.code, ERROR_PROTOCOL);
    assert_int_equal(open_descriptors(), before);
    (void)close(null);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void two_descriptors_at_once_are_closed_and_refused(void **state) {
    (void)state;
    int fds[2], got = -1, null[2] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)};
    struct error err;
    struct message sent = {.type = MESSAGE_SECRETS}, received;
    unsigned char bytes[MESSAGE_BYTES_MAX];
    struct iovec part = {bytes, message_encode(&sent, bytes)};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof null)];
    } control = {0};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    struct cmsghdr *item = CMSG_FIRSTHDR(&header);
    *item = (struct cmsghdr){CMSG_LEN(sizeof null), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(item), null, sizeof null);
    assert_int_equal(channel_pair(fds, &err), 0);
    size_t before = open_descriptors();
    assert_true(sendmsg(fds[0], &header, 0) > 0);
    struct channel place = {fds[1], PARTY_PLACE, PARTY_FETCH};
    assert_int_equal(channel_receive(&place, &received, &got, &err), -1);
    assert_int_equal(open_descriptors(), before);
    (void)close(null[0]);
    (void)close(null[1]);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void a_missing_descriptor_is_refused(void **state) {
    (void)state;
    int fds[2], got = -1;
    struct error err;
    struct message sent = {.type = MESSAGE_SECRETS}, received;
    assert_int_equal(channel_pair(fds, &err), 0);
    struct channel fetch = {fds[0], PARTY_FETCH, PARTY_PLACE},
                   place = {fds[1], PARTY_PLACE, PARTY_FETCH};
    assert_int_equal(channel_send(&fetch, &sent, -1, &err), 0);
    assert_int_equal(channel_receive(&place, &received, &got, &err), -1);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_was_sent),
        cmocka_unit_test(a_record_that_is_cut_or_longer_is_refused),
        cmocka_unit_test(a_record_from_the_wrong_side_is_refused),
        cmocka_unit_test(an_unknown_type_is_refused),
        cmocka_unit_test(a_text_without_an_end_is_refused),
        cmocka_unit_test(a_text_that_does_not_fit_leaves_its_field),
        cmocka_unit_test(a_descriptor_travels_with_the_types_that_have_one),
        cmocka_unit_test(a_descriptor_that_nobody_asked_for_is_closed_and_refused),
        cmocka_unit_test(two_descriptors_at_once_are_closed_and_refused),
        cmocka_unit_test(a_missing_descriptor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
