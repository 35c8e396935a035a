#include "host/format/datetime.h"
#include "host/format/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define OPS_MAX 64
#define MICROS_A_SECOND 1000000

enum op_kind { OP_LITERAL, OP_NUMBER, OP_REDUCED_YEAR, OP_TEXT_MONTH, OP_TEXT_DAY, OP_FRACTION, OP_AMPM, OP_OFFSET, OP_ZONE_ID, OP_ZONE_NAME, OP_OPTIONAL, OP_END };

struct op {
    enum op_kind kind;
    char letter;                       /* NUMBER: which field */
    int min, max;                      /* digits; max == min: fixed */
    bool full;                         /* texts: full names */
    bool colon, zulu, minutes_optional, seconds;   /* offsets */
    char text[8]; int len;             /* literal, in pieces of 8 bytes */
    int close;                         /* OPTIONAL: index of its END */
};

struct hr_datetime { struct op ops[OPS_MAX]; int count; bool parsing; };

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/* ---- compiling ---- */

static struct op *add(struct hr_datetime *d, enum op_kind kind)
{
    if (d->count == OPS_MAX)
        return NULL;
    struct op *op = &d->ops[d->count++];
    op->kind = kind;
    return op;
}

static bool literal(struct hr_datetime *d, const char *text, size_t len)
{
    while (len) {
        struct op *op = add(d, OP_LITERAL);
        if (!op)
            return false;
        op->len = len > sizeof op->text ? (int)sizeof op->text : (int)len;
        memcpy(op->text, text, (size_t)op->len);
        text += op->len;
        len -= (size_t)op->len;
    }
    return true;
}

static enum hr_code refuse(struct hr_err *err, const char *pattern, char letter)
{
    return hr_fail_spark(err, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "c", (char[]){letter, 0}, "pattern", pattern, NULL);
}

static bool offset_op(struct op *op, char letter, int count)
{
    op->zulu = letter == 'X' || (letter == 'Z' && count == 5);
    if (letter == 'Z') {
        op->colon = op->seconds = count == 5;
        return count <= 3 || count == 5;
    }
    op->minutes_optional = count == 1;
    op->colon = count == 3 || count == 5;
    op->seconds = count > 3;
    return count <= 5;
}

static bool letter_op(struct hr_datetime *d, char letter, int count)
{
    struct op *op = add(d, OP_NUMBER);
    if (!op)
        return false;
    op->letter = letter;
    op->min = count;
    op->max = count == 1 ? 19 : count;
    op->full = count == 4;
    switch (letter) {
    case 'y': case 'u':
        op->letter = 'y';
        if (count == 2)
            op->kind = OP_REDUCED_YEAR;
        else
            op->max = 19;
        return count <= 6;
    case 'M': case 'L':
        op->letter = 'M';
        if (count > 2)
            op->kind = OP_TEXT_MONTH;
        return count <= 4;
    case 'd': case 'H': case 'h': case 'K': case 'k': case 'm': case 's': return count <= 2;
    case 'D': op->max = 3; return count <= 3;
    case 'S':
        op->kind = OP_FRACTION;
        op->max = count;
        return count <= 9;
    case 'E': op->kind = OP_TEXT_DAY; return count <= 4;
    case 'a': op->kind = OP_AMPM; return count == 1;
    case 'X': case 'x': case 'Z': op->kind = OP_OFFSET; return offset_op(op, letter, count);
    case 'V': op->kind = OP_ZONE_ID; return count == 2;
    case 'z': op->kind = OP_ZONE_NAME; return count <= 3;
    default: return false;
    }
}

enum hr_code hr_datetime_compile(struct hr_arena *arena, const char *pattern, bool for_parsing, const struct hr_datetime **out, struct hr_err *err)
{
    struct hr_datetime *d = HR_NEW(arena, struct hr_datetime);
    int open[8], depth = 0;
    d->parsing = for_parsing;
    for (const char *p = pattern; *p;) {
        if (*p == '\'') {
            const char *q = p + 1;
            if (*q == '\'') {
                if (!literal(d, "'", 1))
                    return refuse(err, pattern, *p);
                p += 2;
                continue;
            }
            while (*q && !(*q == '\'' && q[1] != '\''))
                q += *q == '\'' ? 2 : 1;
            if (!*q)
                return refuse(err, pattern, '\'');
            for (const char *c = p + 1; c < q; c += *c == '\'' ? 2 : 1)
                if (!literal(d, c, 1))
                    return refuse(err, pattern, *c);
            p = q + 1;
        } else if (*p == '[') {
            if (depth == 8 || !add(d, OP_OPTIONAL))
                return refuse(err, pattern, *p);
            open[depth++] = d->count - 1;
            p++;
        } else if (*p == ']') {
            if (!depth || !add(d, OP_END))
                return refuse(err, pattern, *p);
            d->ops[open[--depth]].close = d->count - 1;
            p++;
        } else if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')) {
            int count = 1;
            while (p[count] == *p)
                count++;
            if (!letter_op(d, *p, count))
                return refuse(err, pattern, *p);
            p += count;
        } else if (*p == '{' || *p == '}' || *p == '#') {
            return refuse(err, pattern, *p);
        } else {
            if (!literal(d, p, 1))
                return refuse(err, pattern, *p);
            p++;
        }
    }
    while (depth) {
        if (!add(d, OP_END))
            return refuse(err, pattern, '[');
        d->ops[open[--depth]].close = d->count - 1;
    }
    *out = d;
    return HR_OK;
}

/* ---- parsing ---- */

struct parts {
    int64_t year; bool has_year;
    int month, day, hour, minute, second, nanos, day_of_year, ampm, half_hour, weekday;
    bool has_hour, has_zone;
    int32_t offset;
    const struct hr_zone *named;
    struct hr_arena *scratch;
};

struct cursor { const char *p, *end; };

static bool number(struct cursor *c, int min, int max, int64_t *value)
{
    int n = 0;
    *value = 0;
    while (c->p < c->end && n < max && (unsigned char)(*c->p - '0') < 10 && n < 18) {
        *value = *value * 10 + (*c->p++ - '0');
        n++;
    }
    return n >= min;
}

/* digits that the fixed numbers behind op take when they stand next to it without anything between */
static int reserved(const struct hr_datetime *d, int at)
{
    int sum = 0;
    for (int i = at + 1; i < d->count; i++) {
        const struct op *op = &d->ops[i];
        bool fixed = (op->kind == OP_NUMBER && op->min == op->max && op->min > 1) || op->kind == OP_REDUCED_YEAR;
        if (op->kind == OP_FRACTION)
            return sum + op->min;
        if (!fixed)
            break;
        sum += op->min;
    }
    return sum;
}

static int names(struct cursor *c, const char *const *list, int count, bool full)
{
    for (int i = 0; i < count; i++) {
        size_t len = full ? strlen(list[i]) : 3;
        if ((size_t)(c->end - c->p) >= len && !strncasecmp(c->p, list[i], len)) {
            c->p += len;
            return i + 1;
        }
    }
    return 0;
}

static bool two(struct cursor *c, int *value)
{
    int64_t v;
    bool ok = number(c, 2, 2, &v);
    *value = (int)v;
    return ok;
}

static bool offset(struct cursor *c, const struct op *op, struct parts *parts)
{
    if (c->p == c->end)
        return false;
    parts->has_zone = true;
    parts->offset = 0;
    if (op->zulu && (*c->p == 'Z' || *c->p == 'z')) {
        c->p++;
        return true;
    }
    if (*c->p != '+' && *c->p != '-')
        return false;
    int sign = *c->p++ == '-' ? -1 : 1, h, m = 0, s = 0;
    if (!two(c, &h))
        return false;
    bool more = c->p < c->end && (op->colon ? *c->p == ':' : (unsigned char)(*c->p - '0') < 10);
    if (more) {
        c->p += op->colon;
        if (!two(c, &m))
            return false;
    } else if (!op->minutes_optional) {
        return false;
    }
    if (op->seconds && c->p < c->end && (op->colon ? *c->p == ':' : (unsigned char)(*c->p - '0') < 10)) {
        c->p += op->colon;
        if (!two(c, &s))
            return false;
    }
    parts->offset = sign * (h * 3600 + m * 60 + s);
    return h <= 18 && m < 60 && s < 60;
}

static bool zone_text(struct cursor *c, struct parts *parts)
{
    const char *from = c->p;
    while (c->p < c->end && (strchr("/_+-:", *c->p) || (*c->p >= '0' && *c->p <= '9') || ((*c->p | 32) >= 'a' && (*c->p | 32) <= 'z')))
        c->p++;
    size_t len = (size_t)(c->p - from);
    parts->has_zone = true;
    if (hr_zone_fixed(from, len, &parts->offset))
        return true;
    static const struct { const char *name; const char *zone; } shorts[] = {
        {"PST", "America/Los_Angeles"}, {"PDT", "America/Los_Angeles"}, {"MST", "America/Denver"}, {"MDT", "America/Denver"}, {"CST", "America/Chicago"},
        {"CDT", "America/Chicago"}, {"EST", "America/New_York"}, {"EDT", "America/New_York"}, {"CET", "Europe/Paris"}, {"CEST", "Europe/Paris"},
    };
    if (!parts->scratch)
        parts->scratch = hr_arena_new(NULL);
    for (size_t i = 0; i < HR_LEN(shorts); i++)
        if (strlen(shorts[i].name) == len && !strncmp(shorts[i].name, from, len))
            return (parts->named = hr_zone_find(parts->scratch, shorts[i].zone, strlen(shorts[i].zone))) != NULL;
    return (parts->named = hr_zone_find(parts->scratch, from, len)) != NULL;
}

static bool store(struct parts *parts, char letter, int64_t v)
{
    switch (letter) {
    case 'y': parts->year = v; parts->has_year = true; return true;
    case 'M': parts->month = (int)v; return v >= 1 && v <= 12;
    case 'd': parts->day = (int)v; return v >= 1 && v <= 31;
    case 'D': parts->day_of_year = (int)v; return v >= 1 && v <= 366;
    case 'H': parts->hour = (int)v; parts->has_hour = true; return v <= 23;
    case 'k': parts->hour = (int)(v % 24); parts->has_hour = true; return v >= 1 && v <= 24;
    case 'h': parts->half_hour = (int)(v % 12); return v >= 1 && v <= 12;
    case 'K': parts->half_hour = (int)v; return v <= 11;
    case 'm': parts->minute = (int)v; return v <= 59;
    case 's': parts->second = (int)v; return v <= 59;
    default: return false;
    }
}

static bool fraction(struct cursor *c, const struct op *op, struct parts *parts, bool parsing)
{
    int n = 0, nanos = 0;
    while (c->p < c->end && n < op->max && (unsigned char)(*c->p - '0') < 10) {
        nanos = nanos * 10 + (*c->p++ - '0');
        n++;
    }
    if (n < (parsing ? 1 : op->min))
        return false;
    for (int i = n; i < 9; i++)
        nanos *= 10;
    parts->nanos = nanos;
    return true;
}

static bool run(const struct hr_datetime *d, int from, int to, struct cursor *c, struct parts *parts)
{
    for (int i = from; i < to; i++) {
        const struct op *op = &d->ops[i];
        int64_t v;
        switch (op->kind) {
        case OP_LITERAL:
            if (c->end - c->p < op->len || strncasecmp(c->p, op->text, (size_t)op->len))
                return false;
            c->p += op->len;
            break;
        case OP_NUMBER: {
            int room = 0, max = op->max;
            const char *start = c->p;
            bool negative = op->letter == 'y' && c->p < c->end && *c->p == '-';
            if (negative)
                c->p++;
            for (const char *q = c->p; q < c->end && (unsigned char)(*q - '0') < 10; q++)
                room++;
            if (op->max > op->min && room - reserved(d, i) < max)
                max = room - reserved(d, i) > op->min ? room - reserved(d, i) : op->min;
            if (op->letter == 'y' && op->min >= 4 && room - reserved(d, i) > op->min && *start != '+')
                return false;          /* java: more digits than the pattern only behind a plus sign */
            if (!number(c, op->min, max, &v) || !store(parts, op->letter, negative ? -v : v))
                return false;
            break;
        }
        case OP_REDUCED_YEAR:
            if (!number(c, 2, 2, &v))
                return false;
            store(parts, 'y', 2000 + v);
            break;
        case OP_TEXT_MONTH:
            if (!(parts->month = names(c, months, 12, op->full)))
                return false;
            break;
        case OP_TEXT_DAY:
            if (!(parts->weekday = names(c, weekdays, 7, op->full)))
                return false;
            break;
        case OP_FRACTION:
            if (!fraction(c, op, parts, d->parsing))
                return false;
            break;
        case OP_AMPM:
            if (c->end - c->p < 2 || (c->p[1] | 32) != 'm' || ((c->p[0] | 32) != 'a' && (c->p[0] | 32) != 'p'))
                return false;
            parts->ampm = (c->p[0] | 32) == 'p' ? 2 : 1;
            c->p += 2;
            break;
        case OP_OFFSET:
            if (!offset(c, op, parts))
                return false;
            break;
        case OP_ZONE_ID: case OP_ZONE_NAME:
            if (!zone_text(c, parts))
                return false;
            break;
        case OP_OPTIONAL: {
            struct cursor kept = *c;
            struct parts kept_parts = *parts;
            if (!run(d, i + 1, op->close, c, parts)) {
                kept_parts.scratch = parts->scratch;
                *c = kept;
                *parts = kept_parts;
            }
            i = op->close;
            break;
        }
        case OP_END: break;
        }
    }
    return true;
}

static bool resolve(struct parts *parts, struct hr_datetime_value *value)
{
    int64_t year = parts->has_year ? parts->year : 1970, days;
    if (parts->half_hour >= 0) {
        if (!parts->ampm)
            return false;
        parts->hour = parts->half_hour + (parts->ampm == 2 ? 12 : 0);
        parts->has_hour = true;
    }
    if (parts->day_of_year) {
        days = hr_civil_days(year, 1, 1) + parts->day_of_year - 1;
        if (parts->day_of_year == 366 && !hr_civil_valid(year, 2, 29))
            return false;
    } else {
        if (!hr_civil_valid(year, parts->month, parts->day))
            return false;
        days = hr_civil_days(year, parts->month, parts->day);
    }
    if (parts->weekday && ((days + 3) % 7 + 7) % 7 + 1 != parts->weekday)
        return false;
    if (year > 294247 || year < -290308)
        return false;
    value->local = (days * 86400 + parts->hour * 3600 + parts->minute * 60 + parts->second) * MICROS_A_SECOND + parts->nanos / 1000;
    value->has_zone = parts->has_zone;
    value->offset = parts->offset;
    return true;
}

static bool parse(const struct hr_datetime *d, const char *text, size_t len, struct parts *parts, struct hr_datetime_value *value)
{
    struct cursor c = {text, text + len};
    *parts = (struct parts){.month = 1, .day = 1, .half_hour = -1};
    return run(d, 0, d->count, &c, parts) && c.p == c.end && resolve(parts, value);
}

bool hr_datetime_parse(const struct hr_datetime *d, const char *text, size_t len, struct hr_datetime_value *value)
{
    struct parts parts;
    bool ok = parse(d, text, len, &parts, value);
    hr_arena_free(parts.scratch);
    return ok;
}

bool hr_datetime_instant(const struct hr_datetime *d, const char *text, size_t len, const struct hr_zone *zone, int64_t *micros)
{
    struct parts parts;
    struct hr_datetime_value value;
    bool ok = parse(d, text, len, &parts, &value);
    if (ok) {
        int64_t seconds = value.local / MICROS_A_SECOND - (value.local % MICROS_A_SECOND < 0), rest = value.local - seconds * MICROS_A_SECOND;
        seconds = parts.named ? hr_zone_to_utc(parts.named, seconds) : parts.has_zone ? seconds - parts.offset : hr_zone_to_utc(zone, seconds);
        *micros = seconds * MICROS_A_SECOND + rest;
    }
    hr_arena_free(parts.scratch);
    return ok;
}

/* ---- formatting ---- */

static void format_offset(const struct op *op, int32_t seconds, struct hr_buf *out)
{
    if (op->zulu && !seconds) {
        hr_buf_addc(out, 'Z');
        return;
    }
    int all = abs(seconds), h = all / 3600, m = all / 60 % 60, s = all % 60;
    hr_buf_addf(out, "%c%02d", seconds < 0 ? '-' : '+', h);
    if (!op->minutes_optional || m)
        hr_buf_addf(out, "%s%02d", op->colon ? ":" : "", m);
    if (op->seconds && s)
        hr_buf_addf(out, "%s%02d", op->colon ? ":" : "", s);
}

void hr_datetime_format(const struct hr_datetime *d, int64_t utc, const struct hr_zone *zone, const char *zone_name, struct hr_buf *out)
{
    int64_t seconds = utc / MICROS_A_SECOND - (utc % MICROS_A_SECOND < 0);
    int micros = (int)(utc - seconds * MICROS_A_SECOND);
    int32_t shift = hr_zone_offset_at(zone, seconds);
    seconds += shift;
    int64_t days = seconds / 86400 - (seconds % 86400 < 0), year;
    int in_day = (int)(seconds - days * 86400), month, day, hour = in_day / 3600;
    hr_civil_from_days(days, &year, &month, &day);
    for (int i = 0; i < d->count; i++) {
        const struct op *op = &d->ops[i];
        int64_t v = 0;
        char digits[16];
        switch (op->kind) {
        case OP_LITERAL: hr_buf_add(out, op->text, (size_t)op->len); break;
        case OP_NUMBER:
            switch (op->letter) {
            case 'y': v = year; break;
            case 'M': v = month; break;
            case 'd': v = day; break;
            case 'D': v = days - hr_civil_days(year, 1, 1) + 1; break;
            case 'H': v = hour; break;
            case 'k': v = hour ? hour : 24; break;
            case 'h': v = hour % 12 ? hour % 12 : 12; break;
            case 'K': v = hour % 12; break;
            case 'm': v = in_day / 60 % 60; break;
            case 's': v = in_day % 60; break;
            }
            if (op->letter == 'y' && op->min >= 4 && year > 9999)
                hr_buf_addc(out, '+');
            hr_buf_addf(out, "%0*lld", op->min + (v < 0), (long long)v);
            break;
        case OP_REDUCED_YEAR: hr_buf_addf(out, "%02d", (int)(((year % 100) + 100) % 100)); break;
        case OP_TEXT_MONTH: hr_buf_add(out, months[month - 1], op->full ? strlen(months[month - 1]) : 3); break;
        case OP_TEXT_DAY: {
            const char *name = weekdays[((days + 3) % 7 + 7) % 7];
            hr_buf_add(out, name, op->full ? strlen(name) : 3);
            break;
        }
        case OP_FRACTION:
            snprintf(digits, sizeof digits, "%06d000", micros);
            hr_buf_add(out, digits, (size_t)op->max);
            break;
        case OP_AMPM: hr_buf_adds(out, hour < 12 ? "AM" : "PM"); break;
        case OP_OFFSET: format_offset(op, shift, out); break;
        case OP_ZONE_ID: case OP_ZONE_NAME: hr_buf_adds(out, zone_name); break;
        case OP_OPTIONAL: case OP_END: break;
        }
    }
}
