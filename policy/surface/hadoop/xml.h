/* xml.h: a pull reader of XML, for what Hadoop's site files are made of: elements,
 * attributes, text, CDATA, comments, processing instructions (XML 1.0). Pure.
 *
 * It reads UTF-8; where it is told so, unknown parts in their marks (unknown.h) are text. A
 * document type is passed over, and one that declares entities is refused: nothing is expanded
 * beyond the five predefined ones, and nothing else is opened. Work is linear in the input;
 * elements nest at most LIMIT_XML_DEPTH deep. */
#ifndef ARRESTOR_POLICY_XML_H
#define ARRESTOR_POLICY_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "sidecar/base/limits.h"

struct buffer;

enum xml_event {
    XML_START, /* name: of an element; its attributes follow by xml_attribute */
    XML_END,   /* name */
    XML_TEXT,  /* start, end; cdata */
    XML_DONE,  /* the document is whole */
    XML_FAULT  /* fault says why, and `at` where; nothing follows */
};

/* A piece of the input. */
struct xml_piece {
    size_t start, end;
};

struct xml_reader {
    const char *bytes; /* a NUL stands behind the last one */
    size_t length, at;
    size_t first;          /* behind a byte order mark */
    struct xml_piece name; /* without its prefix */
    struct xml_piece text;
    bool cdata;
    bool marked;       /* unknown parts are text */
    const char *fault; /* a sentence without a value, or NULL */

    struct xml_piece open[LIMIT_XML_DEPTH]; /* whole names */
    size_t depth;
    struct xml_piece attributes[LIMIT_XML_ATTRIBUTES]; /* of the element that has started */
    size_t attribute_count;
    bool in_tag;  /* attributes of a start tag are still to be read */
    bool closed;  /* that tag was empty: its end is next */
    bool started; /* the root element has begun */
};

/* At the beginning; what is no UTF-8 is a fault of the first event. marked: unknown parts may stand
 * in text and in values of attributes, where nothing in them is markup. */
struct xml_reader xml_begin(const char *bytes, size_t length, bool marked);

/* The next event; attributes that were not asked for are passed over. */
enum xml_event xml_next(struct xml_reader *x);

/* The next attribute of the element that has started: its name without a prefix, and its value
 * between the quotes. False where there is none left, or at a fault, which xml_next tells. */
bool xml_attribute(struct xml_reader *x, struct xml_piece *name, struct xml_piece *value);

/* Whether a piece is that word. */
bool xml_is(const struct xml_reader *x, struct xml_piece piece, const char *word);

/* Appends to out (NULL: nowhere) what a piece of text or the value of an attribute says: references
 * replaced, line ends and (in an attribute) blanks as XML has them. 0, or -1 with a fault. */
int xml_decode(struct xml_reader *x, struct xml_piece piece, bool attribute, struct buffer *out);

#endif
