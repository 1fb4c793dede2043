#include "sidecar/base/bytes.h"

#include <stddef.h>

void bytes_put_u32(unsigned char *to, uint32_t value) {
    for (size_t i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

void bytes_put_u64(unsigned char *to, uint64_t value) {
    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

uint32_t bytes_get_u32(const unsigned char *from) {
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

uint64_t bytes_get_u64(const unsigned char *from) {
    return (uint64_t)bytes_get_u32(from) | (uint64_t)bytes_get_u32(from + 4) << 32;
}
