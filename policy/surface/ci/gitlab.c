#include <string.h>

#include "policy/surface/ci/block.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

enum {
    MOST_PARENTS = 16, /* of a job, by extends: */
    DEEPEST = 10       /* lists and references in each other, as GitLab has it */
};

/* A job and what it extends, strongest first. */
struct chain {
    const struct tree_node *jobs[MOST_PARENTS];
    size_t count;
};

/* What stands in the file under that name; within a bound of names. */
static const struct tree_node *look_up(struct ci *ci, const char *name) {
    return ci->names++ < LIMIT_TREE_NAMES ? tree_find(ci->root, name) : NULL;
}

static void add_job(struct ci *ci, struct chain *chain, const struct tree_node *job);

static void add_parent(struct ci *ci, struct chain *chain, const struct tree_node *name) {
    const struct tree_node *job =
        name->kind == TREE_SCALAR && chain->count < MOST_PARENTS ? look_up(ci, name->text) : NULL;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->jobs[i] == job)
            return;
    if (job != NULL && job->kind == TREE_MAPPING)
        add_job(ci, chain, job);
}

/* The last one of several parents is the strongest. */
static void add_job(struct ci *ci, struct chain *chain, const struct tree_node *job) {
    const struct tree_node *extends = tree_find(job, "extends");
    const struct tree_node *names[MOST_PARENTS];
    size_t count = 0;
    if (chain->count == MOST_PARENTS)
        return;
    chain->jobs[chain->count++] = job;
    if (extends != NULL && extends->kind == TREE_SCALAR)
        names[count++] = extends;
    for (const struct tree_node *n = extends == NULL ? NULL : extends->first;
         n != NULL && count < MOST_PARENTS; n = n->next)
        names[count++] = n;
    while (count > 0)
        add_parent(ci, chain, names[--count]);
}

static const struct tree_node *find_in(const struct chain *chain, const char *key) {
    const struct tree_node *found = NULL;
    for (size_t i = 0; i < chain->count && found == NULL; i++)
        found = tree_find(chain->jobs[i], key);
    return found;
}

static void add_script(struct ci *ci, const struct tree_node *script, size_t depth);

/* "!reference [.job, script]". */
static void add_reference(struct ci *ci, const struct tree_node *list, size_t depth) {
    const struct tree_node *name = list->first, *found = NULL;
    if (tree_text(name) != NULL)
        found = look_up(ci, name->text);
    for (const struct tree_node *key = name == NULL ? NULL : name->next; key != NULL;
         key = key->next)
        found = tree_text(key) == NULL ? NULL : tree_find(found, key->text);
    bool shared = ci->shared;
    ci->shared = true;
    if (found != NULL)
        add_script(ci, found, depth + 1);
    ci->shared = shared;
}

/* The lines of a script: a text, or a list that may hold further lists. */
static void add_script(struct ci *ci, const struct tree_node *script, size_t depth) {
    if (script == NULL || depth > DEEPEST || ci->b->failed || (ci->shared && !ci_pay(ci, 1)))
        return;
    if (script->tag != NULL && strcmp(script->tag, "!reference") == 0) {
        add_reference(ci, script, depth);
        return;
    }
    if (script->kind == TREE_SCALAR && !tree_is_null(script))
        ci_add_piece(ci, script);
    for (const struct tree_node *line = script->kind == TREE_SEQUENCE ? script->first : NULL;
         line != NULL && (!ci->shared || ci->again > 0); line = line->next)
        add_script(ci, line, depth + 1);
}

/* A default of the pipeline, at one of its two places. */
static const struct tree_node *find_default(const struct ci *ci, const char *key) {
    const struct tree_node *found = tree_find(tree_find(ci->root, "default"), key);
    return found == NULL ? tree_find(ci->root, key) : found;
}

/* Whether a job takes over what inherit: tells of; a list of names is taken for a no. */
static bool inherits(const struct chain *chain, const char *what) {
    const struct tree_node *own = tree_find(find_in(chain, "inherit"), what);
    return own == NULL || (own->kind == TREE_SCALAR && strcmp(own->text, "false") != 0);
}

/* A script that the job has, or one of all jobs. */
static const struct tree_node *find_script(const struct ci *ci, const struct chain *chain,
                                           const char *key) {
    const struct tree_node *own = find_in(chain, key);
    return own == NULL && inherits(chain, "default") ? find_default(ci, key) : own;
}

/* Adds the script of that key; what the job does not have itself is shared. */
static void add_part(struct ci *ci, const struct tree_node *job, const char *key,
                     const struct tree_node *script) {
    ci->shared = tree_find(job, key) == NULL;
    add_script(ci, script, 0);
    ci->shared = false;
}

/* What rules: and parallel: may give a job. */
static void add_doubtful(struct ci *ci, const struct tree_node *job) {
    const struct tree_node *rules = tree_find(job, "rules");
    const struct tree_node *matrix = tree_path(job, "parallel.matrix");
    for (const struct tree_node *r = rules == NULL ? NULL : rules->first;
         r != NULL && ci_pay(ci, 1); r = r->next)
        ci_add_doubtful(ci, tree_find(r, "variables"));
    for (const struct tree_node *m = matrix == NULL ? NULL : matrix->first;
         m != NULL && ci_pay(ci, 1); m = m->next)
        ci_add_doubtful(ci, m);
}

static void read_job(struct ci *ci, const struct tree_node *job) {
    struct chain chain = {.count = 0};
    add_job(ci, &chain, job);
    if (inherits(&chain, "variables"))
        ci_add_variables(ci, tree_find(ci->root, "variables"));
    add_doubtful(ci, tree_find(ci->root, "workflow"));
    for (size_t i = chain.count; i > 0; i--) {
        ci_add_variables(ci, tree_find(chain.jobs[i - 1], "variables"));
        add_doubtful(ci, chain.jobs[i - 1]);
    }
    add_part(ci, job, "before_script", find_script(ci, &chain, "before_script"));
    add_part(ci, job, "script", find_in(&chain, "script"));
    ci_read_block(ci);
    add_part(ci, job, "after_script", find_script(ci, &chain, "after_script"));
    ci_read_block(ci);
    ci->variable_count = 0;
}

static bool is_job(const struct tree_node *node) {
    static const char *const others[] = {"stages",   "variables",     "default",     "include",
                                         "workflow", "image",         "services",    "cache",
                                         "spec",     "before_script", "after_script"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(node->key, others[i]) == 0)
            return false;
    return node->kind == TREE_MAPPING;
}

/* Literal values, also of those that rules: give. */
static void tell_variables(struct ci *ci, const struct tree_node *node) {
    const struct tree_node *rules = tree_find(node, "rules");
    ci_tell_variables(ci, tree_find(node, "variables"));
    for (const struct tree_node *r = rules == NULL ? NULL : rules->first; r != NULL; r = r->next)
        ci_tell_variables(ci, tree_find(r, "variables"));
}

/* Templates that a job of the file extends, which are read with that job. */
struct used {
    const struct tree_node *jobs[LIMIT_TREE_NAMES];
    size_t count;
};

static void collect_used(struct ci *ci, struct used *used) {
    for (const struct tree_node *job = ci->root->first; job != NULL; job = job->next) {
        struct chain chain = {.count = 0};
        if (!is_job(job) || tree_find(job, "extends") == NULL)
            continue;
        add_job(ci, &chain, job);
        for (size_t i = 1; i < chain.count && used->count < LIMIT_TREE_NAMES; i++)
            used->jobs[used->count++] = chain.jobs[i];
    }
    ci->names = 0;
}

static bool is_used(const struct used *used, const struct tree_node *job) {
    for (size_t i = 0; job->key[0] == '.' && i < used->count; i++)
        if (used->jobs[i] == job)
            return true;
    return false;
}

void ci_read_gitlab(struct ci *ci) {
    struct used used = {.count = 0};
    tell_variables(ci, ci->root);
    tell_variables(ci, tree_find(ci->root, "workflow"));
    if (ci->root->kind != TREE_MAPPING)
        return;
    collect_used(ci, &used);
    for (const struct tree_node *job = ci->root->first; job != NULL && !ci->b->failed;
         job = job->next) {
        if (!is_job(job))
            continue;
        tell_variables(ci, job);
        if (!is_used(&used, job))
            read_job(ci, job);
    }
}
