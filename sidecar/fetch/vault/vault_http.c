#include "sidecar/fetch/vault/vault_http.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/fetch/vault/vault_lane.h"
#include "sidecar/fetch/vault/vault_server.h"
#include "sidecar/fetch/vault/vault_sockets.h"
#include "sidecar/secret/secret_set.h"

#define WAIT_MS 1000

/* After this no request is begun: the round must end, with its fault told, within
 * LIMIT_ROUND_MS. */
#define BEGIN_MS (LIMIT_ROUND_MS - 2 * LIMIT_ANSWER_MS)

struct vault_http {
    CURLM *multi;
    struct vault_server server;
    struct vault_sockets sockets;
    size_t expected; /* sockets that dial was asked for */
    size_t open;     /* sockets that libcurl has and has not closed */
    uint64_t deadline_ms;
    struct vault_lane lanes[LIMIT_SOCKETS];
};

static curl_socket_t give_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct vault_http *http = context;
    (void)purpose;
    (void)address;
    int fd = vault_sockets_take(&http->sockets);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    http->open++;
    return fd;
}

static int take_socket_back(void *context, curl_socket_t fd) {
    struct vault_http *http = context;
    http->open--;
    return close(fd);
}

static int say_connected(void *context, curl_socket_t fd, curlsocktype purpose) {
    (void)context;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static bool set_socket_callbacks(struct vault_http *http, CURL *easy) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, give_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, take_socket_back) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, say_connected) == CURLE_OK;
}

/* ---- Many requests */

struct run {
    struct vault_http *http;
    const struct vault_batch *batch;
    size_t next, busy;
    bool stopped;
};

/* Connections that live or could be made. Where there is none, one request is
 * begun all the same: its answer says so. */
static bool has_room(const struct run *run) {
    const struct vault_http *http = run->http;
    size_t room = http->open + (http->sockets.count - http->sockets.taken);
    return run->busy < (room > 0 ? room : 1);
}

static int open_lane(struct vault_http *http, struct vault_lane *lane) {
    if (lane->easy != NULL)
        return 0;
    return vault_lane_open(lane, &http->server) == 0 && set_socket_callbacks(http, lane->easy) ? 0
                                                                                               : -1;
}

static struct vault_lane *find_idle(struct vault_http *http) {
    for (size_t i = 0; i < LIMIT_SOCKETS; i++)
        if (!http->lanes[i].busy)
            return &http->lanes[i];
    return NULL;
}

static int begin(struct run *run, struct vault_lane *lane, struct error *err) {
    const struct vault_batch *batch = run->batch;
    struct vault_request request = {.path = NULL};
    if (batch->prepare(batch->context, run->next, &request, err) != 0)
        return -1;
    if (open_lane(run->http, lane) != 0 || vault_lane_begin(lane, &request) != 0 ||
        curl_multi_add_handle(run->http->multi, lane->easy) != CURLM_OK)
        return error_set(err, ERROR_MEMORY, "a request cannot be made");
    lane->busy = true;
    lane->index = run->next++;
    run->busy++;
    return 0;
}

static int fill(struct run *run, struct error *err) {
    while (!run->stopped && run->next < run->batch->count && has_room(run)) {
        struct vault_lane *lane = find_idle(run->http);
        if (lane == NULL)
            break;
        if (clock_now_ms() >= run->http->deadline_ms)
            return error_set(err, ERROR_STORE_SLOW, "the round takes too long");
        if (begin(run, lane, err) != 0)
            return -1;
    }
    return 0;
}

static void collect(struct run *run) {
    CURLM *multi = run->http->multi;
    int left;
    for (CURLMsg *message = curl_multi_info_read(multi, &left); message != NULL;
         message = curl_multi_info_read(multi, &left)) {
        struct vault_lane *lane = NULL;
        CURLcode result = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
        vault_lane_settle(lane, result);
        (void)curl_multi_remove_handle(multi, lane->easy);
        run->busy--;
        if (!run->batch->take(run->batch->context, lane->index, &lane->answer))
            run->stopped = true;
        vault_lane_clear(lane);
    }
}

static int step(struct vault_http *http, struct error *err) {
    int running = 0;
    if (curl_multi_perform(http->multi, &running) != CURLM_OK)
        return error_set(err, ERROR_INTERNAL, "libcurl refuses to go on");
    if (running > 0 && curl_multi_poll(http->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
        return error_set(err, ERROR_INTERNAL, "libcurl cannot wait");
    return 0;
}

/* Takes back what is on its way, after a fault of our own. */
static void abandon(struct vault_http *http) {
    for (size_t i = 0; i < LIMIT_SOCKETS; i++) {
        if (http->lanes[i].busy)
            (void)curl_multi_remove_handle(http->multi, http->lanes[i].easy);
        vault_lane_clear(&http->lanes[i]);
    }
}

int vault_http_run(struct vault_http *http, const struct vault_batch *batch, struct error *err) {
    struct run run = {.http = http, .batch = batch};
    size_t wanted = batch->count < http->expected ? batch->count : http->expected;
    if (vault_sockets_wait(&http->sockets, wanted, err) != 0)
        return -1;
    int result = fill(&run, err);
    while (result == 0 && run.busy > 0) {
        result = step(http, err);
        collect(&run);
        if (result == 0)
            result = fill(&run, err);
    }
    if (result != 0)
        abandon(http);
    return result;
}

/* ---- One request */

struct single {
    const struct vault_request *request;
    struct vault_answer *answer;
    bool failed;
};

static int prepare_single(void *context, size_t index, struct vault_request *ret,
                          struct error *err) {
    const struct single *single = context;
    (void)index;
    (void)err;
    *ret = *single->request;
    return 0;
}

static bool take_single(void *context, size_t index, const struct vault_answer *answer) {
    struct single *single = context;
    struct vault_answer copy = *answer;
    (void)index;
    copy.body = secret_alloc(answer->length);
    copy.capacity = answer->length;
    single->failed = copy.body == NULL;
    if (single->failed)
        return true;
    if (answer->length > 0)
        memcpy(copy.body, answer->body, answer->length);
    *single->answer = copy;
    return true;
}

int vault_http_ask(struct vault_http *http, const struct vault_request *request,
                   struct vault_answer *ret, struct error *err) {
    struct single single = {.request = request, .answer = ret};
    struct vault_batch batch = {
        .count = 1, .context = &single, .prepare = prepare_single, .take = take_single};
    memset(ret, 0, sizeof *ret);
    if (vault_http_run(http, &batch, err) != 0)
        return -1;
    return single.failed ? error_set(err, ERROR_MEMORY, "no memory for an answer") : 0;
}

/* ---- Start and end */

int vault_http_open(struct vault_http **ret, const struct vault_http_setup *setup,
                    struct error *err) {
    struct vault_http *http = secret_alloc(sizeof *http);
    if (http == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a connection");
    http->deadline_ms = clock_now_ms() + BEGIN_MS;
    http->expected = setup->sockets < LIMIT_SOCKETS ? setup->sockets : LIMIT_SOCKETS;
    http->server = (struct vault_server){.address = setup->address,
                                         .namespace_path = setup->namespace_path,
                                         .limit_ms = setup->limit_ms};
    vault_sockets_make(&http->sockets, setup->dial, setup->round);
    http->multi = curl_multi_init();
    if (http->multi == NULL ||
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_SOCKETS) != CURLM_OK) {
        (void)error_set(err, ERROR_MEMORY, "no memory for a connection");
        goto fail;
    }
    if (vault_server_name(&http->server, setup->tls_name, setup->ca, err) != 0 ||
        vault_sockets_wait(&http->sockets, 1, err) != 0)
        goto fail;
    *ret = http;
    return 0;
fail:
    vault_http_close(http);
    return -1;
}

void vault_http_close(struct vault_http *http) {
    if (http == NULL)
        return;
    for (size_t i = 0; i < LIMIT_SOCKETS; i++)
        vault_lane_close(&http->lanes[i]);
    (void)curl_multi_cleanup(http->multi);
    vault_server_free(&http->server);
    vault_sockets_close(&http->sockets);
    secret_free(http);
}
