/* What literals are worth: numbers with their suffixes, strings with their escapes, typed literals,
 * intervals. */
#include "host/sql/parse.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "host/sql/grammar.h"
#include "host/value/value.h"
#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- strings ---- */

static bool hex_digits(const char *from, const char *to, int count, uint32_t *value)
{
    if (to - from < count)
        return false;
    *value = 0;
    for (int i = 0; i < count; i++) {
        int digit = hr_hex_digit(from[i]);
        if (digit < 0)
            return false;
        *value = *value * 16 + (uint32_t)digit;
    }
    return *value;
}

/* one unit of UTF-16 from an escape: half of a pair, where the other one stands next to it; a half
 * alone is no character, and Java writes "?" */
static size_t add_unit(const char *from, const char *to, uint32_t code, char **out)
{
    uint32_t low;
    bool half = code >= 0xD800 && code < 0xE000;
    if (!half) {
        *out += hr_utf8_put(*out, code);
        return 0;
    }
    bool pair = code < 0xDC00 &&
                to - from >= 6 &&
                from[0] == '\\' &&
                from[1] == 'u' &&
                hex_digits(from + 2, to, 4, &low) &&
                low >= 0xDC00 &&
                low < 0xE000;
    if (!pair) {
        *(*out)++ = '?';
        return 0;
    }
    *out += hr_utf8_put(*out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
    return 6;
}

/* one escape behind its backslash; returns what it used of the source, and puts bytes at *out */
static size_t unescape_one(const char *from, const char *to, char **out)
{
    static const char letters[] = "0bnrtZ", meanings[] = "\0\b\n\r\t\x1a";
    uint32_t code;
    if (to - from >= 3 &&
        (from[0] == '0' || from[0] == '1') &&
        from[1] >= '0' &&
        from[1] <= '7' &&
        from[2] >= '0' &&
        from[2] <= '7') {
        *out += hr_utf8_put(*out,
                            (uint32_t)((from[0] - '0') * 64 + (from[1] - '0') * 8 + from[2] - '0'));
        return 3;
    }
    if (from[0] == 'u' && hex_digits(from + 1, to, 4, &code)) {
        return 5 + add_unit(from + 5, to, code, out);
    }
    if (from[0] == 'U' && hex_digits(from + 1, to, 8, &code)) {
        if (code < 0x110000)
            add_unit(to, to, code, out);
        else
            *out = (char *)memcpy(*out, "??", 2) +
                   2; /* Java makes two halves of it that are no pair */
        return 9;
    }
    if (from[0] == '%' || from[0] == '_') /* kept for LIKE */
        *(*out)++ = '\\';
    const char *letter = strchr(letters, from[0]);
    *(*out)++ = letter && from[0] ? meanings[letter - letters] : from[0];
    return 1;
}

char *hr_sql_unescape(struct parser *p, const char *from, const char *to, char quote, size_t *len)
{
    char *text = hr_arena_alloc(p->arena, (size_t)(to - from) + 8), *out = text;
    while (from < to) {
        if (*from == '\\' && from + 1 < to) {
            from++;
            from += unescape_one(from, to, &out);
        } else {
            from += *from == quote && from + 1 < to && from[1] == quote;
            *out++ = *from++;
        }
    }
    *len = (size_t)(out - text);
    return text;
}

static struct node literal(struct parser *p, const struct hr_type *type, int start, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_LITERAL);
    expr->literal = HR_NEW(p->arena, struct hr_literal);
    expr->literal->type = type;
    return hr_sql_node(p, expr, start, stop, 1);
}

struct node hr_sql_string(struct parser *p, const struct token *token)
{
    struct node node = literal(p, hr_type_basic(HR_TYPE_STRING), token->start, token->stop);
    node.expr->literal->text.bytes = token->text;
    node.expr->literal->text.len = token->len;
    return node;
}

/* ---- numbers ---- */

struct number {
    char *digits; /* without point, sign, leading zeros; "0" for zero */
    int scale;    /* digits behind the point; negative: zeros to append */
};

static struct number read_digits(struct parser *p, const char *text, size_t len)
{
    struct number number = {.digits = hr_arena_alloc(p->arena, len + 2)};
    char *out = number.digits;
    bool point = false;
    size_t i = 0;
    for (; i < len && (text[i] | 32) != 'e'; i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        number.scale += point;
        if (out > number.digits || text[i] != '0')
            *out++ = text[i];
    }
    if (out == number.digits)
        *out++ = '0';
    if (i < len) {
        long exponent = strtol(text + i + 1, NULL, 10);
        number.scale -= (int)(exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent);
    }
    return number;
}

static struct node decimal(
    struct parser *p, struct number number, bool negative, int start, int stop)
{
    int count = (int)strlen(number.digits);
    bool zero = !strcmp(number.digits, "0");
    int scale = number.scale < 0 ? 0 : number.scale;
    int precision = (number.scale < 0 && !zero ? count - number.scale : count);
    precision = precision < scale ? scale : precision;
    if (precision > HR_TYPE_DECIMAL_MAX) {
        char given[16];
        snprintf(given, sizeof given, "%d", precision);
        hr_sql_late(p, -1, -1, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "precision", given,
                    "maxPrecision", "38", NULL);
        precision = HR_TYPE_DECIMAL_MAX;
        scale = 0;
        number = (struct number){"0", 0};
        count = 1;
    }
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_buf_adds(&buf, negative && !zero ? "-" : "");
    for (int i = count; i <= scale; i++) /* zeros before: 0.05 */
        hr_buf_addc(&buf, '0');
    hr_buf_adds(&buf, number.digits);
    for (int i = number.scale; i < 0 && !zero; i++)
        hr_buf_addc(&buf, '0');
    char *text = hr_arena_alloc(p->arena, hr_buf_len(&buf) + 2);
    size_t whole = hr_buf_len(&buf) - (size_t)scale;
    memcpy(text, hr_buf_text(&buf), whole);
    if (scale) {
        text[whole] = '.';
        memcpy(text + whole + 1, hr_buf_text(&buf) + whole, (size_t)scale);
    }
    hr_buf_release(&buf);
    struct node node = literal(p, hr_type_decimal(p->arena, precision, scale), start, stop);
    node.expr->literal->text.bytes = text;
    node.expr->literal->text.len = strlen(text);
    return node;
}

static struct node out_of_range(struct parser *p,
                                const char *raw,
                                const char *type,
                                const char *least,
                                const char *most,
                                int start,
                                int stop)
{
    hr_sql_late(p, start, stop, "INVALID_NUMERIC_LITERAL_RANGE", "rawStrippedQualifier", raw,
                "minValue", least, "maxValue", most, "typeName", type, NULL);
    return literal(p, hr_type_basic(HR_TYPE_INT), start, stop);
}

static const struct integral {
    char suffix;
    enum hr_type_id id;
    const char *name;
    int64_t least, most;
} integrals[] = {
    {'l', HR_TYPE_LONG, "bigint", INT64_MIN, INT64_MAX},
    {'s', HR_TYPE_SHORT, "smallint", INT16_MIN, INT16_MAX},
    {'y', HR_TYPE_BYTE, "tinyint", INT8_MIN, INT8_MAX},
};

static struct node integral(
    struct parser *p, const struct integral *kind, const char *raw, size_t len, int start, int stop)
{
    int64_t value;
    if (!hr_parse_integer(raw, len, kind->least, kind->most, false, &value)) {
        char least[24], most[24];
        snprintf(least, sizeof least, "%" PRId64, kind->least);
        snprintf(most, sizeof most, "%" PRId64, kind->most);
        return out_of_range(p, raw, kind->name, least, most, start, stop);
    }
    struct node node = literal(p, hr_type_basic(kind->id), start, stop);
    node.expr->literal->integer = value;
    return node;
}

static struct node floating(struct parser *p, bool is_float, const char *raw, int start, int stop)
{
    double value = strtod(raw, NULL);
    if (is_float && fabs(value) > FLT_MAX)
        return out_of_range(p, raw, "float", "-3.4028234663852886E+38", "3.4028234663852886E+38",
                            start, stop);
    if (isinf(value))
        return out_of_range(p, raw, "double", "-1.7976931348623157E+308", "1.7976931348623157E+308",
                            start, stop);
    struct node node =
        literal(p, hr_type_basic(is_float ? HR_TYPE_FLOAT : HR_TYPE_DOUBLE), start, stop);
    node.expr->literal->real = is_float ? strtof(raw, NULL) : value;
    return node;
}

struct node hr_sql_number(struct parser *p, const struct token *token, bool negative, int start)
{
    const char *text = p->sql + token->start;
    size_t len = (size_t)(token->stop - token->start);
    char suffix = (char)tolower((unsigned char)text[len - 1]);
    bool is_decimal = suffix == 'd' && len > 2 && (text[len - 2] | 32) == 'b';
    size_t bare = isalpha((unsigned char)suffix) ? len - (is_decimal ? 2 : 1) : len;
    char *raw = hr_printf(p->arena, "%s%.*s", negative ? "-" : "", (int)bare, text);
    bool exponent = memchr(text, 'e', bare) || memchr(text, 'E', bare),
         point = memchr(text, '.', bare) != NULL;
    if (is_decimal || (bare == len && point && !exponent))
        return decimal(p, read_digits(p, text, bare), negative, start, token->stop);
    if (suffix == 'd' || suffix == 'f' || (bare == len && exponent))
        return floating(p, suffix == 'f' && bare < len, raw, start, token->stop);
    if (bare < len && (point || exponent)) { /* 1.5S: Spark reads 1, ., 5S */
        hr_sql_syntax(p, token);
        return literal(p, hr_type_basic(HR_TYPE_INT), start, token->stop);
    }
    for (size_t i = 0; bare < len && i < HR_LEN(integrals); i++)
        if (integrals[i].suffix == suffix)
            return integral(p, &integrals[i], raw, strlen(raw), start, token->stop);
    int64_t value;
    if (!hr_parse_integer(raw, strlen(raw), INT64_MIN, INT64_MAX, false, &value))
        return decimal(p, read_digits(p, text, bare), negative, start, token->stop);
    struct node node = literal(
        p, hr_type_basic(value >= INT32_MIN && value <= INT32_MAX ? HR_TYPE_INT : HR_TYPE_LONG),
        start, token->stop);
    node.expr->literal->integer = value;
    return node;
}

/* ---- intervals ---- */

struct amount {
    int64_t months, micros;
};

static const struct unit {
    const char *name;
    int64_t months, micros;    /* what one is worth */
    int year_field, day_field; /* its place in an interval type; -1 */
} units[] = {
    {"year", 12, 0, HR_UNIT_YEAR, -1},
    {"month", 1, 0, HR_UNIT_MONTH, -1},
    {"week", 0, 7 * HR_US_PER_DAY, -1, HR_UNIT_DAY},
    {"day", 0, HR_US_PER_DAY, -1, HR_UNIT_DAY},
    {"hour", 0, 3600 * HR_US_PER_SECOND, -1, HR_UNIT_HOUR},
    {"minute", 0, 60 * HR_US_PER_SECOND, -1, HR_UNIT_MINUTE},
    {"second", 0, HR_US_PER_SECOND, -1, HR_UNIT_SECOND},
    {"millisecond", 0, 1000, -1, HR_UNIT_SECOND},
    {"microsecond", 0, 1, -1, HR_UNIT_SECOND},
};

static const struct unit *unit_find(const char *text, size_t len)
{
    for (size_t i = 0; i < HR_LEN(units); i++) {
        size_t own = strlen(units[i].name);
        if ((len == own || (len == own + 1 && (text[own] | 32) == 's')) &&
            !strncasecmp(units[i].name, text, own))
            return &units[i];
    }
    return NULL;
}

static bool sql_is_interval_unit(const struct parser *p, const struct token *token)
{
    return token->text &&
           token->kind != TK_STRING &&
           !token->quoted &&
           unit_find(p->sql + token->start, (size_t)(token->stop - token->start));
}

static bool add_checked(int64_t *sum, int64_t count, int64_t worth)
{
    int64_t product;
    return !__builtin_mul_overflow(count, worth, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

/* one "[+-]n[.f] unit" of an interval's text; *at moves on; found: the unit */
static bool read_part(const char **at, struct amount *sum, const struct unit **found)
{
    const char *s = *at;
    int sign = 1;
    while (isspace((unsigned char)*s))
        s++;
    if (*s == '-' || *s == '+')
        sign = *s++ == '-' ? -1 : 1;
    while (isspace((unsigned char)*s))
        s++;
    int64_t whole = 0, nanos = 0;
    int places = -1;
    bool any = false;
    for (; isdigit((unsigned char)*s); s++, any = true)
        if (__builtin_mul_overflow(whole, (int64_t)10, &whole) ||
            __builtin_add_overflow(whole, (int64_t)(*s - '0'), &whole))
            return false;
    if (*s == '.')
        for (s++, places = 0; isdigit((unsigned char)*s); s++, any = true) {
            if (++places > 9)
                return false;
            nanos = nanos * 10 + (*s - '0');
        }
    for (int i = places; i >= 0 && i < 9; i++)
        nanos *= 10;
    if (!any || !isspace((unsigned char)*s))
        return false;
    while (isspace((unsigned char)*s))
        s++;
    size_t len = 0;
    while (isalpha((unsigned char)s[len]))
        len++;
    *found = unit_find(s, len);
    *at = s + len;
    if (!*found || (places >= 0 && strcmp((*found)->name, "second")))
        return false;
    return add_checked(&sum->months, sign * whole, (*found)->months) &&
           add_checked(&sum->micros, sign * whole, (*found)->micros) &&
           add_checked(&sum->micros, sign * (nanos / 1000), 1);
}

struct interval {
    struct amount sum;
    /* -1: none of the kind */
    int first_month_unit, last_month_unit, first_day_unit, last_day_unit;
};

static void widen(int *first, int *last, int field)
{
    if (field < 0)
        return;
    *first = *first < 0 || field < *first ? field : *first;
    *last = field > *last ? field : *last;
}

static bool read_interval(const char *text, struct interval *out)
{
    *out = (struct interval){
        .first_month_unit = -1, .last_month_unit = -1, .first_day_unit = -1, .last_day_unit = -1};
    while (isspace((unsigned char)*text))
        text++;
    if (!strncasecmp(text, "interval", 8) && isspace((unsigned char)text[8]))
        text += 8;
    do {
        const struct unit *unit;
        if (!read_part(&text, &out->sum, &unit))
            return false;
        widen(&out->first_month_unit, &out->last_month_unit, unit->year_field);
        widen(&out->first_day_unit, &out->last_day_unit, unit->day_field);
        while (isspace((unsigned char)*text))
            text++;
    } while (*text);
    return out->sum.months >= INT32_MIN && out->sum.months <= INT32_MAX;
}

static struct node interval_literal(
    struct parser *p, bool months, int first, int last, int64_t value, int start, int stop)
{
    struct hr_type *type = hr_memdup(
        p->arena, hr_type_basic(months ? HR_TYPE_YEAR_MONTH : HR_TYPE_DAY_TIME), sizeof *type);
    type->first_unit = (uint8_t)first;
    type->last_unit = (uint8_t)last;
    struct node node = literal(p, type, start, stop);
    node.expr->literal->integer = value;
    return node;
}

static struct node interval_node(struct parser *p,
                                 const struct interval *interval,
                                 int start,
                                 int stop)
{
    if (interval->first_month_unit >= 0 && interval->first_day_unit >= 0)
        hr_sql_late(p, start, stop, "_LEGACY_ERROR_TEMP_0029", "literal",
                    hr_strndup(p->arena, p->sql + start, (size_t)(stop - start)), NULL);
    if (interval->first_month_unit >= 0)
        return interval_literal(p, true, interval->first_month_unit, interval->last_month_unit,
                                interval->sum.months, start, stop);
    return interval_literal(p, false, interval->first_day_unit < 0 ? 0 : interval->first_day_unit,
                            interval->last_day_unit < 0 ? 0 : interval->last_day_unit,
                            interval->sum.micros, start, stop);
}

static const char *const year_units[] = {"year", "month"};
static const char *const day_units[] = {"day", "hour", "minute", "second"};
static const char *const year_letters[] = {"y", "m"};
static const char *const day_letters[] = {"d", "h", "m", "s.n"};

/* reads [+-]a b:c:d.f for the units first … last; 1 done, 0 wrong form, -1 a part out of its range
 */
static int read_from_to(const char *s, bool months, int first, int last, int64_t *value)
{
    static const int64_t worth[] = {HR_US_PER_DAY, 3600 * HR_US_PER_SECOND, 60 * HR_US_PER_SECOND,
                                    HR_US_PER_SECOND};
    static const int limit[] = {0, 23, 59, 59};
    int sign = 1;
    bool in_range = true;
    while (isspace((unsigned char)*s))
        s++;
    if (*s == '+' || *s == '-')
        sign = *s++ == '-' ? -1 : 1;
    *value = 0;
    for (int unit = first; unit <= last; unit++) {
        int64_t number = 0, nanos = 0;
        int digits = 0, places = 0;
        for (; isdigit((unsigned char)*s) && digits < 18; s++, digits++)
            number = number * 10 + (*s - '0');
        if (!digits || (unit > first && !months && digits > 2))
            return 0;
        if (!months && unit == HR_UNIT_SECOND && *s == '.')
            for (s++; isdigit((unsigned char)*s) && places < 9; s++, places++)
                nanos = nanos * 10 + (*s - '0');
        for (int i = places; i < 9; i++)
            nanos *= 10;
        if (unit > first)
            in_range = in_range && number <= (months ? 11 : limit[unit]);
        if (!add_checked(value, sign * number,
                         months ? (unit == HR_UNIT_YEAR ? 12 : 1) : worth[unit]) ||
            !add_checked(value, sign * (nanos / 1000), 1))
            return -1;
        char separator = months ? '-' : unit == HR_UNIT_DAY ? ' ' : ':';
        if (unit < last && *s++ != separator)
            return 0;
    }
    while (isspace((unsigned char)*s))
        s++;
    return *s ? 0 : in_range ? 1 : -1;
}

static char *from_to_format(struct parser *p, bool months, int first, int last)
{
    char form[32] = "";
    for (int unit = first; unit <= last; unit++) {
        const char *separator = unit == last ? "" : months ? "-" : unit == HR_UNIT_DAY ? " " : ":";
        snprintf(form + strlen(form), sizeof form - strlen(form), "%s%s",
                 (months ? year_letters : day_letters)[unit], separator);
    }
    const char *const *names = months ? year_units : day_units;
    char *text = hr_printf(p->arena, "`[+|-]%s`, `INTERVAL [+|-]'[+|-]%s' %s TO %s`", form, form,
                           names[first], names[last]);
    for (char *c = strstr(text, "' ") + 1; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

static struct node interval_from_to(struct parser *p,
                                    const struct token *value,
                                    bool negative,
                                    const struct unit *from,
                                    const struct unit *to,
                                    int start,
                                    int stop)
{
    bool months = from->year_field >= 0;
    int first = months ? from->year_field : from->day_field,
        last = months ? to->year_field : to->day_field;
    int64_t amount = 0;
    if (last <= first || !strcmp(from->name, "week")) {
        hr_sql_late(p, start, stop, "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION",
                    "input", value->text, "from", from->name, "to", to->name, NULL);
        return interval_literal(p, false, 0, 0, 0, start, stop);
    }
    int result = read_from_to(value->text, months, first, last, &amount);
    amount = negative ? -amount : amount;
    if (months && amount != (int32_t)amount)
        result = -1;
    if (result < 0) {
        hr_sql_late(p, start, stop, "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", "input",
                    value->text, "interval", months ? "year-month" : "day-time", NULL);
    } else if (!result) {
        hr_sql_late(p, start, stop, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING", "input",
                    value->text, "intervalStr", months ? "year-month" : "day-time",
                    "supportedFormat", from_to_format(p, months, first, last), "typeName",
                    hr_printf(p->arena, "interval %s to %s", from->name, to->name), NULL);
    }
    return interval_literal(p, months, first, last, amount, start, stop);
}

static struct node invalid_typed(struct parser *p,
                                 const char *type,
                                 const struct token *value,
                                 int start)
{
    struct hr_buf quoted;
    hr_buf_init(&quoted, HR_BUF_GROWS);
    hr_buf_addc(&quoted, '\'');
    for (size_t i = 0; i < value->len; i++) {
        if (value->text[i] == '\'' || value->text[i] == '\\')
            hr_buf_addc(&quoted, '\\');
        hr_buf_addc(&quoted, value->text[i]);
    }
    hr_buf_addc(&quoted, '\'');
    hr_sql_late(p, start, value->stop, "INVALID_TYPED_LITERAL", "valueType",
                hr_printf(p->arena, "\"%s\"", type), "value", hr_buf_text(&quoted), NULL);
    hr_buf_release(&quoted);
    return literal(p, hr_type_basic(HR_TYPE_STRING), start, value->stop);
}

/* the text of "[sign] value unit" parts from tokens[*at], as read_interval takes it */
static void collect_parts(struct parser *p, size_t *at, struct hr_buf *text)
{
    for (;;) {
        const struct token *t = &p->tokens[*at], *value = t;
        if (t->kind == TK_MINUS || t->kind == TK_PLUS)
            value++;
        if ((value->kind != TK_NUMBER && value->kind != TK_STRING) ||
            !sql_is_interval_unit(p, value + 1))
            return;
        bool negative = t->kind == TK_MINUS;
        const char *digits = value->kind == TK_STRING ? value->text : p->sql + value->start;
        size_t len = value->kind == TK_STRING ? value->len : (size_t)(value->stop - value->start);
        while (len && isspace((unsigned char)*digits)) {
            digits++;
            len--;
        }
        if (len && (*digits == '-' || *digits == '+')) { /* INTERVAL -'-1' DAY is 1 day */
            negative ^= *digits == '-';
            digits++;
            len--;
        }
        hr_buf_addf(text, " %s%.*s %.*s", negative ? "-" : "", (int)len, digits,
                    value[1].stop - value[1].start, p->sql + value[1].start);
        *at += (size_t)(value + 2 - t);
    }
}

struct hr_expr *hr_sql_interval(struct parser *p, size_t *at)
{
    const struct token *word = &p->tokens[*at], *sign = word + 1, *value = sign;
    if (sign->kind == TK_MINUS || sign->kind == TK_PLUS)
        value++;
    bool has_unit = (value->kind == TK_NUMBER || value->kind == TK_STRING) &&
                    sql_is_interval_unit(p, value + 1);
    struct interval interval;
    if (!has_unit) {
        if (value != sign || value->kind != TK_STRING)
            return NULL;
        *at += 2;
        if (!read_interval(value->text, &interval))
            return invalid_typed(p, "INTERVAL", value, word->start).expr;
        return interval_node(p, &interval, word->start, value->stop).expr;
    }
    const struct token *unit = value + 1;
    if (hr_sql_word_is(p, unit + 1, "to") &&
        value->kind == TK_STRING &&
        sql_is_interval_unit(p, unit + 2)) {
        *at = (size_t)(unit + 3 - p->tokens);
        return interval_from_to(
                   p, value, sign->kind == TK_MINUS,
                   unit_find(p->sql + unit->start, (size_t)(unit->stop - unit->start)),
                   unit_find(p->sql + unit[2].start, (size_t)(unit[2].stop - unit[2].start)),
                   word->start, unit[2].stop)
            .expr;
    }
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    *at += 1;
    collect_parts(p, at, &text);
    int stop = p->tokens[*at - 1].stop;
    struct hr_expr *expr;
    if (read_interval(hr_buf_text(&text), &interval)) {
        expr = interval_node(p, &interval, word->start, stop).expr;
    } else {
        hr_sql_late(p, word->start, stop, "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", "input",
                    hr_buf_text(&text) + 1, "interval", "", NULL);
        expr = interval_literal(p, false, 0, 0, 0, word->start, stop).expr;
    }
    hr_buf_release(&text);
    return expr;
}

/* ---- typed literals ---- */

static const struct hr_zone *session_zone(const struct parser *p)
{
    const char *name = p->options->time_zone;
    const struct hr_zone *zone = name ? hr_zone_find(name, strlen(name)) : NULL;
    return zone ? zone : hr_zone_utc();
}

/* epoch, now, today, tomorrow, yesterday: the day in the session's zone, and the moment for a
 * timestamp */
static bool special_moment(struct parser *p,
                           const struct token *value,
                           int64_t *local_day,
                           int64_t *utc_us)
{
    static const struct {
        const char *word;
        int day;
    } words[] = {{"today", 0}, {"tomorrow", 1}, {"yesterday", -1}};
    char *text = hr_strndup(p->arena, value->text, value->len), *end = text + value->len;
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = 0;
    while (isspace((unsigned char)*text))
        text++;
    int64_t now = hr_clock_ms() * 1000;
    const struct hr_zone *zone = session_zone(p);
    *local_day = hr_floor_div(hr_zone_to_local(zone, now), HR_US_PER_DAY);
    *utc_us = now;
    if (!strcasecmp(text, "now"))
        return true;
    if (!strcasecmp(text, "epoch")) {
        *local_day = *utc_us = 0;
        return true;
    }
    for (size_t i = 0; i < HR_LEN(words); i++)
        if (!strcasecmp(text, words[i].word)) {
            *local_day += words[i].day;
            *utc_us = hr_zone_to_utc(zone, *local_day * HR_US_PER_DAY);
            return true;
        }
    return false;
}

static bool read_date(struct parser *p, const struct token *value, int64_t *out)
{
    int64_t moment;
    int32_t days;
    if (special_moment(p, value, out, &moment))
        return true;
    if (!hr_parse_date(value->text, value->len, &days))
        return false;
    *out = days;
    return true;
}

static bool read_timestamp(struct parser *p, const struct token *value, int64_t *out)
{
    int64_t day;
    return special_moment(p, value, &day, out) ||
           hr_parse_timestamp(value->text, value->len, session_zone(p), hr_clock_ms() * 1000, out);
}

static bool read_timestamp_ntz(struct parser *p, const struct token *value, int64_t *out)
{
    int64_t day;
    if (special_moment(p, value, &day, out)) {
        *out = hr_zone_to_local(session_zone(p), *out);
        return true;
    }
    return hr_parse_timestamp_ntz(value->text, value->len, true, out);
}

static bool read_time(struct parser *p, const struct token *value, int64_t *out)
{
    char *text = hr_printf(p->arena, "1970-01-01T%.*s", (int)value->len, value->text);
    if (!value->len ||
        !isdigit((unsigned char)value->text[0]) ||
        !hr_parse_timestamp_ntz(text, strlen(text), false, out) ||
        *out >= HR_US_PER_DAY)
        return false;
    *out *= 1000;
    return true;
}

static struct node hex(struct parser *p, const struct token *value, int start)
{
    size_t odd = value->len % 2, len = (value->len + odd) / 2;
    char *bytes = hr_arena_alloc(p->arena, len + 1);
    for (size_t i = 0; i < value->len; i++) {
        int digit = hr_hex_digit(value->text[i]);
        if (digit < 0)
            return invalid_typed(p, "X", value, start);
        bytes[(i + odd) / 2] = (char)((unsigned char)bytes[(i + odd) / 2] << 4 | digit);
    }
    struct node node = literal(p, hr_type_basic(HR_TYPE_BINARY), start, value->stop);
    node.expr->literal->text.bytes = bytes;
    node.expr->literal->text.len = len;
    return node;
}

static const struct typed {
    const char *name;
    enum hr_type_id id;
    bool (*read)(struct parser *, const struct token *, int64_t *);
} typed[] = {
    {"DATE", HR_TYPE_DATE, read_date},
    {"TIMESTAMP", HR_TYPE_TIMESTAMP, read_timestamp},
    {"TIMESTAMP_LTZ", HR_TYPE_TIMESTAMP, read_timestamp},
    {"TIMESTAMP_NTZ", HR_TYPE_TIMESTAMP_NTZ, read_timestamp_ntz},
    {"TIME", HR_TYPE_TIME, read_time},
};

struct node hr_sql_typed_literal(struct parser *p,
                                 const struct token *name,
                                 const struct token *value)
{
    if (hr_sql_word_is(p, name, "x"))
        return hex(p, value, name->start);
    for (size_t i = 0; i < HR_LEN(typed); i++) {
        if (!hr_sql_word_is(p, name, typed[i].name))
            continue;
        bool ntz = !strcmp(typed[i].name, "TIMESTAMP") && p->options->timestamp_is_ntz;
        int64_t amount;
        if (!(ntz ? read_timestamp_ntz : typed[i].read)(p, value, &amount))
            return invalid_typed(p, typed[i].name, value, name->start);
        struct node node = literal(p, hr_type_basic(ntz ? HR_TYPE_TIMESTAMP_NTZ : typed[i].id),
                                   name->start, value->stop);
        node.expr->literal->integer = amount;
        return node;
    }
    char *upper = hr_printf(p->arena, "\"%s\"", name->text);
    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    hr_sql_late(
        p, name->start, value->stop, "UNSUPPORTED_TYPED_LITERAL", "unsupportedType", upper,
        "supportedTypes",
        "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"",
        NULL);
    return literal(p, hr_type_basic(HR_TYPE_STRING), name->start, value->stop);
}
