/* The first column of a relation as literals: what the analyzer asks of the data (pivot …). */
#include "host/duck/literal.h"
#include "host/engine/query.h"

struct column_sink {
    struct hr_sink sink;
    struct hr_arena *arena;
    const struct hr_type *type;
    struct hr_literals *values;
    size_t limit;
};

static enum hr_code column_schema(struct hr_sink *sink,
                                  const struct hr_type *schema,
                                  struct hr_err *err)
{
    (void)err;
    ((struct column_sink *)sink)->type = schema->fields[0].type;
    return HR_OK;
}

static enum hr_code column_chunk(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    struct column_sink *s = (struct column_sink *)sink;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk) && s->values->count < s->limit;
         row++)
        s->values->at[s->values->count++] =
            hr_duck_literal(s->arena, duckdb_data_chunk_get_vector(chunk, 0), s->type, row);
    return HR_OK;
}

enum hr_code hr_engine_values(struct hr_engine *engine,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              size_t limit,
                              struct hr_literals *values,
                              struct hr_err *err)
{
    struct hr_query *query;
    *values = (struct hr_literals){HR_NEW_ARRAY(arena, struct hr_literal *, limit + 1), 0};
    struct column_sink sink = {{column_schema, column_chunk}, arena, NULL, values, limit};
    HR_TRY(hr_query_prepare(engine, arena, env, rel, &query, err));
    return hr_query_run(query, &sink.sink, err);
}
