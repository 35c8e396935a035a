"""What a killed writer leaves behind: no reader, dataset or mount sees it, and a later write to the same place removes it when it is a day old."""

import json
import os
import subprocess
import threading
import time
import uuid

import pytest

from support.serve import processes_below, until

DAY = 24 * 60 * 60
SLOW = "SELECT id, repeat('x', 100) AS text FROM range(400000000)"


def with_storage(server):
    spark = server.session()
    account = server.endpoint["account"]
    for dialect in ("blob", "dfs"):
        spark.conf.set(f"fs.azure.account.key.{account}.{dialect}.core.windows.net", server.endpoint["account_key"])
    return spark


def kill_in_the_middle(server, write, appeared):
    """Starts write() in a session and kills every host when appeared() is true."""
    spark = with_storage(server)
    failures = []

    def run():
        try:
            write(spark)
        except Exception as err:  # which one depends on the moment
            failures.append(err)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(appeared, 30, "the writer's folder")
    time.sleep(0.3)
    for pid, line in processes_below(server.pid).items():
        if "headrace-host" in line:
            os.kill(pid, 9)
    thread.join(60)
    assert not thread.is_alive() and failures


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def age(folder, seconds):
    """The folder and all in it as they were so long ago."""
    then = time.time() - seconds
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))


def age_in_account(folder, seconds):
    """The same of what the built-in account holds: it has folders' times in an attribute of its own."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            kept = json.loads(os.getxattr(path, "user.headrace"))
            kept["modified"] -= seconds * 1000
            os.setxattr(path, "user.headrace", json.dumps(kept).encode())
    age(folder, seconds)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("mode,kind", [("overwrite", "csv"), ("append", "parquet")])
def test_a_killed_writers_files_are_not_seen_and_then_swept(serve, root, mode, kind):
    target = str(root / "t")
    spark = with_storage(serve)
    spark.range(3).selectExpr("id", "'a' AS text").coalesce(1).write.format(kind).save(target)
    kill_in_the_middle(
        serve,
        lambda other: other.sql(SLOW).write.mode(mode).format(kind).save(target),
        lambda: list(root.rglob("_temporary*")),
    )
    spark = with_storage(serve)
    left = [path for path in root.rglob("*") if path.is_dir() and len(path.name) >= 36]
    assert len(left) == 1, names(root)
    schema = "id bigint, text string"
    assert spark.read.schema(schema).format(kind).load(target).count() == 3
    assert spark.read.schema(schema).format(kind).option("recursiveFileLookup", "true").load(str(root)).count() == 3
    # a young one is a living writer's, for all that anybody knows
    spark.range(1).selectExpr("id", "'b' AS text").write.mode("append").format(kind).save(target)
    assert left[0].exists()
    age(left[0], DAY + 60)
    half = root / "t" / f".headrace-{uuid.uuid4()}.part"
    half.write_bytes(b"half")
    foreign = root / "t" / "_temporary" / "0"  # Hadoop's own, of a cluster that writes here too
    foreign.mkdir(parents=True)
    age(half.parent / "_temporary", 2 * DAY)
    os.utime(half, (0, time.time() - DAY - 60))
    with_storage(serve).range(1).selectExpr("id", "'c' AS text").write.mode("append").format(kind).save(target)
    assert not left[0].exists() and not half.exists() and foreign.exists()
    assert not [name for name in os.listdir(root) if name.startswith("_temporary")]
    assert spark.read.schema(schema).format(kind).load(target).count() == 5
    spark.stop()


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_killed_writers_files_on_abfss_are_swept_too(serve, mode):
    """The same in the built-in account, through its dfs endpoint."""
    point, name = serve.endpoint, f"swept-{mode}"
    target = f"abfss://{point['container']}@{point['account']}.dfs.core.windows.net/{name}/t"
    folder = serve.home / "storage" / point["account"] / point["container"] / name
    spark = with_storage(serve)
    spark.range(3).selectExpr("id", "'a' AS text").coalesce(1).write.csv(target)
    kill_in_the_middle(
        serve, lambda other: other.sql(SLOW).write.mode(mode).csv(target), lambda: list(folder.rglob("_temporary*"))
    )
    left = [path for path in folder.rglob("*") if path.is_dir() and len(path.name) >= 36]
    assert len(left) == 1, names(folder)
    spark = with_storage(serve)
    assert spark.read.csv(target).count() == 3
    spark.range(1).selectExpr("id", "'b' AS text").write.mode("append").csv(target)
    assert left[0].exists()  # a young one is a living writer's, for all that anybody knows
    age_in_account(left[0], DAY + 60)
    with_storage(serve).range(1).selectExpr("id", "'c' AS text").write.mode("append").csv(target)
    assert not left[0].exists() and not list(folder.rglob("_temporary*"))
    assert spark.read.csv(target).count() == 5
    spark.stop()


def test_folders_of_others_are_not_swept(serve, root):
    """A name that is a UUID is a writer's in a target's own `_temporary` alone, whatever the folders above are called."""
    target = root / "_temporary_results" / "t"
    neighbour = target.parent / str(uuid.uuid4())
    neighbour.mkdir(parents=True)
    (neighbour / "part-0.csv").write_text("1\n")
    age(neighbour, 2 * DAY)
    spark = with_storage(serve)
    spark.range(1).write.csv(str(target))
    assert (neighbour / "part-0.csv").exists()
    spark.stop()


def test_two_writers_do_not_sweep_each_other(serve, root):
    """The second starts, writes and ends while the first is in the middle; both are there at the end."""
    first, second = with_storage(serve), with_storage(serve)
    query = "SELECT id FROM range(0, 6000000)"
    second.range(0).write.csv(str(root / "t"))
    thread = threading.Thread(target=lambda: first.sql(query).write.mode("append").csv(str(root / "t")))
    thread.start()
    until(lambda: list(root.rglob("_temporary/*")), 30, "the writer's folder")
    for _ in range(3):
        second.range(1).write.mode("append").csv(str(root / "t"))
    thread.join(120)
    assert second.read.csv(str(root / "t")).count() == 6000003
    first.stop()
    second.stop()


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_living_writer_whose_folder_was_removed_fails(serve, root, mode):
    """It wrote nothing for a day, as it seems: it says so, and what was there stays."""
    target = root / "t"
    spark, other = with_storage(serve), with_storage(serve)
    other.range(3).write.csv(str(target))
    failures = []

    def write():
        try:
            spark.sql("SELECT id FROM range(30000000)").write.mode(mode).csv(str(target))
        except Exception as error:  # noqa: BLE001
            failures.append(str(error))

    thread = threading.Thread(target=write)
    thread.start()
    folder = until(
        lambda: [path for path in root.rglob("*") if path.is_dir() and len(path.name) >= 36], 30, "the writer's folder"
    )[0]
    until((folder / "_SUCCESS").exists, 30, "the writer's mark")
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    thread.join(120)
    assert failures and "was removed meanwhile" in failures[0], failures
    assert other.read.csv(str(target)).count() == 3
    spark.stop()
    other.stop()


def test_datasets_and_mounts_leave_out_what_is_not_committed(serve, monkeypatch, tmp_path):
    """Files of a folder or a pattern; a name that begins with '_' is there when it is named."""
    from azure.storage.blob import ContainerClient

    monkeypatch.setenv("HEADRACE_HOME", str(serve.home))
    monkeypatch.chdir(tmp_path)
    from headrace.azureml import core, exceptions

    endpoint = serve.endpoint
    folder = "left" + uuid.uuid4().hex[:8]
    with ContainerClient(
        f"{endpoint['storage_url']}/{endpoint['account']}", endpoint["container"], credential=endpoint["account_key"]
    ) as client:
        for name in (
            "t/part-0.csv",
            "t/_SUCCESS",
            f"t/.headrace-{uuid.uuid4()}.part",
            f"_temporary-t-{uuid.uuid4()}/part-1.csv",
            f"t/_temporary/{uuid.uuid4()}/part-2.csv",
            "t/_a=1/part-3.csv",
            "t/part-4.csv._COPYING_",
            "_logs/x.csv",
        ):
            client.upload_blob(f"{folder}/{name}", b"a\n1\n")
        client.upload_blob(f"{folder}-delta/_delta_log/00000000000000000000.json", b"{}")
        client.upload_blob(f"{folder}-delta/part-0.parquet", b"")
        client.upload_blob(f"{folder}-more/deep/metadata/v1.metadata.json", b"{}")
        client.upload_blob(f"{folder}-more/deep/data/part-0.csv", b"a\n1\n")
        client.upload_blob(f"{folder}-more/side/part-0.csv", b"a\n1\n")
    workspace = core.Workspace.from_config()
    store = workspace.get_default_datastore()

    def paths(path):
        return core.Dataset.File.from_files((store, path)).to_path()

    seen = ["/t/_a=1/part-3.csv", "/t/part-0.csv"]
    assert paths(folder) == seen and paths(f"{folder}/**") == seen
    assert paths(f"{folder}/**/*.csv") == seen
    assert paths(f"{folder}/_logs") == ["/x.csv"] and "/_logs/x.csv" in paths(f"{folder}/_*/*.csv")
    assert paths(f"{folder}/t/_SUCCESS") == ["/_SUCCESS"]
    table = core.Dataset.Tabular.from_delimited_files((store, folder))
    assert len(table.to_pandas_dataframe()) == 2 and [item["path"] for item in table._manifest()["files"]] == [
        path[1:] for path in seen
    ]
    with pytest.raises(exceptions.AzureMLException, match="names that begin with"):
        core.Dataset.Tabular.from_delimited_files((store, f"{folder}/t/_SUCCESS"))
    with pytest.raises(exceptions.AzureMLException, match="Delta Lake.*plain Parquet"):
        core.Dataset.Tabular.from_parquet_files((store, folder + "-delta"))
    assert paths(folder + "-delta") == ["/part-0.parquet"]
    for below in ("", "/**/*.csv", "/deep/*/*.csv"):
        with pytest.raises(exceptions.AzureMLException, match=rf'"{folder}-more/deep".*Apache Iceberg'):
            core.Dataset.Tabular.from_delimited_files((store, f"{folder}-more{below}"))
    assert (
        len(core.Dataset.Tabular.from_delimited_files((store, f"{folder}-more/**/side/*.csv")).to_pandas_dataframe())
        == 1
    )
