#include "policy/surface/kubernetes/kube.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

void kube_fail(struct kube *k) {
    if (!k->b->failed)
        error_set(k->b->err, ERROR_MEMORY, "no memory for the launch");
    k->b->failed = true;
}

static const char *fail(struct kube *k) {
    kube_fail(k);
    return "";
}

const char *kube_print(struct kube *k, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : arena_array(k->b->arena, (size_t)length + 1, 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text == NULL ? fail(k) : text;
}

const char *kube_title(struct kube *k, const struct tree_node *object) {
    const char *kind = tree_path_text(object, "kind");
    const char *name = tree_path_text(object, "metadata.name");
    const char *space = tree_path_text(object, "metadata.namespace");
    if (name == NULL)
        name = tree_path_text(object, "metadata.generateName");
    const char *title =
        kube_print(k, "%s%s%s%s%s", kind == NULL ? "manifest" : kind, name == NULL ? "" : " ",
                   space == NULL ? "" : space, space == NULL || name == NULL ? "" : "/",
                   name == NULL ? "" : name);
    const char *shown = unknown_show(k->b->arena, title);
    return shown == NULL ? fail(k) : shown;
}

const char *kube_unknown(struct kube *k, const char *what) {
    const char *text = unknown_text(k->b->arena, what, strlen(what));
    return text == NULL ? fail(k) : text;
}

struct origin kube_own_place(const struct tree_node *object) {
    const struct tree_node *kind = tree_find(object, "kind");
    return kind == NULL ? object->origin : kind->key_origin;
}

void kube_launch(struct kube *k, const struct tree_node *object, const struct tree_node *spec,
                 const struct tree_node *conf) {
    struct origin own = kube_own_place(object);
    struct origin unset = tree_unset(conf != NULL && conf->kind == TREE_MAPPING ? conf : spec);
    k->b->form = WRITTEN_YAML;
    document_launch(k->b, kube_title(k, object), &own);
    document_unset(k->b, unset.file, unset.line, unset.column);
    kube_open(k, spec);
}

void kube_word(struct kube *k, const char *text, const struct origin *origin) {
    document_word(k->b, text, origin, NULL);
}

void kube_conf_text(struct kube *k, const char *key, const char *value,
                    const struct origin *key_origin, const struct origin *value_origin) {
    struct origin place = *key_origin;
    place.form = k->b->form;
    kube_word(k, "--conf", key_origin);
    document_word(k->b, kube_print(k, "%s=%s", key, value), &place, value_origin);
}

static bool is_value(const struct tree_node *node) {
    return node != NULL && node->kind == TREE_SCALAR && !tree_is_null(node);
}

void kube_open(struct kube *k, const struct tree_node *node) {
    if (node == NULL)
        return;
    if (node->open != NULL)
        document_open(k->b, node->open);
    if (node->kind == TREE_SCALAR && unknown_in(node->text))
        document_open(k->b, &node->origin);
}

static const struct origin *key_place(const struct tree_node *node) {
    return node->key != NULL ? &node->key_origin : &node->origin;
}

/* Once for each launch. */
static void note_condition(struct kube *k, const struct tree_node *node) {
    if (k->conditional == k->b->launch_count)
        return;
    k->conditional = k->b->launch_count;
    document_note(k->b, key_place(node),
                  "stands in a condition of a template; whether it holds is not told here");
}

const char *kube_told(struct kube *k, const char *key, const struct tree_node *value) {
    if (tree_is_certain(value))
        return value->text;
    note_condition(k, value);
    document_add_loose(k->b, key, value->text, key_place(value), &value->origin);
    const char *doubt = tree_doubt(k->b->arena, value->text, false);
    return doubt == NULL ? fail(k) : doubt;
}

/* A word in a condition may be there or not, and so may what it sets. */
const char *kube_told_word(struct kube *k, const struct tree_node *word) {
    const char *equal = strchr(word->text, '=');
    if (word->condition == NULL)
        return word->text;
    note_condition(k, word);
    document_open(k->b, &word->origin);
    if (equal != NULL && text_starts(word->text, "spark.")) {
        struct origin place = place_find(&word->map, (size_t)(equal - word->text) + 1);
        document_add_loose(k->b, kube_print(k, "%.*s", (int)(equal - word->text), word->text),
                           equal + 1, &word->origin, &place);
    }
    const char *doubt = tree_doubt(k->b->arena, word->text, true);
    return doubt == NULL ? fail(k) : doubt;
}

void kube_conf(struct kube *k, const char *key, const struct tree_node *value) {
    if (!is_value(value))
        return;
    if (unknown_in(key)) { /* any setting may be meant */
        document_open(k->b, key_place(value));
        return;
    }
    kube_conf_text(k, key, kube_told(k, key, value), key_place(value), &value->origin);
}

void kube_conf_map(struct kube *k, const char *prefix, const struct tree_node *mapping) {
    if (mapping == NULL)
        return;
    kube_open(k, mapping);
    if (mapping->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *child = mapping->first; child != NULL; child = child->next)
        kube_conf(k, kube_print(k, "%s%s", prefix, child->key), child);
}

void kube_set_map(struct kube *k, enum document_list list, const char *prefix,
                  const struct tree_node *mapping) {
    if (mapping == NULL)
        return;
    kube_open(k, mapping);
    if (mapping->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *child = mapping->first; child != NULL; child = child->next) {
        if (!is_value(child))
            continue;
        if (unknown_in(child->key)) {
            document_open(k->b, &child->key_origin);
            continue;
        }
        const char *key = kube_print(k, "%s%s", prefix, child->key);
        document_set(k->b, list, key, kube_told(k, key, child), &child->key_origin, &child->origin);
    }
}

void kube_words(struct kube *k, const struct tree_node *list) {
    if (list == NULL)
        return;
    kube_open(k, list);
    for (const struct tree_node *item = list->first; item != NULL; item = item->next)
        if (item->kind == TREE_SCALAR)
            kube_word(k, kube_told_word(k, item), &item->origin);
}

const char *kube_join(struct kube *k, const struct tree_node *list) {
    struct buffer out = buffer_make(LIMIT_ARGUMENT_BYTES);
    for (const struct tree_node *item = list->first; item != NULL; item = item->next)
        if (is_value(item)) {
            buffer_text(&out, out.length > 0 ? "," : "");
            buffer_text(&out, item->text);
        }
    const char *joined = out.length > 0 ? kube_print(k, "%s", out.data) : NULL;
    if (buffer_status(&out) != 0)
        fail(k);
    buffer_free(&out);
    return joined;
}

void kube_option(struct kube *k, const char *option, const struct tree_node *value) {
    if (value == NULL)
        return;
    bool list = value->kind == TREE_SEQUENCE;
    const char *text = list ? kube_join(k, value) : is_value(value) ? value->text : NULL;
    if (list)
        kube_open(k, value);
    if (text == NULL)
        return;
    const struct tree_node *first = list ? value->first : value;
    kube_word(k, option, key_place(value));
    document_word(k->b, text, &first->origin, NULL);
}

void kube_fact_text(struct kube *k, const char *name, const char *value,
                    const struct origin *origin) {
    document_set(k->b, DOCUMENT_FACTS, name, value, origin, NULL);
}

void kube_fact(struct kube *k, const char *name, const struct tree_node *value) {
    if (is_value(value))
        document_set(k->b, DOCUMENT_FACTS, name, value->text, key_place(value), &value->origin);
}

/* "3.5.1" of "…/spark-py:v3.5.1-hadoop3"; false where the tag begins otherwise. */
static bool find_version(const char *image, const char **version) {
    const char *slash = strrchr(image, '/'), *tag = strchr(slash == NULL ? image : slash, ':');
    if (tag == NULL || strstr(slash == NULL ? image : slash, "spark") == NULL)
        return false;
    tag += tag[1] == 'v' ? 2 : 1;
    *version = tag;
    size_t digits = strspn(tag, "0123456789");
    return (digits == 1 || digits == 2) && tag[digits] == '.' &&
           strspn(tag + digits + 1, "0123456789") > 0;
}

void kube_image(struct kube *k, const struct tree_node *image) {
    const char *version;
    if (!is_value(image))
        return;
    kube_fact(k, DOCUMENT_FACT_IMAGE, image);
    if (!find_version(image->text, &version))
        return;
    struct origin place = place_find(&image->map, (size_t)(version - image->text));
    size_t length = strspn(version, "0123456789.");
    kube_fact_text(k, DOCUMENT_FACT_VERSION, kube_print(k, "%.*s", (int)length, version), &place);
}

bool kube_is_true(const struct tree_node *node) {
    return is_value(node) && text_equal_nocase(node->text, "true");
}

/* "secretKeyRef NAME/KEY", as an unknown text. */
static const char *refer(struct kube *k, const struct tree_node *from, struct origin *origin) {
    const struct tree_node *what = from->first;
    *origin = what == NULL ? from->origin : what->key_origin;
    const char *name = tree_path_text(what, "name"), *key = tree_path_text(what, "key");
    const char *field = tree_path_text(what, "fieldPath");
    const char *written = kube_print(k, "%s %s%s%s", what == NULL ? "valueFrom" : what->key,
                                     name == NULL ? "" : name, key == NULL ? "" : "/",
                                     key != NULL     ? key
                                     : field != NULL ? field
                                                     : "");
    const char *shown = unknown_show(k->b->arena, written);
    const char *text = shown == NULL ? NULL : unknown_text(k->b->arena, shown, strlen(shown));
    return text == NULL ? fail(k) : text;
}

const char *kube_env_value(struct kube *k, const struct tree_node *entry, struct origin *origin) {
    const struct tree_node *value = tree_find(entry, "value"),
                           *from = tree_find(entry, "valueFrom");
    if (from != NULL && from->kind == TREE_MAPPING)
        return refer(k, from, origin);
    if (value == NULL || value->kind != TREE_SCALAR)
        return NULL;
    *origin = value->origin;
    return tree_is_null(value) ? "" : value->text;
}
