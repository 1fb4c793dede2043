#include "sidecar/strongbox/box_default.h"

#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"

struct default_rule {
    const char *option, *variable, *of_root, *xdg, *beneath_home, *file;
};

static const struct default_rule box_rule = {
    "--box",         "ARRESTOR_STRONGBOX", "/var/lib/arrestor/strongbox.box",
    "XDG_DATA_HOME", "/.local/share",      "/arrestor/strongbox.box"};

static const struct default_rule key_rule = {
    "--key",    "ARRESTOR_STRONGBOX_KEY", "/etc/arrestor/strongbox.key", "XDG_CONFIG_HOME",
    "/.config", "/arrestor/strongbox.key"};

/* Value of a variable, or NULL where it is missing or empty. */
static const char *find_variable(char *const *environment, const char *name) {
    size_t length = strlen(name);
    for (char *const *at = environment; *at != NULL; at++)
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
            return (*at)[length + 1] != '\0' ? *at + length + 1 : NULL;
    return NULL;
}

static const char *find_directory(char *const *environment, const char *name) {
    const char *value = find_variable(environment, name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

static int join(const char *a, const char *b, const char *c, char *ret, size_t size,
                struct error *err) {
    if (strlen(a) + strlen(b) + strlen(c) >= size)
        return error_set(err, ERROR_USAGE, "the path %.40s… is longer than %zu bytes", a, size - 1);
    (void)snprintf(ret, size, "%s%s%s", a, b, c);
    return 0;
}

static int apply_rule(const struct default_rule *rule, char *const *environment, uid_t uid,
                      char *ret, size_t size, struct error *err) {
    const char *given = find_variable(environment, rule->variable);
    if (given != NULL)
        return join(given, "", "", ret, size, err);
    if (uid == 0)
        return join(rule->of_root, "", "", ret, size, err);
    const char *xdg = find_directory(environment, rule->xdg);
    if (xdg != NULL)
        return join(xdg, rule->file, "", ret, size, err);
    const char *home = find_directory(environment, "HOME");
    if (home != NULL)
        return join(home, rule->beneath_home, rule->file, ret, size, err);
    error_set(err, ERROR_USAGE, "HOME is not set, so there is no default place");
    return error_todo(err, "name the file: %s FILE or %s", rule->option, rule->variable);
}

int box_default_path(char *const *environment, uid_t uid, char *ret, size_t size,
                     struct error *err) {
    return apply_rule(&box_rule, environment, uid, ret, size, err);
}

int box_default_key(char *const *environment, uid_t uid, char *ret, size_t size,
                    struct error *err) {
    return apply_rule(&key_rule, environment, uid, ret, size, err);
}
