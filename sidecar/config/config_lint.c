#include <stdbool.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/config/config.h"

static bool same_field(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The first raw file after `from` (all of them for NULL) that holds this secret. */
static const struct config_file *next_raw_file(const struct config *config, size_t secret,
                                               const struct config_file *from) {
    for (const struct config_file *file = from != NULL ? from + 1 : config->files;
         file < config->files + config->file_count; file++)
        if (file->form == FORM_RAW && file->raw.secret == secret)
            return file;
    return NULL;
}

static void lint_secret(const struct config *config, size_t secret, struct buffer *out) {
    const struct config_file *first = next_raw_file(config, secret, NULL);
    for (const struct config_file *file = first; file != NULL;
         file = next_raw_file(config, secret, file)) {
        if (same_field(first->raw.field, file->raw.field))
            continue;
        buffer_printf(out,
                      "lines %zu and %zu: the files %s and %s hold different fields of the secret "
                      "%s; a reader may see one old and one new: put fields that change together "
                      "into one properties file\n",
                      first->line, file->line, first->name, file->name,
                      config->secrets[secret].name);
        return;
    }
}

/* Whether `data` stands between the mount, which may have several parts, and a name. */
static bool has_data_part(const char *path) {
    const char *data = strstr(path, "/data/");
    return data != NULL && data[strlen("/data/")] != '\0';
}

static void lint_path(const struct config_secret *secret, struct buffer *out) {
    if (secret->store != STORE_VAULT || has_data_part(secret->path))
        return;
    int mount = (int)strcspn(secret->path, "/");
    const char *name = secret->path[mount] == '/' ? secret->path + mount + 1 : "NAME";
    buffer_printf(out,
                  "line %zu: the path of the secret %s has no part `data`; KV version 2 is read at "
                  "MOUNT/data/NAME: write %.*s/data/%s\n",
                  secret->line, secret->name, mount, secret->path, name);
}

void config_lint(const struct config *config, struct buffer *out) {
    for (size_t i = 0; i < config->secret_count; i++) {
        lint_path(&config->secrets[i], out);
        if (config->file_count > 0)
            lint_secret(config, i, out);
    }
}
