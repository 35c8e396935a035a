#include "host/value/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t hr_days_from_civil(int64_t year, int month, int day)
{
    /* years start in March, so that the leap day is the last of its year; eras of 400 years have
     * 146,097 days */
    year -= month <= 2;
    int64_t era = hr_floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + day_of_era - 719468;
}

void hr_civil_from_days(int32_t days, int64_t *year, int *month, int *day)
{
    int64_t shifted = (int64_t)days + 719468, era = hr_floor_div(shifted, 146097),
            of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100),
            shifted_month = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

int hr_days_in_month(int64_t year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : lengths[month - 1];
}

bool hr_add_months(int64_t local_us, int64_t months, int64_t *out)
{
    int64_t day = hr_floor_div(local_us, HR_US_PER_DAY), year, total;
    int month, date;
    hr_civil_from_days((int32_t)day, &year, &month, &date);
    if (__builtin_add_overflow(year * 12 + month - 1, months, &total) ||
        total < -120000000 ||
        total > 120000000)
        return false;
    year = hr_floor_div(total, 12);
    month = (int)hr_floor_mod(total, 12) + 1;
    int last = hr_days_in_month(year, month);
    int64_t to = hr_days_from_civil(year, month, date < last ? date : last);
    return !__builtin_mul_overflow(to, HR_US_PER_DAY, out) &&
           !__builtin_add_overflow(*out, hr_floor_mod(local_us, HR_US_PER_DAY), out);
}

bool hr_is_valid_date(int64_t year, int month, int day)
{
    return year >= -999999999 &&
           year <= 999999999 &&
           month >= 1 &&
           month <= 12 &&
           day >= 1 &&
           day <= hr_days_in_month(year, month);
}

bool hr_date_of(int64_t year, int month, int day, int32_t *days)
{
    if (!hr_is_valid_date(year, month, day))
        return false;
    int64_t number = hr_days_from_civil(year, month, day);
    *days = (int32_t)number;
    return number == *days;
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_space(**text))
        (*text)++, (*len)--;
    while (*len && is_space((*text)[*len - 1]))
        (*len)--;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool hr_parse_date(const char *text, size_t len, int32_t *days)
{
    trim(&text, &len);
    const char *at = text, *end = text + len;
    int sign = 1;
    if (at < end && (*at == '-' || *at == '+'))
        sign = *at++ == '-' ? -1 : 1;
    int64_t parts[3] = {1, 1, 1};
    for (int part = 0; part < 3; part++) {
        int digits = 0;
        int64_t value = 0;
        for (; at < end && is_digit(*at) && digits < 8; at++, digits++)
            value = value * 10 + (*at - '0');
        if (part == 0 ? digits < 4 || digits > 7 : digits < 1 || digits > 2)
            return false;
        parts[part] = value;
        if (at == end)
            break;
        if (part == 2 && (*at == ' ' || *at == 'T'))
            break;
        if (part == 2 || *at++ != '-')
            return false;
    }
    return hr_date_of(sign * parts[0], (int)parts[1], (int)parts[2], days);
}

/* year, month, day, hour, minute, second, microseconds, as SparkDateTimeUtils.parseTimestampString
 * cuts them */
struct fields {
    int64_t at[7];
    bool just_time;
    const char *zone;
    size_t zone_len;
    int year_sign;
};

static bool segment_is_valid(int segment, int digits)
{
    if (segment == 6)
        return true;
    if (segment == 0)
        return digits >= 4 && digits <= 6;
    return digits > 0 && digits <= 2;
}

static bool cut_timestamp(const char *text, size_t len, struct fields *out)
{
    *out = (struct fields){.at = {1, 1, 1, 0, 0, 0, 0}, .year_sign = 1};
    trim(&text, &len);
    if (!len)
        return false;
    const char *at = text, *end = text + len;
    if (*at == '-' || *at == '+') {
        out->year_sign = *at == '-' ? -1 : 1;
        at++;
    }
    int segment = 0, digits = 0, fraction_digits = 0;
    int64_t value = 0;
    for (; at < end; at++) {
        char c = *at;
        if (is_digit(c)) {
            if (segment == 6)
                fraction_digits++;
            if (segment != 6 || digits < 6)
                value = value * 10 + (c - '0');
            if (++digits > 12 && segment != 6)
                return false;
            continue;
        }
        if (at == text && c == 'T') {
            out->just_time = true;
            segment = 3;
            continue;
        }
        if (!segment_is_valid(segment, digits))
            return false;
        bool date_joint = segment < 2 && c == '-',
             day_joint = segment == 2 && (c == ' ' || c == 'T');
        bool time_joint = (segment == 3 || segment == 4) && c == ':',
             point = segment == 5 && c == '.';
        bool bare_time = segment == 0 && c == ':' && out->year_sign == 1 && digits <= 2;
        if (bare_time || (segment == 0 && c == ':'))
            return false; /* reached only with four digits or more */
        if (date_joint || day_joint || time_joint || point) {
            out->at[segment++] = value;
            value = digits = 0;
            continue;
        }
        if (segment == 5 || segment == 6) {
            out->at[segment] = value;
            segment = 7;
            out->zone = at;
            out->zone_len = (size_t)(end - at);
            break;
        }
        return false;
    }
    if (segment < 7) {
        if (!segment_is_valid(segment, digits))
            return false;
        out->at[segment] = value;
    }
    for (; fraction_digits < 6; fraction_digits++)
        out->at[6] *= 10;
    return true;
}

/* "12:30", "1:2:3.4": a time alone, which starts with one or two digits and a colon */
static bool is_bare_time(const char *text, size_t len)
{
    trim(&text, &len);
    return (len > 1 && is_digit(text[0]) && text[1] == ':') ||
           (len > 2 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':');
}

static bool cut(const char *text, size_t len, struct fields *out)
{
    trim(&text, &len);
    if (!is_bare_time(text, len))
        return cut_timestamp(text, len, out);
    char small[128];
    if (len + 1 > sizeof small)
        return false;
    small[0] = 'T';
    memcpy(small + 1, text, len);
    if (!cut_timestamp(small, len + 1, out))
        return false;
    if (out->zone)
        out->zone = text + (out->zone - small - 1);
    return true;
}

static bool fields_to_local(const struct fields *fields, int32_t today, hr_int128 *local)
{
    int64_t year = fields->at[0] * fields->year_sign;
    if (fields->at[3] > 23 || fields->at[4] > 59 || fields->at[5] > 59)
        return false;
    int32_t days = today;
    if (!fields->just_time && !hr_date_of(year, (int)fields->at[1], (int)fields->at[2], &days))
        return false;
    int64_t time = ((fields->at[3] * 60 + fields->at[4]) * 60 + fields->at[5]) * HR_US_PER_SECOND +
                   fields->at[6];
    *local = (hr_int128)days * HR_US_PER_DAY + time;
    return true;
}

bool hr_parse_timestamp(
    const char *text, size_t len, const struct hr_zone *zone, int64_t now_us, int64_t *us)
{
    struct fields fields;
    if (!cut(text, len, &fields))
        return false;
    if (fields.zone) {
        const char *name = fields.zone;
        size_t name_len = fields.zone_len;
        trim(&name, &name_len);
        zone = hr_zone_find(name, name_len);
        if (!zone)
            return false;
    }
    hr_int128 local;
    int32_t today = (int32_t)hr_floor_div(hr_zone_to_local(zone, now_us), HR_US_PER_DAY);
    return fields_to_local(&fields, today, &local) && hr_zone_utc_of(zone, local, us);
}

bool hr_parse_timestamp_ntz(const char *text, size_t len, bool allow_zone, int64_t *us)
{
    struct fields fields;
    if (!cut(text, len, &fields) || fields.just_time)
        return false;
    if (fields.zone) {
        const char *name = fields.zone;
        size_t name_len = fields.zone_len;
        trim(&name, &name_len);
        if (!allow_zone || !hr_zone_find(name, name_len))
            return false;
    }
    hr_int128 local;
    if (!fields_to_local(&fields, 0, &local))
        return false;
    *us = (int64_t)local;
    return local == *us;
}

static size_t put_padded(char *out, int64_t value, int width)
{
    char digits[HR_INTEGER_TEXT_MAX];
    size_t len = hr_print_integer(value, digits), at = 0;
    for (; (int)(len + at) < width; at++)
        out[at] = '0';
    memcpy(out + at, digits, len);
    return at + len;
}

size_t hr_print_date(int32_t days, char out[static HR_DATE_TEXT_MAX])
{
    int64_t year;
    int month, day;
    hr_civil_from_days(days, &year, &month, &day);
    size_t at = 0;
    if (year < 0)
        out[at++] = '-';
    else if (year > 9999)
        out[at++] = '+';
    at += put_padded(out + at, year < 0 ? -year : year, 4);
    out[at++] = '-';
    at += put_padded(out + at, month, 2);
    out[at++] = '-';
    return at + put_padded(out + at, day, 2);
}

static size_t put_fraction(char *out, int64_t us)
{
    if (!us)
        return 0;
    out[0] = '.';
    size_t len = 1 + put_padded(out + 1, us, 6);
    while (out[len - 1] == '0')
        len--;
    return len;
}

size_t hr_print_timestamp(int64_t local_us, char out[static HR_TIMESTAMP_TEXT_MAX])
{
    return hr_print_clock(hr_zone_clock(hr_zone_utc(), local_us), out);
}

size_t hr_print_clock(struct hr_clock clock, char out[static HR_TIMESTAMP_TEXT_MAX])
{
    int64_t seconds = clock.micros / HR_US_PER_SECOND;
    size_t at = hr_print_date((int32_t)clock.day, out);
    out[at++] = ' ';
    at += put_padded(out + at, seconds / 3600, 2);
    out[at++] = ':';
    at += put_padded(out + at, seconds / 60 % 60, 2);
    out[at++] = ':';
    at += put_padded(out + at, seconds % 60, 2);
    return at + put_fraction(out + at, clock.micros % HR_US_PER_SECOND);
}

static size_t put_text(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

size_t hr_print_year_month(int32_t months,
                           int first_unit,
                           int last_unit,
                           char out[static HR_INTERVAL_TEXT_MAX])
{
    size_t at = put_text(out, "INTERVAL '");
    int64_t rest = months;
    if (rest < 0) {
        out[at++] = '-';
        rest = -rest;
    }
    if (first_unit == last_unit && first_unit == 0) {
        at += hr_print_integer(rest / 12, out + at);
        return at + put_text(out + at, "' YEAR");
    }
    if (first_unit == last_unit) {
        at += hr_print_integer(rest, out + at);
        return at + put_text(out + at, "' MONTH");
    }
    at += hr_print_integer(rest / 12, out + at);
    out[at++] = '-';
    at += hr_print_integer(rest % 12, out + at);
    return at + put_text(out + at, "' YEAR TO MONTH");
}

size_t hr_print_day_time(int64_t us,
                         int first_unit,
                         int last_unit,
                         char out[static HR_INTERVAL_TEXT_MAX])
{
    static const char *const names[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
    static const uint64_t sizes[] = {86400u * 1000000ull, 3600u * 1000000ull, 60u * 1000000ull,
                                     1000000ull};
    static const char joints[] = {0, ' ', ':', ':'};
    size_t at = put_text(out, "INTERVAL '");
    uint64_t rest = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    if (us < 0)
        out[at++] = '-';
    for (int unit = first_unit; unit <= last_unit; unit++) {
        uint64_t value = rest / sizes[unit];
        rest %= sizes[unit];
        if (unit > first_unit)
            out[at++] = joints[unit];
        /* the leading field has no padding but for seconds, which Spark always pads */
        at += put_padded(out + at, (int64_t)value,
                         unit == first_unit && unit != 3 && unit == 0 ? 1 : 2);
        if (unit == 3)
            at += put_fraction(out + at, (int64_t)rest);
    }
    at += put_text(out + at, "' ");
    at += put_text(out + at, names[first_unit]);
    if (first_unit != last_unit) {
        at += put_text(out + at, " TO ");
        at += put_text(out + at, names[last_unit]);
    }
    return at;
}

static size_t put_unit(char *out, size_t at, int64_t value, const char *unit)
{
    if (!value)
        return at;
    if (at)
        out[at++] = ' ';
    at += hr_print_integer(value, out + at);
    out[at++] = ' ';
    return at + put_text(out + at, unit);
}

size_t hr_print_calendar_interval(int32_t months,
                                  int32_t days,
                                  int64_t us,
                                  char out[static HR_INTERVAL_TEXT_MAX])
{
    size_t at = put_unit(out, 0, months / 12, "years");
    at = put_unit(out, at, months % 12, "months");
    at = put_unit(out, at, days, "days");
    at = put_unit(out, at, us / (3600 * HR_US_PER_SECOND), "hours");
    int64_t rest = us % (3600 * HR_US_PER_SECOND);
    at = put_unit(out, at, rest / (60 * HR_US_PER_SECOND), "minutes");
    rest %= 60 * HR_US_PER_SECOND;
    if (rest) {
        if (at)
            out[at++] = ' ';
        if (rest < 0)
            out[at++] = '-';
        int64_t size = rest < 0 ? -rest : rest;
        at += hr_print_integer(size / HR_US_PER_SECOND, out + at);
        at += put_fraction(out + at, size % HR_US_PER_SECOND);
        at += put_text(out + at, " seconds");
    }
    return at ? at : put_text(out, "0 seconds");
}
