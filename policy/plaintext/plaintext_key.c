#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/plaintext/plaintext_table.h"
#include "sidecar/base/text.h"

/* A glob with its length: each key is held against more than a hundred. */
struct glob {
    const char *text;
    size_t length;
};

#define G(text)                                                                                    \
    { text, sizeof text - 1 }

/* Keys that name where a secret is, what it is called or how it is handled. They
 * are looked at first. Patterns without regard to case. */
static const struct glob harmless_keys[] = {
    G("*file"),
    G("*.path"),
    G("*.provider"),
    G("*.providers"),
    G("*.class"),
    G("*.classes"),
    G("*.enabled"),
    G("*.enable"),
    G("*.interval"),
    G("*.timeout"),
    G("*.ttl"),
    G("*.renewal*"),
    G("*secretname"),
    G("*secretclass"),
    G("*secretkeyref*"),
    G("*.secrets.*"),
    G("*secretbitlength"),
    G("*credentials.provider*"),
    G("*keyvault*"),
    G("spark.redaction*"),
    G("spark.sql.redaction*"),
    G("spark.security.credentials.*"),
    G("*tokensecret*"),
    G("*token.mechanism"),
    G("*token-type"),
    G("*tokentype"),
    G("*token.type"),
    G("*_file"),
    G("*_path"),
    G("*_name"),
    G("*_url"),
    G("*_uri"),
    G("*_arn"),
    G("*_ttl"),
    G("*_endpoint"),
    G("*oauth2-server-uri"),
    G("*token-refresh-enabled"),
    G("*tokenconfregex"),
    G("*.tokenizer"),
    G("*tokenize"),
    G("*.numtokens"),
};

/* A literal under these is a secret, whatever it looks like. */
static const struct glob exact_keys[] = {
    /* Amazon: reference policy-peers 4d; the key id is half of the pair. */
    G("*fs.s3a.access.key"),
    G("*fs.s3a.secret.key"),
    G("*fs.s3a.session.token"),
    G("*fs.s3a.encryption.key"),
    G("*fs.s3a.bucket.*.access.key"),
    G("*fs.s3a.bucket.*.secret.key"),
    G("*fs.s3a.bucket.*.session.token"),
    G("*fs.s3a.bucket.*.encryption.key"),
    G("*fs.s3a*.server-side-encryption.key"),
    G("*fs.s3a*.proxy.password"),
    G("*fs.s3.awsaccesskeyid"),
    G("*fs.s3.awssecretaccesskey"),
    G("*fs.s3n.awsaccesskeyid"),
    G("*fs.s3n.awssecretaccesskey"),
    G("*fs.s3.access.key"),
    G("*fs.s3.secret.key"),
    G("*fs.s3.session.token"),
    G("*.s3.access-key-id"),
    G("*.s3.secret-access-key"),
    G("*.s3.session-token"),
    G("*.s3.sse.key"),
    G("*.rest.access-key-id"),
    G("*.rest.secret-access-key"),
    G("*.rest.session-token"),
    G("*aws_access_key_id"),
    G("*aws_secret_access_key"),
    G("*aws_session_token"),
    /* Azure */
    G("*fs.azure.account.key"),
    G("*fs.azure.account.key.*"),
    G("*fs.azure.sas.*"),
    G("*fs.azure.account.oauth2.client.secret*"),
    G("*fs.azure.account.oauth2.user.password*"),
    G("*fs.azure.account.oauth2.refresh.token"),
    G("*fs.azure.account.oauth2.refresh.token.*"),
    G("*.adls.auth.shared-key.account.key"),

    G("*.adls.sas-token.*"),
    /* Google */
    G("*fs.gs.*private.key"),
    G("*fs.gs.*private.key.id"),
    G("*fs.gs.auth.client.secret"),
    G("*fs.gs.auth.refresh.token"),
    G("*fs.gs.encryption.key"),
    G("*fs.gs.proxy.password"),
    G("*.gcs.oauth2.token"),
    G("*.gcs.decryption-key"),
    G("*.gcs.encryption-key"),
    /* Aliyun, Huawei, Tencent, IBM, Swift object stores */
    G("*fs.oss.accesskeyid"),
    G("*fs.oss.accesskeysecret"),
    G("*fs.obs.access.key"),
    G("*fs.obs.secret.key"),
    G("*fs.cosn.userinfo.secretid"),
    G("*fs.cosn.userinfo.secretkey"),
    G("*fs.cos.*.access.key"),
    G("*fs.cos.*.secret.key"),
    /* Databases, metastore, queues */
    G("*javax.jdo.option.connectionpassword"),
    G("*.jdbc.password"),
    G("*.sfpassword"),
    G("*pem_private_key"),

    G("*net.http.auth.pass"),
    G("spark.redis.auth"),
    /* Spark itself */
    G("spark.authenticate.secret"),
    G("spark.ssl*.keystorepassword"),
    G("spark.ssl*.keypassword"),
    G("spark.ssl*.truststorepassword"),
    G("spark.ssl*.privatekeypassword"),
    G("spark.connect.authenticate.token"),
    G("spark.kubernetes.authenticate*.oauthtoken"),
    G("spark.*filter*.param.secretkey"),
    G("spark.sql.catalog.*.credential"),
    G("spark.sql.catalog.*.token"),
    G("spark.sql.catalog.*.rest.auth.basic.password"),

    G("_spark_auth_secret"),
};

/* A literal under these is a secret, a number too, but not a boolean or a path. */
static const struct glob password_keys[] = {
    G("*password"), G("*passwd"), G("*passphrase"), G("*.pwd"),
    G("*_pwd"),     G("*_pass"),  G("*.pass"),
};

/* A literal under these is a secret unless it looks like none. */
static const struct glob sounding_keys[] = {
    G("*password"),       G("*passwd"),         G("*passphrase"),  G("*.pwd"),
    G("*_pwd"),           G("*_pass"),          G("*.pass"),       G("*secret"),
    G("*token"),          G("*credential"),     G("*credentials"), G("*apikey"),
    G("*api.key"),        G("*api-key"),        G("*api_key"),     G("*secret.key"),
    G("*secret-key"),     G("*secret_key"),     G("*secretkey"),   G("*access_key"),
    G("*accesskey"),      G("*access.key"),     G("*private_key"), G("*privatekey.pem"),
    G("*shared-key"),     G("*account.key"),    G("*account_key"), G("*signing_key"),
    G("*encryption_key"), G("*encryption.key"),
};

/* Words that make any output hide the value, where the rules above are silent. */
static const struct glob shy_keys[] = {
    G("*passw*"),         G("*secret*"),      G("*token*"),      G("*credential*"),
    G("*apikey*"),        G("*api?key*"),     G("*access?key*"), G("*accesskey*"),
    G("*account?key*"),   G("*private?key*"), G("*privatekey*"), G("*authorization*"),
    G("*filter*.params"),
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
static bool matches_one(const struct glob *glob, const struct name *name) {
    const char *pattern = glob->text;
    size_t length = glob->length;
    char last = pattern[length - 1];
    if (name->whole != NULL)
        return text_glob_nocase(pattern, name->whole);
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

static bool matches(const struct glob *globs, size_t count, const struct name *name) {
    for (size_t i = 0; i < count; i++)
        if (matches_one(&globs[i], name))
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
