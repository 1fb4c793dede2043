#include "policy/data/catalogue/catalogue_table.h"

uint32_t catalogue_hash(const char *text) {
    uint32_t hash = 2166136261;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619;
    return hash ^ hash >> 15;
}

uint64_t catalogue_letters(const char *text) {
    uint64_t once = 0, twice = 0;
    for (; *text != '\0'; text++) {
        uint64_t letter = UINT64_C(1) << (*text & 31);
        twice |= once & letter;
        once |= letter;
    }
    return once | twice << 32;
}
