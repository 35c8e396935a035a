#include "host/format/zone.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_BYTES_MAX (256 * 1024)
#define ZONEINFO "/usr/share/zoneinfo/"

/* one rule of a POSIX TZ string: Mm.w.d/time */
struct rule { int month, week, day; int32_t time; };

struct hr_zone {
    int64_t *at;               /* transitions, ascending, UTC seconds */
    int32_t *offset;           /* offset[i] holds from at[i]; count of them */
    size_t count;
    int32_t first;             /* before the first transition */
    bool has_rule, has_dst;    /* the footer: what holds after the last transition */
    int32_t standard, daylight;
    struct rule start, end;
};

static const struct hr_zone utc_zone;

const struct hr_zone *hr_zone_utc(void) { return &utc_zone; }
bool hr_zone_is_utc(const struct hr_zone *zone) { return zone == &utc_zone || (!zone->count && !zone->has_rule && !zone->first); }

static int64_t days_of(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int64_t year_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    return yoe + era * 400 + ((5 * doy + 2) / 153 >= 10);
}

/* the instant, in local standard seconds, at which a rule fires in a year */
static int64_t rule_seconds(const struct rule *rule, int64_t year)
{
    int64_t first = days_of(year, rule->month, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7);
    int64_t day = first + (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
    int64_t next = rule->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, rule->month + 1, 1);
    while (day >= next)
        day -= 7;
    return day * 86400 + rule->time;
}

static int32_t rule_offset(const struct hr_zone *zone, int64_t utc)
{
    if (!zone->has_dst)
        return zone->standard;
    int64_t days = (utc + zone->standard) / 86400 - ((utc + zone->standard) % 86400 < 0);
    int64_t year = year_of(days);
    int64_t on = rule_seconds(&zone->start, year) - zone->standard, off = rule_seconds(&zone->end, year) - zone->daylight;
    bool summer = on < off ? utc >= on && utc < off : utc >= on || utc < off;
    return summer ? zone->daylight : zone->standard;
}

int32_t hr_zone_offset_at(const struct hr_zone *zone, int64_t utc)
{
    if (!zone->count)
        return zone->has_rule ? rule_offset(zone, utc) : zone->first;
    if (utc < zone->at[0])
        return zone->first;
    if (utc >= zone->at[zone->count - 1] && zone->has_rule)
        return rule_offset(zone, utc);
    size_t low = 0, high = zone->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (zone->at[middle] <= utc)
            low = middle;
        else
            high = middle;
    }
    return zone->offset[low];
}

int64_t hr_zone_to_utc(const struct hr_zone *zone, int64_t local)
{
    if (!zone->count && !zone->has_rule)
        return local - zone->first;
    int32_t before = hr_zone_offset_at(zone, local - 86400), after = hr_zone_offset_at(zone, local + 86400);
    if (before == after)
        return local - hr_zone_offset_at(zone, local - before);
    /* near a transition: the earlier offset where it is right; in a gap, before's offset moves the time forward */
    if (hr_zone_offset_at(zone, local - before) == before)
        return local - before;
    if (hr_zone_offset_at(zone, local - after) == after)
        return local - after;
    return local - before;
}

static bool digits(const char **p, const char *end, int max, int *value)
{
    int n = 0;
    *value = 0;
    while (*p < end && n < max && **p >= '0' && **p <= '9') {
        *value = *value * 10 + (**p - '0');
        ++*p, ++n;
    }
    return n > 0;
}

/* +h, +hh, +h:mm, +hh:mm, +hh:mm:ss, +hhmm, +hhmmss: what Spark's getZoneId lets through to ZoneOffset */
static bool offset_text(const char *p, const char *end, int32_t *seconds)
{
    if (end - p < 2 || (*p != '+' && *p != '-'))
        return false;
    int sign = *p++ == '-' ? -1 : 1, h = 0, m = 0, s = 0;
    const char *start = p;
    if (!digits(&p, end, 2, &h))
        return false;
    if (p < end && *p == ':') {
        p++;
        const char *at = p;
        if (!digits(&p, end, 2, &m) || (p < end && p - at != 2))
            return false;
        if (p < end && *p == ':') {
            p++;
            at = p;
            if (!digits(&p, end, 2, &s) || p - at != 2)
                return false;
        }
    } else if (p < end) {
        if (p - start != 2)
            return false;
        const char *at = p;
        if (!digits(&p, end, 2, &m) || p - at != 2)
            return false;
        at = p;
        if (p < end && (!digits(&p, end, 2, &s) || p - at != 2))
            return false;
    }
    if (p != end || h > 18 || m > 59 || s > 59 || (h == 18 && (m || s)))
        return false;
    *seconds = sign * (h * 3600 + m * 60 + s);
    return true;
}

bool hr_zone_fixed(const char *name, size_t len, int32_t *seconds)
{
    static const char *const zeros[] = {"Z", "UTC", "GMT", "UT", "Etc/UTC", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal",
                                        "Greenwich", "Etc/Greenwich", "GMT0", "Etc/GMT0"};
    *seconds = 0;
    for (size_t i = 0; i < HR_LEN(zeros); i++)
        if (strlen(zeros[i]) == len && !memcmp(zeros[i], name, len))
            return true;
    static const char *const prefixes[] = {"UTC", "GMT", "UT", ""};
    for (size_t i = 0; i < HR_LEN(prefixes); i++) {
        size_t skip = strlen(prefixes[i]);
        if (len > skip && !memcmp(name, prefixes[i], skip) && offset_text(name + skip, name + len, seconds))
            return true;
    }
    return false;
}

static uint32_t be32(const unsigned char *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static int64_t be64(const unsigned char *p) { return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4)); }

static const char *tz_name(const char *p)
{
    if (*p == '<') {
        while (*p && *p != '>')
            p++;
        return *p ? p + 1 : NULL;
    }
    const char *start = p;
    while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z'))
        p++;
    return p > start ? p : NULL;
}

static const char *tz_time(const char *p, int32_t *seconds)
{
    int sign = 1;
    if (*p == '-' || *p == '+')
        sign = *p++ == '-' ? -1 : 1;
    char *end;
    long h = strtol(p, &end, 10), m = 0, s = 0;
    if (end == p)
        return NULL;
    if (*end == ':')
        m = strtol(end + 1, &end, 10);
    if (*end == ':')
        s = strtol(end + 1, &end, 10);
    *seconds = (int32_t)(sign * (h * 3600 + m * 60 + s));
    return end;
}

static const char *tz_rule(const char *p, struct rule *rule)
{
    int used = 0;
    rule->time = 7200;
    if (sscanf(p, ",M%d.%d.%d%n", &rule->month, &rule->week, &rule->day, &used) != 3 || rule->month < 1 || rule->month > 12)
        return NULL;
    p += used;
    return *p == '/' ? tz_time(p + 1, &rule->time) : p;
}

static void footer(struct hr_zone *zone, const char *text)
{
    int32_t west;
    const char *p = tz_name(text);
    if (!p || !(p = tz_time(p, &west)))
        return;
    zone->standard = -west;
    zone->has_rule = true;
    if (!*p)
        return;
    zone->daylight = zone->standard + 3600;
    if (!(p = tz_name(p)))
        return;
    if (*p && *p != ',') {
        if (!(p = tz_time(p, &west)))
            return;
        zone->daylight = -west;
    }
    zone->has_dst = (p = tz_rule(p, &zone->start)) && tz_rule(p, &zone->end);
}

static struct hr_zone *parse_tzif(struct hr_arena *arena, const unsigned char *bytes, size_t len)
{
    if (len < 44 || memcmp(bytes, "TZif", 4) || bytes[4] < '2')
        return NULL;
    size_t skip = 44 + (size_t)be32(bytes + 20) + be32(bytes + 24) + be32(bytes + 28) * 8u + be32(bytes + 32) * 5u + be32(bytes + 36) * 6u + be32(bytes + 40);
    if (skip > len || len - skip < 44)
        return NULL;
    const unsigned char *head = bytes + skip, *p = head + 44, *end = bytes + len;
    size_t isut = be32(head + 20), isstd = be32(head + 24), leaps = be32(head + 28), times = be32(head + 32), types = be32(head + 36), chars = be32(head + 40);
    if (times * 9 + types * 6 + chars + leaps * 12 + isstd + isut > (size_t)(end - p) || !types)
        return NULL;
    struct hr_zone *zone = HR_NEW(arena, struct hr_zone);
    const unsigned char *kinds = p + times * 8, *infos = kinds + times;
    zone->count = times;
    zone->at = HR_NEW_ARRAY(arena, int64_t, times + 1);
    zone->offset = HR_NEW_ARRAY(arena, int32_t, times + 1);
    zone->first = (int32_t)be32(infos);
    for (size_t i = 0; i < times; i++) {
        zone->at[i] = be64(p + i * 8);
        if (kinds[i] >= types)
            return NULL;
        zone->offset[i] = (int32_t)be32(infos + kinds[i] * 6);
    }
    const char *foot = (const char *)infos + types * 6 + chars + leaps * 12 + isstd + isut;
    size_t room = (size_t)((const char *)end - foot);
    if (room > 2 && foot[0] == '\n') {
        const char *stop = memchr(foot + 1, '\n', room - 1);
        if (stop)
            footer(zone, hr_strndup(arena, foot + 1, (size_t)(stop - foot - 1)));
    }
    return zone;
}

const struct hr_zone *hr_zone_find(struct hr_arena *arena, const char *name, size_t len)
{
    int32_t seconds;
    if (hr_zone_fixed(name, len, &seconds)) {
        if (!seconds)
            return &utc_zone;
        struct hr_zone *zone = HR_NEW(arena, struct hr_zone);
        zone->first = seconds;
        return zone;
    }
    if (!len || len > 60 || name[0] == '/' || memchr(name, '.', len))
        return NULL;
    char path[128];
    snprintf(path, sizeof path, ZONEINFO "%.*s", (int)len, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat st;
    const struct hr_zone *zone = NULL;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < ZONE_BYTES_MAX) {
        unsigned char *bytes = hr_arena_alloc(arena, (size_t)st.st_size + 1);
        ssize_t got = read(fd, bytes, (size_t)st.st_size);
        if (got > 0)
            zone = parse_tzif(arena, bytes, (size_t)got);
    }
    close(fd);
    return zone;
}
