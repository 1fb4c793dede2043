#include <string.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

/* Commands that start another one, and whether that gets our environment. */
static const struct {
    const char *name;
    bool inherits;
} prefixes[] = {
    {"sudo", false},     {"env", true},
    {"nohup", true},     {"exec", true},
    {"command", true},   {"builtin", true},
    {"time", true},      {"timeout", true},
    {"nice", true},      {"ionice", true},
    {"setsid", true},    {"stdbuf", true},
    {"xargs", true},     {"gosu", true},
    {"su-exec", true},   {"tini", true},
    {"dumb-init", true}, {"runuser", true},
    {"su", true},        {"ssh", false},
    {"docker", false},   {"docker-compose", false},
    {"podman", false},   {"nerdctl", false},
    {"kubectl", false},  {"oc", false},
    {"srun", true},      {"unbuffer", true},
    {"poetry", true},    {"uv", true},
    {"pipenv", true},    {"catchsegv", true},
    {"numactl", true},   {"taskset", true},
    {"chroot", true},    {"flock", true},
    {"k3s", false},      {"microk8s", false},
    {"minikube", false}, {"vagrant", false},
    {"strace", true},    {"doas", false},
    {"parallel", true},  {"chronic", true},
};

static const char *const shells[] = {"bash", "sh", "dash", "ash", "ksh", "zsh"};

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_shell(const char *word) {
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(last_part(word), shells[i]) == 0)
            return true;
    return false;
}

/* bash -c TEXT [name [argument …]], bash -s <<EOF, bash <<EOF. */
static void start_shell(struct shell_run *run, const struct shell_field *fields, size_t count,
                        bool inherits) {
    size_t i = 1;
    bool text = false, input = count == 1;
    for (; i < count && (fields[i].text.text[0] == '-' || fields[i].text.text[0] == '+') && !text;
         i++) {
        const char *word = fields[i].text.text;
        bool letters = word[0] == '-' && word[1] != '-';
        text = letters && strchr(word, 'c') != NULL;
        input = (letters && strchr(word, 's') != NULL) || (letters && i + 1 == count);
    }
    if (text && i < count)
        walk_process(run, &fields[i].text, fields + (i + 2 < count ? i + 2 : count),
                     i + 2 < count ? count - i - 2 : 0, inherits);
    else if (input && run->input != NULL)
        walk_process(run, run->input, fields + i, count - i, inherits);
    walk_write(run, NULL);
}

static bool is_variable(const char *word) {
    size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return length > 0 && word[length] == '=';
}

/* su - user -c TEXT */
static bool takes_text(const char *name, const char *option) {
    return (strcmp(name, "su") == 0 || strcmp(name, "runuser") == 0) &&
           (strcmp(option, "-c") == 0 || strcmp(option, "--command") == 0);
}

/* Options before a command whose value could be taken for a program. */
static bool names_something(const char *option) {
    static const char *const names[] = {"--name", "--hostname",  "-h", "--network", "--entrypoint",
                                        "-l",     "--container", "-c", "-n",        "--namespace"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(option, names[i]) == 0)
            return true;
    return false;
}

/* A remote command in one or several words: they are joined, and a shell reads them. */
static void start_remote(struct shell_run *run, const struct shell_field *fields, size_t count) {
    struct shell_builder b = shell_builder_make(run->c);
    struct shell_text text;
    size_t i = 1;
    while (i < count && fields[i].text.text[0] == '-')
        i += fields[i].text.length == 2 && strchr("bcDEeFIiJLlmOopQRSWw", fields[i].text.text[1])
                 ? 2
                 : 1;
    for (size_t first = ++i; i < count; i++) {
        if (i > first)
            shell_add(&b, " ", 1, shell_position(&fields[i].text, 0));
        shell_add_text(&b, &fields[i].text, 0, fields[i].text.length);
    }
    if (b.length > 0 && shell_built(&b, 0, &text) == 0)
        walk_process(run, &text, NULL, 0, false);
    else if (run->input != NULL && !run->c->failed)
        walk_process(run, run->input, NULL, 0, false);
    walk_write(run, NULL);
    shell_builder_free(&b);
}

/* The command is the first word that is a program of Spark or a shell; K=V before it
 * belong to its environment. */
static void find_command(struct shell_run *run, const struct shell_field *fields, size_t count,
                         bool inherits) {
    struct shell_fields given = {0};
    const char *name = last_part(fields[0].text.text);
    for (size_t i = 1; i < count && !run->c->failed; i++) {
        const char *word = fields[i].text.text, *before = fields[i - 1].text.text;
        if (takes_text(name, before)) {
            walk_process(run, &fields[i].text, NULL, 0, inherits);
            return;
        }
        if (names_something(before))
            continue;
        if (program_is_spark(word)) {
            walk_launch(run, fields + i, count - i, inherits, &given);
            return;
        }
        if (is_shell(word)) {
            start_shell(run, fields + i, count - i, inherits);
            return;
        }
        if (is_variable(word))
            walk_add_field(run, &given, &fields[i].text);
    }
    walk_write(run, NULL);
}

static void prefix(struct shell_run *run, const struct shell_node *node,
                   const struct shell_field *fields, size_t count) {
    const char *name = last_part(fields[0].text.text);
    bool inherits = false, looks = count > 1 && strcmp(name, "command") == 0 &&
                                   strpbrk(fields[1].text.text, "vV") != NULL &&
                                   fields[1].text.text[0] == '-';
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strcmp(prefixes[i].name, name) == 0)
            inherits = prefixes[i].inherits;
    shell_builtin *tool = walk_find_tool(name);
    if (looks)
        walk_write(run, NULL);
    else if (strcmp(name, "ssh") == 0)
        start_remote(run, fields, count);
    else
        find_command(run, fields, count, inherits);
    if (tool != NULL)
        tool(run, node, fields, count);
    if (strcmp(name, "exec") == 0 && count > 1)
        run->jump = JUMP_EXIT;
}

static void shell(struct shell_run *run, const struct shell_node *node,
                  const struct shell_field *fields, size_t count) {
    (void)node;
    start_shell(run, fields, count, true);
}

shell_builtin *walk_find_prefix(const char *name) {
    if (is_shell(name))
        return shell;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strcmp(prefixes[i].name, name) == 0)
            return prefix;
    return NULL;
}
