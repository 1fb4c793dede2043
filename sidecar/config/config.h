/* config.h: arrestor.yaml as a checked structure. Pure: bytes in, data out.
 *
 * Every role that needs it parses the same sealed bytes again, so no role
 * trusts another's reading. The file holds no secret, only references. */
#ifndef ARRESTOR_CONFIG_H
#define ARRESTOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"

struct arena;
struct buffer;
struct error;

enum config_mode { MODE_ENFORCE, MODE_WARN };

/* One row per kind of store: name in the file, default poll in ms. */
#define STORE_TABLE(X)                                                                             \
    X(STRONGBOX, "strongbox", LIMIT_POLL_STRONGBOX_MS)                                             \
    X(VAULT, "vault", LIMIT_POLL_VAULT_MS)
#define STORE_ENUM(id, name, poll) STORE_##id,
enum store_kind { STORE_TABLE(STORE_ENUM) STORE_KINDS };
#undef STORE_ENUM

struct config_secret {
    const char *name; /* as used in ${name} and ${name.field} */
    enum store_kind store;
    const char *path; /* name in the store; vault: as in its API, secret/data/NAME */
    uint64_t version; /* vault: pinned; 0: the newest */
    size_t line, column;
};

/* scheme://host[:port] of a store over the network. */
struct config_address {
    const char *text; /* as written, without a trailing '/' */
    bool tls;
    const char *host; /* without brackets, also for IPv6 */
    uint16_t port;
};

/* One row per way to log in to Vault: id, key in `auth:`. */
#define VAULT_AUTH_TABLE(X)       X(TOKEN, "token") X(APPROLE, "approle")
#define VAULT_AUTH_ENUM(id, name) VAULT_AUTH_##id,
enum vault_auth { VAULT_AUTH_TABLE(VAULT_AUTH_ENUM) VAULT_AUTHS };
#undef VAULT_AUTH_ENUM

/* stores.vault. Paths are as written. NULL: not said. */
struct config_vault {
    const struct config_address *addresses; /* `address:`, then `also:` */
    size_t address_count;
    const char *ca, *tls_name, *namespace_path;
    bool allow_http; /* beyond loopback */
    enum vault_auth auth;
    const char *token_file;                    /* auth.token.file */
    const char *mount;                         /* auth.approle.mount: "approle" */
    const char *role_id;                       /* auth.approle.role-id, literal: no secret */
    const char *role_id_file, *secret_id_file; /* auth.approle.… */
    size_t line, column;
};

/* ${secret} or ${secret.field}: what a file of the set is filled from. */
struct config_reference {
    size_t secret;     /* index into secrets */
    const char *field; /* NULL: the whole value */
};

/* One row per form: name in the file. */
#define FORM_TABLE(X)       X(RAW, "raw") X(PROPERTIES, "properties")
#define FORM_ENUM(id, name) FORM_##id,
enum form { FORM_TABLE(FORM_ENUM) FORMS };
#undef FORM_ENUM

struct config_property {
    const char *key;
    /* A value is either one reference or literal text (a user name, a URL). */
    bool is_reference;
    struct config_reference reference;
    const char *literal;
};

struct config_file {
    const char *name; /* file name in the set: no '/', no leading '.' */
    enum form form;
    struct config_reference raw;              /* FORM_RAW */
    const struct config_property *properties; /* FORM_PROPERTIES */
    size_t property_count;
    size_t line, column;
};

struct config {
    enum config_mode mode;
    const char *box, *key; /* stores.strongbox, as written; NULL: the command's defaults */
    struct config_vault vault;
    const struct config_secret *secrets;
    size_t secret_count;
    const char *dir, *state; /* deliver.dir, deliver.state: absolute; NULL: the default rule */
    uint64_t poll_ms;        /* as said, else the longest default of the stores in use */
    uint64_t overlap_ms;
    uint64_t wait_ms;  /* deliver.wait: for a store that is down, before the first set */
    uint64_t grace_ms; /* grace: past an expiry */
    const struct config_file *files;
    size_t file_count;
    const char *const *packs; /* never empty: {"spark-production"} by default */
    size_t pack_count;
    const char *user, *job_user; /* NULL: the defaults of DESIGN, Processes */
    const char *const *require;  /* names of protections */
    size_t require_count;
    const char *const *keep_env; /* names of variables that are let through */
    size_t keep_env_count;
};

/* Name of a store kind or form as written in the file. */
const char *config_store_name(enum store_kind kind);
const char *config_form_name(enum form form);

/* Defaults as if the file were empty but for `version: 1`. */
struct config config_default(void);

/* Reads an open file and parses it; fd -1 gives the defaults. The one function
 * here that touches a descriptor, because every role needs just this. 0, or -1 as
 * config_parse. */
int config_load(int fd, const char *name, struct arena *arena, struct config *ret,
                struct error *err);

/* Parses and checks. *ret is untouched on failure. Unknown keys are errors that name the nearest
 * known one; references must name a secret; file names are unique. 0, or -1 with ERROR_CONFIG,
 * place, excerpt and what to write. Memory is the arena's. */
int config_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                 struct config *ret, struct error *err);

/* Completes what the file does not say by the caller's VAULT_ADDR, VAULT_CACERT,
 * VAULT_NAMESPACE and VAULT_TLS_SERVER_NAME; words end with NUL each. Afterwards
 * checks what only then can be: a secret of vault needs an address. 0, or -1 with
 * ERROR_CONFIG. fd -1: no words. */
int config_load_environment(int fd, struct arena *arena, struct config *config, struct error *err);

/* The stores that a secret is had from, as bits of enum store_kind. */
uint32_t config_stores(const struct config *config);

/* Appends what is not wrong but unwise, one sentence a line; nothing where all is
 * well. Today: raw files that hold different fields of one secret, because a
 * reader of two files may see one old and one new; paths in Vault that are none of
 * KV version 2. */
void config_lint(const struct config *config, struct buffer *out);

#endif
