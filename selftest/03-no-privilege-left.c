/* Claim 03: started as root, the service roles run as another user and cannot
 * become root again; no role has a capability, and each has its filter. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "sidecar/base/error.h"
#include "sidecar/confine/drop.h"

static void need_field(const struct waiting_role *role, const char *field, const char *wanted) {
    char text[256];
    if (!claim_status_field(role->pid, field, text, sizeof text))
        claim_broken("/proc tells no %s", field);
    if (strcmp(text, wanted) != 0)
        claim_off("%s of the role %s is %s", field, role_name((enum role)role->fence.role), text);
}

static void check_ids(const struct waiting_role *role) {
    char wanted[64], id[16];
    uid_t uid = role_uid((enum role)role->fence.role);
    (void)snprintf(wanted, sizeof wanted, "%u\t%u\t%u\t%u", (unsigned)uid, (unsigned)uid,
                   (unsigned)uid, (unsigned)uid);
    need_field(role, "Uid", wanted);
    if (uid == geteuid())
        return;
    (void)snprintf(id, sizeof id, "%u", (unsigned)uid);
    need_field(role, "Gid", wanted);
    need_field(role, "Groups", id);
}

/* Where the caller has a filter of its own, one more must be there. */
static void check_filter(const struct waiting_role *role) {
    char ours[16] = "0", theirs[16] = "0";
    need_field(role, "NoNewPrivs", "1");
    need_field(role, "Seccomp", "2");
    if (claim_status_field(0, "Seccomp_filters", ours, sizeof ours) &&
        claim_status_field(role->pid, "Seccomp_filters", theirs, sizeof theirs) &&
        atoi(theirs) <= atoi(ours))
        claim_off("the role %s has no filter of its own", role_name((enum role)role->fence.role));
}

static void check_role(enum role role) {
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    struct waiting_role started = role_start_real(role, false);
    check_ids(&started);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        need_field(&started, sets[i], "0000000000000000");
    /* What a program could get back; only root can empty it. */
    if (confine_can_drop())
        need_field(&started, "CapBnd", "0000000000000000");
    check_filter(&started);
    role_end(&started);
}

/* The drop without the filter that would kill the attempt. */
static int try_to_return(void) {
    struct error err;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {
        {.effective = 1u << CAP_SETUID, .permitted = 1u << CAP_SETUID}, {0}};
    if (drop_identity(claim_service_uid(), claim_service_uid(), &err) != 0 ||
        drop_capabilities(0, &err) != 0)
        return 70;
    return setresuid(0, 0, 0) == 0 || setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
           setresgid(0, 0, 0) == 0 || syscall(SYS_capset, &header, all) == 0;
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    claim_need_sight();
    for (int i = 0; i < ROLES; i++)
        if (role_is_spawned((enum role)i))
            check_role((enum role)i);
    if (!confine_can_drop())
        claim_weaken("no role has a capability, but started without root all stay uid %u, which "
                     "the job is too",
                     (unsigned)geteuid());
    else {
        pid_t pid = claim_fork();
        if (pid == 0)
            _exit(try_to_return());
        int status = claim_wait(pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 70)
            claim_broken("the drop could not be tried");
        if (WEXITSTATUS(status) != 0)
            claim_off("a process that has dropped can become root again");
        if (claim_service_uid() == 65534)
            claim_weaken("the service roles run as uid 65534, because there is no user arrestor: "
                         "other services may share that uid");
    }
    claim_settle("service roles run as uid %u for good; no role has a capability; each has "
                 "no-new-privs and its filter",
                 (unsigned)claim_service_uid());
}
