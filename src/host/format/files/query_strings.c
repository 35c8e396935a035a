#include "host/format/files/query_strings.h"
#include "base/check.h"
#include "host/format/files/cache.h"
#include <stdlib.h>

static void add(struct hr_strings *strings, const char *bytes, size_t len)
{
    if (strings->len + len + HR_BYTES_PAD > strings->room) {
        strings->room = (strings->len + len + HR_BYTES_PAD) * 2 + 4096;
        strings->bytes = realloc(strings->bytes, strings->room);
        HR_CHECK(strings->bytes);
    }
    if (strings->count == strings->cap) {
        strings->cap = strings->cap * 2 + 256;
        strings->starts = realloc(strings->starts, strings->cap * sizeof *strings->starts);
        strings->ends = realloc(strings->ends, strings->cap * sizeof *strings->ends);
        HR_CHECK(strings->starts && strings->ends);
    }
    if (len)
        memcpy(strings->bytes + strings->len, bytes, len);
    memset(strings->bytes + strings->len + len, 0, HR_BYTES_PAD);
    strings->starts[strings->count] = strings->len;
    strings->ends[strings->count++] = strings->len + len;
    strings->len += len + HR_BYTES_PAD;
}

struct taking {
    struct hr_strings *strings;
    bool (*keeps)(const void *arg, struct hr_text text);
    const void *arg;
};

static enum hr_code take(void *arg, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    const struct taking *taking = arg;
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
    duckdb_string_t *values = duckdb_vector_get_data(vector);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
        if (validity && !duckdb_validity_row_is_valid(validity, i))
            continue;
        struct hr_text text = {duckdb_string_t_data(&values[i]), duckdb_string_t_length(values[i])};
        if (!taking->keeps || taking->keeps(taking->arg, text))
            add(taking->strings, text.bytes, text.len);
    }
    return HR_OK;
}

enum hr_code hr_strings_pull(struct hr_strings *strings,
                             struct hr_format_rows *rows,
                             bool (*keeps)(const void *arg, struct hr_text text),
                             const void *arg,
                             struct hr_err *err)
{
    struct taking taking = {strings, keeps, arg};
    return rows->pull(rows, take, &taking, err);
}

void hr_strings_release(struct hr_strings *strings)
{
    free(strings->bytes);
    free(strings->starts);
    free(strings->ends);
}
