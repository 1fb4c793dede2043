/* state.h: what outlives a round: lease table, raw values, store session.
 *
 * Published into deliver.state like a set, with a counter of its own: `leases`
 * (JSON, no value in it), `values` (the layout of a region, without the two
 * special entries) and, where one is held, `session`. Only this service reads
 * them. What stands there is always whole: a round that brings no session gets
 * the one before, and the k-th lease belongs to the k-th value. */
#ifndef ARRESTOR_PLACE_STATE_H
#define ARRESTOR_PLACE_STATE_H

#include "sidecar/lease/lease_table.h"
#include "sidecar/secret/secret_set.h"

struct arena;
struct error;

/* Reads what stands. Where there is no such file the result is empty, and that is
 * no error. Names of the table lie in the arena; values and session are freed
 * with secret_set_free and secret_text_free. ERROR_PROTOCOL where a file is
 * damaged; then the result is empty too. 0 or -1. */
int state_read_table(int directory, struct arena *arena, struct lease_table *ret,
                     struct error *err);
int state_read_values(int directory, struct secret_set *ret, struct error *err);
int state_read_session(int directory, struct secret_text *ret, struct error *err);

/* Publishes the next state, files 0400: this table, the plain secrets of `values`,
 * and the session of `values`, else the one that stands. No session is written
 * where table.session.held is false; where it is true and there is none, it is
 * written as false. Errors as publish_generation. 0 or -1. */
int state_publish(int directory, const struct lease_table *table, const struct secret_set *values,
                  struct error *err);

/* How many secrets of the set are plain ones; they come first. */
size_t state_count_plain(const struct secret_set *set);

#endif
