/* ignore.h: patterns of .gitignore, as git reads them (gitignore(5); git: dir.c,
 * wildmatch.c). Pure. */
#ifndef ARRESTOR_POLICY_IGNORE_H
#define ARRESTOR_POLICY_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ignore_pattern;

/* The patterns of one file, in its order. */
struct ignore_list {
    const struct ignore_pattern *patterns;
    size_t count;
};

enum ignore_verdict {
    IGNORE_SILENT, /* no pattern matches */
    IGNORE_YES,
    IGNORE_NO /* the last one that matches begins with '!' */
};

/* Reads a .gitignore. What git cannot match (an open bracket) matches nothing here
 * too; so does a pattern beyond LIMIT_IGNORE_PATTERN bytes. 0, or -1 when memory is
 * exhausted. */
int ignore_parse(const char *bytes, size_t length, struct arena *arena, struct ignore_list *ret);

/* What the list says about a path: relative to the directory of the file, without a
 * leading or trailing '/'. Of a path in a directory that is ignored nobody asks. Time is
 * in the product of the lengths of path and patterns. */
enum ignore_verdict ignore_match(const struct ignore_list *list, const char *path, bool directory);

#endif
