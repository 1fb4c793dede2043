#include <string.h>

#include "policy/surface/platform/shape.h"
#include "policy/surface/shell/shell.h"
#include "sidecar/base/arena.h"

/* AWS Glue: arguments are a mapping, so several settings are chained within the value of
 * one "--conf": "spark.a=b --conf spark.c=d". */
static void put_conf(struct platform *p, const struct tree_node *node) {
    struct platform_text value;
    struct document_word *words;
    size_t count = platform_command_words(p, node, &words);
    for (size_t i = 0; i < count; i++) {
        const char *equals = platform_equals(words[i].text);
        if (equals == NULL) {
            if (strcmp(words[i].text, "--conf") != 0)
                document_open(p->b, &words[i].origin);
            continue;
        }
        const char *key = arena_text(p->arena, words[i].text, (size_t)(equals - words[i].text));
        value = (struct platform_text){.text = equals + 1, .origin = words[i].value_origin};
        if (key == NULL)
            platform_starve(p);
        else
            platform_set(p, DOCUMENT_CONF, key, &words[i].origin, &value);
    }
}

static void put_arguments(struct platform *p, const struct tree_node *arguments) {
    struct platform_text value;
    if (arguments == NULL)
        return;
    if (platform_is_intrinsic(arguments) || arguments->open != NULL)
        platform_open(p, arguments);
    for (const struct tree_node *child = arguments->first; child != NULL; child = child->next) {
        const char *key = child->key == NULL ? "" : child->key;
        if (strcmp(key, "--conf") == 0) {
            put_conf(p, child);
            continue;
        }
        struct origin at = child->key_origin;
        size_t dashes = strspn(key, "-");
        at.column += dashes;
        if (platform_text(p, child, &value))
            platform_set(p, PLATFORM_LOOSE, key + dashes, &at, &value);
    }
}

void glue_read_job(struct platform *p, const struct tree_node *node) {
    const struct tree_node *command = platform_find(node, "Command");
    const char *name = tree_text(platform_find(command, "Name"));
    if (name == NULL || (strcmp(name, "glueetl") != 0 && strcmp(name, "gluestreaming") != 0))
        return;
    platform_launch(p, "Glue job", node, "glue", WRITTEN_COMMAND);
    platform_master(p, node, NULL);
    platform_fact(p, DOCUMENT_FACT_RELEASE, node, "GlueVersion");
    put_arguments(p, platform_find(node, "DefaultArguments"));
    put_arguments(p, platform_find(node, "Arguments"));
    put_arguments(p, platform_find(node, "NonOverridableArguments"));
}
