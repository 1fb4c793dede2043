#include "sidecar/judge/judge_policy.h"

#include <string.h>
#include <unistd.h>

#include "policy/rules/rule_load.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/judge/judge.h"

/* Opens a file that nobody else may write. The code is that of its kind. */
static int open_owned(const char *path, enum error_code code, int *fd, struct error *err) {
    int opened = file_open(path, err);
    if (opened < 0) {
        err->code = code;
        return -1;
    }
    if (file_check_owner(opened, path, (int)code, err) != 0) {
        (void)close(opened);
        return -1;
    }
    *fd = opened;
    return 0;
}

/* The next word of a comma list; NULL at its end, "" for an empty one. */
static const char *next_word(const char **at, struct arena *arena, struct error *err) {
    size_t length = strcspn(*at, ",");
    const char *word = arena_text(arena, *at, length);
    if (word == NULL)
        error_set(err, ERROR_MEMORY, "memory is exhausted");
    *at += length + ((*at)[length] == ',' ? 1 : 0);
    return word;
}

static int add_word(struct judge_policy *policy, const char *word, struct error *err) {
    if (word[0] == '\0') {
        error_set(err, ERROR_USAGE, "--policy: the name of a pack is empty");
        return error_todo(err, "write --policy NAME, or several with commas between");
    }
    for (size_t i = 0; i < policy->count; i++)
        if (strcmp(policy->words[i], word) == 0)
            return error_set(err, ERROR_USAGE, "--policy: %s is named twice", word);
    if (policy->count == LIMIT_PACKS)
        return error_set(err, ERROR_USAGE, "--policy: more than %d packs", LIMIT_PACKS);
    policy->words[policy->count] = word;
    policy->fds[policy->count] = -1;
    if (pack_is_path(word) && open_owned(word, ERROR_POLICY, &policy->fds[policy->count], err) != 0)
        return -1;
    policy->count++;
    return 0;
}

int judge_policy_open(const char *policy, const char *config, struct arena *arena,
                      struct judge_policy *ret, struct error *err) {
    struct judge_policy opened = {.config_path = config, .config_fd = -1};
    int status = 0;
    if (policy != NULL) {
        const char *at = policy;
        do {
            const char *word = next_word(&at, arena, err);
            status = word == NULL ? -1 : add_word(&opened, word, err);
        } while (status == 0 && *at != '\0');
    }
    if (status == 0 && config != NULL)
        status = open_owned(config, ERROR_CONFIG, &opened.config_fd, err);
    if (status != 0)
        judge_policy_close(&opened);
    else
        *ret = opened;
    return status;
}

int judge_policy_pack(const char *word, int fd, struct arena *arena, const struct pack **ret,
                      struct error *err) {
    if (fd < 0) {
        *ret = pack_require(word, err);
        return *ret != NULL ? 0 : -1;
    }
    struct buffer bytes = buffer_make(LIMIT_PACK_BYTES);
    struct pack *pack = arena_array(arena, 1, sizeof *pack);
    int status = pack == NULL ? error_set(err, ERROR_MEMORY, "memory is exhausted")
                              : file_read(fd, word, &bytes, err);
    if (status != 0 && err->code == ERROR_INPUT)
        err->code = ERROR_POLICY;
    if (status == 0)
        status =
            rule_load(bytes.data != NULL ? bytes.data : "", bytes.length, word, arena, pack, err);
    buffer_free(&bytes);
    *ret = pack;
    return status;
}

int judge_policy_read(const struct judge_policy *policy, struct arena *arena, struct rule_set *set,
                      struct check_mode *mode, struct error *err) {
    const struct pack *packs[LIMIT_PACKS];
    struct config config;
    if (config_load(policy->config_fd, policy->config_path, arena, &config, err) != 0)
        return -1;
    *mode = (struct check_mode){.warn = config.mode == MODE_WARN};
    if (policy->count == 0)
        return judge_collect(config.packs, config.pack_count, arena, set, err);
    for (size_t i = 0; i < policy->count; i++)
        if (judge_policy_pack(policy->words[i], policy->fds[i], arena, &packs[i], err) != 0)
            return -1;
    return rule_set_collect(packs, policy->count, arena, set, err);
}

void judge_policy_close(struct judge_policy *policy) {
    for (size_t i = 0; i < policy->count; i++)
        if (policy->fds[i] >= 0)
            (void)close(policy->fds[i]);
    if (policy->config_fd >= 0)
        (void)close(policy->config_fd);
    policy->count = 0;
    policy->config_fd = -1;
}
