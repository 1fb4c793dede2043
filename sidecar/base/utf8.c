#include "sidecar/base/utf8.h"

static bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

static bool second_byte_fits(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second <= 0x9f;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second <= 0x8f;
    default:
        return true;
    }
}

size_t text_utf8_size(const char *text, size_t length) {
    const unsigned char *p = (const unsigned char *)text;
    if (length == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t size = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                  : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                  : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                 : 0;
    if (size == 0 || size > length || !second_byte_fits(p[0], p[1]))
        return 0;
    for (size_t i = 1; i < size; i++)
        if (!is_continuation(p[i]))
            return 0;
    return size;
}

size_t text_plain_size(const char *text, size_t length) {
    size_t size = 0;
    while (size < length && text[size] >= ' ' && text[size] < 0x7f && text[size] != '"' &&
           text[size] != '\\')
        size++;
    return size;
}

bool text_is_utf8(const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        size_t size = text_utf8_size(text + i, length - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}
