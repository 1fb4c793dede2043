#include "sidecar/dial/resolver_paths.h"

#include <fcntl.h>

/* What the resolver and its plug-ins read (strace of getaddrinfo; nsswitch.conf(5),
 * resolv.conf(5), gai.conf(5), ld.so(8)). Of /etc and /run only these: the set may
 * lie beneath /run, and dial must not read it. The sockets of name services (nscd,
 * resolved, avahi) are connected, not opened. Links are followed now, so that
 * their targets count. */
static const char *const paths[] = {
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/mdns.allow",
    "/etc/localtime",
    "/run/nscd",
    "/run/systemd/resolve",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/var/lib/sss/mc",
    "/proc/sys/net",
};
#define PATHS (sizeof paths / sizeof *paths)
_Static_assert(PATHS <= LIMIT_RESOLVER_PATHS, "callers have room for every path");

size_t resolver_paths_open(struct confine_path *ret) {
    size_t count = 0;
    for (size_t i = 0; i < PATHS; i++) {
        int fd = open(paths[i], O_PATH | O_CLOEXEC);
        if (fd >= 0)
            ret[count++] = (struct confine_path){fd, REACH_READ};
    }
    return count;
}
