/* box_prelude.h: what box.c and box_prelude.c share of the format. The prelude is
 * apart because warden and monitor read it, and no code of theirs may reach the
 * memory of secrets. */
#ifndef ARRESTOR_STRONGBOX_BOX_PRELUDE_H
#define ARRESTOR_STRONGBOX_BOX_PRELUDE_H

#include <sodium.h>

#include "sidecar/strongbox/box.h"

#define BOX_TAG_BYTES      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BOX_BODY_BYTES_MAX (LIMIT_BOX_BYTES - BOX_PRELUDE_BYTES)
#define BOX_COUNT_BYTES    4u

/* Writes BOX_PRELUDE_BYTES, checksum included. */
void box_write_prelude(const struct box_prelude *prelude, unsigned char *to);

/* -1 with ERROR_BOX_TRUNCATED: there are length bytes of the needed ones. */
int box_refuse_truncated(size_t length, uint64_t needed, struct error *err);

/* -1 with ERROR_BOX_DAMAGED. */
int box_refuse_damaged(const char *what, struct error *err);

#endif
