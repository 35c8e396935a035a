"""Operations as the wire has them: reattach, release, interrupt, cancelled and killed clients, bad requests, the journal."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

import grpc
import pyarrow
import pytest
from grpc_status import rpc_status
from google.rpc import error_details_pb2
from pyspark.errors import PySparkException
from pyspark.sql import Row
from pyspark.sql.connect import proto
from pyspark.sql.connect.proto import base_pb2_grpc

from support.serve import BUILD

SLOW = "SELECT count(*) FROM range(3000000) a CROSS JOIN range(3000000) b WHERE (a.id * 31 + b.id) % 1000003 = 17"


class Wire:
    """Requests by hand, one session."""

    def __init__(self, host):
        self.channel = grpc.insecure_channel(
            f"localhost:{host.port}", options=[("grpc.max_receive_message_length", -1)]
        )
        self.stub = base_pb2_grpc.SparkConnectServiceStub(self.channel)
        self.session = str(uuid.uuid4())
        self.user = proto.UserContext(user_id="someone")

    def request(self, kind, **fields):
        return kind(session_id=self.session, user_context=self.user, **fields)

    def range(self, end, expression=None):
        relation = proto.Relation(range=proto.Range(start=0, end=end, step=1))
        if expression:
            project = proto.Project(
                input=relation,
                expressions=[
                    proto.Expression(expression_string=proto.Expression.ExpressionString(expression=expression))
                ],
            )
            relation = proto.Relation(project=project)
        return proto.Plan(root=relation)

    def execute(self, plan, operation=None, reattachable=True, tags=(), timeout=30):
        option = proto.ExecutePlanRequest.RequestOption(
            reattach_options=proto.ReattachOptions(reattachable=reattachable)
        )
        request = self.request(
            proto.ExecutePlanRequest,
            plan=plan,
            operation_id=operation or str(uuid.uuid4()),
            request_options=[option],
            tags=list(tags),
        )
        return self.stub.ExecutePlan(request, timeout=timeout)

    def reattach(self, operation, last=None):
        return self.stub.ReattachExecute(
            self.request(proto.ReattachExecuteRequest, operation_id=operation, last_response_id=last), timeout=30
        )

    def release(self, operation, until=None):
        how = (
            {"release_until": proto.ReleaseExecuteRequest.ReleaseUntil(response_id=until)}
            if until
            else {"release_all": proto.ReleaseExecuteRequest.ReleaseAll()}
        )
        return self.stub.ReleaseExecute(
            self.request(proto.ReleaseExecuteRequest, operation_id=operation, **how), timeout=30
        )

    def state(self, operation):
        asked = proto.GetStatusRequest.OperationStatusRequest(operation_ids=[operation])
        return (
            self.stub.GetStatus(self.request(proto.GetStatusRequest, operation_status=asked), timeout=30)
            .operation_statuses[0]
            .state
        )


STATE = proto.GetStatusResponse.OperationStatus.OperationState


@pytest.fixture
def wire(host):
    wire = Wire(host)
    yield wire
    wire.stub.ReleaseSession(wire.request(proto.ReleaseSessionRequest), timeout=30)
    wire.channel.close()


def error_of(call):
    """Condition and error classes of a failed call."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if hasattr(call, "__iter__") else call
    info = error_details_pb2.ErrorInfo()
    rpc_status.from_call(caught.value).details[0].Unpack(info)
    return info.metadata.get("errorClass"), caught.value


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_responses_are_whole(wire):
    answers = list(wire.execute(wire.range(600_000)))
    assert len({a.response_id for a in answers}) == len(answers) >= 3
    assert len({a.server_side_session_id for a in answers}) == 1
    assert {a.session_id for a in answers} == {wire.session}
    batches = [a.arrow_batch for a in answers if a.HasField("arrow_batch")]
    assert [b.start_offset for b in batches] == [sum(x.row_count for x in batches[:i]) for i in range(len(batches))]
    assert sum(b.row_count for b in batches) == 600_000
    assert answers[0].HasField("schema") and answers[-1].HasField("result_complete")


def test_batches_carry_the_session_zone(wire):
    pair = proto.KeyValue(key="spark.sql.session.timeZone", value="America/Los_Angeles")
    wire.stub.Config(
        wire.request(
            proto.ConfigRequest, operation=proto.ConfigRequest.Operation(set=proto.ConfigRequest.Set(pairs=[pair]))
        ),
        timeout=30,
    )
    answers = list(
        wire.execute(proto.Plan(root=proto.Relation(sql=proto.SQL(query="SELECT TIMESTAMP'2026-07-01 12:00:00' AS t"))))
    )
    batch = next(a.arrow_batch for a in answers if a.HasField("arrow_batch"))
    assert str(pyarrow.ipc.open_stream(batch.data).schema.field("t").type) == "timestamp[us, tz=America/Los_Angeles]"


def test_not_reattachable_has_no_result_complete(wire):
    operation = str(uuid.uuid4())
    answers = list(wire.execute(wire.range(5), operation, reattachable=False))
    assert not any(a.HasField("result_complete") for a in answers)
    assert error_of(wire.reattach(operation))[0] == "INVALID_HANDLE.OPERATION_NOT_FOUND"


def test_reattach_continues_where_it_was(wire):
    operation = str(uuid.uuid4())
    whole = list(wire.execute(wire.range(900_000), operation))
    ids = [a.response_id for a in whole]
    assert [a.response_id for a in wire.reattach(operation)] == ids
    assert [a.response_id for a in wire.reattach(operation, ids[1])] == ids[2:]
    wire.release(operation, ids[1])
    assert [a.response_id for a in wire.reattach(operation, ids[1])] == ids[2:]
    assert error_of(wire.reattach(operation, str(uuid.uuid4())))[0] == "INVALID_CURSOR.POSITION_NOT_FOUND"
    wire.release(operation)
    assert error_of(wire.reattach(operation))[0] == "INVALID_HANDLE.OPERATION_NOT_FOUND"
    assert wire.state(operation) == STATE.OPERATION_STATE_SUCCEEDED


def test_reattach_after_a_broken_stream(wire):
    operation = str(uuid.uuid4())
    stream = wire.execute(wire.range(3_000_000), operation)
    first = next(stream)
    stream.cancel()
    rest = list(wire.reattach(operation, first.response_id))
    assert rest[-1].HasField("result_complete")
    assert first.arrow_batch.row_count + sum(a.arrow_batch.row_count for a in rest) == 3_000_000


def test_slow_reader_holds_the_execution_back(host, wire):
    operation = str(uuid.uuid4())
    stream = wire.execute(wire.range(60_000_000, "concat('some text that takes room ', id)"), operation, timeout=60)
    next(stream)
    time.sleep(1.5)
    with open(f"/proc/{host.process.pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
    assert resident < 1000, f"{resident} MB held for a reader that does not read"  # the whole is 2.5 GB
    wire.release(operation)
    with pytest.raises(grpc.RpcError):
        list(stream)


def test_operation_ids_are_used_once(wire):
    operation = str(uuid.uuid4())
    list(wire.execute(wire.range(1), operation))
    assert error_of(wire.execute(wire.range(1), operation))[0] == "INVALID_HANDLE.OPERATION_ALREADY_EXISTS"
    assert error_of(wire.execute(wire.range(1), "not an id"))[0] == "INVALID_HANDLE.FORMAT"


def test_sessions_are_known_by_their_id(wire):
    answers = list(wire.execute(wire.range(1)))

    def call(observed):
        request = wire.request(
            proto.ConfigRequest,
            client_observed_server_side_session_id=observed,
            operation=proto.ConfigRequest.Operation(get_all=proto.ConfigRequest.GetAll()),
        )
        return wire.stub.Config(request, timeout=30)

    assert call(answers[0].server_side_session_id).server_side_session_id == answers[0].server_side_session_id
    with pytest.raises(grpc.RpcError) as caught:
        call(str(uuid.uuid4()))
    assert "INVALID_HANDLE.SESSION_CHANGED" in caught.value.details()
    wire.stub.ReleaseSession(wire.request(proto.ReleaseSessionRequest), timeout=30)
    with pytest.raises(grpc.RpcError) as caught:
        call(None)
    assert "INVALID_HANDLE.SESSION_CLOSED" in caught.value.details()


def interrupted(spark, act, tag=None):
    caught = []

    def run():
        try:
            if tag:
                spark.addTag(tag)  # tags belong to the thread
            spark.sql(SLOW).collect()
        except PySparkException as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.7)
    began = time.monotonic()
    ids = act()
    thread.join(20)
    assert not thread.is_alive() and time.monotonic() - began < 10
    assert len(ids) == 1
    assert caught and "OPERATION_CANCELED" in str(caught[0])


def test_interrupt_all(spark):
    interrupted(spark, spark.interruptAll)
    assert spark.range(3).count() == 3


def test_interrupt_by_tag(spark):
    interrupted(spark, lambda: spark.interruptTag("other") + spark.interruptTag("mine"), "mine")


def test_interrupt_by_operation(wire):
    operation = str(uuid.uuid4())
    plan = proto.Plan(root=proto.Relation(sql=proto.SQL(query=SLOW)))
    stream = wire.execute(plan, operation)
    until(lambda: wire.state(operation) == STATE.OPERATION_STATE_RUNNING)
    request = wire.request(
        proto.InterruptRequest,
        interrupt_type=proto.InterruptRequest.INTERRUPT_TYPE_OPERATION_ID,
        operation_id=operation,
    )
    time.sleep(0.3)
    assert list(wire.stub.Interrupt(request, timeout=30).interrupted_ids) == [operation]
    assert error_of(stream)[0] == "OPERATION_CANCELED"
    until(lambda: wire.state(operation) == STATE.OPERATION_STATE_CANCELLED)


def test_killed_client_leaves_nothing_running(host, wire, tmp_path):
    (tmp_path / "client.py").write_text(f"""from pyspark.sql.connect.session import SparkSession
spark = SparkSession.builder.remote("{host.remote}").create()
print("ready", flush=True)
spark.sql("{SLOW}").collect()
""")
    child = subprocess.Popen([sys.executable, str(tmp_path / "client.py")], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.8)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert list(wire.execute(wire.range(3)))[-1].HasField("result_complete")  # the host is none the worse


def test_not_reattachable_ends_with_its_client(wire):
    operation = str(uuid.uuid4())
    stream = wire.execute(proto.Plan(root=proto.Relation(sql=proto.SQL(query=SLOW))), operation, reattachable=False)
    until(lambda: wire.state(operation) == STATE.OPERATION_STATE_RUNNING)
    stream.cancel()
    until(lambda: wire.state(operation) == STATE.OPERATION_STATE_CANCELLED)


def nested(depth):
    relation = proto.Relation(range=proto.Range(end=1, step=1))
    for _ in range(depth):
        outer = proto.Relation()
        outer.limit.limit = 1
        outer.limit.input.CopyFrom(relation)
        relation = outer
    return relation


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def deep_request(wire, depth):
    """An ExecutePlanRequest nested so deep that protobuf's own library would not write it."""
    inner = b""
    for _ in range(depth):  # Relation.limit.input
        limit = b"\x0a" + varint(len(inner)) + inner + b"\x10\x01"
        inner = b"\x42" + varint(len(limit)) + limit
    plan = b"\x0a" + varint(len(inner)) + inner
    fixed = wire.request(proto.ExecutePlanRequest, operation_id=str(uuid.uuid4())).SerializeToString()
    return fixed + b"\x1a" + varint(len(plan)) + plan


def raw(wire, method, request):
    call = wire.channel.unary_stream(
        f"/spark.connect.SparkConnectService/{method}",
        request_serializer=lambda b: b,
        response_deserializer=lambda b: b,
    )
    return call(request, timeout=30)


def test_nested_beyond_the_limit(host, wire):
    condition, error = error_of(raw(wire, "ExecutePlan", deep_request(wire, 30_000)))
    assert "nested deeper" in error.details()
    assert host.process.poll() is None
    assert wire.execute(proto.Plan(root=nested(40)), timeout=30)
    assert list(wire.execute(proto.Plan(root=nested(40))))[-1].HasField("result_complete")


@pytest.mark.parametrize(
    "method",
    [
        "ExecutePlan",
        "AnalyzePlan",
        "Config",
        "AddArtifacts",
        "Interrupt",
        "ReattachExecute",
        "ReleaseExecute",
        "ReleaseSession",
        "FetchErrorDetails",
        "CloneSession",
        "GetStatus",
        "ArtifactStatus",
    ],
)
@pytest.mark.parametrize("request_bytes", [b"\xff\xff\xff", b"\x0a\x7f", b"\x08\x01\x02", bytes(range(256)) * 4])
def test_not_protobuf(host, wire, method, request_bytes):
    with pytest.raises(grpc.RpcError) as caught:
        list(raw(wire, method, request_bytes))
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert host.process.poll() is None


def test_plan_that_is_empty(wire):
    assert "not valid" in error_of(wire.execute(proto.Plan()))[1].details()
    assert "not valid" in error_of(wire.execute(proto.Plan(root=proto.Relation())))[1].details()
    assert "input" in error_of(wire.execute(proto.Plan(root=proto.Relation(filter=proto.Filter()))))[1].details()


def test_unknown_method_and_plain_http(host, wire):
    with pytest.raises(grpc.RpcError) as caught:
        list(raw(wire, "Nope", b""))
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    with socket.create_connection(("127.0.0.1", host.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 415")
    with socket.create_connection(("127.0.0.1", host.port), 5) as noise:
        noise.sendall(os.urandom(200))
        noise.settimeout(5)
        try:
            while noise.recv(4096):
                pass
        except OSError:
            pass
    assert list(wire.execute(wire.range(1)))


def test_artifacts(wire):
    import zlib

    chunk = lambda data: proto.AddArtifactsRequest.ArtifactChunk(data=data, crc=zlib.crc32(data))  # noqa: E731
    parts = [b"a" * 1000, b"b" * 1000, b"c"]
    requests = [
        wire.request(
            proto.AddArtifactsRequest,
            batch=proto.AddArtifactsRequest.Batch(
                artifacts=[proto.AddArtifactsRequest.SingleChunkArtifact(name="files/one.txt", data=chunk(b"one"))]
            ),
        ),
        wire.request(
            proto.AddArtifactsRequest,
            begin_chunk=proto.AddArtifactsRequest.BeginChunkedArtifact(
                name="cache/many", total_bytes=2001, num_chunks=3, initial_chunk=chunk(parts[0])
            ),
        ),
        wire.request(proto.AddArtifactsRequest, chunk=chunk(parts[1])),
        wire.request(proto.AddArtifactsRequest, chunk=chunk(parts[2])),
    ]
    answer = wire.stub.AddArtifacts(iter(requests), timeout=30)
    assert [(a.name, a.is_crc_successful) for a in answer.artifacts] == [("files/one.txt", True), ("cache/many", True)]
    status = wire.stub.ArtifactStatus(
        wire.request(proto.ArtifactStatusesRequest, names=["cache/many", "cache/none"]), timeout=30
    )
    assert {k: v.exists for k, v in status.statuses.items()} == {"cache/many": True, "cache/none": False}
    bad = proto.AddArtifactsRequest.ArtifactChunk(data=b"x", crc=1)
    wrong = wire.request(
        proto.AddArtifactsRequest,
        batch=proto.AddArtifactsRequest.Batch(
            artifacts=[proto.AddArtifactsRequest.SingleChunkArtifact(name="files/bad", data=bad)]
        ),
    )
    assert [a.is_crc_successful for a in wire.stub.AddArtifacts(iter([wrong]), timeout=30).artifacts] == [False]
    outside = wire.request(
        proto.AddArtifactsRequest,
        batch=proto.AddArtifactsRequest.Batch(
            artifacts=[proto.AddArtifactsRequest.SingleChunkArtifact(name="../outside", data=chunk(b"x"))]
        ),
    )
    with pytest.raises(grpc.RpcError):
        wire.stub.AddArtifacts(iter([outside]), timeout=30)


def test_a_removed_journal_is_written_again_or_nothing_is_acknowledged(make_host, tmp_path):
    folder, key = tmp_path / "kept", "spark.sql.shuffle.partitions"
    folder.mkdir()
    spark = make_host("--journal", folder / "journal").session()
    spark.conf.set(key, "7")
    (folder / "journal").unlink()
    spark.conf.set(key, "8")
    assert (folder / "journal").stat().st_size
    (folder / "journal").unlink()
    folder.rmdir()  # the folder is made again too …
    spark.conf.set(key, "9")
    assert (folder / "journal").stat().st_size
    (folder / "journal").unlink()
    folder.rmdir()
    folder.write_text("in its place")  # … where that can be
    with pytest.raises(PySparkException, match="was removed, and cannot be written again"):
        spark.conf.set(key, "10")
    assert spark.conf.get(key) == "9"
    folder.unlink()
    spark.conf.set(key, "11")
    assert (folder / "journal").stat().st_size
    spark.stop()


def test_journal_restores_a_session(make_host, tmp_path):
    """A host that is killed: the next one, on its journal, goes on with the same session."""
    first = make_host("--journal", tmp_path / "journal")
    spark = first.session()
    spark.conf.set("spark.sql.shuffle.partitions", "11")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    spark.conf.unset("spark.sql.ansi.enabled")
    spark.range(5).createOrReplaceTempView("kept")
    spark.sql("CREATE TEMP VIEW also AS SELECT id + 1 AS n FROM kept")
    spark.range(1).createOrReplaceTempView("gone")
    spark.catalog.dropTempView("gone")
    spark.udf.register("mine", lambda x: x, "long")
    before = spark.client._server_session_id if hasattr(spark.client, "_server_session_id") else None
    session = spark.session_id
    first.stop(signal.SIGKILL)
    with open(tmp_path / "journal", "ab") as torn:
        torn.write(b"\x02\x00\x00\x00half a record")
    second = make_host("--journal", tmp_path / "journal")
    again = second.session(f"/;session_id={session}")
    assert again.conf.get("spark.sql.shuffle.partitions") == "11"
    assert again.conf.get("spark.sql.ansi.enabled") == "true"
    assert again.sql("SELECT sum(n) AS s FROM also").collect() == [Row(s=15)]
    with pytest.raises(PySparkException, match="registered Python function `mine`"):
        again.sql("SELECT mine(1)").collect()
    assert before is None or again.client._server_session_id == before
    assert sorted(t.name for t in again.catalog.listTables()) == ["also", "kept"]


def test_host_options(make_host):
    assert (
        make_host("--conf", "spark.sql.shuffle.partitions=3", "--threads", "1")
        .session()
        .conf.get("spark.sql.shuffle.partitions")
        == "3"
    )
    for nonsense in (
        ["--nope"],
        ["--memory", "lots"],
        ["--memory", "-5"],
        ["--memory", "1t"],
        ["--memory", "1e30g"],
        ["--threads", "x"],
        ["--threads", "0"],
        ["--linger", "soon"],
        ["--linger", "1e300"],
    ):
        result = subprocess.run(
            [str(BUILD / "headrace-host"), "--listen", "127.0.0.1:0", *nonsense],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert result.returncode == 2 and "usage" in result.stderr, nonsense


def test_many_sessions_leave_nothing(make_host):
    host = make_host()
    descriptors = lambda: len(os.listdir(f"/proc/{host.process.pid}/fd"))  # noqa: E731
    for i in range(12):
        session = host.session()
        assert session.range(i).count() == i
        session.stop()
        if i == 3:
            early = descriptors()
    until(lambda: descriptors() <= early + 2)
