/* reading_text.h: how the readers of keys take their texts apart. Used inside
 * policy/effective only. */
#ifndef ARRESTOR_POLICY_READING_TEXT_H
#define ARRESTOR_POLICY_READING_TEXT_H

#include "policy/data/catalogue/catalogue.h"
#include "policy/effective/reading.h"

/* One setting as it is read under a key: its own, else that of an older name, with
 * the value translated. setting NULL: nobody says. */
struct reading_text {
    const struct setting *setting;
    const char *value;
    bool own;     /* not by an older name */
    bool invalid; /* the older name's value cannot be translated */
};

/* entry: the key's own in the catalogue, or NULL. 0, or -1 with ERROR_MEMORY. Spark:
 * SparkConf.getDeprecatedConfig, and the alternatives of a ConfigEntry. */
int reading_find(const struct reading_scope *scope, const char *key,
                 const struct catalogue_entry *entry, struct reading_text *ret, struct error *err);

/* Resolves ${spark.key}, ${env:X} and ${system:x} in ret->value; what cannot be told
 * makes it UNKNOWN, a circle INVALID. Any other state stays. 0 or -1. Spark:
 * ConfigReader.substitute. */
int reading_substitute(const struct reading_scope *scope, struct reading *ret, struct error *err);

/* The same with Hadoop's rules: ${name}, ${env.X}, ${env.X-default}, ${env.X:-default}.
 * Hadoop: Configuration.substituteVars. */
int reading_substitute_hadoop(const struct reading_scope *scope, struct reading *ret,
                              struct error *err);

/* Converts a KNOWN text as the type's reader does: booleans become "true" or "false",
 * what it would throw at becomes INVALID. 0 or -1. */
int reading_convert(const struct reading_scope *scope, enum catalogue_type type,
                    struct reading *ret, struct error *err);

/* A field of spark.ssl or of one of its namespaces; false where the key is none. */
bool reading_is_ssl(const char *key);
int reading_ssl(const struct reading_scope *scope, const char *key, struct reading *ret,
                struct error *err);

/* Error of exhausted memory; -1. */
int reading_out_of_memory(struct error *err);

#endif
