/* The memory that a session may take, and who holds it to that. Three nets, each for what the
 * others do not see:
 *   - DuckDB's own limit (memory_limit): tables, sorts, joins; beyond it they spill, or the
 * statement fails;
 *   - kernels ask for room before they make much, and look whether they are to stop
 * (hr_kernel_room);
 *   - a thread watches what the process really holds, for DuckDB's functions and aggregates that
 * count nothing (list(), string_agg …): beyond the budget and HR_SESSION_MEMORY_MARGIN it ends the
 * engine's running statements. A statement that is ended so fails by name (OUT_OF_MEMORY); the
 * session goes on. One budget an engine; any thread. */
#ifndef HR_HOST_ENGINE_BUDGET_H
#define HR_HOST_ENGINE_BUDGET_H
#include "base/error.h"
#include <duckdb.h>
#include <stdatomic.h>

enum { STOP_NOT, STOP_CANCELLED, STOP_MEMORY };

/* one query that lives; in its hr_query. Whoever sets stop to something interrupts the connection
 * too. */
struct running {
    duckdb_connection connection;
    idx_t id;
    atomic_int stop;
    struct running *next;
};

struct budget;

/* what a session gets that is told nothing */
int64_t hr_budget_default(void);
struct budget *hr_budget_new(int64_t bytes); /* 0: budget_default */
/* NULL is fine; no query may live */
void hr_budget_free(struct budget *budget);
/* fails with OUT_OF_MEMORY and what to do */
enum hr_code hr_budget_used_up(const struct budget *budget, struct hr_err *err);

/* again for another connection */
void hr_budget_enter(struct budget *budget, struct running *query, duckdb_connection connection);
void hr_budget_leave(struct budget *budget, struct running *query);
/* DuckDB works for a query: the process is watched until … */
void hr_budget_begin(struct budget *budget);
void hr_budget_end(struct budget *budget);

/* the stop of the query on this connection, NULL: none; valid while DuckDB works for it */
const atomic_int *hr_budget_stop_of(struct budget *budget, idx_t connection_id);
/* for kernels; false: there is not so much, and nothing is taken */
bool hr_budget_take(struct budget *budget, int64_t bytes);
void hr_budget_give(struct budget *budget, int64_t bytes);
#endif
