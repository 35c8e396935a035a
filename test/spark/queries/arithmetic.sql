# numbers, operators, casts: a line is an expression, or a whole query
1 + 1
1 + 1L
1Y + 1S
2147483647 + 1
9223372036854775807 + 1
127Y + 1Y
1.5 + 1
1.50 * 2.25
10 / 4
10 / 0
10.0 / 3
1.0 / 3.000
10 div 3
-10 div 3
10 % 3
-10 % 3
10 % 0
pmod(-10, 3)
mod(10, 3)
1.5D / 0
5 - 7
-(-5)
+5
- 2147483648
1e3
1e3 + 1
1.0
.5
5.
123456789012345678901234567890
12345678901234567890.123
1.5D
1.5F
1.5BD
100L
100S
100Y
128Y
0x1F
'5' + 3
'5' + 3.5
'a' + 1
'5' * '2'
true + 1
null + 1
NULL
cast(null as int) + 1
abs(-5)
abs(-5.5)
abs(-2147483648)
negative(5)
positive(5)
sign(-2.5)
signum(3)
ceil(2.3)
ceiling(-2.7)
ceil(2.345, 2)
floor(2.7)
floor(-2.3)
floor(2.345, 2)
ceil(5)
floor(12.5D)
round(2.5)
round(3.5)
round(-2.5)
round(2.567, 2)
round(1234, -2)
round(2.5D)
round(2.675D, 2)
bround(2.5)
bround(3.5D)
rint(2.5D)
sqrt(16)
sqrt(-1)
cbrt(27)
exp(1)
expm1(0)
ln(10)
ln(0)
log(10)
log(2, 8)
log10(100)
log2(8)
log1p(0)
pow(2, 10)
power(2.5, 2)
2 ** 3
hypot(3, 4)
sin(1)
cos(1)
tan(1)
cot(1)
sec(1)
csc(1)
asin(1)
acos(1)
atan(1)
atan2(1, 2)
sinh(1)
cosh(1)
tanh(1)
asinh(1)
acosh(2)
atanh(0.5)
degrees(pi())
radians(180)
pi()
e()
factorial(5)
factorial(21)
greatest(1, 5, 3)
greatest(1, null, 3)
least(1, 2.5, 3L)
least(null, null)
bin(13)
bin(-1)
hex(255)
hex('abc')
unhex('4142')
conv('100', 2, 10)
conv('ff', 16, 10)
bit_count(7)
bit_get(11, 0)
getbit(11, 2)
shiftleft(2, 3)
shiftright(16, 2)
shiftrightunsigned(-8, 1)
5 & 3
5 | 3
5 ^ 3
~5
1 << 4
width_bucket(5.3, 0.2, 10.6, 5)
nanvl(double('NaN'), 5)
isnan(double('NaN'))
isnan(1)
try_add(2147483647, 1)
try_subtract(1, 2)
try_multiply(2147483647, 2)
try_divide(1, 0)
try_divide(10, 4)
try_mod(5, 0)
1 = 1
1 = 1.0
1 = '1'
'a' = 'A'
1 == 2
1 <> 2
1 != 1
1 < 2
2 <= 2
3 > 4
null = 1
null <=> null
1 <=> null
not true
not null
true and null
false and null
true or null
false or null
1 between 0 and 2
1 not between 2 and 3
1 in (1, 2, 3)
1 in (2, null)
4 not in (1, 2)
null in (1)
1 is null
null is not null
1 is distinct from 2
null is not distinct from null
true is true
null is not true
isnull(1)
isnotnull(null)
if(1 > 2, 'a', 'b')
iff(true, 1, 2)
case when 1 > 2 then 'a' else 'b' end
case when 1 > 2 then 'a' end
case 3 when 1 then 'one' when 3 then 'three' else 'many' end
case when true then 1 else 2.5 end
coalesce(null, 1, 2)
coalesce(null, 'a')
ifnull(null, 5)
nvl(1, 2)
nvl2(null, 1, 2)
nullif(1, 1)
nullif(1, 2)
nullifzero(0)
zeroifnull(null)
cast('12' as int)
cast(' 12 ' as int)
cast('12.7' as int)
cast('abc' as int)
cast(12.7 as int)
cast(-12.7D as int)
cast(1e20D as int)
cast(300 as tinyint)
cast(1e400 as double)
cast('1e3' as double)
cast('NaN' as double)
cast('inf' as float)
cast('1.5' as decimal(10, 1))
cast('1.55' as decimal(10, 1))
cast('12345' as decimal(4, 1))
cast(1.25 as decimal(10, 1))
cast(1.35 as decimal(10, 1))
cast(-1.25 as decimal(10, 1))
cast(1 as boolean)
cast(0 as boolean)
cast('yes' as boolean)
cast('maybe' as boolean)
cast(true as int)
cast(true as string)
cast(1 as string)
cast(1.0 as string)
cast(1.5D as string)
cast(1e10D as string)
cast(1e-7D as string)
cast(0.1F as string)
cast(123456789.123D as string)
cast(0.1F as double)
cast(16777217 as float)
cast('a' as binary)
cast(X'4142' as string)
cast(array(1, 2) as string)
cast(map('a', 1) as string)
cast(named_struct('a', 1, 'b', null) as string)
cast(array(1, 2) as array<string>)
cast(1 as bigint)
cast(99999999999 as int)
cast(2.5 as bigint)
int('5')
bigint(5)
double('2.5')
string(5)
boolean('true')
decimal(5)
date('2020-01-01')
float(5)
tinyint(5)
smallint(5)
binary('a')
try_cast('abc' as int)
try_cast(300 as tinyint)
5::string
'5'::int + 1
typeof(1)
typeof(1.5)
typeof(1 + 1.5D)
typeof(array(1, 2.5))
typeof(map('a', 1))
typeof(named_struct('a', 1))
typeof(null)
typeof(cast(1 as decimal(20, 2)) + cast(1 as decimal(10, 4)))
typeof(cast(1 as decimal(20, 2)) * cast(1 as decimal(10, 4)))
typeof(cast(1 as decimal(20, 2)) / cast(1 as decimal(10, 4)))
typeof(cast(1 as decimal(38, 18)) * cast(1 as decimal(38, 18)))
typeof(cast(1 as decimal(20, 2)) % cast(1 as decimal(10, 4)))
cast(1 as decimal(20, 2)) + cast(1 as decimal(10, 4))
cast(7 as decimal(20, 2)) / cast(3 as decimal(10, 4))
cast(99999999999999999999 as decimal(38,0)) * cast(99999999999999999999 as decimal(38,0))
hash(1, 'a', null)
hash(1.5D)
xxhash64('Spark', 1L)
crc32('Spark')
md5('Spark')
sha1('Spark')
sha('Spark')
sha2('Spark', 256)
sha2('Spark', 512)
rand(5) >= 0
randn(5) is null
monotonically_increasing_id()
spark_partition_id()
version() is null
current_user() is null
assert_true(true)
raise_error('boom')
1/0 is null
cot(CAST('Infinity' AS DOUBLE)), sec(CAST('-Infinity' AS DOUBLE)), csc(CAST('Infinity' AS DOUBLE)), cot(0D), csc(0D), cot(-0D)
# no number of a decimal's: NULL, in ANSI mode too
CAST(CAST('NaN' AS DOUBLE) AS DECIMAL(18,6))
CAST(CAST('Infinity' AS FLOAT) AS DECIMAL(18,6))
CAST(1e30 AS DECIMAL(18,6))
TRY_CAST(CAST('NaN' AS DOUBLE) AS DECIMAL(18,6))
# CASE of nothing but its ELSE, scales beyond any number
SELECT when(true), when(1), when(id > 0, 1) FROM range(2) ORDER BY id
SELECT round(99BD, -1000), round(7L, -1000), round(7.0D, -1000)
SELECT round(99BD, -1000000000)
SELECT round(7.0D, -1000000000)
SELECT round(7, -2147483648)
