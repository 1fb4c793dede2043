/* catalogue.h: the keys that Spark reads, per version: type, reader, default, names
 * they had before, and what is a slip of the hand away from a security key.
 *
 * Pure data, compiled in. Spark's part comes from the jars of every supported
 * version (tests/ref/catalogue), what no jar tells from a short list kept by hand
 * (reference spark-security 1.6 to 1.8, 2.1 to 2.9). A version is major and minor;
 * 0, 0 is the newest. One that the catalogue has not counts as the nearest older
 * one, and before the oldest as the oldest. */
#ifndef ARRESTOR_POLICY_CATALOGUE_H
#define ARRESTOR_POLICY_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum catalogue_type {
    TYPE_STRING,
    TYPE_INT,
    TYPE_LONG,
    TYPE_DOUBLE,
    TYPE_TIME,  /* 10, 10s, 5min: a bare number counts in the entry's unit */
    TYPE_BYTES, /* 10, 10k, 2g: a bare number counts in the entry's unit */
    TYPE_ENUM,  /* one of catalogue_values */
    TYPE_REGEX, /* must compile */
    TYPE_LIST,  /* a comma list: each trimmed, the empty ones dropped */
    TYPE_PATH,
    TYPE_CLASS,
    TYPE_JVM_OPTIONS, /* words for a Java command line */
    TYPE_BOOL_TYPED, /* ConfigEntry: trimmed, ${…} substituted, true or false, else an exception */
    TYPE_BOOL_RAW,   /* SparkConf.getBoolean: not trimmed, true or false, else an exception */
    TYPE_BOOL_TRANSPORT, /* TransportConf: Java parseBoolean, so that all but "true" is false */
    TYPE_BOOL_HADOOP     /* Configuration.getBoolean: trimmed; all else is the default */
};

enum catalogue_unit {
    UNIT_NONE,
    UNIT_US,
    UNIT_MS,
    UNIT_S,
    UNIT_MIN,
    UNIT_H,
    UNIT_D,
    UNIT_B,
    UNIT_KIB,
    UNIT_MIB,
    UNIT_GIB,
    UNIT_NS
};

/* Who knows the key, which decides what spark.conf.set does with it. */
enum catalogue_kind {
    KIND_TEXT, /* no ConfigEntry, only text in the code: spark.conf.set is accepted, without effect
                */
    KIND_CORE, /* a ConfigEntry that is none of SQL's: spark.conf.set raises CANNOT_MODIFY_CONFIG */
    KIND_STATIC, /* a static key of SQL: spark.conf.set raises */
    KIND_SQL     /* a key of a session: spark.conf.set changes it */
};

enum catalogue_owner { CATALOGUE_JOB, CATALOGUE_CLUSTER, CATALOGUE_PLATFORM };

struct catalogue_entry {
    uint32_t name;  /* catalogue_key */
    uint16_t first; /* its facts, for the functions below */
    uint8_t fact_count;
    uint8_t versions; /* one bit a version, from the oldest */
    uint8_t type;     /* enum catalogue_type */
    uint8_t unit;     /* enum catalogue_unit: of a bare number */
    uint8_t kind;     /* enum catalogue_kind */
    uint8_t owner;    /* enum catalogue_owner: who can set it */
    bool security;    /* a slip of the hand on this key is worth a finding */
    bool substitutes; /* its reader resolves ${…} */
    bool folds;       /* upper or lower case makes no difference to a value */
};

/* Versions of Spark that the catalogue knows, at most; one bit each. */
#define CATALOGUE_VERSIONS 8

/* Version number index, from the oldest on. False behind the newest. */
bool catalogue_version(size_t index, int *major, int *minor);

/* The entry of exactly this key in any version, or NULL. */
const struct catalogue_entry *catalogue_find(const char *key);

/* The entry that says how a key is read: its own, or where the key is that of one bucket
 * (spark.hadoop.fs.s3a.bucket.B.endpoint), the one for all. Or NULL. Hadoop:
 * S3AUtils.propagateBucketOptions. */
const struct catalogue_entry *catalogue_reader(const char *key);

/* The key that is read where that of one bucket is not set, or NULL. */
const char *catalogue_of_all(const char *key);

/* The key of an entry. */
const char *catalogue_key(const struct catalogue_entry *entry);

/* Entry number index in the order of keys, or NULL behind the last. */
const struct catalogue_entry *catalogue_at(size_t index);

/* Whether that version reads the key: it has an entry there, or stands in a family. */
bool catalogue_exists(const char *key, int major, int minor);

/* The longest family of names that the key stands in (spark.executorEnv.,
 * spark.hadoop., spark.sql.catalog.), as its prefix, or NULL. A key that is nothing
 * but the prefix stands in none. */
const char *catalogue_family(const char *key);

/* The default in that version, or NULL where the key is unknown, has none, has
 * that of catalogue_fallback, or Spark computes it when it runs. */
const char *catalogue_default(const char *key, int major, int minor);

/* The same of an entry; NULL: of a key that is unknown. */
const char *catalogue_default_of(const struct catalogue_entry *entry, int major, int minor);

/* Whether the versions of the catalogue disagree about what is read where the key itself
 * is not set: its older names, what is put in front, its fallback, its default. */
bool catalogue_varies(const struct catalogue_entry *entry);

/* Another name under which a key may be written. What is written there in a bare
 * number counts times `times`, with `unit` behind it ("10" for
 * spark.kryoserializer.buffer.mb is "10000k"). */
struct catalogue_alternative {
    const char *key;
    unsigned times;   /* 1: as it is */
    const char *unit; /* "": none */
};

/* The older name that Spark tries as number index, from 0, when the key itself is
 * not set: first SparkConf's own list, then the entry's. False behind the last. */
bool catalogue_alternative(const struct catalogue_entry *entry, int major, int minor, size_t index,
                           struct catalogue_alternative *ret);

/* The key whose value is put in front of this one's, with *separator between, or
 * NULL. Both may be set, or one. */
const char *catalogue_prepended(const struct catalogue_entry *entry, int major, int minor,
                                const char **separator);

/* The key that is read when this one and its older names are not set, or NULL. */
const char *catalogue_fallback(const struct catalogue_entry *entry, int major, int minor);

/* Since which version ("3.0.0") Spark warns of this key; NULL: it does not. *instead
 * is what it says to do, as Spark words it, and may be "". */
const char *catalogue_deprecated(const struct catalogue_entry *entry, int major, int minor,
                                 const char **instead);

/* The one value that SQL still accepts for a key that it no longer reads, or NULL; any
 * other is refused when it is set. */
const char *catalogue_removed(const struct catalogue_entry *entry, int major, int minor);

/* Value number index that the reader takes, of TYPE_ENUM, or NULL behind the last. */
const char *catalogue_value(const struct catalogue_entry *entry, int major, int minor,
                            size_t index);

/* The version of Spark that brought the key, as Spark says ("1.0.0"), or NULL. */
const char *catalogue_since(const struct catalogue_entry *entry);

/* The security key that `key` was probably meant to be: a few letters, the case
 * or a trap of the documentation away, or NULL. A key that Spark, Hadoop or a
 * known connector reads, in any version, is never near. */
const char *catalogue_near_miss(const char *key);

#endif
