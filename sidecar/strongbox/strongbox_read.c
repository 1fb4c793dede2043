#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/strongbox_hold.h"
#include "sidecar/strongbox/strongbox_job.h"
#include "sidecar/strongbox/value.h"

/* Opens key and box, gives up all else, and reads both. */
static int load_box(const struct strongbox_job *job, struct box *box, struct error *err) {
    struct hold hold;
    int result = -1;
    hold_make(&hold);
    if (hold_open_prompt(&hold, PROMPT_PASSPHRASE, false, err) == 0 &&
        hold_open(&hold, job, false, err) == 0 &&
        hold_unlock(&hold, job, hold.box, hold.key, err) == 0)
        result = box_file_load(hold.box, job->box, hold.keys->key, box, err);
    hold_close(&hold);
    return result;
}

static int write_output(const void *bytes, size_t length, struct error *err) {
    if (file_write_all(STDOUT_FILENO, bytes, length) == 0)
        return 0;
    return error_system(err, ERROR_SYSTEM, "cannot write to standard output");
}

static int write_value(const unsigned char *bytes, size_t length, struct error *err) {
    if (write_output(bytes, length, err) != 0)
        return -1;
    bool open_line = length > 0 && bytes[length - 1] != '\n';
    return open_line && isatty(STDOUT_FILENO) == 1 ? write_output("\n", 1, err) : 0;
}

static int write_entry(const struct strongbox_job *job, const struct box_entry *entry,
                       struct error *err) {
    if (job->field == NULL)
        return write_value(entry->value, entry->length, err);
    const struct secret secret = {.bytes = entry->value, .length = entry->length};
    struct secret_text text;
    if (secret_field(&secret, job->field, &text, err) != 0)
        return error_at(err, job->name, 0, 0);
    int result = write_value(text.bytes, text.length, err);
    secret_text_free(&text);
    return result;
}

int strongbox_get(struct strongbox_job *job, struct error *err) {
    struct box box;
    if (load_box(job, &box, err) != 0)
        return -1;
    int result;
    const struct box_entry *entry = box_find(&box, job->name);
    if (entry != NULL) {
        result = write_entry(job, entry, err);
    } else {
        box_refuse_missing(&box, job->name, err);
        result = error_at(err, job->box, 0, 0);
    }
    box_free(&box);
    return result;
}

static void list_text(const struct box *box, struct buffer *out) {
    size_t width = strlen("NAME");
    for (size_t i = 0; i < box->count; i++)
        width = strlen(box->entries[i].name) > width ? strlen(box->entries[i].name) : width;
    buffer_printf(out, "%-*s  %8s  %s\n", (int)width, "NAME", "BYTES", "FIELDS");
    for (size_t i = 0; i < box->count; i++) {
        const struct box_entry *entry = &box->entries[i];
        struct buffer fields = buffer_make(LIMIT_REPORT_BYTES);
        value_list_fields(entry, false, &fields);
        buffer_printf(out, "%-*s  %8zu%s%s\n", (int)width, entry->name, entry->length,
                      fields.length > 0 ? "  " : "", fields.length > 0 ? fields.data : "");
        buffer_free(&fields);
    }
}

static void list_json(const struct strongbox_job *job, const struct box *box, struct buffer *out) {
    buffer_text(out, "{\"box\":");
    buffer_json(out, job->box, strlen(job->box));
    buffer_printf(out, ",\"version\":%llu,\"entries\":[", (unsigned long long)box->version);
    for (size_t i = 0; i < box->count; i++) {
        const struct box_entry *entry = &box->entries[i];
        buffer_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        buffer_json(out, entry->name, strlen(entry->name));
        buffer_printf(out, ",\"bytes\":%zu,\"fields\":[", entry->length);
        value_list_fields(entry, true, out);
        buffer_text(out, "]}");
    }
    buffer_text(out, "]}\n");
}

int strongbox_list(struct strongbox_job *job, struct error *err) {
    struct box box;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    if (load_box(job, &box, err) != 0)
        return -1;
    if (job->json)
        list_json(job, &box, &out);
    else
        list_text(&box, &out);
    box_free(&box);
    int result = buffer_status(&out) == 0 ? write_output(out.data, out.length, err)
                                          : error_set(err, ERROR_MEMORY, "no memory for the list");
    buffer_free(&out);
    return result;
}
