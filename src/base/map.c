#include "base/map.h"
#include "base/check.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static unsigned char fold(const struct hr_map *map, char c)
{
    unsigned char u = (unsigned char)c;
    return map->ignore_case && u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

static size_t hash_of(const struct hr_map *map, const char *key, size_t len)
{
    /* FNV-1a: short keys, not from an adversary who gains by collisions */
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ fold(map, key[i])) * 1099511628211u;
    return (size_t)(hash ^ hash >> 29);
}

void hr_map_init(struct hr_map *map)
{
    *map = (struct hr_map){0};
}

void hr_map_init_nocase(struct hr_map *map)
{
    *map = (struct hr_map){.ignore_case = true};
}

void hr_map_release(struct hr_map *map)
{
    for (size_t i = 0; i < map->used; i++)
        free(map->entries[i].key);
    free(map->entries);
    free(map->slots);
    *map = (struct hr_map){.ignore_case = map->ignore_case};
}

static bool same_key(const struct hr_map *map,
                     const struct hr_map_entry *entry,
                     const char *key,
                     size_t len)
{
    if (!entry->key || entry->key_len != len)
        return false;
    return map->ignore_case ? strncasecmp(entry->key, key, len) == 0
                            : memcmp(entry->key, key, len) == 0;
}

static struct hr_map_entry *find(const struct hr_map *map, const char *key, size_t *hash)
{
    size_t len = strlen(key);
    *hash = hash_of(map, key, len);
    if (!map->slot_count)
        return NULL;
    for (size_t i = *hash & (map->slot_count - 1); map->slots[i];
         i = (i + 1) & (map->slot_count - 1)) {
        struct hr_map_entry *entry = &map->entries[map->slots[i] - 1];
        if (entry->hash == *hash && same_key(map, entry, key, len))
            return entry;
    }
    return NULL;
}

void *hr_map_get(const struct hr_map *map, const char *key)
{
    size_t hash;
    struct hr_map_entry *entry = find(map, key, &hash);
    return entry ? entry->value : NULL;
}

bool hr_map_has(const struct hr_map *map, const char *key)
{
    size_t hash;
    return find(map, key, &hash) != NULL;
}

static void put_slot(struct hr_map *map, size_t index)
{
    size_t i = map->entries[index].hash & (map->slot_count - 1);
    while (map->slots[i])
        i = (i + 1) & (map->slot_count - 1);
    map->slots[i] = (unsigned)index + 1;
}

/* drops removed entries, makes room for one more, and fills the slots anew */
static void rebuild(struct hr_map *map)
{
    size_t live = 0;
    for (size_t i = 0; i < map->used; i++)
        if (map->entries[i].key)
            map->entries[live++] = map->entries[i];
    map->used = live;
    size_t cap = live < 6 ? 8 : live * 2;
    map->entries = realloc(map->entries, cap * sizeof *map->entries);
    HR_CHECK(map->entries);
    map->cap = cap;
    size_t slots = 16;
    while (slots < cap * 2)
        slots *= 2;
    free(map->slots);
    map->slots = calloc(slots, sizeof *map->slots);
    HR_CHECK(map->slots);
    map->slot_count = slots;
    for (size_t i = 0; i < live; i++)
        put_slot(map, i);
}

void *hr_map_put(struct hr_map *map, const char *key, void *value)
{
    size_t hash;
    struct hr_map_entry *entry = find(map, key, &hash);
    if (entry) {
        void *old = entry->value;
        entry->value = value;
        return old;
    }
    if (map->used == map->cap)
        rebuild(map);
    entry = &map->entries[map->used++];
    *entry = (struct hr_map_entry){
        .key = strdup(key), .key_len = strlen(key), .value = value, .hash = hash};
    HR_CHECK(entry->key);
    map->count++;
    put_slot(map, map->used - 1);
    return NULL;
}

void *hr_map_remove(struct hr_map *map, const char *key)
{
    size_t hash;
    struct hr_map_entry *entry = find(map, key, &hash);
    if (!entry)
        return NULL;
    void *value = entry->value;
    free(entry->key);
    /* its slot stays taken until the next rebuild, so that probing past it still works */
    entry->key = NULL;
    map->count--;
    return value;
}

struct hr_map_entry *hr_map_next(const struct hr_map *map, const struct hr_map_entry *entry)
{
    size_t i = entry ? (size_t)(entry - map->entries) + 1 : 0;
    while (i < map->used && !map->entries[i].key)
        i++;
    return i < map->used ? &map->entries[i] : NULL;
}
