/* The words of spark-submit, each ended by NUL: what is told of them lies in them, and
 * a properties file that is inserted where the parser says changes nothing else. */
#include <string.h>

#include "policy/surface/arguments.h"
#include "tests/fuzz/fuzz.h"

#define OPTION "--properties-file"
#define PATH   "/fuzz/merged"

static void check_argument(const struct argument *argument, size_t argc) {
    HOLDS(argument->text == NULL || argument->argv < argc);
}

static void check_arguments(const struct launch_arguments *a, size_t argc) {
    HOLDS(a->program != NULL && (a->launches || a->special != NULL));
    HOLDS(a->insert_at <= argc && a->application_arguments <= argc);
    for (size_t i = 0; i < ARGUMENTS; i++)
        check_argument(&a->values[i], argc);
    check_argument(&a->resource, argc);
    check_argument(&a->supervise, argc);
    check_argument(&a->load_defaults, argc);
    check_argument(&a->driver_default_class_path, argc);
    for (size_t i = 0; i < a->conf.count; i++) {
        const struct setting *setting = &a->conf.items[i];
        HOLDS(setting->key != NULL && setting->value != NULL);
        HOLDS(setting->origin.kind == ORIGIN_ARGV && setting->origin.argv < argc);
    }
    for (size_t i = 0; i < a->properties_count; i++) {
        HOLDS(a->properties[i].path != NULL && a->properties[i].argv > 0);
        HOLDS(a->properties[i].argv < argc);
    }
    for (size_t i = 0; i < a->note_count; i++)
        HOLDS(a->notes[i].text != NULL && strstr(a->notes[i].text, FUZZ_CANARY) == NULL);
}

static bool is_same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The same launch but for the properties file. */
static void check_same(const struct launch_arguments *a, const struct launch_arguments *b) {
    HOLDS(a->launches == b->launches && strcmp(a->program, b->program) == 0);
    for (size_t i = 0; i < ARGUMENTS; i++)
        HOLDS(is_same_text(a->values[i].text, b->values[i].text));
    HOLDS(is_same_text(a->resource.text, b->resource.text) && a->conf.count == b->conf.count);
    for (size_t i = 0; i < a->conf.count; i++)
        HOLDS(strcmp(a->conf.items[i].key, b->conf.items[i].key) == 0 &&
              strcmp(a->conf.items[i].value, b->conf.items[i].value) == 0);
}

static const struct properties_argument *plain_one(const struct launch_arguments *a) {
    const struct properties_argument *last = NULL;
    for (size_t i = 0; i < a->properties_count; i++)
        last = a->properties[i].extra ? last : &a->properties[i];
    return last;
}

/* What `run` does: every file is replaced; where there is none, one is inserted. */
static void check_insertion(const struct launch_arguments *a, const char *const *argv, size_t argc,
                            struct arena *arena) {
    const char **words = arena_array(arena, argc + 3, sizeof *words);
    const struct properties_argument *plain = plain_one(a);
    struct launch_arguments again;
    struct error err;
    size_t count = 0, at = a->insert_at > 0 ? a->insert_at : 1;
    if (plain != NULL)
        at = argc + 1;
    for (size_t i = 0; i <= argc; i++) {
        if (i == at) {
            words[count++] = OPTION;
            words[count++] = PATH;
        }
        if (i < argc)
            words[count++] = argv[i];
    }
    if (plain != NULL)
        words[plain->argv] = plain->joined ? OPTION "=" PATH : PATH;
    HOLDS(arguments_parse(words, count, arena, &again, &err) == 0);
    check_arguments(&again, count);
    check_same(a, &again);
    HOLDS(plain_one(&again) != NULL && strcmp(plain_one(&again)->path, PATH) == 0);
}

FUZZ_TARGET(argv, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    size_t argc = 0;
    const char **argv = fuzz_words(bytes, length, '\0', &arena, &argc);
    struct launch_arguments arguments, untouched;
    struct error err;
    size_t before = arena.used;
    memset(&arguments, 0x5a, sizeof arguments);
    untouched = arguments;
    error_clear(&err);
    if (argc == 0) {
        arena_free(&arena);
        return;
    }
    if (arguments_parse(argv, argc, &arena, &arguments, &err) != 0) {
        HOLDS(memcmp(&arguments, &untouched, sizeof arguments) == 0);
        HOLDS(err.code == ERROR_USAGE || err.code == ERROR_SPARK);
        fuzz_check_error(&err);
    } else {
        check_arguments(&arguments, argc);
        HOLDS(arena.used - before <= 65536 + 512 * length);
        if (arguments.launches)
            check_insertion(&arguments, argv, argc, &arena);
    }
    arena_free(&arena);
}
