/* passphrase.h: passphrases that come on a descriptor. */
#ifndef ARRESTOR_STRONGBOX_PASSPHRASE_H
#define ARRESTOR_STRONGBOX_PASSPHRASE_H

#include "sidecar/secret/secret_set.h"

struct error;

/* A passphrase is the bytes of one line, up to its newline or the end: 1 to
 * LIMIT_PROMPT_BYTES, whatever they are. *ret is freed with secret_text_free. */

/* Reads it from a stream and nothing behind its newline, so that one stream can
 * carry several. 0, or -1 with ERROR_USAGE, ERROR_INPUT, ERROR_MEMORY; the text
 * names the descriptor. Calls: read. */
int passphrase_read(int fd, struct secret_text *ret, struct error *err);

/* Reads it from the start of a file, moving no offset. 0, or -1 with
 * ERROR_BOX_PASSPHRASE, ERROR_MEMORY. Calls: pread64. */
int passphrase_read_file(int fd, struct secret_text *ret, struct error *err);

#endif
