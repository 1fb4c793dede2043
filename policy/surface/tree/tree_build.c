#include "policy/surface/tree/tree_build.h"

#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

static int fail_memory(struct builder *b) {
    return error_set(b->err, ERROR_MEMORY, "no memory to read %s", b->file->file);
}

static int refuse(struct builder *b, size_t offset, const char *what) {
    struct origin place = place_find(b->file, offset);
    error_set(b->err, ERROR_INPUT, "%s", what);
    return error_at(b->err, b->file->file, place.line, place.column);
}

static struct build_frame *top(struct builder *b) {
    return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

void build_start(struct builder *b) {
    b->depth = b->anchor_count = 0;
    b->line = 0;
    b->pending = NULL;
    b->root = NULL;
    b->base = -1;
}

static bool is_empty(const struct tree_node *node) {
    return node != NULL && node->kind == TREE_SCALAR && !node->quoted && node->length == 0;
}

/* The node that text inserted with that indent falls into: an empty value whose key
 * stands further left, or the innermost collection that is indented no further.
 * NULL: the value that comes next. */
static struct tree_node *find_owner(struct builder *b, long indent) {
    for (size_t i = b->depth; i > 0; i--) {
        struct build_frame *frame = &b->frames[i - 1];
        if (i == b->depth && frame->key != NULL && indent > frame->column)
            return NULL;
        if (frame->column > indent && i > 1)
            continue;
        bool below = is_empty(frame->last) && frame->key == NULL && frame->column < indent;
        return below ? frame->last : frame->node;
    }
    return b->root;
}

static const struct origin *keep_place(struct builder *b, size_t offset) {
    struct origin *place = arena_array(b->arena, 1, sizeof *place);
    if (place != NULL)
        *place = place_find(b->file, offset);
    return place;
}

static int pass_insertion(struct builder *b, const struct template_part *part,
                          struct tree_node *owner) {
    const struct origin *place = keep_place(b, part->begin);
    if (place == NULL)
        return fail_memory(b);
    const struct origin **slot = owner == NULL ? &b->pending : &owner->open;
    *slot = *slot == NULL ? place : *slot;
    return 0;
}

/* A line of a template begins a condition, another branch of it, or ends it. */
static int pass_control(struct builder *b, const struct template_part *part) {
    struct build_condition *c = b->condition;
    b->conditions += part->conditions;
    b->conditions = b->conditions < 0 ? 0 : b->conditions;
    if (part->conditions > 0) {
        c = arena_array(b->arena, 1, sizeof *c);
        if (c == NULL)
            return fail_memory(b);
        *c = (struct build_condition){
            .shown = {.branches = 1, .nested = b->base >= 0 && b->conditions > b->base + 1},
            .outer = b->condition};
        b->condition = c;
    } else if (part->conditions < 0 && c != NULL) {
        b->condition = c->outer;
    } else if (part->branch != BRANCH_NONE && c != NULL) {
        c->shown.branches++;
        c->shown.whole = part->branch == BRANCH_LAST;
    }
    return 0;
}

int build_pass(struct builder *b, size_t offset) {
    const struct template_parts *inserted = &b->input->inserted, *controls = &b->input->controls;
    for (; b->control < controls->count && controls->items[b->control].begin < offset; b->control++)
        if (pass_control(b, &controls->items[b->control]) != 0)
            return -1;
    for (; b->inserted < inserted->count && inserted->items[b->inserted].begin < offset;
         b->inserted++) {
        const struct template_part *part = &inserted->items[b->inserted];
        if (pass_insertion(b, part, find_owner(b, (long)part->indent)) != 0)
            return -1;
    }
    return 0;
}

int build_claim(struct builder *b, size_t end) {
    const struct template_parts *inserted = &b->input->inserted;
    struct build_frame *frame = top(b);
    struct tree_node *owner = frame == NULL ? b->root : frame->key == NULL ? frame->last : NULL;
    for (; b->inserted < inserted->count && inserted->items[b->inserted].begin < end; b->inserted++)
        if (pass_insertion(b, &inserted->items[b->inserted], owner) != 0)
            return -1;
    return 0;
}

static int count_node(struct builder *b, size_t offset, size_t weight) {
    if (weight > LIMIT_TREE_NODES - b->nodes)
        return refuse(b, offset, "the text holds too many values, or aliases that multiply them");
    b->nodes += weight;
    return 0;
}

static bool wants_key(const struct build_frame *frame) {
    return frame != NULL && frame->node->kind == TREE_MAPPING && frame->key == NULL;
}

static void set_key(struct build_frame *frame, const char *key, const struct origin *origin) {
    frame->key = key;
    frame->key_origin = *origin;
}

static void attach(struct builder *b, struct tree_node *node) {
    struct build_frame *frame = top(b);
    if (b->base >= 0 && b->conditions > b->base && b->condition != NULL) {
        node->condition = &b->condition->shown;
        node->branch = b->condition->shown.branches;
    }
    if (b->pending != NULL) {
        node->open = b->pending;
        b->pending = NULL;
    }
    if (frame == NULL) {
        b->root = node;
        b->base = b->conditions;
        return;
    }
    node->parent = frame->node;
    node->key = frame->key;
    if (frame->key != NULL)
        node->key_origin = frame->key_origin;
    frame->merges = frame->merges || (frame->key != NULL && strcmp(frame->key, "<<") == 0);
    frame->key = NULL;
    if (frame->last == NULL)
        frame->node->first = node;
    else
        frame->last->next = node;
    frame->last = node;
    frame->node->count++;
}

static int keep_anchor(struct builder *b, size_t offset, const char *name,
                       const struct tree_node *node, size_t weight, size_t height) {
    if (name == NULL)
        return 0;
    if (b->anchor_count == LIMIT_TREE_ANCHORS)
        return refuse(b, offset, "the document has too many anchors");
    b->anchors[b->anchor_count++] =
        (struct build_anchor){.name = name, .node = node, .weight = weight, .height = height};
    return 0;
}

/* A copy of it takes its place as key or value. */
static struct tree_node *place_copy(struct builder *b, const struct tree_node *from) {
    struct tree_node *node = arena_array(b->arena, 1, sizeof *node);
    if (node == NULL)
        return NULL;
    *node = *from;
    node->next = NULL;
    node->parent = NULL;
    node->key = NULL;
    if (wants_key(top(b)))
        set_key(top(b), node->kind == TREE_SCALAR ? node->text : "", &node->origin);
    else
        attach(b, node);
    return node;
}

int build_scalar(struct builder *b, const struct build_event *event,
                 const struct tree_node *scalar) {
    struct build_frame *frame = top(b);
    if (wants_key(frame) && frame->last == NULL && !event->flow)
        frame->column = event->column;
    if (count_node(b, event->begin, 1) != 0)
        return -1;
    b->line = scalar->last_line;
    struct tree_node *node = place_copy(b, scalar);
    if (node == NULL)
        return fail_memory(b);
    return keep_anchor(b, event->begin, event->anchor, node, 1, 0);
}

int build_open(struct builder *b, const struct build_event *event, enum tree_kind kind) {
    if (b->depth == LIMIT_TREE_DEPTH)
        return refuse(b, event->begin, "the text is nested too deeply");
    size_t before = b->nodes;
    if (count_node(b, event->begin, 1) != 0)
        return -1;
    struct tree_node *node = arena_array(b->arena, 1, sizeof *node);
    if (node == NULL)
        return fail_memory(b);
    *node = (struct tree_node){
        .kind = kind, .text = "", .tag = event->tag, .origin = place_find(b->file, event->begin)};
    node->last_line = node->origin.line;
    bool is_key = wants_key(top(b));
    if (!is_key)
        attach(b, node);
    b->frames[b->depth++] = (struct build_frame){.node = node,
                                                 .is_key = is_key,
                                                 .column = event->flow ? -1 : event->column,
                                                 .nodes = before,
                                                 .anchor = event->anchor};
    return 0;
}

/* Adds a copy of a child behind *last of a mapping that is put together. */
static int copy_child(struct builder *b, struct tree_node *into, struct tree_node **last,
                      const struct tree_node *child) {
    struct tree_node *copy = arena_array(b->arena, 1, sizeof *copy);
    if (copy == NULL)
        return fail_memory(b);
    *copy = *child;
    copy->next = NULL;
    if (*last == NULL)
        into->first = copy;
    else
        (*last)->next = copy;
    *last = copy;
    into->count++;
    return 0;
}

static int copy_children(struct builder *b, struct tree_node *into, struct tree_node **last,
                         const struct tree_node *from) {
    if (count_node(b, 0, from->count) != 0)
        return -1;
    for (const struct tree_node *child = from->first; child != NULL; child = child->next)
        if (copy_child(b, into, last, child) != 0)
            return -1;
    return 0;
}

/* Of a list of mappings the first one wins: it comes last. */
static int merge_list(struct builder *b, struct tree_node *into, struct tree_node **last,
                      const struct tree_node *list) {
    const struct tree_node *items[LIMIT_TREE_DEPTH];
    size_t count = 0;
    for (const struct tree_node *item = list->first; item != NULL; item = item->next) {
        if (count == LIMIT_TREE_DEPTH)
            return error_set(b->err, ERROR_INPUT, "a merge key names too many mappings");
        items[count++] = item;
    }
    while (count-- > 0)
        if (items[count]->kind == TREE_MAPPING && copy_children(b, into, last, items[count]) != 0)
            return -1;
    return 0;
}

static bool is_merge(const struct tree_node *child) {
    return strcmp(child->key, "<<") == 0 && child->kind != TREE_SCALAR;
}

/* What merge keys bring, then the mapping's own children. */
static int merge(struct builder *b, struct build_frame *frame) {
    struct tree_node *node = frame->node, *last = NULL;
    const struct tree_node *own = node->first;
    node->first = NULL;
    node->count = 0;
    for (const struct tree_node *child = own; child != NULL; child = child->next) {
        if (!is_merge(child))
            continue;
        int failed = child->kind == TREE_MAPPING ? copy_children(b, node, &last, child)
                                                 : merge_list(b, node, &last, child);
        if (failed != 0)
            return -1;
    }
    for (const struct tree_node *child = own; child != NULL; child = child->next)
        if (!is_merge(child) && copy_child(b, node, &last, child) != 0)
            return -1;
    return 0;
}

int build_shut(struct builder *b) {
    struct build_frame *frame = top(b);
    struct tree_node *node = frame->node;
    if (b->line > node->last_line)
        node->last_line = b->line;
    if (frame->merges && merge(b, frame) != 0)
        return -1;
    size_t weight = b->nodes - frame->nodes, height = frame->height + 1;
    b->depth--;
    struct build_frame *above = top(b);
    if (above != NULL && above->height < height)
        above->height = height;
    if (frame->is_key)
        set_key(above, "", &node->origin);
    return keep_anchor(b, 0, frame->anchor, node, weight, height);
}

static const struct build_anchor *find_anchor(const struct builder *b, const char *name) {
    for (size_t i = b->anchor_count; i > 0; i--)
        if (strcmp(b->anchors[i - 1].name, name) == 0)
            return &b->anchors[i - 1];
    return NULL;
}

/* An alias of nothing says something that is not told here. */
static int add_unknown(struct builder *b, const struct build_event *event, const char *name) {
    struct place_segment *segments = arena_array(b->arena, 2, sizeof *segments);
    const char *written = arena_printf(b->arena, "*%s", name);
    struct tree_node node = {
        .kind = TREE_SCALAR,
        .text = written == NULL ? NULL : unknown_text(b->arena, written, strlen(written)),
        .length = strlen(name) + 3,
        .origin = place_find(b->file, event->begin)};
    if (segments == NULL || node.text == NULL)
        return fail_memory(b);
    for (size_t i = 0; i < 2; i++) /* the mark stands where the text does */
        segments[i] = (struct place_segment){
            .offset = i, .line = node.origin.line, .column = node.origin.column};
    node.map = (struct place_map){.file = b->file->file, .segments = segments, .count = 2};
    node.last_line = node.origin.line;
    return build_scalar(b, event, &node);
}

int build_alias(struct builder *b, const struct build_event *event, const char *name) {
    for (size_t i = 0; i < b->depth; i++)
        if (b->frames[i].anchor != NULL && strcmp(b->frames[i].anchor, name) == 0)
            return refuse(b, event->begin, "an alias stands within what it names");
    const struct build_anchor *anchor = find_anchor(b, name);
    if (anchor == NULL)
        return add_unknown(b, event, name);
    if (count_node(b, event->begin, anchor->weight) != 0)
        return -1;
    if (b->depth + anchor->height > LIMIT_TREE_DEPTH)
        return refuse(b, event->begin, "the text is nested too deeply");
    struct build_frame *frame = top(b);
    if (frame != NULL && frame->height < anchor->height)
        frame->height = anchor->height;
    b->line = place_find(b->file, event->begin).line;
    if (place_copy(b, anchor->node) == NULL)
        return fail_memory(b);
    return 0;
}
