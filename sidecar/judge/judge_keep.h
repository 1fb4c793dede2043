/* judge_keep.h: what a survey keeps when a file is given back: copies, up to a bound; what
 * goes beyond is counted. Private to the survey. */
#ifndef ARRESTOR_JUDGE_KEEP_H
#define ARRESTOR_JUDGE_KEEP_H

#include "sidecar/judge/judge_survey.h"

/* The findings and notes of one judgement, and what they make of the verdict. 0, or -1 with
 * ERROR_MEMORY. */
int keep_judgement(struct survey *survey, const struct judgement *judgement, struct error *err);

/* Notes. 0, or -1 with ERROR_MEMORY. */
int keep_notes(struct survey *survey, const struct note *notes, size_t count, struct error *err);

/* A fault of an input (what has the status of ERROR_INPUT). 0, or -1 with *err: it is none,
 * or ERROR_MEMORY. */
int keep_fault(struct survey *survey, const struct error *fault, struct error *err);

#endif
