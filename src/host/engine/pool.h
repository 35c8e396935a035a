/* What an engine keeps between queries: connections, prepared statements, registered kernels. Any
 * thread. */
#ifndef HR_HOST_ENGINE_POOL_H
#define HR_HOST_ENGINE_POOL_H
#include "base/map.h"
#include "base/error.h"
#include <duckdb.h>
#include <pthread.h>

#define HR_POOL_CONNECTIONS_MAX 8
#define HR_POOL_STATEMENTS_MAX 24

/* A statement kept prepared, idle, with the connection that it belongs to. */
struct statement {
    char *sql;
    duckdb_connection connection;
    duckdb_prepared_statement prepared;
    uint64_t used;
};

struct pool {
    duckdb_database database;
    pthread_mutex_t lock;     /* of what follows; taken alone */
    struct hr_map registered; /* kernels, by registered name */
    duckdb_connection spare[HR_POOL_CONNECTIONS_MAX];
    size_t spare_count;
    struct statement statements[HR_POOL_STATEMENTS_MAX];
    size_t statement_count;
    uint64_t statement_clock;
};

void hr_pool_init(struct pool *pool, duckdb_database database);
void hr_pool_release(struct pool *pool);
/* lets go of the statements, and so of the scans they read */
void hr_pool_forget(struct pool *pool);

enum hr_code hr_pool_connect(struct pool *pool, duckdb_connection *out, struct hr_err *err);
void hr_pool_give(struct pool *pool, duckdb_connection *connection);
/* the statement kept for this text, if there is one that nobody uses; the caller's then */
bool hr_pool_take_statement(struct pool *pool, const char *sql, struct statement *out);
/* keeps a statement for the next query of its text; the one used longest ago makes room */
void hr_pool_give_statement(struct pool *pool,
                            const char *sql,
                            duckdb_connection connection,
                            duckdb_prepared_statement prepared);
#endif
