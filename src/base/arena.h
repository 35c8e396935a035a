/* Arenas: memory by lifetime.
 *
 * An arena is a tree node: daemon, session, operation, request, scratch. Freeing a parent frees its
 * children first, then runs its own hooks newest first, then its memory. Nothing allocated from an
 * arena is freed by itself. Allocation never returns NULL: a process that cannot get small memory
 * aborts (hr_arena_try is for sizes that a client decides). An arena and its subtree belong to one
 * thread at a time; it may be handed over, never shared. */
#ifndef HR_BASE_ARENA_H
#define HR_BASE_ARENA_H
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

struct hr_arena;

struct hr_arena *hr_arena_new(struct hr_arena *parent);    /* parent may be NULL */
void hr_arena_free(struct hr_arena *arena);                /* NULL is fine */
void *hr_arena_alloc(struct hr_arena *arena, size_t size); /* zeroed, aligned for any type */
/* the same, or NULL when size cannot be had */
void *hr_arena_try(struct hr_arena *arena, size_t size);
void hr_arena_on_free(struct hr_arena *arena, void (*hook)(void *), void *arg);
/* bytes handed out, children not counted */
size_t hr_arena_used(const struct hr_arena *arena);

char *hr_strdup(struct hr_arena *arena, const char *text); /* NULL gives NULL */
char *hr_strndup(struct hr_arena *arena, const char *bytes, size_t len);
void *hr_memdup(struct hr_arena *arena, const void *bytes, size_t len);
char *hr_printf(struct hr_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *hr_vprintf(struct hr_arena *arena, const char *format, va_list args);

#define HR_NEW(arena, type) ((type *)hr_arena_alloc((arena), sizeof(type)))
#define HR_NEW_ARRAY(arena, type, count) \
    ((type *)hr_arena_alloc((arena), sizeof(type) * (size_t)(count)))
#define HR_LEN(array) (sizeof(array) / sizeof((array)[0]))
#endif
