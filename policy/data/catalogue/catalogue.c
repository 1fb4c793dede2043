#include "policy/data/catalogue/catalogue.h"

#include <string.h>

#include "policy/data/catalogue/catalogue_table.h"
#include "sidecar/base/text.h"

const struct catalogue_entry *catalogue_find(const char *key) {
    size_t low = 0, high = catalogue_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(catalogue_rows[middle].key, key);
        if (order == 0)
            return &catalogue_entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *catalogue_default(const char *key, int major, int minor) {
    const struct catalogue_entry *found = catalogue_find(key);
    if (found == NULL)
        return NULL;
    const struct catalogue_row *entry = &catalogue_rows[found->name];
    bool changed = entry->default_4 != NULL &&
                   (major == 0 || major > entry->changed_major ||
                    (major == entry->changed_major && minor >= entry->changed_minor));
    return changed ? entry->default_4 : entry->default_3;
}

/* Copies value without blanks at its ends, as far as it may be a boolean. */
static void trim_word(const char *value, char *word, size_t size) {
    while (*value != '\0' && (unsigned char)*value <= ' ')
        value++;
    size_t length = strlen(value);
    while (length > 0 && (unsigned char)value[length - 1] <= ' ')
        length--;
    length = length < size ? length : 0;
    memcpy(word, value, length);
    word[length] = '\0';
}

static enum catalogue_truth read_exact(const char *value) {
    return text_equal_nocase(value, "true")    ? CATALOGUE_TRUE
           : text_equal_nocase(value, "false") ? CATALOGUE_FALSE
                                               : CATALOGUE_INVALID;
}

static enum catalogue_truth read_hadoop(const struct catalogue_entry *entry, const char *word) {
    enum catalogue_truth truth = read_exact(word);
    if (truth != CATALOGUE_INVALID)
        return truth;
    const char *value = catalogue_rows[entry->name].default_3;
    bool otherwise = value != NULL && strcmp(value, "true") == 0;
    return otherwise ? CATALOGUE_TRUE : CATALOGUE_FALSE;
}

enum catalogue_truth catalogue_boolean(const char *key, const char *value) {
    const struct catalogue_entry *entry = catalogue_find(key);
    char word[8];
    if (value == NULL || text_is_template(value))
        return CATALOGUE_UNKNOWN;
    switch (entry == NULL ? TYPE_BOOL_TYPED : entry->type) {
    case TYPE_BOOL_RAW:
        return read_exact(value);
    case TYPE_BOOL_TRANSPORT:
        return text_equal_nocase(value, "true") ? CATALOGUE_TRUE : CATALOGUE_FALSE;
    default:
        break;
    }
    if (strstr(value, "${") != NULL)
        return CATALOGUE_UNKNOWN;
    trim_word(value, word, sizeof word);
    return entry != NULL && entry->type == TYPE_BOOL_HADOOP ? read_hadoop(entry, word)
                                                            : read_exact(word);
}

const char *catalogue_key(const struct catalogue_entry *entry) {
    return catalogue_rows[entry->name].key;
}

const struct catalogue_entry *catalogue_at(size_t index) {
    return index < catalogue_count ? &catalogue_entries[index] : NULL;
}

bool catalogue_exists(const char *key, int major, int minor) {
    (void)major;
    (void)minor;
    return catalogue_find(key) != NULL;
}

const char *catalogue_family(const char *key) {
    (void)key;
    return NULL;
}

bool catalogue_alternative(const struct catalogue_entry *entry, int major, int minor, size_t index,
                           struct catalogue_alternative *ret) {
    (void)entry;
    (void)major;
    (void)minor;
    (void)index;
    (void)ret;
    return false;
}

const char *catalogue_prepended(const struct catalogue_entry *entry, int major, int minor,
                                const char **separator) {
    (void)entry;
    (void)major;
    (void)minor;
    (void)separator;
    return NULL;
}

const char *catalogue_fallback(const struct catalogue_entry *entry, int major, int minor) {
    (void)entry;
    (void)major;
    (void)minor;
    return NULL;
}

const char *catalogue_deprecated(const struct catalogue_entry *entry, int major, int minor,
                                 const char **instead) {
    (void)entry;
    (void)major;
    (void)minor;
    (void)instead;
    return NULL;
}

const char *catalogue_value(const struct catalogue_entry *entry, int major, int minor,
                            size_t index) {
    (void)entry;
    (void)major;
    (void)minor;
    (void)index;
    return NULL;
}

const char *catalogue_since(const struct catalogue_entry *entry) {
    (void)entry;
    return NULL;
}
