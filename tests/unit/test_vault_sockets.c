#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/fetch/vault/vault_sockets.h"

#define ROUND 7

static struct error err;

struct line {
    struct channel dial;
    struct vault_sockets sockets;
};

static struct line make_line(void) {
    int ends[2];
    struct line line;
    assert_int_equal(channel_pair(ends, &err), 0);
    line.dial = (struct channel){.fd = ends[1], .self = PARTY_DIAL, .peer = PARTY_FETCH};
    vault_sockets_make(&line.sockets, ends[0], ROUND);
    return line;
}

static void send_one(const struct line *line, uint32_t round, enum error_code code, bool with) {
    struct message message = {.type = MESSAGE_DIALED,
                              .body.dialed = {.round = round, .code = code}};
    int fd = with ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    assert_int_equal(channel_send(&line->dial, &message, fd, &err), 0);
    if (fd >= 0)
        assert_int_equal(close(fd), 0);
}

static int wait_for(struct line *line, size_t wanted) {
    error_clear(&err);
    return vault_sockets_wait(&line->sockets, wanted, &err);
}

static void end_line(struct line *line) {
    vault_sockets_close(&line->sockets);
    assert_int_equal(close(line->sockets.dial.fd), 0);
    if (line->dial.fd >= 0)
        assert_int_equal(close(line->dial.fd), 0);
}

static void hang_up(struct line *line) {
    assert_int_equal(close(line->dial.fd), 0);
    line->dial.fd = -1;
}

static void sockets_are_given_in_their_order_and_once(void **state) {
    (void)state;
    struct line line = make_line();
    for (int i = 0; i < 3; i++)
        send_one(&line, ROUND, ERROR_OK, true);
    assert_int_equal(wait_for(&line, 1), 0);
    assert_int_equal(line.sockets.count, 1);
    int first = vault_sockets_take(&line.sockets);
    assert_true(first >= 0);
    assert_int_equal(vault_sockets_take(&line.sockets), -1);
    assert_int_equal(wait_for(&line, 3), 0);
    assert_int_equal(line.sockets.count, 3);
    int second = vault_sockets_take(&line.sockets);
    assert_true(second >= 0 && second != first);
    int third = line.sockets.fds[2];
    end_line(&line);
    assert_int_equal(fcntl(third, F_GETFD), -1); /* nobody took it: closed */
    assert_int_equal(close(first), 0);
    assert_int_equal(close(second), 0);
}

static void fewer_than_wanted_are_enough_when_dial_ends(void **state) {
    (void)state;
    struct line line = make_line();
    send_one(&line, ROUND, ERROR_OK, true);
    send_one(&line, ROUND, ERROR_STORE_UNREACHABLE, false);
    hang_up(&line);
    assert_int_equal(wait_for(&line, 16), 0);
    assert_int_equal(line.sockets.count, 1);
    assert_int_equal(wait_for(&line, 16), 0);
    end_line(&line);
}

static void what_dial_says_is_the_reason(void **state) {
    (void)state;
    static const enum error_code codes[] = {ERROR_STORE_ADDRESS, ERROR_STORE_UNREACHABLE,
                                            ERROR_STORE_SLOW, ERROR_CONFIG};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct line line = make_line();
        send_one(&line, ROUND, codes[i], false);
        assert_int_equal(wait_for(&line, 1), -1);
        assert_int_equal(err.code, codes[i]);
        end_line(&line);
    }
}

static void a_record_that_makes_no_sense_is_refused_and_its_socket_closed(void **state) {
    (void)state;
    static const struct {
        uint32_t round;
        enum error_code code;
        bool with;
    } cases[] = {{ROUND + 1, ERROR_OK, true},
                 {ROUND, ERROR_OK, false},
                 {ROUND, (enum error_code)ERROR_CODES, false},
                 {ROUND, (enum error_code)ERROR_CODES, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line line = make_line();
        int next = dup(0);
        assert_int_equal(close(next), 0);
        send_one(&line, cases[i].round, cases[i].code, cases[i].with);
        assert_int_equal(wait_for(&line, 1), -1);
        assert_int_equal(err.code, ERROR_PROTOCOL);
        int again = dup(0);
        assert_int_equal(again, next);
        assert_int_equal(close(again), 0);
        end_line(&line);
    }
}

static void dial_that_ends_without_a_word_is_told(void **state) {
    (void)state;
    struct line line = make_line();
    hang_up(&line);
    assert_int_equal(wait_for(&line, 1), -1);
    assert_int_equal(err.code, ERROR_CHILD);
    end_line(&line);
    struct vault_sockets none;
    vault_sockets_make(&none, -1, ROUND);
    assert_int_equal(vault_sockets_wait(&none, 1, &err), -1);
    assert_int_equal(err.code, ERROR_CHILD);
}

static void more_than_the_maximum_are_not_taken(void **state) {
    (void)state;
    struct line line = make_line();
    for (int i = 0; i < LIMIT_SOCKETS + 1; i++)
        send_one(&line, ROUND, ERROR_OK, true);
    assert_int_equal(wait_for(&line, 1000), 0);
    assert_int_equal(line.sockets.count, LIMIT_SOCKETS);
    end_line(&line);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_given_in_their_order_and_once),
        cmocka_unit_test(fewer_than_wanted_are_enough_when_dial_ends),
        cmocka_unit_test(what_dial_says_is_the_reason),
        cmocka_unit_test(a_record_that_makes_no_sense_is_refused_and_its_socket_closed),
        cmocka_unit_test(dial_that_ends_without_a_word_is_told),
        cmocka_unit_test(more_than_the_maximum_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
