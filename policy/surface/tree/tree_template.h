/* tree_template.h: what template engines leave in YAML, taken out of libyaml's
 * sight. Private to tree/. */
#ifndef ARRESTOR_POLICY_TREE_TEMPLATE_H
#define ARRESTOR_POLICY_TREE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Whether another branch of a condition begins. */
enum template_branch {
    BRANCH_NONE,
    BRANCH_NEXT, /* on a condition of its own */
    BRANCH_LAST  /* "else" alone */
};

/* Bytes from begin to end are a template's. */
struct template_part {
    size_t begin, end;
    size_t indent;  /* of an insertion: how far in its text will stand */
    int conditions; /* how many conditions begin (or, negative, end) with it */
    enum template_branch branch;
};

struct template_parts {
    struct template_part *items;
    size_t count, room;
};

/* An input in two spellings of the same length. */
struct template_text {
    char *clean;  /* as written; bytes that are not UTF-8 are '?', lines of templates only blank */
    char *masked; /* for libyaml: a template within a line is a run of 'x', a line of
                     templates only is blank, so are a byte order mark and directives; what
                     is not ASCII, a control character, an escape is 'x' too. So one byte
                     is one character, and only structure can be at fault. */
    size_t length;
    struct template_parts values;   /* runs of 'x', in order */
    struct template_parts inserted; /* blanked: text of further nodes will stand here */
    struct template_parts controls; /* blanked: conditions */
};

/* marked: what stands in marks (unknown.h) is unknown already; else marks are no text.
 * 0, or -1 when memory is exhausted. */
int template_mask(const char *bytes, size_t length, bool marked, struct arena *arena,
                  struct template_text *ret);

#endif
