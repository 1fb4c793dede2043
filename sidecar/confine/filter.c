#include "sidecar/confine/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/filter_table.h"

/* A call that this architecture does not have needs no rule. */
static int forgive_absent(int result) {
    return result == -EDOM ? 0 : result;
}

static int add_call(scmp_filter_ctx filter, const struct call_row *row) {
    struct scmp_arg_cmp conditions[CALL_CONDITIONS];
    unsigned count = 0;
    for (size_t i = 0; i < CALL_CONDITIONS; i++) {
        const struct call_condition *when = &row->when[i];
        bool itself = row->number == SCMP_SYS(tgkill);
        if (when->mask != 0)
            conditions[count++] =
                (struct scmp_arg_cmp){.arg = when->argument,
                                      .op = SCMP_CMP_MASKED_EQ,
                                      .datum_a = when->mask,
                                      .datum_b = itself ? (uint64_t)getpid() : when->value};
    }
    return forgive_absent(
        seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->number, count, conditions));
}

/* Whether a row of these groups allows the call, `always` without a condition. */
static bool is_allowed(int number, uint32_t groups, bool always) {
    for (size_t i = 0; i < call_count; i++)
        if (call_table[i].number == number && (call_table[i].groups & groups) != 0 &&
            (!always || call_table[i].when[0].mask == 0))
            return true;
    return false;
}

static int add_calls(scmp_filter_ctx filter, uint32_t groups) {
    int result = 0;
    for (size_t i = 0; i < call_count && result == 0; i++) {
        const struct call_row *row = &call_table[i];
        if ((row->groups & groups) == 0 ||
            (row->when[0].mask != 0 && is_allowed(row->number, groups, true)))
            continue;
        result = add_call(filter, row);
    }
    return result;
}

/* Where the default is to answer, the rest must be said: what is known and not
 * worth a count, and what ends the role all the same. */
static int add_refusals(scmp_filter_ctx filter, uint32_t groups) {
    int result = 0;
    for (size_t i = 0; i < answer_count && result == 0; i++)
        if ((answer_table[i].groups & groups) != 0 &&
            !is_allowed(answer_table[i].number, groups, false))
            result = forgive_absent(seccomp_rule_add_array(
                filter, SCMP_ACT_ERRNO(answer_table[i].error), answer_table[i].number, 0, NULL));
    for (size_t i = 0; i < deadly_count && result == 0; i++)
        result = forgive_absent(
            seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i], 0, NULL));
    return result;
}

static bool is_ladder_call(int number) {
    for (size_t i = 0; i < ladder_count; i++)
        if (ladder_calls[i] == number)
            return true;
    return false;
}

/* What no role and no step to one needs. */
static int add_deadly(scmp_filter_ctx filter) {
    int result = 0;
    for (size_t i = 0; i < deadly_count && result == 0; i++)
        if (!is_ladder_call(deadly_calls[i]))
            result = forgive_absent(
                seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i], 0, NULL));
    return result;
}

/* Asked as prctl(2) advises: with a filter that is not there, a kernel that knows
 * filters looks for it. One that is built with the strict mode alone does not. */
static bool kernel_filters(void) {
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
        return false;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT;
}

/* Twice this is more than libseccomp 2.5 takes for the largest filter here (under
 * 128 KiB); malloc takes a block of this size from its heap, and none of its own. */
#define RESERVE_BYTES (96 * 1024)

/* libseccomp must not run out of memory: it then loops, crashes, or loads a filter
 * with fewer rules than it was told. So what it needs is had before, where a failure
 * has a clean end, and is free again, behind *pin, which keeps it in the heap. */
static int reserve_memory(void **pin, struct error *err) {
    /* volatile: else a compiler may leave out what is taken only to be freed. */
    void *volatile rooms[2] = {malloc(RESERVE_BYTES), malloc(RESERVE_BYTES)};
    *pin = malloc(1);
    int result = rooms[0] == NULL || rooms[1] == NULL || *pin == NULL
                     ? error_set(err, ERROR_MEMORY, "no memory for a seccomp filter")
                     : 0;
    free(rooms[1]);
    free(rooms[0]);
    if (result == 0)
        return 0;
    free(*pin);
    return -1;
}

static scmp_filter_ctx make_filter(uint32_t action, void **pin, struct error *err) {
    if (reserve_memory(pin, err) != 0)
        return NULL;
    scmp_filter_ctx filter = seccomp_init(action);
    if (filter != NULL)
        return filter;
    free(*pin);
    (void)error_set(err, ERROR_MEMORY, "cannot make a seccomp filter");
    return NULL;
}

static int load(scmp_filter_ctx filter, void *pin, int result, struct error *err) {
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    free(pin);
    errno = -result;
    return result == 0 ? 0 : error_system(err, ERROR_SYSTEM, "cannot load the seccomp filter");
}

int filter_load_parent(struct error *err) {
    if (!kernel_filters())
        return 0;
    void *pin;
    scmp_filter_ctx filter = make_filter(SCMP_ACT_ALLOW, &pin, err);
    if (filter == NULL)
        return -1;
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    return load(filter, pin, result == 0 ? add_deadly(filter) : result, err);
}

int filter_load(uint32_t groups, bool answers, uint8_t *ret, struct error *err) {
    if (!kernel_filters()) {
        *ret = STATE_OFF;
        return 0;
    }
    void *pin;
    scmp_filter_ctx filter =
        make_filter(answers ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS, &pin, err);
    if (filter == NULL)
        return -1;
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (result == 0)
        result = add_calls(filter, groups);
    if (result == 0 && answers)
        result = add_refusals(filter, groups);
    if (load(filter, pin, result, err) != 0)
        return -1;
    *ret = STATE_ON;
    return 0;
}
