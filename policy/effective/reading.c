#include "policy/effective/reading.h"

#include <string.h>

#include "policy/effective/reading_text.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Fallbacks of fallbacks: Spark has two in a row. */
#define FALLBACKS_MOST 8

int reading_out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the reading of a key");
}

/* What a text is before anything was made of it. */
static struct reading begin(const struct reading_text *text) {
    bool unknown = unknown_in(text->value) || text_is_template(text->value);
    return (struct reading){.state = text->invalid ? READING_INVALID
                                     : unknown     ? READING_UNKNOWN
                                                   : READING_KNOWN,
                            .how = text->own ? READING_OWN : READING_ALTERNATIVE,
                            .value = text->value,
                            .setting = text->setting};
}

/* The weaker of two parts decides what is known of the whole. */
static enum reading_state join_states(enum reading_state a, enum reading_state b) {
    return a == READING_INVALID || b == READING_INVALID   ? READING_INVALID
           : a == READING_UNKNOWN || b == READING_UNKNOWN ? READING_UNKNOWN
                                                          : READING_KNOWN;
}

static int read_text(const struct reading_scope *scope, const char *key,
                     const struct catalogue_entry *entry, bool substitutes, struct reading *ret,
                     struct error *err) {
    struct reading_text text;
    if (reading_find(scope, key, entry, &text, err) != 0)
        return -1;
    *ret = (struct reading){.state = READING_UNSET};
    if (text.setting == NULL)
        return 0;
    *ret = begin(&text);
    return substitutes ? reading_substitute(scope, ret, err) : 0;
}

/* Spark: ConfigEntry.readString. */
static int read_prepended(const struct reading_scope *scope, const struct catalogue_entry *entry,
                          struct reading *ret, struct error *err) {
    const char *separator = NULL;
    const char *key = catalogue_prepended(entry, scope->major, scope->minor, &separator);
    struct reading front;
    if (key == NULL)
        return 0;
    if (read_text(scope, key, catalogue_find(key), true, &front, err) != 0)
        return -1;
    if (front.state == READING_UNSET)
        return 0;
    if (ret->state == READING_UNSET) {
        *ret = front;
        ret->prepended = front.setting;
        return 0;
    }
    ret->state = join_states(ret->state, front.state);
    ret->prepended = front.setting;
    ret->value = arena_printf(scope->arena, "%s%s%s", front.value, separator, ret->value);
    return ret->value == NULL ? reading_out_of_memory(err) : 0;
}

static int read_default(const struct reading_scope *scope, const struct catalogue_entry *entry,
                        bool substitutes, struct reading *ret, struct error *err) {
    const struct effective *conf = scope->conf;
    const char *value = catalogue_default_of(entry, scope->major, scope->minor);
    if (conf->open != NULL) {
        *ret = (struct reading){.state = READING_UNKNOWN, .how = READING_DEFAULT};
        return 0;
    }
    *ret = (struct reading){.state = value == NULL ? READING_UNSET : READING_KNOWN,
                            .how = READING_DEFAULT,
                            .value = value};
    return substitutes ? reading_substitute(scope, ret, err) : 0;
}

static int read_as(const struct reading_scope *scope, const char *key,
                   const struct catalogue_entry *entry, enum catalogue_type type, bool substitutes,
                   struct reading *ret, struct error *err) {
    const char *at = key;
    bool by_version = false;
    for (int i = 0; i < FALLBACKS_MOST && at != NULL; i++) {
        if (read_text(scope, at, entry, substitutes, ret, err) != 0 ||
            (entry != NULL && read_prepended(scope, entry, ret, err) != 0))
            return -1;
        if (ret->state != READING_UNSET && i == 0 && ret->how == READING_OWN)
            return reading_convert(scope, type, ret, err);
        by_version = by_version || (entry != NULL && catalogue_varies(entry));
        ret->by_version = by_version;
        if (ret->state != READING_UNSET) {
            ret->how = i > 0 ? READING_FALLBACK : ret->how;
            return reading_convert(scope, type, ret, err);
        }
        const char *next =
            entry == NULL ? NULL : catalogue_fallback(entry, scope->major, scope->minor);
        if (next == NULL)
            break;
        at = next;
        entry = catalogue_find(at);
    }
    if (read_default(scope, entry, substitutes, ret, err) != 0)
        return -1;
    ret->by_version = by_version;
    return reading_convert(scope, type, ret, err);
}

int reading_typed(const struct reading_scope *scope, const char *key, struct reading *ret,
                  struct error *err) {
    const struct catalogue_entry *entry = catalogue_find(key);
    enum catalogue_type type = entry == NULL ? TYPE_STRING : (enum catalogue_type)entry->type;
    if (type == TYPE_BOOL_RAW || type == TYPE_BOOL_TRANSPORT)
        type = TYPE_BOOL_TYPED;
    return read_as(scope, key, entry, type, true, ret, err);
}

/* Hadoop: Configuration.getBoolean takes the default for what is neither true nor false. */
static int convert_hadoop(const struct reading_scope *scope, const struct catalogue_entry *entry,
                          enum catalogue_type type, struct reading *ret, struct error *err) {
    bool known = ret->state == READING_KNOWN;
    if (reading_convert(scope, type, ret, err) != 0)
        return -1;
    if (known && ret->state == READING_INVALID && type == TYPE_BOOL_HADOOP) {
        const char *value = catalogue_default_of(entry, scope->major, scope->minor);
        ret->value = value == NULL ? "false" : value;
        ret->state = READING_KNOWN;
    }
    return 0;
}

static int read_hadoop(const struct reading_scope *scope, const char *key,
                       const struct catalogue_entry *entry, enum catalogue_type type,
                       struct reading *ret, struct error *err) {
    if (read_text(scope, key, entry, false, ret, err) != 0)
        return -1;
    if (ret->state == READING_UNSET) {
        if (read_default(scope, entry, false, ret, err) != 0)
            return -1;
        ret->by_version = entry != NULL && catalogue_varies(entry);
    } else if (reading_substitute_hadoop(scope, ret, err) != 0) {
        return -1;
    }
    return convert_hadoop(scope, entry, type, ret, err);
}

/* Hadoop: S3AUtils.propagateBucketOptions puts what is set for a bucket over what is set for
 * all. */
static int read_bucket(const struct reading_scope *scope, const char *key, struct reading *ret,
                       struct error *err) {
    const struct catalogue_entry *entry = catalogue_reader(key);
    enum catalogue_type type = entry == NULL ? TYPE_STRING : (enum catalogue_type)entry->type;
    const char *of_all = effective_find(scope->conf, key) != NULL ? NULL : catalogue_of_all(key);
    if (read_hadoop(scope, of_all != NULL ? of_all : key, entry, type, ret, err) != 0)
        return -1;
    if (of_all != NULL && ret->setting != NULL)
        ret->how = READING_FALLBACK;
    return 0;
}

int reading_of(const struct reading_scope *scope, const char *key, struct reading *ret,
               struct error *err) {
    const struct catalogue_entry *entry = catalogue_find(key);
    enum catalogue_type type = entry == NULL ? TYPE_STRING : (enum catalogue_type)entry->type;
    if (reading_is_ssl(key))
        return reading_ssl(scope, key, ret, err);
    if (text_starts(key, "spark.hadoop."))
        return read_bucket(scope, key, ret, err);
    return read_as(scope, key, entry, type, entry != NULL && entry->substitutes, ret, err);
}

bool reading_is_true(const struct reading *reading) {
    return reading->state == READING_KNOWN && strcmp(reading->value, "true") == 0;
}

bool reading_is_false(const struct reading *reading) {
    return reading->state == READING_UNSET ||
           (reading->state == READING_KNOWN && strcmp(reading->value, "false") == 0);
}
