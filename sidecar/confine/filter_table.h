/* filter_table.h: which system calls belong to which group, as data. */
#ifndef ARRESTOR_CONFINE_FILTER_TABLE_H
#define ARRESTOR_CONFINE_FILTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* (argument & mask) == value; mask 0: no condition. */
struct call_condition {
    unsigned argument;
    uint64_t mask, value;
};

#define CALL_CONDITIONS 2

/* One row per allowed call: the groups (CALLS_…) that have it, and what must hold
 * of its arguments. Several rows of one call are alternatives. */
struct call_row {
    int number;
    uint32_t groups;
    struct call_condition when[CALL_CONDITIONS];
};

/* What libraries try in every run and are known to live without: answered with
 * `error` (0: as if it were done, and nothing is) and not counted. */
struct answer_row {
    int number;
    uint32_t groups;
    uint16_t error;
};

/* The tables. Numbers are libseccomp's: negative for a call that this
 * architecture does not have, and such a row has no effect. */
extern const struct call_row call_table[];
extern const size_t call_count;
extern const struct answer_row answer_table[];
extern const size_t answer_count;

/* Calls that end every confined role, also one whose other unlisted calls are
 * answered: no library tries them, an intruder does. */
extern const int deadly_calls[];
extern const size_t deadly_count;

/* Those of them without which no role could be started and climb its ladder. */
extern const int ladder_calls[];
extern const size_t ladder_count;

#endif
