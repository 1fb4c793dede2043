#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/programs.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

static const char *const pod_paths[] = {
    "spec.jobTemplate.spec.template.spec",
    "spec.template.spec",
    "template.spec",
    "spec",
};

#define MOST_WORDS 4096 /* of a container's command and arguments */

struct command {
    const struct tree_node *words[MOST_WORDS];
    size_t count, expanded;
    const struct tree_node *env;
};

static void add_words(struct command *c, const struct tree_node *list) {
    if (list == NULL)
        return;
    if (list->kind == TREE_SCALAR && c->count < MOST_WORDS && !tree_is_null(list))
        c->words[c->count++] = list;
    for (const struct tree_node *w = list->first; w != NULL && c->count < MOST_WORDS; w = w->next)
        if (w->kind == TREE_SCALAR)
            c->words[c->count++] = w;
}

void kube_loose_env(struct kube *k, const struct tree_node *env) {
    if (env == NULL || env->kind == TREE_SCALAR)
        return;
    for (const struct tree_node *e = env->first; e != NULL; e = e->next) {
        const struct tree_node *name = tree_find(e, "name"), *value = tree_find(e, "value");
        if (env->kind == TREE_MAPPING && e->kind == TREE_SCALAR)
            document_add_loose(k->b, e->key, e->text, &e->key_origin, &e->origin);
        else if (tree_text(name) != NULL && tree_text(value) != NULL)
            document_add_loose(k->b, name->text, value->text, &name->origin, &value->origin);
        const char *equal =
            env->kind == TREE_SEQUENCE && e->kind == TREE_SCALAR ? strchr(e->text, '=') : NULL;
        if (equal != NULL) {
            size_t length = (size_t)(equal - e->text);
            struct origin place = place_find(&e->map, length + 1);
            document_add_loose(k->b, kube_print(k, "%.*s", (int)length, e->text), equal + 1,
                               &e->origin, &place);
        }
    }
}

/* The variables of a container as the environment of its launch. */
static void set_environment(struct kube *k, const struct tree_node *env) {
    for (const struct tree_node *e = env == NULL ? NULL : env->first; e != NULL; e = e->next) {
        struct origin place;
        const struct tree_node *name = tree_find(e, "name");
        const char *value = kube_env_value(k, e, &place);
        if (tree_text(name) != NULL && value != NULL)
            document_set(k->b, DOCUMENT_ENVIRONMENT, name->text, value, &name->origin, &place);
        else if (env->kind == TREE_MAPPING && e->kind == TREE_SCALAR)
            document_set(k->b, DOCUMENT_ENVIRONMENT, e->key, e->text, &e->key_origin, &e->origin);
    }
}

static const struct tree_node *find_variable(const struct tree_node *env, const char *name,
                                             size_t length) {
    const struct tree_node *found = NULL;
    if (env == NULL || env->count > LIMIT_TREE_NAMES)
        return NULL;
    for (const struct tree_node *e = env->first; e != NULL; e = e->next) {
        const char *text = tree_path_text(e, "name");
        if (text != NULL && strncmp(text, name, length) == 0 && text[length] == '\0')
            found = e;
    }
    return found;
}

/* "$(NAME)" of a variable of the container. Beyond a bound it is unknown. */
static void expand_one(struct kube *k, struct command *c, const char *p, size_t length,
                       struct buffer *out) {
    struct origin place;
    const struct tree_node *entry =
        c->expanded++ < LIMIT_TREE_NAMES ? find_variable(c->env, p + 2, length - 3) : NULL;
    const char *value = entry == NULL ? NULL : kube_env_value(k, entry, &place);
    if (value != NULL)
        buffer_text(out, value);
    else
        unknown_add(out, p, length);
}

/* A word as the kubelet hands it over; "$$(" is "$(" itself. */
static const char *expand(struct kube *k, struct command *c, const char *word) {
    if (strstr(word, "$(") == NULL)
        return word;
    struct buffer out = buffer_make(LIMIT_INPUT_BYTES);
    for (const char *p = word; *p != '\0';) {
        const char *end = text_starts(p, "$(") ? strchr(p, ')') : NULL;
        if (text_starts(p, "$$(")) {
            buffer_text(&out, "$(");
            p += 3;
        } else if (end != NULL) {
            expand_one(k, c, p, (size_t)(end - p) + 1, &out);
            p = end + 1;
        } else {
            buffer_char(&out, *p++);
        }
    }
    const char *text = kube_print(k, "%s", out.data == NULL ? "" : out.data);
    buffer_free(&out);
    return text;
}

/* Where the command itself begins, behind init programs and their options. */
static size_t skip_wrappers(const struct command *c) {
    static const char *const names[] = {"tini", "dumb-init", "nohup", "exec",
                                        "env",  "-s",        "-g",    "--"};
    size_t i = 0;
    for (bool more = true; more && i < c->count; i += more) {
        const char *word = c->words[i]->text, *slash = strrchr(word, '/');
        more = false;
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            more = more || strcmp(slash == NULL ? word : slash + 1, names[n]) == 0;
    }
    return i;
}

static bool is_shell(const char *word) {
    static const char *const names[] = {"sh", "bash", "dash", "ash", "zsh", "ksh"};
    const char *slash = strrchr(word, '/');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(slash == NULL ? word : slash + 1, names[i]) == 0)
            return true;
    return false;
}

/* The script of "sh -c SCRIPT", also of "bash -euxo pipefail -c SCRIPT"; or NULL. */
static const struct tree_node *find_script(const struct command *c, size_t from) {
    if (from >= c->count || !is_shell(c->words[from]->text))
        return NULL;
    for (size_t i = from + 1; i + 1 < c->count; i++) {
        const char *word = c->words[i]->text;
        if (*word == '-' && word[1] != '-' && text_ends(word, "c"))
            return c->words[i + 1];
    }
    return NULL;
}

static void add_facts(struct kube *k, const struct tree_node *container,
                      const struct tree_node *pod) {
    if (pod != NULL)
        kube_fact_text(k, DOCUMENT_FACT_PLATFORM, "kubernetes", &container->origin);
    kube_image(k, tree_find(container, "image"));
    kube_pod_facts(k, pod);
}

/* Spark's own entry point: "driver …" is spark-submit in client mode. */
static bool add_entry_point(struct kube *k, const struct command *c, size_t from,
                            const char *title) {
    const struct tree_node *first = c->words[from];
    if (strcmp(first->text, "driver") != 0 || from + 1 >= c->count)
        return false;
    const struct origin *place = &first->origin;
    document_launch(k->b, title, place);
    kube_word(k, "spark-submit", place);
    kube_conf_text(k, "spark.driver.bindAddress", kube_unknown(k, "$SPARK_DRIVER_BIND_ADDRESS"),
                   place, place);
    kube_word(k, "--deploy-mode", place);
    kube_word(k, "client", place);
    return true;
}

/* A word that says where its value stands, for "KEY=VALUE" of --conf. */
static void add_rest(struct kube *k, struct command *c, size_t from) {
    for (size_t i = from; i < c->count; i++) {
        const struct tree_node *word = c->words[i];
        const char *text =
            word->condition == NULL ? expand(k, c, word->text) : kube_told_word(k, word);
        kube_word(k, text, &word->origin);
    }
}

/* Whether the words start Spark; then they are a launch. */
static bool add_command(struct kube *k, struct command *c, size_t from, const char *title) {
    if (from >= c->count)
        return false;
    const char *slash = strrchr(c->words[from]->text, '/');
    const char *name = slash == NULL ? c->words[from]->text : slash + 1;
    if (strcmp(name, "entrypoint.sh") == 0 && from + 1 < c->count)
        return add_command(k, c, from + 1, title);
    if (add_entry_point(k, c, from, title)) {
        add_rest(k, c, from + 1);
        return true;
    }
    if (!program_is_spark(c->words[from]->text))
        return false;
    document_launch(k->b, title, &c->words[from]->origin);
    add_rest(k, c, from);
    return true;
}

static bool mentions_spark(const struct tree_node *text) {
    return memmem(text->text, text->length, "spark", 5) != NULL;
}

/* A command that is one text, in a compose file: split as a shell would, lines are no
 * ends. What else than Spark begins it may be a shell with a script. */
static void add_line(struct kube *k, const struct tree_node *text, const char *title) {
    struct document_word *words;
    struct error err;
    size_t count;
    bool split =
        shell_split(text->text, text->length, &text->map, k->b->arena, &words, &count, &err) == 0;
    if (!split || count == 0 || !program_is_spark(words[0].text)) {
        kube_script(k, text);
        return;
    }
    document_launch(k->b, title, &text->origin);
    for (size_t i = 0; i < count; i++)
        document_word(k->b, words[i].text, &words[i].origin, &words[i].value_origin);
}

void kube_read_container(struct kube *k, const struct tree_node *container,
                         const struct tree_node *pod, const char *title) {
    struct command c = {.env = tree_find(container, "env")};
    const struct tree_node *environment = tree_find(container, "environment");
    size_t before = k->b->launch_count;
    k->b->form = WRITTEN_COMMAND;
    add_words(&c, tree_find(container, "entrypoint"));
    add_words(&c, tree_find(container, "command"));
    add_words(&c, tree_find(container, "args"));
    kube_loose_env(k, c.env);
    kube_loose_env(k, environment);
    size_t from = skip_wrappers(&c);
    const struct tree_node *script = find_script(&c, from);
    bool line = script == NULL && from < c.count && strpbrk(c.words[from]->text, " \n") != NULL;
    if (line && mentions_spark(c.words[from]))
        add_line(k, c.words[from], title);
    else if (script != NULL && mentions_spark(script))
        kube_script(k, script);
    else if (script == NULL)
        add_command(k, &c, from, title);
    if (k->b->failed || k->b->launch_count == before)
        return;
    set_environment(k, c.env);
    set_environment(k, environment);
    kube_take_mounts(k, tree_find(pod, "volumes"), tree_find(container, "volumeMounts"));
    kube_open(k, tree_find(container, "args"));
    kube_open(k, tree_find(container, "command"));
    add_facts(k, container, pod);
}

static void read_containers(struct kube *k, const struct tree_node *pod, const char *field,
                            const char *title) {
    const struct tree_node *list = tree_find(pod, field);
    if (list == NULL || list->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *c = list->first; c != NULL; c = c->next)
        kube_read_container(k, c, pod, title);
}

void kube_read_workload(struct kube *k, const struct tree_node *object) {
    const struct tree_node *pod = NULL;
    for (size_t i = 0; pod == NULL && i < sizeof pod_paths / sizeof *pod_paths; i++)
        if (tree_find(tree_path(object, pod_paths[i]), "containers") != NULL)
            pod = tree_path(object, pod_paths[i]);
    const char *title = kube_title(k, object);
    read_containers(k, pod, "initContainers", title);
    read_containers(k, pod, "containers", title);
}
