/* rule_truth.h: the truth of conditions over configurations, as rows of a table. */
#ifndef ARRESTOR_TEST_RULE_TRUTH_H
#define ARRESTOR_TEST_RULE_TRUTH_H

#include <stdio.h>

#include "tests/unit/rule_fixture.h"

static inline enum truth truth_of_rule(const struct fixture *f) {
    bool starved;
    enum truth truth = rule_judge(&f->pack.rules[0], &f->conf, &starved);
    assert_false(starved);
    return truth;
}

/* Truth of `require` (under `when`, unless NULL) over a conf. */
static inline enum truth truth_when(const char *when, const char *require, const char *conf) {
    char text[8192];
    struct fixture f;
    (void)snprintf(text, sizeof text, RULE_HEAD "%s%s%s  require: %s\n" RULE_TAIL,
                   when != NULL ? "  when: " : "", when != NULL ? when : "",
                   when != NULL ? "\n" : "", require);
    fixture_make(&f);
    load_rules(&f, text);
    read_conf(&f, conf);
    enum truth truth = truth_of_rule(&f);
    fixture_free(&f);
    return truth;
}

static inline enum truth truth_of(const char *require, const char *conf) {
    return truth_when(NULL, require, conf);
}

struct row {
    const char *require, *conf;
    enum truth truth;
};

static inline void assert_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        enum truth truth = truth_of(rows[i].require, rows[i].conf);
        if (truth != rows[i].truth)
            fail_msg("%s over \"%s\" is %d", rows[i].require, rows[i].conf, (int)truth);
    }
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof rows / sizeof rows[0])

#endif
