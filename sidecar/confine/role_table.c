#include "sidecar/confine/role_table.h"

#include <fcntl.h>

const struct role_row role_table[ROLES] =
    {
        [ROLE_MONITOR] =
            {
                .name = "monitor",
                .identity = IDENTITY_CALLER,
                .rooms = "sidecar sidecar/base sidecar/wire sidecar/confine sidecar/strongbox "
                         "sidecar/monitor",
            },
        [ROLE_SWEEP] =
            {
                .name = "sweep",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .calls = CALLS_BASE | CALLS_CHANNEL | CALLS_READ | CALLS_WIPE,
                .files = 32,
                .slots = {SLOT_CHANNEL, SLOT_DIR, SLOT_STATE, SLOT_LAUNCH, SLOT_DIR_PARENT,
                          SLOT_STATE_PARENT, SLOT_LAUNCH_PARENT},
                .rooms = "sidecar/base sidecar/wire sidecar/confine sidecar/sweep",
            },
        [ROLE_WARDEN] =
            {
                .name = "warden",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .dies_with_parent = true,
                .calls = CALLS_BASE | CALLS_CHANNEL,
                .files = 16,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_STORE_ENV},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/lease sidecar/strongbox sidecar/warden",
            },
        [ROLE_JUDGE] =
            {
                .name = "judge",
                .identity = IDENTITY_CALLER,
                .confined = true,
                .dies_with_parent = true,
                .calls = CALLS_BASE | CALLS_CHANNEL,
                .beneath = CALLS_READ,
                .files = 2048,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_CONF, SLOT_ARGUMENTS, SLOT_ENVIRONMENT,
                          SLOT_MERGED, SLOT_REPORT},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/judge policy/input policy/surface policy/surface/kind "
                         "policy/surface/shell policy/surface/tree policy/surface/hadoop "
                         "policy/surface/kubernetes policy/surface/platform policy/surface/ci "
                         "policy/surface/source policy/effective policy/rules policy/plaintext "
                         "policy/report policy/data/catalogue policy/data/packs",
            },
        [ROLE_TOOL] =
            {
                .name = "tool",
                .identity = IDENTITY_CALLER,
                .confined = true,
                .holds_secrets = true,
                .calls = CALLS_BASE | CALLS_SECRET | CALLS_READ | CALLS_PUBLISH | CALLS_PROMPT,
                .files = 64,
                .rooms = "sidecar/base sidecar/yaml sidecar/confine sidecar/config sidecar/secret "
                         "sidecar/lease sidecar/strongbox sidecar/status",
            },
        [ROLE_DIAL] =
            {
                .name = "dial",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .dies_with_parent = true,
                .answers = true,
                .calls = CALLS_BASE | CALLS_CHANNEL | CALLS_READ | CALLS_DIAL,
                .files = 64,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_STORE_ENV, SLOT_DIAL},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/dial",
            },
        [ROLE_FETCH_NET] =
            {
                .name = "fetch-net",
                .program = "arrestor-fetch",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .dies_with_parent = true,
                .holds_secrets = true,
                .answers = true,
                .calls = CALLS_BASE | CALLS_CHANNEL | CALLS_SECRET | CALLS_SOCKET,
                .files = 64,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_STORE_ENV, SLOT_LEASES, SLOT_SESSION,
                          SLOT_BOX, SLOT_KEY, SLOT_PASSPHRASE, SLOT_PEER, SLOT_DIAL, SLOT_CA,
                          SLOT_TOKEN, SLOT_ROLE_ID, SLOT_SECRET_ID},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/secret sidecar/lease sidecar/strongbox sidecar/fetch "
                         "sidecar/fetch/store sidecar/fetch/strongbox sidecar/fetch/vault",
            },
        [ROLE_FETCH] =
            {
                .name = "fetch",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .dies_with_parent = true,
                .holds_secrets = true,
                .calls = CALLS_BASE | CALLS_CHANNEL | CALLS_SECRET,
                .files = 32,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_LEASES, SLOT_BOX, SLOT_KEY,
                          SLOT_PASSPHRASE, SLOT_PEER},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/secret sidecar/lease sidecar/strongbox sidecar/fetch "
                         "sidecar/fetch/store sidecar/fetch/strongbox",
            },
        [ROLE_PLACE] =
            {
                .name = "place",
                .identity = IDENTITY_SERVICE,
                .confined = true,
                .dies_with_parent = true,
                .holds_secrets = true,
                .calls = CALLS_BASE | CALLS_CHANNEL | CALLS_SECRET | CALLS_READ | CALLS_PUBLISH |
                         CALLS_WIPE,
                .files = 64,
                .slots = {SLOT_CHANNEL, SLOT_CONFIG, SLOT_PEER, SLOT_DIR, SLOT_STATE,
                          SLOT_LAUNCH, SLOT_ARGUMENTS, SLOT_ENVIRONMENT, SLOT_MERGED},
                .rooms = "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
                         "sidecar/secret sidecar/lease sidecar/render sidecar/place",
            },
};

#define POLICY_BELOW "sidecar/base sidecar/yaml sidecar/config"

const struct room_row room_table[] = {
    {"sidecar",
     "sidecar/base sidecar/config sidecar/confine sidecar/wire sidecar/monitor sidecar/judge "
     "sidecar/strongbox sidecar/warden sidecar/sweep sidecar/fetch sidecar/place "
     "sidecar/dial sidecar/status sidecar/fetch/strongbox sidecar/fetch/vault",
     ""},
    {"sidecar/base", "", "open openat renameat linkat unlinkat fchmodat"},
    {"sidecar/yaml", "sidecar/base", ""},
    {"sidecar/wire", "sidecar/base", "socketpair sendmsg recvmsg"},
    {"sidecar/confine", "sidecar/base sidecar/wire",
     "open setresuid setresgid setgroups prctl syscall"},
    {"sidecar/secret", "sidecar/base", "syscall"},
    {"sidecar/config", "sidecar/base sidecar/yaml", ""},
    {"sidecar/strongbox", "sidecar/base sidecar/confine sidecar/secret", "open mkdir"},
    {"sidecar/lease", "sidecar/base", ""},
    {"sidecar/dial", "sidecar/base sidecar/wire sidecar/confine sidecar/config",
     "open socket connect getaddrinfo"},
    {"sidecar/fetch",
     "sidecar/base sidecar/wire sidecar/confine sidecar/config sidecar/secret sidecar/lease "
     "sidecar/fetch/store",
     ""},
    {"sidecar/fetch/store", "sidecar/base sidecar/config sidecar/secret sidecar/lease", ""},
    {"sidecar/fetch/strongbox",
     "sidecar/base sidecar/config sidecar/secret sidecar/strongbox sidecar/fetch/store", ""},
    {"sidecar/fetch/vault",
     "sidecar/base sidecar/wire sidecar/config sidecar/secret sidecar/lease sidecar/fetch/store",
     ""},
    {"sidecar/status", "sidecar/base sidecar/confine sidecar/config sidecar/lease", "open openat"},
    {"sidecar/render", "sidecar/base sidecar/config sidecar/secret", ""},
    {"sidecar/place",
     "sidecar/base sidecar/wire sidecar/confine sidecar/config sidecar/secret sidecar/lease "
     "sidecar/render",
     "openat mkdirat symlinkat renameat unlinkat"},
    {"sidecar/sweep", "sidecar/base sidecar/wire sidecar/confine", "unlinkat"},
    {"sidecar/warden",
     "sidecar/base sidecar/wire sidecar/confine sidecar/config sidecar/lease sidecar/strongbox",
     ""},
    {"sidecar/monitor", "sidecar/base sidecar/wire sidecar/confine sidecar/strongbox",
     "open openat fopen mkdirat unlinkat fork execve kill"},
    {"sidecar/judge",
     "sidecar/base sidecar/yaml sidecar/wire sidecar/confine sidecar/config "
     "policy/input policy/surface policy/surface/kind policy/effective policy/rules "
     "policy/plaintext "
     "policy/report policy/data/catalogue policy/data/packs",
     ""},
    {"policy/input", POLICY_BELOW, "open openat opendir"},
    {"policy/surface", POLICY_BELOW, ""},
    {"policy/surface/shell", POLICY_BELOW " policy/surface", ""},
    {"policy/surface/tree", POLICY_BELOW " policy/surface", ""},
    {"policy/surface/hadoop", POLICY_BELOW " policy/surface", ""},
    {"policy/surface/kubernetes",
     POLICY_BELOW " policy/surface policy/surface/shell policy/surface/tree policy/surface/hadoop",
     ""},
    {"policy/surface/platform",
     POLICY_BELOW " policy/surface policy/surface/shell policy/surface/tree", ""},
    {"policy/surface/ci", POLICY_BELOW " policy/surface policy/surface/shell policy/surface/tree",
     ""},
    {"policy/surface/source",
     POLICY_BELOW " policy/surface policy/surface/shell policy/surface/tree", ""},
    {"policy/surface/kind",
     POLICY_BELOW " policy/surface policy/surface/shell policy/surface/hadoop "
                  "policy/surface/kubernetes policy/surface/platform policy/surface/ci "
                  "policy/surface/source",
     ""},
    {"policy/effective",
     POLICY_BELOW " policy/input policy/surface policy/data/catalogue policy/plaintext", ""},
    {"policy/plaintext", POLICY_BELOW " policy/data/catalogue", ""},
    {"policy/rules",
     POLICY_BELOW " policy/surface policy/effective policy/plaintext policy/data/catalogue "
                  "policy/data/packs",
     ""},
    {"policy/report", POLICY_BELOW " policy/surface policy/effective policy/plaintext policy/rules",
     ""},
    {"policy/data/catalogue", POLICY_BELOW, ""},
    {"policy/data/compile", POLICY_BELOW " policy/data/catalogue policy/rules",
     ""}, /* build tools */
    {"policy/data/packs", POLICY_BELOW " policy/rules", ""},
};

const size_t room_count = sizeof room_table / sizeof *room_table;

const struct file_row file_table[] = {
    {"sidecar/base/atomic_file.c", "what lasts, beside the place that it is renamed to", ""},
    {"sidecar/base/file.c", "/dev/null, where a standard descriptor is closed", ""},
    {"sidecar/base/wipe.c", "what is overwritten before it is removed", ""},
    {"sidecar/confine/confine.c", "", "memfd_secret"},
    {"sidecar/confine/drop.c", "", "capget capset"},
    {"sidecar/confine/filter_table.c", "nothing: it names the flags to refuse them", ""},
    {"sidecar/confine/landlock.c", "",
     "landlock_create_ruleset landlock_add_rule landlock_restrict_self"},
    {"sidecar/monitor/freeze.c", "the frozen copies of a launch", ""},
    {"sidecar/monitor/spawn.c", "/dev/null and oom_score_adj of a role", ""},
    {"sidecar/place/publish.c", "the files of a generation", ""},
    {"sidecar/secret/region.c", "", "memfd_secret"},
    {"sidecar/strongbox/prompt.c", "the terminal", ""},
};
const size_t file_count = sizeof file_table / sizeof *file_table;

int role_slot(enum role role, enum slot slot) {
    const enum slot *slots = role_table[role].slots;
    for (int i = 0; i < LIMIT_ROLE_SLOTS && slots[i] != SLOT_NONE; i++)
        if (slots[i] == slot)
            return fcntl(SLOT_FIRST + i, F_GETFD) < 0 ? -1 : SLOT_FIRST + i;
    return -1;
}
