#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/document.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/source/effect.h"
#include "policy/surface/source/source.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
    const char *text;
};

static struct surface_input name_input(const char *label, const char *text) {
    return (struct surface_input){.label = label, .bytes = text, .length = strlen(text)};
}

/* The bytes that stand at a place of the text. */
static const char *find_place(const char *text, const struct origin *origin) {
    const char *at = text;
    for (size_t line = 1; line < origin->line; line++) {
        at = strchr(at, '\n');
        assert_non_null(at);
        at++;
    }
    assert_true(strlen(at) >= origin->column - 1);
    return at + origin->column - 1;
}

/* Where a value says it stands, its first byte stands: as itself, as an escape, as a word of
 * the language whose first letter is another, or as what is unknown of it. */
static void check_place(const char *text, const char *value, const struct origin *origin) {
    const char *at = find_place(text, origin);
    if (value[0] == '\0' || value[0] == UNKNOWN_OPEN || at[0] == '\\')
        return;
    if (at[0] == '"' || at[0] == '\'')
        fail_msg("a value begins with its quote: %.20s", at);
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return;
    for (size_t i = 0; i < 4 && value[i] != '\0' && strchr("\xFE\n\t\"'\\{}$", value[i]) == NULL;
         i++) {
        if (strchr("\\\"'", at[i]) != NULL)
            return;
        if (at[i] != value[i])
            fail_msg("%s is not at %zu:%zu but %.20s", value, origin->line, origin->column, at);
    }
}

static void check_list(const char *text, const struct setting_list *list) {
    for (size_t i = 0; i < list->count; i++)
        check_place(text, list->items[i].value, &list->items[i].value_origin);
}

static void check_places(const struct bench *s) {
    for (size_t i = 0; i < s->document.launch_count; i++)
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            check_list(s->text, &s->document.launches[i].lists[list]);
    check_list(s->text, &s->document.loose);
}

static struct bench read_as(surface_read *read, const char *text) {
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES), .text = text};
    struct surface_input input = name_input("job.py", text);
    if (read(&input, &s.arena, &s.document, &s.err) != 0)
        fail_msg("%zu:%zu: %s", s.err.line, s.err.column, s.err.what);
    check_places(&s);
    return s;
}

static struct bench read_python(const char *text) {
    return read_as(pyspark_read, text);
}

static struct bench read_scala(const char *text) {
    return read_as(scala_read, text);
}

static const struct setting *find_in(const struct setting_list *list, const char *key) {
    const struct setting *found = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            found = &list->items[i];
    return found;
}

static const char *value_in(const struct bench *s, enum document_list list, const char *key) {
    if (s->document.launch_count == 0)
        return NULL;
    const struct setting *found = find_in(&s->document.launches[0].lists[list], key);
    return found == NULL ? NULL : found->value;
}

static void expect(const struct bench *s, enum document_list list, const char *key,
                   const char *value) {
    const char *found = value_in(s, list, key);
    if (found == NULL)
        fail_msg("%s is not told", key);
    assert_string_equal(found, value);
}

static void expect_loose(const struct bench *s, const char *key, const char *value) {
    const struct setting *found = find_in(&s->document.loose, key);
    if (found == NULL)
        fail_msg("%s is not told", key);
    assert_string_equal(found->value, value);
}

static size_t count_settings(const struct bench *s) {
    size_t count = 0;
    for (size_t i = 0; i < s->document.launch_count; i++)
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            count += s->document.launches[i].lists[list].count;
    return count;
}

static void a_builder_sets_before_the_start(void **state) {
    (void)state;
    struct bench s = read_python("from pyspark.sql import SparkSession\n"
                                 "spark = (SparkSession.builder\n"
                                 "    .appName('etl')  # .config(\"spark.no\", \"1\")\n"
                                 "    .master(\"yarn\")\n"
                                 "    .config(\"spark.a\", \"1\")\n"
                                 "    .config(key=\"spark.b\", value=True)\n"
                                 "    .config('spark.c', 4)\n"
                                 "    .getOrCreate())\n");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(s.document.launches[0].title, "PySpark source job.py");
    assert_non_null(s.document.launches[0].open);
    expect(&s, DOCUMENT_CODE, "spark.app.name", "etl");
    expect(&s, DOCUMENT_CODE, "spark.master", "yarn");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    expect(&s, DOCUMENT_CODE, "spark.b", "true");
    expect(&s, DOCUMENT_CODE, "spark.c", "4");
    assert_int_equal(count_settings(&s), 5);
    const struct setting *a = find_in(&s.document.launches[0].lists[DOCUMENT_CODE], "spark.a");
    assert_int_equal(a->origin.line, 5);
    assert_int_equal(a->origin.column, 14);
    assert_int_equal(a->value_origin.column, 25);
    arena_free(&s.arena);
}

static void a_spark_conf_sets_until_a_session_is_built_from_it(void **state) {
    (void)state;
    struct bench s = read_python("from pyspark import SparkConf, SparkContext\n"
                                 "conf = SparkConf().setMaster('yarn').setAppName('x')\n"
                                 "conf.set('spark.a', '1').setAll([('spark.b', '2'), "
                                 "('spark.c', True)])\n"
                                 "conf.setIfMissing('spark.d', '4').setIfMissing('spark.a', 'no')\n"
                                 "conf.setExecutorEnv('HOME', '/h')\n"
                                 "sc = SparkContext(conf=conf)\n"
                                 "conf.set('spark.e', '5')\n"
                                 "sc.getConf().set('spark.f', '6')\n");
    expect(&s, DOCUMENT_CODE, "spark.master", "yarn");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    expect(&s, DOCUMENT_CODE, "spark.b", "2");
    expect(&s, DOCUMENT_CODE, "spark.c", "True");
    expect(&s, DOCUMENT_CODE, "spark.executorEnv.HOME", "/h");
    expect(&s, DOCUMENT_CODE, "spark.d", "4");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.e", "5");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.f", "6");
    arena_free(&s.arena);
}

static void the_copy_of_a_running_conf_counts_where_a_new_context_takes_it(void **state) {
    (void)state;
    struct bench s = read_python("conf = spark.sparkContext._conf.setAll([('spark.a', '1')])\n"
                                 "spark.stop()\n"
                                 "spark = SparkSession.builder.config(conf=conf).getOrCreate()\n");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    assert_int_equal(count_settings(&s), 1);
    arena_free(&s.arena);
}

static void what_is_set_at_runtime_holds_or_does_not(void **state) {
    (void)state;
    struct bench s = read_python("def work(spark, sc):\n"
                                 "    spark.conf.set('spark.sql.shuffle.partitions', 8)\n"
                                 "    spark.conf.set('spark.authenticate', 'true')\n"
                                 "    spark.conf.set('spark.sql.warehouse.dir', '/w')\n"
                                 "    spark.conf.set('spark.hadoop.fs.s3a.secret.key', 'abc')\n"
                                 "    spark.conf.set('fs.s3a.secret.key', 'def')\n"
                                 "    spark.sql(' set spark.sql.ansi.enabled = true ; ')\n"
                                 "    spark.sql('SET spark.acls.enable=true')\n"
                                 "    spark.sql('select 1 = 1')\n"
                                 "    sc._jsc.hadoopConfiguration().set('fs.x', 'y')\n"
                                 "    app.spark.conf.set('spark.ui.enabled', 'false')\n");
    expect(&s, DOCUMENT_RUNTIME, "spark.sql.shuffle.partitions", "8");
    expect(&s, DOCUMENT_RUNTIME, "spark.hadoop.fs.s3a.secret.key", "def");
    expect(&s, DOCUMENT_RUNTIME, "spark.sql.ansi.enabled", "true");
    expect(&s, DOCUMENT_RUNTIME, "spark.hadoop.fs.x", "y");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.authenticate", "true");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.sql.warehouse.dir", "/w");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.hadoop.fs.s3a.secret.key", "abc");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.acls.enable", "true");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.ui.enabled", "false");
    assert_int_equal(count_settings(&s), 9);
    arena_free(&s.arena);
}

static void what_spark_submit_reads_itself_is_too_late(void **state) {
    (void)state;
    struct bench s = read_python("b = SparkSession.builder.config('spark.driver.memory', '4g')\n");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.driver.memory", "4g");
    assert_int_equal(s.document.note_count, 1);
    arena_free(&s.arena);
    s = read_scala("val b = SparkSession.builder().config(\"spark.driver.memory\", \"4g\")\n");
    expect(&s, DOCUMENT_INEFFECTIVE, "spark.driver.memory", "4g");
    arena_free(&s.arena);
    s = read_python("import os\nos.environ['PYSPARK_SUBMIT_ARGS'] = 'pyspark-shell'\n"
                    "b = SparkSession.builder.config('spark.driver.memory', '4g')\n");
    expect(&s, DOCUMENT_CODE, "spark.driver.memory", "4g");
    arena_free(&s.arena);
}

static void dictionaries_are_taken_whole(void **state) {
    (void)state;
    struct bench s = read_python("BASE = {'spark.base': 'b'}\n"
                                 "def make():\n"
                                 "    conf = {'spark.a': '1', **BASE}\n"
                                 "    conf['spark.b'] = '2'\n"
                                 "    conf.update({'spark.c': '3'})\n"
                                 "    b = SparkSession.builder.config(map={'spark.d': '4'})\n"
                                 "    for k, v in conf.items():\n"
                                 "        b = b.config(k, v)\n"
                                 "    c = SparkConf().setAll(dict(BASE).items())\n"
                                 "    SparkConf().setAll(list({'spark.e': '5'}.items()))\n");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    expect(&s, DOCUMENT_CODE, "spark.base", "b");
    expect(&s, DOCUMENT_CODE, "spark.b", "2");
    expect(&s, DOCUMENT_CODE, "spark.c", "3");
    expect(&s, DOCUMENT_CODE, "spark.d", "4");
    expect(&s, DOCUMENT_CODE, "spark.e", "5");
    arena_free(&s.arena);
}

static void a_constant_is_told_with_the_place_of_its_literal(void **state) {
    (void)state;
    struct bench s = read_python("PASSWORD = 'hunter2'\n"
                                 "KEY = 'spark.' 'k'\n"
                                 "b = SparkSession.builder.config(KEY, 'a' + PASSWORD)\n"
                                 "b.config('spark.p', PASSWORD)\n");
    expect(&s, DOCUMENT_CODE, "spark.k", "ahunter2");
    const struct setting *p = find_in(&s.document.launches[0].lists[DOCUMENT_CODE], "spark.p");
    assert_string_equal(p->value, "hunter2");
    assert_int_equal(p->value_origin.line, 1);
    assert_int_equal(p->value_origin.column, 13);
    arena_free(&s.arena);
}

static void what_is_computed_is_unknown_and_never_guessed(void **state) {
    (void)state;
    struct bench s = read_python("import os\n"
                                 "twice = 'a'\n"
                                 "if other:\n    twice = 'b'\n"
                                 "def make(host, port='1'):\n"
                                 "    b = SparkSession.builder\n"
                                 "    b.config('spark.a', twice).config('spark.b', host)\n"
                                 "    b.config('spark.c', f'jdbc:{host}/db?{{x}}')\n"
                                 "    b.config('spark.d', os.environ['TOKEN'])\n"
                                 "    b.config('spark.e', os.getenv('PASS', 'letmein'))\n"
                                 "    b.config('spark.f', 'a' if host else 'b')\n"
                                 "    b.config('spark.g', 'x{}y'.format(host))\n"
                                 "    b.config('spark.h', 'x%sy' % host).config('spark.i', port)\n"
                                 "    b.config(host, 'nobody').config('spark.j', read('lit'))\n"
                                 "    b.config('spark.k', [v for KEY in port][0])\n");
    expect(&s, DOCUMENT_CODE, "spark.a", "\xFEtwice\xFF");
    expect(&s, DOCUMENT_CODE, "spark.b", "\xFEhost\xFF");
    expect(&s, DOCUMENT_CODE, "spark.c", "jdbc:\xFE{host}\xFF/db?{x}");
    expect(&s, DOCUMENT_CODE, "spark.d", "\xFE$TOKEN\xFF");
    expect(&s, DOCUMENT_CODE, "spark.e", "\xFE$PASS\xFF");
    expect(&s, DOCUMENT_CODE, "spark.f", "\xFE...\xFF");
    expect(&s, DOCUMENT_CODE, "spark.g", "x\xFE{}\xFFy");
    expect(&s, DOCUMENT_CODE, "spark.h", "x\xFE%s\xFFy");
    expect(&s, DOCUMENT_CODE, "spark.i", "\xFEport\xFF");
    expect(&s, DOCUMENT_CODE, "spark.j", "\xFEread\xFF");
    expect_loose(&s, "PASS", "letmein");
    arena_free(&s.arena);
}

static void strings_are_read_as_python_reads_them(void **state) {
    (void)state;
    struct bench s =
        read_python("b = SparkSession.builder\n"
                    "b.config('spark.a', 'q\\'\\\"\\t\\x41\\u00e9\\101\\N{DASH}\\d')\n"
                    "b.config('spark.b', r'raw\\n').config('spark.c', \"\"\"two\nlines\"\"\")\n"
                    "b.config('spark.d', 'joined\\\n too').config('spark.e', b'bytes')\n"
                    "b.config('spark.f', 'nul\\0').config('spark.g', '' 'x')\n"
                    "b.config('spark.h', f\"{d[\"k\"]}/{'}'}\").config('spark.i', 1234_5)\n"
                    "b.config('spark.j', -1).config('spark.k', 0x10).config('spark.l', None)\n");
    expect(&s, DOCUMENT_CODE, "spark.a",
           "q'\"\tA\xc3\xa9"
           "A\\N{DASH}\\d");
    expect(&s, DOCUMENT_CODE, "spark.b", "raw\\n");
    expect(&s, DOCUMENT_CODE, "spark.c", "two\nlines");
    expect(&s, DOCUMENT_CODE, "spark.d", "joined too");
    expect(&s, DOCUMENT_CODE, "spark.e", "bytes");
    expect(&s, DOCUMENT_CODE, "spark.f", "nul\xef\xbf\xbd");
    expect(&s, DOCUMENT_CODE, "spark.h", "\xFE{...}\xFF/\xFE{...}\xFF");
    expect(&s, DOCUMENT_CODE, "spark.i", "12345");
    expect(&s, DOCUMENT_CODE, "spark.j", "-1");
    expect(&s, DOCUMENT_CODE, "spark.k", "\xFE...\xFF");
    assert_null(value_in(&s, DOCUMENT_CODE, "spark.l"));
    arena_free(&s.arena);
}

static void options_of_a_data_source_are_of_no_launch(void **state) {
    (void)state;
    struct bench s = read_python("df = spark.read.format('jdbc').option('password', 'hunter2')\n"
                                 "df.options(url='jdbc:x', **{'user': 'me'})\n"
                                 "df.write.jdbc('jdbc:y', 't', properties={'sslpassword': 'p'})\n"
                                 "expected = {'spark.ui.enabled': 'false'}\n");
    expect_loose(&s, "password", "hunter2");
    expect_loose(&s, "user", "me");
    expect_loose(&s, "url", "jdbc:y");
    expect_loose(&s, "sslpassword", "p");
    expect_loose(&s, "spark.ui.enabled", "false");
    assert_int_equal(s.document.launch_count, 0);
    arena_free(&s.arena);
}

static void scala_and_java_are_read_too(void **state) {
    (void)state;
    struct bench s = read_scala(
        "import org.apache.spark.sql.SparkSession\n"
        "object App extends Job {\n"
        "  /* .config(\"spark.no\", \"1\") /* nested */ */\n"
        "  val Password: String = \"hunter2\"\n"
        "  def main(args: Array[String]): Unit = {\n"
        "    val conf = new SparkConf().setMaster(\"yarn\").setIfMissing(\"spark.g\", \"7\")\n"
        "      .set(\"spark.a\", \"1\").setAll(Seq(\"spark.b\" -> \"2\"))\n"
        "    val spark = SparkSession.builder().config(conf)\n"
        "      .config(\"spark.c\", s\"jdbc:$host/${args(0)}\")\n"
        "      .config(\"spark.d\", \"\"\"a\\n\"b\"\"\").config(\"spark.e\", true)\n"
        "      .getOrCreate()\n"
        "    for ((k, v) <- Map(\"spark.sql.x\" -> \"y\")) spark.conf.set(k, v)\n"
        "    spark.sparkContext.hadoopConfiguration.set(\"fs.p\", Password)\n"
        "    spark.read.options(Map(\"password\" -> Password))\n"
        "    val c = 'x'; val d = '\\''\n"
        "    System.setProperty(\"spark.f\", \"6\")\n"
        "  }\n"
        "}\n");
    assert_string_equal(s.document.launches[0].title, "Spark source job.py");
    expect(&s, DOCUMENT_CODE, "spark.master", "yarn");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    expect(&s, DOCUMENT_CODE, "spark.b", "2");
    expect(&s, DOCUMENT_CODE, "spark.c", "jdbc:\xFE$host\xFF/\xFE${args(0)}\xFF");
    expect(&s, DOCUMENT_CODE, "spark.d", "a\\n\"b");
    expect(&s, DOCUMENT_CODE, "spark.e", "true");
    expect(&s, DOCUMENT_CODE, "spark.f", "6");
    expect(&s, DOCUMENT_DEFAULTS, "spark.g", "7");
    expect(&s, DOCUMENT_RUNTIME, "spark.sql.x", "y");
    expect(&s, DOCUMENT_RUNTIME, "spark.hadoop.fs.p", "hunter2");
    expect_loose(&s, "password", "hunter2");
    assert_int_equal(count_settings(&s), 10);
    arena_free(&s.arena);
    s = read_scala("class App {\n"
                   "  void run() {\n"
                   "    SparkConf conf = new SparkConf();\n"
                   "    conf.set(\"spark.a\", \"1\");\n"
                   "    Map<String, String> map = new HashMap<>();\n"
                   "    map.put(\"spark.b\", \"2\");\n"
                   "    SparkSession.builder().config(conf).getOrCreate();\n"
                   "  }\n"
                   "}\n");
    expect(&s, DOCUMENT_CODE, "spark.a", "1");
    arena_free(&s.arena);
}

static void names_that_stand_for_each_other_do_not_explode(void **state) {
    (void)state;
    char text[8192] = "a0 = 'xxxxxxxxxxxxxxxx'\n";
    size_t length = strlen(text);
    for (int i = 1; i <= 60; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "a%d = a%d + a%d + a%d + a%d\nd%d = {**d%d, **d%d}\n", i, i - 1,
                                   i - 1, i - 1, i - 1, i, i - 1, i - 1);
    snprintf(text + length, sizeof text - length,
             "x = y\ny = x\nb = SparkSession.builder.config('spark.a', a60).config(map=d60)\n"
             "b.config('spark.b', x).config('spark.c', 'c')\n");
    struct bench s = read_python(text);
    assert_true(unknown_in(value_in(&s, DOCUMENT_CODE, "spark.a")));
    assert_true(unknown_in(value_in(&s, DOCUMENT_CODE, "spark.b")));
    arena_free(&s.arena);
}

static void source_is_recognised_by_what_it_imports(void **state) {
    (void)state;
    struct surface_input input =
        name_input("job.py", "#!/usr/bin/env python\nfrom pyspark.sql import SparkSession\n");
    assert_string_equal(kind_recognise(&input)->name, "pyspark");
    input = name_input("noname", "from pyspark.sql import SparkSession\n");
    assert_string_equal(kind_recognise(&input)->name, "pyspark");
    input = name_input("helper.py", "def f(spark):\n    spark.conf.set('a', 'b')\n");
    assert_string_equal(kind_recognise(&input)->name, "pyspark");
    input = name_input("dag.py", "from airflow import DAG\nx = SparkSubmitOperator()\n");
    assert_string_equal(kind_recognise(&input)->name, "airflow");
    input = name_input("App.scala", "package a\nimport org.apache.spark.sql._\n");
    assert_string_equal(kind_recognise(&input)->name, "scala");
    input = name_input("plain.py", "import os\nprint('hello')\n");
    assert_null(kind_recognise(&input));
    input = name_input("README.md", "Write `SparkSession.builder` and so on\n");
    assert_null(kind_recognise(&input));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_builder_sets_before_the_start),
        cmocka_unit_test(a_spark_conf_sets_until_a_session_is_built_from_it),
        cmocka_unit_test(the_copy_of_a_running_conf_counts_where_a_new_context_takes_it),
        cmocka_unit_test(what_is_set_at_runtime_holds_or_does_not),
        cmocka_unit_test(what_spark_submit_reads_itself_is_too_late),
        cmocka_unit_test(dictionaries_are_taken_whole),
        cmocka_unit_test(a_constant_is_told_with_the_place_of_its_literal),
        cmocka_unit_test(what_is_computed_is_unknown_and_never_guessed),
        cmocka_unit_test(strings_are_read_as_python_reads_them),
        cmocka_unit_test(options_of_a_data_source_are_of_no_launch),
        cmocka_unit_test(scala_and_java_are_read_too),
        cmocka_unit_test(names_that_stand_for_each_other_do_not_explode),
        cmocka_unit_test(source_is_recognised_by_what_it_imports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
