/* yaml_fixture.h: a text that was parsed, for the units of yaml/. */
#ifndef ARRESTOR_TEST_YAML_FIXTURE_H
#define ARRESTOR_TEST_YAML_FIXTURE_H

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/yaml/yaml_tree.h"

#define MEMORY (64u * 1024u * 1024u)

struct fixture {
    struct arena arena;
    struct error err;
    struct yaml_source source;
    const struct yaml_node *root;
};

static inline int read_bytes(struct fixture *f, const char *bytes, size_t length) {
    static const struct yaml_node untouched;
    f->arena = arena_make(MEMORY);
    f->source = (struct yaml_source){bytes, length, "t.yaml", ERROR_CONFIG};
    f->root = &untouched;
    error_clear(&f->err);
    int result =
        yaml_parse(bytes, length, "t.yaml", ERROR_CONFIG, &f->arena, &f->arena, &f->root, &f->err);
    if (result != 0)
        assert_ptr_equal(f->root, &untouched);
    return result;
}

static inline int read_yaml(struct fixture *f, const char *text) {
    return read_bytes(f, text, strlen(text));
}

#endif
