#include "sidecar/fetch/vault/vault_lane.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_location.h"
#include "sidecar/fetch/vault/vault_options.h"
#include "sidecar/fetch/vault/vault_server.h"
#include "sidecar/secret/secret_set.h"

#define FIRST_BODY_BYTES 4096u

/* Before a request is sent: libcurl would send it again on another connection
 * where the first one broke before a byte of the answer came. */
static int allow_sending(void *context, char *ip, char *own_ip, int port, int own_port) {
    struct vault_lane *lane = context;
    (void)ip;
    (void)own_ip;
    (void)port;
    (void)own_port;
    if (lane->once && lane->sent)
        return CURL_PREREQFUNC_ABORT;
    lane->sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t count_header(char *bytes, size_t size, size_t count, void *context) {
    struct vault_lane *lane = context;
    (void)bytes;
    lane->header_bytes += size * count;
    return lane->header_bytes > LIMIT_ANSWER_HEADERS ? 0 : size * count;
}

static int make_room(struct vault_answer *answer, size_t length) {
    size_t capacity = answer->capacity > 0 ? answer->capacity : FIRST_BODY_BYTES;
    while (capacity < length)
        capacity *= 2;
    if (capacity == answer->capacity)
        return 0;
    unsigned char *moved = secret_realloc(answer->body, capacity);
    if (moved == NULL)
        return -1;
    answer->body = moved;
    answer->capacity = capacity;
    return 0;
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *context) {
    struct vault_lane *lane = context;
    struct vault_answer *answer = &lane->answer;
    size_t length = size * count;
    if (length > LIMIT_ANSWER_BYTES - answer->length ||
        make_room(answer, answer->length + length) != 0)
        return 0;
    memcpy(answer->body + answer->length, bytes, length);
    answer->length += length;
    return length;
}

static int add_header(struct curl_slist **list, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + sizeof ": ";
    char *line = secret_alloc(size);
    if (line == NULL)
        return -1;
    (void)snprintf(line, size, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(*list, line);
    secret_free(line);
    if (longer == NULL)
        return -1;
    *list = longer;
    return 0;
}

static int make_headers(struct vault_lane *lane, const struct vault_request *request) {
    const struct {
        const char *name, *value;
    } headers[] = {
        {"X-Vault-Request", "true"},
        {"X-Vault-Token", request->token},
        {"X-Vault-Namespace", lane->server->namespace_path},
        {"Host", lane->server->host.data},
        {"Content-Type", request->body != NULL ? "application/json" : NULL},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (headers[i].value != NULL &&
            add_header(&lane->headers, headers[i].name, headers[i].value) != 0)
            return -1;
    return curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, lane->headers) == CURLE_OK ? 0 : -1;
}

static int set_url(struct vault_lane *lane, const char *path) {
    struct buffer url = buffer_make(LIMIT_CONFIG_BYTES);
    int result = -1;
    buffer_text(&url, lane->server->origin.data);
    buffer_text(&url, path);
    if (buffer_status(&url) == 0 && curl_easy_setopt(lane->easy, CURLOPT_URL, url.data) == CURLE_OK)
        result = 0;
    buffer_free(&url);
    return result;
}

static int set_body(CURL *easy, const char *body) {
    if (body == NULL)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK ? 0 : -1;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body)) ==
                       CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK
               ? 0
               : -1;
}

int vault_lane_begin(struct vault_lane *lane, const struct vault_request *request) {
    lane->header_bytes = 0;
    lane->once = request->once;
    lane->sent = false;
    return set_url(lane, request->path) == 0 && set_body(lane->easy, request->body) == 0 &&
                   make_headers(lane, request) == 0
               ? 0
               : -1;
}

static void read_location(struct vault_lane *lane) {
    struct curl_header *header;
    if (vault_status_code(lane->answer.status) == ERROR_STORE_REDIRECT &&
        curl_easy_header(lane->easy, "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        (void)vault_location_read(header->value, lane->server->address, lane->answer.location);
}

static void read_date(struct vault_lane *lane) {
    struct curl_header *header;
    if (curl_easy_header(lane->easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    time_t date = curl_getdate(header->value, NULL);
    lane->answer.date_ms = date > 0 ? (uint64_t)date * 1000u : 0;
}

static bool says_json(const char *type) {
    return type == NULL || text_glob_nocase("application/json*", type) ||
           text_glob_nocase("application/*+json*", type);
}

/* A connection that broke behind the head of an answer: its status says enough
 * where it is no success. A server of TLS that is spoken to in clear does so. */
static bool is_broken_refusal(CURLcode result, long status) {
    return status >= 300 && (result == CURLE_RECV_ERROR || result == CURLE_PARTIAL_FILE);
}

void vault_lane_settle(struct vault_lane *lane, CURLcode result) {
    struct vault_answer *answer = &lane->answer;
    long status = 0, verified = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(lane->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    (void)curl_easy_getinfo(lane->easy, CURLINFO_CONTENT_TYPE, &type);
    if (is_broken_refusal(result, status))
        result = CURLE_OK;
    answer->code = vault_options_code(result, verified);
    answer->detail =
        result == CURLE_PEER_FAILED_VERIFICATION && verified > 1 ? (uint32_t)verified : 0;
    answer->status = (uint32_t)status;
    answer->is_json = says_json(type);
    read_location(lane);
    read_date(lane);
}

void vault_lane_clear(struct vault_lane *lane) {
    if (lane->easy != NULL)
        (void)curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(lane->headers);
    lane->headers = NULL;
    lane->busy = false;
    vault_answer_free(&lane->answer);
}

static bool set_callbacks(struct vault_lane *lane) {
    CURL *easy = lane->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, lane) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, allow_sending) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, lane) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, lane) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, lane) == CURLE_OK;
}

/* Every connection trusts the same CAs; libcurl has read none. */
static CURLcode trust(CURL *easy, void *context, void *server) {
    (void)easy;
    SSL_CTX_set1_cert_store(context, ((const struct vault_server *)server)->trust);
    return CURLE_OK;
}

static bool set_trust(CURL *easy, struct vault_server *server) {
    return server->trust == NULL ||
           (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, trust) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, server) == CURLE_OK);
}

int vault_lane_open(struct vault_lane *lane, struct vault_server *server) {
    lane->server = server;
    lane->easy = curl_easy_init();
    return lane->easy != NULL && vault_options_set(lane->easy) == 0 && set_callbacks(lane) &&
                   set_trust(lane->easy, server) &&
                   curl_easy_setopt(lane->easy, CURLOPT_RESOLVE, server->resolve) == CURLE_OK &&
                   curl_easy_setopt(lane->easy, CURLOPT_TIMEOUT_MS, (long)server->limit_ms) ==
                       CURLE_OK
               ? 0
               : -1;
}

void vault_lane_close(struct vault_lane *lane) {
    vault_lane_clear(lane);
    curl_easy_cleanup(lane->easy);
    lane->easy = NULL;
}
