#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"

int credentials_seal_config(const struct monitor *m, struct error *err) {
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    int fd = file_open(m->config_path, err), sealed = -1;
    if (fd >= 0 && file_check_owner(fd, m->config_path, ERROR_CONFIG, err) == 0 &&
        file_read(fd, m->config_path, &text, err) == 0)
        sealed = file_seal_bytes("arrestor.yaml", text.data, text.length, err);
    if (fd >= 0)
        (void)close(fd);
    buffer_free(&text);
    return sealed;
}

/* Where and how a store is reached; no secret. As the vault command reads them. */
static const char *const told[] = {"VAULT_ADDR", "VAULT_CACERT", "VAULT_NAMESPACE",
                                   "VAULT_TLS_SERVER_NAME"};

static int seal_environment(struct monitor *m, struct error *err) {
    struct buffer words = buffer_make(LIMIT_STORE_ENV);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *value = environment_get(m->environment, told[i]);
        if (value == NULL || value[0] == '\0')
            continue;
        buffer_printf(&words, "%s=%s", told[i], value);
        buffer_char(&words, '\0');
    }
    int result = 0;
    if (buffer_status(&words) != 0)
        result = error_set(err, ERROR_CONFIG, "a VAULT_… variable is too long");
    else if (words.length > 0)
        result = m->store_environment =
            file_seal_bytes("store-environment", words.data, words.length, err);
    buffer_free(&words);
    return result < 0 ? -1 : 0;
}

/* The one secret that monitor touches: it came in our own environment, and goes to
 * fetch as a file would. */
static int keep_token(struct monitor *m, struct error *err) {
    const char *token = environment_get(m->environment, "VAULT_TOKEN");
    if (token == NULL || token[0] == '\0')
        return 0;
    m->token = file_seal_bytes("token", token, strnlen(token, LIMIT_TOKEN_BYTES), err);
    return m->token < 0 ? -1 : 0;
}

static int refuse_passphrase(const char *why, struct error *err) {
    error_set(err, ERROR_USAGE, "%s", why);
    error_at(err, "--passphrase-fd", 0, 0);
    return error_todo(err, "for example: --passphrase-fd 3 3< FILE");
}

/* Up to the newline, byte by byte: whoever writes may keep the pipe open. Its
 * length, or -1 where it does not end within the buffer. */
static ssize_t read_line(int fd, char *line, size_t size) {
    size_t used = 0;
    for (;;) {
        char byte;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0 || byte == '\n')
            return (ssize_t)used;
        if (used == size)
            return -1;
        line[used++] = byte;
    }
}

/* A pipe can be read once and rounds come again, so the line is kept. */
static int keep_passphrase(struct monitor *m, int fd, struct error *err) {
    char line[LIMIT_PROMPT_BYTES];
    ssize_t length = read_line(fd, line, sizeof line);
    if (length > 0)
        m->passphrase = file_seal_bytes("passphrase", line, (size_t)length, err);
    else
        (void)refuse_passphrase(
            length == 0 ? "the passphrase is empty" : "it cannot be read, or is too long", err);
    explicit_bzero(line, sizeof line);
    (void)close(fd);
    return m->passphrase < 0 ? -1 : 0;
}

int credentials_take(struct monitor *m, const struct invocation *call, struct error *err) {
    int passphrase;
    if (seal_environment(m, err) != 0 || keep_token(m, err) != 0 ||
        command_descriptor(call, "passphrase-fd", &passphrase, err) != 0)
        return -1;
    return passphrase < 0 ? 0 : keep_passphrase(m, passphrase, err);
}
