/* Questions about text, beside plain answers: what is shown, globs, nearest names, and
 * whether a delivered value stands in a launch. */
#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "sidecar/base/text.h"
#include "sidecar/place/compare.h"
#include "tests/fuzz/fuzz.h"

#define GLOB_MOST 48

/* The plain answer: a table of which part of the pattern takes which part of the text. */
static bool glob_plainly(const char *pattern, const char *text) {
    bool row[GLOB_MOST + 1] = {true};
    size_t length = strlen(text);
    for (; *pattern != '\0'; pattern++) {
        bool before = row[0];
        row[0] = row[0] && *pattern == '*';
        for (size_t i = 1; i <= length; i++) {
            bool here = row[i];
            if (*pattern == '*')
                row[i] = row[i] || row[i - 1];
            else
                row[i] = before && (*pattern == '?' || *pattern == text[i - 1]);
            before = here;
        }
    }
    return row[length];
}

static bool is_ascii(const char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

static void check_glob(const char *pattern, const char *text) {
    (void)text_glob(pattern, text);
    (void)text_glob_nocase(pattern, text);
    HOLDS(text_glob("*", text) && text_glob_nocase("*", text));
    if (strlen(text) <= GLOB_MOST && is_ascii(text) && is_ascii(pattern))
        HOLDS(text_glob(pattern, text) == glob_plainly(pattern, text));
}

static void check_distance(const char *a, const char *b) {
    size_t near = text_distance(a, b, 3);
    HOLDS(near == text_distance(b, a, 3) && near <= 4);
    if (strlen(a) < 100)
        HOLDS(text_distance(a, a, 3) == 0);
    const char *const names[] = {b, "spark.authenticate"};
    const char *nearest = text_nearest(a, names, 2);
    HOLDS(nearest == NULL || nearest == names[0] || nearest == names[1]);
    HOLDS(text_equal_nocase(a, b) == text_equal_nocase(b, a));
}

/* Whether a value stands in a text as a word of its own, looked at place by place. */
static void check_compare(const char *needle, const char *text) {
    size_t size = strlen(needle), length = strlen(text), found = 77, at = 0;
    bool told =
        size > 0 && compare_find(text, length, (const unsigned char *)needle, size, &found) == 0;
    if (size == 0)
        return;
    for (; at + size <= length; at++) {
        bool left =
            at > 0 && isalnum((unsigned char)text[at - 1]) && isalnum((unsigned char)*needle);
        bool right =
            isalnum((unsigned char)text[at + size]) && isalnum((unsigned char)needle[size - 1]);
        if (memcmp(text + at, needle, size) == 0 && !left && !right)
            break;
    }
    HOLDS(told == (at + size <= length) && (told ? found == at : found == 77));
}

static void check_shown(const char *bytes, size_t length) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES), json = text;
    text_escape(&text, bytes, length);
    for (size_t i = 0; i < text.length; i++)
        HOLDS((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
    HOLDS(text_is_utf8(text.data, text.length));
    buffer_json(&json, bytes, length);
    HOLDS(buffer_status(&json) == 0 && text_is_utf8(json.data, json.length));
    json_t *read = json_loadb(json.data, json.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    HOLDS(json_is_string(read));
    if (length > 0 && text_is_utf8(bytes, length))
        HOLDS(json_string_length(read) == length &&
              memcmp(json_string_value(read), bytes, length) == 0);
    json_decref(read);
    buffer_free(&json);
    buffer_free(&text);
}

FUZZ_TARGET(text, 4096) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    size_t count = 0;
    const char **lines = fuzz_words(bytes, length, '\n', &arena, &count);
    check_shown(bytes, length);
    if (count >= 2) {
        check_glob(lines[0], lines[1]);
        check_distance(lines[0], lines[1]);
        check_compare(lines[0], lines[1]);
        (void)text_is_template(lines[0]);
    }
    arena_free(&arena);
}
