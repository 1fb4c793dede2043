#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/utf8.h"
#include "sidecar/secret/secret_set.h"

#define SEPARATOR "====\n"

struct fuzz_target *fuzz_targets;

void fuzz_add(struct fuzz_target *target) {
    target->next = fuzz_targets;
    fuzz_targets = target;
}

void fuzz_fail(const char *file, int line, const char *condition) {
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

static const char *random_name(void) {
    return "counter";
}

static uint32_t random_number(void) {
    static uint32_t last;
    return ++last;
}

static void random_bytes(void *const bytes, const size_t size) {
    memset(bytes, 0x5a, size);
}

void fuzz_prepare(void) {
    static struct randombytes_implementation implementation = {
        .implementation_name = random_name, .random = random_number, .buf = random_bytes};
    (void)randombytes_set_implementation(&implementation);
    HOLDS(sodium_init() >= 0);
    json_set_alloc_funcs(secret_alloc, secret_free);
    json_object_seed(1);
}

void fuzz_run(const struct fuzz_target *target, const uint8_t *bytes, size_t length) {
    if (length > target->most)
        return;
    char *copy = length == 0 ? NULL : malloc(length);
    HOLDS(copy != NULL || length == 0);
    if (length > 0)
        memcpy(copy, bytes, length);
    target->run(copy, length);
    free(copy);
}

/* What is shown to people moves no cursor. */
static void check_rendering(const struct error *err) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES);
    error_format(err, &text);
    HOLDS(buffer_status(&text) == 0 && text.length > 0);
    HOLDS(text_is_utf8(text.data, text.length));
    for (size_t i = 0; i < text.length; i++)
        HOLDS(((unsigned char)text.data[i] >= ' ' || text.data[i] == '\n') && text.data[i] != 0x7f);
    buffer_free(&text);
}

void fuzz_check_error(const struct error *err) {
    HOLDS(err->code > ERROR_OK && err->code < ERROR_CODES);
    HOLDS(memchr(err->where, '\0', sizeof err->where) != NULL);
    HOLDS(memchr(err->what, '\0', sizeof err->what) != NULL && err->what[0] != '\0');
    HOLDS(memchr(err->todo, '\0', sizeof err->todo) != NULL);
    HOLDS(memchr(err->excerpt, '\0', sizeof err->excerpt) != NULL);
    check_rendering(err);
}

size_t fuzz_count_lines(const char *bytes, size_t length) {
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n' || bytes[i] == '\r';
    return lines;
}

void fuzz_check_place(const struct error *err, const char *bytes, size_t length) {
    fuzz_check_error(err);
    HOLDS(err->line <= fuzz_count_lines(bytes, length));
    HOLDS(err->column <= 3 * length + 1);
    HOLDS(err->line > 0 || err->column == 0);
}

void fuzz_check_silent(const struct error *err) {
    fuzz_check_error(err);
    HOLDS(strstr(err->what, FUZZ_CANARY) == NULL);
    HOLDS(strstr(err->todo, FUZZ_CANARY) == NULL);
    HOLDS(strstr(err->where, FUZZ_CANARY) == NULL);
    HOLDS(strstr(err->excerpt, FUZZ_CANARY) == NULL);
}

/* One line that holds the canary: "  password: CANARY". */
static bool is_secret_line(const char *line, size_t length) {
    static const char *const keys[] = {"password: ", "secret-id: ", "token: "};
    size_t size = strlen(FUZZ_CANARY), at = 0;
    while (at < length && line[at] == ' ')
        at++;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t key = strlen(keys[i]);
        if (length - at == key + size && memcmp(line + at, keys[i], key) == 0)
            return true;
    }
    return false;
}

bool fuzz_is_secret_yaml(const char *bytes, size_t length) {
    bool secret = true;
    for (size_t at = 0; at < length && secret;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t size = end != NULL ? (size_t)(end - bytes) - at : length - at;
        secret = !fuzz_contains(bytes + at, size, FUZZ_CANARY) || is_secret_line(bytes + at, size);
        at += size + 1;
    }
    return secret;
}

const char *fuzz_section(const char **bytes, size_t *length, struct arena *arena, size_t *size) {
    size_t mark = strlen(SEPARATOR), at = 0, skip = 0;
    for (at = 0; at < *length; at++) {
        bool starts = at == 0 || (*bytes)[at - 1] == '\n';
        if (starts && *length - at >= mark && memcmp(*bytes + at, SEPARATOR, mark) == 0) {
            skip = mark;
            break;
        }
    }
    char *copy = arena_text(arena, *length == 0 ? "" : *bytes, at);
    HOLDS(copy != NULL);
    if (*length > 0)
        *bytes += at + skip;
    *length -= at + skip;
    *size = at;
    return copy;
}

const char **fuzz_words(const char *bytes, size_t length, char end, struct arena *arena,
                        size_t *count) {
    size_t most = 2;
    for (size_t i = 0; i < length; i++)
        most += bytes[i] == end;
    const char **words = arena_array(arena, most, sizeof *words);
    HOLDS(words != NULL);
    *count = 0;
    for (size_t at = 0; at < length;) {
        const char *stop = memchr(bytes + at, end, length - at);
        size_t size = stop != NULL ? (size_t)(stop - bytes) - at : length - at;
        words[(*count)++] = arena_text(arena, bytes + at, strnlen(bytes + at, size));
        at += size + 1;
    }
    return words;
}

unsigned fuzz_choose(const char **bytes, size_t *length, unsigned most) {
    if (*length == 0)
        return 0;
    unsigned choice = (unsigned char)**bytes % most;
    ++*bytes;
    --*length;
    return choice;
}

bool fuzz_contains(const char *text, size_t length, const char *word) {
    return length > 0 && memmem(text, length, word, strlen(word)) != NULL;
}

bool fuzz_is_json(const char *text, size_t length) {
    json_t *root = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    json_decref(root);
    return root != NULL;
}

int fuzz_memory_file(const void *bytes, size_t length) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    HOLDS(fd >= 0);
    HOLDS(length == 0 || pwrite(fd, bytes, length, 0) == (ssize_t)length);
    return fd;
}
