/* judge.h: the core that `check`, `gate` and the judge role of `run` share. Pure: the
 * caller has opened and read everything. */
#ifndef ARRESTOR_JUDGE_H
#define ARRESTOR_JUDGE_H

#include "policy/effective/launch.h"
#include "policy/rules/rule_check.h"

struct arena;
struct buffer;
struct error;

struct judgement {
    struct effective conf; /* values included: redact before showing (policy/report) */
    struct finding_list findings;
    enum verdict verdict;
};

/* Resolves a launch as Spark would and judges it. injected: what arrestor adds.
 * *ret lives in the arena and points into plan, sources and set. 0, or -1 with the
 * errors of launch_resolve and rule_check. */
int judge_launch(const struct launch_plan *plan, const struct launch_sources *sources,
                 const struct launch_pair *injected, size_t injected_count,
                 const struct rule_set *set, struct check_mode mode, struct arena *arena,
                 struct judgement *ret, struct error *err);

/* Judges judgement->conf, which the caller has resolved. 0, or -1 with the errors of
 * rule_check. */
int judge_conf(struct judgement *judgement, const struct rule_set *set, struct check_mode mode,
               struct arena *arena, struct error *err);

/* Renders a judgement of a launch, for people or as one JSON object. */
void judge_report(const struct judgement *judgement, const struct rule_set *set,
                  struct check_mode mode, bool json, bool colour, struct buffer *out);

/* The rules of built-in packs, as policy.packs of arrestor.yaml names them. 0, or
 * -1 with ERROR_POLICY or ERROR_MEMORY. */
int judge_collect(const char *const *names, size_t count, struct arena *arena, struct rule_set *ret,
                  struct error *err);

#endif
