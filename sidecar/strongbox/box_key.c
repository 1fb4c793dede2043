#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/strongbox/box.h"

#define KEY_WORD        "arrestor-strongbox-key-v"
#define KEY_PREFIX      KEY_WORD "1 "
#define KEY_BASE64_SIZE 44

static int refuse_key(const char *what, struct error *err) {
    error_set(err, ERROR_BOX_KEY, "%s", what);
    return error_todo(err, "a key file is the one line that arrestor strongbox init writes");
}

static size_t line_length(const char *text, size_t length) {
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    return length;
}

static bool starts_with(const char *text, size_t length, const char *prefix) {
    return length >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

int box_key_parse(const char *text, size_t length, unsigned char key[BOX_KEY_BYTES],
                  struct error *err) {
    unsigned char bytes[BOX_KEY_BYTES];
    size_t size = 0, prefix = strlen(KEY_PREFIX);
    length = line_length(text, length);
    if (length == 0)
        return refuse_key("the key file is empty", err);
    if (!starts_with(text, length, KEY_WORD))
        return refuse_key("this is not a strongbox key", err);
    if (!starts_with(text, length, KEY_PREFIX))
        return refuse_key("this key is of a kind that this arrestor does not know", err);
    int failed = length != prefix + KEY_BASE64_SIZE ||
                 sodium_base642bin(bytes, sizeof bytes, text + prefix, KEY_BASE64_SIZE, NULL, &size,
                                   NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
                 size != sizeof bytes;
    if (!failed)
        memcpy(key, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
    return failed ? refuse_key("the key is damaged or cut short", err) : 0;
}

void box_key_format(const unsigned char key[BOX_KEY_BYTES], char ret[BOX_KEY_TEXT_BYTES + 1]) {
    char base64[KEY_BASE64_SIZE + 1];
    (void)sodium_bin2base64(base64, sizeof base64, key, BOX_KEY_BYTES,
                            sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(ret, BOX_KEY_TEXT_BYTES + 1, KEY_PREFIX "%s\n", base64);
    sodium_memzero(base64, sizeof base64);
}

void box_key_make(unsigned char key[BOX_KEY_BYTES]) {
    randombytes_buf(key, BOX_KEY_BYTES);
}
