#include "sidecar/config/config_read.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

#define SECTION_KEYS 16

static int refuse_unsupported(struct config_reader *r, const struct yaml_node *child,
                              const char *what) {
    const char *dot = *what != '\0' ? "." : "";
    yaml_error_key(&r->source, child, r->err, "%s%s%s is not supported by this version", what, dot,
                   child->key);
    return error_todo(r->err, "leave it out, or use a newer arrestor");
}

static int check_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                         const struct config_key *keys, size_t count) {
    const char *names[SECTION_KEYS];
    size_t supported = 0;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *child = yaml_find(node, keys[i].name);
        if (keys[i].read == NULL && child != NULL)
            return refuse_unsupported(r, child, what);
        if (keys[i].read != NULL && supported < SECTION_KEYS)
            names[supported++] = keys[i].name;
    }
    return yaml_check_keys(&r->source, node, names, supported, what, r->err);
}

int config_read_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const struct config_key *keys, size_t count) {
    if (yaml_is_null(node))
        return 0;
    if (check_section(r, node, what, keys, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *child = yaml_find(node, keys[i].name);
        if (child == NULL)
            continue;
        const char *dot = *what != '\0' ? "." : "";
        const char *path = arena_printf(r->arena, "%s%s%s", what, dot, child->key);
        if (path == NULL)
            return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
        if (keys[i].read(r, child, path) != 0)
            return -1;
    }
    return 0;
}

void *config_make_array(struct config_reader *r, size_t count, size_t size) {
    void *array = arena_array(r->arena, count, size);
    if (array == NULL)
        error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    return array;
}

static bool has_odd_component(const char *path) {
    for (const char *p = path; *p == '/';) {
        size_t length = strcspn(++p, "/");
        if (length == 0 || (length <= 2 && strspn(p, ".") >= length))
            return true;
        p += length;
    }
    return false;
}

int config_read_path(struct config_reader *r, const struct yaml_node *node, const char *what,
                     size_t most, const char **ret) {
    const char *path;
    if (yaml_read_text(&r->source, node, what, &path, r->err) != 0)
        return -1;
    size_t length = strlen(path);
    if (length > 0 && length < most) {
        *ret = path;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "%s has %zu bytes", what, length);
    return error_todo(r->err, "write a path of 1 to %zu bytes", most - 1);
}

int config_read_directory(struct config_reader *r, const struct yaml_node *node, const char *what,
                          size_t most, const char **ret) {
    const char *path;
    if (config_read_path(r, node, what, most, &path) != 0)
        return -1;
    if (path[0] == '/' && !has_odd_component(path)) {
        *ret = path;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "%s is not an absolute path", what);
    return error_todo(r->err, "write it whole, as in /run/arrestor: no '.', '..', '//', and no '/' "
                              "at the end");
}

int config_read_period(struct config_reader *r, const struct yaml_node *node, const char *what,
                       uint64_t least, uint64_t *ret) {
    const char *text;
    uint64_t value;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    if (number_parse_duration(text, LIMIT_PERIOD_MS, &value) != 0) {
        yaml_error_value(&r->source, node, r->err, "%s is not a time of at most 24h", what);
        return error_todo(r->err, "write a whole number with its unit: 500ms, 2s, 5m or 1h");
    }
    if (value < least) {
        yaml_error_value(&r->source, node, r->err, "%s is too short", what);
        return error_todo(r->err, "write at least %llums", (unsigned long long)least);
    }
    *ret = value;
    return 0;
}

bool config_is_word(const char *text, const char *others) {
    for (const char *p = text; *p != '\0'; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr(others, *p) != NULL;
        if (!plain)
            return false;
    }
    return *text != '\0';
}

int config_read_word(struct config_reader *r, const struct yaml_node *node, const char *what,
                     const char *others, size_t most, const char **ret) {
    const char *text;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    if (config_is_word(text, others) && strlen(text) <= most) {
        *ret = text;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "%s is not a name that can stand here", what);
    return error_todo(r->err, "use 1 to %zu letters, digits and any of %s", most, others);
}

static int refuse_twice(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const char *word) {
    yaml_error_value(&r->source, node, r->err, "\"%s\" stands twice in %s", word, what);
    return error_todo(r->err, "keep one of them");
}

int config_read_words(struct config_reader *r, const struct yaml_node *node, const char *what,
                      const char *others, size_t most, const char *const **ret, size_t *count) {
    const char *const *words;
    size_t length, at = 0;
    if (yaml_read_texts(&r->source, node, what, most, r->arena, &words, &length, r->err) != 0)
        return -1;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next, at++) {
        const char *word;
        if (config_read_word(r, item, what, others, LIMIT_SECRET_NAME, &word) != 0)
            return -1;
        for (size_t i = 0; i < at; i++)
            if (strcmp(words[i], word) == 0)
                return refuse_twice(r, item, what, word);
    }
    *ret = words;
    *count = length;
    return 0;
}

int config_read_choice(struct config_reader *r, const struct yaml_node *node, const char *what,
                       const char *const *names, size_t count, size_t *ret) {
    const char *text;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    yaml_error_value(&r->source, node, r->err, "%s cannot be \"%.60s\"", what, text);
    const char *nearest = text_nearest(text, names, count);
    if (nearest == NULL && count == 2)
        return error_todo(r->err, "write %s or %s", names[0], names[1]);
    return error_todo(r->err, "write %s", nearest != NULL ? nearest : names[0]);
}
