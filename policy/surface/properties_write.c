#include <stdbool.h>
#include <string.h>

#include "policy/surface/properties.h"
#include "sidecar/base/buffer.h"

static void write_escaped(const char *text, bool key, struct buffer *out) {
    static const char names[] = "tnrf", values[] = "\t\n\r\f";
    for (const char *p = text; *p != '\0'; p++) {
        const char *control = strchr(values, *p);
        unsigned surrogate =
            (unsigned char)*p == 0xed && (unsigned char)p[1] >= 0xa0 && p[2] != '\0';
        if (control != NULL) {
            buffer_char(out, '\\');
            buffer_char(out, names[control - values]);
        } else if (surrogate) {
            buffer_printf(out, "\\u%04x",
                          0xd000u | ((unsigned char)p[1] & 0x3fu) << 6 |
                              ((unsigned char)p[2] & 0x3fu));
            p += 2;
        } else {
            bool special = *p == '\\' || (*p == ' ' && (key || p == text)) ||
                           (key && strchr("=:#!", *p) != NULL);
            if (special)
                buffer_char(out, '\\');
            buffer_char(out, *p);
        }
    }
}

void properties_write(const char *key, const char *value, struct buffer *out) {
    write_escaped(key, true, out);
    buffer_char(out, '=');
    write_escaped(value, false, out);
    buffer_char(out, '\n');
}

static bool is_trimmed(char c) {
    return (unsigned char)c <= ' ' && c != '\r' && c != '\n';
}

const char *properties_trim(const char *value, size_t *length) {
    size_t end = strlen(value);
    while (*value != '\0' && is_trimmed(*value)) {
        value++;
        end--;
    }
    while (end > 0 && is_trimmed(value[end - 1]))
        end--;
    *length = end;
    return value;
}

size_t properties_end(const char *bytes, size_t length) {
    size_t line = 1;
    for (size_t i = 0; i < length; i++) {
        bool pair = bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n';
        if (!pair && (bytes[i] == '\n' || bytes[i] == '\r'))
            line++;
    }
    bool open = length > 0 && bytes[length - 1] != '\n' && bytes[length - 1] != '\r';
    return open ? line + 1 : line;
}
