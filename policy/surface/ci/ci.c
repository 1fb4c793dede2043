#include "policy/surface/ci/ci.h"

#include <stdbool.h>
#include <string.h>

#include "policy/surface/ci/block.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536 /* bytes that the recogniser sees */

/* What lines begin with. */
enum word { API, ON, JOBS, RUNS, RUNS_ON, STEPS, RUN, USES, SCRIPT, STAGES, STAGE, WORDS };

static const struct {
    const char *text;
    bool top;  /* at the beginning of the line; else behind blanks */
    bool item; /* may follow "- " */
} words[WORDS] = {
    [API] = {"apiVersion:", true, false},   [ON] = {"on:", true, false},
    [JOBS] = {"jobs:", true, false},        [RUNS] = {"runs:", true, false},
    [RUNS_ON] = {"runs-on:", false, false}, [STEPS] = {"steps:", false, false},
    [RUN] = {"run:", false, true},          [USES] = {"uses:", false, true},
    [SCRIPT] = {"script:", false, false},   [STAGES] = {"stages:", true, false},
    [STAGE] = {"stage:", false, false},
};

static void look_at_line(const char *line, size_t length, bool found[WORDS]) {
    size_t blanks = 0, dash = 0;
    while (blanks < length && line[blanks] == ' ')
        blanks++;
    if (blanks + 1 < length && line[blanks] == '-' && line[blanks + 1] == ' ')
        dash = 2;
    for (size_t i = 0; i < WORDS; i++) {
        size_t from = blanks + (words[i].item ? dash : 0);
        bool placed = words[i].top ? from == 0 : from > 0;
        if (!placed || from == length || line[from] != words[i].text[0])
            continue;
        size_t size = strlen(words[i].text);
        if (length - from >= size && memcmp(line + from, words[i].text, size) == 0)
            found[i] = true;
    }
}

static void look(const struct surface_input *input, bool found[WORDS]) {
    const char *p = input->bytes;
    const char *end = p + (input->length < LOOKED_AT ? input->length : LOOKED_AT);
    while (p < end) {
        const char *feed = memchr(p, '\n', (size_t)(end - p));
        const char *stop = feed == NULL ? end : feed;
        look_at_line(p, (size_t)(stop - p), found);
        p = stop + 1;
    }
}

static bool holds(const struct surface_input *input, const char *text) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    return length > 0 && memmem(input->bytes, length, text, strlen(text)) != NULL;
}

enum surface_certainty ci_recognise(const struct surface_input *input) {
    bool found[WORDS] = {false};
    if (text_ends(input->label, ".py") || (!holds(input, "steps:") && !holds(input, "script:")))
        return SURFACE_NO;
    look(input, found);
    if (found[API])
        return SURFACE_NO;
    if (found[STEPS] && (found[RUN] || found[USES]) && (found[JOBS] || found[RUNS]))
        return found[JOBS] && (found[ON] || found[RUNS_ON]) ? SURFACE_SURE : SURFACE_LIKELY;
    if (!found[SCRIPT])
        return SURFACE_NO;
    if (text_ends(input->label, "gitlab-ci.yml") || text_ends(input->label, "gitlab-ci.yaml"))
        return SURFACE_SURE;
    return found[STAGES] || found[STAGE] ? SURFACE_LIKELY : SURFACE_NO;
}

static bool is_github(const struct tree_node *root) {
    return tree_find(root, "jobs") != NULL || tree_path(root, "runs.steps") != NULL;
}

static void read_root(struct ci *ci, const struct tree_node *root) {
    ci->root = root;
    ci->expands = !is_github(root);
    if (root->kind == TREE_BROKEN)
        document_note(ci->b, &root->origin, "a part of this file cannot be read");
    else if (is_github(root))
        ci_read_github(ci);
    else
        ci_read_gitlab(ci);
    ci->variable_count = 0;
}

int ci_read(const struct surface_input *input, struct arena *arena, struct document *ret,
            struct error *err) {
    const struct tree_node *documents;
    size_t count;
    if (tree_parse(input->bytes, input->length, input->label, arena, &documents, &count, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    struct ci ci = {.b = &b, .once = input->length + LIMIT_CI_AGAIN, .again = LIMIT_CI_AGAIN};
    for (size_t i = 0; i < count && !b.failed; i++)
        read_root(&ci, &documents[i]);
    return document_end(&b, ret);
}
