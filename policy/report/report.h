/* report.h: findings and settings for people and for programs. Pure: data in,
 * bytes out. Nothing here sees a secret value: findings carry none, and settings
 * go through report_redact first. */
#ifndef ARRESTOR_POLICY_REPORT_H
#define ARRESTOR_POLICY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/effective/setting.h"
#include "policy/rules/rule.h"
#include "policy/rules/rule_pack.h"

struct arena;
struct buffer;
struct error;

/* How many files of a kind, or passed over for a reason. */
struct report_count {
    const char *name;
    size_t count;
};

/* What was read, where inputs are files. */
struct report_read {
    const struct report_count *kinds; /* only those of which there are any */
    size_t kind_count;
    const struct report_count *skipped; /* beneath directories; only those of which there are any */
    size_t skipped_count;
    size_t launches;
    bool walked; /* a directory was among the inputs */
};

/* One judgement over all named inputs. */
struct report {
    enum verdict verdict;
    bool warn; /* mode: warn */
    const struct rule_set *set;
    const struct finding *findings;
    size_t finding_count;
    const struct note *notes;
    size_t note_count;
    const char *const *inputs; /* what was to be read */
    size_t input_count;
    const struct error *errors; /* one for each input that could not be read */
    size_t error_count;
    const struct report_read *read; /* NULL: a command line */
    size_t unlisted;                /* findings and errors beyond those that are listed */
};

/* For people: one paragraph a finding, one line for all that only something unknown
 * elsewhere leaves untold, then a summary. Errors are not repeated
 * here; they go to standard error. */
void report_text(const struct report *report, bool colour, struct buffer *out);

/* One JSON object: verdict, mode, packs, findings, notes, inputs; where an input
 * could not be read also error (the first) and errors. */
void report_json(const struct report *report, struct buffer *out);

/* {"error": {code, where, line, column, message, fix}} for a failure before any
 * judgement. */
void report_error_json(const struct error *err, struct buffer *out);

/* One line for `run`: the ids of the rules that refuse, each once, ending in …
 * where they do not fit into LIMIT_RULE_LIST bytes. */
void report_rule_ids(const struct finding *findings, size_t count, struct buffer *out);

/* A copy of conf in which every value that rule_must_hide names, also of
 * what is overridden or ignored, reads "(redacted)"; unknown parts of others read as
 * they are written. 0, or -1 with ERROR_MEMORY. */
int report_redact(const struct effective *conf, struct arena *arena, struct effective *ret,
                  struct error *err);

/* The redacted configuration: a line "ORIGIN<TAB>KEY VALUE" for each setting, what
 * it overrides below it; or {"settings": […], "ignored": […], "notes": […]}. */
void report_effective_text(const struct effective *redacted, struct buffer *out);
void report_effective_json(const struct effective *redacted, struct buffer *out);

/* Lines "key=value" that Java reads back: what a properties file would hold. What stands
 * without "spark." is left out, as Spark does. */
void report_effective_properties(const struct effective *redacted, struct buffer *out);

/* Before one of several launches: its title and place; in JSON the members "title" and
 * "origin" of an object, and "launch", whose value is to follow. */
void report_title(const char *title, const struct origin *origin, bool json, bool first,
                  struct buffer *out);

/* What a redacted configuration says about one key. */
struct report_why {
    const char *key;
    const struct effective *conf;
    const char *fallback; /* Spark's default, or NULL */
    const char *nearest;  /* the key that was probably meant, or NULL */
    bool known;           /* Spark has such a key, as far as arrestor knows */
};

/* The chain of what set the key, for people and for programs. */
void report_why_text(const struct report_why *why, struct buffer *out);
void report_why_json(const struct report_why *why, struct buffer *out);

#endif
