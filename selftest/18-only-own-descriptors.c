/* Claim 18: each role begins with exactly the descriptors of its row in the role
 * table, whatever its caller has left open, and the job with its sealed properties. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"
#include "selftest/watch.h"

#define FILES_SEEN 64

/* Where a descriptor of a slot must lead, by a part of what /proc shows of it. */
static const char *const places[SLOTS] = {
    [SLOT_CHANNEL] = "socket:[",   [SLOT_CONFIG] = "memfd:arrestor.yaml",
    [SLOT_LEASES] = ".state/",     [SLOT_BOX] = "/it.box",
    [SLOT_KEY] = "/it.key",        [SLOT_STORE_ENV] = "memfd:store-environment",
    [SLOT_TOKEN] = "memfd:token",  [SLOT_SESSION] = ".state/",
    [SLOT_DIAL] = "socket:[",      [SLOT_PEER] = "socket:[",
    [SLOT_DIR] = "/arrestor",      [SLOT_STATE] = ".state",
    [SLOT_LAUNCH] = ".launch",     [SLOT_DIR_PARENT] = "/",
    [SLOT_STATE_PARENT] = "/",     [SLOT_LAUNCH_PARENT] = "/",
    [SLOT_CONF] = ".launch/",      [SLOT_ARGUMENTS] = "memfd:",
    [SLOT_ENVIRONMENT] = "memfd:", [SLOT_MERGED] = "memfd:properties",
};

/* What a role must have in each of these launches, or it proves nothing. */
static const struct {
    enum role role;
    enum slot slot;
} needed[] = {{ROLE_SWEEP, SLOT_DIR},      {ROLE_WARDEN, SLOT_CONFIG}, {ROLE_JUDGE, SLOT_CONF},
              {ROLE_DIAL, SLOT_DIAL},      {ROLE_FETCH, SLOT_KEY},     {ROLE_FETCH_NET, SLOT_TOKEN},
              {ROLE_PLACE, SLOT_STATE},    {ROLE_DIAL, SLOT_CONFIG},   {ROLE_FETCH, SLOT_BOX},
              {ROLE_FETCH_NET, SLOT_PEER}, {ROLE_PLACE, SLOT_PEER}};
#define NEEDED (sizeof needed / sizeof *needed)

/* What was seen in all launches together. */
struct seen {
    bool roles[ROLES], needed[NEEDED], job, closed;
    unsigned files;
};

static enum slot slot_of(enum role role, int fd) {
    const enum slot *slots = role_table[role].slots;
    for (int i = 0; i < LIMIT_ROLE_SLOTS && slots[i] != SLOT_NONE; i++)
        if (SLOT_FIRST + i == fd)
            return slots[i];
    return SLOT_NONE;
}

static void check_role_file(enum role role, const struct watch_file *file, struct seen *seen) {
    enum slot slot = slot_of(role, file->fd);
    if (strstr(file->target, "selftest-stray") != NULL)
        claim_off("the role %s has a descriptor that the caller left open", role_name(role));
    if (file->fd == 0 && strcmp(file->target, "/dev/null") != 0)
        claim_off("the role %s reads the caller's standard input", role_name(role));
    if (file->fd <= 2)
        return;
    if (slot == SLOT_NONE || places[slot] == NULL || strstr(file->target, places[slot]) == NULL)
        claim_off("the role %s has a descriptor %d that is not of its row: %.200s", role_name(role),
                  file->fd, file->target);
    for (size_t i = 0; i < NEEDED; i++)
        seen->needed[i] = seen->needed[i] || (needed[i].role == role && needed[i].slot == slot);
    seen->files++;
}

static void check_job_file(const struct watch_file *file) {
    if (file->fd > 2 && (file->fd != LAUNCH_FD || strstr(file->target, "memfd:properties") == NULL))
        claim_off("the job has a descriptor %d: %.200s", file->fd, file->target);
}

static bool is_job(pid_t pid) {
    char path[64], words[256];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    (void)claim_read(path, words, sizeof words);
    return strstr(words, "spark-submit") != NULL;
}

static void see(pid_t pid, enum watch_moment moment, void *context) {
    static struct watch_file files[FILES_SEEN];
    struct seen *seen = context;
    int role = watch_role(pid);
    bool job = role == ROLES && is_job(pid);
    if (moment != WATCH_EXEC || (role == ROLES && !job))
        return;
    int count = watch_files(pid, files, FILES_SEEN);
    if (role < ROLES)
        seen->roles[role] = true;
    seen->job = seen->job || job;
    seen->closed = seen->closed || count < 0;
    for (int i = 0; i < count; i++)
        if (job)
            check_job_file(&files[i]);
        else
            check_role_file((enum role)role, &files[i], seen);
}

/* Where slots lie, between and above them, as a careless caller leaves them open.
 * Nobody can leave one open at or above its limit. Gives how many are open. */
static unsigned leave_open(void) {
    static const int numbers[] = {3, 4, 5, 8, 9, 12, 16, 18, 19, 20, 21, 63, 64, 65, 200};
    struct rlimit limit;
    unsigned count = 0;
    int stray = memfd_create("selftest-stray", MFD_CLOEXEC), last = -1;
    claim_need(stray >= 0, "make a memory file");
    claim_need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "read the limit of descriptors");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if ((rlim_t)numbers[i] >= limit.rlim_cur)
            break;
        last = numbers[i];
        if (fcntl(last, F_GETFD) < 0)
            claim_need(dup2(stray, last) == last, "leave a descriptor open");
        count++;
    }
    claim_need(fcntl(stray, F_SETFD, 0) == 0, "leave the memory file open");
    claim_need(fcntl(last, F_GETFD) == 0, "leave a descriptor open for programs");
    return count;
}

static void check_seen(const struct seen *seen) {
    if (seen->closed) {
        claim_weaken("the job has only its properties, but only root can look into the roles of "
                     "an arrestor that uid %u cannot read",
                     (unsigned)geteuid());
        return;
    }
    for (int i = 0; i < ROLES; i++)
        if (role_is_spawned((enum role)i) && !seen->roles[i])
            claim_broken("the role %s was not seen", role_name((enum role)i));
    for (size_t i = 0; i < NEEDED; i++)
        if (!seen->needed[i])
            claim_broken("the role %s was seen without what it needs", role_name(needed[i].role));
}

int main(int argc, char **argv) {
    static const char *const variables[] = {"VAULT_TOKEN=selftest", "VAULT_NAMESPACE=selftest",
                                            NULL};
    static struct seen seen;
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    unsigned strays = leave_open();
    (void)watch_launch(&site, NULL, see, &seen);
    /* Nobody listens there: the launch ends when dial and fetch-net have tried. */
    site_use_vault(&site, 1, "{token: {}}");
    (void)watch_launch(&site, variables, see, &seen);
    if (!seen.job)
        claim_broken("no job was started");
    check_seen(&seen);
    claim_settle("%u descriptors of 7 roles seen as they begin: each of its row, none of the %u "
                 "that the caller left open; the job has its sealed properties alone",
                 seen.files, strays);
}
