#include "policy/surface/source/session.h"

#include <string.h>

#include "policy/surface/source/effect.h"
#include "policy/surface/source/entries.h"
#include "policy/surface/source/setter.h"
#include "policy/surface/source/type.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

void session_add(struct session *s, enum document_list list, const char *key, const char *value,
                 const struct origin *origin, const struct origin *value_origin) {
    struct session_setting *grown =
        arena_grow(s->file->arena, s->settings, s->count, &s->room, sizeof *grown);
    if (grown == NULL) {
        s->file->starved = true;
        return;
    }
    s->settings = grown;
    grown[s->count++] = (struct session_setting){
        .list = list, .key = key, .value = value, .origin = *origin, .value_origin = *value_origin};
}

static void put_entry(struct session *s, struct source_node *mapping, struct source_node *key,
                      struct source_node *value) {
    struct source_binding *binding = names_find(&s->file->names, mapping);
    struct source_entry *entry = arena_alloc(s->file->arena, sizeof *entry);
    if (entry == NULL)
        s->file->starved = true;
    if (binding == NULL || entry == NULL)
        return;
    *entry = (struct source_entry){.key = key, .value = value};
    if (binding->last == NULL)
        binding->entries = entry;
    else
        binding->last->next = entry;
    binding->last = entry;
}

/* object["key"] = value. */
static void put_index(struct session *s, struct source_node *target, struct source_node *value) {
    struct source_node *key = target->items;
    if (key == NULL || key->next != NULL || value == NULL)
        return;
    if (target->object->type == TYPE_ENVIRON)
        setter_environment(s, key, value);
    else
        put_entry(s, target->object, key, value);
}

static void walk_binding(struct session *s, struct source_node *bind) {
    struct source_node *value = bind->bind == BIND_VALUE ? bind->object : NULL;
    if (bind->bind == BIND_DEFAULT)
        return;
    for (struct source_node *target = bind->items; target != NULL; target = target->next) {
        if (target->kind == SOURCE_INDEX) {
            put_index(s, target, value);
            continue;
        }
        struct source_binding *binding = names_find(&s->file->names, target);
        if (binding == NULL)
            continue;
        binding->now = bind;
        binding->type = value == NULL ? TYPE_UNTOLD : (enum source_type)value->type;
        binding->copy = binding->type == TYPE_CONF_COPY;
        binding->spent = false;
        for (size_t i = s->bound; binding->copy && i < s->count; i++)
            s->settings[i].of = binding;
    }
    s->bound = s->count;
}

static void walk_call(struct session *s, struct source_node *call) {
    struct source_node *callee = call->object;
    bool puts = callee->kind == SOURCE_MEMBER && callee->object->type == TYPE_UNTOLD;
    if (puts && syntax_is(&callee->name, "update"))
        for (struct source_node *item = call->items; item != NULL; item = item->next)
            put_entry(s, callee->object, NULL, item);
    else if (puts && syntax_is(&callee->name, "put") && value_positions(call) == 2)
        put_entry(s, callee->object, call->items, call->items->next);
    setter_call(s, call);
}

void session_walk(struct session *s, struct source_node *node) {
    node->type = (uint8_t)type_tell(&s->file->names, node);
    if (node->kind == SOURCE_CALL)
        walk_call(s, node);
    else if (node->kind == SOURCE_BIND)
        walk_binding(s, node);
}

static void move_late(struct session *s) {
    bool noted = false;
    for (size_t i = 0; i < s->count; i++) {
        struct session_setting *setting = &s->settings[i];
        if (setting->list != DOCUMENT_CODE || s->plain_python || !effect_is_late(setting->key))
            continue;
        setting->list = DOCUMENT_INEFFECTIVE;
        if (!noted)
            document_note(s->b, &setting->origin,
                          s->file->text->language == SOURCE_PYTHON
                              ? "spark-submit reads this before the source runs: it holds only "
                                "where the script is started as `python FILE`"
                              : "spark-submit reads this before the source runs: it has no effect");
        noted = true;
    }
}

/* Variables of a file that builds nothing of Spark: of no launch. */
static bool has_settings(struct session *s) {
    bool has = s->built;
    for (size_t i = 0; i < s->count; i++)
        has = has || s->settings[i].list != DOCUMENT_ENVIRONMENT;
    for (size_t i = 0; !has && i < s->count; i++)
        document_add_loose(s->b, s->settings[i].key, s->settings[i].value, &s->settings[i].origin,
                           &s->settings[i].value_origin);
    return has;
}

void session_finish(struct session *s) {
    if (!has_settings(s))
        return;
    const char *label = s->file->text->label, *slash = strrchr(label, '/');
    const char *title = arena_printf(s->file->arena,
                                     s->file->text->language == SOURCE_PYTHON ? "PySpark source %s"
                                                                              : "Spark source %s",
                                     slash == NULL ? label : slash + 1);
    if (title == NULL) {
        s->file->starved = true;
        return;
    }
    move_late(s);
    document_launch(s->b, title, s->built ? &s->start : &s->settings[0].origin);
    setter_submit_words(s);
    document_open(s->b, s->built ? &s->start : &s->settings[0].origin);
    for (size_t i = 0; i < s->count; i++) {
        const struct session_setting *setting = &s->settings[i];
        document_set(s->b, setting->list, setting->key, setting->value, &setting->origin,
                     &setting->value_origin);
    }
}
