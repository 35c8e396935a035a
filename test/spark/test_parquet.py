"""Parquet that others wrote, given schemas, merged schemas, partition folders and folders of table formats: ours beside real Spark."""

import datetime
import decimal
import os

import pyarrow
import pytest
from pyarrow import parquet
from pyspark.errors import PySparkException

from test_formats import ZONE, both, outcome, put, zone  # noqa: F401  (zone is a fixture)

MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901)
MILLIS = MOMENT.replace(microsecond=678000)


def some(value, kind):
    return pyarrow.array([value, None], kind)


COLUMNS = {
    "bool": some(True, pyarrow.bool_()),
    "i8": some(-1, pyarrow.int8()),
    "i16": some(300, pyarrow.int16()),
    "i32": some(70000, pyarrow.int32()),
    "i64": some(1 << 40, pyarrow.int64()),
    "u8": some(200, pyarrow.uint8()),
    "u16": some(65535, pyarrow.uint16()),
    "u32": some(4000000000, pyarrow.uint32()),
    "u64": some((1 << 64) - 1, pyarrow.uint64()),
    "f32": some(1.5, pyarrow.float32()),
    "f64": some(1.5, pyarrow.float64()),
    "f16": some(1.5, pyarrow.float16()),
    "str": some("a", pyarrow.string()),
    "bin": some(b"a", pyarrow.binary()),
    "fix": some(b"ab", pyarrow.binary(2)),
    "uuid": some(b"0123456789abcdef", pyarrow.uuid()),
    "date": some(datetime.date(2020, 1, 2), pyarrow.date32()),
    "utc_us": some(MOMENT, pyarrow.timestamp("us", "UTC")),
    "utc_ms": some(MILLIS, pyarrow.timestamp("ms", "UTC")),
    "us": some(MOMENT, pyarrow.timestamp("us")),
    "ms": some(MILLIS, pyarrow.timestamp("ms")),
    "utc_ns": some(MOMENT, pyarrow.timestamp("ns", "UTC")),
    "ns": some(MOMENT, pyarrow.timestamp("ns")),
    "time_us": some(datetime.time(1, 2, 3), pyarrow.time64("us")),
    "time_ms": some(datetime.time(1, 2, 3), pyarrow.time32("ms")),
    "time_ns": some(datetime.time(1, 2, 3), pyarrow.time64("ns")),
    "d5_2": some(decimal.Decimal("-0.05"), pyarrow.decimal128(5, 2)),
    "d30_5": some(decimal.Decimal("1.25000"), pyarrow.decimal128(30, 5)),
    "list": some([1], pyarrow.list_(pyarrow.int32())),
    "map": some([("k", 1)], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
    "st": some({"x": 1, "y": "q"}, pyarrow.struct([("x", pyarrow.int32()), ("y", pyarrow.string())])),
    "null": pyarrow.nulls(2),
}
TYPES = [
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
    "decimal(10,2)",
    "decimal(10,0)",
    "decimal(20,0)",
    "decimal(38,10)",
    "array<bigint>",
    "map<string,int>",
    "struct<X:bigint,z:string>",
    "boolean",
    "char(3)",
]
# the raw bytes of what the engine decodes, and numbers that its reader cuts: refused by name
REFUSED = {("d5_2", "binary"), ("d30_5", "binary"), ("f16", "binary"), ("utc_ns", "bigint"), ("time_ns", "bigint")}
# Spark fails there too, in words of its Parquet library
FAILS = {("u32", "tinyint"), ("u32", "smallint"), ("u32", "int"), ("u32", "date"), ("u64", "bigint")}


def write(path, columns, names=None, **options):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    table = pyarrow.table(columns) if names is None else pyarrow.Table.from_arrays(columns, names=names)
    parquet.write_table(table, path, store_schema=False, **options)
    return str(path)


@pytest.mark.parametrize("name", COLUMNS)
def test_types_and_given_schemas(ours, oracle, tmp_path, name):
    """Every physical and logical type, as it is inferred and as each of some types that a schema asks for."""
    path = write(f"{tmp_path}/{name}.parquet", {"c": COLUMNS[name]})
    both(ours, oracle, lambda spark: spark.read.parquet(path))
    at = list(COLUMNS).index(name)
    for kind in TYPES[at % 6 :: 6]:  # a part of the table, another for every column: all of it takes Spark minutes
        if (name, kind) == ("time_ms", "date"):
            continue  # a year that Python has not
        if (name, kind) in REFUSED:
            assert outcome(lambda kind=kind: ours.read.schema(f"c {kind}").parquet(path)) == "UNSUPPORTED_FEATURE"
        elif (name, kind) in FAILS:
            assert outcome(lambda kind=kind: ours.read.schema(f"c {kind}").parquet(path)) == "FAILED_READ_FILE.NO_HINT"
        else:
            both(ours, oracle, lambda spark, kind=kind: spark.read.schema(f"c {kind}").parquet(path))


def test_int96_is_an_instant(ours, oracle, tmp_path):
    """pandas, Hive, Impala and Data Factory write it without Spark's footer."""
    times = [
        datetime.datetime(1, 1, 1),
        datetime.datetime(1600, 2, 29),
        MOMENT,
        datetime.datetime(9999, 12, 31, 23, 59, 59),
        None,
    ]
    column = pyarrow.array(times, pyarrow.timestamp("us"))
    path = write(
        f"{tmp_path}/x.parquet",
        {"t": column, "l": pyarrow.array([[time] for time in times], pyarrow.list_(pyarrow.timestamp("us")))},
        use_deprecated_int96_timestamps=True,
    )
    for name in ("America/Los_Angeles", "UTC"):
        for spark in (ours, oracle):
            spark.conf.set("spark.sql.session.timeZone", name)
        both(
            ours,
            oracle,
            lambda spark: spark.read.parquet(path).selectExpr(
                "cast(t as string)", "cast(l as string)", "typeof(t)", "typeof(l)"
            ),
        )
        both(
            ours,
            oracle,
            lambda spark: spark.read.schema("t timestamp_ntz").parquet(path).selectExpr("cast(t as string)"),
        )


@pytest.mark.parametrize(
    "key,value,column",
    [
        ("spark.sql.legacy.parquet.nanosAsLong", "true", "ns"),
        ("spark.sql.parquet.inferTimestampNTZ.enabled", "false", "us"),
        ("spark.sql.parquet.binaryAsString", "true", "bin"),
        ("spark.sql.timestampType", "TIMESTAMP_NTZ", "utc_us"),
    ],
)
def test_settings_of_inference(ours, oracle, tmp_path, key, value, column):
    path = write(f"{tmp_path}/x.parquet", {"c": COLUMNS[column]})
    before = [spark.conf.get(key) for spark in (ours, oracle)]
    try:
        for spark in (ours, oracle):
            spark.conf.set(key, value)
        both(ours, oracle, lambda spark: spark.read.parquet(path))
    finally:
        for spark, old in zip((ours, oracle), before):
            spark.conf.set(key, old)


def numbers(*values):
    return pyarrow.array(values, pyarrow.int32())


# folders of two files: (columns of a, columns of b, given schemas)
PAIRS = {
    "order": ({"b": numbers(1)}, {"a": numbers(*range(1000)), "b": numbers(*range(1000))}, ["a int", "zz string"]),
    "widened": ({"a": numbers(1)}, {"a": pyarrow.array([2], pyarrow.int64())}, ["a int", "a bigint", "a string"]),
    "changed": ({"a": pyarrow.array(["x"])}, {"a": numbers(2), "z": numbers(1)}, ["a string", "z int"]),
    "decimals": (
        {"a": pyarrow.array([decimal.Decimal("1.2")], pyarrow.decimal128(5, 1))},
        {"a": pyarrow.array([decimal.Decimal("1.2")], pyarrow.decimal128(10, 1))},
        [],
    ),
    "scales": (
        {"a": pyarrow.array([decimal.Decimal("1.2")], pyarrow.decimal128(5, 1))},
        {"a": pyarrow.array([decimal.Decimal("1.2")], pyarrow.decimal128(10, 2))},
        [],
    ),
    "nulls": ({"a": pyarrow.nulls(1)}, {"a": pyarrow.array(["x"])}, ["a string"]),
    "fields": (
        {"s": pyarrow.array([{"x": 1}])},
        {"s": pyarrow.array([{"y": "q", "x": 5}])},
        ["s struct<zz:int>", "s struct<y:string,x:bigint>"],
    ),
    "field case": ({"s": pyarrow.array([{"x": 1}])}, {"s": pyarrow.array([{"y": "q", "X": 5}])}, []),
    "empty": ({"a": numbers()}, {"a": pyarrow.array(["x"])}, ["a string"]),
    "case": ({"Id": numbers(1)}, {"ID": numbers(2)}, ["iD int"]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_files_that_differ(ours, oracle, tmp_path, name):
    first, second, schemas = PAIRS[name]
    folder = f"{tmp_path}/{name}"
    write(f"{folder}/a.parquet", first)
    write(f"{folder}/b.parquet", second)

    def read(spark, **options):
        frame = spark.read.options(**options).parquet(folder)
        return frame.selectExpr("*", "to_json(struct(*)) text").orderBy("text")

    both(ours, oracle, read)
    both(ours, oracle, lambda spark: read(spark, mergeSchema="true"))
    both(ours, oracle, lambda spark: spark.read.schema("nothing int").parquet(folder).groupBy().count())
    for schema in schemas:
        both(
            ours,
            oracle,
            lambda spark, schema=schema: (
                spark.read.schema(schema)
                .parquet(folder)
                .selectExpr(f"cast({schema.split()[0]} as string) x")
                .orderBy("x")
            ),
        )


@pytest.mark.parametrize("sensitive", ["false", "true"])
def test_names_that_differ_by_case(ours, oracle, tmp_path, sensitive):
    write(f"{tmp_path}/two/a.parquet", [numbers(1), numbers(2), numbers(3)], ["x", "Id", "ID"])
    write(f"{tmp_path}/same/a.parquet", [numbers(1), numbers(2)], ["id", "id"])
    write(f"{tmp_path}/nested/a.parquet", {"s": pyarrow.array([{"Id": 1, "ID": 2}])})
    write(f"{tmp_path}/folder/p=1/a.parquet", {"a": numbers(1), "P": numbers(7)})
    try:
        for spark in (ours, oracle):
            spark.conf.set("spark.sql.caseSensitive", sensitive)
        for name, schemas in {
            "two": ["x int", "id int", "ID int"],
            "same": ["id int"],
            "nested": ["s struct<id:int>", "s struct<ID:bigint>"],
            "folder": [],
        }.items():
            both(ours, oracle, lambda spark, name=name: spark.read.parquet(f"{tmp_path}/{name}"))
            for schema in schemas:
                both(
                    ours,
                    oracle,
                    lambda spark, name=name, schema=schema: spark.read.schema(schema).parquet(f"{tmp_path}/{name}"),
                )
    finally:
        for spark in (ours, oracle):
            spark.conf.set("spark.sql.caseSensitive", "false")


def test_summary_files_give_the_schema(ours, oracle, tmp_path):
    write(f"{tmp_path}/t/a.parquet", {"a": numbers(1)})
    parquet.write_metadata(
        pyarrow.schema([("z", pyarrow.int32()), ("a", pyarrow.int32())]), f"{tmp_path}/t/_common_metadata"
    )
    both(ours, oracle, lambda spark: spark.read.parquet(f"{tmp_path}/t"))
    both(ours, oracle, lambda spark: spark.read.option("mergeSchema", "true").parquet(f"{tmp_path}/t"))


def test_a_name_with_characters_of_patterns(ours, tmp_path):
    write(f"{tmp_path}/t/a[1]?.parquet", {"a": numbers(1)})
    assert ours.read.parquet(f"{tmp_path}/t").collect() == [(1,)]


# ---- partition folders ----

NULL = "__HIVE_DEFAULT_PARTITION__"
VALUES = [
    ("01", "2"),
    ("+1", "-0"),
    ("1.0", "2"),
    ("3000000000", "1"),
    ("3000000000", "1.5"),
    ("12345678901234567890", "1"),
    ("12345678901234567890", "1.5"),
    ("1e5", "1"),
    ("1e40", "1"),
    ("1.", "1"),
    ("1d", "2"),
    ("NaN", "1"),
    ("-Infinity", "1"),
    ("%201", "1"),
    ("1%20", "1"),
    ("1_000", "1"),
    ("null", "1"),
    ("2020-1-1", "2020-01-02"),
    ("2020-01", "2020-02"),
    ("2020-02-30", "2020-01-01"),
    ("2020-01-01T00%3A00%3A00", "2020-01-02T00%3A00%3A00"),
    ("2020-01-01%2000%3A00%3A00", "2020-01-02"),
    ("2020-01-01 00%3A00%3A00.5", "2020-01-01 00%3A00%3A00"),
    ("2020-01-01 00%3A00%3A00.123", "2020-01-01 00%3A00%3A00"),
    ("2020-01-01 00%3A00%3A00Z", NULL),
    ("2020-01-01 24%3A00%3A00", NULL),
    ("2020-03-08 02%3A30%3A00", NULL),
    ("2020-01-01", "1"),
    ("2020-01-01", "x"),
    (NULL, NULL),
    (NULL, "x"),
    ("10%25", "a%2Fb"),
    ("%", "%zz"),
    ("é", "%C3%A9"),
    ("9223372036854775807", "9223372036854775808"),
    ("00%3A00%3A00", "01%3A00%3A00.5"),
    ("00%3A00%3A00", "x"),
    ("24%3A00%3A00", "1"),
]


@pytest.mark.parametrize("values", VALUES)
def test_partition_values(ours, oracle, tmp_path, values):
    for at, value in enumerate(values):
        put(tmp_path, f"t/p={value}/{at}.csv", f"{at}\n")
    both(ours, oracle, lambda spark: spark.read.schema("v int").csv(f"{tmp_path}/t").orderBy("v"))


def test_partition_values_of_timestamps_ntz_and_texts(ours, oracle, tmp_path):
    for at, value in enumerate(("2020-01-01 00%3A00%3A00", "2020-01-02 00%3A00%3A00")):
        put(tmp_path, f"t/p={value}/{at}.csv", f"{at}\n")
    for key, value, old in (
        ("spark.sql.timestampType", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ"),
        ("spark.sql.sources.partitionColumnTypeInference.enabled", "false", "true"),
    ):
        try:
            for spark in (ours, oracle):
                spark.conf.set(key, value)
            both(ours, oracle, lambda spark: spark.read.schema("v int").csv(f"{tmp_path}/t").orderBy("v"))
        finally:
            for spark in (ours, oracle):
                spark.conf.set(key, old)


TREES = {
    "other names": ["a=1/x.csv", "b=2/x.csv"],
    "deeper": ["a=1/x.csv", "a=1/b=2/x.csv"],
    "a file above": ["x.csv", "a=1/x.csv"],
    "no value": ["a=/x.csv"],
    "no name": ["=1/x.csv"],
    "twice": ["a=1/a=2/x.csv"],
    "folder below": ["a=1/sub/x.csv"],
    "folder between": ["sub/a=1/x.csv", "sub2/a=2/x.csv"],
    "name": ["a%20b=1/x.csv"],
    "underscore": ["_a=1/x.csv"],
    "temporary": ["a=1/x.csv", "_temporary/0/a=2/y.csv"],
    "copying": ["x.csv._COPYING_", "y.csv"],
    "a dead writer's": ["a=1/x.csv", "a=1/.headrace-1.part", "_temporary-t-1/a=2/y.csv", ".hidden/a=3/y.csv"],
}


@pytest.mark.parametrize("name", TREES)
def test_partition_folders(ours, oracle, tmp_path, name):
    for at, path in enumerate(TREES[name]):
        put(tmp_path, f"t/{path}", f"{at}\n")
    both(ours, oracle, lambda spark: spark.read.schema("v int").csv(f"{tmp_path}/t").orderBy("v"))


@pytest.mark.parametrize(
    "values,kinds",
    [
        (("1", "x"), ["int", "date", "string", "boolean", "binary", "array<int>", "decimal(5,2)"]),
        (("1.50", "2"), ["int", "float", "decimal(5,1)", "timestamp", "boolean"]),
        (("300", "2"), ["tinyint", "bigint"]),
        (("true", NULL), ["boolean", "string"]),
    ],
)
def test_partition_columns_of_a_given_type(ours, oracle, tmp_path, values, kinds):
    for at, value in enumerate(values):
        put(tmp_path, f"t/p={value}/{at}.csv", f"{at}\n")
    for kind in kinds:
        both(
            ours,
            oracle,
            lambda spark, kind=kind: spark.read.schema(f"v int, P {kind}").csv(f"{tmp_path}/t").orderBy("v"),
        )


def test_more_partition_columns_than_anybody_needs(ours, oracle, tmp_path):
    put(tmp_path, "t/" + "/".join(f"p{at}={at}" for at in range(40)) + "/x.csv", "1\n")
    both(ours, oracle, lambda spark: spark.read.schema("v int").csv(f"{tmp_path}/t"))


# ---- folders of table formats ----

TABLES = {
    "Delta Lake": ("_delta_log/00000000000000000000.json", "p=1/a.parquet"),
    "Apache Hudi": (".hoodie/hoodie.properties", "p=1/a.parquet"),
    "Apache Iceberg": ("metadata/v1.metadata.json", "data/p=1/a.parquet"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_formats_are_refused(ours, tmp_path, name):
    """Their folders hold rows that were removed: neither read nor written as files."""
    log, data = TABLES[name]
    root = tmp_path / "t"
    put(root, log, "{}")
    write(f"{root}/{data}", {"a": numbers(1)})
    folder = os.path.dirname(f"{root}/{data}")
    for read in (
        lambda: ours.read.parquet(str(root)),
        lambda: ours.read.parquet(folder),
        lambda: ours.read.parquet(f"{root}/{data}"),
        lambda: ours.read.csv(str(root)),
        lambda: ours.read.json(str(root)),
        lambda: ours.read.text(str(root)),
        lambda: ours.read.parquet(f"{folder}/*.parquet"),
    ):
        with pytest.raises(Exception, match=rf"UNSUPPORTED_FEATURE.READ_FILES_OF_TABLE\].*{name}.*formatCheck.enabled"):
            read().collect()
    before = sorted(path for path in root.rglob("*"))
    for mode in ("append", "overwrite"):
        for kind in ("parquet", "csv"):
            for target in (str(root), folder):
                with pytest.raises(Exception, match=rf"UNSUPPORTED_FEATURE.WRITE_FILES_INTO_TABLE\].*{name}"):
                    ours.range(1).write.mode(mode).format(kind).save(target)
    with pytest.raises(Exception, match="WRITE_FILES_INTO_TABLE"):
        ours.range(1).write.parquet(os.path.dirname(folder) + "/p=2")
    assert sorted(path for path in root.rglob("*")) == before
    ours.conf.set("spark.databricks.delta.formatCheck.enabled", "false")
    try:
        assert ours.read.parquet(folder).collect() == [(1,)]
    finally:
        ours.conf.unset("spark.databricks.delta.formatCheck.enabled")


@pytest.mark.parametrize("name", TABLES)
def test_tables_below_the_folder_that_is_read(ours, tmp_path, name):
    """Refused when a file of theirs would be read: by recursiveFileLookup, or below partition folders."""
    log, data = TABLES[name]
    for place, rows in (("plain/deep/t", data.replace("p=1/a.parquet", "a.csv")), ("parts/q=1/r=2", "a.csv")):
        put(tmp_path, f"{place}/{log}", "{}")
        put(tmp_path, f"{place}/{rows}", "1\n")
    put(tmp_path, "plain/x.txt", "7\n")

    def recursive():
        return ours.read.schema("v int").option("recursiveFileLookup", True)

    for read in (
        lambda: recursive().csv(f"{tmp_path}/plain"),
        lambda: ours.read.schema("v int").csv(f"{tmp_path}/parts"),
        lambda: recursive().csv(f"{tmp_path}/pl*n"),
    ):
        with pytest.raises(
            Exception, match=rf"UNSUPPORTED_FEATURE.READ_FILES_OF_TABLE\].*{name} table \S*/(deep/t|r=2)\. "
        ):
            read().collect()
    assert ours.read.schema("v int").csv(f"{tmp_path}/plain").collect() == [(7,)]
    assert recursive().option("pathGlobFilter", "*.txt").csv(f"{tmp_path}/plain").collect() == [(7,)]
    ours.conf.set("spark.databricks.delta.formatCheck.enabled", "false")
    try:
        assert (1,) in recursive().csv(f"{tmp_path}/plain").collect()
    finally:
        ours.conf.unset("spark.databricks.delta.formatCheck.enabled")


def test_a_log_itself_is_read(ours, tmp_path):
    put(tmp_path, "t/_delta_log/00000000000000000000.json", '{"a":1}\n')
    for path in ("t/_delta_log", "t/_delta_log/*.json"):
        assert ours.read.json(str(tmp_path / path)).collect() == [(1,)]


def test_damaged_pages(ours, oracle, tmp_path):
    """A whole footer over broken pages fails as a file that cannot be read, by its name."""
    whole = tmp_path / "whole.parquet"
    parquet.write_table(pyarrow.table({"a": list(range(100)), "s": ["x" * i for i in range(100)]}), whole)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(bytes(byte ^ 0x55 if 4 <= at < 400 else byte for at, byte in enumerate(whole.read_bytes())))
    for session in (ours, oracle):
        with pytest.raises(PySparkException) as caught:
            session.read.parquet(str(damaged)).collect()
        assert caught.value.getCondition() == "FAILED_READ_FILE.NO_HINT" and "damaged.parquet" in str(caught.value), (
            caught.value
        )
