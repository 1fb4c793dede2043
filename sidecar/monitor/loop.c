#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/monitor/monitor.h"

static enum protection_state weaker(uint8_t a, uint8_t b) {
    if (a == STATE_UNTOLD || b == STATE_UNTOLD)
        return (enum protection_state)(a > b ? a : b);
    return (enum protection_state)(a < b ? a : b);
}

static void note_fence(struct monitor *m, const struct message_fence *fence) {
    for (int i = 0; i < PROTECTIONS; i++)
        if (fence->state[i] <= STATE_ON)
            m->worst.state[i] = (uint8_t)weaker(m->worst.state[i], fence->state[i]);
    if (m->identity.service_is_nobody && m->worst.state[PROTECTION_IDENTITY] == STATE_ON)
        m->worst.state[PROTECTION_IDENTITY] = STATE_DEGRADED;
}

/* A warden that was started again changes nothing. */
static void take_setup(struct monitor *m, const struct child *child,
                       const struct message_setup *setup) {
    if (child->pid == m->candidate) {
        m->candidate_setup = *setup;
        m->candidate_told = true;
    } else if (!m->setup_told) {
        m->setup = *setup;
        m->setup_told = true;
    }
}

static bool is_task_of_warden(const struct message *message) {
    return message->body.round.task < ROUND_TASKS && message->body.round.task != TASK_REVOKE;
}

static void take_record(struct monitor *m, struct child *child, const struct message *message) {
    switch (message->type) {
    case MESSAGE_FENCE:
        note_fence(m, &message->body.fence);
        child->fenced = true;
        break;
    case MESSAGE_SETUP:
        take_setup(m, child, &message->body.setup);
        break;
    case MESSAGE_GIVE_UP:
        if (child->pid == m->warden && message->body.give_up.code < ERROR_CODES)
            m->given_up = (enum error_code)message->body.give_up.code;
        break;
    case MESSAGE_VERDICT:
        m->verdict = message->body.verdict;
        m->verdict_told = true;
        break;
    case MESSAGE_LOOK:
        round_look(m, child, &message->body.look);
        break;
    case MESSAGE_ROUND:
        if (child->pid == m->warden && !m->round.running && is_task_of_warden(message))
            round_begin(m, &message->body.round);
        break;
    case MESSAGE_RESULT:
    case MESSAGE_COLLISION:
        round_record(m, child, message);
        break;
    default:
        break;
    }
}

/* A role that breaks the protocol is hung up on: its end then tells. */
static void read_child(struct monitor *m, struct child *child) {
    struct message message;
    struct error err;
    int got = channel_receive(&child->channel, &message, NULL, &err);
    if (got == 1) {
        take_record(m, child, &message);
        return;
    }
    if (got < 0)
        monitor_say("%s: %s", role_name(child->role), err.what);
    spawn_hang_up(child);
}

/* Warden's records wait until the launch was judged: a refused job has fetched
 * nothing. Only its first, the setup, is read before. */
static bool is_heard(const struct monitor *m, const struct child *child) {
    if (child->pid == 0 || child->channel.fd < 0)
        return false;
    bool passed = m->kind != KIND_RUN || (m->verdict_told && m->verdict.code == ERROR_OK);
    return child->role != ROLE_WARDEN || !m->setup_told || passed;
}

static void child_over(struct monitor *m, pid_t pid, int status) {
    if (pid == m->watched) {
        m->watched_over = true;
        m->watched_status = status;
    }
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++) {
        struct child *child = &m->children[i];
        if (child->pid != pid)
            continue;
        /* What it said last may still wait in the channel. */
        while (is_heard(m, child))
            read_child(m, child);
        spawn_hang_up(child);
        struct child ended = *child;
        *child = (struct child){.channel.fd = -1};
        if (WIFSIGNALED(status))
            monitor_say("%s was ended by signal %d (%s)", role_name(ended.role), WTERMSIG(status),
                        strsignal(WTERMSIG(status)));
        if (ended.pid == m->warden)
            m->warden = 0;
        if (ended.pid == m->candidate)
            m->candidate = 0;
        if (spawn_is_of_round(ended.role))
            round_child_over(m, &ended);
        return;
    }
}

/* Reaps everything, orphans of the job too. */
static void reap(struct monitor *m) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        child_over(m, pid, status);
}

/* Signals that a person or a supervisor sends go to the job. What the terminal
 * sends has reached it already, because it is in our process group. */
static void forward(struct monitor *m, const struct signalfd_siginfo *info) {
    int number = (int)info->ssi_signo;
    if (m->kind == KIND_SIDECAR && number == SIGHUP) {
        m->reload = true;
        return;
    }
    if (m->kind != KIND_RUN || !m->job_started) {
        if (number != SIGTERM && sigismember(&m->caller_ignored, number) == 1)
            return; /* nohup, or a background job of a script */
        m->end_signal = number;
        if (m->watched > 0 && info->ssi_code != SI_KERNEL)
            (void)kill(m->watched, number);
        return;
    }
    if (info->ssi_code != SI_KERNEL)
        launch_signal(m, number);
}

static void take_signals(struct monitor *m) {
    struct signalfd_siginfo info;
    while (read(m->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD)
            forward(m, &info);
    reap(m);
}

int loop_step(struct monitor *m, int timeout_ms, struct error *err) {
    struct pollfd items[LIMIT_MANAGED_CHILDREN + 1] = {{.fd = m->signals, .events = POLLIN}};
    struct child *heard[LIMIT_MANAGED_CHILDREN + 1];
    nfds_t count = 1;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++) {
        if (!is_heard(m, &m->children[i]))
            continue;
        heard[count] = &m->children[i];
        items[count++] = (struct pollfd){.fd = m->children[i].channel.fd, .events = POLLIN};
    }
    if (m->round.running) {
        uint64_t now = clock_now_ms();
        int left = m->round.deadline <= now ? 0 : (int)(m->round.deadline - now);
        timeout_ms = timeout_ms < 0 || left < timeout_ms ? left : timeout_ms;
    }
    if (poll(items, count, timeout_ms) < 0 && errno != EINTR)
        return error_system(err, ERROR_SYSTEM, "cannot wait for events");
    for (nfds_t i = 1; i < count; i++)
        if (items[i].revents != 0 && heard[i]->channel.fd == items[i].fd)
            read_child(m, heard[i]);
    if (items[0].revents != 0)
        take_signals(m);
    round_timeout(m);
    return 0;
}

int loop_await(struct monitor *m, pid_t pid, struct error *err) {
    m->watched = pid;
    m->watched_over = false;
    while (!m->watched_over)
        if (loop_step(m, -1, err) != 0)
            return -1;
    m->watched = 0;
    return 0;
}

static bool is_climbing(const struct monitor *m) {
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (is_heard(m, &m->children[i]) && !m->children[i].fenced)
            return true;
    return false;
}

int loop_await_fences(struct monitor *m, struct error *err) {
    while (is_climbing(m) && m->end_signal == 0)
        if (loop_step(m, -1, err) != 0)
            return -1;
    return 0;
}
