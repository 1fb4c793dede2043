#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/passphrase.h"
#include "sidecar/strongbox/strongbox_confine.h"
#include "sidecar/strongbox/strongbox_hold.h"
#include "sidecar/strongbox/strongbox_job.h"
#include "sidecar/strongbox/strongbox_memory.h"

/* Makes the directories above path, mode 0700, where they are missing. */
static int make_parents(const char *path, struct error *err) {
    char part[PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            error_system(err, ERROR_SYSTEM, "cannot make the directory");
            return error_at(err, part, 0, 0);
        }
        *slash = '/';
    }
    return 0;
}

static int refuse_existing(const char *path, struct error *err) {
    struct stat st;
    if (lstat(path, &st) != 0)
        return 0;
    error_set(err, ERROR_BOX_EXISTS, "there is already something at this path");
    error_at(err, path, 0, 0);
    return error_todo(err, "use it as it is, or make another: --box FILE");
}

/* A key beside its box protects nothing: whoever copies the directory has both. */
static int check_apart(const struct strongbox_job *job, int box_directory, int key_directory,
                       struct error *err) {
    struct stat box, key;
    if (fstat(box_directory, &box) != 0 || fstat(key_directory, &key) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot look at the directories");
    if (box.st_dev != key.st_dev || box.st_ino != key.st_ino)
        return 0;
    if (job->key_given) {
        (void)fprintf(stderr, "arrestor: warning: key and strongbox lie in one directory; whoever "
                              "copies it can open the strongbox\n");
        return 0;
    }
    error_set(err, ERROR_USAGE, "the key would lie beside the strongbox, which protects nothing");
    error_at(err, job->key, 0, 0);
    return error_todo(err, "name another place: --key FILE");
}

/* hold->key stays closed where there is no key yet. */
static int open_key(struct hold *hold, const char *path, struct error *err) {
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return 0;
    hold->key = box_file_open_key(path, err);
    return hold->key >= 0 ? 0 : -1;
}

static int open_places(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    if (refuse_existing(job->box, err) != 0 ||
        (!job->box_given && make_parents(job->box, err) != 0) ||
        (!job->key_given && make_parents(job->key, err) != 0))
        return -1;
    hold->box_directory = strongbox_open_parent(job->box, err);
    if (hold->box_directory < 0)
        return -1;
    hold->key_directory = strongbox_open_parent(job->key, err);
    if (hold->key_directory < 0 ||
        check_apart(job, hold->box_directory, hold->key_directory, err) != 0)
        return -1;
    return open_key(hold, job->key, err);
}

static int climb(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    if (open_places(job, hold, err) != 0 ||
        hold_open_prompt(hold, hold->key < 0 ? PROMPT_NEW_PASSPHRASE : PROMPT_PASSPHRASE,
                         job->passphrase, err) != 0)
        return -1;
    const int publish[] = {hold->box_directory, hold->key_directory};
    return strongbox_confine(publish, hold->key >= 0 ? 1 : 2, err);
}

static int seal_key(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    uint32_t memory_kib = job->memory_kib == 0 ? BOX_KEY_MEMORY_KIB : job->memory_kib;
    if (strongbox_check_memory(hold->memory_limit, memory_kib, err) != 0)
        return -1;
    int asked = job->passphrase
                    ? prompt_ask(&hold->prompt, PROMPT_NEW_PASSPHRASE, NULL, &hold->passphrase, err)
                    : passphrase_read(job->passphrase_fd, &hold->passphrase, err);
    if (asked != 0)
        return -1;
    return box_key_seal(hold->keys->key, &hold->passphrase, BOX_KEY_PASSES, memory_kib,
                        &hold->keys->file.lines[0], err);
}

static int make_key(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    struct hold_keys *keys = hold->keys;
    keys->file.count = 1;
    box_key_make(keys->key);
    if (!job->passphrase && job->passphrase_fd < 0)
        box_key_bare(keys->key, &keys->file.lines[0]);
    else if (seal_key(job, hold, err) != 0)
        return -1;
    atomic_file_tidy(job->key);
    return box_file_create_keys(job->key, &keys->file, err);
}

/* A key that is there keeps the protection that it has. */
static int use_key(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    if (hold_unlock_key(hold, job, err) != 0)
        return -1;
    bool sealed = hold->keys->file.lines[0].sealed;
    if (job->memory_kib == 0 && (sealed || (!job->passphrase && job->passphrase_fd < 0)))
        return 0;
    error_set(err, ERROR_USAGE, "there is a key already, %s a passphrase",
              sealed ? "with" : "without");
    error_at(err, job->key, 0, 0);
    return error_todo(err, "make the strongbox with it as it is, then change how it is protected: "
                           "arrestor strongbox rekey --keep-key …; or name another: --key FILE");
}

static int make_box(const struct strongbox_job *job, struct hold *hold, struct error *err) {
    struct box box;
    if ((hold->key >= 0 ? use_key(job, hold, err) : make_key(job, hold, err)) != 0)
        return -1;
    box_make(&box);
    atomic_file_tidy(job->box);
    int result = box_file_create(job->box, &box, hold->keys->key, err);
    box_free(&box);
    return result;
}

static int tell(const struct strongbox_job *job, const struct hold *hold, struct error *err) {
    struct buffer out = buffer_make(2 * PATH_MAX + LIMIT_ERROR_WHAT);
    bool sealed = hold->keys->file.lines[0].sealed;
    if (hold->key < 0)
        buffer_printf(&out,
                      "made the key %s\n  keep a copy elsewhere: without it%s the strongbox cannot "
                      "be opened\n",
                      job->key, sealed ? " and its passphrase" : "");
    else
        buffer_printf(&out, "use the key %s\n", job->key);
    buffer_printf(&out, "made the strongbox %s\n", job->box);
    int result =
        buffer_status(&out) == 0 ? file_write_all(STDOUT_FILENO, out.data, out.length) : -1;
    buffer_free(&out);
    return result == 0 ? 0 : error_system(err, ERROR_SYSTEM, "cannot write to standard output");
}

int strongbox_init(struct strongbox_job *job, struct error *err) {
    struct hold hold;
    hold_make(&hold);
    int result = climb(job, &hold, err);
    if (result == 0)
        result = make_box(job, &hold, err);
    if (result == 0)
        result = tell(job, &hold, err);
    hold_close(&hold);
    return result;
}
