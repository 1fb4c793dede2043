#include <string.h>

#include "policy/report/report.h"
#include "policy/report/report_json.h"
#include "policy/report/report_line.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"

/* The setting of that key, in force or ignored. */
static const struct setting *find_setting(const struct report_why *why) {
    const struct setting *setting = effective_find(why->conf, why->key);
    for (size_t i = 0; setting == NULL && i < why->conf->ignored_count; i++)
        if (strcmp(why->conf->ignored[i].key, why->key) == 0)
            setting = &why->conf->ignored[i];
    return setting;
}

static void add_hints(struct buffer *out, const struct report_why *why) {
    if (why->nearest != NULL)
        buffer_printf(out, "  did you mean %s?\n", why->nearest);
    else if (!why->known)
        buffer_text(out, "  arrestor knows no such key of Spark\n");
}

static void add_unset(struct buffer *out, const struct report_why *why) {
    buffer_text(out, " is not set");
    if (why->fallback != NULL)
        buffer_printf(out, "; Spark's default is %s",
                      why->fallback[0] != '\0' ? why->fallback : "empty");
    buffer_text(out, "\n");
    add_hints(out, why);
}

void report_why_text(const struct report_why *why, struct buffer *out) {
    const struct setting *setting = find_setting(why);
    text_escape(out, why->key, strlen(why->key));
    if (setting == NULL) {
        add_unset(out, why);
        return;
    }
    buffer_text(out, setting->value[0] == '\0' ? " is empty" : " is ");
    text_escape(out, setting->value, strlen(setting->value));
    buffer_text(out, "\n  set at      ");
    line_origin(out, &setting->origin);
    buffer_char(out, '\n');
    for (const struct setting *weaker = setting->overridden; weaker != NULL;
         weaker = weaker->overridden) {
        buffer_text(out, "  overrides   ");
        line_origin(out, &weaker->origin);
        buffer_text(out, ", ");
        text_escape(out, weaker->value, strlen(weaker->value));
        buffer_char(out, '\n');
    }
    if (!text_starts(why->key, "spark."))
        buffer_text(out, "  ignored by Spark: the key does not begin with \"spark.\"\n");
    if (why->fallback != NULL)
        buffer_printf(out, "  default     %s\n", why->fallback);
    add_hints(out, why);
}

void report_why_json(const struct report_why *why, struct buffer *out) {
    const struct setting *setting = find_setting(why);
    buffer_char(out, '{');
    json_field(out, "key", why->key);
    buffer_printf(out, ", \"set\": %s, \"known\": %s, \"ignored\": %s, ",
                  setting != NULL ? "true" : "false", why->known ? "true" : "false",
                  setting != NULL && !text_starts(why->key, "spark.") ? "true" : "false");
    json_field(out, "default", why->fallback);
    buffer_text(out, ", ");
    json_field(out, "nearest", why->nearest);
    buffer_text(out, ", ");
    if (setting != NULL)
        json_setting(out, setting);
    else
        buffer_text(out, "\"value\": null, \"origin\": null, \"overrides\": []");
    buffer_text(out, "}\n");
}
