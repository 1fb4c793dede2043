#include "sidecar/base/command.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

static size_t option_count(const struct command *command) {
    size_t count = 0;
    while (count < COMMAND_OPTIONS && command->options[count].name != NULL)
        count++;
    return count;
}

static const char *nearest_option(const struct command *command, const char *name) {
    const char *names[COMMAND_OPTIONS + 1];
    size_t count = option_count(command);
    for (size_t i = 0; i < count; i++)
        names[i] = command->options[i].name;
    names[count] = "help";
    return text_nearest(name, names, count + 1);
}

static int unknown_option(const struct command *command, const char *word, struct error *err) {
    error_set(err, ERROR_USAGE, "unknown option %s", word);
    error_at(err, command->name, 0, 0);
    const char *near = nearest_option(command, word + strspn(word, "-"));
    return near != NULL ? error_todo(err, "did you mean --%s?", near)
                        : error_todo(err, "see arrestor %s --help", command->name);
}

/* Index of the option that word names, with *value at what follows '='. */
static int find_option(const struct command *command, const char *word, const char **value) {
    size_t count = option_count(command);
    *value = NULL;
    if (word[1] != '-') {
        for (size_t i = 0; i < count; i++)
            if (command->options[i].letter == word[1] && word[2] == '\0')
                return (int)i;
        return -1;
    }
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    for (size_t i = 0; i < count; i++) {
        const char *name = command->options[i].name;
        if (strlen(name) == length && strncmp(name, word + 2, length) == 0) {
            *value = equals != NULL ? equals + 1 : NULL;
            return (int)i;
        }
    }
    return -1;
}

static int option_fault(const struct invocation *call, const char *word, const char *what,
                        struct error *err) {
    error_set(err, ERROR_USAGE, "%s %s", word, what);
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

/* Takes the option at argv[*at]; *at then stands on its last word. */
static int take_option(struct invocation *call, int argc, char **argv, int *at, struct error *err) {
    const char *word = argv[*at], *value;
    int index = find_option(call->command, word, &value);
    if (index < 0)
        return unknown_option(call->command, word, err);
    const struct option_row *row = &call->command->options[index];
    if (call->values[index] != NULL)
        return option_fault(call, word, "is given twice", err);
    if (row->argument == NULL && value != NULL)
        return option_fault(call, word, "takes no value", err);
    if (row->argument != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return option_fault(call, word, "needs a value", err);
        value = argv[++*at];
    }
    call->values[index] = row->argument == NULL ? "" : value;
    return 0;
}

int command_parse(const struct command *command, int argc, char **argv, char **environment,
                  struct invocation *ret, struct error *err) {
    struct invocation call = {.command = command, .operands = argv + 1, .environment = environment};
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--") == 0) {
            call.has_rest = true;
            call.rest = argv + at + 1;
            call.rest_count = (size_t)(argc - at - 1);
            break;
        }
        if (argv[at][0] != '-' || argv[at][1] == '\0')
            call.operands[call.operand_count++] = argv[at];
        else if (take_option(&call, argc, argv, &at, err) != 0)
            return -1;
    }
    *ret = call;
    return 0;
}

void command_help(const struct command *command, struct buffer *out) {
    buffer_printf(out, "arrestor %s: %s\n\nUsage:\n", command->name, command->summary);
    const char *line = command->usage;
    do {
        size_t length = strcspn(line, "\n");
        buffer_printf(out, "  arrestor %s%s%.*s\n", command->name, length > 0 ? " " : "",
                      (int)length, line);
        line += length + (line[length] == '\n' ? 1 : 0);
    } while (*line != '\0');
    size_t count = option_count(command);
    if (count > 0)
        buffer_text(out, "\nOptions:\n");
    for (size_t i = 0; i < count; i++) {
        const struct option_row *row = &command->options[i];
        char left[64] = "";
        struct buffer b = buffer_make(sizeof left - 1);
        if (row->letter != 0)
            buffer_printf(&b, "-%c, ", row->letter);
        buffer_printf(&b, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
                      row->argument != NULL ? row->argument : "");
        buffer_printf(out, "  %-24s %s\n", b.data, row->help);
        buffer_free(&b);
    }
    if (command->examples != NULL)
        buffer_printf(out, "\nExamples:\n%s", command->examples);
}

const char *command_value(const struct invocation *call, const char *name) {
    size_t count = option_count(call->command);
    for (size_t i = 0; i < count; i++)
        if (strcmp(call->command->options[i].name, name) == 0)
            return call->values[i];
    return NULL;
}

const char *command_variable(const struct invocation *call, const char *name) {
    size_t length = strlen(name);
    for (char *const *at = call->environment; *at != NULL; at++)
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
            return (*at)[length + 1] != '\0' ? *at + length + 1 : NULL;
    return NULL;
}

const char *command_config(const struct invocation *call) {
    static const char *const usual[] = {"arrestor.yaml", "/etc/arrestor/arrestor.yaml"};
    const char *path = command_value(call, "config");
    if (path == NULL)
        path = command_variable(call, "ARRESTOR_CONFIG");
    for (size_t i = 0; path == NULL && i < sizeof usual / sizeof *usual; i++)
        if (access(usual[i], F_OK) == 0)
            path = usual[i];
    return path;
}

static int refuse_option(const char *option, const char *what, const char *todo,
                         struct error *err) {
    error_set(err, ERROR_USAGE, "--%s %s", option, what);
    return error_todo(err, "%s", todo);
}

int command_descriptor(const struct invocation *call, const char *option, int *ret,
                       struct error *err) {
    const char *text = command_value(call, option);
    uint64_t fd = 0;
    *ret = -1;
    if (text == NULL)
        return 0;
    if (number_parse(text, INT_MAX, &fd) != 0)
        return refuse_option(option, "needs the number of a descriptor",
                             "for example: --passphrase-fd 3 3< FILE", err);
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
        return refuse_option(option, "cannot be an output", "use 0, or 3 and above", err);
    if (fcntl((int)fd, F_GETFD) < 0)
        return refuse_option(option, "names a descriptor that is not open",
                             "open it for the command, for example: --passphrase-fd 3 3< FILE",
                             err);
    if (isatty((int)fd) == 1)
        return refuse_option(option, "names a terminal, which would show what is typed",
                             "leave it out to be asked without echo", err);
    *ret = (int)fd;
    return 0;
}

int command_fail(const struct error *err) {
    char memory[LIMIT_LOG_LINE];
    struct buffer text = buffer_on(memory, sizeof memory);
    error_format(err, &text);
    (void)file_write_all(STDERR_FILENO, text.data, text.length);
    return error_status(err->code);
}

/* Whether the argument of an option, "a|b|c", has that word. */
static bool offers(const struct command *command, const char *name, const char *word) {
    size_t length = strlen(word);
    for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].name != NULL; i++) {
        const char *at = command->options[i].argument;
        if (at == NULL || strcmp(command->options[i].name, name) != 0)
            continue;
        for (size_t size; *at != '\0'; at += size + (at[size] == '|' ? 1 : 0)) {
            size = strcspn(at, "|");
            if (size == length && memcmp(at, word, size) == 0)
                return true;
        }
    }
    return false;
}

int command_format(const struct invocation *call, bool *json, struct error *err) {
    const char *format = command_value(call, "format");
    if (format == NULL || strcmp(format, "text") == 0) {
        *json = false;
        return 0;
    }
    *json = strcmp(format, "json") == 0;
    if (*json || offers(call->command, "format", format))
        return 0;
    error_set(err, ERROR_USAGE, "unknown format %s", format);
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "write --format text or --format json");
}

bool command_colour(int fd) {
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    if (none != NULL && none[0] != '\0')
        return false;
    return isatty(fd) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}
