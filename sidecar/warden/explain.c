#include "sidecar/warden/explain.h"

#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/config/config.h"
#include "sidecar/warden/redirect.h"

/* X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL, which
 * warden does not link. */
#define NOT_YET_VALID 9
#define HAS_EXPIRED   10

/* What the {words} of a row stand for; NULL where there is nothing to say. */
struct words {
    const struct config *config;
    const struct explain_fault *fault;
    const struct config_secret *secret;
    const struct config_file *file;
    char location[LIMIT_PATH];
};

static const struct explain_row *find_row(enum error_code code) {
    for (size_t i = 0; i < explain_row_count; i++)
        if (explain_rows[i].code == code)
            return &explain_rows[i];
    return NULL;
}

bool explain_is_transient(enum error_code code) {
    const struct explain_row *row = find_row(code);
    return row != NULL && row->transient;
}

bool explain_is_elsewhere(enum error_code code) {
    const struct explain_row *row = find_row(code);
    return row != NULL && row->elsewhere;
}

bool explain_is_placed(enum error_code code) {
    const struct explain_row *row = find_row(code);
    return row != NULL && row->about != ABOUT_STORE && row->about != ABOUT_NOTHING;
}

static void put_or(struct buffer *out, const char *text, const char *other) {
    buffer_text(out, text != NULL ? text : other);
}

static void put_text(const struct words *w, struct buffer *out) {
    buffer_text(out, error_text(w->fault->code));
}

static void put_secret(const struct words *w, struct buffer *out) {
    buffer_text(out, w->secret->name);
}

static void put_path(const struct words *w, struct buffer *out) {
    buffer_text(out, w->secret->path);
}

static void put_version(const struct words *w, struct buffer *out) {
    if (w->secret->version == 0)
        buffer_text(out, "secret");
    else
        buffer_printf(out, "version %llu", (unsigned long long)w->secret->version);
}

/* MOUNT/data/NAME as the command line of the server takes it. */
static void put_kv(const struct words *w, struct buffer *out) {
    const char *path = w->secret->path, *data = strstr(path, "/data/");
    if (data == NULL)
        buffer_text(out, path);
    else
        buffer_printf(out, "-mount=%.*s %s", (int)(data - path), path, data + strlen("/data/"));
}

static void put_namespace(const struct words *w, struct buffer *out) {
    if (w->config->vault.namespace_path != NULL)
        buffer_printf(out, " in namespace %s", w->config->vault.namespace_path);
}

static void put_file(const struct words *w, struct buffer *out) {
    buffer_text(out, w->file->name);
}

static void put_reference(const struct words *w, const struct config_reference *reference,
                          struct buffer *out) {
    if (out->length > LIMIT_ERROR_WHAT / 4 || reference->secret >= w->config->secret_count)
        return;
    buffer_printf(out, "%s${%s%s%s}", out->length == 0 ? "" : ", ",
                  w->config->secrets[reference->secret].name, reference->field == NULL ? "" : ".",
                  reference->field == NULL ? "" : reference->field);
}

/* What the file is filled from, as far as it fits into a line. */
static void put_references(const struct words *w, struct buffer *out) {
    struct buffer list = buffer_make(LIMIT_ERROR_WHAT);
    if (w->file->form == FORM_RAW)
        put_reference(w, &w->file->raw, &list);
    for (size_t i = 0; i < w->file->property_count; i++)
        if (w->file->properties[i].is_reference)
            put_reference(w, &w->file->properties[i].reference, &list);
    put_or(out, list.data, "it");
    buffer_free(&list);
}

static void put_box(const struct words *w, struct buffer *out) {
    if (w->config->box != NULL)
        buffer_printf(out, ": %s", w->config->box);
}

static void put_key(const struct words *w, struct buffer *out) {
    if (w->config->key != NULL)
        buffer_printf(out, ": %s", w->config->key);
}

static const struct config_address *find_address(const struct words *w) {
    const struct config_vault *vault = &w->config->vault;
    return w->fault->address < vault->address_count ? &vault->addresses[w->fault->address] : NULL;
}

static void put_address(const struct words *w, struct buffer *out) {
    const struct config_address *address = find_address(w);
    buffer_text(out, address != NULL ? address->text : "the store");
}

static void put_ca(const struct words *w, struct buffer *out) {
    put_or(out, w->config->vault.ca, "the CA bundle of this system");
}

static void put_tls_name(const struct words *w, struct buffer *out) {
    const struct config_address *address = find_address(w);
    put_or(out, w->config->vault.tls_name, address != NULL ? address->host : "its host");
}

static void put_location(const struct words *w, struct buffer *out) {
    buffer_text(out, w->location[0] != '\0' ? w->location : "what is no address");
}

static void put_mount(const struct words *w, struct buffer *out) {
    put_or(out, w->config->vault.mount, "approle");
}

static void put_secret_id(const struct words *w, struct buffer *out) {
    put_or(out, w->config->vault.secret_id_file, "the file secret-id-file:");
}

static void put_role_id(const struct words *w, struct buffer *out) {
    put_or(out, w->config->vault.role_id_file, "role-id:");
}

static void put_token(const struct words *w, struct buffer *out) {
    put_or(out, w->config->vault.token_file, "VAULT_TOKEN or ~/.vault-token");
}

static void put_dir(const struct words *w, struct buffer *out) {
    put_or(out, w->config->dir, "the set's directory");
}

static void put_status(const struct words *w, struct buffer *out) {
    if (w->fault->detail != 0)
        buffer_printf(out, "HTTP %u", (unsigned)w->fault->detail);
    else
        buffer_text(out, error_name(w->fault->code));
}

static const struct {
    const char *word;
    void (*put)(const struct words *w, struct buffer *out);
} word_rows[] = {
    {"{text}", put_text},
    {"{secret}", put_secret},
    {"{path}", put_path},
    {"{version}", put_version},
    {"{kv}", put_kv},
    {"{namespace}", put_namespace},
    {"{file}", put_file},
    {"{references}", put_references},
    {"{box}", put_box},
    {"{key}", put_key},
    {"{address}", put_address},
    {"{ca}", put_ca},
    {"{tls-name}", put_tls_name},
    {"{location}", put_location},
    {"{mount}", put_mount},
    {"{secret-id}", put_secret_id},
    {"{role-id}", put_role_id},
    {"{token}", put_token},
    {"{dir}", put_dir},
    {"{status}", put_status},
};

/* Puts the word that stands at `text`; its length, or 0 where none does. */
static size_t put_word(const struct words *w, const char *text, struct buffer *out) {
    for (size_t i = 0; i < sizeof word_rows / sizeof *word_rows; i++) {
        size_t length = strlen(word_rows[i].word);
        if (strncmp(text, word_rows[i].word, length) != 0)
            continue;
        word_rows[i].put(w, out);
        return length;
    }
    return 0;
}

static void fill(const struct words *w, const char *text, struct buffer *out) {
    while (*text != '\0') {
        size_t length = *text == '{' ? put_word(w, text, out) : 0;
        if (length == 0)
            buffer_char(out, *text++);
        text += length;
    }
}

static bool holds(const struct words *w, enum explain_when when) {
    switch (when) {
    case WHEN_SECRET:
        return w->secret != NULL;
    case WHEN_BOX_SECRET:
        return w->secret != NULL && w->secret->store == STORE_STRONGBOX;
    case WHEN_FILE:
        return w->file != NULL;
    case WHEN_DATES:
        return w->fault->detail == NOT_YET_VALID || w->fault->detail == HAS_EXPIRED;
    case WHEN_APPROLE:
        return w->config->vault.auth == VAULT_AUTH_APPROLE;
    default:
        return true;
    }
}

static const struct explain_row *choose_row(const struct words *w) {
    for (size_t i = 0; i < explain_row_count; i++)
        if (explain_rows[i].code == w->fault->code && holds(w, explain_rows[i].when))
            return &explain_rows[i];
    return NULL;
}

static void set_place(const struct words *w, enum explain_about about, struct error *ret) {
    size_t line = 0, column = 0;
    if (about == ABOUT_SECRET) {
        line = w->secret->line;
        column = w->secret->column;
    } else if (about == ABOUT_FILE) {
        line = w->file->line;
        column = w->file->column;
    } else if (about == ABOUT_STORE) {
        line = w->config->vault.line;
        column = w->config->vault.column;
    }
    (void)error_at(ret, "arrestor.yaml", line, column);
}

void explain_fault(const struct config *config, const struct explain_fault *fault,
                   struct error *ret) {
    struct words w = {.config = config, .fault = fault};
    if (fault->has_position && fault->position < config->secret_count)
        w.secret = &config->secrets[fault->position];
    if (fault->has_position && fault->position < config->file_count)
        w.file = &config->files[fault->position];
    (void)redirect_find(&config->vault, fault->location == NULL ? "" : fault->location, w.location);
    const struct explain_row *row = choose_row(&w);
    if (row == NULL) {
        (void)error_set(ret, fault->code, "%s", "");
        return;
    }
    char memory[2][LIMIT_LOG_LINE];
    struct buffer what = buffer_on(memory[0], sizeof memory[0]);
    struct buffer todo = buffer_on(memory[1], sizeof memory[1]);
    fill(&w, row->what, &what);
    fill(&w, row->todo, &todo);
    (void)error_set(ret, fault->code, "%s", what.data);
    set_place(&w, row->about, ret);
    if (todo.length > 0)
        (void)error_todo(ret, "%s", todo.data);
}
