/* Who is asked now and then by what lasts, so that it can be ended and what it makes is counted. */
#ifndef HR_HOST_VALUE_WATCH_H
#define HR_HOST_VALUE_WATCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* go_on: `made` bytes are new since it was asked last; false: end here, unfinished. give: so many
 * of them are gone again; may be NULL. */
struct hr_watch {
    bool (*go_on)(void *arg, uint64_t made);
    void *arg;
    void (*give)(void *arg, uint64_t bytes);
};
static inline bool hr_watch_nothing(void *arg, uint64_t made)
{
    (void)arg;
    return made || true;
}
static inline struct hr_watch hr_watch_none(void)
{
    return (struct hr_watch){hr_watch_nothing, NULL, NULL};
}
#define HR_WATCH_EVERY ((size_t)1 << 20) /* steps or bytes, before it is asked again */

/* The count between two askings, of one thread's work. {0}: nobody is asked. */
struct hr_pace {
    const struct hr_watch *watch;
    uint64_t made;
    size_t steps;
    bool ended;
};

#define HR_PACE_STEPS ((size_t)1 << 14) /* of some hundred nanoseconds each */

static inline bool hr_pace_ask(struct hr_pace *pace)
{
    uint64_t made = pace->made;
    pace->made = 0;
    pace->steps = 0;
    if (!pace->ended && pace->watch)
        pace->ended = !pace->watch->go_on(pace->watch->arg, made);
    return !pace->ended;
}

/* so much of what was made is freed */
static inline void hr_pace_give(struct hr_pace *pace, uint64_t bytes)
{
    uint64_t untold = bytes < pace->made ? bytes : pace->made;
    pace->made -= untold;
    if (pace->watch && pace->watch->give && bytes > untold)
        pace->watch->give(pace->watch->arg, bytes - untold);
}

/* one step more, which made so many bytes: false once it is to end */
static inline bool hr_pace_step(struct hr_pace *pace, uint64_t made)
{
    pace->made += made;
    if (++pace->steps < HR_PACE_STEPS && pace->made < HR_WATCH_EVERY)
        return !pace->ended;
    return hr_pace_ask(pace);
}
#endif
