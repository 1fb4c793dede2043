/* command.h: a subcommand as data, and the one parser of its options. */
#ifndef ARRESTOR_BASE_COMMAND_H
#define ARRESTOR_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

#define COMMAND_OPTIONS 16

struct option_row {
    const char *name;     /* without the dashes: "format" */
    char letter;          /* 'c' for -c, or 0 */
    const char *argument; /* "FILE" in the help; NULL for a switch; see completion.h */
    const char *help;
};

/* The option of every command that command_config() is for. */
#define COMMAND_OPTION_CONFIG                                                                      \
    {                                                                                              \
        "config", 'c', "FILE",                                                                     \
            "arrestor.yaml (else $ARRESTOR_CONFIG, ./arrestor.yaml, /etc/arrestor)"                \
    }

struct command;

struct invocation {
    const struct command *command;
    const char
        *values[COMMAND_OPTIONS]; /* by option row: argument, "" for a switch, NULL: absent */
    char **operands;              /* in order, without options; points into argv */
    size_t operand_count;
    char **rest; /* what stands after "--"; NULL-terminated */
    size_t rest_count;
    bool has_rest;
    char **environment;
};

struct command {
    const char *name, *summary;
    /* "[OPTION]… FILE…", several lines allowed. What a line begins with in lower
     * case is a subcommand, "a|b" two of them: completion offers them. */
    const char *usage;
    const char *examples;                       /* lines shown under "Examples:" */
    struct option_row options[COMMAND_OPTIONS]; /* ends at the first without a name */
    int (*run)(const struct invocation *call);  /* gives the exit status */
};

/* Parses argv[1…] (argv[0] is the command's own name) into *ret. Options and
 * operands may mix until "--". `--name VALUE`, `--name=VALUE`, `-c VALUE`. An
 * option given twice, unknown (the nearest is named) or without its argument:
 * -1 with ERROR_USAGE. Reorders argv. */
int command_parse(const struct command *command, int argc, char **argv, char **environment,
                  struct invocation *ret, struct error *err);

/* Renders --help of one command. */
void command_help(const struct command *command, struct buffer *out);

/* Value of the option of that name, or NULL. */
const char *command_value(const struct invocation *call, const char *name);

/* Value of a variable of the caller's environment, or NULL where it is missing or
 * empty. */
const char *command_variable(const struct invocation *call, const char *name);

/* The arrestor.yaml that is meant: --config (which is not looked at), else
 * $ARRESTOR_CONFIG, else the first of ./arrestor.yaml and
 * /etc/arrestor/arrestor.yaml that is there; NULL where there is none. */
const char *command_config(const struct invocation *call);

/* The open descriptor that an option names: to read one secret line from, so that
 * it is neither an output nor a terminal. *ret is -1 where the option is absent. 0, or
 * -1 with ERROR_USAGE. */
int command_descriptor(const struct invocation *call, const char *option, int *ret,
                       struct error *err);

/* Prints err to standard error and gives its exit status. */
int command_fail(const struct error *err);

/* ERROR_USAGE unless --format is absent, or text, json, or another of the words that the
 * option's row offers ("text|json|properties"); *json tells. */
int command_format(const struct invocation *call, bool *json, struct error *err);

/* Whether to write colour to fd: a terminal, no NO_COLOR, TERM not dumb
 * (no-color.org). Ask before the ladder. */
bool command_colour(int fd);

#endif
