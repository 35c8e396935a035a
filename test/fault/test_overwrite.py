"""Overwriting a folder on the built-in account, by wasb as by abfs: whoever lists or reads sees the old output or the new one, whatever dies when."""

import os
import signal
import threading

import pytest
from azure.storage.blob import ContainerClient
from pyspark.errors import PySparkException

from support.serve import processes_below, until


def with_storage(server):
    spark = server.session()
    account = server.endpoint["account"]
    for dialect in ("blob", "dfs"):
        spark.conf.set(f"fs.azure.account.key.{account}.{dialect}.core.windows.net", server.endpoint["account_key"])
    return spark


def location(server, scheme, path):
    dialect = "dfs" if scheme.startswith("abfs") else "blob"
    return f"{scheme}://{server.endpoint['container']}@{server.endpoint['account']}.{dialect}.core.windows.net/{path}"


def container(server):
    return ContainerClient(
        f"{server.endpoint['storage_url']}/{server.endpoint['account']}",
        server.endpoint["container"],
        credential=server.endpoint["account_key"],
    )


@pytest.mark.parametrize("scheme", ["wasbs", "abfss"])
def test_no_reader_sees_a_mix(serve, scheme):
    spark, reader = with_storage(serve), with_storage(serve)
    target = location(serve, scheme, f"swapped-{scheme}")
    frame = spark.range(0, 40, 1).selectExpr("id % 4 AS part", "id")

    def write(version):
        frame.selectExpr("part", "id", f"{version} AS version").write.mode("overwrite").partitionBy("part").parquet(
            target
        )

    write(0)
    over, listings, mixes, failures = threading.Event(), [], [], []

    def listen():
        with container(serve) as client:
            while not over.is_set():
                names = [
                    blob.name
                    for blob in client.list_blobs(name_starts_with=f"swapped-{scheme}/")
                    if "/part-" in blob.name
                ]
                jobs = {name.rsplit("/", 1)[1].split("-", 2)[2].split(".")[0] for name in names}
                listings.append(len(names))
                if len(names) != 4 or len(jobs) != 1:
                    mixes.append(names)

    def read():
        while not over.is_set():
            try:
                rows = reader.read.parquet(target).groupBy("version").count().collect()
                if len(rows) != 1 or rows[0]["count"] != 40:
                    mixes.append(rows)
            except PySparkException as error:  # it listed the old output, which went before it was read
                failures.append(str(error))

    threads = [threading.Thread(target=listen), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    for version in range(1, 12):
        write(version)
    over.set()
    for thread in threads:
        thread.join(30)
    assert listings and not mixes, mixes[:2]
    assert all("swapped-" in failure for failure in failures), failures
    assert [row.version for row in spark.read.parquet(target).select("version").distinct().collect()] == [11]
    with container(serve) as client:
        assert not [blob.name for blob in client.list_blobs() if "_temporary" in blob.name]
    spark.stop()
    reader.stop()


@pytest.mark.parametrize("victim", ["headrace-host", " account --home"])
def test_a_writer_or_account_that_dies_leaves_the_old_or_the_new(serve, victim):
    spark = with_storage(serve)
    target = location(serve, "wasbs", "survives")
    spark.range(1000).selectExpr("id", "'old' AS age").write.mode("overwrite").csv(target)

    def write():
        try:
            spark.range(2_000_000).selectExpr("id", "'new' AS age").write.mode("overwrite").csv(target)
        except PySparkException:
            pass

    thread = threading.Thread(target=write)
    thread.start()
    uploads = serve.home / "storage"
    until(
        lambda: any(path.is_file() and path.stat().st_size > 1 << 20 for path in uploads.rglob("*")),
        30,
        "the first uploaded block",
    )
    for pid, command in processes_below(serve.pid).items():
        if victim in command:
            os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert not thread.is_alive()
    ages = {
        row.age: row["count"]
        for row in spark.read.csv(target, schema="id long, age string").groupBy("age").count().collect()
    }
    assert ages in ({"old": 1000}, {"new": 2_000_000})
    spark.range(5).selectExpr("id", "'next' AS age").write.mode("overwrite").csv(target)
    assert spark.read.csv(target).count() == 5
    spark.stop()
