#include <stdint.h>
#include <string.h>

#include "policy/data/catalogue/catalogue_table.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* Keys that people write because a page says so, or that once were read, and
 * what is read instead (reference spark-security 1.7). */
static const struct {
    const char *pattern, *meant;
} traps[] = {
    {"spark.ui.acls.enable", "spark.acls.enable"},
    {"spark.ui.acls.enabled", "spark.acls.enable"},
    {"spark.acls.enabled", "spark.acls.enable"},
    {"spark.ssl.openSSLEnabled", "spark.ssl.openSslEnabled"},
    {"spark.ssl.rpc.openSSLEnabled", "spark.ssl.rpc.openSslEnabled"},
    {"spark.authenticate.true", "spark.authenticate"},
    {"spark.authenticate.false", "spark.authenticate"},
    {"spark.authenticate.enable", "spark.authenticate"},
    {"spark.authenticate.enabled", "spark.authenticate"},
    {"spark.authentication", "spark.authenticate"},
    {"spark.authentication.enabled", "spark.authenticate"},
    {"spark.authentication.secret", "spark.authenticate.secret"},
    {"spark.ssl.fs.*", "spark.ssl.rpc.enabled"},
    {"spark.ssl.akka.*", "spark.ssl.rpc.enabled"},
    {"spark.network.encryption.enabled", "spark.network.crypto.enabled"},
    {"spark.io.crypto.enabled", "spark.io.encryption.enabled"},
};

/* How many slips of the hand are still the same word: none in a short one. */
static size_t slips_for(size_t length) {
    return length < 10 ? 0 : length < 20 ? 1 : 2;
}

static const char *key_of(const struct catalogue_slip *slip) {
    return catalogue_key(&catalogue_entries[slip->entry]);
}

static bool is_slip(const char *key, size_t length, uint64_t letters,
                    const struct catalogue_slip *meant) {
    size_t most = slips_for(meant->length);
    size_t gap = length > meant->length ? length - meant->length : meant->length - length;
    if (gap > most || __builtin_popcountll(letters ^ meant->letters) > (int)(2 * most))
        return false;
    return text_distance(key, key_of(meant), most) <= most;
}

static const char *find_trap(const char *key) {
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++)
        if (text_glob_nocase(traps[i].pattern, key))
            return traps[i].meant;
    return NULL;
}

static const char *find_by_case(const char *key, size_t length) {
    for (size_t i = 0; i < catalogue_slip_count; i++) {
        const struct catalogue_slip *meant = &catalogue_slips[i];
        if (meant->length == length && text_equal_nocase(key_of(meant), key))
            return key_of(meant);
    }
    return NULL;
}

static const char *find_slip(const char *key, size_t length) {
    uint64_t letters = catalogue_letters(key);
    for (size_t i = 0; i < catalogue_slip_count; i++)
        if (is_slip(key, length, letters, &catalogue_slips[i]))
            return key_of(&catalogue_slips[i]);
    return NULL;
}

const char *catalogue_near_miss(const char *key) {
    char trimmed[128];
    size_t start = strspn(key, " \t"), length = strlen(key + start);
    while (length > 0 && strchr(" \t", key[start + length - 1]) != NULL)
        length--;
    if (length >= sizeof trimmed)
        return NULL;
    memcpy(trimmed, key + start, length);
    trimmed[length] = '\0';
    const struct catalogue_entry *entry = catalogue_find(trimmed);
    if (entry != NULL)
        return strcmp(trimmed, key) != 0 && entry->security ? catalogue_key(entry) : NULL;
    const struct catalogue_prefix *prefix = catalogue_find_prefix(trimmed);
    if (prefix != NULL && prefix->open)
        return NULL;
    const char *near = find_trap(trimmed);
    near = near != NULL ? near : find_by_case(trimmed, length);
    return near != NULL ? near : find_slip(trimmed, length);
}
