#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/report/report.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

static bool is_known(const char *key) {
    return catalogue_find(key) != NULL || plaintext_key_is_secret(key);
}

/* A key that somebody set and that is a slip of the hand away from this one. */
static const char *nearest_setting(const struct effective *conf, const char *key,
                                   struct arena *arena) {
    const char **keys = arena_array(arena, conf->count, sizeof *keys);
    if (keys == NULL)
        return NULL;
    for (size_t i = 0; i < conf->count; i++)
        keys[i] = conf->settings[i].key;
    return text_nearest(key, keys, conf->count);
}

static bool is_set(const struct effective *conf, const char *key) {
    bool set = effective_find(conf, key) != NULL;
    for (size_t i = 0; !set && i < conf->ignored_count; i++)
        set = strcmp(conf->ignored[i].key, key) == 0;
    return set;
}

static int report_one(struct judge_session *session, const struct effective *conf, const char *key,
                      struct error *err) {
    struct effective shown;
    if (report_redact(conf, &session->arena, &shown, err) != 0)
        return -1;
    struct report_why why = {.key = key,
                             .conf = &shown,
                             .fallback =
                                 catalogue_default(key, conf->spark_major, conf->spark_minor),
                             .known = is_known(key)};
    why.nearest = why.known ? NULL : catalogue_near_miss(key);
    if (!why.known && why.nearest == NULL && !is_set(conf, key))
        why.nearest = nearest_setting(conf, key, &session->arena);
    if (session->json)
        report_why_json(&why, &session->out);
    else
        report_why_text(&why, &session->out);
    return 0;
}

static int report_why(struct judge_session *session, const char *key, struct error *err) {
    struct judge_launched *launched;
    size_t count;
    if (judge_session_resolve(session, &launched, &count, err) != 0)
        return -1;
    if (count == 1)
        return report_one(session, &launched[0].conf, key, err);
    buffer_text(&session->out, session->json ? "{\"launches\": [" : "");
    for (size_t i = 0; i < count; i++) {
        report_title(launched[i].title, &launched[i].origin, session->json, i == 0, &session->out);
        if (report_one(session, &launched[i].conf, key, err) != 0)
            return -1;
        buffer_text(&session->out, session->json ? "}" : "");
    }
    buffer_text(&session->out, session->json ? "]}\n" : "");
    return 0;
}

static int check_operands(const struct invocation *call, struct error *err) {
    size_t wanted = call->has_rest ? 1 : 2;
    if (call->operand_count == wanted)
        return 0;
    error_set(err, ERROR_USAGE,
              call->operand_count == 0       ? "no KEY is named"
              : call->operand_count < wanted ? "there is no input"
                                             : "one KEY and one input at a time");
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

static int run_why(const struct invocation *call) {
    struct judge_session session;
    struct error err = {0};
    if (judge_session_make(call, &session, &err) == 0 && check_operands(call, &err) == 0 &&
        judge_inputs_open(call, call->operands + 1, call->operand_count - 1, &session.arena,
                          &session.inputs, &err) == 0 &&
        judge_session_confine(&session, &err) == 0)
        (void)report_why(&session, call->operands[0], &err);
    return judge_session_end(&session, 0, &err);
}

const struct command why_command = {
    .name = "why",
    .summary = "show what set one key, what that overrode, and the default",
    .usage = "[OPTION]… KEY FILE\n[OPTION]… KEY -- spark-submit ARGUMENT…",
    .examples = "  arrestor why spark.authenticate conf/spark-defaults.conf\n"
                "  arrestor why spark.ui.enabled -- spark-submit --conf spark.ui.enabled=false "
                "app.py\n",
    .options = {JUDGE_OPTION_FORMAT, JUDGE_OPTION_AS, JUDGE_OPTION_SPARK,
                JUDGE_OPTION_SPARK_VERSION},
    .run = run_why,
};
