#include "sidecar/judge/judge_documents.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/input/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted while reading a launch");
}

/* Whether there is nothing but blanks and comments. */
static bool is_silent(const struct input_file *file) {
    const char *p = file->bytes;
    while (*p != '\0') {
        p += strspn(p, " \t\r\n\f");
        if (*p != '\0' && *p != '#' && *p != '!')
            return false;
        p += strcspn(p, "\n");
    }
    return p == file->bytes + file->length;
}

int judge_document_read(const struct input_file *file, bool nameless, const struct judge_wish *wish,
                        struct arena *arena, struct judge_document *ret, struct error *err) {
    struct surface_input input = {
        .label = file->path, .bytes = file->bytes, .length = file->length};
    struct judge_document found = {.kind = wish->as != NULL ? wish->as : kind_recognise(&input)};
    if (found.kind == NULL && nameless && is_silent(file))
        found.kind = kind_find("properties");
    if (found.kind != NULL && found.kind->read(&input, arena, &found.document, err) != 0)
        return -1;
    *ret = found;
    return 0;
}

int judge_document_refuse(const char *label, struct error *err) {
    struct buffer kinds = buffer_make(LIMIT_ERROR_TODO - 1);
    for (size_t i = 0; i < kind_count; i++)
        buffer_printf(&kinds, "%s%s", i == 0 ? "" : ", ", kind_table[i].name);
    error_set(err, ERROR_INPUT, "nothing in it is known to start or configure Spark");
    error_at(err, label, 0, 0);
    error_todo(err, "--as KIND reads it as one of: %s", kinds.data != NULL ? kinds.data : "");
    buffer_free(&kinds);
    return -1;
}

struct effective judge_document_loose(const struct document *document) {
    return (struct effective){
        .ignored = document->loose.items, .ignored_count = document->loose.count, .loose = true};
}

/* A launch while it is resolved. */
struct resolving {
    const struct judge_place *place;
    const struct judge_wish *wish;
    struct arena *arena;
    struct error *err;
    struct document_launch written; /* with what was found in the job's source */
    struct launch launch;
    struct launch_plan plan;
    struct launch_sources sources;
    struct input_file files[3];
    struct input_file *extra;
    struct note *notes;
    size_t note_count;
    const struct origin *open; /* a file that is not at hand may set more */
    struct setting *shipped;   /* what stands in files that go along, beside Spark's keys */
    size_t shipped_count, shipped_room;
};

static struct origin place_of_word(const struct resolving *r, size_t index) {
    return index < r->written.word_count ? r->written.words[index].origin : r->written.origin;
}

/* The place of a fault: that of the launch, unless the error has one in this input. */
static int fault_at(struct resolving *r) {
    const struct origin *origin = &r->written.origin;
    if (r->err->code == ERROR_USAGE)
        r->err->code = ERROR_INPUT;
    if (r->err->line > 0 || r->err->code == ERROR_MEMORY || origin->file == NULL)
        return -1;
    return error_at(r->err, origin->file, origin->line, origin->column);
}

static int add_note(struct resolving *r, struct origin origin, const char *path, const char *text) {
    const char *shown = unknown_show(r->arena, path);
    const char *sentence = shown == NULL ? NULL : arena_printf(r->arena, "%s %s", shown, text);
    if (sentence == NULL || r->note_count == LIMIT_PROPERTIES_ARGUMENTS + 4)
        return sentence == NULL ? memory_fault(r->err) : 0;
    r->notes[r->note_count++] = (struct note){origin, sentence};
    return 0;
}

/* Opens what a launch names: beside its own file, then from the root on. *label is how
 * it is shown. -1: not there. */
static int open_named(struct resolving *r, const char *path, const char **label) {
    const struct judge_place *place = r->place;
    const char *slash = strrchr(place->within, '/');
    int length = slash == NULL ? 0 : (int)(slash + 1 - place->within);
    char flat[LIMIT_WALK_PATH];
    *label = NULL;
    if (place->root < 0 || unknown_in(path) || path[0] == '/')
        return -1;
    for (int i = length > 0 ? 0 : 1; i < 2; i++) {
        const char *tried =
            i == 0 ? arena_printf(r->arena, "%.*s%s", length, place->within, path) : path;
        int fd = tried == NULL || !input_flatten(tried, flat, sizeof flat)
                     ? -1
                     : input_open_beneath(place->root, flat);
        if (fd < 0)
            continue;
        bool shown = place->label[0] != '\0' && strcmp(place->label, ".") != 0;
        bool slashed = shown && text_ends(place->label, "/");
        *label = arena_printf(r->arena, "%s%s%s", shown ? place->label : "",
                              shown && !slashed ? "/" : "", flat);
        return fd;
    }
    return -1;
}

/* Notes that a file was read. 0 or -1. */
static int note_use(struct resolving *r, int fd) {
    struct judge_uses *uses = r->place->uses;
    struct stat st;
    if (uses == NULL || fstat(fd, &st) != 0)
        return 0;
    for (size_t i = 0; i < uses->count; i++)
        if (uses->items[i].inode == st.st_ino && uses->items[i].device == st.st_dev)
            return 0;
    struct judge_file_id *grown =
        arena_grow(uses->arena, uses->items, uses->count, &uses->room, sizeof *grown);
    if (grown == NULL)
        return memory_fault(r->err);
    uses->items = grown;
    grown[uses->count++] = (struct judge_file_id){st.st_dev, st.st_ino};
    return 0;
}

/* Reads a named file. 1, 0 where it cannot be found, or -1. */
static int read_named(struct resolving *r, const char *path, struct input_file *ret) {
    const char *label;
    int fd = open_named(r, path, &label);
    if (fd < 0)
        return 0;
    int status =
        label == NULL ? memory_fault(r->err) : input_read(fd, label, r->arena, ret, r->err);
    if (status == 0)
        status = note_use(r, fd);
    (void)close(fd);
    return status == 0 ? 1 : -1;
}

/* A properties file that the command line names. Where it cannot be found, an empty one
 * stands for it and the launch is open. */
static int take_properties(struct resolving *r, const struct properties_argument *argument,
                           struct input_file *ret) {
    int found = read_named(r, argument->path, ret);
    if (found != 0)
        return found < 0 ? -1 : 0;
    struct origin *origin = arena_array(r->arena, 1, sizeof *origin);
    const char *shown = unknown_show(r->arena, argument->path);
    if (origin == NULL || shown == NULL)
        return memory_fault(r->err);
    *origin = place_of_word(r, argument->argv);
    r->open = r->open == NULL ? origin : r->open;
    *ret = (struct input_file){.path = shown, .bytes = "", .length = 0};
    return add_note(r, *origin, argument->path, "is not at hand: what it sets is unknown here");
}

static int take_files(struct resolving *r) {
    const struct launch_arguments *arguments = &r->plan.arguments;
    size_t extra = 0;
    r->extra = arena_array(r->arena, r->plan.extra_count + 1, sizeof *r->extra);
    if (r->extra == NULL)
        return memory_fault(r->err);
    const struct properties_argument *last = NULL;
    for (size_t i = 0; i < arguments->properties_count; i++) {
        const struct properties_argument *argument = &arguments->properties[i];
        if (!argument->extra)
            last = argument;
        else if (take_properties(r, argument, &r->extra[extra++]) != 0)
            return -1;
    }
    if (last != NULL && take_properties(r, last, &r->files[0]) != 0)
        return -1;
    r->sources.properties = last != NULL ? &r->files[0] : NULL;
    r->sources.extra = r->extra;
    r->sources.extra_count = extra;
    return 0;
}

/* spark-defaults.conf and java-opts of a configuration directory that is named: Spark does
 * without them where they are not there. */
static int take_defaults(struct resolving *r) {
    const struct launch_plan *plan = &r->plan;
    const struct input_file **taken[] = {&r->sources.defaults, &r->sources.java_opts};
    const char *paths[] = {plan->defaults_in_force ? plan->defaults_path : NULL,
                           plan->java_opts_path};
    const char **labels[] = {&r->plan.defaults_label, &r->plan.java_opts_label};
    for (size_t i = 0; i < 2; i++) {
        int found = paths[i] == NULL ? 0 : read_named(r, paths[i], &r->files[i + 1]);
        if (found < 0)
            return -1;
        if (found > 0) {
            *taken[i] = &r->files[i + 1];
            *labels[i] = r->files[i + 1].path;
        }
    }
    return r->sources.defaults != NULL || paths[0] == NULL
               ? 0
               : add_note(r, r->written.origin, paths[0], "is not at hand and was not judged");
}

/* Appends what the launches of a document set in their lists. 0 or -1. */
static int join_list(struct resolving *r, enum document_list list,
                     const struct document *document) {
    struct setting_list *into = &r->written.lists[list];
    size_t count = into->count;
    for (size_t i = 0; i < document->launch_count; i++)
        count += document->launches[i].lists[list].count;
    struct setting *items = arena_array(r->arena, count, sizeof *items);
    if (items == NULL)
        return memory_fault(r->err);
    if (into->count > 0)
        memcpy(items, into->items, into->count * sizeof *items);
    size_t at = into->count;
    for (size_t i = 0; i < document->launch_count; i++) {
        const struct setting_list *from = &document->launches[i].lists[list];
        if (from->count > 0)
            memcpy(items + at, from->items, from->count * sizeof *items);
        at += from->count;
    }
    into->items = items;
    into->count = count;
    return 0;
}

/* The job's own source, where the command line names it and it can be found. */
static int take_source(struct resolving *r) {
    static const enum document_list lists[] = {DOCUMENT_CODE, DOCUMENT_RUNTIME,
                                               DOCUMENT_INEFFECTIVE};
    const char *path = r->plan.arguments.resource.text;
    struct judge_wish wish = {0};
    struct judge_document found;
    struct input_file *file = arena_array(r->arena, 1, sizeof *file);
    if (file == NULL)
        return memory_fault(r->err);
    if (path == NULL || !text_ends(path, ".py"))
        return 0;
    int status = read_named(r, path, file);
    if (status <= 0)
        return status;
    if (judge_document_read(file, false, &wish, r->arena, &found, r->err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (join_list(r, lists[i], &found.document) != 0)
            return -1;
    for (size_t i = 0; i < found.document.launch_count; i++)
        r->open = r->open == NULL ? found.document.launches[i].open : r->open;
    return 0;
}

/* Files that configure something where the job finds them beside itself: what they hold
 * goes along with the launch. */
static bool is_configuration(const char *path) {
    static const char *const globs[] = {"*-site.xml", "metrics*.properties", "log4j*.properties",
                                        "log4j*.xml", "log4j*.yaml"};
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++)
        if (text_glob(globs[i], name))
            return true;
    return false;
}

static int add_shipped(struct resolving *r, const struct setting_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct setting *grown =
            arena_grow(r->arena, r->shipped, r->shipped_count, &r->shipped_room, sizeof *grown);
        if (grown == NULL)
            return memory_fault(r->err);
        r->shipped = grown;
        grown[r->shipped_count++] = list->items[i];
    }
    return 0;
}

/* One file of --files: "path#name" is path. */
static int take_shipped(struct resolving *r, const char *item, size_t length) {
    const char *path = arena_text(r->arena, item, length);
    struct judge_wish wish = {0};
    struct judge_document found;
    struct input_file *file = arena_array(r->arena, 1, sizeof *file);
    if (path == NULL || file == NULL)
        return memory_fault(r->err);
    int status = is_configuration(path) ? read_named(r, path, file) : 0;
    if (status <= 0)
        return status;
    if (judge_document_read(file, false, &wish, r->arena, &found, r->err) != 0 ||
        join_list(r, DOCUMENT_HADOOP, &found.document) != 0 ||
        add_shipped(r, &found.document.loose) != 0)
        return -1;
    for (size_t i = 0; i < found.document.launch_count; i++)
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            if (list != DOCUMENT_HADOOP &&
                add_shipped(r, &found.document.launches[i].lists[list]) != 0)
                return -1;
    return 0;
}

static int take_configuration(struct resolving *r) {
    const char *at = r->plan.arguments.values[ARGUMENT_FILES].text;
    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, ",");
        if (take_shipped(r, at, strcspn(at, ",#")) != 0)
            return -1;
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return 0;
}

/* What goes along is judged for what it holds, as keys that Spark does not read are. */
static int join_shipped(struct resolving *r, struct effective *conf) {
    conf->ignored = arena_join(r->arena, conf->ignored, conf->ignored_count, r->shipped,
                               r->shipped_count, sizeof *r->shipped);
    conf->ignored_count += r->shipped_count;
    return conf->ignored == NULL ? memory_fault(r->err) : 0;
}

/* The notes of the resolution and ours. */
static int join_notes(struct resolving *r, struct effective *conf) {
    conf->notes = arena_join(r->arena, conf->notes, conf->note_count, r->notes, r->note_count,
                             sizeof *r->notes);
    conf->note_count += r->note_count;
    return conf->notes == NULL ? memory_fault(r->err) : 0;
}

static void take_version(const struct resolving *r, int *major, int *minor) {
    if (r->wish->major > 0) {
        *major = r->wish->major;
        *minor = r->wish->minor;
    } else {
        written_version(&r->written, major, minor);
    }
}

/* Where a setting would go that nobody made: the surface says it, unless a properties file
 * at hand is the place. */
static void place_unset(const struct resolving *r, struct effective *conf) {
    const struct origin *unset = &r->written.unset;
    const struct input_file *file =
        r->sources.properties != NULL ? r->sources.properties : r->sources.defaults;
    if (file != NULL && file->length > 0)
        return;
    conf->unset = unset->file != NULL ? *unset : r->written.origin;
    conf->unset.kind = ORIGIN_UNSET;
}

static int resolve_words(struct resolving *r, struct effective *ret, bool *launches) {
    r->notes = arena_array(r->arena, LIMIT_PROPERTIES_ARGUMENTS + 4, sizeof *r->notes);
    if (r->notes == NULL)
        return memory_fault(r->err);
    if (written_launch(&r->written, r->arena, &r->launch, r->err) != 0 ||
        launch_plan(&r->launch, r->arena, &r->plan, r->err) != 0)
        return -1;
    *launches = r->plan.arguments.launches;
    if (!*launches)
        return 0;
    take_version(r, &r->sources.spark_major, &r->sources.spark_minor);
    if (take_files(r) != 0 || take_defaults(r) != 0 || take_source(r) != 0 ||
        take_configuration(r) != 0 ||
        launch_resolve(&r->plan, &r->sources, NULL, 0, r->arena, ret, r->err) != 0 ||
        join_shipped(r, ret) != 0 || join_notes(r, ret) != 0)
        return -1;
    ret->open = ret->open != NULL ? ret->open : r->open;
    place_unset(r, ret);
    return 0;
}

int judge_document_resolve(const struct document_launch *launch, const struct judge_place *place,
                           const struct judge_wish *wish, struct arena *arena,
                           struct effective *ret, bool *launches, struct error *err) {
    /* In the arena, because what is resolved points to it. */
    struct resolving *r = arena_array(arena, 1, sizeof *r);
    struct effective conf = {0};
    *launches = true;
    if (r == NULL)
        return memory_fault(err);
    *r = (struct resolving){
        .place = place, .wish = wish, .arena = arena, .err = err, .written = *launch};
    int status = launch->word_count > 0 ? resolve_words(r, &conf, launches)
                                        : written_resolve(&r->written, arena, &conf, err);
    if (status != 0)
        return fault_at(r);
    if (launch->word_count == 0)
        take_version(r, &conf.spark_major, &conf.spark_minor);
    *ret = conf;
    return 0;
}
