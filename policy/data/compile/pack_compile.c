/* pack_compile: packs as C source, so that `check` parses no YAML at its start.
 *
 *   pack_compile PACK.yaml… > packs.c
 *
 * A tool of the build, never linked into arrestor. It reads with the loader that
 * also reads packs at run time, so that both say the same about a wrong pack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/rules/rule_load.h"
#include "policy/rules/rule_pack.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"

/* This tool itself has no built-in pack: it makes them. */
const struct pack *const builtin_packs[] = {NULL};
const size_t builtin_pack_count = 0;

/* Arrays are written before what points to them, each with a number. */
struct writer {
    struct buffer *out;
    size_t names;
};

static void write_text(struct writer *w, const char *text) {
    if (text == NULL) {
        buffer_text(w->out, "NULL");
        return;
    }
    buffer_char(w->out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\' || *p == '?')
            buffer_printf(w->out, "\\%c", *p);
        else if (*p >= 0x20 && *p < 0x7f)
            buffer_char(w->out, (char)*p);
        else
            buffer_printf(w->out, "\\%03o", *p);
    }
    buffer_char(w->out, '"');
}

/* ".field = name, .count_field = count," or nothing where there are none. */
static void write_array(struct writer *w, const char *field, char letter, size_t name,
                        const char *count_field, size_t count) {
    if (count > 0)
        buffer_printf(w->out, " .%s = %c%zu, .%s = %zu,", field, letter, name, count_field, count);
}

static size_t write_words(struct writer *w, const char *const *words, size_t count) {
    size_t name = w->names++;
    if (count == 0)
        return name;
    buffer_printf(w->out, "static const char *const w%zu[] = {", name);
    for (size_t i = 0; i < count; i++) {
        write_text(w, words[i]);
        buffer_text(w->out, ", ");
    }
    buffer_text(w->out, "};\n");
    return name;
}

static size_t write_nodes(struct writer *w, const struct rule_node *nodes, size_t count);

static void write_node(struct writer *w, const struct rule_node *node, size_t words,
                       size_t children) {
    buffer_printf(w->out, "    {.op = (enum operator_id)%d, .key = ", (int)node->op);
    write_text(w, node->key);
    buffer_char(w->out, ',');
    write_array(w, "words", 'w', words, "word_count", node->word_count);
    write_array(w, "children", 'n', children, "child_count", node->child_count);
    buffer_printf(w->out, " .line = %zu, .column = %zu},\n", node->line, node->column);
}

/* Nodes nest at most LIMIT_YAML_DEPTH deep, and one array has at most
 * LIMIT_RULE_NODES of them. */
static size_t write_nodes(struct writer *w, const struct rule_node *nodes, size_t count) {
    size_t words[LIMIT_RULE_NODES], children[LIMIT_RULE_NODES];
    for (size_t i = 0; i < count; i++) {
        words[i] = write_words(w, nodes[i].words, nodes[i].word_count);
        children[i] =
            nodes[i].child_count == 0 ? 0 : write_nodes(w, nodes[i].children, nodes[i].child_count);
    }
    size_t name = w->names++;
    buffer_printf(w->out, "static const struct rule_node n%zu[] = {\n", name);
    for (size_t i = 0; i < count; i++)
        write_node(w, &nodes[i], words[i], children[i]);
    buffer_text(w->out, "};\n");
    return name;
}

static size_t write_pairs(struct writer *w, const struct rule_pair *pairs, size_t count) {
    size_t name = w->names++;
    if (count == 0)
        return name;
    buffer_printf(w->out, "static const struct rule_pair p%zu[] = {", name);
    for (size_t i = 0; i < count; i++) {
        buffer_char(w->out, '{');
        write_text(w, pairs[i].key);
        buffer_text(w->out, ", ");
        write_text(w, pairs[i].value);
        buffer_text(w->out, "}, ");
    }
    buffer_text(w->out, "};\n");
    return name;
}

static size_t write_examples(struct writer *w, const struct rule_example *examples, size_t count) {
    size_t *pairs = calloc(count, sizeof *pairs);
    if (pairs == NULL) {
        w->out->failed = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        pairs[i] = write_pairs(w, examples[i].pairs, examples[i].count);
    size_t name = w->names++;
    buffer_printf(w->out, "static const struct rule_example e%zu[] = {\n", name);
    for (size_t i = 0; i < count; i++) {
        buffer_text(w->out, "    {");
        write_array(w, "pairs", 'p', pairs[i], "count", examples[i].count);
        buffer_text(w->out, examples[i].count == 0 ? ".count = 0},\n" : "},\n");
    }
    buffer_text(w->out, "};\n");
    free(pairs);
    return name;
}

/* The arrays that one rule points to. */
struct rule_names {
    size_t when, require, fix, refs, pass, fail;
};

static struct rule_names write_parts(struct writer *w, const struct rule *rule) {
    struct rule_names names = {0};
    if (rule->when != NULL)
        names.when = write_nodes(w, rule->when, 1);
    names.require = write_nodes(w, rule->require, 1);
    names.fix = write_pairs(w, rule->fix_set, rule->fix_count);
    names.refs = write_words(w, rule->refs, rule->ref_count);
    names.pass = write_examples(w, rule->pass, rule->pass_count);
    names.fail = write_examples(w, rule->fail, rule->fail_count);
    return names;
}

static void write_rule(struct writer *w, const struct rule *rule, const struct rule_names *names) {
    const char *const fields[] = {"id", "title", "because", "fix_text", "each"};
    const char *const texts[] = {rule->id, rule->title, rule->because, rule->fix_text, rule->each};
    buffer_text(w->out, "    {");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buffer_printf(w->out, ".%s = ", fields[i]);
        write_text(w, texts[i]);
        buffer_text(w->out, ",\n     ");
    }
    buffer_printf(w->out, ".severity = (enum severity)%d, .owner = (enum owner)%d,",
                  (int)rule->severity, (int)rule->owner);
    if (rule->when != NULL)
        buffer_printf(w->out, " .when = n%zu,", names->when);
    buffer_printf(w->out, " .require = n%zu,", names->require);
    write_array(w, "fix_set", 'p', names->fix, "fix_count", rule->fix_count);
    write_array(w, "refs", 'w', names->refs, "ref_count", rule->ref_count);
    write_array(w, "pass", 'e', names->pass, "pass_count", rule->pass_count);
    write_array(w, "fail", 'e', names->fail, "fail_count", rule->fail_count);
    buffer_printf(w->out, " .line = %zu},\n", rule->line);
}

/* Gives the number of the pack's own object, k. */
static size_t write_pack(struct writer *w, const struct pack *pack) {
    struct rule_names *names = calloc(pack->rule_count + 1, sizeof *names);
    if (names == NULL) {
        w->out->failed = true;
        return 0;
    }
    for (size_t i = 0; i < pack->rule_count; i++)
        names[i] = write_parts(w, &pack->rules[i]);
    size_t includes = write_words(w, pack->includes, pack->include_count);
    size_t rules = w->names++, name = w->names++;
    if (pack->rule_count > 0)
        buffer_printf(w->out, "static const struct rule r%zu[] = {\n", rules);
    for (size_t i = 0; i < pack->rule_count; i++)
        write_rule(w, &pack->rules[i], &names[i]);
    free(names);
    buffer_printf(w->out,
                  "%sstatic const struct pack k%zu = {.name = ", pack->rule_count > 0 ? "};\n" : "",
                  name);
    write_text(w, pack->name);
    buffer_text(w->out, ", .title = ");
    write_text(w, pack->title);
    buffer_char(w->out, ',');
    write_array(w, "includes", 'w', includes, "include_count", pack->include_count);
    write_array(w, "rules", 'r', rules, "rule_count", pack->rule_count);
    buffer_text(w->out, "};\n");
    return name;
}

static int read_pack(const char *path, struct arena *arena, struct pack *ret, struct error *err) {
    struct buffer bytes = buffer_make(LIMIT_PACK_BYTES);
    int fd = file_open(path, err), status = -1;
    if (fd >= 0 && file_read(fd, path, &bytes, err) == 0)
        status =
            rule_load(bytes.data != NULL ? bytes.data : "", bytes.length, path, arena, ret, err);
    if (fd >= 0)
        (void)close(fd);
    buffer_free(&bytes);
    return status;
}

static int write_packs(struct writer *w, char **paths, size_t count, struct arena *arena,
                       struct error *err) {
    size_t names[LIMIT_PACKS];
    if (count == 0 || count > LIMIT_PACKS)
        return error_set(err, ERROR_USAGE, "between 1 and %d packs", LIMIT_PACKS);
    buffer_text(w->out, "#include \"policy/rules/rule_pack.h\"\n\n");
    for (size_t i = 0; i < count; i++) {
        struct pack pack;
        if (read_pack(paths[i], arena, &pack, err) != 0)
            return -1;
        names[i] = write_pack(w, &pack);
    }
    buffer_text(w->out, "const struct pack *const builtin_packs[] = {");
    for (size_t i = 0; i < count; i++)
        buffer_printf(w->out, "%s&k%zu", i == 0 ? "" : ", ", names[i]);
    buffer_printf(w->out, "};\nconst size_t builtin_pack_count = %zu;\n", count);
    if (buffer_status(w->out) != 0)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    return 0;
}

static void print_error(const struct error *err) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    error_format(err, &text);
    if (text.data != NULL)
        (void)file_write_all(STDERR_FILENO, text.data, text.length);
    buffer_free(&text);
}

int main(int argc, char **argv) {
    struct error err = {0};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct writer w = {.out = &out};
    int status = EXIT_FAILURE;
    if (write_packs(&w, argv + 1, (size_t)argc - 1, &arena, &err) != 0)
        print_error(&err);
    else if (file_write_all(STDOUT_FILENO, out.data, out.length) == 0)
        status = EXIT_SUCCESS;
    buffer_free(&out);
    arena_free(&arena);
    return status;
}
