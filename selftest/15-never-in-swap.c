/* Claim 15: neither the set nor secret memory can be written to swap. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/region.h"

/* /proc/swaps has a heading and one line for each area. */
static bool has_swap(void) {
    char text[4096];
    if (claim_read("/proc/swaps", text, sizeof text) == 0) {
        claim_weaken("/proc/swaps cannot be read: whether swap is on cannot be told");
        return true;
    }
    const char *end = strchr(text, '\n');
    return end != NULL && end[1] != '\0';
}

/* Whether the mount that holds path is one whose pages stay in memory. */
static bool is_kept(const char *path) {
    static char mounts[262144];
    struct statfs fs;
    struct stat st;
    char device[32];
    claim_need(statfs(path, &fs) == 0 && stat(path, &st) == 0, path);
    if (fs.f_type == RAMFS_MAGIC)
        return true;
    (void)claim_read("/proc/self/mountinfo", mounts, sizeof mounts);
    (void)snprintf(device, sizeof device, " %u:%u ", major(st.st_dev), minor(st.st_dev));
    const char *line = strstr(mounts, device);
    if (line == NULL)
        return false;
    /* The filesystem's own options come last; paths before them may hold any word. */
    size_t length = strcspn(line, "\n");
    const char *options = memrchr(line, ' ', length);
    const char *option = options == NULL ? NULL : strstr(options, "noswap");
    return option != NULL && option < line + length;
}

/* mlocked or secret pages: "lo" among the VmFlags of the mapping. */
static bool is_locked(const struct region *region) {
    static char maps[524288];
    char start[32];
    (void)claim_read("/proc/self/smaps", maps, sizeof maps);
    (void)snprintf(start, sizeof start, "%lx-", (unsigned long)region->bytes);
    const char *at = strstr(maps, start);
    const char *flags = at == NULL ? NULL : strstr(at, "VmFlags:");
    const char *lock = flags == NULL ? NULL : strstr(flags, " lo");
    if (flags == NULL)
        claim_broken("/proc/self/smaps does not tell of a region");
    return lock != NULL && lock < flags + strcspn(flags, "\n");
}

int main(int argc, char **argv) {
    struct region region;
    struct error err;
    claim_begin(argc, argv);
    const char *set = claim_memory_directory();
    bool swap = has_swap();
    if (region_make(&region, 4096, &err) != 0)
        claim_broken("a region cannot be made");
    bool locked = is_locked(&region);
    region_free(&region);
    if (swap && !is_kept(set))
        claim_weaken("swap is on, and the tmpfs of the set is mounted without noswap: a set may "
                     "reach the swap area");
    if (swap && !locked)
        claim_weaken("swap is on, and memory for secrets cannot be locked here");
    claim_settle(swap ? "swap is on, but neither the tmpfs of the set nor secret memory goes there"
                      : "this machine has no swap%s",
                 swap     ? ""
                 : locked ? "; secret memory is locked as well"
                          : "");
}
