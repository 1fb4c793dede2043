/* vault_time.h: times as a store writes them. Pure. */
#ifndef ARRESTOR_VAULT_TIME_H
#define ARRESTOR_VAULT_TIME_H

#include <stdint.h>

/* Reads an RFC 3339 time ("2026-11-21T13:57:06.357088286Z", or with "+01:00") in
 * milliseconds since 1970; what is finer is cut off, a leap second (":60") is the
 * second after ":59". 0, or -1 with *ret untouched where it is none, a day that no
 * calendar has, or before 1970. */
int vault_time_parse(const char *text, uint64_t *ret);

/* A time of the store as our clock would show it. `date_ms`: what the store's clock
 * said at our wall_ms (the Date of its answer; 0: not told). Clocks that differ by no
 * more than LIMIT_SKEW_MS are taken as one; what is past for the store is past for us. */
uint64_t vault_time_ours(uint64_t time_ms, uint64_t date_ms, uint64_t wall_ms);

#endif
