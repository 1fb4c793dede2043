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

/* Below these, anything may stand: the names are the user's or another reader's. */
static const char *const open_prefixes[] = {"spark.executorEnv.",
                                            "spark.yarn.appMasterEnv.",
                                            "spark.kubernetes.driverEnv.",
                                            "spark.sql.catalog.",
                                            "spark.hadoop.fs.s3.",
                                            "spark.hadoop.fs.s3n.",
                                            "spark.mesos.",
                                            "spark.metrics.conf.",
                                            "spark.kubernetes.driver.label.",
                                            "spark.kubernetes.executor.label."};

static bool has_open_prefix(const char *key) {
    for (size_t i = 0; i < sizeof open_prefixes / sizeof open_prefixes[0]; i++)
        if (text_starts(key, open_prefixes[i]))
            return true;
    return false;
}

/* One bit for each letter that occurs and one for each that occurs twice, so that
 * most pairs need no closer look: one slip changes at most two bits. */
static uint64_t letters_of(const char *text) {
    uint64_t once = 0, twice = 0;
    for (; *text != '\0'; text++) {
        uint64_t letter = UINT64_C(1) << (*text & 31);
        twice |= once & letter;
        once |= letter;
    }
    return once | twice << 32;
}

/* How many slips of the hand are still the same word: none in a short one. */
static size_t slips_for(size_t length) {
    return length < 10 ? 0 : length < 20 ? 1 : 2;
}

static bool is_slip(const char *key, size_t length, uint64_t letters, const char *meant) {
    size_t other = strlen(meant), most = slips_for(other);
    size_t gap = length > other ? length - other : other - length;
    if (gap > most || __builtin_popcountll(letters ^ letters_of(meant)) > (int)(2 * most))
        return false;
    return text_distance(key, meant, most) <= most;
}

static const char *find_trap(const char *key) {
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++)
        if (text_glob_nocase(traps[i].pattern, key))
            return traps[i].meant;
    return NULL;
}

static const char *find_by_case(const char *key, size_t length) {
    for (size_t i = 0; i < catalogue_count; i++) {
        const struct catalogue_entry *entry = &catalogue_entries[i];
        if (entry->security && strlen(catalogue_key(entry)) == length &&
            text_equal_nocase(catalogue_key(entry), key))
            return catalogue_key(entry);
    }
    return NULL;
}

static const char *find_slip(const char *key, size_t length) {
    uint64_t letters = letters_of(key);
    for (size_t i = 0; i < catalogue_count; i++)
        if (catalogue_entries[i].security &&
            is_slip(key, length, letters, catalogue_key(&catalogue_entries[i])))
            return catalogue_key(&catalogue_entries[i]);
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
    if (has_open_prefix(trimmed))
        return NULL;
    const char *near = find_trap(trimmed);
    near = near != NULL ? near : find_by_case(trimmed, length);
    return near != NULL ? near : find_slip(trimmed, length);
}
