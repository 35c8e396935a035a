/* hash, xxhash64, crc32, sha2, and raise_error. */
#include "host/engine/functions/element.h"
#include "base/hex.h"
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include "host/value/hash.h"
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct hasher {
    int64_t (*of_int)(int32_t value, int64_t seed);
    int64_t (*of_long)(int64_t value, int64_t seed);
    int64_t (*of_bytes)(const void *bytes, size_t len, int64_t seed);
};

static int64_t murmur_int(int32_t value, int64_t seed)
{
    return hr_murmur3_int(value, (int32_t)seed);
}
static int64_t murmur_long(int64_t value, int64_t seed)
{
    return hr_murmur3_long(value, (int32_t)seed);
}
static int64_t murmur_bytes(const void *bytes, size_t len, int64_t seed)
{
    return hr_murmur3_bytes(bytes, len, (int32_t)seed);
}

static const struct hasher murmur = {murmur_int, murmur_long, murmur_bytes},
                           xx = {hr_xxhash64_int, hr_xxhash64_long, hr_xxhash64_bytes};

static int64_t hash_at(const struct hasher *h,
                       duckdb_vector vector,
                       const struct hr_type *type,
                       idx_t row,
                       int64_t seed);

static int64_t hash_list(const struct hasher *h,
                         duckdb_vector vector,
                         const struct hr_type *type,
                         idx_t row,
                         int64_t seed)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++)
        seed = hash_at(h, child, type->element, i, seed);
    return seed;
}

#define NAN_FLOAT 0x7fc00000
#define NAN_DOUBLE INT64_C(0x7ff8000000000000)

/* every NaN is one, as in Java's bits of a float; so are the zeros */
static int64_t hash_real(
    const struct hasher *h, const struct hr_type *type, const void *data, idx_t row, int64_t seed)
{
    if (type->id == HR_TYPE_FLOAT) {
        float value = ((const float *)data)[row];
        int32_t bits;
        value = value == 0 ? 0 : value;
        memcpy(&bits, &value, sizeof bits);
        return h->of_int(isnan(value) ? NAN_FLOAT : bits, seed);
    }
    double value = ((const double *)data)[row];
    int64_t bits;
    value = value == 0 ? 0 : value;
    memcpy(&bits, &value, sizeof bits);
    return h->of_long(isnan(value) ? NAN_DOUBLE : bits, seed);
}

static int64_t hash_at(const struct hasher *h,
                       duckdb_vector vector,
                       const struct hr_type *type,
                       idx_t row,
                       int64_t seed)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    if ((valid && !duckdb_validity_row_is_valid(valid, row)) || type->id == HR_TYPE_VOID)
        return seed;
    void *data = duckdb_vector_get_data(vector);
    unsigned char bytes[16];
    duckdb_string_t *text = (duckdb_string_t *)data + row;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        return h->of_int(((bool *)data)[row], seed);
    case HR_TYPE_BYTE:
        return h->of_int(((int8_t *)data)[row], seed);
    case HR_TYPE_SHORT:
        return h->of_int(((int16_t *)data)[row], seed);
    case HR_TYPE_INT:
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        return h->of_int(((int32_t *)data)[row], seed);
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        return hash_real(h, type, data, row, seed);
    case HR_TYPE_DECIMAL: {
        hr_int128 value = hr_decimal_at(data, type, row);
        if (type->precision <= 18)
            return h->of_long((int64_t)value, seed);
        return h->of_bytes(bytes, hr_decimal_bytes(value, bytes), seed);
    }
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
        return h->of_bytes(duckdb_string_t_data(text), duckdb_string_t_length(*text), seed);
    case HR_TYPE_CALENDAR_INTERVAL: {
        const duckdb_interval *interval = (const duckdb_interval *)data + row;
        seed = h->of_int(interval->days, h->of_long(interval->micros, seed));
        return h->of_int(interval->months, seed);
    }
    case HR_TYPE_UDT:
        return hash_at(h, vector, type->element, row, seed);
    case HR_TYPE_ARRAY:
        return hash_list(h, vector, type, row, seed);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            seed = hash_at(h, duckdb_struct_vector_get_child(vector, i), type->fields[i].type, row,
                           seed);
        return seed;
    default:
        return h->of_long(((int64_t *)data)[row], seed);
    }
}

uint64_t hr_element_hash(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    return (uint64_t)hash_at(&xx, vector, type, row, 42);
}

static int64_t hash_row(const struct hasher *h, struct hr_rows *rows, idx_t row)
{
    int64_t seed = 42;
    for (size_t i = 0; i < rows->arg_count; i++)
        seed = hash_at(h, rows->args[i], rows->types->args[i], row, seed);
    return seed;
}

void hr_k_hash(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)hash_row(&murmur, rows, row);
}
void hr_k_xxhash64(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int64_t) = hash_row(&xx, rows, row);
}

/* approx_count_distinct: the register that a value falls into, and its rank there */
void hr_k_hll_key(struct hr_rows *rows, idx_t row)
{
    int bits = HR_ROW(rows, 1, row, int32_t);
    uint64_t hash = (uint64_t)hash_at(&xx, rows->args[0], rows->types->args[0], row, 42);
    int rank = __builtin_clzll(hash << bits | (uint64_t)1 << (bits - 1)) + 1;
    HR_OUT(rows, row, int64_t) = (int64_t)(hash >> (64 - bits) << 6 | (uint64_t)rank);
}

void hr_k_crc32(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    HR_OUT(rows, row, int64_t) = (int64_t)crc32_z(0, (const Bytef *)text.bytes, text.len);
}

void hr_k_sha2(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    int bits = HR_ROW(rows, 1, row, int32_t);
    const EVP_MD *kind = bits == 224                ? EVP_sha224()
                         : bits == 256 || bits == 0 ? EVP_sha256()
                         : bits == 384              ? EVP_sha384()
                         : bits == 512              ? EVP_sha512()
                                                    : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    if (!kind || !EVP_Digest(text.bytes, text.len, digest, &len, kind, NULL)) {
        hr_out_null(rows, row);
        return;
    }
    hr_hex_encode(digest, len, hex);
    hr_out_text(rows, row, hex, 2 * len);
}

void hr_k_raise_error(struct hr_rows *rows, idx_t row)
{
    struct hr_err err;
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf message;
    hr_buf_init(&message, HR_BUF_GROWS);
    hr_buf_add(&message, text.bytes, text.len);
    hr_fail_spark(&err, "USER_RAISED_EXCEPTION", "errorMessage", hr_buf_text(&message), NULL);
    hr_buf_release(&message);
    hr_kernel_fail(rows, &err);
}
