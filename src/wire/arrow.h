/* Arrow's IPC stream format (metadata version 5), bytes in and bytes out: the writer that connect/
 * answers with and the reader of the local relations that clients send. The flatbuffers of the
 * metadata are written and read here; every offset that is read is checked, so an array that
 * hr_arrow_read returns may be walked without further checks.
 *
 * Any thread. The writer appends to the caller's buffer; the reader's result points into the
 * caller's bytes (or, when a body was compressed or badly aligned, into the arena) and lives as
 * long as both. Not supported, and refused by name: dictionaries, unions, views, run-end encoding,
 * big endian. */
#ifndef HR_WIRE_ARROW_H
#define HR_WIRE_ARROW_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/*    kind              bytes a value (0: none or by offsets; -1: one bit) */
/* clang-format off */
#define HR_ARROW_KINDS(X) \
    X(NULL, 0) X(BOOL, -1) X(INT8, 1) X(INT16, 2) X(INT32, 4) X(INT64, 8) X(UINT8, 1) X(UINT16, 2) X(UINT32, 4) X(UINT64, 8) \
    X(FLOAT16, 2) X(FLOAT, 4) X(DOUBLE, 8) X(DECIMAL128, 16) X(DATE32, 4) X(DATE64, 8) X(TIME32, 4) X(TIME64, 8) X(TIMESTAMP, 8) X(DURATION, 8) \
    X(MONTHS, 4) X(DAY_TIME, 8) X(MONTH_DAY_NANO, 16) X(UTF8, 0) X(LARGE_UTF8, 0) X(BINARY, 0) X(LARGE_BINARY, 0) \
    X(FIXED_BINARY, 0) X(LIST, 0) X(LARGE_LIST, 0) X(MAP, 0) X(STRUCT, 0)
/* clang-format on */

enum hr_arrow_kind {
#define X(name, width) HR_ARROW_##name,
    HR_ARROW_KINDS(X)
#undef X
        HR_ARROW_KIND_COUNT
};
enum hr_arrow_unit { HR_ARROW_SECOND, HR_ARROW_MILLI, HR_ARROW_MICRO, HR_ARROW_NANO };

#define HR_ARROW_DEPTH_MAX 100     /* nesting of fields */
#define HR_ARROW_FIELDS_MAX 100000 /* of one schema, nested ones included */

struct hr_arrow_field {
    const char *name;
    enum hr_arrow_kind kind;
    bool nullable;
    int precision, scale;    /* decimal */
    int width;               /* fixed binary: bytes a value */
    enum hr_arrow_unit unit; /* time, timestamp, duration */
    const char *timezone;    /* timestamp; NULL: without */
    /* list: one; struct: any; map: one struct of key and value */
    struct hr_arrow_field *children;
    size_t child_count;
    /* one pair, written when the key is not NULL; not read */
    const char *metadata_key, *metadata_value;
};

struct hr_arrow_schema {
    struct hr_arrow_field *fields;
    size_t count;
};

struct hr_arrow_array {
    int64_t length, null_count;
    /* a bit a value, least significant first, 1: valid; NULL: none is null */
    const uint8_t *validity;
    /* length + 1 int32 (int64 of the LARGE kinds) of strings, binaries, lists, maps */
    const void *offsets;
    const void *data; /* values; bytes of strings and binaries */
    size_t data_len;
    struct hr_arrow_array *children; /* as many as the field has */
};

enum hr_arrow_codec { HR_ARROW_PLAIN, HR_ARROW_LZ4, HR_ARROW_ZSTD };

/* bytes a value; -1 one bit; 0 none, or by offsets */
int hr_arrow_width(const struct hr_arrow_field *field);
bool hr_arrow_has_offsets(enum hr_arrow_kind kind);
bool hr_arrow_is_large(enum hr_arrow_kind kind);
const char *hr_arrow_kind_name(enum hr_arrow_kind kind);

/* ---- writer: schema, any number of batches, end. Failures are the buffer's (hr_buf_ok). */
void hr_arrow_write_schema(struct hr_buf *out, const struct hr_arrow_schema *schema);
/* arrays: one a field. zstd at level `level` (0: its default). */
void hr_arrow_write_batch(struct hr_buf *out,
                          const struct hr_arrow_schema *schema,
                          const struct hr_arrow_array *arrays,
                          int64_t rows,
                          enum hr_arrow_codec codec,
                          int level);
void hr_arrow_write_end(struct hr_buf *out);

/* ---- reader ---- */
struct hr_arrow_batch {
    int64_t rows;
    struct hr_arrow_array *columns;
};
struct hr_arrow_stream {
    struct hr_arrow_schema schema;
    struct hr_arrow_batch *batches;
    size_t batch_count;
};
/* Reads one stream, or several of one schema laid end to end (a chunked local relation). */
enum hr_code hr_arrow_read(struct hr_arena *arena,
                           const void *bytes,
                           size_t len,
                           struct hr_arrow_stream *stream,
                           struct hr_err *err);
#endif
