#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/shell/shell.h"

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
    const struct document_text manifest = {text->text, text->length, text->map, "kubernetes"};
    document_text(k->b, &manifest);
}
