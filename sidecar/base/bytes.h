/* bytes.h: little-endian numbers in formats of our own. Pure. */
#ifndef ARRESTOR_BASE_BYTES_H
#define ARRESTOR_BASE_BYTES_H

#include <stdint.h>

/* Write a number into 4 or 8 bytes, lowest byte first. */
void bytes_put_u32(unsigned char *to, uint32_t value);
void bytes_put_u64(unsigned char *to, uint64_t value);

/* Read it back. */
uint32_t bytes_get_u32(const unsigned char *from);
uint64_t bytes_get_u64(const unsigned char *from);

#endif
