/* Claim 30: dial, which opens connections and looks up names, is given neither token
 * nor secret_id, key or CA, and has none of them in its memory when it ends. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/memory.h"
#include "selftest/role.h"
#include "selftest/site.h"
#include "selftest/watch.h"

#define FILES_SEEN 64

/* What is looked for, and what was seen. */
struct looked {
    struct needles needles;
    const char *secret;
    bool begun, ended, closed, given; /* given: to fetch-net, which needs it */
};

static bool holds(const char *path, const char *secret) {
    char text[16384];
    size_t length = claim_read(path, text, sizeof text);
    return memmem(text, length, secret, strlen(secret)) != NULL;
}

/* Through its descriptors, which are opened anew: a socket cannot be. */
static bool has_in_files(pid_t pid, const char *secret, bool *closed) {
    static struct watch_file files[FILES_SEEN];
    int count = watch_files(pid, files, FILES_SEEN);
    char path[64];
    bool found = false;
    *closed = *closed || count < 0;
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, files[i].fd);
        bool readable = strncmp(files[i].target, "socket:", 7) != 0 && files[i].fd > 2;
        found = found || (readable && holds(path, secret));
    }
    return found;
}

static void see_dial(pid_t pid, enum watch_moment moment, struct looked *looked) {
    char path[64];
    if (moment == WATCH_END) {
        int found = memory_find(pid, &looked->needles);
        looked->ended = true;
        looked->closed = looked->closed || found < 0;
        if (found > 0)
            claim_off("dial has what fetch-net logs in with in its memory, %s", memory_form(found));
        return;
    }
    looked->begun = true;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, i == 0 ? "environ" : "cmdline");
        if (holds(path, looked->secret))
            claim_off("dial is given what fetch-net logs in with in its %s", strchr(path + 6, '/'));
    }
    if (has_in_files(pid, looked->secret, &looked->closed))
        claim_off("dial is given what fetch-net logs in with in a descriptor");
}

static void see(pid_t pid, enum watch_moment moment, void *context) {
    struct looked *looked = context;
    int role = watch_role(pid);
    if (role == ROLE_DIAL)
        see_dial(pid, moment, looked);
    if (role == ROLE_FETCH_NET && moment == WATCH_EXEC)
        looked->given = has_in_files(pid, looked->secret, &looked->closed) || looked->given;
}

/* A store that hangs up on everybody, so that dial does its work and fetch-net fails. */
static unsigned start_store(void) {
    struct sockaddr_in here;
    int listener = claim_listen(&here);
    if (claim_fork() == 0)
        for (;;) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0)
                (void)close(fd);
        }
    (void)close(listener);
    return ntohs(here.sin_port);
}

static void try_launch(const struct site *site, const char *const *variables, const char *secret) {
    struct looked looked = {.secret = secret};
    memory_needles(secret, strlen(secret), &looked.needles);
    memory_check_search(&looked.needles);
    const struct outcome *got = watch_launch(site, variables, see, &looked);
    if (!looked.begun || !looked.ended)
        claim_broken("dial was not seen: %.300s", got->err);
    if (looked.closed)
        claim_weaken("only root can look into a dial that uid %u cannot read", (unsigned)geteuid());
    else if (!looked.given)
        claim_broken("fetch-net was not given what it logs in with: %.300s", got->err);
}

int main(int argc, char **argv) {
    struct site site;
    char variable[128];
    if (job_is_me(argv))
        return 0;
    claim_begin(argc, argv);
    const char *token = claim_canary(), *secret_id = claim_canary();
    site_make(&site, site_safe);
    unsigned port = start_store();
    (void)snprintf(variable, sizeof variable, "VAULT_TOKEN=%s", token);
    const char *variables[] = {variable, "VAULT_NAMESPACE=selftest", NULL};
    site_use_vault(&site, port, "{token: {}}");
    try_launch(&site, variables, token);
    claim_write(claim_path(site.path, "secret-id"), secret_id);
    site_use_vault(&site, port, "{approle: {role-id: selftest, secret-id-file: secret-id}}");
    try_launch(&site, NULL, secret_id);
    claim_settle(
        "VAULT_TOKEN and a secret_id, which fetch-net had in a descriptor, were neither in "
        "dial's descriptors, environment and command line, nor in its memory at its end");
}
