"""The client's ordinary day: queries, results of every type, views, configuration, analysis, the catalog."""

import datetime
import decimal
import re

import numpy
import pandas
import pyarrow
import pytest
from pyspark.errors import (
    AnalysisException,
    ArithmeticException,
    IllegalArgumentException,
    PySparkException,
    SparkNoSuchElementException,
)
from pyspark.sql import Observation, Row
from pyspark.sql import functions as F
from pyspark.sql.connect.functions.builtin import _invoke_function


def test_count_and_show(spark, capsys):
    assert spark.range(10).count() == 10
    spark.range(3).show()
    assert capsys.readouterr().out == "+---+\n| id|\n+---+\n|  0|\n|  1|\n|  2|\n+---+\n\n"


def test_csv_pipeline(spark, tmp_path):
    (tmp_path / "t.csv").write_text("Survived,Age\n" + "".join(f"{i % 2},{i if i % 7 else ''}\n" for i in range(60)))
    rows = (
        spark.read.option("header", "true")
        .csv(str(tmp_path / "t.csv"))
        .filter(F.col("Age") > 20)
        .groupBy("Survived")
        .count()
        .orderBy(F.desc("count"), "Survived")
        .collect()
    )
    expected = {"0": 0, "1": 0}
    for i in range(60):
        if i % 7 and i > 20:
            expected[str(i % 2)] += 1
    assert [(r.Survived, r["count"]) for r in rows] == sorted(expected.items(), key=lambda kv: (-kv[1], kv[0]))


def test_empty_result_has_its_schema(spark):
    table = spark.range(10).filter("id > 100").toArrow()
    assert table.num_rows == 0
    assert table.schema.names == ["id"]
    assert table.schema.field("id").type == pyarrow.int64()


TYPES = """
    SELECT true AS b, 1Y AS y, 2S AS s, 3 AS i, 4L AS l, CAST(1.5 AS FLOAT) AS f, 2.5D AS d, 12.34BD AS n, CAST('1' AS DECIMAL(38, 4)) AS big,
           'text' AS t, X'00FF' AS x, DATE'2026-11-22' AS day, TIMESTAMP'2026-11-22 10:11:12.123456' AS at,
           TIMESTAMP_NTZ'2026-11-22 10:11:12' AS ntz, INTERVAL '1 02:03:04' DAY TO SECOND AS span,
           array(1, NULL, 3) AS a, map('k', 1, 'l', 2) AS m, named_struct('p', 1, 'q', 'z') AS r, NULL AS v
"""


def test_every_type_arrives_in_arrow(spark):
    schema = spark.sql(TYPES).toArrow().schema
    assert {f.name: str(f.type) for f in schema} == {
        "b": "bool",
        "y": "int8",
        "s": "int16",
        "i": "int32",
        "l": "int64",
        "f": "float",
        "d": "double",
        "n": "decimal128(4, 2)",
        "big": "decimal128(38, 4)",
        "t": "string",
        "x": "binary",
        "day": "date32[day]",
        "at": "timestamp[us, tz=UTC]",
        "ntz": "timestamp[us]",
        "span": "duration[us]",
        "a": "list<element: int32>",
        "m": str(schema.field("m").type),
        "r": "struct<p: int32 not null, q: string not null>",
        "v": "null",
    }
    assert pyarrow.types.is_map(schema.field("m").type)
    assert [f.name for f in schema if f.nullable] == ["big", "v"]


def test_every_type_arrives_in_python(spark):
    row = spark.sql(TYPES).collect()[0]
    assert (row.b, row.y, row.s, row.i, row.l, row.f, row.d) == (True, 1, 2, 3, 4, 1.5, 2.5)
    assert (row.n, row.big) == (decimal.Decimal("12.34"), decimal.Decimal("1.0000"))
    assert (row.t, bytes(row.x), row.day) == ("text", b"\x00\xff", datetime.date(2026, 11, 22))
    assert row.ntz == datetime.datetime(2026, 11, 22, 10, 11, 12)
    assert row.span == datetime.timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert (row.a, row.m, row.r, row.v) == ([1, None, 3], {"k": 1, "l": 2}, Row(p=1, q="z"), None)


def test_a_null_struct_has_null_fields(monkeypatch, make_host):
    """Where from_json has nothing to read its fields are null too, or whoever copies the vector reads what stood in it before."""
    monkeypatch.setenv("HEADRACE_CHECK_VECTORS", "1")
    spark = make_host().session()
    rows = """(SELECT CASE WHEN id % 3 = 0 THEN concat('{"a":1,"s":"', repeat('z', cast(id % 300 AS INT)), '"}') WHEN id % 3 = 1 THEN 'x' END j FROM range(20000))"""
    few = """VALUES ('{"a":1,"s":"a text of more than twelve bytes"}'), (NULL), ('x') AS t(j)"""
    for _ in range(3):
        assert spark.sql(
            f"SELECT count(x), count(x.a), sum(length(x.s)) FROM (SELECT from_json(j, 'a INT, s STRING') x FROM {rows})"
        ).first() == (13334, 6667, 986733)
        assert [row.x for row in spark.sql(f"SELECT from_json(j, 'a INT, s STRING') x FROM {few}").collect()] == [
            (1, "a text of more than twelve bytes"),
            None,
            (None, None),
        ]
    nested = "a STRUCT<b: STRUCT<c: STRING>, d: ARRAY<STRUCT<e: STRING>>>, m MAP<STRING, STRUCT<f: STRING>>"
    assert (
        spark.sql(
            f"SELECT from_json(j, '{nested}') x, from_csv(j, 'a INT, s STRING') y, split(j, ',') z, str_to_map(j) m, regexp_extract_all(j, '.') r,"
            f" sentences(j) s, json_object_keys(j) k FROM {few}"
        ).count()
        == 3
    )


def test_a_function_with_two_patterns_keeps_both(spark):
    """A thread keeps eight compiled patterns: the second of a call must not push out the first."""
    for n in range(1, 12):
        patterns = ", ".join(f"regexp_count('a{i}', 'a{i}')" for i in range(n))
        assert spark.sql(
            f"SELECT {patterns}, str_to_map('k:1,l:2', ',', ':') a, str_to_map('k-1,l-2', ',', '-{{1,{n}}}') b"
        ).first()[-2:] == ({"k": "1", "l": "2"}, {"k": "1", "l": "2"})


def test_large_result_in_batches(spark):
    frame = spark.range(700_000).selectExpr(
        "id",
        "IF(id % 3 = 0, NULL, concat('row ', id)) AS t",
        "id % 2 = 0 AS even",
        "IF(id % 5 = 0, NULL, array(id, id + 1)) AS a",
    )
    table = frame.toArrow()
    assert table.num_rows == 700_000
    assert table.column("t").null_count == len(range(0, 700_000, 3))
    for i in (0, 1, 8191, 8192, 8193, 262_144 + 8192, 699_999):
        row = table.slice(i, 1).to_pylist()[0]
        assert row == {
            "id": i,
            "t": None if i % 3 == 0 else f"row {i}",
            "even": i % 2 == 0,
            "a": None if i % 5 == 0 else [i, i + 1],
        }


NESTED = {
    "CASE WHEN id = {i} THEN {i} ELSE {x} END": ("id", 1000, 2),
    "if(id = {i}, {i}, {x})": ("id", 1000, 2),
    "abs({x})": ("id", 1000, 2),
    "coalesce({x}, 1)": ("id", 1000, 2),
    "{x} + id": ("id", 1000, 2002),
    "upper({x})": ("'a'", 1000, "A"),
    "sqrt({x})": ("id", 1000, 1.0),
    "concat({x}, 'b')": ("'a'", 1000, "a" + "b" * 1000),
    "transform({x}, v -> v + 1)": ("array(id)", 200, [202]),
    "element_at(split({x}, ','), 1)": ("'a,b'", 100, "a"),
    "CASE {x} WHEN 1 THEN 2 ELSE 3 END": ("id", 100, 3),
}


@pytest.mark.parametrize("form", NESTED)
def test_nesting_costs_what_it_says(spark, form):
    text, levels, want = NESTED[form]
    for i in range(levels):
        text = form.format(x=text, i=i)
    assert spark.sql(f"SELECT {text} AS r FROM range(2, 3)").first().r == want


def test_nesting_without_end_is_refused(spark):
    with pytest.raises(PySparkException, match="FAILED_TO_PARSE_TOO_COMPLEX"):
        spark.sql("SELECT " + "abs(" * 100_000 + "1" + ")" * 100_000).collect()
    assert spark.range(3).count() == 3


def test_wide_sums_and_unions(spark):
    assert spark.sql("SELECT " + " + ".join(["id"] * 1000) + " AS r FROM range(2, 3)").first().r == 2000
    assert spark.sql(" UNION ALL ".join(f"SELECT {i} AS r" for i in range(1000))).count() == 1000


@pytest.mark.parametrize("codec", ["lz4", "zstd", "none"])
def test_compression(spark, codec):
    spark.conf.set("spark.sql.execution.arrow.compression.codec", codec)
    assert spark.range(100_000).toArrow().column("id").to_pylist() == list(range(100_000))


def test_rows_per_batch_are_honoured(spark):
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
    assert {len(b) for b in spark.range(5000).toArrow().to_batches()} == {1000}


def test_local_relations(spark):
    frame = pandas.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"]})
    assert spark.createDataFrame(frame).filter("a > 1").collect() == [Row(a=2.0, b=None)]
    schema = "i int, l array<int>, m map<string, double>, st struct<x: int, y: string>"
    rows = [(1, [1, None], {"k": 1.5}, Row(x=1, y="z")), (None, None, None, None)]
    assert [tuple(r) for r in spark.createDataFrame(rows, schema).collect()] == rows
    assert spark.createDataFrame([], "a int, b string").schema.simpleString() == "struct<a:int,b:string>"


def test_large_local_relation_goes_through_artifacts(spark):
    spark.conf.set("spark.sql.session.localRelationCacheThreshold", "10000")
    frame = pandas.DataFrame({"n": range(50_000), "t": ["row %d" % i for i in range(50_000)]})
    assert spark.createDataFrame(frame).selectExpr("sum(n)", "count(DISTINCT t)").collect()[0] == (
        sum(range(50_000)),
        50_000,
    )


def test_compressed_plan(spark):
    spark.conf.set("spark.connect.session.planCompression.threshold", "1000")
    spark.client._plan_compression_threshold = None  # asked for anew
    long = "x" * 20_000
    assert spark.range(1).select(F.lit(long).alias("t")).collect()[0].t == long
    assert spark.client._plan_compression_algorithm == "ZSTD"


def test_views(spark):
    spark.range(5).createOrReplaceTempView("v")
    assert spark.sql("SELECT sum(id) AS s FROM v").collect() == [Row(s=10)]
    spark.table("v").filter("id > 1").createOrReplaceTempView("v")  # of its own earlier self
    assert spark.sql("SELECT count(*) AS c FROM v").collect() == [Row(c=3)]
    with pytest.raises(AnalysisException) as caught:
        spark.range(1).createTempView("v")
    assert caught.value.getCondition() == "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"
    assert spark.catalog.dropTempView("v") is True
    assert spark.catalog.dropTempView("v") is False
    with pytest.raises(AnalysisException) as caught:
        spark.table("v").collect()
    assert caught.value.getCondition() == "TABLE_OR_VIEW_NOT_FOUND"


def test_views_by_sql(spark):
    spark.sql("CREATE OR REPLACE TEMP VIEW w(x, y) AS SELECT id, id * 2 FROM range(3)")
    assert spark.sql("SELECT * FROM w WHERE y > 1").collect() == [Row(x=1, y=2), Row(x=2, y=4)]
    assert [(r.viewName, r.isTemporary) for r in spark.sql("SHOW VIEWS").collect()] == [("w", True)]
    spark.sql("DROP VIEW w")
    assert not spark.catalog.tableExists("w")


def test_global_views_are_shared(host, spark):
    spark.range(4).createOrReplaceGlobalTempView("everywhere")
    other = host.session()
    assert other.table("global_temp.everywhere").count() == 4
    assert other.catalog.dropGlobalTempView("everywhere") is True
    other.stop()


def test_catalog(spark):
    spark.range(1).selectExpr("id", "'a' AS t").createOrReplaceTempView("listed")
    assert [(t.name, t.tableType, t.isTemporary) for t in spark.catalog.listTables()] == [("listed", "TEMPORARY", True)]
    assert [(c.name, c.dataType, c.nullable) for c in spark.catalog.listColumns("listed")] == [
        ("id", "bigint", False),
        ("t", "string", False),
    ]
    assert spark.catalog.currentDatabase() == "default"
    assert spark.catalog.currentCatalog() == "spark_catalog"
    assert [d.name for d in spark.catalog.listDatabases()] == ["default"]
    spark.catalog.cacheTable("listed")
    assert spark.catalog.isCached("listed")
    spark.catalog.uncacheTable("listed")
    assert not spark.catalog.isCached("listed")


def test_configuration(spark):
    assert spark.conf.get("spark.sql.shuffle.partitions") == "200"
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    assert spark.sql("SET spark.sql.shuffle.partitions").collect() == [
        Row(key="spark.sql.shuffle.partitions", value="7")
    ]
    spark.conf.unset("spark.sql.shuffle.partitions")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "200"
    assert spark.conf.get("no.such.key", "fallback") == "fallback"
    assert spark.conf.isModifiable("spark.sql.shuffle.partitions") and not spark.conf.isModifiable(
        "spark.sql.warehouse.dir"
    )
    assert "spark.app.name" in spark.conf.getAll
    with pytest.raises(SparkNoSuchElementException):
        spark.conf.get("no.such.key")


@pytest.mark.parametrize(
    "key, value, kind, condition",
    [
        ("spark.sql.warehouse.dir", "/x", AnalysisException, "CANNOT_MODIFY_STATIC_CONFIG"),
        ("spark.executor.memory", "1g", AnalysisException, "CANNOT_MODIFY_CONFIG"),
        ("spark.sql.shuffle.partitions", "many", IllegalArgumentException, "INVALID_CONF_VALUE.TYPE_MISMATCH"),
        ("spark.sql.session.timeZone", "Nope/No", IllegalArgumentException, "INVALID_CONF_VALUE.TIME_ZONE"),
        ("spark.sql.timestampType", "X", IllegalArgumentException, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS"),
    ],
)
def test_configuration_is_checked(spark, key, value, kind, condition):
    with pytest.raises(kind) as caught:
        spark.conf.set(key, value)
    assert caught.value.getCondition() == condition


def test_session_zone(spark):
    spark.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    assert spark.sql("SELECT hour(TIMESTAMP'2026-07-01 12:00:00Z') AS h").collect() == [Row(h=5)]


def test_analysis_without_running(spark, tmp_path, capsys):
    frame = spark.range(3).selectExpr("id", "CAST(id AS STRING) AS t")
    assert frame.schema.simpleString() == "struct<id:bigint,t:string>"
    frame.printSchema()
    assert capsys.readouterr().out == "root\n |-- id: long (nullable = false)\n |-- t: string (nullable = false)\n\n"
    frame.explain()
    assert capsys.readouterr().out.startswith("== Physical Plan ==")
    assert not frame.isStreaming
    assert spark.version == "4.2.0"
    assert frame.sameSemantics(spark.range(3).selectExpr("id", "CAST(id AS STRING) AS t"))
    assert not frame.sameSemantics(spark.range(4))
    assert frame.semanticHash() == spark.range(3).selectExpr("id", "CAST(id AS STRING) AS t").semanticHash()
    (tmp_path / "f.csv").write_text("1\n")
    assert [f.endswith("/f.csv") for f in spark.read.csv(str(tmp_path / "f.csv")).inputFiles()] == [True]


def test_persist(spark):
    frame = spark.range(3)
    frame.persist()
    assert str(frame.storageLevel) == "Disk Memory Deserialized 1x Replicated"
    frame.unpersist()
    assert str(frame.storageLevel) == "Serialized 1x Replicated"


def test_observed_metrics(spark):
    seen = Observation("seen")
    frame = spark.range(10).observe(seen, F.count(F.lit(1)).alias("rows"), F.max("id").alias("most"))
    assert frame.count() == 10
    assert seen.get == {"rows": 10, "most": 9}


def test_checkpoint(spark):
    frame = spark.range(10).filter("id % 2 = 0").localCheckpoint()
    assert frame.count() == 5
    assert frame.selectExpr("sum(id) AS s").collect() == [Row(s=20)]


def test_clone_session(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "9")
    spark.range(2).createOrReplaceTempView("carried")
    clone = spark.cloneSession()
    assert clone.conf.get("spark.sql.shuffle.partitions") == "9"
    assert clone.table("carried").count() == 2
    clone.conf.set("spark.sql.shuffle.partitions", "3")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "9"
    clone.client.release_session()


def test_error_tells_where(spark):
    with pytest.raises(AnalysisException) as caught:
        spark.range(1).select("nope").collect()
    error = caught.value
    assert error.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION" and error.getSqlState() == "42703"
    assert error.getMessageParameters() == {"objectName": "`nope`", "proposal": "`id`"}
    assert error.getQueryContext()[0].callSite().startswith(__file__)


@pytest.mark.parametrize(
    "refused",
    [
        lambda s: s.readStream.format("rate").load().schema,
        lambda s: s.range(1).write.saveAsTable("t"),
        lambda s: s.sql("CREATE TABLE t (a INT)"),
        lambda s: s.range(1).writeTo("t").create(),
    ],
)
def test_refused_by_name(spark, refused):
    with pytest.raises(Exception) as caught:
        refused(spark)
    assert "UNSUPPORTED" in caught.value.getCondition(), str(caught.value)


def test_explain_honours_its_mode(spark):
    titles = {
        "simple": ["Physical Plan"],
        "formatted": ["Physical Plan", "Statement"],
        "codegen": [],
        "cost": ["Optimized Logical Plan", "Physical Plan", "Statement"],
        "extended": [
            "Parsed Logical Plan",
            "Analyzed Logical Plan",
            "Optimized Logical Plan",
            "Physical Plan",
            "Statement",
        ],
    }
    for mode, expected in titles.items():
        text = spark.range(3)._explain_string(mode=mode)
        assert re.findall(r"^== (.*) ==$", text, re.M) == expected, mode
    assert "== Analyzed Logical Plan ==" in spark.sql("EXPLAIN EXTENDED SELECT 1").collect()[0][0]


def test_a_client_may_ask_for_small_batches(spark):
    client, sizes = spark._client, []
    client._preferred_arrow_chunk_size = 4000
    try:
        request = client._execute_plan_request_with_metadata()
        request.plan.CopyFrom(spark.range(20000)._plan.to_proto(client))
        for response in client._stub.ExecutePlan(request):
            if response.HasField("arrow_batch"):
                sizes.append(len(response.arrow_batch.data))
        assert max(sizes) <= 4000 and len(sizes) > 20
        assert spark.range(20000).toPandas().id.sum() == sum(range(20000))
    finally:
        client._preferred_arrow_chunk_size = None


@pytest.mark.parametrize(
    "query, fragment, start",
    [
        ("SELECT id, 1/id FROM range(2)", "1/id", 11),
        ("SELECT\n cast('a' AS int) FROM range(1)", "cast('a' AS int)", 8),
        ("SELECT 2147483647 + n FROM (SELECT cast(id AS int) n FROM range(2))", "2147483647 + n", 7),
        ("SELECT array(1, 2)[id + 5] FROM range(1)", "array(1, 2)[id + 5]", 7),
    ],
)
def test_a_failure_says_where_in_the_text(spark, query, fragment, start):
    with pytest.raises(PySparkException) as failure:
        spark.sql(query).collect()
    (context,) = failure.value.getQueryContext()
    assert (context.fragment(), context.startIndex(), context.stopIndex()) == (
        fragment,
        start,
        start + len(fragment) - 1,
    )
    assert context.summary().startswith("== SQL (line ") and fragment in str(failure.value)


def test_a_failure_says_which_call(spark):
    with pytest.raises(PySparkException) as failure:
        spark.range(2).select(F.lit(1) / F.col("id")).collect()
    (context,) = failure.value.getQueryContext()
    assert context.fragment() == "__truediv__" and "test_connect_queries.py:" in context.callSite()


def test_a_failure_of_two_candidates_names_none(spark):
    with pytest.raises(PySparkException) as failure:
        spark.sql("SELECT 1/id, 2/(id - 1) FROM range(1)").collect()
    assert failure.value.getCondition() == "DIVIDE_BY_ZERO" and not failure.value.getQueryContext()


def test_registering_a_function_succeeds_and_calling_it_is_refused(spark):
    """Libraries register functions when they connect and may never call one."""
    spark.udf.register("twice", lambda x: 2 * x, "long")
    spark.udf.registerJavaFunction("java_twice", "com.example.Twice", "long")
    assert spark.range(1).count() == 1
    for call in (lambda: spark.sql("SELECT twice(1)"), lambda: spark.range(1).select(F.call_function("TWICE", "id"))):
        with pytest.raises(AnalysisException, match="registered Python function `(?i:twice)`.*toPandas") as refusal:
            call().collect()
        assert refusal.value.getCondition() == "UNSUPPORTED_FEATURE"
    with pytest.raises(AnalysisException, match="registered Java function `java_twice`"):
        spark.sql("SELECT java_twice(1)").collect()
    with pytest.raises(AnalysisException) as unknown:
        spark.sql("SELECT thrice(1)").collect()
    assert unknown.value.getCondition() == "UNRESOLVED_ROUTINE"


@pytest.mark.parametrize(
    "words, work",
    [
        ("the Python function `dbl`", lambda df, dbl: df.select(F.udf(dbl, "long")("id")).collect()),
        ("DataFrame.mapInPandas()", lambda df, dbl: df.mapInPandas(dbl, "id long").collect()),
        ("groupBy().applyInPandas()", lambda df, dbl: df.groupBy("id").applyInPandas(dbl, "id long").collect()),
        ("DataFrame.foreach()", lambda df, dbl: df.foreach(print)),
        ("DataFrame.foreachPartition()", lambda df, dbl: df.foreachPartition(print)),
        ("spark.catalog.listFunctions", lambda df, dbl: df.sparkSession.catalog.listFunctions()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_uses_the_callers_words(spark, words, work):
    def dbl(x):
        return x

    with pytest.raises(AnalysisException) as refusal:
        work(spark.range(1), dbl)
    assert refusal.value.getCondition() == "UNSUPPORTED_FEATURE"
    assert f"not supported by this pool: {words}" in str(refusal.value)
    assert "Attach an Apache Spark pool" not in str(refusal.value)  # there is none to be had


@pytest.mark.parametrize(
    "key", ["spark.storage.synapse.linkedServiceName", "spark.storage.synapse.ls.sas", "spark.executor.mine"]
)
def test_keys_of_nobody_are_free(spark, key):
    spark.conf.set(key, "x")
    assert spark.conf.get(key) == "x"


@pytest.mark.parametrize(
    "name",
    [
        "com.databricks.spark.csv",
        "org.apache.spark.sql.json",
        "org.apache.spark.sql.parquet.DefaultSource",
        "org.apache.spark.sql.execution.datasources.text.TextFileFormat",
    ],
)
def test_old_names_of_formats(spark, tmp_path, name):
    spark.range(3).selectExpr("cast(id as string) v").write.format(name).save(str(tmp_path / "t"))
    assert spark.read.format(name).load(str(tmp_path / "t")).count() == 3
    with pytest.raises(PySparkException, match="DATA_SOURCE_NOT_FOUND"):
        spark.read.format(name.upper()).load(str(tmp_path / "t")).count()  # they are classes: their case counts


def test_a_sequence_of_dates_too_far_for_microseconds_fails(spark):
    with pytest.raises(ArithmeticException, match="long overflow"):
        spark.sql(
            "SELECT sequence(date_add(date'1970-01-01', 200000000), date_add(date'1970-01-01', 200000100), interval 1 month)"
        ).collect()


def test_the_catalogues_own_names_are_nobodys(spark):
    """What the analyzer makes of an operator has a name with a dollar sign; a client that writes it is told what it would be in Spark."""
    for name in ("$show", "$likeany", "$hll_key", "$plus_days", "$from_json_map"):
        for query in (
            lambda: spark.range(1).select(F.call_function(f"`{name}`", "id", "id")),
            lambda: spark.range(1).select(_invoke_function(name, F.col("id"))),
            lambda: spark.sql(f"SELECT `{name}`(id, id) FROM range(1)"),
        ):
            with pytest.raises(AnalysisException) as refused:
                query().collect()
            assert refused.value.getCondition() == "UNRESOLVED_ROUTINE", name
    assert spark.sql("SELECT 'ab' LIKE ANY ('a%', 'b'), date'2020-01-31' + interval 1 month").first() == (
        True,
        datetime.date(2020, 2, 29),
    )


def test_concat_ws_nests(spark):
    deep = "'a'"
    for _ in range(100):
        deep = f"concat_ws('-', {deep}, 'a')"
    assert spark.sql(f"SELECT {deep}").first()[0] == "-".join("a" * 101)


NULLS_OF_EVERY_KIND = """
    SELECT IF(id % 3 = 0, NULL, CAST(id AS INT)) AS i, IF(id % 3 = 1, NULL, id * 1000003) AS l, IF(id % 3 = 2, NULL, id / 7D) AS d, nullif(id, 5) AS n,
           IF(id % 3 = 0, NULL, CAST(id AS DECIMAL(9, 2))) AS small, IF(id % 3 = 0, NULL, CAST(id AS DECIMAL(38, 2))) AS big,
           IF(id % 3 = 1, NULL, concat('a longer text ', id)) AS s, IF(id % 5 = 0, NULL, id % 2 = 0) AS b,
           IF(id % 3 = 0, NULL, named_struct('x', id, 's', concat('text ', id), 'y', IF(id % 2 = 0, NULL, id / 3D), 'in', named_struct('z', id))) AS r,
           IF(id % 3 = 0, NULL, array(id, IF(id % 2 = 0, NULL, id), id + 2)) AS a, IF(id % 4 = 0, NULL, map(id, IF(id % 3 = 0, NULL, id))) AS m,
           IF(id % 3 = 0, NULL, array(named_struct('q', id), IF(id % 2 = 0, NULL, named_struct('q', id)))) AS ar,
           IF(id % 3 = 0, NULL, make_dt_interval(CAST(id AS INT))) AS dt, IF(id % 3 = 0, NULL, timestamp_seconds(id)) AS t, o.v, o.w
    FROM range(3000) LEFT JOIN (SELECT id AS k, id * 77 AS v, concat('joined to it ', id) AS w FROM range(0, 3000, 4)) o ON id = k ORDER BY id"""


def arrow_bytes(client, frame):
    request = client._execute_plan_request_with_metadata()
    request.plan.CopyFrom(frame._plan.to_proto(client))
    return [
        response.arrow_batch.data for response in client._stub.ExecutePlan(request) if response.HasField("arrow_batch")
    ]


def cells_under_nulls(array, parent):
    """The bytes of fixed-width values that are null, themselves or by the struct around them."""
    there = array.is_valid().to_numpy(zero_copy_only=False) & parent
    if pyarrow.types.is_struct(array.type):
        for i in range(array.type.num_fields):
            yield from cells_under_nulls(array.field(i), there)
    elif pyarrow.types.is_map(array.type):
        yield from cells_under_nulls(array.items, numpy.ones(len(array.items), bool))
    elif pyarrow.types.is_list(array.type):
        yield from cells_under_nulls(array.values, numpy.ones(len(array.values), bool))
    elif pyarrow.types.is_string(array.type):
        lengths = numpy.diff(numpy.frombuffer(array.buffers()[1], numpy.int32))[: len(array)]
        yield lengths[~there].tobytes()
    elif not pyarrow.types.is_boolean(array.type):
        width = array.type.bit_width // 8
        cells = numpy.frombuffer(array.buffers()[1], numpy.uint8)[: len(array) * width].reshape(-1, width)
        yield cells[~there].tobytes()


def test_nothing_stands_under_nulls(spark):
    """A NULL's place in a batch is zeros: what was in that memory before may be another query's."""
    frame = spark.sql(NULLS_OF_EVERY_KIND)
    first = arrow_bytes(spark.client, frame)
    spark.range(100000).selectExpr("sum(id * 17)", "max(concat('else', id))", "collect_list(id)").collect()
    assert arrow_bytes(spark.client, frame) == first
    seen = 0
    for stream in first:
        for batch in pyarrow.ipc.open_stream(stream):
            for name, column in zip(batch.schema.names, batch.columns):
                for cells in cells_under_nulls(column, numpy.ones(len(column), bool)):
                    assert not any(cells), name
                    seen += len(cells)
    assert seen > 30000
