/* explain.h: what a fault of a round means for people. Pure.
 *
 * A round tells only a code, a place in the configuration and an HTTP status,
 * because whatever a store says could hold a value. What people read is made
 * here, from one table and from arrestor.yaml. */
#ifndef ARRESTOR_WARDEN_EXPLAIN_H
#define ARRESTOR_WARDEN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/error.h"

struct config;

struct explain_fault {
    enum error_code code;
    bool has_position;
    uint32_t position;    /* secret or file, by configuration order */
    uint32_t detail;      /* HTTP status; with STORE_CA, STORE_TLS: X509_V_ERR_…; or 0 */
    uint32_t address;     /* of the store that was asked */
    const char *location; /* where a store redirects to, or "" */
};

/* Whether waiting alone may heal it. */
bool explain_is_transient(enum error_code code);

/* Whether another address of the store may do better. */
bool explain_is_elsewhere(enum error_code code);

/* Whether what people read differs by secret or file. */
bool explain_is_placed(enum error_code code);

/* Fills *ret: where it is to be mended (arrestor.yaml, line and column of the
 * secret, file or store), what is wrong, what to do: the entry to write, the
 * policy to give, the file to look at. Total over every code and number. */
void explain_fault(const struct config *config, const struct explain_fault *fault,
                   struct error *ret);

/* The table's rows, in explain_table.c. The first row of a code whose `when`
 * holds is taken; {words} are filled in by explain.c. */
enum explain_about { ABOUT_NOTHING, ABOUT_SECRET, ABOUT_FILE, ABOUT_STORE };
enum explain_when {
    WHEN_ALWAYS,
    WHEN_SECRET,
    WHEN_BOX_SECRET,
    WHEN_FILE,
    WHEN_APPROLE,
    WHEN_DATES
};

struct explain_row {
    enum error_code code;
    enum explain_about about; /* where it stands */
    enum explain_when when;
    bool transient, elsewhere;
    const char *what, *todo; /* todo "": nothing to be done here */
};

extern const struct explain_row explain_rows[];
extern const size_t explain_row_count;

#endif
