#include "policy/effective/setting.h"

#include <string.h>

#include "sidecar/base/text.h"

const struct setting *effective_find(const struct effective *conf, const char *key) {
    size_t low = 0, high = conf->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(conf->settings[middle].key, key);
        if (order == 0)
            return &conf->settings[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *master_name(enum master_kind kind) {
    static const char *const names[] = {[MASTER_UNTOLD] = "not told",
                                        [MASTER_LOCAL] = "local",
                                        [MASTER_LOCAL_CLUSTER] = "local-cluster",
                                        [MASTER_YARN] = "yarn",
                                        [MASTER_STANDALONE] = "standalone",
                                        [MASTER_KUBERNETES] = "kubernetes",
                                        [MASTER_UNKNOWN] = "unknown"};
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

bool master_is_one_host(enum master_kind kind) {
    return kind == MASTER_LOCAL || kind == MASTER_LOCAL_CLUSTER;
}

static const char *pass_blanks(const char *p) {
    while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
        p++;
    return p;
}

static const char *pass_digits(const char *p) {
    const char *start = p;
    while (*p >= '0' && *p <= '9')
        p++;
    return p == start ? NULL : p;
}

/* "[N]", "[*]", "[N,F]", "[*,F]". Spark: SparkMasterRegex.LOCAL_N_REGEX and
 * LOCAL_N_FAILURES_REGEX. */
static bool is_local_size(const char *p) {
    if (*p++ != '[')
        return false;
    p = *p == '*' ? p + 1 : pass_digits(p);
    if (p == NULL)
        return false;
    if (strcmp(p, "]") == 0)
        return true;
    p = pass_blanks(p);
    p = *p == ',' ? pass_digits(pass_blanks(p + 1)) : NULL;
    return p != NULL && strcmp(p, "]") == 0;
}

/* "[W,C,M]" with blanks around the numbers. Spark: LOCAL_CLUSTER_REGEX. */
static bool is_cluster_size(const char *p) {
    static const char ends[] = {',', ',', ']'};
    if (*p++ != '[')
        return false;
    for (size_t i = 0; i < sizeof ends; i++) {
        p = pass_digits(pass_blanks(p));
        if (p == NULL)
            return false;
        p = pass_blanks(p);
        if (*p++ != ends[i])
            return false;
    }
    return *p == '\0';
}

enum master_kind master_classify(const char *master) {
    if (text_starts(master, "spark://"))
        return MASTER_STANDALONE;
    if (text_starts(master, "k8s://")) /* whatever the host is */
        return MASTER_KUBERNETES;
    if (setting_is_unknown(master))
        return MASTER_UNTOLD;
    if (strcmp(master, "yarn") == 0)
        return MASTER_YARN;
    if (strcmp(master, "local") == 0 ||
        (text_starts(master, "local") && is_local_size(master + strlen("local"))))
        return MASTER_LOCAL;
    if (text_starts(master, "local-cluster") && is_cluster_size(master + strlen("local-cluster")))
        return MASTER_LOCAL_CLUSTER;
    return MASTER_UNKNOWN;
}
