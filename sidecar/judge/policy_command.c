#include <string.h>

#include "policy/report/report_policy.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

struct job {
    const struct invocation *call;
    struct judge_session *session;
    char **words; /* after the subcommand */
    size_t word_count;
    const struct pack *packs[LIMIT_PACKS]; /* that were named, else the built-in ones */
    size_t pack_count;
};

struct subcommand {
    const char *name;
    size_t least, most; /* words after it */
    bool names_packs;   /* its words are packs */
    const char *words;
    int (*run)(struct job *job, struct error *err); /* exit status; -1 with err */
};

static int usage_fault(const struct job *job, struct error *err) {
    error_at(err, job->call->command->name, 0, 0);
    if (err->todo[0] == '\0')
        error_todo(err, "see arrestor policy --help");
    return -1;
}

static int run_list(struct job *job, struct error *err) {
    (void)err;
    if (job->session->json)
        report_packs_json(job->packs, job->pack_count, &job->session->out);
    else
        report_packs_text(job->packs, job->pack_count, &job->session->out);
    return 0;
}

static int unknown_rule(const struct job *job, const struct rule_set *set, struct error *err) {
    const char *names[LIMIT_RULES];
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->rules[i]->id;
    error_set(err, ERROR_USAGE, "no rule is called %s", job->words[0]);
    const char *near = text_nearest(job->words[0], names, set->count);
    if (near != NULL)
        error_todo(err, "did you mean %s?", near);
    else
        error_todo(err, "see arrestor policy list");
    return usage_fault(job, err);
}

static int run_explain(struct job *job, struct error *err) {
    struct rule_set set;
    if (rule_set_collect(job->packs, job->pack_count, &job->session->arena, &set, err) != 0)
        return -1;
    const struct rule *rule = rule_set_find(&set, job->words[0]);
    if (rule == NULL)
        return unknown_rule(job, &set, err);
    if (job->session->json)
        report_rule_json(rule, &job->session->out);
    else
        report_rule_text(rule, &job->session->out);
    return 0;
}

static int test_pack(struct job *job, const struct pack *pack, const char *source,
                     struct report_test *ret, size_t *faults, struct error *err) {
    struct arena *arena = &job->session->arena;
    struct rule_test *tests = arena_array(arena, pack->rule_count, sizeof *tests);
    if (tests == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    for (size_t i = 0; i < pack->rule_count; i++) {
        if (rule_test(&pack->rules[i], arena, &tests[i], err) != 0)
            return -1;
        *faults += tests[i].fault_count;
    }
    *ret = (struct report_test){.pack = pack, .source = source, .tests = tests};
    return 0;
}

static int run_test(struct job *job, struct error *err) {
    struct report_test tests[LIMIT_PACKS];
    size_t faults = 0;
    for (size_t i = 0; i < job->pack_count; i++)
        if (test_pack(job, job->packs[i], job->word_count > 0 ? job->words[i] : job->packs[i]->name,
                      &tests[i], &faults, err) != 0)
            return -1;
    if (job->session->json)
        report_tests_json(tests, job->pack_count, &job->session->out);
    else
        report_tests_text(tests, job->pack_count, &job->session->out);
    return faults == 0 ? 0 : error_status(ERROR_POLICY);
}

/* Reading has checked each pack; together with what they include they must give
 * one set of rules. */
static int run_lint(struct job *job, struct error *err) {
    struct rule_set set;
    if (rule_set_collect(job->packs, job->pack_count, &job->session->arena, &set, err) != 0)
        return -1;
    if (job->session->json)
        buffer_printf(&job->session->out, "{\"rules\": %zu, \"packs\": %zu}\n", set.count,
                      set.pack_count);
    else
        buffer_printf(&job->session->out, "%zu rules in %zu packs: no fault\n", set.count,
                      set.pack_count);
    return 0;
}

static const struct subcommand subcommands[] = {
    {"list", 0, LIMIT_PACKS, true, "[PACK…]", run_list},
    {"explain", 1, 1, false, "RULE", run_explain},
    {"test", 0, LIMIT_PACKS, true, "[PACK…]", run_test},
    {"lint", 1, LIMIT_PACKS, true, "PACK…", run_lint},
};
#define SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static const struct subcommand *find_subcommand(struct job *job, struct error *err) {
    const struct invocation *call = job->call;
    const char *names[SUBCOMMANDS], *name = call->operand_count > 0 ? call->operands[0] : "";
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        names[i] = subcommands[i].name;
        if (strcmp(names[i], name) == 0)
            return &subcommands[i];
    }
    if (name[0] == '\0')
        error_set(err, ERROR_USAGE, "no subcommand is named");
    else
        error_set(err, ERROR_USAGE, "unknown subcommand %s", name);
    const char *near = text_nearest(name, names, SUBCOMMANDS);
    if (near != NULL)
        error_todo(err, "did you mean arrestor policy %s?", near);
    else
        error_todo(err, "it is one of list, explain, test, lint");
    usage_fault(job, err);
    return NULL;
}

static int check_words(struct job *job, const struct subcommand *subcommand, struct error *err) {
    job->words = job->call->operands + 1;
    job->word_count = job->call->operand_count - 1;
    if (job->word_count >= subcommand->least && job->word_count <= subcommand->most &&
        !job->call->has_rest)
        return 0;
    error_set(err, ERROR_USAGE, "policy %s takes %s", subcommand->name, subcommand->words);
    return usage_fault(job, err);
}

/* Packs that the words or --policy name. */
static int open_packs(struct job *job, const struct subcommand *subcommand, struct error *err) {
    struct judge_session *session = job->session;
    const char *named = command_value(job->call, "policy");
    struct buffer list = buffer_make(LIMIT_CONFIG_BYTES);
    if (subcommand->names_packs && named != NULL) {
        error_set(err, ERROR_USAGE, "policy %s names its packs without --policy", subcommand->name);
        return usage_fault(job, err);
    }
    for (size_t i = 0; subcommand->names_packs && i < job->word_count; i++)
        buffer_printf(&list, "%s%s", i > 0 ? "," : "", job->words[i]);
    if (list.data != NULL)
        named = list.data;
    int status = buffer_status(&list);
    if (status != 0)
        error_set(err, ERROR_USAGE, "the names of the packs are too long");
    else
        status = judge_policy_open(named, NULL, &session->arena, &session->policy, err);
    buffer_free(&list);
    return status;
}

static int read_packs(struct job *job, struct error *err) {
    const struct judge_policy *policy = &job->session->policy;
    for (size_t i = 0; i < policy->count; i++)
        if (judge_policy_pack(policy->words[i], policy->fds[i], &job->session->arena,
                              &job->packs[i], err) != 0)
            return -1;
    job->pack_count = policy->count;
    for (size_t i = 0; policy->count == 0 && i < builtin_pack_count && i < LIMIT_PACKS; i++)
        job->packs[job->pack_count++] = builtin_packs[i];
    return 0;
}

static int run_policy(const struct invocation *call) {
    struct judge_session session;
    struct error err = {0};
    struct job job = {.call = call, .session = &session};
    const struct subcommand *subcommand = NULL;
    int status = 0;
    if (judge_session_make(call, &session, &err) == 0 &&
        (subcommand = find_subcommand(&job, &err)) != NULL &&
        check_words(&job, subcommand, &err) == 0 && open_packs(&job, subcommand, &err) == 0 &&
        judge_session_confine(&session, &err) == 0 && read_packs(&job, &err) == 0)
        status = subcommand->run(&job, &err);
    return judge_session_end(&session, status, &err);
}

const struct command policy_command = {
    .name = "policy",
    .summary = "list, explain, test and lint policy packs",
    .usage = "list [PACK…]\nexplain [--policy PACK] RULE\ntest [PACK…]\nlint PACK…",
    .examples = "  arrestor policy list\n"
                "  arrestor policy explain SPARK-AUTH-001\n"
                "  arrestor policy test my-team.yaml\n",
    .options = {JUDGE_OPTION_FORMAT,
                {"policy", 0, "PACK[,PACK]", "packs to look for RULE in (the built-in ones)"}},
    .run = run_policy,
};
