# sequences by the calendar, timestamps without a zone, pivots
unix_seconds(date'2020-01-01')
unix_seconds('2020-01-01')
unix_millis(timestamp'2020-01-01 00:00:00')
hour('2020-01-01 03:00:00'), hour(date'2020-01-01')
sequence(1,5,-1)
sequence(5,1,1)
sequence(1,1,0)
sequence(1,5,0)
sequence(date'2020-01-01', date'2020-01-03', interval 12 hours)
sequence(date'2020-01-01', date'2020-01-03', interval '1 12' day to hour)
sequence(date'2020-01-03', date'2020-01-01')
sequence(date'2020-01-03', date'2020-01-01', interval 1 day)
sequence(timestamp'2020-03-07 02:30:00', timestamp'2020-03-09 02:30:00', interval 1 day)
sequence(timestamp'2020-03-07 12:00:00', timestamp'2020-03-09 12:00:00', interval 24 hours)
sequence(timestamp'2020-03-08 00:00:00', timestamp'2020-03-08 04:00:00', interval 1 hour)
sequence(timestamp'2020-11-01 00:00:00', timestamp'2020-11-01 03:00:00', interval 30 minutes)
sequence(timestamp'2020-03-09', timestamp'2020-03-07')
sequence(timestamp'2020-03-31 12:00:00', timestamp'2020-01-31', interval -1 month)
sequence(date'2020-03-31', date'2019-11-30', interval -1 month)
sequence(date'2020-02-29', date'2024-02-29', interval 1 year)
sequence(timestamp_ntz'2020-03-07 02:30:00', timestamp_ntz'2020-03-09 02:30:00', interval 1 day)
sequence(timestamp_ntz'2020-01-31', timestamp_ntz'2020-04-30', interval 1 month)
sequence(date'2020-01-01', timestamp'2020-01-03 12:00:00', interval 1 day)
sequence(timestamp'2020-01-01', date'2020-01-03')
sequence(date'2020-01-01', date'2020-04-01', make_interval(0,1,0,1))
sequence(date'2020-01-01', date'2020-03-01', interval '1' month), sequence(date'2020-01-01', date'2020-01-01', interval 0 day)
sequence(date'2020-01-01', date'2020-01-05', interval 0 day)
sequence(date'2020-01-01', NULL), sequence(NULL, date'2020-01-01', interval 1 day), sequence(date'2020-01-01', date'2020-01-05', NULL)
sequence(date'2020-01-01', date'2020-01-05', 1)
sequence(1, 5, interval 1 day)
sequence('2020-01-01', date'2020-01-05')
sequence(0L, 9223372036854775807L)
sequence(date'0001-01-01', date'9999-12-31', interval 1 year)[100]
size(sequence(timestamp'2020-01-01', timestamp'2020-02-01', interval 1 week))
unix_timestamp(timestamp_ntz'2020-01-01 00:00:00')
to_unix_timestamp(timestamp_ntz'2020-01-01 00:00:00')
unix_timestamp(timestamp_ntz'2020-06-01 00:00:00.5')
date_format(timestamp_ntz'2020-06-01 01:02:03', 'yyyy-MM-dd HH:mm:ss VV')
hour(timestamp_ntz'2020-03-08 02:30:00'), minute(timestamp_ntz'2020-03-08 02:30:00'), second(timestamp_ntz'2020-03-08 02:30:00')
extract(second from timestamp_ntz'2020-03-08 02:30:01.5')
cast(timestamp_ntz'2020-03-08 02:30:00' as timestamp), cast(timestamp'2020-03-08 03:30:00' as timestamp_ntz)
cast(timestamp_ntz'2020-03-08 02:30:00' as string), cast(timestamp_ntz'2020-03-08 02:30:00' as date)
date_trunc('hour', timestamp_ntz'2020-03-08 02:30:00')
date_trunc('day', timestamp_ntz'2020-03-08 02:30:00')
last_day(timestamp_ntz'2020-03-08 02:30:00')
months_between(timestamp_ntz'2020-03-08 02:30:00', timestamp_ntz'2020-01-08 02:30:00')
timestamp_ntz'2020-03-08 02:30:00' - timestamp_ntz'2020-01-08 02:30:00'
timestamp_ntz'2020-03-08 02:30:00' + interval 1 hour, timestamp_ntz'2020-01-31 02:30:00' + interval 1 month
from_utc_timestamp(timestamp_ntz'2020-03-08 02:30:00', 'Asia/Tokyo')
unix_seconds(timestamp_ntz'2020-03-08 02:30:00')
unix_micros(timestamp_ntz'2020-03-08 02:30:00')
timestampadd(HOUR, 1, timestamp_ntz'2020-03-08 01:30:00'), timestampdiff(HOUR, timestamp_ntz'2020-03-08 01:30:00', timestamp_ntz'2020-03-08 04:30:00')
trunc(timestamp_ntz'2020-03-08 02:30:00', 'MM')
year(timestamp_ntz'2020-03-08 02:30:00'), dayofweek(timestamp_ntz'2020-03-08 02:30:00')
timestamp_ntz'2020-03-08 02:30:00' < timestamp'2020-03-08 03:30:00'
make_timestamp_ntz(2020,3,8,2,30,0)
to_timestamp_ntz('2020-03-08 02:30:00'), to_timestamp_ntz('2020/03/08', 'yyyy/MM/dd')
hash(timestamp_ntz'2020-03-08 02:30:00'), to_json(named_struct('a',timestamp_ntz'2020-03-08 02:30:00'))
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (collect_list(v) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (collect_set(v) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (count(v) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (count(*) c, sum(v) s FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (approx_count_distinct(v) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (count_if(v>1) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (size(collect_list(v)) c FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (count(distinct v), coalesce(sum(v), 0) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 2 v UNION ALL SELECT 2, false, 3) PIVOT (first(v), max(v), avg(v) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, 'a' p, 2 v UNION ALL SELECT 2, 'b', null) PIVOT (collect_list(v) FOR p IN ('a', 'b', 'c')) ORDER BY k
SELECT * FROM (SELECT 1 k, 'a' p, 2 v UNION ALL SELECT 2, 'b', null) PIVOT (collect_list(v), regr_count(v,v) FOR p IN ('a', 'b', 'c')) ORDER BY k
SELECT * FROM (SELECT 1 k, true p, 'x' v UNION ALL SELECT 2, false, 'y') PIVOT (max(v), count(*) FOR p IN (true, false)) ORDER BY k
SELECT * FROM (SELECT 1 k, 1 p, 'x' v UNION ALL SELECT 1, 2, NULL UNION ALL SELECT 1, 2, 'y') PIVOT (first(v), last(v) FOR p IN (1, 2, 3)) ORDER BY k
SELECT sequence(d, e, interval 1 month) FROM VALUES (date'2024-01-31', date'2024-04-30'), (NULL, date'2024-04-30'), (date'2023-12-31', date'2024-02-29') t(d, e)
to_date(20260220, 'yyyyMMdd'), to_date(20251201L, 'yyyyMMdd')
to_date(20260220.5, 'yyyyMMdd.S')
to_date(true, 'yyyy')
to_date(20260220)
to_timestamp(1.5)
to_timestamp(20260220)
unix_timestamp(20260220, 'yyyyMMdd')
to_unix_timestamp(20260220, 'yyyyMMdd')
cast(20260220 as date)
cast(date'2020-01-01' as double)
cast(date'2020-01-01' as boolean)
cast(1.5 as date)
cast(true as date)
cast(array(1) as date)
SELECT a, sum(b) FROM VALUES (1,2) t(a,b)
SELECT a+1, count(*) FROM VALUES (1,2) t(a,b)
SELECT *, count(*) FROM VALUES (1,2) t(a,b)
SELECT a FROM VALUES (1,2) t(a,b) HAVING count(*)>0
SELECT a FROM VALUES (1,2) t(a,b) HAVING a>0
SELECT a FROM VALUES (1,2) t(a,b) GROUP BY b
# the first and the last microsecond
date_format(timestamp_micros(-9223372036854775807), 'yyyy-MM-dd HH:mm:ss.SSSSSS'), date_format(timestamp_micros(9223372036854775807), 'yyyy-MM-dd HH:mm:ss.SSSSSS')
# years before the first
date_format(TIMESTAMP'-0044-03-15 00:00:00', 'yyyy-MM-dd'), date_format(TIMESTAMP'-0044-03-15 00:00:00', 'y yy yyyyy G'), date_format(TIMESTAMP'-0044-03-15 00:00:00', 'yy y yyy yyyyy')
date_format(TIMESTAMP'0000-01-01 00:00:00', 'yyyy y yy')
TRY_CAST(1e14D AS TIMESTAMP), TRY_CAST(-9.3e12D AS TIMESTAMP)
CAST(1e300D AS TIMESTAMP)
# intervals beyond their range
2147483647 * INTERVAL '2' MONTH
INTERVAL '2' MONTH * 2147483648L
INTERVAL '2' DAY * 9223372036854775807L
INTERVAL '2' MONTH + INTERVAL '2147483647' MONTH
INTERVAL '-106751990' DAY - INTERVAL '106751990' DAY
# at the ends of what dates and timestamps count
SELECT make_date(-5877641, 6, 23) = make_date(5881580, 7, 11), cast(cast('5881580-07-11' AS DATE) AS STRING)
SELECT make_date(5881580, 7, 12)
SELECT make_date(-5877641, 6, 22)
SELECT make_date(9000000, 1, 1)
SELECT try_cast('9000000-01-01' AS DATE), try_cast('5881580-07-12' AS DATE), try_cast('-5877641-06-22' AS DATE) IS NULL
SELECT cast(trunc(make_date(-5877641, 6, 23), 'YEAR') AS STRING), cast(next_day(make_date(5881580, 7, 11), 'MO') AS STRING)
SELECT cast(make_timestamp_ntz(294247, 1, 10, 4, 0, 54.775807) AS STRING), cast(make_timestamp_ntz(-290308, 12, 21, 19, 59, 5.224192) AS STRING)
SELECT make_timestamp_ntz(294247, 1, 10, 4, 0, 54.775808)
SELECT try_make_timestamp_ntz(-740000, 1, 1, 1, 1, 1)
SELECT try_make_timestamp_ntz(9000000, 1, 1, 1, 1, 1)
SELECT try_make_timestamp(1000000000, 1, 1, 1, 1, 1), try_make_timestamp(300000, 2, 30, 1, 1, 1)
SELECT cast(make_timestamp(294247, 1, 10, 4, 0, 54.775807, 'Asia/Tokyo') AS BIGINT)
SELECT make_timestamp(294247, 1, 10, 4, 0, 54.775807, 'America/Los_Angeles')
SELECT make_timestamp(2020, 1, 1, 1, 1, 1.5, 'x')
SELECT try_make_timestamp(300000, 1, 1, 1, 1, 1.5, 'x')
SELECT cast(date_trunc('SECOND', make_timestamp_ntz(-290308, 12, 22, 19, 59, 5.224192)) AS STRING)
SELECT cast(date_trunc('DAY', cast(-9223372036854 AS TIMESTAMP)) AS STRING)
SELECT cast(date_trunc('YEAR', cast(-9223372036854 AS TIMESTAMP)) AS STRING)
SELECT cast(date_trunc('MINUTE', cast(-9223372036800 AS TIMESTAMP)) AS BIGINT)
SELECT cast(to_timestamp('294247-01-10 03:00:00-10:00', 'yyyyyy-MM-dd HH:mm:ssXXX') AS STRING)
SELECT cast(try_cast('+294247-01-10 14:00:00+14:00' AS TIMESTAMP) AS BIGINT), try_cast('+294247-01-10 04:00:00-14:00' AS TIMESTAMP) IS NULL
SELECT timestamp_ntz'2020-01-01' + make_ym_interval(8000000)
SELECT make_date(5881580, 1, 1) + make_ym_interval(0, 7)
SELECT cast(make_date(5881580, 1, 1) + make_ym_interval(0, 6) AS STRING)
SELECT cast(timestampadd(YEAR, 292278, timestamp_ntz'1970-01-01') AS STRING)
SELECT extract(SECOND FROM make_timestamp_ntz(-290308, 12, 21, 19, 59, 5.224192)), extract(HOUR FROM make_timestamp_ntz(-290308, 12, 21, 19, 59, 5.224192))
SELECT date_format(timestamp_micros((-9223372036854775807L - 1L)), 'yyyy HH:mm:ss.SSSSSS')
SELECT timestampdiff(MICROSECOND, timestamp_ntz'-290000-01-01', timestamp_ntz'294000-01-01')
SELECT timestampdiff(SECOND, timestamp_ntz'-290000-01-01', timestamp_ntz'294000-01-01')
SELECT NULL + INTERVAL '1' DAY, INTERVAL '1' YEAR - NULL
