#include <string.h>

#include "policy/plaintext/plaintext.h"
#include "policy/plaintext/plaintext_table.h"
#include "sidecar/base/text.h"

#define LOOK_MAX 256

/* Secrets that everybody tries first. */
static const char *const well_known[] = {
    "admin",    "admin123", "administrator", "changeit",    "changeme",   "change-me",   "guest",
    "hadoop",   "hive",     "minio",         "minio123",    "minioadmin", "miniosecret", "pass",
    "passw0rd", "password", "password1",     "password123", "postgres",   "qwerty",      "root",
    "rootpass", "secret",   "secret123",     "secretkey",   "spark",      "superset",    "test",
    "test123",  "toor",     "123456",        "12345678",
};

/* Markers that somebody or something is to replace. */
static const char *const markers[] = {
    "<*>",           "{{*",      "*}}",        "{%*%}",       "<%*%>",
    "@*@",           "__*__",    "%*%",        "replace?me*", "replaceme*",
    "replace_with*", "your?*",   "insert?*",   "*?here",      "todo",
    "tbd",           "fixme",    "...",        "dummy*",      "placeholder*",
    "example",       "redacted", "(redacted)", "*(redacted)", "to?be?replaced*",
    "change?this*",
};

static bool matches(const char *const *patterns, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (text_glob_nocase(patterns[i], text))
            return true;
    return false;
}

/* "xxxx", "****", "----": one character again and again. */
static bool is_filler(const char *text) {
    size_t length = strlen(text);
    return length >= 3 && strchr("xX*#.-_?", text[0]) != NULL &&
           strspn(text, (char[]){text[0], '\0'}) == length;
}

static bool is_identifier(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return length > 0;
}

/* ${env:NAME}, ${system:name}, ${spark.key}; no defaults. Spark: ConfigReader. */
static bool spark_resolves(const char *name, size_t length) {
    if (length > 4 && strncmp(name, "env:", 4) == 0)
        return is_identifier(name + 4, length - 4);
    return (length > 7 && strncmp(name, "system:", 7) == 0) ||
           (length > 6 && strncmp(name, "spark.", 6) == 0);
}

/* ${env.NAME}, and ${name} of a system property or another Hadoop key, which have
 * a dot in them. Hadoop: Configuration.substituteVars. */
static bool hadoop_resolves(const char *name, size_t length) {
    if (length > 4 && strncmp(name, "env.", 4) == 0)
        return is_identifier(name + 4, length - 4);
    return memchr(name, '.', length) != NULL && memchr(name, ':', length) == NULL;
}

/* NAME as shells write it. No reader of Spark or Hadoop knows it, so either its
 * text is the secret, or a tool such as envsubst fills it in before the launch. */
static bool is_shell_name(const char *name, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (name[i] >= 'a' && name[i] <= 'z')
            return false;
    return is_identifier(name, length);
}

static enum value_class reference_class(const char *name, size_t length, enum key_reader reader) {
    bool stackable = length > 5 && strncmp(name, "file:", 5) == 0;
    bool resolved = stackable || (reader == READER_SPARK && spark_resolves(name, length)) ||
                    (reader == READER_HADOOP && hadoop_resolves(name, length));
    if (resolved)
        return VALUE_REFERENCE;
    bool open =
        reader == READER_ENVIRONMENT || reader == READER_UNKNOWN || is_shell_name(name, length);
    return open ? VALUE_PLACEHOLDER : VALUE_FALSE_REFERENCE;
}

/* A default in ${env.X:-default} is what is used when the variable is missing. */
static const char *hadoop_default(const char *name, size_t length) {
    const char *dash =
        length > 4 && strncmp(name, "env.", 4) == 0 ? memchr(name, '-', length) : NULL;
    return dash == NULL ? NULL : dash + 1;
}

/* References that another tool resolves before Spark sees the value. */
static bool is_foreign_reference(const char *text) {
    static const char *const patterns[] = {"{{secrets/*}}", "{{resolve:*}}", "EMR.secret@*",
                                           "vault:*", "arn:aws:secretsmanager:*"};
    return matches(patterns, sizeof patterns / sizeof patterns[0], text);
}

static bool is_number_or_duration(const char *text) {
    size_t digits = strspn(text, "-+.0123456789");
    static const char *const units[] = {"", "ms", "s", "m", "h", "d", "min", "k", "kb", "mb", "g"};
    for (size_t i = 0; digits > 0 && i < sizeof units / sizeof units[0]; i++)
        if (text_equal_nocase(text + digits, units[i]))
            return true;
    return false;
}

/* com.example.Provider: lower-case words, then one with a capital. */
static bool is_class_name(const char *text) {
    const char *dot = strrchr(text, '.');
    if (dot == NULL || dot == text || strchr(text, '.') == dot || dot[1] < 'A' || dot[1] > 'Z')
        return false;
    for (const char *p = text; p < dot; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '.' && *p != '_')
            return false;
    return is_identifier(
        dot + 1,
        strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$_"));
}

static bool is_location(const char *text) {
    const char *scheme = strstr(text, "://");
    bool url = scheme != NULL && scheme != text && is_identifier(text, strcspn(text, "+:@")) &&
               strchr(scheme, '@') == NULL;
    bool path = (text[0] == '/' || text_starts(text, "./") || text_starts(text, "~/")) &&
                strchr(text + 1, '/') != NULL;
    return path || url || text_starts(text, "jceks:") || text_starts(text, "localjceks:") ||
           text_starts(text, "file:");
}

static bool is_harmless(const char *text, enum key_family family) {
    if (family == FAMILY_EXACT)
        return false;
    bool number = family == FAMILY_SOUNDING && is_number_or_duration(text);
    return number || text_equal_nocase(text, "true") || text_equal_nocase(text, "false") ||
           text_equal_nocase(text, "null") || text_equal_nocase(text, "none") ||
           is_class_name(text) || is_location(text);
}

/* "${name}" and nothing else. */
static bool is_reference(const char *text, size_t length) {
    return length > 3 && text_starts(text, "${") && text[length - 1] == '}' &&
           memchr(text + 2, '{', length - 2) == NULL && memchr(text, '}', length - 1) == NULL;
}

/* "$NAME" of a shell, "$(NAME)" of Kubernetes. */
static bool is_variable(const char *text, size_t length) {
    return text[0] == '$' &&
           ((text[1] == '(' && text[length - 1] == ')') || is_identifier(text + 1, length - 1));
}

static enum value_class look_at(const char *text, size_t length, enum key_reader reader,
                                enum key_family family) {
    if (is_reference(text, length)) {
        const char *fallback =
            reader == READER_HADOOP ? hadoop_default(text + 2, length - 3) : NULL;
        return fallback == NULL     ? reference_class(text + 2, length - 3, reader)
               : fallback[0] == '}' ? VALUE_REFERENCE
                                    : VALUE_LITERAL;
    }
    if (is_foreign_reference(text))
        return VALUE_REFERENCE;
    if (is_variable(text, length))
        return reader == READER_ENVIRONMENT || reader == READER_UNKNOWN ? VALUE_REFERENCE
                                                                        : VALUE_PLACEHOLDER;
    if (text_is_template(text) || is_filler(text) ||
        matches(markers, sizeof markers / sizeof markers[0], text))
        return VALUE_PLACEHOLDER;
    if (matches(well_known, sizeof well_known / sizeof well_known[0], text))
        return VALUE_WELL_KNOWN;
    return is_harmless(text, family) ? VALUE_HARMLESS : VALUE_LITERAL;
}

enum value_class plaintext_look(const char *text, size_t length, enum key_reader reader,
                                enum key_family family) {
    char copy[LOOK_MAX];
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    if (length == 0)
        return VALUE_EMPTY;
    if (length >= sizeof copy)
        return VALUE_LITERAL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return look_at(copy, length, reader, family);
}

enum value_class plaintext_classify(const char *key, const char *value) {
    enum key_family family = plaintext_family(key);
    return plaintext_look(value, strlen(value), plaintext_reader(key),
                          family == FAMILY_NONE ? FAMILY_SOUNDING : family);
}

bool plaintext_must_redact(const char *key, const char *value) {
    size_t offset = 0, length = 0;
    if (plaintext_find_embedded(key, value, &offset, &length))
        return true;
    if (!plaintext_key_is_shy(key))
        return false;
    enum value_class look = plaintext_classify(key, value);
    return look != VALUE_EMPTY && look != VALUE_REFERENCE && look != VALUE_HARMLESS;
}
