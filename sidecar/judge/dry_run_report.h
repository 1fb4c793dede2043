/* dry_run_report.h: what `run --dry-run` shows. Pure. */
#ifndef ARRESTOR_JUDGE_DRY_RUN_REPORT_H
#define ARRESTOR_JUDGE_DRY_RUN_REPORT_H

#include "sidecar/judge/judge.h"
#include "sidecar/wire/message.h"

struct config;

struct dry_run {
    const struct launch_plan *plan;
    const struct message_verdict *verdict; /* the words that are put in or replaced */
    const struct judgement *judgement;
    const struct rule_set *set;
    struct check_mode mode;
    const struct config *config;
    const char *program;       /* absolute path of what is exec'd; "": not told */
    const char *directory;     /* dry_run_directory; NULL: nothing is delivered */
    const struct error *fault; /* why it is not launched in spite of the verdict; NULL: none */
};

/* Where the set would be found: in deliver.dir, else `told` with ID for the digits
 * that each launch draws anew. In the arena; NULL when exhausted. */
const char *dry_run_directory(const char *named, const char *told, struct arena *arena);

/* Findings and verdict, the command line that would be exec'd, the files of the
 * set with the place of each secret, and the settings as `effective` shows them.
 * Never a value that rule_must_hide names. 0, or -1 with ERROR_MEMORY. */
int dry_run_report(const struct dry_run *dry, bool json, struct arena *arena, struct buffer *out,
                   struct error *err);

/* For a command line that launches nothing: --version and the like. */
void dry_run_nothing(bool json, struct buffer *out);

#endif
