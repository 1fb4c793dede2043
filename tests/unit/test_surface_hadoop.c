/* Site files of Hadoop, metrics.properties, log4j2.properties. That they mean what Hadoop makes of
 * them is shown by tests/e2e/test_hadoop_oracle.py; here are places, bounds and hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/document.h"
#include "policy/surface/hadoop/hadoop.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static const char core_site[] =
    "<?xml version=\"1.0\"?>\n"
    "<!DOCTYPE configuration>\n"
    "<!-- <property><name>no</name><value>x</value></property> -->\n"
    "<configuration>\n"
    "  <property>\n"
    "    <name>\n      fs.s3a.endpoint</name>\n"
    "    <value>https://s3.example.org</value>\n"
    "  </property>\n"
    "  <property><name>a.b</name><value><![CDATA[x<y]]></value><final>true</final></property>\n"
    "  <property name=\"c.d\" value='one two'/>\n"
    "  <property><name>e</name><value/></property>\n"
    "  <property><name>f</name><value> kept ${env.HOME} </value></property>\n"
    "</configuration>\n";

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
};

static struct bench make_bench(void) {
    return (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES)};
}

static int read_as(struct bench *s, surface_read *read, const char *label, const char *text,
                   size_t length) {
    struct surface_input input = {.label = label, .bytes = text, .length = length};
    s->document = (struct document){0};
    s->err = (struct error){0};
    return read(&input, &s->arena, &s->document, &s->err);
}

static int read_site(struct bench *s, const char *text) {
    return read_as(s, hadoop_read, "conf/core-site.xml", text, strlen(text));
}

static const struct setting_list *list_of(const struct bench *s, enum document_list list) {
    assert_int_equal(s->document.launch_count, 1);
    return &s->document.launches[0].lists[list];
}

static const struct setting *setting_of(const struct bench *s, const char *key) {
    const struct setting_list *list = list_of(s, DOCUMENT_HADOOP);
    const struct setting *found = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            found = &list->items[i];
    return found;
}

/* The text at a place. */
static const char *text_at(const char *text, const struct origin *origin) {
    for (size_t line = 1; line < origin->line; line++)
        text = strchr(text, '\n') + 1;
    return text + origin->column - 1;
}

static void every_key_and_value_has_its_place(void **state) {
    (void)state;
    struct bench s = make_bench();
    static const char *const wanted[][2] = {{"fs.s3a.endpoint", "https://s3.example.org"},
                                            {"a.b", "x<y"},
                                            {"c.d", "one two"},
                                            {"f", " kept ${env.HOME} "}};
    assert_int_equal(read_site(&s, core_site), 0);
    assert_int_equal(list_of(&s, DOCUMENT_HADOOP)->count, 4);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct setting *setting = setting_of(&s, wanted[i][0]);
        assert_non_null(setting);
        assert_string_equal(setting->value, wanted[i][1]);
        assert_memory_equal(text_at(core_site, &setting->origin), setting->key,
                            strlen(setting->key));
        assert_memory_equal(text_at(core_site, &setting->value_origin), setting->value,
                            strlen(setting->value));
    }
    assert_null(setting_of(&s, "e"));
    assert_non_null(s.document.launches[0].open);
    const struct setting_list *facts = list_of(&s, DOCUMENT_FACTS);
    assert_string_equal(facts->items[0].key, HADOOP_FACT_FILE);
    assert_string_equal(facts->items[0].value, "core-site.xml");
    arena_free(&s.arena);
}

static void what_one_file_made_final_a_later_one_does_not_change(void **state) {
    (void)state;
    static const char *const files[] = {
        "<configuration><property><name>a</name><value>1</value><final>true</final></property>"
        "<property><name>b</name><value>1</value></property></configuration>",
        "<configuration><property><name>a</name><value>2</value></property>"
        "<property><name>b</name><value>2</value></property></configuration>"};
    struct bench s = make_bench();
    struct document_builder b = document_begin(&s.arena, &s.err);
    struct origin start = {.kind = ORIGIN_FILE, .file = "cm.yaml", .line = 1, .column = 1};
    document_launch(&b, "ConfigMap hadoop", &start);
    for (size_t i = 0; i < 2; i++) {
        struct place_segment segment = {.offset = 0, .line = 10 * i + 7, .column = 5};
        struct place_map map = {.file = "cm.yaml", .segments = &segment, .count = 1};
        assert_int_equal(hadoop_read_text(files[i], strlen(files[i]), &map, &b), 0);
    }
    assert_int_equal(document_end(&b, &s.document), 0);
    assert_string_equal(setting_of(&s, "a")->value, "1");
    assert_string_equal(setting_of(&s, "b")->value, "2");
    assert_int_equal(setting_of(&s, "b")->origin.line, 17);
    assert_int_equal(s.document.note_count, 1);
    assert_non_null(strstr(s.document.notes[0].text, "made final before"));
    arena_free(&s.arena);
}

static void what_is_no_sound_xml_is_told_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
        size_t line, column;
    } rows[] = {
        {"<configuration>\n <property></configuration>", "ends another element", 2, 12},
        {"<configuration>\n<a>&none;</a></configuration>", "nothing declares", 2, 4},
        {"<configuration/>\nx", "outside of its root", 2, 1},
        {"<!DOCTYPE x [\n<!ENTITY a \"aaaa\">\n]><configuration/>", "declares an entity", 2, 1},
        {"<!DOCTYPE x [<!-- ]> --><!ENTITY % a SYSTEM \"/etc/passwd\">]><x/>", "declares an entity",
         1, 25},
        {"<configuration", "no tag", 1, 15},
        {"<configuration a='1' a='2'/>", "twice", 1, 22},
        {"<configuration>\n", "never ends", 1, 1},
        {"", "no element", 1, 1},
        {"<a>\xff</a>", "UTF-8", 1, 4},
        {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xc3\xa9</a>", "encoding", 1, 31},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench s = make_bench();
        assert_int_equal(read_site(&s, rows[i].text), -1);
        assert_int_equal(s.err.code, ERROR_INPUT);
        if (strstr(s.err.what, rows[i].says) == NULL || s.err.line != rows[i].line ||
            s.err.column != rows[i].column)
            fail_msg("%s: %zu:%zu: %s", rows[i].text, s.err.line, s.err.column, s.err.what);
        assert_string_equal(s.err.where, "conf/core-site.xml");
        assert_int_equal(s.document.launch_count, 0);
        arena_free(&s.arena);
    }
}

static void a_file_cut_anywhere_is_whole_or_refused(void **state) {
    (void)state;
    size_t whole = strlen(core_site) - 1; /* but for the last line end */
    for (size_t length = 0; length <= strlen(core_site); length++) {
        struct bench s = make_bench();
        char *copy = malloc(length + 1); /* of that size: a byte too far is seen by valgrind */
        assert_non_null(copy);
        memcpy(copy, core_site, length);
        copy[length] = '\0';
        assert_int_equal(read_as(&s, hadoop_read, "core-site.xml", copy, length),
                         length >= whole ? 0 : -1);
        free(copy);
        arena_free(&s.arena);
    }
}

/* `head`, then `part` so many times, then `tail`. */
static char *repeat(const char *head, const char *part, size_t times, const char *tail) {
    size_t size = strlen(part), at = strlen(head);
    char *text = malloc(at + times * size + strlen(tail) + 1);
    assert_non_null(text);
    memcpy(text, head, at);
    for (size_t i = 0; i < times; i++, at += size)
        memcpy(text + at, part, size);
    memcpy(text + at, tail, strlen(tail) + 1);
    return text;
}

static void hostile_files_end_soon_and_are_told(void **state) {
    (void)state;
    static const struct {
        const char *head, *part;
        size_t times;
        const char *tail, *says; /* NULL: it is read */
    } rows[] = {
        {"", "<a>", 1000000, "", "too deep"},
        {"<a ", "b='1' ", 1000000, "/>", "twice"},
        {"<a>", "<!-- x --> ", 700000, "</a>", NULL},
        {"", "<!-- x --> ", 700000, "<a/>", NULL},
        {"", "<!--", 2000000, "", "inside a comment"},
        {"<!DOCTYPE x [", "\"", 4000001, "", "never ends"},
        {"<a><property><name>k</name><value>", "&#65;", 1500000, "</value></property></a>", NULL},
        {"<a><property><name>k</name><value>", "x", 7000000, "</value></property></a>", NULL},
        {"<a><property><name>", "\t", 7000000, "</name></property></a>", NULL},
        {"<a>", "<property name='k' value='v' final='true'/>", 60000, "</a>", "notes"},
        {"<a>", "<property name='k' value='v'/>", 70000, "</a>", "more than 65536 settings"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench s = make_bench();
        char *text = repeat(rows[i].head, rows[i].part, rows[i].times, rows[i].tail);
        int status = read_site(&s, text);
        assert_int_equal(status, rows[i].says == NULL ? 0 : -1);
        if (rows[i].says != NULL && strstr(s.err.what, rows[i].says) == NULL)
            fail_msg("%zu: %s", i, s.err.what);
        free(text);
        arena_free(&s.arena);
    }
}

static void many_final_keys_cost_no_more_than_others(void **state) {
    (void)state;
    struct bench s = make_bench();
    size_t room = 60000 * 48, at = 0;
    char *text = malloc(room);
    assert_non_null(text);
    at += (size_t)snprintf(text, room, "<a>");
    for (size_t i = 0; i < 30000; i++)
        at += (size_t)snprintf(text + at, room - at,
                               "<property name='k%zu' value='v' final='true'/>", i);
    (void)snprintf(text + at, room - at, "</a>");
    assert_int_equal(read_site(&s, text), 0);
    assert_int_equal(list_of(&s, DOCUMENT_HADOOP)->count, 30000);
    free(text);
    arena_free(&s.arena);
}

static void an_include_is_told_and_not_followed(void **state) {
    (void)state;
    struct bench s = make_bench();
    assert_int_equal(read_site(&s, "<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>\n"
                                   "<xi:include href='/etc/passwd'/></configuration>"),
                     0);
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 2);
    assert_non_null(strstr(s.document.notes[0].text, "not followed"));
    arena_free(&s.arena);
}

static const char *kind_of(const char *label, const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    const struct kind *kind = kind_recognise(&input);
    return kind == NULL ? "none" : kind->name;
}

static void kinds_are_told_by_what_stands_in_a_file(void **state) {
    (void)state;
    static const struct {
        const char *label, *text, *kind;
    } rows[] = {
        {"a/core-site.xml", core_site, "hadoop"},
        {"x", core_site, "hadoop"},
        {"hive-site.xml", "<configuration>\n</configuration>\n", "hadoop"},
        {"pom.xml", "<project><properties><name>x</name></properties></project>", "none"},
        {"log4j2.xml", "<Configuration><Appenders/></Configuration>", "log4j"},
        {"logback.xml",
         "<configuration><property name=\"a\" value=\"b\"/><appender/></configuration>", "none"},
        {"metrics.properties", "*.sink.graphite.host=h\n", "metrics"},
        {"m.txt", "# x\n*.sink.graphite.host=h\ndriver.source.jvm.class=c\n", "metrics"},
        {"metrics.properties", "#*.sink.graphite.host=h\n", "metrics"},
        {"log4j2.properties", "rootLogger.level = info\nappender.console.type = Console\n",
         "log4j"},
        {"l.txt", "log4j.rootCategory=INFO\nlog4j.appender.a=b\n", "log4j"},
        {"spark-defaults.conf", "spark.master yarn\nspark.metrics.conf.*.sink.a.b c\n",
         "properties"},
        {"notes.txt", "status report\n", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(kind_of(rows[i].label, rows[i].text), rows[i].kind) != 0)
            fail_msg("%s is %s", rows[i].label, kind_of(rows[i].label, rows[i].text));
}

static void metrics_are_what_spark_makes_of_them(void **state) {
    (void)state;
    static const char text[] = "*.sink.graphite.host = h\n";
    struct bench s = make_bench();
    assert_int_equal(read_as(&s, metrics_read, "metrics.properties", text, strlen(text)), 0);
    const struct setting *setting = &list_of(&s, DOCUMENT_DEFAULTS)->items[0];
    assert_string_equal(setting->key, "spark.metrics.conf.*.sink.graphite.host");
    assert_string_equal(setting->value, "h");
    assert_int_equal(setting->value_origin.column, 24);
    assert_non_null(s.document.launches[0].open);
    arena_free(&s.arena);
}

static void settings_of_log4j_belong_to_no_launch(void **state) {
    (void)state;
    static const char text[] = "appender.db.password = invented\n";
    struct bench s = make_bench();
    assert_int_equal(read_as(&s, log4j_read, "log4j2.properties", text, strlen(text)), 0);
    assert_int_equal(s.document.launch_count, 0);
    assert_int_equal(s.document.loose.count, 1);
    assert_string_equal(s.document.loose.items[0].key, "appender.db.password");
    assert_int_equal(read_as(&s, log4j_read, "log4j2.xml", "<x", 2), 0);
    assert_int_equal(s.document.note_count, 1);
    arena_free(&s.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_and_value_has_its_place),
        cmocka_unit_test(what_one_file_made_final_a_later_one_does_not_change),
        cmocka_unit_test(what_is_no_sound_xml_is_told_with_its_place),
        cmocka_unit_test(a_file_cut_anywhere_is_whole_or_refused),
        cmocka_unit_test(hostile_files_end_soon_and_are_told),
        cmocka_unit_test(many_final_keys_cost_no_more_than_others),
        cmocka_unit_test(an_include_is_told_and_not_followed),
        cmocka_unit_test(kinds_are_told_by_what_stands_in_a_file),
        cmocka_unit_test(metrics_are_what_spark_makes_of_them),
        cmocka_unit_test(settings_of_log4j_belong_to_no_launch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
