/* Java's DateTimeFormatter patterns, as Spark 4.2's TimestampFormatter builds them: parse is
 * case-insensitive and strict (no 30th of February), missing fields default to 1970-01-01 00:00:00,
 * and week-based letters are refused. */
#include "host/value/value.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_SECONDS INT64_C(86400)

enum item_kind { ITEM_TEXT, ITEM_FIELD, ITEM_OPTION_BEGIN, ITEM_OPTION_END };

struct item {
    enum item_kind kind;
    char letter;
    int count;
    const char *text; /* ITEM_TEXT; not NUL-terminated */
    size_t len;
    size_t end; /* ITEM_OPTION_BEGIN: index of its end */
};

struct hr_pattern {
    struct item *items;
    size_t count;
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

/* most letters a field may be repeated: 0 is not a letter of Spark's for that use */
struct letter {
    char letter;
    int format_max, parse_max;
};
static const struct letter letters[] = {
    {'G', 4, 4}, {'y', 6, 6}, {'Q', 4, 0}, {'q', 4, 0}, {'M', 4, 4}, {'L', 4, 4},
    {'d', 2, 2}, {'D', 3, 3}, {'E', 4, 0}, {'F', 1, 0}, {'a', 1, 1}, {'h', 2, 2},
    {'K', 2, 2}, {'k', 2, 2}, {'H', 2, 2}, {'m', 2, 2}, {'s', 2, 2}, {'S', 9, 9},
    {'V', 2, 2}, {'z', 4, 3}, {'O', 4, 4}, {'X', 5, 5}, {'x', 5, 5}, {'Z', 5, 5},
};

static const char *check_field(char letter, int count, enum hr_pattern_use use)
{
    if (strchr("YWweuc", letter))
        return "week-based letters are not supported since Spark 3.0";
    for (size_t i = 0; i < HR_LEN(letters); i++) {
        int most = use == HR_PATTERN_FORMAT ? letters[i].format_max : letters[i].parse_max;
        if (letters[i].letter != letter)
            continue;
        if (!most)
            return "the letter cannot be parsed";
        if (count > most ||
            (letter == 'V' && count != 2) ||
            (letter == 'O' && count != 1 && count != 4))
            return "too many letters in a row";
        return NULL;
    }
    return "unknown pattern letter";
}

/* one quoted text, at the opening quote; '' inside or alone is a quote */
static size_t read_quoted(
    struct hr_arena *arena, const char *text, size_t len, size_t at, struct item *out)
{
    char *copy = hr_arena_alloc(arena, len + 1);
    size_t used = 0, i = at + 1;
    for (; i < len; i++) {
        if (text[i] == '\'' && !(i + 1 < len && text[i + 1] == '\''))
            break;
        if (text[i] == '\'')
            i++;
        copy[used++] = text[i];
    }
    if (i == len)
        return 0;
    if (i == at + 1)
        copy[used++] = '\'';
    *out = (struct item){.kind = ITEM_TEXT, .text = copy, .len = used};
    return i + 1;
}

struct hr_pattern *hr_pattern_new(struct hr_arena *arena,
                                  const char *text,
                                  size_t len,
                                  enum hr_pattern_use use,
                                  const char **problem)
{
    struct hr_pattern *pattern = HR_NEW(arena, struct hr_pattern);
    pattern->items = HR_NEW_ARRAY(arena, struct item, len + 1);
    size_t open[16], depth = 0;
    *problem = NULL;
    for (size_t at = 0; at < len;) {
        struct item *item = &pattern->items[pattern->count];
        char c = text[at];
        if ((c | 32) >= 'a' && (c | 32) <= 'z') {
            size_t end = at;
            while (end < len && text[end] == c)
                end++;
            *item = (struct item){.kind = ITEM_FIELD, .letter = c, .count = (int)(end - at)};
            if ((*problem = check_field(c, item->count, use)))
                return NULL;
            at = end;
        } else if (c == '\'') {
            at = read_quoted(arena, text, len, at, item);
            if (!at)
                return *problem = "a quote is not closed", NULL;
        } else if (c == '[') {
            if (depth == HR_LEN(open))
                return *problem = "optional sections are nested too deep", NULL;
            *item = (struct item){.kind = ITEM_OPTION_BEGIN};
            open[depth++] = pattern->count;
            at++;
        } else if (c == ']') {
            if (!depth)
                return *problem = "']' without '['", NULL;
            *item = (struct item){.kind = ITEM_OPTION_END};
            pattern->items[open[--depth]].end = pattern->count;
            at++;
        } else if (strchr("{}#", c)) {
            return *problem = "a reserved character", NULL;
        } else {
            *item =
                (struct item){.kind = ITEM_TEXT, .text = hr_strndup(arena, &text[at], 1), .len = 1};
            at++;
        }
        pattern->count++;
    }
    while (depth) { /* an open section ends with the pattern */
        pattern->items[pattern->count] = (struct item){.kind = ITEM_OPTION_END};
        pattern->items[open[--depth]].end = pattern->count++;
        if (depth)
            return *problem = "several optional sections are not closed", NULL;
    }
    return pattern;
}

/* ---- format ---- */
struct broken {
    int64_t year;
    bool has_era;
    int month, day, hour, minute, second, micros;
    int32_t days, offset;
    const struct hr_zone *zone;
    int64_t utc_us;
};

static void add_number(struct hr_buf *out, int64_t value, int width)
{
    hr_buf_addf(out, "%0*lld", width, (long long)value);
}

/* where the pattern has an era, years count from it; elsewhere the year before 1 is 0, and the one
 * before that -1 */
static void add_year(struct hr_buf *out, const struct broken *at, int count)
{
    int64_t year = at->year;
    if (at->has_era && year < 1)
        year = 1 - year;
    int64_t digits = year < 0 ? -year : year;
    if (count == 2) {
        add_number(out, digits % 100, 2);
        return;
    }
    if (year < 0)
        hr_buf_addc(out, '-');
    else if (count == 4 && digits >= 10000)
        hr_buf_addc(out, '+');
    add_number(out, digits, count);
}

static void add_text(struct hr_buf *out, const char *full, int count)
{
    if (count == 4)
        hr_buf_adds(out, full);
    else
        hr_buf_add(out, full, 3);
}

static void add_quarter(struct hr_buf *out, int quarter, int count)
{
    static const char *const names[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
    if (count <= 2)
        add_number(out, quarter, count);
    else if (count == 3)
        hr_buf_addf(out, "Q%d", quarter);
    else
        hr_buf_adds(out, names[quarter - 1]);
}

static void add_offset(struct hr_buf *out, int32_t offset, char letter, int count)
{
    if (letter == 'O' || (letter == 'Z' && count == 4)) {
        bool is_short = letter == 'O' && count == 1;
        hr_buf_adds(out, "GMT");
        if (!offset)
            return;
        int32_t size = offset < 0 ? -offset : offset;
        hr_buf_addf(out, is_short ? "%c%d" : "%c%02d", offset < 0 ? '-' : '+', size / 3600);
        if (!is_short || size / 60 % 60)
            hr_buf_addf(out, ":%02d", size / 60 % 60);
        if (size % 60)
            hr_buf_addf(out, ":%02d", size % 60);
        return;
    }
    if (letter == 'Z')
        letter = count == 5 ? 'X' : 'x', count = count == 5 ? 5 : 2;
    if (!offset && letter == 'X') {
        hr_buf_addc(out, 'Z');
        return;
    }
    int32_t size = offset < 0 ? -offset : offset;
    const char *joint = count == 3 || count == 5 ? ":" : "";
    hr_buf_addf(out, "%c%02d", offset < 0 ? '-' : '+', size / 3600);
    if (count > 1 || size / 60 % 60)
        hr_buf_addf(out, "%s%02d", joint, size / 60 % 60);
    if (count >= 4 && size % 60)
        hr_buf_addf(out, "%s%02d", joint, size % 60);
}

static bool add_zone_name(struct hr_buf *out, const struct broken *at, int count)
{
    const char *name = hr_zone_name(at->zone);
    bool is_utc = !strcmp(name, "UTC") || !strcmp(name, "Z");
    if (count == 4) { /* full names are CLDR's: only that of UTC is known here */
        hr_buf_adds(out, is_utc ? "Coordinated Universal Time" : "");
        return is_utc;
    }
    hr_buf_adds(out, strchr(name, '/') ? hr_zone_abbreviation(at->zone, at->utc_us) : name);
    return true;
}

/* false: what Spark writes there is not known here */
static bool add_field(struct hr_buf *out, const struct broken *at, char letter, int count)
{
    switch (letter) {
    case 'G':
        hr_buf_adds(out, count == 4 ? (at->year > 0 ? "Anno Domini" : "Before Christ")
                                    : (at->year > 0 ? "AD" : "BC"));
        break;
    case 'y':
        add_year(out, at, count);
        break;
    case 'Q':
    case 'q':
        add_quarter(out, (at->month + 2) / 3, count);
        break;
    case 'M':
    case 'L':
        count <= 2 ? add_number(out, at->month, count)
                   : add_text(out, months[at->month - 1], count);
        break;
    case 'd':
        add_number(out, at->day, count);
        break;
    case 'D':
        add_number(out, at->days - hr_days_from_civil(at->year, 1, 1) + 1, count);
        break;
    case 'E':
        add_text(out, weekdays[hr_floor_mod((int64_t)at->days + 4, 7)], count);
        break;
    case 'F':
        add_number(out, (at->day - 1) % 7 + 1, count);
        break;
    case 'a':
        hr_buf_adds(out, at->hour < 12 ? "AM" : "PM");
        break;
    case 'h':
        add_number(out, (at->hour + 11) % 12 + 1, count);
        break;
    case 'K':
        add_number(out, at->hour % 12, count);
        break;
    case 'k':
        add_number(out, at->hour ? at->hour : 24, count);
        break;
    case 'H':
        add_number(out, at->hour, count);
        break;
    case 'm':
        add_number(out, at->minute, count);
        break;
    case 's':
        add_number(out, at->second, count);
        break;
    case 'S': {
        char digits[16];
        snprintf(digits, sizeof digits, "%06d000", at->micros);
        hr_buf_add(out, digits, (size_t)count);
        break;
    }
    case 'V':
        hr_buf_adds(out, hr_zone_name(at->zone));
        break;
    case 'z':
        return add_zone_name(out, at, count);
    default:
        add_offset(out, at->offset, letter, count);
        break;
    }
    return true;
}

static void break_clock(struct broken *at, struct hr_clock clock)
{
    int seconds = (int)(clock.micros / HR_US_PER_SECOND);
    at->days = (int32_t)clock.day;
    hr_civil_from_days(at->days, &at->year, &at->month, &at->day);
    at->hour = seconds / 3600;
    at->minute = seconds / 60 % 60;
    at->second = seconds % 60;
    at->micros = (int)(clock.micros % HR_US_PER_SECOND);
}

static bool add_items(const struct hr_pattern *pattern, struct broken *at, struct hr_buf *out)
{
    for (size_t i = 0; i < pattern->count; i++)
        at->has_era |= pattern->items[i].kind == ITEM_FIELD && pattern->items[i].letter == 'G';
    for (size_t i = 0; i < pattern->count; i++) {
        const struct item *item = &pattern->items[i];
        if (item->kind == ITEM_TEXT)
            hr_buf_add(out, item->text, item->len);
        else if (item->kind == ITEM_FIELD && !add_field(out, at, item->letter, item->count))
            return false;
    }
    return true;
}

bool hr_pattern_format(const struct hr_pattern *pattern,
                       int64_t utc_us,
                       const struct hr_zone *zone,
                       struct hr_buf *out)
{
    struct broken at = {.zone = zone, .utc_us = utc_us, .offset = hr_zone_offset_at(zone, utc_us)};
    break_clock(&at, hr_zone_clock(zone, utc_us));
    return add_items(pattern, &at, out);
}

bool hr_pattern_format_date(const struct hr_pattern *pattern, int32_t days, struct hr_buf *out)
{
    struct broken at = {.zone = hr_zone_utc()};
    break_clock(&at, (struct hr_clock){days, 0});
    return add_items(pattern, &at, out);
}

/* ---- parse ---- */
enum field {
    F_ERA,
    F_YEAR,
    F_MONTH,
    F_DAY,
    F_DAY_OF_YEAR,
    F_HALF,
    F_HOUR_12,
    F_HOUR_11,
    F_HOUR_24,
    F_HOUR,
    F_MINUTE,
    F_SECOND,
    F_NANO,
    F_COUNT
};

struct reading {
    const char *at, *end;
    int64_t values[F_COUNT];
    bool seen[F_COUNT];
    const struct hr_zone *zone;
    int32_t offset;
    bool has_zone;
};

static bool set(struct reading *in, enum field field, int64_t value)
{
    if (in->seen[field] && in->values[field] != value)
        return false;
    in->seen[field] = true;
    in->values[field] = value;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_number(struct reading *in, int least, int most, int reserve, int64_t *value)
{
    int available = 0;
    while (in->at + available < in->end && is_digit(in->at[available]))
        available++;
    int take = available < most ? available : most;
    if (reserve && available - reserve < take)
        take = available - reserve;
    if (take < least)
        return false;
    *value = 0;
    for (int i = 0; i < take && i < 18; i++)
        *value = *value * 10 + (in->at[i] - '0');
    in->at += take;
    return true;
}

static bool read_name(
    struct reading *in, const char *const *names, int count, bool full, int *found)
{
    size_t left = (size_t)(in->end - in->at);
    for (int i = 0; i < count; i++) {
        size_t len = full ? strlen(names[i]) : 3;
        if (left >= len && !strncasecmp(in->at, names[i], len)) {
            in->at += len;
            *found = i;
            return true;
        }
    }
    return false;
}

/* fields of fixed width that follow without a gap: what an open-ended number before them leaves
 * (Java's adjacent value parsing) */
static int reserved_behind(const struct hr_pattern *pattern, size_t index)
{
    int width = 0;
    for (size_t i = index + 1; i < pattern->count; i++) {
        const struct item *item = &pattern->items[i];
        bool is_fixed = item->kind == ITEM_FIELD &&
                        strchr("MLdDhKkHms", item->letter) &&
                        item->count == (item->letter == 'D' ? 3 : 2);
        bool is_fraction = item->kind == ITEM_FIELD && item->letter == 'S';
        if (!is_fixed && !is_fraction)
            break;
        width += item->count;
        if (is_fraction)
            break;
    }
    return width;
}

static bool read_year(struct reading *in, int count, int reserve)
{
    int64_t value;
    if (count == 2)
        return read_number(in, 2, 2, 0, &value) && set(in, F_YEAR, 2000 + value);
    bool plus = in->at < in->end && *in->at == '+' && count >= 4;
    in->at += plus;
    if (!read_number(in, count, count == 3 ? 3 : 18, reserve, &value) ||
        (count == 3 && value > 999))
        return false;
    /* beyond its width a year must carry a plus sign, as it is printed */
    if (count >= 4 && !plus && value >= hr_power_of_ten(count))
        return false;
    return set(in, F_YEAR, value);
}

static bool read_fraction(struct reading *in, int count)
{
    int digits = 0;
    int64_t value = 0;
    for (; in->at < in->end && is_digit(*in->at) && digits < count; digits++)
        value = value * 10 + (*in->at++ - '0');
    if (!digits)
        return false;
    for (; digits < 9; digits++)
        value *= 10;
    return set(in, F_NANO, value);
}

static bool read_offset(struct reading *in, char letter, int count)
{
    const char *start = in->at;
    if (letter == 'O' || (letter == 'Z' && count == 4)) {
        if (in->end - start < 3 || strncasecmp(start, "GMT", 3))
            return false;
        start += 3;
        if (start == in->end || (*start != '+' && *start != '-')) {
            in->at = start;
            in->has_zone = true;
            in->offset = 0;
            return true;
        }
    } else if ((letter == 'X' || (letter == 'Z' && count == 5)) &&
               start < in->end &&
               (*start == 'Z' || *start == 'z')) {
        in->at++;
        in->has_zone = true;
        in->offset = 0;
        return true;
    }
    if (start == in->end || (*start != '+' && *start != '-'))
        return false;
    int sign = *start == '-' ? -1 : 1, parts[3] = {0, 0, 0};
    bool colons = count == 3 || count == 5 || letter == 'O' || (letter == 'Z' && count == 4);
    const char *at = start + 1;
    int got = 0;
    for (; got < 3; got++) {
        const char *next = at + (got && colons);
        if (got && colons && (at == in->end || *at != ':'))
            break;
        if (in->end - next < 2 || !is_digit(next[0]) || !is_digit(next[1]))
            break;
        parts[got] = (next[0] - '0') * 10 + (next[1] - '0');
        at = next + 2;
    }
    int least = letter == 'O' || count == 1 ? 1 : 2;
    if (letter == 'Z' && count < 4)
        least = 2;
    if (got < least || parts[0] > 18 || parts[1] > 59 || parts[2] > 59)
        return false;
    in->at = at;
    in->has_zone = true;
    in->offset = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
}

static bool read_zone(struct reading *in)
{
    const char *end = in->at;
    while (end < in->end &&
           (((*end | 32) >= 'a' && (*end | 32) <= 'z') || strchr("/_+-:", *end) || is_digit(*end)))
        end++;
    for (; end > in->at; end--) { /* the longest name that is a zone */
        const struct hr_zone *zone = hr_zone_find(in->at, (size_t)(end - in->at));
        if (zone) {
            in->zone = zone;
            in->has_zone = true;
            in->at = end;
            return true;
        }
    }
    return false;
}

static bool read_field(struct reading *in, const struct hr_pattern *pattern, size_t index)
{
    static const struct {
        char letter;
        enum field field;
    } numbers[] = {
        {'d', F_DAY},  {'D', F_DAY_OF_YEAR}, {'h', F_HOUR_12}, {'K', F_HOUR_11}, {'k', F_HOUR_24},
        {'H', F_HOUR}, {'m', F_MINUTE},      {'s', F_SECOND},  {'M', F_MONTH},   {'L', F_MONTH},
    };
    static const char *const eras[] = {"Before Christ", "Anno Domini"}, *const short_eras[] = {
                                                                            "BC ", "AD "};
    const struct item *item = &pattern->items[index];
    int found, count = item->count;
    int64_t value;
    switch (item->letter) {
    case 'y':
        return read_year(in, count, reserved_behind(pattern, index));
    case 'S':
        return read_fraction(in, count);
    case 'V':
    case 'z':
        return read_zone(in);
    case 'X':
    case 'x':
    case 'Z':
    case 'O':
        return read_offset(in, item->letter, count);
    case 'G':
        if (count == 4)
            return read_name(in, eras, 2, true, &found) && set(in, F_ERA, found);
        if (in->end - in->at < 2 ||
            (strncasecmp(in->at, short_eras[0], 2) && strncasecmp(in->at, short_eras[1], 2)))
            return false;
        found = (*in->at | 32) == 'a';
        in->at += 2;
        return set(in, F_ERA, found);
    case 'a':
        if (in->end - in->at < 2 || (strncasecmp(in->at, "am", 2) && strncasecmp(in->at, "pm", 2)))
            return false;
        found = (*in->at | 32) == 'p';
        in->at += 2;
        return set(in, F_HALF, found);
    case 'M':
    case 'L':
        if (count > 2)
            return read_name(in, months, 12, count == 4, &found) && set(in, F_MONTH, found + 1);
        break;
    }
    for (size_t i = 0; i < HR_LEN(numbers); i++)
        if (numbers[i].letter == item->letter) {
            int most = count > 1 ? count : item->letter == 'D' ? 3 : 19;
            int reserve = count > 1 ? 0 : reserved_behind(pattern, index);
            return read_number(in, count, most, reserve, &value) &&
                   set(in, numbers[i].field, value);
        }
    return false;
}

static bool read_items(struct reading *in, const struct hr_pattern *pattern, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct item *item = &pattern->items[i];
        if (item->kind == ITEM_OPTION_BEGIN) {
            struct reading saved = *in;
            if (!read_items(in, pattern, i + 1, item->end))
                *in = saved;
            i = item->end;
        } else if (item->kind == ITEM_TEXT) {
            if ((size_t)(in->end - in->at) < item->len ||
                strncasecmp(in->at, item->text, item->len))
                return false;
            in->at += item->len;
        } else if (item->kind == ITEM_FIELD && !read_field(in, pattern, i)) {
            return false;
        }
    }
    return true;
}

static bool in_range(const struct reading *in, enum field field, int64_t least, int64_t most)
{
    return !in->seen[field] || (in->values[field] >= least && in->values[field] <= most);
}

static bool resolve_hour(struct reading *in, int64_t *hour)
{
    const int64_t *values = in->values;
    if (!in_range(in, F_HOUR, 0, 23) ||
        !in_range(in, F_HOUR_24, 1, 24) ||
        !in_range(in, F_HOUR_12, 1, 12) ||
        !in_range(in, F_HOUR_11, 0, 11))
        return false;
    if (in->seen[F_HOUR])
        *hour = values[F_HOUR];
    else if (in->seen[F_HOUR_24])
        *hour = values[F_HOUR_24] % 24;
    else if (in->seen[F_HOUR_12] || in->seen[F_HOUR_11])
        *hour = (in->seen[F_HOUR_12] ? values[F_HOUR_12] % 12 : values[F_HOUR_11]) +
                (in->seen[F_HALF] ? values[F_HALF] * 12 : 0);
    else
        *hour = in->seen[F_HALF] ? values[F_HALF] * 12 : 0;
    return true;
}

static bool resolve_days(struct reading *in, int32_t *days)
{
    int64_t year = in->seen[F_YEAR] ? in->values[F_YEAR] : 1970;
    if (in->seen[F_ERA] && in->values[F_ERA] == 0)
        year = 1 - year;
    if (in->seen[F_DAY_OF_YEAR] && !in->seen[F_MONTH] && !in->seen[F_DAY]) {
        int length = hr_days_in_month(year, 2) == 29 ? 366 : 365;
        if (!in_range(in, F_DAY_OF_YEAR, 1, length) || !hr_date_of(year, 1, 1, days))
            return false;
        *days += (int32_t)in->values[F_DAY_OF_YEAR] - 1;
        return true;
    }
    int64_t month = in->seen[F_MONTH] ? in->values[F_MONTH] : 1,
            day = in->seen[F_DAY] ? in->values[F_DAY] : 1;
    bool fits = month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return fits && hr_date_of(year, (int)month, (int)day, days);
}

bool hr_pattern_parse(const struct hr_pattern *pattern,
                      const char *text,
                      size_t len,
                      struct hr_moment *out)
{
    struct reading in = {.at = text, .end = text + len};
    int64_t hour;
    int32_t date;
    if (!read_items(&in, pattern, 0, pattern->count) || in.at != in.end)
        return false;
    if (!resolve_hour(&in, &hour) ||
        !resolve_days(&in, &date) ||
        !in_range(&in, F_MINUTE, 0, 59) ||
        !in_range(&in, F_SECOND, 0, 59))
        return false;
    int64_t seconds = hour * 3600 +
                      (in.seen[F_MINUTE] ? in.values[F_MINUTE] * 60 : 0) +
                      (in.seen[F_SECOND] ? in.values[F_SECOND] : 0);
    int64_t micros = in.seen[F_NANO] ? in.values[F_NANO] / 1000 : 0;
    *out = (struct hr_moment){
        .has_date = in.seen[F_YEAR] || in.seen[F_MONTH] || in.seen[F_DAY] || in.seen[F_DAY_OF_YEAR],
        .has_time = in.seen[F_HOUR] ||
                    in.seen[F_HOUR_24] ||
                    in.seen[F_HOUR_12] ||
                    in.seen[F_HOUR_11] ||
                    in.seen[F_MINUTE] ||
                    in.seen[F_SECOND],
        .has_zone = in.has_zone,
        .offset = in.offset,
        .zone = in.zone,
    };
    hr_int128 local = (hr_int128)date * HR_US_PER_DAY + seconds * HR_US_PER_SECOND + micros;
    out->local_us = (int64_t)local;
    return local == out->local_us;
}

bool hr_moment_to_utc(const struct hr_moment *moment,
                      const struct hr_zone *session_zone,
                      int64_t *utc_us)
{
    if (moment->has_zone && !moment->zone)
        return !__builtin_sub_overflow(moment->local_us, moment->offset * HR_US_PER_SECOND, utc_us);
    return hr_zone_utc_of(moment->has_zone ? moment->zone : session_zone, moment->local_us, utc_us);
}
