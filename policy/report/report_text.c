#include <string.h>

#include "policy/report/report.h"
#include "policy/report/report_line.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* Columns of a paragraph, and where its text begins. */
#define WIDTH  96
#define INDENT 10

/* SGR sequences (ECMA-48 8.3.117). */
#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define GREEN  "\033[1;32m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static void paint(struct buffer *out, bool colour, const char *sequence) {
    if (colour)
        buffer_text(out, sequence);
}

static void start_line(struct buffer *out) {
    static const char blanks[] = "          ";
    _Static_assert(sizeof blanks - 1 == INDENT, "as many blanks as a line is indented by");
    buffer_char(out, '\n');
    buffer_text(out, blanks);
}

/* Text folded at blanks and at its own line ends, indented beyond its label. */
static void add_paragraph(struct buffer *out, const char *label, const char *text) {
    buffer_printf(out, "  %-*s", INDENT - 2, label);
    for (size_t column = INDENT; *text != '\0';) {
        size_t length = strcspn(text, " \n");
        if (column > INDENT && column + length > WIDTH) {
            start_line(out);
            column = INDENT;
        }
        text_escape(out, text, length);
        column += length;
        text += length;
        if (*text == '\n') {
            start_line(out);
            column = INDENT;
        } else if (*text == ' ' && column + strcspn(text + 1, " \n") < WIDTH) {
            buffer_char(out, ' ');
            column++;
        } else if (*text == ' ') {
            column = WIDTH + 1;
        }
        text += *text != '\0' ? 1 : 0;
    }
    buffer_char(out, '\n');
}

static void add_excerpt(struct buffer *out, const struct finding *finding) {
    if (finding->excerpt == NULL)
        return;
    buffer_text(out, "      ");
    text_escape(out, finding->excerpt, strlen(finding->excerpt));
    buffer_text(out, "\n      ^");
    size_t length = strcspn(finding->excerpt, " ");
    for (size_t i = 1; i < length && i < WIDTH; i++)
        buffer_char(out, '~');
    buffer_char(out, '\n');
}

static void add_finding(struct buffer *out, const struct finding *finding, bool colour) {
    const struct rule *rule = finding->rule;
    paint(out, colour, BOLD);
    line_origin(out, &finding->origin);
    paint(out, colour, PLAIN);
    buffer_text(out, ": ");
    paint(out, colour, finding->effect == EFFECT_REFUSE ? RED : YELLOW);
    buffer_printf(out, "%s, %s", finding->effect == EFFECT_REFUSE ? "refused" : "warning",
                  severity_name(rule->severity));
    paint(out, colour, PLAIN);
    buffer_printf(out, ": %s ", rule->id);
    text_escape(out, rule->title, strlen(rule->title));
    buffer_char(out, '\n');
    add_excerpt(out, finding);
    add_paragraph(out, "what", finding->message);
    add_paragraph(out, "why", rule->because);
    add_paragraph(out, "fix", finding->fix);
    add_paragraph(out, "owner", owner_name(rule->owner));
    buffer_char(out, '\n');
}

struct tally {
    size_t refused, violated, unknown;
};

static struct tally count_findings(const struct report *report) {
    struct tally tally = {0};
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct finding *finding = &report->findings[i];
        tally.refused += finding->effect == EFFECT_REFUSE ? 1 : 0;
        tally.unknown += finding->truth == TRUTH_UNKNOWN ? 1 : 0;
        tally.violated += finding->truth == TRUTH_FALSE ? 1 : 0;
    }
    return tally;
}

static void add_packs(struct buffer *out, const struct rule_set *set) {
    buffer_printf(out, "; %zu rule%s of ", set->count, set->count == 1 ? "" : "s");
    for (size_t i = 0; i < set->pack_count; i++) {
        const char *name = set->packs[set->pack_count - 1 - i]->name;
        buffer_printf(out, "%s%s", i == 0 ? "" : ", ", name);
    }
}

static void add_summary(struct buffer *out, const struct report *report, bool colour) {
    struct tally tally = count_findings(report);
    static const char *const colours[] = {
        [VERDICT_PASS] = GREEN, [VERDICT_REFUSE] = RED, [VERDICT_UNKNOWN] = YELLOW};
    paint(out, colour, colours[report->verdict]);
    buffer_printf(out, "verdict: %s", verdict_name(report->verdict));
    paint(out, colour, PLAIN);
    buffer_printf(out, "%s: %zu violation%s", report->warn ? " (mode: warn, nothing refuses)" : "",
                  tally.violated, tally.violated == 1 ? "" : "s");
    if (tally.unknown > 0)
        buffer_printf(out, ", %zu cannot be told", tally.unknown);
    if (report->error_count > 0)
        buffer_printf(out, ", %zu input%s not read", report->error_count,
                      report->error_count == 1 ? "" : "s");
    add_packs(out, report->set);
    buffer_char(out, '\n');
    if (tally.refused > 0)
        buffer_text(out, "New to this? `mode: warn` in arrestor.yaml reports without refusing; "
                         "--policy spark-baseline holds only what is wrong for everyone.\n");
}

/* A warning that only something unknown elsewhere is the reason of. */
static bool is_aside(const struct finding *finding) {
    return finding->open.file != NULL && finding->effect == EFFECT_WARN;
}

static bool is_same_place(const struct origin *a, const struct origin *b) {
    return a->line == b->line && a->column == b->column &&
           (a->file == b->file || strcmp(a->file, b->file) == 0);
}

/* Whether an earlier finding stands aside for that place, of that rule where one is given. */
static bool is_told_before(const struct report *report, size_t before, const struct origin *open,
                           const struct rule *rule) {
    for (size_t i = before; i-- > 0;) { /* findings of one place stand together */
        const struct finding *finding = &report->findings[i];
        if (is_aside(finding) && is_same_place(&finding->open, open) &&
            (rule == NULL || finding->rule == rule))
            return true;
    }
    return false;
}

/* One line for each place that leaves rules untold, with their ids. */
static void add_asides(struct buffer *out, const struct report *report, bool colour) {
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct origin *open = &report->findings[i].open;
        if (!is_aside(&report->findings[i]) || is_told_before(report, i, open, NULL))
            continue;
        line_origin(out, open);
        buffer_text(out, ": ");
        paint(out, colour, YELLOW);
        buffer_text(out, "warning");
        paint(out, colour, PLAIN);
        buffer_text(out, ": what may be set here is unknown, so these cannot be told:");
        for (size_t j = i; j < report->finding_count; j++) {
            const struct finding *finding = &report->findings[j];
            if (is_aside(finding) && is_same_place(&finding->open, open) &&
                !is_told_before(report, j, open, finding->rule))
                buffer_printf(out, " %s", finding->rule->id);
        }
        buffer_char(out, '\n');
    }
}

void report_text(const struct report *report, bool colour, struct buffer *out) {
    for (size_t i = 0; i < report->finding_count; i++)
        if (!is_aside(&report->findings[i]))
            add_finding(out, &report->findings[i], colour);
    add_asides(out, report, colour);
    for (size_t i = 0; i < report->note_count; i++)
        line_note(out, &report->notes[i]);
    if (report->unlisted > 0)
        buffer_printf(out, "%zu more are counted and not listed\n", report->unlisted);
    if (report->read != NULL && report->read->walked)
        line_read(out, report->read);
    add_summary(out, report, colour);
}

static bool is_listed(const struct finding *findings, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (findings[i].effect == EFFECT_REFUSE && findings[i].rule == findings[count].rule)
            return true;
    return false;
}

void report_rule_ids(const struct finding *findings, size_t count, struct buffer *out) {
    static const char more[] = " …";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (findings[i].effect != EFFECT_REFUSE || is_listed(findings, i))
            continue;
        const char *id = findings[i].rule->id;
        size_t size = strlen(id) + (used > 0 ? 1 : 0);
        if (used + size + sizeof more > LIMIT_RULE_LIST) {
            buffer_text(out, more);
            return;
        }
        buffer_printf(out, "%s%s", used > 0 ? " " : "", id);
        used += size;
    }
}
