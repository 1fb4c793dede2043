#include "sidecar/base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/utf8.h"

struct buffer buffer_make(size_t limit) {
    return (struct buffer){.limit = limit};
}

struct buffer buffer_on(char *memory, size_t size) {
    memory[0] = '\0';
    return (struct buffer){.data = memory, .capacity = size, .limit = size - 1};
}

static bool buffer_reserve(struct buffer *b, size_t extra) {
    if (b->failed || extra > b->limit || b->length > b->limit - extra) {
        b->failed = true;
        return false;
    }
    size_t needed = b->length + extra + 1;
    if (needed <= b->capacity)
        return true;
    size_t capacity = b->capacity < 128 ? 128 : b->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = b->starved = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buffer_bytes(struct buffer *b, const char *bytes, size_t length) {
    if (!buffer_reserve(b, length))
        return;
    if (length > 0)
        memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
}

void buffer_text(struct buffer *b, const char *text) {
    buffer_bytes(b, text, strlen(text));
}

void buffer_char(struct buffer *b, char c) {
    buffer_bytes(b, &c, 1);
}

/* Most texts fit into the room that is there; only then is nothing written twice. */
void buffer_printf(struct buffer *b, const char *format, ...) {
    va_list args;
    size_t room = b->capacity - b->length;
    va_start(args, format);
    int size = vsnprintf(room > 0 ? b->data + b->length : NULL, room, format, args);
    va_end(args);
    if (size < 0)
        b->failed = true;
    bool fits = size >= 0 && buffer_reserve(b, (size_t)size);
    if (fits && (size_t)size >= room) {
        va_start(args, format);
        (void)vsnprintf(b->data + b->length, (size_t)size + 1, format, args);
        va_end(args);
    }
    if (fits)
        b->length += (size_t)size;
    else if (room > 0)
        b->data[b->length] = '\0';
}

static void buffer_json_char(struct buffer *b, unsigned char c) {
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *p = short_forms; *p != '\0'; p += 2) {
        if ((unsigned char)p[0] == c) {
            buffer_char(b, '\\');
            buffer_char(b, p[1]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f)
        buffer_printf(b, "\\u%04x", c);
    else
        buffer_char(b, (char)c);
}

void buffer_json(struct buffer *b, const char *text, size_t length) {
    buffer_char(b, '"');
    for (size_t i = 0; i < length;) {
        size_t plain = text_plain_size(text + i, length - i);
        size_t size = plain > 1 ? plain : text_utf8_size(text + i, length - i);
        if (size == 0) {
            buffer_text(b, "\\ufffd");
            i++;
        } else if (size == 1) {
            buffer_json_char(b, (unsigned char)text[i++]);
        } else {
            buffer_bytes(b, text + i, size);
            i += size;
        }
    }
    buffer_char(b, '"');
}

int buffer_status(const struct buffer *b) {
    return b->failed ? -1 : 0;
}

void buffer_free(struct buffer *b) {
    free(b->data);
    *b = buffer_make(b->limit);
}
