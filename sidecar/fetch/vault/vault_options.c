#include "sidecar/fetch/vault/vault_options.h"

#include <openssl/x509_vfy.h>
#include <stddef.h>

static const struct {
    CURLoption option;
    long value;
} numbers[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DNS_CACHE_TIMEOUT, -1},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_MAXFILESIZE, LIMIT_ANSWER_BYTES},
};

/* NULL takes a default away: CAs come from vault_trust, never from a path. */
static const struct {
    CURLoption option;
    const char *value;
} texts[] = {
    {CURLOPT_PROTOCOLS_STR, "http,https"},
    {CURLOPT_PROXY, ""},
    {CURLOPT_NOPROXY, "*"},
    {CURLOPT_USERAGENT, "arrestor/" ARRESTOR_VERSION},
    {CURLOPT_CAINFO, NULL},
    {CURLOPT_CAPATH, NULL},
};

/* https://curl.se/libcurl/c/libcurl-errors.html; else ERROR_STORE. The first row
 * of CURLE_PEER_FAILED_VERIFICATION is refined by the verdicts below. */
static const struct {
    CURLcode result;
    enum error_code code;
} results[] = {
    {CURLE_OK, ERROR_OK},
    {CURLE_OPERATION_TIMEDOUT, ERROR_STORE_SLOW},
    {CURLE_COULDNT_CONNECT, ERROR_STORE_UNREACHABLE},
    {CURLE_SEND_ERROR, ERROR_STORE_UNREACHABLE},
    {CURLE_RECV_ERROR, ERROR_STORE_UNREACHABLE},
    {CURLE_GOT_NOTHING, ERROR_STORE_UNREACHABLE},
    {CURLE_PARTIAL_FILE, ERROR_STORE_UNREACHABLE},
    {CURLE_ABORTED_BY_CALLBACK, ERROR_STORE_UNREACHABLE}, /* not sent a second time */
    {CURLE_FILESIZE_EXCEEDED, ERROR_STORE_SIZE},
    {CURLE_WRITE_ERROR, ERROR_STORE_SIZE}, /* only our own bounds make it */
    {CURLE_WEIRD_SERVER_REPLY, ERROR_STORE_ANSWER},
    {CURLE_UNSUPPORTED_PROTOCOL, ERROR_STORE_ANSWER}, /* no HTTP, or HTTP/0.9 */
    {CURLE_BAD_CONTENT_ENCODING, ERROR_STORE_ANSWER},
    {CURLE_SSL_CONNECT_ERROR, ERROR_STORE_TLS},
    {CURLE_SSL_CIPHER, ERROR_STORE_TLS},
    {CURLE_SSL_CERTPROBLEM, ERROR_STORE_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, ERROR_STORE_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, ERROR_STORE_TLS},
    {CURLE_SSL_CACERT_BADFILE, ERROR_STORE_CA},
    {CURLE_OUT_OF_MEMORY, ERROR_MEMORY},
};

/* Verdicts of X509_verify_cert. libcurl checks the name itself, after OpenSSL has
 * found the chain sound; no verdict is told then, or UNSPECIFIED (7.88). */
static const struct {
    long verified;
    enum error_code code;
} verdicts[] = {
    {X509_V_OK, ERROR_STORE_HOST},
    {X509_V_ERR_UNSPECIFIED, ERROR_STORE_HOST},
    {X509_V_ERR_HOSTNAME_MISMATCH, ERROR_STORE_HOST},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, ERROR_STORE_HOST},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ERROR_STORE_CA},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, ERROR_STORE_CA},
    {X509_V_ERR_CERT_NOT_YET_VALID, ERROR_STORE_CA},
    {X509_V_ERR_CERT_HAS_EXPIRED, ERROR_STORE_CA},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, ERROR_STORE_CA},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ERROR_STORE_CA},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ERROR_STORE_CA},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERROR_STORE_CA},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, ERROR_STORE_CA},
    {X509_V_ERR_INVALID_CA, ERROR_STORE_CA},
    {X509_V_ERR_CERT_UNTRUSTED, ERROR_STORE_CA},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

int vault_options_set(CURL *easy) {
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
            return -1;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (curl_easy_setopt(easy, texts[i].option, texts[i].value) != CURLE_OK)
            return -1;
    return 0;
}

static enum error_code verdict_code(long verified) {
    for (size_t i = 0; i < COUNT(verdicts); i++)
        if (verdicts[i].verified == verified)
            return verdicts[i].code;
    return ERROR_STORE_TLS;
}

enum error_code vault_options_code(CURLcode result, long verified) {
    if (result == CURLE_PEER_FAILED_VERIFICATION)
        return verdict_code(verified);
    for (size_t i = 0; i < COUNT(results); i++)
        if (results[i].result == result)
            return results[i].code;
    return ERROR_STORE;
}
