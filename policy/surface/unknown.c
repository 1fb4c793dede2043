#include "policy/surface/unknown.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"

bool unknown_is_mark(char c) {
    return c == UNKNOWN_OPEN || c == UNKNOWN_CLOSE;
}

bool unknown_within(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (unknown_is_mark(text[i]))
            return true;
    return false;
}

bool unknown_in(const char *text) {
    return unknown_within(text, strlen(text));
}

bool unknown_is_whole(const char *text, size_t length) {
    return length > 1 && text[0] == UNKNOWN_OPEN &&
           memchr(text, (unsigned char)UNKNOWN_CLOSE, length) == text + length - 1;
}

const char *unknown_find(const char *text, char wanted) {
    bool inside = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (unknown_is_mark(*p))
            inside = *p == UNKNOWN_OPEN;
        else if (!inside && *p == wanted)
            return p;
    }
    return NULL;
}

bool unknown_whole(const char *text) {
    bool inside = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (!unknown_is_mark(*p) && !inside)
            return false;
        inside = unknown_is_mark(*p) ? *p == UNKNOWN_OPEN : inside;
    }
    return text[0] != '\0';
}

void unknown_add(struct buffer *out, const char *written, size_t length) {
    buffer_char(out, UNKNOWN_OPEN);
    buffer_bytes(out, written, length);
    buffer_char(out, UNKNOWN_CLOSE);
}

const char *unknown_text(struct arena *arena, const char *written, size_t length) {
    char *text = arena_array(arena, length + 3, 1);
    if (text == NULL)
        return NULL;
    text[0] = UNKNOWN_OPEN;
    memcpy(text + 1, written, length);
    text[length + 1] = UNKNOWN_CLOSE;
    return text;
}

const char *unknown_show(struct arena *arena, const char *text) {
    if (!unknown_in(text))
        return text;
    char *shown = arena_text(arena, text, strlen(text));
    if (shown == NULL)
        return NULL;
    char *out = shown;
    for (const char *p = text; *p != '\0'; p++)
        if (!unknown_is_mark(*p))
            *out++ = *p;
    *out = '\0';
    return shown;
}

void unknown_escape(struct buffer *out, const char *text, size_t length) {
    size_t start = 0;
    for (size_t i = 0; i < length; i++)
        if (unknown_is_mark(text[i])) {
            text_escape(out, text + start, i - start);
            start = i + 1;
        }
    text_escape(out, text + start, length - start);
}

void unknown_forbid(char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (unknown_is_mark(bytes[i]))
            bytes[i] = '?';
}
