#include "sidecar/strongbox/strongbox_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box.h"
#include "sidecar/strongbox/box_default.h"
#include "sidecar/strongbox/strongbox_job.h"

struct subcommand {
    const char *name;
    const char *options; /* those it takes, by blanks */
    bool takes_name;
    int (*run)(struct strongbox_job *job, struct error *err);
};

static const struct subcommand subcommands[] = {
    {"init", "box key passphrase passphrase-fd memory", false, strongbox_init},
    {"set", "box key passphrase-fd field keep-newline", true, strongbox_set},
    {"get", "box key passphrase-fd field", true, strongbox_get},
    {"list", "box key passphrase-fd format", false, strongbox_list},
    {"rm", "box key passphrase-fd", true, strongbox_rm},
    {"rekey", "box key passphrase passphrase-fd new-passphrase-fd no-passphrase keep-key memory",
     false, strongbox_rekey},
};
#define SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static int fault(struct error *err) {
    return error_at(err, "strongbox", 0, 0);
}

static int find_subcommand(const char *name, const struct subcommand **ret, struct error *err) {
    const char *names[SUBCOMMANDS];
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        names[i] = subcommands[i].name;
        if (strcmp(names[i], name) == 0) {
            *ret = &subcommands[i];
            return 0;
        }
    }
    error_set(err, ERROR_USAGE, "unknown subcommand %s", name);
    const char *near = text_nearest(name, names, SUBCOMMANDS);
    if (near != NULL)
        error_todo(err, "did you mean arrestor strongbox %s?", near);
    else
        error_todo(err,
                   "it is one of init, set, get, list, rm, rekey; see arrestor strongbox --help");
    return fault(err);
}

/* Whether word stands in a list of words separated by blanks. */
static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static int check_options(const struct invocation *call, const struct subcommand *subcommand,
                         struct error *err) {
    for (size_t i = 0; i < COMMAND_OPTIONS && call->command->options[i].name != NULL; i++) {
        const char *name = call->command->options[i].name;
        if (call->values[i] == NULL || has_word(subcommand->options, name))
            continue;
        error_set(err, ERROR_USAGE, "%s takes no --%s", subcommand->name, name);
        error_todo(err, "see arrestor strongbox --help");
        return fault(err);
    }
    return 0;
}

/* The extra word is not repeated: it may be a secret. */
static int refuse_extra(const struct subcommand *subcommand, struct error *err) {
    if (strcmp(subcommand->name, "set") != 0) {
        error_set(err, ERROR_USAGE, "%s takes %s", subcommand->name,
                  subcommand->takes_name ? "one NAME and nothing else" : "no further words");
        error_todo(err, "see arrestor strongbox --help");
        return fault(err);
    }
    error_set(err, ERROR_USAGE,
              "a value is never taken from the command line: every process on this machine can "
              "read it there (ps, /proc), and the shell keeps it in its history");
    error_todo(err, "pass it on standard input, or run it at a terminal without one to be asked; "
                    "if what you typed is in use, change it");
    return fault(err);
}

static int check_operands(const struct invocation *call, const struct subcommand *subcommand,
                          struct error *err) {
    size_t wanted = subcommand->takes_name ? 2 : 1;
    if (call->operand_count > wanted || call->rest_count > 0)
        return refuse_extra(subcommand, err);
    if (call->operand_count == wanted)
        return 0;
    error_set(err, ERROR_USAGE, "%s needs the NAME of a secret", subcommand->name);
    error_todo(err, "arrestor strongbox list shows the names that there are");
    return fault(err);
}

/* The path that the option gives, else the default; canonical where it exists,
 * because a linked box is replaced where it really lies. */
static int find_path(const struct invocation *call, const char *option,
                     int (*rule)(char *const *, uid_t, char *, size_t, struct error *), char *ret,
                     struct error *err) {
    char path[PATH_MAX];
    const char *given = command_value(call, option);
    if (given == NULL && rule(call->environment, geteuid(), path, sizeof path, err) != 0)
        return fault(err);
    if (given != NULL && (*given == '\0' || strlen(given) >= sizeof path)) {
        error_set(err, ERROR_USAGE, "--%s needs a path of 1 to %zu bytes", option, sizeof path - 1);
        return fault(err);
    }
    if (given != NULL)
        (void)snprintf(path, sizeof path, "%s", given);
    if (realpath(path, ret) == NULL)
        (void)snprintf(ret, PATH_MAX, "%s", path);
    return 0;
}

static int refuse_option(const char *option, const char *what, const char *todo,
                         struct error *err) {
    error_set(err, ERROR_USAGE, "--%s %s", option, what);
    error_todo(err, "%s", todo);
    return fault(err);
}

/* The descriptor that an option names: open, none of our outputs, no terminal. */
static int read_descriptor(const struct invocation *call, const char *option, int *ret,
                           struct error *err) {
    return command_descriptor(call, option, ret, err) == 0 ? 0 : fault(err);
}

/* "64M", "1G", "65536K" in KiB. */
static int read_memory(const struct invocation *call, uint32_t *ret, struct error *err) {
    static const struct {
        char unit;
        uint64_t kib;
    } units[] = {{'K', 1}, {'M', 1024}, {'G', 1024 * 1024}};
    const char *text = command_value(call, "memory");
    char digits[16] = "";
    uint64_t value = 0;
    *ret = 0;
    if (text == NULL)
        return 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof units / sizeof *units && length > 1; i++)
        if (length < sizeof digits && text[length - 1] == units[i].unit) {
            (void)snprintf(digits, sizeof digits, "%.*s", (int)length - 1, text);
            if (number_parse(digits, LIMIT_PASS_KIB / units[i].kib, &value) == 0)
                value *= units[i].kib;
        }
    if (value < LIMIT_PASS_KIB_MIN)
        return refuse_option("memory", "is from 8M to 1G", "for example: --memory 64M", err);
    *ret = (uint32_t)value;
    return 0;
}

/* Options that contradict each other. */
static int check_passphrase(const struct subcommand *subcommand, const struct strongbox_job *job,
                            struct error *err) {
    bool init = subcommand->run == strongbox_init;
    const char *see = "see arrestor strongbox --help";
    if (job->passphrase_fd == STDIN_FILENO && subcommand->run == strongbox_set)
        return refuse_option("passphrase-fd", "0 is where the value comes from",
                             "use another one: --passphrase-fd 3 3< FILE", err);
    if (job->passphrase + (job->new_passphrase_fd >= 0) + job->no_passphrase +
            (init && job->passphrase_fd >= 0) >
        1)
        return refuse_option("passphrase", "and its like exclude each other: take one", see, err);
    if (init && job->memory_kib != 0 && !job->passphrase && job->passphrase_fd < 0)
        return refuse_option("memory", "is for a passphrase, and none is asked for",
                             "add --passphrase", err);
    if (job->keep_key && !job->passphrase && job->new_passphrase_fd < 0 && !job->no_passphrase &&
        job->memory_kib == 0)
        return refuse_option("keep-key", "changes only how the key is protected: say how",
                             "add --passphrase, --new-passphrase-fd N, --no-passphrase or --memory "
                             "SIZE",
                             err);
    return 0;
}

static int read_job(const struct invocation *call, const struct subcommand *subcommand,
                    struct strongbox_job *job, struct error *err) {
    job->name = subcommand->takes_name ? call->operands[1] : NULL;
    job->field = command_value(call, "field");
    job->keep_newline = command_value(call, "keep-newline") != NULL;
    job->box_given = command_value(call, "box") != NULL;
    job->key_given = command_value(call, "key") != NULL;
    job->passphrase = command_value(call, "passphrase") != NULL;
    job->no_passphrase = command_value(call, "no-passphrase") != NULL;
    job->keep_key = command_value(call, "keep-key") != NULL;
    if (command_format(call, &job->json, err) != 0 ||
        read_descriptor(call, "passphrase-fd", &job->passphrase_fd, err) != 0 ||
        read_descriptor(call, "new-passphrase-fd", &job->new_passphrase_fd, err) != 0 ||
        read_memory(call, &job->memory_kib, err) != 0 ||
        check_passphrase(subcommand, job, err) != 0 ||
        find_path(call, "box", box_default_path, job->box, err) != 0 ||
        find_path(call, "key", box_default_key, job->key, err) != 0)
        return -1;
    return job->name == NULL ? 0 : box_check_name(job->name, err);
}

static int run_strongbox(const struct invocation *call) {
    const struct subcommand *subcommand = NULL;
    struct strongbox_job job;
    struct error err;
    error_clear(&err);
    secret_install_allocators();
    if (call->operand_count == 0) {
        error_set(&err, ERROR_USAGE, "what is to be done with the strongbox?");
        error_todo(&err,
                   "it is one of init, set, get, list, rm, rekey; see arrestor strongbox --help");
        fault(&err);
        return command_fail(&err);
    }
    if (find_subcommand(call->operands[0], &subcommand, &err) != 0 ||
        check_options(call, subcommand, &err) != 0 || check_operands(call, subcommand, &err) != 0 ||
        read_job(call, subcommand, &job, &err) != 0 || subcommand->run(&job, &err) != 0)
        return command_fail(&err);
    return 0;
}

const struct command strongbox_command = {
    .name = "strongbox",
    .summary = "keeps secrets in an encrypted file on this machine",
    .usage = "init [--box FILE] [--key FILE] [--passphrase | --passphrase-fd N] [--memory SIZE]\n"
             "set NAME [--field F] [--keep-newline]   (the value: standard input, or a prompt)\n"
             "get NAME [--field F]\n"
             "list [--format text|json]\n"
             "rm NAME\n"
             "rekey [--keep-key] [--passphrase | --new-passphrase-fd N | --no-passphrase]\n"
             "COMMAND … [--box FILE] [--key FILE] [--passphrase-fd N]",
    .examples =
        "  arrestor strongbox init\n"
        "  arrestor strongbox set db                        ask for the value, without echo\n"
        "  pwgen -s 32 1 | arrestor strongbox set db --field password\n"
        "  arrestor strongbox get db --field password\n"
        "  arrestor strongbox list --format json\n"
        "  arrestor strongbox rekey --keep-key --passphrase  protect the key that there is\n"
        "  arrestor strongbox get db --passphrase-fd 3 3< FILE\n"
        "\n"
        "A key file with a passphrase is of no use without it. It is asked for at the terminal, "
        "or\n"
        "read from a descriptor: one line of at most 4096 bytes. Argon2id takes SIZE of memory\n"
        "each time (8M to 1G, 256M unless said), so take less where there is less.\n"
        "rekey seals the strongbox with a new key, protected as the old one unless said\n"
        "otherwise, and forgets the old key: older copies of the strongbox, and other\n"
        "strongboxes made with that key, can be opened with a copy of the old key file only.\n"
        "--keep-key changes only how the key is protected: a copy of the key file from before\n"
        "opens the strongbox as before.\n"
        "\n"
        "Without --box: $ARRESTOR_STRONGBOX, else /var/lib/arrestor/strongbox.box for root,\n"
        "else ${XDG_DATA_HOME:-~/.local/share}/arrestor/strongbox.box. Without --key:\n"
        "$ARRESTOR_STRONGBOX_KEY, else /etc/arrestor/strongbox.key for root, else\n"
        "${XDG_CONFIG_HOME:-~/.config}/arrestor/strongbox.key.\n"
        "Exit: 0 done, 2 usage, 3 standard input, 6 box, key or secret, 70 the system.\n",
    .options = {{"box", 0, "FILE", "the strongbox"},
                {"key", 0, "FILE", "its key, mode 0400 or 0600"},
                {"passphrase-fd", 0, "N", "the key file's passphrase: a line on descriptor N"},
                {"passphrase", 0, NULL, "of init and rekey: ask for a new passphrase"},
                {"new-passphrase-fd", 0, "N", "of rekey: the new passphrase"},
                {"no-passphrase", 0, NULL, "of rekey: none from now on"},
                {"keep-key", 0, NULL, "of rekey: the same key"},
                {"memory", 0, "SIZE", "of init and rekey: memory that a passphrase costs"},
                {"field", 0, "NAME", "only this member of a secret that is a JSON object"},
                {"keep-newline", 0, NULL, "keep the newline at the end of standard input"},
                {"format", 0, "text|json", "of list: how to print (text)"}},
    .run = run_strongbox,
};
