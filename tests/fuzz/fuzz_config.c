/* arrestor.yaml, and behind a line "====" the caller's VAULT_… variables, one a line:
 * what is taken is within its bounds, and neither CRLF nor a comment changes it. */
#include <string.h>
#include <unistd.h>

#include "sidecar/config/config.h"
#include "sidecar/config/config_address.h"
#include "tests/fuzz/fuzz.h"

static void put(struct buffer *out, const char *name, const char *text) {
    buffer_printf(out, "%s=%s\n", name, text != NULL ? text : "(null)");
}

static void put_reference(struct buffer *out, const struct config *config,
                          const struct config_reference *reference) {
    HOLDS(reference->secret < config->secret_count);
    put(out, config->secrets[reference->secret].name, reference->field);
}

static void put_file(struct buffer *out, const struct config *config,
                     const struct config_file *file) {
    HOLDS(file->name[0] != '.' && file->name[0] != '\0' && strchr(file->name, '/') == NULL);
    HOLDS(strlen(file->name) <= LIMIT_FILE_NAME && file->form < FORMS);
    HOLDS(file->property_count <= LIMIT_FILE_PROPERTIES);
    put(out, "file", file->name);
    put(out, "form", config_form_name(file->form));
    if (file->form == FORM_RAW)
        put_reference(out, config, &file->raw);
    for (size_t i = 0; i < file->property_count; i++) {
        put(out, "key", file->properties[i].key);
        if (file->properties[i].is_reference)
            put_reference(out, config, &file->properties[i].reference);
        else
            put(out, "literal", file->properties[i].literal);
    }
}

static void put_address(struct buffer *out, const struct config_address *address) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct config_address again;
    struct error err;
    HOLDS(address->host[0] != '\0' && strlen(address->host) < LIMIT_HOST_NAME && address->port > 0);
    HOLDS(config_address_parse(address->text, &arena, &again, &err) == 0);
    HOLDS(config_address_equal(address, &again) && strcmp(address->text, again.text) == 0);
    put(out, "address", address->text);
    arena_free(&arena);
}

static void put_vault(struct buffer *out, const struct config_vault *vault) {
    const char *const texts[] = {vault->ca,           vault->tls_name,      vault->namespace_path,
                                 vault->token_file,   vault->mount,         vault->role_id,
                                 vault->role_id_file, vault->secret_id_file};
    HOLDS(vault->address_count <= LIMIT_ADDRESSES && vault->auth < VAULT_AUTHS);
    for (size_t i = 0; i < vault->address_count; i++)
        put_address(out, &vault->addresses[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put(out, "text", texts[i]);
    buffer_printf(out, "%d %d\n", vault->allow_http, (int)vault->auth);
}

static void put_words(struct buffer *out, const char *name, const char *const *words,
                      size_t count) {
    HOLDS(count <= LIMIT_CONFIG_WORDS);
    for (size_t i = 0; i < count; i++)
        put(out, name, words[i]);
}

/* All that a configuration says but places, as text. */
static void print(const struct config *config, struct buffer *out) {
    HOLDS(config->secret_count <= LIMIT_SECRETS && config->file_count <= LIMIT_FILES);
    HOLDS(config->pack_count > 0 && config->poll_ms >= LIMIT_POLL_MIN_MS);
    HOLDS(config->poll_ms <= LIMIT_PERIOD_MS && config->pack_count <= LIMIT_CONFIG_WORDS);
    HOLDS(config->dir == NULL || config->state == NULL || strcmp(config->dir, config->state) != 0);
    buffer_printf(out, "%d %llu %llu %llu %llu\n", (int)config->mode,
                  (unsigned long long)config->poll_ms, (unsigned long long)config->overlap_ms,
                  (unsigned long long)config->wait_ms, (unsigned long long)config->grace_ms);
    put(out, "box", config->box);
    put(out, "key", config->key);
    put(out, "dir", config->dir);
    put(out, "state", config->state);
    put(out, "user", config->user);
    put(out, "job-user", config->job_user);
    HOLDS(config->dir == NULL || config->dir[0] == '/');
    for (size_t i = 0; i < config->secret_count; i++) {
        const struct config_secret *secret = &config->secrets[i];
        put(out, secret->name, secret->path);
        buffer_printf(out, "%s %llu\n", config_store_name(secret->store),
                      (unsigned long long)secret->version);
    }
    for (size_t i = 0; i < config->file_count; i++) {
        put_file(out, config, &config->files[i]);
        for (size_t j = 0; j < i; j++)
            HOLDS(strcmp(config->files[i].name, config->files[j].name) != 0);
    }
    put_vault(out, &config->vault);
    put_words(out, "pack", config->packs, config->pack_count);
    put_words(out, "require", config->require, config->require_count);
    put_words(out, "keep", config->keep_env, config->keep_env_count);
    HOLDS(buffer_status(out) == 0);
}

/* Parses a variant of the same text, and finds the same, or the same fault. */
static void check_variant(const char *text, size_t length, const struct buffer *expected,
                          const struct error *fault) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer printed = buffer_make(LIMIT_REPORT_BYTES);
    struct config config;
    struct error err;
    int result = config_parse(text, length, "fuzz.yaml", &arena, &config, &err);
    HOLDS((result == 0) == (fault == NULL));
    if (result == 0) {
        print(&config, &printed);
        HOLDS(printed.length == expected->length);
        HOLDS(memcmp(printed.data, expected->data, printed.length) == 0);
    } else {
        HOLDS(err.code == fault->code && err.line == fault->line && err.column == fault->column);
        HOLDS(strcmp(err.what, fault->what) == 0 && strcmp(err.todo, fault->todo) == 0);
    }
    buffer_free(&printed);
    arena_free(&arena);
}

/* With CRLF for LF the same is said, in the same places. */
static void check_crlf(const char *text, size_t length, const struct buffer *expected,
                       const struct error *fault) {
    struct buffer other = buffer_make(LIMIT_REPORT_BYTES);
    if (length == 0 || memchr(text, '\r', length) != NULL)
        return;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            buffer_char(&other, '\r');
        buffer_char(&other, text[i]);
    }
    if (other.length <= LIMIT_CONFIG_BYTES)
        check_variant(other.data, other.length, expected, fault);
    buffer_free(&other);
}

/* Completes the configuration by variables; a fault leaves it as it was. */
static void try_environment(const char *text, size_t length, struct arena *arena,
                            struct config *config) {
    struct config before = *config;
    struct buffer words = buffer_make(LIMIT_REPORT_BYTES), printed = words;
    struct error err;
    for (size_t i = 0; i < length; i++)
        buffer_char(&words, text[i] == '\n' ? '\0' : text[i]);
    int fd = fuzz_memory_file(words.data, words.length);
    error_clear(&err);
    if (config_load_environment(fd, arena, config, &err) == 0) {
        print(config, &printed);
        HOLDS((config_stores(config) & 1u << STORE_VAULT) == 0 || config->vault.address_count > 0);
    } else {
        HOLDS(err.code == ERROR_CONFIG);
        fuzz_check_silent(&err);
        if (before.vault.address_count > 0)
            HOLDS(memcmp(&before, config, sizeof before) == 0);
    }
    (void)close(fd);
    buffer_free(&printed);
    buffer_free(&words);
}

static void check_lint(const struct config *config) {
    struct buffer advice = buffer_make(LIMIT_REPORT_BYTES);
    config_lint(config, &advice);
    HOLDS(buffer_status(&advice) == 0);
    HOLDS(advice.length == 0 || advice.data[advice.length - 1] == '\n');
    buffer_free(&advice);
}

FUZZ_TARGET(config, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), other = arena_make(LIMIT_ARENA_BYTES);
    struct buffer printed = buffer_make(LIMIT_REPORT_BYTES);
    struct config config, untouched;
    struct error err;
    size_t size = 0;
    const char *text = fuzz_section(&bytes, &length, &other, &size);
    memset(&config, 0x5a, sizeof config);
    untouched = config;
    error_clear(&err);
    if (config_parse(size == 0 ? NULL : text, size, "fuzz.yaml", &arena, &config, &err) != 0) {
        HOLDS(memcmp(&config, &untouched, sizeof config) == 0 && err.code == ERROR_CONFIG);
        HOLDS(strcmp(err.where, "fuzz.yaml") == 0 && err.todo[0] != '\0');
        fuzz_check_place(&err, text, size);
        if (fuzz_is_secret_yaml(text, size))
            fuzz_check_silent(&err);
        check_crlf(text, size, NULL, &err);
    } else {
        print(&config, &printed);
        HOLDS(arena.used <= 65536 + 512 * size);
        check_crlf(text, size, &printed, NULL);
        check_lint(&config);
        try_environment(bytes, length, &arena, &config);
    }
    buffer_free(&printed);
    arena_free(&other);
    arena_free(&arena);
}
