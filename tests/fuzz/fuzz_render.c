/* A delivered properties file: lines "KEY VALUE". What Java's reader makes of the file
 * is exactly the keys and values that went in; or it is refused. */
#include <string.h>

#include "policy/surface/properties.h"
#include "sidecar/base/utf8.h"
#include "sidecar/render/render.h"
#include "tests/fuzz/fuzz.h"

#define MOST 16

struct scene {
    struct config_secret secrets[MOST];
    struct config_property properties[MOST];
    struct secret_set set;
    size_t count;
};

/* Pieces end with the byte 0xff: what is never part of UTF-8. */
static void take_pairs(const char *bytes, size_t length, struct arena *arena, struct scene *s) {
    size_t count = 0;
    const char **pieces = fuzz_words(bytes, length, '\xff', arena, &count);
    for (size_t i = 0; i + 1 < count && s->count < MOST; i += 2, s->count++) {
        bool literal = pieces[i][0] == '!';
        s->secrets[s->count] = (struct config_secret){.name = "s", .path = "p"};
        s->properties[s->count] = (struct config_property){
            .key = pieces[i], .is_reference = !literal, .literal = pieces[i + 1]};
        s->properties[s->count].reference.secret = s->count;
        s->set.secrets[s->count] = (struct secret){(const unsigned char *)pieces[i + 1],
                                                   strlen(pieces[i + 1]), (uint32_t)s->count};
    }
    s->set.count = s->count;
}

static void check_file(const struct scene *s, const struct secret_text *text, struct arena *arena) {
    struct setting_list list;
    struct error err;
    for (size_t i = 0; i < text->length; i++)
        HOLDS(text->bytes[i] == '\n' || (text->bytes[i] >= ' ' && text->bytes[i] <= '~'));
    HOLDS(properties_parse((const char *)text->bytes, text->length, "r", arena, &list, &err) == 0);
    HOLDS(list.count == s->count);
    for (size_t i = 0; i < s->count; i++) {
        HOLDS(strcmp(list.items[i].key, s->properties[i].key) == 0);
        HOLDS(strcmp(list.items[i].value, s->properties[i].literal) == 0);
    }
}

/* The first value alone, byte for byte. */
static void check_raw(const struct config *config, const struct scene *s) {
    const struct config_file file = {.name = "raw", .form = FORM_RAW};
    struct secret_text text = {.length = 77};
    struct error err;
    if (render_file(config, &file, &s->set, &text, &err) != 0) {
        HOLDS(s->set.secrets[0].length == 0);
        HOLDS(err.code == ERROR_SECRET_MISSING || err.code == ERROR_SECRET_EMPTY);
        fuzz_check_silent(&err);
        return;
    }
    HOLDS(text.length == s->set.secrets[0].length);
    HOLDS(memcmp(text.bytes, s->set.secrets[0].bytes, text.length) == 0);
    secret_text_free(&text);
}

FUZZ_TARGET(render, 16384) {
    static struct scene s;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct secret_text text = {.length = 77};
    struct error err;
    memset(&s, 0, sizeof s);
    take_pairs(bytes, length, &arena, &s);
    struct config_file file = {.name = "f.properties",
                               .form = FORM_PROPERTIES,
                               .properties = s.properties,
                               .property_count = s.count};
    struct config config = {
        .secrets = s.secrets, .secret_count = s.count, .files = &file, .file_count = 1};
    bool keys = true;
    for (size_t i = 0; i < s.count; i++)
        keys = keys && text_is_utf8(s.properties[i].key, strlen(s.properties[i].key)) &&
               text_is_utf8(s.properties[i].literal, strlen(s.properties[i].literal));
    error_clear(&err);
    if (!keys) { /* the configuration is UTF-8 */
        arena_free(&arena);
        return;
    }
    if (s.count > 0)
        check_raw(&config, &s);
    if (render_file(&config, &file, &s.set, &text, &err) != 0) {
        HOLDS(text.length == 77 && text.bytes == NULL && error_status(err.code) == 6);
        if (!fuzz_contains(bytes, length, "!" FUZZ_CANARY))
            fuzz_check_error(&err);
    } else {
        check_file(&s, &text, &arena);
        secret_text_free(&text);
    }
    arena_free(&arena);
}
