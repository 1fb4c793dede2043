/* Key files of the strongbox: one spelling for each, costs within their limits, and
 * what is printed is read again. Argon2id itself is never run: no cost is paid here. */
#include <string.h>

#include "sidecar/strongbox/box_key.h"
#include "tests/fuzz/fuzz.h"

static void check_line(const struct box_key_line *line) {
    if (!line->sealed) {
        HOLDS(line->passes == 0 && line->memory_kib == 0);
        return;
    }
    HOLDS(line->passes >= 1 && line->passes <= LIMIT_PASSES);
    HOLDS(line->memory_kib >= LIMIT_PASS_KIB_MIN && line->memory_kib <= LIMIT_PASS_KIB);
}

/* The text without CR at line ends, and with a newline at its end. */
static void check_spelling(const struct box_key_file *file, const char *text, size_t length) {
    char printed[LIMIT_KEY_FILE_BYTES], plain[LIMIT_KEY_FILE_BYTES + 2];
    size_t size = box_key_print(file, printed), count = 0;
    HOLDS(size < sizeof printed && printed[size] == '\0');
    for (size_t i = 0; i < length && count < sizeof plain - 1; i++)
        if (text[i] != '\r' || (i + 1 < length && text[i + 1] != '\n'))
            plain[count++] = text[i];
    if (count == 0 || plain[count - 1] != '\n')
        plain[count++] = '\n';
    HOLDS(count == size && memcmp(plain, printed, size) == 0);
}

static void check_find(const struct box_key_file *file) {
    struct box_prelude prelude = {.format = BOX_FORMAT};
    unsigned char key[BOX_KEY_BYTES] = {0x5a};
    const unsigned char untouched[BOX_KEY_BYTES] = {0x5a};
    size_t line = 77;
    bool sealed = file->lines[0].sealed || (file->count > 1 && file->lines[1].sealed);
    struct error err;
    HOLDS(box_key_find(file, &prelude, NULL, key, &line, &err) != 0);
    HOLDS(err.code == (sealed ? ERROR_BOX_PASSPHRASE : ERROR_BOX_WRONG_KEY));
    HOLDS(memcmp(key, untouched, sizeof key) == 0);
    fuzz_check_error(&err);
}

static void try_text(const char *text, size_t length) {
    struct box_key_file file, again, untouched;
    struct error err;
    memset(&file, 0x5a, sizeof file);
    untouched = file;
    error_clear(&err);
    if (box_key_parse(text, length, &file, &err) != 0) {
        HOLDS(err.code == ERROR_BOX_KEY && memcmp(&file, &untouched, sizeof file) == 0);
        fuzz_check_silent(&err);
        return;
    }
    char printed[LIMIT_KEY_FILE_BYTES];
    HOLDS(file.count == 1 || file.count == BOX_KEY_LINES);
    for (size_t i = 0; i < file.count; i++)
        check_line(&file.lines[i]);
    check_spelling(&file, text, length);
    HOLDS(box_key_parse(printed, box_key_print(&file, printed), &again, &err) == 0);
    HOLDS(box_key_same(&file, &again));
    check_find(&file);
}

static uint32_t take_number(const char **bytes, size_t *length, uint32_t most) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | fuzz_choose(bytes, length, 256);
    return value % (most + most / 4);
}

static void take_line(const char **bytes, size_t *length, struct box_key_line *line) {
    size_t size = sizeof line->key;
    *line = (struct box_key_line){.sealed = fuzz_choose(bytes, length, 2) != 0};
    if (line->sealed) {
        line->passes = take_number(bytes, length, LIMIT_PASSES) + 1;
        line->memory_kib = take_number(bytes, length, LIMIT_PASS_KIB) + 1;
    } else {
        size = BOX_KEY_BYTES;
    }
    memcpy(line->key, *bytes == NULL ? "" : *bytes, size < *length ? size : *length);
}

static bool is_affordable(const struct box_key_line *line) {
    return !line->sealed ||
           (line->passes <= LIMIT_PASSES && line->memory_kib >= LIMIT_PASS_KIB_MIN &&
            line->memory_kib <= LIMIT_PASS_KIB);
}

/* A whole file from its parts, with sound checks; one byte of it may then be another. */
static void try_parts(const char *bytes, size_t length) {
    char printed[LIMIT_KEY_FILE_BYTES];
    struct box_key_file file = {.count = 1 + fuzz_choose(&bytes, &length, BOX_KEY_LINES)};
    struct box_key_file again;
    struct error err;
    unsigned at = fuzz_choose(&bytes, &length, 256), bit = fuzz_choose(&bytes, &length, 9);
    for (size_t i = 0; i < file.count; i++)
        take_line(&bytes, &length, &file.lines[i]);
    size_t size = box_key_print(&file, printed);
    bool affordable =
        is_affordable(&file.lines[0]) && (file.count == 1 || is_affordable(&file.lines[1]));
    if (bit < 8) {
        printed[at % size] ^= (char)(1 << bit);
        try_text(printed, size);
        return;
    }
    HOLDS((box_key_parse(printed, size, &again, &err) == 0) == affordable);
    HOLDS(!affordable || box_key_same(&file, &again));
    try_text(printed, size);
}

FUZZ_TARGET(key, 1024) {
    if (fuzz_choose(&bytes, &length, 2) == 0)
        try_text(length == 0 ? "" : bytes, length);
    else
        try_parts(bytes, length);
}
