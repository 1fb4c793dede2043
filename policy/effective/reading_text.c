#include "policy/effective/reading_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/effective/reading.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

#define REFERENCES_MOST                                                                            \
    20 /* within one another: Hadoop's own bound; Spark has none but the circle */
#define RESOLVED_MOST 4096 /* of one value in all: what has more is not told */
#define NAME_MOST     512  /* no key and no variable is longer */

static const char *translate(const struct reading_scope *scope,
                             const struct catalogue_alternative *older, const char *value,
                             bool *invalid) {
    char *end = NULL;
    if (older->times == 1 && older->unit[0] == '\0')
        return value;
    if (older->times == 1)
        return arena_printf(scope->arena, "%s%s", value, older->unit);
    double number = strtod(value, &end);
    *invalid = end == value || *end != '\0' || !(number >= 0 && number < 1e12);
    return *invalid ? value
                    : arena_printf(scope->arena, "%lld%s", (long long)(number * older->times),
                                   older->unit);
}

int reading_find(const struct reading_scope *scope, const char *key,
                 const struct catalogue_entry *entry, struct reading_text *ret, struct error *err) {
    const struct effective *conf = scope->conf;
    struct catalogue_alternative older;
    *ret = (struct reading_text){.setting = effective_find(conf, key), .own = true};
    if (ret->setting != NULL) {
        ret->value = ret->setting->value;
        return 0;
    }
    for (size_t i = 0;
         entry != NULL && catalogue_alternative(entry, scope->major, scope->minor, i, &older);
         i++) {
        ret->setting = effective_find(conf, older.key);
        if (ret->setting == NULL)
            continue;
        ret->own = false;
        ret->value = translate(scope, &older, ret->setting->value, &ret->invalid);
        return ret->value == NULL ? reading_out_of_memory(err) : 0;
    }
    return 0;
}

/* Names that are being resolved, from the innermost outwards. */
struct open_names {
    const char *name;
    const struct open_names *outer;
    size_t depth;
};

struct resolver {
    const struct reading_scope *scope;
    enum reading_state state;
    size_t resolved; /* references until now */
    bool failed;     /* memory is exhausted */
};

static const char *resolve(struct resolver *r, const char *text, const struct open_names *outer);

static void weaken(struct resolver *r, enum reading_state state) {
    if (r->state != READING_INVALID)
        r->state = state;
}

static bool is_white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* End of a name that begins there and has one character at least, at its '}', or NULL. */
static const char *name_end(const char *start) {
    const char *p = start;
    if (*p == '\0' || is_white(*p))
        return NULL;
    for (p++; *p != '\0' && !is_white(*p) && p - start < NAME_MOST; p++)
        if (*p == '}')
            return p;
    return NULL;
}

/* ${name} or ${prefix:name} at p: where it ends, and where its name begins. */
static const char *find_reference(const char *p, const char **name) {
    const char *start = p + 2, *colon = start;
    while (is_word(*colon))
        colon++;
    *name = start;
    if (colon > start && *colon == ':') {
        const char *end = name_end(colon + 1);
        if (end != NULL) {
            *name = colon + 1;
            return end;
        }
    }
    return name_end(start);
}

/* Hadoop: \$\{[^\}\$ ]+\}. */
static const char *find_hadoop(const char *p, const char **name) {
    size_t length = 0;
    while (length < NAME_MOST && p[2 + length] != '\0' && strchr("}$ ", p[2 + length]) == NULL)
        length++;
    *name = p + 2;
    return length > 0 && p[2 + length] == '}' ? p + 2 + length : NULL;
}

/* The value of a key, or its default, as another key's text refers to it; NULL: none. */
static const char *look_up(struct resolver *r, const char *key, bool set) {
    const struct reading_scope *scope = r->scope;
    const struct effective *conf = scope->conf;
    struct reading_text text = {0};
    struct error ignored;
    if (set && text_starts(key, "spark.") &&
        reading_find(scope, key, catalogue_find(key), &text, &ignored) != 0)
        r->failed = true;
    if (text.setting != NULL) {
        weaken(r, text.invalid ? READING_INVALID : r->state);
        return text.value;
    }
    if (set && text_starts(key, "spark.") && conf->open != NULL)
        weaken(r, READING_UNKNOWN);
    for (size_t i = 0; i < REFERENCES_MOST && key != NULL; i++) {
        const struct catalogue_entry *entry = catalogue_find(key);
        const char *value = catalogue_default_of(entry, scope->major, scope->minor);
        if (entry == NULL || entry->kind == KIND_TEXT)
            return NULL;
        if (value != NULL)
            return value;
        key = catalogue_fallback(entry, scope->major, scope->minor);
        if (key != NULL && effective_find(conf, key) != NULL)
            return effective_find(conf, key)->value;
    }
    return NULL;
}

static const char *look_up_variable(struct resolver *r, const char *name) {
    if (r->scope->environment == NULL) {
        weaken(r, READING_UNKNOWN);
        return NULL;
    }
    return text_variable(r->scope->environment, name);
}

/* What Spark puts in place of prefix:name, NULL where the text stays as it is. */
static const char *find_value(struct resolver *r, const char *prefix, const char *name) {
    const char *value = NULL;
    if (prefix[0] == '\0')
        return look_up(r, name, true);
    if (strcmp(prefix, "env") == 0)
        value = look_up_variable(r, name);
    else if (strcmp(prefix, "system") == 0)
        weaken(r, READING_UNKNOWN);
    else
        return NULL;
    return value != NULL ? value : look_up(r, name, false);
}

/* ${env.X}, ${env.X-default}, ${env.X:-default}: what stands behind "env.". */
static const char *find_hadoop_variable(struct resolver *r, const char *text) {
    size_t length = 0;
    while (text[length] != '\0' && text[length] != '-' &&
           !(text[length] == ':' && text[length + 1] == '-'))
        length++;
    const char *sign = text + length, *name = arena_text(r->scope->arena, text, length);
    r->failed = r->failed || name == NULL;
    const char *value = name == NULL ? NULL : look_up_variable(r, name);
    if (value != NULL && (value[0] != '\0' || sign[0] != ':'))
        return value;
    return sign[0] == '-' ? sign + 1 : sign[0] == ':' ? sign + 2 : NULL;
}

/* The JVM's system properties come first; what is no key of ours may stand in
 * core-site.xml. */
static const char *find_hadoop_value(struct resolver *r, const char *name) {
    if (text_starts(name, "env.") && name[4] != '\0')
        return find_hadoop_variable(r, name + 4);
    const char *key = arena_printf(r->scope->arena, "spark.hadoop.%s", name);
    const struct setting *found = key == NULL ? NULL : effective_find(r->scope->conf, key);
    r->failed = r->failed || key == NULL;
    if (found == NULL)
        weaken(r, READING_UNKNOWN);
    return found == NULL ? NULL : found->value;
}

/* Hadoop: one reference after the other, from the left, each in the text that the one
 * before it left; one that is bound to nothing ends it, one that holds itself undoes it. */
static const char *resolve_hadoop(struct resolver *r, const char *text) {
    const char *now = text;
    for (size_t i = 0; i < REFERENCES_MOST && !r->failed; i++) {
        const char *start = now, *name = NULL, *end = NULL;
        while ((start = strstr(start, "${")) != NULL && (end = find_hadoop(start, &name)) == NULL)
            start++;
        if (end == NULL)
            return now;
        const char *plain = arena_text(r->scope->arena, name, (size_t)(end - name));
        const char *whole = arena_text(r->scope->arena, start, (size_t)(end - start) + 1);
        const char *value = plain == NULL ? NULL : find_hadoop_value(r, plain);
        r->failed = r->failed || plain == NULL || whole == NULL;
        if (r->failed || value == NULL)
            return now;
        if (strstr(value, whole) != NULL)
            return text;
        now = arena_printf(r->scope->arena, "%.*s%s%s", (int)(start - now), now, value, end + 1);
        r->failed = now == NULL || strlen(now) > LIMIT_INPUT_BYTES;
    }
    weaken(r, READING_INVALID);
    return now == NULL ? text : now;
}

static bool is_open(const struct open_names *outer, const char *name) {
    for (; outer != NULL; outer = outer->outer)
        if (strcmp(outer->name, name) == 0)
            return true;
    return false;
}

/* Puts in place of the reference from p to end what it stands for. */
static void put_value(struct resolver *r, const char *p, const char *name, const char *end,
                      const struct open_names *outer, struct buffer *out) {
    const char *whole = arena_text(r->scope->arena, p + 2, (size_t)(end - p) - 2);
    const char *plain = arena_text(r->scope->arena, name, (size_t)(end - name));
    const char *prefix =
        arena_text(r->scope->arena, p + 2, name > p + 2 ? (size_t)(name - p) - 3 : 0);
    if (whole == NULL || plain == NULL || prefix == NULL) {
        r->failed = true;
        return;
    }
    if (++r->resolved > RESOLVED_MOST) {
        weaken(r, READING_UNKNOWN);
        return;
    }
    struct open_names here = {whole, outer, outer == NULL ? 1 : outer->depth + 1};
    if (is_open(outer, whole) || here.depth > REFERENCES_MOST) {
        r->state = READING_INVALID;
        buffer_bytes(out, p, (size_t)(end - p) + 1);
        return;
    }
    const char *value = find_value(r, prefix, plain);
    if (value == NULL)
        buffer_bytes(out, p, (size_t)(end - p) + 1);
    else
        buffer_text(out, resolve(r, value, &here));
}

static const char *resolve(struct resolver *r, const char *text, const struct open_names *outer) {
    struct buffer out = buffer_make(LIMIT_INPUT_BYTES);
    if (strstr(text, "${") == NULL)
        return text;
    while (*text != '\0') {
        const char *name = NULL, *end = NULL;
        if (text[0] == '$' && text[1] == '{')
            end = find_reference(text, &name);
        if (end == NULL) {
            buffer_char(&out, *text++);
            continue;
        }
        put_value(r, text, name, end, outer, &out);
        text = end + 1;
    }
    const char *made = buffer_status(&out) == 0 && out.length > 0
                           ? arena_text(r->scope->arena, out.data, out.length)
                           : "";
    r->failed = r->failed || buffer_status(&out) != 0 || made == NULL;
    buffer_free(&out);
    return made == NULL ? "" : made;
}

static int substitute(const struct reading_scope *scope, bool hadoop, struct reading *ret,
                      struct error *err) {
    struct resolver r = {.scope = scope, .state = READING_KNOWN};
    if (ret->state != READING_KNOWN || ret->value == NULL)
        return 0;
    const char *value = hadoop ? resolve_hadoop(&r, ret->value) : resolve(&r, ret->value, NULL);
    if (r.failed)
        return reading_out_of_memory(err);
    ret->value = value;
    ret->state = r.state == READING_KNOWN && setting_is_unknown(value) ? READING_UNKNOWN : r.state;
    return 0;
}

int reading_substitute(const struct reading_scope *scope, struct reading *ret, struct error *err) {
    return substitute(scope, false, ret, err);
}

int reading_substitute_hadoop(const struct reading_scope *scope, struct reading *ret,
                              struct error *err) {
    return substitute(scope, true, ret, err);
}

/* Java: String.trim. NULL when memory is exhausted. */
static const char *trim(const struct reading_scope *scope, const char *text) {
    size_t length = strlen(text);
    while (length > 0 && (unsigned char)text[0] <= ' ') {
        text++;
        length--;
    }
    while (length > 0 && (unsigned char)text[length - 1] <= ' ')
        length--;
    return text[length] == '\0' ? text : arena_text(scope->arena, text, length);
}

static bool is_whole_number(const char *text, bool wide) {
    char *end = NULL;
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    if (*digits < '0' || *digits > '9' || strlen(digits) > 40)
        return false;
    long long number = strtoll(text, &end, 10);
    bool overflow = (number == INT64_MAX && strstr(text, "9223372036854775807") == NULL) ||
                    (number == INT64_MIN && strstr(text, "9223372036854775808") == NULL);
    return *end == '\0' && !overflow && (wide || (number >= INT32_MIN && number <= INT32_MAX));
}

static void convert_boolean(const char *text, bool otherwise, struct reading *ret) {
    bool yes = text_equal_nocase(text, "true");
    if (!yes && !otherwise && !text_equal_nocase(text, "false"))
        ret->state = READING_INVALID;
    else
        ret->value = yes ? "true" : "false";
}

int reading_convert(const struct reading_scope *scope, enum catalogue_type type,
                    struct reading *ret, struct error *err) {
    if (ret->state != READING_KNOWN)
        return 0;
    const char *trimmed = trim(scope, ret->value);
    if (trimmed == NULL)
        return reading_out_of_memory(err);
    if (type == TYPE_BOOL_TYPED)
        convert_boolean(trimmed, false, ret);
    else if (type == TYPE_BOOL_RAW)
        convert_boolean(ret->value, false, ret);
    else if (type == TYPE_BOOL_TRANSPORT)
        convert_boolean(ret->value, true, ret);
    else if (type == TYPE_BOOL_HADOOP)
        convert_boolean(trimmed, false, ret);
    else if ((type == TYPE_INT || type == TYPE_LONG) &&
             !is_whole_number(trimmed, type == TYPE_LONG))
        ret->state = READING_INVALID;
    else if (type == TYPE_INT || type == TYPE_LONG)
        ret->value = trimmed;
    return 0;
}
