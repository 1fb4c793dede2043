/* What the reader of job source tells of one file: a JSON array of list, key and value
 * for each line. For tests that compare it with Spark and with Python's own parser. */
#include <stdio.h>
#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/source/source.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static const char *const lists[DOCUMENT_LISTS + 1] = {
    [DOCUMENT_HADOOP] = "hadoop",   [DOCUMENT_ENVIRONMENT] = "environment",
    [DOCUMENT_JAVA] = "java",       [DOCUMENT_DEFAULTS] = "defaults",
    [DOCUMENT_CONF] = "conf",       [DOCUMENT_CODE] = "code",
    [DOCUMENT_RUNTIME] = "runtime", [DOCUMENT_INEFFECTIVE] = "ineffective",
    [DOCUMENT_FACTS] = "facts",     [DOCUMENT_LISTS] = "loose",
};

static void show(const char *list, const struct setting_list *settings, struct buffer *out) {
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];
        buffer_printf(out, "[\"%s\", ", list);
        buffer_json(out, setting->key, strlen(setting->key));
        buffer_text(out, ", ");
        buffer_json(out, setting->value, strlen(setting->value));
        buffer_printf(out, ", %zu]\n", setting->origin.line);
    }
}

static size_t read_input(char *bytes, size_t size) {
    size_t length = fread(bytes, 1, size - 1, stdin);
    bytes[length] = '\0';
    return length;
}

int main(void) {
    static char bytes[LIMIT_INPUT_BYTES + 1];
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct surface_input input = {"job.py", bytes, read_input(bytes, sizeof bytes)};
    struct document document;
    struct error err;
    if (pyspark_read(&input, &arena, &document, &err) != 0) {
        fprintf(stderr, "%zu:%zu: %s\n", err.line, err.column, err.what);
        return 1;
    }
    for (size_t i = 0; i < document.launch_count; i++)
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            show(lists[list], &document.launches[i].lists[list], &out);
    show(lists[DOCUMENT_LISTS], &document.loose, &out);
    fwrite(out.length == 0 ? "" : out.data, 1, out.length, stdout);
    buffer_free(&out);
    arena_free(&arena);
    return 0;
}
