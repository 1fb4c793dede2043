/* main.c: the table of subcommands, and of the roles that monitor starts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/completion.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_schema.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/dial/dial_role.h"
#include "sidecar/fetch/fetch_role.h"
#include "sidecar/fetch/strongbox/fetch_strongbox.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_role.h"
#include "sidecar/monitor/run_command.h"
#include "sidecar/monitor/selftest_command.h"
#include "sidecar/monitor/sidecar_command.h"
#include "sidecar/place/place_role.h"
#include "sidecar/status/status_command.h"
#include "sidecar/strongbox/strongbox_command.h"
#include "sidecar/sweep/sweep_role.h"
#include "sidecar/warden/warden_role.h"

static int run_schema(const struct invocation *call);
static int run_completion(const struct invocation *call);

static const struct command schema_command = {
    .name = "schema",
    .summary = "print a JSON Schema of arrestor.yaml, for editors",
    .usage = "",
    .examples = "  arrestor schema > arrestor.schema.json\n"
                "  and as the first line of arrestor.yaml, for editors with yaml-language-server:\n"
                "  # yaml-language-server: $schema=arrestor.schema.json\n",
    .run = run_schema,
};

static const struct command completion_command = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .usage = "bash|zsh|fish",
    .examples = "  source <(arrestor completion bash)\n"
                "  arrestor completion zsh > ~/.zfunc/_arrestor\n"
                "  arrestor completion fish > ~/.config/fish/completions/arrestor.fish\n",
    .run = run_completion,
};

static const struct command *const commands[] = {
    &check_command,     &effective_command, &why_command,    &run_command,        &gate_command,
    &sidecar_command,   &init_command,      &ready_command,  &status_command,     &policy_command,
    &strongbox_command, &selftest_command,  &schema_command, &completion_command,
};
#define COMMANDS (sizeof commands / sizeof *commands)

/* The stores over the network are arrestor-fetch's (main_fetch.c). */
static store_read *const stores[STORE_KINDS] = {[STORE_STRONGBOX] = fetch_strongbox};

static int start_fetch(const struct role_start *start) {
    return fetch_role(start, stores);
}

static int (*const roles[ROLES])(const struct role_start *start) = {
    [ROLE_SWEEP] = sweep_role,  [ROLE_WARDEN] = warden_role, [ROLE_JUDGE] = judge_role,
    [ROLE_FETCH] = start_fetch, [ROLE_PLACE] = place_role,   [ROLE_DIAL] = dial_role,
};

static int print(const struct buffer *text) {
    struct error err;
    if (buffer_status(text) != 0 || text->data == NULL)
        return error_status(ERROR_MEMORY);
    if (file_write_all(STDOUT_FILENO, text->data, text->length) == 0)
        return 0;
    (void)error_system(&err, ERROR_SYSTEM, "cannot write to standard output");
    return command_fail(&err);
}

static int print_version(void) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    buffer_text(&text, "arrestor " ARRESTOR_VERSION "\n");
    int status = print(&text);
    buffer_free(&text);
    return status;
}

static int print_overview(void) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    buffer_text(&text, "arrestor: secrets for Spark through tmpfs only, and no launch on an "
                       "unsafe configuration\n\nUsage:\n  arrestor COMMAND [OPTION]…\n\n"
                       "Commands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        buffer_printf(&text, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    buffer_text(&text,
                "\nExamples:\n"
                "  arrestor check conf/spark-defaults.conf\n"
                "  arrestor run -- spark-submit --master yarn app.py\n"
                "  arrestor COMMAND --help\n\n"
                "Exit: 0 pass · 1 violations · 2 usage · 3 input · 4 policy · 5 waiver · "
                "6 secret · 7 protection · 70 internal\n"
                "run, gate: 77 launch refused · 125 its own failure · 126, 127 as env · else "
                "the job's own\n");
    int status = print(&text);
    buffer_free(&text);
    return status;
}

static int print_help(const struct command *command) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    command_help(command, &text);
    int status = print(&text);
    buffer_free(&text);
    return status;
}

static int refuse_call(const struct invocation *call, const char *what, const char *todo) {
    struct error err;
    (void)error_set(&err, ERROR_USAGE, "%s", what);
    (void)error_at(&err, call->command->name, 0, 0);
    (void)error_todo(&err, "%s", todo);
    return command_fail(&err);
}

static int run_schema(const struct invocation *call) {
    if (call->operand_count > 0 || call->rest_count > 0)
        return refuse_call(call, "it takes no operand", "write arrestor schema");
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    config_schema(&text);
    int status = print(&text);
    buffer_free(&text);
    return status;
}

static int run_completion(const struct invocation *call) {
    struct error err;
    if (call->operand_count != 1 || call->rest_count > 0)
        return refuse_call(call, "it takes the name of one shell", "write bash, zsh or fish");
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    int result = completion_write(call->operands[0], commands, COMMANDS, &text, &err);
    int status = result == 0 ? print(&text) : command_fail(&err);
    buffer_free(&text);
    return status;
}

/* Whether --help or -h stands before "--". */
static bool wants_help(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run_named(const struct command *command, int argc, char **argv, char **environment) {
    struct invocation call;
    struct error err;
    if (wants_help(argc, argv))
        return print_help(command);
    if (command_parse(command, argc, argv, environment, &call, &err) != 0)
        return command_fail(&err);
    return command->run(&call);
}

static int refuse_command(const char *name) {
    const char *names[COMMANDS];
    struct error err;
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *near = text_nearest(name, names, COMMANDS);
    (void)error_set(&err, ERROR_USAGE, "there is no command \"%s\"", name);
    (void)(near != NULL ? error_todo(&err, "did you mean arrestor %s?", near)
                        : error_todo(&err, "see arrestor --help"));
    return command_fail(&err);
}

static int start_role(int argc, char **argv) {
    struct role_start start;
    struct error err;
    if (role_start_parse(argc, argv, &start, &err) != 0)
        return command_fail(&err);
    if (roles[start.role] == NULL)
        (void)error_set(&err, ERROR_USAGE, "this role is of another executable");
    return roles[start.role] == NULL ? command_fail(&err) : roles[start.role](&start);
}

int main(int argc, char **argv, char **environment) {
    if (file_open_standard() != 0)
        return error_status(ERROR_SYSTEM);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        int status = print_overview();
        return argc > 1 ? status : error_status(ERROR_USAGE);
    }
    if (strcmp(name, "--version") == 0)
        return print_version();
    if (strcmp(name, "role") == 0)
        return start_role(argc - 1, argv + 1);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return run_named(commands[i], argc - 1, argv + 1, environment);
    return refuse_command(name);
}
