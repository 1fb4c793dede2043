#include <stdio.h>
#include <string.h>

#include "policy/effective/reading_text.h"
#include "sidecar/base/text.h"

/* Spark: SSLOptions.parse, SecurityManager.getSSLOptions. */

enum inheritance { OWN_ONLY, INHERITS };

static const struct {
    const char *name;
    enum catalogue_type type;
    bool substitutes;
    enum inheritance inheritance;
    const char *value; /* where nobody says */
} fields[] = {
    {"enabled", TYPE_BOOL_RAW, false, INHERITS, "false"},
    {"port", TYPE_INT, true, OWN_ONLY, NULL},
    {"needClientAuth", TYPE_BOOL_RAW, false, INHERITS, "false"},
    {"openSslEnabled", TYPE_BOOL_RAW, false, INHERITS, "false"},
    {"trustStoreReloadingEnabled", TYPE_BOOL_RAW, false, INHERITS, "false"},
    {"trustStoreReloadIntervalMs", TYPE_INT, false, INHERITS, "10000"},
    {"keyStore", TYPE_STRING, true, INHERITS, NULL},
    {"keyStorePassword", TYPE_STRING, true, INHERITS, NULL},
    {"keyStoreType", TYPE_STRING, true, INHERITS, NULL},
    {"keyPassword", TYPE_STRING, true, INHERITS, NULL},
    {"privateKey", TYPE_STRING, false, INHERITS, NULL},
    {"privateKeyPassword", TYPE_STRING, true, INHERITS, NULL},
    {"certChain", TYPE_STRING, false, INHERITS, NULL},
    {"trustStore", TYPE_STRING, true, INHERITS, NULL},
    {"trustStorePassword", TYPE_STRING, true, INHERITS, NULL},
    {"trustStoreType", TYPE_STRING, true, INHERITS, NULL},
    {"protocol", TYPE_STRING, true, INHERITS, NULL},
    {"enabledAlgorithms", TYPE_LIST, true, INHERITS, ""},
};
#define FIELDS (sizeof fields / sizeof fields[0])

/* The longest namespace and the longest field fit. */
#define SSL_KEY_BYTES 64

static const char *const namespaces[] = {"ui.", "standalone.", "historyServer.", "rpc."};

/* Length of "spark.ssl." or "spark.ssl.ui.", and the row of what follows; FIELDS for
 * a key that is no field. */
static size_t find_field(const char *key, size_t *length) {
    size_t i = 0;
    *length = strlen("spark.ssl.");
    if (!text_starts(key, "spark.ssl."))
        return FIELDS;
    for (size_t k = 0; k < sizeof namespaces / sizeof namespaces[0]; k++)
        if (text_starts(key + strlen("spark.ssl."), namespaces[k]))
            *length = strlen("spark.ssl.") + strlen(namespaces[k]);
    while (i < FIELDS && strcmp(key + *length, fields[i].name) != 0)
        i++;
    return i;
}

bool reading_is_ssl(const char *key) {
    size_t length;
    return find_field(key, &length) < FIELDS;
}

/* What is written under that key alone. */
static int read_own(const struct reading_scope *scope, const char *key, size_t field,
                    struct reading *ret, struct error *err) {
    struct reading_text text;
    if (reading_find(scope, key, catalogue_find(key), &text, err) != 0)
        return -1;
    *ret = (struct reading){.state = READING_UNSET};
    if (text.setting == NULL) {
        ret->state = scope->conf->open != NULL ? READING_UNKNOWN : READING_UNSET;
        ret->how = READING_DEFAULT;
        return 0;
    }
    *ret =
        (struct reading){.state = setting_is_unknown(text.value) ? READING_UNKNOWN : READING_KNOWN,
                         .value = text.value,
                         .setting = text.setting};
    if (fields[field].substitutes && reading_substitute(scope, ret, err) != 0)
        return -1;
    return reading_convert(scope, fields[field].type, ret, err);
}

static int read_key(const struct reading_scope *scope, const char *start, size_t length,
                    size_t field, struct reading *ret, struct error *err) {
    char key[SSL_KEY_BYTES];
    (void)snprintf(key, sizeof key, "%.*s%s", (int)length, start, fields[field].name);
    return read_own(scope, key, field, ret, err);
}

static void use_default(size_t field, struct reading *ret) {
    if (ret->state != READING_UNSET)
        return;
    ret->how = READING_DEFAULT;
    ret->value = fields[field].value;
    ret->state = ret->value != NULL ? READING_KNOWN : READING_UNSET;
}

/* Whether the namespace is on. RPC's is its own matter. */
static int read_enabled(const struct reading_scope *scope, const char *start, size_t length,
                        struct reading *ret, struct error *err) {
    bool inherits = length > strlen("spark.ssl.") && !text_starts(start, "spark.ssl.rpc.");
    if (read_key(scope, start, length, 0, ret, err) != 0)
        return -1;
    if (ret->state == READING_UNSET && inherits) {
        if (read_key(scope, "spark.ssl.", strlen("spark.ssl."), 0, ret, err) != 0)
            return -1;
        ret->how = READING_INHERITED;
    }
    use_default(0, ret);
    return 0;
}

/* The field where the namespace is on. */
static int read_field(const struct reading_scope *scope, const char *key, size_t length,
                      size_t field, struct reading *ret, struct error *err) {
    struct reading above;
    bool below = length > strlen("spark.ssl.");
    if (read_key(scope, key, length, field, ret, err) != 0)
        return -1;
    if (ret->state != READING_UNSET || !below || fields[field].inheritance == OWN_ONLY)
        return 0;
    if (read_enabled(scope, "spark.ssl.", strlen("spark.ssl."), &above, err) != 0)
        return -1;
    if (reading_is_false(&above))
        return 0;
    if (!reading_is_true(&above)) {
        *ret = (struct reading){
            .state = above.state, .how = READING_INHERITED, .setting = above.setting};
        return 0;
    }
    if (read_key(scope, "spark.ssl.", strlen("spark.ssl."), field, ret, err) != 0)
        return -1;
    ret->how = READING_INHERITED;
    return 0;
}

int reading_ssl(const struct reading_scope *scope, const char *key, struct reading *ret,
                struct error *err) {
    size_t length, field = find_field(key, &length);
    struct reading enabled;
    if (read_enabled(scope, key, length, &enabled, err) != 0)
        return -1;
    *ret = enabled;
    if (field == 0)
        return 0;
    if (!reading_is_true(&enabled)) {
        bool off = reading_is_false(&enabled);
        *ret = (struct reading){.state = off ? READING_UNSET : enabled.state,
                                .how = READING_SWITCHED_OFF,
                                .setting = enabled.setting};
        return 0;
    }
    if (read_field(scope, key, length, field, ret, err) != 0)
        return -1;
    use_default(field, ret);
    return 0;
}
