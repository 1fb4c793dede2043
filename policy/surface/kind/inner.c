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
#include "sidecar/base/limits.h"

enum { DEEPEST = 4 }; /* texts within texts */

/* One input and what stands in it. */
struct following {
    struct document_builder *b;
    size_t bytes; /* of texts that were read */
};

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
    document_read_text *text;
} readers[] = {
    {inner_read_kubernetes, kubernetes_read_text}, {inner_read_settings, kubernetes_read_text},
    {inner_read_platform, platform_read_text},     {hadoop_read, read_site},
    {inner_read_shell, shell_read_text},           {inner_read_python, pyspark_read_text},
};

/* What reads a text; NULL where nothing does. *kind tells what it was taken for, if it was
 * not told. */
static document_read_text *find_reader(const struct document_text *text, const struct kind **kind) {
    struct surface_input input = {text->hint, text->bytes, text->length};
    *kind = NULL;
    if (strcmp(text->hint, "kubernetes") == 0)
        return kubernetes_read_text;
    if (strcmp(text->hint, "emr") == 0)
        return platform_read_text;
    *kind = kind_recognise(&input);
    for (size_t i = 0; *kind != NULL && i < sizeof readers / sizeof readers[0]; i++)
        if ((*kind)->read == readers[i].whole)
            return readers[i].text;
    return NULL;
}

static void add_note(struct document_builder *b, const struct document_text *text,
                     const char *note) {
    struct origin place = place_find(&text->map, 0);
    if (note == NULL && !b->failed) {
        error_set(b->err, ERROR_MEMORY, "no memory for a note");
        b->failed = true;
    }
    if (note != NULL)
        document_note(b, &place, note);
}

static void follow(struct following *f, const struct document *document, size_t depth);

/* Adds what a text says, and what stands in it. */
static void follow_text(struct following *f, const struct document_text *text, size_t depth) {
    const struct kind *kind;
    struct document document;
    document_read_text *read = find_reader(text, &kind);
    if (read == NULL) {
        if (kind != NULL)
            add_note(f->b, text,
                     arena_printf(f->b->arena, "a text within this file is not looked into: %s",
                                  kind->summary));
        return;
    }
    f->bytes += text->length;
    if (depth == DEEPEST || f->bytes > LIMIT_INPUT_BYTES)
        add_note(f->b, text,
                 "a text within this file is not looked into: it stands too deep, or "
                 "there are too many");
    else if (document_read_inner(f->b, text, read, "a text within this file cannot be read",
                                 &document) == 0)
        follow(f, &document, depth + 1);
}

static void follow(struct following *f, const struct document *document, size_t depth) {
    struct document own = *document;
    own.text_count = 0;
    document_join(f->b, &own);
    for (size_t i = 0; i < document->text_count && !f->b->failed; i++)
        follow_text(f, &document->texts[i], depth);
}

/* A document, and behind it what its texts say. */
static int read_all(surface_read *read, const struct surface_input *input, struct arena *arena,
                    struct document *ret, struct error *err) {
    struct document document;
    struct document_builder b = document_begin(arena, err);
    struct following f = {.b = &b};
    if (read(input, arena, &document, err) != 0)
        return -1;
    if (document.text_count == 0) {
        *ret = document;
        return 0;
    }
    follow(&f, &document, 0);
    return document_end(&b, ret);
}

int inner_read_shell(const struct surface_input *input, struct arena *arena, struct document *ret,
                     struct error *err) {
    return read_all(shell_read, input, arena, ret, err);
}

int inner_read_python(const struct surface_input *input, struct arena *arena, struct document *ret,
                      struct error *err) {
    return read_all(pyspark_read, input, arena, ret, err);
}

int inner_read_ci(const struct surface_input *input, struct arena *arena, struct document *ret,
                  struct error *err) {
    return read_all(ci_read, input, arena, ret, err);
}

int inner_read_notebook(const struct surface_input *input, struct arena *arena,
                        struct document *ret, struct error *err) {
    return read_all(notebook_read, input, arena, ret, err);
}

int inner_read_kubernetes(const struct surface_input *input, struct arena *arena,
                          struct document *ret, struct error *err) {
    return read_all(kubernetes_read, input, arena, ret, err);
}

int inner_read_settings(const struct surface_input *input, struct arena *arena,
                        struct document *ret, struct error *err) {
    return read_all(settings_read, input, arena, ret, err);
}

int inner_read_platform(const struct surface_input *input, struct arena *arena,
                        struct document *ret, struct error *err) {
    return read_all(platform_read, input, arena, ret, err);
}
