/* vault_options.h: the options of libcurl that never change, and what its errors mean. */
#ifndef ARRESTOR_VAULT_OPTIONS_H
#define ARRESTOR_VAULT_OPTIONS_H

#include <curl/curl.h>
#include <stdint.h>

#include "sidecar/base/error.h"

/* Sets every option of the table. 0, or -1 where libcurl refuses one. */
int vault_options_set(CURL *easy);

/* What a result of libcurl means; verified is CURLINFO_SSL_VERIFYRESULT. Total. */
enum error_code vault_options_code(CURLcode result, long verified);

#endif
