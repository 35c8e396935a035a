/* Arrow batches of results, with each append failing once: the same bytes or a named error, never a shorter batch. Without
 * nulls: what stands under one is nobody's, and differs. */
#include "host/connect/result.h"
#include "host/connect/texts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../torture.h"

#define BYTES_MAX 65536
#define ROWS "SELECT c0::INTEGER c0, c1, c2::DOUBLE c2, c3::INTEGER[] c3 FROM (VALUES (1, 'one', 1.5, [1, 2]), (4, '', -2.5, [3, 4, 5]), " \
    "(-7, 'a text of more than twelve bytes', 0.1, [6])) t(c0, c1, c2, c3)"

static duckdb_connection connection;
struct batches { enum hr_arrow_codec codec; bool known; size_t len, known_len; char bytes[BYTES_MAX], first[BYTES_MAX]; };

static enum hr_code deliver(void *arg, int64_t rows, char *bytes, size_t len, struct hr_err *err)
{
    struct batches *batches = arg;
    (void)err, (void)rows;
    assert_true(batches->len + len <= BYTES_MAX);
    memcpy(batches->bytes + batches->len, bytes, len);
    batches->len += len;
    free(bytes);
    return HR_OK;
}

static const struct hr_type *schema_of(struct hr_arena *arena)
{
    const struct hr_type *types[] = {hr_type_basic(HR_TYPE_INT), hr_type_basic(HR_TYPE_STRING), hr_type_basic(HR_TYPE_DOUBLE),
                                     hr_type_array(arena, hr_type_basic(HR_TYPE_INT), true)};
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, 4);
    for (size_t i = 0; i < 4; i++)
        fields[i] = (struct hr_field){.name = hr_printf(arena, "c %zu", i), .type = types[i], .nullable = true};
    return hr_type_struct(arena, fields, 4);
}

static enum hr_code add_all(struct hr_result *result, struct hr_err *err)
{
    duckdb_result rows;
    enum hr_code code = HR_OK;
    assert_int_equal(duckdb_query(connection, ROWS, &rows), DuckDBSuccess);
    for (duckdb_data_chunk chunk; !code && (chunk = duckdb_fetch_chunk(rows));) {
        code = hr_result_add(result, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&rows);
    return code ? code : hr_result_finish(result, err);
}

static enum hr_code send(void *arg)
{
    struct batches *batches = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_result_options options = {.timezone = "UTC", .codec = batches->codec, .level = 1};
    struct hr_result *result;
    struct hr_err err = {0};
    batches->len = 0;
    enum hr_code code = hr_result_new(arena, schema_of(arena), &options, deliver, batches, &result, &err);
    if (!code)
        code = add_all(result, &err);
    hr_arena_free(arena);
    if (code) {
        assert_int_not_equal(code, HR_E_INTERNAL);
        assert_true(*err.msg);
        return code;
    }
    if (!batches->known)
        memcpy(batches->first, batches->bytes, batches->known_len = batches->len);
    batches->known = true;
    assert_int_equal(batches->len, batches->known_len);
    assert_memory_equal(batches->bytes, batches->first, batches->len);
    return HR_OK;
}

static void test_results(void **state)
{
    (void)state;
    static const enum hr_arrow_codec codecs[] = {HR_ARROW_PLAIN, HR_ARROW_ZSTD};
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        static struct batches batches;
        batches = (struct batches){.codec = codecs[i]};
        assert_int_equal(send(&batches), HR_OK);
        assert_int_equal(send(&batches), HR_OK);       /* it is the same each time */
        long refused = hr_torture(send, &batches);
        print_message("%ld appends, %zu bytes\n", refused, batches.len);
        assert_true(refused > 0 && batches.len > 100);
    }
}

int main(void)
{
    duckdb_database database;
    if (duckdb_open(NULL, &database) != DuckDBSuccess || duckdb_connect(database, &connection) != DuckDBSuccess)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_results)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    return failed;
}
