/* syntax.h: expressions and bindings of a source file: names, literals, calls, and
 * who is bound to what. Pure.
 *
 * No compiler: what the forms below do not cover is SOURCE_OTHER, whose parts are
 * nodes all the same. Nodes are chained in the order in which they end, so that
 * whoever walks the chain sees parts before the whole and needs no recursion. */
#ifndef ARRESTOR_POLICY_SOURCE_SYNTAX_H
#define ARRESTOR_POLICY_SOURCE_SYNTAX_H

#include <string.h>

#include "policy/surface/source/lexer.h"

enum source_kind {
    SOURCE_NAME,     /* name */
    SOURCE_TEXT,     /* one string literal: offset, length of its token */
    SOURCE_WORD,     /* a number, True, None, null … as written */
    SOURCE_SEQUENCE, /* items of a list, tuple, set; of a pair of Scala */
    SOURCE_MAPPING,  /* items: key, value, key, value …; one with stars is alone */
    SOURCE_CALL,     /* object is called with items */
    SOURCE_MEMBER,   /* object.name */
    SOURCE_INDEX,    /* object[items] */
    SOURCE_JOIN,     /* items + items, or literals side by side */
    SOURCE_OTHER,    /* computed; object is its first operand, items the others */
    SOURCE_BIND,     /* items (names, members, indexes) are bound to object */
};

/* How a SOURCE_BIND binds. */
enum source_binding_kind {
    BIND_VALUE,   /* to the object itself */
    BIND_NOTHING, /* to something that cannot be told: a parameter, a part, a loop */
    BIND_LOOP,    /* the items are key and value of each entry of the object */
    BIND_DEFAULT, /* a parameter; the object stands in for it where nobody gives one */
};

/* A name as it stands in the bytes of the file. */
struct source_name {
    const char *text;
    uint32_t length;
};

struct source_scope {
    const struct source_scope *outer; /* NULL: the file's */
    uint32_t indent;                  /* of the line that opens it */
    bool of_class;                    /* not seen from the functions within */
};

/* What a value is to Spark; told while nodes are walked. */
enum source_type {
    TYPE_UNTOLD,
    TYPE_SESSION_CLASS,
    TYPE_CONF_CLASS,
    TYPE_CONTEXT_CLASS,
    TYPE_SQL_CLASS,
    TYPE_BUILDER,
    TYPE_CONF,      /* a SparkConf */
    TYPE_CONF_COPY, /* what getConf() gives: a copy */
    TYPE_SESSION,
    TYPE_CONTEXT,
    TYPE_JAVA_CONTEXT,
    TYPE_RUNTIME, /* spark.conf */
    TYPE_HADOOP,  /* hadoopConfiguration */
    TYPE_SQL,     /* an SQLContext */
    TYPE_ENVIRON, /* os.environ */
};

struct source_node {
    uint8_t kind;   /* enum source_kind */
    uint8_t type;   /* enum source_type */
    uint8_t bind;   /* enum source_binding_kind */
    uint8_t stars;  /* before an argument or an item: 1, 2 */
    char operation; /* of SOURCE_OTHER: '%', 'o' (or), else '\0' */
    bool part;      /* an item, operand or object of another node */
    bool used;      /* a mapping or sequence that somebody has read */
    uint32_t offset, end;
    struct source_name name;
    struct source_name label; /* of a named argument */
    struct source_node *object;
    struct source_node *items, *last, *next;
    const struct source_scope *scope;
    struct source_node *after; /* in the chain */
    const char *known;         /* its text once it was put together */
};

/* Reads all tokens. 0, or -1: ERROR_INPUT for brackets of Python that do not pair,
 * ERROR_MEMORY. *ret is the first node of the chain, NULL where there is none. */
int syntax_read(const struct source_text *text, const struct token *tokens, struct arena *arena,
                struct source_node **ret, struct error *err);

/* Whether it is that name. Most differ in the first byte already. */
static inline bool syntax_is(const struct source_name *name, const char *text) {
    if (name->length == 0 || *name->text != *text)
        return name->length == 0 && *text == '\0';
    return strlen(text) == name->length && memcmp(name->text, text, name->length) == 0;
}

#endif
