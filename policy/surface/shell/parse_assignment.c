#include <string.h>

#include "policy/surface/shell/reader.h"

/* Longer text in "NAME[…]=" is no index. */
#define INDEX_BYTES 256

/* The length of NAME, NAME[index], and of "=" or "+=" behind it. */
struct head {
    size_t name, index_from, index_to, whole;
    bool append;
};

static bool read_head(const struct shell_reader *r, struct head *ret) {
    size_t at = 0;
    *ret = (struct head){0};
    while (reader_is_name(reader_peek(r, at), at == 0))
        at++;
    ret->name = at;
    if (at > 0 && reader_peek(r, at) == '[') {
        ret->index_from = ++at;
        while (reader_peek(r, at) != ']' && reader_peek(r, at) != '\0' &&
               reader_peek(r, at) != '\n' && at < ret->index_from + INDEX_BYTES)
            at++;
        ret->index_to = at;
        if (reader_peek(r, at++) != ']')
            return false;
    }
    ret->append = reader_peek(r, at) == '+';
    at += ret->append;
    ret->whole = at + 1;
    return ret->name > 0 && reader_peek(r, at) == '=';
}

/* NAME=( … ) behind the parenthesis. */
static void read_array(struct shell_reader *r, struct shell_assignment *a) {
    size_t opened = r->at++;
    struct shell_word **tail = &a->value;
    a->array = true;
    while (!r->c->failed) {
        reader_skip_lines(r);
        if (reader_peek(r, 0) == ')')
            break;
        size_t before = r->at;
        struct shell_word *word = r->c->failed ? NULL : reader_word(r, READ_PLAIN);
        if (word == NULL)
            return;
        if (r->at == before) {
            reader_refuse(r, opened, "an array that is never closed", "close it");
            return;
        }
        *tail = word;
        tail = &word->next;
    }
    r->at++;
}

struct shell_assignment *reader_assignment(struct shell_reader *r) {
    struct head head;
    if (!read_head(r, &head))
        return NULL;
    struct shell_assignment *a = reader_new(r, sizeof *a);
    uint32_t *told = reader_new(r, sizeof *told);
    if (a == NULL || told == NULL)
        return NULL;
    *a = (struct shell_assignment){
        .position = reader_position(r), .append = head.append, .told = told};
    a->name = reader_copy(r, r->at, r->at + head.name);
    if (head.index_to > 0)
        a->index = reader_copy(r, r->at + head.index_from, r->at + head.index_to);
    r->at += head.whole;
    if (reader_peek(r, 0) == '(' && a->index == NULL)
        read_array(r, a);
    else
        a->value = reader_word(r, READ_VALUE);
    return r->c->failed ? NULL : a;
}
