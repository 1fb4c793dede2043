#include "sidecar/config/config_schema.h"

#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/config/config_read.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define DOTS    "^(/(?!\\.{1,2}(/|$))[^/]+)+$"
#define URL     "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\\\\\s]+/?$"

/* JSON as it is written: how deep, and whether a member stands before this one. */
struct writer {
    struct buffer *out;
    int depth;
    bool follows;
};

static void put_text(struct writer *w, const char *text) {
    buffer_json(w->out, text, strlen(text));
}

/* Begins a member; an item of a list has no key. */
static void put_key(struct writer *w, const char *key) {
    buffer_printf(w->out, "%s\n%*s", w->follows ? "," : "", w->depth * 2, "");
    w->follows = true;
    if (key == NULL)
        return;
    put_text(w, key);
    buffer_text(w->out, ": ");
}

static void open_member(struct writer *w, const char *key, char bracket) {
    put_key(w, key);
    buffer_char(w->out, bracket);
    w->depth++;
    w->follows = false;
}

static void close_member(struct writer *w, char bracket) {
    w->depth--;
    if (w->follows)
        buffer_printf(w->out, "\n%*s", w->depth * 2, "");
    buffer_char(w->out, bracket);
    w->follows = true;
}

static void put_string(struct writer *w, const char *key, const char *text) {
    put_key(w, key);
    put_text(w, text);
}

/* A number, a truth value, or JSON of one line. */
static void put_plain(struct writer *w, const char *key, const char *text) {
    put_key(w, key);
    buffer_text(w->out, text);
}

static void put_number(struct writer *w, const char *key, uint64_t number) {
    put_key(w, key);
    buffer_printf(w->out, "%llu", (unsigned long long)number);
}

/* What config_is_word takes, as a regular expression. */
static void put_word_pattern(struct writer *w, const char *others) {
    struct buffer pattern = buffer_make(LIMIT_ERROR_WHAT);
    buffer_text(&pattern, "^[A-Za-z0-9");
    for (const char *p = others; *p != '\0'; p++)
        buffer_printf(&pattern, "%s%c", *p == '-' ? "\\" : "", *p);
    buffer_text(&pattern, "]+$");
    if (buffer_status(&pattern) == 0)
        put_string(w, "pattern", pattern.data);
    else
        w->out->failed = true;
    buffer_free(&pattern);
}

static void put_section_rules(struct writer *w, const struct config_section *section);

static void put_section(struct writer *w, const struct config_key *key) {
    put_section_rules(w, key->section);
}

static void put_word(struct writer *w, const struct config_key *key) {
    put_string(w, "type", "string");
    if (key->pattern != NULL)
        put_string(w, "pattern", key->pattern);
    else
        put_word_pattern(w, key->others);
    put_number(w, "maxLength", key->most);
}

static void put_each(struct writer *w, const struct config_key *key) {
    put_plain(w, "type", "[\"object\", \"null\"]");
    open_member(w, "propertyNames", '{');
    put_word(w, key);
    close_member(w, '}');
    open_member(w, "additionalProperties", '{');
    put_section_rules(w, key->section);
    close_member(w, '}');
}

static void put_properties(struct writer *w, const struct config_key *key) {
    put_string(w, "type", "object");
    put_number(w, "minProperties", 1);
    put_number(w, "maxProperties", key->most);
    put_plain(w, "additionalProperties",
              "{\"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1}");
}

static void put_reference(struct writer *w, const struct config_key *key) {
    (void)key;
    put_string(w, "type", "string");
    put_string(w, "pattern", "^\\$\\{[A-Za-z0-9_-]+(\\.[A-Za-z0-9_.-]+)?\\}$");
}

static void put_any_text(struct writer *w, const struct config_key *key) {
    (void)key;
    put_string(w, "type", "string");
    put_number(w, "minLength", 1);
}

static void put_path(struct writer *w, const struct config_key *key) {
    put_any_text(w, key);
    put_number(w, "maxLength", key->most - 1);
}

static void put_directory(struct writer *w, const struct config_key *key) {
    put_path(w, key);
    put_string(w, "pattern", DOTS);
}

static void put_period(struct writer *w, const struct config_key *key) {
    (void)key;
    put_string(w, "type", "string");
    put_string(w, "pattern", "^[0-9]+(ms|s|m|h)$");
}

static void put_range(struct writer *w, const struct config_key *key) {
    put_string(w, "type", "integer");
    put_number(w, "minimum", key->least);
    put_number(w, "maximum", key->most);
}

static void put_switch(struct writer *w, const struct config_key *key) {
    (void)key;
    put_string(w, "type", "boolean");
}

static void put_choice(struct writer *w, const struct config_key *key) {
    open_member(w, "enum", '[');
    for (const char *const *choice = key->choices; *choice != NULL; choice++)
        put_string(w, NULL, *choice);
    close_member(w, ']');
}

static void put_list(struct writer *w, const struct config_key *key) {
    put_string(w, "type", "array");
    put_number(w, "minItems", key->least);
    put_number(w, "maxItems", key->most);
    put_plain(w, "uniqueItems", "true");
}

static void put_words(struct writer *w, const struct config_key *key) {
    put_list(w, key);
    open_member(w, "items", '{');
    put_string(w, "type", "string");
    put_word_pattern(w, key->others);
    put_number(w, "maxLength", LIMIT_SECRET_NAME);
    close_member(w, '}');
}

static void put_address(struct writer *w, const struct config_key *key) {
    (void)key;
    put_string(w, "type", "string");
    put_string(w, "pattern", URL);
}

static void put_addresses(struct writer *w, const struct config_key *key) {
    put_list(w, key);
    open_member(w, "items", '{');
    put_address(w, key);
    close_member(w, '}');
}

static void (*const type_rules[CONFIG_TYPES])(struct writer *, const struct config_key *) = {
    [CONFIG_SECTION] = put_section,       [CONFIG_EACH] = put_each,
    [CONFIG_PROPERTIES] = put_properties, [CONFIG_REFERENCE] = put_reference,
    [CONFIG_TEXT] = put_any_text,         [CONFIG_PATH] = put_path,
    [CONFIG_DIRECTORY] = put_directory,   [CONFIG_PERIOD] = put_period,
    [CONFIG_NUMBER] = put_range,          [CONFIG_SWITCH] = put_switch,
    [CONFIG_CHOICE] = put_choice,         [CONFIG_WORD] = put_word,
    [CONFIG_WORDS] = put_words,           [CONFIG_ADDRESS] = put_address,
    [CONFIG_ADDRESSES] = put_addresses};

/* Whether a value of this type is a JSON string, and not JSON as it is written. */
static bool is_text(enum config_type type) {
    static const bool plain[CONFIG_TYPES] = {
        [CONFIG_EACH] = true,   [CONFIG_PROPERTIES] = true, [CONFIG_NUMBER] = true,
        [CONFIG_SWITCH] = true, [CONFIG_WORDS] = true,      [CONFIG_ADDRESSES] = true};
    return !plain[type];
}

static void put_value(struct writer *w, const char *key, const char *value, bool text) {
    (text ? put_string : put_plain)(w, key, value);
}

static void put_property(struct writer *w, const struct config_key *key) {
    open_member(w, key->name, '{');
    put_string(w, "description", key->help);
    type_rules[key->type](w, key);
    if (key->standard != NULL)
        put_value(w, "default", key->standard, is_text(key->type));
    if (key->sample != NULL) {
        open_member(w, "examples", '[');
        put_value(w, NULL, key->sample, is_text(key->type));
        close_member(w, ']');
    }
    close_member(w, '}');
}

static void put_one_of(struct writer *w, const char *const *names) {
    open_member(w, "oneOf", '[');
    for (const char *const *name = names; *name != NULL; name++) {
        put_key(w, NULL);
        buffer_text(w->out, "{\"required\": [");
        put_text(w, *name);
        buffer_text(w->out, "]}");
    }
    close_member(w, ']');
}

static void put_section_rules(struct writer *w, const struct config_section *section) {
    bool needs = config_needs_keys(section);
    put_plain(w, "type", needs ? "\"object\"" : "[\"object\", \"null\"]");
    put_plain(w, "additionalProperties", "false");
    if (section->one_of != NULL)
        put_one_of(w, section->one_of);
    open_member(w, "required", '[');
    for (size_t i = 0; i < section->count; i++)
        if (section->keys[i].required)
            put_string(w, NULL, section->keys[i].name);
    close_member(w, ']');
    open_member(w, "properties", '{');
    for (size_t i = 0; i < section->count; i++)
        if (section->keys[i].type != CONFIG_LATER)
            put_property(w, &section->keys[i]);
    close_member(w, '}');
}

void config_schema(struct buffer *out) {
    struct writer w = {.out = out, .depth = 1};
    buffer_char(out, '{');
    put_string(&w, "$schema", DIALECT);
    put_string(&w, "title", "arrestor.yaml");
    put_string(&w, "description",
               "Which secrets a Spark job gets, as which files, and what it is judged by.");
    put_section_rules(&w, &config_top);
    close_member(&w, '}');
    buffer_char(out, '\n');
}
