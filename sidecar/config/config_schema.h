/* config_schema.h: arrestor.yaml described for editors. Pure. */
#ifndef ARRESTOR_CONFIG_SCHEMA_H
#define ARRESTOR_CONFIG_SCHEMA_H

struct buffer;

/* Appends a JSON Schema (draft 2020-12) of arrestor.yaml, made from the same
 * rows that config_parse reads by. What it refuses, config_parse refuses too; the
 * other way round holds for keys, but not for all values: that a reference names
 * a declared secret, say, no schema can tell. */
void config_schema(struct buffer *out);

#endif
