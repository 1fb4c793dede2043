/* vault_lane.h: one request at a time, on its way through libcurl. */
#ifndef ARRESTOR_VAULT_LANE_H
#define ARRESTOR_VAULT_LANE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "sidecar/fetch/vault/vault_answer.h"

struct vault_request;
struct vault_server;

struct vault_lane {
    CURL *easy; /* NULL: not made yet */
    const struct vault_server *server;
    struct curl_slist *headers;
    struct vault_answer answer;
    size_t index, header_bytes;
    bool busy, once, sent;
};

/* Makes the handle with all options that do not change; CURLINFO_PRIVATE is the
 * lane. 0, or -1 where libcurl refuses one or memory is exhausted; the caller
 * closes in every case. */
int vault_lane_open(struct vault_lane *lane, struct vault_server *server);

/* Wipes and frees; it takes part in no transfer any more. */
void vault_lane_close(struct vault_lane *lane);

/* Prepares the handle for a request. 0, or -1. */
int vault_lane_begin(struct vault_lane *lane, const struct vault_request *request);

/* Fills lane->answer when libcurl has ended the transfer with `result`. */
void vault_lane_settle(struct vault_lane *lane, CURLcode result);

/* Gives back what the request and its answer needed. */
void vault_lane_clear(struct vault_lane *lane);

#endif
