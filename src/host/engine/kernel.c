/* Kernels: the table, specialisation, registration, and the frame in which a row function runs. */
#include "base/hex.h"
#include "host/duck/function.h"
#include "host/engine/budget.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/internal.h"
#include "host/duck/vector.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static const struct hr_kernel kernels[] = {
#define X(name, signature, flags) {#name, signature, flags, hr_k_##name, NULL, NULL},
    HR_KERNELS(X)
#undef X
#define X(name, signature, flags) {#name, signature, flags, hr_k_##name, NULL, hr_p_##name},
        HR_KERNELS_PREPARED(X)
#undef X
};

const struct hr_kernel *hr_kernel_find(const char *name, size_t len)
{
    for (size_t i = 0; i < HR_LEN(kernels); i++)
        if (!strncmp(kernels[i].name, name, len) && !kernels[i].name[len])
            return &kernels[i];
    return NULL;
}

void hr_out_null(struct hr_rows *rows, idx_t row)
{
    if (rows->is_nested) {
        hr_vector_null_all(rows->types->result, rows->result, row);
        return;
    }
    if (!rows->out_valid) {
        duckdb_vector_ensure_validity_writable(rows->result);
        rows->out_valid = duckdb_vector_get_validity(rows->result);
    }
    rows->out_valid[row / 64] &= ~(1ull << (row % 64));
}

bool hr_buf_whole(struct hr_rows *rows, const struct hr_buf *buf)
{
    char what[128];
    struct hr_err err;
    snprintf(what, sizeof what, "a text that the function %.64s makes", rows->name);
    if (!hr_buf_check(buf, what, &err))
        return true;
    hr_kernel_fail(rows, &err);
    return false;
}

void hr_out_buf(struct hr_rows *rows, idx_t row, const struct hr_buf *buf)
{
    if (hr_buf_whole(rows, buf))
        hr_out_text(rows, row, hr_buf_text(buf), hr_buf_len(buf));
}

void hr_kernel_fail(struct hr_rows *rows, const struct hr_err *err)
{
    char *text = hr_err_encoded(err);
    rows->failed = true;
    duckdb_scalar_function_set_error(rows->info, text);
    free(text);
}

struct registered {
    const struct hr_kernel *kernel;
    struct hr_kernel_types types;
    struct hr_arena *arena;
    struct budget *budget;
};

/* one thread's calls of one kernel in one statement; kept: what the kernel itself keeps so long */
struct kernel_run {
    struct budget *budget;
    const atomic_int *stop;
    int64_t taken;
    void *kept;
    void (*release)(void *kept);
};

static void give_back(struct kernel_run *run)
{
    hr_budget_give(run->budget, run->taken);
    run->taken = 0;
}

static void free_run(void *arg)
{
    struct kernel_run *run = arg;
    give_back(run);
    if (run->kept)
        run->release(run->kept);
    free(run->kept);
    free(run);
}

void *hr_kernel_kept(struct hr_rows *rows, size_t size, void (*release)(void *kept))
{
    struct kernel_run *run = rows->run;
    if (run->kept)
        return run->kept;
    run->kept = calloc(1, size);
    run->release = release;
    HR_CHECK(run->kept);
    return run->kept;
}

static void begin_run(duckdb_init_info info)
{
    const struct registered *r = duckdb_scalar_function_init_get_extra_info(info);
    struct kernel_run *run = calloc(1, sizeof *run);
    duckdb_client_context context;
    HR_CHECK(run);
    duckdb_scalar_function_init_get_client_context(info, &context);
    run->budget = r->budget;
    run->stop = hr_budget_stop_of(r->budget, duckdb_client_context_get_connection_id(context));
    duckdb_destroy_client_context(&context);
    duckdb_scalar_function_init_set_state(info, run, free_run);
}

bool hr_kernel_room(struct hr_rows *rows, uint64_t bytes)
{
    struct kernel_run *run = rows->run;
    struct hr_err err;
    if (rows->failed)
        return false;
    if (run->stop && atomic_load(run->stop)) {
        hr_fail(&err, HR_E_CANCELLED, "operation has been canceled");
        hr_kernel_fail(rows, &err);
        return false;
    }
    if (bytes <= INT64_MAX && hr_budget_take(run->budget, (int64_t)bytes)) {
        run->taken += (int64_t)bytes;
        return true;
    }
    hr_budget_used_up(run->budget, &err);
    hr_kernel_fail(rows, &err);
    return false;
}

static bool has_room(void *rows, uint64_t bytes)
{
    return hr_kernel_room(rows, bytes);
}

static void give_room(void *arg, uint64_t bytes)
{
    struct kernel_run *run = ((struct hr_rows *)arg)->run;
    /* what was refused was not taken */
    int64_t given = bytes < (uint64_t)run->taken ? (int64_t)bytes : run->taken;
    hr_budget_give(run->budget, given);
    run->taken -= given;
}

struct hr_watch hr_kernel_watching(struct hr_rows *rows)
{
    return (struct hr_watch){has_room, rows, give_room};
}

static void run_rows(const struct hr_kernel *kernel, struct hr_rows *rows)
{
    bool strict = !(kernel->flags & HR_K_NULLS);
    if (kernel->chunk) {
        kernel->chunk(rows);
        return;
    }
    for (idx_t row = 0; row < rows->count && !rows->failed; row++) {
        bool null = false;
        for (size_t i = 0; strict && i < rows->arg_count && !null; i++)
            null = hr_row_is_null(rows, i, row);
        if (null)
            hr_out_null(rows, row);
        else
            kernel->row(rows, row);
    }
}

static bool is_nested(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRUCT ||
           type->id == HR_TYPE_ARRAY ||
           type->id == HR_TYPE_MAP ||
           type->id == HR_TYPE_UDT;
}

static void run_kernel(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct registered *r = duckdb_scalar_function_get_extra_info(info);
    struct hr_rows rows = {.info = info,
                           .name = r->kernel->name,
                           .types = &r->types,
                           .count = duckdb_data_chunk_get_size(input),
                           .arg_count = duckdb_data_chunk_get_column_count(input),
                           .result = output,
                           .is_nested = is_nested(r->types.result)};
    rows.args = calloc(rows.arg_count + 1, sizeof *rows.args);
    rows.data = calloc(rows.arg_count + 1, sizeof *rows.data);
    rows.valid = calloc(rows.arg_count + 1, sizeof *rows.valid);
    HR_CHECK(rows.args && rows.data && rows.valid);
    for (size_t i = 0; i < rows.arg_count; i++) {
        rows.args[i] = duckdb_data_chunk_get_vector(input, i);
        rows.data[i] = duckdb_vector_get_data(rows.args[i]);
        rows.valid[i] = duckdb_vector_get_validity(rows.args[i]);
    }
    rows.out = duckdb_vector_get_data(output);
    rows.run = duckdb_scalar_function_get_state(info);
    give_back(rows.run);
    if (hr_vector_checked())
        hr_vector_poison(r->types.result, output, rows.count);
    run_rows(r->kernel, &rows);
    if (hr_vector_checked() && !rows.failed)
        hr_vector_check(r->types.result, output, rows.count, r->kernel->name);
    free(rows.args);
    free(rows.data);
    free(rows.valid);
}

static void release_registered(void *data)
{
    hr_arena_free(((struct registered *)data)->arena);
}

static const struct hr_type *letter_type(char letter)
{
    switch (letter) {
    case 's':
        return hr_type_basic(HR_TYPE_STRING);
    case 'i':
        return hr_type_basic(HR_TYPE_INT);
    case 'l':
        return hr_type_basic(HR_TYPE_LONG);
    case 'd':
        return hr_type_basic(HR_TYPE_DOUBLE);
    case 'b':
        return hr_type_basic(HR_TYPE_BOOLEAN);
    case 'y':
        return hr_type_basic(HR_TYPE_BINARY);
    case 'D':
        return hr_type_basic(HR_TYPE_DATE);
    case 'T':
        return hr_type_basic(HR_TYPE_TIMESTAMP);
    case 'N':
        return hr_type_basic(HR_TYPE_TIMESTAMP_NTZ);
    case 'F':
        return hr_type_basic(HR_TYPE_FLOAT);
    case 'h':
        return hr_type_basic(HR_TYPE_SHORT);
    case 'B':
        return hr_type_basic(HR_TYPE_BYTE);
    case 'm':
        return hr_type_basic(HR_TYPE_YEAR_MONTH);
    case 'u':
        return hr_type_basic(HR_TYPE_DAY_TIME);
    case 'v':
        return hr_type_basic(HR_TYPE_VOID);
    default:
        break;
    }
    HR_CHECK(!"letter of a kernel's signature");
    return NULL;
}

/* fixed signatures win over the types that the emitter saw: DuckDB then casts nothing silently,
 * since the emitter casts to them */
static void signature_types(struct hr_arena *arena,
                            const char *signature,
                            size_t count,
                            struct hr_kernel_types *types)
{
    types->result = letter_type(signature[0]);
    types->args = HR_NEW_ARRAY(arena, const struct hr_type *, count + 1);
    types->count = count;
    const char *p = signature + 2;
    char letter = 's';
    for (size_t i = 0; i < count; i++) {
        if (*p && *p != '*')
            letter = *p++;
        types->args[i] = letter_type(letter);
    }
}

/* the configuration that a prepared kernel sees: what its options captured when it was written */
struct captured {
    struct hr_env env;
    const struct hr_options *options;
};

static const char *captured_conf(struct hr_env *env, const char *key)
{
    return hr_option_get(((struct captured *)env)->options, key);
}

static enum hr_code prepare(const struct hr_kernel *kernel,
                            struct hr_arena *arena,
                            struct hr_kernel_types *types,
                            struct hr_err *err)
{
    static const struct hr_env_ops ops = {.conf = captured_conf};
    struct captured captured = {{&ops}, types->options};
    return kernel->prepare ? kernel->prepare(arena, &captured.env, types, err) : HR_OK;
}

#define KERNEL_NAME_MAX 128
#define DIGEST_CHARS 32 /* half a SHA-256: 128 bits tell a session's kernels apart */

/* everything that makes a kernel another one: types whole, zone, options */
static void kernel_key(const struct hr_kernel *kernel,
                       const struct hr_kernel_types *types,
                       struct hr_buf *out)
{
    hr_type_key(types->result, out);
    for (size_t i = 0; i < types->count; i++)
        hr_type_key(types->args[i], out);
    if (kernel->flags & HR_K_ZONE)
        hr_buf_addf(out, "@%s", hr_zone_name(types->zone));
    for (size_t i = 0; types->options && i < types->options->count; i++) {
        const struct hr_option *option = &types->options->at[i];
        hr_buf_addf(out, "@%zu:%s=%zu:%s", strlen(option->key), option->key, strlen(option->value),
                    option->value);
    }
}

/* hr_<name>_<digest of its key>: a name of bounded length, whatever the types. It needs no quotes.
 */
static enum hr_code kernel_name(const struct hr_kernel *kernel,
                                const struct hr_kernel_types *types,
                                char name[KERNEL_NAME_MAX],
                                struct hr_err *err)
{
    struct hr_buf key;
    unsigned char digest[EVP_MAX_MD_SIZE];
    hr_buf_init(&key, HR_BUF_GROWS);
    kernel_key(kernel, types, &key);
    bool whole = EVP_Digest(hr_buf_text(&key), hr_buf_len(&key), digest, NULL, EVP_sha256(), NULL);
    hr_buf_release(&key);
    if (!whole)
        return hr_fail(err, HR_E_NOMEM, "cannot digest the types of function '%s'", kernel->name);
    int len = snprintf(name, KERNEL_NAME_MAX, "hr_%s_", kernel->name);
    HR_CHECK(len > 0 && len + DIGEST_CHARS < KERNEL_NAME_MAX);
    hr_hex_encode(digest, DIGEST_CHARS / 2, name + len);
    return HR_OK;
}

static bool is_noted(const struct emit *e, const char *name)
{
    for (size_t i = 0; i < e->use_count; i++)
        if (!strcmp(e->uses[i].name, name))
            return true;
    return false;
}

static void note_use(struct emit *e,
                     const char *name,
                     const struct hr_kernel *kernel,
                     struct hr_kernel_types types)
{
    if (e->use_count == e->use_cap) {
        size_t cap = e->use_cap ? e->use_cap * 2 : 8;
        struct kernel_use *uses = HR_NEW_ARRAY(e->arena, struct kernel_use, cap);
        if (e->use_count)
            memcpy(uses, e->uses, e->use_count * sizeof *uses);
        e->uses = uses;
        e->use_cap = cap;
    }
    types.args =
        types.count ? hr_memdup(e->arena, types.args, types.count * sizeof *types.args) : NULL;
    e->uses[e->use_count++] = (struct kernel_use){hr_strdup(e->arena, name), kernel, types};
}

enum hr_code hr_emit_kernel(struct emit *e,
                            const char *name,
                            size_t len,
                            const struct hr_type *result,
                            const struct hr_type **args,
                            size_t count,
                            struct hr_buf *out)
{
    const struct hr_kernel *kernel = hr_kernel_find(name, len);
    if (!kernel)
        return hr_refuse(e->err, "function kernel '%.*s'", (int)len, name);
    struct hr_kernel_types types = {
        result, args, count, hr_zone_utc(), kernel->prepare ? e->kernel_options : NULL, NULL};
    HR_TRY(prepare(kernel, e->arena, &types, e->err));
    if (kernel->signature[0] != '?')
        signature_types(e->arena, kernel->signature, count, &types);
    const struct hr_zone *zone =
        kernel->flags & HR_K_ZONE ? hr_zone_find(e->zone, strlen(e->zone)) : NULL;
    if (zone)
        types.zone = zone;
    char registered[KERNEL_NAME_MAX];
    HR_TRY(kernel_name(kernel, &types, registered, e->err));
    hr_buf_adds(out, registered);
    if (!is_noted(e, registered))
        note_use(e, registered, kernel, types);
    return HR_OK;
}

/* the registered function owns a copy of its types: it outlives the query that asked for it */
static enum hr_code own_types(struct registered *r,
                              const struct kernel_use *use,
                              struct hr_err *err)
{
    r->types.result = hr_type_copy(r->arena, use->types.result);
    r->types.args = HR_NEW_ARRAY(r->arena, const struct hr_type *, use->types.count + 1);
    for (size_t i = 0; i < use->types.count; i++)
        r->types.args[i] = hr_type_copy(r->arena, use->types.args[i]);
    if (!use->types.options)
        return HR_OK;
    struct hr_options *options = HR_NEW(r->arena, struct hr_options);
    options->at = HR_NEW_ARRAY(r->arena, struct hr_option, use->types.options->count + 1);
    for (; options->count < use->types.options->count; options->count++) {
        const struct hr_option *from = &use->types.options->at[options->count];
        options->at[options->count] =
            (struct hr_option){hr_strdup(r->arena, from->key), hr_strdup(r->arena, from->value)};
    }
    r->types.options = options;
    return prepare(r->kernel, r->arena, &r->types, err);
}

enum hr_code hr_kernel_register(duckdb_connection connection,
                                struct budget *budget,
                                const struct kernel_use *use,
                                struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct registered *r = HR_NEW(arena, struct registered);
    *r = (struct registered){use->kernel, use->types, arena, budget};
    enum hr_code code = own_types(r, use, err);
    if (code) {
        hr_arena_free(arena);
        return code;
    }
    return hr_duck_scalar_register(
        connection,
        &(struct hr_duck_scalar){.name = use->name,
                                 .result = use->types.result,
                                 .args = use->types.args,
                                 .arg_count = use->types.count,
                                 .sees_nulls = use->kernel->flags & HR_K_NULLS,
                                 .is_volatile = use->kernel->flags & HR_K_VOLATILE,
                                 .extra = r,
                                 .release = release_registered,
                                 .init = begin_run,
                                 .run = run_kernel},
        err);
}
