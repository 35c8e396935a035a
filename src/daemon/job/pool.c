/* Runs on an attached Spark pool. Their scripts are executed here, like the others, and get a Spark
 * session of the pool that acts for the linked service's managed identity: that identity, not the
 * submitter, needs the role on the Synapse workspace. */
#include "base/clock.h"
#include "daemon/job/private.h"
#include <string.h>
#include <strings.h>

#define LINK "Microsoft.MachineLearningServices/workspaces/linkedServices"

static const char *scope_of(struct hr_arena *arena, const json_t *spark)
{
    return hr_printf(arena, "workspaces/%s/bigDataPools/%s",
                     json_string_value(json_object_get(spark, "synapse")),
                     json_string_value(json_object_get(spark, "pool")));
}

/* the managed identity of the link to a Synapse workspace */
static enum hr_code find_identity(struct hr_arena *arena,
                                  const char *workspace,
                                  const char *synapse_id,
                                  const char **identity,
                                  struct hr_err *err)
{
    struct hr_resource_rows links;
    HR_TRY(hr_store_resource_list(hr_job.site->store, arena, workspace, LINK, &links, err));
    *identity = NULL;
    for (size_t i = 0; i < links.count && !*identity; i++) {
        json_t *properties = hr_job_json(links.at[i].properties);
        const char *target =
            json_string_value(json_object_get(properties, "linkedServiceResourceId"));
        if (target && !strcasecmp(target, synapse_id))
            *identity = links.at[i].identity;
        json_decref(properties);
    }
    return *identity
               ? HR_OK
               : hr_fail(
                     err, HR_E_NOT_FOUND,
                     "Synapse workspace \"%s\" is not linked any more: link it, and submit again",
                     synapse_id);
}

enum hr_code hr_pool_check(const json_t *spark, struct hr_principal *identity, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code =
        hr_identity_find(hr_job.site->identity,
                         json_string_value(json_object_get(spark, "identity")), identity, err);
    if (!code)
        code = hr_identity_check(hr_job.site->identity, identity, HR_ACT_USE_COMPUTE,
                                 scope_of(arena, spark), err);
    hr_arena_free(arena);
    return code;
}

enum hr_code hr_pool_resolve(struct hr_arena *arena,
                             const char *workspace,
                             const struct hr_resource_row *compute,
                             json_t *spec,
                             struct hr_err *err)
{
    static const char synapses[] = "/workspaces/", pools[] = "/bigDataPools/";
    json_t *properties = hr_job_json(compute->properties);
    const char *pool_id =
                   hr_strdup(arena, json_string_value(json_object_get(properties, "resourceId"))),
               *state = hr_strdup(
                   arena, json_string_value(json_object_get(properties, "provisioningState"))),
               *identity;
    json_decref(properties);
    const char *pool = pool_id ? strcasestr(pool_id, pools) : NULL,
               *synapse = pool_id ? strcasestr(pool_id, synapses) : NULL;
    if (!pool || !synapse || synapse > pool)
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "compute \"%s\" is not a Spark pool: scripts run on \"local\" and on Spark pools",
            compute->name);
    if (!state || strcmp(state, "Succeeded"))
        return hr_fail(err, HR_E_EXISTS, "compute \"%s\" is not attached: its state is %s",
                       compute->name, state ? state : "unknown");
    HR_TRY(find_identity(arena, workspace, hr_strndup(arena, pool_id, (size_t)(pool - pool_id)),
                         &identity, err));
    synapse += strlen(synapses);
    char session[37];
    struct hr_principal who;
    hr_uuid_new(session);
    json_t *spark =
        json_pack("{s:s%, s:s, s:s, s:s}", "synapse", synapse, (size_t)(pool - synapse), "pool",
                  pool + strlen(pools), "identity", identity, "session", session);
    json_object_set_new(spec, "spark", spark);
    return hr_pool_check(spark, &who, err);
}

const char *hr_job_scope(struct hr_arena *arena, const char *session_id)
{
    const char *scope = NULL;
    struct hr_run_rows open;
    if (!hr_job.site || hr_store_run_open(hr_job.site->store, arena, &open, NULL))
        return NULL;
    for (size_t i = 0; i < open.count && !scope; i++) {
        if (!strstr(open.at[i].spec, session_id))
            continue;
        json_t *spec = hr_job_json(open.at[i].spec), *spark = json_object_get(spec, "spark");
        const char *session = json_string_value(json_object_get(spark, "session"));
        if (session && !strcmp(session, session_id))
            scope = scope_of(arena, spark);
        json_decref(spec);
    }
    return scope;
}
