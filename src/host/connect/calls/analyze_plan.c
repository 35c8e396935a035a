/* AnalyzePlan: what a plan would yield, without running it. One job on a worker thread. */
#include "host/connect/decode/fingerprint.h"
#include "host/connect/private.h"
#include "host/connect/decode/types.h"
#include "host/plan/print.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARK_VERSION "4.2.0"
#define ANALYZE(name) SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_##name
#define RESULT(name) SPARK__CONNECT__ANALYZE_PLAN_RESPONSE__RESULT_##name
#define NEW(name, INIT) \
    PB_NEW(job->arena, AnalyzePlanResponse__##name, ANALYZE_PLAN_RESPONSE__##INIT)

struct analysis {
    struct analyze_job *job;
    struct env *env;
    struct hr_err *err;
};

static enum hr_code typed_relation(struct analysis *a,
                                   const PB(Relation) * message,
                                   struct hr_typed **typed)
{
    struct hr_rel *rel;
    HR_TRY(hr_decode_relation(a->job->arena, message, &rel, a->err));
    HR_TRY(hr_env_bind(a->env, rel, a->err));
    return hr_analyze(a->job->arena, &a->env->base, rel, typed, a->err);
}

static enum hr_code typed_plan_of(struct analysis *a,
                                  const PB(Plan) * message,
                                  struct hr_typed **typed,
                                  struct hr_operation_plan *out)
{
    struct hr_operation_plan plan;
    HR_TRY(hr_decode_plan(a->job->arena, message, &plan, a->err));
    if (!plan.rel)
        return hr_fail(a->err, HR_E_INVALID, "a command cannot be analyzed");
    HR_TRY(hr_env_bind(a->env, plan.rel, a->err));
    *out = plan;
    return hr_analyze(a->job->arena, &a->env->base, plan.rel, typed, a->err);
}

static enum hr_code typed_plan(struct analysis *a,
                               const PB(Plan) * message,
                               struct hr_typed **typed)
{
    struct hr_operation_plan plan;
    return typed_plan_of(a, message, typed, &plan);
}

static enum hr_code fingerprint(struct analysis *a,
                                const PB(Plan) * message,
                                struct hr_fingerprint *out)
{
    struct hr_operation_plan plan;
    struct hr_typed *typed;
    HR_TRY(typed_plan_of(a, message, &typed, &plan));
    hr_fingerprint(a->job->arena, (ProtobufCMessage *)plan.message, out);
    return HR_OK;
}

static enum hr_code run_schema(struct analysis *a,
                               const PB(AnalyzePlanRequest) * request,
                               PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_typed *typed;
    HR_TRY(typed_plan(a, request->schema->plan, &typed));
    out->result_case = RESULT(SCHEMA);
    out->schema = NEW(Schema, SCHEMA);
    out->schema->schema = hr_connect_type_encode(job->arena, typed->schema);
    return HR_OK;
}

static enum hr_code take_text(struct analysis *a, struct hr_buf *buf, const char *what, char **out)
{
    const char *text;
    HR_TRY(hr_buf_take(buf, a->job->arena, what, &text, a->err));
    *out = (char *)text;
    return HR_OK;
}

static enum hr_code run_explain(struct analysis *a,
                                const PB(AnalyzePlanRequest) * request,
                                PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_operation_plan plan;
    struct hr_typed *typed;
    struct hr_buf text;
    HR_TRY(typed_plan_of(a, request->explain->plan, &typed, &plan));
    hr_buf_init(&text, HR_REST_BODY_MAX);
    static const char *const modes[] = {"simple",  "simple", "extended",
                                        "codegen", "cost",   "formatted"};
    unsigned mode = (unsigned)request->explain->explain_mode;
    enum hr_code code = mode < HR_LEN(modes)
                            ? hr_explain_text(a->env, plan.rel, typed, modes[mode], &text, a->err)
                            : hr_fail(a->err, HR_E_INVALID, "unknown explain mode %u", mode);
    if (code) {
        hr_buf_release(&text);
        return code;
    }
    out->result_case = RESULT(EXPLAIN);
    out->explain = NEW(Explain, EXPLAIN);
    return take_text(a, &text, "the plan's text", &out->explain->explain_string);
}

static enum hr_code run_tree_string(struct analysis *a,
                                    const PB(AnalyzePlanRequest) * request,
                                    PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_typed *typed;
    struct hr_buf text;
    HR_TRY(typed_plan(a, request->tree_string->plan, &typed));
    hr_buf_init(&text, HR_REST_BODY_MAX);
    hr_type_tree(typed->schema, request->tree_string->_level_case ? request->tree_string->level : 0,
                 &text);
    out->result_case = RESULT(TREE_STRING);
    out->tree_string = NEW(TreeString, TREE_STRING);
    return take_text(a, &text, "the schema's text", &out->tree_string->tree_string);
}

static enum hr_code run_is_local(struct analysis *a,
                                 const PB(AnalyzePlanRequest) * request,
                                 PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_operation_plan plan;
    struct hr_typed *typed;
    HR_TRY(typed_plan_of(a, request->is_local->plan, &typed, &plan));
    out->result_case = RESULT(IS_LOCAL);
    out->is_local = NEW(IsLocal, IS_LOCAL);
    out->is_local->is_local =
        plan.rel->kind == HR_REL_LOCAL || plan.rel->kind == HR_REL_CACHED_LOCAL;
    return HR_OK;
}

static enum hr_code run_is_streaming(struct analysis *a,
                                     const PB(AnalyzePlanRequest) * request,
                                     PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_typed *typed;
    /* streaming plans are refused when they are decoded */
    HR_TRY(typed_plan(a, request->is_streaming->plan, &typed));
    out->result_case = RESULT(IS_STREAMING);
    out->is_streaming = NEW(IsStreaming, IS_STREAMING);
    return HR_OK;
}

static enum hr_code run_input_files(struct analysis *a,
                                    const PB(AnalyzePlanRequest) * request,
                                    PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_typed *typed;
    size_t count = 0;
    HR_TRY(typed_plan(a, request->input_files->plan, &typed));
    for (size_t i = 0; i < typed->source_count; i++)
        count += typed->sources[i]->files.count;
    out->result_case = RESULT(INPUT_FILES);
    out->input_files = NEW(InputFiles, INPUT_FILES);
    out->input_files->files = HR_NEW_ARRAY(job->arena, char *, count);
    for (size_t i = 0; i < typed->source_count; i++)
        for (size_t k = 0; k < typed->sources[i]->files.count; k++) {
            const char *file = typed->sources[i]->files.at[k];
            out->input_files->files[out->input_files->n_files++] =
                *file == '/' ? hr_printf(job->arena, "file://%s", file) : (char *)file;
        }
    return HR_OK;
}

static enum hr_code run_version(struct analysis *a,
                                const PB(AnalyzePlanRequest) * request,
                                PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    (void)request;
    out->result_case = RESULT(SPARK_VERSION);
    out->spark_version = NEW(SparkVersion, SPARK_VERSION);
    out->spark_version->version = SPARK_VERSION;
    return HR_OK;
}

static enum hr_code run_ddl_parse(struct analysis *a,
                                  const PB(AnalyzePlanRequest) * request,
                                  PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    const struct hr_type *type;
    HR_TRY(hr_type_from_ddl(job->arena, request->ddl_parse->ddl_string, &type, a->err));
    out->result_case = RESULT(DDL_PARSE);
    out->ddl_parse = NEW(DDLParse, DDLPARSE);
    out->ddl_parse->parsed = hr_connect_type_encode(job->arena, type);
    return HR_OK;
}

static enum hr_code run_same_semantics(struct analysis *a,
                                       const PB(AnalyzePlanRequest) * request,
                                       PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_fingerprint one, two;
    HR_TRY(fingerprint(a, request->same_semantics->target_plan, &one));
    HR_TRY(fingerprint(a, request->same_semantics->other_plan, &two));
    out->result_case = RESULT(SAME_SEMANTICS);
    out->same_semantics = NEW(SameSemantics, SAME_SEMANTICS);
    out->same_semantics->result = one.len == two.len && !memcmp(one.bytes, two.bytes, one.len);
    return HR_OK;
}

static enum hr_code run_semantic_hash(struct analysis *a,
                                      const PB(AnalyzePlanRequest) * request,
                                      PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    struct hr_fingerprint plan;
    HR_TRY(fingerprint(a, request->semantic_hash->plan, &plan));
    out->result_case = RESULT(SEMANTIC_HASH);
    out->semantic_hash = NEW(SemanticHash, SEMANTIC_HASH);
    out->semantic_hash->result = (int32_t)(uint32_t)(plan.hash ^ plan.hash >> 32);
    return HR_OK;
}

/* ---- persist: remembered by the plan's semantic hash; scans are cached by identity without being
 * asked (format/) ---- */

enum { USE_DISK = 1, USE_MEMORY = 2, OFF_HEAP = 4, DESERIALIZED = 8, PERSISTED = 16 };

static enum hr_code hash_key(struct analysis *a, const PB(Relation) * relation, char key[static 24])
{
    struct hr_fingerprint plan;
    struct hr_typed *typed;
    HR_TRY(typed_relation(a, relation, &typed));
    hr_fingerprint(a->job->arena, (ProtobufCMessage *)relation, &plan);
    snprintf(key, 24, "%016llx", (unsigned long long)plan.hash);
    return HR_OK;
}

static intptr_t level_code(const PB(StorageLevel) * level)
{
    if (!level)
        return PERSISTED | USE_DISK | USE_MEMORY | DESERIALIZED | 1 << 8;
    return PERSISTED |
           (level->use_disk ? USE_DISK : 0) |
           (level->use_memory ? USE_MEMORY : 0) |
           (level->use_off_heap ? OFF_HEAP : 0) |
           (level->deserialized ? DESERIALIZED : 0) |
           (intptr_t)level->replication << 8;
}

static enum hr_code run_persist(struct analysis *a,
                                const PB(AnalyzePlanRequest) * request,
                                PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    char key[24];
    HR_TRY(hash_key(a, request->persist->relation, key));
    pthread_mutex_lock(&job->session->lock);
    hr_map_put(&job->session->persisted, key,
               (void *)level_code(
                   request->persist->_storage_level_case ? request->persist->storage_level : NULL));
    pthread_mutex_unlock(&job->session->lock);
    out->result_case = RESULT(PERSIST);
    out->persist = NEW(Persist, PERSIST);
    return HR_OK;
}

static enum hr_code run_unpersist(struct analysis *a,
                                  const PB(AnalyzePlanRequest) * request,
                                  PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    char key[24];
    HR_TRY(hash_key(a, request->unpersist->relation, key));
    pthread_mutex_lock(&job->session->lock);
    hr_map_remove(&job->session->persisted, key);
    pthread_mutex_unlock(&job->session->lock);
    out->result_case = RESULT(UNPERSIST);
    out->unpersist = NEW(Unpersist, UNPERSIST);
    return HR_OK;
}

static enum hr_code run_storage_level(struct analysis *a,
                                      const PB(AnalyzePlanRequest) * request,
                                      PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    char key[24];
    HR_TRY(hash_key(a, request->get_storage_level->relation, key));
    pthread_mutex_lock(&job->session->lock);
    intptr_t code = (intptr_t)hr_map_get(&job->session->persisted, key);
    pthread_mutex_unlock(&job->session->lock);
    PB(StorageLevel) *level = PB_NEW(job->arena, StorageLevel, STORAGE_LEVEL);
    level->use_disk = code & USE_DISK;
    level->use_memory = code & USE_MEMORY;
    level->use_off_heap = code & OFF_HEAP;
    level->deserialized = code & DESERIALIZED;
    level->replication = code ? (int32_t)(code >> 8) : 1;
    out->result_case = RESULT(GET_STORAGE_LEVEL);
    out->get_storage_level = NEW(GetStorageLevel, GET_STORAGE_LEVEL);
    out->get_storage_level->storage_level = level;
    return HR_OK;
}

static bool is_plain_name(const char *name)
{
    return *name &&
           !(*name >= '0' && *name <= '9') &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(name);
}

/* StructType.toDDL */
static void to_ddl(const struct hr_type *type, struct hr_buf *out)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hr_field *field = &type->fields[i];
        hr_buf_adds(out, i ? "," : "");
        if (is_plain_name(field->name))
            hr_buf_adds(out, field->name);
        else {
            hr_buf_addc(out, '`');
            for (const char *at = field->name; *at; at++)
                hr_buf_add(out, "``", *at == '`' ? 2 : (hr_buf_addc(out, *at), 0));
            hr_buf_addc(out, '`');
        }
        hr_buf_addc(out, ' ');
        hr_type_sql(field->type, out);
        if (!field->nullable)
            hr_buf_adds(out, " NOT NULL");
    }
}

static enum hr_code run_json_to_ddl(struct analysis *a,
                                    const PB(AnalyzePlanRequest) * request,
                                    PB(AnalyzePlanResponse) * out)
{
    struct analyze_job *job = a->job;
    const struct hr_type *type;
    struct hr_buf text;
    HR_TRY(hr_type_from_json(job->arena, request->json_to_ddl->json_string, &type, a->err));
    hr_buf_init(&text, HR_REST_BODY_MAX);
    if (type->id == HR_TYPE_STRUCT)
        to_ddl(type, &text);
    else
        hr_type_sql(type, &text);
    out->result_case = RESULT(JSON_TO_DDL);
    out->json_to_ddl = NEW(JsonToDDL, JSON_TO_DDL);
    return take_text(a, &text, "the schema's text", &out->json_to_ddl->ddl_string);
}

/* ---- all ---- */

static const struct {
    PB(AnalyzePlanRequest__AnalyzeCase) kind;
    enum hr_code (*run)(struct analysis *a,
                        const PB(AnalyzePlanRequest) * request,
                        PB(AnalyzePlanResponse) * out);
    bool without_engine;
} kinds[] = {
    {ANALYZE(SCHEMA), run_schema},
    {ANALYZE(EXPLAIN), run_explain},
    {ANALYZE(TREE_STRING), run_tree_string},
    {ANALYZE(IS_LOCAL), run_is_local},
    {ANALYZE(IS_STREAMING), run_is_streaming},
    {ANALYZE(INPUT_FILES), run_input_files},
    {ANALYZE(SPARK_VERSION), run_version, true},
    {ANALYZE(DDL_PARSE), run_ddl_parse, true},
    {ANALYZE(SAME_SEMANTICS), run_same_semantics},
    {ANALYZE(SEMANTIC_HASH), run_semantic_hash},
    {ANALYZE(PERSIST), run_persist},
    {ANALYZE(UNPERSIST), run_unpersist},
    {ANALYZE(GET_STORAGE_LEVEL), run_storage_level},
    {ANALYZE(JSON_TO_DDL), run_json_to_ddl, true},
};

static enum hr_code run(struct analyze_job *job)
{
    struct analysis a = {.job = job, .err = &job->err};
    PB(AnalyzePlanRequest) *request =
        hr_decode_message(job->arena, &spark__connect__analyze_plan_request__descriptor,
                          job->request, job->request_len, &job->err);
    if (!request)
        return job->err.code;
    job->response = PB_NEW(job->arena, AnalyzePlanResponse, ANALYZE_PLAN_RESPONSE);
    job->response->session_id = job->session->id;
    job->response->server_side_session_id = job->session->server_id;
    for (size_t i = 0; i < HR_LEN(kinds); i++)
        if (kinds[i].kind == request->analyze_case) {
            if (!kinds[i].without_engine)
                HR_TRY(hr_env_new(job->arena, job->session, &a.env, &job->err));
            return kinds[i].run(&a, request, job->response);
        }
    return hr_fail(&job->err, HR_E_INVALID, "analyze request of an unknown kind");
}

static void answer(void *arg)
{
    struct analyze_job *job = arg;
    job->done(job);
}

void hr_analyze_plan(void *arg)
{
    struct analyze_job *job = arg;
    if (run(job) && !job->err.code)
        hr_fail(&job->err, HR_E_INTERNAL, "analysis failed without a reason");
    hr_loop_post(job->session->connect->loop, answer, job);
}
