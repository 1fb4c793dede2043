#include "sidecar/judge/judge_role.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/input/input.h"
#include "policy/report/report.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/judge/dry_run_report.h"
#include "sidecar/judge/judge.h"
#include "sidecar/judge/judge_inputs.h"
#include "sidecar/judge/judge_policy.h"

struct judging {
    struct arena arena;
    struct judge_inputs inputs;
    struct judge_sources sources;
    struct judge_policy policy;
    struct rule_set set;
    struct check_mode mode;
    struct launch_pair injected[1];
    size_t injected_count;
    struct judgement judgement;
    bool judged, colour;
    enum launch_report report; /* of a dry run */
    char program[LIMIT_PATH];
    struct config config;
};

/* The words of a sealed part, each ends with NUL, as a NULL-terminated list. */
static int read_words(struct arena *arena, enum slot slot, size_t limit, const char ***ret,
                      size_t *count, struct error *err) {
    struct buffer text = buffer_make(limit);
    size_t words = 0, kept = 0;
    int fd = role_slot(ROLE_JUDGE, slot);
    if (fd < 0 || file_read(fd, "the frozen launch", &text, err) != 0) {
        buffer_free(&text);
        return error_set(err, ERROR_PROTOCOL, "the frozen launch cannot be read");
    }
    for (size_t i = 0; i < text.length; i++)
        words += text.data[i] == '\0';
    const char **list = arena_array(arena, words + 1, sizeof *list);
    char *copy = arena_text(arena, text.data, text.length);
    size_t length = text.length;
    buffer_free(&text);
    if (list == NULL || copy == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    for (size_t start = 0; start < length; start += strlen(copy + start) + 1)
        list[kept++] = copy + start;
    *ret = list;
    *count = kept;
    return 0;
}

/* Before the ladder: what the launch reads is opened, by the caller's own words.
 * The configuration directory is the frozen copy; findings name the real one. */
static int open_launch(struct judging *judging, struct error *err) {
    struct launch *launch = &judging->inputs.launch;
    const char **argv, **environment;
    size_t ignored;
    if (read_words(&judging->arena, SLOT_ARGUMENTS, LIMIT_ARGUMENT_BYTES, &argv, &launch->argc,
                   err) != 0 ||
        read_words(&judging->arena, SLOT_ENVIRONMENT, LIMIT_ENVIRONMENT_BYTES, &environment,
                   &ignored, err) != 0)
        return -1;
    launch->argv = argv;
    launch->environment = environment;
    launch->environment_is_final = true;
    launch->conf_dir =
        arena_printf(&judging->arena, "/proc/self/fd/%d", role_slot(ROLE_JUDGE, SLOT_CONF));
    if (launch->conf_dir == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    for (const char **entry = environment; *entry != NULL; entry++) {
        if (strncmp(*entry, "SPARK_CONF_DIR=", 15) == 0)
            launch->conf_dir_label = *entry + 15;
        if (strncmp(*entry, "SPARK_HOME=", 11) == 0)
            launch->spark_home = *entry + 11;
    }
    if (judge_inputs_open_launch(&judging->inputs, &judging->arena, err) != 0)
        return -1;
    if (launch->spark_home != NULL)
        input_spark_version(launch->spark_home, &judging->inputs.spark_major,
                            &judging->inputs.spark_minor);
    return 0;
}

static int receive_launch(struct judging *judging, const struct channel *monitor,
                          struct error *err) {
    struct message message;
    if (channel_receive(monitor, &message, NULL, err) != 1 || message.type != MESSAGE_LAUNCH)
        return error_set(err, ERROR_PROTOCOL, "monitor told no launch");
    const char *directory = message.body.launch.directory;
    judging->report = (enum launch_report)message.body.launch.report;
    (void)message_text(judging->program, sizeof judging->program, message.body.launch.program);
    if (directory[0] == '\0')
        return 0;
    judging->injected[0] =
        (struct launch_pair){"spark.executorEnv.ARRESTOR_DIR",
                             arena_text(&judging->arena, directory, strlen(directory))};
    judging->injected_count = 1;
    return judging->injected[0].value != NULL ? 0
                                              : error_set(err, ERROR_MEMORY, "memory is exhausted");
}

/* Findings go to standard error, because standard output is the job's. */
static void print_findings(const struct judging *judging) {
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    if (judging->judgement.findings.count == 0)
        return;
    judge_report(&judging->judgement, &judging->set, judging->mode, false, judging->colour, &out);
    if (out.data != NULL)
        (void)file_write_all(STDERR_FILENO, out.data, out.length);
    buffer_free(&out);
}

static int write_merged(struct judging *judging, struct error *err) {
    struct buffer out = buffer_make(LIMIT_INPUT_BYTES);
    int fd = role_slot(ROLE_JUDGE, SLOT_MERGED);
    int result = launch_merge(&judging->inputs.plan, &judging->sources.sources, judging->injected,
                              judging->injected_count, &judging->arena, &out, err);
    if (result == 0 && (buffer_status(&out) != 0 ||
                        file_write_all(fd, out.data != NULL ? out.data : "", out.length) != 0))
        result = error_system(err, ERROR_SYSTEM, "cannot write the merged properties");
    buffer_free(&out);
    return result;
}

/* A set lies on the host on which `run` was started (render/reach of the design,
 * narrow): with the driver elsewhere nobody would find it, with executors
 * elsewhere they would not, and that is said. */
static int check_reach(const struct judging *judging, struct error *err) {
    const struct effective *conf = &judging->judgement.conf;
    const struct setting *mode = effective_find(conf, "spark.submit.deployMode");
    struct error note;
    if (judging->injected_count == 0)
        return 0;
    if (mode != NULL && strcmp(mode->value, "cluster") == 0) {
        error_set(err, ERROR_REACH,
                  "in cluster mode the driver runs elsewhere, and would find no set");
        return error_todo(err, "use client mode, or take deliver.files out of arrestor.yaml");
    }
    if (master_is_one_host(conf->master))
        return 0;
    error_set(&note, ERROR_REACH, "the set reaches the driver; executors on other hosts see none");
    error_at(&note, "note", 0, 0);
    (void)command_fail(&note);
    return 0;
}

/* A dry run has made no directory that deliver.dir names, and says so where the
 * others would lie. */
static int name_directory(struct judging *judging, struct error *err) {
    struct config *config = &judging->config;
    if (config_load(judging->policy.config_fd, judging->policy.config_path, &judging->arena, config,
                    err) != 0)
        return -1;
    if (judging->injected_count == 0)
        return 0;
    const char *told = judging->injected[0].value;
    judging->injected[0].value = dry_run_directory(config->dir, told, &judging->arena);
    return judging->injected[0].value != NULL ? 0
                                              : error_set(err, ERROR_MEMORY, "memory is exhausted");
}

static int judge(struct judging *judging, struct error *err) {
    if (judge_policy_read(&judging->policy, &judging->arena, &judging->set, &judging->mode, err) !=
            0 ||
        judge_inputs_sources(&judging->inputs, &judging->arena, &judging->sources, err) != 0)
        return -1;
    judging->mode.strict_unknown = true;
    if (judging->report != LAUNCH_REPORT_NONE && name_directory(judging, err) != 0)
        return -1;
    if (judge_launch(&judging->inputs.plan, &judging->sources.sources, judging->injected,
                     judging->injected_count, &judging->set, judging->mode, &judging->arena,
                     &judging->judgement, err) != 0)
        return -1;
    judging->judged = true;
    if (judging->report == LAUNCH_REPORT_NONE)
        print_findings(judging);
    if (judging->judgement.verdict == VERDICT_REFUSE)
        return error_set(err, ERROR_REFUSED, "%s", "");
    return check_reach(judging, err) != 0 ? -1 : write_merged(judging, err);
}

static void fill_counts(const struct judging *judging, struct message_verdict *verdict) {
    const struct finding_list *findings = &judging->judgement.findings;
    struct buffer rules = buffer_make(LIMIT_RULE_LIST - 1);
    for (size_t i = 0; i < findings->count; i++) {
        verdict->refused += findings->items[i].effect == EFFECT_REFUSE;
        verdict->warned += findings->items[i].effect == EFFECT_WARN;
        verdict->unknown += findings->items[i].truth == TRUTH_UNKNOWN;
    }
    report_rule_ids(findings->items, findings->count, &rules);
    if (rules.data != NULL)
        (void)message_text(verdict->rules, sizeof verdict->rules, rules.data);
    buffer_free(&rules);
}

/* Which words of argv name a properties file, and where one may be inserted. */
static int fill_arguments(const struct judging *judging, struct message_verdict *verdict,
                          struct error *err) {
    const struct launch_arguments *arguments = &judging->inputs.plan.arguments;
    if (arguments->properties_count > LIMIT_PROPERTIES_ARGUMENTS)
        return error_set(err, ERROR_INPUT, "more than %d properties files",
                         LIMIT_PROPERTIES_ARGUMENTS);
    bool plain = false;
    for (size_t i = 0; i < arguments->properties_count; i++) {
        const struct properties_argument *from = &arguments->properties[i];
        verdict->argument[i].index = (uint32_t)from->argv;
        verdict->argument[i].joined = from->joined;
        verdict->argument[i].extra = from->extra;
        plain = plain || !from->extra;
    }
    verdict->properties_argument = (uint32_t)arguments->properties_count;
    verdict->insert = arguments->launches && !plain;
    verdict->insert_at = (uint32_t)(arguments->insert_at > 0 ? arguments->insert_at : 1);
    verdict->launches = arguments->launches;
    return 0;
}

/* What a dry run shows, also where the launch is refused or in vain. */
static void write_report(struct judging *judging, const struct error *fault) {
    bool json = judging->report == LAUNCH_REPORT_JSON;
    bool in_vain = fault->code != ERROR_OK && fault->code != ERROR_REFUSED;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct message_verdict verdict = {0};
    struct error err = *fault;
    const struct dry_run dry = {.plan = &judging->inputs.plan,
                                .verdict = &verdict,
                                .judgement = &judging->judgement,
                                .set = &judging->set,
                                .mode = judging->mode,
                                .config = &judging->config,
                                .program = judging->program,
                                .directory =
                                    judging->injected_count > 0 ? judging->injected[0].value : NULL,
                                .fault = in_vain ? fault : NULL};
    int result = -1;
    if (judging->judged)
        result = fill_arguments(judging, &verdict, &err) != 0
                     ? -1
                     : dry_run_report(&dry, json, &judging->arena, &out, &err);
    if (result != 0 && err.code == ERROR_OK)
        dry_run_nothing(json, &out);
    else if (result != 0 && json)
        report_error_json(&err, &out);
    if (out.data != NULL)
        (void)file_write_all(role_slot(ROLE_JUDGE, SLOT_REPORT), out.data, out.length);
    buffer_free(&out);
}

static int send_verdict(struct judging *judging, const struct channel *monitor, struct error *err) {
    struct message message = {.type = MESSAGE_VERDICT};
    struct message_verdict *verdict = &message.body.verdict;
    struct error ignored;
    if (err->code == ERROR_OK || err->code == ERROR_REFUSED) {
        fill_counts(judging, verdict);
        (void)fill_arguments(judging, verdict, err);
    }
    if (err->code != ERROR_OK && err->code != ERROR_REFUSED)
        (void)role_fail(ROLE_JUDGE, err);
    verdict->code = err->code;
    return channel_send(monitor, &message, -1, &ignored) == 0 ? 0 : error_status(ERROR_CHILD);
}

int judge_role(const struct role_start *start) {
    struct judging judging = {.arena = arena_make(LIMIT_ARENA_BYTES),
                              .colour = command_colour(STDERR_FILENO)};
    struct channel monitor;
    struct error fault, err;
    error_clear(&fault);
    judging.policy = (struct judge_policy){.config_path = "arrestor.yaml",
                                           .config_fd = role_slot(ROLE_JUDGE, SLOT_CONFIG)};
    (void)open_launch(&judging, &fault);
    if (role_enter(start, NULL, 0, &monitor, &err) != 0)
        return role_fail(ROLE_JUDGE, &err);
    int told = receive_launch(&judging, &monitor, &err);
    if (fault.code == ERROR_OK && told != 0)
        fault = err;
    if (fault.code == ERROR_OK && judging.inputs.plan.arguments.launches)
        (void)judge(&judging, &fault);
    if (judging.report != LAUNCH_REPORT_NONE)
        write_report(&judging, &fault);
    int status = send_verdict(&judging, &monitor, &fault);
    arena_free(&judging.arena);
    return status;
}
