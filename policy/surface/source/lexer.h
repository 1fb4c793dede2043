/* lexer.h: the words of Python, and of Scala and Java. Pure.
 *
 * Two profiles of one lexer, with as much of each language as is needed to tell
 * calls and literals from comments and from each other. */
#ifndef ARRESTOR_POLICY_SOURCE_LEXER_H
#define ARRESTOR_POLICY_SOURCE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum source_language { SOURCE_PYTHON, SOURCE_SCALA /* and Java */ };

enum token_kind {
    TOKEN_END,
    TOKEN_LINE, /* a logical line of Python ends; never within brackets */
    TOKEN_NAME, /* keywords too */
    TOKEN_NUMBER,
    TOKEN_STRING, /* with its prefix and quotes */
    TOKEN_OPERATOR
};

struct token {
    uint32_t offset, length;
    uint32_t indent; /* of the first one of a line: blanks before it */
    uint8_t kind;    /* enum token_kind */
    bool first;      /* of its line */
};

struct source_text {
    enum source_language language;
    const char *label; /* of the file, for errors */
    const char *bytes; /* a NUL stands behind the last one */
    size_t length;
};

/* All words, TOKEN_END at the end. 0, or -1 with *ret untouched: ERROR_INPUT for a
 * string or comment that never ends, a NUL, beyond LIMIT_SOURCE_TOKENS; ERROR_MEMORY. */
int lexer_read(const struct source_text *text, struct arena *arena, struct token **ret,
               size_t *count, struct error *err);

/* How a string token is written: what stands between its quotes, and how to read it. */
struct source_string {
    size_t offset, length; /* of what stands between the quotes, within the token */
    bool raw;              /* no escapes */
    bool formatted;        /* {…} of Python, $… of Scala are filled in */
};
struct source_string lexer_string(enum source_language language, const char *token, size_t length);

/* Bytes of the part that is filled in at `at` ("{…}", "$x", "${…}"), 0 where none begins;
 * `end` is where the string ends. */
size_t lexer_filled(enum source_language language, const char *at, const char *end);

#endif
