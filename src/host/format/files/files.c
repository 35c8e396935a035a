/* Files and what their names say: codecs, paths as Spark prints them, and schemas with the columns
 * of folders. */
#include "host/format/files/files.h"
#include "blob/blob.h"
#include "wire/uri.h"
#include <stdio.h>
#include <strings.h>

/* ---- names ---- */

const char *hr_files_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash ? slash + 1 : location;
}

const char *hr_files_parent(struct hr_arena *arena, const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash && slash > location ? hr_strndup(arena, location, (size_t)(slash - location))
                                     : "/";
}

static const struct {
    const char *suffix;
    enum hr_codec codec;
    bool here;
} codecs[] = {
    {".gz", HR_CODEC_GZIP, true},      {".deflate", HR_CODEC_DEFLATE, true},
    {".zst", HR_CODEC_ZSTD, true},     {".bz2", HR_CODEC_BZIP2, false},
    {".snappy", HR_CODEC_NONE, false}, {".lz4", HR_CODEC_NONE, false},
};

enum hr_code hr_files_codec(const char *location, enum hr_codec *codec, struct hr_err *err)
{
    const char *name = hr_files_name(location);
    size_t len = strlen(name);
    *codec = HR_CODEC_NONE;
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        size_t n = strlen(codecs[i].suffix);
        if (len < n || strcmp(name + len - n, codecs[i].suffix))
            continue;
        *codec = codecs[i].codec;
        if (!codecs[i].here) {
            char feature[300];
            snprintf(feature, sizeof feature, "reading files compressed as %s (%.200s)",
                     codecs[i].suffix + 1, name);
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
        }
    }
    return HR_OK;
}

const char *hr_files_spark_path(struct hr_arena *arena, const char *location)
{
    return hr_blob_is_remote(location) ? location : hr_printf(arena, "file:%s", location);
}

const char *hr_files_uri(struct hr_arena *arena, const char *location)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    if (!hr_blob_is_remote(location))
        hr_buf_adds(&out, "file://");
    hr_uri_encode(&out, location, "/!$&'()*+,;=:@");
    return hr_buf_keep(&out, arena);
}

/* ---- schemas ---- */

enum hr_code hr_format_refuse_type(struct hr_arena *arena,
                                   const char *format,
                                   const struct hr_field *field,
                                   struct hr_err *err)
{
    if (field->type->id == HR_TYPE_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL);
    if (field->type->id == HR_TYPE_YEAR_MONTH || field->type->id == HR_TYPE_DAY_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(arena, "interval columns in %s files", format), NULL);
    struct hr_buf sql;
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_type_sql(field->type, &sql);
    hr_fail_spark(err, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "format", format, "columnName",
                  hr_printf(arena, "`%s`", field->name), "columnType",
                  hr_printf(arena, "\"%s\"", hr_buf_text(&sql)), NULL);
    hr_buf_release(&sql);
    return HR_E_SPARK;
}

static const struct hr_field *field_named(const struct hr_type *schema,
                                          const char *name,
                                          bool case_sensitive)
{
    for (size_t i = 0; schema && i < schema->field_count; i++)
        if (!(case_sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return &schema->fields[i];
    return NULL;
}

void hr_files_key(const struct hr_files *files, struct hr_buf *out)
{
    for (size_t i = 0; i < files->count; i++) {
        hr_buf_addf(out, "%s|%s|%lld", files->at[i].location, files->at[i].stat.etag,
                    (long long)files->at[i].stat.size);
        for (size_t c = 0; c < files->partition_count; c++)
            hr_buf_addf(out, "|%s", files->at[i].partition[c] ? files->at[i].partition[c] : "\x01");
        hr_buf_addc(out, '\n');
    }
}

int hr_files_partition(const struct hr_files *files, const char *name, bool case_sensitive)
{
    for (size_t i = 0; i < files->partition_count; i++)
        if (!(case_sensitive ? strcmp : strcasecmp)(files->partitions[i].name, name))
            return (int)i;
    return -1;
}

const struct hr_type *hr_files_schema(struct hr_arena *arena,
                                      const struct hr_files *files,
                                      const struct hr_type *data,
                                      bool case_sensitive)
{
    size_t count = 0;
    struct hr_field *fields =
        HR_NEW_ARRAY(arena, struct hr_field, data->field_count + files->partition_count + 1);
    for (size_t i = 0; i < data->field_count; i++) {
        int partition = hr_files_partition(files, data->fields[i].name, case_sensitive);
        fields[count] = partition >= 0 ? files->partitions[partition] : data->fields[i];
        fields[count++].nullable = true;
    }
    for (size_t i = 0; i < files->partition_count; i++)
        if (!field_named(data, files->partitions[i].name, case_sensitive))
            fields[count++] = files->partitions[i];
    return hr_type_struct(arena, fields, count);
}

const struct hr_type *hr_files_without_partitions(struct hr_arena *arena,
                                                  const struct hr_type *user,
                                                  const struct hr_files *files,
                                                  bool sensitive)
{
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, user->field_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < user->field_count; i++)
        if (hr_files_partition(files, user->fields[i].name, sensitive) < 0)
            fields[count++] = user->fields[i];
    return hr_type_struct(arena, fields, count);
}

bool hr_files_versioned(const struct hr_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (!files->at[i].stat.etag[0])
            return false;
    return true;
}

bool hr_files_compressed(const struct hr_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->at[i].codec != HR_CODEC_NONE)
            return true;
    return false;
}
