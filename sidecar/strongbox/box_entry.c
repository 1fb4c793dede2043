#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box.h"

static bool is_name_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-/", c) != NULL);
}

int box_check_name(const char *name, struct error *err) {
    size_t length = strlen(name), at = 0;
    while (at < length && is_name_char(name[at]))
        at++;
    if (length >= 1 && length <= LIMIT_SECRET_NAME && at == length && name[0] != '/' &&
        name[length - 1] != '/')
        return 0;
    if (length > LIMIT_SECRET_NAME)
        error_set(err, ERROR_BOX_NAME, "a name of %zu characters is too long", length);
    else
        error_set(err, ERROR_BOX_NAME, "\"%s\" is not a name for a secret", name);
    return error_todo(err, "use 1 to %d of A-Z a-z 0-9 . _ - and /, with no / at the ends",
                      LIMIT_SECRET_NAME);
}

/* Place of name, or where it would stand; *found tells which. */
static size_t find_place(const struct box *box, const char *name, bool *found) {
    size_t low = 0, high = box->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(box->entries[middle].name, name);
        *found = *found || order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct box_entry *box_find(const struct box *box, const char *name) {
    bool found;
    size_t at = find_place(box, name, &found);
    return found ? &box->entries[at] : NULL;
}

int box_refuse_missing(const struct box *box, const char *name, struct error *err) {
    const char *names[LIMIT_BOX_ENTRIES];
    for (size_t i = 0; i < box->count && i < LIMIT_BOX_ENTRIES; i++)
        names[i] = box->entries[i].name;
    error_set(err, ERROR_SECRET_MISSING, "the strongbox has no secret \"%s\"", name);
    const char *near = text_nearest(name, names, box->count);
    if (near != NULL)
        return error_todo(err, "did you mean \"%s\"?", near);
    return box->count == 0
               ? error_todo(err, "it is empty; fill it: arrestor strongbox set %s", name)
               : error_todo(err, "arrestor strongbox list shows the names that it has");
}

/* Makes room for one more entry at `at`. */
static int insert_entry(struct box *box, size_t at, const char *name, struct error *err) {
    if (box->count >= LIMIT_BOX_ENTRIES) {
        error_set(err, ERROR_BOX_FULL, "the strongbox has %zu entries, its maximum", box->count);
        return error_todo(err, "remove what is no longer used, or use a second strongbox");
    }
    struct box_entry *entries = secret_alloc((box->count + 1) * sizeof *entries);
    if (entries == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    if (box->count > 0) {
        memcpy(entries, box->entries, at * sizeof *entries);
        memcpy(entries + at + 1, box->entries + at, (box->count - at) * sizeof *entries);
    }
    memcpy(entries[at].name, name, strlen(name));
    secret_free(box->entries);
    box->entries = entries;
    box->count++;
    return 0;
}

int box_set(struct box *box, const char *name, const unsigned char *value, size_t length,
            struct error *err) {
    if (box_check_name(name, err) != 0)
        return -1;
    if (length == 0) {
        error_set(err, ERROR_SECRET_EMPTY, "the value for \"%s\" is empty", name);
        return error_todo(err, "Spark fails open on empty files; to be rid of a secret: rm %s",
                          name);
    }
    if (length > LIMIT_SECRET_BYTES)
        return error_set(err, ERROR_BOX_FULL, "the value has more than %u bytes, the maximum",
                         LIMIT_SECRET_BYTES);
    unsigned char *copy = secret_alloc(length);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a value of %zu bytes", length);
    memcpy(copy, value, length);
    bool found;
    size_t at = find_place(box, name, &found);
    if (!found && insert_entry(box, at, name, err) != 0) {
        secret_free(copy);
        return -1;
    }
    secret_free(box->entries[at].value);
    box->entries[at].value = copy;
    box->entries[at].length = length;
    return 0;
}

int box_remove(struct box *box, const char *name, struct error *err) {
    bool found;
    size_t at = find_place(box, name, &found);
    if (!found)
        return box_refuse_missing(box, name, err);
    secret_free(box->entries[at].value);
    memmove(box->entries + at, box->entries + at + 1, (box->count - at - 1) * sizeof *box->entries);
    box->count--;
    return 0;
}

void box_free(struct box *box) {
    for (size_t i = 0; i < box->count; i++)
        secret_free(box->entries[i].value);
    secret_free(box->entries);
    memset(box, 0, sizeof *box);
}
