/* A DuckDB in memory, as every session has one: nothing is loaded or fetched behind our back, it
 * spills to a folder of its own, and its threads are ours. */
#ifndef HR_HOST_DUCK_DATABASE_H
#define HR_HOST_DUCK_DATABASE_H
#include "base/error.h"
#include <duckdb.h>
#include <pthread.h>
#include <stdint.h>

#define HR_DUCK_THREADS_MAX 64

struct hr_duck_options {
    int threads; /* 0: the processors that this process may use */
    int64_t memory_bytes;
    const char *spill_dir; /* it makes a folder of its own there; NULL: no spilling */
};

/* The threads beside a query's own. DuckDB has none of its own here: waking them costs a small
 * query more than it takes, so they are started when a query turns out to be long. */
struct hr_duck_helpers {
    pthread_t at[HR_DUCK_THREADS_MAX];
    int count, wanted, users;
    duckdb_task_state tasks;
    pthread_mutex_t lock;
};

struct hr_duck {
    duckdb_database database;
    char *spill; /* the folder; NULL: none */
    struct hr_duck_helpers helpers;
};

/* makes folder a process's own for spilling: 0700, held by *lock until that is closed, and without
 * what a killed one left; HR_E_EXISTS: another process spills there */
enum hr_code hr_duck_spill_claim(const char *folder, int *lock, struct hr_err *err);
enum hr_code hr_duck_open(const struct hr_duck_options *options,
                          struct hr_duck *duck,
                          struct hr_err *err);
/* no connection may be left; removes the folder */
void hr_duck_close(struct hr_duck *duck);

/* from the first help to as many ends of it, the helpers work */
void hr_duck_help(struct hr_duck *duck);
void hr_duck_help_ends(struct hr_duck *duck);
#endif
