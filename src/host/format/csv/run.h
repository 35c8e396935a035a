/* One statement's reading of csv, inside: what csv.c opens and plans, units.c cuts into pieces of
 * work, rows.c turns into vectors and kept.c keeps. A csv_scan belongs to the scan's arena; a
 * csv_run is a statement's, and shared by its threads; each thread has a csv_local. */
#ifndef HR_HOST_FORMAT_CSV_RUN_H
#define HR_HOST_FORMAT_CSV_RUN_H
#include "host/format/csv/csv.h"
#include "host/format/files/cache.h"
#include "host/format/files/query_strings.h"
#include "host/format/files/stream.h"
#include <pthread.h>
#include <stdatomic.h>

#define CHECK_BYTES 16

enum column_kind {
    COLUMN_TOKEN,
    COLUMN_CORRUPT,
    COLUMN_PARTITION,
    COLUMN_FILE /* the file's place, behind the schema's columns */
};

struct place {
    enum column_kind kind;
    int at;
}; /* token index, or partition index */

struct csv_scan {
    const struct hr_csv *csv;
    struct hr_files files;
    struct hr_strings *strings; /* instead of files, one record each */
    struct hr_text header;      /* strings equal to it make no row */
    /* every column: strings are parsed by the whole schema, whatever is asked for */
    size_t *all;
    struct place *places; /* of each column of the schema */
    /* tokens a record should have when nothing is pruned */
    size_t data_count;
    const char *key; /* in the cache */
    bool can_cache;
};

/* one column of a running statement. vector -1: only checked, its value goes nowhere */
struct column {
    int schema, vector;
    struct place place;
    const struct hr_type *type;
    void *data;
    uint64_t *validity;
    duckdb_vector into;
};

struct csv_run {
    struct hr_scan *scan;
    const struct csv_scan *state;
    struct column *columns;
    size_t column_count;
    /* schema column of each output vector, -1 none */
    int *vector_of;
    size_t vector_count;
    bool checks, pruned, wants_corrupt, only_count;
    size_t *unit_first;
    size_t unit_count; /* the first unit of each file, and their sum */
    atomic_size_t next_unit;
    struct hr_watch watch;
    pthread_mutex_t lock; /* of readers */
    struct hr_blob_reader **readers;
    struct kept *kept; /* columns from memory, or NULL */
    atomic_size_t next_chunk;
};

struct csv_local {
    struct csv_run *run;
    /* a copy of the run's, which may end before this does */
    struct hr_watch watch;
    struct hr_csv_lexer lexer;
    struct hr_bump bump;
    struct hr_bytes *bytes; /* of a small file, shared */
    struct hr_stream *stream;
    char *buffer;
    size_t cap, len;
    /* records that begin here or later belong to the next unit */
    const char *stop;
    int64_t offset; /* of buffer[0] in the file */
    size_t file;
    size_t string, string_end; /* of a slice of strings */
    bool active, whole, stream_end, is_utf8, keeps, counts;
    struct column *columns; /* this thread's copy */
    char scratch[CHECK_BYTES];
};

/* ---- units.c: pieces of work, and their bytes ---- */
void hr_csv_plan_units(struct csv_run *run);
/* the next unit of the run, its bytes before the lexer; local->active stays false when there is
 * none left */
enum hr_code hr_csv_next_unit(struct csv_local *local, struct hr_err *err);
/* more bytes behind those that end inside a record */
enum hr_code hr_csv_more(struct csv_local *local, struct hr_err *err);
bool hr_csv_all_ascii(const char *bytes, size_t len);

/* ---- rows.c: records to vectors ---- */
struct csv_local *hr_csv_local_new(struct csv_run *run);
void hr_csv_local_free(struct csv_local *local);
void hr_csv_bind_vectors(struct csv_local *local, duckdb_data_chunk out);
/* rows of one unit into the vectors of local->columns */
enum hr_code hr_csv_fill_rows(struct csv_local *local, idx_t *rows, struct hr_err *err);
void hr_csv_fill_partitions(struct csv_local *local, idx_t rows);

/* ---- kept.c: columns of small files stay in memory ---- */
/* run->kept, with every column that the run wants */
enum hr_code hr_csv_kept_open(struct csv_run *run, struct hr_err *err);
void hr_csv_kept_fill(struct csv_run *run, duckdb_data_chunk out);
void hr_csv_kept_drop(struct kept *kept); /* may be NULL */
#endif
