#include "policy/rules/rule_number.h"

#include <stdlib.h>
#include <string.h>

#include "sidecar/base/text.h"

#define KIB 1024.0
#define SEC 1e6

/* In microseconds, or in bytes. */
static const double scales[] = {
    [UNIT_NONE] = 1, [UNIT_NS] = 1e-3,      [UNIT_US] = 1,          [UNIT_MS] = 1e3,
    [UNIT_S] = SEC,  [UNIT_MIN] = 60 * SEC, [UNIT_H] = 3600 * SEC,  [UNIT_D] = 24 * 3600 * SEC,
    [UNIT_B] = 1,    [UNIT_KIB] = KIB,      [UNIT_MIB] = KIB * KIB, [UNIT_GIB] = KIB * KIB * KIB,
};

static const struct suffix {
    const char *text;
    double scale;
} times[] =
    {{"us", 1},         {"ms", 1e3},           {"s", SEC}, {"m", 60 * SEC}, {"min", 60 * SEC},
     {"h", 3600 * SEC}, {"d", 24 * 3600 * SEC}},
  sizes[] = {{"b", 1},
             {"k", KIB},
             {"kb", KIB},
             {"m", KIB *KIB},
             {"mb", KIB *KIB},
             {"g", KIB *KIB *KIB},
             {"gb", KIB *KIB *KIB},
             {"t", KIB *KIB *KIB *KIB},
             {"tb", KIB *KIB *KIB *KIB},
             {"p", KIB *KIB *KIB *KIB *KIB},
             {"pb", KIB *KIB *KIB *KIB *KIB}};

/* What one of that suffix counts, or 0. */
static double scale_of(const struct suffix *rows, size_t count, const char *suffix) {
    for (size_t i = 0; i < count; i++)
        if (text_equal_nocase(rows[i].text, suffix))
            return rows[i].scale;
    return 0;
}

static double scale_in(const struct catalogue_entry *entry, const char *suffix) {
    if (suffix[0] == '\0')
        return entry == NULL ? 1 : scales[entry->unit];
    if (entry != NULL && entry->type == TYPE_TIME)
        return scale_of(times, sizeof times / sizeof times[0], suffix);
    if (entry != NULL && entry->type == TYPE_BYTES)
        return scale_of(sizes, sizeof sizes / sizeof sizes[0], suffix);
    return 0;
}

/* What stands behind the digits, without blanks. False where it is too long. */
static bool take_suffix(const char *end, char *suffix, size_t size) {
    size_t length = strlen(end);
    while (length > 0 && (unsigned char)end[length - 1] <= ' ')
        length--;
    if (length >= size)
        return false;
    memcpy(suffix, end, length);
    suffix[length] = '\0';
    return true;
}

int rule_number_read(const struct catalogue_entry *entry, const char *text, double *ret) {
    char *end = NULL, suffix[8];
    while (*text != '\0' && (unsigned char)*text <= ' ')
        text++;
    size_t sign = *text == '-' ? 1 : 0;
    if (strspn(text + sign, "0123456789") == 0 || text[sign + 1] == 'x' || text[sign + 1] == 'X')
        return -1;
    double number = strtod(text, &end);
    double scale = take_suffix(end, suffix, sizeof suffix) ? scale_in(entry, suffix) : 0;
    if (scale <= 0)
        return -1;
    *ret = number * scale;
    return 0;
}
