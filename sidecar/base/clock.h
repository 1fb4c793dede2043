/* clock.h: the one place that asks what time it is. */
#ifndef ARRESTOR_BASE_CLOCK_H
#define ARRESTOR_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME: monotonic, and goes on during suspend. */
uint64_t clock_now_ms(void);

#endif
