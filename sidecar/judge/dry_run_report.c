#include "sidecar/judge/dry_run_report.h"

#include <string.h>

#include "policy/plaintext/plaintext.h"
#include "policy/report/report.h"
#include "policy/rules/rule_hide.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config.h"
#include "sidecar/wire/launch_words.h"

#define HIDDEN "(redacted)"

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the report");
}

const char *dry_run_directory(const char *named, const char *told, struct arena *arena) {
    static const char hex[] = "0123456789abcdef", link[] = "/current";
    const size_t digits = 16;
    if (named != NULL)
        return arena_printf(arena, "%s%s", named, link);
    size_t length = strlen(told) - (text_ends(told, link) ? strlen(link) : 0);
    size_t start = length >= digits ? length - digits : 0;
    return strspn(told + start, hex) == digits
               ? arena_printf(arena, "%.*sID%s", (int)start, told, told + length)
               : arena_text(arena, told, strlen(told));
}

/* ---- The command line */

/* The word with "(redacted)" in place of its last `length` bytes. */
static char *hide_end(const char *word, size_t length, struct arena *arena) {
    return arena_printf(arena, "%.*s" HIDDEN, (int)(strlen(word) - length), word);
}

/* Words that Spark does not read: "--password=X", "--password X", a URL with a
 * password in it. */
static char *show_other(const char *word, const char *before, struct arena *arena) {
    const char *name = word + strspn(word, "-"), *sign = strchr(name, '=');
    if (sign != NULL) {
        const char *key = arena_text(arena, name, (size_t)(sign - name));
        if (key == NULL)
            return NULL;
        if (rule_must_hide(key, sign + 1))
            return hide_end(word, strlen(sign + 1), arena);
    }
    bool named = before[0] == '-' && strpbrk(before, "= ") == NULL &&
                 rule_must_hide(before + strspn(before, "-"), word);
    return named || plaintext_must_redact("", word) ? hide_end(word, strlen(word), arena)
                                                    : arena_text(arena, word, strlen(word));
}

static char *show_word(const struct launch_plan *plan, size_t index, struct arena *arena) {
    const char *const *argv = plan->launch->argv;
    const struct setting_list *conf = &plan->arguments.conf;
    for (size_t i = 0; i < conf->count; i++) {
        const struct setting *setting = &conf->items[i];
        if (setting->origin.argv != index || !text_ends(argv[index], setting->value))
            continue;
        if (rule_must_hide(setting->key, setting->value))
            return hide_end(argv[index], strlen(setting->value), arena);
    }
    return show_other(argv[index], index > 0 ? argv[index - 1] : "", arena);
}

/* What is exec'd, in the same steps, with the secrets hidden first. */
static char **show_words(const struct dry_run *dry, struct arena *arena) {
    size_t argc = dry->plan->launch->argc;
    char **words = arena_array(arena, argc + 1, sizeof *words);
    for (size_t i = 0; words != NULL && i < argc; i++)
        if ((words[i] = show_word(dry->plan, i, arena)) == NULL)
            return NULL;
    return words == NULL || !launch_words_fit(dry->verdict, argc)
               ? NULL
               : launch_words(dry->verdict, words, argc, arena);
}

/* As a shell would take it. */
static void add_quoted(struct buffer *out, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_()";
    bool quotes =
        word[strspn(word, plain)] != '\0' || strpbrk(word, "()") != NULL || word[0] == '\0';
    if (text_ends(word, HIDDEN) && word[strspn(word, plain)] == '\0')
        quotes = false;
    buffer_text(out, quotes ? "'" : "");
    for (const char *p = word; *p != '\0'; p += strcspn(p, "'") + (*p == '\'' ? 1 : 0)) {
        if (*p == '\'')
            buffer_text(out, "'\\''");
        else
            text_escape(out, p, strcspn(p, "'"));
    }
    buffer_text(out, quotes ? "'" : "");
}

/* ---- What would be delivered */

/* The references of a file, each once, in order. */
static size_t list_references(const struct config_file *file, const struct config_reference **ret) {
    size_t count = 0;
    if (file->form == FORM_RAW) {
        ret[0] = &file->raw;
        return 1;
    }
    for (size_t i = 0; i < file->property_count; i++)
        if (file->properties[i].is_reference)
            ret[count++] = &file->properties[i].reference;
    return count;
}

static void text_file(const struct dry_run *dry, const struct config_file *file,
                      struct buffer *out) {
    const struct config_reference *references[LIMIT_FILE_PROPERTIES + 1];
    size_t count = list_references(file, references);
    buffer_text(out, "file       ");
    text_escape(out, file->name, strlen(file->name));
    buffer_printf(out, " (%s)\n", config_form_name(file->form));
    for (size_t i = 0; i < count; i++) {
        const struct config_secret *secret = &dry->config->secrets[references[i]->secret];
        const char *field = references[i]->field;
        buffer_printf(out, "  secret   ${%s%s%s} from %s: ", secret->name, field != NULL ? "." : "",
                      field != NULL ? field : "", config_store_name(secret->store));
        text_escape(out, secret->path, strlen(secret->path));
        buffer_char(out, '\n');
    }
}

static void text_delivery(const struct dry_run *dry, struct buffer *out) {
    if (dry->directory == NULL) {
        buffer_text(out, "delivers   nothing\n");
        return;
    }
    buffer_text(out, "directory  ");
    text_escape(out, dry->directory, strlen(dry->directory));
    buffer_printf(out, " as ARRESTOR_DIR%s\n",
                  dry->config->dir == NULL ? "; ID is new in each launch" : "");
    for (size_t i = 0; i < dry->config->file_count; i++)
        text_file(dry, &dry->config->files[i], out);
}

static void add_text(const struct dry_run *dry, char *const *words, const struct effective *shown,
                     struct buffer *out) {
    judge_report(dry->judgement, dry->set, dry->mode, false, false, out);
    if (dry->program[0] != '\0') {
        buffer_text(out, "\nprogram    ");
        text_escape(out, dry->program, strlen(dry->program));
    }
    buffer_text(out, "\nlaunch    ");
    for (; *words != NULL; words++) {
        buffer_char(out, ' ');
        add_quoted(out, *words);
    }
    buffer_char(out, '\n');
    text_delivery(dry, out);
    buffer_text(out, "settings\n");
    report_effective_text(shown, out);
    buffer_text(out, "\nA dry run: nothing was fetched, placed or started.\n");
}

/* ---- The same as JSON */

static void add_name(struct buffer *out, const char *before, const char *name, const char *text) {
    buffer_printf(out, "%s\"%s\": ", before, name);
    if (text == NULL)
        buffer_text(out, "null");
    else
        buffer_json(out, text, strlen(text));
}

static void json_file(const struct dry_run *dry, const struct config_file *file,
                      struct buffer *out) {
    const struct config_reference *references[LIMIT_FILE_PROPERTIES + 1];
    size_t count = list_references(file, references);
    add_name(out, "{", "name", file->name);
    add_name(out, ", ", "form", config_form_name(file->form));
    buffer_text(out, ", \"secrets\": [");
    for (size_t i = 0; i < count; i++) {
        const struct config_secret *secret = &dry->config->secrets[references[i]->secret];
        add_name(out, i == 0 ? "{" : ", {", "secret", secret->name);
        add_name(out, ", ", "field", references[i]->field);
        add_name(out, ", ", "store", config_store_name(secret->store));
        add_name(out, ", ", "path", secret->path);
        buffer_char(out, '}');
    }
    buffer_text(out, "]}");
}

static void add_json(const struct dry_run *dry, char *const *words, const struct effective *shown,
                     struct buffer *out) {
    bool starts = dry->fault == NULL && dry->judgement->verdict != VERDICT_REFUSE;
    buffer_printf(out, "{\"launches\": true, \"starts\": %s", starts ? "true" : "false");
    add_name(out, ", ", "fault", dry->fault == NULL ? NULL : dry->fault->what);
    buffer_text(out, ",\n\"report\": ");
    judge_report(dry->judgement, dry->set, dry->mode, true, false, out);
    add_name(out, ",", "program", dry->program[0] != '\0' ? dry->program : NULL);
    buffer_text(out, ",\n\"argv\": [");
    for (char *const *word = words; *word != NULL; word++) {
        buffer_text(out, word == words ? "" : ", ");
        buffer_json(out, *word, strlen(*word));
    }
    add_name(out, "],\n", "directory", dry->directory);
    buffer_text(out, ",\n\"files\": [");
    for (size_t i = 0; dry->directory != NULL && i < dry->config->file_count; i++) {
        buffer_text(out, i == 0 ? "\n " : ",\n ");
        json_file(dry, &dry->config->files[i], out);
    }
    buffer_text(out, "],\n\"effective\": ");
    report_effective_json(shown, out);
    buffer_text(out, "}\n");
}

int dry_run_report(const struct dry_run *dry, bool json, struct arena *arena, struct buffer *out,
                   struct error *err) {
    struct effective shown;
    char **words = show_words(dry, arena);
    if (words == NULL)
        return memory_fault(err);
    if (report_redact(&dry->judgement->conf, arena, &shown, err) != 0)
        return -1;
    (json ? add_json : add_text)(dry, words, &shown, out);
    return buffer_status(out) == 0 ? 0 : memory_fault(err);
}

void dry_run_nothing(bool json, struct buffer *out) {
    buffer_text(out, json ? "{\"launches\": false, \"starts\": true}\n"
                          : "This command line launches nothing: it would be started as it is.\n"
                            "A dry run: nothing was fetched, placed or started.\n");
}
