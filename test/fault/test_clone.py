"""cloneSession through the server's port: the clone lives in a host of its own, with its source's state, and goes on when either dies."""

import os
import signal
import uuid

import grpc
import pytest

from support.serve import processes_below


def hosts(server):
    return {pid for pid, command in processes_below(server.pid).items() if "headrace-host" in command.split()[0]}


@pytest.fixture
def source(serve, tmp_path):
    spark = serve.session()
    spark.conf.set("spark.sql.shuffle.partitions", "9")
    spark.createDataFrame([(1, "a"), (2, "b")], "id int, name string").createOrReplaceTempView("carried")
    (tmp_path / "notes.txt").write_text("an artifact")
    spark.addArtifacts(str(tmp_path / "notes.txt"), file=True)
    yield spark
    spark.stop()


def test_a_clone_has_the_state_and_then_its_own(source):
    clone = source.cloneSession()
    assert clone.session_id != source.session_id
    assert clone.conf.get("spark.sql.shuffle.partitions") == "9"
    assert [row.name for row in clone.sql("SELECT name FROM carried ORDER BY id").collect()] == ["a", "b"]
    clone.conf.set("spark.sql.shuffle.partitions", "3")
    clone.sql("CREATE OR REPLACE TEMP VIEW carried AS SELECT 7 AS seven")
    assert source.conf.get("spark.sql.shuffle.partitions") == "9"
    assert source.table("carried").count() == 2
    assert clone.table("carried").collect()[0].seven == 7
    again = clone.cloneSession()  # of a clone
    assert again.table("carried").collect()[0].seven == 7 and again.conf.get("spark.sql.shuffle.partitions") == "3"
    again.client.release_session()  # stop() of a clone fails inside pyspark 4.2
    clone.client.release_session()
    assert source.table("carried").count() == 2


def test_a_clone_outlives_its_source_and_its_own_host(serve):
    source = serve.session()
    source.range(4).createOrReplaceTempView("carried")
    clone = source.cloneSession()
    source.stop()
    assert clone.table("carried").count() == 4
    for pid in hosts(serve):
        os.kill(pid, signal.SIGKILL)
    assert clone.table("carried").count() == 4
    clone.client.release_session()


def test_a_clone_can_be_named_and_a_taken_name_is_refused(serve, source):
    other = serve.session()
    other.range(1).count()
    name = str(uuid.uuid4())
    clone = source.cloneSession(name)
    assert clone.session_id == name and clone.table("carried").count() == 2
    for taken in (name, other.session_id):  # one that lives in another host too
        with pytest.raises(grpc.RpcError) as refusal:
            source.cloneSession(taken)
        assert "TARGET_SESSION_ID_ALREADY_EXISTS" in str(refusal.value)
    with pytest.raises(grpc.RpcError) as refusal:
        source.cloneSession("not-an-id")
    assert "TARGET_SESSION_ID_FORMAT" in str(refusal.value)
    assert not [
        path
        for path in (serve.home / "run/hosts").glob("*.journal")
        if not path.with_suffix(".session").exists() and path.stat().st_size
    ], "a refused clone's journal is left"
    clone.client.release_session()
    other.stop()


def test_a_clone_before_its_first_call_survives_the_server(fresh_serve):
    source = fresh_serve.session()
    source.range(4).createOrReplaceTempView("carried")
    clone = source.cloneSession()
    fresh_serve.kill()
    fresh_serve.start()
    assert clone.table("carried").count() == 4
    assert source.table("carried").count() == 4
    clone.client.release_session()
    source.stop()
