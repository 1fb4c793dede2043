#include "sidecar/judge/gate_shape.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define CONNECT_SERVER "org.apache.spark.sql.connect.service.SparkConnectServer"

struct gate {
    struct gate_words words, parent;
    struct arena *arena;
    struct gate_shape *ret;
    struct error *err;
};

/* A launch: the first words, and those of the caller from `from` on. */
static int set_launch(const struct gate *gate, const char *const *first, size_t first_count,
                      size_t from) {
    size_t rest = gate->words.count > from ? gate->words.count - from : 0;
    const char **argv = arena_array(gate->arena, first_count + rest + 1, sizeof *argv);
    if (argv == NULL)
        return error_set(gate->err, ERROR_MEMORY, "no memory for the command line");
    memcpy(argv, first, first_count * sizeof *argv);
    if (rest > 0)
        memcpy(argv + first_count, gate->words.items + from, rest * sizeof *argv);
    gate->ret->kind = GATE_LAUNCH;
    gate->ret->argv = (struct gate_words){argv, first_count + rest};
    return 0;
}

static int set_program(const struct gate *gate, const char *program, size_t from) {
    return set_launch(gate, &program, 1, from);
}

/* A Java class, and no file: "org.apache.spark.deploy.SparkSubmit". */
static bool is_class(const char *word) {
    static const char *const endings[] = {".py", ".R", ".r", ".jar", ".sh"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (text_ends(word, endings[i]))
            return false;
    return word[0] != '-' && strchr(word, '.') != NULL && strpbrk(word, "/:= \t\n\"'\\") == NULL;
}

/* What spark-class starts; without a class it prints its usage. SparkSubmit and
 * SparkPipelines (which calls it, 4.1) launch applications; daemons and clients do
 * not. A class of somebody else may make a SparkContext of its own. */
static int find_class(const struct gate *gate, const char *script) {
    /* A trailing '.' is a package. */
    static const char *const harmless[] = {"org.apache.spark.deploy.", "org.apache.spark.executor.",
                                           "org.apache.spark.launcher.",
                                           "org.apache.hive.beeline."};
    (void)script;
    if (gate->words.count == 0)
        return 0;
    const char *name = gate->words.items[0];
    if (strcmp(name, "org.apache.spark.deploy.SparkSubmit") == 0)
        return set_program(gate, "spark-submit", 1);
    if (strcmp(name, "org.apache.spark.deploy.SparkPipelines") == 0)
        return set_program(gate, "spark-pipelines", 2);
    *gate->ret = (struct gate_shape){.kind = GATE_UNTOLD, .about = name};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (text_starts(name, harmless[i]))
            gate->ret->kind = GATE_NOTHING;
    return 0;
}

static int find_nothing(const struct gate *gate, const char *script) {
    (void)gate;
    (void)script;
    return 0;
}

static int find_shell(const struct gate *gate, const char *script) {
    return set_program(gate, script, 0);
}

/* start-connect-server.sh [--wait] OPTION… */
static int find_connect(const struct gate *gate, const char *script) {
    static const char *const first[] = {"spark-submit", "--class", CONNECT_SERVER, "--name",
                                        "Spark Connect server"};
    (void)script;
    bool waits = gate->words.count > 0 && strcmp(gate->words.items[0], "--wait") == 0;
    return set_launch(gate, first, sizeof first / sizeof *first, waits ? 1 : 0);
}

/* spark-daemon.sh [--config DIRECTORY] COMMAND CLASS INSTANCE ARGUMENT…, as it
 * stands in the command line; the arguments are ours. */
static int find_daemon(const struct gate *gate, const char *script) {
    const char *const *word = gate->parent.items, *const *end = word + gate->parent.count;
    while (word < end && !text_ends(*word, script))
        word++;
    word++;
    if (end - word > 2 && strcmp(word[0], "--config") == 0)
        word += 2;
    if (end - word < 2 || strcmp(word[0], "submit") != 0)
        return find_nothing(gate, script);
    const char *const first[] = {"spark-submit", "--class", word[1]};
    return set_launch(gate, first, sizeof first / sizeof *first, 0);
}

/* Scripts that source spark-env.sh, by their last path component; the first row
 * that fits counts. */
static const struct {
    const char *name; /* a glob */
    int (*find)(const struct gate *gate, const char *script);
} scripts[] = {
    {"spark-class", find_class},
    {"pyspark", find_shell},
    {"sparkR", find_shell},
    {"spark-daemon.sh", find_daemon},
    {"start-connect-server.sh", find_connect},
    {"start-master.sh", find_nothing},
    {"start-all.sh", find_nothing},
    {"start-worker*.sh", find_nothing},
    {"start-slave*.sh", find_nothing},
    {"start-history-server.sh", find_nothing},
    {"start-shuffle-service.sh", find_nothing},
    {"start-mesos-*.sh", find_nothing},
    {"stop-*.sh", find_nothing},
    {"decommission-*.sh", find_nothing},
    {"workers.sh", find_nothing},
    {"slaves.sh", find_nothing},
};

/* The script that a shell runs, without its directories; NULL: none, or not known. */
static const char *find_script(struct gate_words parent) {
    size_t at = 1;
    while (at < parent.count && parent.items[at][0] == '-') {
        const char *option = parent.items[at++];
        if (option[1] != '-' && strchr(option, 'c') != NULL) /* bash -c TEXT */
            return NULL;
    }
    if (at >= parent.count)
        return NULL;
    const char *slash = strrchr(parent.items[at], '/');
    return slash != NULL ? slash + 1 : parent.items[at];
}

int gate_shape_find(struct gate_words words, struct gate_words parent, bool loaded,
                    struct arena *arena, struct gate_shape *ret, struct error *err) {
    const struct gate gate = {words, parent, arena, ret, err};
    const char *script = find_script(parent);
    *ret = (struct gate_shape){.kind = GATE_NOTHING};
    for (size_t i = 0; script != NULL && i < sizeof scripts / sizeof *scripts; i++)
        if (text_glob(scripts[i].name, script))
            return scripts[i].find(&gate, script);
    if (words.count > 0 && is_class(words.items[0]))
        return find_class(&gate, script);
    if (loaded)
        return set_program(&gate, "pyspark", 0);
    ret->kind = GATE_UNTOLD;
    ret->about = script != NULL ? script : "a shell";
    return 0;
}
