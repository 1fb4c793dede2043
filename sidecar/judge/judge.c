#include "sidecar/judge/judge.h"

#include "policy/report/report.h"
#include "policy/rules/rule_pack.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

int judge_conf(struct judgement *judgement, const struct rule_set *set, struct check_mode mode,
               struct arena *arena, struct error *err) {
    if (rule_check(set, &judgement->conf, mode, arena, &judgement->findings, err) != 0)
        return -1;
    judgement->verdict = rule_verdict(judgement->findings.items, judgement->findings.count);
    return 0;
}

int judge_launch(const struct launch_plan *plan, const struct launch_sources *sources,
                 const struct launch_pair *injected, size_t injected_count,
                 const struct rule_set *set, struct check_mode mode, struct arena *arena,
                 struct judgement *ret, struct error *err) {
    if (launch_resolve(plan, sources, injected, injected_count, arena, &ret->conf, err) != 0)
        return -1;
    return judge_conf(ret, set, mode, arena, err);
}

void judge_report(const struct judgement *judgement, const struct rule_set *set,
                  struct check_mode mode, bool json, bool colour, struct buffer *out) {
    const char *inputs[] = {"command line"};
    const struct report report = {.verdict = judgement->verdict,
                                  .warn = mode.warn,
                                  .set = set,
                                  .findings = judgement->findings.items,
                                  .finding_count = judgement->findings.count,
                                  .notes = judgement->conf.notes,
                                  .note_count = judgement->conf.note_count,
                                  .inputs = inputs,
                                  .input_count = 1};
    if (json)
        report_json(&report, out);
    else
        report_text(&report, colour, out);
}

int judge_collect(const char *const *names, size_t count, struct arena *arena, struct rule_set *ret,
                  struct error *err) {
    const struct pack *packs[LIMIT_PACKS];
    if (count > LIMIT_PACKS)
        return error_set(err, ERROR_POLICY, "more than %d packs", LIMIT_PACKS);
    for (size_t i = 0; i < count; i++) {
        if (pack_is_path(names[i])) {
            error_set(err, ERROR_POLICY, "%s is a file, and only built-in packs are taken here",
                      names[i]);
            return error_todo(err, "name it on the command line of check: --policy %s", names[i]);
        }
        if ((packs[i] = pack_require(names[i], err)) == NULL)
            return -1;
    }
    return rule_set_collect(packs, count, arena, ret, err);
}
