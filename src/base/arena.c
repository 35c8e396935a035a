#include "base/arena.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES 4096u
#define ALIGNMENT 16u

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct hook {
    struct hook *next;
    void (*run)(void *);
    void *arg;
};

struct hr_arena {
    struct hr_arena *parent, *child, *prev, *next;
    struct chunk *chunks;
    struct hook *hooks;
    size_t used;
};

static void out_of_memory(void)
{
    fputs("headrace: out of memory\n", stderr);
    abort();
}

struct hr_arena *hr_arena_new(struct hr_arena *parent)
{
    struct hr_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        out_of_memory();
    arena->parent = parent;
    if (parent) {
        arena->next = parent->child;
        if (parent->child)
            parent->child->prev = arena;
        parent->child = arena;
    }
    return arena;
}

static void unlink_from_parent(struct hr_arena *arena)
{
    if (!arena->parent)
        return;
    if (arena->prev)
        arena->prev->next = arena->next;
    else
        arena->parent->child = arena->next;
    if (arena->next)
        arena->next->prev = arena->prev;
}

void hr_arena_free(struct hr_arena *arena)
{
    if (!arena)
        return;
    unlink_from_parent(arena);
    while (arena->child)
        hr_arena_free(arena->child);
    for (struct hook *hook = arena->hooks; hook; hook = hook->next)
        hook->run(hook->arg);
    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}

static struct chunk *add_chunk(struct hr_arena *arena, size_t size)
{
    size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    if (room > SIZE_MAX - sizeof(struct chunk))
        return NULL;
    struct chunk *chunk = calloc(1, sizeof *chunk + room);
    if (!chunk)
        return NULL;
    chunk->size = room;
    /* a big chunk goes behind the current one, so that the current one's rest is still used */
    if (arena->chunks && size > CHUNK_BYTES / 2) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *hr_arena_try(struct hr_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!size)
        size = ALIGNMENT;
    struct chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < size)
        chunk = add_chunk(arena, size);
    if (!chunk)
        return NULL;
    void *memory = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->used += size;
    return memory;
}

void *hr_arena_alloc(struct hr_arena *arena, size_t size)
{
    void *memory = hr_arena_try(arena, size);
    if (!memory)
        out_of_memory();
    return memory;
}

void hr_arena_on_free(struct hr_arena *arena, void (*run)(void *), void *arg)
{
    struct hook *hook = HR_NEW(arena, struct hook);
    hook->run = run;
    hook->arg = arg;
    hook->next = arena->hooks;
    arena->hooks = hook;
}

size_t hr_arena_used(const struct hr_arena *arena)
{
    return arena->used;
}

void *hr_memdup(struct hr_arena *arena, const void *bytes, size_t len)
{
    void *copy = hr_arena_alloc(arena, len);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

char *hr_strndup(struct hr_arena *arena, const char *bytes, size_t len)
{
    char *copy = hr_arena_alloc(arena, len + 1);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

char *hr_strdup(struct hr_arena *arena, const char *text)
{
    return text ? hr_strndup(arena, text, strlen(text)) : NULL;
}

char *hr_vprintf(struct hr_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = hr_arena_alloc(arena, (size_t)(len < 0 ? 0 : len) + 1);
    if (len > 0)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

char *hr_printf(struct hr_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = hr_vprintf(arena, format, args);
    va_end(args);
    return text;
}
