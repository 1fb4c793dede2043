/* Reads a properties file on standard input as policy/surface does, and writes
 * it again on standard output. Status 3 where it is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/surface/properties.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"

int main(void) {
    struct buffer in = buffer_make(LIMIT_INPUT_BYTES), out = buffer_make(2 * LIMIT_INPUT_BYTES);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct setting_list list;
    struct error err;
    int status = 3;
    if (file_read(STDIN_FILENO, "standard input", &in, &err) != 0 ||
        properties_parse(in.data == NULL ? "" : in.data, in.length, "standard input", &arena, &list,
                         &err) != 0) {
        (void)fprintf(stderr, "%zu:%zu: %s\n", err.line, err.column, err.what);
        goto out;
    }
    for (size_t i = 0; i < list.count; i++)
        properties_write(list.items[i].key, list.items[i].value, &out);
    status = buffer_status(&out) == 0 && file_write_all(STDOUT_FILENO, out.data, out.length) == 0
                 ? EXIT_SUCCESS
                 : EXIT_FAILURE;
out:
    arena_free(&arena);
    buffer_free(&in);
    buffer_free(&out);
    return status;
}
