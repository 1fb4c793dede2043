/* clock.h: the one place that asks what time it is. */
#ifndef ARRESTOR_BASE_CLOCK_H
#define ARRESTOR_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME: monotonic, and goes on during suspend. For
 * pauses and deadlines within one process. */
uint64_t clock_now_ms(void);

/* Milliseconds since 1970 (CLOCK_REALTIME): for what people, stores and other
 * processes read. It may step. */
uint64_t clock_wall_ms(void);

#endif
