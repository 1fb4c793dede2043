#include "sidecar/config/config_read.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

#define SECTION_KEYS 16

/* "stores" and "vault" to "stores.vault"; NULL with the error filled. */
static const char *join(struct config_reader *r, const char *what, const char *key) {
    const char *path = arena_printf(r->arena, "%s%s%s", what, *what != '\0' ? "." : "", key);
    if (path == NULL)
        error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    return path;
}

static int refuse_later(struct config_reader *r, const struct config_key *key,
                        const struct yaml_node *child, const char *what) {
    const char *path = join(r, what, child->key);
    if (path == NULL)
        return -1;
    if (key->read != NULL)
        return key->read(r, key, child, path);
    yaml_error_key(&r->source, child, r->err, "%s is not supported by this version", path);
    return error_todo(r->err, "leave it out, or use a newer arrestor");
}

static int refuse_missing(struct config_reader *r, const struct config_key *key,
                          const struct yaml_node *node, const char *what) {
    yaml_error_key(&r->source, node, r->err, "%s has no %s", what, key->name);
    return error_todo(r->err, "write %s: %s", key->name,
                      key->sample != NULL ? key->sample : key->standard);
}

static int check_one_of(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const char *const *names) {
    struct buffer list = buffer_make(LIMIT_ERROR_TODO);
    size_t there = 0;
    for (const char *const *name = names; *name != NULL; name++) {
        there += yaml_find(node, *name) != NULL;
        buffer_printf(&list, "%s%s", name == names ? "" : name[1] == NULL ? " or " : ", ", *name);
    }
    if (there != 1) {
        yaml_error_key(&r->source, node, r->err, "%s needs exactly one of %s, but has %zu", what,
                       list.data != NULL ? list.data : "its keys", there);
        error_todo(r->err, "write %s", list.data != NULL ? list.data : "one of them");
    }
    buffer_free(&list);
    return there == 1 ? 0 : -1;
}

static int check_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                         const struct config_section *section) {
    const char *names[SECTION_KEYS];
    size_t supported = 0;
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        const struct yaml_node *child = yaml_find(node, key->name);
        if (key->type == CONFIG_LATER && child != NULL)
            return refuse_later(r, key, child, what);
        if (key->type != CONFIG_LATER && supported < SECTION_KEYS)
            names[supported++] = key->name;
    }
    if (yaml_check_keys(&r->source, node, names, supported, what, r->err) != 0)
        return -1;
    for (size_t i = 0; i < section->count; i++)
        if (section->keys[i].required && yaml_find(node, section->keys[i].name) == NULL)
            return refuse_missing(r, &section->keys[i], node, what);
    return section->one_of == NULL ? 0 : check_one_of(r, node, what, section->one_of);
}

bool config_needs_keys(const struct config_section *section) {
    for (size_t i = 0; i < section->count; i++)
        if (section->keys[i].required)
            return true;
    return section->one_of != NULL;
}

static int read_value(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    return (key->read != NULL ? key->read : config_read_typed)(r, key, node, what);
}

int config_read_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const struct config_section *section, void *target) {
    void *outer = r->target;
    if (yaml_is_null(node) && !config_needs_keys(section))
        return 0;
    if (check_section(r, node, what, section) != 0)
        return -1;
    r->target = target;
    for (size_t i = 0; i < section->count; i++) {
        const struct yaml_node *child = yaml_find(node, section->keys[i].name);
        if (child == NULL)
            continue;
        const char *path = join(r, what, child->key);
        if (path == NULL || read_value(r, &section->keys[i], child, path) != 0)
            return -1;
    }
    r->target = outer;
    return 0;
}

void *config_make_array(struct config_reader *r, size_t count, size_t size) {
    void *array = arena_array(r->arena, count, size);
    if (array == NULL)
        error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    return array;
}

bool config_is_plain_path(const char *path) {
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length == 0 || (length <= 2 && strspn(path, ".") >= length))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
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
    if (path[0] == '/' && config_is_plain_path(path + 1)) {
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

int config_read_number(struct config_reader *r, const struct yaml_node *node, const char *what,
                       uint64_t least, uint64_t most, uint64_t *ret) {
    const char *text;
    uint64_t value;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    if (number_parse(text, most, &value) == 0 && value >= least) {
        *ret = value;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "%s is not a number that can stand here", what);
    return error_todo(r->err, "write a whole number of %llu to %llu", (unsigned long long)least,
                      (unsigned long long)most);
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
                       const char *const *names, size_t *ret) {
    const char *text;
    size_t count = 0;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    for (; names[count] != NULL; count++) {
        if (strcmp(text, names[count]) == 0) {
            *ret = count;
            return 0;
        }
    }
    yaml_error_value(&r->source, node, r->err, "%s cannot be \"%.60s\"", what, text);
    const char *nearest = text_nearest(text, names, count);
    if (nearest == NULL && count == 2)
        return error_todo(r->err, "write %s or %s", names[0], names[1]);
    return error_todo(r->err, "write %s", nearest != NULL ? nearest : names[0]);
}
