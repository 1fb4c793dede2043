/* Key files. A key in clear is the line
 *
 *     arrestor-strongbox-key-v1 BASE64(key 32)
 *
 * and one that a passphrase protects
 *
 *     arrestor-strongbox-key-v2 argon2id PASSES KIB BASE64(salt 16 | nonce 24 | sealed 48 | check
 * 8)
 *
 * The key that seals is Argon2id of the passphrase with that salt, PASSES over KIB
 * of memory. `sealed` is the file key under XChaCha20-Poly1305 with everything
 * before BASE64, and the salt, as associated data. `check` is the start of a
 * BLAKE2b-128 without a key over everything before it: it tells an accident from a
 * wrong passphrase, and costs an attacker nothing that he would not know.
 *
 * While a rekey goes on, and after one was killed, there are three lines:
 *
 *     the new key
 *     arrestor-strongbox-rekey HEX(id of the box 16)
 *     the old key
 *
 * Numbers have no leading zero, words are parted by one blank, a line ends with
 * LF or CRLF; the last may lack it. */
#include "sidecar/strongbox/box_key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"

#define KEY_WORD     "arrestor-strongbox-key-v"
#define BARE_WORD    KEY_WORD "1 "
#define SEALED_WORD  KEY_WORD "2 argon2id "
#define REKEY_WORD   "arrestor-strongbox-rekey "
#define REKEY_HEX    32
#define HEAD_BYTES   (sizeof SEALED_WORD + 24) /* with two numbers of 10 digits, blanks, NUL */
#define CHECK_BYTES  8
#define BODY_BYTES   (BOX_KEY_SALT_BYTES + BOX_KEY_NONCE_BYTES + BOX_KEY_SEALED_BYTES)
#define BASE64(size) (((size) + 2) / 3 * 4) /* characters, without a NUL */
#define VARIANT      sodium_base64_VARIANT_ORIGINAL

/* Two sealed lines with the largest numbers, and what stands between them. */
_Static_assert(2 * (HEAD_BYTES + BASE64(BODY_BYTES + CHECK_BYTES)) + sizeof REKEY_WORD + REKEY_HEX +
                       3 <=
                   LIMIT_KEY_FILE_BYTES,
               "a key file in the middle of a rekey can be read again");

static int refuse_key(const char *what, struct error *err) {
    error_set(err, ERROR_BOX_KEY, "%s", what);
    return error_todo(err, "a key file is what arrestor strongbox init writes; restore it");
}

static int refuse_damage(struct error *err) {
    return refuse_key("the key is damaged or cut short", err);
}

struct line {
    const char *text;
    size_t length;
};

/* Cuts the first line off *rest, without its end. */
static struct line take_line(struct line *rest) {
    const char *end = memchr(rest->text, '\n', rest->length);
    struct line line = {rest->text, end == NULL ? rest->length : (size_t)(end - rest->text)};
    size_t used = line.length + (end == NULL ? 0 : 1);
    *rest = (struct line){rest->text + used, rest->length - used};
    if (line.length > 0 && line.text[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* Cuts a word that is written exactly so off the start. */
static bool take_word(struct line *line, const char *word) {
    size_t length = strlen(word);
    if (line->length < length || memcmp(line->text, word, length) != 0)
        return false;
    *line = (struct line){line->text + length, line->length - length};
    return true;
}

/* Cuts a number and the blank behind it off the start. */
static bool take_number(struct line *line, uint32_t *ret) {
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < line->length && line->text[digits] >= '0' && line->text[digits] <= '9' &&
           value <= UINT32_MAX)
        value = value * 10 + (uint64_t)(line->text[digits++] - '0');
    if (digits == 0 || digits == line->length || line->text[digits] != ' ' ||
        line->text[0] == '0' || value > UINT32_MAX)
        return false;
    *line = (struct line){line->text + digits + 1, line->length - digits - 1};
    *ret = (uint32_t)value;
    return true;
}

/* libsodium takes 0xaf for '/', so what was read is written again and compared. */
static bool read_base64(struct line line, unsigned char *ret, size_t size) {
    char again[BASE64(BODY_BYTES + CHECK_BYTES) + 1];
    size_t length = 0;
    bool read =
        line.length == BASE64(size) && line.length < sizeof again &&
        sodium_base642bin(ret, size, line.text, line.length, NULL, &length, NULL, VARIANT) == 0 &&
        length == size;
    if (read) {
        (void)sodium_bin2base64(again, sizeof again, ret, size, VARIANT);
        read = sodium_memcmp(again, line.text, line.length) == 0;
        sodium_memzero(again, sizeof again);
    }
    return read;
}

/* What stands before the base64 of a sealed line; its length. */
static size_t print_head(const struct box_key_line *line, char ret[HEAD_BYTES]) {
    return (size_t)snprintf(ret, HEAD_BYTES, SEALED_WORD "%u %u ", line->passes, line->memory_kib);
}

static void make_check(const char *head, size_t head_length, const unsigned char body[BODY_BYTES],
                       unsigned char ret[CHECK_BYTES]) {
    crypto_generichash_blake2b_state state;
    unsigned char hash[crypto_generichash_blake2b_BYTES_MIN];
    (void)crypto_generichash_blake2b_init(&state, NULL, 0, sizeof hash);
    (void)crypto_generichash_blake2b_update(&state, (const unsigned char *)head, head_length);
    (void)crypto_generichash_blake2b_update(&state, body, BODY_BYTES);
    (void)crypto_generichash_blake2b_final(&state, hash, sizeof hash);
    memcpy(ret, hash, CHECK_BYTES);
}

static int check_cost(uint32_t passes, uint32_t memory_kib, enum error_code code,
                      struct error *err) {
    if (passes >= 1 && passes <= LIMIT_PASSES && memory_kib >= LIMIT_PASS_KIB_MIN &&
        memory_kib <= LIMIT_PASS_KIB)
        return 0;
    return error_set(err, code,
                     "the key asks for %u passes over %u KiB of memory; 1 to %u over %u to %u KiB "
                     "are possible",
                     passes, memory_kib, LIMIT_PASSES, LIMIT_PASS_KIB_MIN, LIMIT_PASS_KIB);
}

static int parse_sealed(struct line line, struct box_key_line *ret, struct error *err) {
    unsigned char body[BODY_BYTES + CHECK_BYTES], check[CHECK_BYTES];
    char head[HEAD_BYTES];
    const char *start = line.text;
    struct box_key_line read = {.sealed = true};
    if (!take_word(&line, SEALED_WORD) || !take_number(&line, &read.passes) ||
        !take_number(&line, &read.memory_kib) || !read_base64(line, body, sizeof body))
        return refuse_damage(err);
    size_t length = print_head(&read, head);
    if (length != (size_t)(line.text - start) || memcmp(head, start, length) != 0)
        return refuse_damage(err);
    make_check(head, length, body, check);
    if (memcmp(check, body + BODY_BYTES, sizeof check) != 0)
        return refuse_damage(err);
    memcpy(read.salt, body, sizeof read.salt);
    memcpy(read.nonce, body + sizeof read.salt, sizeof read.nonce);
    memcpy(read.key, body + sizeof read.salt + sizeof read.nonce, sizeof read.key);
    *ret = read;
    return check_cost(read.passes, read.memory_kib, ERROR_BOX_KEY, err);
}

static int parse_bare(struct line line, struct box_key_line *ret, struct error *err) {
    struct box_key_line read = {.sealed = false};
    int failed = !read_base64(line, read.key, BOX_KEY_BYTES);
    if (!failed)
        *ret = read;
    sodium_memzero(&read, sizeof read);
    return failed ? refuse_damage(err) : 0;
}

static int parse_line(struct line line, struct box_key_line *ret, struct error *err) {
    struct line whole = line, sealed = line;
    if (line.length == 0)
        return refuse_key("the key file is empty", err);
    if (take_word(&line, BARE_WORD))
        return parse_bare(line, ret, err);
    if (take_word(&sealed, SEALED_WORD))
        return parse_sealed(whole, ret, err);
    if (take_word(&whole, KEY_WORD))
        return refuse_key("this key is of a kind that this arrestor does not know", err);
    return refuse_key("this is not a strongbox key", err);
}

static bool parse_rekey(struct line line, unsigned char ret[16]) {
    size_t length = 0;
    char again[REKEY_HEX + 1];
    return take_word(&line, REKEY_WORD) && line.length == REKEY_HEX &&
           sodium_hex2bin(ret, 16, line.text, line.length, NULL, &length, NULL) == 0 &&
           length == 16 &&
           memcmp(sodium_bin2hex(again, sizeof again, ret, length), line.text, REKEY_HEX) == 0;
}

int box_key_parse(const char *text, size_t length, struct box_key_file *ret, struct error *err) {
    struct box_key_file file = {.count = 1};
    struct line rest = {text, length};
    int result = parse_line(take_line(&rest), &file.lines[0], err);
    if (result == 0 && rest.length > 0) {
        file.count = 2;
        result = !parse_rekey(take_line(&rest), file.rekeyed)
                     ? refuse_damage(err)
                     : parse_line(take_line(&rest), &file.lines[1], err);
    }
    if (result == 0 && rest.length > 0)
        result = refuse_damage(err);
    if (result == 0)
        *ret = file;
    sodium_memzero(&file, sizeof file);
    return result;
}

static size_t print_bare(const unsigned char key[BOX_KEY_BYTES], char ret[BOX_KEY_TEXT_BYTES + 1]) {
    char base64[BASE64(BOX_KEY_BYTES) + 1];
    (void)sodium_bin2base64(base64, sizeof base64, key, BOX_KEY_BYTES, VARIANT);
    (void)snprintf(ret, BOX_KEY_TEXT_BYTES + 1, BARE_WORD "%s\n", base64);
    sodium_memzero(base64, sizeof base64);
    return BOX_KEY_TEXT_BYTES;
}

static size_t print_sealed(const struct box_key_line *line, char *ret, size_t size) {
    unsigned char body[BODY_BYTES + CHECK_BYTES], *at = body;
    char head[HEAD_BYTES], base64[BASE64(sizeof body) + 1];
    size_t length = print_head(line, head);
    memcpy(at, line->salt, sizeof line->salt);
    at += sizeof line->salt;
    memcpy(at, line->nonce, sizeof line->nonce);
    memcpy(at + sizeof line->nonce, line->key, sizeof line->key);
    make_check(head, length, body, body + BODY_BYTES);
    (void)sodium_bin2base64(base64, sizeof base64, body, sizeof body, VARIANT);
    return (size_t)snprintf(ret, size, "%s%s\n", head, base64);
}

static size_t print_line(const struct box_key_line *line, char *ret, size_t size) {
    return line->sealed ? print_sealed(line, ret, size) : print_bare(line->key, ret);
}

size_t box_key_print(const struct box_key_file *file, char ret[LIMIT_KEY_FILE_BYTES]) {
    char hex[REKEY_HEX + 1];
    memset(ret, 0, LIMIT_KEY_FILE_BYTES);
    size_t at = print_line(&file->lines[0], ret, LIMIT_KEY_FILE_BYTES);
    if (file->count < 2)
        return at;
    (void)sodium_bin2hex(hex, sizeof hex, file->rekeyed, sizeof file->rekeyed);
    at += (size_t)snprintf(ret + at, LIMIT_KEY_FILE_BYTES - at, REKEY_WORD "%s\n", hex);
    return at + print_line(&file->lines[1], ret + at, LIMIT_KEY_FILE_BYTES - at);
}

void box_key_format(const unsigned char key[BOX_KEY_BYTES], char ret[BOX_KEY_TEXT_BYTES + 1]) {
    (void)print_bare(key, ret);
}

bool box_key_same(const struct box_key_file *a, const struct box_key_file *b) {
    char one[LIMIT_KEY_FILE_BYTES], two[LIMIT_KEY_FILE_BYTES];
    (void)box_key_print(a, one);
    (void)box_key_print(b, two);
    bool same = sodium_memcmp(one, two, sizeof one) == 0;
    sodium_memzero(one, sizeof one);
    sodium_memzero(two, sizeof two);
    return same;
}

void box_key_make(unsigned char key[BOX_KEY_BYTES]) {
    randombytes_buf(key, BOX_KEY_BYTES);
}

void box_key_bare(const unsigned char key[BOX_KEY_BYTES], struct box_key_line *ret) {
    *ret = (struct box_key_line){.sealed = false};
    memcpy(ret->key, key, BOX_KEY_BYTES);
}

/* The key that seals a line; secret_alloc memory. NULL with err. */
static unsigned char *derive(const struct box_key_line *line, const struct secret_text *passphrase,
                             struct error *err) {
    unsigned char *key = secret_alloc(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    if (sodium_init() >= 0 && key != NULL &&
        crypto_pwhash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
                      (const char *)passphrase->bytes, passphrase->length, line->salt, line->passes,
                      (size_t)line->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0)
        return key;
    secret_free(key);
    error_set(err, ERROR_MEMORY, "the passphrase asks for %u MiB of memory, which cannot be had",
              line->memory_kib / 1024);
    error_todo(err, "give the process more, or on a stronger machine seal the key for less: "
                    "arrestor strongbox rekey --keep-key --memory 64M");
    return NULL;
}

/* Associated data of a sealed line: its head and salt. Its length. */
static size_t print_bound(const struct box_key_line *line,
                          unsigned char ret[HEAD_BYTES + BOX_KEY_SALT_BYTES]) {
    char head[HEAD_BYTES];
    size_t length = print_head(line, head);
    memcpy(ret, head, length);
    memcpy(ret + length, line->salt, sizeof line->salt);
    return length + sizeof line->salt;
}

int box_key_seal(const unsigned char key[BOX_KEY_BYTES], const struct secret_text *passphrase,
                 uint32_t passes, uint32_t memory_kib, struct box_key_line *ret,
                 struct error *err) {
    unsigned char bound[HEAD_BYTES + BOX_KEY_SALT_BYTES];
    struct box_key_line line = {.sealed = true, .passes = passes, .memory_kib = memory_kib};
    if (check_cost(passes, memory_kib, ERROR_USAGE, err) != 0)
        return -1;
    if (passphrase->length == 0)
        return error_set(err, ERROR_USAGE, "the passphrase is empty");
    randombytes_buf(line.salt, sizeof line.salt);
    randombytes_buf(line.nonce, sizeof line.nonce);
    unsigned char *own = derive(&line, passphrase, err);
    if (own == NULL)
        return -1;
    size_t length = print_bound(&line, bound);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(line.key, NULL, key, BOX_KEY_BYTES, bound,
                                                     length, NULL, line.nonce, own);
    secret_free(own);
    *ret = line;
    return 0;
}

int box_key_open(const struct box_key_line *line, const struct secret_text *passphrase,
                 unsigned char key[BOX_KEY_BYTES], struct error *err) {
    unsigned char bound[HEAD_BYTES + BOX_KEY_SALT_BYTES];
    if (!line->sealed) {
        memcpy(key, line->key, BOX_KEY_BYTES);
        return 0;
    }
    if (passphrase == NULL) {
        error_set(err, ERROR_BOX_PASSPHRASE, "the key file is protected by a passphrase");
        return error_todo(err, "pass it on a descriptor: --passphrase-fd N, or run the command at "
                               "a terminal to be asked");
    }
    unsigned char *own = derive(line, passphrase, err), *plain = secret_alloc(BOX_KEY_BYTES);
    int result = -1;
    if (own != NULL && plain == NULL)
        error_set(err, ERROR_MEMORY, "no memory for the key");
    if (own == NULL || plain == NULL)
        goto out;
    size_t length = print_bound(line, bound);
    result = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, line->key, sizeof line->key, bound, length, line->nonce, own);
    if (result == 0)
        memcpy(key, plain, BOX_KEY_BYTES);
    else
        error_set(err, ERROR_BOX_WRONG_PASSPHRASE, "this passphrase does not open the key file");
out:
    secret_free(own);
    secret_free(plain);
    return result;
}

/* The box may have the other of two keys, and the other passphrase with it. */
static int refuse_passphrase(const struct box_key_file *file, struct error *err) {
    error_set(err, ERROR_BOX_WRONG_PASSPHRASE, "this passphrase does not open the key file");
    if (file->count < 2)
        return -1;
    return error_todo(err, "a rekey was cut off: the strongbox has its old passphrase still, or "
                           "its new one already; try the other");
}

/* 1: the line has the key; 0: it has not, or not with this passphrase; -1. */
static int try_line(const struct box_key_file *file, size_t line, const struct box_prelude *prelude,
                    const struct secret_text *passphrase, unsigned char key[BOX_KEY_BYTES],
                    struct error *err) {
    if (box_key_open(&file->lines[line], passphrase, key, err) == 0)
        return box_key_fits(prelude, key) ? 1 : 0;
    if (err->code != ERROR_BOX_WRONG_PASSPHRASE)
        return -1;
    refuse_passphrase(file, err);
    return 0;
}

int box_key_find(const struct box_key_file *file, const struct box_prelude *prelude,
                 const struct secret_text *passphrase, unsigned char key[BOX_KEY_BYTES],
                 size_t *line, struct error *err) {
    unsigned char *tried = secret_alloc(BOX_KEY_BYTES);
    if (tried == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the key");
    int found = 0;
    size_t at = 0;
    (void)box_refuse_key(err);
    for (size_t i = 0; i < 2 * file->count && found == 0; i++) {
        at = i % file->count;
        if (file->lines[at].sealed == (i >= file->count))
            found = try_line(file, at, prelude, passphrase, tried, err);
    }
    if (found == 1) {
        memcpy(key, tried, BOX_KEY_BYTES);
        *line = at;
    }
    secret_free(tried);
    return found == 1 ? 0 : -1;
}
