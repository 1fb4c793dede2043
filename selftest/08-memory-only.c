/* Claim 08: a set is placed on tmpfs or ramfs only; any other directory is
 * refused, and then no job starts. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"
#include "sidecar/base/error.h"
#include "sidecar/place/publish.h"

static bool is_memory(const char *path) {
    struct statfs fs;
    return statfs(path, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static void refuse_to_publish(const char *path) {
    struct publish_item item = {"value", (const unsigned char *)"x", 1};
    struct error err = {.code = ERROR_OK};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    claim_need(fd >= 0, path);
    if (publish_generation(fd, 1, &item, 1, 0400, &err) == 0 || err.code != ERROR_NO_TMPFS)
        claim_off("a set is published into %s", path);
    (void)close(fd);
}

static void refuse_to_run(const struct site *site, const char *path) {
    static struct outcome got;
    char lines[512], report[16];
    const char *found = claim_path(path, "current");
    (void)snprintf(lines, sizeof lines,
                   "deliver:\n  dir: %.300s\n  files:\n    value: {raw: \"${it}\"}\n", path);
    site_configure(site, lines);
    site_launch(site, NULL, &got);
    site_report(site, report, sizeof report);
    if (got.status != 125 || report[0] != '\0' || claim_exists(found))
        claim_off("a job starts with its set in %s", path);
    if (strstr(got.err, "tmpfs") == NULL)
        claim_off("it is not said that %s is not on tmpfs", path);
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    const char *disk = claim_path(site.path, "disk");
    claim_need(mkdir(disk, 0700) == 0, "make a directory");
    /* Where nothing but tmpfs can be written, another kind of file system does. */
    if (is_memory(disk))
        disk = "/proc/self";
    refuse_to_publish(disk);
    refuse_to_publish("/proc");
    refuse_to_run(&site, disk);
    claim_settle("a set in a directory that is not on tmpfs is refused with status 125 before the "
                 "job starts");
}
