/* box_file.h: strongbox and key as files. The one place of this room, beside
 * its command, that opens anything. */
#ifndef ARRESTOR_STRONGBOX_BOX_FILE_H
#define ARRESTOR_STRONGBOX_BOX_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "sidecar/strongbox/box.h"

struct error;

/* Opens a box for reading. A box is never changed in place, only replaced by
 * rename, so the descriptor shows one version for good. Descriptor, or -1 with
 * ERROR_BOX_MISSING where nothing is there, else ERROR_STORE. */
int box_file_open(const char *path, struct error *err);

/* Opens a key file and checks it: regular, of root or the caller, mode 0400 or
 * 0600. A link is followed (Kubernetes mounts are links); what counts is the
 * file opened. Descriptor, or -1 with ERROR_BOX_KEY. */
int box_file_open_key(const char *path, struct error *err);

/* Reads only the version of an open box, from offset 0, moving no offset. Needs
 * no key. 0, or -1 with the errors of box_read_prelude, or ERROR_STORE. Calls:
 * pread64. */
int box_file_read_version(int fd, uint64_t *version, struct error *err);

/* Reads a key from an open key file. path is for messages only. The caller wipes
 * the key. 0, or -1 with ERROR_BOX_KEY. Calls: pread64. */
int box_file_read_key(int fd, const char *path, unsigned char key[BOX_KEY_BYTES],
                      struct error *err);

/* Reads and opens a box from its descriptor; path is for messages only. 0, or -1
 * with the errors of box_open, or ERROR_STORE; then *box is empty. Calls: fstat,
 * pread64, getrandom, those of malloc. */
int box_file_load(int fd, const char *path, const unsigned char key[BOX_KEY_BYTES], struct box *box,
                  struct error *err);

/* Opens the box and waits for its exclusive lock (flock(2)): from load to save no
 * other writer changes it. Refuses a box of another user, which saving would give
 * to the caller. Closing the descriptor unlocks. Descriptor, or -1 as
 * box_file_open. */
int box_file_lock(const char *path, struct error *err);

/* Seals the box and replaces the file that `lock` holds, keeping its mode. 0, or
 * -1 with the errors of box_seal and atomic_file_replace; then the old box
 * stands. */
int box_file_save(int lock, const char *path, struct box *box,
                  const unsigned char key[BOX_KEY_BYTES], struct error *err);

/* Seals a box into a file that must not exist yet, mode 0600. ERROR_BOX_EXISTS. */
int box_file_create(const char *path, struct box *box, const unsigned char key[BOX_KEY_BYTES],
                    struct error *err);

/* Makes a key and writes it to a file that must not exist yet, mode 0400. The
 * caller wipes the key. ERROR_BOX_EXISTS. */
int box_file_create_key(const char *path, unsigned char key[BOX_KEY_BYTES], struct error *err);

#endif
