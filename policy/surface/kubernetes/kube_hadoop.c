/* Hadoop's site files in ConfigMaps: they are settings of the launches that mount them. */
#include <string.h>

#include "policy/surface/hadoop/hadoop.h"
#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static bool is_site(const struct tree_node *file) {
    const struct surface_input input = {
        .label = file->key, .bytes = file->text, .length = file->length};
    return hadoop_recognise(&input) != SURFACE_NO;
}

static void add_site(struct kube *k, struct kube_site **sites, size_t *count, size_t *room,
                     const struct tree_node *file) {
    struct kube_site *grown = arena_grow(k->b->arena, *sites, *count, room, sizeof *grown);
    if (grown == NULL) {
        kube_fail(k);
        return;
    }
    *sites = grown;
    grown[(*count)++] = (struct kube_site){.file = file, .launch = k->b->launch_count};
}

/* Reads a site file into a document of its own, which has one launch. Whether it could be
 * read; why not is noted. */
static bool read_site(struct kube *k, const struct tree_node *file, struct document *ret) {
    struct error err;
    struct document_builder own = document_begin(k->b->arena, &err);
    error_clear(&err);
    document_launch(&own, file->key, &file->origin);
    if (hadoop_read_text(file->text, file->length, &file->map, &own) == 0 &&
        document_end(&own, ret) == 0)
        return true;
    if (err.code == ERROR_MEMORY && !k->b->failed) {
        *k->b->err = err;
        k->b->failed = true;
    }
    if (!unknown_whole(file->text)) {
        struct origin place = file->origin;
        place.line = err.line > 0 ? err.line : place.line;
        place.column = err.line > 0 ? err.column : place.column;
        document_note(k->b, &place, kube_print(k, "this site file of Hadoop %s", err.what));
    }
    return false;
}

bool kube_hadoop(struct kube *k, const struct tree_node *text) {
    if (is_site(text))
        add_site(k, &k->sites, &k->site_count, &k->site_room, text);
    return true;
}

static bool is_taken(const struct kube *k, const struct tree_node *file, size_t launch) {
    for (size_t i = 0; i < k->taken_count; i++)
        if (k->taken[i].file == file && (launch == 0 || k->taken[i].launch == launch))
            return true;
    return false;
}

/* One file of a map, into the last launch. */
static void take(struct kube *k, const struct tree_node *file) {
    struct document document;
    if (is_taken(k, file, k->b->launch_count))
        return;
    k->taken_bytes += file->length;
    if (k->taken_count == LIMIT_TREE_NAMES || k->taken_bytes > LIMIT_INPUT_BYTES ||
        !read_site(k, file, &document)) {
        document_open(k->b, &file->origin);
        return;
    }
    add_site(k, &k->taken, &k->taken_count, &k->taken_room, file);
    document_set(k->b, DOCUMENT_FACTS, HADOOP_FACT_FILE, file->key, &file->key_origin, NULL);
    /* Not joined from that document: keys that an earlier file made final stay so. */
    enum written_form form = k->b->form;
    k->b->form = WRITTEN_PROPERTY;
    (void)hadoop_read_text(file->text, file->length, &file->map, k->b);
    k->b->form = form;
}

static void take_map(struct kube *k, const struct tree_node *map, const char *only) {
    const struct tree_node *data = tree_find(map, "data");
    if (data == NULL || data->kind != TREE_MAPPING)
        return;
    kube_open(k, data);
    for (const struct tree_node *d = data->first; d != NULL && !k->b->failed; d = d->next)
        if (d->kind == TREE_SCALAR && (only == NULL || strcmp(d->key, only) == 0) && is_site(d))
            take(k, d);
}

void kube_take_sites(struct kube *k, const struct tree_node *name, const char *only) {
    if (tree_is_null(name) || name->kind != TREE_SCALAR)
        return;
    const struct tree_node *map = kube_find_object(k, "ConfigMap", name->text);
    if (map == NULL)
        document_open(k->b, &name->origin);
    else
        take_map(k, map, only);
}

void kube_take_mounts(struct kube *k, const struct tree_node *volumes,
                      const struct tree_node *mounts) {
    if (mounts == NULL || mounts->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *m = mounts->first; m != NULL && !k->b->failed; m = m->next) {
        const struct tree_node *volume = kube_find_named(volumes, tree_path_text(m, "name"));
        const char *name = tree_path_text(volume, "configMap.name");
        const struct tree_node *map = kube_find_object(k, "ConfigMap", name);
        if (map != NULL)
            take_map(k, map, tree_path_text(m, "subPath"));
    }
}

void kube_end_sites(struct kube *k) {
    struct document document;
    for (size_t i = 0; i < k->site_count && !k->b->failed; i++) {
        const struct tree_node *file = k->sites[i].file;
        if (is_taken(k, file, 0) || !read_site(k, file, &document))
            continue;
        const struct setting_list *list = &document.launches[0].lists[DOCUMENT_HADOOP];
        for (size_t s = 0; s < list->count; s++)
            document_add_loose(k->b, list->items[s].key, list->items[s].value,
                               &list->items[s].origin, &list->items[s].value_origin);
        for (size_t n = 0; n < document.note_count; n++)
            document_note(k->b, &document.notes[n].origin, document.notes[n].text);
    }
}
