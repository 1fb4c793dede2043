/* fuzz.h: what the fuzz targets share.
 *
 * A target is a function of bytes that stops the process where something that
 * always holds does not: HOLDS. It is built twice: with libFuzzer (make fuzz), one
 * executable each, and with replay.c, all in one, which feeds it the seeds (make
 * test). A target reads no file and no clock, and gives the same every time. */
#ifndef ARRESTOR_TESTS_FUZZ_H
#define ARRESTOR_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

/* Stands in for a secret in seeds and dictionaries: it is searched for in outputs. */
#define FUZZ_CANARY "Kx7Qp9Lm"

struct fuzz_target {
    const char *name;
    size_t most; /* bytes of an input; longer ones are not tried */
    void (*run)(const char *bytes, size_t length);
    struct fuzz_target *next;
};

/* FUZZ_TARGET(name, most) { … } with `bytes` (NULL where length is 0, as that of an
 * empty buffer is) and `length`. tests/bin/fuzz reads `most` from this line. */
#define FUZZ_TARGET(id, limit)                                                                     \
    static void run_##id(const char *bytes, size_t length);                                        \
    static struct fuzz_target target_##id = {.name = #id, .most = (limit), .run = run_##id};       \
    __attribute__((constructor)) static void add_##id(void) {                                      \
        fuzz_add(&target_##id);                                                                    \
    }                                                                                              \
    static void run_##id(const char *bytes, size_t length)

/* The targets of this executable; the last one added is the first. */
extern struct fuzz_target *fuzz_targets;
void fuzz_add(struct fuzz_target *target);

/* Makes the libraries deterministic. Once, before the first input. */
void fuzz_prepare(void);

/* Runs one input, from a block of exactly its size. */
void fuzz_run(const struct fuzz_target *target, const uint8_t *bytes, size_t length);

/* Aborts with the place and the sentence where it does not hold. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* An error that was made is one: a code, a sentence, texts that end, a rendering
 * without control characters; and it does not tell the canary unless `excerpt`. */
void fuzz_check_error(const struct error *err);

/* As fuzz_check_error, and its place lies inside the text. */
void fuzz_check_place(const struct error *err, const char *bytes, size_t length);

/* Neither does it quote the canary. */
void fuzz_check_silent(const struct error *err);

/* Whether the canary stands in YAML text only as the whole value of a line's key that
 * sounds like a secret: then no error may quote it. */
bool fuzz_is_secret_yaml(const char *bytes, size_t length);

/* Number of lines of a text: those that end, and one that does not. */
size_t fuzz_count_lines(const char *bytes, size_t length);

/* Cuts off what stands before the next line "====", or all of it. NUL-terminated
 * copy in the arena; *size is its length. "" at the end. */
const char *fuzz_section(const char **bytes, size_t *length, struct arena *arena, size_t *size);

/* The pieces of a text that `end` ends each (the last may lack it), in the arena, NULL behind
 * them. */
const char **fuzz_words(const char *bytes, size_t length, char end, struct arena *arena,
                        size_t *count);

/* The first byte as a number below `most`, cut off; 0 where there is none. */
unsigned fuzz_choose(const char **bytes, size_t *length, unsigned most);

/* Whether length bytes of text hold that word. */
bool fuzz_contains(const char *text, size_t length, const char *word);

/* Whether it is one JSON text, and UTF-8. */
bool fuzz_is_json(const char *text, size_t length);

/* A memfd that holds these bytes, for what reads a descriptor; the caller closes it. */
int fuzz_memory_file(const void *bytes, size_t length);

#endif
