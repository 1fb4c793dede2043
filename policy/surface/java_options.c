#include "policy/surface/java_options.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Java: Character.isWhitespace, as far as ASCII goes. */
static bool is_white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* Copies one word into out, which is as large as the text; false where a quote or
 * an escape never ends. */
static bool take_word(const char **at, char *out, bool escapes) {
    char quote = '\0';
    const char *p = *at;
    for (; *p != '\0' && (quote != '\0' || !is_white(*p)); p++) {
        if (escapes && *p == '\\' && quote != '\'') {
            if (*++p == '\0')
                return false;
            *out++ = *p;
        } else if (quote == '\0' && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (quote != '\0' && *p == quote) {
            quote = '\0';
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    *at = p;
    return quote == '\0';
}

static int split(const char *text, bool escapes, struct arena *arena, struct java_options *ret,
                 struct error *err) {
    size_t length = strlen(text), count = 0;
    const char **words = arena_array(arena, length / 2 + 1, sizeof *words);
    char *out = arena_alloc(arena, length + 1);
    if (words == NULL || out == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the Java options");
    while (is_white(*text))
        text++;
    while (*text != '\0') {
        if (!take_word(&text, out, escapes))
            return error_set(err, ERROR_SPARK,
                             "a quote in the Java options never ends: Spark refuses them");
        words[count++] = out;
        out += strlen(out) + 1;
        while (is_white(*text))
            text++;
    }
    *ret = (struct java_options){.words = words, .count = count};
    return 0;
}

int java_options_split(const char *text, struct arena *arena, struct java_options *ret,
                       struct error *err) {
    return split(text, true, arena, ret, err);
}

int java_options_read(const char *place, const char *text, struct arena *arena,
                      struct java_options *ret, struct error *err) {
    bool by_jvm = strcmp(place, "JAVA_TOOL_OPTIONS") == 0 ||
                  strcmp(place, "JDK_JAVA_OPTIONS") == 0 || strcmp(place, "_JAVA_OPTIONS") == 0;
    return split(text, !by_jvm, arena, ret, err);
}

bool java_options_property(const char *word, struct arena *arena, const char **key,
                           const char **value) {
    if (!text_starts(word, "-D"))
        return false;
    size_t length = strcspn(word + 2, "=");
    *key = arena_text(arena, word + 2, length);
    *value = word[2 + length] == '=' ? word + 2 + length + 1 : "";
    return *key != NULL;
}
