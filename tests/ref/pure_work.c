/* pure_work.c: what a round does between the network and the files, again and
 * again, so that a test can count its instructions and allocations.
 *
 *   pure-work ROUNDS < arrestor.yaml
 *
 * Parses the configuration once. A round decodes one answer of a KV v2 store for
 * each secret, and renders every file. Exit 0, or 1 with what went wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "sidecar/render/render.h"

static const char ANSWER[] =
    "{\"request_id\":\"9ca2d1f0-6d8e-0a5e-4d3c-4a1f6f0d6a11\",\"lease_id\":\"\",\"renewable\":"
    "false,"
    "\"lease_duration\":0,\"data\":{\"data\":{\"password\":\"c6c22e334dd8317c4cef05abe13fe3d2\","
    "\"username\":\"etl\"},\"metadata\":{\"created_time\":\"2026-01-02T03:04:05.678901234Z\","
    "\"custom_metadata\":null,\"deletion_time\":\"\",\"destroyed\":false,\"version\":1}},"
    "\"wrap_info\":null,\"warnings\":null,\"auth\":null}\n";

static struct vault_answer make_answer(void) {
    struct vault_answer answer = {.code = ERROR_OK, .status = 200, .is_json = true};
    answer.length = answer.capacity = sizeof ANSWER - 1;
    answer.body = secret_alloc(answer.length);
    if (answer.body == NULL)
        exit(1);
    memcpy(answer.body, ANSWER, answer.length);
    return answer;
}

static int decode_all(const struct config *config, struct vault_value *values,
                      struct secret_set *set, struct error *err) {
    for (size_t i = 0; i < config->secret_count; i++) {
        struct vault_answer answer = make_answer();
        int result = vault_kv_decode(&answer, 0, &values[i], err);
        vault_answer_free(&answer);
        if (result != 0)
            return -1;
        set->secrets[i] = (struct secret){
            .bytes = values[i].bytes, .length = values[i].length, .index = (uint32_t)i};
        set->count = i + 1;
    }
    return 0;
}

static int render_all(const struct config *config, const struct secret_set *set,
                      struct error *err) {
    for (size_t i = 0; i < config->file_count; i++) {
        struct secret_text text;
        if (render_file(config, &config->files[i], set, &text, err) != 0)
            return -1;
        secret_text_free(&text);
    }
    return 0;
}

static int run_round(const struct config *config, struct error *err) {
    static struct vault_value values[LIMIT_SECRETS];
    static struct secret_set set;
    set.count = 0;
    int result = decode_all(config, values, &set, err);
    if (result == 0)
        result = render_all(config, &set, err);
    for (size_t i = 0; i < set.count; i++)
        secret_free(values[i].bytes);
    return result;
}

int main(int argc, char **argv) {
    static char text[LIMIT_CONFIG_BYTES];
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct config config;
    struct error err;
    size_t length = fread(text, 1, sizeof text, stdin);
    secret_install_allocators();
    int result = config_parse(text, length, "arrestor.yaml", &arena, &config, &err);
    for (long left = argc > 1 ? strtol(argv[1], NULL, 10) : 0; result == 0 && left > 0; left--)
        result = run_round(&config, &err);
    if (result != 0)
        fprintf(stderr, "%s: %s\n", error_name(err.code), err.what);
    arena_free(&arena);
    return result == 0 ? 0 : 1;
}
