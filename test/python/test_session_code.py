"""Code that was written for a driver, in an interpreter that talks to a session host: what sparkmagic sends, RDDs, errors,
cancelling."""

import json
import time
import uuid

import pytest
from support.interpreter import ForkServer


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    with ForkServer(tmp_path_factory.mktemp("forks")) as server:
        yield server


@pytest.fixture(scope="module")
def child(forks, serve):
    made = forks.spawn(
        connect=f"{serve.endpoint['connect']};session_id={uuid.uuid4()}", conf={"spark.sql.session.timeZone": "UTC"}
    )
    yield made
    made.stop()


def test_the_first_statement(child):
    assert child.text("spark.range(1).count()") == "1\n"
    assert child.text("spark.conf.get('spark.sql.session.timeZone')") == "'UTC'\n"


def test_one_session_for_every_name(child):
    assert child.text("from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate() is spark") == "True\n"
    assert (
        child.text("spark.sparkContext is sc, sqlContext.sparkSession is spark, sc.version == spark.version")
        == "(True, True, True)\n"
    )


def test_show_and_repr(child):
    text = child.text("df = spark.createDataFrame([(1, 'a'), (2, None)], ['n', 's'])\ndf.show()\ndf")
    assert (
        text
        == "+---+----+\n|  n|   s|\n+---+----+\n|  1|   a|\n|  2|NULL|\n+---+----+\n\nDataFrame[n: bigint, s: string]\n"
    )


def test_eager_html_where_it_is_on(child):
    assert "text/html" not in child.data("df")
    child.run("spark.conf.set('spark.sql.repl.eagerEval.enabled', 'true')")
    assert "<table" in child.data("df")["text/html"]
    child.run("spark.conf.unset('spark.sql.repl.eagerEval.enabled')")
    assert "<td>a</td>" in child.data("display(df)")["text/html"]


def test_display_says_when_there_are_more_rows(child):
    data = child.data("display(spark.range(100000))")
    assert (
        "20 of the first 1,000 rows; the table has more" in data["text/html"]
        and "20 of the first 1,000 rows" in data["text/plain"]
    )
    assert (
        "<td>19</td>" in data["text/html"]
        and "<td>999</td>" not in data["text/html"]
        and "rows ×" not in data["text/html"]
    )
    whole = child.data("display(spark.range(1000))")
    assert "the table has more" not in whole["text/html"] and "1000 rows × 1 columns" in whole["text/html"]


def test_spark_ml_is_refused_by_name(child):
    child.run(
        "from pyspark.ml.feature import VectorAssembler\nassembler = VectorAssembler(inputCols=['id'], outputCol='f')"
    )
    name, value, _ = child.error("assembler.transform(spark.range(2)).collect()")
    assert name == "AnalysisException" and value.startswith("[UNSUPPORTED_FEATURE]") and "Spark ML" in value


def test_hadoop_configuration_is_spark_hadoop(child):
    key = "fs.azure.account.key.x.blob.core.windows.net"
    child.run(f"key = '{key}'\nh = sc._jsc.hadoopConfiguration()\nh.set(key, 'a2V5')")
    assert (
        child.text("h.get(key), h.get('no'), h.get('no', 'd'), spark.conf.get('spark.hadoop.' + key)")
        == "('a2V5', None, 'd', 'a2V5')\n"
    )
    assert child.text("h.unset(key); h.get(key) is None") == "True\n"


DUMP = "import sys\nfor LINE in {}: print(LINE)"
SPARKMAGIC = {
    "-o df": "df.toJSON(use_unicode=(sys.version_info.major > 2)).take(2500)",
    "-o df -m sample": "df.toJSON(use_unicode=(sys.version_info.major > 2)).sample(False, 1.0).collect()",
    "%%sql": 'spark.sql(u"""SELECT * FROM view_of_df """).toJSON(use_unicode=(sys.version_info.major > 2)).take(2500)',
}


@pytest.mark.parametrize("name", SPARKMAGIC)
def test_what_sparkmagic_sends(child, name):
    child.run("df.createOrReplaceTempView('view_of_df')")
    rows = [json.loads(line) for line in child.text(DUMP.format(SPARKMAGIC[name])).splitlines()]
    assert sorted(rows, key=lambda row: row["n"]) == [{"n": 1, "s": "a"}, {"n": 2}]


def test_what_sparkmagic_sends_to_spark(child):
    code = """json_array = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
rdd_json_array = spark.sparkContext.parallelize(json_array)
back = spark.read.json(rdd_json_array)
back.dtypes, [tuple(r) for r in back.orderBy('a').collect()]"""
    assert child.text(code) == "([('a', 'bigint'), ('b', 'string')], [(1, 'x'), (2, None)])\n"


@pytest.mark.parametrize(
    "code, value",
    [
        ("df.rdd.map(lambda r: r.n).sum()", "3"),
        ("df.rdd.getNumPartitions()", "1"),
        ("sorted(df.rdd.map(lambda r: r.n + 1).collect())", "[2, 3]"),
        ("sc.parallelize([(1, 'x')]).toDF(['a', 'b']).collect()", "[Row(a=1, b='x')]"),
        ("spark.createDataFrame(sc.parallelize([(5,)]), ['a']).first().a", "5"),
        ("sqlContext.sql('select 1 as a').collect()", "[Row(a=1)]"),
        ("sc.getConf().get('spark.sql.session.timeZone')", "'UTC'"),
        ("from pyspark import SparkContext; SparkContext.getOrCreate() is sc", "True"),
        (
            "from pyspark.sql import SparkSession; SparkSession.builder.master('local[*]').appName('x').getOrCreate().range(2).count()",
            "2",
        ),
        ("SparkSession.builder.config('spark.master', 'local').getOrCreate() is spark", "True"),
        (
            "SparkSession.builder.master('yarn').config('spark.app.mine', 'y').getOrCreate() is spark, spark.conf.get('spark.app.mine')",
            "(True, 'y')",
        ),
    ],
)
def test_driver_idioms(child, code, value):
    assert child.text(code) == value + "\n"


@pytest.mark.parametrize(
    "made", ["SparkContext('local', 'x')", "SparkContext(conf=SparkConf().setAppName('x'))", "SparkContext()"]
)
def test_a_second_context_is_refused_as_a_driver_refuses_it(child, made):
    name, value, _ = child.error(f"from pyspark import SparkConf, SparkContext\nsc = {made}")
    assert name == "ValueError" and value.startswith(
        "Cannot run multiple SparkContexts at once; existing SparkContext(app="
    )
    assert child.text("sc is spark.sparkContext, sc.parallelize([1, 2]).sum()") == "(True, 3)\n"


def test_sql_statements(child):
    data = child.data("select 1 as a, 'x' as b, cast(null as double) as c", kind="sql")
    assert data["application/json"]["data"] == [[1, "x", None]]
    assert [field["name"] for field in data["application/json"]["schema"]["fields"]] == ["a", "b", "c"]
    assert data["text/plain"].startswith("+---+---+----+\n|  a|  b|   c|\n")


def test_sparks_errors_say_what_happened_first(child):
    name, value, trace = child.error("def f():\n    return df.select('nope').collect()\nf()")
    assert name == "AnalysisException" and value.startswith("[UNRESOLVED_COLUMN.WITH_SUGGESTION]") and "`n`" in value
    assert "JVM" not in value + trace and "pyspark" not in trace and "    return df.select('nope').collect()\n" in trace
    assert trace.rstrip("\n").split("\n")[-1].startswith("AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION]")
    assert child.text("1") == "1\n"  # and nothing was logged beside it


def test_a_stopped_spark_can_be_had_again(child):
    child.run("from pyspark.sql import SparkSession\nspark.range(1).createOrReplaceTempView('kept')\nspark.stop()")
    assert child.error("spark.range(1).count()")[0] == "SparkConnectException"
    assert child.text("spark = SparkSession.builder.appName('x').getOrCreate()\nspark.table('kept').count()") == "1\n"
    assert child.text("spark.sparkContext.applicationId == sc.applicationId") == "True\n"


def test_cancel_stops_the_query(child):
    number = child.begin("spark.range(10**13).selectExpr('sum(id % 7)').collect()")
    time.sleep(0.7)
    began = time.monotonic()
    child.wire.send(op="cancel", id=number)
    result, _ = child.result(number)
    assert result["cancelled"] and time.monotonic() - began < 5
    assert child.text("spark.range(3).count()") == "3\n"
