/* Spark Connect as this server gives it: sessions on hosts of its own, behind the gate, for those
 * who may use the pool. */
#ifndef HR_DAEMON_SPARK_H
#define HR_DAEMON_SPARK_H
#include "daemon/gate/gate.h"
#include "daemon/rest/rest.h"

struct hr_spark;

/* site stays the caller's */
enum hr_code hr_spark_start(struct hr_site *site, struct hr_spark **spark, struct hr_err *err);
/* starts the first spare host: once the site's storage_url is known, for hosts are told it */
void hr_spark_ready(struct hr_spark *spark);
/* makes again what sessions need of a run folder that somebody removed */
enum hr_code hr_spark_mend(struct hr_spark *spark, struct hr_err *err);
struct hr_gate *hr_spark_gate(struct hr_spark *spark);
/* for livy's `released`: arg is the struct hr_spark */
void hr_spark_released(const struct hr_principal *owner, const char *session_id, void *arg);
void hr_spark_stop(struct hr_spark *spark); /* ends the hosts; calls fail. NULL is fine */
void hr_spark_free(struct hr_spark *spark); /* once the loop and its connections are gone */
#endif
