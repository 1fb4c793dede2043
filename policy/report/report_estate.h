/* report_estate.h: findings of a whole estate, counted by rule and owner, without a verdict:
 * the bill before anything is enforced. Pure. */
#ifndef ARRESTOR_POLICY_REPORT_ESTATE_H
#define ARRESTOR_POLICY_REPORT_ESTATE_H

#include <stddef.h>

#include "policy/report/report.h"

struct estate_row {
    const struct rule *rule;
    size_t findings; /* all that were made */
    size_t unknown;  /* of them: those that cannot be told */
    size_t launches; /* in which there is one, or inputs with settings that belong to none */
};

struct report_estate {
    const struct estate_row *rows; /* by rule; those without findings are not shown */
    size_t count;
    const struct report_read *read;
    const struct error *errors;
    size_t error_count;
    size_t unlisted;
};

/* A table, most findings first; the sums by owner; what was read. 0, or -1 with
 * ERROR_MEMORY. */
int report_estate_text(const struct report_estate *estate, struct arena *arena, struct buffer *out,
                       struct error *err);

/* {"rules": […], "owners": {…}, "kinds": {…}, "skipped": {…}, "launches", "error", "errors"} */
int report_estate_json(const struct report_estate *estate, struct arena *arena, struct buffer *out,
                       struct error *err);

#endif
