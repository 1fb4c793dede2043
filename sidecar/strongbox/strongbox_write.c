#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/strongbox_hold.h"
#include "sidecar/strongbox/strongbox_job.h"
#include "sidecar/strongbox/value.h"

typedef int (*box_edit)(const struct strongbox_job *job, struct box *box,
                        const struct secret_text *value, struct error *err);

/* Opens, climbs, and tries key and box, so that nobody types a value in vain. */
static int open_writer(const struct strongbox_job *job, bool asks, struct hold *hold,
                       struct error *err) {
    struct box box;
    hold_make(hold);
    if (hold_open_prompt(hold, asks ? PROMPT_VALUE : PROMPT_PASSPHRASE, asks, err) != 0 ||
        hold_open(hold, job, true, err) != 0 ||
        hold_unlock(hold, job, hold->box, hold->key, err) != 0 ||
        box_file_load(hold->box, job->box, hold->keys->key, &box, err) != 0)
        return -1;
    box_free(&box);
    return 0;
}

/* Reads, edits and replaces the box under its lock. */
static int change_box(const struct strongbox_job *job, struct hold *hold, box_edit edit,
                      const struct secret_text *value, struct error *err) {
    struct box box;
    int result = -1, lock = box_file_lock(job->box, err);
    if (lock < 0)
        return -1;
    if (hold_renew(hold, job, lock, err) == 0 &&
        box_file_load(lock, job->box, hold->keys->key, &box, err) == 0) {
        hold_tidy(hold, job, &box);
        result = edit(job, &box, value, err);
        if (result == 0)
            result = box_file_save(lock, job->box, &box, hold->keys->key, err);
        box_free(&box);
    }
    (void)close(lock);
    return result;
}

static int edit_set(const struct strongbox_job *job, struct box *box,
                    const struct secret_text *value, struct error *err) {
    if (job->field == NULL)
        return box_set(box, job->name, value->bytes, value->length, err);
    struct secret_text whole;
    if (value_set_field(box_find(box, job->name), job->field, value, &whole, err) != 0)
        return error_at(err, job->name, 0, 0);
    int result = box_set(box, job->name, whole.bytes, whole.length, err);
    secret_text_free(&whole);
    return result;
}

static int edit_remove(const struct strongbox_job *job, struct box *box,
                       const struct secret_text *value, struct error *err) {
    (void)value;
    return box_remove(box, job->name, err) == 0 ? 0 : error_at(err, job->box, 0, 0);
}

int strongbox_set(struct strongbox_job *job, struct error *err) {
    struct hold hold;
    struct secret_text value = {.bytes = NULL};
    bool asks = isatty(STDIN_FILENO) == 1;
    int result = open_writer(job, asks, &hold, err);
    if (result == 0)
        result = asks ? prompt_ask(&hold.prompt, PROMPT_VALUE, job->name, &value, err)
                      : value_read(STDIN_FILENO, job->keep_newline, &value, err);
    if (result == 0)
        result = change_box(job, &hold, edit_set, &value, err);
    secret_text_free(&value);
    hold_close(&hold);
    return result;
}

int strongbox_rm(struct strongbox_job *job, struct error *err) {
    struct hold hold;
    int result = open_writer(job, false, &hold, err);
    if (result == 0)
        result = change_box(job, &hold, edit_remove, NULL, err);
    hold_close(&hold);
    return result;
}
