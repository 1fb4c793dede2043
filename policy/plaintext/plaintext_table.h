/* plaintext_table.h: families of keys and their readers. Used inside
 * policy/plaintext only. */
#ifndef ARRESTOR_POLICY_PLAINTEXT_TABLE_H
#define ARRESTOR_POLICY_PLAINTEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/plaintext/plaintext.h"

/* How sure the key is that a secret stands under it. */
enum key_family {
    FAMILY_NONE,
    FAMILY_EXACT,    /* known to hold a secret, whatever it looks like */
    FAMILY_PASSWORD, /* called a password: only a boolean, a path or a class is none */
    FAMILY_SOUNDING  /* called token, key …: a number is none either */
};

/* What replaces ${…} in a value. */
enum key_reader {
    READER_RAW,         /* nobody */
    READER_SPARK,       /* ConfigReader: ${env:X}, ${system:x}, ${spark.x} */
    READER_HADOOP,      /* Configuration: ${env.X}, ${env.X:-d}, ${property} */
    READER_ENVIRONMENT, /* becomes a variable of a container: $(X) on Kubernetes, a shell on YARN */
    READER_UNKNOWN      /* no key of Spark: whoever reads the file */
};

/* The key's family, from the tables in plaintext_key.c; without regard to case. */
enum key_family plaintext_family(const char *key);

/* Who reads the key (reference spark-security 1.6). */
enum key_reader plaintext_reader(const char *key);

/* Whether outputs hide the value under this key unless it is plainly harmless. */
bool plaintext_key_is_shy(const char *key);

/* Class of a text that stands where a secret belongs, by its look, by what the
 * reader would replace and by how sure its name is. */
enum value_class plaintext_look(const char *text, size_t length, enum key_reader reader,
                                enum key_family family);

#endif
