#include "sidecar/strongbox/strongbox_hold.h"

#include <string.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/passphrase.h"
#include "sidecar/strongbox/strongbox_confine.h"
#include "sidecar/strongbox/strongbox_memory.h"

void hold_make(struct hold *hold) {
    *hold = (struct hold){
        .box = -1, .key = -1, .box_directory = -1, .key_directory = -1, .prompt = {-1, -1}};
}

void hold_close(struct hold *hold) {
    const int fds[] = {hold->box, hold->key, hold->box_directory, hold->key_directory};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    prompt_close(&hold->prompt);
    secret_text_free(&hold->passphrase);
    secret_free(hold->keys);
    hold_make(hold);
}

int hold_open_prompt(struct hold *hold, enum prompt_kind kind, bool needed, struct error *err) {
    hold->memory_limit = strongbox_memory_limit();
    hold->keys = secret_alloc(sizeof *hold->keys);
    if (hold->keys == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the key");
    return prompt_open(&hold->prompt, kind, err) == 0 || !needed ? 0 : -1;
}

int hold_open(struct hold *hold, const struct strongbox_job *job, bool change, struct error *err) {
    if (box_file_open_pair(job->box, job->key, &hold->box, &hold->key, err) != 0)
        return -1;
    if (!change)
        return strongbox_confine(NULL, 0, err);
    hold->box_directory = strongbox_open_parent(job->box, err);
    if (hold->box_directory < 0)
        return -1;
    hold->key_directory = strongbox_open_parent(job->key, err);
    const int directories[] = {hold->box_directory, hold->key_directory};
    return hold->key_directory < 0 ? -1 : strongbox_confine(directories, 2, err);
}

/* The passphrase that is known, or NULL. */
static const struct secret_text *known(const struct hold *hold) {
    return hold->passphrase.bytes == NULL ? NULL : &hold->passphrase;
}

/* After ERROR_BOX_PASSPHRASE: whether there is one now. */
static int ask(struct hold *hold, const struct strongbox_job *job, struct error *err) {
    if (job->passphrase_fd >= 0)
        return passphrase_read(job->passphrase_fd, &hold->passphrase, err);
    if (hold->prompt.tty < 0)
        return -1;
    return prompt_ask(&hold->prompt, PROMPT_PASSPHRASE, NULL, &hold->passphrase, err);
}

static int check_memory(const struct hold *hold, const struct box_key_file *file,
                        struct error *err) {
    for (size_t i = 0; i < file->count; i++)
        if (file->lines[i].sealed &&
            strongbox_check_memory(hold->memory_limit, file->lines[i].memory_kib, err) != 0)
            return -1;
    return 0;
}

/* Finds the key of the box in hold->keys->file; prelude NULL: of any box. */
static int find(struct hold *hold, const struct box_prelude *prelude, struct error *err) {
    struct hold_keys *keys = hold->keys;
    keys->line = 0;
    return prelude == NULL
               ? box_key_open(&keys->file.lines[0], known(hold), keys->key, err)
               : box_key_find(&keys->file, prelude, known(hold), keys->key, &keys->line, err);
}

static int find_or_ask(struct hold *hold, const struct strongbox_job *job,
                       const struct box_prelude *prelude, struct error *err) {
    if (known(hold) != NULL && check_memory(hold, &hold->keys->file, err) != 0)
        return error_at(err, job->key, 0, 0);
    if (find(hold, prelude, err) == 0)
        return 0;
    if (err->code == ERROR_BOX_PASSPHRASE && check_memory(hold, &hold->keys->file, err) == 0 &&
        ask(hold, job, err) == 0 && find(hold, prelude, err) == 0)
        return 0;
    return error_at(err, err->code == ERROR_BOX_WRONG_KEY ? job->box : job->key, 0, 0);
}

int hold_unlock(struct hold *hold, const struct strongbox_job *job, int box_fd, int key_fd,
                struct error *err) {
    struct box_prelude prelude;
    struct hold_keys *keys = hold->keys;
    struct box_key_file *file = secret_alloc(sizeof *file);
    if (file == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the key");
    int result = box_file_read_keys(key_fd, job->key, file, err);
    if (result == 0 && box_file_read_prelude(box_fd, &prelude, err) != 0)
        result = error_at(err, job->box, 0, 0);
    if (result == 0 && (keys->file.count == 0 || !box_key_same(file, &keys->file) ||
                        !box_key_fits(&prelude, keys->key))) {
        keys->file = *file;
        result = find_or_ask(hold, job, &prelude, err);
    }
    secret_free(file);
    return result;
}

int hold_unlock_key(struct hold *hold, const struct strongbox_job *job, struct error *err) {
    struct box_key_file *file = &hold->keys->file;
    if (box_file_read_keys(hold->key, job->key, file, err) != 0)
        return -1;
    if (file->count == 1)
        return find_or_ask(hold, job, NULL, err);
    error_set(err, ERROR_BOX_KEY, "a rekey of another strongbox with this key was cut off");
    error_at(err, job->key, 0, 0);
    return error_todo(err, "end it first: run arrestor strongbox rekey on that one again");
}

int hold_renew(struct hold *hold, const struct strongbox_job *job, int lock, struct error *err) {
    struct box_prelude prelude;
    if (box_file_read_prelude(lock, &prelude, err) != 0)
        return error_at(err, job->box, 0, 0);
    if (box_key_fits(&prelude, hold->keys->key))
        return 0;
    prompt_close(&hold->prompt);
    int key = box_file_open_key(job->key, err);
    if (key < 0)
        return -1;
    int result = hold_unlock(hold, job, lock, key, err);
    (void)close(key);
    return result;
}

void hold_tidy(const struct hold *hold, const struct strongbox_job *job, const struct box *box) {
    const struct hold_keys *keys = hold->keys;
    struct error ignored;
    if (keys->file.count > 1 && memcmp(keys->file.rekeyed, box->id, sizeof box->id) == 0)
        (void)box_file_settle_keys(job->key, &keys->file, keys->line, &ignored);
    atomic_file_tidy(job->box);
    atomic_file_tidy(job->key);
}
