#include "policy/rules/rule_message.h"

#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/rules/rule_hide.h"
#include "policy/rules/rule_operators.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

static const char *finish(struct buffer *out, struct arena *arena) {
    const char *text = buffer_status(out) == 0 ? arena_text(arena, out->data, out->length) : NULL;
    buffer_free(out);
    return text;
}

static void add_key(struct buffer *out, const char *key) {
    size_t length = strlen(key);
    unknown_escape(out, key, length < LIMIT_ERROR_WHAT ? length : LIMIT_ERROR_WHAT);
}

/* At most MESSAGE_VALUE bytes, cut between characters. */
static void add_value(struct buffer *out, const char *key, const char *value) {
    if (rule_must_hide(key, value)) {
        buffer_text(out, "(redacted)");
        return;
    }
    size_t length = strlen(value), cut = length;
    if (length > MESSAGE_VALUE)
        for (cut = MESSAGE_VALUE; cut > 0 && ((unsigned char)value[cut] & 0xc0) == 0x80;)
            cut--;
    unknown_escape(out, value, cut);
    if (cut < length)
        buffer_text(out, "…");
}

/* How the key's reader takes a value that looks different to people. */
static void add_reader(struct buffer *out, const char *key, const struct reading *read) {
    const struct catalogue_entry *entry = catalogue_find(key);
    bool boolean = entry != NULL && entry->type >= TYPE_BOOL_TYPED;
    if (read->state == READING_INVALID)
        buffer_printf(out, ", which Spark refuses to read%s", boolean ? " as true or false" : "");
    else if (boolean && reading_is_false(read) && read->value != NULL &&
             !text_equal_nocase(read->setting->value, read->value))
        buffer_text(out, ", which its reader takes for false");
}

/* Why a setting of another name decides: what stands before and behind the key. */
static const struct {
    const char *before, *behind;
} reasons[] = {
    [READING_OWN] = {", which stands in front of ", ""},
    [READING_ALTERNATIVE] = {", the older name of ", ""},
    [READING_FALLBACK] = {", which is read where ", " is not set"},
    [READING_INHERITED] = {", from which ", " inherits"},
    [READING_SWITCHED_OFF] = {", so that ", " is not read"},
    [READING_DEFAULT] = {"", ""},
};

static void add_reason(struct buffer *out, const char *key, const struct reading *read) {
    if (strcmp(key, read->setting->key) == 0 || !text_starts(read->setting->key, "spark."))
        return;
    buffer_text(out, reasons[read->how].before);
    add_key(out, key);
    buffer_text(out, reasons[read->how].behind);
}

static void add_state(struct buffer *out, const struct scene *scene, const char *key,
                      const struct reading *read) {
    if (read->setting == NULL) {
        add_key(out, key);
        buffer_text(out, " is not set");
        if (read->value != NULL && read->value[0] != '\0')
            buffer_printf(out, " (default of Spark %d.%d: %s)", scene->major, scene->minor,
                          read->value);
        return;
    }
    const struct setting *setting = read->setting;
    add_key(out, setting->key);
    buffer_text(out, setting->value[0] == '\0' ? " is empty" : " is ");
    add_value(out, setting->key, setting->value);
    add_reader(out, key, read);
    add_reason(out, key, read);
}

static void add_wanted(struct buffer *out, const struct rule_node *leaf, bool negated) {
    const struct operator_row *row = operator_row(leaf->op);
    buffer_text(out, negated ? row->must_not : row->must);
    for (size_t i = 0; i < leaf->word_count; i++) {
        buffer_text(out, i == 0 ? " " : ", ");
        text_escape(out, leaf->words[i], strlen(leaf->words[i]));
    }
}

static void add_opening(struct buffer *out, const struct origin *open) {
    char place[LIMIT_ERROR_WHERE];
    origin_describe(open, place, sizeof place);
    text_escape(out, place, strlen(place));
    buffer_text(out, " may set it");
}

const char *message_of_leaf(const struct scene *scene, const struct rule_node *leaf, bool negated,
                            enum truth truth, const char *others, struct arena *arena) {
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    if (leaf->key == NULL) {
        buffer_text(&out, leaf->op == OP_SINCE || leaf->op == OP_BEFORE ? "this " : "the master ");
        add_wanted(&out, leaf, negated);
        return finish(&out, arena);
    }
    struct reading read = leaf_read(scene, leaf);
    const char *own = scene_name(scene, leaf->key);
    if (own == NULL)
        return NULL;
    const char *key = read.setting != NULL ? read.setting->key : own;
    if (truth == TRUTH_UNKNOWN && leaf_is_open(scene, leaf)) {
        add_key(&out, key);
        buffer_text(&out, " cannot be told here: ");
        add_opening(&out, scene->conf->open);
    } else if (truth == TRUTH_UNKNOWN) {
        add_key(&out, key);
        buffer_printf(&out, " cannot be told here: a template or a reference stands in it%s",
                      leaf->op == OP_JVM_WITHOUT ? ", or a file of options: write them here" : "");
    } else {
        add_state(&out, scene, own, &read);
    }
    /* "is not set" says already that it must be set. */
    bool said = truth == TRUTH_FALSE && read.setting == NULL &&
                (leaf->op == OP_PRESENT || leaf->op == OP_ABSENT);
    if (!said) {
        buffer_text(&out, "; it ");
        add_wanted(&out, leaf, negated);
    }
    if (others != NULL && others[0] != '\0')
        buffer_printf(&out, "; likewise %s", others);
    return finish(&out, arena);
}

const char *message_of_offence(const struct setting *setting, enum offence_kind kind, bool in_force,
                               struct arena *arena) {
    static const char *const sentences[OFFENCES] = {
        [OFFENCE_LITERAL] = "holds a secret in plain text",
        [OFFENCE_WELL_KNOWN] = "holds a secret that everybody knows, in plain text",
        [OFFENCE_FALSE_REFERENCE] = "holds a reference that nothing replaces under this key: its "
                                    "text is the secret",
        [OFFENCE_EMBEDDED] = "holds a secret inside its text",
        [OFFENCE_PLACEHOLDER] = "is filled in later: it cannot be told whether a secret will stand "
                                "here in plain text",
        [OFFENCE_NEAR_MISS] = "is no key that Spark reads",
        [OFFENCE_INEFFECTIVE] = "is set here without effect: Spark refuses it, or does not look",
    };
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    add_key(&out, setting->key);
    buffer_printf(&out, " %s", sentences[kind]);
    if (kind == OFFENCE_NEAR_MISS)
        buffer_printf(&out, "; %s was probably meant, and this does not set it",
                      catalogue_near_miss(setting->key));
    else if (!in_force && kind != OFFENCE_INEFFECTIVE)
        buffer_text(&out, ", although another setting overrides it");
    return finish(&out, arena);
}

const char *message_of_excerpt(const struct setting *setting, struct arena *arena) {
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    add_key(&out, setting->key);
    buffer_char(&out, ' ');
    add_value(&out, setting->key, setting->value);
    return finish(&out, arena);
}

static void add_named(struct buffer *out, const char *key, const char *name) {
    const char *star = name == NULL ? NULL : strchr(key, '*');
    if (star == NULL) {
        buffer_text(out, key);
        return;
    }
    buffer_bytes(out, key, (size_t)(star - key));
    add_key(out, name);
    buffer_text(out, star + 1);
}

static void add_pair(struct buffer *out, const struct rule_pair *pair, const char *name,
                     const struct origin *at) {
    static const char *const forms[][3] = {
        [WRITTEN_PROPERTY] = {"", " ", ""},
        [WRITTEN_COMMAND] = {"--conf ", "=", ""},
        [WRITTEN_YAML] = {"", ": \"", "\""},
        [WRITTEN_JSON] = {"\"", "\": \"", "\""},
        [WRITTEN_CALL] = {".config(\"", "\", \"", "\")"},
    };
    enum written_form form = at->form != WRITTEN_UNTOLD ? at->form
                             : at->file != NULL         ? WRITTEN_PROPERTY
                                                        : WRITTEN_COMMAND;
    buffer_text(out, forms[form][0]);
    add_named(out, pair->key, name);
    buffer_printf(out, "%s%s%s", forms[form][1], pair->value, forms[form][2]);
}

const char *message_of_fix(const struct rule *rule, const char *name, const struct origin *origin,
                           struct arena *arena) {
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    for (size_t i = 0; i < rule->fix_count; i++) {
        buffer_text(&out, i > 0 ? "\n" : "");
        add_pair(&out, &rule->fix_set[i], name, origin);
    }
    if (rule->fix_text != NULL) {
        if (rule->fix_count > 0)
            buffer_char(&out, '\n');
        buffer_text(&out, rule->fix_text);
    }
    return finish(&out, arena);
}

const char *message_of_near_miss_fix(const struct setting *setting, struct arena *arena) {
    struct buffer out = buffer_make(LIMIT_MESSAGE);
    buffer_printf(&out, "write %s, or remove ", catalogue_near_miss(setting->key));
    add_key(&out, setting->key);
    return finish(&out, arena);
}
