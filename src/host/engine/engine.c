/* The engine: a DuckDB in memory, what is kept between queries, and a budget. */
#include "host/engine/query.h"
#include <stdlib.h>

enum hr_code hr_engine_open(const struct hr_engine_options *options,
                            struct hr_engine **out,
                            struct hr_err *err)
{
    static const struct hr_engine_options none;
    struct hr_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return hr_fail(err, HR_E_NOMEM, "no memory for an engine");
    options = options ? options : &none;
    int64_t memory = options->memory_bytes > 0 ? options->memory_bytes : hr_budget_default();
    struct hr_duck_options opening = {options->threads, memory, options->spill_dir};
    enum hr_code code = hr_duck_open(&opening, &engine->duck, err);
    if (code) {
        free(engine);
        return code;
    }
    hr_pool_init(&engine->pool, engine->duck.database);
    engine->budget = hr_budget_new(options->memory_bytes);
    *out = engine;
    return HR_OK;
}

void hr_engine_forget(struct hr_engine *engine)
{
    if (engine)
        hr_pool_forget(&engine->pool);
}

void hr_engine_close(struct hr_engine *engine)
{
    if (!engine)
        return;
    hr_pool_release(&engine->pool);
    hr_duck_close(&engine->duck);
    hr_budget_free(engine->budget);
    free(engine);
}

duckdb_database hr_engine_database(struct hr_engine *engine)
{
    return engine->duck.database;
}

const atomic_int *hr_engine_stop_of(void *engine, idx_t connection)
{
    return hr_budget_stop_of(((struct hr_engine *)engine)->budget, connection);
}
