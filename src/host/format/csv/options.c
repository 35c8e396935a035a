#include "host/format/csv/csv.h"
#include "host/format/files/stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Every option of Spark's CSV source is read below or stands here, refused by name when it asks for
 * something. Keys that Spark does not know are ignored, as Spark does. */
static const struct {
    const char *key, *harmless;
} refused[] = {
    {"variantColumn", NULL},
    {"singleVariantColumn", NULL},
    {"quoteAll", NULL},
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
    if (strlen(text) > 1)
        return (unsigned char)text[0] >= 0x80
                   ? refuse(err, key, text)
                   : hr_fail_spark(err, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "paramName", key,
                                   "actualValue", text, NULL);
    *value = *text && *text != '\0' ? (unsigned char)*text : HR_CSV_NONE;
    return HR_OK;
}

static enum hr_code separator(const struct hr_options *options,
                              struct hr_csv *csv,
                              struct hr_err *err)
{
    const char *text = hr_option_get(options, "sep");
    if (!text)
        text = hr_option_get(options, "delimiter");
    if (!text)
        text = ",";
    if (!*text)
        return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.EMPTY_STRING", NULL);
    if (!strcmp(text, "\\"))
        return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", NULL);
    char *to = csv->sep;
    for (const char *p = text; *p; p++) {
        if (to - csv->sep >= HR_CSV_SEPARATOR_MAX - 1)
            return refuse(err, "sep", text);
        static const char escapes[] = "t\tr\rb\bf\f\"\"''\\\\";
        if (*p == '\\' && p[1]) {
            const char *found = NULL;
            for (const char *e = escapes; *e; e += 2)
                if (e[0] == p[1])
                    found = e;
            if (!strcmp(p, "\\u0000"))
                return refuse(err, "sep", text);
            if (!found)
                return hr_fail_spark(err, "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER",
                                     "str", text, NULL);
            *to++ = found[1];
            p++;
        } else {
            *to++ = *p;
        }
    }
    csv->sep_len = (size_t)(to - csv->sep);
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

static enum hr_code modes(const struct hr_options *options, struct hr_csv *csv, struct hr_err *err)
{
    const char *mode = hr_option_get(options, "mode"),
               *unescaped = hr_option_get(options, "unescapedQuoteHandling");
    if (mode && !strcasecmp(mode, "DROPMALFORMED"))
        csv->mode = HR_MODE_DROPMALFORMED;
    else if (mode && !strcasecmp(mode, "FAILFAST"))
        csv->mode = HR_MODE_FAILFAST; /* anything else is PERMISSIVE, with a warning, in Spark */
    static const char *const names[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE",
                                        "RAISE_ERROR"};
    if (!unescaped)
        return HR_OK;
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (!strcasecmp(unescaped, names[i])) {
            csv->unescaped = (enum hr_csv_unescaped)i;
            return HR_OK;
        }
    return refuse(err, "unescapedQuoteHandling", unescaped);
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
    bool fallback;
    HR_TRY(hr_option_bool(
        options, "enableDateTimeParsingFallback",
        hr_conf_bool(env, "spark.sql.legacy.csv.enableDateTimeParsingFallback", false), &fallback,
        err));
    csv->fallback_dates = fallback || !date;
    csv->fallback_timestamps = fallback || !stamp;
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
    for (size_t i = 0; i < HR_LEN(refused); i++)
        if (hr_option_get(options, refused[i].key) && strcasecmp(refused[i].key, "quoteAll"))
            return refuse(err, refused[i].key, hr_option_get(options, refused[i].key));
    HR_TRY(separator(options, csv, err));
    HR_TRY(char_option(options, "quote", '"', &csv->quote, err));
    HR_TRY(char_option(options, "escape", '\\', &csv->escape, err));
    HR_TRY(char_option(options, "comment", HR_CSV_NONE, &csv->comment, err));
    HR_TRY(char_option(options, "charToEscapeQuoteEscaping",
                       csv->escape == csv->quote ? HR_CSV_NONE : csv->escape, &csv->escape_escape,
                       err));
    HR_TRY(hr_option_bool(options, "header", false, &csv->header, err));
    HR_TRY(hr_option_bool(options, "inferSchema", false, &csv->infer, err));
    HR_TRY(hr_option_bool(options, "multiLine",
                          hr_option_get(options, "wholeFile") &&
                              !strcasecmp(hr_option_get(options, "wholeFile"), "true"),
                          &csv->multi_line, err));
    HR_TRY(hr_option_bool(options, "ignoreLeadingWhiteSpace", false, &csv->ignore_leading, err));
    HR_TRY(hr_option_bool(options, "ignoreTrailingWhiteSpace", false, &csv->ignore_trailing, err));
    HR_TRY(hr_option_bool(options, "enforceSchema", true, &csv->enforce_schema, err));
    HR_TRY(hr_option_bool(options, "preferDate", true, &csv->prefer_date, err));
    HR_TRY(hr_option_bool(options, "columnPruning",
                          !csv->multi_line &&
                              hr_conf_bool(env, "spark.sql.csv.parser.columnPruning.enabled", true),
                          &csv->pruning, err));
    HR_TRY(hr_option_long(options, "maxColumns", 20480, &csv->max_columns, err));
    HR_TRY(hr_option_long(options, "maxCharsPerColumn", -1, &csv->max_chars, err));
    const char *line_sep = hr_option_get(options, "lineSep"),
               *sampling = hr_option_get(options, "samplingRatio");
    if (line_sep) {
        csv->line_sep_len = strlen(line_sep);
        if (!csv->line_sep_len || csv->line_sep_len > 2)
            return hr_fail(err, HR_E_INVALID,
                           csv->line_sep_len
                               ? "requirement failed: 'lineSep' can contain only 1 character."
                               : "requirement failed: 'lineSep' cannot be an empty string.");
        memcpy(csv->line_sep, line_sep, csv->line_sep_len);
    }
    csv->sampling = 1.0;
    if (sampling && !hr_value_double(sampling, strlen(sampling), &csv->sampling))
        return hr_fail(err, HR_E_INVALID, "samplingRatio should be a double. Found %s", sampling);
    csv->null_value = text_option(options, "nullValue", "");
    csv->empty_value = text_option(options, "emptyValue", "");
    csv->nan = text_option(options, "nanValue", "NaN");
    csv->positive_inf = text_option(options, "positiveInf", "Inf");
    csv->negative_inf = text_option(options, "negativeInf", "-Inf");
    csv->corrupt = text_option(options, "columnNameOfCorruptRecord",
                               hr_strdup(arena, hr_conf(env, "spark.sql.columnNameOfCorruptRecord",
                                                        "_corrupt_record")))
                       .bytes;
    csv->case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    csv->infer_ntz =
        !strcasecmp(hr_conf(env, "spark.sql.timestampType", "TIMESTAMP_LTZ"), "TIMESTAMP_NTZ");
    const char *locale = hr_option_get(options, "locale");
    if (locale && strncasecmp(locale, "en", 2))
        return refuse(err, "locale", locale);
    HR_TRY(modes(options, csv, err));
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
