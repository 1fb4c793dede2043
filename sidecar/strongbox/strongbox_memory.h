/* strongbox_memory.h: how much memory Argon2id may take here.
 *
 * A control group's limit is not seen by mmap: whoever goes beyond it is killed,
 * or somebody else in the group is. So it is looked at first. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_MEMORY_H
#define ARRESTOR_STRONGBOX_STRONGBOX_MEMORY_H

#include <stdint.h>

struct box_key_file;
struct error;

/* Bytes that this process's memory control group allows, the least of all groups
 * above it (memory.max of version 2, memory.limit_in_bytes of version 1);
 * UINT64_MAX where there is no limit or none can be read. Before the ladder. */
uint64_t strongbox_memory_limit(void);

/* Whether memory_kib for Argon2id fit into limit, with room for the process. 0, or
 * -1 with ERROR_MEMORY. */
int strongbox_check_memory(uint64_t limit, uint32_t memory_kib, struct error *err);

#endif
