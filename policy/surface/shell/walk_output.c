#include <string.h>

#include "policy/surface/properties.h"
#include "policy/surface/properties_surface.h"
#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

void walk_write(struct shell_run *run, const struct shell_text *text) {
    struct shell_output *output = run->output;
    if (output == NULL)
        return;
    if (text == NULL || run->doubts > output->doubts)
        output->unknown = true;
    if (text != NULL)
        shell_add_text(&output->text, text, 0, text->length);
}

static const struct shell_text *keep_input(struct shell_run *run, const struct shell_redirect *r) {
    struct shell_text text, *kept = arena_array(run->c->arena, 1, sizeof *kept);
    struct shell_builder b = shell_builder_make(run->c);
    if (kept == NULL)
        shell_starve(run->c);
    if (kept == NULL || walk_expand_text(run, r->word, &text) != 0)
        return NULL;
    shell_add_text(&b, &text, 0, text.length);
    if (r->line)
        shell_add(&b, "\n", 1, shell_position(&text, text.length));
    if (shell_built(&b, r->word->position, kept) != 0)
        kept = NULL;
    shell_builder_free(&b);
    return kept;
}

void walk_redirect(struct shell_run *run, const struct shell_redirect *redirects,
                   struct shell_redirection *kept) {
    *kept = (struct shell_redirection){.input = run->input, .output = run->output};
    for (const struct shell_redirect *r = redirects; r != NULL && !run->c->failed; r = r->next) {
        bool out = r->kind == REDIRECT_OUT || r->kind == REDIRECT_APPEND;
        if (r->kind == REDIRECT_TEXT && r->descriptor <= 0)
            run->input = keep_input(run, r);
        else if (r->kind == REDIRECT_IN && r->descriptor <= 0)
            run->input = NULL;
        else if (r->kind == REDIRECT_OTHER && (r->descriptor == 1 || r->descriptor == -1))
            run->output = NULL; /* a message, >&2 */
        struct shell_text name;
        if (!out || (r->descriptor != -1 && r->descriptor != 1)) {
            if (r->kind != REDIRECT_TEXT && walk_expand_text(run, r->word, &name) != 0)
                return;
            continue;
        }
        if (walk_expand_text(run, r->word, &kept->name) != 0)
            return;
        shell_builder_free(&kept->file.text);
        kept->file =
            (struct shell_output){.text = shell_builder_make(run->c), .doubts = run->doubts};
        kept->written = true;
        kept->append = r->kind == REDIRECT_APPEND;
        run->output = &kept->file;
    }
}

void walk_redirected(struct shell_run *run, struct shell_redirection *kept) {
    struct shell_text text;
    run->input = kept->input;
    run->output = kept->output;
    if (kept->written && !run->c->failed && !kept->file.unknown &&
        shell_built(&kept->file.text, shell_position(&kept->name, 0), &text) == 0)
        walk_write_file(run, &kept->name, &text, kept->append);
    shell_builder_free(&kept->file.text);
}

static struct shell_file *find_file(struct shell_run *run, const char *name) {
    run->c->steps += run->file_count;
    for (size_t i = 0; i < run->file_count; i++)
        if (strcmp(run->files[i].name, name) == 0)
            return &run->files[i];
    return NULL;
}

void walk_write_file(struct shell_run *run, const struct shell_text *name,
                     const struct shell_text *text, bool append) {
    if (run->muted > 0 || text_starts(name->text, "/dev/"))
        return;
    struct shell_file *file = find_file(run, name->text);
    if (file != NULL && (append || run->doubts > 0)) {
        shell_add_text(&file->text, text, 0, text->length);
        return;
    }
    if (file == NULL) {
        struct shell_file *grown =
            arena_grow(run->c->arena, run->files, run->file_count, &run->file_room, sizeof *grown);
        if (grown == NULL) {
            shell_starve(run->c);
            return;
        }
        run->files = grown;
        file = &grown[run->file_count++];
        *file = (struct shell_file){.text = shell_builder_make(run->c)};
    }
    shell_builder_free(&file->text);
    file->name = name->text;
    file->position = shell_position(name, 0);
    shell_add_text(&file->text, text, 0, text->length);
}

void walk_add_inner(struct shell_run *run, const struct shell_text *text, const char *hint) {
    if (run->muted > 0 || run->c->failed || text->length == 0)
        return;
    const struct place_map *map = shell_map(run->c, text);
    struct document_text inner = {.bytes = text->text, .length = text->length, .hint = hint};
    if (map == NULL) {
        shell_starve(run->c);
        return;
    }
    inner.map = *map;
    document_text(run->b, &inner);
}

/* A properties file that the script writes is the defaults of some launch. */
static void tell_properties(struct shell_run *run, const struct shell_file *file,
                            const struct shell_text *text) {
    const struct place_map *map = shell_map(run->c, text);
    struct setting_list list;
    struct error err;
    struct origin start = shell_place(run->c, file->position);
    error_clear(&err);
    if (map == NULL) {
        shell_starve(run->c);
        return;
    }
    if (properties_parse_within(text->text, text->length, map, run->c->arena, &list, &err) != 0) {
        document_note(run->b, &start, "is written here, and Java cannot read it");
        return;
    }
    start.form = WRITTEN_PROPERTY;
    document_launch(run->b, unknown_show(run->c->arena, file->name), &start);
    properties_set(&list, run->b);
}

static bool is_properties(const char *name, const char *text) {
    const char *base = strrchr(name, '/');
    base = base == NULL ? name : base + 1;
    if (text_starts(base, "spark-defaults"))
        return true;
    return (text_ends(base, ".conf") || text_ends(base, ".properties")) &&
           (text_starts(text, "spark.") || strstr(text, "\nspark.") != NULL);
}

static void tell_file(struct shell_run *run, struct shell_file *file) {
    struct shell_text text;
    if (shell_built(&file->text, file->position, &text) != 0)
        return;
    static const char *const ends[] = {".yaml", ".yml",  ".json",      ".xml",
                                       ".py",   ".conf", ".properties"};
    if (is_properties(file->name, text.text)) {
        tell_properties(run, file, &text);
        return;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (text_ends(file->name, ends[i]))
            walk_add_inner(run, &text, unknown_show(run->c->arena, file->name));
    if (text_ends(file->name, ".sh"))
        walk_process(run, &text, NULL, 0, false);
}

void walk_end_files(struct shell_run *run) {
    run->output = NULL;
    run->input = NULL;
    for (size_t i = 0; i < run->file_count && !run->c->failed; i++) {
        struct shell_file file = run->files[i];
        run->files[i].text = shell_builder_make(run->c);
        tell_file(run, &file);
        shell_builder_free(&file.text);
    }
}

void walk_free_files(struct shell_run *run) {
    for (size_t i = 0; i < run->file_count; i++)
        shell_builder_free(&run->files[i].text);
}
