/* parser.h: what the two halves of syntax_read share: expressions and statements. Used
 * inside policy/surface/source. */
#ifndef ARRESTOR_POLICY_SOURCE_PARSER_H
#define ARRESTOR_POLICY_SOURCE_PARSER_H

#include "policy/surface/source/syntax.h"

struct parser {
    const struct source_text *text;
    const struct token *at; /* the next one */
    struct arena *arena;
    struct error *err;
    struct source_node *first, *tail; /* of the chain */
    const struct source_scope *scope;
    size_t depth; /* of brackets and blocks */
    bool failed;
    struct source_node nobody; /* what a failed parser gives */
};

/* Whether the next token is that operator or name. */
bool parser_sees(const struct parser *p, const char *text);

/* Takes the next token if it is that one. */
bool parser_takes(struct parser *p, const char *text);

/* A node that begins there, not in the chain yet; never NULL: a failed parser gives one
 * that is nobody's. */
struct source_node *parser_node(struct parser *p, enum source_kind kind, size_t offset);

/* Ends the node where the last taken token ends, and puts it into the chain. */
void parser_finish(struct parser *p, struct source_node *node);

/* Appends an item; it is a part from then on. */
void parser_append(struct source_node *node, struct source_node *item);

/* The name of a token. */
struct source_name parser_name(const struct parser *p, const struct token *token);

/* Binds one name to nothing that can be told. */
void parser_bind_nothing(struct parser *p, const struct token *name);

/* One expression; takes at least one token unless none is left. */
struct source_node *parser_expression(struct parser *p);

/* The statements of a block in braces, the opening one already taken. */
void parser_block(struct parser *p);

#endif
