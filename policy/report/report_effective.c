#include <string.h>

#include "policy/report/report.h"
#include "policy/report/report_json.h"
#include "policy/report/report_line.h"
#include "policy/rules/rule_hide.h"
#include "policy/surface/properties.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static const char *redact_value(const struct setting *setting) {
    return rule_must_hide(setting->key, setting->value) ? "(redacted)" : setting->value;
}

/* The setting as it may be shown. 0, or -1 when memory is exhausted. */
static int show_setting(const struct setting *setting, struct arena *arena, struct setting *ret) {
    *ret = *setting;
    ret->key = unknown_show(arena, setting->key);
    ret->value = unknown_show(arena, redact_value(setting));
    return ret->key != NULL && ret->value != NULL ? 0 : -1;
}

/* A copy of everything that a setting overrides. 0 or -1. */
static int copy_chain(const struct setting *weaker, struct arena *arena,
                      const struct setting **ret) {
    for (; weaker != NULL; weaker = weaker->overridden) {
        struct setting *copy = arena_array(arena, 1, sizeof *copy);
        if (copy == NULL || show_setting(weaker, arena, copy) != 0)
            return -1;
        *ret = copy;
        ret = &copy->overridden;
    }
    return 0;
}

static const struct setting *copy_settings(const struct setting *settings, size_t count,
                                           struct arena *arena) {
    struct setting *copies = arena_array(arena, count, sizeof *copies);
    for (size_t i = 0; copies != NULL && i < count; i++) {
        if (show_setting(&settings[i], arena, &copies[i]) != 0 ||
            copy_chain(settings[i].overridden, arena, &copies[i].overridden) != 0)
            return NULL;
    }
    return copies;
}

int report_redact(const struct effective *conf, struct arena *arena, struct effective *ret,
                  struct error *err) {
    struct effective copy = *conf;
    copy.settings = copy_settings(conf->settings, conf->count, arena);
    copy.ignored = copy_settings(conf->ignored, conf->ignored_count, arena);
    copy.java = copy_settings(conf->java, conf->java_count, arena);
    copy.ineffective = copy_settings(conf->ineffective, conf->ineffective_count, arena);
    if (copy.settings == NULL || copy.ignored == NULL || copy.java == NULL ||
        copy.ineffective == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while hiding values");
    *ret = copy;
    return 0;
}

static void add_line(struct buffer *out, const struct setting *setting, const char *remark) {
    line_origin(out, &setting->origin);
    buffer_char(out, '\t');
    text_escape(out, setting->key, strlen(setting->key));
    buffer_char(out, ' ');
    text_escape(out, setting->value, strlen(setting->value));
    buffer_printf(out, "%s\n", remark);
}

static void add_chain(struct buffer *out, const struct setting *setting, const char *remark) {
    add_line(out, setting, remark);
    for (const struct setting *weaker = setting->overridden; weaker != NULL;
         weaker = weaker->overridden)
        add_line(out, weaker, "\t(overridden)");
}

void report_effective_text(const struct effective *redacted, struct buffer *out) {
    for (size_t i = 0; i < redacted->count; i++)
        add_chain(out, &redacted->settings[i], "");
    for (size_t i = 0; i < redacted->ignored_count; i++)
        add_chain(out, &redacted->ignored[i],
                  "\t(ignored by Spark: the key does not begin with "
                  "\"spark.\")");
    for (size_t i = 0; i < redacted->java_count; i++)
        add_line(out, &redacted->java[i], "\t(options of Java)");
    for (size_t i = 0; i < redacted->ineffective_count; i++)
        add_line(out, &redacted->ineffective[i], "\t(without effect where it stands)");
    if (redacted->open != NULL) {
        line_origin(out, redacted->open);
        buffer_text(out, "\t(unknown here: may set more)\n");
    }
    for (size_t i = 0; i < redacted->note_count; i++)
        line_note(out, &redacted->notes[i]);
}

static void json_settings(struct buffer *out, const struct setting *settings, size_t count) {
    buffer_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "\n  {" : ",\n  {");
        json_field(out, "key", settings[i].key);
        buffer_text(out, ", ");
        json_setting(out, &settings[i]);
        buffer_char(out, '}');
    }
    buffer_char(out, ']');
}

void report_effective_json(const struct effective *redacted, struct buffer *out) {
    buffer_char(out, '{');
    json_field(out, "master", master_name(redacted->master));
    buffer_text(out, ", \"spark\": ");
    if (redacted->spark_major > 0)
        buffer_printf(out, "\"%d.%d\"", redacted->spark_major, redacted->spark_minor);
    else
        buffer_text(out, "null");
    buffer_text(out, ",\n \"settings\": ");
    json_settings(out, redacted->settings, redacted->count);
    buffer_text(out, ",\n \"ignored\": ");
    json_settings(out, redacted->ignored, redacted->ignored_count);
    buffer_text(out, ",\n \"java\": ");
    json_settings(out, redacted->java, redacted->java_count);
    buffer_text(out, ",\n \"ineffective\": ");
    json_settings(out, redacted->ineffective, redacted->ineffective_count);
    buffer_printf(out, ",\n \"open\": %s", redacted->open != NULL ? "true" : "false");
    buffer_text(out, ",\n \"notes\": ");
    json_notes(out, redacted->notes, redacted->note_count);
    buffer_text(out, "}\n");
}

void report_effective_properties(const struct effective *redacted, struct buffer *out) {
    for (size_t i = 0; i < redacted->count; i++)
        properties_write(redacted->settings[i].key, redacted->settings[i].value, out);
}

void report_title(const char *title, const struct origin *origin, bool json, bool first,
                  struct buffer *out) {
    if (json) {
        buffer_text(out, first ? "\n {" : ",\n {");
        json_field(out, "title", title);
        buffer_text(out, ", \"origin\": ");
        json_origin(out, origin);
        buffer_text(out, ", \"launch\": ");
        return;
    }
    buffer_text(out, first ? "" : "\n");
    buffer_text(out, "# ");
    text_escape(out, title, strlen(title));
    buffer_text(out, " (");
    line_origin(out, origin);
    buffer_text(out, ")\n");
}
