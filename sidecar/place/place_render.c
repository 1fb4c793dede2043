#include <stdlib.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/place/compare.h"
#include "sidecar/place/placing.h"
#include "sidecar/render/render.h"

/* What a question about a reference may look at. */
struct question {
    const struct config *config;
    const struct secret_set *set;
    const struct lease_table *table;
};

/* Asks about each reference of a file until one is answered with true; that one. */
static const struct config_reference *find_reference(
    const struct question *question, const struct config_file *file,
    bool (*ask)(const struct question *question, const struct config_reference *reference)) {
    if (file->form == FORM_RAW)
        return ask(question, &file->raw) ? &file->raw : NULL;
    for (size_t i = 0; i < file->property_count; i++)
        if (file->properties[i].is_reference && ask(question, &file->properties[i].reference))
            return &file->properties[i].reference;
    return NULL;
}

static bool has_no_value(const struct question *question,
                         const struct config_reference *reference) {
    return secret_set_find(question->set, (uint32_t)reference->secret) == NULL;
}

static bool has_no_lease(const struct question *question,
                         const struct config_reference *reference) {
    return lease_find(question->table, question->config->secrets[reference->secret].name) == NULL;
}

static bool has_no_field(const struct question *question,
                         const struct config_reference *reference) {
    const struct secret *secret = secret_set_find(question->set, (uint32_t)reference->secret);
    struct secret_text text = {0};
    struct error ignored;
    if (secret == NULL || secret_field(secret, reference->field, &text, &ignored) != 0)
        return true;
    secret_text_free(&text);
    return false;
}

static bool is_any(const struct question *question, const struct config_reference *reference) {
    (void)question;
    (void)reference;
    return true;
}

bool placing_lacks(const struct placing *placing, const struct lease_table *table,
                   const struct config_file *file) {
    const struct question question = {.config = &placing->config, .table = table};
    return find_reference(&question, file, has_no_lease) != NULL;
}

/* The secret that made a file fail: the first without its field, else the first. */
static void blame(struct placing *placing, size_t position) {
    const struct config_file *file = &placing->config.files[position];
    const struct question question = {.config = &placing->config, .set = &placing->set};
    const struct config_reference *reference = find_reference(&question, file, has_no_field);
    if (reference == NULL)
        reference = find_reference(&question, file, is_any);
    if (reference != NULL)
        placing->blamed = placing->config.secrets[reference->secret].name;
    placing->result.has_position = 1;
    placing->result.position = (uint32_t)position;
}

int placing_render(struct placing *placing, bool leave_out, struct error *err) {
    const struct config *config = &placing->config;
    const struct question question = {.config = config, .set = &placing->set};
    placing->texts = calloc(config->file_count + 1, sizeof *placing->texts);
    placing->items = calloc(config->file_count + 1, sizeof *placing->items);
    if (placing->texts == NULL || placing->items == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the files of the set");
    for (size_t i = 0; i < config->file_count; i++) {
        const struct config_file *file = &config->files[i];
        struct secret_text *text = &placing->texts[placing->count];
        if (leave_out && find_reference(&question, file, has_no_value) != NULL) {
            placing->withdrawn++;
            continue;
        }
        if (render_file(config, file, &placing->set, text, err) != 0) {
            blame(placing, i);
            return -1;
        }
        placing->items[placing->count++] =
            (struct publish_item){file->name, text->bytes, text->length};
    }
    return 0;
}

int placing_compare(struct placing *placing, struct error *err) {
    struct frozen_launch launch = {.arguments = role_slot(ROLE_PLACE, SLOT_ARGUMENTS),
                                   .environment = role_slot(ROLE_PLACE, SLOT_ENVIRONMENT),
                                   .merged = role_slot(ROLE_PLACE, SLOT_MERGED),
                                   .directory = role_slot(ROLE_PLACE, SLOT_LAUNCH)};
    const struct message_round *task = &placing->task;
    size_t found = 0;
    if (task->compare == COMPARE_NOT)
        return 0;
    if (compare_launch(&placing->config, &placing->set, &launch, &placing->monitor, task->round,
                       &found, err) != 0)
        return -1;
    return found == 0 || task->compare == COMPARE_WARN
               ? 0
               : error_set(err, ERROR_PLAINTEXT_LAUNCH, "%s", "");
}

void placing_free(struct placing *placing) {
    for (size_t i = 0; placing->texts != NULL && i < placing->config.file_count; i++)
        secret_text_free(&placing->texts[i]);
    free(placing->texts);
    free(placing->items);
    secret_set_free(&placing->set);
    arena_free(&placing->arena);
}
