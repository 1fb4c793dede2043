/* rule_number.h: numbers, times and sizes as Spark's readers take them. Pure.
 * Private to this room. */
#ifndef ARRESTOR_POLICY_RULE_NUMBER_H
#define ARRESTOR_POLICY_RULE_NUMBER_H

#include "policy/data/catalogue/catalogue.h"

/* Reads a text of the entry's type into the smallest unit: microseconds, bytes, or the
 * number itself. A bare number counts in the entry's unit; entry NULL: it is a number.
 * 0, or -1 with *ret untouched for what Spark would not read. Spark:
 * JavaUtils.timeStringAs, byteStringAs. */
int rule_number_read(const struct catalogue_entry *entry, const char *text, double *ret);

#endif
