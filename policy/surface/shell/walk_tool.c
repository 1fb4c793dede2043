#include <string.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

/* cat without files gives what it reads. */
static void cat(struct shell_run *run, const struct shell_node *node,
                const struct shell_field *fields, size_t count) {
    (void)node;
    bool plain = count == 1 || (count == 2 && strcmp(fields[1].text.text, "-") == 0);
    walk_write(run, plain ? run->input : NULL);
}

/* tee writes what it reads into its files, too. */
static void tee(struct shell_run *run, const struct shell_node *node,
                const struct shell_field *fields, size_t count) {
    bool append = false;
    (void)node;
    for (size_t i = 1; i < count && run->input != NULL; i++) {
        if (fields[i].text.text[0] == '-')
            append = true;
        else
            walk_write_file(run, &fields[i].text, run->input, append);
    }
    walk_write(run, run->input);
}

/* A part of a text as a text of its own. */
static int take_piece(struct shell_run *run, const struct shell_text *text, size_t from,
                      size_t length, struct shell_text *ret) {
    struct shell_builder b = shell_builder_make(run->c);
    shell_add_text(&b, text, from, length);
    int status = shell_built(&b, shell_position(text, from), ret);
    shell_builder_free(&b);
    return status;
}

/* KEY=VALUE as a setting of none. */
static void tell_pair(struct shell_run *run, const struct shell_text *text, size_t from,
                      size_t length) {
    const char *start = text->text + from, *sign = memchr(start, '=', length);
    size_t before = sign == NULL ? 0 : (size_t)(sign - start);
    struct shell_text key, value;
    if (sign != NULL && take_piece(run, text, from, before, &key) == 0 &&
        take_piece(run, text, from + before + 1, length - before - 1, &value) == 0)
        walk_tell_loose(run, key.text, shell_position(text, from), &value, NULL);
}

/* kubectl create secret … --from-literal=KEY=VALUE, kubectl run --env=KEY=VALUE. */
static void tell_literals(struct shell_run *run, const struct shell_field *fields, size_t count) {
    static const char *const options[] = {"--from-literal", "--env", "--docker-password"};
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
            const struct shell_text *text = &fields[i].text;
            size_t length = strlen(options[k]);
            if (!text_starts(text->text, options[k]))
                continue;
            bool pair = k < 2; /* else the option's own name is the key */
            if (text->text[length] == '=')
                tell_pair(run, text, pair ? length + 1 : 2, text->length - (pair ? length + 1 : 2));
            else if (text->text[length] == '\0' && i + 1 < count && pair)
                tell_pair(run, &fields[i + 1].text, 0, fields[i + 1].text.length);
        }
}

/* kubectl … -f - reads manifests. */
static void kubectl(struct shell_run *run, const struct shell_node *node,
                    const struct shell_field *fields, size_t count) {
    (void)node;
    for (size_t i = 1; i < count && run->input != NULL; i++)
        if (strcmp(fields[i].text.text, "-f-") == 0 ||
            strcmp(fields[i].text.text, "--filename=-") == 0 ||
            (strcmp(fields[i].text.text, "-") == 0 && (fields[i - 1].text.text[0] == '-')))
            walk_add_inner(run, run->input, "kubernetes");
    tell_literals(run, fields, count);
}

/* helm … --values -, and --set KEY=VALUE,KEY=VALUE: the pairs, as settings of none. */
static void tell_pairs(struct shell_run *run, const struct shell_text *text) {
    for (size_t from = 0; from < text->length;) {
        size_t length = strcspn(text->text + from, ",");
        tell_pair(run, text, from, length);
        from += length + 1;
    }
}

static void helm(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count) {
    kubectl(run, node, fields, count);
    for (size_t i = 1; i + 1 < count; i++)
        if (strcmp(fields[i].text.text, "--set") == 0 ||
            strcmp(fields[i].text.text, "--set-string") == 0)
            tell_pairs(run, &fields[i + 1].text);
    walk_write(run, NULL);
}

/* The place of KEY=[ or KEY= in the shorthand, behind it; NULL. */
static const char *find_key(const char *text, const char *key) {
    size_t length = strlen(key);
    for (const char *p = text; (p = strstr(p, key)) != NULL; p++)
        if ((p == text || p[-1] == ',') && p[length] == '=')
            return p + length + 1;
    return NULL;
}

/* Words between commas up to the ']'; one may stand in double quotes. */
static void take_list(struct shell_run *run, const struct shell_text *text, size_t from,
                      struct shell_fields *fields) {
    while (from < text->length && text->text[from] != ']' && !run->c->failed) {
        bool quoted = text->text[from] == '"';
        from += quoted;
        size_t length = strcspn(text->text + from, quoted ? "\"" : ",]");
        struct shell_text word;
        if (take_piece(run, text, from, length, &word) == 0)
            walk_add_field(run, fields, &word);
        from += length + (quoted && text->text[from + length] == '"');
        from += text->text[from] == ',';
    }
}

/* aws emr --steps Type=Spark,Name=…,Args=[--class,C,s3://…]. EMR's own spark-defaults.conf
 * says yarn. */
static void launch_step(struct shell_run *run, const struct shell_field *program,
                        const struct shell_text *text) {
    const char *type = find_key(text->text, "Type"), *arguments = find_key(text->text, "Args");
    struct shell_fields fields = {0};
    struct shell_field *first = walk_add_field(run, &fields, &program->text);
    if (first == NULL || arguments == NULL)
        return;
    bool spark = type != NULL && (text_starts(type, "Spark,") || text_starts(type, "SPARK,"));
    size_t at = (size_t)(arguments - text->text) + (arguments[0] == '[');
    take_list(run, text, at, &fields);
    fields.items[0].text.text = "spark-submit";
    size_t program_at = spark ? 0 : 1;
    if (run->c->failed || run->muted > 0 || fields.count <= program_at ||
        !program_is_spark(fields.items[program_at].text.text))
        return;
    walk_launch(run, fields.items + program_at, fields.count - program_at, false, NULL);
    struct origin origin = shell_place(run->c, shell_position(&program->text, 0));
    document_set(run->b, DOCUMENT_DEFAULTS, "spark.master", "yarn", &origin, &origin);
    document_set(run->b, DOCUMENT_FACTS, DOCUMENT_FACT_PLATFORM, "emr", &origin, &origin);
}

static const char *const emr_options[] = {"--steps",
                                          "--configurations",
                                          "--job-driver",
                                          "--configuration-overrides",
                                          "--cli-input-json",
                                          "--security-configuration",
                                          "--instance-groups",
                                          "--bootstrap-actions",
                                          "--runtime-configuration",
                                          "--instance-fleets",
                                          "--cli-input-yaml"};

static void take_emr_option(struct shell_run *run, const struct shell_field *option,
                            const struct shell_text *value) {
    bool json = value->text[strspn(value->text, " \t\r\n")] == '[' ||
                value->text[strspn(value->text, " \t\r\n")] == '{';
    if (json)
        walk_add_inner(run, value, "emr");
    else if (strcmp(option->text.text, "--steps") == 0)
        launch_step(run, option, value);
}

static bool is_emr_option(const char *word) {
    for (size_t i = 0; i < sizeof emr_options / sizeof emr_options[0]; i++)
        if (strcmp(word, emr_options[i]) == 0)
            return true;
    return false;
}

static void aws(struct shell_run *run, const struct shell_node *node,
                const struct shell_field *fields, size_t count) {
    (void)node;
    walk_write(run, NULL);
    bool emr = false;
    for (size_t i = 1; i < count; i++)
        emr = emr || text_starts(fields[i].text.text, "emr");
    for (size_t i = 1; emr && i + 1 < count; i++) {
        if (!is_emr_option(fields[i].text.text))
            continue;
        for (size_t j = i + 1; j < count && fields[j].text.text[0] != '-'; j++)
            take_emr_option(run, &fields[i], &fields[j].text);
    }
}

static bool is_submit_class(const char *word) {
    return strcmp(word, "org.apache.spark.deploy.SparkSubmit") == 0;
}

/* java … org.apache.spark.deploy.SparkSubmit words */
static void java(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count) {
    (void)node;
    walk_write(run, NULL);
    for (size_t i = 1; i < count; i++) {
        if (!is_submit_class(fields[i].text.text))
            continue;
        struct shell_fields words = {0};
        struct shell_field *first = walk_add_field(run, &words, &fields[i].text);
        if (first != NULL)
            first->text.text = "spark-submit";
        for (size_t j = i + 1; j < count; j++)
            walk_add_field(run, &words, &fields[j].text);
        if (!run->c->failed)
            walk_launch(run, words.items, words.count, true, NULL);
        return;
    }
}

/* python -c CODE, and the code that python reads. */
static void python(struct shell_run *run, const struct shell_node *node,
                   const struct shell_field *fields, size_t count) {
    (void)node;
    const struct shell_text *code = run->input;
    if (count > 1 && strcmp(fields[1].text.text, "-") != 0)
        code = count > 2 && strcmp(fields[1].text.text, "-c") == 0 ? &fields[2].text : NULL;
    if (code != NULL)
        walk_add_inner(run, code, "code.py");
    walk_write(run, NULL);
}

static const char *const daemons[] = {
    "start-master.sh", "start-worker.sh",  "start-slave.sh",           "start-history-server.sh",
    "start-all.sh",    "start-workers.sh", "start-shuffle-service.sh", "spark-daemon.sh"};

/* A daemon of Spark has our environment, and no command line that we know. */
static void start_daemon(struct shell_run *run, const struct shell_node *node,
                         const struct shell_field *fields, size_t count) {
    (void)node;
    (void)count;
    const char *slash = strrchr(fields[0].text.text, '/');
    walk_write(run, NULL);
    if (run->muted == 0)
        walk_tell_environment(run, slash == NULL ? fields[0].text.text : slash + 1,
                              shell_position(&fields[0].text, 0));
}

static const struct {
    const char *name;
    shell_builtin *run;
} tools[] = {
    {"cat", cat},          {"tee", tee},       {"kubectl", kubectl}, {"oc", kubectl},
    {"microk8s", kubectl}, {"k3s", kubectl},   {"helm", helm},       {"aws", aws},
    {"java", java},        {"python", python}, {"python3", python},
};

shell_builtin *walk_find_tool(const char *name) {
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (strcmp(tools[i].name, name) == 0)
            return tools[i].run;
    for (size_t i = 0; i < sizeof daemons / sizeof daemons[0]; i++)
        if (strcmp(daemons[i], name) == 0)
            return start_daemon;
    return NULL;
}
