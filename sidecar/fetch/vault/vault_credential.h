/* vault_credential.h: what arrestor logs in with, from descriptors that monitor
 * opened: a token, a role_id, a secret_id, its own session. Into secret memory. */
#ifndef ARRESTOR_VAULT_CREDENTIAL_H
#define ARRESTOR_VAULT_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

struct config_vault;
struct error;

/* Reads a file of one line by pread, from its start: blanks and line ends behind
 * it do not count. `word` names it in messages. *ret is NUL-terminated and the
 * caller's (secret_free). 0, or -1 with ERROR_STORE_CREDENTIAL (cannot be read,
 * empty, longer than LIMIT_TOKEN_BYTES, a control character, not UTF-8) or
 * ERROR_MEMORY; the text never quotes the file. */
int vault_credential_read(int fd, const char *word, char **ret, struct error *err);

/* Whether a text can be a token: printable ASCII without blanks, '"' and '\', at
 * most LIMIT_TOKEN_BYTES. Tokens become headers and stand in session files. */
bool vault_token_is_sound(const char *token);

/* The session as it stands in state: (SECRET_INDEX_SESSION): the token, and the
 * `address:` of the store that it is for. *ret is secret_alloc memory, the
 * caller's. 0, or -1 with ERROR_MEMORY. */
int vault_session_format(const char *token, const char *address, unsigned char **ret,
                         size_t *length, struct error *err);

/* The token of a session file, the caller's (secret_free), or NULL where there is
 * none that can be read, or it is for a store that the configuration does not name
 * any more, which must not get it: then arrestor logs in anew. fd -1 is fine. */
char *vault_session_read(int fd, const struct config_vault *vault);

#endif
