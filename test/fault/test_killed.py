"""What a kill takes with it, and what it may not."""

import os
import signal
import socket
import time
import uuid

import grpc
import pytest
from pyspark.errors import PySparkException
from pyspark.sql.connect.proto import base_pb2, commands_pb2, relations_pb2
from pyspark.sql.functions import col

from support.serve import processes_below, until
from test_damage import Calls


def hosts(server):
    return {
        pid for pid, command in processes_below(server.pid).items() if "headrace-host" in command or " host " in command
    }


def host_of(server, spark):
    """The session host that works for spark: the one whose CPU time grows while it counts."""

    def ticks(pid):
        try:
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        except OSError:  # the host of a session that ended meanwhile
            return 0
        return int(fields[11]) + int(fields[12])

    before = {pid: ticks(pid) for pid in hosts(server)}
    spark.range(60_000_000).filter(col("id") % 7 == 3).count()
    spark.range(60_000_000).filter(col("id") % 5 == 3).count()
    return max(before, key=lambda pid: ticks(pid) - before[pid])


def test_a_killed_host_fails_what_ran_and_the_session_goes_on(serve):
    spark = serve.session()
    other = serve.session()
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    spark.range(5).createOrReplaceTempView("kept")
    other.range(1).count()
    os.kill(host_of(serve, spark), signal.SIGKILL)
    assert spark.conf.get("spark.sql.shuffle.partitions") == "3"
    assert [row.id for row in spark.sql("SELECT id FROM kept ORDER BY id").collect()] == [0, 1, 2, 3, 4]
    assert other.range(3).count() == 3
    spark.stop()
    other.stop()


def test_a_host_killed_under_a_running_query_is_a_clear_error(serve):
    import threading

    spark = serve.session()
    victim = host_of(serve, spark)
    failure = []

    def run():
        try:
            spark.range(2_000_000_000).selectExpr("sum(sqrt(id * 3.0))").collect()
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    os.kill(victim, signal.SIGKILL)
    thread.join(60)
    assert not thread.is_alive()
    assert failure and isinstance(failure[0], PySparkException)
    assert spark.range(2).count() == 2
    spark.stop()


def test_a_server_killed_and_started_again_keeps_what_it_acknowledged(fresh_serve):
    made = fresh_serve.cli("user", "create", "ada", "--json")
    assert "token" in made.stdout
    fresh_serve.cli("pool", "create", "second", "--json")
    token = fresh_serve.endpoint["token"]
    fresh_serve.kill()
    fresh_serve.start()
    assert fresh_serve.endpoint["token"] == token
    assert "second" in fresh_serve.cli("pool", "list", "--json").stdout
    spark = fresh_serve.session()
    assert spark.range(4).count() == 4
    spark.stop()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_call_that_comes_while_the_server_starts_gets_a_whole_host(fresh_serve, end):
    """Its port listens before its storage account does; the session must know the account all the same, for good."""
    at = fresh_serve.endpoint
    folder = f"abfss://{at['container']}@{at['account']}.dfs.core.windows.net/early"
    spark = fresh_serve.session()
    spark.range(5).write.parquet(folder)
    getattr(fresh_serve, end)()
    fresh_serve.launch()
    until(lambda: listens(int(at["url"].rsplit(":", 1)[1])), 20, "the port")
    early = fresh_serve.session()
    assert early.read.parquet(folder).count() == 5
    fresh_serve.await_ready()
    assert early.read.parquet(folder).count() == 5
    commands = [command for command in processes_below(fresh_serve.pid).values() if "headrace-host" in command]
    assert commands and all("fs.azure.headrace.endpoint" in command and "--accounts" in command for command in commands)
    early.stop()


def test_nothing_outlives_a_server_that_is_told_to_end(fresh_serve):
    spark = fresh_serve.session()
    assert spark.range(1).count() == 1
    below = processes_below(fresh_serve.pid)
    assert below
    fresh_serve.stop()
    until(lambda: not [pid for pid in below if os.path.exists(f"/proc/{pid}")], 10, "the end of every child")


def test_nothing_outlives_a_server_that_is_killed(fresh_serve):
    spark = fresh_serve.session()
    assert spark.range(1).count() == 1
    below = processes_below(fresh_serve.pid)
    fresh_serve.kill()
    fresh_serve.start()  # adopts, or ends, what the killed one left
    assert fresh_serve.session().range(1).count() == 1
    fresh_serve.stop()
    until(lambda: not [pid for pid in below if os.path.exists(f"/proc/{pid}")], 15, "the end of every orphan")


def test_a_foreign_token_is_refused(serve):
    with pytest.raises(Exception) as refusal:
        serve.session(token="not-a-token").range(1).count()
    assert "UNAUTHENTICATED" in str(refusal.value) or "token" in str(refusal.value)


def test_a_write_whose_host_died_is_not_run_again_by_its_client(serve, tmp_path):
    """Clients run again by themselves what a host says it never heard of: the host that takes over knows what its predecessor began to write."""
    calls, session, operation = Calls(serve), str(uuid.uuid4()), str(uuid.uuid4())
    write = commands_pb2.WriteOperation(
        source="parquet", path=f"file://{tmp_path}/appended", mode=commands_pb2.WriteOperation.SAVE_MODE_APPEND
    )
    write.input.range.CopyFrom(relations_pb2.Range(start=0, end=5, step=1))
    request = base_pb2.ExecutePlanRequest(session_id=session, operation_id=operation)
    request.plan.command.write_operation.CopyFrom(write)
    request.request_options.add().reattach_options.reattachable = True
    answers = calls.stub.ExecutePlan(request, metadata=calls.metadata, timeout=30)
    assert any(answer.HasField("result_complete") for answer in answers)
    for pid in hosts(serve):
        os.kill(pid, signal.SIGKILL)
    again = [
        lambda: calls.stub.ReattachExecute(
            base_pb2.ReattachExecuteRequest(session_id=session, operation_id=operation),
            metadata=calls.metadata,
            timeout=30,
        ),
        lambda: calls.stub.ExecutePlan(request, metadata=calls.metadata, timeout=30),
    ]
    for call in again:
        with pytest.raises(grpc.RpcError) as refusal:
            list(call())
        assert (
            refusal.value.code() == grpc.StatusCode.INTERNAL and "what it wrote may be there" in refusal.value.details()
        )
    unknown = base_pb2.ReattachExecuteRequest(session_id=session, operation_id=str(uuid.uuid4()))
    with pytest.raises(grpc.RpcError) as refusal:  # one that never came: the client may send it
        list(calls.stub.ReattachExecute(unknown, metadata=calls.metadata, timeout=30))
    assert "OPERATION_NOT_FOUND" in refusal.value.details()
    assert len(list((tmp_path / "appended").glob("part-*"))) == 1


def test_a_reset_survives_the_host(serve):
    spark = serve.session()
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    spark.sql("RESET spark.sql.shuffle.partitions").collect()
    for pid in hosts(serve):
        os.kill(pid, signal.SIGKILL)
    assert (
        spark.conf.get("spark.sql.shuffle.partitions") == "200"
        and spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    )
    spark.sql("RESET").collect()
    for pid in hosts(serve):
        os.kill(pid, signal.SIGKILL)
    assert spark.conf.get("spark.sql.session.timeZone") != "Asia/Tokyo"
    spark.stop()
