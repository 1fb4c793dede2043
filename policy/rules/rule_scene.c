#include "policy/rules/rule_scene.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

/* The same scenes again for each further JVM that has options, and for all as one. */
static size_t add_jvms(const struct effective *conf, struct scene *scenes, size_t count) {
    static const unsigned others[] = {JVM_SUBMIT, JVM_LAUNCHER, JVM_SUBMIT | JVM_LAUNCHER};
    size_t total = count;
    unsigned reached = 0;
    for (size_t i = 0; i < conf->java_count; i++)
        reached |= conf->java_jvms[i];
    for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
        bool as_one = j + 1 == sizeof others / sizeof others[0];
        for (size_t i = 0; (reached & others[j]) != 0 && i < count; i++) {
            scenes[total] = scenes[i];
            scenes[total++].jvms = as_one ? JVM_ALL : others[j];
        }
    }
    return total;
}

/* A version for each kind of master that it may be. */
static size_t add_masters(const struct scene *like, struct scene *scenes) {
    static const enum master_kind clusters[] = {MASTER_YARN, MASTER_STANDALONE, MASTER_KUBERNETES};
    enum master_kind told = like->conf->master;
    if (told != MASTER_UNTOLD && told != MASTER_UNKNOWN) {
        scenes[0] = *like;
        scenes[0].master = told;
        return 1;
    }
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        scenes[i] = *like;
        scenes[i].master = clusters[i];
    }
    return sizeof clusters / sizeof clusters[0];
}

struct scene_readings readings_make(void) {
    return (struct scene_readings){.arena = arena_make(LIMIT_ARENA_BYTES),
                                   .words = arena_make(LIMIT_ARENA_BYTES)};
}

void readings_clear(struct scene_readings *readings) {
    arena_clear(&readings->arena);
    readings->count = 0;
}

void readings_free(struct scene_readings *readings) {
    arena_free(&readings->arena);
    arena_free(&readings->words);
    readings->count = 0;
}

size_t scene_list(const struct effective *conf, struct scene_marks *marks,
                  struct scene_readings *readings, struct scene scenes[SCENES]) {
    struct scene scene = {.conf = conf,
                          .marks = marks,
                          .readings = readings,
                          .major = conf->spark_major,
                          .minor = conf->spark_minor,
                          .jvms = JVM_DRIVER};
    size_t count = 0;
    *marks = (struct scene_marks){0};
    if (conf->spark_major > 0)
        count = add_masters(&scene, scenes);
    for (size_t i = CATALOGUE_VERSIONS; conf->spark_major == 0 && i > 0; i--)
        if (catalogue_version(i - 1, &scene.major, &scene.minor))
            count += add_masters(&scene, scenes + count);
    return add_jvms(conf, scenes, count);
}

static void forget_reads(const struct scene *scene) {
    scene->marks->version = scene->marks->master = false;
}

size_t scene_first(const struct scene *scenes) {
    forget_reads(scenes);
    return 0;
}

/* Scenes of the same JVMs stand together, the masters of a version within them. */
size_t scene_after(const struct scene *scenes, size_t count, size_t i) {
    const struct scene_marks *marks = scenes[i].marks;
    size_t first = i, next = i + 1;
    while (first > 0 && scenes[first - 1].jvms == scenes[i].jvms)
        first--;
    for (; next < count && scenes[next].jvms == scenes[i].jvms; next++) {
        bool version =
            scenes[next].major != scenes[first].major || scenes[next].minor != scenes[first].minor;
        bool master = scenes[next].master != scenes[first].master;
        if ((!version || marks->version) && (!master || marks->master))
            return next;
    }
    forget_reads(&scenes[i]);
    return next;
}

const char *scene_name(const struct scene *scene, const char *text) {
    const char *star = scene->name == NULL ? NULL : strchr(text, '*');
    if (star == NULL)
        return text;
    const char *named = arena_printf(&scene->readings->arena, "%.*s%s%s", (int)(star - text), text,
                                     scene->name, star + 1);
    if (named == NULL)
        scene->marks->starved = true;
    return named;
}

/* These two readers take every text as it stands. */
static bool is_literal(const char *key) {
    const struct catalogue_entry *entry = catalogue_find(key);
    return entry != NULL && (entry->type == TYPE_BOOL_RAW || entry->type == TYPE_BOOL_TRANSPORT);
}

static struct reading read_anew(const struct scene *scene, const char *pattern) {
    struct scene_readings *readings = scene->readings;
    const char *key = scene_name(scene, pattern);
    const struct reading_scope scope = {.conf = scene->conf,
                                        .arena = &readings->arena,
                                        .major = scene->major,
                                        .minor = scene->minor};
    struct reading reading;
    struct error ignored;
    if (key == NULL || reading_of(&scope, key, &reading, &ignored) != 0) {
        scene->marks->starved = true;
        return (struct reading){.state = READING_UNKNOWN};
    }
    if (reading.value != NULL && strstr(reading.value, "${") != NULL && !is_literal(key))
        reading.state = READING_UNKNOWN;
    if (readings->count < READINGS_KEPT) {
        size_t at = readings->count++;
        readings->kept[at].key = pattern;
        readings->kept[at].major = scene->major;
        readings->kept[at].minor = scene->minor;
        readings->kept[at].reading = reading;
    }
    return reading;
}

/* Whether what was kept there is what the scene would read. */
static bool is_kept(const struct scene *scene, size_t i, const char *pattern) {
    const struct scene_readings *readings = scene->readings;
    return readings->kept[i].key == pattern &&
           (!readings->kept[i].reading.by_version ||
            (readings->kept[i].major == scene->major && readings->kept[i].minor == scene->minor));
}

struct reading scene_read(const struct scene *scene, const char *pattern) {
    const struct scene_readings *readings = scene->readings;
    size_t i = 0;
    while (i < readings->count && !is_kept(scene, i, pattern))
        i++;
    struct reading reading =
        i < readings->count ? readings->kept[i].reading : read_anew(scene, pattern);
    if (reading.by_version)
        scene->marks->version = true;
    return reading;
}
