/* fetch_strongbox.h: the store "strongbox": an open box and key to values.
 * Knows no path and opens nothing. */
#ifndef ARRESTOR_FETCH_STRONGBOX_H
#define ARRESTOR_FETCH_STRONGBOX_H

#include "sidecar/fetch/store/store.h"

/* A store_read (store.h). Reads task->box with task->key and, where the key
 * file asks for one, task->passphrase, by pread from offset 0 and none closed, and puts the secrets
 * whose store is the strongbox into the harvest, each with the box's version; harvest->box_version
 * is that one too. The box has no sessions: nothing is done with task->revoke.
 *
 * 0, or -1 with the harvest untouched: ERROR_SECRET_MISSING with the position in
 * *fault, ERROR_MEMORY, the errors of box_file_load_with. The text
 * names a secret, never a byte of a value. */
store_read fetch_strongbox;

#endif
