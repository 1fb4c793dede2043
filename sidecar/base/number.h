/* number.h: strict numbers. Pure. */
#ifndef ARRESTOR_BASE_NUMBER_H
#define ARRESTOR_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits only, the whole text, at most max. 0, or -1 with *ret untouched. */
int number_parse(const char *text, uint64_t max, uint64_t *ret);

/* A duration "250ms", "2s", "5m", "1h" (a unit is required) in milliseconds, at
 * most max. 0, or -1 with *ret untouched. */
int number_parse_duration(const char *text, uint64_t max, uint64_t *ret);

#endif
