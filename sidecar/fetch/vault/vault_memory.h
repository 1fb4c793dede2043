/* vault_memory.h: libcurl and OpenSSL on the zeroing memory of secret/. */
#ifndef ARRESTOR_VAULT_MEMORY_H
#define ARRESTOR_VAULT_MEMORY_H

struct error;

/* Gives both libraries the allocators of secret/ and initialises them. OpenSSL
 * reads no openssl.cnf: a file that names engines has no say here. The first call
 * in a process must come before either allocates; a further one does nothing. 0,
 * or -1 with ERROR_INTERNAL. */
int vault_memory_install(struct error *err);

#endif
