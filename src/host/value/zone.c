#include "host/value/value.h"
#include "base/check.h"
#include "base/map.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ZONE_FILE_BYTES_MAX (1 << 20)
#define ZONE_NAME_MAX 64
#define DAY_SECONDS 86400

/* when a yearly rule of a POSIX TZ string applies: Mm.w.d, or Jn / n (day of the year) */
struct rule {
    char kind;
    int month, week, day;
    int32_t seconds;
};

struct hr_zone {
    char name[ZONE_NAME_MAX];
    int64_t *transitions; /* seconds UTC, ascending */
    unsigned char *kinds; /* offset after each transition */
    size_t count;
    int32_t offsets[256];
    char abbreviations[256][8];
    unsigned char first; /* before the first transition */
    bool has_rules;      /* beyond the last transition, by the footer */
    int32_t standard, summer;
    char standard_name[8], summer_name[8];
    struct rule to_summer, to_standard;
};

static struct hr_zone utc = {.name = "UTC", .abbreviations = {"UTC"}};

const struct hr_zone *hr_zone_utc(void)
{
    return &utc;
}

const char *hr_zone_name(const struct hr_zone *zone)
{
    return zone->name;
}

static int64_t read_big(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return bytes == 4 ? (int64_t)(int32_t)value : (int64_t)value;
}

/* ---- the footer's POSIX TZ string: std offset [dst [offset] , rule , rule] ---- */
static const char *read_zone_name(const char *at, char out[8])
{
    size_t len = 0;
    bool quoted = *at == '<';
    at += quoted;
    for (; *at && (quoted ? *at != '>' : ((*at | 32) >= 'a' && (*at | 32) <= 'z')); at++)
        if (len < 7)
            out[len++] = *at;
    out[len] = 0;
    return at + (quoted && *at == '>');
}

static const char *read_seconds(const char *at, int32_t *out)
{
    int sign = *at == '-' ? -1 : 1;
    at += *at == '-' || *at == '+';
    int32_t parts[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        while (*at >= '0' && *at <= '9')
            parts[i] = parts[i] * 10 + (*at++ - '0');
        if (*at != ':')
            break;
        at++;
    }
    *out = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return at;
}

static const char *read_rule(const char *at, struct rule *out)
{
    int used = 0;
    *out = (struct rule){.seconds = 7200};
    if (sscanf(at, ",M%d.%d.%d%n", &out->month, &out->week, &out->day, &used) == 3)
        out->kind = 'M';
    else if (sscanf(at, ",J%d%n", &out->day, &used) == 1)
        out->kind = 'J';
    else if (sscanf(at, ",%d%n", &out->day, &used) == 1)
        out->kind = 'n';
    else
        return NULL;
    at += used;
    return *at == '/' ? read_seconds(at + 1, &out->seconds) : at;
}

static void read_footer(struct hr_zone *zone, const char *at)
{
    at = read_zone_name(at, zone->standard_name);
    at = read_seconds(at, &zone->standard);
    zone->standard = -zone->standard; /* POSIX counts west */
    if (!*at)
        return;
    at = read_zone_name(at, zone->summer_name);
    zone->summer = zone->standard + 3600;
    if (*at && *at != ',') {
        at = read_seconds(at, &zone->summer);
        zone->summer = -zone->summer;
    }
    at = read_rule(at, &zone->to_summer);
    zone->has_rules = at && read_rule(at, &zone->to_standard);
}

/* RFC 8536: the header, a 32-bit block that is skipped, then the 64-bit block and the footer */
static bool read_tzif(struct hr_zone *zone, const unsigned char *bytes, size_t len)
{
    if (len < 44 || memcmp(bytes, "TZif", 4) || bytes[4] < '2')
        return false;
    int64_t counts[6];
    for (int i = 0; i < 6; i++)
        counts[i] = read_big(bytes + 20 + i * 4, 4);
    int64_t skip =
        44 + counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0];
    if (skip < 44 || (size_t)skip + 44 > len)
        return false;
    const unsigned char *at = bytes + skip, *end = bytes + len;
    for (int i = 0; i < 6; i++)
        counts[i] = read_big(at + 20 + i * 4, 4);
    at += 44;
    int64_t times = counts[3], types = counts[4], chars = counts[5];
    int64_t need = times * 9 + types * 6 + chars + counts[2] * 12 + counts[1] + counts[0];
    if (times < 0 || types < 1 || types > 255 || chars < 0 || need < 0 || end - at < need)
        return false;
    zone->count = (size_t)times;
    zone->transitions = calloc((size_t)times + 1, sizeof *zone->transitions);
    zone->kinds = calloc((size_t)times + 1, 1);
    HR_CHECK(zone->transitions && zone->kinds);
    const unsigned char *kinds = at + times * 8, *infos = kinds + times, *names = infos + types * 6;
    for (int64_t i = 0; i < times; i++) {
        zone->transitions[i] = read_big(at + i * 8, 8);
        zone->kinds[i] = kinds[i] < types ? kinds[i] : 0;
    }
    for (int64_t i = 0; i < types; i++) {
        zone->offsets[i] = (int32_t)read_big(infos + i * 6, 4);
        if (infos[i * 6 + 5] < chars)
            snprintf(zone->abbreviations[i], sizeof zone->abbreviations[i], "%.*s", 7,
                     (const char *)names + infos[i * 6 + 5]);
    }
    const unsigned char *footer = at + need;
    if (footer < end && *footer == '\n') {
        char text[128];
        size_t room = (size_t)(end - footer - 1);
        snprintf(text, sizeof text, "%.*s", (int)(room < 127 ? room : 127),
                 (const char *)footer + 1);
        text[strcspn(text, "\n")] = 0;
        read_footer(zone, text);
    }
    return true;
}

static bool load_file(struct hr_zone *zone, const char *name)
{
    char path[256];
    for (const char *c = name; *c; c++)
        if (!((*c | 32) >= 'a' && (*c | 32) <= 'z') && !strchr("/_-+0123456789", *c))
            return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    unsigned char *bytes = malloc(ZONE_FILE_BYTES_MAX);
    HR_CHECK(bytes);
    size_t len = fread(bytes, 1, ZONE_FILE_BYTES_MAX, in);
    fclose(in);
    bool ok = read_tzif(zone, bytes, len);
    free(bytes);
    return ok;
}

/* ---- offsets: Z, ±h, ±hh, ±hh:mm, ±hhmm, ±hh:mm:ss, with UTC, GMT or UT before ---- */
static bool read_offset(const char *text, size_t len, int32_t *seconds)
{
    if (!len || (*text != '+' && *text != '-'))
        return false;
    int sign = *text == '-' ? -1 : 1, parts[3] = {0, 0, 0}, part = 0, digits = 0;
    for (size_t i = 1; i < len; i++) {
        if (text[i] == ':') {
            if (!digits || ++part > 2)
                return false;
            digits = 0;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (digits == 2) {
            if (++part > 2)
                return false;
            digits = 0;
        }
        parts[part] = parts[part] * 10 + (text[i] - '0');
        digits++;
    }
    if (!digits || parts[1] > 59 || parts[2] > 59)
        return false;
    int32_t total = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (total > 18 * 3600)
        return false;
    *seconds = sign * total;
    return true;
}

static bool make_fixed(struct hr_zone *zone, const char *name)
{
    static const char *const prefixes[] = {"UTC", "GMT", "UT"};
    if (!strcmp(name, "Z") || !strcmp(name, "UTC") || !strcmp(name, "GMT") || !strcmp(name, "UT"))
        return true;
    const char *offset = name;
    for (size_t i = 0; i < HR_LEN(prefixes); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i]))) {
            offset = name + strlen(prefixes[i]);
            break;
        }
    if (!read_offset(offset, strlen(offset), &zone->offsets[0]))
        return false;
    int32_t size = abs(zone->offsets[0]);
    char sign = zone->offsets[0] < 0 ? '-' : '+';
    if (offset == name) /* Java prints the offset in full */
        snprintf(zone->name, sizeof zone->name, "%c%02d:%02d", sign, size / 3600, size / 60 % 60);
    snprintf(zone->abbreviations[0], sizeof zone->abbreviations[0], "%c%02d:%02d", sign,
             size / 3600 % 100, size / 60 % 60);
    return true;
}

/* ZoneId.SHORT_IDS of Java */
static const struct {
    const char *from, *to;
} short_names[] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
    {"EST", "-05:00"},
    {"MST", "-07:00"},
    {"HST", "-10:00"},
};

static struct hr_zone *zone_new(const char *name)
{
    struct hr_zone *zone = calloc(1, sizeof *zone);
    HR_CHECK(zone);
    snprintf(zone->name, sizeof zone->name, "%s", name);
    snprintf(zone->abbreviations[0], sizeof zone->abbreviations[0], "UTC");
    const char *full = name;
    for (size_t i = 0; i < HR_LEN(short_names); i++)
        if (!strcmp(short_names[i].from, name))
            full = short_names[i].to;
    if (make_fixed(zone, full) || load_file(zone, full))
        return zone;
    free(zone);
    return NULL;
}

const struct hr_zone *hr_zone_find(const char *name, size_t len)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct hr_map zones; /* those found stay: there are some hundreds at most */
    static _Thread_local const struct hr_zone *last;
    static _Thread_local char last_name[ZONE_NAME_MAX];
    char key[ZONE_NAME_MAX];
    if (!len || len >= sizeof key || memchr(name, 0, len))
        return NULL;
    memcpy(key, name, len);
    key[len] = 0;
    if (last && !strcmp(key, last_name))
        return last;
    pthread_mutex_lock(&lock);
    struct hr_zone *zone = hr_map_get(&zones, key);
    if (!zone && (zone = zone_new(key)))
        hr_map_put(&zones, key, zone);
    pthread_mutex_unlock(&lock);
    if (zone) {
        last = zone;
        strcpy(last_name, key);
    }
    return zone;
}

/* ---- yearly rules ---- */
/* local seconds of the change in that year */
static int64_t rule_seconds(const struct rule *rule, int64_t year)
{
    int32_t day;
    if (rule->kind == 'M') {
        int32_t first = hr_days_from_civil(year, rule->month, 1);
        /* 0 is Sunday, as in the rule */
        int weekday = (int)hr_floor_mod(first + 4, 7);
        day = first + (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
        if (day >= first + hr_days_in_month(year, rule->month))
            day -= 7;
    } else {
        bool leap = hr_days_in_month(year, 2) == 29;
        day = hr_days_from_civil(year, 1, 1) +
              rule->day -
              (rule->kind == 'J') +
              (rule->kind == 'J' && leap && rule->day >= 60);
    }
    return (int64_t)day * DAY_SECONDS + rule->seconds;
}

static bool is_summer(const struct hr_zone *zone, int64_t utc_seconds)
{
    int64_t year;
    int month, day;
    hr_civil_from_days((int32_t)hr_floor_div(utc_seconds + zone->standard, DAY_SECONDS), &year,
                       &month, &day);
    int64_t begin = rule_seconds(&zone->to_summer, year) - zone->standard,
            end = rule_seconds(&zone->to_standard, year) - zone->summer;
    return begin < end ? utc_seconds >= begin && utc_seconds < end
                       : utc_seconds >= begin || utc_seconds < end;
}

/* the number of transitions at or before an instant */
static size_t find_transition(const struct hr_zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t hr_zone_offset_at(const struct hr_zone *zone, int64_t utc_us)
{
    if (!zone->count && !zone->has_rules)
        return zone->offsets[0];
    int64_t seconds = hr_floor_div(utc_us, HR_US_PER_SECOND);
    size_t index = find_transition(zone, seconds);
    if (index == zone->count && zone->has_rules)
        return is_summer(zone, seconds) ? zone->summer : zone->standard;
    return zone->offsets[index ? zone->kinds[index - 1] : zone->first];
}

const char *hr_zone_abbreviation(const struct hr_zone *zone, int64_t utc_us)
{
    int64_t seconds = hr_floor_div(utc_us, HR_US_PER_SECOND);
    size_t index = find_transition(zone, seconds);
    if (index == zone->count && zone->has_rules)
        return is_summer(zone, seconds) ? zone->summer_name : zone->standard_name;
    return zone->abbreviations[index ? zone->kinds[index - 1] : zone->first];
}

/* beyond the last microsecond there is none: it stays the last */
static int64_t moved(int64_t us, int64_t by)
{
    int64_t sum;
    if (__builtin_add_overflow(us, by, &sum))
        return by > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

int64_t hr_zone_to_local(const struct hr_zone *zone, int64_t utc_us)
{
    return moved(utc_us, hr_zone_offset_at(zone, utc_us) * HR_US_PER_SECOND);
}

bool hr_zone_local_of(const struct hr_zone *zone, int64_t utc_us, int64_t *local_us)
{
    int64_t offset = hr_zone_offset_at(zone, utc_us) * HR_US_PER_SECOND;
    return !__builtin_add_overflow(utc_us, offset, local_us);
}

struct hr_clock hr_zone_clock(const struct hr_zone *zone, int64_t utc_us)
{
    int64_t day = hr_floor_div(utc_us, HR_US_PER_DAY);
    int64_t micros =
        hr_floor_mod(utc_us, HR_US_PER_DAY) + hr_zone_offset_at(zone, utc_us) * HR_US_PER_SECOND;
    return (struct hr_clock){day + hr_floor_div(micros, HR_US_PER_DAY),
                             hr_floor_mod(micros, HR_US_PER_DAY)};
}

int64_t hr_zone_to_utc(const struct hr_zone *zone, int64_t local_us)
{
    if (!zone->count && !zone->has_rules)
        return moved(local_us, -zone->offsets[0] * HR_US_PER_SECOND);
    int64_t before = hr_zone_offset_at(zone, moved(local_us, -HR_US_PER_DAY)) * HR_US_PER_SECOND;
    int64_t after = hr_zone_offset_at(zone, moved(local_us, HR_US_PER_DAY)) * HR_US_PER_SECOND;
    if (before == after)
        return moved(local_us, -before);
    if (hr_zone_offset_at(zone, moved(local_us, -before)) * HR_US_PER_SECOND == before)
        return moved(local_us, -before); /* an overlap takes the earlier offset */
    if (hr_zone_offset_at(zone, moved(local_us, -after)) * HR_US_PER_SECOND == after)
        return moved(local_us, -after);
    return moved(local_us, -before); /* a gap moves on by its length */
}

/* The offset is looked up a day within the range, where it is the same, and then taken from the
 * moment itself. */
bool hr_zone_utc_of(const struct hr_zone *zone, hr_int128 local_us, int64_t *utc_us)
{
    const hr_int128 first = (hr_int128)INT64_MIN + HR_US_PER_DAY,
                    last = (hr_int128)INT64_MAX - HR_US_PER_DAY;
    int64_t near = (int64_t)local_us;
    if (local_us < first)
        near = (int64_t)first;
    if (local_us > last)
        near = (int64_t)last;
    hr_int128 moment = local_us - (near - hr_zone_to_utc(zone, near));
    *utc_us = (int64_t)moment;
    return moment == *utc_us;
}
