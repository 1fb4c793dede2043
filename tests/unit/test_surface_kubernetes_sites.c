#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define U "\xfe"
#define K "\xff"

struct bench {
    struct arena arena;
    struct error err;
    const char *bytes;
    struct place_map lines;
    struct document document;
};

static void read_text(struct bench *s, const char *text) {
    struct surface_input input = {.label = "x.yaml", .bytes = text, .length = strlen(text)};
    *s = (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = text};
    assert_int_equal(place_file("x.yaml", text, input.length, &s->arena, &s->lines), 0);
    const struct kind *kind = kind_recognise(&input);
    assert_non_null(kind);
    assert_int_equal(kind->read(&input, &s->arena, &s->document, &s->err), 0);
}

static void check_written(const struct bench *s, const struct origin *place, const char *text) {
    assert_true(place->line >= 1 && place->line <= s->lines.count);
    const char *at = s->bytes + s->lines.segments[place->line - 1].offset + place->column - 1;
    assert_int_equal(strncmp(at, text, strcspn(text, U K)), 0);
}

/* Key and value stand in the list, and in the file where they are said to stand. */
static void check_in(const struct bench *s, const struct setting_list *list, const char *key,
                     const char *value) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) != 0)
            continue;
        assert_string_equal(list->items[i].value, value);
        check_written(s, &list->items[i].origin, key);
        check_written(s, &list->items[i].value_origin, value);
        return;
    }
    fail_msg("%s is not set", key);
}

#define MAP                                                                                        \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hadoop}\ndata:\n  core-site.xml: |\n"       \
    "    <configuration>\n"                                                                        \
    "      <property><name>fs.s3a.secret.key</name>\n        <value>canary</value></property>\n"   \
    "    </configuration>\n"                                                                       \
    "  hive-site.xml: \"<configuration><property><name>hive.x</name>"                              \
    "<value>v</value></property></configuration>\"\n---\n"
#define APPLICATION                                                                                \
    "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: pi}\n"     \
    "spec:\n  mainApplicationFile: a.py\n  hadoopConfigMap: "

static void a_site_file_that_nobody_mounts_is_loose(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, MAP);
    assert_int_equal(s.document.launch_count, 0);
    assert_int_equal(s.document.loose.count, 2);
    check_in(&s, &s.document.loose, "fs.s3a.secret.key", "canary");
    check_in(&s, &s.document.loose, "hive.x", "v");
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
}

static void a_site_file_belongs_to_the_launch_that_mounts_it(void **state) {
    (void)state;
    static const char *const texts[] = {MAP APPLICATION "hadoop\n",
                                        APPLICATION "hadoop\n---\n" MAP};
    for (size_t i = 0; i < 2; i++) {
        struct bench s;
        struct effective conf;
        read_text(&s, texts[i]);
        assert_int_equal(s.document.launch_count, 1);
        assert_int_equal(s.document.loose.count, 0);
        check_in(&s, &s.document.launches[0].lists[DOCUMENT_HADOOP], "hive.x", "v");
        assert_null(s.document.launches[0].open);
        struct document_launch alone = s.document.launches[0];
        alone.word_count = 0;
        assert_int_equal(written_resolve(&alone, &s.arena, &conf, &s.err), 0);
        assert_string_equal(effective_find(&conf, "spark.hadoop.fs.s3a.secret.key")->value,
                            "canary");
        arena_free(&s.arena);
    }
}

static void a_map_that_is_not_at_hand_leaves_the_launch_open(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, MAP APPLICATION "another\n  driver: {configMaps: [{name: script}]}\n");
    check_written(&s, s.document.launches[0].open, "another");
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_HADOOP].count, 0);
    assert_int_equal(s.document.loose.count, 2);
    arena_free(&s.arena);
}

static void maps_for_anything_count_where_they_are_at_hand(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, MAP "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nspec:\n"
                      "  mainApplicationFile: a.py\n"
                      "  driver: {configMaps: [{name: script}, {name: hadoop}]}\n");
    assert_null(s.document.launches[0].open);
    check_in(&s, &s.document.launches[0].lists[DOCUMENT_HADOOP], "hive.x", "v");
    arena_free(&s.arena);
}

static void a_container_has_the_files_that_it_mounts(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, MAP "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n"
                      "      volumes:\n      - {name: v, configMap: {name: hadoop}}\n"
                      "      containers:\n      - command: [spark-submit, a.py]\n"
                      "        volumeMounts:\n"
                      "        - {name: v, mountPath: /c/hive-site.xml, subPath: hive-site.xml}\n"
                      "      - command: [spark-submit, b.py]\n");
    assert_int_equal(s.document.launch_count, 2);
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_HADOOP].count, 1);
    check_in(&s, &s.document.launches[0].lists[DOCUMENT_HADOOP], "hive.x", "v");
    assert_int_equal(s.document.launches[1].lists[DOCUMENT_HADOOP].count, 0);
    check_in(&s, &s.document.loose, "fs.s3a.secret.key", "canary");
    arena_free(&s.arena);
}

static void what_a_template_fills_into_a_site_file_is_unknown(void **state) {
    (void)state;
    struct bench s;
    read_text(&s,
              "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hadoop}\ndata:\n"
              "  core-site.xml: |\n    <configuration>\n"
              "      <property><name>a.b</name><value>x{{ if lt 1 \"<&\" }}</value></property>\n"
              "      <property name='c.d' value='{{ \"'\" }}'/>\n"
              "      <property><name>e.{{ .k }}</name><value>f</value></property>\n"
              "    </configuration>\n"
              "  hdfs-site.xml: '{{ .Files.Get \"h\" }}'\n"
              "---\n" APPLICATION "hadoop\n");
    const struct document_launch *launch = &s.document.launches[0];
    const struct setting_list *list = &launch->lists[DOCUMENT_HADOOP];
    assert_int_equal(list->count, 2);
    check_in(&s, list, "a.b", "x" U "{{ if lt 1 \"<&\" }}" K);
    check_in(&s, list, "c.d", U "{{ \"'\" }}" K);
    assert_int_equal(launch->open->line, 9);
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
}

static void a_site_file_that_is_none_is_noted_at_its_fault(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, "apiVersion: v1\nkind: ConfigMap\ndata:\n  core-site.xml: |\n"
                  "    <configuration>\n    <property></configuration>\n"
                  "  log4j2.xml: |\n    <Configuration><Appenders/></Configuration>\n");
    assert_int_equal(s.document.note_count, 1);
    check_written(&s, &s.document.notes[0].origin, "</configuration>");
    assert_int_equal(s.document.launch_count + s.document.loose.count, 0);
    arena_free(&s.arena);
}

/* Many launches that mount one large file cost no more than a bound. */
static void mounting_is_bounded(void **state) {
    (void)state;
    struct buffer text = buffer_make(4 * 1024 * 1024);
    struct bench s;
    buffer_text(&text, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hadoop}\ndata:\n"
                       "  core-site.xml: |\n    <configuration>\n");
    for (int i = 0; i < 4000; i++)
        buffer_printf(&text, "    <!-- %0200d -->\n", i);
    buffer_text(&text, "    </configuration>\n");
    for (int i = 0; i < 400; i++)
        buffer_printf(&text, "---\n%shadoop\n", APPLICATION);
    read_text(&s, text.data);
    assert_int_equal(s.document.launch_count, 400);
    assert_null(s.document.launches[0].open);
    assert_non_null(s.document.launches[399].open);
    arena_free(&s.arena);
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_file_that_nobody_mounts_is_loose),
        cmocka_unit_test(a_site_file_belongs_to_the_launch_that_mounts_it),
        cmocka_unit_test(a_map_that_is_not_at_hand_leaves_the_launch_open),
        cmocka_unit_test(maps_for_anything_count_where_they_are_at_hand),
        cmocka_unit_test(a_container_has_the_files_that_it_mounts),
        cmocka_unit_test(what_a_template_fills_into_a_site_file_is_unknown),
        cmocka_unit_test(a_site_file_that_is_none_is_noted_at_its_fault),
        cmocka_unit_test(mounting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
