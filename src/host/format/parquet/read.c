/* Reading Parquet through DuckDB's own reader. Files that share a footer's columns and a folder's
 * partition values are read together; each column is converted from what the files hold to what is
 * asked for (parquet/convert.c). */
#include "host/duck/type.h"
#include "base/check.h"
#include "base/limits.h"
#include "host/format/parquet/parquet.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct source {
    struct hr_format *format;
    struct hr_files files;
    const struct hr_type *schema; /* all columns, partition columns among them */
    const struct hr_zone *zone;
    bool case_sensitive;
};

/* files that one read_parquet reads */
struct group {
    const struct hr_file **files;
    size_t count, cap;
    const struct hr_parquet_node *root;
};

struct emitting {
    const struct source *source;
    struct hr_arena *arena;
    struct hr_parquet_footer **footers; /* of each file */
    struct group *groups;
    size_t count;
    const size_t *wanted;
    size_t wanted_count;
};

/* ---- groups ---- */

static void group_key(const struct source *source,
                      const struct hr_file *file,
                      size_t schema,
                      struct hr_buf *key)
{
    hr_buf_clear(key);
    hr_buf_addf(key, "%zu", schema);
    for (size_t i = 0; i < source->files.partition_count; i++) {
        const char *value = file->partition[i];
        if (value)
            hr_buf_addf(key, "|%zu:%s", strlen(value), value);
        else
            hr_buf_adds(key, "|null");
    }
}

/* the number of the file's columns among the different ones so far */
static size_t schema_of(const struct hr_parquet_node **seen,
                        size_t *count,
                        const struct hr_parquet_node *root)
{
    for (size_t i = 0; i < *count; i++)
        if (hr_parquet_same(seen[i], root))
            return i;
    seen[*count] = root;
    return (*count)++;
}

static void add_to(struct emitting *e, struct group *group, const struct hr_file *file)
{
    if (group->count == group->cap) {
        size_t cap = group->cap ? 2 * group->cap : 4;
        const struct hr_file **grown = HR_NEW_ARRAY(e->arena, const struct hr_file *, cap);
        if (group->count)
            memcpy(grown, group->files, group->count * sizeof *grown);
        group->files = grown;
        group->cap = cap;
    }
    group->files[group->count++] = file;
}

static void make_groups(struct emitting *e)
{
    const struct hr_files *files = &e->source->files;
    const struct hr_parquet_node **seen =
        HR_NEW_ARRAY(e->arena, const struct hr_parquet_node *, files->count + 1);
    size_t seen_count = 0;
    struct hr_map by_key;
    struct hr_buf key;
    hr_map_init(&by_key);
    hr_buf_init(&key, HR_BUF_GROWS);
    e->groups = HR_NEW_ARRAY(e->arena, struct group, files->count + 1);
    for (size_t i = 0; i < files->count; i++) {
        const struct hr_parquet_node *root = hr_parquet_root(e->footers[i]);
        group_key(e->source, &files->at[i], schema_of(seen, &seen_count, root), &key);
        struct group *group = hr_map_get(&by_key, hr_buf_text(&key));
        if (!group) {
            group = &e->groups[e->count++];
            *group = (struct group){.root = root};
            hr_map_put(&by_key, hr_buf_text(&key), group);
        }
        add_to(e, group, &files->at[i]);
    }
    hr_buf_release(&key);
    hr_map_release(&by_key);
}

/* ---- columns ---- */

static void null_of(const struct hr_type *type, struct hr_buf *out)
{
    hr_buf_adds(out, "CAST(NULL AS ");
    hr_duck_type_sql(type, out);
    hr_buf_addc(out, ')');
}

/* Spark's _metadata of a row: its file's, and the row's place in it */
static void metadata_column(const struct group *group, struct hr_buf *out)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_file *files = HR_NEW_ARRAY(scratch, struct hr_file, group->count + 1);
    for (size_t i = 0; i < group->count; i++)
        files[i] = *group->files[i];
    hr_buf_adds(out, "struct_insert(list_extract(");
    hr_files_metadata(scratch, &(struct hr_files){.at = files, .count = group->count}, out);
    hr_buf_adds(out, ", list_position([");
    for (size_t i = 0; i < group->count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        hr_parquet_literal(group->files[i]->location, out);
    }
    hr_buf_adds(out, "], \"hr filename\")), f6 := CAST(file_row_number AS BIGINT))");
    hr_arena_free(scratch);
}

/* A file without rows is not looked into: what does not fit there gives no rows. Another member of
 * the group may have rows. */
static enum hr_code all_empty(const struct source *source,
                              const struct group *group,
                              bool *empty,
                              struct hr_err *err)
{
    *empty = true;
    for (size_t i = 0; i < group->count && *empty; i++)
        HR_TRY(hr_parquet_is_empty(source->format, group->files[i]->location, empty, err));
    return HR_OK;
}

static enum hr_code file_column(const struct source *source,
                                const struct group *group,
                                const struct hr_field *field,
                                struct hr_buf *out,
                                struct hr_err *err)
{
    const struct hr_parquet_reading reading = {group->files[0]->location, source->case_sensitive};
    struct hr_err problem = {0};
    struct hr_buf sql;
    char column[24];
    int at;
    bool empty;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_parquet_field(&reading, group->root, field->name, &at, &problem);
    snprintf(column, sizeof column, "k%d", at);
    if (!code && at < 0)
        null_of(field->type, &sql);
    else if (!code)
        code = hr_parquet_convert(&reading, &group->root->children[at], column, field->type, &sql,
                                  &problem);
    if (!code) {
        hr_buf_join(out, &sql);
        hr_buf_release(&sql);
        return HR_OK;
    }
    hr_buf_release(&sql);
    HR_TRY(all_empty(source, group, &empty, err));
    if (empty) {
        null_of(field->type, out);
        return HR_OK;
    }
    if (err)
        *err = problem;
    return code;
}

static enum hr_code group_column(const struct source *source,
                                 const struct group *group,
                                 const struct hr_field *field,
                                 struct hr_buf *out,
                                 struct hr_err *err)
{
    int partition = hr_files_partition(&source->files, field->name, true);
    if (partition < 0)
        return file_column(source, group, field, out, err);
    hr_files_partition_sql(group->files[0]->partition[partition], field->type, source->zone, out);
    return HR_OK;
}

/* ---- the statement ---- */

/* columns are named by position, k0 k1 …: their own names may repeat */
static void from_files(const struct group *group, bool metadata, struct hr_buf *out)
{
    hr_buf_adds(out, " FROM read_parquet([");
    for (size_t i = 0; i < group->count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        hr_parquet_literal(group->files[i]->location, out);
    }
    hr_buf_addf(out, "], hive_partitioning = false%s)",
                metadata ? ", filename = 'hr filename', file_row_number = true" : "");
    if (!group->root->count)
        return;
    hr_buf_adds(out, " AS t(");
    for (size_t i = 0; i < group->root->count; i++)
        hr_buf_addf(out, "%sk%zu", i ? ", " : "", i);
    hr_buf_addc(out, ')');
}

static enum hr_code select_group(const struct emitting *e,
                                 const struct group *group,
                                 struct hr_buf *out,
                                 struct hr_err *err)
{
    const struct source *source = e->source;
    bool metadata = false;
    hr_buf_adds(out, e->wanted_count ? "SELECT " : "SELECT true AS c0");
    for (size_t i = 0; i < e->wanted_count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        if (e->wanted[i] == source->schema->field_count) {
            metadata = true;
            metadata_column(group, out);
        } else {
            HR_TRY(group_column(source, group, &source->schema->fields[e->wanted[i]], out, err));
        }
        hr_buf_addf(out, " AS c%zu", i);
    }
    from_files(group, metadata, out);
    return HR_OK;
}

static void select_nothing(const struct emitting *e,
                           const struct hr_type *metadata,
                           struct hr_buf *out)
{
    const struct hr_type *schema = e->source->schema;
    hr_buf_adds(out, e->wanted_count ? "SELECT " : "SELECT true AS c0");
    for (size_t i = 0; i < e->wanted_count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        null_of(e->wanted[i] < schema->field_count ? schema->fields[e->wanted[i]].type : metadata,
                out);
        hr_buf_addf(out, " AS c%zu", i);
    }
    hr_buf_adds(out, " WHERE false");
}

static enum hr_code emit_groups(struct emitting *e,
                                const struct hr_type *metadata,
                                struct hr_buf *out,
                                struct hr_err *err)
{
    make_groups(e);
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < e->count; i++) {
        hr_buf_adds(out, i ? " UNION ALL " : "");
        HR_TRY(select_group(e, &e->groups[i], out, err));
    }
    if (!e->count)
        select_nothing(e, metadata, out);
    hr_buf_addc(out, ')');
    return hr_buf_check(out, "the statement over Parquet files", err);
}

static enum hr_code emit(const struct hr_source *made,
                         const size_t *wanted,
                         size_t count,
                         struct hr_buf *out,
                         struct hr_err *err)
{
    const struct source *source = made->state;
    struct emitting e = {
        .source = source, .arena = hr_arena_new(NULL), .wanted = wanted, .wanted_count = count};
    e.footers = HR_NEW_ARRAY(e.arena, struct hr_parquet_footer *, source->files.count + 1);
    enum hr_code code =
        hr_parquet_footers(source->format, source->files.at, source->files.count, e.footers, err);
    if (!code) {
        code = emit_groups(&e, made->metadata, out, err);
        for (size_t i = 0; i < source->files.count; i++)
            hr_parquet_drop(e.footers[i]);
    }
    hr_arena_free(e.arena);
    return code;
}

/* ---- the source ---- */

/* what Spark hands out of files may always be null */
static const struct hr_type *nullable(struct hr_arena *arena, const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return hr_type_array(arena, nullable(arena, type->element), true);
    if (type->id == HR_TYPE_MAP)
        return hr_type_map(arena, nullable(arena, type->key), nullable(arena, type->element), true);
    if (type->id != HR_TYPE_STRUCT)
        return type;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].type = nullable(arena, fields[i].type);
        fields[i].nullable = true;
    }
    return hr_type_struct(arena, fields, type->field_count);
}

enum hr_code hr_parquet_read(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_rel *rel,
                             const struct hr_type *user,
                             struct hr_source **source,
                             struct hr_err *err)
{
    struct source *state = HR_NEW(arena, struct source);
    const struct hr_options *options = &rel->read_files.options;
    const struct hr_type *data = user;
    const char *zone_name;
    bool merge;
    *state = (struct source){.format = format,
                             .files.parquet = true,
                             .case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false)};
    HR_TRY(hr_conf_zone(env, NULL, &state->zone, &zone_name, err));
    HR_TRY(hr_option_bool(options, "mergeSchema",
                          hr_conf_bool(env, "spark.sql.parquet.mergeSchema", false), &merge, err));
    HR_TRY(hr_files_find(format, arena, env, &rel->read_files.paths, options, user, &state->files,
                         err));
    if (!user)
        HR_TRY(hr_parquet_infer(format, arena, env, &state->files, merge, &data, err));
    state->schema =
        nullable(arena, hr_files_schema(arena, &state->files, data, state->case_sensitive));
    struct hr_source *made = HR_NEW(arena, struct hr_source);
    *made = (struct hr_source){.schema = state->schema,
                               .format = "parquet",
                               .files = state->files.uris,
                               .name = "parquet",
                               .emit = emit,
                               .metadata = hr_files_metadata_type(arena, true),
                               .state = state};
    *source = made;
    return HR_OK;
}
