#include "sidecar/fetch/vault/vault_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sidecar/base/limits.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Exactly `digits` digits at *text, which moves behind them. */
static int read_number(const char **text, size_t digits, int64_t *ret) {
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++, (*text)++) {
        if (!is_digit(**text))
            return -1;
        value = value * 10 + (**text - '0');
    }
    *ret = value;
    return 0;
}

/* Numbers of two digits (the first: four), each behind its sign. */
static int read_fields(const char **text, const char *signs, int64_t *fields) {
    for (size_t i = 0; signs[i] != '\0'; i++) {
        if (signs[i] != ' ' && *(*text)++ != signs[i])
            return -1;
        if (read_number(text, i == 0 && signs[0] == ' ' ? 4 : 2, &fields[i]) != 0)
            return -1;
    }
    return 0;
}

static bool is_leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_of_month(int64_t year, int64_t month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01; year 1970 … 9999. */
static int64_t count_days(int64_t year, int64_t month, int64_t day) {
    int64_t before = year - 1;
    int64_t days = (year - 1970) * 365 + (before / 4 - before / 100 + before / 400) -
                   (1969 / 4 - 1969 / 100 + 1969 / 400);
    for (int64_t m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days + day - 1;
}

/* ".357088286": milliseconds. */
static int read_fraction(const char **text, int64_t *ret) {
    int64_t value = 0, unit = 100;
    if (**text == '.') {
        (*text)++;
        if (!is_digit(**text))
            return -1;
        for (; is_digit(**text); (*text)++, unit /= 10)
            value += (**text - '0') * unit;
    }
    *ret = value;
    return 0;
}

/* "Z", "+01:00": seconds ahead of UTC; nothing may follow. */
static int read_zone(const char *text, int64_t *ret) {
    int64_t fields[2];
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        *ret = 0;
        return 0;
    }
    bool ahead = *text == '+';
    if (!ahead && *text != '-')
        return -1;
    if (read_fields(&text, ahead ? "+:" : "-:", fields) != 0 || *text != '\0' || fields[0] > 23 ||
        fields[1] > 59)
        return -1;
    *ret = (fields[0] * 60 + fields[1]) * (ahead ? 60 : -60);
    return 0;
}

static bool is_date(const int64_t *f) {
    return f[0] >= 1970 && f[1] >= 1 && f[1] <= 12 && f[2] >= 1 &&
           f[2] <= days_of_month(f[0], f[1]);
}

uint64_t vault_time_ours(uint64_t time_ms, uint64_t date_ms, uint64_t wall_ms) {
    uint64_t skew = date_ms > wall_ms ? date_ms - wall_ms : wall_ms - date_ms;
    if (time_ms == 0 || date_ms == 0 || skew <= LIMIT_SKEW_MS)
        return time_ms;
    return wall_ms + (time_ms > date_ms ? time_ms - date_ms : 0);
}

int vault_time_parse(const char *text, uint64_t *ret) {
    int64_t f[6], fraction, zone;
    if (read_fields(&text, " --", f) != 0 || (*text != 'T' && *text != 't'))
        return -1;
    text++;
    if (read_number(&text, 2, &f[3]) != 0 || read_fields(&text, "::", f + 4) != 0 ||
        read_fraction(&text, &fraction) != 0 || read_zone(text, &zone) != 0)
        return -1;
    if (!is_date(f) || f[3] > 23 || f[4] > 59 || f[5] > 60)
        return -1;
    int64_t seconds = count_days(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5] - zone;
    if (seconds < 0)
        return -1;
    *ret = (uint64_t)seconds * 1000u + (uint64_t)fraction;
    return 0;
}
