#include <string.h>
#include <sys/stat.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"
#include "sidecar/monitor/monitor.h"

/* Variables that make a shell or the loader run other code before any verdict.
 * A trailing '*' is a prefix. */
static const struct {
    const char *name, *rule, *why;
} refused[] = {
    {"BASH_ENV", "ENV-SHELL-001", "bash would run that file before spark-env.sh"},
    {"ENV", "ENV-SHELL-001", "a shell may run that file before spark-env.sh"},
    {"BASH_FUNC_*", "ENV-SHELL-001", "bash would run it in place of a command of Spark's scripts"},
    {"PS4", "ENV-SHELL-001", "with xtrace bash would expand it, and run commands for that"},
    {"LD_*", "ENV-LOADER-001", "the loader would put other code into every process"},
    {"GCONV_PATH", "ENV-LOADER-001", "the C library would load its converters from there"},
};

/* Sorted: what bash 5 has built in, and the programs that the scripts in bin/ and sbin/ of
 * Spark 3.5 and 4.1 call by name, but for `which`, which distributions export. Any other
 * function is for whoever calls it (module, ml, scl). */
static const char *const commands[] = {
    ".",        ":",       "[",         "alias",    "basename", "bash",    "bg",      "bind",
    "break",    "builtin", "caller",    "cat",      "cd",       "chown",   "command", "compgen",
    "complete", "compopt", "continue",  "cp",       "declare",  "dirname", "dirs",    "disown",
    "docker",   "echo",    "enable",    "env",      "eval",     "exec",    "exit",    "export",
    "expr",     "false",   "fc",        "fg",       "getopts",  "grep",    "hash",    "head",
    "help",     "history", "hostname",  "id",       "java",     "jobs",    "kill",    "let",
    "local",    "logout",  "ls",        "mapfile",  "minikube", "mkdir",   "mktemp",  "mv",
    "nice",     "nohup",   "popd",      "printf",   "ps",       "pushd",   "pwd",     "python",
    "python3",  "read",    "readarray", "readonly", "return",   "rm",      "rsync",   "sed",
    "set",      "shift",   "shopt",     "sleep",    "source",   "ssh",     "stty",    "suspend",
    "tail",     "test",    "times",     "touch",    "trap",     "true",    "tty",     "type",
    "typeset",  "ulimit",  "umask",     "unalias",  "uname",    "unset",   "wait",    "wc",
};

/* What arrestor itself used: the job must not inherit it (but see keep-env:). */
static const char *const ours[] = {"ARRESTOR_STRONGBOX", "ARRESTOR_STRONGBOX_KEY",
                                   "ARRESTOR_CONFIG", "VAULT_TOKEN"};

/* What spark-env.sh must not have: a secret in other hands, and a prompt that a `set -x`
 * in it would make bash expand before the verdict. */
static const char *const withheld[] = {"VAULT_TOKEN", "PS4"};

/* What the launch sets anew. */
static const char *const placed[] = {"ARRESTOR_DIR", "SPARK_CONF_DIR", "SPARK_ENV_LOADED"};

static bool is_named(const char *entry, const char *name) {
    size_t length = strlen(name);
    if (name[length - 1] == '*')
        return strncmp(entry, name, length - 1) == 0;
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

const char *environment_get(char *const *environment, const char *name) {
    return text_variable((const char *const *)environment, name);
}

/* What keep-env: and unset call an entry: of "BASH_FUNC_name%%=() {…" the name alone; some
 * versions of bash have other marks behind it. */
static const char *bare_name(const char *entry, size_t *length) {
    bool function = is_named(entry, "BASH_FUNC_*");
    const char *name = entry + (function ? strlen("BASH_FUNC_") : 0);
    *length = strcspn(name, function ? "%(=" : "=");
    return name;
}

/* `keep-env:` of arrestor.yaml, blank-separated. */
static bool is_kept(const struct monitor *m, const char *entry) {
    size_t length;
    const char *name = bare_name(entry, &length);
    for (const char *p = m->setup.keep_env; *p != '\0'; p += strspn(p, " ")) {
        size_t word = strcspn(p, " ");
        if (word == length && strncmp(p, name, length) == 0)
            return true;
        p += word;
    }
    return false;
}

static bool is_other_function(const char *entry) {
    size_t length;
    const char *name = bare_name(entry, &length);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i]) == length && strncmp(commands[i], name, length) == 0)
            return false;
    return true;
}

static bool is_traced(const struct monitor *m) {
    const char *options = environment_get(m->environment, "SHELLOPTS");
    return options != NULL && strstr(options, "xtrace") != NULL;
}

/* Of what bash expands in it there is no harmless half: ${X@P}, ${A[X]} and $[X] run what
 * stands in yet another variable, and \044 becomes a $ first. */
static bool is_plain_prompt(const char *value) {
    return strpbrk(value, "$`\\") == NULL;
}

/* ENV=prod is the name of a stage on many machines; only a file is a danger. */
static bool is_harmless(const struct monitor *m, const char *entry) {
    const char *value = strchr(entry, '=');
    struct stat st;
    if (value == NULL || value[1] == '\0')
        return true;
    if (is_named(entry, "BASH_FUNC_*"))
        return is_other_function(entry);
    if (is_named(entry, "PS4"))
        return !is_traced(m) || is_plain_prompt(value);
    return is_named(entry, "ENV") && strpbrk(value + 1, "/$~`") == NULL &&
           stat(value + 1, &st) != 0;
}

static void say_refused(const char *entry, const char *rule, const char *why) {
    size_t length;
    const char *name = bare_name(entry, &length);
    bool function = is_named(entry, "BASH_FUNC_*");
    /* keep-env: takes names of variables; "." and "[" are none. */
    bool can_keep = !function || strchr(".:[", name[0]) == NULL;
    monitor_say("%s: %.*s is set in the environment: %s", rule, (int)strcspn(entry, "="), entry,
                why);
    monitor_say("  -> unset %s%.*s%s", function ? "-f " : "", (int)length, name,
                can_keep ? ", or name it in keep-env: of arrestor.yaml" : "");
}

void environment_judge(struct monitor *m, struct buffer *rules) {
    for (char **entry = m->environment; *entry != NULL; entry++) {
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            if (!is_named(*entry, refused[i].name) || is_kept(m, *entry) || is_harmless(m, *entry))
                continue;
            say_refused(*entry, refused[i].rule, refused[i].why);
            if (rules->length == 0 || strstr(rules->data, refused[i].rule) == NULL)
                buffer_printf(rules, "%s%s", rules->length > 0 ? " " : "", refused[i].rule);
        }
    }
}

static bool is_withheld(const struct monitor *m, const char *entry) {
    for (size_t i = 0; i < sizeof withheld / sizeof *withheld; i++)
        if (is_named(entry, withheld[i]))
            return !is_kept(m, entry);
    return false;
}

char **environment_source(struct monitor *m) {
    size_t count = 0, kept = 0;
    while (m->environment[count] != NULL)
        count++;
    char **ret = arena_array(&m->arena, count + 1, sizeof *ret);
    for (size_t i = 0; ret != NULL && i < count; i++)
        if (!is_withheld(m, m->environment[i]))
            ret[kept++] = m->environment[i];
    return ret;
}

static bool is_replaced(const struct monitor *m, const char *entry) {
    for (size_t i = 0; i < sizeof placed / sizeof *placed; i++)
        if (is_named(entry, placed[i]))
            return true;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (is_named(entry, ours[i]))
            return !is_kept(m, entry);
    return false;
}

char **environment_launch(struct monitor *m) {
    size_t count = 0, kept = 0;
    while (m->recorded_environment[count] != NULL)
        count++;
    char **ret = arena_array(&m->arena, count + 4, sizeof *ret);
    if (ret == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(m, m->recorded_environment[i]))
            ret[kept++] = m->recorded_environment[i];
    char loaded[] = "SPARK_ENV_LOADED=1";
    ret[kept++] = arena_text(&m->arena, loaded, sizeof loaded - 1);
    ret[kept++] =
        arena_printf(&m->arena, "SPARK_CONF_DIR=%s/spark", m->directories[DIRECTORY_LAUNCH].path);
    if (m->setup.files > 0)
        ret[kept++] =
            arena_printf(&m->arena, "ARRESTOR_DIR=%s/current", m->directories[DIRECTORY_SET].path);
    for (size_t i = 0; i < kept; i++)
        if (ret[i] == NULL)
            return NULL;
    return ret;
}
