/* Columns of small csv files, kept in memory: a column is parsed once, by the first statement that
 * wants it. */
#include "host/duck/type.h"
#include "host/format/csv/run.h"
#include "base/check.h"
#include <stdlib.h>

struct chunks {
    duckdb_data_chunk *at;
};
struct kept {
    struct hr_cached base;
    pthread_mutex_t lock;
    size_t column_count;
    /* by schema column: which chunks, which vector of them */
    struct chunks **of;
    idx_t *index;
    struct chunks **sets;
    size_t set_count;
    idx_t *rows;
    size_t chunk_count;
    bool counted;
    struct csv_local **owners;
    size_t owner_count; /* hold the bytes that strings point into */
};

static void kept_destroy(struct hr_cached *item)
{
    struct kept *kept = (struct kept *)item;
    for (size_t s = 0; s < kept->set_count; s++) {
        for (size_t i = 0; i < kept->chunk_count; i++)
            duckdb_destroy_data_chunk(&kept->sets[s]->at[i]);
        free(kept->sets[s]->at);
        free(kept->sets[s]);
    }
    for (size_t i = 0; i < kept->owner_count; i++)
        hr_csv_local_free(kept->owners[i]);
    pthread_mutex_destroy(&kept->lock);
    free(kept->owners);
    free(kept->sets);
    free(kept->of);
    free(kept->index);
    free(kept->rows);
    free(kept);
}

static struct kept *kept_new(size_t columns)
{
    struct kept *kept = calloc(1, sizeof *kept);
    HR_CHECK(kept);
    atomic_init(&kept->base.refs, 1);
    kept->base.destroy = kept_destroy;
    kept->base.cost = sizeof *kept;
    kept->column_count = columns;
    kept->of = calloc(columns + 1, sizeof *kept->of);
    kept->index = calloc(columns + 1, sizeof *kept->index);
    HR_CHECK(kept->of && kept->index);
    pthread_mutex_init(&kept->lock, NULL);
    return kept;
}

/* what one statement parses for the memory, until it is either kept or dropped as a whole */
struct parsing {
    /* the wanted columns that are not kept yet, each in the vector of its own place */
    struct column *columns;
    duckdb_logical_type *types;
    size_t count;
    /* chunks are NULL where no column is missing: then rows are only counted */
    struct chunks *set;
    idx_t *rows; /* of each chunk */
    size_t chunk_count, cap;
    idx_t total;
    /* of each unit, the one that holds the bytes of its strings */
    struct csv_local **owners;
    size_t owner_count;
};

static size_t value_bytes(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_DECIMAL ? 16 : 8;
}

static bool is_missing(const struct kept *kept, const struct column *column)
{
    return column->vector >= 0 && !kept->of[column->schema];
}

static void parsing_init(struct parsing *parsing,
                         const struct csv_run *run,
                         const struct kept *kept)
{
    *parsing = (struct parsing){0};
    parsing->columns = calloc(run->column_count + 1, sizeof *parsing->columns);
    parsing->types = calloc(run->column_count + 1, sizeof *parsing->types);
    parsing->owners = calloc(run->unit_count + 1, sizeof *parsing->owners);
    parsing->set = calloc(1, sizeof *parsing->set);
    HR_CHECK(parsing->columns && parsing->types && parsing->owners && parsing->set);
    for (size_t i = 0; i < run->column_count; i++) {
        const struct column *column = &run->columns[i];
        if (!is_missing(kept, column))
            continue;
        size_t at = parsing->count++;
        parsing->types[at] = hr_duck_type(column->type);
        parsing->columns[at] = *column;
        parsing->columns[at].vector = (int)at;
    }
}

/* what was kept meanwhile is no longer the parsing's */
static void parsing_release(struct parsing *parsing)
{
    for (size_t i = 0; i < parsing->count; i++)
        duckdb_destroy_logical_type(&parsing->types[i]);
    if (parsing->set)
        free(parsing->set->at);
    free(parsing->set);
    free(parsing->types);
    free(parsing->columns);
    free(parsing->owners);
    free(parsing->rows);
}

static void drop_parsed(struct parsing *parsing)
{
    for (size_t i = 0; i < parsing->chunk_count; i++)
        if (parsing->set->at[i])
            duckdb_destroy_data_chunk(&parsing->set->at[i]);
    for (size_t i = 0; i < parsing->owner_count; i++)
        hr_csv_local_free(parsing->owners[i]);
}

static void add_chunk(struct parsing *parsing, duckdb_data_chunk chunk, idx_t rows)
{
    if (parsing->chunk_count == parsing->cap) {
        parsing->cap = parsing->cap ? parsing->cap * 2 : 8;
        parsing->set->at = realloc(parsing->set->at, parsing->cap * sizeof *parsing->set->at);
        parsing->rows = realloc(parsing->rows, parsing->cap * sizeof *parsing->rows);
        HR_CHECK(parsing->set->at && parsing->rows);
    }
    parsing->set->at[parsing->chunk_count] = chunk;
    parsing->rows[parsing->chunk_count++] = rows;
    parsing->total += rows;
}

static enum hr_code parse_chunk(struct parsing *parsing,
                                struct csv_local *local,
                                struct hr_err *err)
{
    duckdb_data_chunk chunk = NULL;
    idx_t rows = 0;
    if (parsing->count) {
        chunk = duckdb_create_data_chunk(parsing->types, parsing->count);
        hr_csv_bind_vectors(local, chunk);
    }
    enum hr_code code = hr_csv_fill_rows(local, &rows, err);
    if (code || !rows) {
        if (chunk)
            duckdb_destroy_data_chunk(&chunk);
        return code;
    }
    if (chunk) {
        hr_csv_fill_partitions(local, rows);
        duckdb_data_chunk_set_size(chunk, rows);
    }
    add_chunk(parsing, chunk, rows);
    return HR_OK;
}

static enum hr_code parse_unit(struct parsing *parsing, struct csv_run *run, struct hr_err *err)
{
    struct csv_local *local = hr_csv_local_new(run);
    local->keeps = true;
    parsing->owners[parsing->owner_count++] = local;
    HR_TRY(hr_csv_next_unit(local, err));
    while (local->active)
        HR_TRY(parse_chunk(parsing, local, err));
    return HR_OK;
}

/* Every unit, by the columns that are missing: the run has its own again behind that. */
static enum hr_code parse_units(struct parsing *parsing, struct csv_run *run, struct hr_err *err)
{
    struct column *columns = run->columns;
    size_t column_count = run->column_count;
    run->columns = parsing->columns;
    run->column_count = parsing->count;
    enum hr_code code = HR_OK;
    for (size_t unit = 0; unit < run->unit_count && !code; unit++)
        code = parse_unit(parsing, run, err);
    run->columns = columns;
    run->column_count = column_count;
    atomic_store(&run->next_unit, 0);
    return code;
}

static void keep_owners(struct kept *kept, const struct parsing *parsing)
{
    size_t count = kept->owner_count + parsing->owner_count;
    kept->owners = realloc(kept->owners, (count + 1) * sizeof *kept->owners);
    HR_CHECK(kept->owners);
    for (size_t i = 0; i < parsing->owner_count; i++) {
        struct csv_local *owner = parsing->owners[i];
        owner->run = NULL;
        owner->watch = hr_watch_none(); /* what is kept outlives the statement */
        kept->owners[kept->owner_count++] = owner;
    }
}

static void keep_columns(struct kept *kept, struct parsing *parsing)
{
    if (!parsing->count)
        return;
    for (size_t i = 0; i < parsing->count; i++) {
        int schema = parsing->columns[i].schema;
        kept->of[schema] = parsing->set;
        kept->index[schema] = i;
    }
    kept->sets = realloc(kept->sets, (kept->set_count + 1) * sizeof *kept->sets);
    HR_CHECK(kept->sets);
    kept->sets[kept->set_count++] = parsing->set;
    parsing->set = NULL;
}

/* the chunks of every set have the same rows: the first set says which */
static void keep_rows(struct kept *kept, struct parsing *parsing)
{
    if (!kept->counted) {
        kept->counted = true;
        kept->rows = parsing->rows;
        kept->chunk_count = parsing->chunk_count;
        parsing->rows = NULL;
    }
    HR_CHECK(kept->chunk_count == parsing->chunk_count);
}

static size_t cost_of(const struct parsing *parsing)
{
    size_t cost = 0;
    for (size_t i = 0; i < parsing->count; i++)
        cost += parsing->total * value_bytes(parsing->columns[i].type);
    return cost;
}

/* parses the columns that are wanted and not there yet; the caller holds kept->lock */
static enum hr_code parse_kept(struct csv_run *run, struct kept *kept, struct hr_err *err)
{
    struct parsing parsing;
    parsing_init(&parsing, run, kept);
    enum hr_code code = parse_units(&parsing, run, err);
    if (code) {
        drop_parsed(&parsing);
    } else {
        keep_rows(kept, &parsing);
        keep_columns(kept, &parsing);
        keep_owners(kept, &parsing);
        hr_cache_grown(run->scan->format->cache, &kept->base, cost_of(&parsing));
    }
    parsing_release(&parsing);
    return code;
}

enum hr_code hr_csv_kept_open(struct csv_run *run, struct hr_err *err)
{
    struct hr_format *format = run->scan->format;
    struct kept *kept = (struct kept *)hr_cache_get(format->cache, run->state->key);
    if (!kept)
        kept = (struct kept *)hr_cache_put(format->cache, run->state->key,
                                           &kept_new(run->scan->schema->field_count + 1)->base);
    pthread_mutex_lock(&kept->lock);
    bool complete = kept->counted;
    for (size_t i = 0; i < run->column_count; i++)
        complete &= !is_missing(kept, &run->columns[i]);
    enum hr_code code = HR_OK;
    if (complete)
        atomic_fetch_add(&format->cache_hits, 1);
    else
        code = parse_kept(run, kept, err);
    pthread_mutex_unlock(&kept->lock);
    if (code) {
        hr_cached_drop(&kept->base);
        return code;
    }
    run->kept = kept;
    return HR_OK;
}

void hr_csv_kept_fill(struct csv_run *run, duckdb_data_chunk out)
{
    struct kept *kept = run->kept;
    size_t at = atomic_fetch_add(&run->next_chunk, 1);
    if (at >= kept->chunk_count) {
        duckdb_data_chunk_set_size(out, 0);
        return;
    }
    for (size_t v = 0; v < run->vector_count; v++) {
        int schema = run->vector_of[v];
        if (schema < 0)
            continue;
        duckdb_vector from =
            duckdb_data_chunk_get_vector(kept->of[schema]->at[at], kept->index[schema]);
        duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, v), from);
    }
    duckdb_data_chunk_set_size(out, kept->rows[at]);
}

void hr_csv_kept_drop(struct kept *kept)
{
    hr_cached_drop(kept ? &kept->base : NULL);
}
