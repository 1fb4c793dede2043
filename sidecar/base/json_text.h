/* json_text.h: jansson's reader, for which no memory is a fault. */
#ifndef ARRESTOR_BASE_JSON_TEXT_H
#define ARRESTOR_BASE_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

struct error;

/* json_loadb with these flags, by the allocators that are installed. jansson (2.14,
 * lex_save in load.c) leaves out the bytes of a string that it gets no memory for
 * and goes on: the value would be another one, and nobody would know. *ret: the
 * caller's reference, or NULL where the text is malformed. jansson's own error text
 * quotes what it could not read, so it is not asked. 0, or -1 with ERROR_MEMORY. */
int json_text_load(const char *bytes, size_t length, size_t flags, json_t **ret, struct error *err);

#endif
