/* config_address.h: the address of a store over the network. Pure. */
#ifndef ARRESTOR_CONFIG_ADDRESS_H
#define ARRESTOR_CONFIG_ADDRESS_H

#include <stdbool.h>

#include "sidecar/config/config.h"

struct arena;
struct error;

/* Reads scheme://host[:port][/] (RFC 3986): http or https in any case; a host
 * name (RFC 1123, and '_'), an IPv4 address of four numbers, or an IPv6 address
 * in brackets; the port of the scheme where none is said, as the vault command
 * does. ret->host is in lower case. 0, or -1 with ERROR_CONFIG, what and todo
 * that hold no part of the text, because it may hold a password; *ret is then
 * untouched. Memory is the arena's. */
int config_address_parse(const char *text, struct arena *arena, struct config_address *ret,
                         struct error *err);

/* Whether the host is this machine by its text alone: localhost, 127.0.0.0/8, ::1. */
bool config_address_is_loopback(const struct config_address *address);

/* Whether both lead to the same place. */
bool config_address_equal(const struct config_address *a, const struct config_address *b);

/* Refuses http to anything but loopback unless allow_http. 0, or -1 with
 * ERROR_CONFIG, what and todo. */
int config_address_check(const struct config_address *address, bool allow_http, struct error *err);

#endif
