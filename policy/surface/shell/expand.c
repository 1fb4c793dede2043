#include <string.h>

#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* The fields of one word, as they are filled. */
struct filler {
    struct shell_run *run;
    const struct shell_word *word;
    struct shell_fields *out; /* NULL: all is one text */
    struct shell_builder text;
    bool started;  /* there is a field, though it be empty */
    bool soft;     /* the last one was ended by a blank */
    bool gone;     /* "$@" without any: nothing, though quoted */
    size_t pieces; /* of this field that make it one word at least */
    bool loose;    /* there is an unknown one that may be several words, or none */
};

struct shell_field *walk_add_field(struct shell_run *run, struct shell_fields *fields,
                                   const struct shell_text *text) {
    if (run->c->failed)
        return NULL;
    struct shell_field *grown =
        arena_grow(run->c->arena, fields->items, fields->count, &fields->room, sizeof *grown);
    if (grown == NULL) {
        shell_starve(run->c);
        return NULL;
    }
    fields->items = grown;
    grown[fields->count] = (struct shell_field){.text = *text};
    return &grown[fields->count++];
}

/* Whether * ? [ would be looked up among files: not in KEY=VALUE, a URL, local[4]. */
static bool is_file_pattern(const char *text) {
    return strpbrk(text, "*?[") != NULL && strchr(text, '=') == NULL &&
           strstr(text, "://") == NULL && !text_starts(text, "local");
}

/* The field as something unknown that may be several words. */
static void make_several(struct filler *f, struct shell_field *field) {
    struct shell_builder b = shell_builder_make(f->run->c);
    if (!unknown_in(field->text.text))
        shell_add_unknown(&b, field->text.text, field->text.length, f->word->position);
    else
        shell_add_text(&b, &field->text, 0, field->text.length);
    if (shell_built(&b, f->word->position, &field->text) == 0)
        field->several = true;
    shell_builder_free(&b);
}

static void end_field(struct filler *f) {
    struct shell_text text;
    bool several = f->loose && f->pieces == 0;
    if (!f->started || f->out == NULL || f->run->c->failed)
        return;
    if (shell_built(&f->text, f->word->position, &text) != 0)
        return;
    struct shell_field *field = walk_add_field(f->run, f->out, &text);
    if (field != NULL)
        field->several = several;
    if (field != NULL && (f->word->braces || (f->word->glob && is_file_pattern(text.text))))
        make_several(f, field);
    f->started = f->loose = f->soft = false;
    f->pieces = 0;
    f->run->c->steps++;
}

static void add_piece(struct filler *f, const struct shell_text *text, size_t from, size_t length) {
    shell_add_text(&f->text, text, from, length);
    f->started = true;
    f->soft = false;
    f->pieces += length > 0;
}

static void add_unknown(struct filler *f, const struct shell_text *written, bool several) {
    shell_add_unknown(&f->text, written->text, written->length, shell_position(written, 0));
    f->started = true;
    f->soft = false;
    f->pieces += !several;
    f->loose = f->loose || several;
}

/* The characters that part words. */
static const char *find_separators(struct shell_run *run) {
    struct shell_variable *v = walk_variable(run, "IFS");
    return v != NULL && v->value.kind == VALUE_TEXT ? v->value.text.text : " \t\n";
}

static void end_at(struct filler *f, char separator) {
    bool blank = separator == ' ' || separator == '\t' || separator == '\n';
    if (f->started) {
        end_field(f);
        f->soft = blank;
        return;
    }
    if (!blank && !f->soft) {
        f->started = true;
        end_field(f);
    }
    f->soft = blank;
}

/* The length of what is unknown at that offset, 0 where it is known there. */
static size_t unknown_length(const struct shell_text *text, size_t at) {
    if (text->text[at] != UNKNOWN_OPEN)
        return 0;
    const char *close = memchr(text->text + at, (unsigned char)UNKNOWN_CLOSE, text->length - at);
    return close == NULL ? text->length - at : (size_t)(close - text->text) + 1 - at;
}

/* Adds a text that is not in quotes. */
static void add_split(struct filler *f, const struct shell_text *text) {
    const char *separators = find_separators(f->run);
    size_t at = 0;
    while (at < text->length && !f->run->c->failed) {
        if (strchr(separators, text->text[at]) != NULL) {
            end_at(f, text->text[at++]);
            continue;
        }
        size_t end = at, unknown = unknown_length(text, at);
        while (unknown == 0 && end < text->length && text->text[end] != UNKNOWN_OPEN &&
               strchr(separators, text->text[end]) == NULL)
            end++;
        end += unknown;
        add_piece(f, text, at, end - at);
        f->pieces -= unknown > 0;
        f->loose = f->loose || unknown > 0;
        at = end;
    }
}

static void add_text(struct filler *f, const struct shell_text *text, bool quoted) {
    if (quoted || f->out == NULL)
        add_piece(f, text, 0, text->length);
    else
        add_split(f, text);
}

/* "${A[*]}", and any list where nothing is split. */
static void add_joined(struct filler *f, const struct shell_value *list) {
    char separator = find_separators(f->run)[0];
    for (size_t i = 0; i < list->count; i++) {
        const struct shell_text *text = &list->items[i].text;
        if (i > 0 && separator != '\0')
            shell_add(&f->text, &separator, 1, shell_position(text, 0));
        add_piece(f, text, 0, text->length);
    }
    f->started = true;
}

static void add_list(struct filler *f, const struct shell_part *part,
                     const struct shell_value *list) {
    const char *index =
        part->expansion->index != NULL ? part->expansion->index : part->expansion->name;
    if (f->out == NULL || (part->quoted && index[0] == '*')) {
        add_joined(f, list);
        return;
    }
    if (list->count == 0 && part->quoted && f->pieces == 0)
        f->gone = true;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            end_field(f);
        add_text(f, &list->items[i].text, part->quoted);
        f->pieces -= list->items[i].several && part->quoted;
        f->loose = f->loose || list->items[i].several;
    }
}

/* Whether "…" of it may be several words all the same: a list. */
static bool is_list(const struct shell_expansion *e) {
    return (e->index != NULL && e->index[0] == '@') || strcmp(e->name, "@") == 0;
}

static void add_words(struct filler *f, const struct shell_word *word, bool quoted);

static void add_variable(struct filler *f, const struct shell_part *part) {
    struct shell_value value = {.kind = VALUE_UNKNOWN};
    const struct shell_expansion *e = part->expansion;
    if (walk_value(f->run, part, &value) != 0)
        return;
    if (value.kind == VALUE_ARRAY)
        add_list(f, part, &value);
    else if (value.kind == VALUE_TEXT && value.count == 1)
        add_words(f, e->word, part->quoted);
    else if (value.kind == VALUE_TEXT)
        add_text(f, &value.text, part->quoted);
    else if (value.kind != VALUE_UNSET)
        add_unknown(f, &part->text, !part->quoted || (f->out != NULL && is_list(e)));
}

static void add_command(struct filler *f, const struct shell_part *part) {
    struct shell_text text;
    bool known = false;
    if (walk_capture(f->run, part, &text, &known) != 0)
        return;
    if (known)
        add_text(f, &text, part->quoted);
    else
        add_unknown(f, &part->text, !part->quoted);
}

static void add_part(struct filler *f, const struct shell_part *part) {
    bool known = false;
    struct shell_text ignored;
    switch (part->kind) {
    case PART_TEXT:
        add_text(f, &part->text, part->quoted);
        return;
    case PART_VARIABLE:
        add_variable(f, part);
        return;
    case PART_COMMAND:
        add_command(f, part);
        return;
    case PART_SUM:
        add_unknown(f, &part->text, false);
        return;
    default:
        if (part->command != NULL && walk_capture(f->run, part, &ignored, &known) != 0)
            return;
        add_unknown(f, &part->text, !part->quoted);
    }
}

/* The word of "${x:-word}": what of it is quoted, or all in quotes, is not split. */
static void add_words(struct filler *f, const struct shell_word *word, bool quoted) {
    for (const struct shell_part *part = word->parts; part != NULL; part = part->next) {
        if (part->kind == PART_TEXT)
            add_text(f, &part->text, part->quoted || quoted);
        else
            add_part(f, part);
    }
    f->started = f->started || word->quoted || quoted;
}

static void fill(struct filler *f) {
    f->started = f->word->quoted;
    for (const struct shell_part *part = f->word->parts; part != NULL; part = part->next) {
        add_part(f, part);
        if (f->run->c->failed)
            return;
    }
}

int walk_expand(struct shell_run *run, const struct shell_word *words, struct shell_fields *ret) {
    *ret = (struct shell_fields){0};
    for (; words != NULL && !run->c->failed; words = words->next) {
        struct filler f = {
            .run = run, .word = words, .out = ret, .text = shell_builder_make(run->c)};
        fill(&f);
        if (!f.gone || f.pieces > 0 || f.loose)
            end_field(&f);
        shell_builder_free(&f.text);
    }
    return run->c->failed ? -1 : 0;
}

int walk_expand_text(struct shell_run *run, const struct shell_word *word, struct shell_text *ret) {
    struct filler f = {.run = run, .word = word, .text = shell_builder_make(run->c)};
    fill(&f);
    int status = run->c->failed ? -1 : shell_built(&f.text, word->position, ret);
    shell_builder_free(&f.text);
    return status;
}
