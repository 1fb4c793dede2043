/* The rows of config_read.h say the truth about what they fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/number.h"
#include "sidecar/config/config_read.h"
#include "sidecar/config/config_schema.h"

typedef void visit(const struct config_key *key);

static size_t walk(const struct config_section *section, visit *each) {
    size_t count = 0;
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        if (key->type == CONFIG_LATER)
            continue;
        each(key);
        count += 1 + (key->section != NULL ? walk(key->section, each) : 0);
    }
    return count;
}

static void check_period(const struct config_key *key, const char *field) {
    uint64_t period, kept;
    memcpy(&kept, field, sizeof kept);
    assert_int_equal(number_parse_duration(key->standard, LIMIT_PERIOD_MS, &period), 0);
    assert_int_equal(period, kept);
}

/* What is filled by rows of the secrets' and files' own structures has no default. */
static void check_default(const struct config_key *key) {
    const struct config config = config_default();
    const char *field = (const char *)&config + key->offset;
    const char *text;
    unsigned choice;
    if (key->standard == NULL)
        return;
    switch (key->type) {
    case CONFIG_PERIOD:
        check_period(key, field);
        break;
    case CONFIG_CHOICE:
        memcpy(&choice, field, sizeof choice);
        assert_string_equal(key->choices[choice], key->standard);
        break;
    case CONFIG_SWITCH:
        assert_string_equal(*(const bool *)field ? "true" : "false", key->standard);
        break;
    case CONFIG_WORD:
        memcpy(&text, field, sizeof text);
        if (text != NULL) /* user: what stands in the row is monitor's default */
            assert_string_equal(text, key->standard);
        break;
    case CONFIG_WORDS:
        assert_true(strcmp(key->standard, "[]") == 0 ||
                    strcmp(key->standard, "[\"spark-production\"]") == 0);
        assert_int_equal(*(const size_t *)((const char *)&config + key->count_offset),
                         strcmp(key->standard, "[]") == 0 ? 0 : 1);
        break;
    default:
        fail_msg("%s: a default that nobody looks at", key->name);
    }
}

static void a_default_that_is_shown_is_the_one_in_force(void **state) {
    (void)state;
    assert_in_range(walk(&config_top, check_default), 35, 100);
}

static void check_row(const struct config_key *key) {
    if (key->help == NULL || strlen(key->help) < 10 || strchr(key->help, '\n') != NULL)
        fail_msg("%s is not described in one line", key->name);
    bool section = key->type == CONFIG_SECTION;
    if (section != (key->section != NULL) && key->type != CONFIG_EACH)
        fail_msg("%s: a section has keys and nothing else has", key->name);
    if (!section && key->standard == NULL && key->sample == NULL)
        fail_msg("%s shows neither default nor sample", key->name);
    bool counted = key->type == CONFIG_PATH || key->type == CONFIG_DIRECTORY ||
                   key->type == CONFIG_WORD || key->type == CONFIG_WORDS ||
                   key->type == CONFIG_ADDRESSES || key->type == CONFIG_NUMBER;
    if (counted && key->most == 0)
        fail_msg("%s has no bound", key->name);
}

static void every_row_is_complete(void **state) {
    (void)state;
    assert_in_range(walk(&config_top, check_row), 35, 100);
}

static void the_schema_is_json(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_CONFIG_BYTES);
    json_error_t fault;
    config_schema(&out);
    assert_int_equal(buffer_status(&out), 0);
    json_t *root = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL)
        fail_msg("line %d: %s", fault.line, fault.text);
    assert_true(json_is_false(json_object_get(root, "additionalProperties")));
    json_decref(root);
    buffer_free(&out);
}

static void a_schema_that_does_not_fit_is_told(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 4096; limit += 64) {
        struct buffer out = buffer_make(limit);
        config_schema(&out);
        assert_int_equal(buffer_status(&out), -1);
        buffer_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_default_that_is_shown_is_the_one_in_force),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(the_schema_is_json),
        cmocka_unit_test(a_schema_that_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
