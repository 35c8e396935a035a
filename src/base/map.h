/* A hash map from text (or bytes) to a pointer; keys are copied into the map, values are the
 * caller's. Not thread-safe. Iteration is in order of insertion, so that output made from a map is
 * repeatable. */
#ifndef HR_BASE_MAP_H
#define HR_BASE_MAP_H
#include <stdbool.h>
#include <stddef.h>

struct hr_map_entry {
    char *key; /* NUL-terminated */
    size_t key_len;
    void *value;
    size_t hash;
};

struct hr_map {
    struct hr_map_entry *entries; /* dense, in order of insertion; key NULL marks a removed one */
    size_t count, used, cap;      /* live entries; entries in use; room */
    unsigned *slots;              /* index + 1 into entries; 0 empty */
    size_t slot_count;
    bool ignore_case; /* ASCII only */
};

void hr_map_init(struct hr_map *map);
void hr_map_init_nocase(struct hr_map *map);
void hr_map_release(struct hr_map *map);
/* NULL when absent */
void *hr_map_get(const struct hr_map *map, const char *key);
bool hr_map_has(const struct hr_map *map, const char *key);
/* the value replaced, or NULL */
void *hr_map_put(struct hr_map *map, const char *key, void *value);
/* the value removed, or NULL */
void *hr_map_remove(struct hr_map *map, const char *key);
/* NULL starts and ends */
struct hr_map_entry *hr_map_next(const struct hr_map *map, const struct hr_map_entry *entry);
#endif
