#include "policy/rules/rule_check.h"

#include <stdlib.h>
#include <string.h>

#include "policy/rules/rule_each.h"
#include "policy/rules/rule_evaluate.h"
#include "policy/rules/rule_message.h"
#include "policy/rules/rule_offence.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* Further keys that a message names. */
#define OTHER_KEYS 3

struct step {
    size_t claim; /* 1 + the PLAINTEXT finding about it */
    struct offence_plain plain;
};

struct checker {
    const struct effective *conf;
    struct check_mode mode;
    struct arena *arena;
    struct error *err;
    struct scene scenes[SCENES];
    size_t scene_count;
    struct scene_marks marks;
    struct scene_readings readings; /* of one rule */
    struct finding *findings;
    size_t count, capacity;
    struct step *steps; /* of the walk over all settings */
};

static int memory_fault(struct checker *c) {
    return error_set(c->err, ERROR_MEMORY, "memory is exhausted while judging");
}

static enum effect effect_of(const struct checker *c, const struct rule *rule, enum truth truth) {
    if (c->mode.warn)
        return EFFECT_WARN;
    if (truth == TRUTH_FALSE)
        return EFFECT_REFUSE;
    return c->mode.strict_unknown && rule->severity >= SEVERITY_HIGH ? EFFECT_REFUSE : EFFECT_WARN;
}

static struct finding *add_finding(struct checker *c, const struct rule *rule, enum truth truth) {
    if (c->count == LIMIT_FINDINGS) {
        error_set(c->err, ERROR_INPUT, "more than %d findings", LIMIT_FINDINGS);
        error_todo(c->err, "judge fewer files at once");
        return NULL;
    }
    struct finding *findings =
        arena_grow(c->arena, c->findings, c->count, &c->capacity, sizeof *findings);
    if (findings == NULL) {
        memory_fault(c);
        return NULL;
    }
    c->findings = findings;
    struct finding *finding = &c->findings[c->count++];
    *finding = (struct finding){.rule = rule, .truth = truth, .effect = effect_of(c, rule, truth)};
    return finding;
}

/* The scene that makes a rule weakest. */
static const struct scene *weakest_scene(const struct scene *scenes, size_t count,
                                         const struct rule *rule, enum truth *truth) {
    const struct scene *weakest = &scenes[scene_first(scenes)];
    *truth = rule_holds(weakest, rule);
    for (size_t i = scene_after(scenes, count, 0); i < count; i = scene_after(scenes, count, i)) {
        enum truth here = rule_holds(&scenes[i], rule);
        if (here >= *truth)
            continue;
        weakest = &scenes[i];
        *truth = here;
    }
    return weakest;
}

static void set_name(struct scene *scenes, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        scenes[i].name = name;
    scenes[0].readings->count = 0; /* they are of another name */
}

/* The key that a leaf has read; NULL for one without. */
static const char *key_of(const struct scene *scene, const struct rule_node *leaf) {
    const struct setting *setting = leaf->key != NULL ? leaf_read(scene, leaf).setting : NULL;
    return setting != NULL ? setting->key : leaf->key == NULL ? NULL : scene_name(scene, leaf->key);
}

/* Keys of further parts of an "all" that fail as well. */
static const char *other_keys(struct checker *c, const struct scene *scene,
                              const struct rule_node *require, const char *key) {
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    size_t named = 0;
    for (size_t i = 0; require->op == OP_ALL && i < require->child_count; i++) {
        bool negated;
        const struct rule_node *child = &require->children[i];
        if (rule_truth(scene, child) != TRUTH_FALSE)
            continue;
        const struct rule_node *leaf = rule_decisive(scene, child, TRUTH_TRUE, &negated);
        const char *other = key_of(scene, leaf);
        if (other == NULL || strcmp(other, key) == 0 || named == OTHER_KEYS)
            continue;
        buffer_printf(&out, "%s%s", named++ == 0 ? "" : ", ", other);
    }
    const char *text = out.data != NULL ? arena_text(c->arena, out.data, out.length) : NULL;
    buffer_free(&out);
    return text;
}

static int fill_finding(struct checker *c, struct finding *finding, const struct scene *scene) {
    const struct rule *rule = finding->rule;
    bool negated;
    /* Unknown although require is violated: it hangs on `when`. */
    bool open_when =
        finding->truth == TRUTH_UNKNOWN && rule_truth(scene, rule->require) == TRUTH_FALSE;
    const struct rule_node *leaf = open_when
                                       ? rule_decisive(scene, rule->when, TRUTH_FALSE, &negated)
                                       : rule_decisive(scene, rule->require, TRUTH_TRUE, &negated);
    const struct setting *setting = leaf->key != NULL ? leaf_read(scene, leaf).setting
                                                      : effective_find(c->conf, "spark.master");
    const char *key = leaf->key != NULL ? key_of(scene, leaf) : "spark.master";
    finding->key = key == NULL ? NULL : arena_text(c->arena, key, strlen(key));
    if (finding->key == NULL)
        return memory_fault(c);
    finding->origin = setting != NULL ? setting->origin : c->conf->unset;
    if (finding->truth == TRUTH_UNKNOWN && leaf_is_open(scene, leaf))
        finding->open = *c->conf->open;
    if (setting != NULL && (finding->excerpt = message_of_excerpt(setting, c->arena)) == NULL)
        return memory_fault(c);
    const char *others =
        finding->truth == TRUTH_FALSE ? other_keys(c, scene, rule->require, finding->key) : NULL;
    finding->message =
        message_of_leaf(scene, leaf, negated != open_when, finding->truth, others, c->arena);
    finding->fix = message_of_fix(rule, scene->name, &finding->origin, c->arena);
    return finding->message != NULL && finding->fix != NULL ? 0 : memory_fault(c);
}

static int check_name(struct checker *c, const struct rule *rule, const char *name) {
    enum truth truth;
    set_name(c->scenes, c->scene_count, name);
    const struct scene *scene = weakest_scene(c->scenes, c->scene_count, rule, &truth);
    if (c->marks.starved) /* a second look may find what this one had no memory for */
        return memory_fault(c);
    if (truth == TRUTH_TRUE)
        return 0;
    struct finding *finding = add_finding(c, rule, truth);
    if (finding == NULL)
        return -1;
    return c->mode.bare ? 0 : fill_finding(c, finding, scene);
}

static int check_rule(struct checker *c, const struct rule *rule) {
    const char *const *names;
    size_t count;
    if (rule_names(rule, c->conf, &c->readings.arena, &names, &count, c->err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (check_name(c, rule, names[i]) != 0)
            return -1;
    return 0;
}

/* Operators about each setting are one, or all parts of an "all" (rule_lint). */
static bool offends(const struct effective *conf, const struct rule_node *require,
                    const struct setting *setting, struct offence_plain *plain,
                    enum offence_kind *kind) {
    if (require->op != OP_ALL)
        return offence_of(conf, require, setting, plain, kind);
    bool found = false;
    for (size_t i = 0; i < require->child_count; i++) {
        enum offence_kind other;
        if (!offence_of(conf, &require->children[i], setting, plain, &other))
            continue;
        if (!found || offence_kind_truth(other) < offence_kind_truth(*kind))
            *kind = other;
        found = true;
    }
    return found;
}

static int report_offence(struct checker *c, struct finding *finding, const struct setting *setting,
                          enum offence_kind kind, bool in_force) {
    if (c->mode.bare)
        return 0;
    finding->key = setting->key;
    finding->excerpt = message_of_excerpt(setting, c->arena);
    finding->origin = setting->origin;
    finding->message = message_of_offence(setting, kind, in_force, c->arena);
    finding->fix = kind == OFFENCE_NEAR_MISS
                       ? message_of_near_miss_fix(setting, c->arena)
                       : message_of_fix(finding->rule, NULL, &finding->origin, c->arena);
    bool whole = finding->message != NULL && finding->fix != NULL && finding->excerpt != NULL;
    return whole ? 0 : memory_fault(c);
}

/* Whether an earlier PLAINTEXT finding stands; one that could not be told gives
 * way to a violation. */
static bool take_claim(struct checker *c, size_t step, const struct rule *rule, enum truth truth,
                       struct finding **finding) {
    size_t claim = c->steps[step].claim;
    if (claim != 0) {
        *finding = &c->findings[claim - 1];
        if ((*finding)->truth <= truth)
            return false;
        **finding =
            (struct finding){.rule = rule, .truth = truth, .effect = effect_of(c, rule, truth)};
        return true;
    }
    *finding = add_finding(c, rule, truth);
    if (*finding != NULL)
        c->steps[step].claim = c->count;
    return true;
}

static int check_settings(struct checker *c, const struct rule *rule, enum truth applies) {
    struct offence_walk walk = {0};
    const struct setting *setting;
    bool plaintext = text_starts(rule->id, "PLAINTEXT-");
    for (size_t step = 0;; step++) {
        bool in_force = walk.next == NULL;
        enum offence_kind kind;
        if ((setting = offence_next(c->conf, &walk)) == NULL)
            return 0;
        if (!offends(c->conf, rule->require, setting, &c->steps[step].plain, &kind))
            continue;
        enum truth truth = offence_kind_truth(kind);
        if (truth == TRUTH_FALSE && applies == TRUTH_UNKNOWN)
            truth = TRUTH_UNKNOWN;
        struct finding *finding = NULL;
        if (!plaintext)
            finding = add_finding(c, rule, truth);
        else if (!take_claim(c, step, rule, truth, &finding))
            continue;
        if (finding == NULL || report_offence(c, finding, setting, kind, in_force) != 0)
            return -1;
    }
}

/* Whether the rule's `when` may hold in some scene. */
static enum truth applies(struct checker *c, const struct rule *rule) {
    enum truth most = rule->when == NULL ? TRUTH_TRUE : TRUTH_FALSE;
    for (size_t i = scene_first(c->scenes); rule->when != NULL && i < c->scene_count;
         i = scene_after(c->scenes, c->scene_count, i)) {
        enum truth here = rule_truth(&c->scenes[i], rule->when);
        most = here > most ? here : most;
    }
    return most;
}

static bool is_per_setting(const struct rule_node *require) {
    const struct rule_node *first = require->op == OP_ALL ? &require->children[0] : require;
    return operator_row(first->op)->per_setting;
}

static int check_one(struct checker *c, const struct rule *rule) {
    if (!is_per_setting(rule->require))
        return c->conf->loose ? 0 : check_rule(c, rule);
    enum truth when = applies(c, rule);
    return when == TRUTH_FALSE ? 0 : check_settings(c, rule, when);
}

struct ranked {
    const struct finding *finding;
    size_t place;
};

static int by_weight(const void *a, const void *b) {
    const struct ranked *left = a, *right = b;
    const struct finding *l = left->finding, *r = right->finding;
    if (l->effect != r->effect)
        return l->effect == EFFECT_REFUSE ? -1 : 1;
    if (l->rule->severity != r->rule->severity)
        return l->rule->severity > r->rule->severity ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

static int sort_findings(struct checker *c, struct finding_list *ret) {
    struct ranked *ranks = arena_array(c->arena, c->count, sizeof *ranks);
    struct finding *sorted = arena_array(c->arena, c->count, sizeof *sorted);
    if (ranks == NULL || sorted == NULL)
        return memory_fault(c);
    for (size_t i = 0; i < c->count; i++)
        ranks[i] = (struct ranked){&c->findings[i], i};
    if (c->count > 1)
        qsort(ranks, c->count, sizeof *ranks, by_weight);
    for (size_t i = 0; i < c->count; i++)
        sorted[i] = *ranks[i].finding;
    *ret = (struct finding_list){sorted, c->count};
    return 0;
}

static size_t count_steps(const struct effective *conf) {
    struct offence_walk walk = {0};
    size_t steps = 0;
    while (offence_next(conf, &walk) != NULL)
        steps++;
    return steps;
}

int rule_check(const struct rule_set *set, const struct effective *conf, struct check_mode mode,
               struct arena *arena, struct finding_list *ret, struct error *err) {
    struct checker c = {.conf = conf, .mode = mode, .arena = arena, .err = err};
    if (set->count == 0)
        return error_set(err, ERROR_POLICY, "no rule is in force: everything would pass");
    c.readings = readings_make();
    c.scene_count = scene_list(conf, &c.marks, &c.readings, c.scenes);
    c.steps = arena_array(arena, count_steps(conf), sizeof *c.steps);
    int status = c.steps == NULL ? memory_fault(&c) : 0;
    for (size_t i = 0; i < set->count && status == 0; i++) {
        status = check_one(&c, set->rules[i]);
        readings_clear(&c.readings);
    }
    if (status == 0)
        status = c.marks.starved ? memory_fault(&c) : sort_findings(&c, ret);
    readings_free(&c.readings);
    return status;
}

enum truth rule_judge(const struct rule *rule, const struct effective *conf, bool *starved) {
    struct scene scenes[SCENES];
    enum truth least = TRUTH_TRUE;
    struct scene_marks marks;
    struct scene_readings readings = readings_make();
    const char *const *names;
    struct error ignored;
    size_t name_count = 0, count = scene_list(conf, &marks, &readings, scenes);
    if (rule_names(rule, conf, &readings.arena, &names, &name_count, &ignored) != 0)
        marks.starved = true;
    for (size_t i = 0; i < name_count; i++) {
        enum truth truth;
        set_name(scenes, count, names[i]);
        (void)weakest_scene(scenes, count, rule, &truth);
        least = truth < least ? truth : least;
    }
    *starved = marks.starved;
    readings_free(&readings);
    return least;
}

enum verdict rule_verdict(const struct finding *findings, size_t count) {
    enum verdict verdict = VERDICT_PASS;
    for (size_t i = 0; i < count; i++) {
        if (findings[i].effect == EFFECT_REFUSE)
            return VERDICT_REFUSE;
        if (findings[i].truth == TRUTH_UNKNOWN)
            verdict = VERDICT_UNKNOWN;
    }
    return verdict;
}
