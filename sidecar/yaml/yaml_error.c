#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/yaml/yaml_tree.h"

/* Keys whose values are never shown, not even in the line that is at fault. */
static bool is_secret_key(const char *key) {
    static const char *const globs[] = {"*password*", "*passwd*",    "*pwd*",        "*passphrase*",
                                        "*secret*",   "*token*",     "*credential*", "*private*",
                                        "*.key",      "*access*key*"};
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++)
        if (text_glob_nocase(globs[i], key))
            return true;
    return false;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-/", c) != NULL);
}

/* End of the value that begins at p: its closing quote, or what ends a plain one,
 * which depends on whether it stands in { }. */
static char *value_end(char *p, bool in_braces) {
    char quote = *p;
    if (quote != '"' && quote != '\'')
        return p + strcspn(p, in_braces ? ",}" : "");
    for (p++; *p != '\0' && *p != quote; p++)
        if (quote == '"' && *p == '\\' && p[1] != '\0')
            p++;
    return p;
}

/* Whether the value at p is nothing but one reference ${…}. */
static bool is_reference(const char *p, bool in_braces) {
    bool quoted = *p == '"' || *p == '\'';
    const char *end = text_starts(p + quoted, "${") ? strchr(p, '}') : NULL;
    if (end == NULL || (quoted && end[1] != *p))
        return false;
    if (quoted)
        return true;
    end += 1 + strspn(end + 1, " \t");
    return *end == '\0' || *end == '#' || (in_braces && strchr(",}", *end) != NULL);
}

/* Stars out the value at p, unless it is a reference or a structure. */
static char *star_value(char *p, bool in_braces) {
    p += strspn(p, " \t");
    if (*p == '{' || *p == '#' || is_reference(p, in_braces))
        return p;
    char *end = value_end(p, in_braces);
    p += *p == '"' || *p == '\'' ? 1 : 0;
    memset(p, '*', (size_t)(end - p));
    return end;
}

/* Looks at the word at p and at what follows it; gives where to look next. */
static char *star_word(char *p, size_t length, bool leads, bool in_braces) {
    char *after = p + length;
    char kept = *after;
    *after = '\0';
    bool secret = is_secret_key(p);
    *after = kept;
    after += strspn(after, "\"'");
    size_t blanks = strspn(after, " \t");
    bool assigned = after[blanks] == ':' || after[blanks] == '=';
    if (!secret || (!assigned && (!leads || blanks == 0)))
        return after;
    return star_value(after + blanks + (assigned ? 1 : 0), in_braces);
}

/* The same length goes back, so that the caret still fits. */
static void star_secrets(char *line) {
    const char *start = line + strspn(line, " \t\"'");
    const char *brace = strchr(line, '{');
    for (char *p = line; *p != '\0';) {
        size_t length = 0;
        while (is_word(p[length]))
            length++;
        /* A line of a properties file, where no ':' is needed, may have come here. */
        p = length == 0 ? p + 1 : star_word(p, length, p == start, brace != NULL && brace < p);
    }
}

/* A user and password in a URL: all between "://" and the line's last '@', which
 * may have been cut off. */
static void star_userinfo(char *line) {
    char *p = strstr(line, "://"), *end = strrchr(line, '@');
    if (end == NULL && strlen(line) >= LIMIT_ERROR_EXCERPT - 1)
        end = line + strlen(line);
    if (p != NULL && end != NULL && end > p + strlen("://"))
        memset(p + strlen("://"), '*', (size_t)(end - p) - strlen("://"));
}

static int place_error(const struct yaml_source *source, size_t line, size_t column,
                       struct error *err) {
    error_at(err, source->name, line, column);
    error_excerpt(err, source->bytes, source->length, line);
    size_t length = strlen(err->excerpt);
    if (length > 0 && err->excerpt[length - 1] == '\r')
        err->excerpt[length - 1] = '\0';
    star_secrets(err->excerpt);
    star_userinfo(err->excerpt);
    return -1;
}

static int write_error(const struct yaml_source *source, size_t line, size_t column,
                       struct error *err, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));

static int write_error(const struct yaml_source *source, size_t line, size_t column,
                       struct error *err, const char *format, va_list args) {
    char what[LIMIT_ERROR_WHAT];
    (void)vsnprintf(what, sizeof what, format, args);
    error_set(err, (enum error_code)source->code, "%s", what);
    return place_error(source, line, column, err);
}

int yaml_error(const struct yaml_source *source, size_t line, size_t column, struct error *err,
               const char *format, ...) {
    va_list args;
    va_start(args, format);
    write_error(source, line, column, err, format, args);
    va_end(args);
    return -1;
}

int yaml_error_value(const struct yaml_source *source, const struct yaml_node *node,
                     struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    write_error(source, node->line, node->column, err, format, args);
    va_end(args);
    return -1;
}

int yaml_error_key(const struct yaml_source *source, const struct yaml_node *node,
                   struct error *err, const char *format, ...) {
    bool keyed = node->key != NULL;
    va_list args;
    va_start(args, format);
    write_error(source, keyed ? node->key_line : node->line,
                keyed ? node->key_column : node->column, err, format, args);
    va_end(args);
    return -1;
}
