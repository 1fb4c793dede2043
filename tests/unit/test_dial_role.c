/* The role dial as monitor starts it, behind its whole ladder: a task comes in,
 * connected sockets go out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/dial/dial_role.h"

/* A role that waits for its task, and the ends of its channels. */
struct scene {
    pid_t pid;
    struct channel monitor, fetch;
    struct error err;
};

/* Puts the descriptors where the role table says; -1 is a slot with nothing. */
static void run_role(const int *fds, size_t count) {
    struct role_start start = {.role = ROLE_DIAL, .uid = (uid_t)-1, .gid = (gid_t)-1};
    int above[LIMIT_ROLE_SLOTS];
    for (size_t i = 0; i < count; i++)
        above[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD, 64);
    for (size_t i = 0; i < count; i++) {
        (void)close(SLOT_FIRST + (int)i);
        if (above[i] >= 0)
            (void)dup2(above[i], SLOT_FIRST + (int)i);
    }
    (void)close_range(SLOT_FIRST + (unsigned)count, ~0u, 0);
    _exit(dial_role(&start));
}

static struct scene start_role(const char *yaml, const char *words, size_t words_length) {
    struct scene scene = {.pid = -1};
    struct message message;
    int monitor[2], fetch[2];
    int config = file_seal_bytes("config", yaml, strlen(yaml), &scene.err);
    int environment =
        words == NULL ? -1 : file_seal_bytes("words", words, words_length, &scene.err);
    assert_true(config >= 0 && channel_pair(monitor, &scene.err) == 0 &&
                channel_pair(fetch, &scene.err) == 0);
    scene.pid = fork();
    if (scene.pid == 0)
        run_role((const int[]){monitor[1], config, environment, fetch[1]}, 4);
    (void)close(monitor[1]);
    (void)close(fetch[1]);
    (void)close(config);
    if (environment >= 0)
        (void)close(environment);
    scene.monitor = (struct channel){monitor[0], PARTY_MONITOR, PARTY_DIAL};
    scene.fetch = (struct channel){fetch[0], PARTY_FETCH, PARTY_DIAL};
    assert_int_equal(channel_receive(&scene.monitor, &message, NULL, &scene.err), 1);
    assert_int_equal(message.type, MESSAGE_FENCE);
    assert_int_equal(message.body.fence.role, ROLE_DIAL);
    assert_int_equal(message.body.fence.state[PROTECTION_SECCOMP], STATE_ON);
    return scene;
}

static void give_task(struct scene *scene, uint32_t task, uint32_t address) {
    struct message message = {.type = MESSAGE_TASK,
                              .body.round = {.round = 7, .task = task, .address = address}};
    assert_int_equal(channel_send(&scene->monitor, &message, -1, &scene->err), 0);
}

/* Status of the role; nothing more may have come from it. */
static int end_role(struct scene *scene) {
    int status = 0;
    struct message message;
    assert_int_equal(channel_receive(&scene->fetch, &message, NULL, &scene->err), 0);
    assert_int_equal(channel_receive(&scene->monitor, &message, NULL, &scene->err), 0);
    (void)close(scene->fetch.fd);
    (void)close(scene->monitor.fd);
    assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int listen_on_loopback(uint16_t *port) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(bind(fd, (const struct sockaddr *)&here, sizeof here) == 0 && listen(fd, 64) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &length), 0);
    *port = ntohs(here.sin_port);
    return fd;
}

/* So many sockets from the role, each of which leads to the listener. */
static void take_sockets(struct scene *scene, int listener, int count) {
    for (int i = 0; i < count; i++) {
        struct message message;
        int fd = -1;
        assert_int_equal(channel_receive(&scene->fetch, &message, &fd, &scene->err), 1);
        assert_int_equal(message.type, MESSAGE_DIALED);
        assert_int_equal(message.body.dialed.code, ERROR_OK);
        assert_int_equal(message.body.dialed.round, 7);
        assert_int_equal(write(fd, "x", 1), 1);
        (void)close(fd);
    }
    for (int i = 0; i < count; i++) {
        char got = 0;
        int end = accept(listener, NULL, NULL);
        assert_true(end >= 0);
        assert_int_equal(read(end, &got, 1), 1);
        assert_int_equal(got, 'x');
        (void)close(end);
    }
}

static void expect_failure(struct scene *scene, enum error_code code) {
    struct message message;
    int fd = -1;
    assert_int_equal(channel_receive(&scene->fetch, &message, &fd, &scene->err), 1);
    assert_int_equal(message.type, MESSAGE_DIALED);
    assert_int_equal(message.body.dialed.code, code);
    assert_int_equal(fd, -1);
    assert_int_equal(end_role(scene), 0);
}

#define VAULT_AT "version: 1\nstores: {vault: {address: '%s'}}\nsecrets:\n"
#define SECRET   "  s%d: {store: vault, path: secret/data/s%d}\n"

static void write_config(char *yaml, size_t size, const char *address, int secrets) {
    int length = snprintf(yaml, size, VAULT_AT, address);
    for (int i = 0; i < secrets; i++)
        length += snprintf(yaml + length, size - (size_t)length, SECRET, i, i);
    (void)snprintf(yaml + length, size - (size_t)length, "  b: {store: strongbox, path: b}\n");
}

static void one_socket_comes_for_each_secret_of_the_store(void **state) {
    (void)state;
    static const struct { int secrets, sockets; } rows[] = {{1, 1}, {3, 3}, {40, LIMIT_SOCKETS}};
    char yaml[4096], address[64];
    uint16_t port;
    int listener = listen_on_loopback(&port);
    (void)snprintf(address, sizeof address, "http://localhost:%u", (unsigned)port);
    for (size_t i = 0; i < 3; i++) {
        write_config(yaml, sizeof yaml, address, rows[i].secrets);
        struct scene scene = start_role(yaml, NULL, 0);
        give_task(&scene, TASK_PUBLISH, 0);
        take_sockets(&scene, listener, rows[i].sockets);
        assert_int_equal(end_role(&scene), 0);
    }
    (void)close(listener);
}

static void to_revoke_one_socket_is_enough(void **state) {
    (void)state;
    char yaml[4096], address[64];
    uint16_t port;
    int listener = listen_on_loopback(&port);
    (void)snprintf(address, sizeof address, "http://127.0.0.1:%u", (unsigned)port);
    write_config(yaml, sizeof yaml, address, 5);
    struct scene scene = start_role(yaml, NULL, 0);
    give_task(&scene, TASK_REVOKE, 0);
    take_sockets(&scene, listener, 1);
    assert_int_equal(end_role(&scene), 0);
    (void)close(listener);
}

static void the_address_may_come_from_the_environment(void **state) {
    (void)state;
    char words[64];
    uint16_t port;
    int listener = listen_on_loopback(&port);
    int length = snprintf(words, sizeof words, "VAULT_ADDR=http://127.0.0.1:%u", (unsigned)port);
    struct scene scene =
        start_role("version: 1\nsecrets: {s: {store: vault, path: secret/data/s}}\n", words,
                   (size_t)length + 1);
    give_task(&scene, TASK_PUBLISH, 0);
    take_sockets(&scene, listener, 1);
    assert_int_equal(end_role(&scene), 0);
    (void)close(listener);
}

static void why_there_is_no_socket_is_told_once(void **state) {
    (void)state;
    char yaml[4096], address[64];
    uint16_t port;
    int listener = listen_on_loopback(&port);
    (void)close(listener);
    (void)snprintf(address, sizeof address, "https://127.0.0.1:%u", (unsigned)port);
    write_config(yaml, sizeof yaml, address, 3);
    struct scene refused = start_role(yaml, NULL, 0);
    give_task(&refused, TASK_PUBLISH, 0);
    expect_failure(&refused, ERROR_STORE_UNREACHABLE);

    write_config(yaml, sizeof yaml, "https://no-such-store.invalid", 3);
    struct scene unknown = start_role(yaml, NULL, 0);
    give_task(&unknown, TASK_PUBLISH, 0);
    expect_failure(&unknown, ERROR_STORE_ADDRESS);
}

static void an_address_that_the_configuration_does_not_have_is_no_crash(void **state) {
    (void)state;
    static const uint32_t numbers[] = {1, 8, UINT32_MAX};
    char yaml[4096];
    write_config(yaml, sizeof yaml, "https://127.0.0.1", 1);
    for (size_t i = 0; i < 3; i++) {
        struct scene scene = start_role(yaml, NULL, 0);
        give_task(&scene, TASK_PUBLISH, numbers[i]);
        expect_failure(&scene, ERROR_CONFIG);
    }
}

static void without_a_task_the_role_ends(void **state) {
    (void)state;
    struct scene scene = start_role("version: 1\n", NULL, 0);
    assert_int_equal(shutdown(scene.monitor.fd, SHUT_WR), 0);
    assert_int_not_equal(end_role(&scene), 0);
}

static void a_fetch_that_is_gone_is_no_signal(void **state) {
    (void)state;
    char yaml[4096], address[64];
    uint16_t port;
    int listener = listen_on_loopback(&port), status = 0;
    (void)snprintf(address, sizeof address, "http://127.0.0.1:%u", (unsigned)port);
    write_config(yaml, sizeof yaml, address, 2);
    struct scene scene = start_role(yaml, NULL, 0);
    (void)close(scene.fetch.fd);
    give_task(&scene, TASK_PUBLISH, 0);
    assert_int_equal(waitpid(scene.pid, &status, 0), scene.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    (void)close(scene.monitor.fd);
    (void)close(listener);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_socket_comes_for_each_secret_of_the_store),
        cmocka_unit_test(to_revoke_one_socket_is_enough),
        cmocka_unit_test(the_address_may_come_from_the_environment),
        cmocka_unit_test(why_there_is_no_socket_is_told_once),
        cmocka_unit_test(an_address_that_the_configuration_does_not_have_is_no_crash),
        cmocka_unit_test(without_a_task_the_role_ends),
        cmocka_unit_test(a_fetch_that_is_gone_is_no_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
