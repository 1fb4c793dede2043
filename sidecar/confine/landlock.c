#include "sidecar/confine/landlock.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sidecar/base/error.h"

/* The kernel's interface, written out, because Debian 12's headers know ABI 2
 * and the running kernel may know more. */
struct ruleset_attributes {
    uint64_t files, network, scoped;
};
struct path_attributes {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

#define RULE_PATH_BENEATH 1
#define CREATE_VERSION    1u
#define FS_EXECUTE        (1u << 0)
#define FS_WRITE_FILE     (1u << 1)
#define FS_READ_FILE      (1u << 2)
#define FS_READ_DIR       (1u << 3)
#define FS_REMOVE_DIR     (1u << 4)
#define FS_REMOVE_FILE    (1u << 5)
#define FS_MAKE_DIR       (1u << 7)
#define FS_MAKE_REG       (1u << 8)
#define FS_MAKE_SYM       (1u << 12)
#define FS_ALL_ABI1       ((1u << 13) - 1)
#define FS_REFER          (1u << 13) /* ABI 2 */
#define FS_TRUNCATE       (1u << 14) /* ABI 3 */
#define FS_IOCTL          (1u << 15) /* ABI 5 */
#define NET_BIND          1u         /* TCP, ABI 4 */
#define NET_CONNECT       2u
#define SCOPE_ABSTRACT    1u /* ABI 6 */
#define SCOPE_SIGNAL      2u

static const uint64_t reach_rights[] = {
    [REACH_READ] = FS_READ_FILE | FS_READ_DIR,
    [REACH_PUBLISH] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_MAKE_REG | FS_MAKE_DIR |
                      FS_MAKE_SYM | FS_REMOVE_FILE | FS_REMOVE_DIR | FS_TRUNCATE,
    [REACH_WIPE] = FS_READ_DIR | FS_WRITE_FILE | FS_REMOVE_FILE | FS_REMOVE_DIR | FS_TRUNCATE,
    [REACH_REMOVE_DIRECTORY] = FS_REMOVE_DIR,
};

/* Rights that make sense for a single file; others are refused by the kernel. */
#define FILE_RIGHTS (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

static struct ruleset_attributes ruleset_for(long abi, bool dials) {
    struct ruleset_attributes attributes = {.files = FS_ALL_ABI1};
    attributes.files |=
        (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL : 0);
    /* What is not handled is allowed: who dials connects to any port, because the
     * store's is known only after the ladder. */
    attributes.network = abi < 4 ? 0 : dials ? NET_BIND : NET_BIND | NET_CONNECT;
    attributes.scoped = abi >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0;
    return attributes;
}

static size_t attributes_size(long abi) {
    return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

static int add_path(int ruleset, const struct confine_path *path, uint64_t handled,
                    struct error *err) {
    struct stat st;
    if (fstat(path->fd, &st) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot look at a path for Landlock");
    struct path_attributes rule = {.allowed = reach_rights[path->reach] & handled,
                                   .parent_fd = path->fd};
    if (!S_ISDIR(st.st_mode))
        rule.allowed &= FILE_RIGHTS;
    if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0u) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot add a Landlock rule");
    return 0;
}

int landlock_confine(const struct confine_path *paths, size_t count, bool dials, uint8_t *ret,
                     struct error *err) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
    if (abi < 1) {
        *ret = STATE_OFF;
        return 0;
    }
    struct ruleset_attributes attributes = ruleset_for(abi, dials);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(abi), 0u);
    if (ruleset < 0)
        return error_system(err, ERROR_SYSTEM, "cannot make a Landlock ruleset");
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = add_path(ruleset, &paths[i], attributes.files, err);
    if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0)
        result = error_system(err, ERROR_SYSTEM, "cannot enforce Landlock");
    (void)close(ruleset);
    if (result == 0)
        *ret = abi >= 3 ? STATE_ON : STATE_DEGRADED;
    return result;
}
