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
    X(ROUND, message_round, WARDEN_ONLY, MONITOR_ONLY, 0)                                          \
    X(TASK, message_round, MONITOR_ONLY, FETCH_ONLY | PLACE_ONLY, 0)                               \
    X(RESULT, message_result, FETCH_ONLY | PLACE_ONLY, MONITOR_ONLY, 0)                            \
    X(ENDED, message_result, MONITOR_ONLY, WARDEN_ONLY, 0)                                         \
    X(COLLISION, message_collision, PLACE_ONLY, MONITOR_ONLY, 0)                                   \
    X(SECRETS, message_secrets, FETCH_ONLY, PLACE_ONLY, 1)                                         \
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

/* What monitor must know of arrestor.yaml; warden has parsed it. */
struct message_setup {
    uint32_t warn; /* 1: `mode: warn`, nothing that the policy finds refuses */
    uint32_t secrets, files;
    uint32_t require; /* bit per enum protection */
    char dir[LIMIT_PATH], state[LIMIT_PATH], box[LIMIT_PATH], key[LIMIT_PATH];
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

enum round_task { TASK_PUBLISH, TASK_RETIRE, ROUND_TASKS };

/* Whether the frozen launch is searched for the fetched values, and what a hit does. */
enum round_compare { COMPARE_NOT, COMPARE_REFUSE, COMPARE_WARN };

struct message_round {
    uint32_t round;
    uint32_t task;    /* enum round_task */
    uint32_t compare; /* enum round_compare */
    uint32_t file_mode;
    uint64_t generation; /* TASK_RETIRE: the newest one that goes */
};

struct message_result {
    uint32_t round;
    uint32_t code;     /* enum error_code */
    uint32_t position; /* secret or file it is about, by configuration order */
    uint32_t has_position;
    uint32_t said; /* monitor has told people what is wrong */
    uint32_t files;
    uint32_t secret_memory; /* enum protection_state */
    uint64_t generation, version;
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

struct message_secrets {
    uint32_t round;
    uint32_t count;
};

struct message_launch {
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
        struct message_round round;
        struct message_result result;
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
