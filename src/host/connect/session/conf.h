/* One session's configuration: the values it set, over Spark 4.2's defaults. Keys and values are
 * checked as Spark checks them. Not thread-safe: the session's lock is held. */
#ifndef HR_HOST_CONNECT_CONF_H
#define HR_HOST_CONNECT_CONF_H
#include "base/error.h"
#include "base/map.h"
#include <stdbool.h>

struct hr_conf {
    struct hr_map values;
}; /* key to text of its own */

void hr_conf_init(struct hr_conf *conf);
void hr_conf_release(struct hr_conf *conf);
void hr_conf_copy(struct hr_conf *to, const struct hr_conf *from);

enum hr_code hr_conf_set(struct hr_conf *conf,
                         const char *key,
                         const char *value,
                         struct hr_err *err);
/* unchecked: what the host itself sets */
void hr_conf_put(struct hr_conf *conf, const char *key, const char *value);
enum hr_code hr_conf_unset(struct hr_conf *conf, const char *key, struct hr_err *err);
/* set, else default, else NULL */
const char *hr_conf_get(const struct hr_conf *conf, const char *key);
/* set, else NULL */
const char *hr_conf_get_set(const struct hr_conf *conf, const char *key);
/* by a client: not static, not the cluster's */
bool hr_conf_may_set(const char *key);
bool hr_conf_is_known(const char *key);
bool hr_conf_is_modifiable(const char *key);
bool hr_conf_is_true(const struct hr_conf *conf, const char *key);
#endif
