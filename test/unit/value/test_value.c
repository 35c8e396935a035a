/* Expected values are real Spark 4.2's (session zone America/Los_Angeles). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/value/value.h"

static const char *timestamp_text(const char *text)
{
    static char out[HR_TIMESTAMP_TEXT_MAX + 1];
    const struct hr_zone *zone = hr_zone_find("America/Los_Angeles", 19);
    int64_t us, now = INT64_C(1795365000) * HR_US_PER_SECOND; /* 2026-11-22 there */
    if (!hr_parse_timestamp(text, strlen(text), zone, now, &us))
        return "malformed";
    out[hr_print_timestamp(hr_zone_to_local(zone, us), out)] = 0;
    return out;
}

static void timestamps_are_read_as_spark_casts_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2015-03-18 12", "2015-03-18 12:00:00"},
        {"2015-03-18T", "malformed"},
        {"2015-03-18 ", "2015-03-18 00:00:00"},
        {"2015-03-18T12:3", "2015-03-18 12:03:00"},
        {"12:30:1", "2026-11-22 12:30:01"},
        {"T12", "2026-11-22 12:00:00"},
        {"2015", "2015-01-01 00:00:00"},
        {"2015-3", "2015-03-01 00:00:00"},
        {"2015-03-18 12:03:17Z", "2015-03-18 05:03:17"},
        {"2015-03-18 12:03:17 +7:30", "2015-03-17 21:33:17"},
        {"2015-03-18 12:03:17.1234567", "2015-03-18 12:03:17.123456"},
        {"2015-03-18 12:03:17 PST", "2015-03-18 12:03:17"},
        {"2015-03-18 12:03:17GMT+8", "2015-03-17 21:03:17"},
        {"2015-03-18 12:03Z", "malformed"},
        {"1:2", "2026-11-22 01:02:00"},
        {"+2015-01-01", "2015-01-01 00:00:00"},
        {"002015-01-01", "2015-01-01 00:00:00"},
        {"0002015-01-01", "malformed"},
        {"2015-03-18 24:00:00", "malformed"},
        {"2021-03-14 02:30:00", "2021-03-14 03:30:00"},
        {"2021-11-07 01:30:00", "2021-11-07 01:30:00"},
        {"1800-01-01", "1800-01-01 00:00:00"},
        {"2015-03-18 12:03:17 Europe/Paris", "2015-03-18 04:03:17"},
        {"2015-03-18 12:03:17 UTC+01:02:03", "2015-03-18 04:01:14"},
        {"2015-03-18 12:03:17+0730", "2015-03-17 21:33:17"},
        {"2015-03-18 12:03:17+7", "2015-03-17 22:03:17"},
        {"2015-03-18 12:03:17.Z", "2015-03-18 05:03:17"},
        {"2015-03-18T12:03:17.123456789Z", "2015-03-18 05:03:17.123456"},
        {"15:00Z", "malformed"},
        {"", "malformed"},
        {"2050-07-01 00:00:00", "2050-07-01 00:00:00"},
        {"2050-07-01 00:00:00Z", "2050-06-30 17:00:00"},
        {":", "malformed"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        if (strcmp(timestamp_text(cases[i][0]), cases[i][1]))
            fail_msg("\"%s\" gave %s, Spark gives %s", cases[i][0], timestamp_text(cases[i][0]),
                     cases[i][1]);
}

static void overlaps_take_the_earlier_offset(void **state)
{
    (void)state;
    const struct hr_zone *zone = hr_zone_find("America/Los_Angeles", 19);
    int64_t us;
    const char *text = "2021-11-07 01:30:00";
    assert_true(hr_parse_timestamp(text, strlen(text), zone, 0, &us));
    assert_int_equal(us, INT64_C(1636273800) * HR_US_PER_SECOND);
    assert_string_equal(hr_zone_abbreviation(zone, us), "PDT");
    assert_null(hr_zone_find("Mars/Olympus", 12));
    assert_null(hr_zone_find("../../etc/passwd", 16));
    assert_null(hr_zone_find("+19:00", 6));
}

static void dates_are_read_as_spark_casts_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        const char *date;
    } cases[] = {
        {"2015-03-18", true, "2015-03-18"},
        {" 2015-3-1 ", true, "2015-03-01"},
        {"2015-03-18T", true, "2015-03-18"},
        {"2015-03-18 junk", true, "2015-03-18"},
        {"0002015-01-01", true, "2015-01-01"},
        {"2015-02-29", false, ""},
        {"12-01-01", false, ""},
        {"2015-", false, ""},
        {"-0044-03-15", true, "-0044-03-15"},
        {"10000-01-01", true, "+10000-01-01"},
        {"", false, ""},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        int32_t days;
        bool ok = hr_parse_date(cases[i].text, strlen(cases[i].text), &days);
        assert_int_equal(ok, cases[i].ok);
        if (ok) {
            char out[HR_DATE_TEXT_MAX + 1];
            out[hr_print_date(days, out)] = 0;
            assert_string_equal(out, cases[i].date);
        }
    }
    for (int32_t day = -800000; day < 3000000; day += 97) {
        int64_t year;
        int month, of_month;
        hr_civil_from_days(day, &year, &month, &of_month);
        assert_int_equal(hr_days_from_civil(year, month, of_month), day);
    }
}

static void doubles_print_as_java_prints_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.001, "0.001"},
        {0.00012, "1.2E-4"},
        {1e7, "1.0E7"},
        {12345678.9, "1.23456789E7"},
        {1e-5, "1.0E-5"},
        {1e22, "1.0E22"},
        {123456789012345680.0, "1.2345678901234568E17"},
        {2e-3, "0.002"},
        {4.9e-324, "4.9E-324"},
        {100.0, "100.0"},
        {9999999.0, "9999999.0"},
        {9007199254740993.0, "9.007199254740992E15"},
        {2.2250738585072014e-308, "2.2250738585072014E-308"},
        {1.7976931348623157e308, "1.7976931348623157E308"},
        {-0.0, "-0.0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {NAN, "NaN"},
        {-INFINITY, "-Infinity"},
        {33.333333333333336, "33.333333333333336"},
        {0.30000000000000004, "0.30000000000000004"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        char out[HR_DOUBLE_TEXT_MAX + 1];
        out[hr_print_double(cases[i].value, out)] = 0;
        assert_string_equal(out, cases[i].text);
    }
    static const struct {
        float value;
        const char *text;
    } floats[] = {
        {1.1f, "1.1"},
        {16777216.0f, "1.6777216E7"},
        {3.4028235e38f, "3.4028235E38"},
        {1e10f, "1.0E10"},
        {0.1f, "0.1"},
        {1.4e-45f, "1.4E-45"},
    };
    for (size_t i = 0; i < HR_LEN(floats); i++) {
        char out[HR_DOUBLE_TEXT_MAX + 1];
        out[hr_print_float(floats[i].value, out)] = 0;
        assert_string_equal(out, floats[i].text);
    }
}

static void numbers_are_read_as_spark_casts_them(void **state)
{
    (void)state;
    int64_t value;
    assert_true(hr_parse_integer(" 12 ", 4, INT32_MIN, INT32_MAX, false, &value) && value == 12);
    assert_false(hr_parse_integer("12.7", 4, INT32_MIN, INT32_MAX, false, &value));
    assert_true(hr_parse_integer("12.7", 4, INT32_MIN, INT32_MAX, true, &value) && value == 12);
    assert_true(hr_parse_integer(".5", 2, INT32_MIN, INT32_MAX, true, &value) && value == 0);
    assert_false(hr_parse_integer("1e3", 3, INT32_MIN, INT32_MAX, true, &value));
    assert_false(hr_parse_integer("", 0, INT32_MIN, INT32_MAX, true, &value));
    assert_true(hr_parse_integer("-9223372036854775808", 20, INT64_MIN, INT64_MAX, false, &value) &&
                value == INT64_MIN);
    assert_false(hr_parse_integer("9223372036854775808", 19, INT64_MIN, INT64_MAX, false, &value));
    assert_false(hr_parse_integer("128", 3, -128, 127, false, &value));
    double real;
    assert_true(hr_parse_double(" 1.5d ", 6, &real) && real == 1.5);
    assert_true(hr_parse_double("-Inf", 4, &real) && isinf(real));
    assert_true(hr_parse_double("0x1p3", 5, &real) && real == 8);
    assert_false(hr_parse_double("1.5x", 4, &real));
    assert_false(hr_parse_double("", 0, &real));
    assert_false(hr_parse_double("e5", 2, &real));
    hr_int128 decimal;
    assert_int_equal(hr_parse_decimal("1e3", 3, 10, 2, &decimal), HR_DECIMAL_OK);
    assert_true(decimal == 100000);
    assert_int_equal(hr_parse_decimal("-12.345", 7, 10, 2, &decimal), HR_DECIMAL_OK);
    assert_true(decimal == -1235);
    assert_int_equal(hr_parse_decimal("0.005", 5, 10, 2, &decimal), HR_DECIMAL_OK);
    assert_true(decimal == 1);
    assert_int_equal(hr_parse_decimal("0.0049", 6, 10, 2, &decimal), HR_DECIMAL_OK);
    assert_true(decimal == 0);
    assert_int_equal(hr_parse_decimal("99999999.999", 12, 10, 2, &decimal), HR_DECIMAL_OVERFLOW);
    assert_int_equal(hr_parse_decimal("1.2.3", 5, 10, 2, &decimal), HR_DECIMAL_MALFORMED);
    assert_int_equal(hr_parse_decimal("1e999999999", 11, 38, 18, &decimal), HR_DECIMAL_OVERFLOW);
    assert_int_equal(hr_parse_decimal("1e-999999999", 12, 38, 18, &decimal), HR_DECIMAL_OK);
    char out[HR_DECIMAL_TEXT_MAX + 1];
    out[hr_print_decimal(-5, 3, out)] = 0;
    assert_string_equal(out, "-0.005");
    out[hr_print_decimal(hr_power_of_ten(38) - 1, 0, out)] = 0;
    assert_string_equal(out, "99999999999999999999999999999999999999");
    out[hr_print_decimal(0, 3, out)] = 0;
    assert_string_equal(out, "0.000");
    int precision, scale;
    assert_true(
        hr_measure_decimal("0012.50", 7, &precision, &scale) && precision == 4 && scale == 2);
}

static void intervals_print_as_spark_casts_them(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        int first, last;
        const char *text;
    } cases[] = {
        {5 * INT64_C(3600000000), 1, 1, "INTERVAL '05' HOUR"},
        {65 * INT64_C(60000000), 2, 2, "INTERVAL '65' MINUTE"},
        {5250000, 3, 3, "INTERVAL '05.25' SECOND"},
        {123 * INT64_C(3600000000), 0, 1, "INTERVAL '5 03' DAY TO HOUR"},
        {-5 * INT64_C(86400000000), 0, 0, "INTERVAL '-5' DAY"},
        {INT64_C(3723500000), 1, 3, "INTERVAL '01:02:03.5' HOUR TO SECOND"},
        {0, 0, 0, "INTERVAL '0' DAY"},
        {303000000, 2, 3, "INTERVAL '05:03' MINUTE TO SECOND"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        char out[HR_INTERVAL_TEXT_MAX + 1];
        out[hr_print_day_time(cases[i].us, cases[i].first, cases[i].last, out)] = 0;
        assert_string_equal(out, cases[i].text);
    }
    char out[HR_INTERVAL_TEXT_MAX + 1];
    out[hr_print_year_month(-14, 0, 1, out)] = 0;
    assert_string_equal(out, "INTERVAL '-1-2' YEAR TO MONTH");
}

static const char *formatted(const char *pattern_text, const char *zone_name)
{
    static char out[256];
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *problem;
    struct hr_buf buf;
    hr_buf_init(&buf, 200);
    const struct hr_zone *zone = hr_zone_find(zone_name, strlen(zone_name));
    struct hr_pattern *pattern =
        hr_pattern_new(arena, pattern_text, strlen(pattern_text), HR_PATTERN_FORMAT, &problem);
    int64_t us;
    hr_parse_timestamp("2021-07-04 05:06:07.123456", 26, zone, 0, &us);
    snprintf(out, sizeof out, "%s",
             !pattern                                     ? "refused"
             : hr_pattern_format(pattern, us, zone, &buf) ? hr_buf_text(&buf)
                                                          : "unsupported");
    hr_buf_release(&buf);
    hr_arena_free(arena);
    return out;
}

static void patterns_format_as_java_does(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"yyyy-MM-dd HH:mm:ss.SSSSSS", "2021-07-04 05:06:07.123456"},
        {"yy", "21"},
        {"yyyyyy", "002021"},
        {"y", "2021"},
        {"L LL LLL LLLL", "7 07 Jul July"},
        {"d dd", "4 04"},
        {"D DDD", "185 185"},
        {"E EEE EEEE", "Sun Sun Sunday"},
        {"a", "AM"},
        {"h hh K KK k kk H", "5 05 5 05 5 05 5"},
        {"S SSS SSSSSSSSS", "1 123 123456000"},
        {"VV", "America/Los_Angeles"},
        {"z", "PDT"},
        {"O OOOO", "GMT-7 GMT-07:00"},
        {"X XX XXX XXXX XXXXX", "-07 -0700 -07:00 -0700 -07:00"},
        {"Z ZZZ ZZZZ ZZZZZ", "-0700 -0700 GMT-07:00 -07:00"},
        {"G GGGG", "AD Anno Domini"},
        {"q qq qqq qqqq", "3 03 Q3 3rd quarter"},
        {"''yyyy'T'", "'2021T"},
        {"[yyyy]", "2021"},
        {"F", "4"},
        {"MMMMM", "refused"},
        {"EEEEE", "refused"},
        {"Y", "refused"},
        {"u", "refused"},
        {"B", "refused"},
        {"#", "refused"},
        {"''''", "'"},
        {"yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "2021-07-04T05:06:07.123-07:00"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        if (strcmp(formatted(cases[i][0], "America/Los_Angeles"), cases[i][1]))
            fail_msg("%s gave %s, Spark gives %s", cases[i][0],
                     formatted(cases[i][0], "America/Los_Angeles"), cases[i][1]);
    assert_string_equal(formatted("z zzzz O OOOO X XXX x xxx Z ZZZZ ZZZZZ VV", "UTC"),
                        "UTC Coordinated Universal Time GMT GMT Z Z +00 +00:00 +0000 GMT Z UTC");
}

static void patterns_parse_as_java_does(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"2021-7-4", "yyyy-M-d", "2021-07-04 00:00:00"},
        {"20210704", "yyyyMMdd", "2021-07-04 00:00:00"},
        {"20210704050607", "yyyyMMddHHmmss", "2021-07-04 05:06:07"},
        {"2021-07-04 5 PM", "yyyy-MM-dd h a", "2021-07-04 17:00:00"},
        {"2021-02-30", "yyyy-MM-dd", "malformed"},
        {"21", "yy", "2021-01-01 00:00:00"},
        {"Jul 4 2021", "MMM d yyyy", "2021-07-04 00:00:00"},
        {"july 4 2021", "MMMM d yyyy", "2021-07-04 00:00:00"},
        {"2021-07-04T05:06:07.5Z", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "2021-07-04 05:06:07.5"},
        {"2021-07-04T05:06:07.500+01:00", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]",
         "2021-07-04 04:06:07.5"},
        {"2021-07-04T05:06:07", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "2021-07-04 05:06:07"},
        {"185", "D", "1970-07-04 00:00:00"},
        {"2021 185", "yyyy DDD", "2021-07-04 00:00:00"},
        {"2021-07-04 x", "yyyy-MM-dd", "malformed"},
        {"2021-07", "yyyy-MM-dd", "malformed"},
        {"07/04/2021", "MM/dd/yyyy", "2021-07-04 00:00:00"},
        {"7/4/2021", "MM/dd/yyyy", "malformed"},
        {"12:30", "HH:mm", "1970-01-01 12:30:00"},
        {"2021-07-04 PST", "yyyy-MM-dd z", "2021-07-04 07:00:00"},
        {"2021-07-04 America/New_York", "yyyy-MM-dd VV", "2021-07-04 04:00:00"},
        {"2021-07-04 05:06:07.123", "yyyy-MM-dd HH:mm:ss.SSSSSS", "2021-07-04 05:06:07.123"},
        {"2021-07-04 05:06:07.123456", "yyyy-MM-dd HH:mm:ss.SSS", "malformed"},
        {"2021-07-04 24", "yyyy-MM-dd kk", "2021-07-04 00:00:00"},
        {"2021-07-04 +0100", "yyyy-MM-dd Z", "2021-07-03 23:00:00"},
        {" 2021-07-04", "yyyy-MM-dd", "malformed"},
        {"12021-07-04", "yyyy-MM-dd", "malformed"},
    };
    struct hr_arena *arena = hr_arena_new(NULL);
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        const char *problem;
        struct hr_pattern *pattern =
            hr_pattern_new(arena, cases[i][1], strlen(cases[i][1]), HR_PATTERN_PARSE, &problem);
        assert_non_null(pattern);
        struct hr_moment moment;
        char out[HR_TIMESTAMP_TEXT_MAX + 1] = "malformed";
        int64_t utc;
        if (hr_pattern_parse(pattern, cases[i][0], strlen(cases[i][0]), &moment) &&
            hr_moment_to_utc(&moment, hr_zone_utc(), &utc))
            out[hr_print_timestamp(utc, out)] = 0;
        if (strcmp(out, cases[i][2]))
            fail_msg("\"%s\" by %s gave %s, Spark gives %s", cases[i][0], cases[i][1], out,
                     cases[i][2]);
    }
    hr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_read_as_spark_casts_them),
        cmocka_unit_test(overlaps_take_the_earlier_offset),
        cmocka_unit_test(dates_are_read_as_spark_casts_them),
        cmocka_unit_test(doubles_print_as_java_prints_them),
        cmocka_unit_test(numbers_are_read_as_spark_casts_them),
        cmocka_unit_test(intervals_print_as_spark_casts_them),
        cmocka_unit_test(patterns_format_as_java_does),
        cmocka_unit_test(patterns_parse_as_java_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
