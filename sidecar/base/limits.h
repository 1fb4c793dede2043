/* limits.h: every maximum of the program, in one place.
 *
 * Sizes are bytes unless the name says otherwise. Nothing elsewhere names a
 * bound of its own: a parser, a buffer or a record takes one from here. */
#ifndef ARRESTOR_BASE_LIMITS_H
#define ARRESTOR_BASE_LIMITS_H

/* Errors and log lines. */
#define LIMIT_ERROR_WHERE   512
#define LIMIT_ERROR_WHAT    512
#define LIMIT_ERROR_TODO    512
#define LIMIT_ERROR_EXCERPT 200
#define LIMIT_LOG_LINE      4096

/* Inputs that are read whole. */
#define LIMIT_CONFIG_BYTES      (256u * 1024u)
#define LIMIT_INPUT_BYTES       (8u * 1024u * 1024u)
#define LIMIT_INPUT_FILES       1024
#define LIMIT_WALK_FILES        1000000 /* beneath the directories of one run */
#define LIMIT_WALK_ENTRIES      65536   /* of one directory */
#define LIMIT_WALK_DEPTH        64
#define LIMIT_WALK_PATH         4096
#define LIMIT_IGNORE_BYTES      (1024u * 1024u) /* a .gitignore */
#define LIMIT_IGNORE_PATTERN    1024            /* a longer one matches nothing */
#define LIMIT_INPUT_FAULTS      1024            /* errors about inputs that a report lists */
#define LIMIT_XML_DEPTH         64
#define LIMIT_XML_ATTRIBUTES    64
#define LIMIT_PACK_BYTES        (1024u * 1024u)
#define LIMIT_ARGUMENT_BYTES    (2u * 1024u * 1024u)
#define LIMIT_ARGUMENTS         65536
#define LIMIT_ENVIRONMENT_BYTES (2u * 1024u * 1024u)
#define LIMIT_REPORT_BYTES      (32u * 1024u * 1024u)
#define LIMIT_ARENA_BYTES       (256u * 1024u * 1024u)

/* YAML. */
#define LIMIT_YAML_NODES   65536
#define LIMIT_YAML_DEPTH   32
#define LIMIT_TREE_NODES   262144 /* of an input that somebody else wrote, aliases followed */
#define LIMIT_TREE_DEPTH   64
#define LIMIT_TREE_ANCHORS 512 /* of one document */
#define LIMIT_TREE_NAMES   512 /* volumes, variables, objects that another one names */

/* Settings, rules, findings. */
#define LIMIT_SETTINGS   65536
#define LIMIT_LAUNCHES   4096 /* written down in one input */
#define LIMIT_NOTES      4096
#define LIMIT_RULES      1024
#define LIMIT_RULE_NODES 256
#define LIMIT_EACH_NAMES 1024
#define LIMIT_FINDINGS   4096
#define LIMIT_PACKS      16

/* Shell scripts. */
#define LIMIT_SHELL_BYTES (64u * 1024u * 1024u) /* of a script and the scripts within it */
#define LIMIT_SHELL_TEXT  (16u * 1024u * 1024u) /* of one value */
#define LIMIT_SHELL_NODES 500000                /* words, parts of words, commands */
#define LIMIT_SHELL_DEPTH 100                   /* blocks and substitutions in each other */
#define LIMIT_SHELL_CALLS 32                    /* functions and scripts that call each other */
#define LIMIT_SHELL_STEPS 2000000               /* of following what is written */
#define LIMIT_SHELL_NAME  250                   /* of a function */
#define LIMIT_CI_AGAIN    (512u * 1024u) /* bytes that blocks of one pipeline share, each time */
#define LIMIT_SHELL_TURNS 256            /* of one loop over known words */

/* Secrets and their delivery. */
#define LIMIT_REGION_BYTES    (4u * 1024u * 1024u)
#define LIMIT_LOCKED_HEAP     (2u * 1024u * 1024u) /* of a role that holds values */
#define LIMIT_SECRETS         1024
#define LIMIT_SECRET_BYTES    (1024u * 1024u)
#define LIMIT_SECRET_NAME     128
#define LIMIT_SECRET_FIELDS   64
#define LIMIT_FILES           1024
#define LIMIT_FILE_NAME       128
#define LIMIT_FILE_PROPERTIES 64
#define LIMIT_CONFIG_WORDS    64
#define LIMIT_BOX_BYTES       (8u * 1024u * 1024u)
#define LIMIT_BOX_ENTRIES     4096
#define LIMIT_KEY_FILE_BYTES  512
#define LIMIT_PROMPT_BYTES    4096 /* a line of a terminal, N_TTY_BUF_SIZE */
#define LIMIT_PASSES          16   /* of Argon2id, for a key file */
#define LIMIT_PASS_KIB_MIN    (8u * 1024u)
#define LIMIT_PASS_KIB        (1024u * 1024u)
#define LIMIT_GENERATION      999999999 /* one a second for 31 years */

/* A fetched value shorter than this is not searched for in a launch. */
#define LIMIT_COMPARE_MIN 8

/* Paths and names in records between processes. */
#define LIMIT_PATH             256
#define LIMIT_USER_NAME        33
#define LIMIT_RULE_LIST        512
#define LIMIT_MESSAGE          2048 /* of a rule */
#define LIMIT_ROLE_SLOTS       16
#define LIMIT_ANCESTORS        64 /* between `arrestor gate` and the run above it */
#define LIMIT_MANAGED_CHILDREN 16
#define LIMIT_DESCRIPTORS      64 /* that a process must be able to open */

/* What is read of /proc/self/mountinfo. */
#define LIMIT_MOUNTS (256u * 1024u)

/* The frozen launch. */
#define LIMIT_FROZEN_FILES         4096
#define LIMIT_FROZEN_BYTES         (64u * 1024u * 1024u)
#define LIMIT_FROZEN_DEPTH         8
#define LIMIT_PROPERTIES_ARGUMENTS 16

/* Stores over the network. */
#define LIMIT_ADDRESSES      8
#define LIMIT_HOST_NAME      254
#define LIMIT_SOCKETS        16
#define LIMIT_DIAL_TARGETS   16 /* addresses of one host that are tried */
#define LIMIT_RESOLVER_PATHS 32
#define LIMIT_ANSWER_BYTES   (1024u * 1024u) /* a body; headers: LIMIT_ANSWER_HEADERS */
#define LIMIT_ANSWER_HEADERS (32u * 1024u)
#define LIMIT_ANSWER_DEPTH   32
#define LIMIT_TOKEN_BYTES    8192 /* store token, role_id, secret_id */
#define LIMIT_CA_BYTES       (1024u * 1024u)
#define LIMIT_STORE_ENV      8192
#define LIMIT_LEASE_BYTES    (1024u * 1024u) /* lease table, status.json */

/* Claims of SECURITY.md, and the line that each prints. */
#define LIMIT_CLAIMS      64
#define LIMIT_CLAIM_NAME  64
#define LIMIT_CLAIM_BYTES 1024

/* Job source. */
#define LIMIT_SOURCE_TOKENS 524288
#define LIMIT_SOURCE_DEPTH  100                   /* of brackets; what is deeper is skipped */
#define LIMIT_SOURCE_SCOPES 32                    /* around a name, that are looked into */
#define LIMIT_SOURCE_WORK   (32u * 1024u * 1024u) /* bytes and steps of putting values together */

/* Times, in milliseconds. */
#define LIMIT_WALL_MS           253402300799999u /* since 1970: the end of year 9999 */
#define LIMIT_POLL_STRONGBOX_MS 2000
#define LIMIT_OVERLAP_MS        (5 * 60 * 1000)
#define LIMIT_POLL_MIN_MS       100
#define LIMIT_PERIOD_MS         (24 * 60 * 60 * 1000)
#define LIMIT_ROUND_MS          (60 * 1000)
#define LIMIT_WIPE_MS           (10 * 1000)
#define LIMIT_CLAIM_MS          (30 * 1000)
#define LIMIT_POLL_VAULT_MS     (60 * 1000)
#define LIMIT_WAIT_MS           (60 * 1000) /* for a store that is down, before the first set */
#define LIMIT_PAUSE_MIN_MS      1000        /* between two tries of a round */
#define LIMIT_PAUSE_MAX_MS      (60 * 1000)
#define LIMIT_DIAL_MS           (5 * 1000)
#define LIMIT_DIAL_STAGGER_MS   250 /* between tries of a host's addresses, RFC 8305 §5 */
#define LIMIT_ANSWER_MS         (15 * 1000)
#define LIMIT_REVOKE_MS         (5 * 1000)
#define LIMIT_LINGER_MS         (60 * 1000)
#define LIMIT_SKEW_MS           (60 * 1000) /* up to here two clocks are one */

#endif
