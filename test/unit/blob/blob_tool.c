/* blob/ from the command line, for the tests in test/storage: options, then commands, each printing
 * lines of its own. blob_tool [--conf KEY=VALUE]… [--endpoint ACCOUNT=URL] [--ca FILE] [--timeout
 * MS] [--attempts N] [--ahead BYTES] [--range BYTES] COMMAND … A failure prints "error CODE:
 * message | hint" and exits with 1. */
#include "blob/blob.h"
#include "base/clock.h"
#include "host/duck/duckdb_fs.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tool {
    duckdb_database database;
    duckdb_connection connection;
    struct hr_blob *blob;
    struct hr_arena *arena;
    struct hr_err err;
    const struct hr_blob_cancel *cancel;
};

static void print_stat(const char *name, const struct hr_blob_stat *stat)
{
    printf("%s\t%s\t%" PRId64 "\t%s\n", stat->is_dir ? "dir" : "file", name, stat->size,
           stat->etag);
}

static enum hr_code do_stat(struct tool *tool, char **args)
{
    struct hr_blob_stat stat;
    HR_TRY(hr_blob_stat(tool->blob, args[0], &stat, tool->cancel, &tool->err));
    print_stat(args[0], &stat);
    return HR_OK;
}

static enum hr_code list(struct tool *tool, const char *folder, bool recursive, int max)
{
    struct hr_blob_list_options options = {.recursive = recursive, .max = max};
    do {
        struct hr_blob_page page;
        HR_TRY(hr_blob_list(tool->blob, tool->arena, folder, &options, &page, tool->cancel,
                            &tool->err));
        for (size_t i = 0; i < page.count; i++)
            print_stat(page.entries[i].name, &page.entries[i].stat);
        options.marker = page.marker;
    } while (options.marker);
    return HR_OK;
}

static enum hr_code do_ls(struct tool *tool, char **args)
{
    return list(tool, args[0], false, 0);
}
static enum hr_code do_lsr(struct tool *tool, char **args)
{
    return list(tool, args[0], true, 0);
}
static enum hr_code do_pages(struct tool *tool, char **args)
{
    return list(tool, args[0], true, 2);
}

static enum hr_code do_glob(struct tool *tool, char **args)
{
    struct hr_blob_page page;
    HR_TRY(hr_blob_glob(tool->blob, tool->arena, args[0], &page, tool->cancel, &tool->err));
    for (size_t i = 0; i < page.count; i++)
        print_stat(page.entries[i].location, &page.entries[i].stat);
    return HR_OK;
}

/* to standard output, in reads of args[1] bytes, with args[2] ms between them */
static enum hr_code do_cat(struct tool *tool, char **args)
{
    struct hr_blob_reader *reader;
    size_t size = strtoul(args[1], NULL, 10), got;
    char *bytes = hr_arena_alloc(tool->arena, size);
    HR_TRY(hr_blob_open(tool->blob, args[0], NULL, tool->cancel, &reader, &tool->err));
    enum hr_code code;
    while (!(code = hr_blob_read(reader, bytes, size, &got, &tool->err)) && got) {
        fwrite(bytes, 1, got, stdout);
        fflush(stdout);
        usleep((useconds_t)atoi(args[2]) * 1000);
    }
    hr_blob_close(reader);
    return code;
}

/* args[1] random reads of args[2] bytes, each compared with a whole read made first */
static enum hr_code do_random(struct tool *tool, char **args)
{
    struct hr_blob_reader *reader;
    char *whole;
    size_t len, got, size = strtoul(args[2], NULL, 10);
    HR_TRY(hr_blob_read_all(tool->blob, tool->arena, args[0], 1u << 30, &whole, &len, tool->cancel,
                            &tool->err));
    HR_TRY(hr_blob_open(tool->blob, args[0], NULL, tool->cancel, &reader, &tool->err));
    char *bytes = hr_arena_alloc(tool->arena, size);
    enum hr_code code = HR_OK;
    unsigned seed = 7;
    for (int i = 0; i < atoi(args[1]) && !code; i++) {
        int64_t offset =
            (int64_t)(((uint64_t)rand_r(&seed) << 16 ^ (uint64_t)rand_r(&seed)) % (len + 1));
        code = hr_blob_read_at(reader, bytes, size, offset, &got, &tool->err);
        size_t expect = len - (size_t)offset < size ? len - (size_t)offset : size;
        if (!code && (got != expect || memcmp(bytes, whole + offset, got)))
            code = hr_fail(&tool->err, HR_E_INTERNAL, "wrong bytes at %" PRId64, offset);
    }
    hr_blob_close(reader);
    if (!code)
        printf("same\n");
    return code;
}

/* args[1] bytes of a pattern, in writes of args[2] */
static enum hr_code put(struct tool *tool,
                        char **args,
                        const struct hr_blob_write_options *options,
                        bool commit)
{
    struct hr_blob_writer *writer;
    struct hr_blob_stat stat;
    size_t size = strtoul(args[1], NULL, 10), step = strtoul(args[2], NULL, 10);
    char *bytes = hr_arena_alloc(tool->arena, step);
    HR_TRY(hr_blob_create(tool->blob, args[0], options, tool->cancel, &writer, &tool->err));
    enum hr_code code = HR_OK;
    for (size_t done = 0; done < size && !code; done += step) {
        size_t n = size - done < step ? size - done : step;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)('a' + (done + i) * 7 % 26);
        code = hr_blob_write(writer, bytes, n, &tool->err);
    }
    if (code || !commit) {
        hr_blob_abort(writer);
        return code;
    }
    HR_TRY(hr_blob_commit(writer, &stat, &tool->err));
    if (stat.etag[0]) /* under a stage there is no version yet */
        print_stat(args[0], &stat);
    return HR_OK;
}

static enum hr_code do_put(struct tool *tool, char **args)
{
    return put(tool, args, NULL, true);
}
static enum hr_code do_abort(struct tool *tool, char **args)
{
    return put(tool, args, NULL, false);
}

static enum hr_code do_putnew(struct tool *tool, char **args)
{
    return put(tool, args, &(struct hr_blob_write_options){.overwrite = false}, true);
}

static enum hr_code do_putif(struct tool *tool, char **args)
{
    return put(tool, args, &(struct hr_blob_write_options){.if_match = args[3]}, true);
}

/* args[0]: a folder; args[1] files, one of them of several blocks; listed before and after the
 * commit */
static enum hr_code do_stage(struct tool *tool, char **args)
{
    struct hr_blob_stage *stage;
    HR_TRY(hr_blob_stage_begin(tool->blob, args[0], &stage, &tool->err));
    for (int i = 0; i < atoi(args[1]); i++) {
        char size[] = "9000000", step[] = "1000000", empty[] = "0";
        char *one[] = {hr_printf(tool->arena, "%s/part-%d", args[0], i), i == 1 ? empty : size,
                       step};
        enum hr_code code = put(tool, one, NULL, true);
        if (code) {
            hr_blob_stage_abort(stage);
            return code;
        }
    }
    struct hr_blob_page page;
    enum hr_code code =
        hr_blob_list_all(tool->blob, tool->arena, args[0], true, &page, tool->cancel, &tool->err);
    size_t visible = 0;
    for (size_t i = 0; i < page.count; i++)
        visible += strstr(page.entries[i].name, ".headrace-") == NULL;
    printf("before %s %zu\n", code == HR_E_NOT_FOUND ? "nothing" : "listed", visible);
    HR_TRY(hr_blob_stage_commit(stage, tool->cancel, &tool->err));
    return list(tool, args[0], true, 0);
}

static enum hr_code do_rm(struct tool *tool, char **args)
{
    return hr_blob_delete(tool->blob, args[0], false, tool->cancel, &tool->err);
}
static enum hr_code do_rmr(struct tool *tool, char **args)
{
    return hr_blob_delete(tool->blob, args[0], true, tool->cancel, &tool->err);
}
static enum hr_code do_mkdir(struct tool *tool, char **args)
{
    return hr_blob_mkdir(tool->blob, args[0], tool->cancel, &tool->err);
}
static enum hr_code do_mv(struct tool *tool, char **args)
{
    return hr_blob_rename(tool->blob, args[0], args[1], false, tool->cancel, &tool->err);
}

static enum hr_code do_counts(struct tool *tool, char **args)
{
    struct hr_blob_counts counts;
    (void)args;
    hr_blob_count(tool->blob, &counts);
    printf("requests=%" PRIu64 " retries=%" PRIu64 " read=%" PRIu64 " written=%" PRIu64 "\n",
           counts.requests, counts.retries, counts.bytes_read, counts.bytes_written);
    return HR_OK;
}

static bool after_a_while(void *arg)
{
    return hr_clock_mono_ns() > *(uint64_t *)arg;
}

/* commands behind it are cancelled after args[0] ms */
static enum hr_code do_cancel(struct tool *tool, char **args)
{
    static uint64_t when;
    static const struct hr_blob_cancel cancel = {after_a_while, &when};
    when = hr_clock_mono_ns() + strtoull(args[0], NULL, 10) * 1000000;
    tool->cancel = &cancel;
    return HR_OK;
}

/* SQL in DuckDB with blob/ registered; rows as text */
static enum hr_code do_sql(struct tool *tool, char **args)
{
    duckdb_result result;
    if (!tool->database) {
        duckdb_config config;
        duckdb_create_config(&config);
        duckdb_set_config(config, "autoload_known_extensions", "false");
        if (duckdb_open_ext(NULL, &tool->database, config, NULL) == DuckDBError)
            return hr_fail(&tool->err, HR_E_INTERNAL, "cannot open DuckDB");
        duckdb_destroy_config(&config);
        HR_TRY(hr_duckdb_fs_register(tool->database, tool->blob, &tool->err));
        duckdb_connect(tool->database, &tool->connection);
    }
    if (duckdb_query(tool->connection, args[0], &result) == DuckDBError) {
        if (!hr_err_decode(duckdb_result_error(&result), &tool->err))
            hr_fail(&tool->err, HR_E_INTERNAL, "%.2000s", duckdb_result_error(&result));
        duckdb_destroy_result(&result);
        return tool->err.code;
    }
    for (idx_t row = 0; row < duckdb_row_count(&result); row++)
        for (idx_t column = 0; column < duckdb_column_count(&result); column++) {
            char *text = duckdb_value_varchar(&result, column, row);
            printf("%s%s", text ? text : "NULL",
                   column + 1 < duckdb_column_count(&result) ? "\t" : "\n");
            duckdb_free(text);
        }
    duckdb_destroy_result(&result);
    return HR_OK;
}

static const struct {
    const char *name;
    int args;
    enum hr_code (*run)(struct tool *tool, char **args);
} commands[] = {
    {"stat", 1, do_stat},     {"ls", 1, do_ls},         {"lsr", 1, do_lsr},
    {"pages", 1, do_pages},   {"glob", 1, do_glob},     {"cat", 3, do_cat},
    {"random", 3, do_random}, {"put", 3, do_put},       {"putnew", 3, do_putnew},
    {"putif", 4, do_putif},   {"abort", 3, do_abort},   {"stage", 2, do_stage},
    {"rm", 1, do_rm},         {"rmr", 1, do_rmr},       {"mkdir", 1, do_mkdir},
    {"mv", 2, do_mv},         {"counts", 0, do_counts}, {"cancel", 1, do_cancel},
    {"sql", 1, do_sql},
};

static enum hr_code set_option(struct tool *tool,
                               struct hr_blob_config *config,
                               struct hr_blob_options *options,
                               const char **ca,
                               const char *option,
                               char *value)
{
    char *equals = strchr(value, '=');
    const char *key = equals ? hr_strndup(tool->arena, value, (size_t)(equals - value)) : "";
    if (!strcmp(option, "--conf"))
        return hr_blob_config_set(config, key, equals + 1, &tool->err);
    if (!strcmp(option, "--bearer"))
        return hr_blob_config_bearer(config, key, equals + 1, &tool->err);
    if (!strcmp(option, "--endpoint"))
        return hr_blob_config_endpoint(config, key, equals + 1, *ca, &tool->err);
    if (!strcmp(option, "--ca"))
        *ca = value;
    else if (!strcmp(option, "--timeout"))
        options->timeout_ms = atoi(value);
    else if (!strcmp(option, "--attempts"))
        options->attempts = atoi(value);
    else if (!strcmp(option, "--ahead"))
        options->read_ahead_bytes = strtoul(value, NULL, 10);
    else if (!strcmp(option, "--range"))
        options->range_bytes = strtoul(value, NULL, 10);
    else
        return hr_fail(&tool->err, HR_E_INVALID, "no option '%s'", option);
    return HR_OK;
}

static enum hr_code run_commands(struct tool *tool, int count, char **args)
{
    for (int i = 0; i < count;) {
        size_t at = 0;
        while (at < HR_LEN(commands) && strcmp(commands[at].name, args[i]))
            at++;
        if (at == HR_LEN(commands) || i + commands[at].args >= count)
            return hr_fail(&tool->err, HR_E_INTERNAL, "no command '%s'", args[i]);
        HR_TRY(commands[at].run(tool, args + i + 1));
        i += 1 + commands[at].args;
    }
    return HR_OK;
}

int main(int argc, char **argv)
{
    struct tool tool = {.arena = hr_arena_new(NULL)};
    struct hr_blob_config *config = hr_blob_config_new();
    struct hr_blob_options options = {0};
    const char *ca = NULL;
    enum hr_code code = HR_OK;
    int i = 1;
    for (; !code && i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2)
        code = set_option(&tool, config, &options, &ca, argv[i], argv[i + 1]);
    if (!code)
        code = hr_blob_new(config, &options, &tool.blob, &tool.err);
    if (!code)
        code = run_commands(&tool, argc - i, argv + i);
    fflush(stdout);
    if (code)
        fprintf(stderr, "error %s: %s | %s\n", hr_code_info(code)->name, tool.err.msg,
                tool.err.hint);
    if (tool.database) {
        duckdb_disconnect(&tool.connection);
        duckdb_close(&tool.database);
    }
    hr_blob_free(tool.blob);
    hr_blob_config_free(config);
    hr_arena_free(tool.arena);
    return code ? 1 : 0;
}
