/* memory.h: whether a process still has a value somewhere in its memory. */
#ifndef ARRESTOR_SELFTEST_MEMORY_H
#define ARRESTOR_SELFTEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A value as it is, by halves, in base64 and in hex: bits of what memory_find gives. */
#define MEMORY_FORMS 8

struct needles {
    struct {
        unsigned char bytes[512];
        size_t length;
    } forms[MEMORY_FORMS];
};

/* 16 to 128 bytes. */
void memory_needles(const void *value, size_t length, struct needles *ret);

/* Searches all readable mappings of a process. Gives a bit for each form that is
 * there, or -1 where this user may not read its memory. */
int memory_find(pid_t pid, const struct needles *needles);

/* Name of the first of these forms. */
const char *memory_form(int found);

/* Claims are broken where the search does not find what is there. */
void memory_check_search(const struct needles *needles);

#endif
