#include "policy/surface/hadoop/hadoop.h"

#include <stdint.h>
#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/hadoop/xml.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 4096

/* Keys that are final, by their hash. */
struct final_set {
    const char **keys; /* NULL: a free place */
    size_t count, room;
};

/* What Configuration.Parser holds while it reads: it follows tags, not their nesting, so that
 * odd files mean here what they mean there. */
struct parser {
    struct xml_reader xml;
    const struct place_map *map;
    struct document_builder *b;
    struct buffer token;
    size_t token_at; /* offset of its first byte */
    bool collecting;
    const char *name, *value; /* of the property; NULL: not given */
    size_t name_at, value_at;
    bool final;
    struct final_set finals;
};

static size_t hash_of(const char *key) {
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

/* Where the key is, or would go. */
static const char **find_final(const struct final_set *set, const char *key) {
    size_t at = hash_of(key) % set->room;
    while (set->keys[at] != NULL && strcmp(set->keys[at], key) != 0)
        at = (at + 1) % set->room;
    return &set->keys[at];
}

static bool is_final(const struct final_set *set, const char *key) {
    return set->room > 0 && *find_final(set, key) != NULL;
}

static int fail_memory(struct parser *p) {
    p->b->failed = true;
    return error_set(p->b->err, ERROR_MEMORY, "no memory for a site file");
}

/* Doubles the room; 0 or -1. */
static int grow_finals(struct parser *p) {
    struct final_set old = p->finals, grown = {.room = old.room == 0 ? 64 : 2 * old.room};
    grown.keys = arena_array(p->b->arena, grown.room, sizeof *grown.keys);
    if (grown.keys == NULL)
        return fail_memory(p);
    for (size_t i = 0; i < old.room; i++)
        if (old.keys[i] != NULL)
            *find_final(&grown, old.keys[i]) = old.keys[i];
    grown.count = old.count;
    p->finals = grown;
    return 0;
}

static int add_final(struct parser *p, const char *key) {
    if (2 * p->finals.count >= p->finals.room && grow_finals(p) != 0)
        return -1;
    const char **place = find_final(&p->finals, key);
    p->finals.count += *place == NULL ? 1 : 0;
    *place = key;
    return 0;
}

/* What earlier files of the launch have made final. */
static int take_finals(struct parser *p) {
    const struct document_builder *b = p->b;
    if (b->launch_count == 0)
        return 0;
    const struct setting *facts = b->lists[DOCUMENT_FACTS];
    size_t count = b->launches[b->launch_count - 1].lists[DOCUMENT_FACTS].count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(facts[i].key, HADOOP_FACT_FINAL) == 0 && add_final(p, facts[i].value) != 0)
            return -1;
    return 0;
}

static const char *copy_token(struct parser *p) {
    const char *copy = arena_text(p->b->arena, p->token.data, p->token.length);
    if (copy == NULL)
        (void)fail_memory(p);
    return copy;
}

/* As String.trim(): up to U+0020. *skipped: what is dropped in front. */
static const char *trim(struct parser *p, const char *text, size_t *skipped) {
    size_t start = 0, end = strlen(text);
    while (start < end && (unsigned char)text[start] <= ' ')
        start++;
    while (end > start && (unsigned char)text[end - 1] <= ' ')
        end--;
    *skipped = start;
    const char *copy = arena_text(p->b->arena, text + start, end - start);
    if (copy == NULL)
        (void)fail_memory(p);
    return copy;
}

/* The offset of the first byte of a piece that is no blank. */
static size_t find_ink(const struct parser *p, size_t from) {
    while (from < p->xml.length && (unsigned char)p->xml.bytes[from] <= ' ')
        from++;
    return from;
}

static void clear_token(struct parser *p) {
    p->token.length = 0;
}

/* The short form: <property name="…" value="…" final="true"/>. */
static int read_attributes(struct parser *p) {
    struct xml_piece name, value;
    while (xml_attribute(&p->xml, &name, &value)) {
        bool is_name = xml_is(&p->xml, name, "name"), is_value = xml_is(&p->xml, name, "value");
        clear_token(p);
        if (xml_decode(&p->xml, value, true, &p->token) != 0)
            return -1;
        if (buffer_status(&p->token) != 0)
            return fail_memory(p);
        if (xml_is(&p->xml, name, "final"))
            p->final = p->token.length == 4 && memcmp(p->token.data, "true", 4) == 0;
        if (!is_name && !is_value)
            continue;
        const char *text = p->token.length == 0 ? "" : copy_token(p);
        if (text == NULL)
            return -1;
        *(is_name ? &p->name : &p->value) = text;
        *(is_name ? &p->name_at : &p->value_at) = value.start;
    }
    return p->xml.fault == NULL ? 0 : -1;
}

/* Whether an element's text is kept. */
static bool is_token(const struct parser *p, struct xml_piece element) {
    static const char *const names[] = {"name", "value", "final", "source", "tag"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (xml_is(&p->xml, element, names[i]))
            return true;
    return false;
}

static int start_element(struct parser *p) {
    if (xml_is(&p->xml, p->xml.name, "property")) {
        p->name = p->value = NULL;
        p->final = false;
        return read_attributes(p);
    }
    if (is_token(p, p->xml.name)) {
        p->collecting = true;
        clear_token(p);
    } else if (xml_is(&p->xml, p->xml.name, "include")) {
        struct origin origin = place_find(p->map, p->xml.name.start);
        document_note(p->b, &origin, "includes another file, which is not followed here");
    }
    return 0;
}

/* What a template inserts between properties may be further ones. */
static void open_for_template(struct parser *p) {
    struct xml_piece text = p->xml.text;
    if (!p->xml.marked || is_token(p, p->xml.open[p->xml.depth - 1]) ||
        !unknown_within(p->xml.bytes + text.start, text.end - text.start))
        return;
    struct origin origin = place_find(p->map, text.start);
    document_open(p->b, &origin);
}

static int add_text(struct parser *p) {
    open_for_template(p);
    if (p->token.length == 0)
        p->token_at = p->xml.text.start;
    if (xml_decode(&p->xml, p->xml.text, false, p->collecting ? &p->token : NULL) != 0)
        return -1;
    return buffer_status(&p->token) == 0 ? 0 : fail_memory(p);
}

static int end_property(struct parser *p) {
    if (p->name == NULL)
        return 0;
    struct origin origin = place_find(p->map, p->name_at);
    if (unknown_in(p->name)) { /* any setting may be meant */
        document_open(p->b, &origin);
        return 0;
    }
    if (p->value != NULL && p->name[0] != '\0' && !is_final(&p->finals, p->name)) {
        struct origin value_origin = place_find(p->map, p->value_at);
        document_set(p->b, DOCUMENT_HADOOP, p->name, p->value, &origin, &value_origin);
    } else if (p->value != NULL && p->name[0] != '\0') {
        document_note(p->b, &origin, "sets a key that was made final before: Hadoop ignores it");
    }
    if (!p->final || is_final(&p->finals, p->name))
        return 0;
    document_set(p->b, DOCUMENT_FACTS, HADOOP_FACT_FINAL, p->name, &origin, NULL);
    return add_final(p, p->name);
}

static int end_element(struct parser *p) {
    struct xml_piece name = p->xml.name;
    bool is_name = xml_is(&p->xml, name, "name");
    if (xml_is(&p->xml, name, "property"))
        return end_property(p);
    if (xml_is(&p->xml, name, "final"))
        p->final = p->token.length == 4 && memcmp(p->token.data, "true", 4) == 0;
    if (p->token.length == 0 || (!is_name && !xml_is(&p->xml, name, "value")))
        return 0;
    const char *text = copy_token(p);
    if (text == NULL)
        return -1;
    if (!is_name) {
        p->value = text;
        p->value_at = p->token_at;
        return 0;
    }
    size_t skipped = 0;
    p->name = trim(p, text, &skipped);
    p->name_at = skipped > 0 ? find_ink(p, p->token_at) : p->token_at;
    return p->name == NULL ? -1 : 0;
}

static int fail_xml(struct parser *p) {
    struct origin origin = place_find(p->map, p->xml.at);
    p->b->failed = true;
    error_set(p->b->err, ERROR_INPUT, "%s", p->xml.fault);
    return error_at(p->b->err, origin.file, origin.line, origin.column);
}

static int read_events(struct parser *p) {
    for (;;) {
        int status = 0;
        switch (xml_next(&p->xml)) {
        case XML_START:
            status = start_element(p);
            break;
        case XML_END:
            status = end_element(p);
            break;
        case XML_TEXT:
            status = add_text(p);
            break;
        case XML_DONE:
            return 0;
        default:
            status = -1;
            break;
        }
        if (status != 0)
            return p->xml.fault != NULL ? fail_xml(p) : -1;
        if (p->b->failed)
            return -1;
    }
}

static int read_site(const char *bytes, size_t length, bool marked, const struct place_map *map,
                     struct document_builder *b) {
    struct parser p = {.xml = xml_begin(bytes, length, marked),
                       .map = map,
                       .b = b,
                       .token = buffer_make(length + 1)};
    int status = b->failed ? -1 : take_finals(&p);
    if (status == 0)
        status = read_events(&p);
    buffer_free(&p.token);
    return status;
}

int hadoop_read_text(const char *bytes, size_t length, const struct place_map *map,
                     struct document_builder *b) {
    return read_site(bytes, length, true, map, b);
}

static const char *const site_names[] = {"core-site.xml", "hdfs-site.xml",   "hive-site.xml",
                                         "yarn-site.xml", "mapred-site.xml", "hadoop-site.xml"};

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Whether a word stands among the first bytes. */
static bool holds(const struct surface_input *input, const char *word) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    return memmem(input->bytes, length, word, strlen(word)) != NULL;
}

enum surface_certainty hadoop_recognise(const struct surface_input *input) {
    const char *name = last_part(input->label);
    bool root = holds(input, "<configuration");
    for (size_t i = 0; i < sizeof site_names / sizeof site_names[0]; i++)
        if (strcmp(name, site_names[i]) == 0)
            return root ? SURFACE_SURE : SURFACE_MAYBE;
    /* Log4j and Logback have roots of that name too, but no <property><name>. */
    bool forms = root && holds(input, "<property") &&
                 (holds(input, "<name>") || holds(input, "<property name="));
    if (!forms || holds(input, "<appender"))
        return SURFACE_NO;
    return text_ends(name, ".xml") ? SURFACE_SURE : SURFACE_LIKELY;
}

int hadoop_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                struct error *err) {
    struct place_map map;
    if (place_file(input->label, input->bytes, input->length, arena, &map) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for a site file");
    struct document_builder b = document_begin(arena, err);
    struct origin start = place_find(&map, 0);
    document_launch(&b, input->label, &start);
    document_unset(&b, input->label, 1, 1);
    document_open(&b, &start);
    document_set(&b, DOCUMENT_FACTS, HADOOP_FACT_FILE, last_part(input->label), &start, NULL);
    (void)read_site(input->bytes, input->length, false, &map, &b);
    return document_end(&b, ret);
}
