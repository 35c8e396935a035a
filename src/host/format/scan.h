/* Scans: what stands behind one source while it is read. The table function hr_scan(id, wanted)
 * finds the scan by id and runs its operations on DuckDB's threads. A scan is immutable once
 * registered (its caches lock for themselves) and freed by its last reference. */
#ifndef HR_HOST_FORMAT_SCAN_H
#define HR_HOST_FORMAT_SCAN_H
#include "base/map.h"
#include "host/duck/vector.h"
#include "host/format/format.h"
#include "host/value/watch.h"
#include <pthread.h>
#include <stdatomic.h>

struct hr_scan;
struct hr_cache;

/* What one statement asks of a scan. required: columns that Spark's optimizer would ask for (they
 * decide which rows are malformed); out[i]: index into the scan's schema of output vector i, or -1
 * for a vector whose values nobody reads. */
struct hr_scan_want {
    const size_t *required;
    size_t required_count;
    const int *out;
    size_t out_count;
    /* ends the statement's reading; for every thread, as long as the statement */
    struct hr_watch watch;
};

struct hr_scan_ops {
    /* Begins a statement. *global is the scan's; *threads (1 when untouched) bounds the threads. */
    enum hr_code (*begin)(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err);
    /* one thread takes part; may be NULL */
    enum hr_code (*join)(struct hr_scan *scan, void *global, void **local, struct hr_err *err);
    /* Fills up to the vector size; 0 rows end this thread's part. Strings need to live until this
     * thread's next call. */
    enum hr_code (*fill)(void *global, void *local, duckdb_data_chunk out, struct hr_err *err);
    void (*leave)(void *local); /* may be NULL */
    void (*end)(void *global);
    void (*destroy)(struct hr_scan *scan); /* what the arena does not free; may be NULL */
};

struct hr_scan {
    int64_t id;
    atomic_int refs;
    const struct hr_scan_ops *ops;
    struct hr_format *format;
    struct hr_arena *arena; /* the scan's own; schema and state are in it */
    const struct hr_type *schema;
    uint64_t rows_guess; /* for DuckDB's optimizer; 0: unknown */
    /* SQL of each file's _metadata; NULL: not of files. The column behind the schema's last is then
     * the file's place in it, from 0, an INTEGER. */
    const char *file_list;
    /* names the very bytes (locations, versions, options): equal scans share one id; NULL: shared
     * with none */
    const char *identity;
    void *state;
};

struct hr_format {
    duckdb_database database;
    /* for statements of our own: registration, Parquet's schemas */
    duckdb_connection connection;
    pthread_mutex_t connection_lock;
    struct hr_blob *blob;
    pthread_mutex_t lock;   /* of scans */
    struct hr_scan **scans; /* open addressing by id */
    size_t scan_cap, scan_count;
    int64_t next_id;
    struct hr_map by_identity; /* weak, as scans is */
    struct hr_map swept;       /* lock: folder to the time when leftovers were looked for */
    struct hr_cache *cache;
    hr_stop_fn *stop_of;
    void *stop_arg;
    atomic_uint_fast64_t bytes_read, files_listed, rows_parsed, schema_hits, cache_hits;
};

/* a scan in an arena of its own, with one reference; ops, schema and state are set by the caller
 * before hr_scan_register */
struct hr_scan *hr_scan_new(struct hr_format *format, const struct hr_scan_ops *ops);
/* Takes the reference and returns one: to scan, or to a living scan of the same identity, so that
 * the same question of unchanged files is the same SQL text, which the engine has prepared already.
 */
struct hr_scan *hr_scan_register(struct hr_scan *scan);
void hr_scan_unref(struct hr_scan *scan);
/* the reference passes to the arena, and the source reads the scan */
struct hr_source *hr_scan_source(struct hr_arena *arena,
                                 struct hr_scan *scan,
                                 const char *format_name,
                                 const char *name);

/* what is read while a plan is analyzed ends when env says that it is cancelled */
struct hr_watch hr_env_watch(struct hr_env *env);
/* HR_E_CANCELLED: a watch ended the reading */
enum hr_code hr_scan_ended(struct hr_err *err);

/* registers the table function */
enum hr_code hr_scan_functions(struct hr_format *format, struct hr_err *err);
#endif
