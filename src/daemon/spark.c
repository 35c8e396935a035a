#include "daemon/spark.h"
#include "base/check.h"
#include "base/log.h"
#include "daemon/job/job.h"
#include "daemon/livy/livy.h"
#include "daemon/notices.h"
#include "io/child.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARES 1
#define IDLE_MS (60 * 60 * 1000) /* as Spark Connect's own default */

struct hr_spark {
    struct hr_site *site;
    struct hr_sessions *sessions;
    struct hr_gate *gate;
    struct hr_notices *notices;
    char program[4096];
};

static enum hr_code authenticate(struct hr_exchange *exchange,
                                 const char **principal,
                                 void *arg,
                                 struct hr_err *err)
{
    struct hr_spark *spark = arg;
    struct hr_principal who;
    const char *given = hr_header_get(&hr_exchange_request(exchange)->headers, "authorization");
    if (!given) {
        hr_fail(err, HR_E_UNAUTHENTICATED, "the request carries no token");
        return hr_fail_hint(err,
                            "connect with ';token=…' in the address: 'headrace env' prints it");
    }
    HR_TRY(hr_identity_authenticate_header(spark->site->identity, given, &who, err));
    *principal = hr_strdup(hr_exchange_arena(exchange), who.id);
    return HR_OK;
}

/* the pool is the one that the session was started on by REST, or that its run was submitted to,
 * else the site's own: a Connect address names none */
static enum hr_code admit(struct hr_arena *arena,
                          const char *principal,
                          const char *session_id,
                          bool fresh,
                          const char **grant,
                          void *arg,
                          struct hr_err *err)
{
    const struct hr_site *site = ((struct hr_spark *)arg)->site;
    struct hr_principal who;
    const char *scope = hr_livy_scope(arena, session_id);
    (void)fresh;
    if (!scope)
        scope = hr_job_scope(arena, session_id);
    if (!scope)
        scope = hr_printf(arena, "workspaces/%s/bigDataPools/%s", site->synapse, site->pool);
    HR_TRY(hr_identity_find(site->identity, principal, &who, err));
    HR_TRY(hr_identity_check(site->identity, &who, HR_ACT_USE_COMPUTE, scope, err));
    return hr_identity_grant(site->identity, arena, &who, session_id, hr_livy_sizes(session_id),
                             "/", grant, err);
}

/* one that was started by REST ends by its own limits */
static bool keep(const struct hr_session *session, void *arg)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    bool owned = hr_livy_scope(arena, hr_session_info(session).id) != NULL;
    (void)arg;
    hr_arena_free(arena);
    return owned;
}

/* beside this program, as it is installed and as it is built. One that is missing is named by the
 * first call that needs it. */
static enum hr_code find_host(char *path, size_t size, struct hr_err *err)
{
    const char *named = getenv("HEADRACE_HOST");
    if (named && *named) {
        snprintf(path, size, "%s", named);
        return HR_OK;
    }
    HR_TRY(hr_child_self(path, size - 8, err));
    strcat(path, "-host");
    return HR_OK;
}

enum hr_code hr_spark_start(struct hr_site *site, struct hr_spark **out, struct hr_err *err)
{
    char folder[4096], spill[4096];
    struct hr_spark *spark = calloc(1, sizeof *spark);
    HR_CHECK(spark);
    snprintf(folder, sizeof folder, "%s/hosts", site->run_dir);
    snprintf(spill, sizeof spill, "%s/spill", site->run_dir);
    spark->site = site;
    const char *linger = getenv("HEADRACE_LINGER");
    struct hr_sessions_options sessions = {.folder = folder,
                                           .spill = spill,
                                           .idle_ms = IDLE_MS,
                                           .linger_ms =
                                               linger ? (uint64_t)(strtod(linger, NULL) * 1000) : 0,
                                           .keep = keep,
                                           .arg = spark};
    enum hr_code code = find_host(spark->program, sizeof spark->program, err);
    if (!code)
        code = hr_sessions_new(site->loop, &sessions, &spark->sessions, err);
    if (code) {
        free(spark);
        return code;
    }
    struct hr_gate_options gate = {
        .sessions = spark->sessions, .authenticate = authenticate, .admit = admit, .arg = spark};
    spark->gate = hr_gate_new(&gate);
    *out = spark; /* the caller's, also when what follows fails */
    return hr_notices_new(site, spark->gate, &spark->notices, err);
}

/* The account that this server serves resolves to where it is served; a session may still say
 * otherwise. */
void hr_spark_ready(struct hr_spark *spark)
{
    const struct hr_site *site = spark->site;
    char endpoint[4096], ca[4096], key[4096], accounts[4096];
    snprintf(endpoint, sizeof endpoint, "fs.azure.headrace.endpoint.%s=%s/%s", site->account,
             site->storage_url, site->account);
    snprintf(ca, sizeof ca, "fs.azure.headrace.ca.%s=%s", site->account, site->ca_file);
    snprintf(key, sizeof key, "%s/grant.pub", site->run_dir);
    snprintf(accounts, sizeof accounts, "%.*s",
             (int)(strrchr(site->account_id, '/') - site->account_id), site->account_id);
    bool tls = !strncmp(site->storage_url, "https:", 6);
    const char *host[] = {
        spark->program,        "--conf", endpoint, "--grant-key", key, "--accounts", accounts,
        tls ? "--conf" : NULL, ca,       NULL};
    hr_sessions_set_host(spark->sessions, host, SPARES);
}

enum hr_code hr_spark_mend(struct hr_spark *spark, struct hr_err *err)
{
    HR_TRY(hr_notices_mend(spark->notices, err));
    return hr_sessions_mend(spark->sessions, err);
}

struct hr_gate *hr_spark_gate(struct hr_spark *spark)
{
    return spark->gate;
}

void hr_spark_released(const struct hr_principal *owner, const char *session_id, void *arg)
{
    struct hr_spark *spark = arg;
    struct hr_session *session =
        spark->sessions ? hr_session_find(spark->sessions, owner->id, session_id) : NULL;
    if (session)
        hr_session_end(session, "its owner ended it");
}

void hr_spark_stop(struct hr_spark *spark)
{
    if (!spark)
        return;
    hr_notices_stop(spark->notices);
    hr_sessions_free(spark->sessions);
    spark->sessions = NULL;
    hr_gate_stop(spark->gate);
}

void hr_spark_free(struct hr_spark *spark)
{
    if (!spark)
        return;
    hr_gate_free(spark->gate);
    hr_notices_free(spark->notices);
    free(spark);
}
