#include "sidecar/confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/drop.h"
#include "sidecar/confine/filter.h"
#include "sidecar/confine/landlock.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/confine/trap.h"

/* Number of memfd_secret(2), the same on every architecture that has it. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static const char *const protection_names[] = {
#define PROTECTION_NAME(id, name) name,
    PROTECTION_TABLE(PROTECTION_NAME)
#undef PROTECTION_NAME
};

static const char *const state_names[] = {"not told", "off", "degraded", "on"};

const char *role_name(enum role role) {
    return role < ROLES ? role_table[role].name : "unknown";
}

const char *protection_name(enum protection protection) {
    return protection < PROTECTIONS ? protection_names[protection] : "unknown";
}

const char *protection_state_name(enum protection_state state) {
    return state <= STATE_ON ? state_names[state] : "unknown";
}

int protection_find(const char *name) {
    for (int i = 0; i < PROTECTIONS; i++)
        if (strcmp(protection_names[i], name) == 0)
            return i;
    return -1;
}

/* TracerPid of /proc/self/status: 0 where nobody traces. */
static enum protection_state look_for_tracer(void) {
    char text[2048];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STATE_UNTOLD;
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (length <= 0)
        return STATE_UNTOLD;
    text[length] = '\0';
    const char *tracer = strstr(text, "\nTracerPid:");
    if (tracer == NULL)
        return STATE_UNTOLD;
    return strtol(tracer + strlen("\nTracerPid:"), NULL, 10) == 0 ? STATE_ON : STATE_DEGRADED;
}

static void limit_resources(const struct role_row *row) {
    struct rlimit none = {0, 0}, files = {row->files, row->files}, had;
    (void)setrlimit(RLIMIT_CORE, &none);
    if (getrlimit(RLIMIT_NOFILE, &had) == 0 && had.rlim_max < files.rlim_max)
        files.rlim_cur = files.rlim_max = had.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

/* The tool works on files that the caller names, as the caller could without us; so does
 * the judge, beneath the directories that the caller names. */
static unsigned kept_capabilities(enum role role, const struct confine_request *request) {
    bool walks = role == ROLE_JUDGE && request->path_count > 0;
    return role == ROLE_TOOL ? 1u << CAP_DAC_OVERRIDE : walks ? 1u << CAP_DAC_READ_SEARCH : 0;
}

static int climb_drop(enum role role, const struct confine_request *request,
                      struct protections *state, struct error *err) {
    bool drops = geteuid() == 0 && request->uid != (uid_t)-1;
    unsigned kept = kept_capabilities(role, request);
    drop_bounding_set(kept);
    if (drops && drop_identity(request->uid, request->gid, err) != 0)
        return -1;
    if (drop_capabilities(drops ? 0 : kept, err) != 0)
        return -1;
    if (role_table[role].identity == IDENTITY_SERVICE)
        state->state[PROTECTION_IDENTITY] = drops ? STATE_ON : STATE_DEGRADED;
    return 0;
}

/* Maps a page of what may hold secrets; whether that could be had. */
static bool can_map(int fd) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *bytes = fd >= 0 && ftruncate(fd, (off_t)page) == 0
                      ? mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                      : MAP_FAILED;
    return bytes != MAP_FAILED && munmap(bytes, page) == 0;
}

static bool can_lock(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *bytes = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool locked = bytes != MAP_FAILED && mlock(bytes, page) == 0;
    if (bytes != MAP_FAILED)
        (void)munmap(bytes, page);
    return locked;
}

/* What memory for secrets could be had here, by a single page. */
static enum protection_state look_for_secret_memory(void) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    bool hidden = can_map(fd);
    if (fd >= 0)
        (void)close(fd);
    return hidden ? STATE_ON : can_lock() ? STATE_DEGRADED : STATE_OFF;
}

static int climb_undumpable(const struct role_row *row, bool spawned, struct protections *state,
                            struct error *err) {
    limit_resources(row);
    (void)prctl(PR_SET_NAME, row->name, 0, 0, 0); /* else ps shows "exe" */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot become non-dumpable");
    /* Asked again after the drop, which clears it; a parent that died before
     * leaves us to init, and the channel then reads as closed. */
    if (spawned && row->dies_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot tie the life to the parent's");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot set no-new-privs");
    state->state[PROTECTION_UNDUMPABLE] = STATE_ON;
    return 0;
}

int confine_monitor(struct error *err) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot become non-dumpable");
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot become the parent of orphans");
    return 0;
}

int confine_childless(struct error *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot set no-new-privs");
    return filter_load_parent(err);
}

bool confine_can_drop(void) {
    return geteuid() == 0 && drop_is_possible();
}

int confine_climb(enum role role, const struct confine_request *request, struct protections *ret,
                  struct error *err) {
    const struct role_row *row = &role_table[role];
    struct protections state = {.state[PROTECTION_NO_TRACER] = (uint8_t)look_for_tracer()};
    if (climb_drop(role, request, &state, err) != 0 ||
        climb_undumpable(row, request->spawned, &state, err) != 0)
        return -1;
    /* Warden is there before anything is fetched, by the same user as fetch. */
    if (role == ROLE_WARDEN)
        state.state[PROTECTION_SECRET_MEMORY] = (uint8_t)look_for_secret_memory();
    bool dials = (row->calls & CALLS_DIAL) != 0, answers = row->answers && trap_is_possible();
    if (landlock_confine(request->paths, request->path_count, dials,
                         &state.state[PROTECTION_LANDLOCK], err) != 0)
        return -1;
    if (answers && trap_install(err) != 0)
        return -1;
    uint32_t calls = row->calls | (request->path_count > 0 ? row->beneath : 0);
    if (filter_load(calls, answers, &state.state[PROTECTION_SECCOMP], err) != 0)
        return -1;
    *ret = state;
    return 0;
}
