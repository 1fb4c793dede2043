/* judge_survey.h: all inputs of one run, judged one after the other. What one file needs is
 * given back before the next is read; what is kept are findings and counts. */
#ifndef ARRESTOR_JUDGE_SURVEY_H
#define ARRESTOR_JUDGE_SURVEY_H

#include "policy/input/walk.h"
#include "policy/report/report.h"
#include "policy/report/report_estate.h"
#include "sidecar/judge/judge.h"
#include "sidecar/judge/judge_later.h"
#include "sidecar/judge/judge_session.h"

struct survey {
    struct judge_session *session;
    struct rule_set set;
    struct check_mode mode;
    bool estate; /* count findings, keep none */

    struct arena scratch;     /* of the file that is being judged */
    struct judge_place place; /* of that file */
    const char *own;          /* its label; NULL: a command line */
    const char *label;        /* of the file of the last finding, kept */
    struct input_walker walk; /* what lies beneath directories */
    struct later later;
    int beneath; /* the directory that is being walked */
    const char *beneath_label;

    enum verdict verdict;
    struct finding *findings;
    struct note *notes;
    struct error *errors; /* inputs, and launches in them, that cannot be judged */
    size_t finding_count, finding_room, note_count, note_room, error_count, error_room;
    size_t unlisted; /* findings, notes and errors beyond what is kept */

    size_t *kinds;           /* files of each row of kind_table */
    size_t known, strangers; /* files of some kind, and of none */
    size_t named; /* passed over beneath a directory, because they are inputs by themselves */
    size_t launches;
    struct estate_row *rows; /* of each rule of the set */
};

/* Empty survey; set and mode are the caller's to fill before. 0, or -1 with ERROR_MEMORY. */
int survey_make(struct survey *survey, struct judge_session *session, struct error *err);

/* Judges every input of the session; what is wrong with one of them is kept as an error, and
 * the next is tried. -1 only for what is no fault of an input. */
int survey_inputs(struct survey *survey, struct error *err);

/* What was read, for a report. 0, or -1 with ERROR_MEMORY. */
int survey_read(const struct survey *survey, struct report_read *ret, struct error *err);

#endif
