/* The words of arrestor's own command line, each ended by NUL: every value, operand and
 * word behind "--" is one of them, and nothing gets lost. */
#include <string.h>

#include "sidecar/base/command.h"
#include "tests/fuzz/fuzz.h"

static const struct command command = {
    .name = "fuzz",
    .summary = "A command.",
    .usage = "[OPTION]… FILE…",
    .options = {{"format", 'f', "text|json", "how"},
                {"config", 'c', "FILE", "where"},
                {"force", 0, NULL, "anyway"},
                {"quiet", 'q', NULL, "say less"}},
};

static bool is_given(const char *word, char *const *argv, size_t argc) {
    for (size_t i = 0; i < argc; i++)
        if (word >= argv[i] && word <= argv[i] + strlen(argv[i]))
            return true;
    return false;
}

static void check_call(const struct invocation *call, char *const *argv, size_t argc) {
    bool json = false;
    struct error err;
    size_t used = 1 + call->operand_count + call->rest_count + (call->has_rest ? 1 : 0);
    for (size_t i = 0; i < call->operand_count; i++)
        HOLDS(is_given(call->operands[i], argv, argc));
    for (size_t i = 0; i < call->rest_count; i++)
        HOLDS(call->rest[i] == argv[argc - call->rest_count + i]);
    HOLDS(!call->has_rest || call->rest[call->rest_count] == NULL);
    for (size_t i = 0; i < COMMAND_OPTIONS; i++) {
        const char *value = call->values[i];
        bool takes = command.options[i].argument != NULL;
        HOLDS(value == NULL || command.options[i].name != NULL);
        HOLDS(value == NULL || (takes ? is_given(value, argv, argc) : value[0] == '\0'));
        used += value != NULL ? 1 : 0;
    }
    HOLDS(used <= argc && command_value(call, "format") == call->values[0]);
    if (command_format(call, &json, &err) != 0)
        HOLDS(err.code == ERROR_USAGE);
}

FUZZ_TARGET(command, 4096) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    size_t argc = 0;
    const char **words = fuzz_words(bytes, length, '\0', &arena, &argc);
    char **argv = arena_array(&arena, argc + 1, sizeof *argv), *none[] = {NULL};
    char **given = arena_array(&arena, argc + 1, sizeof *given);
    struct invocation call;
    struct error err;
    error_clear(&err);
    memcpy(argv, words, argc * sizeof *argv);
    memcpy(given, words, argc * sizeof *given);
    if (argc > 0 && command_parse(&command, (int)argc, argv, none, &call, &err) != 0) {
        HOLDS(err.code == ERROR_USAGE);
        fuzz_check_error(&err);
    } else if (argc > 0) {
        check_call(&call, given, argc);
    }
    arena_free(&arena);
}
