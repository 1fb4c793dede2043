#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/shell/shell.h"
#include "sidecar/base/error.h"

enum { DEEPEST = 4 }; /* manifests within manifests */

bool kube_script(struct kube *k, const struct tree_node *script) {
    const struct document_text text = {script->text, script->length, script->map, NULL};
    struct document document;
    if (document_read_inner(k->b, &text, shell_read_text, "this script cannot be read",
                            &document) != 0)
        return true;
    document_join(k->b, &document);
    if (document.launch_count > 0 && script->open != NULL)
        document_open(k->b, script->open);
    return true;
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
