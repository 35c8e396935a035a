date'2020-02-29'
timestamp'2020-02-29 12:34:56.789'
timestamp_ntz'2020-02-29 12:34:56'
date'2020-13-01'
cast('2020-02-29' as date)
cast('2020-2-9' as date)
cast('2021-02-29' as date)
cast('2020-02-29 12:34:56' as timestamp)
cast('2020-02-29T12:34:56Z' as timestamp)
cast('12:34' as date)
cast(date'2020-02-29' as string)
cast(timestamp'2020-02-29 12:34:56.700' as string)
cast(date'2020-02-29' as timestamp)
cast(timestamp'2020-02-29 12:34:56' as date)
cast(timestamp'2020-02-29 12:34:56' as bigint)
cast(0 as timestamp)
cast(1.5D as timestamp)
to_date('2020-02-29')
to_date('29/02/2020', 'dd/MM/yyyy')
to_date('garbage')
to_date('2020-02-30', 'yyyy-MM-dd')
try_to_date('garbage')
to_timestamp('2020-02-29 12:34:56')
to_timestamp('29.02.2020 12:34', 'dd.MM.yyyy HH:mm')
to_timestamp('garbage')
try_to_timestamp('garbage')
to_timestamp_ntz('2020-02-29 12:34:56')
to_unix_timestamp('2020-02-29', 'yyyy-MM-dd')
unix_timestamp('2020-02-29 00:00:00')
unix_timestamp(timestamp'2020-02-29 00:00:00')
from_unixtime(0)
from_unixtime(1582979696, 'yyyy-MM-dd')
timestamp_seconds(1582979696)
timestamp_seconds(1.5D)
timestamp_millis(1582979696789)
timestamp_micros(1582979696789000)
unix_seconds(timestamp'2020-02-29 12:34:56')
unix_millis(timestamp'2020-02-29 12:34:56')
unix_micros(timestamp'2020-02-29 12:34:56')
unix_date(date'2020-02-29')
date_from_unix_date(18321)
date_format(timestamp'2020-02-29 12:34:56', 'yyyy/MM/dd HH:mm')
date_format(date'2020-02-29', 'EEEE d MMMM y')
date_format('2020-02-29', 'D')
year(date'2020-02-29')
year('2020-02-29')
month(date'2020-02-29')
day(date'2020-02-29')
dayofmonth(date'2020-02-29')
dayofweek(date'2020-02-29')
weekday(date'2020-02-29')
dayofyear(date'2020-02-29')
weekofyear(date'2020-02-29')
weekofyear(date'2021-01-01')
quarter(date'2020-02-29')
hour(timestamp'2020-02-29 12:34:56')
minute(timestamp'2020-02-29 12:34:56')
second(timestamp'2020-02-29 12:34:56.9')
dayname(date'2020-02-29')
monthname(date'2020-02-29')
extract(year from date'2020-02-29')
extract(seconds from timestamp'2020-02-29 12:34:56.789')
extract(dow from date'2020-02-29')
extract(week from date'2020-02-29')
date_part('quarter', date'2020-02-29')
datepart('month', date'2020-02-29')
date_add(date'2020-02-28', 2)
date_sub('2020-03-01', 1)
dateadd(date'2020-02-28', 2)
datediff(date'2020-03-01', date'2020-02-28')
date_diff('2020-03-01', '2020-02-28')
datediff(month, date'2020-01-31', date'2020-03-01')
dateadd(month, 1, date'2020-01-31')
timestampadd(hour, 5, timestamp'2020-02-29 20:00:00')
timestampdiff(day, timestamp'2020-02-27 00:00:00', timestamp'2020-02-29 12:00:00')
add_months(date'2020-01-31', 1)
add_months('2020-02-29', 12)
months_between(date'2020-03-31', date'2020-02-29')
months_between('2020-03-15 12:00:00', '2020-01-10')
months_between('2020-03-15', '2020-01-10', false)
last_day(date'2020-02-01')
next_day(date'2020-02-29', 'Mon')
next_day('2020-02-29', 'xx')
trunc(date'2020-02-29', 'month')
trunc('2020-02-29', 'YEAR')
trunc(date'2020-02-29', 'week')
trunc(date'2020-02-29', 'quarter')
date_trunc('hour', timestamp'2020-02-29 12:34:56')
date_trunc('week', timestamp'2020-02-29 12:34:56')
date_trunc('MONTH', '2020-02-29')
date_trunc('nonsense', timestamp'2020-02-29 12:34:56')
make_date(2020, 2, 29)
make_date(2021, 2, 29)
make_timestamp(2020, 2, 29, 12, 34, 56.789)
make_timestamp_ntz(2020, 2, 29, 12, 34, 56)
make_interval(1, 2, 3, 4, 5, 6, 7.5)
make_dt_interval(1, 2, 3, 4.5)
make_ym_interval(1, 2)
interval 1 day
interval '1-2' year to month
interval '1 02:03:04.5' day to second
interval 3 months
interval 90 minutes
date'2020-02-28' + interval 2 days
date'2020-01-31' + interval 1 month
date'2020-02-28' + 2
date'2020-02-28' - 2
date'2020-03-01' - date'2020-02-28'
timestamp'2020-02-29 12:00:00' + interval 90 minutes
timestamp'2020-02-29 12:00:00' - timestamp'2020-02-28 10:30:00'
timestamp'2020-02-29 12:00:00' - interval '1 02:03:04' day to second
interval 1 day + interval 2 hours
interval 1 day * 2
interval '3' year / 2
-interval 1 day
interval 1 day > interval 23 hours
cast(interval 36 hours as string)
cast(interval '1-2' year to month as string)
extract(day from interval 36 hours)
date'2020-01-01' < date'2020-01-02'
date'2020-01-01' = '2020-01-01'
date'2020-01-01' < timestamp'2020-01-01 00:00:01'
from_utc_timestamp(timestamp'2020-02-29 12:00:00', 'Asia/Tokyo')
to_utc_timestamp('2020-02-29 12:00:00', 'America/Los_Angeles')
convert_timezone('America/Los_Angeles', 'UTC', timestamp_ntz'2020-02-29 12:00:00')
current_date() is null
current_timestamp() is null
now() is null
localtimestamp() is null
current_timezone()
curdate() = current_date()
sequence(date'2020-01-01', date'2020-01-03')
sequence(date'2020-01-01', date'2020-04-01', interval 1 month)
window(timestamp'2020-02-29 12:34:56', '10 minutes')
greatest(date'2020-01-01', date'2021-01-01')
typeof(date'2020-01-01' + interval 1 hour)
typeof(interval 1 day)
typeof(interval 1 year)
CAST(CAST(1Y AS INTERVAL YEAR) AS STRING), CAST(CAST(-122S AS INTERVAL YEAR TO MONTH) AS STRING), CAST(-10L AS INTERVAL SECOND), CAST(100Y AS INTERVAL HOUR TO SECOND), CAST(10 AS INTERVAL DAY)
CAST(CAST(2147483647 AS INTERVAL YEAR) AS STRING)
CAST(TRY_CAST(2147483647 AS INTERVAL YEAR) AS STRING)
CAST(INTERVAL '-1' YEAR AS DECIMAL(10, 0)), CAST(INTERVAL '1.000001' SECOND AS DECIMAL(10, 6)), CAST(INTERVAL '10' MINUTE AS DECIMAL(10, 2)), CAST(INTERVAL '3' YEAR AS INT)
