/* bare_fetch: what a login and one secret cost with libcurl and nothing else.
 *
 *   bare-fetch ADDRESS CA|"" ROLE_ID SECRET_ID_FILE PATH OUT
 *
 * AppRole login and a read of one KV v2 secret on one connection; writes its
 * fields to OUT as "name=value" lines. No role, no sandbox, no memory that
 * forgets: bench measures arrestor against it. */
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 4096

struct answer {
    char *bytes;
    size_t length;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    char *grown = realloc(answer->bytes, answer->length + size * count);
    if (grown == NULL)
        return 0;
    memcpy(grown + answer->length, bytes, size * count);
    answer->bytes = grown;
    answer->length += size * count;
    return size * count;
}

/* One request; its JSON, or NULL. */
static json_t *ask(CURL *curl, const char *address, const char *path) {
    char url[TEXT_BYTES];
    struct answer answer = {.bytes = NULL};
    (void)snprintf(url, sizeof url, "%s/v1/%s", address, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    json_t *json = NULL;
    if (curl_easy_perform(curl) == CURLE_OK && answer.bytes != NULL)
        json = json_loadb(answer.bytes, answer.length, 0, NULL);
    free(answer.bytes);
    return json;
}

/* The header that carries the token of a login, or NULL. */
static struct curl_slist *log_in(CURL *curl, char **argv) {
    char secret_id[128] = "", body[TEXT_BYTES], header[TEXT_BYTES];
    FILE *file = fopen(argv[4], "r");
    if (file == NULL || fscanf(file, "%127s", secret_id) != 1 || fclose(file) != 0)
        return NULL;
    (void)snprintf(body, sizeof body, "{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", argv[3],
                   secret_id);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    json_t *login = ask(curl, argv[1], "auth/approle/login");
    const char *token =
        json_string_value(json_object_get(json_object_get(login, "auth"), "client_token"));
    (void)snprintf(header, sizeof header, "X-Vault-Token: %s", token == NULL ? "" : token);
    struct curl_slist *headers = token == NULL ? NULL : curl_slist_append(NULL, header);
    json_decref(login);
    return headers;
}

static int write_fields(json_t *fields, const char *name) {
    const char *key;
    json_t *value;
    FILE *out = json_object_size(fields) == 0 ? NULL : fopen(name, "w");
    if (out == NULL)
        return -1;
    json_object_foreach(fields, key, value)(void)
        fprintf(out, "%s=%s\n", key, json_string_value(value));
    return fclose(out);
}

int main(int argc, char **argv) {
    CURL *curl = argc == 7 ? curl_easy_init() : NULL;
    if (curl == NULL) {
        (void)fprintf(stderr, "usage: bare-fetch ADDRESS CA ROLE_ID SECRET_ID_FILE PATH OUT\n");
        return 2;
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    if (argv[2][0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, argv[2]);
    struct curl_slist *headers = log_in(curl, argv);
    if (headers == NULL)
        return 1;
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    json_t *read = ask(curl, argv[1], argv[5]);
    json_t *fields = json_object_get(json_object_get(read, "data"), "data");
    int status = write_fields(fields, argv[6]) == 0 ? 0 : 1;
    json_decref(read);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}
