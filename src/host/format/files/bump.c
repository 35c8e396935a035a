#include "host/format/files/bump.h"
#include "base/check.h"
#include <stdlib.h>
#include <string.h>

#define BUMP_BLOCK (32 * 1024)

char *hr_bump_alloc(struct hr_bump *bump, size_t len)
{
    struct hr_bump_block *block = bump->first;
    if (!block || block->cap - block->used < len) {
        size_t cap = len > BUMP_BLOCK ? len : BUMP_BLOCK;
        block = malloc(sizeof *block + cap);
        HR_CHECK(block);
        *block = (struct hr_bump_block){bump->first, 0, cap};
        bump->first = block;
        hr_pace_step(&bump->pace, cap);
    }
    char *at = block->data + block->used;
    block->used += len;
    return at;
}

void hr_bump_reset(struct hr_bump *bump)
{
    if (!bump->first)
        return;
    for (struct hr_bump_block *next = bump->first->next; next;) {
        struct hr_bump_block *after = next->next;
        hr_pace_give(&bump->pace, next->cap);
        free(next);
        next = after;
    }
    bump->first->next = NULL;
    bump->first->used = 0;
}

void hr_bump_release(struct hr_bump *bump)
{
    hr_bump_reset(bump);
    if (bump->first)
        hr_pace_give(&bump->pace, bump->first->cap);
    free(bump->first);
    bump->first = NULL;
}

void *hr_bump_zeroed(struct hr_bump *bump, size_t len)
{
    size_t space = len + 16;
    char *at = hr_bump_alloc(bump, space);
    at += 15 - ((size_t)(at - (char *)0) + 15) % 16;
    return memset(at, 0, len);
}
