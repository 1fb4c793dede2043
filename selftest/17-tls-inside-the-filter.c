/* Claim 17: inside the filter of fetch-net, which can neither open a socket nor a
 * file, libcurl and OpenSSL speak TLS on the sockets that they are given, miss no
 * call, and refuse a store whose certificate is not the right one. */
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/tls_store.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_memory.h"

#define ANSWER  "{\"data\":\"told by TLS\"}"
#define WAIT_MS 5000

struct errand {
    struct config_address address;
    int dial, ca;
};

/* Two requests on one connection. Gives the code of the last answer, with 1000
 * where the store's words did not come through. */
static long ask_twice(const void *context) {
    const struct errand *errand = context;
    struct vault_http_setup setup = {.address = &errand->address,
                                     .ca = errand->ca,
                                     .dial = errand->dial,
                                     .round = 1,
                                     .sockets = 1,
                                     .limit_ms = WAIT_MS};
    struct vault_request request = {.path = "secret/data/orders"};
    struct vault_answer answer = {.code = ERROR_INTERNAL};
    struct vault_http *http = NULL;
    struct error err;
    long code = ERROR_OK;
    /* Behind the ladder, as arrestor-fetch does it. */
    if (vault_memory_install(&err) != 0 || vault_http_open(&http, &setup, &err) != 0)
        return err.code;
    for (int i = 0; i < 2 && code == ERROR_OK; i++) {
        if (vault_http_ask(http, &request, &answer, &err) != 0)
            return err.code;
        bool whole = answer.length == strlen(ANSWER) && answer.status == 200 &&
                     memcmp(answer.body, ANSWER, strlen(ANSWER)) == 0;
        code = answer.code == ERROR_OK && !whole ? 1000 : (long)answer.code;
        vault_answer_free(&answer);
    }
    vault_http_close(http);
    return code;
}

static struct attempt run_errand(const struct tls_store *store, const char *name, int ca) {
    struct errand errand = {.address = {.text = "", .tls = true, .host = name, .port = 8200},
                            .dial = tls_store_dial(store),
                            .ca = ca};
    struct attempt attempt = role_try(ROLE_FETCH_NET, NULL, 0, ask_twice, &errand);
    (void)close(errand.dial);
    if (attempt.signal != 0)
        claim_off("fetch-net is ended by signal %d when it speaks TLS", attempt.signal);
    return attempt;
}

static void expect_refusal(const struct tls_store *store, const char *name, int ca,
                           enum error_code code, const char *what) {
    struct attempt attempt = run_errand(store, name, ca);
    if (attempt.result == ERROR_OK || attempt.result == 1000)
        claim_off("fetch-net takes a certificate %s", what);
    if (attempt.result != (long)code)
        claim_broken("a certificate %s is told as %s", what,
                     error_name((enum error_code)attempt.result));
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    struct tls_store store = tls_store_start(ANSWER);
    struct attempt attempt = run_errand(&store, TLS_STORE_NAME, store.ca);
    if (attempt.result != ERROR_OK)
        claim_off("inside its filter fetch-net cannot speak TLS: %s",
                  attempt.result == 1000 ? "what the store says does not come through"
                                         : error_name((enum error_code)attempt.result));
    if (attempt.trapped > 0)
        claim_weaken("fetch-net speaks TLS inside its filter, but these versions of libcurl and "
                     "OpenSSL make %u calls that are refused",
                     attempt.trapped);
    expect_refusal(&store, TLS_STORE_NAME, store.stranger, ERROR_STORE_CA, "of another CA");
    expect_refusal(&store, "other.arrestor.invalid", store.ca, ERROR_STORE_HOST,
                   "for another name");
    claim_settle("fetch-net, without a file or a socket of its own, makes a TLS connection on the "
                 "one it is given; 0 calls were missed; a certificate of another CA or for "
                 "another name is refused");
}
