/* judge_policy.h: which packs and which mode are in force for a command. Opening
 * and reading are two calls, because the ladder stands between them. */
#ifndef ARRESTOR_JUDGE_POLICY_H
#define ARRESTOR_JUDGE_POLICY_H

#include "policy/rules/rule_check.h"
#include "policy/rules/rule_pack.h"
#include "sidecar/base/limits.h"

struct arena;
struct error;

struct judge_policy {
    const char *words[LIMIT_PACKS]; /* of --policy, or none */
    int fds[LIMIT_PACKS];           /* of words that are paths, else -1 */
    size_t count;
    const char *config_path; /* of --config, or NULL */
    int config_fd;
};

/* Opens what --policy (words with commas between, or NULL) and --config (a path,
 * or NULL) name. 0, or -1: ERROR_POLICY, ERROR_CONFIG for a file that others can
 * write; ERROR_INPUT as ERROR_POLICY or ERROR_CONFIG for one that is not there. */
int judge_policy_open(const char *policy, const char *config, struct arena *arena,
                      struct judge_policy *ret, struct error *err);

/* The rules and the mode in force: packs of --policy, else of policy.packs, else
 * spark-production; mode of the configuration, else enforce. 0, or -1 with
 * ERROR_POLICY, ERROR_CONFIG, ERROR_MEMORY. */
int judge_policy_read(const struct judge_policy *policy, struct arena *arena, struct rule_set *set,
                      struct check_mode *mode, struct error *err);

/* One pack: the built-in one of that name, or read from an opened file. */
int judge_policy_pack(const char *word, int fd, struct arena *arena, const struct pack **ret,
                      struct error *err);

/* Closes what was opened. */
void judge_policy_close(struct judge_policy *policy);

#endif
