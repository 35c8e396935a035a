"""Statements that are long or deep: what they cost is processor time of the host, linear in their length, however loaded the machine is."""

import os
import pathlib

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

SANITIZED = "asan" in os.environ.get("HEADRACE_BUILD", "")
TERMS = 20000


def many(between, term):
    return between.join(term.format(i=i, next=i + 1) for i in range(TERMS))


CHAINS = {
    "or": ("SELECT count(*) FROM range(10) WHERE " + many(" OR ", "id = {i}"), 10),
    "or of a projection": ("SELECT count_if(x) FROM (SELECT " + many(" OR ", "id = {i}") + " x FROM range(10))", 10),
    "and": ("SELECT count(*) FROM range(10) WHERE " + many(" AND ", "id <> {next}"), 1),
    "in": ("SELECT count(*) FROM range(10) WHERE id IN (" + many(", ", "{i}") + ")", 10),
    "in of computed values": ("SELECT count(*) FROM range(10) WHERE id IN (" + many(", ", "id + {next}") + ")", 0),
    "case": ("SELECT max(CASE " + many(" ", "WHEN id = {i} THEN {next}") + " END) FROM range(10)", 10),
    "coalesce": ("SELECT max(coalesce(" + many(", ", "nullif(id, {i})") + ")) FROM range(10)", 9),
    "greatest": ("SELECT max(greatest(" + many(", ", "id + {i}") + ")) FROM range(10)", TERMS + 8),
}


def cpu_seconds(host):
    fields = pathlib.Path(f"/proc/{host.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_linear(host, spark, name):
    statement, expected = CHAINS[name]
    before = cpu_seconds(host)
    assert spark.sql(statement).first()[0] == expected
    assert SANITIZED or cpu_seconds(host) - before < 6  # each takes one or two; what is quadratic takes 13 and more


NESTED = {  # what a level does, the innermost, the value in the end
    "array_distinct({x})": ("array(id, id)", [2]),
    "array_union({x}, array(1L))": ("array(id)", [2, 1]),
    "array_except({x}, array(1L))": ("array(id, 1L)", [2]),
    "array_intersect({x}, array(2L))": ("array(id)", [2]),
    "sort_array({x})": ("array(id, 1L)", [1, 2]),
    "array_sort({x})": ("array(id, 1L)", [1, 2]),
    "nullif({x}, -1)": ("id", 2),
    "nullif({x}, -1L)": ("int(id)", 2),
    "nullif({x}, 0.5D)": ("id + 0L", 2),
    "nullif({x}, 'b')": ("concat('a', id)", "a2"),
}


@pytest.mark.parametrize("form", NESTED)
def test_a_thousand_levels_are_linear(host, spark, form):
    text, expected = NESTED[form]
    for _ in range(1000):
        text = form.format(x=text)
    before = cpu_seconds(host)
    assert spark.sql(f"SELECT {text} FROM range(2, 3)").first()[0] == expected
    assert SANITIZED or cpu_seconds(host) - before < 1  # a third of one; what is quadratic takes two


MANY_VALUES = {  # in one row: what compares each with each takes half a minute and more
    "size(array_distinct(sequence(1, 400000 + id)))": 400000,
    "size(array_union(sequence(1, 400000 + id), sequence(300001L, 500000L)))": 500000,
    "size(array_except(sequence(1, 400000 + id), sequence(300001L, 500000L)))": 300000,
    "size(array_intersect(sequence(1, 400000 + id), sequence(300001L, 500000L)))": 100000,
    "size(str_to_map(concat_ws(',', transform(sequence(1, 100000 + id), x -> concat(x, ':', x)))))": 100000,
    "size(map_from_arrays(sequence(1, 2000000 + id), sequence(1, 2000000 + id)))": 2000000,
}


@pytest.mark.parametrize("value", MANY_VALUES, ids=lambda text: text[5:30])
def test_many_values_are_linear(host, spark, value):
    before = cpu_seconds(host)
    assert spark.sql(f"SELECT {value} FROM range(1)").first()[0] == MANY_VALUES[value]
    assert SANITIZED or cpu_seconds(host) - before < 1.5  # each takes a quarter of one, or less


def lambdas(levels):
    body = f"x{levels - 1}"
    for level in reversed(range(levels)):
        array = f"array(x{level - 1})" if level else "array(id)"
        body = f"transform({array}, x{level} -> {body})"
    return f"SELECT {body} FROM range(2)"


def test_lambdas_in_lambdas_are_bounded(host, spark):
    before = cpu_seconds(host)
    value = spark.sql(lambdas(20)).collect()[1][0]
    for _ in range(20):
        (value,) = value
    assert value == 1
    for levels in (21, 60, 400):  # each level doubles what the engine does before it can be interrupted
        with pytest.raises(PySparkException, match="more than 20 levels"):
            spark.sql(lambdas(levels)).collect()
    assert SANITIZED or cpu_seconds(host) - before < 6


def test_a_null_in_a_long_or(spark):
    """Parts of a long OR are told from each other: three values of truth all the same."""
    terms = " OR ".join(f"x = {i}" for i in range(200))
    rows = spark.sql(f"SELECT x, {terms} FROM VALUES (0), (199), (200), (NULL) t(x)").collect()
    assert [row[1] for row in rows] == [True, True, False, None]
    rows = spark.sql(f"SELECT x, {terms} OR x = NULL FROM VALUES (0), (200) t(x)").collect()
    assert [row[1] for row in rows] == [True, None]


PIVOT_VALUES = 1000


def pivots(spark):
    frame = spark.range(5 * PIVOT_VALUES).select(
        (F.col("id") % 3).alias("k"), (F.col("id") % PIVOT_VALUES).alias("p"), "id"
    )
    frame.createOrReplaceTempView("to_pivot")
    values = list(range(PIVOT_VALUES))
    listed = ",".join(map(str, values))
    yield "named", frame.groupBy("k").pivot("p", values).sum("id")
    yield "found", frame.groupBy("k").pivot("p").sum("id")
    yield "sql", spark.sql(f"SELECT * FROM to_pivot PIVOT (sum(id) FOR p IN ({listed}))")
    yield "lists", frame.groupBy("k").pivot("p", values).agg(F.collect_list("id"), F.count("id"))


def test_a_pivot_of_a_thousand_values(host, spark):
    """A column for each, in time that grows with their number: Spark's limit is 10,000."""
    expected = {
        k: [[i for i in range(p, 5 * PIVOT_VALUES, PIVOT_VALUES) if i % 3 == k] for p in range(PIVOT_VALUES)]
        for k in range(3)
    }
    for name, frame in pivots(spark):
        before = cpu_seconds(host)
        rows = {row[0]: row[1:] for row in frame.collect()}
        assert SANITIZED or cpu_seconds(host) - before < 6, name  # each takes one or two
        assert set(rows) == set(expected), name
        for k, found in rows.items():
            if name == "lists":
                assert [sorted(items) for items in found[::2]] == expected[k]
                assert list(found[1::2]) == [len(items) for items in expected[k]]
            else:
                assert list(found) == [sum(items) if items else None for items in expected[k]], name


def test_structs_are_a_key_to_join_by(host, spark):
    """Millions of pairs if each row were compared with each."""
    before = cpu_seconds(host)
    spark.sql(
        "SELECT named_struct('a', id, 'b', nullif(id % 7, 0)) st, array(id) ar FROM range(20000)"
    ).createOrReplaceTempView("structs")
    for condition in ("x.st <=> y.st", "x.st = y.st", "x.ar <=> y.ar"):
        assert spark.sql(f"SELECT count(*) FROM structs x JOIN structs y ON {condition}").first()[0] == 20000
    assert SANITIZED or cpu_seconds(host) - before < 3


def test_variables_of_variables_are_bounded(host, spark):
    before = cpu_seconds(host)
    spark.conf.set("v0", "")
    for level in range(1, 31):
        spark.conf.set(f"v{level}", f"${{v{level - 1}}}${{v{level - 1}}}")
    assert spark.sql("SELECT '${v10}'").first()[0] == ""
    with pytest.raises(PySparkException, match="more than 10000 variables"):
        spark.sql("SELECT '${v30}'").collect()
    unclosed = "${" * 200000
    assert spark.sql(f"SELECT '{unclosed}' AS x").first()[0] == unclosed
    assert SANITIZED or cpu_seconds(host) - before < 3
