/* box_file.h: strongbox and key as files. The one place of this room, beside
 * its command, that opens anything.
 *
 * A box and its key file change one after the other while a rekey goes on:
 * key file {new, old}, then the box, then key file {new}. So at every moment,
 * also after a kill, the key file holds a key that opens the box; whoever reads
 * both opens them with box_file_open_pair. Every change of a box, and of the key
 * file on its behalf, is made under the box's lock. */
#ifndef ARRESTOR_STRONGBOX_BOX_FILE_H
#define ARRESTOR_STRONGBOX_BOX_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sidecar/strongbox/box.h"

struct box_key_file;
struct error;

/* Opens a box for reading. A box is never changed in place, only replaced by
 * rename, so the descriptor shows one version for good. Descriptor, or -1 with
 * ERROR_BOX_MISSING where nothing is there, else ERROR_STORE. */
int box_file_open(const char *path, struct error *err);

/* Opens a key file and checks it: regular, of root or the caller, mode 0400 or
 * 0600. A link is followed (Kubernetes mounts are links); what counts is the
 * file opened. Descriptor, or -1 with ERROR_BOX_KEY. */
int box_file_open_key(const char *path, struct error *err);

/* Opens a box and its key file so that one is of the other, whatever rekey does
 * meanwhile. 0, or -1 with the errors of the two above; then nothing is open. */
int box_file_open_pair(const char *path, const char *key_path, int *box, int *key,
                       struct error *err);

/* Reads up to size bytes from offset 0, moving no offset. Number of bytes, or -1
 * with errno. Calls: pread64. */
ssize_t box_file_read_start(int fd, void *bytes, size_t size);

/* Reads the prelude of an open box, from offset 0, moving no offset. Needs no key.
 * 0, or -1 with the errors of box_read_prelude, or ERROR_STORE. Calls: pread64. */
int box_file_read_prelude(int fd, struct box_prelude *ret, struct error *err);

/* As box_file_read_prelude, only the version. */
int box_file_read_version(int fd, uint64_t *version, struct error *err);

/* Reads an open key file; path is for messages only. The caller wipes *ret. 0, or
 * -1 with ERROR_BOX_KEY. Calls: pread64. */
int box_file_read_keys(int fd, const char *path, struct box_key_file *ret, struct error *err);

/* Reads and opens a box from its descriptor; path is for messages only. 0, or -1
 * with the errors of box_open, or ERROR_STORE; then *box is empty. Calls: fstat,
 * pread64, getrandom, those of malloc. */
int box_file_load(int fd, const char *path, const unsigned char key[BOX_KEY_BYTES], struct box *box,
                  struct error *err);

/* The whole way with descriptors alone: key file, where it is protected the line
 * that `passphrase` holds (a file, read from offset 0 without moving it; -1: none),
 * and the box. The paths are for messages only. 0, or -1 with the errors of
 * box_file_read_keys, box_key_find and box_file_load, or ERROR_BOX_PASSPHRASE where
 * that line cannot be used; then *box is empty. Calls: those of box_file_load; for
 * Argon2id mmap, munmap of up to LIMIT_PASS_KIB. */
int box_file_load_with(int fd, const char *path, int key_fd, const char *key_path, int passphrase,
                       struct box *box, struct error *err);

/* Opens the box and waits for its exclusive lock (flock(2)): from load to save no
 * other writer changes it. Refuses a box of another user, which saving would give
 * to the caller. Closing the descriptor unlocks. Descriptor, or -1 as
 * box_file_open. */
int box_file_lock(const char *path, struct error *err);

/* The same for a key file, which several boxes may share: held while it is read
 * and replaced, always inside the box's lock. Descriptor, or -1 as
 * box_file_open_key. */
int box_file_lock_key(const char *path, struct error *err);

/* Seals the box and replaces the file that `lock` holds, keeping its mode. 0, or
 * -1 with the errors of box_seal and atomic_file_replace; then the old box
 * stands. */
int box_file_save(int lock, const char *path, struct box *box,
                  const unsigned char key[BOX_KEY_BYTES], struct error *err);

/* Replaces the key file that `lock` holds, keeping its mode. 0, or -1 with the
 * errors of atomic_file_replace; then the old one stands. */
int box_file_save_keys(int lock, const char *path, const struct box_key_file *keys,
                       struct error *err);

/* Ends a rekey: leaves of the key file only `line`, if it still says `keys`, else
 * does nothing. Called under the lock of the box that the rekey was of, which that
 * line opens. 0, or -1 as box_file_lock_key and box_file_save_keys. */
int box_file_settle_keys(const char *path, const struct box_key_file *keys, size_t line,
                         struct error *err);

/* Seals a box into a file that must not exist yet, mode 0600. ERROR_BOX_EXISTS. */
int box_file_create(const char *path, struct box *box, const unsigned char key[BOX_KEY_BYTES],
                    struct error *err);

/* Writes a key file that must not exist yet, mode 0400. ERROR_BOX_EXISTS. */
int box_file_create_keys(const char *path, const struct box_key_file *keys, struct error *err);

#endif
