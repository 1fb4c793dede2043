/* judge_later.h: files beneath a directory that a launch elsewhere in it may name: its
 * properties file, its source. They wait until all launches of the walk are known, because
 * what was judged with its launch is no launch by itself. */
#ifndef ARRESTOR_JUDGE_LATER_H
#define ARRESTOR_JUDGE_LATER_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/kind/kind.h"
#include "sidecar/judge/judge_documents.h"

struct arena;
struct survey;

/* A file that waits, and its number in the walk. */
struct later_file {
    const char *path; /* as it is shown */
    size_t order;
};

/* Findings, notes and errors that one file gave. */
enum later_array { LATER_FINDINGS, LATER_NOTES, LATER_ERRORS, LATER_ARRAYS };
struct later_part {
    size_t order;
    size_t start[LATER_ARRAYS], end[LATER_ARRAYS];
};

struct later {
    struct later_file *files;
    struct later_part *parts;
    size_t file_count, file_room, part_count, part_room;
    struct judge_uses uses; /* files that were judged with a launch */
    size_t walked, order;   /* files of the walk so far; the one that is being judged */
};

/* Whether an input is of a kind that a launch may name: settings, source. */
bool later_waits(const struct kind *kind);

/* Lets a file wait. 0, or -1 when memory is exhausted. */
int later_put(struct survey *survey, const char *path);

/* The file of that number in the walk (0: the next one) begins to be judged. 0, or -1 when
 * memory is exhausted. */
int later_begin(struct survey *survey, size_t order);

/* Whether the open file was judged with a launch. */
bool later_is_used(const struct survey *survey, int fd);

/* What is left of a file that was judged with a launch: settings that the launch did not take
 * from it, as settings of none, and its notes. *ret and its lists live in the arena. 1, 0 where
 * the file starts something itself (it is to be judged as ever), -1 when memory is exhausted. */
int later_rest(const struct document *document, struct arena *arena, struct document *ret);

/* The walk is over: what it gave is put into the order of its files. 0, or -1 when memory is
 * exhausted. */
int later_end(struct survey *survey);

#endif
