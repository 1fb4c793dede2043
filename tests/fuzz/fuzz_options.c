/* The words of a Java command line: each is quoted again, and split again the same. */
#include <string.h>

#include "policy/surface/java_options.h"
#include "tests/fuzz/fuzz.h"

static void write_quoted(const char *word, struct buffer *out) {
    buffer_char(out, '"');
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            buffer_char(out, '\\');
        buffer_char(out, *word);
    }
    buffer_text(out, "\" ");
}

static void check_property(const char *word, struct arena *arena) {
    const char *key = NULL, *value = NULL;
    if (!java_options_property(word, arena, &key, &value)) {
        HOLDS(strncmp(word, "-D", 2) != 0);
        return;
    }
    HOLDS(strchr(key, '=') == NULL && strncmp(word + 2, key, strlen(key)) == 0);
    HOLDS(strlen(word) == 2 + strlen(key) + strlen(value) + (strchr(word, '=') != NULL ? 1 : 0));
}

FUZZ_TARGET(options, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer quoted = buffer_make(LIMIT_REPORT_BYTES);
    struct java_options options = {.count = 77}, again;
    struct error err;
    const char *text = arena_text(&arena, length == 0 ? "" : bytes, length);
    size_t before = arena.used;
    error_clear(&err);
    if (java_options_split(text, &arena, &options, &err) != 0) {
        HOLDS(options.count == 77 && err.code == ERROR_SPARK);
        HOLDS(strpbrk(text, "'\"\\") != NULL);
        fuzz_check_silent(&err);
    } else {
        HOLDS(arena.used - before <= 4096 + 64 * length);
        for (size_t i = 0; i < options.count; i++) {
            check_property(options.words[i], &arena);
            write_quoted(options.words[i], &quoted);
        }
        buffer_char(&quoted, '\0');
        HOLDS(java_options_split(quoted.data, &arena, &again, &err) == 0);
        HOLDS(again.count == options.count);
        for (size_t i = 0; i < options.count; i++)
            HOLDS(strcmp(options.words[i], again.words[i]) == 0);
    }
    buffer_free(&quoted);
    arena_free(&arena);
}
