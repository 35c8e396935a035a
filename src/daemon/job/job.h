/* job: training runs. A run is a script that a runner process (python -m headrace.runner) executes
 * in a folder of its own, or an interactive run, which is what a notebook logs to. This module
 * keeps them (store/run.h), queues and supervises the runners, and answers for them on Azure's REST
 * shapes: ARM v2 jobs and codes, run history, metrics, artifacts, MLflow. doc/job.md has the
 * routes.
 *
 * A runner does not die with the server: it holds a lock in its run's folder and writes its state
 * there, so that a server that is started again finds it, or finds how it ended. Nothing of a run's
 * data passes through this process but its log. Loop's thread. */
#ifndef HR_DAEMON_JOB_JOB_H
#define HR_DAEMON_JOB_JOB_H
#include "daemon/rest/rest.h"

#define HR_JOB_CODE_CONTAINER "azureml-code" /* snapshots of source folders */
#define HR_JOB_RUN_CONTAINER "azureml"       /* what runs leave */

struct hr_job_options {
    const char *python, *python_path; /* as livy's; python_path may be NULL */
    /* of the site's account, where snapshots and outputs lie */
    const char *account_key;
    /* where Spark Connect is answered: "sc://HOST:PORT/;" with what the address needs but a token
     */
    const char *connect;
    /* a run's Spark session is over */
    void (*released)(const struct hr_principal *owner, const char *session_id, void *arg);
    void *arg;
};

const struct hr_routes *hr_job_routes(void);
void hr_job_start(struct hr_site *site, const struct hr_job_options *options);
/* storage answers: what waits is started, what ran is found again */
void hr_job_ready(void);
/* the pool's scope of a Spark session that belongs to a run; NULL: it belongs to none */
const char *hr_job_scope(struct hr_arena *arena, const char *session_id);
/* every run is told to end; its runner sees to it */
void hr_job_stop(void);
#endif
