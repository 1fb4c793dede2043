/* secret_set.h: the secrets of one round, as they travel from fetch to place.
 *
 * Layout of a region (little-endian, written and read only here):
 *   u32 magic "ASET" · u32 count · u64 version · u64 size ·
 *   count × { u32 index · u32 length · length bytes, zero-padded to 8 }
 * index is the secret's place in the configuration, or one of the two special
 * ones below, which come last; size is that of the whole
 * region. Both ends bound every number by the region's size. The sender can
 * still write while the receiver reads, so the receiver copies all of it into
 * memory of its own first and parses only the copy. */
#ifndef ARRESTOR_SECRET_SET_H
#define ARRESTOR_SECRET_SET_H

#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"
#include "sidecar/secret/region.h"

struct error;

/* Not secrets of the configuration: the lease table (lease/lease_table.h) and the
 * store session, which place publishes in state: as they are. */
#define SECRET_INDEX_LEASES  0xfffffffeu
#define SECRET_INDEX_SESSION 0xffffffffu

struct secret {
    const unsigned char *bytes; /* inside the set's copy */
    size_t length;              /* may be 0; whoever renders refuses that */
    uint32_t index;
};

struct secret_set {
    unsigned char *copy;   /* secret_alloc; owns the bytes */
    enum region_kind kind; /* of the region that it came in */
    uint64_t version;      /* the store's version of the whole set */
    size_t count;
    struct secret secrets[LIMIT_SECRETS + 2]; /* by rising index; the special ones last */
};

/* The secret at that index, or NULL. */
const struct secret *secret_set_find(const struct secret_set *set, uint32_t index);

/* Bytes that a region needs for secrets of these lengths; 0 on overflow or when
 * larger than LIMIT_REGION_BYTES, more than LIMIT_SECRETS, or one larger than
 * LIMIT_SECRET_BYTES. */
size_t secret_set_size(const struct secret *secrets, size_t count);

/* Writes the layout into region, made by the caller with exactly
 * secret_set_size() bytes. Indexes must rise. 0, or -1 with ERROR_INTERNAL. */
int secret_set_encode(struct region *region, const struct secret *secrets, size_t count,
                      uint64_t version, struct error *err);

/* Takes ownership of region (wiped and freed in every case) and points into a
 * copy. Rejects trailing bytes, padding that is not zero, indexes out of order
 * or twice. 0, or -1 with ERROR_PROTOCOL or ERROR_MEMORY; then *set is empty. */
int secret_set_decode(struct secret_set *set, struct region *region, struct error *err);

/* The same layout in ordinary zeroing memory, for what is kept in state:. Both are
 * pure. encode writes into secret_set_size() bytes; decode takes ownership of
 * `bytes` (secret_alloc; freed in every case of failure). Errors as above. */
int secret_set_encode_bytes(unsigned char *bytes, size_t size, const struct secret *secrets,
                            size_t count, uint64_t version, struct error *err);
int secret_set_decode_bytes(struct secret_set *set, unsigned char *bytes, size_t size,
                            struct error *err);

/* Wipes and frees the set; it is empty afterwards. An empty set is fine. */
void secret_set_free(struct secret_set *set);

/* Field of a secret: field NULL is the whole value; else the value must be a
 * JSON object (RFC 8259, no member twice) whose member `field` is a string, which
 * may hold NUL bytes, or an integer or a boolean, which give their text; a real,
 * null, object or array is none. Result lies in zeroing memory owned by the caller
 * (secret_text_free). ERROR_SECRET_FIELD, ERROR_SECRET_EMPTY, ERROR_SECRET_SIZE,
 * ERROR_MEMORY; the text names the field, never a byte of a value. 0 or -1. */
struct secret_text {
    unsigned char *bytes; /* NUL-terminated beyond length */
    size_t length;
};
int secret_field(const struct secret *secret, const char *field, struct secret_text *ret,
                 struct error *err);

/* Wipes and frees; the text is empty afterwards. */
void secret_text_free(struct secret_text *text);

/* Zeroing allocator of secret/: zeroed when given out, wiped before it is given
 * back. It is malloc beneath, without guard pages or mlock: sodium_malloc costs
 * three pages and six system calls for each value, and the roles that hold
 * secrets live for milliseconds, are non-dumpable and confined. What must
 * outlive them travels in a region. NULL where memory is exhausted; size 0 is
 * served. Calls: those of malloc (brk, mmap, munmap). */
void *secret_alloc(size_t size);
void secret_free(void *memory);

/* The rest of the family, for libraries that are given allocators of ours: what
 * is moved is wiped where it was. secret_realloc never shrinks a block, and is
 * secret_alloc for NULL. NULL where memory is exhausted; the old block stands. */
void *secret_calloc(size_t count, size_t size);
void *secret_realloc(void *memory, size_t size);
char *secret_strdup(const char *text);

/* Installs the zeroing allocator in jansson and seeds its hash tables, which
 * would otherwise open /dev/urandom at the first object, inside a sandbox; locks
 * the first LIMIT_LOCKED_HEAP bytes of the heap, where RLIMIT_MEMLOCK leaves room for
 * them beside a region; what lies beyond them may be swapped. Once, before jansson's first use and
 * the ladder. */
void secret_install_allocators(void);

#endif
