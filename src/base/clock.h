/* Time and identifiers. */
#ifndef HR_BASE_CLOCK_H
#define HR_BASE_CLOCK_H
#include <stddef.h>
#include <stdint.h>
#include <time.h>

int64_t hr_clock_ms(void);       /* wall clock, milliseconds since 1970 UTC */
uint64_t hr_clock_mono_ns(void); /* monotonic, nanoseconds */
/* monotonic: whatever waits, idles or expires here goes by it, for people set the wall clock */
int64_t hr_clock_mono_ms(void);
void hr_clock_rfc1123(int64_t ms, char out[static 32]); /* Sun, 22 Nov 2026 15:00:00 GMT */
void hr_clock_iso8601(int64_t ms, char out[static 32]); /* 2026-11-22T15:00:00.123Z */
void hr_uuid_new(char out[static 37]);                  /* random, version 4, lower case */
void hr_random_bytes(void *out, size_t len);            /* from the kernel */
#endif
