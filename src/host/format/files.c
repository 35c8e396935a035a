#include "host/format/files.h"
#include "base/check.h"
#include "base/map.h"
#include "base/clock.h"
#include "host/format/text_value.h"
#include <ctype.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

/* ---- options ---- */

enum hr_code hr_option_bool(const struct hr_options *options, const char *key, bool fallback, bool *value, struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (!text)
        return HR_OK;
    if (!hr_value_boolean(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s flag can be true or false.", key);
    return HR_OK;
}

enum hr_code hr_option_long(const struct hr_options *options, const char *key, int64_t fallback, int64_t *value, struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (text && !hr_value_long(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s should be an integer. Found %s.", key, text);
    return HR_OK;
}

enum hr_code hr_option_pattern(struct hr_arena *arena, const char *text, enum hr_pattern_use use, const struct hr_pattern **pattern, struct hr_err *err)
{
    const char *problem = NULL;
    *pattern = NULL;
    if (text && !(*pattern = hr_pattern_new(arena, text, strlen(text), use, &problem)))
        return hr_fail_spark(err, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "pattern", text, "docroot", "https://spark.apache.org/docs/latest", NULL);
    return HR_OK;
}

int64_t hr_now_us(void) { return hr_clock_ms() * 1000; }

struct hr_options hr_options_copy(struct hr_arena *arena, const struct hr_options *options)
{
    struct hr_options made = {HR_NEW_ARRAY(arena, struct hr_option, options->count + 1), options->count};
    for (size_t i = 0; i < options->count; i++)
        made.at[i] = (struct hr_option){hr_strdup(arena, options->at[i].key), hr_strdup(arena, options->at[i].value)};
    return made;
}

const char *hr_conf(struct hr_env *env, const char *key, const char *fallback)
{
    const char *value = env ? env->ops->conf(env, key) : NULL;
    return value ? value : fallback;
}

bool hr_conf_bool(struct hr_env *env, const char *key, bool fallback)
{
    return !strcasecmp(hr_conf(env, key, fallback ? "true" : "false"), "true");
}

enum hr_code hr_conf_zone(struct hr_env *env, const struct hr_options *options, const struct hr_zone **zone, const char **name,
                          struct hr_err *err)
{
    const char *text = options ? hr_option_get(options, "timeZone") : NULL;
    if (!text)
        text = hr_conf(env, "spark.sql.session.timeZone", "UTC");
    *name = text;
    *zone = hr_zone_find(text, strlen(text));
    return *zone ? HR_OK : hr_fail(err, HR_E_INVALID, "unknown time zone: \"%s\"", text);
}

enum hr_code hr_format_refuse_type(struct hr_arena *arena, const char *format, const struct hr_field *field, struct hr_err *err)
{
    if (field->type->id == HR_TYPE_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL);
    if (field->type->id == HR_TYPE_YEAR_MONTH || field->type->id == HR_TYPE_DAY_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", hr_printf(arena, "interval columns in %s files", format), NULL);
    struct hr_buf sql;
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_type_sql(field->type, &sql);
    hr_fail_spark(err, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "format", format, "columnName", hr_printf(arena, "`%s`", field->name), "columnType",
                  hr_printf(arena, "\"%s\"", hr_buf_text(&sql)), NULL);
    hr_buf_release(&sql);
    return HR_E_SPARK;
}

/* ---- names ---- */

static const char *base_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash ? slash + 1 : location;
}

static const struct { const char *suffix; enum hr_codec codec; bool here; } codecs[] = {
    {".gz", HR_CODEC_GZIP, true}, {".deflate", HR_CODEC_DEFLATE, true}, {".zst", HR_CODEC_ZSTD, true},
    {".bz2", HR_CODEC_BZIP2, false}, {".snappy", HR_CODEC_NONE, false}, {".lz4", HR_CODEC_NONE, false},
};

enum hr_code hr_files_codec(const char *location, enum hr_codec *codec, struct hr_err *err)
{
    const char *name = base_name(location);
    size_t len = strlen(name);
    *codec = HR_CODEC_NONE;
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        size_t n = strlen(codecs[i].suffix);
        if (len < n || strcmp(name + len - n, codecs[i].suffix))
            continue;
        *codec = codecs[i].codec;
        if (!codecs[i].here) {
            char feature[300];
            snprintf(feature, sizeof feature, "reading files compressed as %s (%.200s)", codecs[i].suffix + 1, name);
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
        }
    }
    return HR_OK;
}

static bool is_remote(const char *location) { return strstr(location, "://") != NULL; }

const char *hr_files_spark_path(struct hr_arena *arena, const char *location)
{
    return is_remote(location) ? location : hr_printf(arena, "file:%s", location);
}

const char *hr_files_uri(struct hr_arena *arena, const char *location)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    if (!is_remote(location))
        hr_buf_adds(&out, "file://");
    const char *scheme = strstr(location, "://");
    for (const char *p = location; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = isalnum(c) || strchr("-_.~/!$&'()*+,;=:@", c) || (scheme && p < scheme + 3);
        hr_buf_addf(&out, plain ? "%c" : "%%%02X", c);
    }
    return hr_buf_keep(&out, arena);
}

/* names that no reader sees: Spark's HadoopFSUtils.shouldFilterOutPathName */
static bool hidden(const char *name)
{
    size_t len = strlen(name);
    if (len > 10 && !strcmp(name + len - 10, "._COPYING_"))
        return true;
    return name[0] == '.' || (name[0] == '_' && !strchr(name, '='));
}

static bool hidden_anywhere(const char *relative)
{
    char part[1024];
    for (const char *p = relative; *p;) {
        size_t len = strcspn(p, "/");
        snprintf(part, sizeof part, "%.*s", (int)len, p);
        if (hidden(part))
            return true;
        p += len + (p[len] == '/');
    }
    return false;
}

static char *unescape(struct hr_arena *arena, const char *text, size_t len)
{
    char *out = hr_arena_alloc(arena, len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' && i + 2 < len && isxdigit((unsigned char)text[i + 1]) && isxdigit((unsigned char)text[i + 2])) {
            char hex[3] = {text[i + 1], text[i + 2], 0};
            *to++ = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            *to++ = text[i];
        }
    }
    *to = 0;
    return out;
}

/* ---- finding ---- */

struct find {
    struct hr_format *format;
    struct hr_arena *arena;
    struct hr_env *env;
    const struct hr_options *options;
    const char *glob_filter;
    bool recursive, has_before, has_after;
    int64_t before_ms, after_ms;
    const char *base_path;
    struct hr_file *files; size_t count, cap;
    const char **bases;                /* of each file: the path behind which partition folders begin */
    bool *direct;                      /* of each file: it is a root, or stands directly in one */
};

static bool wanted_file(const struct find *find, const char *location, const struct hr_blob_stat *stat)
{
    if (find->glob_filter && fnmatch(find->glob_filter, base_name(location), 0))
        return false;
    if (find->has_before && stat->mtime_ms >= find->before_ms)
        return false;
    return !find->has_after || stat->mtime_ms > find->after_ms;
}

static void add_file(struct find *find, const char *location, const struct hr_blob_stat *stat, const char *base, bool direct)
{
    if (!wanted_file(find, location, stat))
        return;
    if (find->count == find->cap) {
        size_t cap = find->cap ? find->cap * 2 : 16;
        struct hr_file *files = HR_NEW_ARRAY(find->arena, struct hr_file, cap);
        const char **bases = HR_NEW_ARRAY(find->arena, const char *, cap);
        bool *directs = HR_NEW_ARRAY(find->arena, bool, cap);
        if (find->count) {
            memcpy(files, find->files, find->count * sizeof *files);
            memcpy(bases, find->bases, find->count * sizeof *bases);
            memcpy(directs, find->direct, find->count * sizeof *directs);
        }
        find->files = files;
        find->bases = bases;
        find->direct = directs;
        find->cap = cap;
    }
    find->files[find->count] = (struct hr_file){.location = location, .stat = *stat};
    find->bases[find->count] = base;
    find->direct[find->count++] = direct;
}

static const char *parent_of(struct hr_arena *arena, const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash && slash > location ? hr_strndup(arena, location, (size_t)(slash - location)) : "/";
}

static enum hr_code add_root(struct find *find, const char *location, const struct hr_blob_stat *stat, struct hr_err *err)
{
    if (!stat->is_dir) {
        if (!hidden(base_name(location)))          /* even when it is named by itself */
            add_file(find, location, stat, find->base_path ? find->base_path : parent_of(find->arena, location), true);
        return HR_OK;
    }
    struct hr_blob_page page;
    HR_TRY(hr_blob_list_all(find->format->blob, find->arena, location, true, &page, NULL, err));
    for (size_t i = 0; i < page.count; i++) {
        struct hr_blob_entry *entry = &page.entries[i];
        if (!entry->stat.is_dir && !hidden_anywhere(entry->name))
            add_file(find, entry->location, &entry->stat, find->base_path ? find->base_path : location, !strchr(entry->name, '/'));
    }
    return HR_OK;
}

static enum hr_code not_found(struct find *find, const char *path, struct hr_err *err)
{
    return hr_fail_spark(err, "PATH_NOT_FOUND", "path", hr_files_spark_path(find->arena, path), NULL);
}

static enum hr_code add_path(struct find *find, const char *path, struct hr_err *err)
{
    const char *normal;
    struct hr_blob *blob = find->format->blob;
    if (hr_blob_has_glob(path)) {
        struct hr_blob_page page;
        enum hr_code code = hr_blob_glob(blob, find->arena, path, &page, NULL, err);
        if (code == HR_E_NOT_FOUND || (!code && !page.count)) {
            HR_TRY(hr_blob_normalize(blob, find->arena, path, &normal, err));
            return not_found(find, normal, err);
        }
        HR_TRY(code);
        for (size_t i = 0; i < page.count; i++)
            HR_TRY(add_root(find, page.entries[i].location, &page.entries[i].stat, err));
        return HR_OK;
    }
    struct hr_blob_stat stat;
    HR_TRY(hr_blob_normalize(blob, find->arena, path, &normal, err));
    enum hr_code code = hr_blob_stat(blob, normal, &stat, NULL, err);
    if (code == HR_E_NOT_FOUND)
        return not_found(find, normal, err);
    HR_TRY(code);
    return add_root(find, normal, &stat, err);
}

static enum hr_code time_option(struct find *find, const char *key, bool *has, int64_t *ms, struct hr_err *err)
{
    const char *text = hr_option_get(find->options, key);
    if (!text)
        return HR_OK;
    const struct hr_zone *zone;
    const char *name;
    HR_TRY(hr_conf_zone(find->env, find->options, &zone, &name, err));
    int64_t micros;
    if (!hr_parse_timestamp(text, strlen(text), zone, hr_now_us(), &micros))
        return hr_fail(err, HR_E_INVALID, "the timestamp provided for the '%s' option is invalid. The expected format is 'YYYY-MM-DDTHH:mm:ss', but the provided "
                       "timestamp: %s", key, text);
    *has = true;
    *ms = micros / 1000;
    return HR_OK;
}

/* ---- partition columns ---- */

enum part { PART_NULL, PART_INT, PART_LONG, PART_DECIMAL, PART_DOUBLE, PART_DATE, PART_TIMESTAMP, PART_STRING };

static enum part infer_part(const char *text, bool infer)
{
    if (!strcmp(text, HIVE_NULL))
        return PART_NULL;
    if (!infer)
        return PART_STRING;
    size_t len = strlen(text);
    int64_t whole;
    double real;
    struct hr_decimal decimal;
    int32_t days;
    if (hr_value_long(text, len, &whole))
        return whole >= INT32_MIN && whole <= INT32_MAX ? PART_INT : PART_LONG;
    if (hr_value_bigdecimal(text, len, false, &decimal) && decimal.scale <= 0 && decimal.precision <= 38)
        return PART_DECIMAL;
    if (hr_value_double(text, len, &real))
        return PART_DOUBLE;
    if (len >= 19 && strchr(text, ':') && hr_parse_timestamp_ntz(text, len, true, &whole))
        return PART_TIMESTAMP;
    if (len == 10 && hr_parse_date(text, len, &days))
        return PART_DATE;
    return PART_STRING;
}

static enum part wider(enum part a, enum part b)
{
    if (a == b || b == PART_NULL)
        return a;
    if (a == PART_NULL)
        return b;
    enum part low = a < b ? a : b, high = a < b ? b : a;
    if (high <= PART_DOUBLE)
        return low == PART_DECIMAL || high != PART_DOUBLE || low <= PART_LONG ? high : PART_STRING;
    if (low == PART_DATE && high == PART_TIMESTAMP)
        return PART_TIMESTAMP;
    return PART_STRING;
}

static const struct hr_type *part_type(struct hr_arena *arena, enum part part)
{
    switch (part) {
    case PART_INT: return hr_type_basic(HR_TYPE_INT);
    case PART_LONG: return hr_type_basic(HR_TYPE_LONG);
    case PART_DECIMAL: return hr_type_decimal(arena, 38, 0);
    case PART_DOUBLE: return hr_type_basic(HR_TYPE_DOUBLE);
    case PART_DATE: return hr_type_basic(HR_TYPE_DATE);
    case PART_TIMESTAMP: return hr_type_basic(HR_TYPE_TIMESTAMP);
    case PART_NULL: return hr_type_basic(HR_TYPE_VOID);
    default: return hr_type_basic(HR_TYPE_STRING);
    }
}

struct pairs { const char *names[32], *values[32]; size_t count; };

/* key=value folders of a file behind its base */
static void pairs_of(struct find *find, size_t file, struct pairs *pairs)
{
    const char *location = find->files[file].location, *base = find->bases[file];
    size_t n = strlen(base);
    pairs->count = 0;
    if (strncmp(location, base, n))
        return;
    for (const char *p = location + n; *p;) {
        p += *p == '/';
        size_t len = strcspn(p, "/");
        const char *equals = memchr(p, '=', len);
        if (!p[len])
            return;                /* the file's own name */
        if (equals && equals > p && pairs->count < 32) {
            pairs->names[pairs->count] = unescape(find->arena, p, (size_t)(equals - p));
            pairs->values[pairs->count++] = unescape(find->arena, equals + 1, len - (size_t)(equals + 1 - p));
        } else {
            pairs->count = 0;
        }
        p += len;
    }
}

static enum hr_code same_columns(struct find *find, const struct pairs *first, const struct pairs *other, struct hr_err *err)
{
    bool same = first->count == other->count;
    for (size_t i = 0; same && i < first->count; i++)
        same = !strcmp(first->names[i], other->names[i]);
    if (same)
        return HR_OK;
    (void)find;
    return hr_fail(err, HR_E_INVALID, "Conflicting partition column names detected: the folders of one path name different partition columns. For partitioned "
                   "table directories, data files should only live in leaf directories, and directories at the same level should have the same "
                   "partition column name");
}

static const struct hr_field *field_named(const struct hr_type *schema, const char *name, bool case_sensitive)
{
    for (size_t i = 0; schema && i < schema->field_count; i++)
        if (!(case_sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return &schema->fields[i];
    return NULL;
}

static enum hr_code partitions(struct find *find, const struct hr_type *user_schema, struct hr_files *out, struct hr_err *err)
{
    if (find->recursive || !find->count)
        return HR_OK;
    struct pairs first, other;
    pairs_of(find, 0, &first);
    for (size_t i = 1; i < find->count; i++) {
        pairs_of(find, i, &other);
        HR_TRY(same_columns(find, &first, &other, err));
    }
    if (!first.count)
        return HR_OK;
    bool infer = hr_conf_bool(find->env, "spark.sql.sources.partitionColumnTypeInference.enabled", true);
    bool sensitive = hr_conf_bool(find->env, "spark.sql.caseSensitive", false);
    enum part kinds[32] = {PART_NULL};
    for (size_t i = 0; i < find->count; i++) {
        pairs_of(find, i, &other);
        find->files[i].partition = HR_NEW_ARRAY(find->arena, const char *, first.count);
        for (size_t c = 0; c < first.count; c++) {
            kinds[c] = wider(kinds[c], infer_part(other.values[c], infer));
            find->files[i].partition[c] = strcmp(other.values[c], HIVE_NULL) ? other.values[c] : NULL;
        }
    }
    out->partitions = HR_NEW_ARRAY(find->arena, struct hr_field, first.count);
    out->partition_count = first.count;
    for (size_t c = 0; c < first.count; c++) {
        const struct hr_field *user = field_named(user_schema, first.names[c], sensitive);
        out->partitions[c] = (struct hr_field){user ? user->name : first.names[c], user ? user->type : part_type(find->arena, kinds[c]), true, NULL};
    }
    return HR_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct hr_file *x = a, *y = b;
    if (x->stat.size != y->stat.size)
        return x->stat.size < y->stat.size ? 1 : -1;
    return strcmp(x->location, y->location);
}

static enum hr_code json_paths(struct find *find, const char *text, struct hr_err *err)
{
    json_t *list = json_loads(text, 0, NULL);
    enum hr_code code = json_is_array(list) ? HR_OK : hr_fail(err, HR_E_INVALID, "the option 'paths' is not a JSON list");
    for (size_t i = 0; !code && i < json_array_size(list); i++)
        if (json_string_value(json_array_get(list, i)))
            code = add_path(find, json_string_value(json_array_get(list, i)), err);
    json_decref(list);
    return code;
}

enum hr_code hr_files_find(struct hr_format *format, struct hr_arena *arena, struct hr_env *env, const struct hr_names *paths,
                           const struct hr_options *options, const struct hr_type *user_schema, struct hr_files *files, struct hr_err *err)
{
    struct find find = {.format = format, .arena = arena, .env = env, .options = options};
    memset(files, 0, sizeof *files);
    find.glob_filter = hr_option_get(options, "pathGlobFilter");
    HR_TRY(hr_option_bool(options, "recursiveFileLookup", false, &find.recursive, err));
    HR_TRY(hr_option_bool(options, "ignoreMissingFiles", hr_conf_bool(env, "spark.sql.files.ignoreMissingFiles", false), &files->ignore_missing, err));
    HR_TRY(hr_option_bool(options, "ignoreCorruptFiles", hr_conf_bool(env, "spark.sql.files.ignoreCorruptFiles", false), &files->ignore_corrupt, err));
    HR_TRY(time_option(&find, "modifiedBefore", &find.has_before, &find.before_ms, err));
    HR_TRY(time_option(&find, "modifiedAfter", &find.has_after, &find.after_ms, err));
    if (hr_option_get(options, "basePath"))
        HR_TRY(hr_blob_normalize(format->blob, arena, hr_option_get(options, "basePath"), &find.base_path, err));
    const char *single = hr_option_get(options, "path"), *several = hr_option_get(options, "paths");
    files->first = paths->count ? paths->at[0] : single ? single : "";
    for (size_t i = 0; i < paths->count; i++)
        HR_TRY(add_path(&find, paths->at[i], err));
    if (!paths->count && single)
        HR_TRY(add_path(&find, single, err));
    if (!paths->count && several)
        HR_TRY(json_paths(&find, several, err));
    HR_TRY(partitions(&find, user_schema, files, err));
    size_t kept = 0;
    for (size_t i = 0; i < find.count; i++)      /* without partition columns only what stands directly in a root is read */
        if (find.direct[i] || find.recursive || files->partition_count)
            find.files[kept++] = find.files[i];
    files->at = find.files;
    files->count = kept;
    if (kept)
        qsort(files->at, kept, sizeof *files->at, by_size);
    files->uris = (struct hr_names){HR_NEW_ARRAY(arena, const char *, kept + 1), kept};
    for (size_t i = 0; i < kept; i++) {
        files->bytes += files->at[i].stat.size;
        files->uris.at[i] = hr_files_uri(arena, files->at[i].location);
    }
    atomic_fetch_add(&format->files_listed, kept);
    return HR_OK;
}

void hr_files_key(const struct hr_files *files, struct hr_buf *out)
{
    for (size_t i = 0; i < files->count; i++) {
        hr_buf_addf(out, "%s|%s|%lld", files->at[i].location, files->at[i].stat.etag, (long long)files->at[i].stat.size);
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

const struct hr_type *hr_files_schema(struct hr_arena *arena, const struct hr_files *files, const struct hr_type *data, bool case_sensitive)
{
    size_t count = 0;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, data->field_count + files->partition_count + 1);
    for (size_t i = 0; i < data->field_count; i++) {
        int partition = hr_files_partition(files, data->fields[i].name, case_sensitive);
        fields[count] = data->fields[i];
        if (partition >= 0)
            fields[count].type = files->partitions[partition].type;
        fields[count++].nullable = true;
    }
    for (size_t i = 0; i < files->partition_count; i++)
        if (!field_named(data, files->partitions[i].name, case_sensitive))
            fields[count++] = files->partitions[i];
    return hr_type_struct(arena, fields, count);
}

const struct hr_type *hr_files_without_partitions(struct hr_arena *arena, const struct hr_type *user, const struct hr_files *files, bool sensitive)
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

static duckdb_value partition_value(const char *text, const struct hr_type *type, const struct hr_zone *zone)
{
    size_t len = strlen(text);
    int64_t whole;
    double real;
    int32_t days;
    bool flag;
    struct hr_decimal decimal;
    __int128 wide;
    switch (type->id) {
    case HR_TYPE_BYTE: return hr_value_long(text, len, &whole) ? duckdb_create_int8((int8_t)whole) : NULL;
    case HR_TYPE_SHORT: return hr_value_long(text, len, &whole) ? duckdb_create_int16((int16_t)whole) : NULL;
    case HR_TYPE_INT: return hr_value_long(text, len, &whole) ? duckdb_create_int32((int32_t)whole) : NULL;
    case HR_TYPE_LONG: return hr_value_long(text, len, &whole) ? duckdb_create_int64(whole) : NULL;
    case HR_TYPE_FLOAT: return hr_value_double(text, len, &real) ? duckdb_create_float((float)real) : NULL;
    case HR_TYPE_DOUBLE: return hr_value_double(text, len, &real) ? duckdb_create_double(real) : NULL;
    case HR_TYPE_BOOLEAN: return hr_value_boolean(text, len, &flag) ? duckdb_create_bool(flag) : NULL;
    case HR_TYPE_DATE: return hr_parse_date(text, len, &days) ? duckdb_create_date((duckdb_date){days}) : NULL;
    case HR_TYPE_TIMESTAMP:
        return hr_parse_timestamp(text, len, zone, hr_now_us(), &whole) ? duckdb_create_timestamp_tz((duckdb_timestamp){whole}) : NULL;
    case HR_TYPE_TIMESTAMP_NTZ:
        return hr_parse_timestamp_ntz(text, len, true, &whole) ? duckdb_create_timestamp((duckdb_timestamp){whole}) : NULL;
    case HR_TYPE_DECIMAL:
        if (!hr_value_bigdecimal(text, len, false, &decimal) || !hr_value_decimal(&decimal, type->precision, type->scale, &wide))
            return NULL;
        return duckdb_create_decimal((duckdb_decimal){type->precision, type->scale, {(uint64_t)wide, (int64_t)(wide >> 64)}});
    default: return duckdb_create_varchar_length(text, len);
    }
}

void hr_files_fill_partition(const char *text, const struct hr_type *type, const struct hr_zone *zone, duckdb_vector vector, idx_t rows)
{
    duckdb_value value = text ? partition_value(text, type, zone) : NULL;
    if (value) {
        duckdb_vector_reference_value(vector, value);
        duckdb_destroy_value(&value);
        return;
    }
    for (idx_t i = 0; i < rows; i++)
        hr_vector_null(vector, i);
}

/* ---- _metadata ---- */

const struct hr_type *hr_files_metadata_type(struct hr_arena *arena, bool row_index)
{
    static const struct { const char *name; enum hr_type_id id; } columns[] = {
        {"file_path", HR_TYPE_STRING}, {"file_name", HR_TYPE_STRING}, {"file_size", HR_TYPE_LONG}, {"file_block_start", HR_TYPE_LONG},
        {"file_block_length", HR_TYPE_LONG}, {"file_modification_time", HR_TYPE_TIMESTAMP}, {"row_index", HR_TYPE_LONG},
    };
    size_t count = HR_LEN(columns) - !row_index;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, count);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hr_field){columns[i].name, hr_type_basic(columns[i].id), false, NULL};
    return hr_type_struct(arena, fields, count);
}

static void sql_text(const char *text, struct hr_buf *out)
{
    hr_buf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            hr_buf_addc(out, '\'');
        hr_buf_addc(out, *text);
    }
    hr_buf_addc(out, '\'');
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
        sql_text(uri, out);
        hr_buf_adds(out, ", 'f1': ");
        sql_text(base_name(uri), out);
        hr_buf_addf(out, ", 'f2': CAST(%lld AS BIGINT), 'f3': CAST(0 AS BIGINT), 'f4': CAST(%lld AS BIGINT), 'f5': make_timestamptz(CAST(%lld AS BIGINT))}",
                    (long long)file->stat.size, (long long)file->stat.size, (long long)file->stat.mtime_ms * 1000);
    }
    hr_buf_addc(out, ']');
}
