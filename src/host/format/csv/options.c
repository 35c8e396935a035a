#include "host/format/csv/csv.h"
#include "host/format/files/stream.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Every option of Spark's CSV source is read below or stands here, refused by name. Keys that Spark
 * does not know are ignored, as Spark does. */
static const char *const refused[] = {"variantColumn", "singleVariantColumn"};

static const struct {
    const char *key;
    bool fallback;
    size_t at; /* in struct hr_csv */
} flags[] = {
    {"header", false, offsetof(struct hr_csv, header)},
    {"inferSchema", false, offsetof(struct hr_csv, infer)},
    {"ignoreLeadingWhiteSpace", false, offsetof(struct hr_csv, ignore_leading)},
    {"ignoreTrailingWhiteSpace", false, offsetof(struct hr_csv, ignore_trailing)},
    {"enforceSchema", true, offsetof(struct hr_csv, enforce_schema)},
    {"preferDate", true, offsetof(struct hr_csv, prefer_date)},
};

static const struct {
    const char *key, *fallback;
    size_t at; /* in struct hr_csv */
} texts[] = {
    {"nullValue", "", offsetof(struct hr_csv, null_value)},
    {"emptyValue", "", offsetof(struct hr_csv, empty_value)},
    {"nanValue", "NaN", offsetof(struct hr_csv, nan)},
    {"positiveInf", "Inf", offsetof(struct hr_csv, positive_inf)},
    {"negativeInf", "-Inf", offsetof(struct hr_csv, negative_inf)},
};

static enum hr_code refuse(struct hr_err *err, const char *key, const char *value)
{
    char feature[300];
    snprintf(feature, sizeof feature, "the csv option \"%.100s\" with the value \"%.100s\"", key,
             value);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

/* Spark's getChar: one character; empty is none */
static enum hr_code char_option(
    const struct hr_options *options, const char *key, int fallback, int *value, struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (!text)
        return HR_OK;
    if (strlen(text) > 1 && (unsigned char)text[0] >= 0x80)
        return refuse(err, key, text);
    if (strlen(text) > 1)
        return hr_fail_spark(err, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "paramName", key,
                             "actualValue", text, NULL);
    *value = *text ? (unsigned char)*text : HR_CSV_NONE;
    return HR_OK;
}

/* what stands behind a backslash in a separator; 0: nothing that Spark knows */
static char escaped(char letter)
{
    static const char pairs[] = "t\tr\rb\bf\f\"\"''\\\\";
    for (const char *pair = pairs; *pair; pair += 2)
        if (pair[0] == letter)
            return pair[1];
    return 0;
}

static const char *separator_text(const struct hr_options *options)
{
    const char *text = hr_option_get(options, "sep");
    if (!text)
        text = hr_option_get(options, "delimiter");
    return text ? text : ",";
}

static enum hr_code separator(const struct hr_options *options,
                              struct hr_csv *csv,
                              struct hr_err *err)
{
    const char *text = separator_text(options);
    if (!*text)
        return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.EMPTY_STRING", NULL);
    if (!strcmp(text, "\\"))
        return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", NULL);
    for (const char *p = text; *p; p++) {
        if (csv->sep_len >= HR_CSV_SEPARATOR_MAX - 1)
            return refuse(err, "sep", text);
        if (*p != '\\' || !p[1]) {
            csv->sep[csv->sep_len++] = *p;
            continue;
        }
        if (!strcmp(p, "\\u0000"))
            return refuse(err, "sep", text);
        char meant = escaped(*++p);
        if (!meant)
            return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER",
                                 "str", text, NULL);
        csv->sep[csv->sep_len++] = meant;
    }
    return HR_OK;
}

static struct hr_text text_option(const struct hr_options *options,
                                  const char *key,
                                  const char *fallback)
{
    const char *text = hr_option_get(options, key);
    if (!text)
        text = fallback;
    return (struct hr_text){text, strlen(text)};
}

/* anything else is PERMISSIVE, with a warning, in Spark */
static enum hr_parse_mode mode_of(const struct hr_options *options)
{
    const char *mode = hr_option_get(options, "mode");
    if (mode && !strcasecmp(mode, "DROPMALFORMED"))
        return HR_MODE_DROPMALFORMED;
    if (mode && !strcasecmp(mode, "FAILFAST"))
        return HR_MODE_FAILFAST;
    return HR_MODE_PERMISSIVE;
}

static enum hr_code unescaped_quotes(const struct hr_options *options,
                                     struct hr_csv *csv,
                                     struct hr_err *err)
{
    static const char *const names[] = {
        [HR_CSV_STOP_AT_DELIMITER] = "STOP_AT_DELIMITER",
        [HR_CSV_STOP_AT_CLOSING_QUOTE] = "STOP_AT_CLOSING_QUOTE",
        [HR_CSV_RAISE_ERROR] = "RAISE_ERROR",
    };
    const char *asked = hr_option_get(options, "unescapedQuoteHandling");
    if (!asked)
        return HR_OK;
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (!strcasecmp(asked, names[i])) {
            csv->unescaped = (enum hr_csv_unescaped)i;
            return HR_OK;
        }
    return refuse(err, "unescapedQuoteHandling", asked);
}

static enum hr_code charset(const struct hr_options *options,
                            struct hr_csv *csv,
                            struct hr_err *err)
{
    const char *name = hr_option_get(options, "encoding");
    if (!name)
        name = hr_option_get(options, "charset");
    if (!name || hr_stream_is_utf8(name))
        return HR_OK;
    bool ascii;
    if (!hr_stream_charset(name, &ascii))
        return hr_fail_spark(err, "INVALID_PARAMETER_VALUE.CHARSET", "parameter", "`charset`",
                             "functionName", "`CSVOptions`", "charset", name, "charsets",
                             "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8",
                             NULL);
    if (!ascii && !csv->multi_line && !csv->line_sep_len)
        return refuse(err, "encoding without multiLine or lineSep", name);
    csv->encoding = name;
    return HR_OK;
}

static enum hr_code formats(struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_options *options,
                            struct hr_csv *csv,
                            struct hr_err *err)
{
    const char *date = hr_option_get(options, "dateFormat"),
               *stamp = hr_option_get(options, "timestampFormat");
    const char *ntz = hr_option_get(options, "timestampNTZFormat");
    HR_TRY(hr_option_pattern(arena, date, HR_PATTERN_PARSE, &csv->date_format, err));
    HR_TRY(hr_option_pattern(arena, stamp, HR_PATTERN_PARSE, &csv->timestamp_format, err));
    HR_TRY(hr_option_pattern(arena, ntz, HR_PATTERN_PARSE, &csv->ntz_format, err));
    bool fallback = hr_conf_bool(env, "spark.sql.legacy.csv.enableDateTimeParsingFallback", false);
    HR_TRY(hr_option_bool(options, "enableDateTimeParsingFallback", fallback, &fallback, err));
    csv->fallback_dates = fallback || !date;
    csv->fallback_timestamps = fallback || !stamp;
    return HR_OK;
}

static enum hr_code characters(const struct hr_options *options,
                               struct hr_csv *csv,
                               struct hr_err *err)
{
    HR_TRY(separator(options, csv, err));
    HR_TRY(char_option(options, "quote", '"', &csv->quote, err));
    HR_TRY(char_option(options, "escape", '\\', &csv->escape, err));
    HR_TRY(char_option(options, "comment", HR_CSV_NONE, &csv->comment, err));
    int fallback = csv->escape == csv->quote ? HR_CSV_NONE : csv->escape;
    return char_option(options, "charToEscapeQuoteEscaping", fallback, &csv->escape_escape, err);
}

static enum hr_code switches(struct hr_env *env,
                             const struct hr_options *options,
                             struct hr_csv *csv,
                             struct hr_err *err)
{
    for (size_t i = 0; i < HR_LEN(flags); i++) {
        bool *flag = (bool *)((char *)csv + flags[i].at);
        HR_TRY(hr_option_bool(options, flags[i].key, flags[i].fallback, flag, err));
    }
    const char *old_name = hr_option_get(options, "wholeFile");
    bool whole_file = old_name && !strcasecmp(old_name, "true");
    HR_TRY(hr_option_bool(options, "multiLine", whole_file, &csv->multi_line, err));
    bool prunes =
        !csv->multi_line && hr_conf_bool(env, "spark.sql.csv.parser.columnPruning.enabled", true);
    return hr_option_bool(options, "columnPruning", prunes, &csv->pruning, err);
}

static enum hr_code limits(const struct hr_options *options, struct hr_csv *csv, struct hr_err *err)
{
    HR_TRY(hr_option_long(options, "maxColumns", 20480, &csv->max_columns, err));
    HR_TRY(hr_option_long(options, "maxCharsPerColumn", -1, &csv->max_chars, err));
    csv->sampling = 1.0;
    const char *sampling = hr_option_get(options, "samplingRatio");
    if (sampling && !hr_value_double(sampling, strlen(sampling), &csv->sampling))
        return hr_fail(err, HR_E_INVALID, "samplingRatio should be a double. Found %s", sampling);
    return HR_OK;
}

static enum hr_code line_end(const struct hr_options *options,
                             struct hr_csv *csv,
                             struct hr_err *err)
{
    const char *text = hr_option_get(options, "lineSep");
    if (!text)
        return HR_OK;
    size_t len = strlen(text);
    if (!len)
        return hr_fail(err, HR_E_INVALID,
                       "requirement failed: 'lineSep' cannot be an empty string.");
    if (len > 2)
        return hr_fail(err, HR_E_INVALID,
                       "requirement failed: 'lineSep' can contain only 1 character.");
    memcpy(csv->line_sep, text, len);
    csv->line_sep_len = len;
    return HR_OK;
}

static void names(struct hr_arena *arena,
                  struct hr_env *env,
                  const struct hr_options *options,
                  struct hr_csv *csv)
{
    for (size_t i = 0; i < HR_LEN(texts); i++) {
        struct hr_text *text = (struct hr_text *)((char *)csv + texts[i].at);
        *text = text_option(options, texts[i].key, texts[i].fallback);
    }
    const char *corrupt = hr_conf(env, "spark.sql.columnNameOfCorruptRecord", "_corrupt_record");
    csv->corrupt = hr_option_get(options, "columnNameOfCorruptRecord");
    if (!csv->corrupt)
        csv->corrupt = hr_strdup(arena, corrupt);
}

static void settings(struct hr_env *env, struct hr_csv *csv)
{
    const char *timestamps = hr_conf(env, "spark.sql.timestampType", "TIMESTAMP_LTZ");
    csv->infer_ntz = !strcasecmp(timestamps, "TIMESTAMP_NTZ");
    csv->case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
}

static enum hr_code refuse_unsupported(const struct hr_options *options, struct hr_err *err)
{
    for (size_t i = 0; i < HR_LEN(refused); i++) {
        const char *value = hr_option_get(options, refused[i]);
        if (value)
            return refuse(err, refused[i], value);
    }
    const char *locale = hr_option_get(options, "locale");
    if (locale && strncasecmp(locale, "en", 2))
        return refuse(err, "locale", locale);
    return HR_OK;
}

enum hr_code hr_csv_options(struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_options *options,
                            struct hr_csv **out,
                            struct hr_err *err)
{
    struct hr_csv *csv = HR_NEW(arena, struct hr_csv);
    *out = csv;
    HR_TRY(refuse_unsupported(options, err));
    HR_TRY(characters(options, csv, err));
    HR_TRY(switches(env, options, csv, err));
    HR_TRY(limits(options, csv, err));
    HR_TRY(line_end(options, csv, err));
    names(arena, env, options, csv);
    settings(env, csv);
    csv->mode = mode_of(options);
    HR_TRY(unescaped_quotes(options, csv, err));
    HR_TRY(charset(options, csv, err));
    HR_TRY(formats(arena, env, options, csv, err));
    HR_TRY(hr_conf_zone(env, options, &csv->zone, &csv->zone_name, err));
    csv->zone_name = hr_strdup(arena, csv->zone_name);
    return HR_OK;
}

void hr_csv_one_record(struct hr_csv *csv)
{
    csv->multi_line = true;
    if (!csv->line_sep_len) {
        csv->line_sep[0] = '\n';
        csv->line_sep_len = 1;
    }
}
