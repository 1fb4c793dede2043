#include "selftest/memory.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"

#define CHUNK   (1u << 20)
#define OVERLAP 512 /* a needle may lie across two chunks */

static const char *const names[MEMORY_FORMS] = {
    "as it is",       "by its first half", "by its last half",         "in hex",
    "in capital hex", "in base64",         "in base64 after one byte", "in base64 after two bytes"};

static void put(struct needles *needles, size_t form, const void *bytes, size_t length) {
    if (length > sizeof needles->forms[form].bytes)
        claim_broken("a value of %zu bytes is too long to be searched for", length);
    memcpy(needles->forms[form].bytes, bytes, length);
    needles->forms[form].length = length;
}

/* Base64 of a value that begins `skip` bytes into a group of three; what depends on
 * its neighbours is left out. */
static void put_base64(struct needles *needles, size_t form, const unsigned char *value,
                       size_t length, size_t skip) {
    unsigned char padded[160] = {0};
    char text[256];
    memcpy(padded + skip, value, length);
    size_t whole = (skip + length) / 3 * 3, from = skip > 0 ? 4 : 0;
    (void)sodium_bin2base64(text, sizeof text, padded, whole, sodium_base64_VARIANT_ORIGINAL);
    put(needles, form, text + from, strlen(text) - from);
}

void memory_needles(const void *value, size_t length, struct needles *ret) {
    const unsigned char *bytes = value;
    char hex[257];
    if (length < 16 || length > 128)
        claim_broken("a value of %zu bytes cannot be searched for", length);
    put(ret, 0, bytes, length);
    put(ret, 1, bytes, length / 2);
    put(ret, 2, bytes + length / 2, length - length / 2);
    (void)sodium_bin2hex(hex, sizeof hex, bytes, length);
    put(ret, 3, hex, 2 * length);
    for (char *p = hex; *p != '\0'; p++)
        *p = *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
    put(ret, 4, hex, 2 * length);
    for (size_t skip = 0; skip < 3; skip++)
        put_base64(ret, 5 + skip, bytes, length, skip);
}

/* All forms in one pass: most places are told from their first two bytes. */
static int search(const unsigned char *bytes, size_t length, const struct needles *needles) {
    static bool begins[65536];
    int found = 0;
    memset(begins, 0, sizeof begins);
    for (size_t i = 0; i < MEMORY_FORMS; i++)
        begins[needles->forms[i].bytes[0] << 8 | needles->forms[i].bytes[1]] = true;
    for (size_t at = 0; at + 1 < length; at++) {
        if (!begins[bytes[at] << 8 | bytes[at + 1]])
            continue;
        for (size_t i = 0; i < MEMORY_FORMS; i++)
            if (needles->forms[i].length <= length - at &&
                memcmp(bytes + at, needles->forms[i].bytes, needles->forms[i].length) == 0)
                found |= 1 << i;
    }
    return found;
}

/* One mapping, in chunks that overlap; a page that cannot be read ends it. */
static int search_mapping(int memory, unsigned long from, unsigned long to, unsigned char *chunk,
                          const struct needles *needles) {
    int found = 0;
    while (from < to) {
        size_t wanted = to - from < CHUNK ? to - from : CHUNK;
        ssize_t got = pread(memory, chunk, wanted, (off_t)from);
        if (got <= 0)
            break;
        found |= search(chunk, (size_t)got, needles);
        from += (size_t)got <= OVERLAP || (size_t)got < wanted || from + (size_t)got == to
                    ? (size_t)got
                    : (size_t)got - OVERLAP;
    }
    return found;
}

static int open_part(pid_t pid, const char *name) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int memory_find(pid_t pid, const struct needles *needles) {
    static unsigned char chunk[CHUNK];
    int memory = open_part(pid, "mem"), maps = open_part(pid, "maps"), found = 0;
    FILE *lines = maps < 0 ? NULL : fdopen(maps, "r");
    char line[1024], first;
    unsigned long from, to;
    bool seen = false;
    while (memory >= 0 && lines != NULL && fgets(line, sizeof line, lines) != NULL) {
        seen = true;
        if (sscanf(line, "%lx-%lx %c", &from, &to, &first) == 3 && first == 'r' &&
            strstr(line, "[v") == NULL)
            found |= search_mapping(memory, from, to, chunk, needles);
    }
    if (lines != NULL)
        (void)fclose(lines);
    if (memory >= 0)
        (void)close(memory);
    return seen ? found : -1;
}

const char *memory_form(int found) {
    for (size_t i = 0; i < MEMORY_FORMS; i++)
        if ((found & 1 << i) != 0)
            return names[i];
    return "nowhere";
}

void memory_check_search(const struct needles *needles) {
    pid_t pid = claim_fork();
    if (pid == 0)
        for (;;)
            (void)pause();
    int found = memory_find(pid, needles);
    claim_end(pid);
    if (found < 0) {
        claim_weaken("no process may read another's memory here, so this could not be tried");
        claim_settle("%s", "");
    }
    if (found != (1 << MEMORY_FORMS) - 1)
        claim_broken("the search of memory misses some form of a value that is there");
}
