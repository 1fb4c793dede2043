/* rule_load.h: a pack of rules from strict YAML. Pure: bytes in, data out.
 *
 *   pack: my-team                  # name
 *   title: What our team asks for
 *   includes: [spark-baseline]     # packs by name; their rules come first
 *   rules:
 *     - id: TEAM-AUTH-001          # capitals, digits, dashes
 *       title: RPC connections are authenticated
 *       severity: low | medium | high | critical
 *       owner: job | cluster | platform         # who can mend it
 *       each: spark.sql.catalog.*               # optional: for each name that stands there
 *       when: {not: {master: local}}            # optional; else always
 *       require: {spark.authenticate: true}
 *       because: Why it matters.
 *       fix: {set: {spark.authenticate: "true"}, text: What else to do}   # or only text
 *       refs: [spark-security#authentication]   # optional
 *       examples:                               # one mapping of settings, or a list
 *         pass: {spark.master: yarn, spark.authenticate: "true"}
 *         fail: {spark.master: yarn}            # version: "4.0" says which Spark
 *
 * `when` and `require` are mappings; several entries all hold. An entry is
 *   all: […]  any: […]  not: {…}       mappings of the same kind
 *   master: yarn                       local, yarn, standalone, kubernetes, or a list
 *   since: "4.0"   before: "4.0"       this version of Spark or a later one; an earlier one
 *   spark.KEY: VALUE                   typed equality
 *   spark.KEY: {OPERATOR: …}           present, absent: true; at-least, at-most: NUMBER;
 *                                      one-of, like, unlike, without, items-like,
 *                                      items-unlike, jvm-without: […]; several all hold
 *   spark.sql.catalog.*.KEY: …         the same under the name at hand of `each`; without
 *                                      a name the rule holds
 *   no-plaintext: [KEY GLOB, …]        no-embedded-secret: […]   no-near-miss: security
 *   no-ineffective: security
 * A list of globs matches what one of them matches and none that begins with '!'.
 * The last four speak of every setting that matches and stand only at the top
 * of require; rules with the first two have ids that begin PLAINTEXT-.
 *
 * What a key that nobody set means: the default of Spark's version, where the
 * catalogue has one (policy/rules/rule_check.h).
 *
 * Errors, all with line and column: an unknown field, operator or key (the
 * nearest is named; a glob is no key), a value that is none of its key's type, a
 * duplicate id, a rule without because, fix or examples, more than
 * LIMIT_RULE_NODES nodes in a rule, a pack without rules. */
#ifndef ARRESTOR_POLICY_RULE_LOAD_H
#define ARRESTOR_POLICY_RULE_LOAD_H

#include <stddef.h>

#include "policy/rules/rule.h"

struct arena;
struct error;

/* Ids of rules that PLAINTEXT operators may stand in. */
#define RULE_PLAINTEXT_PREFIX "PLAINTEXT-"

/* Name of the entry of an example that says which Spark it speaks of. */
#define RULE_EXAMPLE_VERSION "version"

/* Before a key of an example: the job's source sets it where it has no effect. */
#define RULE_EXAMPLE_INEFFECTIVE "ineffective "

/* Reads a pack into the arena. name (a path) stands in errors. Includes are not
 * followed here (rule_pack.h). 0, or -1 with ERROR_POLICY, place, excerpt and
 * what to write; *ret is then untouched. */
int rule_load(const char *bytes, size_t length, const char *name, struct arena *arena,
              struct pack *ret, struct error *err);

#endif
