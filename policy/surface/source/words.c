#include "policy/surface/source/words.h"

#include <string.h>

#include "policy/surface/shell/shell.h"
#include "policy/surface/source/entries.h"
#include "policy/surface/source/setter.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

void words_split(struct source_file *file, struct document_builder *b, struct source_node *node) {
    struct place_map map;
    struct document_word *words;
    size_t count;
    struct error err;
    const char *text = value_mapped(file, node, &map);
    if (shell_split(text, strlen(text), &map, file->arena, &words, &count, &err) != 0) {
        struct origin origin = value_origin(file, node);
        file->starved = file->starved || err.code == ERROR_MEMORY;
        document_note(b, &origin, "this command line cannot be split into words");
        document_open(b, &origin);
        return;
    }
    for (size_t i = 0; i < count; i++)
        document_word(b, words[i].text, &words[i].origin, &words[i].value_origin);
}

static bool is_item_told(const struct source_file *file, struct source_node *item) {
    return item->stars == 0 && value_leaf(file, item)->kind != SOURCE_SEQUENCE;
}

void words_list(struct source_file *file, struct document_builder *b, struct source_node *node) {
    struct source_node *list = value_leaf(file, node);
    if (list->kind != SOURCE_SEQUENCE) {
        struct origin origin = value_origin(file, node);
        document_open(b, &origin);
        return;
    }
    for (struct source_node *item = list->items; item != NULL; item = item->next) {
        struct origin origin = value_origin(file, item);
        if (is_item_told(file, item))
            document_word(b, value_text(file, item), &origin, NULL);
        else
            document_open(b, &origin);
    }
}

static bool is_nothing(struct source_file *file, struct source_node *value) {
    return value_is_word(file, value, "None") || value_is_word(file, value, "False") ||
           value_text(file, value)[0] == '\0';
}

void words_option(struct source_file *file, struct document_builder *b, const char *option,
                  struct source_node *value) {
    if (is_nothing(file, value))
        return;
    struct origin origin = value_origin(file, value);
    document_word(b, option, &origin, NULL);
    document_word(b, value_text(file, value), &origin, NULL);
}

struct adding {
    struct source_file *file;
    struct document_builder *b;
    enum document_list list;
};

static void add_conf(void *state, const struct source_pair *pair) {
    const struct adding *a = state;
    struct origin key = entries_place(a->file, pair), value = value_origin(a->file, pair->value);
    const char *word = arena_printf(a->file->arena, "%s=%s", entries_key(a->file, pair),
                                    value_text(a->file, pair->value));
    a->file->starved = a->file->starved || word == NULL;
    key.form = WRITTEN_JSON;
    document_word(a->b, "--conf", &key, NULL);
    document_word(a->b, word == NULL ? "" : word, &key, &value);
}

static void add_setting(void *state, const struct source_pair *pair) {
    const struct adding *a = state;
    struct origin key = entries_place(a->file, pair), value = value_origin(a->file, pair->value);
    const char *name = entries_key(a->file, pair);
    key.form = WRITTEN_JSON;
    if (name[0] != '\0')
        document_set(a->b, a->list, name, value_text(a->file, pair->value), &key, &value);
}

static void add_each(struct adding *a, struct source_node *mapping, entries_take *take) {
    struct origin origin = place_find(&a->file->map, mapping->offset);
    if (!value_is_word(a->file, mapping, "None") && !entries_each(a->file, mapping, take, a))
        document_open(a->b, &origin);
}

void words_conf(struct source_file *file, struct document_builder *b, struct source_node *mapping) {
    struct adding a = {.file = file, .b = b};
    add_each(&a, mapping, add_conf);
}

void words_settings(struct source_file *file, struct document_builder *b, enum document_list list,
                    struct source_node *mapping) {
    struct adding a = {.file = file, .b = b, .list = list};
    add_each(&a, mapping, add_setting);
}

void setter_submit_words(struct session *s) {
    if (s->submit == NULL)
        return;
    document_word(s->b, "spark-submit", &s->submit_origin, NULL);
    words_split(s->file, s->b, s->submit);
}

void setter_environment(struct session *s, struct source_node *name, struct source_node *value) {
    const char *key = value_text(s->file, name);
    struct origin origin = value_origin(s->file, name), place = value_origin(s->file, value);
    if (unknown_in(key) || key[0] == '\0')
        return;
    if (strcmp(key, "PYSPARK_SUBMIT_ARGS") == 0) {
        s->submit = value;
        s->submit_origin = origin;
        s->plain_python = true;
        s->start = s->built ? s->start : origin;
        s->built = true;
    }
    const char *text = value_text(s->file, value);
    session_add(s, DOCUMENT_ENVIRONMENT, key, text, &origin, &place);
}
