"""Odd delimited files: pandas, Spark, the server's preview and a mount agree on every one, or both readers refuse it by name."""

import base64
import gzip
import math
import os
import uuid

import pytest

FILES = {
    # name: (bytes, options, refused)
    "plain": (b"a,b\n1,x\n2,y\n", {}, None),
    "bom": (b"\xef\xbb\xbfa,b\n1,x\n", {}, None),
    "crlf": (b"a,b\r\n1,x\r\n2,y\r\n", {}, None),
    "cr": (b"a,b\r1,x\r2,y\r", {}, None),
    "mixed ends": (b"a,b\r\n1,x\n2,y\r3,z", {}, None),
    "no end": (b"a,b\n1,x", {}, None),
    "empty": (b"", {}, None),
    "header only": (b"a,b\n", {}, None),
    "blank lines": (b"\na,b\n\n1,x\n  \n2,y\n\n", {}, None),
    "backslash before a quote": (b'a,b\n1,"a\\"b"\n', {}, "quotes are doubled"),
    "backslash": (b'a,b\n1,"a\\b"\n2,c\\\n', {}, None),
    "doubled quotes": (b'a,b\n1,"x ""y"" z"\n2,""\n3,""""\n', {}, None),
    "quote within a field": (b'a,b\n1,5" disk\n2,a"b"c\n', {}, None),
    "text behind a quote": (b'a,b\n1,"x" y\n', {}, "closing quote"),
    "quote never closed": (b'a,b\n1,"x\n', {}, "quote"),
    "blanks around": (b"a, b\n 1 , x \n 2 ,y\n", {}, None),
    "blank before a quote": (b'a,b\n1, "x"\n', {}, None),
    "quoted line break": (b'a,b\n1,"x\ny"\n', {}, "support_multi_line=True"),
    "quoted line break of two columns": (b'a,b\n1,"x\ny",2\n', {}, "support_multi_line=True"),
    "quoted line break, allowed": (b'a,b\r\n1,"x\r\ny"\r\n2,z\r\n', {"support_multi_line": True}, None),
    "utf-16": ("a,b\n1,ü\n".encode("utf-16"), {}, "UTF-16"),
    "utf-16 without mark": ("a,b\n1,ü\n".encode("utf-16-le"), {}, "UTF-16"),
    "latin-1 as utf-8": ("a,b\n1,ü\n".encode("latin-1"), {}, "not utf-8"),
    "latin-1": ("a,b\n1,ü\n".encode("latin-1"), {"encoding": "latin1"}, None),
    "windows-1252": ("a,b\n1,€\n".encode("cp1252"), {"encoding": "windows1252"}, None),
    "ascii that is not": ("a,b\n1,ü\n".encode(), {"encoding": "ascii"}, "not ascii"),
    "short row": (b"a,b\n1,x\n2\n", {}, "values|columns"),
    "long row": (b"a,b\n1,x\n2,y,z\n", {}, "values|columns"),
    "trailing separators": (b"a,b,\n1,x,\n", {}, None),
    "repeated names": (b"a,a\n1,2\n", {}, "the name 'a'"),
    "names that differ by case": (b"a,A\n1,2\n", {}, "upper and lower case"),
    "name that is empty": (b",a\n0,1\n", {}, None),
    "no header": (b"1,x\n2,y\n", {"header": False}, None),
    "tabs": (b"a\tb\n1\tx y\n", {"separator": "\t"}, None),
    "nulls and empty texts": (b'a,b\n,""\n1,\n2,x\n', {}, None),
    "empty as text": (b'a,b\n,""\n1,\n2,x\n', {"empty_as_string": True}, None),
    "words for nothing": (b"a,b,c\nNA,null,NaN\nnone,NULL,inf\n", {}, None),
    "truth": (b"a,b\ntrue,TRUE\nFalse,false\n,true\n", {}, None),
    "leading zeros and signs": (b"a,b\n007,+1\n-1,2\n", {}, None),
    "thousands and per cent": (b'a,b\n"1,000",5%\n"2,000",6%\n', {}, None),
    "floats": (b"a,b,c\n1.5,1e3,.5\n-2.,1E-3,3\n", {}, None),
    "beyond 32 bits": (b"a\n3000000000\n1\n", {}, None),
    "beyond 64 bits": (b"a\n9223372036854775808\n1\n", {}, None),
    "beyond exact, with nulls": (b"a,b\n9007199254740993,1\n,2\n", {}, None),
    "dates": (b"a,b\n2020-01-31,2020-02-29\n1999-12-31,\n", {}, None),
    "no dates": (b"a,b,c\n2020-02-30,1600-01-01,31.01.2020\n2020-01-01,2020-01-01,1/2/2020\n", {}, None),
    "moments": (
        b"a,b,c\n2020-01-01 10:00,2020-03-08T02:30:00.123456,2020-01-01\n2020-01-01 00:00:00,2020-11-01 01:30:00,2020-01-01 01:02:03\n",
        {},
        None,
    ),
    "moments of zones": (
        b"a,b\n2020-01-01T10:00:00Z,2020-01-01 10:00:00+02:00\n2020-01-01T10:00:00-0530,2020-01-01\n",
        {},
        None,
    ),
    "nanoseconds": (b"a\n2020-01-01 00:00:00.123456789\n", {}, None),
    "long line": (b"a,b\n1," + b"x" * 300000 + b"\n2,y\n", {}, None),
    "many columns": (
        ",".join(f"c{at}" for at in range(300)).encode() + b"\n" + b",".join(b"%d" % at for at in range(300)) + b"\n",
        {},
        None,
    ),
    "a zero byte": (b"a,b\n1,x\x00y\n", {}, None),
    "without types": (b"a,b\n1,2.5\n", {"infer_column_types": False}, None),
    "packed": (gzip.compress(b"a,b\n1,x\n") + gzip.compress(b"2,y\n"), {}, None),
    "packed as bzip2": (b"BZh9", {}, "gz is unpacked"),
}
SEVERAL = {
    "same header": ({"1.csv": b"a,b\n1,x\n", "2.csv": b"a,b\n2.5,y\n"}, None),
    "other header": ({"1.csv": b"a,b\n1,x\n", "2.csv": b"b,a\n2,y\n"}, "its header is"),
    "one empty": ({"1.csv": b"", "2.csv": b"a,b\n1,x\n"}, None),
}


@pytest.fixture(scope="module")
def session(serve):
    from pyspark.sql.connect.session import SparkSession

    made = serve.session()
    made.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    yield made
    made.stop()
    SparkSession._active_session.session = SparkSession._default_session = None


@pytest.fixture(scope="module")
def folder(serve):
    """All files in the container, once."""
    from azure.storage.blob import ContainerClient

    endpoint, folder = serve.endpoint, "odd" + uuid.uuid4().hex[:8]
    with ContainerClient(
        f"{endpoint['storage_url']}/{endpoint['account']}", endpoint["container"], credential=endpoint["account_key"]
    ) as client:
        for name, body in bodies().items():
            client.upload_blob(f"{folder}/{name}", body)
    return folder


def path_of(name):
    return f"{name.replace(' ', '-')}/x.csv" + {"packed": ".gz", "packed as bzip2": ".bz2"}.get(name, "")


def bodies():
    several = {
        f"several/{name.replace(' ', '-')}/{file}": body
        for name, (files, _) in SEVERAL.items()
        for file, body in files.items()
    }
    return {**{path_of(name): body for name, (body, _, _) in FILES.items()}, **several}


def plain(value):
    """A value as both sides have it: no NaN, no pandas."""
    import datetime

    import pandas

    if pandas.isna(value):
        return None
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)  # a whole column with nulls is float64 in pandas
    return value.item() if hasattr(value, "item") else value


def kind(values):
    return {type(value).__name__ for value in values if value is not None}


def outcome(read):
    from headrace.azureml.exceptions import AzureMLException

    try:
        names, rows = read()
    except AzureMLException as error:
        return str(error)
    rows = sorted(([plain(value) for value in row] for row in rows), key=repr)
    return list(names), rows, [kind(row[at] for row in rows) for at in range(len(names))]


def in_pandas(dataset):
    frame = dataset.to_pandas_dataframe()
    return frame.columns, frame.astype(object).where(frame.notna(), None).values.tolist()


def in_spark(dataset):
    frame = dataset.to_spark_dataframe()
    return frame.columns, [list(row) for row in frame.collect()]


def compare(sdk, session, path, options, refused):
    import re
    from pyspark.sql.connect.session import SparkSession

    SparkSession._active_session.session = session
    pandas, spark = (
        outcome(lambda read=read: read(sdk.Dataset.Tabular.from_delimited_files(path, **options)))
        for read in (in_pandas, in_spark)
    )
    if refused:
        for said in (pandas, spark):
            assert isinstance(said, str) and re.search(refused, said), said
    else:
        assert pandas == spark


@pytest.mark.parametrize("name", FILES)
def test_an_odd_file(sdk, ws, session, folder, name):
    _, options, refused = FILES[name]
    compare(sdk, session, (ws.get_default_datastore(), f"{folder}/{path_of(name)}"), options, refused)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_files(sdk, ws, session, folder, name):
    _, refused = SEVERAL[name]
    compare(sdk, session, (ws.get_default_datastore(), f"{folder}/several/{name.replace(' ', '-')}"), {}, refused)


def test_preview_and_mount_have_the_bytes(sdk, ws, serve, folder, tmp_path):
    """What the studio previews and what a training script opens is what the readers read."""
    import requests

    dataset = sdk.Dataset.File.from_files((ws.get_default_datastore(), folder))
    assert {path.lstrip("/") for path in dataset.to_path()} == set(bodies())
    with dataset.mount(str(tmp_path / "mounted")) as mount:
        for name, body in bodies().items():
            with open(os.path.join(mount.mount_point, name), "rb") as file:
                assert file.read() == body, name
    endpoint = serve.endpoint
    for name, body in list(bodies().items())[:20]:
        answer = requests.get(
            f"{endpoint['url']}/dataset/v1.0{ws._id}/datasets/{dataset.id}/versions/1/content",
            params={"path": name, "offset": 0, "length": 1 << 20},
            headers={"Authorization": "Bearer " + endpoint["token"]},
            timeout=30,
        )
        assert base64.b64decode(answer.json()["data"]) == body, name


def test_what_no_reader_shares_is_refused_at_once(sdk, ws, folder):
    for encoding in ("utf16", "utf32"):
        with pytest.raises(sdk.exceptions.UnsupportedOperation, match=f"encoding '{encoding}'"):
            sdk.Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), folder), encoding=encoding)


TEXTS = [
    "1",
    "1.0",
    " 1 ",
    "+5",
    "-7",
    "1e3",
    "true",
    "TRUE",
    "yes",
    "t",
    "0",
    "no",
    "x",
    "2020-01-01",
    "2020-01-01 10:00:00",
    "2020-01-01T10:00:00Z",
    "inf",
    "Infinity",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740993",
    "1_000",
    "1.5",
    "2020-02-30",
    "1600-01-01",
    "0x10",
    "1d",
    "1f",
    "NaN",
    "12:30",
    ".5",
]


@pytest.mark.parametrize("kind", ["to_long", "to_float", "to_bool", "to_datetime", "to_string"])
def test_types_that_are_set(sdk, ws, session, serve, kind):
    """Each text becomes the same value, or nothing, in both."""
    from azure.storage.blob import ContainerClient
    from headrace.azureml.data import DataType
    from pyspark.sql.connect.session import SparkSession

    endpoint, name = serve.endpoint, f"set{uuid.uuid4().hex[:8]}/x.csv"
    with ContainerClient(
        f"{endpoint['storage_url']}/{endpoint['account']}", endpoint["container"], credential=endpoint["account_key"]
    ) as client:
        client.upload_blob(name, "a,v\n" + "".join(f"{at},{text}\n" for at, text in enumerate(TEXTS)))
    SparkSession._active_session.session = session
    dataset = sdk.Dataset.Tabular.from_delimited_files(
        (ws.get_default_datastore(), name), set_column_types={"v": getattr(DataType, kind)()}
    )
    pandas, frame = dataset.to_pandas_dataframe(), dataset.to_spark_dataframe()
    spark = frame.selectExpr("a", "CAST(v AS TIMESTAMP_NTZ) v").collect() if kind == "to_datetime" else frame.collect()
    assert {text: plain(value) for text, value in zip(TEXTS, pandas.v)} == {TEXTS[row.a]: plain(row.v) for row in spark}
