#include "policy/report/report_json.h"

#include <string.h>

#include "policy/report/report.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"

void json_text(struct buffer *out, const char *text) {
    if (text == NULL)
        buffer_text(out, "null");
    else
        buffer_json(out, text, strlen(text));
}

void json_field(struct buffer *out, const char *name, const char *text) {
    json_text(out, name);
    buffer_text(out, ": ");
    json_text(out, text);
}

static void json_place(struct buffer *out, const struct origin *origin) {
    if (origin->file != NULL) {
        json_field(out, "file", origin->file);
        buffer_printf(out, ", \"line\": %zu, \"column\": %zu", origin->line,
                      origin->column > 0 ? origin->column : 1);
    } else if (origin->kind == ORIGIN_ENVIRONMENT) {
        json_field(out, "variable", origin->variable);
    } else if (origin->kind == ORIGIN_ARRESTOR) {
        buffer_text(out, "\"arrestor\": true");
    } else {
        buffer_printf(out, "\"argv\": %zu", origin->argv);
    }
}

void json_origin(struct buffer *out, const struct origin *origin) {
    buffer_char(out, '{');
    json_place(out, origin);
    buffer_text(out, origin->kind == ORIGIN_UNSET ? ", \"unset\": true}" : "}");
}

void json_notes(struct buffer *out, const struct note *notes, size_t count) {
    buffer_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "{\"origin\": " : ", {\"origin\": ");
        json_origin(out, &notes[i].origin);
        buffer_text(out, ", ");
        json_field(out, "text", notes[i].text);
        buffer_char(out, '}');
    }
    buffer_char(out, ']');
}

void json_setting(struct buffer *out, const struct setting *setting) {
    json_field(out, "value", setting->value);
    buffer_text(out, ", \"origin\": ");
    json_origin(out, &setting->origin);
    buffer_text(out, ", \"overrides\": [");
    for (const struct setting *weaker = setting->overridden; weaker != NULL;
         weaker = weaker->overridden) {
        buffer_text(out, weaker == setting->overridden ? "{" : ", {");
        json_field(out, "value", weaker->value);
        buffer_text(out, ", \"origin\": ");
        json_origin(out, &weaker->origin);
        buffer_char(out, '}');
    }
    buffer_char(out, ']');
}

void json_texts(struct buffer *out, const char *const *texts, size_t count) {
    buffer_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "" : ", ");
        json_text(out, texts[i]);
    }
    buffer_char(out, ']');
}

static void json_finding(struct buffer *out, const struct finding *finding) {
    const struct rule *rule = finding->rule;
    const char *const fields[][2] = {
        {"rule", rule->id},
        {"title", rule->title},
        {"severity", severity_name(rule->severity)},
        {"effect", effect_name(finding->effect)},
        {"truth", finding->truth == TRUTH_UNKNOWN ? "unknown" : "violated"},
        {"owner", owner_name(rule->owner)},
        {"key", finding->key},
        {"message", finding->message},
        {"because", rule->because},
        {"fix", finding->fix},
    };
    buffer_text(out, "{");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        buffer_text(out, i == 0 ? "" : ", ");
        json_field(out, fields[i][0], fields[i][1]);
    }
    buffer_text(out, ", \"origin\": ");
    json_origin(out, &finding->origin);
    buffer_text(out, ", \"refs\": ");
    json_texts(out, rule->refs, rule->ref_count);
    buffer_char(out, '}');
}

static void json_error(struct buffer *out, const struct error *err) {
    buffer_char(out, '{');
    json_field(out, "code", error_name(err->code));
    buffer_text(out, ", ");
    json_field(out, "where", err->where);
    buffer_printf(out, ", \"line\": %zu, \"column\": %zu, ", err->line, err->column);
    json_field(out, "message", err->what);
    buffer_text(out, ", ");
    json_field(out, "fix", err->todo);
    buffer_char(out, '}');
}

void report_error_json(const struct error *err, struct buffer *out) {
    buffer_text(out, "{\"error\": ");
    json_error(out, err);
    buffer_text(out, "}\n");
}

void json_errors(struct buffer *out, const struct error *errors, size_t count) {
    if (count == 0)
        return;
    buffer_text(out, ",\n \"error\": ");
    json_error(out, &errors[0]);
    buffer_text(out, ",\n \"errors\": [");
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "\n  " : ",\n  ");
        json_error(out, &errors[i]);
    }
    buffer_text(out, "]");
}

void json_counts(struct buffer *out, const struct report_count *counts, size_t count) {
    buffer_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "" : ", ");
        json_text(out, counts[i].name);
        buffer_printf(out, ": %zu", counts[i].count);
    }
    buffer_char(out, '}');
}

void json_read(struct buffer *out, const struct report_read *read) {
    buffer_text(out, ",\n \"kinds\": ");
    json_counts(out, read->kinds, read->kind_count);
    buffer_text(out, ", \"skipped\": ");
    json_counts(out, read->skipped, read->skipped_count);
    buffer_printf(out, ", \"launches\": %zu", read->launches);
}

void report_json(const struct report *report, struct buffer *out) {
    buffer_char(out, '{');
    json_field(out, "verdict", verdict_name(report->verdict));
    buffer_text(out, ", ");
    json_field(out, "mode", report->warn ? "warn" : "enforce");
    buffer_text(out, ", \"packs\": [");
    for (size_t i = 0; i < report->set->pack_count; i++) {
        buffer_text(out, i == 0 ? "" : ", ");
        json_text(out, report->set->packs[i]->name);
    }
    buffer_text(out, "],\n \"findings\": [");
    for (size_t i = 0; i < report->finding_count; i++) {
        buffer_text(out, i == 0 ? "\n  " : ",\n  ");
        json_finding(out, &report->findings[i]);
    }
    buffer_text(out, "],\n \"notes\": ");
    json_notes(out, report->notes, report->note_count);
    buffer_text(out, ",\n \"inputs\": ");
    json_texts(out, report->inputs, report->input_count);
    if (report->read != NULL)
        json_read(out, report->read);
    buffer_printf(out, ", \"unlisted\": %zu", report->unlisted);
    json_errors(out, report->errors, report->error_count);
    buffer_text(out, "}\n");
}
