#include <sodium.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/prompt.h"
#include "sidecar/strongbox/strongbox_confine.h"
#include "sidecar/strongbox/strongbox_job.h"
#include "sidecar/strongbox/value.h"

/* What a change needs, opened before the ladder. */
struct writer {
    int box, key, directory;
    struct prompt prompt; /* closed where standard input is no terminal */
    unsigned char key_bytes[BOX_KEY_BYTES];
};

typedef int (*box_edit)(const struct strongbox_job *job, struct box *box,
                        const struct secret_text *value, struct error *err);

static void close_writer(struct writer *writer) {
    const int fds[] = {writer->box, writer->key, writer->directory};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    prompt_close(&writer->prompt);
    sodium_memzero(writer->key_bytes, sizeof writer->key_bytes);
}

static int open_files(const struct strongbox_job *job, bool asks, struct writer *writer,
                      struct error *err) {
    *writer = (struct writer){.box = -1, .key = -1, .directory = -1, .prompt = {-1, -1}};
    if (asks && prompt_open(&writer->prompt, err) != 0)
        return -1;
    writer->box = box_file_open(job->box, err);
    if (writer->box < 0)
        return -1;
    writer->key = box_file_open_key(job->key, err);
    if (writer->key < 0)
        return -1;
    writer->directory = strongbox_open_parent(job->box, err);
    return writer->directory < 0 ? -1 : 0;
}

/* Opens, climbs, and tries key and box, so that nobody types a value in vain. */
static int open_writer(const struct strongbox_job *job, bool asks, struct writer *writer,
                       struct error *err) {
    struct box box;
    if (open_files(job, asks, writer, err) != 0 ||
        strongbox_confine(&writer->directory, 1, err) != 0 ||
        box_file_read_key(writer->key, job->key, writer->key_bytes, err) != 0 ||
        box_file_load(writer->box, job->box, writer->key_bytes, &box, err) != 0)
        return -1;
    box_free(&box);
    return 0;
}

/* Reads, edits and replaces the box under its lock. */
static int change_box(const struct strongbox_job *job, const struct writer *writer, box_edit edit,
                      const struct secret_text *value, struct error *err) {
    struct box box;
    int result = -1, lock = box_file_lock(job->box, err);
    if (lock < 0)
        return -1;
    if (box_file_load(lock, job->box, writer->key_bytes, &box, err) == 0) {
        result = edit(job, &box, value, err);
        if (result == 0)
            result = box_file_save(lock, job->box, &box, writer->key_bytes, err);
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
    struct writer writer;
    struct secret_text value = {.bytes = NULL};
    bool asks = isatty(STDIN_FILENO) == 1;
    int result = open_writer(job, asks, &writer, err);
    if (result == 0)
        result = asks ? prompt_ask(&writer.prompt, job->name, &value, err)
                      : value_read(STDIN_FILENO, job->keep_newline, &value, err);
    if (result == 0)
        result = change_box(job, &writer, edit_set, &value, err);
    secret_text_free(&value);
    close_writer(&writer);
    return result;
}

int strongbox_rm(struct strongbox_job *job, struct error *err) {
    struct writer writer;
    int result = open_writer(job, false, &writer, err);
    if (result == 0)
        result = change_box(job, &writer, edit_remove, NULL, err);
    close_writer(&writer);
    return result;
}
