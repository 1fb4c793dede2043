#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"
#include "sidecar/yaml/yaml_tree.h"

const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key) {
    if (mapping == NULL || mapping->kind != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

bool yaml_is_null(const struct yaml_node *node) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node == NULL)
        return true;
    if (node->kind != YAML_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    return false;
}

static const char *kind_phrase(const struct yaml_node *node) {
    static const char *const phrases[] = {"text", "a list", "a mapping"};
    return yaml_is_null(node) ? "empty" : phrases[node->kind];
}

int yaml_expect(const struct yaml_source *source, const struct yaml_node *node, enum yaml_kind kind,
                const char *what, struct error *err) {
    static const struct {
        const char *phrase, *todo;
    } rows[] = {{"text", "write one value"},
                {"a list", "write [a, b], or one `- item` a line"},
                {"a mapping", "write `key: value` pairs, indented below it or in { }"}};
    if (node != NULL && node->kind == kind && (kind != YAML_SCALAR || !yaml_is_null(node)))
        return 0;
    const char *name = *what != '\0' ? what : "the file";
    if (node == NULL)
        error_set(err, (enum error_code)source->code, "%s must be %s, but is empty", name,
                  rows[kind].phrase);
    else
        yaml_error_value(source, node, err, "%s must be %s, but is %s", name, rows[kind].phrase,
                         kind_phrase(node));
    if (node == NULL)
        error_at(err, source->name, 0, 0);
    /* A file that is one text is some other file, perhaps a key. */
    if (*what == '\0')
        err->excerpt[0] = '\0';
    return error_todo(err, "%s", rows[kind].todo);
}

static int refuse_key(const struct yaml_source *source, const struct yaml_node *child,
                      const char *const *names, size_t count, const char *what, struct error *err) {
    if (*what != '\0')
        yaml_error_key(source, child, err, "unknown key \"%.100s\" in %s", child->key, what);
    else
        yaml_error_key(source, child, err, "unknown key \"%.100s\"", child->key);
    const char *nearest = text_nearest(child->key, names, count);
    if (nearest != NULL)
        return error_todo(err, "did you mean \"%s\"?", nearest);
    struct buffer list = buffer_make(LIMIT_ERROR_TODO);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    error_todo(err, "known keys are: %s", list.data != NULL ? list.data : "none");
    buffer_free(&list);
    return -1;
}

static bool is_known(const char *key, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

int yaml_check_keys(const struct yaml_source *source, const struct yaml_node *mapping,
                    const char *const *names, size_t count, const char *what, struct error *err) {
    if (yaml_expect(source, mapping, YAML_MAPPING, what, err) != 0)
        return -1;
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next)
        if (!is_known(child->key, names, count))
            return refuse_key(source, child, names, count, what, err);
    return 0;
}

int yaml_read_text(const struct yaml_source *source, const struct yaml_node *node, const char *what,
                   const char **ret, struct error *err) {
    if (yaml_expect(source, node, YAML_SCALAR, what, err) != 0)
        return -1;
    *ret = node->text;
    return 0;
}

int yaml_read_texts(const struct yaml_source *source, const struct yaml_node *node,
                    const char *what, size_t most, struct arena *arena, const char *const **ret,
                    size_t *count, struct error *err) {
    if (yaml_expect(source, node, YAML_SEQUENCE, what, err) != 0)
        return -1;
    if (node->count > most) {
        yaml_error_value(source, node, err, "%s has %zu items; at most %zu are allowed", what,
                         node->count, most);
        return error_todo(err, "shorten the list");
    }
    const char **texts = arena_array(arena, node->count, sizeof *texts);
    if (texts == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while reading %s", source->name);
    size_t at = 0;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (yaml_read_text(source, child, what, &texts[at++], err) != 0)
            return -1;
    *ret = texts;
    *count = node->count;
    return 0;
}
