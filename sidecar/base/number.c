#include "sidecar/base/number.h"

#include <string.h>

/* Reads digits from *text and moves past them. */
static int read_digits(const char **text, uint64_t max, uint64_t *ret) {
    const char *p = *text;
    uint64_t value = 0;
    if (*p < '0' || *p > '9')
        return -1;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    if (value > max)
        return -1;
    *text = p;
    *ret = value;
    return 0;
}

int number_parse(const char *text, uint64_t max, uint64_t *ret) {
    uint64_t value;
    if (read_digits(&text, max, &value) != 0 || *text != '\0')
        return -1;
    *ret = value;
    return 0;
}

int number_parse_duration(const char *text, uint64_t max, uint64_t *ret) {
    static const struct {
        const char *name;
        uint64_t milliseconds;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    uint64_t value;
    if (read_digits(&text, UINT64_MAX, &value) != 0)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        if (value > max / units[i].milliseconds)
            return -1;
        *ret = value * units[i].milliseconds;
        return 0;
    }
    return -1;
}
