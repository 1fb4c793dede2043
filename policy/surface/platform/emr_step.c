#include <string.h>

#include "policy/surface/platform/emr.h"
#include "policy/surface/programs.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

/* What a step of EMR is: HadoopJarStep{Jar, Args}. command-runner.jar executes Args as
 * they are, without a shell. */
struct step {
    const struct tree_node *node; /* has Name, and JobFlowId in a stack */
    const struct tree_node *jar, *arguments;
    bool submits; /* spark-submit is not written: it stands before the arguments */
};

static const char *make_title(struct platform *p, const struct step *step) {
    const char *name = platform_child(p, step->node, "Name");
    const char *title = arena_printf(p->arena, "EMR step%s%s", name[0] == '\0' ? "" : " ", name);
    if (title == NULL)
        platform_starve(p);
    return title;
}

static void put_step_cluster(struct platform *p, const struct step *step) {
    bool ambiguous;
    const struct tree_node *cluster = emr_find_cluster(p, step->node, &ambiguous);
    emr_put_cluster(p, cluster, step->node);
    if (ambiguous)
        platform_open(p, step->node);
}

static bool begin_step(struct platform *p, const struct step *step) {
    const char *title = make_title(p, step);
    if (title == NULL)
        return false;
    platform_launch(p, title, step->node, "emr", WRITTEN_COMMAND);
    put_step_cluster(p, step);
    return true;
}

/* bash -c SCRIPT: what the script starts, each on this cluster. */
static void read_script(struct platform *p, const struct step *step, const struct tree_node *node) {
    struct platform_text text;
    struct document_text script = {0};
    struct document document;
    if (!platform_text(p, node, &text))
        return;
    script = (struct document_text){text.text, strlen(text.text), text.map, NULL};
    if (document_read_inner(p->b, &script, shell_read_text, "this script cannot be read",
                            &document) != 0)
        return;
    struct document one = document;
    one.loose = (struct setting_list){0};
    one.launch_count = one.note_count = one.text_count = 0;
    for (size_t i = 0; i < document.launch_count; i++) {
        one.launches = &document.launches[i];
        one.launch_count = 1;
        document_join(p->b, &one);
        struct origin at = step->node->origin;
        document_set(p->b, DOCUMENT_FACTS, DOCUMENT_FACT_PLATFORM, "emr", &at, NULL);
        put_step_cluster(p, step);
    }
    document.launch_count = 0;
    document_join(p->b, &document);
}

/* Words before the program: "bash" "-c", and options of env, sudo … are not followed. */
static const struct tree_node *find_script(const struct tree_node *arguments) {
    const struct tree_node *first = arguments->first;
    const char *shell = tree_text(first);
    if (shell == NULL || first->next == NULL || first->next->next == NULL)
        return NULL;
    const char *name = strrchr(shell, '/') == NULL ? shell : strrchr(shell, '/') + 1;
    const char *option = tree_text(first->next);
    if ((strcmp(name, "bash") != 0 && strcmp(name, "sh") != 0) || option == NULL ||
        option[0] != '-' || !text_ends(option, "c"))
        return NULL;
    return first->next->next;
}

/* States.Array('spark-submit', '--conf', $.x): literals are known, the rest is not. */
static bool add_array_word(struct platform *p, const struct tree_node *node, size_t begin,
                           size_t end) {
    const char *text = node->text;
    bool literal = end - begin >= 2 && text[begin] == '\'' && text[end - 1] == '\'' &&
                   memchr(text + begin, '\\', end - begin) == NULL;
    const char *word = literal ? arena_text(p->arena, text + begin + 1, end - begin - 2)
                               : unknown_text(p->arena, text + begin, end - begin);
    struct origin at = place_find(&node->map, begin + literal);
    if (word == NULL) {
        platform_starve(p);
        return false;
    }
    document_word(p->b, word, &at, NULL);
    return true;
}

/* The end of one argument: a comma or bracket outside quotes and brackets. */
static size_t end_of_argument(const char *text, size_t i) {
    size_t depth = 0;
    bool quoted = false;
    for (; text[i] != '\0'; i++) {
        if (quoted && text[i] == '\\' && text[i + 1] != '\0')
            i++;
        else if (text[i] == '\'')
            quoted = !quoted;
        else if (!quoted && depth == 0 && (text[i] == ',' || text[i] == ')'))
            return i;
        else if (!quoted)
            depth = depth + (text[i] == '(') - (text[i] == ')');
    }
    return i;
}

static bool add_array(struct platform *p, const struct tree_node *node) {
    static const char start[] = "States.Array(";
    if (node->kind != TREE_SCALAR || !text_starts(node->text, start))
        return false;
    const char *text = node->text;
    for (size_t i = strlen(start); text[i] != '\0' && text[i] != ')';) {
        i += strspn(text + i, " \t\n");
        size_t end = end_of_argument(text, i), stop = end;
        while (stop > i && strchr(" \t\n", text[stop - 1]) != NULL)
            stop--;
        if (stop > i && !add_array_word(p, node, i, stop))
            return true;
        i = end + (text[end] == ',');
    }
    return true;
}

static bool is_spark_argument(const struct tree_node *arguments) {
    const char *first = arguments->kind == TREE_SEQUENCE ? tree_text(arguments->first) : NULL;
    return first != NULL && program_is_spark(first);
}

/* Words that are told at run time: what is started, and with what, is not known. */
static void read_late(struct platform *p, const struct step *step) {
    static const char array[] = "States.Array('";
    const char *text = tree_text(step->arguments);
    if (text != NULL && text_starts(text, array)) {
        size_t length = strcspn(text + strlen(array), "'");
        const char *program = arena_text(p->arena, text + strlen(array), length);
        if (program == NULL)
            platform_starve(p);
        if (program == NULL || (!step->submits && !program_is_spark(program)))
            return;
    }
    if (!begin_step(p, step))
        return;
    if (step->submits)
        platform_word(p, "spark-submit", step->node);
    if (!add_array(p, step->arguments))
        platform_open(p, step->arguments);
}

static bool is_command_runner(const struct step *step) {
    const char *jar = tree_text(step->jar);
    return jar == NULL || text_ends(jar, "command-runner.jar") || unknown_in(jar);
}

static void read_step(struct platform *p, const struct step *step) {
    const struct tree_node *arguments = step->arguments;
    if (arguments == NULL || (!step->submits && !is_command_runner(step)))
        return;
    if (platform_is_intrinsic(arguments) || arguments->kind == TREE_SCALAR) {
        read_late(p, step);
        return;
    }
    if (!step->submits && find_script(arguments) != NULL) {
        read_script(p, step, find_script(arguments));
        return;
    }
    if ((!step->submits && !is_spark_argument(arguments)) || !begin_step(p, step))
        return;
    if (step->submits)
        platform_word(p, "spark-submit", step->node);
    platform_words(p, arguments);
}

void emr_read_step(struct platform *p, const struct tree_node *node) {
    const struct tree_node *hadoop = platform_find(node, "HadoopJarStep");
    struct step step = {.node = node,
                        .jar = platform_find(hadoop, "Jar"),
                        .arguments = platform_find(hadoop, "Args")};
    platform_put_all(p, PLATFORM_LOOSE, platform_find(hadoop, "StepProperties"));
    read_step(p, &step);
}

/* A file for `aws emr add-steps --steps file://…`: Type=Spark means spark-submit. */
void emr_read_cli_step(struct platform *p, const struct tree_node *node) {
    const char *type = tree_text(platform_find(node, "Type"));
    bool spark = type != NULL && text_equal_nocase(type, "spark");
    if (type == NULL || (!spark && !text_equal_nocase(type, "custom_jar")))
        return;
    struct step step = {.node = node,
                        .jar = platform_find(node, "Jar"),
                        .arguments = platform_find(node, "Args"),
                        .submits = spark};
    if (spark || step.jar != NULL)
        read_step(p, &step);
}
