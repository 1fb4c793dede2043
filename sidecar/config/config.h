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
#define STORE_TABLE(X)             X(STRONGBOX, "strongbox", LIMIT_POLL_STRONGBOX_MS)
#define STORE_ENUM(id, name, poll) STORE_##id,
enum store_kind { STORE_TABLE(STORE_ENUM) STORE_KINDS };
#undef STORE_ENUM

struct config_secret {
    const char *name; /* as used in ${name} and ${name.field} */
    enum store_kind store;
    const char *path; /* name in the store */
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
    const struct config_secret *secrets;
    size_t secret_count;
    const char *dir, *state; /* deliver.dir, deliver.state: absolute; NULL: the default rule */
    uint64_t poll_ms, overlap_ms;
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

/* Appends what is not wrong but unwise, one sentence a line; nothing where all is
 * well. Today: raw files that hold different fields of one secret, because a
 * reader of two files may see one old and one new. */
void config_lint(const struct config *config, struct buffer *out);

#endif
