/* Memory in blocks that never move, freed at once: values that a reader makes for one chunk. One
 * thread. Its pace is asked for each new block, and by those who fill it; what is asked for is
 * given all the same, so that only loops need to look. */
#ifndef HR_HOST_FORMAT_BUMP_H
#define HR_HOST_FORMAT_BUMP_H
#include "host/value/watch.h"

struct hr_bump_block {
    struct hr_bump_block *next;
    size_t used, cap;
    char data[];
};
struct hr_bump {
    struct hr_bump_block *first;
    struct hr_pace pace;
};

char *hr_bump_alloc(struct hr_bump *bump, size_t len);
void *hr_bump_zeroed(struct hr_bump *bump, size_t len); /* aligned for any type */
void hr_bump_reset(struct hr_bump *bump);               /* keeps one block */
void hr_bump_release(struct hr_bump *bump);
#endif
