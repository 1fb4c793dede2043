#include "sidecar/judge/judge_survey.h"

#include <string.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/judge/judge_keep.h"

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted while judging");
}

int survey_make(struct survey *survey, struct judge_session *session, struct error *err) {
    struct arena *arena = &session->arena;
    survey->session = session;
    survey->verdict = VERDICT_PASS;
    survey->mode.bare = survey->estate;
    survey->later.uses.arena = arena;
    survey->kinds = arena_array(arena, kind_count, sizeof *survey->kinds);
    survey->rows = arena_array(arena, survey->set.count, sizeof *survey->rows);
    if (survey->kinds == NULL || survey->rows == NULL)
        return memory_fault(err);
    for (size_t i = 0; i < survey->set.count; i++)
        survey->rows[i].rule = survey->set.rules[i];
    return 0;
}

static int judge(struct survey *survey, struct judgement *judgement, struct error *err) {
    if (judge_conf(judgement, &survey->set, survey->mode, &survey->scratch, err) != 0)
        return -1;
    return keep_judgement(survey, judgement, err);
}

/* One launch: what Spark would refuse is an error of its own, beside those of others. */
static int judge_one(struct survey *survey, const struct document_launch *launch,
                     struct error *err) {
    const struct judge_wish wish = judge_inputs_wish(&survey->session->inputs);
    struct judgement judgement = {0};
    struct error fault = {0};
    bool launches;
    size_t before = survey->later.uses.count;
    int status = judge_document_resolve(launch, &survey->place, &wish, &survey->scratch,
                                        &judgement.conf, &launches, &fault);
    if (status == 0 && launches) {
        survey->launches++;
        status = judge(survey, &judgement, &fault);
    }
    if (status != 0 || !launches)
        survey->later.uses.count = before; /* those files were not judged */
    return status == 0 ? 0 : keep_fault(survey, &fault, err);
}

static int judge_document(struct survey *survey, const struct document *document,
                          struct error *err) {
    for (size_t i = 0; i < document->launch_count; i++)
        if (judge_one(survey, &document->launches[i], err) != 0)
            return -1;
    if (document->loose.count > 0) {
        struct judgement judgement = {.conf = judge_document_loose(document)};
        if (judge(survey, &judgement, err) != 0)
            return -1;
    }
    return keep_notes(survey, document->notes, document->note_count, err);
}

/* Whether it says nothing about Spark. */
static bool is_empty(const struct document *document) {
    return document->launch_count == 0 && document->loose.count == 0 && document->note_count == 0;
}

/* A file that was judged with its launch is none by itself. */
static int judge_read(struct survey *survey, int fd, const struct judge_document *found,
                      struct error *err) {
    struct document rest;
    int left =
        !later_is_used(survey, fd) ? 0 : later_rest(&found->document, &survey->scratch, &rest);
    if (left < 0)
        return memory_fault(err);
    return judge_document(survey, left > 0 ? &rest : &found->document, err);
}

/* Whether a file beneath a directory is to wait for the launches of the walk. */
static bool waits(const struct survey *survey, const struct input_file *file) {
    const struct kind *as = survey->session->inputs.as;
    const struct surface_input input = {file->path, file->bytes, file->length};
    return later_waits(as != NULL ? as : kind_recognise(&input));
}

/* Reads and judges one open file. `input` is the one that was named, NULL beneath a
 * directory: there a file that says nothing about Spark is no error. `late`: it has waited. */
static int read_file(struct survey *survey, int fd, const char *label,
                     const struct judge_input *input, bool late, struct error *err) {
    const struct judge_wish wish = judge_inputs_wish(&survey->session->inputs);
    struct arena *arena = &survey->scratch;
    struct judge_document found;
    struct input_file file;
    bool nameless = input != NULL && strcmp(input->path, "-") == 0;
    if ((input != NULL ? judge_inputs_read(input, arena, &file, err)
                       : input_read(fd, label, arena, &file, err)) != 0)
        return -1;
    if (input == NULL && !late && waits(survey, &file))
        return later_put(survey, label) == 0 ? 0 : memory_fault(err);
    if (judge_document_read(&file, nameless, &wish, arena, &found, err) != 0)
        return -1;
    if (found.kind == NULL || is_empty(&found.document)) {
        survey->strangers++;
        return input != NULL ? judge_document_refuse(label, err) : 0;
    }
    survey->kinds[found.kind - kind_table]++;
    survey->known++;
    return late ? judge_read(survey, fd, &found, err)
                : judge_document(survey, &found.document, err);
}

static int judge_file(struct survey *survey, int fd, const char *label,
                      const struct judge_input *input, bool late, struct error *err) {
    struct error fault = {0};
    survey->own = label;
    int status = read_file(survey, fd, label, input, late, &fault);
    if (status != 0)
        status = keep_fault(survey, &fault, err);
    arena_clear(&survey->scratch);
    return status;
}

/* The path of a file of the walk beneath its directory. */
static const char *path_within(const struct survey *survey, const char *path) {
    bool shown = strcmp(survey->beneath_label, ".") != 0;
    const char *within = shown ? path + strlen(survey->beneath_label) : path;
    return within + strspn(within, "/");
}

static int judge_walked(struct survey *survey, int fd, const char *path, bool late,
                        struct error *err) {
    survey->place = (struct judge_place){.root = survey->beneath,
                                         .label = survey->beneath_label,
                                         .within = path_within(survey, path),
                                         .uses = &survey->later.uses};
    return judge_file(survey, fd, path, NULL, late, err);
}

static int walk_file(void *context, const char *path, int fd, struct error *err) {
    struct survey *survey = context;
    if (later_begin(survey, 0) != 0)
        return memory_fault(err);
    return judge_walked(survey, fd, path, false, err);
}

/* The files that have waited. */
static int judge_late(struct survey *survey, struct error *err) {
    for (size_t i = 0; i < survey->later.file_count; i++) {
        const struct later_file *file = &survey->later.files[i];
        struct error fault = {0};
        if (later_begin(survey, file->order) != 0)
            return memory_fault(err);
        int fd = input_open_beneath(survey->beneath, path_within(survey, file->path));
        if (fd < 0) {
            error_set(&fault, ERROR_INPUT, "cannot be opened any more");
            error_at(&fault, file->path, 0, 0);
        }
        int status = fd < 0 ? keep_fault(survey, &fault, err)
                            : judge_walked(survey, fd, file->path, true, err);
        if (fd >= 0)
            (void)close(fd);
        if (status != 0)
            return -1;
    }
    return later_end(survey) == 0 ? 0 : memory_fault(err);
}

static int walk_fault(void *context, const struct error *fault, struct error *err) {
    if (later_begin(context, 0) != 0)
        return memory_fault(err);
    return keep_fault(context, fault, err);
}

/* What was named by itself is judged by itself, and once. */
static bool walk_named(void *context, dev_t device, ino_t inode) {
    struct survey *survey = context;
    const struct judge_inputs *inputs = &survey->session->inputs;
    bool named = false;
    for (size_t i = 0; i < inputs->count && !named; i++)
        named = inputs->items[i].inode == inode && inputs->items[i].device == device &&
                inputs->items[i].fd >= 0;
    survey->named += named ? 1 : 0;
    return named;
}

static int walk_input(struct survey *survey, const struct judge_input *input, struct error *err) {
    struct error fault = {0};
    char label[LIMIT_WALK_PATH];
    size_t length = strlen(input->label);
    while (length > 1 && input->label[length - 1] == '/')
        length--;
    if (length >= sizeof label)
        length = sizeof label - 1; /* input_walk refuses it */
    memcpy(label, input->label, length);
    label[length] = '\0';
    survey->beneath = input->fd;
    survey->beneath_label = label;
    survey->walk.context = survey;
    survey->walk.file = walk_file;
    survey->walk.fault = walk_fault;
    survey->walk.named = walk_named;
    size_t before = survey->known + survey->named + survey->error_count;
    int status = input_walk(&survey->walk, input->fd, input->label, &fault);
    if (judge_late(survey, err) != 0)
        return -1;
    if (status == 0 && survey->known + survey->named + survey->error_count == before)
        status = judge_document_refuse(input->label, &fault);
    return status == 0 ? 0 : keep_fault(survey, &fault, err);
}

/* The command line after "--". */
static int judge_command_line(struct survey *survey, struct error *err) {
    struct judge_inputs *inputs = &survey->session->inputs;
    struct arena *arena = &survey->scratch;
    struct judge_sources *sources = arena_array(arena, 1, sizeof *sources);
    struct judgement judgement;
    if (sources == NULL)
        return memory_fault(err);
    if (judge_inputs_sources(inputs, arena, sources, err) != 0 ||
        judge_launch(&inputs->plan, &sources->sources, NULL, 0, &survey->set, survey->mode, arena,
                     &judgement, err) != 0)
        return -1;
    survey->launches++;
    return keep_judgement(survey, &judgement, err);
}

static int survey_launch(struct survey *survey, struct error *err) {
    struct error fault = {0};
    int status = judge_command_line(survey, &fault);
    return status == 0 ? 0 : keep_fault(survey, &fault, err);
}

static int survey_files(struct survey *survey, struct error *err) {
    const struct judge_inputs *inputs = &survey->session->inputs;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct judge_input *input = &inputs->items[i];
        survey->place = judge_inputs_place(input);
        if ((input->is_directory
                 ? walk_input(survey, input, err)
                 : judge_file(survey, input->fd, input->label, input, false, err)) != 0)
            return -1;
    }
    return 0;
}

int survey_inputs(struct survey *survey, struct error *err) {
    survey->scratch = arena_make(LIMIT_ARENA_BYTES);
    int status =
        survey->session->inputs.is_launch ? survey_launch(survey, err) : survey_files(survey, err);
    arena_free(&survey->scratch);
    return status;
}

static void add_count(struct report_count *counts, size_t *filled, const char *name, size_t count) {
    if (count > 0)
        counts[(*filled)++] = (struct report_count){name, count};
}

int survey_read(const struct survey *survey, struct report_read *ret, struct error *err) {
    const struct judge_inputs *inputs = &survey->session->inputs;
    const struct input_counts *walked = &survey->walk.counts;
    struct arena *arena = &survey->session->arena;
    struct report_count *kinds = arena_array(arena, kind_count, sizeof *kinds);
    struct report_count *skipped = arena_array(arena, 6, sizeof *skipped);
    if (kinds == NULL || skipped == NULL)
        return memory_fault(err);
    *ret = (struct report_read){.kinds = kinds, .skipped = skipped, .launches = survey->launches};
    for (size_t i = 0; i < kind_count; i++)
        add_count(kinds, &ret->kind_count, kind_table[i].name, survey->kinds[i]);
    add_count(skipped, &ret->skipped_count, "not about Spark", survey->strangers);
    add_count(skipped, &ret->skipped_count, "ignored by .gitignore", walked->ignored);
    add_count(skipped, &ret->skipped_count, "binary", walked->binary);
    add_count(skipped, &ret->skipped_count, "huge", walked->huge);
    add_count(skipped, &ret->skipped_count, "symbolic links", walked->links);
    add_count(skipped, &ret->skipped_count, "no files", walked->special);
    for (size_t i = 0; i < inputs->count; i++)
        ret->walked = ret->walked || (!inputs->is_launch && inputs->items[i].is_directory);
    return 0;
}
