#include <string.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/passphrase.h"
#include "sidecar/strongbox/strongbox_hold.h"
#include "sidecar/strongbox/strongbox_job.h"
#include "sidecar/strongbox/strongbox_memory.h"

/* What a rekey makes; secret memory. */
struct rekey {
    struct hold hold;
    struct secret_text passphrase; /* the new one; bytes NULL: as it was */
    unsigned char key[BOX_KEY_BYTES];
    struct box_key_file middle; /* new and old key; of the old one alone, where it is kept */
};

static bool has_new_passphrase(const struct strongbox_job *job) {
    return job->passphrase || job->new_passphrase_fd >= 0;
}

static const struct box_key_line *fitting(const struct rekey *rekey) {
    return &rekey->hold.keys->file.lines[rekey->hold.keys->line];
}

static bool will_be_sealed(const struct strongbox_job *job, const struct rekey *rekey) {
    return has_new_passphrase(job) || (!job->no_passphrase && fitting(rekey)->sealed);
}

/* A passphrase that would silently do nothing is refused. */
static int check_options(const struct strongbox_job *job, const struct rekey *rekey,
                         struct error *err) {
    if (job->passphrase_fd >= 0 && !fitting(rekey)->sealed) {
        error_set(err, ERROR_USAGE, "--passphrase-fd: the key file has no passphrase now");
        error_at(err, job->key, 0, 0);
        return error_todo(err, "to give it one: --passphrase or --new-passphrase-fd N");
    }
    if (job->memory_kib == 0 || will_be_sealed(job, rekey))
        return 0;
    error_set(err, ERROR_USAGE, "--memory is for a passphrase, and the key file has none");
    return error_todo(err, "to give it one: --passphrase or --new-passphrase-fd N");
}

static int open_rekey(const struct strongbox_job *job, struct rekey *rekey, struct error *err) {
    struct hold *hold = &rekey->hold;
    if (hold_open_prompt(hold, PROMPT_NEW_PASSPHRASE, job->passphrase, err) != 0 ||
        hold_open(hold, job, true, err) != 0 ||
        hold_unlock(hold, job, hold->box, hold->key, err) != 0 ||
        check_options(job, rekey, err) != 0)
        return -1;
    if (job->new_passphrase_fd >= 0)
        return passphrase_read(job->new_passphrase_fd, &rekey->passphrase, err);
    return !job->passphrase
               ? 0
               : prompt_ask(&hold->prompt, PROMPT_NEW_PASSPHRASE, NULL, &rekey->passphrase, err);
}

/* The line of `key` under the protection that was asked for. */
static int protect(const struct strongbox_job *job, const struct rekey *rekey,
                   const unsigned char key[BOX_KEY_BYTES], struct box_key_line *ret,
                   struct error *err) {
    const struct hold *hold = &rekey->hold;
    const struct box_key_line *old = fitting(rekey);
    if (!will_be_sealed(job, rekey)) {
        box_key_bare(key, ret);
        return 0;
    }
    uint32_t memory_kib = job->memory_kib != 0 ? job->memory_kib
                          : old->sealed        ? old->memory_kib
                                               : BOX_KEY_MEMORY_KIB;
    if (strongbox_check_memory(hold->memory_limit, memory_kib, err) != 0)
        return -1;
    return box_key_seal(key, has_new_passphrase(job) ? &rekey->passphrase : &hold->passphrase,
                        old->sealed ? old->passes : BOX_KEY_PASSES, memory_kib, ret, err);
}

static int refuse_other(const struct strongbox_job *job, struct error *err) {
    error_set(err, ERROR_BOX_KEY, "a rekey of another strongbox with this key was cut off");
    error_at(err, job->key, 0, 0);
    return error_todo(err, "end it first: run arrestor strongbox rekey on that one again");
}

/* Under both locks: writes the key file of the middle, or with keep_key of the
 * end. The pair opens before and after. */
static int write_middle(const struct strongbox_job *job, struct rekey *rekey, const struct box *box,
                        int key_lock, struct error *err) {
    struct box_key_file *file = &rekey->middle;
    const struct hold_keys *keys = rekey->hold.keys;
    if (keys->file.count > 1 && memcmp(keys->file.rekeyed, box->id, sizeof box->id) != 0)
        return refuse_other(job, err);
    *file = (struct box_key_file){.count = job->keep_key ? 1 : 2};
    box_key_make(rekey->key);
    if (protect(job, rekey, job->keep_key ? keys->key : rekey->key, &file->lines[0], err) != 0)
        return -1;
    file->lines[1] = *fitting(rekey);
    memcpy(file->rekeyed, box->id, sizeof file->rekeyed);
    return box_file_save_keys(key_lock, job->key, file, err);
}

/* The box could not be written, or it was and that could not be made to last: the new
 * key is forgotten only where the box at the path needs the old one. */
static void forget_new_key(const struct strongbox_job *job, const struct rekey *rekey) {
    struct box_prelude prelude;
    struct error ignored;
    int fd = box_file_open(job->box, &ignored);
    if (fd >= 0 && box_file_read_prelude(fd, &prelude, &ignored) == 0 &&
        box_key_fits(&prelude, rekey->hold.keys->key))
        (void)box_file_settle_keys(job->key, &rekey->middle, 1, &ignored);
    if (fd >= 0)
        (void)close(fd);
}

/* Reads both files anew, writes the key file and, unless the key is kept, the box. */
static int rekey_locked(const struct strongbox_job *job, struct rekey *rekey, int lock,
                        struct error *err) {
    struct box box;
    int result = -1, key_lock = box_file_lock_key(job->key, err);
    if (key_lock < 0)
        return -1;
    prompt_close(&rekey->hold.prompt);
    if (hold_unlock(&rekey->hold, job, lock, key_lock, err) == 0 &&
        box_file_load(lock, job->box, rekey->hold.keys->key, &box, err) == 0) {
        atomic_file_tidy(job->box);
        atomic_file_tidy(job->key);
        result = write_middle(job, rekey, &box, key_lock, err);
        if (result == 0 && !job->keep_key &&
            box_file_save(lock, job->box, &box, rekey->key, err) != 0) {
            forget_new_key(job, rekey);
            result = -1;
        }
        box_free(&box);
    }
    (void)close(key_lock);
    return result;
}

/* The box is new: what is left is to forget the old key. Whoever came in between has
 * done so already. */
static int finish(const struct strongbox_job *job, const struct rekey *rekey, struct error *err) {
    struct box_prelude prelude;
    int lock = box_file_lock(job->box, err);
    if (lock < 0)
        return -1;
    int result = box_file_read_prelude(lock, &prelude, err);
    if (result == 0 && box_key_fits(&prelude, rekey->key))
        result = box_file_settle_keys(job->key, &rekey->middle, 0, err);
    (void)close(lock);
    if (result != 0)
        error_todo(err, "the strongbox has its new key, but the key file still holds the old one "
                        "too: run arrestor strongbox rekey again");
    return result;
}

static int change(const struct strongbox_job *job, struct rekey *rekey, struct error *err) {
    int lock = box_file_lock(job->box, err);
    if (lock < 0)
        return -1;
    int result = rekey_locked(job, rekey, lock, err);
    (void)close(lock);
    return result != 0 || job->keep_key ? result : finish(job, rekey, err);
}

static int tell(const struct strongbox_job *job, const struct rekey *rekey, struct error *err) {
    struct buffer out = buffer_make(2 * PATH_MAX + LIMIT_ERROR_WHAT);
    if (!job->keep_key)
        buffer_printf(&out,
                      "sealed the strongbox %s with a new key\n  older copies of it, and other "
                      "strongboxes with the old key, need the old key file\n",
                      job->box);
    buffer_printf(&out, "wrote the key %s, %s a passphrase\n  keep a copy elsewhere\n", job->key,
                  rekey->middle.lines[0].sealed ? "protected by" : "without");
    int result =
        buffer_status(&out) == 0 ? file_write_all(STDOUT_FILENO, out.data, out.length) : -1;
    buffer_free(&out);
    return result == 0 ? 0 : error_system(err, ERROR_SYSTEM, "cannot write to standard output");
}

int strongbox_rekey(struct strongbox_job *job, struct error *err) {
    struct rekey *rekey = secret_alloc(sizeof *rekey);
    if (rekey == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the key");
    hold_make(&rekey->hold);
    int result = open_rekey(job, rekey, err);
    if (result == 0)
        result = change(job, rekey, err);
    if (result == 0)
        result = tell(job, rekey, err);
    hold_close(&rekey->hold);
    secret_text_free(&rekey->passphrase);
    secret_free(rekey);
    return result;
}
