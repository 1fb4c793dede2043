/* Claim 21: no word is no permission: where the judge is killed, ends early or tells
 * half a verdict, and where fetch or place is killed in the first round, no job starts.
 *
 * The killed ones are those of arrestor. For a judge that lies, this claim is arrestor:
 * it runs the same monitor, and is the judge that monitor starts; the other roles are
 * arrestor's own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"
#include "selftest/watch.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/monitor/run_command.h"
#include "sidecar/wire/channel.h"

#define JUDGE                                                                                      \
    (struct channel) {                                                                             \
        .fd = SLOT_FIRST, .self = PARTY_JUDGE, .peer = PARTY_MONITOR                               \
    }

/* ---- A judge that fails */

/* As every judge begins: it says that it is confined, and hears what to judge. */
static void tell_fence(void) {
    struct message message = {.type = MESSAGE_FENCE, .body.fence.role = ROLE_JUDGE};
    struct error err;
    memset(message.body.fence.state, STATE_ON, PROTECTIONS);
    if (channel_send(&JUDGE, &message, -1, &err) != 0 ||
        channel_receive(&JUDGE, &message, NULL, &err) != 1 || message.type != MESSAGE_LAUNCH)
        _exit(70);
}

/* A pass that monitor would launch. */
static struct message make_pass(void) {
    struct message message = {.type = MESSAGE_VERDICT, .body.verdict.code = ERROR_OK};
    message.body.verdict.launches = message.body.verdict.insert = 1;
    message.body.verdict.insert_at = 1;
    return message;
}

static void tell_pass(void) {
    struct message message = make_pass();
    struct error err;
    tell_fence();
    if (channel_send(&JUDGE, &message, -1, &err) != 0)
        _exit(70);
}

static int end_at_once(void) {
    return 0;
}

static int end_behind_fence(void) {
    tell_fence();
    return 0;
}

static int tell_half(void) {
    static unsigned char bytes[MESSAGE_BYTES_MAX];
    struct message message = make_pass();
    size_t length = message_encode(&message, bytes);
    tell_fence();
    return send(SLOT_FIRST, bytes, length / 2, 0) == (ssize_t)(length / 2) ? 0 : 70;
}

static int tell_too_much(void) {
    static unsigned char bytes[MESSAGE_BYTES_MAX + 1];
    struct message message = make_pass();
    size_t length = message_encode(&message, bytes);
    tell_fence();
    return send(SLOT_FIRST, bytes, length + 1, 0) == (ssize_t)length + 1 ? 0 : 70;
}

static int fail_after_pass(void) {
    tell_pass();
    return 1;
}

static int die_after_pass(void) {
    tell_pass();
    (void)raise(SIGKILL);
    return 0;
}

static const struct lie {
    const char *what;
    int (*act)(void);
} lies[] = {
    {"ends at once", end_at_once},
    {"ends without a verdict", end_behind_fence},
    {"tells half a verdict", tell_half},
    {"tells a verdict and more", tell_too_much},
    {"fails after its verdict", fail_after_pass},
    {"is killed after its verdict", die_after_pass},
};
#define LIES (sizeof lies / sizeof *lies)

/* One of the two variables that reach a role; here it says which lie is told. */
#define MARK "selftest-"

static int be_role(char **argv, char **environment) {
    const char *mark = getenv("TERM");
    char *none[] = {NULL};
    if (strcmp(argv[2], "judge") == 0 && mark != NULL && strncmp(mark, MARK, strlen(MARK)) == 0) {
        size_t lie = (size_t)atoi(mark + strlen(MARK));
        return lie < LIES ? lies[lie].act() : 70;
    }
    claim_begin(1, argv);
    (void)execve(claim_arrestor(), argv, environment != NULL ? environment : none);
    return 70;
}

static int be_monitor(int argc, char **argv, char **environment) {
    struct invocation call;
    struct error err;
    return command_parse(&run_command, argc - 1, argv + 1, environment, &call, &err) != 0
               ? command_fail(&err)
               : run_command.run(&call);
}

/* ---- The claim */

static bool has_started(const struct site *site) {
    char report[16];
    site_report(site, report, sizeof report);
    return report[0] != '\0';
}

static void hold(const struct site *site, const struct outcome *got, const char *who,
                 const char *what) {
    if (has_started(site) || got->status != 125)
        claim_off("a job starts although %s %s (status %d)", who, what, got->status);
    if (strstr(got->err, "not launched") == NULL)
        claim_off("it is not said that nothing was launched where %s %s: %.200s", who, what,
                  got->err);
}

static void kill_role(pid_t pid, enum watch_moment moment, void *context) {
    const enum role *role = context;
    if (moment == WATCH_EXEC && watch_role(pid) == (int)*role)
        (void)kill(pid, SIGKILL);
}

static void try_killed(const struct site *site) {
    enum role roles[] = {ROLE_JUDGE, ROLE_FETCH, ROLE_PLACE};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        hold(site, watch_launch(site, NULL, kill_role, &roles[i]), role_name(roles[i]),
             "is killed");
}

static void try_lies(struct site *site) {
    static struct outcome got;
    char mark[32];
    const char *variables[] = {mark, NULL};
    site->program = "/proc/self/exe";
    /* Without a lie the same monitor starts the job. */
    site_launch(site, NULL, &got);
    if (!has_started(site) || got.status != 0)
        claim_broken("an honest judge starts no job (status %d): %.300s", got.status, got.err);
    for (size_t i = 0; i < LIES; i++) {
        (void)snprintf(mark, sizeof mark, "TERM=" MARK "%zu", i);
        site_launch(site, variables, &got);
        hold(site, &got, "the judge", lies[i].what);
    }
}

int main(int argc, char **argv, char **environment) {
    struct site site;
    if (job_is_me(argv)) {
        job_report("started\n");
        return 0;
    }
    if (argc > 2 && strcmp(argv[0], "arrestor") == 0)
        return strcmp(argv[1], "role") == 0 ? be_role(argv, environment)
                                            : be_monitor(argc, argv, environment);
    claim_begin(argc, argv);
    site_make(&site, site_safe);
    site_configure(&site, "deliver:\n  wait: 0s\n  files:\n    value: {raw: \"${it}\"}\n");
    try_killed(&site);
    try_lies(&site);
    claim_settle("judge, fetch and place killed, and a judge that ends early, tells half a verdict "
                 "or more than one, or fails after it: status 125, and no job");
}
