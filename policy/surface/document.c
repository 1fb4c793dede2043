#include "policy/surface/document.h"

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct document_builder document_begin(struct arena *arena, struct error *err) {
    return (struct document_builder){.arena = arena, .err = err};
}

/* items with room for one more, or NULL: then nothing more is taken. */
static void *make_room(struct document_builder *b, void *items, size_t count, size_t *room,
                       size_t size, size_t limit, const char *what) {
    if (b->failed)
        return NULL;
    if (count >= limit) {
        b->failed = true;
        error_set(b->err, ERROR_INPUT, "more than %zu %s", limit, what);
        return NULL;
    }
    void *grown = arena_grow(b->arena, items, count, room, size);
    if (grown == NULL) {
        b->failed = true;
        error_set(b->err, ERROR_MEMORY, "no memory for %s", what);
    }
    return grown;
}

static struct origin form_origin(const struct origin *origin, enum written_form form) {
    struct origin formed = *origin;
    if (formed.form == WRITTEN_UNTOLD)
        formed.form = form;
    return formed;
}

void document_launch(struct document_builder *b, const char *title, const struct origin *origin) {
    struct document_launch *launches = make_room(b, b->launches, b->launch_count, &b->launch_room,
                                                 sizeof *launches, LIMIT_LAUNCHES, "launches");
    if (launches == NULL)
        return;
    b->launches = launches;
    struct origin place = form_origin(origin, b->form);
    launches[b->launch_count++] =
        (struct document_launch){.title = title, .origin = place, .unset = place};
    launches[b->launch_count - 1].unset.kind = ORIGIN_UNSET;
    b->words = NULL;
    b->word_room = 0;
    for (size_t i = 0; i < DOCUMENT_LISTS; i++) {
        b->lists[i] = NULL;
        b->list_room[i] = 0;
    }
}

bool document_has_launch(const struct document_builder *b) {
    return b->launch_count > 0;
}

/* The launch that is being built, or NULL. */
static struct document_launch *last_launch(struct document_builder *b) {
    if (b->failed || b->launch_count > 0)
        return b->failed ? NULL : &b->launches[b->launch_count - 1];
    b->failed = true;
    error_set(b->err, ERROR_INTERNAL, "a word stands before the first launch");
    return NULL;
}

void document_word(struct document_builder *b, const char *text, const struct origin *origin,
                   const struct origin *value_origin) {
    struct document_launch *launch = last_launch(b);
    if (launch == NULL)
        return;
    struct document_word *words = make_room(b, b->words, launch->word_count, &b->word_room,
                                            sizeof *words, LIMIT_ARGUMENTS, "words");
    if (words == NULL)
        return;
    struct origin none = {.kind = ORIGIN_UNSET};
    words[launch->word_count++] = (struct document_word){
        .text = text,
        .origin = form_origin(origin, WRITTEN_COMMAND),
        .value_origin = value_origin == NULL ? none : *value_origin,
    };
    launch->words = b->words = words;
}

static struct setting *add_setting(struct document_builder *b, struct setting *items, size_t count,
                                   size_t *room, const struct setting *setting) {
    items = make_room(b, items, count, room, sizeof *items, LIMIT_SETTINGS, "settings");
    if (items != NULL)
        items[count] = *setting;
    return items;
}

static struct setting make_setting(const char *key, const char *value, const struct origin *origin,
                                   const struct origin *value_origin) {
    return (struct setting){.key = key,
                            .value = value,
                            .origin = *origin,
                            .value_origin = value_origin == NULL ? *origin : *value_origin};
}

void document_set(struct document_builder *b, enum document_list list, const char *key,
                  const char *value, const struct origin *origin,
                  const struct origin *value_origin) {
    struct document_launch *launch = last_launch(b);
    if (launch == NULL)
        return;
    struct setting setting = make_setting(key, value, origin, value_origin);
    setting.origin = form_origin(origin, b->form);
    struct setting *items =
        add_setting(b, b->lists[list], launch->lists[list].count, &b->list_room[list], &setting);
    if (items == NULL)
        return;
    b->lists[list] = items;
    launch->lists[list].items = items;
    launch->lists[list].count++;
}

void document_unset(struct document_builder *b, const char *file, size_t line, size_t column) {
    struct document_launch *launch = last_launch(b);
    if (launch != NULL)
        launch->unset = (struct origin){.kind = ORIGIN_UNSET,
                                        .form = launch->unset.form,
                                        .file = file,
                                        .line = line,
                                        .column = column};
}

void document_open(struct document_builder *b, const struct origin *origin) {
    struct document_launch *launch = last_launch(b);
    if (launch == NULL || launch->open != NULL)
        return;
    struct origin *copy = arena_array(b->arena, 1, sizeof *copy);
    if (copy == NULL) {
        b->failed = true;
        error_set(b->err, ERROR_MEMORY, "no memory for the places of a launch");
        return;
    }
    *copy = *origin;
    launch->open = copy;
}

void document_add_loose(struct document_builder *b, const char *key, const char *value,
                        const struct origin *origin, const struct origin *value_origin) {
    struct setting setting = make_setting(key, value, origin, value_origin);
    struct setting *items = add_setting(b, b->loose, b->loose_count, &b->loose_room, &setting);
    if (items == NULL)
        return;
    b->loose = items;
    b->loose_count++;
}

void document_note(struct document_builder *b, const struct origin *origin, const char *text) {
    struct note *notes =
        make_room(b, b->notes, b->note_count, &b->note_room, sizeof *notes, LIMIT_NOTES, "notes");
    if (notes == NULL)
        return;
    b->notes = notes;
    notes[b->note_count++] = (struct note){.origin = *origin, .text = text};
}

void document_text(struct document_builder *b, const struct document_text *text) {
    struct document_text *texts = make_room(b, b->texts, b->text_count, &b->text_room,
                                            sizeof *texts, LIMIT_LAUNCHES, "texts");
    if (texts == NULL)
        return;
    b->texts = texts;
    texts[b->text_count++] = *text;
}

int document_end(struct document_builder *b, struct document *ret) {
    if (b->failed)
        return -1;
    *ret = (struct document){.launches = b->launches,
                             .launch_count = b->launch_count,
                             .loose = {.items = b->loose, .count = b->loose_count},
                             .notes = b->notes,
                             .note_count = b->note_count,
                             .texts = b->texts,
                             .text_count = b->text_count};
    return 0;
}

static void join_launch(struct document_builder *b, const struct document_launch *launch) {
    document_launch(b, launch->title, &launch->origin);
    for (size_t i = 0; i < launch->word_count; i++)
        document_word(b, launch->words[i].text, &launch->words[i].origin,
                      &launch->words[i].value_origin);
    for (size_t list = 0; list < DOCUMENT_LISTS; list++)
        for (size_t i = 0; i < launch->lists[list].count; i++) {
            const struct setting *s = &launch->lists[list].items[i];
            document_set(b, (enum document_list)list, s->key, s->value, &s->origin,
                         &s->value_origin);
        }
    document_unset(b, launch->unset.file, launch->unset.line, launch->unset.column);
    if (launch->open != NULL)
        document_open(b, launch->open);
}

void document_join(struct document_builder *b, const struct document *other) {
    for (size_t i = 0; i < other->launch_count; i++)
        join_launch(b, &other->launches[i]);
    for (size_t i = 0; i < other->loose.count; i++) {
        const struct setting *s = &other->loose.items[i];
        document_add_loose(b, s->key, s->value, &s->origin, &s->value_origin);
    }
    for (size_t i = 0; i < other->note_count; i++)
        document_note(b, &other->notes[i].origin, other->notes[i].text);
    for (size_t i = 0; i < other->text_count; i++)
        document_text(b, &other->texts[i]);
}

int document_read_inner(struct document_builder *b, const struct document_text *text,
                        document_read_text *read, const char *what, struct document *ret) {
    struct error err;
    struct document_builder own = document_begin(b->arena, &err);
    error_clear(&err);
    if (b->failed)
        return -1;
    if (read(text->bytes, text->length, &text->map, &own) == 0 && document_end(&own, ret) == 0)
        return 0;
    struct origin place = place_find(&text->map, 0);
    const char *note =
        err.code == ERROR_MEMORY ? NULL : arena_printf(b->arena, "%s: %s", what, err.what);
    if (note != NULL) {
        document_note(b, &place, note);
    } else {
        b->failed = true;
        error_set(b->err, ERROR_MEMORY, "no memory for a text within another one");
    }
    return -1;
}
