/* Spark's _metadata column. */
#include "host/duck/quote.h"
#include "host/format/files/files.h"

const struct hr_type *hr_files_metadata_type(struct hr_arena *arena, bool row_index)
{
    static const struct {
        const char *name;
        enum hr_type_id id;
    } columns[] = {
        {"file_path", HR_TYPE_STRING},       {"file_name", HR_TYPE_STRING},
        {"file_size", HR_TYPE_LONG},         {"file_block_start", HR_TYPE_LONG},
        {"file_block_length", HR_TYPE_LONG}, {"file_modification_time", HR_TYPE_TIMESTAMP},
        {"row_index", HR_TYPE_LONG},
    };
    size_t count = HR_LEN(columns) - !row_index;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, count);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hr_field){columns[i].name, hr_type_basic(columns[i].id), false, NULL};
    return hr_type_struct(arena, fields, count);
}

void hr_files_metadata(struct hr_arena *arena, const struct hr_files *files, struct hr_buf *out)
{
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < files->count; i++) {
        const struct hr_file *file = &files->at[i];
        const char *uri = hr_files_uri(arena, file->location);
        if (!strncmp(uri, "file:///", 8))
            uri = hr_printf(arena, "file:%s", uri + 7);
        hr_buf_adds(out, i ? ", {'f0': " : "{'f0': ");
        hr_duck_text(uri, strlen(uri), out);
        hr_buf_adds(out, ", 'f1': ");
        hr_duck_text(hr_files_name(uri), strlen(hr_files_name(uri)), out);
        hr_buf_addf(
            out,
            ", 'f2': CAST(%lld AS BIGINT), 'f3': CAST(0 AS BIGINT), 'f4': CAST(%lld AS BIGINT), 'f5': make_timestamptz(CAST(%lld AS BIGINT))}",
            (long long)file->stat.size, (long long)file->stat.size,
            (long long)file->stat.mtime_ms * 1000);
    }
    hr_buf_addc(out, ']');
}
