#include <string.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

#define SUBMIT_CLASS "org.apache.spark.deploy.SparkSubmit"

/* Options of spark-submit without a value. */
static const char *const switches[] = {"--verbose", "--supervise",   "--help",
                                       "--version", "--usage-error", "--load-spark-defaults"};

static bool takes_value(const char *word) {
    if (strcmp(word, "-c") == 0 || strcmp(word, "-e") == 0 || strcmp(word, "-f") == 0)
        return true;
    if (!text_starts(word, "--") || strchr(word, '=') != NULL)
        return false;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (strcmp(word, switches[i]) == 0)
            return false;
    return true;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void add_word(struct shell_run *run, const struct shell_text *text) {
    struct document_word word = shell_word_of(run->c, text);
    document_word(run->b, word.text, &word.origin, &word.value_origin);
    run->c->steps += 2;
}

/* The words behind the program. What may be several words or none opens the launch;
 * behind an option it is that option's value. */
static void add_words(struct shell_run *run, const struct shell_field *fields, size_t count,
                      bool needs_application) {
    const struct shell_field *dropped = NULL;
    bool value = false, application = false;
    for (size_t i = 0; i < count; i++) {
        const struct shell_field *f = &fields[i];
        bool option = f->text.text[0] == '-';
        if (f->several && !value && !application) {
            struct origin origin = shell_place(run->c, shell_position(&f->text, 0));
            document_open(run->b, &origin);
            dropped = f;
            continue;
        }
        add_word(run, &f->text);
        application = application || (!value && !option && needs_application);
        value = !value && !application && takes_value(f->text.text);
    }
    if (dropped != NULL && !application && needs_application)
        add_word(run, &dropped->text);
}

static void add_variable(struct shell_run *run, const char *name, const struct shell_value *value) {
    struct origin origin = shell_place(run->c, value->position), at = origin;
    const char *text = value->text.text;
    if (value->kind == VALUE_UNKNOWN)
        text = unknown_text(run->c->arena, name, strlen(name));
    else
        at = shell_place(run->c, shell_position(&value->text, 0));
    if (text == NULL)
        shell_starve(run->c);
    else
        document_set(run->b, DOCUMENT_ENVIRONMENT, name, text, &origin, &at);
    run->c->steps += 4;
}

static void add_environment(struct shell_run *run) {
    for (struct shell_variable *v = run->first; v != NULL && !run->c->failed; v = v->later) {
        run->c->steps++;
        if (v->value.exported && (v->value.kind == VALUE_TEXT || v->value.kind == VALUE_UNKNOWN))
            add_variable(run, v->name, &v->value);
    }
}

/* K=V that a prefix command gives to what it starts. */
static void add_given(struct shell_run *run, const struct shell_fields *given) {
    for (size_t i = 0; i < given->count; i++) {
        const struct shell_text *text = &given->items[i].text;
        const char *sign = strchr(text->text, '=');
        size_t length = sign == NULL ? 0 : (size_t)(sign - text->text);
        char *name = length == 0 ? NULL : arena_text(run->c->arena, text->text, length);
        if (name == NULL)
            continue;
        struct origin origin = shell_place(run->c, shell_position(text, 0));
        struct origin at = shell_place(run->c, shell_position(text, length + 1));
        document_set(run->b, DOCUMENT_ENVIRONMENT, name, sign + 1, &origin, &at);
    }
}

static void add_plain(struct shell_run *run, const char *text, const struct origin *origin) {
    document_word(run->b, text, origin, NULL);
}

/* The program as spark-submit knows it, a server's script as the words that it puts before
 * the caller's; how many fields it took. */
static size_t add_program(struct shell_run *run, const struct shell_field *fields, size_t count,
                          const struct origin *origin) {
    const char *program = last_part(fields[0].text.text);
    const struct program *row = program_find(program);
    if (row != NULL && text_ends(row->name, ".sh")) {
        add_plain(run, "spark-submit", origin);
        add_plain(run, "--class", origin);
        add_plain(run, row->class_name, origin);
        add_plain(run, "--name", origin);
        add_plain(run, row->application_name, origin);
        return 1;
    }
    bool by_class = count > 1 && strcmp(program, "spark-class") == 0;
    bool known = row != NULL && !by_class;
    add_plain(run, known ? fields[0].text.text : "spark-submit", origin);
    return by_class ? 2 : 1;
}

static bool is_shell(const char *program) {
    return strstr(program, "submit") == NULL && strcmp(program, "spark-class") != 0 &&
           strcmp(program, "run-example") != 0;
}

/* spark-class of another class than spark-submit's starts a daemon. */
static bool is_daemon(const struct shell_field *fields, size_t count) {
    return strcmp(last_part(fields[0].text.text), "spark-class") == 0 &&
           (count < 2 || strcmp(fields[1].text.text, SUBMIT_CLASS) != 0);
}

void walk_launch(struct shell_run *run, const struct shell_field *fields, size_t count,
                 bool inherits, const struct shell_fields *more) {
    walk_write(run, NULL);
    if (run->muted > 0 || run->c->failed)
        return;
    const char *program = last_part(fields[0].text.text);
    const char *title = unknown_in(program) ? "spark-submit" : program;
    struct origin origin = shell_place(run->c, shell_position(&fields[0].text, 0));
    document_launch(run->b, title, &origin);
    if (!is_daemon(fields, count)) {
        size_t taken = add_program(run, fields, count, &origin);
        add_words(run, fields + taken, count - taken, !is_shell(title));
    }
    if (inherits)
        add_environment(run);
    if (more != NULL)
        add_given(run, more);
}

void walk_tell_environment(struct shell_run *run, const char *title, uint32_t position) {
    struct origin origin = shell_place(run->c, position);
    document_launch(run->b, title, &origin);
    add_environment(run);
}

void walk_tell_loose(struct shell_run *run, const char *name, uint32_t position,
                     const struct shell_text *value, uint32_t *told) {
    uint32_t at = shell_position(value, 0);
    if (run->muted > 0 || run->c->failed || value->length == 0 ||
        unknown_is_whole(value->text, value->length) || (told != NULL && *told == at + 1))
        return;
    if (told != NULL)
        *told = at + 1;
    struct origin origin = shell_place(run->c, position), place = shell_place(run->c, at);
    document_add_loose(run->b, name, value->text, &origin, &place);
    run->c->steps += 2;
}
