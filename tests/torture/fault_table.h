/* fault_table.h: how each system call may fail, by its manual page. */
#ifndef ARRESTOR_TESTS_FAULT_TABLE_H
#define ARRESTOR_TESTS_FAULT_TABLE_H

#include <stddef.h>

struct fault_row {
    long number;
    const char *name;
    const char *faults; /* names of errno, by blanks; "": it cannot fail */
};

/* The row of a system call; one without a name of its own where it is not listed. */
const struct fault_row *fault_row(long number);

/* The errno of a name, or 0. */
int fault_errno(const char *name);

#endif
