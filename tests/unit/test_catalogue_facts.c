#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "sidecar/base/text.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const struct {
    int major, minor;
} versions[] = {{3, 4}, {3, 5}, {4, 0}, {4, 1}, {4, 2}, {4, 3}};

static const struct catalogue_entry *entry_of(const char *key) {
    const struct catalogue_entry *entry = catalogue_find(key);
    if (entry == NULL)
        fail_msg("%s is not in the catalogue", key);
    return entry;
}

static void assert_text(const char *key, const char *found, const char *wanted) {
    if (found == NULL || wanted == NULL ? found != wanted : strcmp(found, wanted) != 0)
        fail_msg("%s: %s, not %s", key, found == NULL ? "nothing" : found,
                 wanted == NULL ? "nothing" : wanted);
}

static void a_key_is_there_from_its_first_version_to_its_last(void **state) {
    (void)state;
    static const struct {
        const char *key, *there; /* by version */
    } rows[] = {
        {"spark.authenticate", "yyyyyy"},
        {"spark.ssl.rpc.enabled", "nnyyyy"},
        {"spark.ssl.privateKey", "nnyyyy"},
        {"spark.ui.jetty.sniHostCheckEnabled", "nnnnyy"},
        {"spark.network.crypto.cipher", "yyyyyy"},
        {"spark.kubernetes.driver.podTemplateFile", "yyyyyy"},
        {"spark.kubernetes.driver.pod.excludedFeatureSteps", "nnnyyy"},
        {"spark.sql.collation.trim.enabled", "nnyynn"},
        {"spark.executorEnv.ANYTHING", "yyyyyy"},
        {"spark.sql.catalog.prod.uri", "yyyyyy"},
        {"spark.hadoop.fs.s3a.path.style.access", "yyyyyy"},
        {"spark.executorEnv.", "nnnnnn"},
        {"spark.auth", "nnnnnn"}, /* a prefix in the code, no key */
        {"spark.nobody", "nnnnnn"},
        {"", "nnnnnn"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t v = 0; v < COUNT(versions); v++)
            if (catalogue_exists(rows[i].key, versions[v].major, versions[v].minor) !=
                (rows[i].there[v] == 'y'))
                fail_msg("%s in %d.%d", rows[i].key, versions[v].major, versions[v].minor);
}

static void an_unknown_version_is_the_nearest_older_one(void **state) {
    (void)state;
    static const char key[] = "spark.kubernetes.allocation.batch.size"; /* 5, from 4.0 10, 4.2 20 */
    assert_string_equal(catalogue_default(key, 2, 4), "5");
    assert_string_equal(catalogue_default(key, 3, 4), "5");
    assert_string_equal(catalogue_default(key, 3, 9), "5");
    assert_string_equal(catalogue_default(key, 4, 0), "10");
    assert_string_equal(catalogue_default(key, 4, 1), "10");
    assert_string_equal(catalogue_default(key, 4, 2), "20");
    assert_string_equal(catalogue_default(key, 4, 9), "20");
    assert_string_equal(catalogue_default(key, 5, 0), "20");
    assert_string_equal(catalogue_default(key, 0, 0), "20");
    assert_null(catalogue_default("spark.ssl.rpc.enabled", 3, 5)); /* nothing reads it there */
    assert_string_equal(catalogue_default("spark.ssl.rpc.enabled", 4, 0), "false");
    assert_string_equal(catalogue_default("spark.redaction.regex", 4, 3),
                        "(?i)secret|password|token|access[.]?key|credential");
}

static void older_names_come_in_the_order_in_which_spark_tries_them(void **state) {
    (void)state;
    static const struct {
        const char *key;
        size_t index;
        const char *name;
        unsigned times;
        const char *unit;
    } rows[] = {
        {"spark.kerberos.keytab", 0, "spark.yarn.keytab", 1, ""},
        {"spark.kerberos.access.hadoopFileSystems", 0, "spark.yarn.access.namenodes", 1, ""},
        {"spark.kerberos.access.hadoopFileSystems", 1, "spark.yarn.access.hadoopFileSystems", 1,
         ""},
        {"spark.history.fs.update.interval", 0, "spark.history.fs.update.interval.seconds", 1, ""},
        {"spark.history.fs.update.interval", 1, "spark.history.fs.updateInterval", 1, ""},
        {"spark.history.fs.update.interval", 2, "spark.history.updateInterval", 1, ""},
        {"spark.kryoserializer.buffer", 0, "spark.kryoserializer.buffer.mb", 1000, "k"},
        {"spark.yarn.am.waitTime", 0, "spark.yarn.applicationMaster.waitTries", 10, "s"},
    };
    struct catalogue_alternative found;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!catalogue_alternative(entry_of(rows[i].key), 3, 5, rows[i].index, &found))
            fail_msg("%s has no name %zu", rows[i].key, rows[i].index);
        assert_text(rows[i].key, found.key, rows[i].name);
        assert_text(rows[i].key, found.unit, rows[i].unit);
        assert_int_equal(found.times, rows[i].times);
    }
    assert_false(catalogue_alternative(entry_of("spark.kerberos.keytab"), 3, 5, 1, &found));
    assert_false(catalogue_alternative(entry_of("spark.authenticate"), 3, 5, 0, &found));
}

static void what_is_put_in_front_changes_with_the_version(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int major, minor;
        const char *front, *separator;
    } rows[] = {
        {"spark.driver.extraJavaOptions", 3, 4, "spark.driver.defaultJavaOptions", " "},
        {"spark.executor.extraJavaOptions", 4, 3, "spark.executor.defaultJavaOptions", " "},
        {"spark.driver.extraClassPath", 3, 5, NULL, NULL},
        {"spark.driver.extraClassPath", 4, 0, "spark.driver.defaultExtraClassPath", ":"},
        {"spark.yarn.am.extraJavaOptions", 4, 1, NULL, NULL},
        {"spark.yarn.am.extraJavaOptions", 4, 2, "spark.yarn.am.defaultJavaOptions", " "},
        {"spark.plugins", 3, 4, "spark.plugins.defaultList", ","},
        {"spark.authenticate", 4, 3, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *separator = NULL;
        assert_text(
            rows[i].key,
            catalogue_prepended(entry_of(rows[i].key), rows[i].major, rows[i].minor, &separator),
            rows[i].front);
        assert_text(rows[i].key, separator, rows[i].separator);
    }
}

static void a_key_falls_back_on_another(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"spark.authenticate.secret.driver.file", "spark.authenticate.secret.file"},
        {"spark.driver.bindAddress", "spark.driver.host"},
        {"spark.driver.blockManager.port", "spark.blockManager.port"},
        {"spark.kubernetes.executor.container.image", "spark.kubernetes.container.image"},
        {"spark.sql.redaction.string.regex", "spark.redaction.string.regex"},
        {"spark.network.crypto.enabled", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(rows[i][0], catalogue_fallback(entry_of(rows[i][0]), 3, 5), rows[i][1]);
}

static void spark_warns_of_some_and_has_given_up_others(void **state) {
    (void)state;
    const char *instead = NULL;
    const struct catalogue_entry *old = entry_of("spark.yarn.keytab");
    assert_text("since", catalogue_deprecated(old, 3, 5, &instead), "3.0");
    assert_text("instead", instead, "Please use spark.kerberos.keytab instead.");
    assert_text("retries", catalogue_deprecated(entry_of("spark.rpc.numRetries"), 4, 1, &instead),
                "2.2.0");
    assert_text("instead", instead, "Not used anymore");
    assert_null(catalogue_deprecated(entry_of("spark.authenticate"), 3, 5, &instead));
    assert_text("gone", catalogue_removed(entry_of("spark.sql.fromJsonForceNullableSchema"), 3, 5),
                "true");
    assert_null(catalogue_removed(entry_of("spark.sql.ansi.enabled"), 3, 5));
}

static void a_type_has_its_unit_or_its_values(void **state) {
    (void)state;
    static const struct {
        const char *key;
        enum catalogue_type type;
        enum catalogue_unit unit;
    } rows[] = {
        {"spark.network.timeout", TYPE_TIME, UNIT_S},
        {"spark.executor.heartbeatInterval", TYPE_TIME, UNIT_MS},
        {"spark.driver.timeout", TYPE_TIME, UNIT_MIN},
        {"spark.driver.memory", TYPE_BYTES, UNIT_MIB},
        {"spark.kryoserializer.buffer", TYPE_BYTES, UNIT_KIB},
        {"spark.kryoserializer.buffer.mb", TYPE_BYTES, UNIT_KIB}, /* of its new name */
        {"spark.broadcast.blockSize", TYPE_BYTES, UNIT_KIB},
        {"spark.memory.fraction", TYPE_DOUBLE, UNIT_NONE},
        {"spark.redaction.regex", TYPE_REGEX, UNIT_NONE},
        {"spark.extraListeners", TYPE_LIST, UNIT_NONE},
        {"spark.executor.instances", TYPE_INT, UNIT_NONE},
        {"spark.ssl.ui.enabled", TYPE_BOOL_RAW, UNIT_NONE},
        {"spark.authenticate", TYPE_BOOL_TYPED, UNIT_NONE},
        {"spark.network.crypto.enabled", TYPE_BOOL_TRANSPORT, UNIT_NONE},
        {"spark.hadoop.fs.s3a.connection.ssl.enabled", TYPE_BOOL_HADOOP, UNIT_NONE},
        {"spark.shuffle.service.db.backend", TYPE_ENUM, UNIT_NONE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct catalogue_entry *entry = entry_of(rows[i].key);
        if (entry->type != rows[i].type || entry->unit != rows[i].unit)
            fail_msg("%s has type %d, unit %d", rows[i].key, entry->type, entry->unit);
    }
    const struct catalogue_entry *backend = entry_of("spark.shuffle.service.db.backend");
    assert_true(backend->folds);
    assert_text("first", catalogue_value(backend, 3, 5, 0), "LEVELDB");
    assert_text("second", catalogue_value(backend, 3, 5, 1), "ROCKSDB");
    assert_null(catalogue_value(backend, 3, 5, 2));
    assert_null(catalogue_value(entry_of("spark.authenticate"), 3, 5, 0));
    assert_text("since", catalogue_since(entry_of("spark.authenticate")), "1.0.0");
    assert_null(catalogue_since(entry_of("spark.ssl.ui.enabled")));
}

static void the_reader_tells_whether_a_reference_counts(void **state) {
    (void)state;
    static const struct {
        const char *key;
        bool substitutes;
        enum catalogue_kind kind;
        enum catalogue_owner owner;
    } rows[] = {
        {"spark.acls.enable", true, KIND_CORE, CATALOGUE_JOB},
        {"spark.authenticate", true, KIND_CORE, CATALOGUE_CLUSTER},
        {"spark.authenticate.secret", false, KIND_CORE, CATALOGUE_CLUSTER},
        {"spark.network.crypto.enabled", false, KIND_CORE, CATALOGUE_CLUSTER},
        {"spark.ssl.ui.enabled", false, KIND_TEXT, CATALOGUE_CLUSTER},
        {"spark.ssl.ui.keyStorePassword", true, KIND_TEXT, CATALOGUE_CLUSTER},
        {"spark.ssl.rpc.privateKey", false, KIND_TEXT, CATALOGUE_CLUSTER},
        {"spark.master", false, KIND_TEXT, CATALOGUE_JOB},
        {"spark.yarn.keytab", true, KIND_TEXT, CATALOGUE_JOB},
        {"spark.hadoop.fs.s3a.secret.key", false, KIND_TEXT, CATALOGUE_JOB},
        {"spark.sql.extensions", true, KIND_STATIC, CATALOGUE_JOB},
        {"spark.sql.ansi.enabled", true, KIND_SQL, CATALOGUE_JOB},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct catalogue_entry *entry = entry_of(rows[i].key);
        if (entry->substitutes != rows[i].substitutes || entry->kind != rows[i].kind ||
            entry->owner != rows[i].owner)
            fail_msg("%s: substitutes %d, kind %d, owner %d", rows[i].key, entry->substitutes,
                     entry->kind, entry->owner);
    }
}

static void a_secret_is_a_reference_only_where_its_reader_resolves_it(void **state) {
    (void)state;
    size_t resolved = 0, literal = 0;
    for (size_t i = 0; catalogue_at(i) != NULL; i++) {
        const struct catalogue_entry *entry = catalogue_at(i);
        const char *key = catalogue_key(entry);
        if (!plaintext_key_is_secret(key) || text_starts(key, "spark.hadoop."))
            continue;
        bool reference = plaintext_classify(key, "${env:DB_PASSWORD}") == VALUE_REFERENCE;
        if (reference != entry->substitutes)
            fail_msg("%s: the catalogue says that its reader %s", key,
                     entry->substitutes ? "resolves" : "takes the text");
        *(reference ? &resolved : &literal) += 1;
    }
    assert_in_range(resolved, 20, 100);
    assert_in_range(literal, 5, 100);
}

static void a_family_is_the_longest_prefix(void **state) {
    (void)state;
    assert_text("env", catalogue_family("spark.executorEnv.A.B"), "spark.executorEnv.");
    assert_text("s3", catalogue_family("spark.hadoop.fs.s3.impl"), "spark.hadoop.fs.s3.");
    assert_text("s3n", catalogue_family("spark.hadoop.fs.s3n.impl"), "spark.hadoop.fs.s3n.");
    assert_text("s3a", catalogue_family("spark.hadoop.fs.s3a.impl"), "spark.hadoop.");
    assert_null(catalogue_family("spark.hadoop."));
    assert_null(catalogue_family("spark.executor.memory"));
    assert_null(catalogue_family(""));
}

/* ---- What must hold of every key. */

static bool is_value(const struct catalogue_entry *entry, int major, int minor, const char *text) {
    for (size_t i = 0;; i++) {
        const char *value = catalogue_value(entry, major, minor, i);
        if (value == NULL)
            return i == 0;
        if (entry->folds ? text_equal_nocase(value, text) : strcmp(value, text) == 0)
            return true;
    }
}

static void check_default(const struct catalogue_entry *entry, int major, int minor) {
    const char *key = catalogue_key(entry), *value = catalogue_default(key, major, minor);
    bool boolean = entry->type >= TYPE_BOOL_TYPED;
    if (value == NULL)
        return;
    if (boolean && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        fail_msg("%s is %s by default", key, value);
    char *end = NULL;
    if (entry->type == TYPE_INT && (strtoll(value, &end, 10), *end != '\0' || end == value))
        fail_msg("%s is %s by default", key, value);
    if (entry->type == TYPE_ENUM && !is_value(entry, major, minor, value))
        fail_msg("%s: %s is none of its values in %d.%d", key, value, major, minor);
}

static void check_names(const struct catalogue_entry *entry, int major, int minor) {
    struct catalogue_alternative older;
    const char *key = catalogue_key(entry), *separator = NULL;
    const char *fallback = catalogue_fallback(entry, major, minor);
    const char *front = catalogue_prepended(entry, major, minor, &separator);
    if (fallback != NULL && !catalogue_exists(fallback, major, minor))
        fail_msg("%s falls back on %s", key, fallback);
    if (front != NULL && (!catalogue_exists(front, major, minor) || strlen(separator) != 1))
        fail_msg("%s has %s in front", key, front);
    for (size_t i = 0; catalogue_alternative(entry, major, minor, i, &older); i++)
        if (!catalogue_exists(older.key, major, minor) || older.times == 0 ||
            strcmp(older.key, key) == 0)
            fail_msg("%s has the older name %s", key, older.key);
}

static void every_entry_agrees_with_itself_in_every_version(void **state) {
    (void)state;
    size_t count = 0, there = 0;
    for (const struct catalogue_entry *entry; (entry = catalogue_at(count)) != NULL; count++) {
        bool sized = entry->type == TYPE_TIME || entry->type == TYPE_BYTES;
        if (entry->versions == 0 || (sized && entry->unit == UNIT_NONE))
            fail_msg("%s: versions %d, unit %d", catalogue_key(entry), entry->versions,
                     entry->unit);
        for (size_t v = 0; v < COUNT(versions); v++) {
            there += catalogue_exists(catalogue_key(entry), versions[v].major, versions[v].minor);
            check_default(entry, versions[v].major, versions[v].minor);
            check_names(entry, versions[v].major, versions[v].minor);
        }
    }
    assert_in_range(count, 1900, 4000);
    assert_in_range(there, count * 4, count * COUNT(versions) - 1);
}

/* A key of Spark that came or went is no slip, whatever the version at hand. */
static void no_real_key_is_near_another(void **state) {
    (void)state;
    for (size_t i = 0; catalogue_at(i) != NULL; i++)
        if (catalogue_near_miss(catalogue_key(catalogue_at(i))) != NULL)
            fail_msg("%s is taken for a slip", catalogue_key(catalogue_at(i)));
}

static void drop_letter(const char *key, size_t index, char *ret, size_t size) {
    (void)snprintf(ret, size, "%.*s%s", (int)index, key, key + index + 1);
}

static void every_security_key_is_meant_where_a_letter_is_missing(void **state) {
    (void)state;
    size_t tried = 0;
    char slip[128];
    for (size_t i = 0; catalogue_at(i) != NULL; i++) {
        const char *key = catalogue_key(catalogue_at(i));
        for (size_t j = strlen("spark."); catalogue_at(i)->security && key[j] != '\0'; j++) {
            drop_letter(key, j, slip, sizeof slip);
            if (catalogue_find(slip) != NULL || strlen(key) >= sizeof slip)
                continue;
            tried++;
            if (catalogue_near_miss(slip) == NULL && catalogue_family(slip) == NULL)
                fail_msg("%s is not seen to be %s", slip, key);
        }
    }
    assert_in_range(tried, 5000, 100000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_there_from_its_first_version_to_its_last),
        cmocka_unit_test(an_unknown_version_is_the_nearest_older_one),
        cmocka_unit_test(older_names_come_in_the_order_in_which_spark_tries_them),
        cmocka_unit_test(what_is_put_in_front_changes_with_the_version),
        cmocka_unit_test(a_key_falls_back_on_another),
        cmocka_unit_test(spark_warns_of_some_and_has_given_up_others),
        cmocka_unit_test(a_type_has_its_unit_or_its_values),
        cmocka_unit_test(the_reader_tells_whether_a_reference_counts),
        cmocka_unit_test(a_secret_is_a_reference_only_where_its_reader_resolves_it),
        cmocka_unit_test(a_family_is_the_longest_prefix),
        cmocka_unit_test(every_entry_agrees_with_itself_in_every_version),
        cmocka_unit_test(no_real_key_is_near_another),
        cmocka_unit_test(every_security_key_is_meant_where_a_letter_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
