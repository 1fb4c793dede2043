#include "sidecar/judge/judge_later.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sidecar/base/arena.h"
#include "sidecar/judge/judge_survey.h"

bool later_waits(const struct kind *kind) {
    return kind == kind_find("properties") || kind == kind_find("pyspark");
}

int later_put(struct survey *survey, const char *path) {
    struct later *later = &survey->later;
    struct arena *arena = &survey->session->arena;
    const char *copy = arena_text(arena, path, strlen(path));
    struct later_file *grown =
        arena_grow(arena, later->files, later->file_count, &later->file_room, sizeof *grown);
    if (copy == NULL || grown == NULL)
        return -1;
    later->files = grown;
    grown[later->file_count++] = (struct later_file){.path = copy, .order = later->order};
    return 0;
}

static void count_kept(const struct survey *survey, size_t counts[LATER_ARRAYS]) {
    counts[LATER_FINDINGS] = survey->finding_count;
    counts[LATER_NOTES] = survey->note_count;
    counts[LATER_ERRORS] = survey->error_count;
}

static void end_part(struct survey *survey) {
    struct later *later = &survey->later;
    if (later->part_count > 0)
        count_kept(survey, later->parts[later->part_count - 1].end);
}

int later_begin(struct survey *survey, size_t order) {
    struct later *later = &survey->later;
    end_part(survey);
    later->order = order > 0 ? order : ++later->walked;
    struct later_part *grown = arena_grow(&survey->session->arena, later->parts, later->part_count,
                                          &later->part_room, sizeof *grown);
    if (grown == NULL)
        return -1;
    later->parts = grown;
    struct later_part *part = &grown[later->part_count];
    struct later_part *before = part - 1;
    bool nothing =
        later->part_count > 0 && memcmp(before->start, before->end, sizeof before->start) == 0;
    part = nothing ? before : part;
    later->part_count += nothing ? 0 : 1;
    part->order = later->order;
    count_kept(survey, part->start);
    return 0;
}

bool later_is_used(const struct survey *survey, int fd) {
    const struct judge_uses *uses = &survey->later.uses;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    for (size_t i = 0; i < uses->count; i++)
        if (uses->items[i].inode == st.st_ino && uses->items[i].device == st.st_dev)
            return true;
    return false;
}

/* Lists that a launch does not take from its source. */
static const enum document_list untaken[] = {DOCUMENT_HADOOP, DOCUMENT_ENVIRONMENT, DOCUMENT_JAVA,
                                             DOCUMENT_CONF};

static size_t count_untaken(const struct document *document) {
    size_t count = document->loose.count;
    for (size_t i = 0; i < document->launch_count; i++)
        for (size_t l = 0; l < sizeof untaken / sizeof untaken[0]; l++)
            count += document->launches[i].lists[untaken[l]].count;
    return count;
}

static void copy_list(struct setting *items, size_t *count, const struct setting_list *list) {
    if (list->count > 0)
        memcpy(items + *count, list->items, list->count * sizeof *items);
    *count += list->count;
}

int later_rest(const struct document *document, struct arena *arena, struct document *ret) {
    for (size_t i = 0; i < document->launch_count; i++)
        if (document->launches[i].word_count > 0)
            return 0;
    struct setting *items = arena_array(arena, count_untaken(document) + 1, sizeof *items);
    size_t count = 0;
    if (items == NULL)
        return -1;
    copy_list(items, &count, &document->loose);
    for (size_t i = 0; i < document->launch_count; i++)
        for (size_t l = 0; l < sizeof untaken / sizeof untaken[0]; l++)
            copy_list(items, &count, &document->launches[i].lists[untaken[l]]);
    *ret = (struct document){.loose = {.items = items, .count = count},
                             .notes = document->notes,
                             .note_count = document->note_count};
    return 1;
}

static int by_order(const void *a, const void *b) {
    const struct later_part *left = a, *right = b;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* Puts the items of one array into the order of the parts; the first one of the walk is at
 * `first`. */
static int move_items(struct survey *survey, enum later_array array, size_t first, void *items,
                      size_t size) {
    const struct later *later = &survey->later;
    size_t counts[LATER_ARRAYS], at = 0;
    count_kept(survey, counts);
    size_t total = counts[array] - first;
    char *from = items, *copy = arena_array(&survey->scratch, total + 1, size);
    if (copy == NULL)
        return -1;
    for (size_t i = 0; i < later->part_count; i++) {
        const struct later_part *part = &later->parts[i];
        size_t bytes = (part->end[array] - part->start[array]) * size;
        if (bytes > 0)
            memcpy(copy + at, from + part->start[array] * size, bytes);
        at += bytes;
    }
    if (at > 0)
        memcpy(from + first * size, copy, at);
    return 0;
}

int later_end(struct survey *survey) {
    struct later *later = &survey->later;
    if (later->part_count == 0)
        return 0;
    end_part(survey);
    const struct later_part first = later->parts[0];
    qsort(later->parts, later->part_count, sizeof *later->parts, by_order);
    int status = move_items(survey, LATER_FINDINGS, first.start[LATER_FINDINGS], survey->findings,
                            sizeof *survey->findings);
    if (status == 0)
        status = move_items(survey, LATER_NOTES, first.start[LATER_NOTES], survey->notes,
                            sizeof *survey->notes);
    if (status == 0)
        status = move_items(survey, LATER_ERRORS, first.start[LATER_ERRORS], survey->errors,
                            sizeof *survey->errors);
    arena_clear(&survey->scratch);
    later->part_count = later->file_count = 0;
    return status;
}
