#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "tests/unit/config_fixture.h"

static void the_smallest_file_gives_the_defaults(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, HEAD);
    const struct config wanted = config_default();
    assert_int_equal(f.config.mode, MODE_ENFORCE);
    assert_int_equal(f.config.poll_ms, 2000);
    assert_int_equal(f.config.overlap_ms, 300000);
    assert_int_equal(f.config.wait_ms, 60000);
    assert_int_equal(f.config.grace_ms, 0);
    assert_int_equal(f.config.pack_count, 1);
    assert_string_equal(f.config.packs[0], "spark-production");
    assert_null(f.config.dir);
    assert_null(f.config.user);
    assert_int_equal(f.config.secret_count + f.config.file_count + f.config.require_count, 0);
    assert_memory_equal(&f.config, &wanted, sizeof wanted);
    arena_free(&f.arena);
}

static void a_full_file_is_read_whole(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, "keep-env: [TZ, LC_ALL]\n"
                      "require: [no-tracer, memfd-secret]\n"
                      "deliver:\n"
                      "  dir: /run/arrestor/x\n"
                      "  state: /run/arrestor/x-state\n"
                      "  overlap: 1m\n"
                      "  poll: 100ms\n"
                      "  wait: 0s\n"
                      "  files:\n"
                      "    jdbc.properties:\n"
                      "      properties: {user: \"${db.username}\", url: jdbc:x, p: '${api}'}\n"
                      "    key: {raw: \"${lake-2.a.b_c}\"}\n"
                      "secrets:\n"
                      "  db: {store: strongbox, path: team/orders-db}\n"
                      "  lake-2: {path: lake, store: strongbox}\n"
                      "  api: {path: api, store: strongbox}\n"
                      "stores: {strongbox: {box: b/secrets.box, key: /k}}\n"
                      "policy: {packs: [spark-baseline, spark-production]}\n"
                      "user: arrestor\njob-user: etl.1\ngrace: 10m\nmode: warn\n"
                      "version: 1\n");
    const struct config *c = &f.config;
    assert_int_equal(c->mode, MODE_WARN);
    assert_string_equal(c->box, "b/secrets.box");
    assert_string_equal(c->key, "/k");
    assert_string_equal(c->dir, "/run/arrestor/x");
    assert_string_equal(c->state, "/run/arrestor/x-state");
    assert_int_equal(c->overlap_ms, 60000);
    assert_int_equal(c->poll_ms, 100);
    assert_int_equal(c->wait_ms, 0);
    assert_int_equal(c->grace_ms, 600000);
    assert_int_equal(c->secret_count, 3);
    assert_string_equal(c->secrets[1].name, "lake-2");
    assert_string_equal(c->secrets[0].path, "team/orders-db");
    assert_int_equal(c->secrets[0].line, 14);
    assert_int_equal(c->secrets[0].column, 3);
    assert_int_equal(c->file_count, 2);
    assert_int_equal(c->files[0].form, FORM_PROPERTIES);
    assert_int_equal(c->files[0].property_count, 3);
    assert_true(c->files[0].properties[0].is_reference);
    assert_string_equal(c->files[0].properties[0].reference.field, "username");
    assert_false(c->files[0].properties[1].is_reference);
    assert_string_equal(c->files[0].properties[1].literal, "jdbc:x");
    assert_int_equal(c->files[0].properties[2].reference.secret, 2);
    assert_null(c->files[0].properties[2].reference.field);
    assert_int_equal(c->files[1].form, FORM_RAW);
    assert_int_equal(c->files[1].raw.secret, 1);
    assert_string_equal(c->files[1].raw.field, "a.b_c");
    assert_int_equal(c->files[1].line, 12);
    assert_int_equal(c->pack_count, 2);
    assert_string_equal(c->packs[0], "spark-baseline");
    assert_string_equal(c->user, "arrestor");
    assert_string_equal(c->job_user, "etl.1");
    assert_string_equal(c->require[1], "memfd-secret");
    assert_string_equal(c->keep_env[1], "LC_ALL");
    arena_free(&f.arena);
}

static void empty_sections_are_the_defaults(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, HEAD "stores:\nsecrets:\ndeliver:\npolicy:\n");
    assert_int_equal(f.config.pack_count, 1);
    arena_free(&f.arena);
    assert_parses(&f, HEAD "stores: {strongbox: }\nsecrets: {}\ndeliver: {files: }\n"
                           "require: []\nkeep-env: []\n");
    assert_int_equal(f.config.require_count, 0);
    arena_free(&f.arena);
}

static void a_file_must_say_its_version(void **state) {
    (void)state;
    assert_refused("", 0, 0, "the file is empty", "version: 1");
    assert_refused("# nothing\n", 0, 0, "the file is empty", "version: 1");
    assert_refused("mode: warn\n", 1, 0, "does not say its version", "version: 1");
    assert_refused("version: 2\nnews: x\n", 1, 10, "version of the file is not known", "newer");
    assert_refused("version:\n", 1, 9, "version must be text", "write one value");
    assert_refused("[1]\n", 1, 1, "the file must be a mapping", "key: value");
}

static void an_unknown_key_names_the_nearest_known_one(void **state) {
    (void)state;
    assert_refused(HEAD "secert: {}\n", 2, 1, "unknown key \"secert\"", "\"secrets\"?");
    assert_refused(HEAD "deliver: {pol: 2s}\n", 2, 11, "\"pol\" in deliver", "\"poll\"?");
    assert_refused(HEAD "stores: {strongbox: {bax: x}}\n", 2, 22, "in stores.strongbox",
                   "\"box\"?");
    assert_refused(HEAD "secrets: {db: {stroe: x, path: y}}\n", 2, 16, "in secrets.db",
                   "\"store\"?");
    assert_refused(HEAD "policy: {pack: []}\n", 2, 10, "in policy", "\"packs\"?");
    assert_refused(FILES "f: {propertys: {}}\n", 5, 9, "in deliver.files.f", "\"properties\"?");
    assert_refused(HEAD "zebra: 1\n", 2, 1, "\"zebra\"", "known keys are: version, mode, stores");
}

static void what_is_planned_is_said_not_taken_for_a_slip(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
        size_t column;
    } rows[] = {
        {"stores: {aws: {}}", "stores.aws is not", 10},
        {"secrets: {db: {for: [a]}}", "secrets.db.for is not", 16},
        {"secrets: {db: {store: aws, path: x}}", "the store aws is not supported", 23},
        {"stores: {vault: {auth: {jwt: x}}}", "stores.vault.auth.jwt is not", 25},
        {"stores: {vault: {auth: {kubernetes: {role: r}}}}", "auth.kubernetes is not supported",
         25},
        {"deliver: {use: [s3a]}", "deliver.use is not", 11},
        {"policy: {platform: eks}", "policy.platform is not", 10},
        {"policy: {waivers: w.yaml}", "policy.waivers is not", 10},
        {"on-drift: stop", "on-drift is not", 1},
        {"metrics: off", "metrics is not", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
        buffer_printf(&text, "%s%s\n", HEAD, rows[i].text);
        assert_refused(text.data, 2, rows[i].column, rows[i].what, "");
        buffer_free(&text);
    }
}

static void values_are_checked_where_they_stand(void **state) {
    (void)state;
    assert_refused(HEAD "mode: enforced\n", 2, 7, "mode cannot be", "enforce");
    assert_refused(HEAD "mode: off\n", 2, 7, "mode cannot be", "enforce or warn");
    assert_refused(HEAD "deliver: {dir: run/x}\n", 2, 16, "not an absolute path", "whole");
    assert_refused(HEAD "deliver: {dir: /run/../etc}\n", 2, 16, "not an absolute path", "'..'");
    assert_refused(HEAD "deliver: {dir: /run/./x}\n", 2, 16, "not an absolute path", "'.'");
    assert_refused(HEAD "deliver: {dir: /run//x}\n", 2, 16, "not an absolute path", "'//'");
    assert_refused(HEAD "deliver: {dir: /run/x/}\n", 2, 16, "not an absolute path", "");
    assert_refused(HEAD "deliver: {state: /}\n", 2, 18, "not an absolute path", "");
    assert_refused(HEAD "deliver: {dir: }\n", 2, 16, "deliver.dir must be text", "");
    assert_refused(HEAD "deliver: {poll: 2}\n", 2, 17, "deliver.poll is not a time", "unit");
    assert_refused(HEAD "deliver: {poll: 99ms}\n", 2, 17, "too short", "100ms");
    assert_refused(HEAD "deliver: {poll: 25h}\n", 2, 17, "not a time of at most 24h", "");
    assert_refused(HEAD "deliver: {overlap: -1s}\n", 2, 20, "not a time", "");
    assert_refused(HEAD "policy: {packs: []}\n", 2, 17, "no policy is not a pass", "leave");
    assert_refused(HEAD "policy: {packs: x}\n", 2, 17, "must be a list", "[a, b]");
    assert_refused(HEAD "policy: {packs: [a/b]}\n", 2, 18, "not a name", "");
    assert_refused(HEAD "policy: {packs: [a, a]}\n", 2, 21, "stands twice", "");
    assert_refused(HEAD "require: [no_tracer]\n", 2, 11, "not a name", "");
    assert_refused(HEAD "keep-env: [A=b]\n", 2, 12, "not a name", "");
    assert_refused(HEAD "keep-env: [1A]\n", 2, 12, "not the name of a variable", "");
    assert_refused(HEAD "user: 'a b'\n", 2, 7, "not a name", "letters");
    assert_refused(HEAD "user: a23456789b123456789c123456789d123\n", 2, 7, "not a name", "32");
    assert_refused(HEAD "stores: {strongbox: {box: ''}}\n", 2, 27, "has 0 bytes", "path");
}

static void a_secret_has_a_name_a_store_and_a_path(void **state) {
    (void)state;
    assert_refused(HEAD "secrets: {a.b: {store: strongbox, path: x}}\n", 2, 11, "this name", "'_'");
    assert_refused(HEAD "secrets: {db: {path: x}}\n", 2, 11, "secrets.db has no store",
                   "write store: ");
    assert_refused(HEAD "secrets: {db: {store: strongbox}}\n", 2, 11, "has no path", "path:");
    assert_refused(HEAD "secrets: {db: }\n", 2, 15, "secrets.db must be a mapping", "");
    assert_refused(HEAD "secrets: {db: {store: strongbx, path: x}}\n", 2, 23, "cannot be",
                   "strongbox");
    assert_refused(HEAD "secrets: {db: {store: strongbox, path: /x}}\n", 2, 40, "path is not", "/");
    assert_refused(HEAD "secrets: {db: {store: strongbox, path: ''}}\n", 2, 40, "path is not", "");
    assert_refused(HEAD "secrets: [db]\n", 2, 10, "secrets must be a mapping", "");
}

static const char sample[] = FILES "f: {properties: {user: \"${db.username}\", url: 'a'}}\n"
                                   "    g: {raw: \"${db}\"}\n"
                                   "policy: {packs: [spark-baseline]}\nkeep-env: [TZ]\n";

static void a_truncated_file_is_read_or_refused_with_a_reason(void **state) {
    (void)state;
    size_t refused = 0;
    for (size_t length = 0; length < sizeof sample; length++) {
        struct fixture f;
        char copy[sizeof sample];
        memcpy(copy, sample, length);
        copy[length < sizeof sample ? length : length - 1] = '\0';
        if (parse(&f, copy) != 0)
            refused++;
        arena_free(&f.arena);
    }
    assert_in_range(refused, 100, sizeof sample - 10);
}

static void memory_that_runs_out_anywhere_is_an_error(void **state) {
    (void)state;
    size_t refused = 0;
    for (size_t limit = 0; limit < 12000; limit += 8) {
        struct arena arena = arena_make(limit);
        struct config config = {.poll_ms = 77};
        struct error err;
        if (config_parse(sample, sizeof sample - 1, "a", &arena, &config, &err) != 0) {
            assert_int_equal(err.code, ERROR_MEMORY);
            assert_int_equal(config.poll_ms, 77);
            refused++;
        }
        arena_free(&arena);
    }
    assert_in_range(refused, 50, 1400);
}

static void names_of_tables_are_total(void **state) {
    (void)state;
    assert_string_equal(config_store_name(STORE_STRONGBOX), "strongbox");
    assert_string_equal(config_store_name((enum store_kind)99), "unknown");
    assert_string_equal(config_form_name(FORM_PROPERTIES), "properties");
    assert_string_equal(config_form_name((enum form)99), "unknown");
}

static void the_examples_are_correct(void **state) {
    (void)state;
    static const char *const paths[] = {"examples/arrestor.yaml", "examples/demo/arrestor.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char text[8192];
        struct fixture f;
        FILE *file = fopen(paths[i], "r");
        if (file == NULL)
            fail_msg("%s: run this from the root of the sources", paths[i]);
        size_t length = fread(text, 1, sizeof text - 1, file);
        text[length] = '\0';
        assert_int_equal(fclose(file), 0);
        assert_in_range(length, 100, sizeof text - 2);
        assert_parses(&f, text);
        assert_true(f.config.file_count > 0);
        arena_free(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_file_gives_the_defaults),
        cmocka_unit_test(a_full_file_is_read_whole),
        cmocka_unit_test(empty_sections_are_the_defaults),
        cmocka_unit_test(a_file_must_say_its_version),
        cmocka_unit_test(an_unknown_key_names_the_nearest_known_one),
        cmocka_unit_test(what_is_planned_is_said_not_taken_for_a_slip),
        cmocka_unit_test(values_are_checked_where_they_stand),
        cmocka_unit_test(a_secret_has_a_name_a_store_and_a_path),
        cmocka_unit_test(a_truncated_file_is_read_or_refused_with_a_reason),
        cmocka_unit_test(memory_that_runs_out_anywhere_is_an_error),
        cmocka_unit_test(names_of_tables_are_total),
        cmocka_unit_test(the_examples_are_correct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
