/* setting.h: key, value and origin, as every surface gives them. Pure. */
#ifndef ARRESTOR_POLICY_SURFACE_SETTING_H
#define ARRESTOR_POLICY_SURFACE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

enum origin_kind {
    ORIGIN_FILE,        /* file, line, column */
    ORIGIN_ARGV,        /* argv: index into the vector after `--`, 0 = spark-submit */
    ORIGIN_ENVIRONMENT, /* variable */
    ORIGIN_ARRESTOR,    /* injected by arrestor run */
    ORIGIN_UNSET        /* nobody set it; file and line (or argv) say where it would go */
};

/* How a setting is written at a place. */
enum written_form {
    WRITTEN_UNTOLD,   /* as in a file of properties, where there is a file */
    WRITTEN_PROPERTY, /* KEY VALUE */
    WRITTEN_COMMAND,  /* --conf KEY=VALUE */
    WRITTEN_YAML,     /* KEY: "VALUE" */
    WRITTEN_JSON,     /* "KEY": "VALUE" */
    WRITTEN_CALL,     /* .config("KEY", "VALUE") */
};

struct origin {
    enum origin_kind kind;
    enum written_form form;
    const char *file;
    size_t line, column; /* 1-based */
    size_t argv;
    const char *variable;
};

struct setting {
    const char *key;
    const char *value;
    struct origin origin;             /* where the key stands */
    struct origin value_origin;       /* where the value stands (same file, later column) */
    const struct setting *overridden; /* what it beat: the next weaker one, or NULL */
};

/* Settings in the order of their source, duplicates kept. Bytes that are not
 * UTF-8 were read as U+FFFD; invalid_line says where the first stood (0: none). */
struct setting_list {
    const struct setting *items;
    size_t count;
    size_t invalid_line, invalid_column;
};

/* Something a reader should know that is no setting: a properties file that
 * switches spark-defaults.conf off, an option after the application … */
struct note {
    struct origin origin;
    const char *text; /* one sentence, never with a value */
};

/* Whether this value cannot be told here: a part of it is unknown (unknown.h), or
 * something is yet to be filled in: "{{ … }}", "{% … %}", "<% … %>". A rule about
 * it ends in unknown. */
bool setting_is_unknown(const char *value);

/* Whether a key may be any setting: a part of it is unknown, and what is known before is no
 * family whose members are named freely (the secrets of a driver's pod). */
bool setting_is_any(const char *key);

/* One line for messages: "conf/spark-defaults.conf:3:1", "argument 4",
 * "environment variable MASTER", "arrestor". Written into text (always
 * terminated, cut to size). */
void origin_describe(const struct origin *origin, char *text, size_t size);

#endif
