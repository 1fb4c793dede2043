#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/data/catalogue/catalogue_table.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static void the_table_is_sorted_and_each_key_is_found(void **state) {
    (void)state;
    assert_true(catalogue_count > 250);
    for (size_t i = 0; i < catalogue_count; i++) {
        if (i > 0 &&
            strcmp(catalogue_key(catalogue_at(i - 1)), catalogue_key(catalogue_at(i))) >= 0)
            fail_msg("%s stands behind its place", catalogue_key(catalogue_at(i)));
        assert_ptr_equal(catalogue_find(catalogue_key(catalogue_at(i))), &catalogue_entries[i]);
    }
    assert_null(catalogue_find(""));
    assert_null(catalogue_find("spark"));
    assert_null(catalogue_find("spark.authenticate "));
    assert_null(catalogue_find("zzz"));
}

static void defaults_change_with_the_version(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int major, minor;
        const char *value;
    } rows[] = {
        {"spark.authenticate", 3, 5, "false"},
        {"spark.network.crypto.saslFallback", 4, 1, "true"},
        {"spark.network.crypto.cipher", 3, 5, "AES/CTR/NoPadding"},
        {"spark.master.rest.enabled", 3, 5, "false"},
        {"spark.master.rest.enabled", 4, 0, "false"},
        {"spark.master.rest.enabled", 4, 1, "true"},
        {"spark.master.rest.enabled", 5, 0, "true"},
        {"spark.master.rest.enabled", 0, 0, "true"},
        {"spark.ui.prometheus.enabled", 3, 3, "false"},
        {"spark.ui.prometheus.enabled", 4, 0, "true"},
        {"spark.connect.grpc.debug.enabled", 3, 5, "true"},
        {"spark.connect.grpc.debug.enabled", 4, 0, "false"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(catalogue_default(rows[i].key, rows[i].major, rows[i].minor),
                            rows[i].value);
    assert_null(catalogue_default("spark.authenticate.secret", 3, 5));
    assert_null(catalogue_default("spark.ssl.ui.enabled", 3, 5));
    assert_null(catalogue_default("spark.nobody", 3, 5));
}

static void a_slip_of_the_hand_is_seen(void **state) {
    (void)state;
    static const struct {
        const char *key, *meant;
    } rows[] = {
        {"spark.autenticate", "spark.authenticate"},
        {"spark.Authenticate", "spark.authenticate"},
        {"SPARK.AUTHENTICATE", "spark.authenticate"},
        {"spark.authenticate ", "spark.authenticate"},
        {" spark.authenticate", "spark.authenticate"},
        {"spark.authenticate.true", "spark.authenticate"},
        {"spark.authenticate.enabled", "spark.authenticate"},
        {"spark.network.crypto.enable", "spark.network.crypto.enabled"},
        {"spark.netwrok.crypto.enabled", "spark.network.crypto.enabled"},
        {"spark.network.cryptoenabled", "spark.network.crypto.enabled"},
        {"spark.network.crypto.saslfallback", "spark.network.crypto.saslFallback"},
        {"spark.ui.acls.enable", "spark.acls.enable"},
        {"spark.acls.enabled", "spark.acls.enable"},
        {"spark.ssl.rpc.openSSLEnabled", "spark.ssl.rpc.openSslEnabled"},
        {"spark.ssl.fs.enabled", "spark.ssl.rpc.enabled"},
        {"spark.ssl.enable", "spark.ssl.enabled"},
        {"spark.ssl.ui.keystore", "spark.ssl.ui.keyStore"},
        {"spark.io.encryption.enable", "spark.io.encryption.enabled"},
        {"spark.eventlog.enabled", "spark.eventLog.enabled"},
        {"spark.redaction.regexp", "spark.redaction.regex"},
        {"spark.hadoop.fs.s3a.connection.ssl.enable", "spark.hadoop.fs.s3a.connection.ssl.enabled"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *meant = catalogue_near_miss(rows[i].key);
        if (meant == NULL || strcmp(meant, rows[i].meant) != 0)
            fail_msg("%s: %s, not %s", rows[i].key, meant == NULL ? "nothing" : meant,
                     rows[i].meant);
    }
}

static void another_key_is_no_slip(void **state) {
    (void)state;
    static const char *const keys[] = {
        "",
        " ",
        "spark",
        "spark.",
        "spark.ui",
        "spark.ui.port",
        "spark.my.authenticate",
        "spark.myui.enabled",
        "spark.network.timeout",
        "spark.network.timeoutInterval",
        "spark.ssl.standalone.port",
        "spark.io.compression.codec",
        "spark.executor.memory",
        "spark.executorEnv.SPARK_AUTHENTICATE",
        "spark.sql.catalog.prod.token",
        "spark.jars.ivy",
        "spark.hadoop.fs.s3a.path.style.access",
        "spark.hadoop.fs.s3a.endpoint.region",
        "spark.hadoop.fs.s3.access.key",
        "spark.hadoop.fs.s3a.bucket.b.access.key",
        "spark.kubernetes.driver.limit.cores",
        "spark.kubernetes.executor.label.authenticate",
        "spark.metrics.conf.driver.sink",
        "spark.history.fs.numReplayThreads",
        "spark.authenticate.secret.filename.of.somebody",
        "spark.files.fetchTimeout",
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (catalogue_near_miss(keys[i]) != NULL)
            fail_msg("%s is taken for %s", keys[i], catalogue_near_miss(keys[i]));
    for (size_t i = 0; i < catalogue_count; i++)
        assert_null(catalogue_near_miss(catalogue_key(catalogue_at(i))));
    char large[8192];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_null(catalogue_near_miss(large));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_each_key_is_found),
        cmocka_unit_test(defaults_change_with_the_version),
        cmocka_unit_test(a_slip_of_the_hand_is_seen),
        cmocka_unit_test(another_key_is_no_slip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
