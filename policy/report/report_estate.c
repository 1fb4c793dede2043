#include "policy/report/report_estate.h"

#include <stdlib.h>
#include <string.h>

#include "policy/report/report_json.h"
#include "policy/report/report_line.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define OWNERS 3

static int by_findings(const void *a, const void *b) {
    const struct estate_row *left = a, *right = b;
    if (left->findings != right->findings)
        return left->findings > right->findings ? -1 : 1;
    return strcmp(left->rule->id, right->rule->id);
}

/* The rows that are shown, in order. NULL where memory is exhausted. */
static struct estate_row *sort_rows(const struct report_estate *estate, struct arena *arena,
                                    size_t *count, struct error *err) {
    struct estate_row *rows = arena_array(arena, estate->count, sizeof *rows);
    *count = 0;
    if (rows == NULL) {
        (void)error_set(err, ERROR_MEMORY, "memory is exhausted while counting");
        return NULL;
    }
    for (size_t i = 0; i < estate->count; i++)
        if (estate->rows[i].findings > 0)
            rows[(*count)++] = estate->rows[i];
    if (*count > 1)
        qsort(rows, *count, sizeof *rows, by_findings);
    return rows;
}

static void sum_owners(const struct estate_row *rows, size_t count, size_t sums[OWNERS]) {
    for (size_t i = 0; i < count; i++)
        if ((size_t)rows[i].rule->owner < OWNERS)
            sums[rows[i].rule->owner] += rows[i].findings;
}

int report_estate_text(const struct report_estate *estate, struct arena *arena, struct buffer *out,
                       struct error *err) {
    size_t count, sums[OWNERS] = {0};
    struct estate_row *rows = sort_rows(estate, arena, &count, err);
    if (rows == NULL)
        return -1;
    buffer_text(out, "findings  unknown  launches  owner     severity  rule\n");
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = rows[i].rule;
        buffer_printf(out, "%8zu %8zu %9zu  %-9s %-9s %s ", rows[i].findings, rows[i].unknown,
                      rows[i].launches, owner_name(rule->owner), severity_name(rule->severity),
                      rule->id);
        text_escape(out, rule->title, strlen(rule->title));
        buffer_char(out, '\n');
    }
    sum_owners(rows, count, sums);
    buffer_text(out, "by owner:");
    for (size_t i = 0; i < OWNERS; i++)
        buffer_printf(out, "%s %s %zu", i == 0 ? "" : ",", owner_name((enum owner)i), sums[i]);
    buffer_char(out, '\n');
    line_read(out, estate->read);
    if (estate->error_count > 0)
        buffer_printf(out, "not read or refused: %zu\n", estate->error_count);
    return 0;
}

int report_estate_json(const struct report_estate *estate, struct arena *arena, struct buffer *out,
                       struct error *err) {
    size_t count, sums[OWNERS] = {0};
    struct estate_row *rows = sort_rows(estate, arena, &count, err);
    if (rows == NULL)
        return -1;
    buffer_text(out, "{\"rules\": [");
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = rows[i].rule;
        buffer_text(out, i == 0 ? "\n  {" : ",\n  {");
        json_field(out, "rule", rule->id);
        buffer_text(out, ", ");
        json_field(out, "title", rule->title);
        buffer_text(out, ", ");
        json_field(out, "severity", severity_name(rule->severity));
        buffer_text(out, ", ");
        json_field(out, "owner", owner_name(rule->owner));
        buffer_printf(out, ", \"findings\": %zu, \"unknown\": %zu, \"launches\": %zu}",
                      rows[i].findings, rows[i].unknown, rows[i].launches);
    }
    sum_owners(rows, count, sums);
    buffer_text(out, "],\n \"owners\": {");
    for (size_t i = 0; i < OWNERS; i++)
        buffer_printf(out, "%s\"%s\": %zu", i == 0 ? "" : ", ", owner_name((enum owner)i), sums[i]);
    buffer_text(out, "}");
    json_read(out, estate->read);
    buffer_printf(out, ", \"unlisted\": %zu", estate->unlisted);
    json_errors(out, estate->errors, estate->error_count);
    buffer_text(out, "}\n");
    return 0;
}
