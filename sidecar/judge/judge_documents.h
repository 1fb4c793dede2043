/* judge_documents.h: from the bytes of one input, of whatever kind, to the effective
 * configuration of each launch that it writes down. Files that a launch names are opened
 * here, beneath a directory that was opened before the ladder. */
#ifndef ARRESTOR_JUDGE_DOCUMENTS_H
#define ARRESTOR_JUDGE_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/effective/launch.h"
#include "policy/input/input.h"
#include "policy/surface/kind/kind.h"

struct arena;
struct error;

/* Files that were read for launches, each once. */
struct judge_file_id {
    dev_t device;
    ino_t inode;
};
struct judge_uses {
    struct arena *arena;
    struct judge_file_id *items;
    size_t count, room;
};

/* Where an input lies, for the files that it names: first beside it, then from `root` on. */
struct judge_place {
    int root;                /* an open directory; -1: nothing can be looked for */
    const char *label;       /* how that is shown: "" or "." is not */
    const char *within;      /* the path of the input beneath it */
    struct judge_uses *uses; /* files that are read for a launch are added; NULL */
};

struct judge_document {
    const struct kind *kind; /* NULL: nobody knows the input */
    struct document document;
};

/* What was asked for on the command line. */
struct judge_wish {
    const struct kind *as; /* --as, or NULL */
    int major, minor;      /* --spark; 0, 0: what the input says, else not known */
};

/* Reads an input: `wish->as`, else the surest of all kinds. An input without a name
 * (standard input) that says nothing but comments is a properties file. *ret and its texts
 * live in the arena and in the input. 0, or -1 with the errors of the reader. */
int judge_document_read(const struct input_file *file, bool nameless, const struct judge_wish *wish,
                        struct arena *arena, struct judge_document *ret, struct error *err);

/* Fills err: a named input, or all that lies beneath a named directory, says nothing about
 * Spark. Returns -1. */
int judge_document_refuse(const char *label, struct error *err);

/* What one launch would run with: by its command line with the properties files and the
 * job's source that it names, or by its settings alone. A file that cannot be found leaves
 * the launch open, with a note. *launches is false for a command line that starts nothing
 * (--status): *ret is then empty. 0, or -1 with a place in the input: ERROR_SPARK for what
 * Spark would refuse, ERROR_INPUT; ERROR_MEMORY. */
int judge_document_resolve(const struct document_launch *launch, const struct judge_place *place,
                           const struct judge_wish *wish, struct arena *arena,
                           struct effective *ret, bool *launches, struct error *err);

/* The settings that belong to no launch, to be judged for what they hold alone. */
struct effective judge_document_loose(const struct document *document);

#endif
