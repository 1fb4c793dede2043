#include "sidecar/confine/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sidecar/base/error.h"

bool drop_is_possible(void) {
    const uint32_t needed = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_CHOWN;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

void drop_bounding_set(unsigned keep) {
    for (int bit = 0; prctl(PR_CAPBSET_READ, bit, 0, 0, 0) >= 0; bit++)
        if ((bit >= 32 || (keep & (1u << bit)) == 0) && prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) != 0)
            return;
}

int drop_capabilities(unsigned keep, struct error *err) {
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot read capabilities");
    data[0].permitted &= keep;
    data[0].effective = data[0].permitted;
    data[1] = (struct __user_cap_data_struct){0};
    data[0].inheritable = 0;
    if (syscall(SYS_capset, &header, data) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot give up capabilities");
    return 0;
}

int drop_to_job(uid_t uid, gid_t gid, const gid_t *groups, size_t count) {
    if (setgroups(count, groups) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        return -1;
    uid_t real, effective, saved;
    if (getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid ||
        saved != uid) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

int drop_identity(uid_t uid, gid_t gid, struct error *err) {
    if (drop_to_job(uid, gid, &gid, 1) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot become uid %u", (unsigned)uid);
    if (uid != 0 && setresuid(0, 0, 0) == 0)
        return error_set(err, ERROR_SYSTEM, "root could be had again after the drop");
    return 0;
}
