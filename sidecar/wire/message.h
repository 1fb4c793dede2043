/* message.h: what processes say to each other: one table of fixed-size records.
 *
 * A record is a header and a body of exactly the size its type has. Numbers are
 * in host order, because both ends are the same executable. Text is NUL-padded
 * to its full size. Whoever receives a record checks type, size, direction and
 * text before anything reads it; a fault ends the conversation. */
#ifndef ARRESTOR_WIRE_MESSAGE_H
#define ARRESTOR_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"

struct error;

enum party {
    PARTY_MONITOR,
    PARTY_WARDEN,
    PARTY_FETCH,
    PARTY_PLACE,
    PARTY_JUDGE,
    PARTY_SWEEP,
    PARTY_DIAL,
    PARTIES
};

#define PARTY_BIT(party) (1u << (unsigned)(party))

/* One row per type: id, body, who sends, who receives, whether a descriptor
 * comes with it (0 never, 1 always, 2 may). */
#define MESSAGE_TABLE(X)                                                                           \
    X(FENCE, message_fence, ANY_ROLE, MONITOR_ONLY, 0)                                             \
    X(SETUP, message_setup, WARDEN_ONLY, MONITOR_ONLY, 0)                                          \
    X(LOOK, message_look, WARDEN_ONLY, MONITOR_ONLY, 0)                                            \
    X(LOOKED, message_looked, MONITOR_ONLY, WARDEN_ONLY, 2)                                        \
    X(STANDING, message_standing, MONITOR_ONLY, WARDEN_ONLY, 2)                                    \
    X(ROUND, message_round, WARDEN_ONLY, MONITOR_ONLY, 0)                                          \
    X(TASK, message_round, MONITOR_ONLY, DIAL_ONLY | FETCH_ONLY | PLACE_ONLY, 0)                   \
    X(RESULT, message_result, DIAL_ONLY | FETCH_ONLY | PLACE_ONLY, MONITOR_ONLY, 0)                \
    X(ENDED, message_result, MONITOR_ONLY, WARDEN_ONLY, 2)                                         \
    X(GIVE_UP, message_give_up, WARDEN_ONLY, MONITOR_ONLY, 0)                                      \
    X(COLLISION, message_collision, PLACE_ONLY, MONITOR_ONLY, 0)                                   \
    X(DIALED, message_dialed, DIAL_ONLY, FETCH_ONLY, 2)                                            \
    X(SECRETS, message_secrets, FETCH_ONLY, PLACE_ONLY, 1)                                         \
    X(KEPT, message_kept, FETCH_ONLY, PLACE_ONLY, 0)                                               \
    X(LAUNCH, message_launch, MONITOR_ONLY, JUDGE_ONLY, 0)                                         \
    X(VERDICT, message_verdict, JUDGE_ONLY, MONITOR_ONLY, 0)                                       \
    X(WIPE, message_wipe, MONITOR_ONLY, SWEEP_ONLY, 0)

#define MESSAGE_ENUM(id, body, from, to, fd) MESSAGE_##id,
enum message_type { MESSAGE_TABLE(MESSAGE_ENUM) MESSAGES };
#undef MESSAGE_ENUM

/* A role stands behind its fence: which protections are in force. */
struct message_fence {
    uint32_t role;
    uint8_t state[12]; /* enum protection_state by enum protection */
};

/* Bits of message_setup.stores, by enum store_kind; monitor does not know config/. */
#define STORES_BOX     1u
#define STORES_NETWORK (~STORES_BOX)

#define SETUP_NEEDS_CA 1u /* https: a CA bundle, `ca` or the system's */
#define SETUP_NEEDS_TOKEN                                                                          \
    2u /* auth by token: the file `token`, else VAULT_TOKEN, else ~/.vault-token */
#define SETUP_NEEDS_LOGIN 4u /* auth by AppRole: role_id (where named) and secret_id */

/* What monitor must know of arrestor.yaml; warden has parsed it. */
struct message_setup {
    uint32_t warn; /* 1: `mode: warn`, nothing that the policy finds refuses */
    uint32_t secrets, files;
    uint32_t require; /* bit per enum protection */
    uint32_t stores;  /* bit per enum store_kind that a secret is had from */
    uint32_t needs;   /* SETUP_NEEDS_… */
    char dir[LIMIT_PATH], state[LIMIT_PATH], box[LIMIT_PATH], key[LIMIT_PATH];
    /* As written: relative to where arrestor.yaml lies. "" where the file names none. */
    char ca[LIMIT_PATH], token[LIMIT_PATH], role_id[LIMIT_PATH], secret_id[LIMIT_PATH];
    char user[LIMIT_USER_NAME], job_user[LIMIT_USER_NAME];
    char keep_env[LIMIT_RULE_LIST]; /* names, separated by one blank */
};

/* Warden asks to see the store's file; monitor answers with a descriptor. */
struct message_look {
    uint32_t store;
};
struct message_looked {
    uint32_t store;
    int32_t system_error; /* errno; 0 when a descriptor comes along */
};

/* Warden may begin: what stands. With the lease table of state:, where there is one. */
struct message_standing {
    uint64_t generation; /* that `current` points to; 0: none */
};

/* PUBLISH reads the stores and publishes what is new; RETIRE removes old
 * generations; WITHDRAW publishes what stands without what has expired; REVOKE
 * ends the tokens that arrestor itself logged in for. */
enum round_task { TASK_PUBLISH, TASK_RETIRE, TASK_WITHDRAW, TASK_REVOKE, ROUND_TASKS };

#define ROUND_FORCE 1u /* publish even where every version is the one that stands */
#define ROUND_RENEW 2u /* renew the store token first */
#define ROUND_LOGIN 4u /* log in anew first, also where the token still lives */

/* Whether the frozen launch is searched for the fetched values, and what a hit does. */
enum round_compare { COMPARE_NOT, COMPARE_REFUSE, COMPARE_WARN };

struct message_round {
    uint32_t round;   /* monitor's number for it; warden leaves it 0 */
    uint32_t task;    /* enum round_task */
    uint32_t compare; /* enum round_compare */
    uint32_t file_mode;
    uint32_t flags;      /* ROUND_… */
    uint32_t address;    /* of the store: 0 `address:`, 1 the first of `also:` … */
    uint64_t generation; /* TASK_RETIRE: the newest one that goes */
    uint64_t before_ms;  /* TASK_WITHDRAW: what expires up to here (epoch) goes */
};

struct message_result {
    uint32_t round;
    uint32_t code;     /* enum error_code */
    uint32_t position; /* secret or file it is about, by configuration order */
    uint32_t has_position;
    uint32_t said; /* monitor has told people what is wrong */
    uint32_t files;
    uint32_t secret_memory; /* enum protection_state */
    uint32_t detail;        /* HTTP status, or 0 */
    uint32_t changed;       /* 1: a new generation was published */
    uint32_t trapped;       /* system calls that the filter has answered with ENOSYS */
    uint32_t renewable;     /* the store token can be renewed */
    uint64_t token_ms;      /* what is left of the store token's life; 0: none or for ever */
    uint64_t generation, version;
    char location[LIMIT_PATH]; /* where a store redirects to: scheme://host:port */
};

/* Warden: the first set cannot be had, and waiting will not change it. */
struct message_give_up {
    uint32_t code; /* enum error_code; people have been told */
};

enum collision_kind {
    COLLISION_ARGUMENT,
    COLLISION_ENVIRONMENT,
    COLLISION_PROPERTY,
    COLLISION_FILE,
    COLLISION_KINDS
};

/* A fetched value stands in the launch itself; only where, never what. */
struct message_collision {
    uint32_t round, kind;
    uint32_t index; /* argument or line */
    char name[LIMIT_PATH];
};

/* One connected socket (with a descriptor), or why there is none. */
struct message_dialed {
    uint32_t round;
    uint32_t code; /* enum error_code */
    int32_t system_error;
};

struct message_secrets {
    uint32_t round;
    uint32_t count;
    uint32_t publish; /* 0: the set stands, only state is new (a new store token) */
};

/* Nothing new from fetch: every version is the one that stands, or why not. */
struct message_kept {
    uint32_t round;
    uint32_t code; /* enum error_code */
    uint32_t position, has_position, detail;
};

/* Whether the judge writes what `run --dry-run` shows. */
enum launch_report { LAUNCH_REPORT_NONE, LAUNCH_REPORT_TEXT, LAUNCH_REPORT_JSON };

struct message_launch {
    uint32_t report;            /* enum launch_report */
    char program[LIMIT_PATH];   /* what is exec'd; "" where the path is too long to be shown */
    char directory[LIMIT_PATH]; /* value of ARRESTOR_DIR; "" where no set is delivered */
};

struct message_verdict {
    uint32_t code; /* enum error_code: OK, REFUSED, INPUT, SPARK, POLICY … */
    uint32_t refused, warned, unknown;
    uint32_t launches;            /* 0: --version and the like, nothing to deliver */
    uint32_t insert;              /* 1: --properties-file is inserted into argv */
    uint32_t insert_at;           /* before which word */
    uint32_t properties_argument; /* how many entries of `argument` count */
    struct {
        uint32_t index;  /* word of argv that names a properties file */
        uint32_t joined; /* 1: --properties-file=FILE in one word */
        uint32_t extra;  /* 1: --extra-properties-file (Spark 4.2) */
    } argument[LIMIT_PROPERTIES_ARGUMENTS];
    char rules[LIMIT_RULE_LIST];
};

struct message_wipe {
    uint32_t linger_ms; /* another monitor may take over until then */
    uint32_t remove[3]; /* whether the directory itself goes too */
    char name[3][LIMIT_PATH];
};

struct message {
    enum message_type type;
    union {
        struct message_fence fence;
        struct message_setup setup;
        struct message_look look;
        struct message_looked looked;
        struct message_standing standing;
        struct message_round round;
        struct message_result result;
        struct message_give_up give_up;
        struct message_dialed dialed;
        struct message_kept kept;
        struct message_collision collision;
        struct message_secrets secrets;
        struct message_launch launch;
        struct message_verdict verdict;
        struct message_wipe wipe;
    } body;
};

#define MESSAGE_BYTES_MAX (sizeof(uint32_t) * 4 + sizeof(((struct message *)0)->body))

/* Writes a record into bytes (MESSAGE_BYTES_MAX). Gives its length. */
size_t message_encode(const struct message *message, unsigned char *bytes);

/* Reads one record that `from` sent to `to`. Wrong magic, type, size, direction
 * or unterminated text: -1 with ERROR_PROTOCOL, *ret untouched. */
int message_decode(const unsigned char *bytes, size_t length, enum party from, enum party to,
                   struct message *ret, struct error *err);

/* Whether a record of this type carries a descriptor: 0 never, 1 always, 2 may. */
int message_descriptor(enum message_type type);
const char *message_name(enum message_type type);

/* Copies text into a record's field; -1 (field untouched) if it does not fit. */
int message_text(char *field, size_t size, const char *text);

#endif
