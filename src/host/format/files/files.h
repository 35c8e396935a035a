/* Which files a path means: globs, hidden files, recursion, filters by name and time, and partition
 * columns in folder names. */
#ifndef HR_HOST_FORMAT_FILES_H
#define HR_HOST_FORMAT_FILES_H
#include "host/format/scan.h"
#include "host/value/value.h"

enum hr_codec { HR_CODEC_NONE, HR_CODEC_GZIP, HR_CODEC_DEFLATE, HR_CODEC_ZSTD, HR_CODEC_BZIP2 };

struct hr_file {
    const char *location;
    struct hr_blob_stat stat;
    enum hr_codec codec;
    const char **partition; /* unescaped text of each partition column; NULL: null */
};

struct hr_files {
    /* in the order in which Spark reads: larger ones first, then by name */
    struct hr_file *at;
    size_t count;
    struct hr_field *partitions;
    size_t partition_count;
    int64_t bytes;
    struct hr_names uris; /* as df.inputFiles() prints them */
    const char *first;    /* the path as given, for messages */
    bool ignore_missing, ignore_corrupt;
    /* set by the caller of hr_files_find: summaries are looked for */
    bool parquet;
    /* Parquet's _metadata and _common_metadata */
    struct hr_file *summaries;
    size_t summary_count;
};

/* paths and the options "path", "paths", "basePath", "pathGlobFilter", "recursiveFileLookup",
 * "modifiedBefore", "modifiedAfter", "ignoreMissingFiles", "ignoreCorruptFiles". user_schema (may
 * be NULL) fixes the types of the partition columns that it names. */
enum hr_code hr_files_find(struct hr_format *format,
                           struct hr_arena *arena,
                           struct hr_env *env,
                           const struct hr_names *paths,
                           const struct hr_options *options,
                           const struct hr_type *user_schema,
                           struct hr_files *files,
                           struct hr_err *err);
/* the codec that Hadoop would take for a name; refuses those that are not here */
enum hr_code hr_files_codec(const char *location, enum hr_codec *codec, struct hr_err *err);
/* data columns with the partition columns behind them; a partition column that is also in the data
 * keeps its place there */
const struct hr_type *hr_files_schema(struct hr_arena *arena,
                                      const struct hr_files *files,
                                      const struct hr_type *data,
                                      bool case_sensitive);
/* a user's schema without the columns that folders give */
const struct hr_type *hr_files_without_partitions(struct hr_arena *arena,
                                                  const struct hr_type *user,
                                                  const struct hr_files *files,
                                                  bool case_sensitive);
/* Spark's _metadata column: its type, and the SQL of a list that holds each file's value, in the
 * files' order */
const struct hr_type *hr_files_metadata_type(struct hr_arena *arena, bool row_index);
void hr_files_metadata(struct hr_arena *arena, const struct hr_files *files, struct hr_buf *out);
/* every file has an ETag: what is learned of them may be kept */
bool hr_files_versioned(const struct hr_files *files);
bool hr_files_compressed(const struct hr_files *files);
/* index of the partition column that stands at `column` of a schema that hr_files_schema made, or
 * -1 */
int hr_files_partition(const struct hr_files *files, const char *name, bool case_sensitive);
/* all of one file's partition value in an output vector of `type`, `rows` rows */
void hr_files_fill_partition(const char *text,
                             const struct hr_type *type,
                             const struct hr_zone *zone,
                             duckdb_vector vector,
                             idx_t rows);
/* text NULL: null */
void hr_files_partition_sql(const char *text,
                            const struct hr_type *type,
                            const struct hr_zone *zone,
                            struct hr_buf *out);
const char *hr_files_name(const char *location); /* the last part */
const char *hr_files_parent(struct hr_arena *arena, const char *location);
/* file:///a%20b */
const char *hr_files_uri(struct hr_arena *arena, const char *location);
const char *hr_files_spark_path(struct hr_arena *arena, const char *location); /* file:/a b */
/* a text that changes when any file does: the cache's key */
void hr_files_key(const struct hr_files *files, struct hr_buf *out);

/* options in the scan's own memory: a scan outlives the request that it was made for */
struct hr_options hr_options_copy(struct hr_arena *arena, const struct hr_options *options);
/* a data source that is not here: refused by name, or unknown */
const char *hr_format_name(const char *name); /* an old name's present one; others as they are */
enum hr_code hr_format_unknown(const char *name, struct hr_err *err);
enum hr_code hr_parquet_read(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_rel *rel,
                             const struct hr_type *user,
                             struct hr_source **source,
                             struct hr_err *err);
/* a column of a type that the source cannot hold, in Spark's words; interval types, which Spark
 * could, by name */
enum hr_code hr_format_refuse_type(struct hr_arena *arena,
                                   const char *format,
                                   const struct hr_field *field,
                                   struct hr_err *err);

/* ---- options and conf: without case; booleans and numbers are checked as Spark does ---- */
/* the column for corrupt records must be a string */
enum hr_code hr_format_check_corrupt(struct hr_arena *arena,
                                     const struct hr_field *field,
                                     struct hr_err *err);
enum hr_code hr_option_bool(const struct hr_options *options,
                            const char *key,
                            bool fallback,
                            bool *value,
                            struct hr_err *err);
enum hr_code hr_option_long(const struct hr_options *options,
                            const char *key,
                            int64_t fallback,
                            int64_t *value,
                            struct hr_err *err);
const char *hr_conf(struct hr_env *env, const char *key, const char *fallback);
bool hr_conf_bool(struct hr_env *env, const char *key, bool fallback);
int64_t hr_now_us(void);
/* a date and time pattern; text NULL leaves *pattern NULL */
enum hr_code hr_option_pattern(struct hr_arena *arena,
                               const char *text,
                               enum hr_pattern_use use,
                               const struct hr_pattern **pattern,
                               struct hr_err *err);
enum hr_code hr_conf_zone(struct hr_env *env,
                          const struct hr_options *options,
                          const struct hr_zone **zone,
                          const char **name,
                          struct hr_err *err);
#endif
