#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/rules/rule_evaluate.h"
#include "policy/surface/java_options.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "tests/unit/rule_truth.h"

static void equality_is_that_of_the_keys_reader(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{spark.authenticate: true}", "spark.authenticate true\n", TRUTH_TRUE},
        {"{spark.authenticate: true}", "spark.authenticate TRUE\n", TRUTH_TRUE},
        {"{spark.authenticate: true}", "spark.authenticate false\n", TRUTH_FALSE},
        {"{spark.authenticate: true}", "spark.authenticate yes\n", TRUTH_FALSE},
        {"{spark.authenticate: false}", "spark.authenticate yes\n", TRUTH_FALSE},
        {"{spark.authenticate: true}", "spark.authenticate\n", TRUTH_FALSE},
        {"{spark.authenticate: true}", "", TRUTH_FALSE},
        {"{spark.authenticate: false}", "", TRUTH_TRUE},
        /* TransportConf: what is not exactly true is false. */
        {"{spark.network.crypto.enabled: true}", "spark.network.crypto.enabled true\n", TRUTH_TRUE},
        {"{spark.network.crypto.enabled: true}", "spark.network.crypto.enabled on\n", TRUTH_FALSE},
        {"{spark.network.crypto.enabled: false}", "spark.network.crypto.enabled 1\n", TRUTH_TRUE},
        {"{spark.network.crypto.enabled: true}", "spark.network.crypto.enabled ${env:X}\n",
         TRUTH_FALSE},
        {"{spark.network.crypto.saslFallback: false}", "", TRUTH_FALSE},
        {"{spark.io.encryption.keySizeBits: 256}", "spark.io.encryption.keySizeBits 256 \n",
         TRUTH_TRUE},
        {"{spark.io.encryption.keySizeBits: 256}", "", TRUTH_FALSE},
        {"{spark.io.encryption.keySizeBits: 128}", "", TRUTH_TRUE},
        {"{spark.eventLog.dir: {one-of: [/a, /b]}}", "spark.eventLog.dir /b\n", TRUTH_TRUE},
        {"{spark.eventLog.dir: {one-of: [/a, /b]}}", "spark.eventLog.dir /c\n", TRUTH_FALSE},
        {"{spark.eventLog.dir: {one-of: [/tmp/spark-events]}}", "", TRUTH_TRUE},
    };
    ASSERT_ROWS(rows);
}

static void what_is_left_open_cannot_be_told(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{spark.authenticate: true}", "spark.authenticate {{ auth }}\n", TRUTH_UNKNOWN},
        {"{spark.authenticate: true}", "spark.authenticate ${env:AUTH}\n", TRUTH_UNKNOWN},
        {"{spark.eventLog.dir: /x}", "spark.eventLog.dir {{ dir }}\n", TRUTH_UNKNOWN},
        {"{spark.eventLog.dir: {like: [/x*]}}", "spark.eventLog.dir {{ dir }}\n", TRUTH_UNKNOWN},
        {"{spark.eventLog.dir: {unlike: [/x*]}}", "spark.eventLog.dir {{ dir }}\n", TRUTH_UNKNOWN},
        {"{spark.eventLog.dir: {unlike: [/x*]}}", "spark.eventLog.dir /x/${env:U}\n", TRUTH_FALSE},
        {"{spark.admin.acls: {without: [\"*\"]}}", "spark.admin.acls ada,{{ more }}\n",
         TRUTH_UNKNOWN},
        {"{spark.admin.acls: {without: [\"*\"]}}", "spark.admin.acls {{ more }},*\n", TRUTH_FALSE},
        {"{spark.ui.filters: {present: true}}", "spark.ui.filters {{ filter }}\n", TRUTH_UNKNOWN},
        {"{spark.ui.filters: {absent: true}}", "spark.ui.filters {{ filter }}\n", TRUTH_UNKNOWN},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.extraJavaOptions -Xss1m {{ more }}\n", TRUTH_UNKNOWN},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.extraJavaOptions -Xss1m @options.txt\n", TRUTH_UNKNOWN},
    };
    ASSERT_ROWS(rows);
}

static void kleene_connectives_keep_the_unknown(void **state) {
    (void)state;
#define T "{spark.authenticate: true}"
#define F "{spark.acls.enable: true}"
#define U "{spark.ui.enabled: false}"
    static const char conf[] = "spark.authenticate true\nspark.ui.enabled {{ ui }}\n";
    static const struct row rows[] = {
        {"{all: [" T ", " T "]}", conf, TRUTH_TRUE},
        {"{all: [" T ", " U "]}", conf, TRUTH_UNKNOWN},
        {"{all: [" F ", " U "]}", conf, TRUTH_FALSE},
        {"{any: [" F ", " F "]}", conf, TRUTH_FALSE},
        {"{any: [" F ", " U "]}", conf, TRUTH_UNKNOWN},
        {"{any: [" T ", " U "]}", conf, TRUTH_TRUE},
        {"{not: " T "}", conf, TRUTH_FALSE},
        {"{not: " F "}", conf, TRUTH_TRUE},
        {"{not: " U "}", conf, TRUTH_UNKNOWN},
    };
    ASSERT_ROWS(rows);
    assert_int_equal(truth_when(F, F, conf), TRUTH_TRUE);
    assert_int_equal(truth_when(T, F, conf), TRUTH_FALSE);
    assert_int_equal(truth_when(U, F, conf), TRUTH_UNKNOWN);
    assert_int_equal(truth_when(U, T, conf), TRUTH_TRUE);
}

static void the_other_operators_mean_what_they_say(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{spark.ui.filters: {present: true}}", "spark.ui.filters a.B\n", TRUTH_TRUE},
        {"{spark.ui.filters: {present: true}}", "spark.ui.filters = \n", TRUTH_FALSE},
        {"{spark.eventLog.dir: {present: true}}", "", TRUTH_FALSE},
        {"{spark.eventLog.dir: {absent: true}}", "", TRUTH_TRUE},
        {"{spark.eventLog.dir: {unlike: [/tmp/*]}}", "", TRUTH_FALSE},
        {"{spark.eventLog.dir: {like: [/tmp/*]}}", "", TRUTH_TRUE},
        {"{spark.ssl.ui.keyStore: {like: [\"*\"]}}", "", TRUTH_FALSE},
        {"{spark.ssl.ui.keyStore: {unlike: [\"*\"]}}", "", TRUTH_TRUE},
        {"{spark.eventLog.dir: {like: [\"/x*\", \"!*y\"]}}", "spark.eventLog.dir /xz\n",
         TRUTH_TRUE},
        {"{spark.eventLog.dir: {like: [\"/x*\", \"!*y\"]}}", "spark.eventLog.dir /xy\n",
         TRUTH_FALSE},
        {"{spark.admin.acls: {without: [\"*\"]}}", "spark.admin.acls ada , * ,bob\n", TRUTH_FALSE},
        {"{spark.admin.acls: {without: [\"*\"]}}", "spark.admin.acls ada*,,\n", TRUTH_TRUE},
        {"{spark.admin.acls: {without: [\"*\"]}}", "", TRUTH_TRUE},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.extraJavaOptions -Xss1m '-agentlib:x y'\n", TRUTH_FALSE},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.extraJavaOptions -Da=\"x -agentlib:x\"\n", TRUTH_TRUE},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}", "", TRUTH_TRUE},
        {"{spark.network.timeout: {at-least: 2min}}", "spark.network.timeout 120\n", TRUTH_TRUE},
        {"{spark.network.timeout: {at-least: 2min}}", "spark.network.timeout 119s\n", TRUTH_FALSE},
        {"{spark.network.timeout: {at-least: 2min}}", "spark.network.timeout 2 M\n", TRUTH_FALSE},
        {"{spark.network.timeout: {at-most: 2min}}", "spark.network.timeout 120000ms\n",
         TRUTH_TRUE},
        {"{spark.network.timeout: {at-most: 2min}}", "spark.network.timeout 1h\n", TRUTH_FALSE},
        {"{spark.network.timeout: {at-most: 2min}}", "spark.network.timeout {{ t }}\n",
         TRUTH_UNKNOWN},
        {"{spark.network.timeout: {at-most: 2min}}", "", TRUTH_TRUE},
        {"{spark.io.encryption.keySizeBits: {at-least: 256}}", "", TRUTH_FALSE},
        {"{spark.io.encryption.keySizeBits: {at-least: 256}}",
         "spark.io.encryption.keySizeBits 0x200\n", TRUTH_FALSE},
        {"{spark.executor.memory: {at-most: 2g}}", "spark.executor.memory 2048\n", TRUTH_TRUE},
        {"{spark.executor.memory: {at-most: 2g}}", "spark.executor.memory 2049M\n", TRUTH_FALSE},
        {"{spark.jars: {items-like: [\"hdfs:*\", \"local:*\"]}}",
         "spark.jars hdfs:///a.jar, local:/b.jar,,\n", TRUTH_TRUE},
        {"{spark.jars: {items-like: [\"hdfs:*\"]}}", "spark.jars hdfs:///a.jar,/b.jar\n",
         TRUTH_FALSE},
        {"{spark.jars: {items-like: [\"hdfs:*\"]}}", "spark.jars hdfs:///a.jar,{{ b }}\n",
         TRUTH_UNKNOWN},
        {"{spark.jars: {items-like: [\"hdfs:*\"]}}", "", TRUTH_TRUE},
        {"{spark.jars: {items-unlike: [\"http:*\"]}}", "spark.jars /a.jar, http://h/b.jar\n",
         TRUTH_FALSE},
        {"{spark.jars: {items-unlike: [\"http:*\"]}}", "spark.jars /a.jar,http://{{ h }}\n",
         TRUTH_FALSE},
        {"{spark.jars: {items-unlike: [\"http:*\"]}}", "spark.jars /a.jar,{{ h }}\n",
         TRUTH_UNKNOWN},
        {"{master: yarn}", "spark.master yarn\n", TRUTH_TRUE},
        {"{master: local}", "spark.master local-cluster[2,1,512]\n", TRUTH_TRUE},
        {"{master: local}", "spark.master local[*, 3]\n", TRUTH_TRUE},
        {"{master: [yarn, kubernetes]}", "spark.master k8s://https://h\n", TRUTH_TRUE},
        {"{master: standalone}", "spark.master spark://a:7077,b:7077\n", TRUTH_TRUE},
        {"{master: local}", "spark.master spark://h:7077\n", TRUTH_FALSE},
    };
    ASSERT_ROWS(rows);
}

static void what_the_input_does_not_say_counts_at_its_weakest(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{master: local}", "", TRUTH_FALSE},
        {"{master: yarn}", "", TRUTH_FALSE},
        {"{not: {master: yarn}}", "", TRUTH_FALSE},
        {"{any: [{master: yarn}, {master: standalone}, {master: kubernetes}]}", "", TRUTH_TRUE},
        {"{master: local}", "spark.master {{ master }}\n", TRUTH_FALSE},
        {"{master: yarn}", "spark.master mesos://h\n", TRUTH_FALSE},
        {"{since: \"3.4\"}", "", TRUTH_TRUE},
        {"{since: \"4.0\"}", "", TRUTH_FALSE},
        {"{not: {since: \"4.0\"}}", "", TRUTH_FALSE},
        /* what only an older version asks for is asked of each master there */
        {"{any: [{since: \"4.0\"}, {master: yarn}]}", "", TRUTH_FALSE},
        {"{any: [{master: yarn}, {since: \"4.0\"}]}", "", TRUTH_FALSE},
        /* true up to 3.5, false from 4.0 on */
        {"{spark.connect.grpc.debug.enabled: false}", "", TRUTH_FALSE},
        {"{spark.connect.grpc.debug.enabled: true}", "", TRUTH_FALSE},
    };
    ASSERT_ROWS(rows);
}

static void a_known_version_has_its_own_defaults(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, RULE_HEAD "  require: {spark.connect.grpc.debug.enabled: false}\n" RULE_TAIL);
    read_conf(&f, "spark.master yarn\n");
    f.conf.spark_major = 4;
    assert_int_equal(truth_of_rule(&f), TRUTH_TRUE);
    f.conf.spark_major = 3;
    f.conf.spark_minor = 5;
    assert_int_equal(truth_of_rule(&f), TRUTH_FALSE);
    fixture_free(&f);
}

static void words_of_a_java_command_line_are_spark_s(void **state) {
    (void)state;
    static const char *const wanted[] = {"-a", "b c", "d'e", "f\\g", "-Dx=1 2", "a b", "\"", "x"};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct java_options options;
    struct error err;
    const char *text = "  -a 'b c'\t\"d'e\" 'f\\g' -Dx=\"1 2\" a\\ b \"\\\"\" ''x";
    assert_int_equal(java_options_split(text, &arena, &options, &err), 0);
    assert_int_equal(options.count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < options.count; i++)
        assert_string_equal(options.words[i], wanted[i]);
    assert_int_equal(java_options_split("-a 'rest of it", &arena, &options, &err), -1);
    assert_int_equal(java_options_split("-a \\", &arena, &options, &err), -1);
    arena_free(&arena);
    assert_int_equal(truth_of("{spark.driver.extraJavaOptions: {jvm-without: ['-x']}}",
                              "spark.driver.extraJavaOptions -y 'never ends\n"),
                     TRUTH_UNKNOWN);
}

/* Some key that is read as it is written. */
static const char *find_plain_key(size_t *index) {
    const struct catalogue_entry *entry = catalogue_at(*index);
    while (entry != NULL && entry->type != TYPE_STRING)
        entry = catalogue_at(++*index);
    ++*index;
    return entry == NULL ? NULL : catalogue_key(entry);
}

static void a_rule_may_read_more_keys_than_are_kept(void **state) {
    (void)state;
    struct buffer require = buffer_make(10000), conf = buffer_make(10000);
    size_t index = 0;
    buffer_text(&require, "{all: [");
    for (int i = 0; i < 2 * READINGS_KEPT; i++)
        buffer_printf(&require, "%s{%s: {equals: v%d}}", i > 0 ? ", " : "", find_plain_key(&index),
                      i);
    buffer_text(&require, "]}");
    index = 0;
    for (int i = 0; i < 2 * READINGS_KEPT; i++) {
        assert_int_equal(truth_of(require.data, conf.data != NULL ? conf.data : ""), TRUTH_FALSE);
        buffer_printf(&conf, "%s v%d\n", find_plain_key(&index), i);
    }
    assert_int_equal(truth_of(require.data, conf.data), TRUTH_TRUE);
    buffer_free(&require);
    buffer_free(&conf);
}

/* In a child: no more memory than there is now. */
static void take_all_memory(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        abort();
    (void)fclose(file);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    if (setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) != 0)
        abort();
}

static int judge_without_memory(struct fixture *f) {
    bool starved = false;
    take_all_memory();
    (void)rule_judge(&f->pack.rules[0], &f->conf, &starved);
    return rule_check(&f->set, &f->conf, f->mode, &f->arena, &f->found, &f->err) != 0 &&
                   f->err.code == ERROR_MEMORY && starved
               ? 0
               : 1;
}

static void options_that_memory_is_lacking_for_are_a_fault_and_no_unknown(void **state) {
    (void)state;
    if (getenv("UNDER_A_TOOL") != NULL) /* it needs the memory that is taken away here */
        skip();
#ifdef SANITIZED
    skip(); /* its runtime needs more memory than may be had here */
#endif
    static char text[4 * 1024 * 1024];
    const char *key = "spark.driver.extraJavaOptions -agentlib:jdwp ";
    struct fixture f;
    int status;
    fixture_make(&f);
    load_rules(&f, RULE_HEAD "  require: {spark.driver.extraJavaOptions: {jvm-without: "
                             "['-agentlib:*']}}\n" RULE_TAIL);
    memset(text, 'x', sizeof text - 1);
    memcpy(text, key, strlen(key));
    read_conf(&f, text);
    pid_t pid = fork();
    if (pid == 0)
        _exit(judge_without_memory(&f));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_that_of_the_keys_reader),
        cmocka_unit_test(what_is_left_open_cannot_be_told),
        cmocka_unit_test(kleene_connectives_keep_the_unknown),
        cmocka_unit_test(the_other_operators_mean_what_they_say),
        cmocka_unit_test(what_the_input_does_not_say_counts_at_its_weakest),
        cmocka_unit_test(a_known_version_has_its_own_defaults),
        cmocka_unit_test(words_of_a_java_command_line_are_spark_s),
        cmocka_unit_test(a_rule_may_read_more_keys_than_are_kept),
        cmocka_unit_test(options_that_memory_is_lacking_for_are_a_fault_and_no_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
