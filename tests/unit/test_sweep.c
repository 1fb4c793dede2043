/* sweep as a process: what it wipes when monitor is gone, and what it leaves to a
 * monitor that has taken over. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/wipe.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/sweep/sweep_role.h"

#define LINGER_MS 400

struct house {
    char path[64];
    int top, set, state; /* monitor's own descriptors: the locks are on them */
    int channel;         /* monitor's end */
    pid_t sweep;
};

static int open_in(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void fill(int directory) {
    const char *const names[] = {"g-000001/password", "status.json", "status.json.next"};
    assert_int_equal(mkdirat(directory, "g-000001", 0700), 0);
    assert_int_equal(symlinkat("g-000001", directory, "current"), 0);
    for (size_t i = 0; i < 3; i++) {
        int fd = openat(directory, names[i], O_WRONLY | O_CREAT | O_EXCL, 0400);
        assert_int_equal(write(fd, "secret", 6), 6);
        (void)close(fd);
    }
}

static bool is_full(int directory) {
    return faccessat(directory, "current/password", F_OK, 0) == 0 &&
           faccessat(directory, "status.json", F_OK, 0) == 0;
}

static bool is_empty(int directory) {
    static const char *const names[] = {"current", "g-000001", "status.json", "status.json.next"};
    for (size_t i = 0; i < 4; i++)
        if (faccessat(directory, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return false;
    return true;
}

static int make_house(void **state) {
    static struct house house;
    house = (struct house){.path = "/dev/shm/arrestor-unit-XXXXXX", .channel = -1};
    if (mkdtemp(house.path) == NULL)
        return -1;
    house.top = open(house.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mkdirat(house.top, "set", 0700) != 0 || mkdirat(house.top, "state", 0700) != 0)
        return -1;
    house.set = open_in(house.top, "set");
    house.state = open_in(house.top, "state");
    fill(house.set);
    fill(house.state);
    *state = &house;
    return flock(house.set, LOCK_EX | LOCK_NB) != 0 || flock(house.state, LOCK_EX | LOCK_NB) != 0;
}

static int remove_house(void **state) {
    struct house *house = *state;
    const int fds[] = {house->set, house->state, house->channel};
    if (house->sweep > 0) {
        (void)kill(house->sweep, SIGKILL);
        (void)waitpid(house->sweep, NULL, 0);
    }
    for (size_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    (void)wipe_contents(house->top, false);
    (void)close(house->top);
    return rmdir(house->path);
}

static void become_sweep(const int fds[SLOTS]) {
    const enum slot *slots = role_table[ROLE_SWEEP].slots;
    int copies[LIMIT_ROLE_SLOTS], count = 0;
    for (; count < LIMIT_ROLE_SLOTS && slots[count] != SLOT_NONE; count++)
        copies[count] = fds[slots[count]] < 0 ? -1 : fcntl(fds[slots[count]], F_DUPFD, 100);
    for (int i = 0; i < count; i++)
        (void)(copies[i] < 0 ? close(SLOT_FIRST + i) : dup2(copies[i], SLOT_FIRST + i));
    (void)close_range((unsigned)(SLOT_FIRST + count), ~0u, 0);
    _exit(sweep_role(&(struct role_start){.role = ROLE_SWEEP, .uid = (uid_t)-1, .gid = (gid_t)-1}));
}

/* Starts it as monitor does: with descriptors of its own. */
static void start_sweep(struct house *house, uint32_t linger_ms) {
    struct message message = {.type = MESSAGE_WIPE,
                              .body.wipe = {.linger_ms = linger_ms, .remove = {1, 1, 0}}};
    int pair[2], fds[SLOTS];
    struct error err;
    (void)message_text(message.body.wipe.name[0], LIMIT_PATH, "set");
    (void)message_text(message.body.wipe.name[1], LIMIT_PATH, "state");
    for (int i = 0; i < SLOTS; i++)
        fds[i] = -1;
    assert_int_equal(channel_pair(pair, &err), 0);
    fds[SLOT_CHANNEL] = pair[1];
    fds[SLOT_DIR] = open_in(house->set, ".");
    fds[SLOT_STATE] = open_in(house->state, ".");
    fds[SLOT_DIR_PARENT] = fds[SLOT_STATE_PARENT] = house->top;
    house->channel = pair[0];
    house->sweep = fork();
    if (house->sweep == 0)
        become_sweep(fds);
    (void)close(pair[1]);
    (void)close(fds[SLOT_DIR]);
    (void)close(fds[SLOT_STATE]);
    const struct channel channel = {house->channel, PARTY_MONITOR, PARTY_SWEEP};
    assert_int_equal(channel_receive(&channel, &(struct message){0}, NULL, &err), 1); /* FENCE */
    assert_int_equal(channel_send(&channel, &message, -1, &err), 0);
}

/* Monitor dies: its descriptors go, and with them its locks and the channel. */
static void die(struct house *house) {
    (void)close(house->set);
    (void)close(house->state);
    (void)close(house->channel);
    house->set = open_in(house->top, "set"); /* other descriptions, to look */
    house->state = open_in(house->top, "state");
    house->channel = -1;
}

/* Waits for the end of sweep, which must be a quiet one; how long that took. */
static uint64_t await_sweep(struct house *house) {
    uint64_t start = clock_now_ms();
    int status;
    assert_int_equal(waitpid(house->sweep, &status, 0), house->sweep);
    house->sweep = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return clock_now_ms() - start;
}

/* Another process that holds the lock of a directory for so long. */
static pid_t hold_lock(const struct house *house, const char *name, unsigned milliseconds) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open_in(house->top, name);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        (void)usleep(milliseconds * 1000);
        _exit(0);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return pid;
}

static void end_holder(pid_t pid) {
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void without_lingering_all_goes_at_once(void **state) {
    struct house *house = *state;
    start_sweep(house, 0);
    assert_true(is_full(house->set));
    die(house);
    assert_true(await_sweep(house) < LINGER_MS);
    assert_int_equal(faccessat(house->top, "set", F_OK, 0), -1);
    assert_int_equal(faccessat(house->top, "state", F_OK, 0), -1);
}

static void a_set_that_nobody_takes_over_goes_after_lingering(void **state) {
    struct house *house = *state;
    start_sweep(house, LINGER_MS);
    die(house);
    (void)usleep(LINGER_MS * 1000 / 2);
    assert_true(is_full(house->set));
    assert_true(is_full(house->state));
    (void)await_sweep(house);
    assert_true(is_empty(house->set));
    assert_int_equal(faccessat(house->top, "set", F_OK, 0), -1);
}

static void a_set_that_another_monitor_took_over_stays(void **state) {
    struct house *house = *state;
    start_sweep(house, LINGER_MS);
    die(house);
    pid_t set = hold_lock(house, "set", 10000), states = hold_lock(house, "state", 10000);
    assert_true(await_sweep(house) >= LINGER_MS / 2);
    assert_true(is_full(house->set));
    assert_true(is_full(house->state));
    end_holder(set);
    end_holder(states);
}

/* Monitor dies, and half of linger_ms later a successor that has just touched the set.
 * False where that took so long that sweep may have given up waiting before: it shows
 * nothing then. Else *touched_ms is a time just before the touch. */
static bool lose_successor(struct house *house, uint32_t linger_ms, uint64_t *touched_ms) {
    uint64_t died_ms = clock_now_ms();
    die(house);
    (void)usleep(linger_ms * 1000 / 2);
    int set = open_in(house->top, "set");
    bool ours = set >= 0 && flock(set, LOCK_EX | LOCK_NB) == 0;
    *touched_ms = clock_now_ms();
    assert_true(ours || *touched_ms >= died_ms + linger_ms);
    if (ours)
        assert_int_equal(futimens(set, NULL), 0);
    if (set >= 0)
        (void)close(set);
    return clock_now_ms() < died_ms + linger_ms;
}

static void a_successor_that_died_too_is_waited_for_anew(void **state) {
    struct house *house = *state;
    uint32_t linger_ms = LINGER_MS;
    uint64_t touched_ms = 0;
    start_sweep(house, linger_ms);
    while (!lose_successor(house, linger_ms, &touched_ms)) {
        assert_true(linger_ms < 60000);
        assert_int_equal(remove_house(state), 0);
        assert_int_equal(make_house(state), 0);
        house = *state;
        start_sweep(house, linger_ms *= 2);
    }
    /* The next one has as much time again. */
    (void)usleep(linger_ms * 800);
    bool stands = is_full(house->set) && is_full(house->state);
    assert_true(stands || clock_now_ms() >= touched_ms + linger_ms);
    (void)await_sweep(house);
    assert_true(clock_now_ms() >= touched_ms + linger_ms);
    assert_int_equal(faccessat(house->top, "set", F_OK, 0), -1);
    assert_int_equal(faccessat(house->top, "state", F_OK, 0), -1);
}

static void a_state_that_the_next_monitor_does_not_use_goes(void **state) {
    struct house *house = *state;
    start_sweep(house, LINGER_MS);
    die(house);
    pid_t set = hold_lock(house, "set", 10000);
    (void)await_sweep(house);
    assert_true(is_full(house->set));
    assert_int_equal(faccessat(house->top, "state", F_OK, 0), -1);
    end_holder(set);
}

/* It has a copy of monitor's descriptor, so monitor's lock lives as long as it. */
static void a_role_that_outlives_monitor_for_a_moment_does_not_save_the_set(void **state) {
    struct house *house = *state;
    start_sweep(house, 0);
    pid_t role = fork();
    if (role == 0) {
        (void)close(house->channel);
        (void)usleep(300000);
        _exit(0);
    }
    die(house);
    (void)usleep(100000);
    assert_true(is_full(house->set));
    (void)await_sweep(house);
    assert_int_equal(faccessat(house->top, "set", F_OK, 0), -1);
    end_holder(role);
}

static void a_second_record_is_obeyed_at_once_while_monitor_lives(void **state) {
    struct house *house = *state;
    struct message message = {.type = MESSAGE_WIPE};
    struct error err;
    start_sweep(house, 60000);
    const struct channel to_sweep = {house->channel, PARTY_MONITOR, PARTY_SWEEP};
    assert_int_equal(channel_send(&to_sweep, &message, -1, &err), 0);
    assert_true(await_sweep(house) < LINGER_MS); /* though the locks are held here */
    assert_int_equal(faccessat(house->top, "set", F_OK, 0), -1);
    assert_int_equal(faccessat(house->top, "state", F_OK, 0), -1);
}

/* Why the descriptors must be opened for sweep: a copy keeps monitor's lock. */
static void a_successor_can_lock_while_sweep_lingers(void **state) {
    struct house *house = *state;
    start_sweep(house, 60000);
    die(house);
    pid_t successor = hold_lock(house, "set", 10000);
    assert_int_equal(kill(house->sweep, 0), 0);
    end_holder(successor);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_house, remove_house)
    const struct CMUnitTest tests[] = {
        TEST(without_lingering_all_goes_at_once),
        TEST(a_set_that_nobody_takes_over_goes_after_lingering),
        TEST(a_successor_that_died_too_is_waited_for_anew),
        TEST(a_set_that_another_monitor_took_over_stays),
        TEST(a_state_that_the_next_monitor_does_not_use_goes),
        TEST(a_role_that_outlives_monitor_for_a_moment_does_not_save_the_set),
        TEST(a_second_record_is_obeyed_at_once_while_monitor_lives),
        TEST(a_successor_can_lock_while_sweep_lingers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
