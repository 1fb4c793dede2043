/* vault_trust.h: the CAs that a server's certificate must be from.
 *
 * libcurl's CURLOPT_CAINFO_BLOB would read the bundle again for every connection
 * (20 ms for the CAs of a Debian, OpenSSL 3.0); so it is read once, here. */
#ifndef ARRESTOR_VAULT_TRUST_H
#define ARRESTOR_VAULT_TRUST_H

#include <openssl/types.h>
#include <stddef.h>

struct error;

/* Reads a PEM bundle. A CA that is no root is trusted as it stands, as libcurl
 * does it (X509_V_FLAG_PARTIAL_CHAIN). The caller's (X509_STORE_free); NULL with
 * ERROR_STORE_CA where it holds no certificate or a damaged one, or ERROR_MEMORY.
 * https://docs.openssl.org/3.0/man3/X509_STORE_add_cert/ */
X509_STORE *vault_trust_read(const char *pem, size_t length, struct error *err);

#endif
