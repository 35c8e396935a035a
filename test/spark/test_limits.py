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
    **{name: selected(f"{name}({columns('id + {i}')})") for name in
       ("greatest", "least", "coalesce", "array", "struct", "hash", "xxhash64", "count")},
    "concat of arrays": selected(f"concat({columns('array(id + {i})')})"),
    "count distinct": selected(f"count(DISTINCT {columns('id + {i}')})"),
    "map_concat": selected(f"map_concat({columns('map({i}, id)')})"),
    "arrays_zip": selected(f"arrays_zip({columns('array(id + {i})')})"),
    "elt": selected(f"elt(id + 66, {columns(chr(39) + 'v{i}' + chr(39))})"),
    "format_string": selected(f"format_string('{'%s' * MANY}', {columns('id + {i}')})"),
    "lambda over many columns": selected(f"aggregate(array(1L, 2L), 0L, (a, e) -> a + e + {columns('c{i}', join=' + ')})",
                                         f"(SELECT {columns('id + {i} AS c{i}')} FROM range(2))"),
    "many of one name": lambda spark: spark.sql(f"SELECT id FROM (SELECT {columns('id + {i} AS id')} FROM range(1))"),
    "one column, many times": lambda spark: spark.sql(f"SELECT id FROM (SELECT {columns('id')} FROM range(1))"),
    "group by many": lambda spark: spark.range(3).groupBy(*[(F.col("id") + i).alias(f"g{i}") for i in range(MANY)]).count().orderBy("g0"),
    "grouping sets of 40": lambda spark: spark.sql(f"SELECT count(*) AS n FROM (SELECT {columns('id + {i} AS c{i}', 40)} FROM range(2)) "
                                                   f"GROUP BY GROUPING SETS ((c0), ({columns('c{i}', 40)})) ORDER BY 1"),
    "grouping sets of 65": lambda spark: spark.sql(f"SELECT count(*) AS n FROM (SELECT {columns('id + {i} AS c{i}', 65)} FROM range(2)) "
                                                   f"GROUP BY GROUPING SETS ((), ({columns('c{i}', 65)}))"),
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


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_left_out(ours, oracle, name):
    expected = outcome(CASES[name], oracle)
    assert expected is not None
    assert outcome(CASES[name], ours) == expected


def parameters(spark, statement):
    with pytest.raises(PySparkException) as error:
        spark.sql(statement).collect()
    return error.value.getCondition(), error.value.getMessageParameters()


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
            spark.sql(f"SELECT 1 AS id, repeat('x', {length}) AS p").write.partitionBy("p").format(kind).save(f"file://{target}")
        assert error.value.getCondition() == "TASK_WRITE_FAILED"
        assert error.value.getMessageParameters() == {"path": f"file:{target}"}
        assert not [name for _, _, names in os.walk(target) for name in names if not name.startswith((".", "_"))]
