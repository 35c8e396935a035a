/* Writers, inside: what a format brings to the common part (write.c, write_rows.c, commit.c), which
 * finds the place, opens files, sorts rows into partition folders and commits. Private to format/.
 */
#ifndef HR_HOST_FORMAT_WRITE_H
#define HR_HOST_FORMAT_WRITE_H
#include "host/format/files/files.h"

struct hr_writing;

/* values as text: Spark's own text forms, dates and times by pattern */
struct hr_value_text {
    const struct hr_pattern *date, *timestamp, *ntz;
    const struct hr_zone *zone;
};

struct hr_column {
    const struct hr_field *field;
    duckdb_vector vector; /* of the chunk at hand */
    const void *data;
    uint64_t *validity;
    int at; /* in the query's output */
};
static inline bool hr_column_null(const struct hr_column *column, idx_t row)
{
    return column->validity && !(column->validity[row >> 6] >> (row & 63) & 1);
}

/* one format of rows that become text */
struct hr_text_format {
    const char *name, *extension;
    /* options and types; sets writing->state */
    enum hr_code (*open)(struct hr_writing *writing, struct hr_err *err);
    /* the start of every file; may be NULL */
    void (*head)(struct hr_writing *writing, struct hr_buf *out);
    void (*row)(struct hr_writing *writing, idx_t row, struct hr_buf *out);
};

struct hr_writing {
    struct hr_format *format;
    struct hr_arena *arena;
    struct hr_env *env;
    const struct hr_write *write;
    struct hr_format_rows *rows;
    const struct hr_blob_cancel *cancel;
    const struct hr_text_format *text;
    const char *target; /* normal */
    /* where files are written before the commit: a folder of its own, or target under a stage */
    const char *place;
    char uuid[37];
    struct hr_column *columns;
    size_t column_count; /* data columns */
    struct hr_column *partitions;
    size_t partition_count;
    const char *codec_name, *codec_extension; /* "gzip", ".gz"; "" when none */
    int64_t max_records;                      /* a file; 0: no limit */
    bool case_sensitive;
    /* overwriting replaces only the partition folders that get rows */
    bool dynamic;
    void *state;
};

extern const struct hr_text_format hr_csv_format, hr_json_format, hr_text_format_plain;
/* ---- write_rows.c ---- */
enum hr_code hr_write_texts(struct hr_writing *writing, struct hr_err *err);
/* ---- commit.c: writes, and makes it visible; exists: the target was there when the write began
 * ---- */
enum hr_code hr_commit_renaming(struct hr_writing *writing, bool exists, struct hr_err *err);
enum hr_code hr_commit_staged(struct hr_writing *writing, bool exists, struct hr_err *err);

enum hr_code hr_parquet_write(struct hr_writing *writing, struct hr_err *err);

/* the scalar value of a column as its text; not for null, arrays, maps, structs */
void hr_column_text(const struct hr_column *column,
                    idx_t row,
                    const struct hr_value_text *how,
                    struct hr_buf *out);
enum hr_code hr_value_text_options(struct hr_arena *arena,
                                   struct hr_env *env,
                                   const struct hr_options *options,
                                   struct hr_value_text *how,
                                   struct hr_err *err);
void hr_column_bind(struct hr_column *column, duckdb_vector vector);
/* a text as a JSON string */
void hr_json_quote(const char *text, size_t len, struct hr_buf *out);
/* key=value, escaped as Spark does for folders */
void hr_partition_folder(const char *name, const char *value, bool is_null, struct hr_buf *out);
/* after a part could not be made: Spark's TASK_WRITE_FAILED, with the reason, when the values of
 * the partition columns make a name that no store takes; else code and err as they are */
enum hr_code hr_part_failed(const struct hr_writing *writing,
                            const char *folder,
                            enum hr_code code,
                            struct hr_err *err);
enum hr_code hr_refuse_option(struct hr_err *err,
                              const char *format,
                              const char *key,
                              const char *value);
#endif
