#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* place adds names of its own beneath a directory: generation, link, status. */
#define DIRECTORY_LIMIT (LIMIT_PATH - 40)

static bool matches_any(const char *text, const char *const *globs, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (text_glob_nocase(globs[i], text))
            return true;
    return false;
}

/* Whether the value of this key is a secret, and not the way to one. */
static bool is_secret_key(const char *key) {
    static const char *const secret[] = {"*password*", "*passwd*", "*passphrase*", "*secret*",
                                         "*token*",    "pwd",      "*.pwd"};
    static const char *const around[] = {
        "*url",  "*uri",   "*path",  "*file", "*location", "*type",      "*provider",
        "*name", "*alias", "*class", "*id",   "*encoding", "*algorithm", "*endpoint"};
    return matches_any(key, secret, COUNT(secret)) && !matches_any(key, around, COUNT(around));
}

/* Whether text (a URL, a JAAS line) carries a password inside. */
static bool embeds_secret(const char *text) {
    static const char *const globs[] = {"*password=?*", "*passwd=?*", "*pwd=?*",
                                        "*secret=?*",   "*token=?*",  "*://*:*@*"};
    return matches_any(text, globs, COUNT(globs));
}

/* The line is not shown: what it holds may be the secret itself. */
static int refuse_plaintext(struct config_reader *r, const struct yaml_node *node) {
    yaml_error_value(&r->source, node, r->err, "the value of %.100s is a secret in plain text",
                     node->key);
    r->err->excerpt[0] = '\0';
    return error_todo(r->err, "put it into the store (`arrestor strongbox set NAME`), change it "
                              "where it is used, and write \"${secret.field}\" here");
}

static int refuse_mixture(struct config_reader *r, const struct yaml_node *node) {
    yaml_error_value(&r->source, node, r->err, "the value of %.100s mixes text with a reference",
                     node->key);
    if (embeds_secret(node->text))
        r->err->excerpt[0] = '\0';
    return error_todo(r->err, "a value is either one whole reference, as \"${secret.field}\", or "
                              "text without \"${\"");
}

static int check_literal(struct config_reader *r, const struct yaml_node *node) {
    if (strstr(node->text, "${") != NULL)
        return refuse_mixture(r, node);
    if (is_secret_key(node->key) || embeds_secret(node->text))
        return refuse_plaintext(r, node);
    if (*node->text != '\0')
        return 0;
    yaml_error_value(&r->source, node, r->err, "the value of %.100s is empty", node->key);
    return error_todo(r->err, "write a reference or text, or leave the key out");
}

static bool looks_like_reference(const char *text) {
    return text_starts(text, "${") && strchr(text, '}') == text + strlen(text) - 1;
}

static int read_property(struct config_reader *r, const struct yaml_node *node,
                         struct config_property *property) {
    const char *text;
    const char *what = arena_printf(r->arena, "the value of %.100s", node->key);
    if (what == NULL)
        return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    *property = (struct config_property){.key = node->key};
    property->is_reference = looks_like_reference(text);
    if (property->is_reference)
        return config_read_reference(r, node, what, &property->reference);
    property->literal = text;
    return check_literal(r, node);
}

static int read_properties(struct config_reader *r, const struct yaml_node *node, const char *what,
                           struct config_file *file) {
    if (yaml_expect(&r->source, node, YAML_MAPPING, what, r->err) != 0)
        return -1;
    if (node->count == 0 || node->count > LIMIT_FILE_PROPERTIES) {
        yaml_error_value(&r->source, node, r->err, "%s has %zu keys", what, node->count);
        return error_todo(r->err, "write 1 to %d keys", LIMIT_FILE_PROPERTIES);
    }
    struct config_property *properties = config_make_array(r, node->count, sizeof *properties);
    if (properties == NULL)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (read_property(r, child, &properties[count++]) != 0)
            return -1;
    file->properties = properties;
    file->property_count = count;
    return 0;
}

static const char *file_name_fault(const char *name) {
    static const char *const ours[] = {"current", "status.json", "lock"};
    for (size_t i = 0; i < COUNT(ours); i++)
        if (strcmp(name, ours[i]) == 0)
            return "is a name that arrestor uses itself";
    if (name[0] == '.')
        return "begins with '.'";
    if (strlen(name) > LIMIT_FILE_NAME)
        return "is too long";
    for (const char *p = name; *p != '\0'; p++)
        if (*p == '/' || *p < 0x20 || *p > 0x7e)
            return *p == '/' ? "holds a '/'" : "holds a character that is not printable ASCII";
    return NULL;
}

static int check_file_name(struct config_reader *r, const struct yaml_node *node) {
    const char *fault = file_name_fault(node->key);
    if (fault == NULL)
        return 0;
    yaml_error_key(&r->source, node, r->err, "the file name \"%.100s\" %s", node->key, fault);
    return error_todo(r->err,
                      "choose a plain name, as in jdbc.properties: at most %d printable ASCII "
                      "characters without '/', not beginning with '.'",
                      LIMIT_FILE_NAME);
}

static int take_raw(struct config_reader *r, const struct config_key *key,
                    const struct yaml_node *node, const char *what) {
    struct config_file *file = r->target;
    (void)key;
    file->form = FORM_RAW;
    return config_read_reference(r, node, what, &file->raw);
}

static int take_properties(struct config_reader *r, const struct config_key *key,
                           const struct yaml_node *node, const char *what) {
    struct config_file *file = r->target;
    (void)key;
    file->form = FORM_PROPERTIES;
    return read_properties(r, node, what, file);
}

/* One row per form, in the order of FORM_TABLE. */
static const struct config_key file_keys[] = {
    {.name = "raw",
     .type = CONFIG_REFERENCE,
     .help = "The bytes of the value and nothing else.",
     .sample = "${db.password}",
     .read = take_raw},
    {.name = "properties",
     .type = CONFIG_PROPERTIES,
     .help = "A java.util.Properties file: each value is one whole reference, or plain text.",
     .sample = "{\"password\": \"${db.password}\"}",
     .most = LIMIT_FILE_PROPERTIES,
     .read = take_properties},
};
_Static_assert(COUNT(file_keys) == FORMS, "every form has its row");

static const char *const forms[] = {
#define FORM_NAME(id, name) name,
    FORM_TABLE(FORM_NAME) NULL
#undef FORM_NAME
};
static const struct config_section file_section = {file_keys, COUNT(file_keys), forms};

static int read_file(struct config_reader *r, const struct yaml_node *node,
                     struct config_file *file) {
    const char *what = arena_printf(r->arena, "deliver.files.%.100s", node->key);
    if (what == NULL)
        return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    if (check_file_name(r, node) != 0)
        return -1;
    *file =
        (struct config_file){.name = node->key, .line = node->key_line, .column = node->key_column};
    return config_read_section(r, node, what, &file_section, file);
}

static int read_files(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    (void)key;
    if (yaml_is_null(node))
        return 0;
    if (yaml_expect(&r->source, node, YAML_MAPPING, what, r->err) != 0)
        return -1;
    if (node->count > LIMIT_FILES) {
        yaml_error_key(&r->source, node, r->err, "%s has %zu files", what, node->count);
        return error_todo(r->err, "deliver at most %d", LIMIT_FILES);
    }
    struct config_file *files = config_make_array(r, node->count, sizeof *files);
    if (files == NULL)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (read_file(r, child, &files[count++]) != 0)
            return -1;
    r->config->files = files;
    r->config->file_count = count;
    return 0;
}

static bool lies_within(const char *path, const char *directory) {
    size_t length = strlen(directory);
    return text_starts(path, directory) && (path[length] == '/' || path[length] == '\0');
}

/* The job reads dir; what lies in state is for nobody but us. */
static int read_state(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    const struct config *config = r->config;
    if (config_read_typed(r, key, node, what) != 0)
        return -1;
    if (config->dir == NULL ||
        (!lies_within(config->state, config->dir) && !lies_within(config->dir, config->state)))
        return 0;
    yaml_error_value(&r->source, node, r->err, "%s and deliver.dir lie one in the other", what);
    return error_todo(r->err, "choose two directories side by side: the job may read dir, and "
                              "nobody but arrestor state");
}

/* dir stands before state, which is held against it. */
static const struct config_key keys[] = {
    {.name = "dir",
     .type = CONFIG_DIRECTORY,
     .help = "Where the set is placed; on tmpfs. Default: a fresh directory in the first that is "
             "tmpfs of /run/arrestor, $XDG_RUNTIME_DIR/arrestor and /dev/shm.",
     .sample = "/run/arrestor/etl",
     .most = DIRECTORY_LIMIT,
     .offset = offsetof(struct config, dir)},
    {.name = "state",
     .type = CONFIG_DIRECTORY,
     .help = "What arrestor itself keeps between renewals; on tmpfs, never inside dir.",
     .sample = "/run/arrestor/etl-state",
     .most = DIRECTORY_LIMIT,
     .offset = offsetof(struct config, state),
     .read = read_state},
    {.name = "overlap",
     .type = CONFIG_PERIOD,
     .help = "How long the previous set stays beside its successor.",
     .standard = "5m",
     .offset = offsetof(struct config, overlap_ms)},
    {.name = "poll",
     .type = CONFIG_PERIOD,
     .help = "How often the stores are asked for what is new. Default: 60s where a server is "
             "used, else 2s.",
     .sample = "2s",
     .least = LIMIT_POLL_MIN_MS,
     .offset = offsetof(struct config, poll_ms)},
    {.name = "wait",
     .type = CONFIG_PERIOD,
     .help = "How long a store that is down is waited for before the first set.",
     .standard = "1m",
     .offset = offsetof(struct config, wait_ms)},
    {.name = "files",
     .type = CONFIG_EACH,
     .help = "FILE NAME: what the file is filled with.",
     .sample = "{\"db.key\": {\"raw\": \"${db.password}\"}}",
     .pattern = "^(?!\\.)(?!(current|status\\.json|lock)$)[ -.0-~]+$",
     .most = LIMIT_FILE_NAME,
     .section = &file_section,
     .read = read_files},
    {.name = "use"},
};
const struct config_section config_deliver_section = {keys, COUNT(keys), NULL};
