/* vault_json.h: questions about JSON text that a parser's tree cannot answer. Pure.
 *
 * What a store holds is delivered as it stands there: a number keeps its digits,
 * members keep their order. A tree would round the one and forget blanks that
 * matter to nobody; so values are cut out of the text. */
#ifndef ARRESTOR_VAULT_JSON_H
#define ARRESTOR_VAULT_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of a text that somebody else owns. */
struct vault_span {
    const char *bytes;
    size_t length;
};

/* Whether brackets nest at most `most` deep, asked of any bytes before a parser,
 * which recurses, sees them. */
bool vault_json_is_shallow(struct vault_span text, size_t most);

/* The value of member `key`, written without escapes, of the object that text
 * holds. Text is JSON (a parser has taken it); on other bytes the answer is some
 * piece of them, or none. 0, or -1 where there is no such member, *ret untouched. */
int vault_json_member(struct vault_span text, const char *key, struct vault_span *ret);

/* Copies JSON without the blanks between its tokens into out, which has room for
 * text.length bytes. Gives the length. */
size_t vault_json_compact(struct vault_span text, unsigned char *out);

#endif
