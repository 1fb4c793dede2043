#include <string.h>

#include "policy/surface/ci/block.h"
#include "sidecar/base/text.h"

/* How run: is run, from the workflow down to the step. */
struct scope {
    const char *shell; /* NULL: the runner's own */
    bool windows;
};

static const char *inner_shell(const struct tree_node *node, const char *path, const char *outer) {
    const char *shell = tree_path_text(node, path);
    return shell == NULL ? outer : shell;
}

/* "bash", "sh -e {0}", "/bin/bash -l {0}"; a shell that is not known may be one. */
static bool is_shell(const struct scope *scope) {
    static const char *const others[] = {"pwsh", "powershell", "cmd",     "python", "node",
                                         "perl", "ruby",       "Rscript", "nu",     "fish"};
    if (scope->shell == NULL)
        return !scope->windows;
    const char *end = scope->shell + strcspn(scope->shell, " "), *name = end;
    while (name > scope->shell && name[-1] != '/')
        name--;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (text_starts(name, others[i]))
            return false;
    return true;
}

static void add_environment(struct ci *ci, const struct tree_node *node) {
    static const char *const names[] = {"env", "environment"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct tree_node *mapping = tree_find(node, names[i]);
        ci_tell_variables(ci, mapping);
        ci_add_variables(ci, mapping);
    }
}

static void read_step(struct ci *ci, const struct tree_node *step, struct scope scope) {
    const struct tree_node *run = tree_find(step, "run");
    size_t before = ci->variable_count;
    add_environment(ci, step);
    scope.shell = inner_shell(step, "shell", scope.shell);
    if (run != NULL && run->kind == TREE_MAPPING) { /* CircleCI */
        add_environment(ci, run);
        scope.shell = inner_shell(run, "shell", scope.shell);
        run = tree_find(run, "command");
    }
    if (run != NULL && run->kind == TREE_SCALAR && is_shell(&scope)) {
        ci_add_piece(ci, run);
        ci_read_block(ci);
    } else if (run != NULL && strstr(run->text, "spark") != NULL) {
        document_note(ci->b, &run->origin, "is a script of no Unix shell and is not read");
    }
    ci->variable_count = before;
}

/* What a step writes to $GITHUB_ENV the later ones of its job get. */
static void follow_step(struct ci *ci, const struct tree_node *step) {
    const struct tree_node *run = tree_find(step, "run");
    run = run != NULL && run->kind == TREE_MAPPING ? tree_find(run, "command") : run;
    if (run != NULL && run->kind == TREE_SCALAR &&
        (strstr(run->text, "GITHUB_ENV") != NULL || strstr(run->text, "BASH_ENV") != NULL))
        ci_add_rewritten(ci, run);
}

static void read_steps(struct ci *ci, const struct tree_node *steps, struct scope scope) {
    if (steps == NULL || steps->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *step = steps->first; step != NULL && !ci->b->failed;
         step = step->next) {
        read_step(ci, step, scope);
        follow_step(ci, step);
    }
}

static void read_job(struct ci *ci, const struct tree_node *job, struct scope scope) {
    const struct tree_node *services = tree_find(job, "services");
    const char *system = tree_path_text(job, "runs-on");
    size_t before = ci->variable_count;
    scope.shell = inner_shell(job, "defaults.run.shell", scope.shell);
    scope.windows = system != NULL && text_starts(system, "windows");
    add_environment(ci, tree_find(job, "container"));
    add_environment(ci, job);
    for (const struct tree_node *s = services == NULL ? NULL : services->first; s != NULL;
         s = s->next)
        ci_tell_variables(ci, tree_find(s, "env"));
    read_steps(ci, tree_find(job, "steps"), scope);
    ci->variable_count = before;
}

void ci_read_github(struct ci *ci) {
    const struct tree_node *jobs = tree_find(ci->root, "jobs");
    struct scope scope = {.shell = tree_path_text(ci->root, "defaults.run.shell")};
    add_environment(ci, ci->root);
    read_steps(ci, tree_path(ci->root, "runs.steps"), scope);
    for (const struct tree_node *job = jobs == NULL ? NULL : jobs->first;
         job != NULL && !ci->b->failed; job = job->next)
        read_job(ci, job, scope);
}
