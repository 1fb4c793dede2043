/* Claim 26: what arrestor takes instructions or keys from must be its user's own:
 * arrestor.yaml, key file, packs, CA and credential files that others may write, or
 * that belong to another user, are refused. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define STRANGER 65533u

static const char pack[] = "version: 1\n"
                           "name: own\n"
                           "rules:\n"
                           "  - id: OWN-001\n"
                           "    title: the application has a name\n"
                           "    severity: low\n"
                           "    owner: job\n"
                           "    require: {spark.app.name: {present: true}}\n"
                           "    because: a name is needed\n"
                           "    fix: {set: {spark.app.name: \"orders\"}}\n"
                           "    examples:\n"
                           "      pass: {spark.app.name: orders}\n"
                           "      fail: {spark.master: local}\n";

/* A file that decides something, and the command that reads it. */
struct instruction {
    const char *what, *path;
    void (*prepare)(const struct site *site);
    void (*read)(const struct site *site, const char *path, struct outcome *ret);
};

static void use_box(const struct site *site) {
    site_configure(site, "");
}

static void use_directory(const struct site *site) {
    char lines[512];
    const char *set = claim_path(claim_memory_directory(), "set");
    (void)snprintf(lines, sizeof lines,
                   "deliver:\n  dir: %.300s\n  files:\n    value: {raw: \"${it}\"}\n", set);
    site_configure(site, lines);
}

static void launch(const struct site *site, const char *path, struct outcome *ret) {
    (void)path;
    site_launch(site, NULL, ret);
}

static void place_once(const struct site *site, const char *path, struct outcome *ret) {
    const char *words[] = {"init", "-c", path, NULL};
    site_command(site, words, NULL, NULL, ret);
}

static void check_with_pack(const struct site *site, const char *path, struct outcome *ret) {
    const char *words[] = {"check", "--policy", path, "conf/spark-defaults.conf", NULL};
    site_command(site, words, NULL, NULL, ret);
}

static void list_box(const struct site *site, const char *path, struct outcome *ret) {
    const char *words[] = {"strongbox", "list", "--box", site->box, "--key", path, NULL};
    site_command(site, words, NULL, NULL, ret);
}

/* One round, and no waiting for a store that is not there. */
static void use_token(const struct site *site) {
    site_use_vault(site, 1, "{token: {file: token}}");
}

static void use_secret_id(const struct site *site) {
    site_use_vault(site, 1, "{approle: {role-id: selftest, secret-id-file: secret-id}}");
}

static bool is_refused(const struct outcome *got) {
    return strstr(got->err, "can be written by others") != NULL ||
           strstr(got->err, "neither root nor you") != NULL ||
           strstr(got->err, "not 0400 or 0600") != NULL;
}

static void expect(const struct site *site, const struct instruction *one, bool refused,
                   const char *how) {
    static struct outcome got;
    char report[16];
    one->read(site, one->path, &got);
    site_report(site, report, sizeof report);
    if (refused && (!is_refused(&got) || got.status == 0 || report[0] != '\0'))
        claim_off("%s %s is taken (status %d): %.200s", one->what, how, got.status, got.err);
    if (!refused && (is_refused(&got) || got.status == 77 || got.status == 3))
        claim_broken("%s of one's own is not taken: %.300s", one->what, got.err);
}

static void try_instruction(const struct site *site, const struct instruction *one) {
    static const mode_t modes[] = {0620, 0602};
    char how[64];
    one->prepare(site);
    expect(site, one, false, "");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        (void)snprintf(how, sizeof how, "with mode %04o", (unsigned)modes[i]);
        claim_need(chmod(one->path, modes[i]) == 0, "change a mode");
        expect(site, one, true, how);
    }
    claim_need(chmod(one->path, 0600) == 0, "change a mode");
    /* Only root can give a file away. */
    if (chown(one->path, STRANGER, (gid_t)-1) != 0)
        return;
    expect(site, one, true, "of another user");
    claim_need(chown(one->path, geteuid(), (gid_t)-1) == 0, "take a file back");
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    const char *named = claim_path(site.path, "own.yaml"), *token = claim_path(site.path, "token");
    const char *secret_id = claim_path(site.path, "secret-id");
    claim_write(named, pack);
    claim_write(token, "selftest");
    claim_write(secret_id, "selftest");
    const struct instruction all[] = {
        {"arrestor.yaml of run", site.yaml, use_box, launch},
        {"arrestor.yaml of init", site.yaml, use_directory, place_once},
        {"the key file of run", site.key, use_box, launch},
        {"the key file of strongbox", site.key, use_box, list_box},
        {"a pack", named, use_box, check_with_pack},
        {"a token file", token, use_token, launch},
        {"a secret_id file", secret_id, use_secret_id, launch},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        try_instruction(&site, &all[i]);
    claim_settle("arrestor.yaml, key file, pack, token and secret_id that others may write%s are "
                 "refused, and nothing starts",
                 geteuid() == 0 ? ", or of another user," : "");
}
