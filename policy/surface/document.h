/* document.h: what a reader of a surface gives: the launches that one input
 * writes down, and settings that belong to none. Pure.
 *
 * A reader only says what is written, with its place; what Spark makes of it is
 * told by policy/effective. Texts live in the builder's arena or in the input.
 * Unknown parts stand in their marks (unknown.h). */
#ifndef ARRESTOR_POLICY_DOCUMENT_H
#define ARRESTOR_POLICY_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/place.h"
#include "policy/surface/setting.h"

struct arena;
struct error;

/* One word of a command line. Where it is "KEY=VALUE" and the two stand in
 * different places (a mapping in YAML), value_origin tells that of VALUE. */
struct document_word {
    const char *text;
    struct origin origin;
    struct origin value_origin; /* kind ORIGIN_UNSET: within the word */
};

/* Lists of settings that a launch can have, weakest first. What each is to
 * Spark: */
enum document_list {
    DOCUMENT_HADOOP,      /* core-site.xml and its like: keys without "spark.hadoop." */
    DOCUMENT_ENVIRONMENT, /* variables that its process is given; the key is the name */
    DOCUMENT_JAVA,        /* options of Java beside the configuration; the key is their place */
    DOCUMENT_DEFAULTS,    /* its spark-defaults.conf */
    DOCUMENT_CONF,    /* settings of a launch that has no command line (a CRD, a cluster JSON) */
    DOCUMENT_CODE,    /* set by the job's source before SparkContext starts */
    DOCUMENT_RUNTIME, /* set by the job's source after the start, where that has an effect */
    DOCUMENT_INEFFECTIVE, /* set by the job's source where Spark raises or does not look */
    DOCUMENT_FACTS,       /* what is no setting: DOCUMENT_FACT_… */
    DOCUMENT_LISTS
};

/* Names of facts. A mount's value is "hostPath:/data -> /mnt". */
#define DOCUMENT_FACT_VERSION "spark-version"
#define DOCUMENT_FACT_IMAGE   "image"
#define DOCUMENT_FACT_PLATFORM                                                                     \
    "platform" /* kubernetes, emr, emr-eks, emr-serverless, databricks, livy … */
#define DOCUMENT_FACT_NAMESPACE       "namespace"
#define DOCUMENT_FACT_SERVICE_ACCOUNT "service-account"
#define DOCUMENT_FACT_HOST_NETWORK    "host-network"
#define DOCUMENT_FACT_PRIVILEGED      "privileged"
#define DOCUMENT_FACT_MOUNT           "mount"
#define DOCUMENT_FACT_RELEASE         "release" /* of the platform: emr-7.1.0, 14.3.x-scala2.12 */

struct document_launch {
    const char *title; /* for people: "SparkApplication etl/pi", "spark-submit" */
    struct origin origin;
    const struct document_word *words; /* argv, the program first; none: no command line */
    size_t word_count;
    struct setting_list lists[DOCUMENT_LISTS];
    struct origin unset;       /* where a setting would go that nobody made; kind ORIGIN_UNSET */
    const struct origin *open; /* where something unknown may add options or settings; NULL */
};

/* A text within the input that another reader may know: a manifest in a script, a file
 * that the script writes. kind/ follows them, because rooms know little of each other. */
struct document_text {
    const char *bytes; /* NUL behind; unknown parts in their marks */
    size_t length;
    struct place_map map;
    const char *hint; /* "kubernetes", "emr", or the name of a file with such a text */
};

struct document {
    const struct document_launch *launches;
    size_t launch_count;
    struct setting_list loose; /* of no launch: credentials, options of a data source */
    const struct note *notes;
    size_t note_count;
    const struct document_text *texts; /* that this reader does not look into */
    size_t text_count;
};

/* Builds one document. After a failure every further call fails as well, so that
 * only document_end needs to be looked at. */
struct document_builder {
    struct arena *arena;
    struct error *err;
    bool failed;
    enum written_form form; /* of what is added from here on, where its places do not say it */
    struct document_launch *launches;
    size_t launch_count, launch_room;
    struct setting *lists[DOCUMENT_LISTS]; /* of the last launch */
    size_t list_room[DOCUMENT_LISTS];
    struct document_word *words;
    size_t word_room;
    struct setting *loose;
    size_t loose_count, loose_room;
    struct note *notes;
    size_t note_count, note_room;
    struct document_text *texts;
    size_t text_count, text_room;
};

/* An empty builder; what goes wrong later is told in err. */
struct document_builder document_begin(struct arena *arena, struct error *err);

/* A launch; words and settings that follow are its own. */
void document_launch(struct document_builder *b, const char *title, const struct origin *origin);

/* Whether a launch has been begun. */
bool document_has_launch(const struct document_builder *b);

/* To the launch that was begun last (none: the call fails). A word's value_origin
 * may be NULL. A word is written as WRITTEN_COMMAND where its origin does not say otherwise. */
void document_word(struct document_builder *b, const char *text, const struct origin *origin,
                   const struct origin *value_origin);
void document_set(struct document_builder *b, enum document_list list, const char *key,
                  const char *value, const struct origin *origin,
                  const struct origin *value_origin);

/* Where a further setting of the last launch would go, if not where it begins. */
void document_unset(struct document_builder *b, const char *file, size_t line, size_t column);

/* Something unknown may add to the last launch here. The first place is kept. */
void document_open(struct document_builder *b, const struct origin *origin);

/* A setting of no launch. */
void document_add_loose(struct document_builder *b, const char *key, const char *value,
                        const struct origin *origin, const struct origin *value_origin);

/* A sentence for whoever reads the report, never with a value. */
void document_note(struct document_builder *b, const struct origin *origin, const char *text);

/* Hands a text out. */
void document_text(struct document_builder *b, const struct document_text *text);

/* The whole. 0, or -1 with ERROR_MEMORY, or ERROR_INPUT beyond LIMIT_SETTINGS,
 * LIMIT_ARGUMENTS or LIMIT_LAUNCHES (of texts too); *ret is then untouched. */
int document_end(struct document_builder *b, struct document *ret);

/* Adds all of other to the builder, in its order: for a reader that finds another
 * surface within its own (a script in a YAML block). */
void document_join(struct document_builder *b, const struct document *other);

/* Reads a text that stands where map says, into the builder. 0, or -1 with the builder's
 * error filled. */
typedef int document_read_text(const char *bytes, size_t length, const struct place_map *map,
                               struct document_builder *b);

/* The document of such a text by itself. 0, or -1 with *ret untouched: it cannot be read, and
 * a note at its first byte says "WHAT: why"; the builder fails where memory is exhausted. */
int document_read_inner(struct document_builder *b, const struct document_text *text,
                        document_read_text *read, const char *what, struct document *ret);

#endif
