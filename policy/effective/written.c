#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/properties_surface.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

static int out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the launch");
}

int written_launch(const struct document_launch *written, struct arena *arena, struct launch *ret,
                   struct error *err) {
    const struct setting_list *variables = &written->lists[DOCUMENT_ENVIRONMENT];
    const char **argv = arena_array(arena, written->word_count + 1, sizeof *argv);
    const char **environment = arena_array(arena, variables->count + 1, sizeof *environment);
    if (argv == NULL || environment == NULL)
        return out_of_memory(err);
    for (size_t i = 0; i < written->word_count; i++)
        argv[i] = written->words[i].text;
    for (size_t i = 0; i < variables->count; i++) {
        const struct setting *s = &variables->items[i];
        environment[i] = arena_printf(arena, "%s=%s", s->key, s->value);
        if (environment[i] == NULL)
            return out_of_memory(err);
    }
    *ret = (struct launch){
        .argv = argv, .argc = written->word_count, .environment = environment, .written = written};
    return 0;
}

/* One or two digits, and what stands behind them; NULL where there are none. */
static const char *read_part(const char *p, int *ret) {
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 2)
        return NULL;
    *ret = digits == 1 ? p[0] - '0' : 10 * (p[0] - '0') + p[1] - '0';
    return p + digits;
}

void written_version(const struct document_launch *written, int *major, int *minor) {
    const struct setting_list *facts = &written->lists[DOCUMENT_FACTS];
    *major = *minor = 0;
    for (size_t i = 0; i < facts->count; i++) {
        int left, right;
        if (strcmp(facts->items[i].key, DOCUMENT_FACT_VERSION) != 0)
            continue;
        const char *p = read_part(facts->items[i].value, &left);
        if (p == NULL || *p != '.' || read_part(p + 1, &right) == NULL)
            continue;
        *major = left;
        *minor = right;
    }
}

int written_resolve(const struct document_launch *written, struct arena *arena,
                    struct effective *ret, struct error *err) {
    struct resolution r = {.arena = arena, .err = err};
    const struct setting_list *ineffective = &written->lists[DOCUMENT_INEFFECTIVE];
    struct effective conf = {.master = MASTER_UNTOLD,
                             .unset = written->unset,
                             .ineffective = ineffective->items,
                             .ineffective_count = ineffective->count,
                             .open = written->open};
    if (launch_add_written(&r, written, true) != 0 ||
        candidates_resolve(&r.candidates, arena, &conf, err) != 0)
        return -1;
    const struct setting *master = effective_find(&conf, "spark.master");
    if (master != NULL)
        conf.master = master_classify(master->value);
    written_version(written, &conf.spark_major, &conf.spark_minor);
    *ret = conf;
    return 0;
}

int file_resolve(const struct input_file *file, struct arena *arena, struct effective *ret,
                 struct error *err) {
    struct surface_input input = {
        .label = file->path, .bytes = file->bytes, .length = file->length};
    struct document document;
    if (properties_read(&input, arena, &document, err) != 0 ||
        written_resolve(&document.launches[0], arena, ret, err) != 0)
        return -1;
    ret->notes = document.notes;
    ret->note_count = document.note_count;
    return 0;
}
