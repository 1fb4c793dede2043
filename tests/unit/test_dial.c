/* Looking a host up and connecting to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/confine.h"
#include "sidecar/dial/dial.h"
#include "sidecar/dial/resolver_paths.h"

/* A listener of 127.0.0.1 or ::1, and one dialling to it. */
struct scene {
    int listener;
    struct config_address address;
    int sockets[LIMIT_SOCKETS];
    int system_error;
    struct error err;
};

static int listen_at(int family, uint16_t *port, int backlog) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(*port)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(*port), .sin6_addr = in6addr_loopback};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct sockaddr *address =
        family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t length = family == AF_INET ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, address, length) != 0 || listen(fd, backlog) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    (void)getsockname(fd, family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
                      &length);
    *port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    return fd;
}

static struct scene set_scene(const char *host, int family, int backlog) {
    struct scene scene = {.address = {.text = "", .tls = true, .host = host}};
    scene.listener = listen_at(family, &scene.address.port, backlog);
    return scene;
}

static int dial(struct scene *scene, size_t count, int limit_ms) {
    struct dial_request request = {.address = &scene->address,
                                   .count = count,
                                   .limit_ms = limit_ms,
                                   .system_error = &scene->system_error};
    error_clear(&scene->err);
    return dial_connect(&request, scene->sockets, &scene->err);
}

static void close_scene(struct scene *scene, int count) {
    for (int i = 0; i < count; i++)
        (void)close(scene->sockets[i]);
    if (scene->listener >= 0)
        (void)close(scene->listener);
}

/* What is written into the socket comes out at the listener's end. */
static void assert_carries(int fd, int listener) {
    struct sockaddr_storage here, there;
    socklen_t here_length = sizeof here, there_length = sizeof there;
    char got = 0;
    int end = accept(listener, (struct sockaddr *)&there, &there_length);
    assert_true(end >= 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &here_length), 0);
    assert_memory_equal(&here, &there, here_length);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(read(end, &got, 1), 1);
    assert_int_equal(got, 'x');
    (void)close(end);
}

static void a_listener_gives_a_socket_that_is_ready_for_libcurl(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 4);
    int no_delay = 0;
    socklen_t length = sizeof no_delay;
    assert_int_equal(dial(&scene, 1, 2000), 1);
    assert_true((fcntl(scene.sockets[0], F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(scene.sockets[0], F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(getsockopt(scene.sockets[0], IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
    assert_true(no_delay != 0);
    assert_carries(scene.sockets[0], scene.listener);
    assert_int_equal(scene.system_error, 0);
    close_scene(&scene, 1);
}

static int count_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void sixteen_sockets_are_sixteen_connections(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 64);
    int before = count_descriptors();
    assert_int_equal(dial(&scene, LIMIT_SOCKETS, 2000), LIMIT_SOCKETS);
    assert_int_equal(count_descriptors(), before + LIMIT_SOCKETS);
    for (int i = 0; i < LIMIT_SOCKETS; i++) {
        assert_int_equal(write(scene.sockets[i], "x", 1), 1);
        (void)close(scene.sockets[i]);
    }
    for (int i = 0; i < LIMIT_SOCKETS; i++) {
        char got[2];
        int end = accept(scene.listener, NULL, NULL);
        assert_true(end >= 0);
        assert_int_equal(read(end, got, sizeof got), 1);
        (void)close(end);
    }
    close_scene(&scene, 0);
}

static void more_than_the_maximum_is_the_maximum(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 64);
    assert_int_equal(dial(&scene, 1000, 2000), LIMIT_SOCKETS);
    close_scene(&scene, LIMIT_SOCKETS);
}

static void a_server_that_takes_few_is_not_waited_for_long(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 2);
    uint64_t began = clock_now_ms();
    int before = count_descriptors(), count = dial(&scene, LIMIT_SOCKETS, 5000);
    assert_in_range(count, 1, LIMIT_SOCKETS - 1);
    assert_in_range(clock_now_ms() - began, 0, 2000);
    assert_int_equal(count_descriptors(), before + count);
    close_scene(&scene, count);
}

static void a_closed_port_is_unreachable_and_tells_its_errno(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 4);
    (void)close(scene.listener);
    scene.listener = -1;
    uint64_t began = clock_now_ms();
    int before = count_descriptors();
    assert_int_equal(dial(&scene, 4, 5000), -1);
    assert_int_equal(scene.err.code, ERROR_STORE_UNREACHABLE);
    assert_int_equal(scene.system_error, ECONNREFUSED);
    assert_in_range(clock_now_ms() - began, 0, 1000);
    assert_int_equal(count_descriptors(), before);
}

/* Whoever comes once the queue is full gets no answer at all. */
static void fill_queue(const struct scene *scene, int *fds, int count) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(scene->address.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
    }
}

static void a_server_that_does_not_answer_is_slow(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 0);
    int fds[8];
    fill_queue(&scene, fds, 8);
    uint64_t began = clock_now_ms();
    int before = count_descriptors();
    assert_int_equal(dial(&scene, 2, 300), -1);
    assert_int_equal(scene.err.code, ERROR_STORE_SLOW);
    assert_int_equal(scene.system_error, ETIMEDOUT);
    assert_in_range(clock_now_ms() - began, 290, 1500);
    assert_int_equal(count_descriptors(), before);
    for (int i = 0; i < 8; i++)
        (void)close(fds[i]);
    close_scene(&scene, 0);
}

static void without_any_time_it_is_slow_and_not_tried_for_ever(void **state) {
    (void)state;
    struct scene scene = set_scene("127.0.0.1", AF_INET, 4);
    assert_int_equal(dial(&scene, 1, 0), -1);
    assert_int_equal(scene.err.code, ERROR_STORE_SLOW);
    close_scene(&scene, 0);
}

static void the_loopback_of_version_6_is_reached(void **state) {
    (void)state;
    struct scene scene = set_scene("::1", AF_INET6, 4);
    if (scene.listener < 0)
        skip();
    assert_int_equal(dial(&scene, 1, 2000), 1);
    assert_carries(scene.sockets[0], scene.listener);
    close_scene(&scene, 1);
}

static void localhost_is_looked_up(void **state) {
    (void)state;
    struct scene scene = set_scene("localhost", AF_INET, 4);
    assert_int_equal(dial(&scene, 2, 2000), 2);
    assert_carries(scene.sockets[0], scene.listener);
    close_scene(&scene, 2);
}

static void a_name_that_does_not_exist_is_an_address_fault(void **state) {
    (void)state;
    static const char *const names[] = {"no-such-store.invalid", "", "a..b.invalid",
                                        "256.1.1.1.invalid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct scene scene = {.address = {.tls = true, .host = names[i], .port = 8200}};
        assert_int_equal(dial(&scene, 1, 5000), -1);
        assert_int_equal(scene.err.code, ERROR_STORE_ADDRESS);
    }
}

static void clear_text_goes_to_loopback_only(void **state) {
    (void)state;
    static const char *const near[] = {"127.0.0.1", "127.9.9.9", "localhost", "::ffff:127.0.0.1"};
    static const char *const far[] = {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0",
                                      "::"};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        struct scene scene = set_scene(near[i], AF_INET, 4);
        scene.address.tls = false;
        int count = dial(&scene, 1, 2000);
        if (count < 0)
            assert_int_equal(scene.err.code, ERROR_STORE_UNREACHABLE); /* 127.9.9.9: nobody */
        close_scene(&scene, count);
    }
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        struct scene scene = {.address = {.tls = false, .host = far[i], .port = 8200}};
        assert_int_equal(dial(&scene, 1, 100), -1);
        assert_int_equal(scene.err.code, ERROR_STORE_TLS);
    }
}

static void clear_text_goes_further_where_that_is_allowed(void **state) {
    (void)state;
    struct scene scene = {.address = {.tls = false, .host = "192.0.2.1", .port = 8200}};
    struct dial_request request = {.address = &scene.address,
                                   .allow_http = true,
                                   .count = 1,
                                   .limit_ms = 100,
                                   .system_error = &scene.system_error};
    int count = dial_connect(&request, scene.sockets, &scene.err);
    if (count < 0)
        assert_int_not_equal(scene.err.code, ERROR_STORE_TLS);
    close_scene(&scene, count);
}

/* Runs act in a child with a network and an /etc/hosts of its own, which gives 0
 * where all is well. -1 where this user cannot have them. */
static int run_apart(const char *hosts, int (*act)(void)) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        char path[] = "/tmp/arrestor-hosts-XXXXXX";
        int fd = mkstemp(path), control = -1;
        if (fd < 0 || write(fd, hosts, strlen(hosts)) < 0 || fchmod(fd, 0644) != 0 ||
            unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
            mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount(path, "/etc/hosts", "none", MS_BIND, NULL) != 0 || unlink(path) != 0 ||
            (control = socket(AF_INET, SOCK_DGRAM, 0)) < 0 ||
            ioctl(control, SIOCSIFFLAGS, &up) != 0) {
            (void)unlink(path);
            _exit(99);
        }
        _exit(act());
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 99 ? -1 : WEXITSTATUS(status);
}

static int dial_own_port(void) {
    struct scene scene = {.address = {.tls = true, .host = "127.0.0.1", .port = 40001}};
    int range = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY);
    if (range < 0 || write(range, "40001 40001", 11) != 11)
        return 99;
    return dial(&scene, 1, 1000) == -1 && scene.system_error == ECONNREFUSED ? 0 : 1;
}

static void a_socket_that_is_connected_to_itself_is_no_store(void **state) {
    (void)state;
    int result = run_apart("127.0.0.1 localhost\n", dial_own_port);
    if (result < 0)
        skip();
    assert_int_equal(result, 0);
}

/* ::1 comes first and does not answer; 127.0.0.1 does. */
static int dial_past_silence(void) {
    struct scene scene = {.address = {.tls = true, .host = "two.test", .port = 40002}};
    int silent = listen_at(AF_INET6, &scene.address.port, 0), full[4];
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons(40002), .sin6_addr = in6addr_loopback};
    scene.listener = listen_at(AF_INET, &scene.address.port, 8);
    if (silent < 0 || scene.listener < 0)
        return 99;
    for (int i = 0; i < 4; i++) {
        full[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(full[i], (struct sockaddr *)&to, sizeof to);
    }
    uint64_t began = clock_now_ms();
    if (dial(&scene, 3, 5000) != 3)
        return 1;
    uint64_t took = clock_now_ms() - began;
    return took < LIMIT_DIAL_STAGGER_MS - 20 ? 2 : took > 2000 ? 3 : 0;
}

static void an_address_that_leads_nowhere_costs_a_quarter_of_a_second(void **state) {
    (void)state;
    int result = run_apart("::1 two.test\n127.0.0.1 two.test\n", dial_past_silence);
    if (result < 0)
        skip();
    assert_int_equal(result, 0);
}

static int dial_mixed_name(void) {
    struct scene scene = {.address = {.tls = false, .host = "mixed.test", .port = 40003}};
    return dial(&scene, 1, 500) == -1 && scene.err.code == ERROR_STORE_TLS ? 0 : 1;
}

static void a_name_that_is_also_elsewhere_gets_no_clear_text(void **state) {
    (void)state;
    int result = run_apart("127.0.0.1 mixed.test\n192.0.2.7 mixed.test\n", dial_mixed_name);
    if (result < 0)
        skip();
    assert_int_equal(result, 0);
}

/* In the role's own ladder, with the resolver's files: nothing may be missing. */
static int dial_confined(void) {
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "no-such-store.invalid"};
    struct confine_path paths[LIMIT_RESOLVER_PATHS];
    struct confine_request request = {.uid = (uid_t)-1, .paths = paths};
    struct scene scene = set_scene("", AF_INET, 64);
    struct protections protections;
    request.path_count = resolver_paths_open(paths);
    if (confine_climb(ROLE_DIAL, &request, &protections, &scene.err) != 0)
        return 70;
    for (int i = 0; i < 4; i++) {
        scene.address.host = names[i];
        int count = dial(&scene, 4, 5000);
        if (i < 2 ? count != 4 : count != -1)
            return 1 + i;
    }
    return scene.err.code != ERROR_STORE_ADDRESS ? 8 : confine_trapped() != 0 ? 9 : 0;
}

static void inside_the_filter_of_dial_every_look_up_works_and_no_call_is_missed(void **state) {
    (void)state;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(dial_confined());
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_gives_a_socket_that_is_ready_for_libcurl),
        cmocka_unit_test(sixteen_sockets_are_sixteen_connections),
        cmocka_unit_test(more_than_the_maximum_is_the_maximum),
        cmocka_unit_test(a_server_that_takes_few_is_not_waited_for_long),
        cmocka_unit_test(a_closed_port_is_unreachable_and_tells_its_errno),
        cmocka_unit_test(a_server_that_does_not_answer_is_slow),
        cmocka_unit_test(without_any_time_it_is_slow_and_not_tried_for_ever),
        cmocka_unit_test(the_loopback_of_version_6_is_reached),
        cmocka_unit_test(localhost_is_looked_up),
        cmocka_unit_test(a_name_that_does_not_exist_is_an_address_fault),
        cmocka_unit_test(clear_text_goes_to_loopback_only),
        cmocka_unit_test(clear_text_goes_further_where_that_is_allowed),
        cmocka_unit_test(a_socket_that_is_connected_to_itself_is_no_store),
        cmocka_unit_test(an_address_that_leads_nowhere_costs_a_quarter_of_a_second),
        cmocka_unit_test(a_name_that_is_also_elsewhere_gets_no_clear_text),
        cmocka_unit_test(inside_the_filter_of_dial_every_look_up_works_and_no_call_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
