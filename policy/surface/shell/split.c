#include <string.h>

#include "policy/surface/shell/shell.h"
#include "policy/surface/shell/syntax.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

static size_t count_words(const struct shell_word *words) {
    size_t count = 0;
    for (; words != NULL; words = words->next)
        count++;
    return count;
}

/* Its text; a variable or a substitution is unknown. */
static int make_text(struct shell_context *c, const struct shell_word *word,
                     struct shell_text *ret) {
    struct shell_builder b = shell_builder_make(c);
    for (const struct shell_part *part = word->parts; part != NULL; part = part->next) {
        if (part->kind == PART_TEXT)
            shell_add_text(&b, &part->text, 0, part->text.length);
        else
            shell_add_unknown(&b, part->text.text, part->text.length,
                              shell_position(&part->text, 0));
    }
    int status = shell_built(&b, word->position, ret);
    shell_builder_free(&b);
    return status;
}

static int split(struct shell_context *c, struct document_word **ret, size_t *ret_count) {
    const struct shell_word *word = shell_parse_words(c, 0);
    size_t count = count_words(word);
    if (c->failed)
        return -1;
    if (count > LIMIT_ARGUMENTS)
        return shell_refuse(c, 0, "the command line has too many words", "shorten it");
    struct document_word *words = arena_array(c->arena, count, sizeof *words);
    if (words == NULL)
        return shell_starve(c);
    for (size_t i = 0; i < count; i++, word = word->next) {
        struct shell_text text;
        if (make_text(c, word, &text) != 0)
            return -1;
        words[i] = shell_word_of(c, &text);
    }
    *ret = words;
    *ret_count = count;
    return 0;
}

int shell_split(const char *bytes, size_t length, const struct place_map *map, struct arena *arena,
                struct document_word **ret, size_t *count, struct error *err) {
    struct shell_context c;
    if (shell_context_make(bytes, length, map, arena, err, &c) != 0)
        return -1;
    return split(&c, ret, count);
}
