#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/plaintext/plaintext.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const char *class_name(enum value_class look) {
    static const char *const names[] = {"empty",       "literal",         "well known", "reference",
                                        "placeholder", "false reference", "harmless"};
    return names[look];
}

static void assert_class(const char *key, const char *value, enum value_class expected) {
    enum value_class look = plaintext_classify(key, value);
    if (look != expected)
        fail_msg("%s=%s is %s, not %s", key, value, class_name(look), class_name(expected));
}

static void keys_that_hold_a_secret_are_known(void **state) {
    (void)state;
    static const char *const keys[] = {
        "spark.hadoop.fs.s3a.access.key",
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.session.token",
        "spark.hadoop.fs.s3a.encryption.key",
        "spark.hadoop.fs.s3a.server-side-encryption.key",
        "spark.hadoop.fs.s3a.bucket.logs.secret.key",
        "spark.hadoop.fs.s3a.proxy.password",
        "spark.hadoop.fs.s3.awsAccessKeyId",
        "spark.hadoop.fs.s3n.awsSecretAccessKey",
        "fs.s3a.secret.key",
        "spark.fs.azure.account.oauth2.client.secret.a.dfs.core.windows.net",
        "spark.hadoop.fs.azure.account.key.a.blob.core.windows.net",
        "spark.hadoop.fs.azure.sas.c.a.blob.core.windows.net",
        "spark.hadoop.fs.gs.auth.service.account.private.key",
        "spark.hadoop.fs.gs.encryption.key",
        "spark.hadoop.javax.jdo.option.ConnectionPassword",
        "spark.sql.catalog.pg.password",
        "spark.jdbc.db.passwd",
        "spark.authenticate.secret",
        "spark.ssl.keyPassword",
        "spark.ssl.ui.keyStorePassword",
        "spark.ssl.rpc.privateKeyPassword",
        "spark.ssl.historyServer.trustStorePassword",
        "spark.connect.authenticate.token",
        "spark.kubernetes.authenticate.submission.oauthToken",
        "spark.org.apache.spark.ui.JWSFilter.param.secretKey",
        "spark.sql.catalog.prod.credential",
        "spark.sql.catalog.prod.token",
        "spark.sql.catalog.prod.s3.access-key-id",
        "spark.sql.catalog.prod.s3.secret-access-key",
        "spark.executorEnv.AWS_SECRET_ACCESS_KEY",
        "spark.executorEnv.AWS_ACCESS_KEY_ID",
        "spark.executorEnv.POSTGRES_PASSWORD",
        "spark.yarn.appMasterEnv.DB_PASS",
        "spark.kubernetes.driverEnv.GITHUB_TOKEN",
        "spark.kubernetes.driverEnv.CLIENT_SECRET",
        "spark.snowflake.sfPassword",
        "spark.es.net.http.auth.pass",
        "spark.redis.auth",
        "spark.my.apiKey",
        "spark.my.api_key",
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (!plaintext_key_is_secret(keys[i]))
            fail_msg("%s is not known to hold a secret", keys[i]);
    char large[1024];
    memset(large, 'k', sizeof large);
    memcpy(large + sizeof large - sizeof ".PassWord", ".PassWord", sizeof ".PassWord");
    assert_true(plaintext_key_is_secret(large));
}

static void keys_that_only_sound_secret_are_passed(void **state) {
    (void)state;
    static const char *const keys[] = {
        "spark.authenticate",
        "spark.authenticate.secret.file",
        "spark.authenticate.secretBitLength",
        "spark.authenticate.secret.driver.file",
        "spark.redaction.regex",
        "spark.kubernetes.authenticate.oauthTokenFile",
        "spark.kubernetes.authenticate.submission.clientKeyFile",
        "spark.kubernetes.driver.secrets.db-password",
        "spark.kubernetes.executor.secrets.token",
        "spark.kubernetes.driver.secretKeyRef.DB_PASSWORD",
        "spark.kubernetes.kerberos.tokenSecret.name",
        "spark.kubernetes.kerberos.tokenSecret.itemKey",
        "spark.security.credentials.hive.enabled",
        "spark.security.credentials.renewalRatio",
        "spark.hadoop.fs.s3a.aws.credentials.provider",
        "spark.hadoop.hadoop.security.credential.provider.path",
        "spark.hadoop.fs.s3a.security.credential.provider.path",
        "spark.hadoop.fs.gs.auth.service.account.json.keyfile",
        "spark.hadoop.fs.azure.account.keyprovider.a.dfs.core.windows.net",
        "spark.hadoop.fs.s3a.assumed.role.session.name",
        "spark.yarn.am.tokenConfRegex",
        "spark.kafka.clusters.a.sasl.token.mechanism",
        "spark.my.token.interval",
        "spark.my.token.ttl",
        "spark.executorEnv.PGPASSFILE",
        "spark.executorEnv.TOKEN_FILE",
        "spark.executorEnv.AWS_WEB_IDENTITY_TOKEN_FILE",
        "spark.executorEnv.SECRET_NAME",
        "spark.executorEnv.DB_SECRET_ARN",
        "spark.executorEnv.TOKENIZERS_PARALLELISM",
        "spark.executorEnv.TOKEN_URL",
        "spark.sql.catalog.prod.oauth2-server-uri",
        "spark.sql.catalog.prod.token-refresh-enabled",
        "spark.ssl.keyStore",
        "spark.ssl.trustStore",
        "spark.ssl.rpc.privateKey",
        "spark.io.encryption.keySizeBits",
        "spark.acls.enable",
        "spark.sql.redaction.options.regex",
        "spark.app.name",
        "spark.sql.parser.maxTokens",
        "spark.sql.legacy.nullValueWrittenAsQuotedEmptyStringCsv",
        "spark.kerberos.keytab",
        "spark.cleaner.referenceTracking",
        "spark.shuffle.useOldFetchProtocol",
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (plaintext_key_is_secret(keys[i]))
            fail_msg("%s is taken for a secret", keys[i]);
}

static void a_secret_in_plain_text_is_a_literal(void **state) {
    (void)state;
    static const char *const values[] = {"Zq3v9kX2",  "/var/lib/x", "true", "12", "1h",
                                         "a.b.Klass", "${",         "${}",  "$",  "x${env.Y}",
                                         "a b",       "{x}",        "-"};
    for (size_t i = 0; i < COUNT(values); i++)
        assert_class("spark.hadoop.fs.s3a.secret.key", values[i], VALUE_LITERAL);
    char large[4096];
    memset(large, 'k', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_class("spark.hadoop.fs.s3a.secret.key", large, VALUE_LITERAL);
}

static void well_known_secrets_are_told(void **state) {
    (void)state;
    static const char *const values[] = {"minioadmin", "minio123", "changeit",  "changeme",
                                         "CHANGEME",   "password", "admin",     "admin123",
                                         "test",       "secret",   " changeit "};
    for (size_t i = 0; i < COUNT(values); i++)
        assert_class("spark.ssl.keyStorePassword", values[i], VALUE_WELL_KNOWN);
}

static void a_reference_counts_where_the_reader_substitutes(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
        enum value_class look;
    } rows[] = {
        {"spark.ssl.keyStorePassword", "${env:PW}", VALUE_REFERENCE},
        {"spark.ssl.ui.keyPassword", "${system:pw}", VALUE_REFERENCE},
        {"spark.ssl.ui.keyPassword", "${spark.my.pw}", VALUE_REFERENCE},
        {"spark.ssl.keyStorePassword", "${env:PW:-x}", VALUE_FALSE_REFERENCE},
        {"spark.ssl.keyStorePassword", "${PW}", VALUE_PLACEHOLDER},
        {"spark.ssl.keyStorePassword", "${pw}", VALUE_FALSE_REFERENCE},
        {"spark.ssl.keyStorePassword", "${env.PW}", VALUE_FALSE_REFERENCE},
        {"spark.connect.authenticate.token", "${env:T}", VALUE_REFERENCE},
        {"spark.authenticate.secret", "${env:S}", VALUE_FALSE_REFERENCE},
        {"spark.authenticate.secret", "$S", VALUE_PLACEHOLDER},
        {"spark.hadoop.fs.s3a.secret.key", "${env.AWS_SECRET}", VALUE_REFERENCE},
        {"spark.hadoop.fs.s3a.secret.key", "${env.AWS_SECRET:-}", VALUE_REFERENCE},
        {"spark.hadoop.fs.s3a.secret.key", "${env.AWS_SECRET:-hunter2}", VALUE_LITERAL},
        {"spark.hadoop.fs.s3a.secret.key", "${env.AWS_SECRET-hunter2}", VALUE_LITERAL},
        {"spark.hadoop.fs.s3a.secret.key", "${my.other.key}", VALUE_REFERENCE},
        {"spark.hadoop.fs.s3a.secret.key", "${env:AWS_SECRET}", VALUE_FALSE_REFERENCE},
        {"spark.hadoop.fs.s3a.secret.key", "${AWS_SECRET}", VALUE_PLACEHOLDER},
        {"spark.sql.catalog.c.token", "${env:T}", VALUE_FALSE_REFERENCE},
        {"spark.executorEnv.DB_PASSWORD", "$(DB_PASSWORD)", VALUE_REFERENCE},
        {"spark.executorEnv.DB_PASSWORD", "${DB_PASSWORD}", VALUE_PLACEHOLDER},
        {"spark.authenticate.secret", "${file:UTF-8:/stackable/secret}", VALUE_REFERENCE},
        {"spark.hadoop.fs.s3a.secret.key", "{{secrets/scope/key}}", VALUE_REFERENCE},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_class(rows[i].key, rows[i].value, rows[i].look);
}

static void markers_and_templates_are_placeholders(void **state) {
    (void)state;
    static const char *const values[] = {"<your-secret>",
                                         "xxxx",
                                         "****",
                                         "REPLACE_ME",
                                         "{{ pw }}",
                                         "pre-{{ pw }}-post",
                                         "{% raw %}",
                                         "YOUR_SECRET_KEY",
                                         "@db.pw@",
                                         "__DB_PW__",
                                         "...",
                                         "*********(redacted)",
                                         "insert-key-here"};
    for (size_t i = 0; i < COUNT(values); i++)
        assert_class("spark.hadoop.fs.s3a.secret.key", values[i], VALUE_PLACEHOLDER);
    assert_class("spark.hadoop.fs.s3a.secret.key", "", VALUE_EMPTY);
    assert_class("spark.hadoop.fs.s3a.secret.key", "  ", VALUE_EMPTY);
}

static void what_looks_harmless_is_harmless_where_the_key_only_sounds(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
        enum value_class look;
    } rows[] = {
        {"spark.my.token", "true", VALUE_HARMLESS},
        {"spark.my.token", "3600", VALUE_HARMLESS},
        {"spark.my.token", "10m", VALUE_HARMLESS},
        {"spark.my.credential", "com.example.auth.Provider", VALUE_HARMLESS},
        {"spark.my.credentials", "/run/secrets/token", VALUE_HARMLESS},
        {"spark.my.credential", "jceks://file/etc/x.jceks", VALUE_HARMLESS},
        {"spark.my.token", "https://idp.example.org/token", VALUE_HARMLESS},
        {"spark.my.password", "false", VALUE_HARMLESS},
        {"spark.my.password", "jceks://hdfs@nn/x.jceks", VALUE_HARMLESS},
        {"spark.my.password", "123456789", VALUE_LITERAL},
        {"spark.my.token", "https://u:hunter2@idp/token", VALUE_LITERAL},
        {"spark.my.token", "Zq3v9kX2", VALUE_LITERAL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_class(rows[i].key, rows[i].value, rows[i].look);
}

static void assert_embedded(const char *key, const char *value, const char *secret) {
    size_t offset = 0, length = 0;
    if (!plaintext_find_embedded(key, value, &offset, &length))
        fail_msg("nothing found in %s=%s", key, value);
    assert_true(offset + length <= strlen(value));
    if (length != strlen(secret) || strncmp(value + offset, secret, length) != 0)
        fail_msg("%s: \"%.*s\", not \"%s\"", key, (int)length, value + offset, secret);
}

static void secrets_inside_a_text_are_found(void **state) {
    (void)state;
    assert_embedded("spark.url", "jdbc:postgresql://h/db?user=u&password=hunter2&ssl=true",
                    "hunter2");
    assert_embedded("spark.url", "jdbc:sqlserver://h;user=u;PASSWORD=hun@ter2;encrypt=true",
                    "hun@ter2");
    assert_embedded("spark.url", "jdbc:oracle:thin:scott/tiger7@//h:1521/x", "tiger7");
    assert_embedded("spark.mongodb.input.uri", "mongodb+srv://u:p%40ss@h1,h2/db", "p%40ss");
    assert_embedded("spark.redis", "redis://:hunter2@h:6379/0", "hunter2");
    assert_embedded("spark.queue", "amqp://u:hunter2@h", "hunter2");
    assert_embedded("spark.jars.repositories", "https://a/x,https://u:hunter2@h/y", "hunter2");
    assert_embedded("spark.files", "https://a.blob.core.windows.net/c/f?sv=1&sig=aB%2Fc&se=2",
                    "aB%2Fc");
    assert_embedded("spark.driver.extraJavaOptions",
                    "-Xss1m -Djavax.net.ssl.trustStorePassword=changeit -Da=b", "changeit");
    assert_embedded("spark.driver.extraJavaOptions", "-Dmy.secret=\"two words\"", "two words");
    assert_embedded("spark.kafka.sasl.jaas.config",
                    "org.x.ScramLoginModule required username=\"u\" password=\"hun\\\"ter2\";",
                    "hun\\\"ter2");
    assert_embedded("spark.kafka.sasl.jaas.config",
                    "org.x.OAuthLoginModule required clientId=\"c\" clientSecret='hunter2';",
                    "hunter2");
    assert_embedded("spark.sql.catalog.c.header.Authorization", "Bearer abcdefgh12345678",
                    "abcdefgh12345678");
    assert_embedded("spark.remote", "sc://h:15002/;token=hunter2;use_ssl=true", "hunter2");
    assert_embedded("spark.sql.catalog.c.adls.connection-string.a",
                    "AccountName=a;AccountKey=aGVsbG8=;x=y", "aGVsbG8=");
    assert_embedded("spark.com.x.BasicAuthenticationFilter.params", "username=u,password=hunter2",
                    "hunter2");
    assert_embedded("spark.my.json", "{\"user\":\"u\",\"password\":\"hunter2\"}", "hunter2");
    assert_embedded("spark.my.json", "{\\\"password\\\": \\\"hunter2\\\"}", "hunter2");
    assert_embedded("spark.my.note", "ghp_0123456789abcdefghijABCDEFGHIJ456789",
                    "ghp_0123456789abcdefghijABCDEFGHIJ456789");
}

static void texts_without_a_secret_are_passed(void **state) {
    (void)state;
    static const char *const values[] = {
        "",
        "jdbc:postgresql://h/db",
        "jdbc:postgresql://h/db?password=${env:PW}",
        "jdbc:postgresql://h/db?password=$PW",
        "jdbc:postgresql://h/db?password=",
        "jdbc:oracle:thin:@//h:1521/x",
        "jdbc:oracle:thin:@h:1521/x",
        "https://user@h/x",
        "hdfs://nn:8020/path",
        "abfss://container@account.dfs.core.windows.net/p",
        "s3a://bucket/token=1",
        "-Dx.token.file=/run/t",
        "-Dpassword.policy=strong",
        "-Djavax.net.ssl.trustStorePassword=<password>",
        "useKeyTab=true storeKey=true keyTab=\"/etc/k\" principal=\"p\"",
        "passwordless=true",
        "Bearer ${TOKEN_HERE}",
        "a:b",
        "time 10:20",
        "token",
        "mongodb://${U}:${P}@h",
        "{\"password\":\"\"}",
        "useSecret=true",
        "oauth.token=true",
        "sc://h:15002",
        "jceks://file/etc/x",
        "a=b=c",
        "eyJ",
        "::::",
        "====",
        "signature=x",
        "design=y",
        "http://[::1]:8080/",
        "password=xxxx",
        "dapi",
        "spark://h:7077,h2:7077",
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        size_t offset = 0, length = 0;
        if (plaintext_find_embedded("spark.some.key", values[i], &offset, &length))
            fail_msg("\"%.*s\" found in %s", (int)length, values[i] + offset, values[i]);
    }
}

static void a_secret_key_is_classified_not_searched(void **state) {
    (void)state;
    size_t offset = 0, length = 0;
    assert_false(
        plaintext_find_embedded("spark.ssl.keyPassword", "password=hunter2", &offset, &length));
    assert_class("spark.ssl.keyPassword", "password=hunter2", VALUE_LITERAL);
}

/* Outputs hide more than rules refuse: what is only shy is hidden, too. */
static void outputs_hide_what_may_be_a_secret(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
        bool hidden;
    } rows[] = {
        {"spark.hadoop.fs.s3a.secret.key", "Zq3v9kX2", true},
        {"spark.hadoop.fs.s3a.secret.key", "minioadmin", true},
        {"spark.hadoop.fs.s3a.secret.key", "xxxx", true},
        {"spark.authenticate.secret", "${env:S}", true},
        {"spark.hadoop.fs.s3a.secret.key", "${env.S}", false},
        {"spark.hadoop.fs.s3a.secret.key", "", false},
        {"spark.url", "jdbc:x://h?password=hunter2", true},
        {"spark.my.secretive", "Zq3v9kX2", true},
        {"spark.my.accessKeys", "Zq3v9kX2", true},
        {"spark.my.tokens.max", "12", false},
        {"spark.my.token.interval", "Zq3v9kX2", false},
        {"spark.app.name", "secret", false},
        {"spark.ssl.keyStore", "/etc/keys.jks", false},
        {"spark.kubernetes.driver.secrets.db", "/etc/db", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (plaintext_must_redact(rows[i].key, rows[i].value) != rows[i].hidden)
            fail_msg("%s=%s is %s", rows[i].key, rows[i].value,
                     rows[i].hidden ? "shown" : "hidden");
}

/* Cut anywhere, a text is searched without reading past its end. */
static void every_prefix_of_a_text_can_be_searched(void **state) {
    (void)state;
    static const char text[] =
        "jdbc:oracle:thin:a/b@h {\\\"password\\\": \\\"x\\\"} mongodb://u:p@h "
        "Authorization: Bearer abcdefgh ghp_0 -Dx.password=\"a\\\"b\" sig=";
    for (size_t length = 0; length < sizeof text; length++) {
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, text, length);
        cut[length] = '\0';
        size_t offset = 0, found = 0;
        if (plaintext_find_embedded("spark.k", cut, &offset, &found))
            assert_true(offset + found <= length);
        (void)plaintext_classify("spark.ssl.keyPassword", cut);
        free(cut);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_hold_a_secret_are_known),
        cmocka_unit_test(keys_that_only_sound_secret_are_passed),
        cmocka_unit_test(a_secret_in_plain_text_is_a_literal),
        cmocka_unit_test(well_known_secrets_are_told),
        cmocka_unit_test(a_reference_counts_where_the_reader_substitutes),
        cmocka_unit_test(markers_and_templates_are_placeholders),
        cmocka_unit_test(what_looks_harmless_is_harmless_where_the_key_only_sounds),
        cmocka_unit_test(secrets_inside_a_text_are_found),
        cmocka_unit_test(texts_without_a_secret_are_passed),
        cmocka_unit_test(a_secret_key_is_classified_not_searched),
        cmocka_unit_test(outputs_hide_what_may_be_a_secret),
        cmocka_unit_test(every_prefix_of_a_text_can_be_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
