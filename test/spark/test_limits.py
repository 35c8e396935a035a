"""Texts and lists beyond what a fixed room holds, against real Spark: long names and values, many arguments, matches, plans. Nothing is cut or
left out in silence: the same rows and types, or the same condition."""

import os

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

MANY = 70


def outcome(run, spark):
    """(schema, rows), or an error's condition."""
    try:
        frame = run(spark)
        return frame.schema.json(), [str(row) for row in frame.collect()]
    except PySparkException as error:
        return error.getCondition()


def columns(form, count=MANY, join=","):
    return join.join(form.format(i=i) for i in range(count))


def selected(expression, source="range(2)"):
    return lambda spark: spark.sql(f"SELECT {expression} AS x FROM {source}")


def last_of_many(spark):
    """A DataFrame eighteen times in a plan, and the column meant is the last one's."""
    frame = spark.range(3)
    plan = frame.select((frame.id + 100).alias("b"))
    for i in range(17):
        plan = plan.crossJoin(frame.select((frame.id + i).alias(f"b{i}")).limit(1))
    return plan.crossJoin(frame).select(frame.id).distinct().orderBy("id")


CASES = {
    "concat_ws": selected(f"concat_ws('-', {columns('cast(id + {i} as string)')})"),
    "concat_ws of arrays": selected(f"concat_ws('-', {columns('array(cast(id + {i} as string))')})"),
    **{
        name: selected(f"{name}({columns('id + {i}')})")
        for name in ("greatest", "least", "coalesce", "array", "struct", "hash", "xxhash64", "count")
    },
    "concat of arrays": selected(f"concat({columns('array(id + {i})')})"),
    "count distinct": selected(f"count(DISTINCT {columns('id + {i}')})"),
    "map_concat": selected(f"map_concat({columns('map({i}, id)')})"),
    "arrays_zip": selected(f"arrays_zip({columns('array(id + {i})')})"),
    "elt": selected(f"elt(id + 66, {columns(chr(39) + 'v{i}' + chr(39))})"),
    "format_string": selected(f"format_string('{'%s' * MANY}', {columns('id + {i}')})"),
    "lambda over many columns": selected(
        f"aggregate(array(1L, 2L), 0L, (a, e) -> a + e + {columns('c{i}', join=' + ')})",
        f"(SELECT {columns('id + {i} AS c{i}')} FROM range(2))",
    ),
    "many of one name": lambda spark: spark.sql(f"SELECT id FROM (SELECT {columns('id + {i} AS id')} FROM range(1))"),
    "one column, many times": lambda spark: spark.sql(f"SELECT id FROM (SELECT {columns('id')} FROM range(1))"),
    "group by many": lambda spark: (
        spark.range(3).groupBy(*[(F.col("id") + i).alias(f"g{i}") for i in range(MANY)]).count().orderBy("g0")
    ),
    "grouping sets of 40": lambda spark: spark.sql(
        f"SELECT count(*) AS n FROM (SELECT {columns('id + {i} AS c{i}', 40)} FROM range(2)) "
        f"GROUP BY GROUPING SETS ((c0), ({columns('c{i}', 40)})) ORDER BY 1"
    ),
    "grouping sets of 65": lambda spark: spark.sql(
        f"SELECT count(*) AS n FROM (SELECT {columns('id + {i} AS c{i}', 65)} FROM range(2)) "
        f"GROUP BY GROUPING SETS ((), ({columns('c{i}', 65)}))"
    ),
    "a plan eighteen times": last_of_many,
    "regexp_extract's group 65": selected("regexp_extract(repeat('ab', 40), '" + "(.)" * 66 + "', 65)"),
    "regexp_extract_all's group 65": selected("regexp_extract_all(repeat('ab', 40), '" + "(.)" * 66 + "', 65)"),
    "date_format of a long literal": selected("date_format(timestamp'2020-01-01', '" + "\\'" + "a" * 70000 + "\\')"),
    "format_number of a decimal": selected("length(format_number(cast(id as decimal(10,2)), 1100000))"),
    "format_number of a double": selected("length(format_number(id + 1.5D, 1100000))"),
    "format_string's widest": selected("length(format_string('%.99999f', id + 1e300D))"),
    "a cast of a long text": selected("cast(repeat('\u6f22', 200) AS int)"),
    "a long alias": lambda spark: spark.range(1).select(F.col("id").alias("c" * 70000)),
}


NAME = "n" * 1000
DEEP = 200


def nested(levels, leaf):
    for i in range(levels):
        leaf = f"named_struct('s{i}', {leaf})"
    return leaf


def path(levels):
    return ".".join(f"s{i}" for i in reversed(range(levels)))


def pivoted(spark, count=200, *aggregates):
    frame = spark.range(count).select((F.col("id") % 7).alias("k"), F.concat(F.lit("c"), F.col("id")).alias("p"), "id")
    return frame.groupBy("k").pivot("p", [f"c{i}" for i in range(count)]).agg(*aggregates or [F.sum("id")]).orderBy("k")


def pivoted_in_sql(spark):
    source = "SELECT id % 7 AS k, id % 3 AS j, concat('c', id % 100) AS p, id AS v FROM range(300)"
    values = columns("'c{i}'", 100)
    return spark.sql(f"SELECT * FROM ({source}) PIVOT (sum(v) AS s, max(v) AS m FOR p IN ({values})) ORDER BY k, j")


CASES |= {
    "300 arguments": selected(f"greatest({columns('id + {i}', 300)})"),
    "300 arguments of coalesce": selected(f"coalesce({columns('nullif(id, id)', 299)}, id)"),
    "300 branches": selected("CASE " + columns("WHEN id = {i} THEN {i}", 300, " ") + " END"),
    "300 members": selected(f"id IN ({columns('{i}', 300)})"),
    "300 conditions": selected(columns("id <> {i}", 300, " AND ")),
    "200 grouping columns": lambda spark: spark.sql(
        f"SELECT {columns('c{i}', 200)}, count(*) FROM (SELECT {columns('id % 2 + {i} AS c{i}', 200)} FROM range(4)) "
        f"GROUP BY {columns('c{i}', 200)} ORDER BY c0"
    ),
    "200 sort columns": lambda spark: spark.sql(
        f"SELECT * FROM (SELECT {columns('id % 2 AS c{i}', 200)}, id FROM range(4)) ORDER BY {columns('c{i} DESC', 200)}, id"
    ),
    "100 expressions of a name": lambda spark: spark.sql(
        f"WITH {columns('t{i} AS (SELECT {i} AS a)', 100)} SELECT t0.a, t99.a FROM t0, t99"
    ),
    "a pivot of 200": pivoted,
    "a pivot of 100 lists": lambda spark: pivoted(spark, 100, F.collect_list("id"), F.count("id").alias("n")),
    "a pivot of 100 in SQL": pivoted_in_sql,
    "a name of 1,000": lambda spark: spark.sql(
        f"SELECT `{NAME}`, t.`{NAME}`.`{NAME}x` FROM (SELECT 1 AS k, named_struct('{NAME}x', 2) AS `{NAME}`) t"
    ),
    "a view's name of 1,000": lambda spark: (
        spark.range(2).createOrReplaceTempView(NAME),
        spark.sql(f"SELECT * FROM `{NAME}` ORDER BY id"),
    )[1],
    "a view of that name twice": lambda spark: (
        spark.range(2).createOrReplaceTempView(NAME),
        spark.range(2).createTempView(NAME),
    ),
    "a pattern of 1,000": lambda spark: (
        spark.range(2).createOrReplaceTempView(NAME),
        spark.sql(f"SHOW VIEWS LIKE '{NAME}'").selectExpr("count(viewName)"),
    )[1],
    "a pattern that is longer than the name": lambda spark: (
        spark.range(2).createOrReplaceTempView("n" * 255),
        spark.sql("SHOW VIEWS LIKE '" + "n" * 256 + "'").selectExpr("count(viewName)"),
    )[1],
    "200 levels of struct": lambda spark: spark.sql(
        f"SELECT x.{path(DEEP)} AS y FROM (SELECT {nested(DEEP, 'id')} AS x FROM range(2)) ORDER BY 1"
    ),
    "a double of 600 digits": selected("cast('0." + "0" * 300 + "1" + "0" * 300 + "' AS DOUBLE)"),
    "a double of 600 digits in JSON": selected('from_json(\'{"a":0.' + "1" * 600 + "}', 'a DOUBLE')"),
    "a double of 600 digits in csv": selected("from_csv('0." + "1" * 600 + "', 'a DOUBLE, b FLOAT')"),
    "a float of 600 digits in csv": selected("from_csv('0." + "1" * 600 + "', 'a FLOAT')"),
    "a whole number of 600 digits": selected("cast('" + "0" * 600 + "1' AS INT)"),
    "a decimal of 600 digits": selected("cast('" + "0" * 600 + "1.5' AS DECIMAL(10,2))"),
    "a date in 300 letters": selected("date_format(date'2020-02-29', '" + "yyyy-MM-dd " * 30 + "')"),
    "a group of 300 letters": selected("regexp_extract('ab', '(?<" + "g" * 300 + ">a)', 1)"),
    "300 options": lambda spark: (
        spark.read.options(**{f"o{i}": str(i) for i in range(300)}, header="true")
        .schema("a INT")
        .csv("/nowhere/at/all")
    ),
    "a key of 1,000": lambda spark: (spark.conf.set(NAME, "v"), spark.sql(f"SET {NAME}"))[1],
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_left_out(ours, oracle, name):
    expected = outcome(CASES[name], oracle)
    assert expected is not None
    assert outcome(CASES[name], ours) == expected


def parameters(spark, statement):
    with pytest.raises(PySparkException) as error:
        spark.sql(statement).collect()
    return error.value.getCondition(), error.value.getMessageParameters()


LONG_PARAMETERS = {
    "a view that exists": lambda spark: (
        spark.range(2).createOrReplaceTempView("v" * 400),
        spark.range(2).createTempView("v" * 400),
    ),
    "a key of a map": lambda spark: spark.sql(f"SELECT str_to_map('{'k' * 400}:1,{'k' * 400}:2')").collect(),
    "a replacement": lambda spark: spark.sql(
        f"SELECT regexp_replace('{'a' * 400}', '{'a' * 300}', '$9{'b' * 300}')"
    ).collect(),
    "a pattern": lambda spark: spark.sql(f"SELECT regexp_extract('a', '{'a' * 600}(', 0)").collect(),
    "a zone": lambda spark: spark.sql(f"SELECT from_utc_timestamp(timestamp'2020-01-01', '{'Z' * 300}')").collect(),
    "a url": lambda spark: spark.sql(f"SELECT parse_url('http://{'u ' * 400}', 'HOST')").collect(),
    "a char set": lambda spark: spark.sql(f"SELECT encode('a', '{'c' * 400}')").collect(),
    "a hexadecimal text": lambda spark: spark.sql(f"SELECT to_binary('{'g' * 600}', 'hex')").collect(),
    "a type": lambda spark: spark.sql(f"SELECT CAST(1 AS {'t' * 400})").collect(),
    "a static setting": lambda spark: spark.conf.set("spark.sql.extensions", "x" * 400),
    "a column among long ones": lambda spark: spark.sql(
        f"SELECT {'a' * 250} FROM (SELECT 1 AS {'b' * 250}, 2 AS {'a' * 249}b, 3 AS {'c' * 240})"
    ).collect(),
    "a data source": lambda spark: spark.read.format("f" * 300).load("/nowhere").collect(),
}


@pytest.mark.parametrize("name", LONG_PARAMETERS)
def test_long_parameters_are_whole(ours, oracle, name):
    found = []
    for spark in (ours, oracle):
        with pytest.raises(PySparkException) as error:
            LONG_PARAMETERS[name](spark)
        found.append((error.value.getCondition(), error.value.getMessageParameters()))
    assert found[0] == found[1]


def test_an_error_names_a_long_name_whole(ours):
    """Spark's own answer is beyond what its client takes for a trailer."""
    for name in ("t" * 3000, "\u00e9" * 3000):
        condition, found = parameters(ours, f"SELECT * FROM `{name}`")
        assert condition == "TABLE_OR_VIEW_NOT_FOUND" and found["relationName"] == f"`{name}`"


def test_a_raised_message_is_whole(ours):
    condition, found = parameters(ours, "SELECT raise_error(repeat('\u6f22', 900))")
    assert condition == "USER_RAISED_EXCEPTION" and found == {"errorMessage": "\u6f22" * 900}


def test_a_name_that_is_too_long_is_cut_visibly(ours):
    condition, found = parameters(ours, "SELECT `" + "c" * 70000 + "`")
    assert condition == "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"
    assert found["objectName"].startswith("`cccc") and found["objectName"].endswith("c\u2026")


def test_the_fragment_of_a_long_statement_is_told(ours, oracle):
    statement = "SELECT 1 / 0 + length('" + "x" * 3000 + "')"
    for spark in (ours, oracle):
        with pytest.raises(PySparkException) as error:
            spark.sql(statement).collect()
        contexts = error.value.getQueryContext()
        assert [(c.fragment(), c.startIndex(), c.stopIndex()) for c in contexts] == [("1 / 0", 7, 11)]


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
@pytest.mark.parametrize("length", [300, 70000, 1100000])
def test_a_partition_value_beyond_a_file_name(ours, oracle, tmp_path, kind, length):
    for side, spark in (("ours", ours), ("spark", oracle)):
        target = tmp_path / side
        with pytest.raises(PySparkException) as error:
            spark.sql(f"SELECT 1 AS id, repeat('x', {length}) AS p").write.partitionBy("p").format(kind).save(
                f"file://{target}"
            )
        assert error.value.getCondition() == "TASK_WRITE_FAILED"
        assert error.value.getMessageParameters() == {"path": f"file:{target}"}
        assert not [name for _, _, names in os.walk(target) for name in names if not name.startswith((".", "_"))]
