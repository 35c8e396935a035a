# what is beyond the range of its type or no value of it; days and months over a change of clocks; maps, which have no order
TIMESTAMP'2020-03-07 12:00:00' + INTERVAL '1' DAY
TIMESTAMP'2020-03-07 12:00:00' + INTERVAL '24' HOUR
TIMESTAMP'2020-03-07 12:00:00' + INTERVAL '1 01:00:00' DAY TO SECOND
TIMESTAMP'2020-03-07 02:30:00' + INTERVAL '1' DAY
TIMESTAMP'2020-03-09 12:00:00' - INTERVAL '1' DAY
TIMESTAMP'2020-03-09 02:30:00' - INTERVAL '1' DAY
TIMESTAMP'2020-10-31 01:30:00' + INTERVAL '1' DAY
TIMESTAMP'2020-11-02 01:30:00' - INTERVAL '1' DAY
TIMESTAMP'2020-11-02 01:30:00' - INTERVAL '1 01:00:00' DAY TO SECOND
TIMESTAMP'2020-02-08 02:30:00' + INTERVAL '1' MONTH
TIMESTAMP'2020-10-01 01:30:00' + INTERVAL '1' MONTH
TIMESTAMP'2020-03-07 12:00:00' + INTERVAL 1 month 1 day 24 hours
TIMESTAMP_NTZ'2020-01-31 12:00:00' + INTERVAL '1' MONTH
DATE'2020-01-31' + INTERVAL '1' MONTH
DATE'2020-03-31' - INTERVAL '1' MONTH
add_months(DATE'2020-02-29', 12)
add_months(DATE'2020-02-29', -1)
DATE'2020-01-31' + INTERVAL '1 02' DAY TO HOUR
timestampadd(MONTH, 2147483647, TIMESTAMP'2020-01-01 00:00:00')
timestampadd(YEAR, 2147483647, TIMESTAMP'2020-01-01 00:00:00')
timestampadd(DAY, 9223372036854775807, TIMESTAMP'2020-01-01 00:00:00')
timestampadd(MICROSECOND, 9223372036854775807, TIMESTAMP'2020-01-01 00:00:00')
INTERVAL '178956970-7' YEAR TO MONTH + INTERVAL '1' MONTH
INTERVAL '178956970' YEAR * 2
INTERVAL '106751991' DAY * 2
INTERVAL '1' MONTH * 2147483648L
INTERVAL '106751991' DAY + INTERVAL '106751991' DAY
sum(v) FROM VALUES (INTERVAL '178956970' YEAR), (INTERVAL '178956970' YEAR) t(v)
sum(v) FROM VALUES (INTERVAL '106751991' DAY), (INTERVAL '106751991' DAY) t(v)
cast(INTERVAL '106751991' DAY as INT)
cast(2147483647 as INTERVAL YEAR)
add_months(DATE'2020-01-31', 2147483647)
add_months(DATE'2020-01-31', -2147483648)
TIMESTAMP'2020-01-01 00:00:00' + INTERVAL '106751991' DAY
TIMESTAMP_NTZ'2020-01-01 00:00:00' + INTERVAL '106751991' DAY
INTERVAL '-178956970-9' YEAR TO MONTH
timestampadd(YEAR, 300000, TIMESTAMP'2020-01-01 00:00:00')
hash(map('a', 1))
xxhash64(1, array(map('a', 1)))
hash(named_struct('a', map(1, 2)))
hash(NULL)
map_from_entries(array(struct(1, 'a'), NULL))
map_from_entries(array(struct(1, 'a'), struct(1, 'b')))
map_from_entries(array(struct(CAST(NULL AS INT), 'b')))
map_from_entries(NULL)
map_from_entries(array())
map_from_entries(v) FROM VALUES (array(struct(1, 'a'))), (NULL), (array(NULL, struct(2, 'b'))) t(v)
array_distinct(array(map(1, 2), map(1, 2)))
array_distinct(array(named_struct('m', map(1, 2))))
array_union(array(map(1, 2)), array(map(1, 2)))
array_except(array(map(1, 2)), array(map(1, 2)))
array_intersect(array(map(1, 2)), array(map(1, 2)))
arrays_overlap(array(map(1, 2)), array(map(1, 2)))
array_contains(array(map(1, 2)), map(1, 2))
array_position(array(map(1, 2)), map(1, 2))
array_remove(array(map(1, 2)), map(1, 2))
array_max(array(map(1, 2)))
array_min(array(map(1, 2)))
sort_array(array(map(1, 2)))
map(1,2) = map(1,2)
map(1,2) < map(1,2)
map(1,2) <=> map(1,2)
map(1,2) IN (map(1,2))
nullif(map(1,2), map(1,2))
greatest(map(1,2), map(1,2))
DISTINCT map(1,2)
count(DISTINCT map(1,2))
collect_set(array(map(1, 2)))
approx_count_distinct(map(1,2))
max(map(1,2))
max_by(1, map(1,2))
conv('18446744073709551616', 10, 16)
conv('18446744073709551615', 10, 16)
conv('-18446744073709551616', 10, 16)
conv('18446744073709551616', 10, -16)
conv('-1', 10, 16)
conv('-1', 10, -16)
conv('99999999999999999999', 10, -10)
conv('-9223372036854775809', 10, -10)
conv('9223372036854775808', 10, -10)
conv('', 10, 16)
conv('  12', 10, 16)
conv('1z', 10, 16)
conv('z', 10, 16)
conv('11', 37, 16)
conv('11', 1, 16)
conv('FFFFFFFFFFFFFFFFF', 16, 10)
cast(3.4028235E38f as string)
cast(2.0E-3f as string)
cast(0.1f as string), cast(1.1f as string), cast(16777216f as string), cast(33554432f as string), cast(9999999f as string)
nth_value(x, 0) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, -1) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, NULL) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, x) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, 1 + 1) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, 1 - 1) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
nth_value(x, 2L) OVER (ORDER BY x) FROM VALUES (1), (2) t(x)
struct()
named_struct()
array(struct())
'\uD800'
'\uD83D\uDE00'
'\uDC00x'
length('\uD800')
hex('\uD800')
'\U0001F600'
'\U00110000'
format_string('%s', DATE'2020-01-02')
format_string('%s', TIMESTAMP'2020-01-02 03:04:05.6')
format_string('%s', TIMESTAMP_NTZ'2020-01-02 03:04:05')
format_string('%s', 1.50BD)
format_string('%s', CAST(1.5 AS FLOAT))
format_string('%s', INTERVAL '1' DAY)
format_string('%s', INTERVAL '1' MONTH)
format_string('%d', 1.5BD)
format_string('%s %s', true, 'x')
format_string('%b %c %x %o %e %10s|%-10s|', true, 65, 255, 8, 1.5D, 'ab', 'cd')
regexp_instr('a😀b', 'b')
regexp_instr('😀😀xyz', '[a-z]')
regexp_instr('abc', 'b', 0)
hash()
TIMESTAMP'2020-03-09 12:00:00' - TIMESTAMP'2020-03-07 12:00:00'
TIMESTAMP'2020-03-08 12:00:00' - TIMESTAMP'2020-03-08 00:00:00'
TIMESTAMP'2020-11-02 01:30:00' - TIMESTAMP'2020-10-31 01:30:00'
TIMESTAMP'2020-03-07 12:00:00' - TIMESTAMP'2020-03-09 12:00:00'
TIMESTAMP_NTZ'2020-03-09 12:00:00' - TIMESTAMP_NTZ'2020-03-07 12:00:00'
TIMESTAMP'2020-03-09 12:00:00' - TIMESTAMP_NTZ'2020-03-07 12:00:00'
TIMESTAMP'2020-03-09 12:00:00' - DATE'2020-03-07'
timestampdiff(DAY, TIMESTAMP'2020-03-07 12:00:00', TIMESTAMP'2020-03-09 12:00:00'), timestampdiff(HOUR, TIMESTAMP'2020-03-07 12:00:00', TIMESTAMP'2020-03-09 12:00:00')
datediff(TIMESTAMP'2020-03-09 12:00:00', TIMESTAMP'2020-03-07 12:00:00')
'1' + 1L
'1.5' + 1L
'a' + 1L
v + 1L FROM VALUES ('1'), ('2') t(v)
id + v FROM range(2), VALUES ('1'), ('x') t(v)
v + 1 FROM VALUES ('9223372036854775807') t(v)
v * 2L, v - 1L, v / 2L, v % 2L, -v FROM VALUES ('3') t(v)
SELECT to_unix_timestamp(dateadd(DATE'1970-01-01', -2147483648))
SELECT CAST(to_timestamp_ntz(DATE'1970-01-01' + 2147483647) AS STRING)
SELECT CAST(CAST(DATE'1970-01-01' + 200000000 AS TIMESTAMP) AS STRING)
SELECT CAST(CAST(date_from_unix_date(106751990) AS TIMESTAMP) AS STRING), CAST(CAST(date_from_unix_date(106751991) AS TIMESTAMP_NTZ) AS STRING)
SELECT CAST(DATE'2020-01-01' AS TIMESTAMP_NTZ), CAST(DATE'1582-10-04' AS TIMESTAMP_NTZ), CAST(CAST(NULL AS DATE) AS TIMESTAMP_NTZ)
