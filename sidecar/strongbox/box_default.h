/* box_default.h: where the strongbox and its key are when nobody says. Pure. */
#ifndef ARRESTOR_STRONGBOX_BOX_DEFAULT_H
#define ARRESTOR_STRONGBOX_BOX_DEFAULT_H

#include <stddef.h>
#include <sys/types.h>

struct error;

/* Writes the default path into ret of size bytes. In this order:
 *
 *     box  $ARRESTOR_STRONGBOX      root: /var/lib/arrestor/strongbox.box
 *          others: ${XDG_DATA_HOME:-$HOME/.local/share}/arrestor/strongbox.box
 *     key  $ARRESTOR_STRONGBOX_KEY  root: /etc/arrestor/strongbox.key
 *          others: ${XDG_CONFIG_HOME:-$HOME/.config}/arrestor/strongbox.key
 *
 * An empty variable counts as unset, and so does an XDG directory or a HOME that
 * is not absolute (XDG Base Directory Specification 0.8). environment is
 * NULL-terminated "NAME=VALUE"; uid is the one that reads the files. 0, or -1
 * with ERROR_USAGE where HOME is needed and missing, or the path too long. */
int box_default_path(char *const *environment, uid_t uid, char *ret, size_t size,
                     struct error *err);
int box_default_key(char *const *environment, uid_t uid, char *ret, size_t size, struct error *err);

#endif
