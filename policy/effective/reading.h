/* reading.h: what a key says to its own reader in an effective configuration: under
 * its older names, behind what is put in front of it, from its fallback, inherited
 * (TLS), substituted where its reader substitutes, or by default (reference
 * spark-security 1.6 to 1.10). Pure, and three-valued: what cannot be told stays
 * unknown. */
#ifndef ARRESTOR_POLICY_READING_H
#define ARRESTOR_POLICY_READING_H

#include "policy/effective/setting.h"

struct arena;
struct error;

/* UNSET: nobody says, and there is no default. INVALID: Spark throws when it reads. */
enum reading_state { READING_UNSET, READING_KNOWN, READING_UNKNOWN, READING_INVALID };

enum reading_how {
    READING_OWN,          /* by the key itself */
    READING_ALTERNATIVE,  /* by an older name */
    READING_FALLBACK,     /* by the key that is read in its place */
    READING_INHERITED,    /* TLS: by the same field of spark.ssl */
    READING_SWITCHED_OFF, /* TLS: its namespace is not enabled, so nothing of it is read */
    READING_DEFAULT
};

struct reading {
    enum reading_state state;
    enum reading_how how;
    const char *value;               /* KNOWN: as the reader has it, "true" or "false" of a boolean;
                                        UNKNOWN, INVALID: as far as it can be told, or NULL;
                                        UNSET: NULL */
    const struct setting *setting;   /* that decided; NULL by default */
    const struct setting *prepended; /* what was put in front of it, or NULL */
    bool by_version;                 /* another version of Spark may read it otherwise */
};

struct reading_scope {
    const struct effective *conf;
    const char *const *environment; /* of the process that reads, "K=V", NULL-terminated;
                                       NULL: not known, so that ${env:X} is unknown */
    struct arena *arena;
    int major, minor; /* the Spark that reads; 0, 0: the newest */
};

/* What `key` says to its own reader. A key that the catalogue does not have is read as it is
 * written. Where the configuration is open, what nobody says is unknown. Texts live in the arena or
 * the configuration. 0, or -1 with ERROR_MEMORY. Spark: ConfigEntry.readFrom,
 * SparkConf.getBoolean, TransportConf, SSLOptions.parse; Hadoop:
 * Configuration.substituteVars. */
int reading_of(const struct reading_scope *scope, const char *key, struct reading *ret,
               struct error *err);

/* The same as a ConfigEntry reads it, also where the traffic itself is decided by
 * another reader: spark.network.crypto.enabled " true" is true here, and false there. */
int reading_typed(const struct reading_scope *scope, const char *key, struct reading *ret,
                  struct error *err);

/* Whether it is KNOWN and "true", KNOWN and "false" (or unset), else neither. */
bool reading_is_true(const struct reading *reading);
bool reading_is_false(const struct reading *reading);

#endif
