/* error.h: the one error type.
 *
 * An error is made where the fault is seen and carries where it is, what it
 * is, and what a person does next. Functions that can fail return 0 or -1 and
 * fill a caller-owned struct error; library code never logs and never exits. */
#ifndef ARRESTOR_BASE_ERROR_H
#define ARRESTOR_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "sidecar/base/limits.h"

/* One row per code: name, exit status (DESIGN, Commands), short sentence.
 * The names are stable: they stand in logs, JSON and the status file. */
#define ERROR_TABLE(X)                                                                             \
    X(OK, "ok", 0, "no error")                                                                     \
    X(REFUSED, "refused", 1, "the policy refuses this configuration")                              \
    X(USAGE, "usage", 2, "the command line is wrong")                                              \
    X(INPUT, "input", 3, "an input cannot be read or parsed")                                      \
    X(SPARK, "spark-refuses", 3, "Spark itself would refuse this")                                 \
    X(CONFIG, "config", 3, "arrestor.yaml is wrong")                                               \
    X(POLICY, "policy", 4, "a policy pack is wrong or empty")                                      \
    X(WAIVER, "waiver", 5, "a waiver is wrong or expired")                                         \
    X(SECRET_MISSING, "secret-missing", 6, "the store has no such secret")                         \
    X(SECRET_FIELD, "secret-field", 6, "the secret has no such field")                             \
    X(SECRET_EMPTY, "secret-empty", 6, "the secret is empty, and Spark fails open on empty files") \
    X(SECRET_FORM, "secret-form", 6, "the secret cannot be written in this form")                  \
    X(SECRET_SIZE, "secret-size", 6, "the secrets are larger than a region may be")                \
    X(BOX_MISSING, "box-missing", 6, "there is no strongbox at this path")                         \
    X(BOX_KEY, "box-key", 6, "the strongbox key file cannot be used")                              \
    X(BOX_WRONG_KEY, "box-wrong-key", 6, "this key does not open this strongbox")                  \
    X(BOX_PASSPHRASE, "box-passphrase", 6, "the strongbox key file asks for a passphrase")         \
    X(BOX_WRONG_PASSPHRASE, "box-wrong-passphrase", 6,                                             \
      "this passphrase does not open the strongbox key file")                                      \
    X(BOX_DAMAGED, "box-damaged", 6, "the strongbox is damaged")                                   \
    X(BOX_TRUNCATED, "box-truncated", 6, "the strongbox is cut short")                             \
    X(BOX_NEWER, "box-newer", 6, "the strongbox was written by a newer arrestor")                  \
    X(BOX_EXISTS, "box-exists", 2, "there is already something at this path")                      \
    X(BOX_FULL, "box-full", 6, "the strongbox has reached its maximum")                            \
    X(BOX_NAME, "box-name", 2, "this is not a name for a secret")                                  \
    X(STORE, "store", 6, "the store cannot be read")                                               \
    X(STORE_ADDRESS, "store-address", 6, "the name of the store's host cannot be looked up")       \
    X(STORE_UNREACHABLE, "store-unreachable", 6, "nobody answers at the store's address")          \
    X(STORE_SLOW, "store-slow", 6, "the store did not answer in time")                             \
    X(STORE_CA, "store-ca", 6, "the store's certificate is not from this CA")                      \
    X(STORE_HOST, "store-host", 6, "the store's certificate is for another name")                  \
    X(STORE_TLS, "store-tls", 6, "no TLS connection to the store can be made")                     \
    X(STORE_REQUEST, "store-request", 6, "the store does not understand the request (400)")        \
    X(STORE_DENIED, "store-denied", 6, "the store denies it (403)")                                \
    X(STORE_STALE_READ, "store-precondition", 6, "the store is not up to date yet (412)")          \
    X(STORE_BUSY, "store-busy", 6, "the store asks for fewer requests (429)")                      \
    X(STORE_FAULT, "store-fault", 6, "the store has an inner fault (5xx)")                         \
    X(STORE_SEALED, "store-sealed", 6, "the store is sealed or not ready (503)")                   \
    X(STORE_REDIRECT, "store-redirect", 6, "the store redirects to another address")               \
    X(STORE_ANSWER, "store-answer", 6, "the store's answer is malformed")                          \
    X(STORE_SIZE, "store-size", 6, "the store's answer is larger than a secret may be")            \
    X(STORE_LOGIN, "store-login", 6, "the store refuses the login")                                \
    X(STORE_TOKEN, "store-token", 6, "the store token is no longer valid")                         \
    X(STORE_CREDENTIAL, "store-credential", 6, "what arrestor logs in with cannot be read")        \
    X(SECRET_DELETED, "secret-deleted", 6, "this version of the secret was deleted in the store")  \
    X(SECRET_KIND, "secret-kind", 6, "what lies at this path is no KV version 2 secret")           \
    X(PLACE_FULL, "place-full", 6, "the tmpfs is full: the old set stays")                         \
    X(PLACE_FILE, "place-file", 6, "a file of the set cannot be written: the old set stays")       \
    X(PLAINTEXT_LAUNCH, "plaintext-launch", 1, "a delivered secret stands in the launch itself")   \
    X(REACH, "reach", 1, "the set would not reach where it is read")                               \
    X(NO_TMPFS, "no-tmpfs", 7, "no directory on tmpfs can be had")                                 \
    X(PROTECTION, "protection", 7, "a required protection is missing")                             \
    X(CHILD, "child", 70, "a process of arrestor ended unexpectedly")                              \
    X(PROTOCOL, "protocol", 70, "a message between processes is malformed")                        \
    X(SYSTEM, "system", 70, "the system refused a call")                                           \
    X(MEMORY, "memory", 70, "memory is exhausted")                                                 \
    X(INTERNAL, "internal", 70, "a fault inside arrestor")

#define ERROR_ENUM(id, name, status, text) ERROR_##id,
enum error_code { ERROR_TABLE(ERROR_ENUM) ERROR_CODES };
#undef ERROR_ENUM

struct error {
    enum error_code code;
    char where[LIMIT_ERROR_WHERE];     /* file, command or "" */
    size_t line, column;               /* 1-based; 0 where there is none */
    char what[LIMIT_ERROR_WHAT];       /* one sentence, no full stop needed */
    char todo[LIMIT_ERROR_TODO];       /* what to do next, or "" */
    char excerpt[LIMIT_ERROR_EXCERPT]; /* the offending line, or "" */
};

struct buffer;

/* Stable name, exit status and short sentence of a code; total over any int. */
const char *error_name(enum error_code code);
int error_status(enum error_code code);
const char *error_text(enum error_code code);

/* Clears err to ERROR_OK. */
void error_clear(struct error *err);

/* Fills code and what (printf form; an empty result takes the table's text),
 * clears the rest. Always returns -1, so that `return error_set(…)` reads well. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, with ": " and the text of errno at the end. */
int error_system(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the place; line and column are 1-based, 0 for none. Returns -1. */
int error_at(struct error *err, const char *where, size_t line, size_t column);

/* Adds what to do next. Returns -1. */
int error_todo(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies line number `line` of text as the excerpt shown above the caret.
 * Only for text that can hold no secret. Returns -1. */
int error_excerpt(struct error *err, const char *text, size_t length, size_t line);

/* Renders the error for people: "arrestor: WHERE:L:C: what", excerpt and caret,
 * "  → todo". Control characters are escaped. */
void error_format(const struct error *err, struct buffer *out);

#endif
