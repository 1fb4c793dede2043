#include "policy/surface/shell/shell.h"

#include <stdlib.h>
#include <string.h>

#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 4096

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_environment_file(const char *label) {
    return text_starts(last_part(label), "spark-env");
}

static bool starts_with(const struct surface_input *input, const char *text) {
    size_t length = strlen(text);
    return input->length >= length && memcmp(input->bytes, text, length) == 0;
}

/* "#!" and the name of a shell in the first line. */
static bool has_shebang(const struct surface_input *input) {
    if (!starts_with(input, "#!"))
        return false;
    size_t length = input->length < 128 ? input->length : 128;
    const char *end = memchr(input->bytes, '\n', length);
    size_t line = end == NULL ? length : (size_t)(end - input->bytes);
    return memmem(input->bytes, line, "sh", 2) != NULL;
}

static bool begins(const char *line, const char *end, const char *word) {
    if (line == end || *line != *word)
        return false;
    size_t length = strlen(word);
    return (size_t)(end - line) >= length && memcmp(line, word, length) == 0;
}

/* A line that only a script has: a command of Spark's, an export. */
static bool is_command(const char *line, const char *end) {
    static const char *const words[] = {"spark-submit ",
                                        "export ",
                                        "spark-sql ",
                                        "pyspark ",
                                        "$SPARK_HOME/bin/",
                                        "${SPARK_HOME}/bin/",
                                        "\"$SPARK_HOME\"/bin/",
                                        "spark-shell ",
                                        "/opt/spark/bin/spark-submit ",
                                        "./bin/spark-submit ",
                                        "bin/spark-submit "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins(line, end, words[i]))
            return true;
    return false;
}

/* What Markdown, YAML and source code have and scripts do not, at the start of a line. */
static bool is_foreign(const char *line, const char *end) {
    static const char *const words[] = {
        "```", "import ",  "from ",       "def ", "class ",  "---", "RUN ", "FROM ",
        "<",   "package ", "apiVersion:", "val ", "object ", "- ",  "* ",   "## "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins(line, end, words[i]))
            return true;
    return false;
}

static bool has_form(const struct surface_input *input) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    bool command = false;
    for (const char *line = input->bytes, *stop = line + length; line < stop;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        end = end == NULL ? stop : end;
        while (line < end && (*line == ' ' || *line == '\t'))
            line++;
        if (is_foreign(line, end))
            return false;
        command = command || is_command(line, end);
        line = end + 1;
    }
    return command;
}

enum surface_certainty shell_recognise(const struct surface_input *input) {
    bool named = text_ends(input->label, ".sh") || text_ends(input->label, ".bash") ||
                 text_ends(input->label, ".sh.template") || is_environment_file(input->label);
    if (starts_with(input, "#!"))
        return has_shebang(input) ? named ? SURFACE_SURE : SURFACE_LIKELY : SURFACE_NO;
    if (named)
        return SURFACE_LIKELY;
    return !surface_is_prose(input) && has_form(input) ? SURFACE_MAYBE : SURFACE_NO;
}

static void end_run(struct shell_run *run) {
    walk_free_files(run);
    free(run->saved);
}

/* Follows a script from its first line to its last. 0, or -1. */
static int follow(struct shell_run *run, bool environment) {
    run->last = &run->first;
    run->b->form = WRITTEN_COMMAND;
    run->state.allexport = environment;
    const struct shell_node *tree = shell_parse(run->c, 0);
    if (tree != NULL)
        walk_node(run, tree);
    run->jump = JUMP_NONE;
    walk_end_files(run);
    return run->c->failed ? -1 : 0;
}

/* Whether a script without a launch is one that others take their settings from. */
static bool sets_spark(const struct shell_run *run) {
    for (const struct shell_variable *v = run->first; v != NULL; v = v->later)
        if (v->value.kind == VALUE_TEXT && v->value.exported && text_starts(v->name, "SPARK_"))
            return true;
    return false;
}

int shell_read(const struct surface_input *input, struct arena *arena, struct document *ret,
               struct error *err) {
    struct shell_context c;
    struct place_map map;
    struct document_builder b = document_begin(arena, err);
    struct shell_run run = {.c = &c, .b = &b};
    if (place_file(input->label, input->bytes, input->length, arena, &map) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for the script");
    char *bytes = arena_text(arena, input->bytes == NULL ? "" : input->bytes, input->length);
    if (bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the script");
    unknown_forbid(bytes, input->length);
    if (shell_context_make(bytes, input->length, &map, arena, err, &c) != 0)
        return -1;
    bool environment = is_environment_file(input->label);
    int status = follow(&run, environment);
    if (status == 0 && (environment || (b.launch_count == 0 && sets_spark(&run))))
        walk_tell_environment(&run, last_part(input->label), 0);
    status = status == 0 && !c.failed ? document_end(&b, ret) : -1;
    end_run(&run);
    return status;
}

int shell_read_text(const char *bytes, size_t length, const struct place_map *map,
                    struct document_builder *b) {
    struct shell_context c;
    struct shell_run run = {.c = &c, .b = b};
    if (b->failed)
        return -1;
    int status = shell_context_make(bytes, length, map, b->arena, b->err, &c);
    if (status == 0)
        status = follow(&run, false);
    end_run(&run);
    b->failed = b->failed || status != 0;
    return b->failed ? -1 : 0;
}
