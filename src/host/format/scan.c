#include "host/duck/function.h"
#include "host/duck/type.h"
#include "host/format/scan.h"
#include "host/format/files/files.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCANS_FIRST 64

/* ---- the registry: ids to scans, weak (an entry holds no reference) ---- */

static size_t slot_of(const struct hr_format *format, int64_t id)
{
    return (size_t)((uint64_t)id * 0x9e3779b97f4a7c15ull >> 20) & (format->scan_cap - 1);
}

static void insert(struct hr_format *format, struct hr_scan *scan)
{
    size_t i = slot_of(format, scan->id);
    while (format->scans[i])
        i = (i + 1) & (format->scan_cap - 1);
    format->scans[i] = scan;
}

static void grow(struct hr_format *format)
{
    size_t old_cap = format->scan_cap;
    struct hr_scan **old = format->scans;
    format->scan_cap = old_cap ? old_cap * 2 : SCANS_FIRST;
    format->scans = calloc(format->scan_cap, sizeof(struct hr_scan *));
    HR_CHECK(format->scans);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i])
            insert(format, old[i]);
    free(old);
}

static void forget(struct hr_format *format, struct hr_scan *scan)
{
    size_t mask = format->scan_cap - 1, i = slot_of(format, scan->id);
    while (format->scans[i] != scan)
        i = (i + 1) & mask;
    format->scans[i] = NULL;
    format->scan_count--;
    /* keep probe chains whole */
    for (size_t j = (i + 1) & mask; format->scans[j]; j = (j + 1) & mask) {
        struct hr_scan *moved = format->scans[j];
        format->scans[j] = NULL;
        insert(format, moved);
    }
}

static void scan_ref(struct hr_scan *scan);

static struct hr_scan *find(struct hr_format *format, int64_t id)
{
    struct hr_scan *found = NULL;
    pthread_mutex_lock(&format->lock);
    if (format->scan_cap) {
        for (size_t i = slot_of(format, id); format->scans[i]; i = (i + 1) & (format->scan_cap - 1))
            if (format->scans[i]->id == id)
                found = format->scans[i];
        if (found)
            scan_ref(found);
    }
    pthread_mutex_unlock(&format->lock);
    return found;
}

struct hr_scan *hr_scan_new(struct hr_format *format, const struct hr_scan_ops *ops)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_scan *scan = HR_NEW(arena, struct hr_scan);
    scan->arena = arena;
    scan->ops = ops;
    scan->format = format;
    atomic_init(&scan->refs, 1);
    return scan;
}

/* with the lock held: a living scan of the same identity, with a reference */
static struct hr_scan *find_same(struct hr_format *format, const struct hr_scan *scan)
{
    struct hr_scan *same = scan->identity ? hr_map_get(&format->by_identity, scan->identity) : NULL;
    if (same)
        atomic_fetch_add(&same->refs, 1);
    return same;
}

struct hr_scan *hr_scan_register(struct hr_scan *scan)
{
    struct hr_format *format = scan->format;
    pthread_mutex_lock(&format->lock);
    struct hr_scan *same = find_same(format, scan);
    if (!same) {
        scan->id = ++format->next_id;
        if ((format->scan_count + 1) * 2 > format->scan_cap)
            grow(format);
        insert(format, scan);
        format->scan_count++;
        if (scan->identity)
            hr_map_put(&format->by_identity, scan->identity, scan);
    }
    pthread_mutex_unlock(&format->lock);
    if (same)
        hr_scan_unref(scan);
    return same ? same : scan;
}

static void scan_ref(struct hr_scan *scan)
{
    atomic_fetch_add(&scan->refs, 1);
}

void hr_scan_unref(struct hr_scan *scan)
{
    struct hr_format *format = scan->format;
    /* find must not give a new reference to a scan that is going */
    pthread_mutex_lock(&format->lock);
    bool last = atomic_fetch_sub(&scan->refs, 1) == 1;
    if (last && scan->id) {
        forget(format, scan);
        if (scan->identity)
            hr_map_remove(&format->by_identity, scan->identity);
    }
    pthread_mutex_unlock(&format->lock);
    if (!last)
        return;
    if (scan->ops->destroy)
        scan->ops->destroy(scan);
    hr_arena_free(scan->arena);
}

static void unref_hook(void *scan)
{
    hr_scan_unref(scan);
}

static enum hr_code emit(const struct hr_source *source,
                         const size_t *wanted,
                         size_t count,
                         struct hr_buf *out,
                         struct hr_err *err)
{
    const struct hr_scan *scan = source->state;
    size_t columns = scan->schema->field_count;
    bool metadata = false;
    for (size_t i = 0; i < count; i++)
        metadata |= wanted[i] == columns;
    hr_buf_adds(out, metadata ? "(SELECT " : "");
    for (size_t i = 0; i < count && metadata; i++)
        if (wanted[i] == columns)
            hr_buf_addf(out, "%slist_extract(%s, s.c%zu + 1) AS c%zu", i ? ", " : "",
                        scan->file_list, i, i);
        else
            hr_buf_addf(out, "%ss.c%zu AS c%zu", i ? ", " : "", i, i);
    hr_buf_adds(out, metadata ? " FROM " : "");
    hr_buf_addf(out, "hr_scan(%lld, [", (long long)scan->id);
    for (size_t i = 0; i < count; i++) {
        HR_CHECK(wanted[i] < columns + metadata);
        hr_buf_addf(out, "%s%zu", i ? ", " : "", wanted[i]);
    }
    hr_buf_adds(out, metadata ? "]::INTEGER[]) AS s)" : "]::INTEGER[])");
    return hr_buf_check(out, "the statement", err);
}

struct hr_source *hr_scan_source(struct hr_arena *arena,
                                 struct hr_scan *scan,
                                 const char *format_name,
                                 const char *name)
{
    struct hr_source *source = HR_NEW(arena, struct hr_source);
    hr_arena_on_free(arena, unref_hook, scan);
    source->schema = scan->schema;
    source->metadata = scan->file_list ? hr_files_metadata_type(arena, false) : NULL;
    source->format = format_name;
    source->name = name;
    source->emit = emit;
    source->is_stable = scan->identity != NULL;
    source->state = scan;
    return source;
}

/* ---- ending ---- */

static bool not_cancelled(void *env, uint64_t made)
{
    const struct hr_env_ops *ops = ((struct hr_env *)env)->ops;
    (void)made;
    return !ops->is_cancelled || !ops->is_cancelled(env);
}

struct hr_watch hr_env_watch(struct hr_env *env)
{
    return (struct hr_watch){not_cancelled, env, NULL};
}

enum hr_code hr_scan_ended(struct hr_err *err)
{
    return hr_fail(err, HR_E_CANCELLED, "operation has been canceled");
}

/* ---- the table function ---- */

struct bound {
    struct hr_scan *scan;
    size_t *required;
    size_t count;
    idx_t connection;
};

struct running {
    struct hr_scan *scan;
    void *global;
    int *out;
    idx_t out_count;
};

struct joined {
    struct hr_scan *scan;
    void *local;
    bool begun;
};

static void bound_free(void *arg)
{
    struct bound *bound = arg;
    hr_scan_unref(bound->scan);
    free(bound->required);
    free(bound);
}

static void running_free(void *arg)
{
    struct running *running = arg;
    if (running->global)
        running->scan->ops->end(running->global);
    hr_scan_unref(running->scan);
    free(running->out);
    free(running);
}

static void joined_free(void *arg)
{
    struct joined *joined = arg; /* may outlive the running state */
    if (joined->local && joined->scan->ops->leave)
        joined->scan->ops->leave(joined->local);
    hr_scan_unref(joined->scan);
    free(joined);
}

static idx_t connection_of(duckdb_bind_info info)
{
    duckdb_client_context context;
    duckdb_table_function_get_client_context(info, &context);
    idx_t connection = duckdb_client_context_get_connection_id(context);
    duckdb_destroy_client_context(&context);
    return connection;
}

static void on_bind(duckdb_bind_info info)
{
    struct hr_format *format = duckdb_bind_get_extra_info(info);
    duckdb_value id = duckdb_bind_get_parameter(info, 0), list = duckdb_bind_get_parameter(info, 1);
    struct hr_scan *scan = find(format, duckdb_get_int64(id));
    duckdb_destroy_value(&id);
    if (!scan) {
        duckdb_destroy_value(&list);
        duckdb_bind_set_error(info, "the scan is closed");
        return;
    }
    struct bound *bound = calloc(1, sizeof *bound);
    HR_CHECK(bound);
    bound->scan = scan;
    bound->connection = connection_of(info);
    bound->count = duckdb_get_list_size(list);
    bound->required = calloc(bound->count + 1, sizeof(size_t));
    HR_CHECK(bound->required);
    for (size_t i = 0; i < bound->count; i++) {
        duckdb_value item = duckdb_get_list_child(list, i);
        bound->required[i] = (size_t)duckdb_get_int64(item);
        duckdb_destroy_value(&item);
        bool is_file = scan->file_list && bound->required[i] == scan->schema->field_count;
        HR_CHECK(is_file || bound->required[i] < scan->schema->field_count);
        char name[24];
        snprintf(name, sizeof name, "c%zu", i);
        duckdb_logical_type type = hr_duck_type(
            is_file ? hr_type_basic(HR_TYPE_INT) : scan->schema->fields[bound->required[i]].type);
        duckdb_bind_add_result_column(info, name, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_destroy_value(&list);
    if (!bound->count) {
        duckdb_logical_type type = hr_duck_type(hr_type_basic(HR_TYPE_BOOLEAN));
        duckdb_bind_add_result_column(info, "c0", type);
        duckdb_destroy_logical_type(&type);
    }
    if (scan->rows_guess)
        duckdb_bind_set_cardinality(info, scan->rows_guess, false);
    duckdb_bind_set_bind_data(info, bound, bound_free);
}

static bool not_stopped(void *stop, uint64_t made)
{
    /* what readers hold is seen by the engine's watch over the process */
    (void)made;
    return !atomic_load((const atomic_int *)stop);
}

static struct hr_watch watch_of(const struct bound *bound)
{
    const struct hr_format *format = bound->scan->format;
    const atomic_int *stop =
        format->stop_of ? format->stop_of(format->stop_arg, bound->connection) : NULL;
    return stop ? (struct hr_watch){not_stopped, (void *)stop, NULL} : hr_watch_none();
}

static void on_init(duckdb_init_info info)
{
    struct bound *bound = duckdb_init_get_bind_data(info);
    struct running *running = calloc(1, sizeof *running);
    idx_t count = duckdb_init_get_column_count(info);
    HR_CHECK(running);
    running->out = calloc(count + 1, sizeof(int));
    running->out_count = count;
    HR_CHECK(running->out);
    running->scan = bound->scan;
    scan_ref(running->scan);
    for (idx_t i = 0; i < count; i++) {
        idx_t column = duckdb_init_get_column_index(info, i);
        /* a row id, or the count's stand-in */
        running->out[i] = column < bound->count ? (int)bound->required[column] : -1;
    }
    struct hr_scan_want want = {bound->required, bound->count, running->out, count,
                                watch_of(bound)};
    uint64_t threads = 1;
    struct hr_err err = {0};
    if (running->scan->ops->begin(running->scan, &want, &running->global, &threads, &err)) {
        char *text = hr_err_encoded(&err);
        duckdb_init_set_error(info, text);
        free(text);
        running_free(running);
        return;
    }
    duckdb_init_set_max_threads(info, threads);
    duckdb_init_set_init_data(info, running, running_free);
}

static void on_join(duckdb_init_info info)
{
    struct bound *bound = duckdb_init_get_bind_data(info);
    struct joined *joined = calloc(1, sizeof *joined);
    HR_CHECK(joined);
    joined->scan = bound->scan;
    scan_ref(joined->scan);
    /* joins in the first call, where the global state can be had */
    duckdb_init_set_init_data(info, joined, joined_free);
}

/* the columns that hold others; a simple one may stand for its value in every row (a partition's),
 * which cannot be told from here */
static void check_filled(const struct running *running, duckdb_data_chunk out)
{
    const struct hr_type *schema = running->scan->schema;
    for (idx_t i = 0; i < running->out_count; i++) {
        if (running->out[i] < 0 || (size_t)running->out[i] >= schema->field_count)
            continue;
        const struct hr_type *type = schema->fields[running->out[i]].type;
        if (type->id == HR_TYPE_STRUCT || type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP)
            hr_vector_check(type, duckdb_data_chunk_get_vector(out, i),
                            duckdb_data_chunk_get_size(out), "scan");
    }
}

static void on_fill(duckdb_function_info info, duckdb_data_chunk out)
{
    struct running *running = duckdb_function_get_init_data(info);
    struct joined *joined = duckdb_function_get_local_init_data(info);
    const struct hr_scan_ops *ops = running->scan->ops;
    struct hr_err err = {0};
    enum hr_code code = HR_OK;
    if (!joined->begun) {
        joined->begun = true;
        if (ops->join)
            code = ops->join(running->scan, running->global, &joined->local, &err);
    }
    if (!code)
        code = ops->fill(running->global, joined->local, out, &err);
    if (!code && hr_vector_checked())
        check_filled(running, out);
    if (code) {
        char *text = hr_err_encoded(&err);
        duckdb_function_set_error(info, text);
        free(text);
        duckdb_data_chunk_set_size(out, 0);
    }
}

enum hr_code hr_scan_functions(struct hr_format *format, struct hr_err *err)
{
    const struct hr_type *integer = hr_type_basic(HR_TYPE_INT);
    const struct hr_type columns = {.id = HR_TYPE_ARRAY, .element = integer};
    const struct hr_type *args[] = {hr_type_basic(HR_TYPE_LONG), &columns};
    return hr_duck_table_register(format->connection,
                                  &(struct hr_duck_table){.name = "hr_scan",
                                                          .args = args,
                                                          .arg_count = HR_LEN(args),
                                                          .extra = format,
                                                          .bind = on_bind,
                                                          .init = on_init,
                                                          .join = on_join,
                                                          .fill = on_fill},
                                  err);
}
