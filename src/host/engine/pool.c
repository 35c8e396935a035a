#include "host/engine/pool.h"
#include "base/arena.h"
#include "base/check.h"
#include <stdlib.h>
#include <string.h>

void hr_pool_init(struct pool *pool, duckdb_database database)
{
    *pool = (struct pool){.database = database};
    pthread_mutex_init(&pool->lock, NULL);
    hr_map_init(&pool->registered);
}

void hr_pool_forget(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->statement_count) {
        struct statement *statement = &pool->statements[--pool->statement_count];
        duckdb_destroy_prepare(&statement->prepared);
        duckdb_disconnect(&statement->connection);
        free(statement->sql);
    }
    pthread_mutex_unlock(&pool->lock);
}

void hr_pool_release(struct pool *pool)
{
    hr_pool_forget(pool);
    while (pool->spare_count)
        duckdb_disconnect(&pool->spare[--pool->spare_count]);
    hr_map_release(&pool->registered);
    pthread_mutex_destroy(&pool->lock);
}

enum hr_code hr_pool_connect(struct pool *pool, duckdb_connection *out, struct hr_err *err)
{
    pthread_mutex_lock(&pool->lock);
    bool spare = pool->spare_count > 0;
    if (spare)
        *out = pool->spare[--pool->spare_count];
    pthread_mutex_unlock(&pool->lock);
    if (!spare && duckdb_connect(pool->database, out) != DuckDBSuccess)
        return hr_fail(err, HR_E_NOMEM, "the engine refused a connection");
    return HR_OK;
}

void hr_pool_give(struct pool *pool, duckdb_connection *connection)
{
    pthread_mutex_lock(&pool->lock);
    bool kept = pool->spare_count < HR_LEN(pool->spare);
    if (kept)
        pool->spare[pool->spare_count++] = *connection;
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        duckdb_disconnect(connection);
}

bool hr_pool_take_statement(struct pool *pool, const char *sql, struct statement *out)
{
    bool found = false;
    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < pool->statement_count && !found; i++) {
        found = !strcmp(pool->statements[i].sql, sql);
        if (!found)
            continue;
        *out = pool->statements[i];
        pool->statements[i] = pool->statements[--pool->statement_count];
    }
    pthread_mutex_unlock(&pool->lock);
    if (found)
        free(out->sql);
    return found;
}

/* where the next one stands: behind the others, or in the place of the one used longest ago */
static size_t place_of_next(struct pool *pool)
{
    size_t oldest = 0;
    if (pool->statement_count < HR_POOL_STATEMENTS_MAX)
        return pool->statement_count++;
    for (size_t i = 1; i < HR_POOL_STATEMENTS_MAX; i++)
        if (pool->statements[i].used < pool->statements[oldest].used)
            oldest = i;
    return oldest;
}

void hr_pool_give_statement(struct pool *pool,
                            const char *sql,
                            duckdb_connection connection,
                            duckdb_prepared_statement prepared)
{
    struct statement kept = {strdup(sql), connection, prepared, 0}, dropped = {0};
    HR_CHECK(kept.sql);
    pthread_mutex_lock(&pool->lock);
    kept.used = ++pool->statement_clock;
    bool is_full = pool->statement_count == HR_POOL_STATEMENTS_MAX;
    size_t place = place_of_next(pool);
    if (is_full)
        dropped = pool->statements[place];
    pool->statements[place] = kept;
    pthread_mutex_unlock(&pool->lock);
    if (!dropped.sql)
        return;
    free(dropped.sql);
    duckdb_destroy_prepare(&dropped.prepared);
    hr_pool_give(pool, &dropped.connection);
}
