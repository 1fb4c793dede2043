/* Claim 22: what a round started ends with it: after each renewal neither dial nor
 * fetch nor place is left, and a round that is under way does not survive monitor. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define RENEWALS 3

static const char *const of_round[] = {"dial", "fetch", "fetch-net", "place"};
#define ROLES_OF_ROUND (sizeof of_round / sizeof *of_round)

/* The third is the job. */
static bool rests(const void *context) {
    const pid_t *monitor = context;
    pid_t children[32];
    for (size_t i = 0; i < ROLES_OF_ROUND; i++)
        if (site_role(*monitor, of_round[i]) != 0)
            return false;
    return site_children(*monitor, children, 32) == 3;
}

static void check_renewals(const struct site *site) {
    pid_t monitor = site_launch_waiting(site), warden = site_role(monitor, "warden");
    pid_t sweep = site_role(monitor, "sweep");
    for (int i = 0; i < RENEWALS; i++) {
        site_rotate(site, claim_canary());
        if (!claim_becomes(rests, &monitor, 5000))
            claim_off("5 s after a renewal there are more than warden, sweep and the job");
    }
    if (warden == 0 || site_role(monitor, "warden") != warden ||
        site_role(monitor, "sweep") != sweep)
        claim_off("warden or sweep did not live through %d renewals", RENEWALS);
    site_let_go(site, monitor);
}

/* ---- A store that takes a connection and never answers */

struct round {
    pid_t monitor, fetch, place;
};

static bool is_under_way(const void *context) {
    const pid_t *monitor = context;
    return site_role(*monitor, "fetch-net") != 0 && site_role(*monitor, "place") != 0;
}

static bool is_over(const void *context) {
    const struct round *round = context;
    const pid_t pids[] = {round->fetch, round->place};
    char state[32];
    for (size_t i = 0; i < 2; i++)
        if (claim_status_field(pids[i], "State", state, sizeof state) && state[0] != 'Z')
            return false;
    return true;
}

/* Takes the connection and waits until fetch-net has asked: it now waits for us. */
static int hear_request(int listener) {
    struct pollfd item = {.fd = listener, .events = POLLIN};
    char byte;
    int fd = poll(&item, 1, 10000) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    item.fd = fd;
    return fd >= 0 && poll(&item, 1, 10000) == 1 && read(fd, &byte, 1) == 1 ? fd : -1;
}

static void check_death(const struct site *site) {
    static const char *const variables[] = {"VAULT_TOKEN=selftest", NULL};
    struct sockaddr_in here;
    char text[400];
    int listener = claim_listen(&here);
    site_use_vault(site, ntohs(here.sin_port), "{token: {}}");
    struct round round = {.monitor = site_start(site, variables)};
    int fd = hear_request(listener);
    if (fd < 0 || !claim_becomes(is_under_way, &round.monitor, 5000)) {
        site_said(site, text, sizeof text);
        claim_broken("a store that does not answer is not waited for: %s", text);
    }
    round.fetch = site_role(round.monitor, "fetch-net");
    round.place = site_role(round.monitor, "place");
    claim_end(round.monitor);
    if (!claim_becomes(is_over, &round, 5000))
        claim_off("5 s after monitor was killed in a round, fetch-net or place is still there");
    (void)close(fd);
    (void)close(listener);
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_hold_set);
    site_configure(&site, site_lively);
    check_renewals(&site);
    check_death(&site);
    claim_settle("%d renewals: after each only warden, sweep and the job were left; monitor killed "
                 "while a store was silent: fetch-net and place were gone",
                 RENEWALS);
}
