#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/plaintext/plaintext_table.h"
#include "sidecar/base/text.h"

/* Keys that name where a secret is, what it is called or how it is handled. They
 * are looked at first. Patterns without regard to case. */
static const char *const harmless_keys[] = {
    "*file",
    "*.path",
    "*.provider",
    "*.providers",
    "*.class",
    "*.classes",
    "*.enabled",
    "*.enable",
    "*.interval",
    "*.timeout",
    "*.ttl",
    "*.renewal*",
    "*secretname",
    "*secretclass",
    "*secretkeyref*",
    "*.secrets.*",
    "*secretbitlength",
    "*credentials.provider*",
    "*keyvault*",
    "spark.redaction*",
    "spark.sql.redaction*",
    "spark.security.credentials.*",
    "*tokensecret*",
    "*token.mechanism",
    "*token-type",
    "*tokentype",
    "*token.type",
    "*_file",
    "*_path",
    "*_name",
    "*_url",
    "*_uri",
    "*_arn",
    "*_ttl",
    "*_endpoint",
    "*oauth2-server-uri",
    "*token-refresh-enabled",
    "*tokenconfregex",
    "*.tokenizer",
    "*tokenize",
    "*.numtokens",
};

/* A literal under these is a secret, whatever it looks like. */
static const char *const exact_keys[] = {
    /* Amazon: reference policy-peers 4d; the key id is half of the pair. */
    "*fs.s3a.access.key",
    "*fs.s3a.secret.key",
    "*fs.s3a.session.token",
    "*fs.s3a.encryption.key",
    "*fs.s3a.bucket.*.access.key",
    "*fs.s3a.bucket.*.secret.key",
    "*fs.s3a.bucket.*.session.token",
    "*fs.s3a.bucket.*.encryption.key",
    "*fs.s3a*.server-side-encryption.key",
    "*fs.s3a*.proxy.password",
    "*fs.s3.awsaccesskeyid",
    "*fs.s3.awssecretaccesskey",
    "*fs.s3n.awsaccesskeyid",
    "*fs.s3n.awssecretaccesskey",
    "*fs.s3.access.key",
    "*fs.s3.secret.key",
    "*fs.s3.session.token",
    "*.s3.access-key-id",
    "*.s3.secret-access-key",
    "*.s3.session-token",
    "*.s3.sse.key",
    "*.rest.access-key-id",
    "*.rest.secret-access-key",
    "*.rest.session-token",
    "*aws_access_key_id",
    "*aws_secret_access_key",
    "*aws_session_token",
    /* Azure */
    "*fs.azure.account.key",
    "*fs.azure.account.key.*",
    "*fs.azure.sas.*",
    "*fs.azure.account.oauth2.client.secret*",
    "*fs.azure.account.oauth2.user.password*",
    "*fs.azure.account.oauth2.refresh.token",
    "*fs.azure.account.oauth2.refresh.token.*",
    "*.adls.auth.shared-key.account.key",

    "*.adls.sas-token.*",
    /* Google */
    "*fs.gs.*private.key",
    "*fs.gs.*private.key.id",
    "*fs.gs.auth.client.secret",
    "*fs.gs.auth.refresh.token",
    "*fs.gs.encryption.key",
    "*fs.gs.proxy.password",
    "*.gcs.oauth2.token",
    "*.gcs.decryption-key",
    "*.gcs.encryption-key",
    /* Aliyun, Huawei, Tencent, IBM, Swift object stores */
    "*fs.oss.accesskeyid",
    "*fs.oss.accesskeysecret",
    "*fs.obs.access.key",
    "*fs.obs.secret.key",
    "*fs.cosn.userinfo.secretid",
    "*fs.cosn.userinfo.secretkey",
    "*fs.cos.*.access.key",
    "*fs.cos.*.secret.key",
    /* Databases, metastore, queues */
    "*javax.jdo.option.connectionpassword",
    "*.jdbc.password",
    "*.sfpassword",
    "*pem_private_key",

    "*net.http.auth.pass",
    "spark.redis.auth",
    /* Spark itself */
    "spark.authenticate.secret",
    "spark.ssl*.keystorepassword",
    "spark.ssl*.keypassword",
    "spark.ssl*.truststorepassword",
    "spark.ssl*.privatekeypassword",
    "spark.connect.authenticate.token",
    "spark.kubernetes.authenticate*.oauthtoken",
    "spark.*filter*.param.secretkey",
    "spark.sql.catalog.*.credential",
    "spark.sql.catalog.*.token",
    "spark.sql.catalog.*.rest.auth.basic.password",

    "_spark_auth_secret",
};

/* A literal under these is a secret, a number too, but not a boolean or a path. */
static const char *const password_keys[] = {
    "*password", "*passwd", "*passphrase", "*.pwd", "*_pwd", "*_pass", "*.pass",
};

/* A literal under these is a secret unless it looks like none. */
static const char *const sounding_keys[] = {
    "*password",    "*passwd",      "*passphrase",  "*.pwd",           "*_pwd",
    "*_pass",       "*.pass",       "*secret",      "*token",          "*credential",
    "*credentials", "*apikey",      "*api.key",     "*api-key",        "*api_key",
    "*secret.key",  "*secret-key",  "*secret_key",  "*secretkey",      "*access_key",
    "*accesskey",   "*access.key",  "*private_key", "*privatekey.pem", "*shared-key",
    "*account.key", "*account_key", "*signing_key", "*encryption_key", "*encryption.key",
};

/* Words that make any output hide the value, where the rules above are silent. */
static const char *const shy_keys[] = {
    "*passw*",      "*secret*",        "*token*",         "*credential*",  "*apikey*",
    "*api?key*",    "*access?key*",    "*accesskey*",     "*account?key*", "*private?key*",
    "*privatekey*", "*authorization*", "*filter*.params",
};

/* A key in lower case. One that does not fit is compared as it is, slowly. */
struct name {
    char text[256];
    size_t length;
    const char *whole; /* NULL where text holds all of it */
};

static struct name lower_name(const char *key) {
    struct name name = {.length = 0};
    for (; key[name.length] != '\0' && name.length + 1 < sizeof name.text; name.length++) {
        char c = key[name.length];
        name.text[name.length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name.whole = key[name.length] == '\0' ? NULL : key;
    return name;
}

/* As text_glob, but most patterns are "*end" or "*middle*", and most fail at
 * their last character: each key meets more than a hundred of them. */
static bool matches_one(const char *pattern, const struct name *name) {
    if (name->whole != NULL)
        return text_glob_nocase(pattern, name->whole);
    size_t length = strlen(pattern);
    char last = pattern[length - 1];
    if (last != '*' && (name->length == 0 || name->text[name->length - 1] != last))
        return false;
    if (pattern[0] != '*')
        return pattern[0] == name->text[0] && text_glob(pattern, name->text);
    size_t plain = strcspn(pattern + 1, "*?");
    if (plain == length - 1)
        return plain <= name->length &&
               memcmp(name->text + name->length - plain, pattern + 1, plain) == 0;
    if (memmem(name->text, name->length, pattern + 1, plain) == NULL)
        return false;
    return plain + 2 == length || text_glob(pattern, name->text);
}

static bool matches(const char *const *patterns, size_t count, const struct name *name) {
    for (size_t i = 0; i < count; i++)
        if (matches_one(patterns[i], name))
            return true;
    return false;
}

#define MATCHES(table, name) matches(table, sizeof table / sizeof table[0], name)

enum key_family plaintext_family(const char *key) {
    struct name name = lower_name(key);
    if (MATCHES(exact_keys, &name))
        return FAMILY_EXACT;
    bool password = MATCHES(password_keys, &name);
    if ((!password && !MATCHES(sounding_keys, &name)) || MATCHES(harmless_keys, &name))
        return FAMILY_NONE;
    return password ? FAMILY_PASSWORD : FAMILY_SOUNDING;
}

bool plaintext_key_is_secret(const char *key) {
    return plaintext_family(key) != FAMILY_NONE;
}

bool plaintext_key_is_shy(const char *key) {
    struct name name = lower_name(key);
    return (MATCHES(shy_keys, &name) && !MATCHES(harmless_keys, &name)) ||
           plaintext_key_is_secret(key);
}

/* Who reads a key whose reader the catalogue does not say resolves ${…}, and so what
 * that means in its value (reference spark-security 1.6). First match. */
static const struct {
    const char *pattern;
    enum key_reader reader;
} readers[] = {
    {"spark.hadoop.*", READER_HADOOP},
    {"spark.hive.*", READER_HADOOP},
    {"spark.executorEnv.*", READER_ENVIRONMENT},
    {"spark.yarn.appMasterEnv.*", READER_ENVIRONMENT},
    {"spark.kubernetes.driverEnv.*", READER_ENVIRONMENT},
};

enum key_reader plaintext_reader(const char *key) {
    const struct catalogue_entry *entry = catalogue_find(key);
    if (entry != NULL && entry->substitutes)
        return READER_SPARK;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (text_glob(readers[i].pattern, key))
            return readers[i].reader;
    return text_starts(key, "spark.") ? READER_RAW : READER_UNKNOWN;
}
