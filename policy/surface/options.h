/* options.h: the options of spark-submit. Used by arguments.c. Pure. */
#ifndef ARRESTOR_POLICY_OPTIONS_H
#define ARRESTOR_POLICY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/arguments.h"

/* What spark-submit does with an option. */
enum form {
    FORM_VALUE,    /* kept under its argument_id */
    FORM_CONF,     /* KEY=VALUE */
    FORM_SETTING,  /* becomes a setting where it stands, as --conf would */
    FORM_FILE,     /* --properties-file */
    FORM_EXTRA,    /* --extra-properties-file */
    FORM_ACTION,   /* takes a value, launches nothing */
    FORM_DEFAULTS, /* switches from here on: no value, an attached one is ignored */
    FORM_SUPERVISE,
    FORM_VERBOSE,
    FORM_HELP
};

struct option_form {
    const char *name;
    enum form form;
    enum argument_id id; /* FORM_VALUE */
    const char *key;     /* FORM_SETTING */
};

/* The option of exactly this name, or NULL. */
const struct option_form *option_find(const char *name);

/* The same for the first `length` bytes of text. */
const struct option_form *option_of(const char *text, size_t length);

/* Whether an option of that form takes a value. */
bool option_takes_value(enum form form);

/* The name that is a few letters away from this one, or NULL. */
const char *option_nearest(const char *name);

#endif
