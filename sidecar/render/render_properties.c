#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/render/render_form.h"

/* Counts bytes, and writes them where there is room: every line is made twice,
 * once to know the size and once into memory of exactly that size. */
struct sink {
    unsigned char *out; /* NULL: count only */
    size_t length;
};

static void put_byte(struct sink *sink, char c) {
    if (sink->out != NULL)
        sink->out[sink->length] = (unsigned char)c;
    sink->length++;
}

static void put_escape(struct sink *sink, char c) {
    put_byte(sink, '\\');
    put_byte(sink, c);
}

static void put_unit(struct sink *sink, uint32_t unit) {
    static const char digits[] = "0123456789ABCDEF";
    put_escape(sink, 'u');
    for (int shift = 12; shift >= 0; shift -= 4)
        put_byte(sink, digits[unit >> shift & 0xf]);
}

/* A character beyond U+FFFF is two UTF-16 units, as in a Java string. */
static void put_unicode(struct sink *sink, uint32_t point) {
    if (point < 0x10000) {
        put_unit(sink, point);
        return;
    }
    put_unit(sink, 0xd800 + ((point - 0x10000) >> 10));
    put_unit(sink, 0xdc00 + ((point - 0x10000) & 0x3ff));
}

static uint32_t decode_point(const char *text, size_t size) {
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)text[0] & first_bits[size];
    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3f);
    return point;
}

/* Escapes as the javadoc of java.util.Properties.store says. Everything beyond
 * printable ASCII becomes \uXXXX, so that load(InputStream), which reads
 * ISO-8859-1, and a Reader of any charset agree. `blanks`: as many leading
 * blanks need an escape. */
static void put_text(struct sink *sink, const char *text, size_t length, size_t blanks) {
    static const char plain[] = "\\=:#!\t\n\r\f", short_form[] = "\\=:#!tnrf";
    for (size_t i = 0; i < length;) {
        size_t size = text_utf8_size(text + i, length - i);
        const char *found = size == 1 ? memchr(plain, text[i], sizeof plain - 1) : NULL;
        uint32_t point = decode_point(text + i, size);
        if (found != NULL)
            put_escape(sink, short_form[found - plain]);
        else if (point == ' ' && i < blanks)
            put_escape(sink, ' ');
        else if (point < 0x20 || point > 0x7e)
            put_unicode(sink, point);
        else
            put_byte(sink, text[i]);
        i += size;
    }
}

static void put_lines(struct sink *sink, const struct config_file *file,
                      const struct secret_text *values) {
    for (size_t i = 0; i < file->property_count; i++) {
        const struct config_property *property = &file->properties[i];
        bool secret = property->is_reference;
        const char *value = secret ? (const char *)values[i].bytes : property->literal;
        size_t length = secret ? values[i].length : strlen(value);
        put_text(sink, property->key, strlen(property->key), SIZE_MAX);
        put_byte(sink, '=');
        put_text(sink, value, length, 1);
        put_byte(sink, '\n');
    }
}

static int check_value(const struct render_input *in, const struct config_reference *reference,
                       const struct secret_text *value, struct error *err) {
    const char *bytes = (const char *)value->bytes;
    bool nul = memchr(bytes, '\0', value->length) != NULL;
    if (!nul && text_is_utf8(bytes, value->length))
        return 0;
    error_set(err, ERROR_SECRET_FORM, "%s",
              nul ? "a NUL byte cannot stand in a properties file"
                  : "the value is not UTF-8 text, which a properties file needs");
    error_todo(err, "store it as text, or deliver it as {raw: ...}");
    return render_blame(in, reference, err);
}

static int take_values(const struct render_input *in, struct secret_text *values,
                       struct error *err) {
    for (size_t i = 0; i < in->file->property_count; i++) {
        const struct config_property *property = &in->file->properties[i];
        if (!property->is_reference) {
            if (property->literal[0] == '\0')
                return error_set(err, ERROR_SECRET_EMPTY, "%s: the value of %.100s is empty",
                                 in->file->name, property->key);
            continue;
        }
        if (render_reference(in, &property->reference, &values[i], err) != 0 ||
            check_value(in, &property->reference, &values[i], err) != 0)
            return -1;
    }
    return 0;
}

static int write_lines(const struct config_file *file, const struct secret_text *values,
                       struct secret_text *ret, struct error *err) {
    struct sink sink = {0};
    put_lines(&sink, file, values);
    if (sink.length > LIMIT_REGION_BYTES)
        return error_set(err, ERROR_SECRET_SIZE, "%s would have %zu bytes; %u are the maximum",
                         file->name, sink.length, LIMIT_REGION_BYTES);
    if (sink.length == 0)
        return error_set(err, ERROR_SECRET_EMPTY, "%s would be empty", file->name);
    sink.out = secret_alloc(sink.length);
    if (sink.out == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while writing %s", file->name);
    sink.length = 0;
    put_lines(&sink, file, values);
    *ret = (struct secret_text){.bytes = sink.out, .length = sink.length};
    return 0;
}

int render_properties(const struct render_input *in, struct secret_text *ret, struct error *err) {
    struct secret_text values[LIMIT_FILE_PROPERTIES] = {0};
    int result = -1;
    if (in->file->property_count > LIMIT_FILE_PROPERTIES)
        return error_set(err, ERROR_INTERNAL, "%s has %zu properties", in->file->name,
                         in->file->property_count);
    if (take_values(in, values, err) == 0)
        result = write_lines(in->file, values, ret, err);
    for (size_t i = 0; i < in->file->property_count; i++)
        secret_text_free(&values[i]);
    return result;
}
