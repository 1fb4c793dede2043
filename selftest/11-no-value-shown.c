/* Claim 11: nothing that arrestor prints holds a value that it takes for a
 * secret: neither findings nor errors, as text or as JSON. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define WORDS 12

static const char *canary;
static unsigned looked;

/* Half a value is a leak too. */
static bool shows(const char *text) {
    char half[24];
    size_t length = strlen(canary);
    for (size_t from = 0; from + 16 <= length; from++) {
        (void)snprintf(half, sizeof half, "%.16s", canary + from);
        if (strstr(text, half) != NULL)
            return true;
    }
    return false;
}

static void look(const struct site *site, const char *const *words) {
    static struct outcome got;
    const char *variables[] = {"PGPASSWORD=invented", NULL};
    site_command(site, words, NULL, variables, &got);
    looked++;
    if (got.status == 70 || got.status >= 126)
        claim_broken("arrestor %s ends with %d: %.300s", words[0], got.status, got.err);
    if (got.out[0] == '\0' && got.err[0] == '\0')
        claim_broken("arrestor %s prints nothing", words[0]);
    if (shows(got.out) || shows(got.err))
        claim_off("arrestor %s %s shows a value", words[0], words[1]);
}

static void look_at_conf(const struct site *site, const char *file) {
    const char *const forms[] = {"text", "json"};
    for (int i = 0; i < 2; i++) {
        const char *check[] = {"check", "--format", forms[i], file, NULL};
        const char *effective[] = {"effective", "--format", forms[i], file, NULL};
        const char *why[] = {"why", "spark.hadoop.fs.s3a.secret.key", "--format", forms[i], file,
                             NULL};
        look(site, check);
        look(site, effective);
        look(site, why);
    }
}

/* The same value on a command line and in a launch. */
static void look_at_launch(const struct site *site, const char *setting) {
    const char *const launch[] = {"--", "spark-submit", "--conf", setting, "job.py", NULL};
    const char *words[WORDS] = {"check"};
    memcpy(words + 1, launch, sizeof launch);
    look(site, words);
    words[0] = "effective";
    look(site, words);
    const char *run[] = {"run",    "-c",    site->yaml, "--", "spark-submit",
                         "--conf", setting, "job.py",   NULL};
    look(site, run);
}

/* Each '@' of the pattern is the value. */
static void write_pattern(const char *path, const char *pattern) {
    char text[2048];
    size_t used = 0;
    for (; *pattern != '\0' && used + 64 < sizeof text; pattern++)
        if (*pattern == '@')
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", canary);
        else
            text[used++] = *pattern;
    text[used] = '\0';
    claim_write(path, text);
}

int main(int argc, char **argv) {
    static const char *const confs[] = {
        "spark.hadoop.fs.s3a.secret.key @\nspark.master yarn\n",
        "spark.hadoop.fs.s3a.secret.key=@\nspark.ssl.keyPassword: @\nspark.authenticate.secret @\n",
        "spark.orders.url jdbc:postgresql://db/x?user=etl&password=@\n",
        "spark.driver.extraJavaOptions -Djavax.net.ssl.trustStorePassword=@ -Dx=1\n",
        "spark.hadoop.fs.azure.account.key.a.blob.core.windows.net @\n",
        "spark.hadoop.fs.s3a.secret.key @\\u00zz\n",
        "spark.hadoop.fs.s3a.secret.key @\n\xff\xfe\n",
    };
    char setting[256];
    struct site site;
    if (job_is_me(argv))
        return 0;
    claim_begin(argc, argv);
    canary = claim_canary();
    site_make(&site, site_safe);
    const char *file = claim_path(site.path, "seen.conf");
    for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
        write_pattern(file, confs[i]);
        look_at_conf(&site, file);
    }
    (void)snprintf(setting, sizeof setting, "spark.hadoop.fs.s3a.secret.key=%s", canary);
    look_at_launch(&site, setting);
    canary = site.secret;
    const char *list[] = {"strongbox", "list", "--box", site.box, "--key", site.key, NULL};
    const char *run[] = {"run", "-c", site.yaml, "--", "spark-submit", "job.py", NULL};
    look(&site, list);
    look(&site, run);
    claim_settle("%u outputs of check, effective, why, run and strongbox list, as text, JSON and "
                 "errors: none holds half of a planted value",
                 looked);
}
