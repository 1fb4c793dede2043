#include "sidecar/judge/judge_keep.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted while judging");
}

static const char *keep_text(struct survey *survey, const char *text, bool *kept) {
    const char *copy =
        text == NULL ? NULL : arena_text(&survey->session->arena, text, strlen(text));
    *kept = *kept && (text == NULL || copy != NULL);
    return copy;
}

/* Findings of one file share its name. */
static const char *keep_label(struct survey *survey, const char *label, bool *kept) {
    if (label == NULL)
        return NULL;
    if (survey->label == NULL || strcmp(survey->label, label) != 0)
        survey->label = keep_text(survey, label, kept);
    return survey->label;
}

static void keep_origin(struct survey *survey, struct origin *origin, bool *kept) {
    origin->file = keep_label(survey, origin->file, kept);
    origin->variable = keep_text(survey, origin->variable, kept);
}

static bool is_same_place(const struct origin *a, const struct origin *b) {
    return a->kind == b->kind && a->line == b->line && a->column == b->column && a->file != NULL &&
           b->file != NULL && strcmp(a->file, b->file) == 0;
}

/* Whether another launch has brought that finding already, from a file that both name. */
static bool is_told(const struct survey *survey, const struct finding *finding) {
    bool named = finding->origin.file != NULL && survey->own != NULL &&
                 strcmp(finding->origin.file, survey->own) != 0;
    for (size_t i = 0; named && i < survey->finding_count; i++) {
        const struct finding *told = &survey->findings[i];
        if (told->rule == finding->rule && told->truth == finding->truth &&
            is_same_place(&told->origin, &finding->origin) && strcmp(told->key, finding->key) == 0)
            return true;
    }
    return false;
}

/* A copy of the finding that outlives its file. 0 or -1. */
static int keep_finding(struct survey *survey, const struct finding *finding) {
    bool kept = true;
    if (is_told(survey, finding))
        return 0;
    if (survey->finding_count == LIMIT_FINDINGS) {
        survey->unlisted++;
        return 0;
    }
    struct finding *findings =
        arena_grow(&survey->session->arena, survey->findings, survey->finding_count,
                   &survey->finding_room, sizeof *findings);
    if (findings == NULL)
        return -1;
    survey->findings = findings;
    struct finding *copy = &findings[survey->finding_count++];
    *copy = *finding;
    copy->key = keep_text(survey, finding->key, &kept);
    copy->message = keep_text(survey, finding->message, &kept);
    copy->fix = keep_text(survey, finding->fix, &kept);
    copy->excerpt = keep_text(survey, finding->excerpt, &kept);
    keep_origin(survey, &copy->origin, &kept);
    keep_origin(survey, &copy->open, &kept);
    return kept ? 0 : -1;
}

/* Counts a finding for the estate; the launches of a rule once each. */
static void count_finding(struct survey *survey, const struct finding *finding, size_t *last) {
    for (size_t i = 0; i < survey->set.count; i++) {
        struct estate_row *row = &survey->rows[i];
        if (row->rule != finding->rule)
            continue;
        row->findings++;
        row->unknown += finding->truth == TRUTH_UNKNOWN ? 1 : 0;
        row->launches += last[i] == 0 ? 1 : 0;
        last[i] = 1;
    }
}

static int count_findings(struct survey *survey, const struct finding_list *list,
                          struct error *err) {
    size_t *last = arena_array(&survey->scratch, survey->set.count, sizeof *last);
    if (last == NULL)
        return memory_fault(err);
    for (size_t i = 0; i < list->count; i++)
        count_finding(survey, &list->items[i], last);
    return 0;
}

int keep_judgement(struct survey *survey, const struct judgement *judgement, struct error *err) {
    const struct finding_list *list = &judgement->findings;
    enum verdict verdict = rule_verdict(list->items, list->count);
    if (verdict == VERDICT_REFUSE || survey->verdict == VERDICT_PASS)
        survey->verdict = verdict;
    if (survey->estate)
        return count_findings(survey, list, err);
    for (size_t i = 0; i < list->count; i++)
        if (keep_finding(survey, &list->items[i]) != 0)
            return memory_fault(err);
    return keep_notes(survey, judgement->conf.notes, judgement->conf.note_count, err);
}

int keep_notes(struct survey *survey, const struct note *notes, size_t count, struct error *err) {
    for (size_t i = 0; i < count && !survey->estate; i++) {
        bool kept = true;
        if (survey->note_count == LIMIT_NOTES) {
            survey->unlisted++;
            continue;
        }
        struct note *grown = arena_grow(&survey->session->arena, survey->notes, survey->note_count,
                                        &survey->note_room, sizeof *grown);
        if (grown == NULL)
            return memory_fault(err);
        survey->notes = grown;
        struct note *copy = &grown[survey->note_count++];
        *copy = notes[i];
        copy->text = keep_text(survey, notes[i].text, &kept);
        keep_origin(survey, &copy->origin, &kept);
        if (!kept)
            return memory_fault(err);
    }
    return 0;
}

int keep_fault(struct survey *survey, const struct error *fault, struct error *err) {
    if (error_status(fault->code) != error_status(ERROR_INPUT)) {
        *err = *fault;
        return -1;
    }
    if (survey->error_count == LIMIT_INPUT_FAULTS) {
        survey->unlisted++;
        return 0;
    }
    struct error *errors = arena_grow(&survey->session->arena, survey->errors, survey->error_count,
                                      &survey->error_room, sizeof *errors);
    if (errors == NULL)
        return memory_fault(err);
    survey->errors = errors;
    errors[survey->error_count++] = *fault;
    return 0;
}
