#include "sidecar/monitor/selftest_command.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"
#include "sidecar/monitor/selftest_claim.h"

#define STATUS_OFF 7 /* a protection is missing (DESIGN, Commands) */

struct selftest {
    struct claim_list list;
    bool chosen[LIMIT_CLAIMS];
    unsigned counts[CLAIM_STATES];
    size_t width; /* of the longest name */
    bool json, colour;
    struct buffer out;
};

static const char *claim_name(const struct claim *claim) {
    return strchr(claim->file, '-') + 1;
}

static int refuse_number(const char *word, struct error *err) {
    error_set(err, ERROR_USAGE, "there is no claim %s", word);
    error_at(err, "selftest", 0, 0);
    return error_todo(err, "a claim is named by its number: arrestor selftest 04");
}

/* Without a number all claims are chosen. */
static int choose(struct selftest *test, const struct invocation *call, struct error *err) {
    if (call->rest_count > 0)
        return refuse_number(call->rest[0], err);
    for (size_t i = 0; i < test->list.count; i++)
        test->chosen[i] = call->operand_count == 0;
    for (size_t i = 0; i < call->operand_count; i++) {
        uint64_t number = 0;
        bool found = false;
        if (number_parse(call->operands[i], 99, &number) != 0)
            return refuse_number(call->operands[i], err);
        for (size_t j = 0; j < test->list.count; j++)
            if (test->list.claims[j].number == number)
                found = test->chosen[j] = true;
        if (!found)
            return refuse_number(call->operands[i], err);
    }
    return 0;
}

static void add_text_row(struct selftest *test, const struct claim *claim,
                         const struct claim_outcome *outcome) {
    static const char *const colours[CLAIM_STATES] = {"\033[32m", "\033[33m", "\033[31m",
                                                      "\033[31m"};
    struct buffer *out = &test->out;
    buffer_printf(out, "%02u  %-*s  %s%-8s%s  ", claim->number, (int)test->width, claim_name(claim),
                  test->colour ? colours[outcome->state] : "", claim_state_name(outcome->state),
                  test->colour ? "\033[0m" : "");
    text_escape(out, outcome->detail, strlen(outcome->detail));
    buffer_char(out, '\n');
}

static void add_json_row(struct selftest *test, const struct claim *claim,
                         const struct claim_outcome *outcome) {
    struct buffer *out = &test->out;
    buffer_printf(out, "%s{\"id\":\"%02u\",\"name\":\"%s\",\"state\":\"%s\",\"detail\":",
                  out->length == 0 ? "{\"claims\":[" : ",", claim->number, claim_name(claim),
                  claim_state_name(outcome->state));
    buffer_json(out, outcome->detail, strlen(outcome->detail));
    buffer_char(out, '}');
}

static void add_sum(struct selftest *test) {
    const unsigned *counts = test->counts;
    if (test->json)
        buffer_printf(&test->out, "],\"on\":%u,\"degraded\":%u,\"off\":%u,\"broken\":%u}\n",
                      counts[CLAIM_ON], counts[CLAIM_DEGRADED], counts[CLAIM_OFF],
                      counts[CLAIM_BROKEN]);
    else {
        buffer_printf(&test->out, "%u on, %u degraded, %u off", counts[CLAIM_ON],
                      counts[CLAIM_DEGRADED], counts[CLAIM_OFF]);
        if (counts[CLAIM_BROKEN] > 0)
            buffer_printf(&test->out, ", %u could not be tried", counts[CLAIM_BROKEN]);
        buffer_char(&test->out, '\n');
    }
}

static int write_out(struct selftest *test) {
    int result = buffer_status(&test->out);
    if (result == 0 && test->out.length > 0)
        result = file_write_all(STDOUT_FILENO, test->out.data, test->out.length);
    buffer_free(&test->out);
    return result;
}

/* Each row of the table is shown as its claim ends; JSON comes whole. */
static int run_claims(struct selftest *test, char **environment) {
    struct claim_outcome outcome;
    int result = 0;
    for (size_t i = 0; i < test->list.count && result == 0; i++) {
        if (!test->chosen[i])
            continue;
        claim_run(&test->list, &test->list.claims[i], environment, &outcome);
        test->counts[outcome.state]++;
        (test->json ? add_json_row : add_text_row)(test, &test->list.claims[i], &outcome);
        if (!test->json)
            result = write_out(test);
    }
    add_sum(test);
    return write_out(test) != 0 ? -1 : result;
}

static void measure_names(struct selftest *test) {
    for (size_t i = 0; i < test->list.count; i++) {
        size_t length = strlen(claim_name(&test->list.claims[i]));
        if (test->chosen[i] && length > test->width)
            test->width = length;
    }
}

static int run(const struct invocation *call) {
    static struct selftest test; /* larger than a stack frame should be */
    struct error err;
    error_clear(&err);
    test.out = buffer_make(LIMIT_REPORT_BYTES);
    if (command_format(call, &test.json, &err) != 0 || claim_list_find(&test.list, &err) != 0 ||
        choose(&test, call, &err) != 0)
        return command_fail(&err);
    test.colour = command_colour(STDOUT_FILENO);
    measure_names(&test);
    if (run_claims(&test, call->environment) != 0)
        return error_status(ERROR_SYSTEM);
    if (test.counts[CLAIM_OFF] > 0)
        return STATUS_OFF;
    return test.counts[CLAIM_BROKEN] > 0 ? error_status(ERROR_INTERNAL) : 0;
}

const struct command selftest_command = {
    .name = "selftest",
    .summary = "prove on this machine which protections of SECURITY.md are in force",
    .usage = "[--format text|json] [NN]…",
    .examples = "  arrestor selftest\n"
                "  arrestor selftest 04 05\n"
                "  sudo -u etl arrestor selftest --format json\n"
                "\nStates: on; degraded: in force, but weaker than elsewhere; off.\n"
                "Exit: 0 nothing is off · 7 a protection is off · 70 a claim could not be tried\n",
    .options = {{"format", 0, "text|json", "how to print (text)"}},
    .run = run,
};
