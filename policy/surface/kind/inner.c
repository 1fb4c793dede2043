#include "policy/surface/kind/inner.h"

#include <string.h>

#include "policy/surface/ci/ci.h"
#include "policy/surface/document.h"
#include "policy/surface/hadoop/hadoop.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/kubernetes/kubernetes.h"
#include "policy/surface/platform/platform.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/source/source.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

typedef int read_text(const char *bytes, size_t length, const struct place_map *map,
                      struct document_builder *b);

/* As hadoop_read: a launch of its own, to which Spark is started elsewhere. */
static int read_site(const char *bytes, size_t length, const struct place_map *map,
                     struct document_builder *b) {
    struct origin start = place_find(map, 0);
    document_launch(b, "site file", &start);
    document_open(b, &start);
    return hadoop_read_text(bytes, length, map, b);
}

/* Readers that take a text where it stands, by the one that takes it whole. */
static const struct {
    surface_read *whole;
    read_text *text;
} readers[] = {
    {kubernetes_read, kubernetes_read_text}, {settings_read, kubernetes_read_text},
    {platform_read, platform_read_text},     {hadoop_read, read_site},
    {inner_read_shell, shell_read_text},
};

/* What reads an inner text; NULL where nothing does. *kind tells what it was taken for, if
 * it was not told. */
static read_text *find_reader(const struct shell_inner *inner, const struct kind **kind) {
    struct surface_input input = {inner->hint, inner->bytes, inner->length};
    *kind = NULL;
    if (strcmp(inner->hint, "kubernetes") == 0)
        return kubernetes_read_text;
    if (strcmp(inner->hint, "emr") == 0)
        return platform_read_text;
    *kind = kind_recognise(&input);
    for (size_t i = 0; *kind != NULL && i < sizeof readers / sizeof readers[0]; i++)
        if ((*kind)->read == readers[i].whole)
            return readers[i].text;
    return NULL;
}

/* A note about an inner text, at its first byte. */
static void add_note(struct document_builder *b, const struct shell_inner *inner,
                     const char *before, const char *what) {
    struct origin place = place_find(inner->map, 0);
    const char *text = arena_printf(b->arena, "%s%s", before, what);
    if (text == NULL && !b->failed) {
        error_set(b->err, ERROR_MEMORY, "no memory for a note");
        b->failed = true;
    }
    if (text != NULL)
        document_note(b, &place, text);
}

/* Adds what an inner text says. */
static void add_inner(struct document_builder *b, const struct shell_inner *inner) {
    const struct kind *kind;
    struct document document;
    struct error err;
    read_text *read = find_reader(inner, &kind);
    if (read == NULL && kind != NULL)
        add_note(b, inner, "a text within this file is not looked into: ", kind->summary);
    if (read == NULL || b->failed)
        return;
    error_clear(&err);
    struct document_builder own = document_begin(b->arena, &err);
    if (read(inner->bytes, inner->length, inner->map, &own) == 0 &&
        document_end(&own, &document) == 0) {
        document_join(b, &document);
    } else if (err.code == ERROR_MEMORY) {
        *b->err = err;
        b->failed = true;
    } else {
        add_note(b, inner, "a text within this file cannot be read: ", err.what);
    }
}

/* A document, and behind it what its inner texts say. */
static int join(const struct document *document, const struct shell_inner *inner, size_t count,
                struct arena *arena, struct document *ret, struct error *err) {
    struct document_builder b = document_begin(arena, err);
    document_join(&b, document);
    for (size_t i = 0; i < count && !b.failed; i++)
        add_inner(&b, &inner[i]);
    return document_end(&b, ret);
}

int inner_read_shell(const struct surface_input *input, struct arena *arena, struct document *ret,
                     struct error *err) {
    struct shell_reading reading;
    if (shell_read_inner(input, arena, &reading, err) != 0)
        return -1;
    return join(&reading.document, reading.inner, reading.inner_count, arena, ret, err);
}

int inner_read_python(const struct surface_input *input, struct arena *arena, struct document *ret,
                      struct error *err) {
    struct source_reading reading;
    if (source_read_inner(input, arena, &reading, err) != 0)
        return -1;
    struct shell_inner *inner = arena_array(arena, reading.inner_count, sizeof *inner);
    if (inner == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for texts in source");
    for (size_t i = 0; i < reading.inner_count; i++) {
        const struct source_inner *from = &reading.inner[i];
        inner[i] = (struct shell_inner){from->bytes, from->length, &from->map, from->hint};
    }
    return join(&reading.document, inner, reading.inner_count, arena, ret, err);
}

int inner_read_ci(const struct surface_input *input, struct arena *arena, struct document *ret,
                  struct error *err) {
    struct ci_reading reading;
    if (ci_read_inner(input, arena, &reading, err) != 0)
        return -1;
    return join(&reading.document, reading.inner, reading.inner_count, arena, ret, err);
}
