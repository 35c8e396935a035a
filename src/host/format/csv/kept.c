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

static size_t value_bytes(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_DECIMAL ? 16 : 8;
}

/* parses the columns that are wanted and not there yet; the caller holds kept->lock */
static enum hr_code parse_kept(struct csv_run *run, struct kept *kept, struct hr_err *err)
{
    size_t count = 0, cap = 0, chunks = 0;
    struct column *all = run->columns;
    size_t all_count = run->column_count;
    struct column *missing = calloc(all_count + 1, sizeof *missing);
    duckdb_logical_type *types = calloc(all_count + 1, sizeof *types);
    HR_CHECK(missing && types);
    for (size_t i = 0; i < all_count; i++) {
        if (all[i].vector < 0 || kept->of[all[i].schema])
            continue;
        types[count] = hr_duck_type(all[i].type);
        missing[count] = all[i];
        missing[count].vector = (int)count;
        count++;
    }
    struct chunks *set = calloc(1, sizeof *set);
    struct csv_local **owners = NULL;
    size_t owner_count = 0;
    idx_t *rows = NULL, total = 0;
    HR_CHECK(set);
    run->columns = missing;
    run->column_count = count;
    enum hr_code code = HR_OK;
    for (size_t unit = 0; unit < run->unit_count && !code; unit++) {
        struct csv_local *local = hr_csv_local_new(run); /* owns the bytes of this unit's strings */
        owners = realloc(owners, (owner_count + 1) * sizeof *owners);
        HR_CHECK(owners);
        owners[owner_count++] = local;
        local->keeps = true;
        code = hr_csv_next_unit(local, err);
        while (!code && local->active) {
            duckdb_data_chunk chunk = count ? duckdb_create_data_chunk(types, count) : NULL;
            idx_t got = 0;
            if (chunk)
                hr_csv_bind_vectors(local, chunk);
            code = hr_csv_fill_rows(local, &got, err);
            if (!code && got && chunk) {
                hr_csv_fill_partitions(local, got);
                duckdb_data_chunk_set_size(chunk, got);
            }
            if (code || !got) {
                if (chunk)
                    duckdb_destroy_data_chunk(&chunk);
                continue;
            }
            if (chunks == cap) {
                cap = cap ? cap * 2 : 8;
                set->at = realloc(set->at, cap * sizeof *set->at);
                rows = realloc(rows, cap * sizeof *rows);
                HR_CHECK(set->at && rows);
            }
            set->at[chunks] = chunk;
            rows[chunks++] = got;
            total += got;
        }
    }
    run->columns = all;
    run->column_count = all_count;
    atomic_store(&run->next_unit, 0);
    size_t cost = 0;
    for (size_t i = 0; i < count; i++)
        cost += total * value_bytes(missing[i].type);
    for (size_t i = 0; i < owner_count; i++) {
        owners[i]->run = NULL;
        owners[i]->watch = hr_watch_none(); /* what is kept outlives the statement */
    }
    if (!code) {
        for (size_t i = 0; i < count; i++) {
            kept->of[missing[i].schema] = set;
            kept->index[missing[i].schema] = i;
        }
        if (!kept->counted) {
            kept->counted = true;
            kept->rows = rows;
            kept->chunk_count = chunks;
            rows = NULL;
        }
        HR_CHECK(kept->chunk_count == chunks);
        kept->owners =
            realloc(kept->owners, (kept->owner_count + owner_count + 1) * sizeof *kept->owners);
        kept->sets = realloc(kept->sets, (kept->set_count + 1) * sizeof *kept->sets);
        HR_CHECK(kept->owners && kept->sets);
        if (owner_count)
            memcpy(kept->owners + kept->owner_count, owners, owner_count * sizeof *owners);
        kept->owner_count += owner_count;
        if (count) {
            kept->sets[kept->set_count++] = set;
            set = NULL;
        }
        hr_cache_grown(run->scan->format->cache, &kept->base, cost);
    } else {
        for (size_t i = 0; i < chunks; i++)
            if (set->at[i])
                duckdb_destroy_data_chunk(&set->at[i]);
        for (size_t i = 0; i < owner_count; i++)
            hr_csv_local_free(owners[i]);
    }
    if (set) {
        free(set->at);
        free(set);
    }
    for (size_t i = 0; i < count; i++)
        duckdb_destroy_logical_type(&types[i]);
    free(types);
    free(missing);
    free(owners);
    free(rows);
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
        complete &= run->columns[i].vector < 0 || kept->of[run->columns[i].schema];
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
