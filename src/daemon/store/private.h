/* What the store's further files share: statements by their text. store.c has the first tables,
 * each later file its own. */
#ifndef HR_DAEMON_STORE_PRIVATE_H
#define HR_DAEMON_STORE_PRIVATE_H
#include "daemon/store/store.h"
#include <sqlite3.h>

/* sql is a literal: it is prepared once and known by its address. kinds: t text (NULL allowed), i
 * int64_t, b bytes and size_t. */
/* NULL: it cannot be prepared */
sqlite3_stmt *hr_store_bind(struct hr_store *store, const char *sql, const char *kinds, ...);
/* a statement without rows */
enum hr_code hr_store_finish(struct hr_store *store, sqlite3_stmt *stmt, struct hr_err *err);
const char *hr_store_text(sqlite3_stmt *stmt, int column, struct hr_arena *arena);
/* rows of any struct of `size` bytes: `read` fills one from the current row. *at is in the arena.
 */
typedef void hr_store_read(sqlite3_stmt *stmt, struct hr_arena *arena, void *row);
enum hr_code hr_store_collect(struct hr_store *store,
                              sqlite3_stmt *stmt,
                              struct hr_arena *arena,
                              size_t size,
                              hr_store_read *read,
                              void **at,
                              size_t *count,
                              struct hr_err *err);
#endif
