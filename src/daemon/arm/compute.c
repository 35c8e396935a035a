/* Computes: a Spark pool attached to a workspace. Attaching is asynchronous: the PUT records
 * compute and operation and answers; a timer does the work, so that a client sees it pending, and a
 * server that died in between does it when it is started again. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/arm/private.h"
#include "io/loop.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ATTACH_MS 250    /* how long an attach is seen pending, at least */
#define POLL_SECONDS "1" /* what clients that honour Retry-After wait */

static struct hr_timer *worker;

/* ---- the work ---- */

/* Clients read "properties.properties" of every compute of a list: one without it would break the
 * list for everybody. */
void hr_arm_compute_fill(struct hr_rest *req, const struct hr_resource_row *row, json_t *properties)
{
    struct hr_arm_id pool;
    const char *target = json_string_value(json_object_get(properties, "resourceId"));
    (void)row;
    if (json_is_object(json_object_get(properties, "properties")))
        return;
    json_t *of_pool = json_object();
    if (target &&
        !hr_arm_id_parse(req->arena, target, &pool, NULL) &&
        pool.type &&
        !strcasecmp(pool.type, HR_TYPE_POOL))
        json_object_update_new(of_pool,
                               json_pack("{s:s, s:s, s:s, s:s}", "subscriptionId",
                                         pool.subscription, "resourceGroup", pool.group,
                                         "workspaceName", pool.name[0], "poolName", pool.name[1]));
    json_object_set_new(properties, "properties", of_pool);
}

static void fail_properties(json_t *properties, const struct hr_err *why)
{
    json_object_del(properties, "properties"); /* of a pool that it may have had */
    json_object_set_new(properties, "provisioningState", json_string("Failed"));
    json_object_set_new(properties, "provisioningErrors",
                        json_pack("[{s:{s:s, s:s}}]", "error", "code",
                                  hr_code_info(why->code)->azure, "message", why->msg));
}

static enum hr_code linked(struct hr_site *site,
                           struct hr_arena *arena,
                           const struct hr_arm_id *compute,
                           const struct hr_arm_id *pool,
                           struct hr_err *err)
{
    struct hr_resource_rows links;
    bool found = false;
    HR_TRY(hr_store_resource_list(site->store, arena, compute->parent, HR_TYPE_LINK, &links, err));
    for (size_t i = 0; i < links.count; i++) {
        json_t *properties = hr_arm_json(links.at[i].properties);
        const char *target =
            json_string_value(json_object_get(properties, "linkedServiceResourceId"));
        found = found || (target && !strcasecmp(target, pool->parent));
        json_decref(properties);
    }
    if (found)
        return HR_OK;
    return hr_fail(err, HR_E_NOT_FOUND,
                   "Synapse workspace \"%s\" is not linked to workspace \"%s\"", pool->name[0],
                   compute->name[0]);
}

/* the pool must be there, and its Synapse workspace linked */
static enum hr_code attach(struct hr_site *site,
                           struct hr_arena *arena,
                           const char *compute_id,
                           json_t *properties,
                           struct hr_err *err)
{
    struct hr_arm_id compute, pool;
    struct hr_resource_row *row;
    HR_TRY(hr_arm_id_parse(arena, compute_id, &compute, err));
    HR_TRY(hr_arm_id_parse(arena, json_string_value(json_object_get(properties, "resourceId")),
                           &pool, err));
    HR_TRY(linked(site, arena, &compute, &pool, err));
    HR_TRY(hr_store_resource_get(site->store, arena, pool.text, &row, err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "Spark pool \"%s\" does not exist in Synapse workspace \"%s\"", pool.name[1],
                       pool.name[0]);
    json_t *of_pool = hr_arm_json(row->properties);
    json_object_update_new(of_pool,
                           json_pack("{s:s, s:s, s:s, s:s}", "subscriptionId", pool.subscription,
                                     "resourceGroup", pool.group, "workspaceName", pool.name[0],
                                     "poolName", row->name));
    json_object_set_new(properties, "properties", of_pool);
    json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
    json_object_set_new(properties, "resourceId", json_string(row->id));
    return HR_OK;
}

static enum hr_code finish(struct hr_site *site,
                           struct hr_arena *arena,
                           const struct hr_operation_row *operation,
                           struct hr_err *err)
{
    struct hr_resource_row *row;
    struct hr_err why = {0};
    HR_TRY(hr_store_resource_get(site->store, arena, operation->resource, &row, err));
    if (!row) /* detached meanwhile */
        return hr_store_operation_end(site->store, operation->id, "Canceled", NULL, hr_clock_ms(),
                                      err);
    json_t *properties = hr_arm_json(row->properties);
    enum hr_code code = attach(site, arena, row->id, properties, &why);
    if (code)
        fail_properties(properties, &why);
    const char *text = hr_arm_dump(arena, properties), *error = NULL;
    json_decref(properties);
    if (code) {
        json_t *json =
            json_pack("{s:s, s:s}", "code", hr_code_info(code)->azure, "message", why.msg);
        error = hr_arm_dump(arena, json);
        json_decref(json);
    }
    HR_TRY(hr_store_resource_update(site->store, row->id, text, row->tags, hr_clock_ms(), err));
    HR_TRY(hr_store_operation_end(site->store, operation->id, code ? "Failed" : "Succeeded", error,
                                  hr_clock_ms(), err));
    hr_log(HR_LOG_INFO, "attach", "compute", row->id, "status", code ? "Failed" : "Succeeded",
           "error", code ? why.msg : NULL, NULL);
    return HR_OK;
}

static enum hr_code work(struct hr_site *site,
                         struct hr_arena *arena,
                         size_t *left,
                         struct hr_err *err)
{
    struct hr_operation_rows open;
    HR_TRY(hr_store_operation_open(site->store, arena, &open, err));
    *left = open.count;
    for (size_t i = 0; i < open.count; i++) {
        int64_t waited = hr_clock_ms() - open.at[i].started_ms;
        if (waited >= 0 && waited < ATTACH_MS) /* below 0: somebody set the clock back */
            continue;
        HR_TRY(hr_store_begin(site->store, err));
        HR_TRY(finish(site, arena, &open.at[i], err));
        HR_TRY(hr_store_commit(site->store, err));
        --*left;
    }
    return HR_OK;
}

static void tick(void *arg)
{
    struct hr_site *site = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    size_t left = 1;
    if (work(site, arena, &left, &err)) {
        hr_store_rollback(site->store);
        hr_log(HR_LOG_ERROR, "attach.failed", "error", err.msg, NULL);
    }
    hr_arena_free(arena);
    if (!left) {
        hr_timer_stop(worker);
        worker = NULL;
    }
}

void hr_arm_start(struct hr_site *site)
{
    if (!worker)
        worker = hr_timer_start(site->loop, ATTACH_MS / 5, ATTACH_MS / 5, tick, site);
}

void hr_arm_stop(void)
{
    hr_timer_stop(worker);
    worker = NULL;
}

/* ---- requests ---- */

static enum hr_code read_pool(struct hr_rest *req,
                              json_t *properties,
                              struct hr_arm_id *pool,
                              struct hr_err *err)
{
    const char *type = json_string_value(json_object_get(properties, "computeType"));
    const char *text = json_string_value(json_object_get(properties, "resourceId"));
    if (!type || strcasecmp(type, "SynapseSpark"))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "compute type \"%.100s\" is not supported: only \"SynapseSpark\" is",
                       type ? type : "");
    if (!text)
        return hr_fail(err, HR_E_INVALID, "\"properties.resourceId\" is missing");
    HR_TRY(hr_arm_id_parse(req->arena, text, pool, err));
    if (!pool->type || strcasecmp(pool->type, HR_TYPE_POOL))
        return hr_fail(err, HR_E_INVALID, "\"%s\" is not the id of a Synapse Spark pool",
                       pool->text);
    return hr_arm_check_subscription(req, pool->subscription, err);
}

static enum hr_code same_pool(const struct hr_resource_row *before,
                              const struct hr_arm_id *pool,
                              struct hr_err *err)
{
    json_t *old = hr_arm_json(before->properties);
    const char *target = json_string_value(json_object_get(old, "resourceId")),
               *state = json_string_value(json_object_get(old, "provisioningState"));
    enum hr_code code = HR_OK;
    if (target && strcasecmp(target, pool->text) && state && strcmp(state, "Failed"))
        code = hr_fail(err, HR_E_EXISTS, "compute \"%s\" exists already and is attached to \"%s\"",
                       before->name, target);
    json_decref(old);
    return code;
}

static enum hr_code record(struct hr_rest *req,
                           const struct hr_arm_id *id,
                           json_t *properties,
                           const char *operation,
                           struct hr_resource_row **row,
                           struct hr_err *err)
{
    bool created;
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = hr_arm_put(req, id, properties, NULL, &created, row, err);
    if (!code)
        code = hr_store_operation_add(req->site->store,
                                      &(struct hr_operation_row){operation, id->text, "attach",
                                                                 "InProgress", NULL, req->who.id,
                                                                 hr_clock_ms(), 0},
                                      err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    return code;
}

static void fill_pending(struct hr_rest *req, json_t *properties, const struct hr_arm_id *pool)
{
    char now[32];
    hr_clock_iso8601(hr_clock_ms(), now);
    json_object_update_new(
        properties, json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:n}", "computeType", "SynapseSpark",
                              "resourceId", pool->text, "computeLocation", req->site->location,
                              "isAttachedCompute", 1, "provisioningState", "Creating", "createdOn",
                              now, "provisioningErrors"));
    if (!json_object_get(properties, "description"))
        json_object_set_new(properties, "description", json_string(""));
}

enum hr_code hr_arm_compute_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id, pool;
    struct hr_resource_row *row, *workspace;
    json_t *properties;
    char operation[37];
    HR_TRY(hr_arm_request_id(req, 0, &id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_WRITE, id.text, err));
    HR_TRY(hr_arm_check_name(id.type, id.name[1], err));
    HR_TRY(hr_arm_find(req, id.parent, &workspace, err));
    HR_TRY(hr_arm_body_object(req, "properties", &properties, err));
    enum hr_code code = read_pool(req, properties, &pool, err);
    if (!code)
        code = hr_store_resource_get(req->site->store, req->arena, id.text, &row, err);
    if (!code && row)
        code = same_pool(row, &pool, err);
    hr_uuid_new(operation);
    if (!code) {
        fill_pending(req, properties, &pool);
        code = record(req, &id, properties, operation, &row, err);
    }
    json_decref(properties);
    HR_TRY(code);
    hr_arm_start(req->site);
    hr_rest_header(
        req, "azure-asyncoperation",
        hr_printf(
            req->arena,
            "%s/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/%s/computeOperationsStatus/%s",
            req->origin, id.subscription, req->site->location, operation));
    hr_rest_header(req, "retry-after", POLL_SECONDS);
    hr_rest_reply(req, 201, hr_arm_view(req, row));
    return HR_OK;
}

/* an attached compute is only ever detached: the pool is not this workspace's to delete */
enum hr_code hr_arm_compute_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *row;
    const char *action = hr_rest_query(req, "underlyingResourceAction");
    HR_TRY(hr_arm_request_id(req, 0, &id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_WRITE, id.text, err));
    if (action && strcasecmp(action, "Detach"))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "underlyingResourceAction \"%.50s\" is not supported: a pool is detached, never deleted, with its compute",
            action);
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id.text, &row, err));
    if (!row) {
        hr_rest_reply(req, 204, NULL);
        return HR_OK;
    }
    HR_TRY(hr_store_resource_remove(req->site->store, row->id, err));
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}

enum hr_code hr_arm_operation(struct hr_rest *req, struct hr_err *err)
{
    struct hr_operation_row *operation;
    char started[32], ended[32];
    HR_TRY(hr_store_operation_get(req->site->store, req->arena, hr_rest_param(req, "operation"),
                                  &operation, err));
    if (!operation)
        return hr_fail(err, HR_E_NOT_FOUND, "operation \"%.100s\" does not exist",
                       hr_rest_param(req, "operation"));
    if (strcmp(operation->owner, req->who.id))
        HR_TRY(hr_rest_check(req, HR_ACT_READ, operation->resource, err));
    hr_clock_iso8601(operation->started_ms, started);
    json_t *view =
        json_pack("{s:s, s:s, s:s, s:s}", "id", hr_exchange_request(req->exchange)->path, "name",
                  operation->id, "status", operation->status, "startTime", started);
    if (operation->ended_ms) {
        hr_clock_iso8601(operation->ended_ms, ended);
        json_object_set_new(view, "endTime", json_string(ended));
    } else {
        hr_rest_header(req, "retry-after", POLL_SECONDS);
    }
    if (operation->error)
        json_object_set_new(view, "error", hr_arm_json(operation->error));
    hr_rest_reply(req, 200, view);
    return HR_OK;
}
