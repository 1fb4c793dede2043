/* Times as a store writes them, beside the C library's calendar; numbers and spans of
 * our own files. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sidecar/base/number.h"
#include "sidecar/fetch/vault/vault_time.h"
#include "tests/fuzz/fuzz.h"

/* Written again in UTC it is the same time. */
static void check_time(const char *text, uint64_t ms) {
    char again[64];
    uint64_t read = 77;
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    HOLDS(strlen(text) >= 20 && ms <= LIMIT_WALL_MS + 86400000u);
    HOLDS(gmtime_r(&seconds, &tm) != NULL && timegm(&tm) == seconds);
    (void)snprintf(again, sizeof again, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                   (unsigned)(ms % 1000));
    if (tm.tm_year + 1900 > 9999)
        return;
    HOLDS(vault_time_parse(again, &read) == 0 && read == ms);
}

static void check_number(const char *text) {
    uint64_t number = 77, other = 77;
    if (number_parse(text, UINT64_MAX, &number) == 0) {
        char again[24];
        (void)snprintf(again, sizeof again, "%llu", (unsigned long long)number);
        HOLDS(strcmp(text + strspn(text, "0"), again + (number == 0 ? 1 : 0)) == 0);
        HOLDS(number == 0 || number_parse(text, number - 1, &other) != 0);
        HOLDS(other == 77 && number_parse(text, number, &other) == 0 && other == number);
    } else {
        HOLDS(number == 77);
    }
    other = 77;
    if (number_parse_duration(text, LIMIT_PERIOD_MS, &other) != 0)
        HOLDS(other == 77);
    else
        HOLDS(other <= LIMIT_PERIOD_MS && text[strlen(text) - 1] > '9');
}

FUZZ_TARGET(time, 256) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    const char *text = arena_text(&arena, length == 0 ? "" : bytes, length);
    uint64_t ms = 77;
    if (vault_time_parse(text, &ms) == 0)
        check_time(text, ms);
    else
        HOLDS(ms == 77);
    check_number(text);
    arena_free(&arena);
}
