/* search.h: planted bytes, and any run of them in the memory of a process. */
#ifndef ARRESTOR_TESTS_SEARCH_H
#define ARRESTOR_TESTS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SEARCH_RUN    12u /* bytes in a row that count as found */
#define SEARCH_HITS   128u
#define SEARCH_CLOSED 32u
#define SEARCH_WHERE  64u

struct needle {
    char label[32], form[32];
    unsigned char *bytes;
    size_t length;
};

struct hit {
    const struct needle *needle;
    char where[SEARCH_WHERE]; /* name of the mapping, "anonymous" where it has none */
    uint64_t address;         /* of the longest run */
    size_t run, times;
};

/* A mapping that is readable to its process and not to us: what read gave, as errno. */
struct closed {
    char where[SEARCH_WHERE], flags[96]; /* VmFlags of smaps */
    size_t size;
    int mem, vm;
};

struct found {
    struct hit hits[SEARCH_HITS];
    size_t count;
    struct closed closed[SEARCH_CLOSED];
    size_t closed_count;
    size_t bytes;   /* that were read */
    size_t handles; /* descriptors of secret memory */
    size_t regions; /* mappings of it */
};

struct search;

/* Reads the needles. NULL where there are none, or one is malformed. */
struct search *search_open(const char *path);

/* whole: also what is mapped from files for reading only, which nobody can have changed. */
void search_process(const struct search *search, pid_t pid, bool whole, struct found *ret);

/* The same for the same findings, wherever in a mapping they are. */
uint64_t search_digest(const struct found *found);

#endif
