#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/shell/shell.h"
#include "sidecar/base/error.h"

enum { DEEPEST = 4 }; /* manifests within manifests */

typedef int read_text(const char *bytes, size_t length, const struct place_map *map,
                      struct document_builder *b);

/* Adds what a reader of texts finds; what it cannot read is noted. */
static bool add_inner(struct kube *k, const struct tree_node *text, read_text *read,
                      const char *what) {
    struct error err;
    struct document document;
    struct document_builder inner = document_begin(k->b->arena, &err);
    error_clear(&err);
    if (k->b->failed)
        return true;
    if (read(text->text, text->length, &text->map, &inner) != 0 ||
        document_end(&inner, &document) != 0) {
        document_note(k->b, &text->origin, kube_print(k, "%s: %s", what, err.what));
        return true;
    }
    size_t before = k->b->launch_count;
    document_join(k->b, &document);
    if (k->b->launch_count > before && text->open != NULL)
        document_open(k->b, text->open);
    return true;
}

bool kube_script(struct kube *k, const struct tree_node *text) {
    return add_inner(k, text, shell_read_text, "this script cannot be read");
}

void kube_read_manifest(struct kube *k, const struct tree_node *text) {
    struct kube inner = {.b = k->b, .depth = k->depth + 1, .conditional = k->conditional};
    struct error err;
    if (k->b->failed || k->depth == DEEPEST)
        return;
    if (tree_parse_text(text->text, text->length, &text->map, k->b->arena, &inner.documents,
                        &inner.count, &err) != 0) {
        document_note(k->b, &text->origin, "is a manifest that cannot be read");
        return;
    }
    kube_read_documents(&inner, true);
    k->conditional = inner.conditional;
}
