#include "sidecar/fetch/vault/vault_credential.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"
#include "sidecar/base/utf8.h"
#include "sidecar/config/config.h"
#include "sidecar/secret/secret_set.h"

#define SESSION_FORMAT "{\"format\":1,\"vault\":{\"address\":\"%s\",\"token\":\"%s\"}}\n"
#define SESSION_BYTES  (LIMIT_TOKEN_BYTES + 2 * LIMIT_HOST_NAME + sizeof SESSION_FORMAT)

/* Fills bytes from the start of a file, or a pipe. Gives how many there are, up
 * to size, or -1. */
static ssize_t read_up_to(int fd, unsigned char *bytes, size_t size) {
    size_t length = 0;
    while (length < size) {
        ssize_t got = pread(fd, bytes + length, size - length, (off_t)length);
        if (got < 0 && errno == ESPIPE)
            got = read(fd, bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

static size_t trim(const unsigned char *bytes, size_t length) {
    while (length > 0 && strchr(" \t\r\n", bytes[length - 1]) != NULL && bytes[length - 1] != '\0')
        length--;
    return length;
}

static const char *find_fault(const unsigned char *bytes, size_t length) {
    if (length == 0)
        return "is empty";
    if (length > LIMIT_TOKEN_BYTES)
        return "is too long";
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            return "holds a control character, or more than one line";
    return text_is_utf8((const char *)bytes, length) ? NULL : "is not UTF-8";
}

int vault_credential_read(int fd, const char *word, char **ret, struct error *err) {
    /* Room for one byte too many, blanks behind it, and NUL. */
    size_t size = LIMIT_TOKEN_BYTES + 16;
    unsigned char *bytes = secret_alloc(size + 1);
    if (bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the %s", word);
    ssize_t got = fd >= 0 ? read_up_to(fd, bytes, size) : -1;
    if (got < 0) {
        (void)error_set(err, ERROR_STORE_CREDENTIAL, "the %s cannot be read", word);
        goto fail;
    }
    size_t length = (size_t)got == size ? size : trim(bytes, (size_t)got);
    const char *fault = find_fault(bytes, length);
    if (fault != NULL) {
        (void)error_set(err, ERROR_STORE_CREDENTIAL, "the %s %s", word, fault);
        goto fail;
    }
    bytes[length] = '\0';
    *ret = (char *)bytes;
    return 0;
fail:
    secret_free(bytes);
    return -1;
}

bool vault_token_is_sound(const char *token) {
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~' || token[i] == '"' || token[i] == '\\')
            return false;
    return length > 0 && length <= LIMIT_TOKEN_BYTES;
}

int vault_session_format(const char *token, const char *address, unsigned char **ret,
                         size_t *length, struct error *err) {
    char *text = secret_alloc(SESSION_BYTES);
    if (text == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the session");
    *length = (size_t)snprintf(text, SESSION_BYTES, SESSION_FORMAT, address, token);
    *ret = (unsigned char *)text;
    return 0;
}

static bool is_known(const struct config_vault *vault, const char *address) {
    for (size_t i = 0; address != NULL && i < vault->address_count; i++)
        if (strcmp(vault->addresses[i].text, address) == 0)
            return true;
    return false;
}

static char *copy_token(const json_t *root, const struct config_vault *vault) {
    const json_t *session = json_object_get(root, "vault"),
                 *token = json_object_get(session, "token");
    if (!is_known(vault, json_string_value(json_object_get(session, "address"))))
        return NULL;
    if (json_integer_value(json_object_get(root, "format")) != 1 || !json_is_string(token) ||
        !vault_token_is_sound(json_string_value(token)))
        return NULL;
    return secret_strdup(json_string_value(token));
}

char *vault_session_read(int fd, const struct config_vault *vault) {
    unsigned char *bytes = fd >= 0 ? secret_alloc(SESSION_BYTES) : NULL;
    if (bytes == NULL)
        return NULL;
    ssize_t got = read_up_to(fd, bytes, SESSION_BYTES);
    json_t *root = NULL;
    struct error ignored; /* without memory the token is as good as lost */
    if (got > 0)
        (void)json_text_load((const char *)bytes, (size_t)got, JSON_REJECT_DUPLICATES, &root,
                             &ignored);
    char *token = copy_token(root, vault);
    json_decref(root);
    secret_free(bytes);
    return token;
}
