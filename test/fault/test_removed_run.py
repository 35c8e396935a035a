"""Somebody removes the run folder, or what is in it, under the running server: it is made again, and nothing that was acknowledged is lost with it."""

import shutil
import threading

import requests

from support.serve import until


def test_a_removed_spill_folder_is_made_again(serve):
    spark = serve.session()
    assert spark.range(5).count() == 5
    shutil.rmtree(serve.home / "run/spill")
    spark.conf.set("spark.sql.shuffle.partitions", "9")
    assert spark.range(5).count() == 5 and serve.session().range(5).count() == 5


def test_a_removed_run_folder_is_made_again(serve):
    spark = serve.session()
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    assert spark.range(5).count() == 5
    shutil.rmtree(serve.home / "run")
    until(lambda: (serve.home / "run/endpoint.json").exists() and (serve.home / "run/gate.sock").exists(), 10)
    spark.range(3).createOrReplaceTempView("v")  # what is kept can be kept again
    spark.conf.set("spark.sql.shuffle.partitions", "9")
    assert spark.table("v").count() == 3
    assert serve.session().range(5).count() == 5  # a host can start
    with requests.Session() as livy:  # an interpreter finds the gate
        livy.headers["Authorization"] = f"Bearer {serve.endpoint['token']}"
        made = livy.post(f"{serve.endpoint['url']}/sessions", json={"kind": "pyspark"}).json()
        until(lambda: livy.get(f"{serve.endpoint['url']}/sessions/{made['id']}").json()["state"] == "idle", 30)
    serve.kill()
    serve.start()  # the next server finds the session
    assert spark.conf.get("spark.sql.shuffle.partitions") == "9" and spark.table("v").count() == 3


def test_two_writers_that_begin_a_target_both_append(serve, tmp_path):
    """Neither finds the target when it begins; the second to end finds the first's."""
    target = tmp_path / "t"
    writers = [serve.session(), serve.session()]
    assert [spark.range(1).count() for spark in writers] == [1, 1]
    failures = []

    def append(spark):
        try:
            spark.sql("SELECT id FROM range(0, 3000000)").write.mode("append").csv(str(target))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=append, args=(spark,)) for spark in writers]
    for thread in threads:
        thread.start()
    until(lambda: len(list(tmp_path.glob("_temporary-t-*"))) == 2, 30, "both writers' folders")
    for thread in threads:
        thread.join(120)
    assert not failures and writers[0].read.csv(str(target)).count() == 6000000
    assert not list(tmp_path.glob("_temporary*"))
