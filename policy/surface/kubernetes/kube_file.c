#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/properties.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Java's reader takes the marks for no text, and blanks within an unknown part for the
 * end of a key: both travel as control characters of the same size. */
static const char outside[] = {UNKNOWN_OPEN, UNKNOWN_CLOSE, ' ', '=', ':', '\\', '\t', '\n'};
enum { FIRST = 1, LAST = sizeof outside };

static void dress(char *text, size_t length) {
    bool unknown = false;
    for (size_t i = 0; i < length; i++) {
        const char *found = memchr(outside, text[i], sizeof outside);
        if (text[i] >= FIRST && text[i] <= LAST && text[i] != '\t' && found == NULL)
            text[i] = '?';
        unknown = unknown || text[i] == UNKNOWN_OPEN;
        if (found != NULL && unknown)
            text[i] = (char)(found - outside + FIRST);
        unknown = unknown && found != outside + 1;
    }
}

static const char *undress(struct kube *k, const char *text) {
    static const char travelling[] = {1, 2, 3, 4, 5, 6, 7, 8, 0};
    if (strpbrk(text, travelling) == NULL)
        return text;
    char *copy = arena_text(k->b->arena, text, strlen(text));
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if (*p >= FIRST && *p <= LAST)
            *p = outside[*p - FIRST];
    return copy == NULL ? kube_print(k, "%s", "") : copy;
}

/* A place in the text as one in the file. */
static struct origin move_place(const struct tree_node *file, const struct place_map *lines,
                                const struct origin *place) {
    size_t line = place->line <= lines->count ? place->line : lines->count;
    size_t offset = lines->segments[line - 1].offset + place->column - 1;
    return place_find(&file->map, offset < file->length ? offset : file->length);
}

static void set_properties(struct kube *k, const struct tree_node *file,
                           const struct setting_list *list, const struct place_map *lines) {
    for (size_t i = 0; i < list->count; i++) {
        const struct setting *s = &list->items[i];
        struct origin key = move_place(file, lines, &s->origin);
        struct origin value = move_place(file, lines, &s->value_origin);
        const char *name = undress(k, s->key);
        if (unknown_in(name))
            document_open(k->b, &key);
        else
            document_set(k->b, DOCUMENT_DEFAULTS, name, undress(k, s->value), &key, &value);
    }
}

static bool is_spark_key(const struct setting_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (text_starts(list->items[i].key, "spark.") || (list->items[i].key[0] == FIRST))
            return true;
    return false;
}

/* A properties file with a setting of Spark in it. */
static bool read_properties(struct kube *k, const struct tree_node *file, const char *title) {
    struct setting_list list;
    struct place_map lines;
    struct error err;
    struct arena *arena = k->b->arena;
    char *text = arena_text(arena, file->text, file->length);
    if (text == NULL || place_file("", text, file->length, arena, &lines) != 0)
        return false;
    dress(text, file->length);
    if (properties_parse(text, file->length, file->map.file, arena, &list, &err) != 0) {
        document_note(k->b, &file->origin, "is no properties file that Java would read");
        return true;
    }
    if (!is_spark_key(&list))
        return false;
    document_launch(k->b, title, &file->origin);
    document_unset(k->b, file->origin.file, file->last_line + 1, file->origin.column);
    if (file->open != NULL)
        document_open(k->b, file->open);
    set_properties(k, file, &list, &lines);
    return true;
}

static bool is_properties_name(const char *name) {
    return text_ends(name, ".properties") || text_ends(name, ".conf") ||
           text_ends(name, "sparkConf") || strcmp(name, "spark-defaults") == 0;
}

/* Whether the first line that says something is a setting of Spark. */
static bool begins_with_setting(const struct tree_node *file) {
    const char *p = file->text;
    for (p += strspn(p, " \t\n"); *p == '#'; p += strspn(p, " \t\n"))
        p += strcspn(p, "\n");
    return text_starts(p, "spark.") && strchr(file->text, '\n') != NULL;
}

static bool holds(const struct tree_node *file, const char *word) {
    return memmem(file->text, file->length, word, strlen(word)) != NULL;
}

bool kube_read_file(struct kube *k, const struct tree_node *file, const char *title) {
    if (file->kind != TREE_SCALAR || file->key == NULL || k->b->failed)
        return false;
    const char *name = file->key;
    if (text_ends(name, ".sh") || text_starts(file->text, "#!/bin/"))
        return kube_script(k, file);
    if (text_ends(name, ".xml"))
        return kube_hadoop(k, file);
    if (holds(file, "apiVersion:") && holds(file, "\n")) {
        kube_read_manifest(k, file);
        return true;
    }
    return ((is_properties_name(name) && holds(file, "spark.")) || begins_with_setting(file)) &&
           read_properties(k, file, title);
}
