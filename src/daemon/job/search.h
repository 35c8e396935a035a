/* MLflow's filters and orders: `metrics.loss < 0.5 AND tags."my key" LIKE 'a%'`, `["metrics.loss
 * DESC"]`. Pure: a text is parsed against a table of attributes, then asked of one item after
 * another by a function that gives the item's values. Failures are HR_E_INVALID, as MLflow's
 * INVALID_PARAMETER_VALUE. */
#ifndef HR_DAEMON_JOB_SEARCH_H
#define HR_DAEMON_JOB_SEARCH_H
#include "base/arena.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum search_entity { SEARCH_METRIC = 1, SEARCH_PARAM = 2, SEARCH_TAG = 4, SEARCH_ATTRIBUTE = 8 };

struct search_attribute {
    const char *name, *canonical;
    bool number;
};
struct search_kind {
    const char *what;                          /* "runs", "experiments": for messages */
    unsigned entities;                         /* those that it has */
    const struct search_attribute *attributes; /* ends with name NULL */
};

struct search_value {
    bool there, number;
    double n;
    const char *text;
};
typedef struct search_value search_getter(void *item,
                                          enum search_entity entity,
                                          const char *key,
                                          void *arg);

struct search; /* in the arena that it was parsed into */
enum hr_code hr_search_parse(struct hr_arena *arena,
                             const struct search_kind *kind,
                             const char *filter,
                             const json_t *order_by,
                             struct search **search,
                             struct hr_err *err);
bool hr_search_matches(const struct search *search, void *item, search_getter *get, void *arg);
/* stable: what compares equal keeps its place */
void hr_search_sort(const struct search *search,
                    struct hr_arena *arena,
                    void **items,
                    size_t count,
                    search_getter *get,
                    void *arg);
#endif
