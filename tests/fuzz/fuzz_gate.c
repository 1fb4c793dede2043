/* What `arrestor gate` makes of the words of spark-env.sh and of the shell above it:
 * two lists, parted by a line "====", a word a line. Every word it gives is one that
 * it got, or one of its own. */
#include <string.h>

#include "policy/surface/arguments.h"
#include "sidecar/judge/gate_shape.h"
#include "tests/fuzz/fuzz.h"

/* spark-submit --class CLASS --name NAME */
#define OWN_WORDS 5

static bool is_given(const char *word, struct gate_words words) {
    HOLDS(word != NULL);
    for (size_t i = 0; i < words.count; i++)
        if (words.items[i] == word)
            return true;
    return false;
}

FUZZ_TARGET(gate, 8192) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    bool loaded = fuzz_choose(&bytes, &length, 2) != 0;
    struct gate_words words, parent;
    struct gate_shape shape = {.kind = GATE_UNTOLD};
    struct launch_arguments arguments;
    struct error err;
    size_t size = 0;
    const char *text = fuzz_section(&bytes, &length, &arena, &size);
    words.items = fuzz_words(text, size, '\n', &arena, &words.count);
    parent.items = fuzz_words(bytes, length, '\n', &arena, &parent.count);
    error_clear(&err);
    HOLDS(gate_shape_find(words, parent, loaded, &arena, &shape, &err) == 0);
    HOLDS(shape.kind != GATE_UNTOLD || shape.about != NULL);
    if (shape.kind == GATE_LAUNCH) {
        HOLDS(shape.argv.count > 0 && shape.argv.count <= words.count + parent.count + 8);
        size_t own = 0;
        for (size_t i = 0; i < shape.argv.count; i++)
            own += !is_given(shape.argv.items[i], words) && !is_given(shape.argv.items[i], parent);
        HOLDS(own <= OWN_WORDS);
        if (arguments_parse(shape.argv.items, shape.argv.count, &arena, &arguments, &err) != 0)
            fuzz_check_error(&err);
    }
    arena_free(&arena);
}
