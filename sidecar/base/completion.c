#include "sidecar/base/completion.h"

#include <stdbool.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* A shell: what a script begins with, what is written for each command, and how
 * it ends. */
struct shell {
    const char *name, *head, *tail;
    void (*put)(struct buffer *out, const struct command *const *commands, size_t count);
};

static bool is_row(const struct command *command, size_t i) {
    return i < COMMAND_OPTIONS && command->options[i].name != NULL;
}

static bool is_choice(const struct option_row *row) {
    return row->argument != NULL && strchr(row->argument, '|') != NULL;
}

/* Words of a|b|c, separated by blanks. */
static void put_words(struct buffer *out, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        buffer_char(out, text[i] == '|' ? ' ' : text[i]);
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* The words that the lines of the usage begin with, those in lower case, between
 * `before` and `after`; nothing where there are none. */
static void put_subcommands(struct buffer *out, const struct command *command, const char *before,
                            const char *after) {
    bool any = false;
    for (const char *line = command->usage; *line != '\0';) {
        if (is_lower(line[0])) {
            buffer_text(out, any ? " " : before);
            put_words(out, line, strspn(line, "abcdefghijklmnopqrstuvwxyz-|"));
            any = true;
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    buffer_text(out, any ? after : "");
}

/* Whether an operand is a file: FILE or PACK that is no argument of an option. */
static bool takes_files(const struct command *command) {
    size_t depth = 0;
    for (const char *p = command->usage; *p != '\0'; p++) {
        depth += *p == '[';
        depth -= *p == ']' && depth > 0;
        if (depth == 0 && (text_starts(p, "FILE") || text_starts(p, "PACK")))
            return true;
    }
    return false;
}

/* Text between '…' of a shell: before characters of `also` its syntax wants a
 * backslash, and `quote` stands for a ' within. */
static void put_quoted(struct buffer *out, const char *text, const char *also, const char *quote) {
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'') {
            buffer_text(out, quote);
            continue;
        }
        if (strchr(also, *p) != NULL)
            buffer_char(out, '\\');
        buffer_char(out, *p);
    }
}

/* Where a shell wants an action for the argument of an option. */
struct actions {
    const char *files, *directories, *before_words, *after_words, *nothing;
};

static void put_action(struct buffer *out, const struct option_row *row,
                       const struct actions *actions) {
    if (is_choice(row)) {
        buffer_text(out, actions->before_words);
        put_words(out, row->argument, strlen(row->argument));
        buffer_text(out, actions->after_words);
        return;
    }
    bool file = strcmp(row->argument, "FILE") == 0 || text_starts(row->argument, "PACK");
    bool directory = strcmp(row->argument, "DIR") == 0;
    buffer_text(out, file ? actions->files : directory ? actions->directories : actions->nothing);
}

static const char bash_head[] =
    "# Completion of arrestor for bash, made by: arrestor completion bash\n"
    "_arrestor_words() {\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\")\n"
    "}\n"
    "_arrestor_paths() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
    "}\n"
    "_arrestor() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local options='' operands='' files='' i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        [ \"${COMP_WORDS[i]}\" = -- ] || continue\n"
    "        if [ \"$previous\" = -- ]; then _arrestor_paths -c; else _arrestor_paths -f; fi\n"
    "        return\n"
    "    done\n"
    "    if [ \"$current\" = '=' ]; then\n"
    "        current=''\n"
    "    elif [ \"$previous\" = '=' ]; then\n"
    "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

static const char bash_tail[] = "    if [[ $current == -* ]]; then\n"
                                "        _arrestor_words \"$options\"\n"
                                "    elif [ -n \"$operands\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                                "        _arrestor_words \"$operands\"\n"
                                "    elif [ -n \"$files\" ]; then\n"
                                "        _arrestor_paths -f\n"
                                "    else\n"
                                "        _arrestor_words \"$options\"\n"
                                "    fi\n"
                                "}\n"
                                "complete -F _arrestor arrestor\n";

static void put_bash_values(struct buffer *out, const struct command *command) {
    static const struct actions actions = {"_arrestor_paths -f", "_arrestor_paths -d",
                                           "_arrestor_words '", "'", ":"};
    for (size_t i = 0; is_row(command, i); i++) {
        const struct option_row *row = &command->options[i];
        if (row->argument == NULL)
            continue;
        buffer_printf(out, "    %s:--%s", command->name, row->name);
        if (row->letter != 0)
            buffer_printf(out, " | %s:-%c", command->name, row->letter);
        buffer_text(out, ")\n        ");
        put_action(out, row, &actions);
        buffer_text(out, "\n        return\n        ;;\n");
    }
}

static void put_bash_command(struct buffer *out, const struct command *command) {
    buffer_printf(out, "    %s)\n        options='", command->name);
    for (size_t i = 0; is_row(command, i); i++)
        buffer_printf(out, "--%s ", command->options[i].name);
    buffer_text(out, "--help'");
    put_subcommands(out, command, " operands='", "'");
    buffer_printf(out, "%s\n        ;;\n", takes_files(command) ? " files=yes" : "");
}

static void put_bash(struct buffer *out, const struct command *const *commands, size_t count) {
    buffer_text(out, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        _arrestor_words '");
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s ", commands[i]->name);
    buffer_text(out, "--help --version'\n        return\n    fi\n"
                     "    case ${COMP_WORDS[1]}:$previous in\n");
    for (size_t i = 0; i < count; i++)
        put_bash_values(out, commands[i]);
    buffer_text(out, "    esac\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < count; i++)
        put_bash_command(out, commands[i]);
    buffer_text(out, "    esac\n");
}

static const char zsh_head[] =
    "#compdef arrestor\n"
    "# Completion of arrestor for zsh, made by: arrestor completion zsh\n"
    "_arrestor() {\n"
    "  local at=${words[(i)--]} command\n"
    "  local -a commands\n"
    "  if (( at < CURRENT )); then\n"
    "    shift $at words\n"
    "    (( CURRENT -= at ))\n"
    "    _normal\n"
    "    return\n"
    "  fi\n";

static const char zsh_tail[] = "}\n"
                               "if [ \"$funcstack[1]\" = _arrestor ]; then\n"
                               "  _arrestor \"$@\"\n"
                               "else\n"
                               "  compdef _arrestor arrestor\n"
                               "fi\n";

#define ZSH_SPECIAL "[]:\\"
#define ZSH_QUOTE   "'\\''"

static void put_zsh_option(struct buffer *out, const struct option_row *row) {
    static const struct actions actions = {":FILE:_files'", ":DIR:_files -/'", ":WORD:(", ")'",
                                           ": : '"};
    const char *assign = row->argument != NULL ? "=" : "";
    buffer_text(out, " \\\n      ");
    if (row->letter != 0)
        buffer_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                      row->argument != NULL ? "+" : "", row->name, assign);
    else
        buffer_printf(out, "'--%s%s[", row->name, assign);
    put_quoted(out, row->help, ZSH_SPECIAL, ZSH_QUOTE);
    buffer_char(out, ']');
    if (row->argument != NULL)
        put_action(out, row, &actions);
    else
        buffer_char(out, '\'');
}

static void put_zsh_command(struct buffer *out, const struct command *command) {
    buffer_printf(out, "  %s)\n    _arguments", command->name);
    for (size_t i = 0; is_row(command, i); i++)
        put_zsh_option(out, &command->options[i]);
    const char *files = takes_files(command) ? "_files" : "";
    buffer_text(out, " \\\n      '--help[show how to use it]'");
    put_subcommands(out, command, " \\\n      '1: :(", ")'");
    buffer_printf(out, " \\\n      '*: :%s'\n    ;;\n", files);
}

static void put_zsh(struct buffer *out, const struct command *const *commands, size_t count) {
    buffer_text(out, "  if (( CURRENT == 2 )); then\n    commands=(\n");
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "      '%s:", commands[i]->name);
        put_quoted(out, commands[i]->summary, ":\\", ZSH_QUOTE);
        buffer_text(out, "'\n");
    }
    buffer_text(out, "    )\n    _describe command commands\n    return\n  fi\n"
                     "  command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
                     "  case $command in\n");
    for (size_t i = 0; i < count; i++)
        put_zsh_command(out, commands[i]);
    buffer_text(out, "  esac\n");
}

static const char fish_head[] =
    "# Completion of arrestor for fish, made by: arrestor completion fish\n"
    "function __arrestor_rest\n"
    "    contains -- -- (commandline -opc)\n"
    "end\n"
    "function __arrestor_words\n"
    "    test (count (commandline -opc)) -eq $argv[1]\n"
    "end\n"
    "function __arrestor_in\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -gt 1; and test $words[2] = $argv[1]; and not __arrestor_rest\n"
    "end\n"
    "complete -c arrestor -f\n"
    "complete -c arrestor -n __arrestor_rest -F\n"
    "complete -c arrestor -n '__arrestor_words 1' -l help -d 'show the commands'\n"
    "complete -c arrestor -n '__arrestor_words 1' -l version -d 'show the version'\n";

#define FISH_SPECIAL "\\"
#define FISH_QUOTE   "\\'"

static void put_fish_help(struct buffer *out, const char *help) {
    buffer_text(out, " -d '");
    put_quoted(out, help, FISH_SPECIAL, FISH_QUOTE);
    buffer_text(out, "'\n");
}

static void put_fish_command(struct buffer *out, const struct command *command) {
    static const struct actions actions = {" -r -F", " -x -a '(__fish_complete_directories)'",
                                           " -x -a '", "'", " -x"};
    const char *name = command->name;
    buffer_printf(out, "complete -c arrestor -n '__arrestor_words 1' -a %s", name);
    put_fish_help(out, command->summary);
    for (size_t i = 0; is_row(command, i); i++) {
        const struct option_row *row = &command->options[i];
        buffer_printf(out, "complete -c arrestor -n '__arrestor_in %s' -l %s", name, row->name);
        if (row->letter != 0)
            buffer_printf(out, " -s %c", row->letter);
        if (row->argument != NULL)
            put_action(out, row, &actions);
        put_fish_help(out, row->help);
    }
    buffer_printf(
        out, "complete -c arrestor -n '__arrestor_in %s' -l help -d 'show how to use it'\n", name);
    if (takes_files(command))
        buffer_printf(out, "complete -c arrestor -n '__arrestor_in %s' -F\n", name);
    if (!is_lower(command->usage[0]))
        return;
    buffer_printf(out, "complete -c arrestor -n '__arrestor_words 2; and __arrestor_in %s", name);
    put_subcommands(out, command, "' -a '", "'\n");
}

static void put_fish(struct buffer *out, const struct command *const *commands, size_t count) {
    for (size_t i = 0; i < count; i++)
        put_fish_command(out, commands[i]);
}

int completion_write(const char *shell, const struct command *const *commands, size_t count,
                     struct buffer *out, struct error *err) {
    static const struct shell shells[] = {{"bash", bash_head, bash_tail, put_bash},
                                          {"zsh", zsh_head, zsh_tail, put_zsh},
                                          {"fish", fish_head, "", put_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        buffer_text(out, shells[i].head);
        shells[i].put(out, commands, count);
        buffer_text(out, shells[i].tail);
        return 0;
    }
    error_set(err, ERROR_USAGE, "there is no completion for the shell \"%.40s\"", shell);
    return error_todo(err, "write bash, zsh or fish");
}
