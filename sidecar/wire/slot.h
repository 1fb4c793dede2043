/* slot.h: the descriptors that a role inherits. The role table says which, in
 * which order; the start table (monitor) says what stands behind each. */
#ifndef ARRESTOR_WIRE_SLOT_H
#define ARRESTOR_WIRE_SLOT_H

enum slot {
    SLOT_NONE,
    SLOT_CHANNEL,    /* to monitor */
    SLOT_CONFIG,     /* arrestor.yaml, sealed; absent: the defaults */
    SLOT_LEASES,     /* current lease table in state:; absent: none yet */
    SLOT_BOX,        /* strongbox, read-only */
    SLOT_KEY,        /* its key file, read-only */
    SLOT_PASSPHRASE, /* of the key file, where one was given */
    SLOT_STORE_ENV,  /* VAULT_… of the caller, sealed, each ends with NUL; no secret */
    SLOT_CA,         /* CA bundle, PEM, read-only */
    SLOT_TOKEN,      /* file with a store token, read-only */
    SLOT_ROLE_ID,    /* AppRole's two, read-only */
    SLOT_SECRET_ID,
    SLOT_SESSION,    /* current session in state:; absent: none yet */
    SLOT_DIAL,       /* dial and fetch: connected sockets */
    SLOT_PEER,       /* fetch and place: the transfer */
    SLOT_DIR,        /* deliver.dir */
    SLOT_STATE,      /* deliver.state */
    SLOT_LAUNCH,     /* the directory of frozen copies */
    SLOT_DIR_PARENT, /* where these three lie, to remove them */
    SLOT_STATE_PARENT,
    SLOT_LAUNCH_PARENT,
    SLOT_CONF,        /* frozen copy of SPARK_CONF_DIR */
    SLOT_ARGUMENTS,   /* argv after "--", sealed, each ends with NUL */
    SLOT_ENVIRONMENT, /* recorded environment, sealed, each ends with NUL */
    SLOT_MERGED,      /* merged properties: judge writes, place reads */
    SLOT_REPORT,      /* what `run --dry-run` shows: judge writes; else absent */
    SLOTS
};

/* The first slot's descriptor; the others follow in table order. */
#define SLOT_FIRST 3

/* Descriptors on the job's side. The job: the merged properties. The shell that
 * sources spark-env.sh: where it writes its environment, and one end of a socket
 * pair that monitor has made, by which `arrestor gate` knows it. */
#define LAUNCH_FD 19
#define GATE_FD   20

#endif
