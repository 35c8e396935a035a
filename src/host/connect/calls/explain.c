/* What EXPLAIN and df.explain() print. The plans are ours: Spark's own plan as it arrived, the
 * types it was found to have, and the statement that the engine runs in the place of a physical
 * plan. */
#include "host/connect/private.h"
#include "host/plan/print.h"
#include <string.h>
#include <strings.h>

static void plan_text(const struct hr_rel *rel, const char *title, struct hr_buf *out)
{
    hr_buf_addf(out, "== %s ==\n", title);
    hr_print_rel(rel, 0, out);
    hr_buf_addc(out, '\n');
}

static void types_text(const struct hr_type *schema, struct hr_buf *out)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        hr_buf_addf(out, "%s%s: ", i ? ", " : "", schema->fields[i].name);
        hr_type_simple(schema->fields[i].type, out);
    }
    hr_buf_addc(out, '\n');
}

static enum hr_code statement_text(struct env *env,
                                   const struct hr_rel *rel,
                                   struct hr_buf *out,
                                   struct hr_err *err)
{
    struct hr_query *query;
    HR_TRY(hr_query_prepare(env->session->engine, env->arena, &env->base, rel, &query, err));
    hr_buf_addf(out, "== Statement ==\n%s\n\n", hr_query_sql(query));
    return HR_OK;
}

enum hr_code hr_explain_text(struct env *env,
                             const struct hr_rel *rel,
                             const struct hr_typed *typed,
                             const char *mode,
                             struct hr_buf *out,
                             struct hr_err *err)
{
    if (!mode || !strcasecmp(mode, "simple")) {
        plan_text(rel, "Physical Plan", out);
        return HR_OK;
    }
    if (!strcasecmp(mode, "codegen")) { /* nothing is compiled to Java here */
        hr_buf_adds(out, "Found 0 WholeStageCodegen subtrees.\n");
        return HR_OK;
    }
    if (!strcasecmp(mode, "extended")) {
        plan_text(rel, "Parsed Logical Plan", out);
        hr_buf_adds(out, "== Analyzed Logical Plan ==\n");
        types_text(typed->schema, out);
        hr_print_rel(rel, 0, out);
        hr_buf_addc(out, '\n');
    }
    if (!strcasecmp(mode, "extended") || !strcasecmp(mode, "cost"))
        plan_text(rel, "Optimized Logical Plan", out);
    else if (strcasecmp(mode, "formatted"))
        return hr_fail(
            err, HR_E_INVALID,
            "unknown explain mode \"%s\": it is one of simple, extended, codegen, cost, formatted",
            mode);
    plan_text(rel, "Physical Plan", out);
    return statement_text(env, rel, out, err);
}
