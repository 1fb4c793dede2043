#include "policy/data/catalogue/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "policy/data/catalogue/catalogue_table.h"
#include "sidecar/base/text.h"

/* No key is longer. */
#define CATALOGUE_KEY_BYTES 256

static const char *text_at(uint32_t place) {
    return catalogue_text + place;
}

/* The string behind another in the block of text. */
static const char *second_of(const char *text) {
    return text + strlen(text) + 1;
}

bool catalogue_version(size_t index, int *major, int *minor) {
    if (index >= catalogue_version_count)
        return false;
    *major = catalogue_versions[index].major;
    *minor = catalogue_versions[index].minor;
    return true;
}

/* The bit of a version: of the newest that is not above it, else of the oldest. */
static unsigned version_bit(int major, int minor) {
    size_t i = catalogue_version_count - 1;
    for (; major != 0 && i > 0; i--) {
        const struct catalogue_version *version = &catalogue_versions[i];
        if (version->major < major || (version->major == major && version->minor <= minor))
            break;
    }
    return 1u << i;
}

const struct catalogue_entry *catalogue_find(const char *key) {
    const size_t mask = catalogue_slot_count - 1;
    for (size_t at = catalogue_hash(key) & mask; catalogue_slots[at] != 0; at = (at + 1) & mask) {
        const struct catalogue_entry *entry = &catalogue_entries[catalogue_slots[at] - 1];
        if (strcmp(catalogue_key(entry), key) == 0)
            return entry;
    }
    return NULL;
}

const char *catalogue_of_all(const char *key) {
    static const char buckets[] = "spark.hadoop.fs.s3a.bucket.", all[] = "spark.hadoop.fs.s3a.";
    char plain[CATALOGUE_KEY_BYTES];
    if (!text_starts(key, buckets))
        return NULL;
    /* Names of buckets have dots: the first rest that is a key. */
    for (const char *dot = strchr(key + strlen(buckets), '.'); dot != NULL;
         dot = strchr(dot + 1, '.')) {
        if (strlen(dot + 1) + sizeof all > sizeof plain)
            continue;
        (void)snprintf(plain, sizeof plain, "%s%s", all, dot + 1);
        const struct catalogue_entry *entry = catalogue_find(plain);
        if (entry != NULL)
            return catalogue_key(entry);
    }
    return NULL;
}

const struct catalogue_entry *catalogue_reader(const char *key) {
    const struct catalogue_entry *entry = catalogue_find(key);
    const char *of_all = entry != NULL ? NULL : catalogue_of_all(key);
    return of_all != NULL ? catalogue_find(of_all) : entry;
}

const char *catalogue_key(const struct catalogue_entry *entry) {
    return text_at(entry->name);
}

const struct catalogue_entry *catalogue_at(size_t index) {
    return index < catalogue_count ? &catalogue_entries[index] : NULL;
}

bool catalogue_exists(const char *key, int major, int minor) {
    const struct catalogue_entry *entry = catalogue_find(key);
    if (entry != NULL && (entry->versions & version_bit(major, minor)) != 0)
        return true;
    return catalogue_family(key) != NULL;
}

const struct catalogue_prefix *catalogue_find_prefix(const char *key) {
    const struct catalogue_prefix *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < catalogue_prefix_count; i++) {
        const char *prefix = text_at(catalogue_prefixes[i].text);
        size_t length = text_starts(key, prefix) ? strlen(prefix) : 0;
        if (length > longest && key[length] != '\0') {
            found = &catalogue_prefixes[i];
            longest = length;
        }
    }
    return found;
}

const char *catalogue_family(const char *key) {
    const struct catalogue_prefix *prefix = catalogue_find_prefix(key);
    return prefix == NULL ? NULL : text_at(prefix->text);
}

/* Fact number index of a kind that an entry has in these versions, or NULL. */
static const struct catalogue_fact *find_fact(const struct catalogue_entry *entry,
                                              unsigned versions, enum fact_kind kind,
                                              size_t index) {
    for (size_t i = 0; i < entry->fact_count; i++) {
        const struct catalogue_fact *fact = &catalogue_facts[entry->first + i];
        if (fact->kind == kind && (fact->versions & versions) != 0 && index-- == 0)
            return fact;
    }
    return NULL;
}

/* The text of the one fact of a kind, or NULL; *second is what stands behind it. */
static const char *read_fact(const struct catalogue_entry *entry, unsigned versions,
                             enum fact_kind kind, const char **second) {
    const struct catalogue_fact *fact = find_fact(entry, versions, kind, 0);
    if (fact == NULL)
        return NULL;
    const char *text = text_at(fact->text);
    if (second != NULL)
        *second = second_of(text);
    return text;
}

const char *catalogue_default(const char *key, int major, int minor) {
    return catalogue_default_of(catalogue_find(key), major, minor);
}

const char *catalogue_default_of(const struct catalogue_entry *entry, int major, int minor) {
    return entry == NULL ? NULL : read_fact(entry, version_bit(major, minor), FACT_DEFAULT, NULL);
}

bool catalogue_varies(const struct catalogue_entry *entry) {
    static const enum fact_kind read[] = {FACT_DEFAULT, FACT_OLDER, FACT_PREPENDED, FACT_FALLBACK};
    const unsigned all = (1u << catalogue_version_count) - 1;
    for (size_t i = 0; i < entry->fact_count; i++)
        for (size_t k = 0; k < sizeof read / sizeof read[0]; k++)
            if (catalogue_facts[entry->first + i].kind == read[k] &&
                catalogue_facts[entry->first + i].versions != all)
                return true;
    return false;
}

bool catalogue_alternative(const struct catalogue_entry *entry, int major, int minor, size_t index,
                           struct catalogue_alternative *ret) {
    const struct catalogue_fact *fact =
        find_fact(entry, version_bit(major, minor), FACT_OLDER, index);
    if (fact == NULL)
        return false;
    const char *key = text_at(fact->text);
    *ret = (struct catalogue_alternative){key, fact->number, second_of(key)};
    return true;
}

const char *catalogue_prepended(const struct catalogue_entry *entry, int major, int minor,
                                const char **separator) {
    return read_fact(entry, version_bit(major, minor), FACT_PREPENDED, separator);
}

const char *catalogue_fallback(const struct catalogue_entry *entry, int major, int minor) {
    return read_fact(entry, version_bit(major, minor), FACT_FALLBACK, NULL);
}

const char *catalogue_deprecated(const struct catalogue_entry *entry, int major, int minor,
                                 const char **instead) {
    return read_fact(entry, version_bit(major, minor), FACT_WARNED, instead);
}

const char *catalogue_removed(const struct catalogue_entry *entry, int major, int minor) {
    return read_fact(entry, version_bit(major, minor), FACT_REMOVED, NULL);
}

const char *catalogue_value(const struct catalogue_entry *entry, int major, int minor,
                            size_t index) {
    const struct catalogue_fact *fact = find_fact(entry, version_bit(major, minor), FACT_VALUES, 0);
    if (fact == NULL || index >= fact->number)
        return NULL;
    const char *value = text_at(fact->text);
    while (index-- > 0)
        value = second_of(value);
    return value;
}

const char *catalogue_since(const struct catalogue_entry *entry) {
    return read_fact(entry, entry->versions, FACT_SINCE, NULL);
}
