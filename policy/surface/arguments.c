#include "policy/surface/arguments.h"

#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/options.h"
#include "policy/surface/programs.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define EXAMPLE_PREFIX "org.apache.spark.examples."

struct parser {
    const char *const *argv;
    size_t argc, at;
    const struct document_launch *written; /* NULL: our own command line */
    struct arena *arena;
    struct launch_arguments *ret;
    struct setting *conf;
    struct properties_argument *properties;
    struct note *notes;
    size_t begin; /* of spark-submit's own words */
    bool example, pipelines;
    bool shell;   /* of Python or R: it takes no script */
    bool stopped; /* the application was named: the rest belongs to it */
    struct error *err;
};

/* One word, split at '=' as spark-submit does it. */
struct word {
    const char *name;
    const char *value; /* NULL: not attached */
};

/* The place of a word in the file where the launch is written down, or NULL. */
static const struct origin *place_of(const struct parser *p, size_t index) {
    return p->written != NULL && index < p->written->word_count ? &p->written->words[index].origin
                                                                : NULL;
}

/* What Spark refuses about a word: "argument 3: what", or what, with the word's place. */
static int refuse(struct parser *p, size_t index, const char *what, const char *name) {
    const struct origin *place = place_of(p, index);
    if (place == NULL)
        error_set(p->err, ERROR_SPARK, "argument %zu: %s%s", index, what, name);
    else
        error_set(p->err, ERROR_SPARK, "%s%s", what, name);
    if (place != NULL && place->kind == ORIGIN_FILE)
        error_at(p->err, place->file, place->line, place->column);
    else
        error_at(p->err, p->ret->program, 0, 0);
    return error_todo(p->err, "spark-submit --help lists what it takes");
}

/* Something at this word may add options; the first place is kept. */
static void open_launch(struct parser *p, size_t index) {
    if (p->ret->open == NULL)
        p->ret->open = place_of(p, index);
}

/* Bytes of our own command line are never marks. */
static bool has_unknown(const struct parser *p, const char *text) {
    return p->written != NULL && unknown_in(text);
}

/* As strchr; in a written launch outside its unknown parts. */
static const char *find_sign(const struct parser *p, const char *text) {
    return p->written != NULL ? unknown_find(text, '=') : strchr(text, '=');
}

static int out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the command line");
}

static void add_note(struct parser *p, size_t index, const char *text) {
    p->notes[p->ret->note_count++] =
        (struct note){.origin = {.kind = ORIGIN_ARGV, .argv = index}, .text = text};
}

/* Java's '.' ends at these: a value with one of them is not split off. */
static bool has_line_end(const char *text) {
    return strpbrk(text, "\n\r") != NULL || strstr(text, "\xc2\x85") != NULL ||
           strstr(text, "\xe2\x80\xa8") != NULL || strstr(text, "\xe2\x80\xa9") != NULL;
}

/* The whole word as "(--[^=]+)=(.+)", or all of it a name. */
static int split_word(struct parser *p, const char *text, struct word *ret) {
    *ret = (struct word){.name = text};
    const char *sign = text_starts(text, "--") ? find_sign(p, text) : NULL;
    if (sign == NULL || sign == text + 2 || sign[1] == '\0' || has_line_end(sign + 1))
        return 0;
    char *name = arena_text(p->arena, text, (size_t)(sign - text));
    if (name == NULL)
        return out_of_memory(p->err);
    *ret = (struct word){.name = name, .value = sign + 1};
    return 0;
}

static int add_setting(struct parser *p, const char *key, const char *value, size_t index) {
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = index};
    p->conf[p->ret->conf.count++] =
        (struct setting){.key = key, .value = value, .origin = origin, .value_origin = origin};
    return 0;
}

/* Spark: split at the first '=', neither side trimmed. */
static int add_conf(struct parser *p, const char *text, size_t index) {
    const char *sign = find_sign(p, text);
    if (sign == NULL && has_unknown(p, text)) {
        open_launch(p, index);
        return 0;
    }
    if (sign == NULL)
        return refuse(p, index, "is no setting: --conf takes KEY=VALUE, and there is no '='", "");
    char *key = arena_text(p->arena, text, (size_t)(sign - text));
    if (key == NULL)
        return out_of_memory(p->err);
    if (!has_unknown(p, key))
        return add_setting(p, key, sign + 1, index);
    open_launch(p, index);
    return 0;
}

static void add_value(struct parser *p, enum argument_id id, const char *text, size_t index) {
    p->ret->values[id] = (struct argument){.text = text, .argv = index};
    const char *resource = id == ARGUMENT_CLASS ? program_special_class(text) : NULL;
    if (resource != NULL) {
        p->ret->mixed = true;
        p->ret->resource = (struct argument){resource, index};
    }
}

static void add_special(struct parser *p, const char *name) {
    if (p->ret->launches)
        p->ret->special = name;
    p->ret->launches = false;
}

static int take_value(struct parser *p, const struct option_form *option, const char *value,
                      size_t index, bool joined) {
    switch (option->form) {
    case FORM_CONF:
        return add_conf(p, value, index);
    case FORM_SETTING:
        if (strcmp(option->name, "--driver-default-class-path") == 0)
            p->ret->driver_default_class_path = (struct argument){value, index};
        return add_setting(p, option->key, value, index);
    case FORM_FILE:
    case FORM_EXTRA:
        p->properties[p->ret->properties_count++] = (struct properties_argument){
            .path = value, .argv = index, .joined = joined, .extra = option->form == FORM_EXTRA};
        return 0;
    case FORM_ACTION:
        add_special(p, option->name);
        return 0;
    default:
        if (!p->pipelines || option->id != ARGUMENT_NAME)
            add_value(p, option->id, value, index);
        return 0;
    }
}

static void take_switch(struct parser *p, const struct option_form *option, const char *value) {
    struct argument here = {option->name, p->at};
    if (value != NULL)
        add_note(p, p->at,
                 "is a switch: spark-submit turns it on and ignores what stands behind the '='");
    if (option->form == FORM_DEFAULTS)
        p->ret->load_defaults = here;
    else if (option->form == FORM_SUPERVISE)
        p->ret->supervise = here;
    else if (option->form == FORM_HELP)
        add_special(p, option->name);
}

static int take_option(struct parser *p, const struct option_form *option, const char *value) {
    if (!option_takes_value(option->form)) {
        take_switch(p, option, value);
        return 0;
    }
    if (value != NULL)
        return take_value(p, option, value, p->at, true);
    if (p->at + 1 >= p->argc && p->ret->open != NULL)
        return 0;
    if (p->at + 1 >= p->argc) {
        refuse(p, p->at, option->name, " needs a value, and none follows");
        return error_todo(p->err, "write the value behind it, or remove %s", option->name);
    }
    p->at++;
    if (option_find(p->argv[p->at]) != NULL)
        add_note(p, p->at, "looks like an option, but is taken as the value of the one before it");
    return take_value(p, option, p->argv[p->at], p->at, false);
}

static int refuse_unknown(struct parser *p, const char *text) {
    char name[64];
    size_t length = strcspn(text, "=");
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, text, length);
    name[length] = '\0';
    refuse(p, p->at, "spark-submit refuses the option ", name);
    const struct option_form *exact = option_find(name);
    if (exact != NULL)
        return error_todo(p->err, "write it as two words, %s and its value", exact->name);
    const char *near = option_nearest(name);
    return near == NULL ? error_todo(p->err, "spark-submit --help lists what it takes")
                        : error_todo(p->err, "did you mean %s?", near);
}

static bool looks_like_application(const char *text) {
    static const char *const ends[] = {".py", ".jar", ".R", ".r", ".zip", ".egg"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (text_ends(text, ends[i]))
            return true;
    return false;
}

/* Whether a word of which nothing is known is the application: nothing behind it is
 * an option of spark-submit, or looks more like one. */
static bool is_application(const struct parser *p) {
    for (size_t i = p->at + 1; i < p->argc; i++) {
        const char *text = p->argv[i];
        size_t length = strcspn(text, "=");
        if (looks_like_application(text))
            return false;
        if (option_of(text, length) != NULL)
            return false;
    }
    return true;
}

/* Whether a word that is no known option may be one all the same; it opens the
 * launch then. */
static bool may_be_option(struct parser *p, const char *text) {
    bool unknown = has_unknown(p, text);
    bool option = unknown && (text[0] == '-' || (unknown_whole(text) && !is_application(p)));
    if (option)
        open_launch(p, p->at);
    return option || (p->ret->open != NULL && text[0] == '-');
}

/* A word that is no option. */
static int take_unknown(struct parser *p, const char *name) {
    struct launch_arguments *ret = p->ret;
    if (may_be_option(p, p->argv[p->at]))
        return 0;
    if (ret->mixed) {
        if (ret->application_arguments == p->argc)
            ret->application_arguments = p->at;
        return 0;
    }
    p->stopped = true;
    if (p->example) {
        const char *prefix = text_starts(name, EXAMPLE_PREFIX) ? "" : EXAMPLE_PREFIX;
        const char *class_name = arena_printf(p->arena, "%s%s", prefix, name);
        ret->values[ARGUMENT_CLASS] = (struct argument){class_name, p->at};
        return class_name == NULL ? out_of_memory(p->err) : 0;
    }
    if (name[0] == '-')
        return refuse_unknown(p, p->argv[p->at]);
    const struct special_word *special = program_special_word(p->argv[p->at]);
    p->shell = special != NULL && !special->first;
    ret->resource = (struct argument){p->shell ? special->resource : p->argv[p->at], p->at};
    return 0;
}

/* Options behind the application belong to it and configure nothing. */
static void note_dead_options(struct parser *p) {
    p->ret->application_arguments = p->at;
    for (; p->at < p->argc; p->at++) {
        const char *text = p->argv[p->at];
        size_t length = strcspn(text, "=");
        const struct option_form *option = option_of(text, length);
        if (option != NULL && option_takes_value(option->form) && text_starts(text, "--"))
            add_note(p, p->at,
                     "stands behind the application: it goes to the application and "
                     "configures nothing");
    }
}

static int parse_words(struct parser *p) {
    while (p->at < p->argc && !p->stopped) {
        struct word word;
        if (split_word(p, p->argv[p->at], &word) != 0)
            return -1;
        const struct option_form *option = option_find(word.name);
        int status =
            option == NULL ? take_unknown(p, word.name) : take_option(p, option, word.value);
        if (status != 0)
            return -1;
        p->at++;
    }
    if (p->stopped)
        note_dead_options(p);
    return 0;
}

static void take_first_word(struct parser *p, const char *word, size_t index) {
    const struct special_word *special = program_special_word(word);
    if (special == NULL)
        return;
    p->ret->resource = (struct argument){special->resource, index};
    p->ret->mixed = special->mixed;
    p->shell = !special->first;
    p->example = strcmp(word, "run-example") == 0;
    p->at = index >= p->at ? index + 1 : p->at;
}

static int find_program(struct parser *p, const struct program **ret) {
    const char *name = p->argc == 0 ? "" : p->argv[0];
    *ret = program_find(name);
    if (*ret != NULL && program_begin(*ret, p->argv, p->argc) > 0)
        return 0;
    const char *slash = strrchr(name, '/');
    name = slash != NULL ? slash + 1 : name;
    error_set(p->err, ERROR_USAGE, "arrestor cannot tell what %.100s would launch",
              name[0] == '\0' ? "an empty command" : name);
    return error_todo(p->err, "write spark-submit, spark-shell, pyspark, spark-sql, sparkR, "
                              "run-example or spark-pipelines behind --");
}

/* Spark: deploy.SparkPipelines.splitArgs (4.1). Its --name is no application's. */
static void take_pipelines(struct parser *p) {
    p->pipelines = true;
    p->ret->mixed = true;
    p->ret->resource = (struct argument){"cli.py", 0};
    add_value(p, ARGUMENT_REMOTE, "local", 0);
    (void)add_setting(p, "spark.api.mode", "connect", 0);
}

static void take_program(struct parser *p, const struct program *program) {
    p->ret->program = program->name;
    p->at = program_begin(program, p->argv, p->argc);
    p->begin = p->at;
    if (program_is_pipelines(program, p->argv, p->argc))
        take_pipelines(p);
    else if (program->first_word != NULL)
        take_first_word(p, program->first_word, 0);
    else if (program->class_name == NULL && p->argc > p->at)
        take_first_word(p, p->argv[p->at], p->at);
    if (program->class_name != NULL)
        add_value(p, ARGUMENT_CLASS, program->class_name, 0);
    if (program->application_name != NULL)
        add_value(p, ARGUMENT_NAME, program->application_name, 0);
    if (program->key != NULL)
        (void)add_setting(p, program->key, program->value, 0);
    p->ret->insert_at = p->at;
}

/* Whether the shell refuses its first argument: pyspark takes none, sparkR no
 * script. */
static bool is_refused_by_shell(const struct parser *p) {
    const struct launch_arguments *ret = p->ret;
    if (!p->shell || ret->application_arguments >= p->argc)
        return false;
    const char *first = p->argv[ret->application_arguments];
    return strcmp(ret->resource.text, "pyspark-shell") == 0 ||
           (strcmp(ret->resource.text, "sparkr-shell") == 0 &&
            (text_ends(first, ".R") || text_ends(first, ".r")));
}

/* run-example sends the jars of the examples, whatever else is sent. */
static int add_example_jars(struct parser *p) {
    struct argument *jars = &p->ret->values[ARGUMENT_JARS];
    const char *own = p->ret->resource.text;
    if (!p->example)
        return 0;
    *jars = jars->text == NULL || jars->text[0] == '\0'
                ? (struct argument){own, p->ret->resource.argv}
                : (struct argument){arena_printf(p->arena, "%s,%s", jars->text, own), jars->argv};
    return jars->text == NULL ? out_of_memory(p->err) : 0;
}

static int check_complete(struct parser *p) {
    struct launch_arguments *ret = p->ret;
    if (!ret->launches || ret->open != NULL)
        return 0;
    if (p->example && ret->values[ARGUMENT_CLASS].text == NULL)
        error_set(p->err, ERROR_SPARK, "no example class is named");
    else if (ret->resource.text == NULL)
        error_set(p->err, ERROR_SPARK, "no application is named");
    else if (is_refused_by_shell(p))
        return refuse(p, ret->application_arguments, "this shell takes no script and no arguments",
                      "");
    else
        return 0;
    const struct origin *place = place_of(p, 0);
    if (place != NULL && place->kind == ORIGIN_FILE)
        error_at(p->err, place->file, place->line, place->column);
    else
        error_at(p->err, ret->program, 0, 0);
    return error_todo(p->err, "name the jar, .py or .R file behind the options of spark-submit");
}

static int make_lists(struct parser *p) {
    p->conf = arena_array(p->arena, p->argc + 1, sizeof *p->conf);
    p->properties = arena_array(p->arena, p->argc, sizeof *p->properties);
    p->notes = arena_array(p->arena, 2 * p->argc, sizeof *p->notes);
    p->ret->conf.items = p->conf;
    p->ret->properties = p->properties;
    p->ret->notes = p->notes;
    bool made = p->conf != NULL && p->properties != NULL && p->notes != NULL;
    return made ? 0 : out_of_memory(p->err);
}

int arguments_parse_written(const char *const *argv, size_t argc,
                            const struct document_launch *written, struct arena *arena,
                            struct launch_arguments *ret, struct error *err) {
    struct launch_arguments result = {.launches = true, .application_arguments = argc};
    struct parser p = {
        .argv = argv, .argc = argc, .written = written, .arena = arena, .ret = &result, .err = err};
    const struct program *program = NULL;
    if (argc > LIMIT_ARGUMENTS)
        return error_set(err, ERROR_INPUT, "more than %d arguments", LIMIT_ARGUMENTS);
    if (find_program(&p, &program) != 0 || make_lists(&p) != 0)
        return -1;
    result.open = written == NULL ? NULL : written->open;
    take_program(&p, program);
    if (p.begin == argc && program->class_name == NULL && program->first_word == NULL &&
        result.open == NULL)
        add_special(&p, "");
    if (parse_words(&p) != 0 || check_complete(&p) != 0 || add_example_jars(&p) != 0)
        return -1;
    *ret = result;
    return 0;
}

int arguments_parse(const char *const *argv, size_t argc, struct arena *arena,
                    struct launch_arguments *ret, struct error *err) {
    return arguments_parse_written(argv, argc, NULL, arena, ret, err);
}
