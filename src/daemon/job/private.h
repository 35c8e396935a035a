/* job's own: handlers, by file, and what they share. */
#ifndef HR_DAEMON_JOB_PRIVATE_H
#define HR_DAEMON_JOB_PRIVATE_H
#include "daemon/job/job.h"
#include "daemon/store/run.h"

#define JOB_RUNNING_MAX 4  /* scripts at a time; the others are queued */
#define JOB_OPEN_MAX 1000  /* runs that have not ended, of this server */
#define JOB_POLL_MS 100    /* between two looks at what runners wrote */
#define JOB_GRACE_MS 10000 /* a runner that was told to end is killed after this */
#define JOB_TIMEOUT_MAX_S \
    (7 * 24 * 3600) /* of a run; Azure's own largest is longer, a machine's patience is not */
#define JOB_METRICS_MAX 100000          /* values of one run: all of them are one answer */
#define JOB_PROPERTIES_MAX 1000         /* properties, tags or parameters of one run */
#define JOB_TEXT_MAX (64 * 1024)        /* bytes of one value of these */
#define JOB_LOG_PIECE (4 * 1024 * 1024) /* bytes of a log in one answer */
#define JOB_LIST_MAX 500                /* runs on one page */
#define JOB_STATUS_MAX (256 * 1024)     /* bytes of what a runner writes about itself */

struct job {
    struct hr_site *site;
    struct hr_job_options options;
    struct runner *runners;
    struct hr_timer *timer;
    bool ready, stopping;
};
extern struct job hr_job;

/* code.c: snapshots of source folders */
hr_rest_handler hr_code_pending_upload, hr_code_put, hr_code_get, hr_code_list;
/* job.c: ARM v2 jobs */
hr_rest_handler hr_job_put, hr_job_get, hr_job_list, hr_job_cancel, hr_job_delete,
    hr_environment_get;
/* history.c: experiments and runs */
hr_rest_handler hr_experiment_list, hr_experiment_get, hr_experiment_post, hr_experiment_query,
    hr_run_list, hr_run_query, hr_run_get, hr_run_details, hr_run_patch, hr_run_cancel,
    hr_run_event, hr_run_children, hr_run_data, hr_run_log;
/* metric.c */
hr_rest_handler hr_metric_batch, hr_metric_full, hr_metric_list;
/* mlflow.c: every call of MLflow's tracking REST */
hr_rest_handler hr_mlflow_call, hr_mlflow_unknown;
/* replies in MLflow's form … */
void hr_mlflow_error(struct hr_rest *req, const struct hr_err *err);
/* … and sends it, where the reply was deferred */
void hr_mlflow_failed(struct hr_rest *req, const struct hr_err *err);
/* mlflow_artifact.c */
hr_rest_handler hr_mlflow_put, hr_mlflow_get, hr_mlflow_delete, hr_mlflow_list, hr_mlflow_artifacts;
/* run NULL: the experiment's */
const char *hr_mlflow_location(struct hr_arena *arena, const char *experiment_id, const char *run);
/* artifact.c */
hr_rest_handler hr_artifact_list, hr_artifact_info, hr_artifact_prefix_info, hr_artifact_create;
const char *hr_job_artifact_blob(struct hr_arena *arena,
                                 const struct hr_run_row *row,
                                 const char *path);
enum hr_code hr_job_check_artifact(const char *path, struct hr_err *err);

/* ---- shared: run.c ---- */
/* the workspace that the address names, with the right to do something in it; *id is canonical */
enum hr_code hr_job_workspace(struct hr_rest *req,
                              enum hr_action action,
                              const char **id,
                              struct hr_err *err);
enum hr_code hr_job_find(struct hr_rest *req,
                         enum hr_action action,
                         struct hr_run_row **row,
                         struct hr_err *err);
enum hr_code hr_job_find_named(struct hr_rest *req,
                               enum hr_action action,
                               const char *id,
                               const char *experiment,
                               struct hr_run_row **row,
                               struct hr_err *err); /* experiment: its name or id, or NULL */
enum hr_code hr_job_experiment(struct hr_rest *req,
                               const char *workspace,
                               const char *name,
                               bool make,
                               struct hr_experiment_row **row,
                               struct hr_err *err);
bool hr_job_ended(const char *status);
enum hr_code hr_job_check_id(const char *what, const char *id, struct hr_err *err);
json_t *hr_job_json(const char *text); /* an object; {} when text is none */
const char *hr_job_dump(struct hr_arena *arena, const json_t *json);
/* an object of texts from the body, merged into *text; null removes a name */
enum hr_code hr_job_merge(struct hr_arena *arena,
                          const char *what,
                          json_t *changes,
                          const char **text,
                          struct hr_err *err);
const char *hr_job_folder(struct hr_arena *arena, int64_t seq);
const char *hr_job_log_path(struct hr_arena *arena, int64_t seq);

/* ---- runner.c ---- */
enum hr_code hr_runner_cancel(struct hr_arena *arena,
                              struct hr_run_row *row,
                              const char *why,
                              struct hr_err *err);
/* takes up what its runner wrote meanwhile */
void hr_runner_look(struct hr_arena *arena, const char *workspace, const char *id);
void hr_runner_pump(void); /* starts what may start */
/* sweep.c: ends every process whose environment says that it belongs to the run's folder; how many
 * there were */
int hr_sweep_processes(const char *folder, int signal);

/* ---- pool.c ---- */
/* fills spec's "spark" {synapse, pool, identity, session} for an attached pool, and checks its
 * identity's role */
enum hr_code hr_pool_resolve(struct hr_arena *arena,
                             const char *workspace,
                             const struct hr_resource_row *compute,
                             json_t *spec,
                             struct hr_err *err);
enum hr_code hr_pool_check(const json_t *spark, struct hr_principal *identity, struct hr_err *err);

/* ---- artifact.c, code.c ---- */
/* an address in the site's account with a shared access signature: `blob` "" for the container;
 * "NAME/" for what is below a folder at its top */
enum hr_code hr_storage_url(struct hr_arena *arena,
                            const char *container,
                            const char *blob,
                            const char *permissions,
                            int64_t lasts_ms,
                            const char **url,
                            struct hr_err *err);

/* ---- view.c ---- */
const char *hr_view_iso(struct hr_arena *arena, int64_t ms); /* NULL for 0 */
json_t *hr_view_run(struct hr_rest *req, const struct hr_run_row *row);
json_t *hr_view_details(struct hr_rest *req, const struct hr_run_row *row);
json_t *hr_view_job(struct hr_rest *req, const struct hr_run_row *row);
json_t *hr_view_experiment(const struct hr_experiment_row *row, struct hr_arena *arena);
#endif
