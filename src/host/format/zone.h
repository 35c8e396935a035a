/* Time zones by name: offsets of instants and of local times, from the system's zoneinfo files (TZif, RFC 9636) or a fixed offset.
 * A zone is immutable once made and may be shared by threads. Local times are resolved as java.time does: in a gap they move
 * forward by its length, in an overlap the earlier offset is taken. */
#ifndef HR_HOST_FORMAT_ZONE_H
#define HR_HOST_FORMAT_ZONE_H
#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct hr_zone;

const struct hr_zone *hr_zone_utc(void);
/* "UTC", "Z", "+01:00", "GMT+1", "Europe/Berlin" …; NULL when there is no such zone. Memory is the arena's. */
const struct hr_zone *hr_zone_find(struct hr_arena *arena, const char *name, size_t len);
bool hr_zone_is_utc(const struct hr_zone *zone);
/* a fixed offset without memory: true for "Z", "UTC", "+1:00" and their like */
bool hr_zone_fixed(const char *name, size_t len, int32_t *seconds);
int32_t hr_zone_offset_at(const struct hr_zone *zone, int64_t utc_seconds);
int64_t hr_zone_to_utc(const struct hr_zone *zone, int64_t local_seconds);
#endif
