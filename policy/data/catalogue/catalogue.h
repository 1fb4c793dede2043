/* catalogue.h: Spark's security keys: type, reader, default by version, and what
 * is a slip of the hand away from them. Pure data (reference spark-security 2.1
 * to 2.9; types and readers 1.8). */
#ifndef ARRESTOR_POLICY_CATALOGUE_H
#define ARRESTOR_POLICY_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

enum catalogue_type {
    TYPE_STRING,
    TYPE_INT,
    TYPE_LIST,
    TYPE_PATH,
    TYPE_CLASS,
    TYPE_JVM_OPTIONS, /* words for a Java command line */
    TYPE_BOOL_TYPED, /* ConfigEntry: trimmed, ${…} substituted, true or false, else an exception */
    TYPE_BOOL_RAW,   /* SparkConf.getBoolean: not trimmed, true or false, else an exception */
    TYPE_BOOL_TRANSPORT, /* TransportConf: Java parseBoolean, so that all but "true" is false */
    TYPE_BOOL_HADOOP     /* Configuration.getBoolean: trimmed; all else is the default */
};

struct catalogue_entry {
    const char *key;
    enum catalogue_type type;
    const char *default_3;            /* as Spark 3.x has it; NULL: unset */
    const char *default_4;            /* from since_4 on, where it differs; NULL: as default_3 */
    int changed_major, changed_minor; /* version from which default_4 holds */
    bool security;                    /* a slip of the hand on this key is worth a finding */
};

enum catalogue_truth { CATALOGUE_FALSE, CATALOGUE_TRUE, CATALOGUE_INVALID, CATALOGUE_UNKNOWN };

/* The entry of exactly this key, or NULL. */
const struct catalogue_entry *catalogue_find(const char *key);

/* The default in that version (0, 0: the newest), or NULL where the key is
 * unknown or has none. */
const char *catalogue_default(const char *key, int major, int minor);

/* The security key that `key` was probably meant to be: a few letters, the case
 * or a trap of the documentation away, or NULL. A key that Spark, Hadoop or a
 * known connector reads is never near. */
const char *catalogue_near_miss(const char *key);

/* The value as the key's own reader sees it. INVALID: Spark throws when it reads
 * it. UNKNOWN: a template, or a reference that is resolved only at the launch. A key that
 * is not in the catalogue is read as TYPE_BOOL_TYPED. */
enum catalogue_truth catalogue_boolean(const char *key, const char *value);

#endif
