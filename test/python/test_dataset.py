"""Datastores and datasets as their users see them: the SDK and the command, on the built-in account and on Azurite, by owners and by others."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import threading
import time
import uuid

import pytest
from support.azure import Azure
from support.serve import BUILD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from storage.conftest import azurite  # noqa: E402, F401  (a fixture)

PEOPLE = b'id,name,score,member,born\n1,"Ann ""A"" B",1.5,true,2001-02-03\n2,Bob,,false,2002-02-03\n3,,2,TRUE,\n'


class Container:
    """A container of an account, by the public client."""

    def __init__(self, account, url, key, name):
        from azure.storage.blob import BlobServiceClient

        self.account, self.url, self.key, self.name = account, url, key, name
        self.service = BlobServiceClient(url, credential={"account_name": account, "account_key": key}, retry_total=0)
        self.client = self.service.get_container_client(name)

    def put(self, name, data=b"", **options):
        self.client.upload_blob(name, data, overwrite=True, **options)

    def remove(self, name):
        self.client.delete_blob(name)

    def sas(self, minutes=60, permission="rl"):
        import datetime

        from azure.storage.blob import generate_container_sas

        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        return generate_container_sas(self.account, self.name, self.key, permission=permission, expiry=until)


@pytest.fixture(scope="module")
def demo(serve):
    endpoint = serve.endpoint
    url = f"{endpoint['storage_url']}/{endpoint['account']}"
    return Container(endpoint["account"], url, endpoint["account_key"], endpoint["container"])


@pytest.fixture
def store(sdk, ws, demo):
    """A datastore on the built-in account's container."""
    made = sdk.Datastore.register_azure_blob_container(ws, "mydatastore", demo.name, demo.account, account_key=demo.key)
    yield made
    made.unregister()


@pytest.fixture
def folder(demo):
    """A folder of the container that is a test's own."""
    return "t" + uuid.uuid4().hex[:8]


def user(serve, *roles):
    """(name, token) of a new user, with roles given as the refusal's command gives them."""
    name = "u" + uuid.uuid4().hex[:8]
    owner = serve.endpoint["token"]
    token = json.loads(serve.cli("user", "create", name, "--json", token=owner).stdout)["token"]
    for role, scope in roles:
        serve.cli("role", "assign", role, "--assignee", name, "--scope", scope, token=owner)
    return name, token


def as_user(sdk, monkeypatch, token):
    monkeypatch.setenv("HEADRACE_TOKEN", token)
    return sdk.Workspace.from_config()


def run_printed(serve, message):
    """Runs the command that a refusal ends with, as its owner would."""
    command = message[message.index("headrace role assign") :].splitlines()[0]
    words = shlex.split(command)
    return subprocess.run(
        [str(BUILD / words[0]), *words[1:]],
        env=dict(os.environ, HEADRACE_HOME=str(serve.home), HEADRACE_TOKEN=serve.endpoint["token"]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# datastores


def test_a_fresh_workspace_has_a_default_datastore(sdk, ws, serve):
    store = ws.get_default_datastore()
    assert (store.name, store.account_name, store.container_name) == ("workspaceblobstore", "dprepdata", "demo")
    assert (
        store.is_default and store.account_key == serve.endpoint["account_key"] and sdk.Datastore(ws).name == store.name
    )
    assert store.datastore_type == "AzureBlob" and "workspaceblobstore" in ws.datastores


def test_the_default_can_be_another(sdk, ws, store):
    store.set_as_default()
    try:
        assert ws.get_default_datastore().name == "mydatastore"
        with pytest.raises(sdk.exceptions.UserErrorException, match="is the workspace's default.*set-default"):
            store.unregister()
    finally:
        ws.set_default_datastore("workspaceblobstore")
    assert not sdk.Datastore.get(ws, "mydatastore").is_default


def test_registering_looks_at_the_container(sdk, ws, demo):
    register = sdk.Datastore.register_azure_blob_container
    wrong = [
        (
            dict(container_name="absent", account_key=demo.key),
            "container 'absent' of account 'dprepdata' does not exist",
        ),
        (dict(container_name="demo", account_key="AAAA"), "the account key was not accepted"),
        (dict(container_name="demo", sas_token=demo.sas(minutes=-5)), "expired|SAS"),
        (dict(container_name="Demo", account_key=demo.key), 'container name "Demo"'),
        (dict(container_name="a--b", account_key=demo.key), 'container name "a--b"'),
        (
            dict(container_name="demo", account_key=demo.key, blob_cache_timeout=5),
            "blob_cache_timeout.* is not supported",
        ),
        (dict(container_name="demo", account_key=demo.key, sas_token="sig=x"), "not both"),
    ]
    for options, text in wrong:
        with pytest.raises(sdk.exceptions.UserErrorException, match=text):
            register(ws, "bad", account_name=demo.account, **options)
    with pytest.raises(sdk.exceptions.UserErrorException, match='"a-b" is not 1 to 255 letters'):
        register(ws, "a-b", "demo", demo.account, account_key=demo.key)
    assert "bad" not in ws.datastores
    register(ws, "bad", "absent", demo.account, account_key=demo.key, skip_validation=True).unregister()


def test_a_name_that_is_taken(sdk, ws, store, demo):
    same = sdk.Datastore.register_azure_blob_container(ws, "MYDATASTORE", demo.name, demo.account, account_key=demo.key)
    assert same.name == "mydatastore"
    with pytest.raises(sdk.exceptions.UserErrorException, match='"mydatastore" exists already.*overwrite'):
        sdk.Datastore.register_azure_blob_container(ws, "mydatastore", demo.name, demo.account, sas_token=demo.sas())
    replaced = sdk.Datastore.register_azure_blob_container(
        ws, "mydatastore", demo.name, demo.account, sas_token=demo.sas(), overwrite=True
    )
    assert replaced.credential_type == "Sas"


def test_a_missing_datastore(sdk, ws):
    with pytest.raises(
        sdk.exceptions.UserErrorException, match='"nothere" does not exist in workspace.*headrace datastore list'
    ) as raised:
        sdk.Datastore.get(ws, "nothere")
    assert raised.value.status == 404
    with pytest.raises(
        sdk.exceptions.UnsupportedOperation, match="Datastore.register_azure_file_share is not supported"
    ):
        sdk.Datastore.register_azure_file_share(ws, "x", "y", "z")


def test_upload_and_download(sdk, store, demo, folder, tmp_path, capsys):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_bytes(b"first")
    (source / "deep/b bü.txt").write_bytes(b"b" * (9 << 20))  # more than one block
    path = store.upload(str(source), folder)
    assert sorted(blob.name for blob in demo.client.list_blobs(name_starts_with=folder)) == [
        f"{folder}/a.txt",
        f"{folder}/deep/b bü.txt",
    ]
    (source / "a.txt").write_bytes(b"second")
    store.upload(str(source), folder)
    assert (
        demo.client.download_blob(f"{folder}/a.txt").readall() == b"first"
        and "Skipping upload" in capsys.readouterr().out
    )
    store.upload_files([str(source / "a.txt")], target_path=folder, overwrite=True, show_progress=False)
    assert store.download(str(tmp_path / "got"), prefix=folder, show_progress=False) == 2
    assert (tmp_path / "got" / folder / "a.txt").read_bytes() == b"second"
    assert (tmp_path / "got" / folder / "deep/b bü.txt").stat().st_size == 9 << 20
    assert sorted(sdk.Dataset.File.from_files(path).to_path()) == ["/a.txt", "/deep/b bü.txt"]
    for files, text in (([str(source / "no")], "is not a file"), ([], "no files to upload")):
        with pytest.raises(sdk.exceptions.UserErrorException, match=text):
            store.upload_files(files)


# file datasets


def test_files_by_path_folder_and_pattern(sdk, store, demo, folder):
    for name in ("a.csv", "b.txt", "deep/c.csv", "deep/er/d.csv", "other/e.csv"):
        demo.put(f"{folder}/{name}", b"x")

    def paths(path):
        return sdk.Dataset.File.from_files(path).to_path()

    assert paths((store, f"/{folder}/")) == ["/a.csv", "/b.txt", "/deep/c.csv", "/deep/er/d.csv", "/other/e.csv"]
    assert paths((store, f"{folder}/a.csv")) == ["/a.csv"]
    assert paths((store, f"{folder}/*.csv")) == ["/a.csv"]
    assert paths((store, f"{folder}/**/*.csv")) == ["/a.csv", "/deep/c.csv", "/deep/er/d.csv", "/other/e.csv"]
    assert paths([(store, f"{folder}/[ab].*")]) == ["/a.csv", "/b.txt"]
    assert paths([(store, f"{folder}/deep"), (store, f"{folder}/other/?.csv")]) == [
        "/deep/c.csv",
        "/deep/er/d.csv",
        "/other/e.csv",
    ]
    assert paths(store.path(f"{folder}/deep/er")) == ["/d.csv"]
    dataset = sdk.Dataset.File.from_files((store, f"{folder}/**"))
    assert dataset.take(2).to_path() == ["/a.csv", "/b.txt"] and dataset.skip(3).take(1).to_path() == ["/deep/er/d.csv"]
    other = sdk.Dataset.File.from_files(
        [(store, f"{folder}/a.csv"), (store.workspace.get_default_datastore(), f"{folder}/other/e.csv")]
    )
    assert other.to_path() == ["/mydatastore/a.csv", "/workspaceblobstore/e.csv"]


def test_validation_says_what_is_wrong(sdk, ws, store, folder, demo):
    demo.put(f"{folder}/a.csv", b"x")
    from headrace.azureml.data import DatasetValidationError

    wrong = [
        ((store, ""), "the path in datastore 'mydatastore' is empty"),
        ([], "has no paths"),
        ((store, f"{folder}/absent.csv"), f'no such file or folder in datastore "mydatastore": "{folder}/absent.csv"'),
        ((store, f"{folder}/*.parquet"), "no file matches the pattern"),
        ((store, "../x"), r'holds "\." or "\.\."'),
    ]
    for path, text in wrong:
        with pytest.raises(DatasetValidationError, match=text):
            sdk.Dataset.File.from_files(path, validate=True)
    unseen = sdk.Dataset.File.from_files((store, f"{folder}/absent.csv"), validate=False)
    assert unseen.id is None
    with pytest.raises(DatasetValidationError, match="no such file"):
        unseen.to_path()
    for path, text in ((store, "is a datastore, not a path"), ("https://x/y", "is not supported"), (5, "not int")):
        with pytest.raises(sdk.exceptions.UserErrorException, match=text):
            sdk.Dataset.File.from_files(path)
    with pytest.raises(sdk.exceptions.UnsupportedOperation, match="partition_format"):
        sdk.Dataset.File.from_files((store, folder), partition_format="{a}/x")


def test_versions(sdk, ws, store, demo, folder):
    Dataset = sdk.Dataset
    demo.put(f"{folder}/a.csv", b"1")
    files = Dataset.File.from_files((store, folder))
    assert files.name is None and files.version is None and files.id
    first = files.register(ws, folder, description="the first", tags={"kind": "test"})
    assert (first.name, first.version, first.description, first.tags) == (folder, 1, "the first", {"kind": "test"})
    assert files.register(ws, folder).version == 1 and files.register(ws, folder, create_new_version=True).version == 1
    demo.put(f"{folder}/b.csv", b"2")
    with pytest.raises(
        sdk.exceptions.UserErrorException, match="registered already: version 1 .*create_new_version=True"
    ):
        files.register(ws, folder)
    second = files.register(ws, folder, create_new_version=True)
    assert second.version == 2 and Dataset.get_by_name(ws, folder).version == 2
    assert Dataset.get_by_name(ws, folder, version=1).to_path() == ["/a.csv"] and second.to_path() == [
        "/a.csv",
        "/b.csv",
    ]
    assert Dataset.get_by_id(ws, first.id).to_path() == ["/a.csv"] and Dataset.get_by_id(ws, first.id).id == first.id
    assert ws.datasets[folder].version == 2 and Dataset.get_all(ws)[folder] == second
    with pytest.raises(sdk.exceptions.UserErrorException, match="has no version 7"):
        Dataset.get_by_name(ws, folder, version=7)
    with pytest.raises(sdk.exceptions.UserErrorException, match=f'"no {folder}" does not exist'):
        Dataset.get_by_name(ws, "no " + folder)
    with pytest.raises(sdk.exceptions.UserErrorException, match="is a file dataset, not a tabular one"):
        Dataset.Tabular.from_delimited_files((store, folder)).register(ws, folder, create_new_version=True)
    assert second.add_tags({"new": "1"}).tags == {"new": "1"} and second.remove_tags(["new"]).tags == {}
    second.unregister_all_versions()
    with pytest.raises(sdk.exceptions.UserErrorException, match="does not exist"):
        Dataset.get_by_name(ws, folder)
    assert Dataset.get_by_id(ws, first.id).to_path() == ["/a.csv"]  # what was saved stays readable


def test_download_gives_the_registered_bytes_or_says_why_not(sdk, ws, store, demo, folder, tmp_path):
    from headrace.azureml.data import DatasetExecutionError

    demo.put(f"{folder}/a.csv", b"old")
    demo.put(f"{folder}/deep/b.csv", b"other")
    dataset = sdk.Dataset.File.from_files((store, folder)).register(ws, folder)
    got = dataset.download(tmp_path / "one")
    assert [pathlib.Path(path).read_bytes() for path in got] == [b"old", b"other"]
    assert got[1] == str(tmp_path / "one/deep/b.csv")
    with pytest.raises(sdk.exceptions.UserErrorException, match="exists: pass overwrite=True"):
        dataset.download(tmp_path / "one")
    dataset.download(tmp_path / "one", overwrite=True)
    demo.put(f"{folder}/a.csv", b"new")
    location = f"wasbs://demo@dprepdata.blob.core.windows.net/{folder}/a.csv"
    with pytest.raises(DatasetExecutionError, match=f"'{location}' has changed since version 1 of dataset '{folder}'"):
        dataset.download(tmp_path / "two")
    demo.remove(f"{folder}/a.csv")
    with pytest.raises(DatasetExecutionError, match=f"'{location}' is gone since version 1"):
        dataset.download(tmp_path / "three")
    assert [pathlib.Path(path).name for path in dataset.download(tmp_path / "four", ignore_not_found=True)] == ["b.csv"]
    assert not list(tmp_path.glob("*/.headrace-*"))


def test_a_datastore_that_points_elsewhere_since(sdk, ws, demo, folder):
    demo.put(f"{folder}/a.csv", b"x")
    demo.service.create_container(folder)
    store = sdk.Datastore.register_azure_blob_container(ws, "moving", "demo", demo.account, account_key=demo.key)
    sdk.Dataset.File.from_files((store, folder)).register(ws, folder)
    sdk.Datastore.register_azure_blob_container(
        ws, "moving", folder, demo.account, account_key=demo.key, overwrite=True
    )
    with pytest.raises(
        sdk.exceptions.UserErrorException, match="files are in 'wasbs://demo@dprepdata.*point elsewhere since"
    ):
        sdk.Dataset.get_by_name(ws, folder).to_path()
    sdk.Datastore.get(ws, "moving").unregister()
    with pytest.raises(sdk.exceptions.UserErrorException, match='datastore "moving" does not exist'):
        sdk.Dataset.get_by_name(ws, folder).to_path()


def test_many_requests_at_a_time_wait_their_turn(sdk, ws, store, demo, folder):
    from concurrent.futures import ThreadPoolExecutor

    demo.put(f"{folder}/a.csv", b"x")
    with ThreadPoolExecutor(40) as pool:
        made = list(pool.map(lambda _: sdk.Dataset.File.from_files((store, folder)).to_path(), range(80)))
    assert made == [["/a.csv"]] * 80


def test_upload_directory(sdk, ws, store, demo, folder, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    made = sdk.Dataset.File.upload_directory(str(tmp_path), (store, folder), show_progress=False)
    assert made.to_path() == ["/a.txt"]
    with pytest.raises(sdk.exceptions.UserErrorException, match="overwrite=True"):
        sdk.Dataset.File.upload_directory(str(tmp_path), (store, folder), show_progress=False)
    config = made.as_mount("/data")
    assert (config.mode, config.path_on_compute, config.dataset) == ("mount", "/data", made)
    assert made.as_named_input("training").as_download().mode == "download"


# tables


def table(sdk, store, demo, folder, text=PEOPLE, **options):
    demo.put(f"{folder}/people.csv", text)
    return sdk.Dataset.Tabular.from_delimited_files((store, f"{folder}/people.csv"), **options)


def test_delimited_as_pandas(sdk, store, demo, folder):
    frame = table(sdk, store, demo, folder).to_pandas_dataframe()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "id": "int64",
        "name": "object",
        "score": "float64",
        "member": "bool",
        "born": "datetime64[ns]",
    }
    assert frame.name.tolist() == ['Ann "A" B', "Bob", None] and frame.member.tolist() == [True, False, True]
    assert frame.born.isna().tolist() == [False, False, True]
    long = table(sdk, store, demo, folder, b"a,b\n1234567890123456789,\n,12345678901234567890\n").to_pandas_dataframe()
    assert long.a[0] == 1234567890123456789 and long.b[1] == "12345678901234567890"
    text = table(sdk, store, demo, folder, infer_column_types=False).to_pandas_dataframe()
    assert text.score.tolist() == ["1.5", None, "2"]
    assert (
        table(sdk, store, demo, folder, infer_column_types=False, empty_as_string=True).to_pandas_dataframe().score[1]
        == ""
    )
    bare = table(
        sdk, store, demo, folder, b"1;x\n2;y\n", separator=";", header=False, include_path=True
    ).to_pandas_dataframe()
    assert (
        bare.columns.tolist() == ["Path", "Column1", "Column2"]
        and bare.Path[0] == "/people.csv"
        and bare.Column1.tolist() == [1, 2]
    )
    latin = table(sdk, store, demo, folder, "a\nü\n".encode("latin1"), encoding="latin1").to_pandas_dataframe()
    assert latin.a[0] == "ü"


def test_delimited_types_that_were_asked_for(sdk, store, demo, folder):
    from headrace.azureml.data import DatasetExecutionError, DataType

    types = {"id": DataType.to_string(), "score": DataType.to_long(), "born": DataType.to_datetime("%Y-%m-%d")}
    asked = table(sdk, store, demo, folder, set_column_types=types)
    frame = asked.to_pandas_dataframe()
    assert (
        frame.id.tolist() == ["1", "2", "3"]
        and frame.score.isna().tolist() == [True, True, False]
        and frame.born[0].year == 2001
    )
    with pytest.raises(DatasetExecutionError, match="'1.5' in column 'score' is not a int"):
        asked.to_pandas_dataframe(on_error="fail")
    with pytest.raises(sdk.exceptions.UserErrorException, match="use DataType"):
        table(sdk, store, demo, folder, set_column_types={"id": "int"})


def test_what_tables_refuse(sdk, store, demo, folder):
    from headrace.azureml.data import DatasetExecutionError, PromoteHeadersBehavior

    for options, text in (
        (dict(separator="::"), "separator '::' is not supported"),
        (dict(header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS), "header=2 is not supported"),
        (dict(encoding="ebcdic"), "encoding 'ebcdic' is not supported"),
        (dict(partition_format="{x}"), "partition_format"),
    ):
        with pytest.raises(sdk.exceptions.UnsupportedOperation, match=text):
            table(sdk, store, demo, folder, **options)
    made = table(sdk, store, demo, folder)
    for ask in (
        lambda: made["id"],
        lambda: made.random_split(0.5),
        lambda: made.filter("x"),
        lambda: made.to_csv_files(),
    ):
        with pytest.raises(sdk.exceptions.UnsupportedOperation):
            ask()
    with pytest.raises(DatasetExecutionError, match="no column 'nope'; it has id, name"):
        made.keep_columns(["nope"], validate=True)
    ragged = table(sdk, store, demo, folder, b"a,b\n1,2\n3\n")
    with pytest.raises(DatasetExecutionError, match="people.csv' cannot be read as delimited"):
        ragged.to_pandas_dataframe()
    with pytest.raises(DatasetExecutionError, match="support_multi_line=True"):
        table(sdk, store, demo, folder, b'a,b\n1,"x\ny"\n').to_pandas_dataframe()
    assert (
        table(sdk, store, demo, folder, b'a,b\n1,"x\ny"\n', support_multi_line=True).to_pandas_dataframe().b[0]
        == "x\ny"
    )


def test_steps_and_several_files(sdk, store, demo, folder):
    for n in range(3):
        demo.put(f"{folder}/part-{n}.csv", b"a,b\n%d,x\n%d,y\n" % (2 * n, 2 * n + 1))
    demo.put(f"{folder}/_SUCCESS")
    whole = sdk.Dataset.Tabular.from_delimited_files((store, folder))
    assert whole.to_pandas_dataframe().a.tolist() == [0, 1, 2, 3, 4, 5]
    assert whole.skip(1).take(3).keep_columns("a").to_pandas_dataframe().to_dict("list") == {"a": [1, 2, 3]}
    assert whole.drop_columns("a").take(1).to_pandas_dataframe().to_dict("list") == {"b": ["x"]}
    demo.put(f"{folder}/part-9.csv", b"a,c\n1,2\n")
    with pytest.raises(sdk.exceptions.UserErrorException, match=r"part-9.csv.*its header is \['a', 'c'\]"):
        sdk.Dataset.Tabular.from_delimited_files((store, folder)).to_pandas_dataframe()


def test_json_lines_and_parquet(sdk, ws, store, demo, folder):
    import pandas

    demo.put(f"{folder}/a.jsonl", b'{"n": 1, "s": "x"}\n{"n": 2}\nnot json\n')
    lines = sdk.Dataset.Tabular.from_json_lines_files(
        (store, f"{folder}/*.jsonl"), invalid_lines="drop"
    ).to_pandas_dataframe()
    assert lines.n.tolist() == [1, 2] and lines.s[0] == "x"
    with pytest.raises(sdk.exceptions.UserErrorException, match="a.jsonl' cannot be read as json lines: line 3"):
        sdk.Dataset.Tabular.from_json_lines_files((store, f"{folder}/*.jsonl")).to_pandas_dataframe()
    given = pandas.DataFrame({"n": [1, 2], "s": ["x", None]})
    made = sdk.Dataset.Tabular.register_pandas_dataframe(
        given, (store, folder + "/frames"), folder, show_progress=False
    )
    assert made.version == 1 and made.to_pandas_dataframe().equals(given)
    demo.put(f"{folder}/bad.parquet", b"no parquet")
    with pytest.raises(sdk.exceptions.UserErrorException, match="bad.parquet' cannot be read as parquet"):
        sdk.Dataset.Tabular.from_parquet_files((store, f"{folder}/bad.parquet")).to_pandas_dataframe()


# Spark


@pytest.fixture
def spark(serve):
    """A session of a test's own, the active one here."""
    from pyspark.sql.connect.session import SparkSession

    SparkSession._active_session.session = SparkSession._default_session = None
    made = serve.session()
    yield made
    made.stop()
    SparkSession._active_session.session = SparkSession._default_session = None


def test_a_table_in_spark(sdk, ws, store, demo, folder, spark, monkeypatch):
    from headrace.azureml.data import DataType

    frame = table(sdk, store, demo, folder).register(ws, folder).to_spark_dataframe()
    assert dict(frame.dtypes) == {"id": "int", "name": "string", "score": "double", "member": "boolean", "born": "date"}
    assert [row.name for row in frame.orderBy("id").collect()] == ['Ann "A" B', "Bob", None]
    monkeypatch.setattr("headrace.azureml.spark.WHOLE_MAX", 10)  # from here on as a large manifest: packed, in parts
    monkeypatch.setattr("headrace.azureml.spark.PART", 100)
    types = {"id": DataType.to_string(), "born": DataType.to_datetime("%Y-%m-%d")}
    steps = table(sdk, store, demo, folder, set_column_types=types).skip(1).keep_columns(["born", "id"])
    assert (
        dict(steps.to_spark_dataframe().dtypes) == {"born": "timestamp", "id": "string"}
        and steps.to_spark_dataframe().count() == 2
    )
    demo.put(f"{folder}/a.jsonl", b'{"n": 1}\n{"n": 2}\n')
    assert sdk.Dataset.Tabular.from_json_lines_files((store, f"{folder}/a.jsonl")).to_spark_dataframe().count() == 2
    with pytest.raises(sdk.exceptions.UnsupportedOperation, match="include_path=True in a Spark session"):
        table(sdk, store, demo, folder, include_path=True).to_spark_dataframe()


def test_parquet_in_spark(sdk, ws, store, demo, folder, spark, serve):
    import pandas
    from pyspark.sql.connect.session import SparkSession

    given = pandas.DataFrame({"n": range(1000), "s": ["x"] * 1000})
    made = sdk.Dataset.Tabular.register_pandas_dataframe(given, (store, folder), folder, show_progress=False)
    frame = made.to_spark_dataframe()
    assert frame.count() == 1000 and frame.filter("n >= 990").agg({"n": "sum"}).collect()[0][0] == sum(range(990, 1000))
    demo.put(
        next(blob.name for blob in demo.client.list_blobs(name_starts_with=folder) if blob.name.endswith(".parquet")),
        b"changed",
    )
    assert frame.count() == 1000  # from what the session read before: the same bytes
    other = serve.session()
    SparkSession._active_session.session = other
    with pytest.raises(Exception, match="FILE_CHANGED.*changed since its dataset was registered"):
        made.to_spark_dataframe().toPandas()
    other.stop()


def test_spark_reads_the_registered_bytes_or_names_the_file(sdk, ws, store, demo, folder, spark):
    dataset = table(sdk, store, demo, folder, b"a\n" + b"1\n" * 5000000).register(
        ws, folder
    )  # too large to be kept by the session
    frame = dataset.to_spark_dataframe()
    assert frame.count() == 5000000
    demo.put(f"{folder}/people.csv", b"a\n2\n")
    location = f"wasbs://demo@dprepdata.blob.core.windows.net/{folder}/people.csv"
    with pytest.raises(Exception, match=f"FILE_CHANGED.*'{location}' changed since its dataset was registered"):
        frame.agg({"a": "sum"}).collect()
    assert dataset.register(ws, folder, create_new_version=True).to_spark_dataframe().collect()[0].a == 2
    demo.remove(f"{folder}/people.csv")
    with pytest.raises(Exception, match=f"FILE_CHANGED.*'{location}' was deleted since its dataset was registered"):
        frame.agg({"a": "sum"}).collect()
    # a dataset is read-only, and one that nobody told of is not there
    with pytest.raises(Exception, match="read-only"):
        spark.range(1).write.csv(f"dataset://{dataset.id}/out")
    with pytest.raises(Exception, match="PATH_NOT_FOUND"):
        spark.read.csv(f"dataset://{uuid.uuid4()}/x").count()


def test_a_table_survives_its_session_host(sdk, store, demo, folder, spark, serve):
    """What a session was told of a dataset is in its journal: the host that takes over reads on."""
    from support.serve import processes_below, until

    frame = table(sdk, store, demo, folder).to_spark_dataframe()
    assert frame.count() == 3
    before = {pid for pid, line in processes_below(serve.pid).items() if "headrace-host" in line}
    for pid in before:
        os.kill(pid, 9)
    until(lambda: not before & set(processes_below(serve.pid)), what="the hosts' end")
    assert [row.id for row in frame.orderBy("id").collect()] == [1, 2, 3]


def test_spark_needs_a_session(sdk, store, demo, folder):
    from pyspark.sql.connect.session import SparkSession

    SparkSession._active_session.session = SparkSession._default_session = None
    with pytest.raises(sdk.exceptions.UserErrorException, match="there is no Spark session here"):
        table(sdk, store, demo, folder).to_spark_dataframe()


def livy(serve, code, tags, token=None, folder="x"):
    """Starts a session with tags, as %synapse start does, and gives what a statement prints."""
    azure = Azure(serve, token)
    root = f"{azure.dev() if token is None else Azure(serve).dev()}/livyApi/versions/2019-11-01-preview/sparkPools/{azure.pool}/sessions"
    made = azure.call("POST", root, json={"name": folder, "kind": "pyspark", "tags": tags})
    if made.status_code >= 400:
        return made
    at = f"{root}/{made.json()['id']}"
    try:
        until = time.monotonic() + 60
        while azure.call("GET", at).json()["livyInfo"]["currentState"] != "idle":
            assert time.monotonic() < until
            time.sleep(0.1)
        statement = azure.call("POST", at + "/statements", json={"code": code, "kind": "pyspark"}).json()
        while statement["state"] not in ("available", "cancelled"):
            assert time.monotonic() < until
            time.sleep(0.1)
            statement = azure.call("GET", f"{at}/statements/{statement['id']}").json()
        return statement["output"]
    finally:
        azure.call("DELETE", at)


def test_the_articles_cell_in_the_workspace_that_was_named(sdk, ws, serve, demo, folder):
    """`ws` is the workspace of %synapse start -w, and to_spark_dataframe() works without any key in the session."""
    import article

    other = sdk.Workspace.create(folder, subscription_id=ws.subscription_id, resource_group=ws.resource_group)
    demo.put(f"{folder}/Titanic.csv", article.titanic())
    store = sdk.Datastore.register_azure_blob_container(
        other, "mydatastore", "demo", demo.account, account_key=demo.key
    )
    sdk.Dataset.Tabular.from_delimited_files((store, f"{folder}/Titanic.csv")).register(other, "blob_dset")
    cell = """from azureml.core import Workspace, Dataset

dset = Dataset.get_by_name(ws, "blob_dset")
spark_df = dset.to_spark_dataframe()
(ws.name, spark_df.count())"""
    output = livy(serve, cell, {"workspace": other._id})
    assert output["status"] == "ok", output
    assert output["data"]["text/plain"].strip() == str((folder, 891))
    refused = livy(serve, "1", {"workspace": ws._id + "x"})
    assert refused.status_code == 404 and "does not exist" in refused.text


# the second user


def test_a_second_user_is_refused_and_the_printed_command_helps(
    sdk, ws, serve, store, demo, folder, monkeypatch, tmp_path
):
    demo.put(f"{folder}/people.csv", PEOPLE)
    sdk.Dataset.File.from_files((store, folder)).register(ws, folder)
    name, token = user(serve)
    theirs = as_user(sdk, monkeypatch, token)
    assert sdk.Datastore.get(theirs, "mydatastore").account_key is None
    dataset = sdk.Dataset.get_by_name(theirs, folder)
    assert dataset.version == 1
    for ask in (
        lambda: dataset.download(tmp_path),
        lambda: sdk.Dataset.File.from_files((sdk.Datastore.get(theirs, "mydatastore"), folder)),
    ):
        with pytest.raises(
            sdk.exceptions.UserErrorException, match="Storage Blob Data Reader.*containers/demo"
        ) as raised:
            ask()
        assert name in str(raised.value) and raised.value.status == 403
    with pytest.raises(sdk.exceptions.UserErrorException, match='role "Contributor" is missing'):
        sdk.Datastore.register_azure_blob_container(theirs, "x", "demo", demo.account, account_key=demo.key)
    done = run_printed(serve, str(raised.value))
    assert done.returncode == 0, done.stderr
    assert len(dataset.download(tmp_path / "got")) == 1
    command = shlex.split(str(raised.value)[str(raised.value).index("headrace role assign") :].splitlines()[0])
    serve.cli("role", "remove", *command[3:], token=serve.endpoint["token"])
    with pytest.raises(sdk.exceptions.UserErrorException, match="Storage Blob Data Reader.*containers/demo"):
        dataset.download(tmp_path / "again")  # what was given for the role ended with it
    serve.cli(*command[1:], token=serve.endpoint["token"])
    with pytest.raises(sdk.exceptions.UserErrorException, match="Storage Blob Data Contributor"):
        sdk.Datastore.get(theirs, "mydatastore").upload(str(tmp_path / "got"), folder, show_progress=False)
    with pytest.raises(sdk.exceptions.UserErrorException, match='role "Contributor" is missing'):
        dataset.register(theirs, folder + "b")
    with pytest.raises(sdk.exceptions.UserErrorException, match='role "Contributor" is missing'):
        dataset.unregister_all_versions()


def test_a_datastore_without_credentials_is_used_by_role(sdk, ws, serve, demo, folder, monkeypatch, tmp_path):
    demo.put(f"{folder}/a.csv", b"x")
    store = sdk.Datastore.register_azure_blob_container(ws, "byrole", "demo", demo.account)
    assert store.credential_type == "None"
    assert sdk.Dataset.File.from_files((store, folder)).to_path() == ["/a.csv"]  # the owner has the data role
    scope = f"{ws._id.split('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/dprepdata"
    contributor = user(serve, ("Contributor", f"/subscriptions/{ws.subscription_id}"))
    theirs = as_user(sdk, monkeypatch, contributor[1])
    with pytest.raises(sdk.exceptions.UserErrorException, match="Storage Blob Data Reader"):
        sdk.Dataset.File.from_files((sdk.Datastore.get(theirs, "byrole"), folder))
    reader = user(serve, ("Storage Blob Data Reader", scope))
    theirs = as_user(sdk, monkeypatch, reader[1])
    assert len(sdk.Dataset.File.from_files((sdk.Datastore.get(theirs, "byrole"), folder)).download(tmp_path)) == 1


def test_secrets_are_in_no_log(serve, sdk, ws, store, demo):
    sas = demo.sas()
    sdk.Datastore.register_azure_blob_container(ws, "sastore", "demo", demo.account, sas_token=sas)
    with pytest.raises(sdk.exceptions.UserErrorException) as raised:
        sdk.Datastore.register_azure_blob_container(
            ws, "sastore2", "demo", demo.account, sas_token=sas.replace("sig=", "sig=AAAA")
        )
    assert "sig=" not in str(raised.value)
    for log in [serve.home / "server.log", *(serve.home / "log").glob("*")]:
        text = log.read_text(errors="replace")
        assert demo.key not in text and "sig=" not in text, log


# another account


def test_azurite_as_an_account(sdk, ws, azurite, folder, tmp_path, spark):  # noqa: F811
    name, url, key = azurite
    there = Container(name, url, key, "demo")
    there.put(f"{folder}/people.csv", PEOPLE)
    register = sdk.Datastore.register_azure_blob_container
    with pytest.raises(sdk.exceptions.UserErrorException, match="not accepted|authenticat"):
        register(ws, "theirs", "demo", name, account_key="d3Jvbmc=", endpoint=url)
    stores = [
        register(ws, "theirs", "demo", name, account_key=key, endpoint=url),
        register(ws, "theirs2", "demo", name, sas_token=there.sas(), endpoint=url),
    ]
    for store in stores:
        dataset = sdk.Dataset.Tabular.from_delimited_files((store, f"{folder}/people.csv"))
        assert len(dataset.to_pandas_dataframe()) == 3 and dataset.to_spark_dataframe().count() == 3
    (tmp_path / "up.txt").write_text("x")
    stores[0].upload(str(tmp_path), folder, show_progress=False)
    assert there.client.download_blob(f"{folder}/up.txt").readall() == b"x"
    with pytest.raises(sdk.exceptions.UserErrorException, match="refuses"):
        stores[1].upload(str(tmp_path), folder + "x", show_progress=False)  # its SAS is for reading
    register(
        ws, "theirs2", "demo", name, sas_token=there.sas(minutes=-1), endpoint=url, overwrite=True, skip_validation=True
    )
    with pytest.raises(sdk.exceptions.UserErrorException, match="(?i)SAS|authenticat"):
        sdk.Dataset.File.from_files((sdk.Datastore.get(ws, "theirs2"), folder))


def test_an_account_that_does_not_answer(sdk, ws):
    with pytest.raises(sdk.exceptions.ServiceException, match="silentaccount"):
        sdk.Datastore.register_azure_blob_container(
            ws, "silent", "demo", "silentaccount", account_key="AAAA", endpoint="http://127.0.0.1:9/silentaccount"
        )


# the command


def test_the_command(serve, demo, folder, tmp_path):
    demo.put(f"{folder}/people.csv", PEOPLE)
    key = tmp_path / "key"
    key.write_text(demo.key + "\n")
    table_text = serve.cli(
        "datastore", "register", "bycli", "--container", "demo", "--account", demo.account, "--key-file", str(key)
    ).stdout
    assert "NAME" in table_text and "bycli" in table_text and demo.key not in table_text
    assert (
        json.loads(serve.cli("datastore", "show", "bycli", "--json").stdout)["azureStorageSection"]["credentialType"]
        == "AccountKey"
    )
    assert json.loads(serve.cli("datastore", "register", "own", "--json").stdout)["name"] == "own"
    assert "own" in serve.cli("datastore", "list").stdout
    serve.cli("datastore", "set-default", "own")
    made = json.loads(
        serve.cli("dataset", "register", folder, f"{folder}/people.csv", "--format", "csv", "--json").stdout
    )
    assert made["latest"]["versionId"] == "1" and made["datasetType"] == "tabular"
    assert (
        folder in serve.cli("dataset", "list").stdout and "people.csv" in serve.cli("dataset", "files", folder).stdout
    )
    assert "1 file is in" in serve.cli("dataset", "download", f"{folder}:1", str(tmp_path / "got")).stdout
    assert (tmp_path / "got/people.csv").read_bytes() == PEOPLE
    again = serve.cli("dataset", "download", folder, str(tmp_path / "got"), check=False)
    assert again.returncode == 1 and "exists already" in again.stderr and "--overwrite" in again.stderr
    demo.put(f"{folder}/people.csv", b"x\n")
    changed = serve.cli("dataset", "download", folder, str(tmp_path / "more"), check=False)
    assert (
        changed.returncode == 1
        and "changed since its dataset was registered" in changed.stderr
        and not list((tmp_path / "more").glob("*"))
    )
    taken = serve.cli("dataset", "register", folder, f"{folder}/people.csv", "--format", "csv", check=False)
    assert taken.returncode == 1 and "--new-version" in taken.stderr
    serve.cli("dataset", "register", folder, f"{folder}/people.csv", "--format", "csv", "--new-version")
    assert serve.cli("dataset", "show", folder).stdout.count(folder) == 2
    serve.cli("dataset", "remove", f"{folder}:1")
    assert serve.cli("dataset", "show", f"{folder}:1", check=False).returncode == 1
    serve.cli("dataset", "remove", folder)
    serve.cli("datastore", "set-default", "workspaceblobstore")
    for name in ("own", "bycli"):
        serve.cli("datastore", "remove", name)
    gone = serve.cli("datastore", "remove", "own", check=False)
    assert gone.returncode == 1 and 'no datastore "own"' in gone.stderr
    _, token = user(serve)
    refused = serve.cli("datastore", "register", "x", "--account", "other", "--by-role", token=token, check=False)
    assert refused.returncode == 1 and 'role "Contributor" is missing' in refused.stderr


# what the server keeps


def test_a_data_lake_datastore(sdk, ws, demo, folder, spark):
    store = sdk.Datastore.register_azure_data_lake_gen2(ws, "lake", "demo", demo.account, account_key=demo.key)
    demo.put(f"{folder}/people.csv", PEOPLE)
    dataset = sdk.Dataset.Tabular.from_delimited_files((store, folder))
    assert dataset._manifest()["files"][0]["url"] == f"abfss://demo@dprepdata.dfs.core.windows.net/{folder}/people.csv"
    assert len(dataset.to_pandas_dataframe()) == 3 and dataset.to_spark_dataframe().count() == 3
    with pytest.raises(sdk.exceptions.UnsupportedOperation, match="client_secret|tenant_id"):
        sdk.Datastore.register_azure_data_lake_gen2(
            ws, "lake2", "demo", demo.account, tenant_id="t", client_id="c", client_secret="s"
        )


def test_a_large_dataset_and_a_killed_server(fresh_serve, monkeypatch):
    """Registering is acknowledged when it is durable; thousands of files are one packed manifest, and the loop goes on while they are listed."""
    serve = fresh_serve
    endpoint = serve.endpoint
    demo = Container(
        endpoint["account"], f"{endpoint['storage_url']}/{endpoint['account']}", endpoint["account_key"], "demo"
    )
    root = serve.home / "storage"
    azure = Azure(serve)
    workspace = azure.workspace_id
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: demo.put(f"many/{n:04}.txt", b"x"), range(500)))
    flow = {"paths": [{"pattern": "azureml://datastores/workspaceblobstore/paths/many"}]}
    slowest, stop = [0.0], threading.Event()

    def watch():
        while not stop.is_set():
            before = time.monotonic()
            assert azure.call("GET", "/health").status_code == 200
            slowest[0] = max(slowest[0], time.monotonic() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    made = azure.call(
        "POST",
        f"/dataset/v1.0{workspace}/datasets",
        json={"name": "many", "datasetType": "file", "latest": {"dataflow": flow}},
    ).json()
    stop.set()
    watcher.join()
    assert made["latest"]["fileCount"] == 500 and root.exists()
    serve.kill()
    serve.start()
    azure = Azure(serve)
    manifest = azure.call("GET", f"/dataset/v1.0{workspace}/datasets/{made['datasetId']}/versions/1/manifest").json()
    assert len(manifest["files"]) == 500 and manifest["files"][0]["path"] == "0000.txt" and manifest["size"] == 500
