/* Claim 06: a strongbox of which one bit was changed, or that is cut short, never
 * opens, and a wrong key is told as such. The same of a key file under a
 * passphrase, which does not hold the key without it. */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box.h"
#include "sidecar/strongbox/box_key.h"

struct sealed {
    unsigned char key[BOX_KEY_BYTES];
    unsigned char *bytes;
    size_t length;
};

static struct sealed seal(void) {
    struct sealed sealed;
    struct box box;
    struct error err;
    const char *value = claim_canary();
    box_make(&box);
    box_key_make(sealed.key);
    if (box_set(&box, "orders/db", (const unsigned char *)value, strlen(value), &err) != 0 ||
        box_set(&box, "second", (const unsigned char *)"x", 1, &err) != 0 ||
        box_seal(&box, sealed.key, &sealed.bytes, &sealed.length, &err) != 0)
        claim_broken("a strongbox cannot be made");
    box_free(&box);
    return sealed;
}

/* ERROR_OK where it opened. */
static enum error_code open_bytes(const unsigned char *bytes, size_t length,
                                  const unsigned char *key) {
    struct box box;
    struct error err = {.code = ERROR_OK};
    if (box_open(bytes, length, key, &box, &err) != 0)
        return err.code;
    box_free(&box);
    return ERROR_OK;
}

static void try_damage(const struct sealed *sealed) {
    for (size_t i = 0; i < sealed->length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            sealed->bytes[i] ^= (unsigned char)(1u << bit);
            if (open_bytes(sealed->bytes, sealed->length, sealed->key) == ERROR_OK)
                claim_off("a box with bit %u of byte %zu changed opens", bit, i);
            sealed->bytes[i] ^= (unsigned char)(1u << bit);
        }
    for (size_t i = 0; i < sealed->length; i++)
        if (open_bytes(sealed->bytes, i, sealed->key) == ERROR_OK)
            claim_off("a box of which %zu bytes are left opens", i);
}

static void try_keys(const struct sealed *sealed) {
    unsigned char key[BOX_KEY_BYTES];
    for (size_t i = 0; i < BOX_KEY_BYTES; i++) {
        memcpy(key, sealed->key, sizeof key);
        key[i] ^= 1;
        if (open_bytes(sealed->bytes, sealed->length, key) != ERROR_BOX_WRONG_KEY)
            claim_off("a wrong key is not told as a wrong key");
    }
}

static struct box_key_line seal_key(const struct sealed *sealed, const char *passphrase,
                                    char text[LIMIT_KEY_FILE_BYTES], size_t *length) {
    unsigned char bytes[LIMIT_CLAIM_NAME];
    struct box_key_file file = {.count = 1};
    struct error err;
    struct secret_text words = {.bytes = bytes, .length = strlen(passphrase)};
    claim_need(words.length < sizeof bytes, "choose a passphrase");
    memcpy(bytes, passphrase, words.length);
    claim_need(box_key_seal(sealed->key, &words, 1, LIMIT_PASS_KIB_MIN, &file.lines[0], &err) == 0,
               "seal a key");
    *length = box_key_print(&file, text);
    return file.lines[0];
}

static void try_key_damage(char *text, size_t length) {
    struct box_key_file file;
    struct error err;
    for (size_t i = 0; i < length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ (1 << bit));
            if (box_key_parse(text, length, &file, &err) == 0)
                claim_off("a key file with bit %u of byte %zu changed is taken", bit, i);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    for (size_t i = 0; i + 1 < length; i++)
        if (box_key_parse(text, i, &file, &err) == 0)
            claim_off("a key file of which %zu bytes are left is taken", i);
}

static void try_passphrase(const struct sealed *sealed) {
    char text[LIMIT_KEY_FILE_BYTES];
    size_t length;
    unsigned char key[BOX_KEY_BYTES] = {0}, wrong[] = "wrong";
    struct secret_text words = {.bytes = wrong, .length = sizeof wrong - 1};
    struct error err = {.code = ERROR_OK};
    struct box_key_line line = seal_key(sealed, claim_canary(), text, &length);
    if (memmem(line.key, sizeof line.key, sealed->key, sizeof sealed->key) != NULL)
        claim_off("a key file under a passphrase holds the key");
    try_key_damage(text, length);
    if (box_key_open(&line, &words, key, &err) == 0 || err.code != ERROR_BOX_WRONG_PASSPHRASE)
        claim_off("a wrong passphrase is not told as a wrong passphrase");
    if (box_key_open(&line, NULL, key, &err) == 0 || !sodium_is_zero(key, sizeof key))
        claim_off("a key file under a passphrase opens without one");
}

static void flip_in_file(const char *path, off_t at) {
    unsigned char byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    claim_need(fd >= 0 && pread(fd, &byte, 1, at) == 1, "read a box");
    byte ^= 0x10;
    claim_need(pwrite(fd, &byte, 1, at) == 1, "damage a box");
    (void)close(fd);
}

/* The same through the command: what people see. */
static void try_command(void) {
    static struct outcome got;
    struct site site;
    site_make(&site, site_safe);
    const char *get[] = {"strongbox", "get", "it", "--box", site.box, "--key", site.key, NULL};
    site_command(&site, get, NULL, NULL, &got);
    if (got.status != 0 || strstr(got.out, site.secret) == NULL)
        claim_broken("the command does not even open a sound box: %.200s", got.err);
    flip_in_file(site.box, BOX_PRELUDE_BYTES + 5);
    site_command(&site, get, NULL, NULL, &got);
    if (got.status == 0 || strstr(got.out, site.secret) != NULL ||
        strstr(got.err, "damaged") == NULL)
        claim_off("the command opens a damaged box, or does not say that it is damaged");
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    claim_need(sodium_init() >= 0, "start libsodium");
    struct sealed sealed = seal();
    if (open_bytes(sealed.bytes, sealed.length, sealed.key) != ERROR_OK)
        claim_broken("not even a sound box opens");
    try_damage(&sealed);
    try_keys(&sealed);
    try_passphrase(&sealed);
    try_command();
    claim_settle("each of the %zu bits of a box changed, each shorter length tried: none opens; "
                 "%d wrong keys are told as wrong; so it is with a key file under a passphrase",
                 sealed.length * 8, BOX_KEY_BYTES);
}
