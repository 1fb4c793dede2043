#include <stdlib.h>
#include <string.h>

#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

static bool is_number(const char *text) {
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 6;
}

static void take_arguments(const struct shell_run *run, struct shell_value *ret) {
    if (!run->state.arguments_known)
        return;
    *ret = (struct shell_value){
        .kind = VALUE_ARRAY, .items = run->state.arguments, .count = run->state.argument_count};
}

static void take_argument(const struct shell_run *run, size_t number, struct shell_value *ret) {
    if (!run->state.arguments_known || number == 0)
        return;
    for (size_t i = 0; i < number && i < run->state.argument_count; i++)
        if (run->state.arguments[i].several)
            return;
    ret->kind = number <= run->state.argument_count ? VALUE_TEXT : VALUE_UNSET;
    if (ret->kind == VALUE_TEXT)
        ret->text = run->state.arguments[number - 1].text;
}

/* Whether it is known how many there are. */
static bool is_counted(const struct shell_field *items, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (items[i].several)
            return false;
    return true;
}

/* A number, where it is asked for. */
static int take_number(struct shell_run *run, size_t number, uint32_t position,
                       struct shell_value *ret) {
    char digits[24];
    struct shell_builder b = shell_builder_make(run->c);
    size_t length = 0;
    do {
        digits[sizeof digits - ++length] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    shell_add(&b, digits + sizeof digits - length, length, position);
    int status = shell_built(&b, position, &ret->text);
    shell_builder_free(&b);
    ret->kind = VALUE_TEXT;
    ret->count = 0;
    return status;
}

/* NAME without an index is the first element of an array. */
static void take_element(const struct shell_value *value, size_t index, struct shell_value *ret) {
    if (value->kind != VALUE_ARRAY) {
        *ret = *value;
        if (index > 0)
            ret->kind = value->kind == VALUE_TEXT ? VALUE_UNSET : value->kind;
        return;
    }
    size_t sure = 0;
    while (sure < value->count && sure <= index && !value->items[sure].several)
        sure++;
    ret->kind = index < sure ? VALUE_TEXT : sure == value->count ? VALUE_UNSET : VALUE_UNKNOWN;
    if (index < sure)
        ret->text = value->items[index].text;
}

static void take_all(struct shell_run *run, const struct shell_value *value,
                     struct shell_value *ret) {
    *ret = *value;
    if (value->kind == VALUE_TEXT || value->kind == VALUE_UNSET) {
        struct shell_field *one = arena_array(run->c->arena, 1, sizeof *one);
        if (one == NULL) {
            shell_starve(run->c);
            return;
        }
        *one = (struct shell_field){.text = value->text};
        ret->kind = VALUE_ARRAY;
        ret->items = one;
        ret->count = value->kind == VALUE_TEXT;
    }
}

/* What the name and index stand for, before any operator. */
static int take_value(struct shell_run *run, const struct shell_expansion *e,
                      struct shell_value *ret) {
    *ret = (struct shell_value){.kind = VALUE_OUTSIDE, .position = e->position};
    if (strcmp(e->name, "@") == 0 || strcmp(e->name, "*") == 0) {
        take_arguments(run, ret);
        return 0;
    }
    if (is_number(e->name)) {
        take_argument(run, (size_t)atoi(e->name), ret);
        return 0;
    }
    if (strcmp(e->name, "#") == 0 && run->state.arguments_known &&
        is_counted(run->state.arguments, run->state.argument_count))
        return take_number(run, run->state.argument_count, e->position, ret);
    struct shell_variable *v = walk_variable(run, e->name);
    if (v == NULL)
        return -1;
    if (e->index == NULL || is_number(e->index))
        take_element(&v->value, e->index == NULL ? 0 : (size_t)atoi(e->index), ret);
    else if (strcmp(e->index, "@") == 0 || strcmp(e->index, "*") == 0)
        take_all(run, &v->value, ret);
    ret->position = e->position;
    return run->c->failed ? -1 : 0;
}

static bool is_told(const struct shell_value *value) {
    return value->kind == VALUE_TEXT || value->kind == VALUE_UNSET || value->kind == VALUE_ARRAY;
}

/* The default of a variable from outside is not what runs, but a password in it is
 * in the script all the same. */
static void tell_default(struct shell_run *run, const struct shell_expansion *e) {
    struct shell_text text;
    uint32_t told = 0;
    if (e->word == NULL || is_number(e->name) || strchr(e->op, '+') != NULL || e->op[1] == '?' ||
        e->op[0] == '?' || walk_expand_text(run, e->word, &text) != 0)
        return;
    walk_tell_loose(run, e->name, e->position, &text, &told);
}

/* :- - := = :+ + :? ?. In *ret kind VALUE_TEXT with count 1: the word stands here. */
static int take_default(struct shell_run *run, const struct shell_expansion *e,
                        struct shell_value *ret) {
    char op = e->op[0] == ':' ? e->op[1] : e->op[0];
    bool empty = ret->kind == VALUE_UNSET || (ret->kind == VALUE_ARRAY && ret->count == 0) ||
                 (e->op[0] == ':' && ret->kind == VALUE_TEXT && ret->text.length == 0);
    if (!is_told(ret) ||
        (ret->kind == VALUE_TEXT && unknown_is_whole(ret->text.text, ret->text.length))) {
        tell_default(run, e);
        ret->kind = VALUE_UNKNOWN;
        return run->c->failed ? -1 : 0;
    }
    if (op == '+') {
        ret->kind = empty ? VALUE_UNSET : VALUE_TEXT;
        ret->count = !empty;
        return 0;
    }
    if (!empty || op == '?')
        return 0;
    *ret = (struct shell_value){.kind = VALUE_TEXT, .count = 1};
    if (op == '=') {
        struct shell_value value = {.kind = VALUE_TEXT, .position = e->position};
        if (walk_expand_text(run, e->word, &value.text) != 0)
            return -1;
        struct shell_variable *v = walk_variable(run, e->name);
        value.exported = run->state.allexport || (v != NULL && v->value.exported);
        walk_assign(run, v, &value);
    }
    return 0;
}

static bool matches(const char *pattern, bool glob, const char *text, size_t length,
                    struct shell_run *run) {
    char *copy = arena_text(run->c->arena, text, length);
    run->c->steps += 1 + length / 16;
    if (copy == NULL) {
        shell_starve(run->c);
        return false;
    }
    return glob ? text_glob(pattern, copy) : strcmp(pattern, copy) == 0;
}

/* A part of the text, or all but it. */
static int cut(struct shell_run *run, struct shell_value *ret, size_t from, size_t length) {
    struct shell_builder b = shell_builder_make(run->c);
    struct shell_text whole = ret->text;
    shell_add_text(&b, &whole, from, length);
    int status = shell_built(&b, shell_position(&whole, from), &ret->text);
    shell_builder_free(&b);
    return status;
}

/* % %% # ##: tried from the shortest, or from the longest. */
static int take_trimmed(struct shell_run *run, const struct shell_expansion *e,
                        const struct shell_text *pattern, struct shell_value *ret) {
    size_t length = ret->text.length;
    bool longest = e->op[1] != '\0', end = e->op[0] == '%';
    if (length > 4096) {
        ret->kind = VALUE_UNKNOWN;
        return 0;
    }
    for (size_t i = 0; i <= length && !run->c->failed; i++) {
        size_t part = longest ? length - i : i, from = end ? length - part : 0;
        if (matches(pattern->text, e->word->glob, ret->text.text + from, part, run))
            return cut(run, ret, end ? 0 : part, length - part);
    }
    return run->c->failed ? -1 : 0;
}

static int take_replaced(struct shell_run *run, const struct shell_expansion *e,
                         const struct shell_text *pattern, struct shell_value *ret) {
    struct shell_text with = {"", 0, NULL, 0};
    if (e->second != NULL && walk_expand_text(run, e->second, &with) != 0)
        return -1;
    if (e->word->glob || pattern->length == 0 || strchr("#%", pattern->text[0]) != NULL) {
        ret->kind = VALUE_UNKNOWN;
        return 0;
    }
    struct shell_builder b = shell_builder_make(run->c);
    const struct shell_text whole = ret->text;
    size_t at = 0;
    for (const char *found; (found = strstr(whole.text + at, pattern->text)) != NULL;) {
        size_t to = (size_t)(found - whole.text);
        shell_add_text(&b, &whole, at, to - at);
        if (with.length > 0)
            shell_add_text(&b, &with, 0, with.length);
        at = to + pattern->length;
        if (e->op[1] == '\0' || run->c->failed)
            break;
    }
    shell_add_text(&b, &whole, at, whole.length - at);
    int status = shell_built(&b, shell_position(&whole, 0), &ret->text);
    shell_builder_free(&b);
    return status;
}

/* ^ ^^ , ,, without a pattern. */
static int take_cased(struct shell_run *run, const struct shell_expansion *e,
                      struct shell_value *ret) {
    struct shell_builder b = shell_builder_make(run->c);
    const struct shell_text whole = ret->text;
    bool upper = e->op[0] == '^';
    for (size_t i = 0; i < whole.length; i++) {
        char c = whole.text[i];
        if (i == 0 || e->op[1] != '\0')
            c = upper && c >= 'a' && c <= 'z'    ? (char)(c - 32)
                : !upper && c >= 'A' && c <= 'Z' ? (char)(c + 32)
                                                 : c;
        shell_add(&b, &c, 1, shell_position(&whole, i));
    }
    int status = shell_built(&b, shell_position(&whole, 0), &ret->text);
    shell_builder_free(&b);
    return status;
}

/* ${x:from} and ${x:from:length}, of plain numbers. */
static int take_piece(struct shell_run *run, const struct shell_text *numbers,
                      struct shell_value *ret) {
    char *end;
    size_t digits = strspn(numbers->text, "0123456789: ");
    unsigned long from = strtoul(numbers->text, &end, 10), most = ret->text.length;
    if (digits != numbers->length || numbers->length == 0 || numbers->length > 12) {
        ret->kind = VALUE_UNKNOWN;
        return 0;
    }
    from = from < most ? from : most;
    unsigned long length = *end == ':' ? strtoul(end + 1, NULL, 10) : most;
    length = length < most - from ? length : most - from;
    return cut(run, ret, from, length);
}

static bool is_plain_text(const struct shell_text *text) {
    for (size_t i = 0; i < text->length; i++)
        if (text->text[i] & '\x80')
            return false;
    return true;
}

/* Operators that make another text of it. */
static int take_changed(struct shell_run *run, const struct shell_expansion *e,
                        struct shell_value *ret) {
    struct shell_text word;
    if (walk_expand_text(run, e->word, &word) != 0)
        return -1;
    if (ret->kind == VALUE_UNSET)
        return 0;
    if (ret->kind != VALUE_TEXT || !is_plain_text(&ret->text) || unknown_in(word.text) ||
        (e->word->quoted && e->word->glob)) {
        ret->kind = VALUE_UNKNOWN;
        return 0;
    }
    if (e->op[0] == '%' || e->op[0] == '#')
        return take_trimmed(run, e, &word, ret);
    if (e->op[0] == '/')
        return take_replaced(run, e, &word, ret);
    if (e->op[0] == ':')
        return take_piece(run, &word, ret);
    if (word.length == 0 && (e->op[0] == '^' || e->op[0] == ','))
        return take_cased(run, e, ret);
    ret->kind = VALUE_UNKNOWN;
    return 0;
}

static int take_length(struct shell_run *run, const struct shell_expansion *e,
                       struct shell_value *ret) {
    if (ret->kind == VALUE_ARRAY && is_counted(ret->items, ret->count))
        return take_number(run, ret->count, e->position, ret);
    if (ret->kind == VALUE_UNSET)
        return take_number(run, 0, e->position, ret);
    if (ret->kind == VALUE_TEXT && is_plain_text(&ret->text))
        return take_number(run, ret->text.length, e->position, ret);
    ret->kind = VALUE_UNKNOWN;
    return 0;
}

int walk_value(struct shell_run *run, const struct shell_part *part, struct shell_value *ret) {
    const struct shell_expansion *e = part->expansion;
    run->c->steps++;
    if (take_value(run, e, ret) != 0)
        return -1;
    ret->exported = false;
    if (ret->kind == VALUE_TEXT)
        ret->count = 0;
    if (e->indirect)
        ret->kind = VALUE_UNKNOWN;
    else if (e->length)
        return take_length(run, e, ret);
    else if (e->op[0] != '\0' && strchr("-=+?", e->op[e->op[0] == ':' && e->op[1] != '\0']) != NULL)
        return take_default(run, e, ret);
    else if (e->op[0] != '\0')
        return take_changed(run, e, ret);
    return 0;
}
