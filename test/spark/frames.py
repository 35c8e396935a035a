"""DataFrame programs run on real Spark and on ours, one an expression: what each answers is its schema (names, types, nullability, metadata),
its rows (sorted unless the program ends in an ORDER of its own), a shown table, or an error's condition and parameters.

    python test/spark/frames.py OURS ORACLE [WORD]      remotes as in SparkSession.builder.remote; WORD picks the programs that hold it
"""

import datetime
import decimal
import sys

from pyspark.errors import PySparkException
from pyspark.sql import Window as W
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.connect.functions.builtin import (
    _invoke_function_over_columns as internal,
)  # what pandas-on-Spark calls

from queries import comparable, same

# names that programs use, made for each session
SETUP = {
    "d": "spark.createDataFrame([(1, 'a', 2.0, True), (2, 'b', None, False), (3, 'a', 4.5, None), (None, None, float('nan'), True)],"
    " 'id int, name string, x double, flag boolean')",
    "e": "spark.createDataFrame([(1, 'one'), (2, 'two'), (2, 'zwei'), (5, 'five')], 'id int, word string')",
    "n": "spark.range(6).select('id', (F.col('id') % 2).alias('k'), (F.col('id') * 10).cast('decimal(10,2)').alias('v'))",
    "a": "spark.createDataFrame([(1, [1, 2, None], {'p': 1, 'q': 2}), (2, [], {}), (3, None, None)], 'id int, xs array<int>, m map<string,int>')",
    "s": "spark.createDataFrame([(1, (10, 'x')), (2, None)], 'id int, p struct<u:int,w:string>')",
    "o": "spark.range(100, numPartitions=1).select('id', (F.col('id') % 3).cast('string').alias('g'))",
    "t": "spark.createDataFrame([(datetime.date(2020, 2, 29), datetime.datetime(2020, 2, 29, 12, 34, 56)), (None, None)], 'day date, at timestamp')",
}

PROGRAMS = """
d
d.select('*')
d.select('id', 'name').filter(F.col('id') > 1)
d.filter("id > 1 and name = 'a'")
d.where(d.flag).select(d.id)
d.filter(d.name == 'a').groupBy('flag').count()
d.groupBy('name').count().orderBy(F.desc('count'), 'name')
d.groupBy('name').agg(F.sum('id'), F.avg('x'), F.min('name'), F.max('id').alias('m'), F.count('*'), F.countDistinct('flag'))
d.groupBy().agg({'id': 'sum', 'x': 'max'})
d.groupBy('name').sum('id')
d.groupBy('name').mean()
d.groupBy(F.upper('name')).count()
d.groupBy(F.col('id') % 2).agg((F.sum('id') + 1).alias('t'), F.sum(F.col('id') * 2))
d.agg(F.sum('id'), F.first('name'), F.collect_list('name'), F.stddev('id'))
d.count()
d.rollup('name', 'flag').count()
d.cube('name', 'flag').agg(F.grouping_id(), F.sum('id'))
d.groupBy('name').pivot('flag', [True, False]).sum('id')
d.groupBy('name').pivot('flag').agg(F.sum('id'), F.count('id').alias('n'))
n.groupBy('k').pivot('id').max('v')
d.groupBy('name').pivot('name', ['a', 'z']).agg(F.count('id'), (F.sum('id') + F.count('id')).alias('x'))
d.groupBy().pivot('name', ['a', 'z']).count()
d.filter('id > 100').groupBy().pivot('name', ['a', 'z']).agg(F.collect_list('id'))
d.filter('id > 100').groupBy('flag').pivot('name').count()
d.groupBy('flag', 'id').pivot('name').agg(F.collect_list('x'), F.count('x'), F.max('name'), F.first('name'), F.last('flag'))
d.groupBy().pivot('name', ['a', 'z']).agg(F.concat(F.lit('n'), F.count('id').cast('string')))
d.groupBy('flag').pivot('name', ['a', 'z', None]).agg(F.expr('string(nullif(count(id), 1))'), F.countDistinct('id'), F.max(F.struct('id')))
d.groupBy('flag').pivot('name', ['a', 'z']).agg(F.expr('sum(id) filter (where id > 1)'), F.expr('count_if(id > 1)'))
d.groupBy('flag').pivot('name', ['a', 'z']).agg(F.sum('id') + F.col('id'))
d.groupBy('flag').pivot(F.create_map('name', 'id'), ['a']).count()
d.groupBy('flag').pivot(F.struct('name', 'id'), ['a']).count()
t.groupBy(F.session_window('at', '3 minutes')).pivot('day', [datetime.date(2020, 2, 29)]).count()
d.agg(F.count_if(F.col('id') > 100), F.count_if(F.lit(None).cast('boolean')))
d.orderBy('name', F.desc('id'))
d.orderBy(F.col('x').desc_nulls_first(), F.col('id').asc_nulls_last())
d.sort(d.name.desc(), d.id)
d.select('name').orderBy('id')
d.limit(2)
d.orderBy('id').offset(1).limit(2)
d.orderBy('id').limit(3).offset(1)
d.orderBy('id').tail(2)
d.orderBy('id').head(2)
d.orderBy('id').first()
d.withColumn('y', F.col('x') * 2)
d.withColumn('x', F.lit(1))
d.select(d.id.alias('id'), 'name').sort(d.id.alias('id').desc(), 'name')
d.select((-d.id).alias('id'), 'name').sort(d.id)
d.select((-d.id).alias('id'), 'name').sort(F.col('id'))
d.select((-d.id).alias('id'), 'name').filter(d.id > 1)
d.replace(float('nan'), None)
d.replace(1.5, 7.5)
d.replace(4.5, float('nan'))
d.select('id', F.col('x').cast('float')).replace(4.5, 0.1)
spark.sql("select cast(0.1 as float) f, cast(0.1 as double) d, cast(0.1 as decimal(10,2)) c, 1 i").replace(0.1, 9.5)
t.agg(F.avg('at'), F.sum('at'))
t.agg(F.avg('day'))
n.select('id', F.avg(F.row_number().over(W.orderBy('id'))).over(W.partitionBy('k')) + 1)
n.select('id', F.sum('id').over(W.orderBy(F.row_number().over(W.orderBy('id')).desc())))
n.select('id', F.sum('id').over(W.partitionBy(F.row_number().over(W.orderBy('id')) % 2)))
n.groupBy('k').agg(F.sum(F.sum(F.sum('id')).over(W.orderBy('k'))).over(W.orderBy('k')))
n.select('id', F.max(F.lag(F.rank().over(W.orderBy('k'))).over(W.orderBy('id'))).over(W.partitionBy('k')))
o.select(internal('distributed_sequence_id', F.lit(True)), internal('distributed_sequence_id'), internal('distributed_id'), 'id')
d.groupBy('name').agg(internal('pandas_product', F.col('id'), F.lit(True)), internal('pandas_product', F.col('id'), F.lit(False)))
d.groupBy('name').agg(internal('pandas_product', F.col('x'), F.lit(True)), internal('pandas_product', F.lit(0.0) * F.col('x'), F.lit(True)))
d.agg(internal('pandas_product', F.col('flag'), F.lit(True)))
n.agg(internal('pandas_product', F.col('id') + 9223372036854775800, F.lit(True)))
n.groupBy('k').agg(*[internal(f, F.col('id'), F.lit(i)) for f in ('pandas_var', 'pandas_stddev') for i in (0, 1, 2, 3, 4)])
d.groupBy('name').agg(*[internal(f, F.col('x'), F.lit(1)) for f in ('pandas_var', 'pandas_stddev')])
d.agg(internal('pandas_var', F.col('id'), F.lit('1')))
d.agg(internal('pandas_var', F.col('id')))
n.groupBy('k').agg(*[internal('pandas_covar', F.col('id'), F.col('id') * F.col('id'), F.lit(i)) for i in (0, 1, 2, 3)])
d.groupBy('name').agg(internal('pandas_covar', F.col('x'), F.col('id'), F.lit(0)))
o.groupBy('g').agg(internal('pandas_skew', F.col('id') * F.col('id')), internal('pandas_kurt', F.col('id') * F.col('id')))
d.agg(internal('pandas_skew', F.col('id')), internal('pandas_kurt', F.col('id')), internal('pandas_skew', F.lit(1.5)), internal('pandas_kurt', F.lit(1.5)))
d.agg(F.array_sort(internal('pandas_mode', F.col('name'), F.lit(True))), F.array_sort(internal('pandas_mode', F.col('id'), F.lit(False))))
d.filter('id > 5').agg(internal('pandas_mode', F.col('name'), F.lit(True)), internal('collect_top_k', F.col('id'), F.lit(2), F.lit(True)))
d.agg(*[internal('collect_top_k', F.col(c), F.lit(2), F.lit(r)) for c in ('id', 'name', 'x') for r in (True, False)])
t.select(internal('timestamp_ntz_to_long', F.lit('1960-03-10 02:30:00.5').cast('timestamp_ntz')), F.lit(1))
t.select(internal('timestamp_ntz_to_long', F.col('at')))
d.select(F.call_function('distributed_id'))
d.withColumn('y', d.id + 1).withColumn('z', F.col('y') + 1).withColumn('y', F.lit('s'))
d.withColumns({'p': F.col('id') + 1, 'q': F.col('name')})
d.withColumnRenamed('id', 'key').select('key')
d.withColumnsRenamed({'id': 'a', 'nope': 'b'})
d.drop('id', 'nope')
d.drop(d.id)
d.toDF('a', 'b', 'c', 'd')
d.toDF('a')
d.selectExpr('id + 1', 'upper(name) as u', 'cast(x as int)', '*')
d.selectExpr('id as i').filter('id > 1')
d.select(F.col('id').cast('string'), d.x.cast('int').alias('xi'), F.lit(None), F.lit(1.5), F.lit('s'), F.lit(True))
d.select(F.when(d.id > 1, 'big').when(d.id == 1, 'one').otherwise('none'), F.when(d.id > 1, 1))
d.select(d.id.isin(1, 2), d.id.between(1, 2), d.name.like('a%'), d.name.rlike('^a'), d.name.contains('a'), d.name.startswith('a'))
d.select(d.id.isNull(), d.x.isNotNull(), F.isnan('x'), d.id.eqNullSafe(1), ~d.flag, -d.id, d.id & 1, d.id % 2, d.id / 2, d.id ** 2)
d.select(F.concat('name', F.lit('-'), 'id'), F.concat_ws('/', 'name', 'id'), F.upper('name'), F.length('name'), F.substring('name', 1, 1))
d.select(F.coalesce('x', F.lit(0.0)), F.nanvl('x', F.lit(1.0)), F.greatest('id', 'x'), F.least('id', 'x'), F.round('x', 1), F.abs('id'))
d.select(d['id'], d['name'].alias('n', metadata={'k': 'v'}))
d.select(F.expr('id + 1').alias('i'), F.col('`name`'))
d.select('nope')
d.select(d.nope)
d.select(e.word)
d.filter('id')
d.filter(F.sum('id') > 1)
d.groupBy('name').agg(F.col('id'))
d.select(F.col('id') + F.array(F.lit(1)))
d.select(F.upper(F.array(F.lit(1))))
d.distinct().count()
d.select('name').distinct()
d.dropDuplicates(['name']).select('name')
d.drop_duplicates().count()
d.join(e, 'id')
d.join(e, 'id', 'left')
d.join(e, 'id', 'right')
d.join(e, 'id', 'outer')
d.join(e, 'id', 'leftsemi')
d.join(e, 'id', 'leftanti')
d.join(e, d.id == e.id)
d.join(e, d.id == e.id, 'left').select(d.id, e.id, 'word')
d.join(e, d.id == e.id, 'full').drop(e.id)
d.join(e, d.id < e.id).select(d.id.alias('l'), e.id.alias('r'))
d.join(e, [d.id == e.id, d.name != e.word])
d.join(e, d.id == e.id).select('id')
d.crossJoin(e).count()
d.join(e).count()
d.join(e, ['id', 'nope'])
d.alias('l').join(d.alias('r'), F.col('l.id') == F.col('r.id')).select('l.id', 'r.name')
d.join(d, d.id == d.id)
d.join(d.withColumnRenamed('id', 'other'), d.id == F.col('other')).select(d.id, 'other')
d.join(d.groupBy('name').count(), 'name').select('id', 'name', 'count')
d.join(e, d.id.eqNullSafe(e.id), 'left').select(d.id, e.word)
d.union(d).count()
d.union(d.select('id', 'name', F.lit(1), 'flag'))
d.unionByName(d.select('flag', 'x', 'name', 'id'))
d.unionByName(e, allowMissingColumns=True)
d.unionByName(e)
d.union(e)
d.select('id').intersect(e.select('id'))
d.select('id').exceptAll(e.select('id'))
d.select('id').subtract(e.select('id'))
e.select('id').intersectAll(e.select('id'))
d.na.drop()
d.na.drop('all')
d.na.drop(thresh=3)
d.na.drop(subset=['x'])
d.na.fill(0)
d.na.fill('?')
d.na.fill({'x': 1.5, 'name': 'none'})
d.fillna(True)
d.na.replace('a', 'z')
d.na.replace([1, 2], [10, 20])
d.na.replace({'a': None}, subset='name')
d.describe()
d.describe('id', 'name')
d.select('id', 'name').summary()
d.summary('count', 'min', '25%')
d.corr('id', 'x')
n.cov('id', 'k')
n.approxQuantile('id', [0.25, 0.5], 0.0)
n.unpivot('id', ['k', 'v'], 'what', 'value')
n.melt(['id'], None, 'what', 'value')
d.unpivot('id', ['name', 'x'], 'what', 'value')
n.select('id', F.row_number().over(W.partitionBy('k').orderBy('id')))
n.select('id', F.rank().over(W.orderBy('k')), F.dense_rank().over(W.orderBy('k')), F.ntile(2).over(W.orderBy('id')))
n.select('id', F.sum('v').over(W.partitionBy('k')), F.avg('v').over(W.partitionBy('k').orderBy('id')))
n.select('id', F.lag('id').over(W.orderBy('id')), F.lead('id', 2, -1).over(W.orderBy('id')))
n.select('id', F.sum('id').over(W.orderBy('id').rowsBetween(-1, 1)), F.max('id').over(W.orderBy('id').rangeBetween(W.unboundedPreceding, 0)))
n.select('id', F.first('id').over(W.partitionBy('k').orderBy(F.desc('id'))), F.last('id').over(W.partitionBy('k').orderBy('id')))
n.withColumn('r', F.row_number().over(W.partitionBy('k').orderBy(F.desc('id')))).filter('r = 1')
n.select(F.row_number().over(W.partitionBy('k')))
n.select('id', F.percent_rank().over(W.orderBy('id')), F.cume_dist().over(W.orderBy('id')))
n.groupBy('k').agg(F.sum('v')).withColumn('share', F.col('sum(v)') / F.sum('sum(v)').over(W.partitionBy()))
a.select('id', F.explode('xs'))
a.select('id', F.explode_outer('xs').alias('x'))
a.select(F.posexplode('xs'))
a.select('id', F.explode('m'))
a.select('id', F.size('xs'), F.array_contains('xs', 1), F.element_at('m', 'p'), a.xs[0], a.m['q'])
a.select(a.xs.getItem(0), F.sort_array('xs'), F.array_distinct('xs'), F.array_max('xs'))
a.select(F.transform('xs', lambda x: x + 1), F.filter('xs', lambda x: x > 1), F.exists('xs', lambda x: x > 1), F.aggregate('xs', F.lit(0), lambda p, x: p + x))
a.select(F.map_keys('m'), F.map_values('m'), F.map_filter('m', lambda k, v: v > 1), F.transform_values('m', lambda k, v: v + 1))
a.select(F.create_map(F.lit('a'), 'id'), F.array('id', F.lit(9)), F.struct('id', F.lit(1).alias('one')))
a.select(F.explode('xs'), F.explode('xs'))
s.select('p.u', 'p.*', s.p.w)
s.select(F.col('p').getField('u'), s.p.withField('z', F.lit(1)), s.p.dropFields('u'))
s.select('p.nope')
t.select(F.year('day'), F.month('at'), F.dayofmonth('day'), F.hour('at'), F.date_add('day', 1), F.datediff('day', F.lit('2020-01-01')))
t.select(F.to_date(F.lit('2020-01-02')), F.to_timestamp(F.lit('2020-01-02 03:04:05')), F.date_format('at', 'yyyy/MM/dd HH:mm'), F.trunc('day', 'month'))
t.select(F.date_trunc('hour', 'at'), F.last_day('day'), F.add_months('day', 1), F.months_between('at', 'day'), F.dayofweek('day'), F.weekofyear('day'))
t.select(F.unix_timestamp('at'), F.from_unixtime(F.lit(0)), t.day.cast('string'), t['at'].cast('string'), t['at'].cast('date'), t['at'].cast('long'))
d.select(F.split('name', ''), F.regexp_replace('name', 'a', 'b'), F.regexp_extract('name', '(.)', 1), F.lpad('name', 3, '*'), F.trim('name'), F.initcap('name'))
d.select(F.hash('id', 'name'), F.xxhash64('id'), F.md5('name'), F.sha2('name', 256), F.crc32(F.lit('a')), F.hex('id'))
d.select(F.sqrt('x'), F.exp('id'), F.log('x'), F.pow('id', 2), F.floor('x'), F.ceil('x'), F.signum('id'))
d.select(F.format_string('%d-%s', 'id', 'name'), F.format_number('x', 2), F.instr('name', 'a'), F.translate('name', 'a', 'b'))
d.repartition(4, 'name').count()
d.coalesce(1).count()
d.hint('broadcast').count()
d.hint('nosuch', 1, 'x').count()
d.hint('repartition', 2, 'name').count()
d.hint('repartition', 2, 'nope').count()
d.hint('coalesce').count()
d.sortWithinPartitions('id').count()
d.alias('q').select('q.id')
d.select('ID', 'Name')
d.withColumn('ID', F.lit(1))
d.transform(lambda f: f.select('id'))
d.select(F.sum('id').alias('t')).withColumn('u', F.col('t') + 1)
d.selectExpr('sum(id) as t', 't + 1 as u')
d.schema
d.dtypes
d.columns
d.isEmpty()
spark.range(3)
spark.range(1, 10, 3)
spark.range(10, 0, -4)
spark.range(5).toDF('z').filter('z % 2 = 0')
spark.createDataFrame([], 'a int, b string')
spark.createDataFrame([(1, decimal.Decimal('1.50'), b'ab')], 'a long, b decimal(10,2), c binary')
spark.sql('select 1 as a, :x as b', {'x': 5})
spark.sql('select * from values (1, 2), (3, 4) as t(a, b) where a > :m', {'m': 1})
spark.sql('select id, (select max(id) from range(3)) m from range(2)')
spark.sql('select id from range(5) a where exists (select 1 from range(3) b where a.id = b.id)')
spark.sql('select id from range(5) where id in (select id * 2 from range(3))')
spark.sql('select id from range(5) where id not in (select id * 2 from range(3))')
spark.sql('with c as (select id from range(3)) select a.id from c a join c b on a.id = b.id + 1')
spark.sql('select a.id, b.m from range(3) a, lateral (select a.id * 2 as m) b')
d._joinAsOf(e, leftAsOfColumn='id', rightAsOfColumn='id')
d._joinAsOf(e, leftAsOfColumn='id', rightAsOfColumn='id', how='left', allowExactMatches=False)
d._joinAsOf(e, leftAsOfColumn='id', rightAsOfColumn='id', how='left', direction='forward', tolerance=F.lit(1))
d._joinAsOf(e, leftAsOfColumn=d.id, rightAsOfColumn=e.id, direction='nearest', on=d.name != e.word)
d._joinAsOf(n, leftAsOfColumn='id', rightAsOfColumn='id', on='id', how='left')
t._joinAsOf(t.withColumnRenamed('at', 'since'), leftAsOfColumn='at', rightAsOfColumn='since', tolerance=F.expr('interval 3 seconds'))
d._joinAsOf(e, leftAsOfColumn='id', rightAsOfColumn='id', tolerance=F.lit(-1))
d._joinAsOf(e, leftAsOfColumn='id', rightAsOfColumn='id', direction='up')
d.unpivot('id', ['name'], 'k', 'v')
d.crosstab('name', 'flag').orderBy('name_flag')
d.groupBy(F.upper('name').alias('u')).pivot('flag', [True]).count().orderBy('u')
d.select('id', 'x').transpose()
d.select('name', 'id', 'x').transpose('name')
d.select('id').transpose()
d.select('id', 'name', 'x').transpose()
o.sample(0.1, 3)
o.sample(True, 0.3, 3)
o.sample(True, 2.5, 11).count()
[x.collect() for x in o.randomSplit([0.2, 0.5, 0.3], 7)]
o.sampleBy('g', {'0': 0.1, '1': 0.2}, 0)
o.select(F.rand(5), F.rand(5).alias('again'), F.randn(7), F.monotonically_increasing_id())
o.filter(F.rand(3) < 0.2)
o.groupBy((F.rand(4) < 0.5).alias('r')).count()
o.agg(F.sum(F.rand(1)))
d.show()
d.show(2)
d.show(2, False)
d.show(1, 3)
d.show(vertical=True)
d.show(truncate=1)
spark.range(0).show()
spark.range(25).show()
spark.createDataFrame([('日本語', 'é', 'tab\\there', 'line\\nbreak')], 'a string, b string, c string, d string').show()
a.show(truncate=False)
s.show()
t.show()
spark.range(2).select(F.lit(1.0e10), F.lit(1e-5), F.lit(100.0), F.lit(0.1).cast('float'), F.lit(None), F.lit(b'ab')).show()
""".strip().splitlines()


def table(spark, program, names):
    """What df.show() prints."""
    call = program.rindex(".show(")
    frame = eval(program[:call], names)
    arguments = dict(
        zip(
            ("n", "truncate", "vertical"),
            eval(f"(lambda n=20, truncate=True, vertical=False: (n, truncate, vertical))({program[call + 6 : -1]})"),
        )
    )
    return "table", frame._show_string(arguments["n"], arguments["truncate"], arguments["vertical"])


def rows_of(program, rows):
    ordered = "over(" not in program and any(word in program for word in ("orderBy", "sort(", "tail(", "head("))
    answers = [comparable(tuple(row)) for row in rows]
    return answers if ordered else sorted(answers, key=repr)


def answer(spark, program):
    names = {"spark": spark, "F": F, "W": W, "T": T, "internal": internal, "datetime": datetime, "decimal": decimal}
    try:
        for name, made in SETUP.items():
            names[name] = eval(made, names)
        if ".show(" in program:
            return table(spark, program, names)
        value = eval(program, names)
        if hasattr(value, "collect"):
            return value.schema.json(), rows_of(program, value.collect())
        return "value", [comparable(value) if isinstance(value, (int, float, str, list)) else repr(value)]
    except PySparkException as error:
        return "error", error.getCondition() or type(error).__name__, dict(error.getMessageParameters() or {})


def judge(ours, oracle, program):
    """("same" or "refused" or "different", our answer, Spark's)"""
    mine, spark = answer(ours, program), answer(oracle, program)
    if mine[0] == "error" and mine[1] == "UNSUPPORTED_FEATURE" and mine != spark:
        return "refused", mine, spark
    return ("same" if mine == spark or (len(mine) == 2 and same(mine, spark)) else "different"), mine, spark


def main():
    from pyspark.sql.connect.session import SparkSession

    sessions = [SparkSession.builder.remote(remote).create() for remote in sys.argv[1:3]]
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    for session in sessions:
        session.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    counts = {}
    for program in PROGRAMS:
        if word not in program:
            continue
        verdict, mine, spark = judge(*sessions, program)
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict != "same":
            print(f"{verdict}: {program}\n   ours:  {str(mine)[:700]}\n   spark: {str(spark)[:700]}")
    print(counts)
    for session in sessions:
        session.stop()


if __name__ == "__main__":
    main()
