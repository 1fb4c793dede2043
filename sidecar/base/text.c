#include "sidecar/base/text.h"

#include <string.h>

#include "sidecar/base/buffer.h"

void text_escape(struct buffer *out, const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        const unsigned char *p = (const unsigned char *)text + i;
        size_t plain = text_plain_size(text + i, length - i);
        size_t size = plain > 0 ? plain : text_utf8_size(text + i, length - i);
        bool control =
            size == 1 ? p[0] < 0x20 || p[0] == 0x7f : size == 2 && p[0] == 0xc2 && p[1] < 0xa0;
        if (size == 0 || control) {
            buffer_printf(out, "\\x%02x", p[0]);
            i++;
        } else {
            buffer_bytes(out, text + i, size);
            i += size;
        }
    }
}

#define DISTANCE_MAX 128

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b, size_t most) {
    size_t rows = strlen(a), columns = strlen(b);
    size_t gap = rows > columns ? rows - columns : columns - rows;
    if (gap > most || columns >= DISTANCE_MAX || rows >= DISTANCE_MAX)
        return most + 1;
    size_t before[DISTANCE_MAX + 1] = {0}, above[DISTANCE_MAX + 1], here[DISTANCE_MAX + 1];
    for (size_t j = 0; j <= columns; j++)
        above[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        here[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            here[j] = smaller(change, smaller(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                here[j] = smaller(here[j], before[j - 2] + 1);
        }
        memcpy(before, above, sizeof before);
        memcpy(above, here, sizeof above);
    }
    return smaller(above[columns], most + 1);
}

const char *text_nearest(const char *name, const char *const *names, size_t count) {
    size_t most = strlen(name) / 3;
    most = most > 3 ? 3 : most;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t distance = text_distance(name, names[i], most);
        if (distance > most)
            continue;
        nearest = names[i];
        if (distance == 0)
            break;
        most = distance - 1;
    }
    return nearest;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool glob(const char *pattern, const char *text, bool nocase) {
    const char *star = NULL, *resume = NULL;
    while (*text != '\0') {
        bool same = nocase ? lower(*pattern) == lower(*text) : *pattern == *text;
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (same || *pattern == '?') {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool text_glob(const char *pattern, const char *text) {
    return glob(pattern, text, false);
}

bool text_glob_nocase(const char *pattern, const char *text) {
    return glob(pattern, text, true);
}

bool text_is_template(const char *text) {
    static const char *const marks[][2] = {{"{{", "}}"}, {"{%", "%}"}, {"<%", "%>"}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *open = strstr(text, marks[i][0]);
        if (open != NULL && strstr(open + 2, marks[i][1]) != NULL)
            return true;
    }
    return false;
}

bool text_equal_nocase(const char *a, const char *b) {
    for (; *a != '\0' && lower(*a) == lower(*b); a++)
        b++;
    return lower(*a) == lower(*b);
}

bool text_starts(const char *text, const char *prefix) {
    while (*prefix != '\0' && *text == *prefix) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

bool text_ends(const char *text, const char *suffix) {
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && memcmp(text + length - tail, suffix, tail) == 0;
}

const char *text_variable(const char *const *environment, const char *name) {
    size_t length = strlen(name);
    const char *found = NULL;
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            found = *environment + length + 1;
    return found;
}
