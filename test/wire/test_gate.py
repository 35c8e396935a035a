"""Spark Connect through the server's port: who is let in, whose session it is, and what malformed calls get."""

import os
import signal
import time
import uuid

import grpc
import pytest
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc

from support.serve import processes_below, until
from wire.test_arm import new_user


def named(name):
    """A session id (they are UUIDs) for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


class Gate:
    """Spark Connect's calls as bytes or messages, with one principal's token."""

    def __init__(self, server, token=None):
        port = server.endpoint["url"].rsplit(":", 1)[1]
        self.channel = grpc.insecure_channel(f"localhost:{port}", options=[("grpc.max_send_message_length", -1)])
        self.stub = base_pb2_grpc.SparkConnectServiceStub(self.channel)
        self.metadata = [("authorization", f"Bearer {token or server.endpoint['token']}")]

    def raw(self, method, message, metadata=None):
        call = self.channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
        return call(message, metadata=self.metadata if metadata is None else metadata, timeout=20)

    def config(self, session, **pairs):
        request = base_pb2.ConfigRequest(session_id=named(session))
        if pairs:
            request.operation.set.pairs.extend(base_pb2.KeyValue(key=key, value=value) for key, value in pairs.items())
        else:
            request.operation.get_option.keys.append("mark")
        reply = self.stub.Config(request, metadata=self.metadata, timeout=20)
        return {pair.key: pair.value for pair in reply.pairs}

    def release(self, session):
        return self.stub.ReleaseSession(
            base_pb2.ReleaseSessionRequest(session_id=named(session)), metadata=self.metadata, timeout=20
        )


CONFIG = "/spark.connect.SparkConnectService/Config"


@pytest.fixture(scope="module")
def gate(serve):
    return Gate(serve)


def refused(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    return caught.value.code(), caught.value.details()


def test_a_call_without_a_good_token_says_how_to_get_one(gate):
    code, details = refused(gate.raw, CONFIG, b"\n\x01s", metadata=[])
    assert code == grpc.StatusCode.UNAUTHENTICATED and "headrace env" in details
    code, details = refused(gate.raw, CONFIG, b"\n\x01s", metadata=[("authorization", "Bearer nonsense")])
    assert code == grpc.StatusCode.UNAUTHENTICATED


def test_a_principal_without_the_role_is_told_which(serve):
    user, _ = new_user(serve)
    code, details = refused(Gate(serve, user["token"]).config, "s1")
    assert code == grpc.StatusCode.PERMISSION_DENIED
    assert user["name"] in details and "headrace role assign" in details


def test_the_same_id_of_another_principal_is_another_session(serve, gate):
    user, _ = new_user(serve)
    serve.cli(
        "role",
        "assign",
        "Synapse Apache Spark Administrator",
        "--assignee",
        user["name"],
        "--scope",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    )
    other = Gate(serve, user["token"])
    gate.config("shared", mark="mine")
    assert other.config("shared").get("mark", "") == ""
    other.config("shared", mark="theirs")
    assert gate.config("shared")["mark"] == "mine"
    gate.release("shared")
    assert other.config("shared")["mark"] == "theirs"
    other.release("shared")


@pytest.mark.parametrize(
    "message",
    [b"", b"\xff\xff\xff", b"\x0a\x05ab", b"\x12\x00", b"\x0a\xc8\x01" + b"x" * 200 + b"\xff", b"\x0a\x02\xc0\x80"],
)
def test_a_message_that_is_none_is_refused(gate, message):
    code, _ = refused(gate.raw, CONFIG, message)
    assert code == grpc.StatusCode.INVALID_ARGUMENT


def test_a_large_request_without_a_users_name_finds_its_session(serve, monkeypatch):
    """Where no USER is set (containers), pyspark sends no user_context, and a plan of more than the scanner reads follows the session's id at once."""
    monkeypatch.delenv("USER", raising=False)
    monkeypatch.delenv("SPARK_USER", raising=False)
    spark = serve.session()
    assert spark.client._user_id is None
    assert spark.sql(f"SELECT length('{'y' * 300_000}') AS n").collect()[0].n == 300_000
    assert spark.createDataFrame([(number, "x" * 30) for number in range(10_000)], "n int, x string").count() == 10_000
    spark.stop()


def test_a_plan_that_is_not_protobuf_is_refused_and_the_session_lives(gate):
    gate.config("bad-plan", mark="1")
    code, _ = refused(
        gate.raw,
        "/spark.connect.SparkConnectService/AnalyzePlan",
        b"\x0a\x24" + named("bad-plan").encode() + b"\x12\x00" + b"\x22\x04\x0a\x02\xff\xff",
    )
    assert code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL)
    assert gate.config("bad-plan")["mark"] == "1"
    gate.release("bad-plan")


def test_an_unknown_service_and_a_message_over_the_limit_are_named(gate):
    code, details = refused(gate.raw, "/other.Service/Config", b"\n\x01s")
    assert code == grpc.StatusCode.UNIMPLEMENTED and "/other.Service/Config" in details
    code, details = refused(
        gate.raw,
        CONFIG,
        b"\n\x24"
        + named("large").encode()
        + b"\x12\x00"
        + b"\xfa\x7f"
        + bytes([0x81, 0x80, 0x80, 0x40])
        + bytes(128 * 1024 * 1024 + 1),
    )
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED and "128 MiB" in details


def test_releasing_what_is_not_there_starts_no_process(serve, gate):
    before = set(processes_below(serve.pid))
    assert gate.release("never-seen").session_id == named("never-seen")
    assert set(processes_below(serve.pid)) <= before


def test_sessions_and_their_processes_end_together(serve, gate):
    for number in range(5):
        gate.config(f"short-{number}", mark="x")
    for number in range(5):
        gate.release(f"short-{number}")
    until(
        lambda: sum("headrace-host" in command for command in processes_below(serve.pid).values()) <= 1,
        what="the hosts' end, but for a spare",
    )
    of_the_spare = 2  # its socket and its journal; `command` is what hosts are started with
    until(
        lambda: len(set(os.listdir(serve.home / "run/hosts")) - {"command"}) <= of_the_spare,
        what="the end of their sockets and journals",
    )


def test_a_session_survives_a_killed_server(fresh_serve):
    Gate(fresh_serve).config("kept", mark="before")
    fresh_serve.kill()
    fresh_serve.start()
    gate = Gate(fresh_serve)
    assert gate.config("kept")["mark"] == "before"
    gate.release("kept")
    assert gate.config("kept").get("mark", "") == ""
    host = next(pid for pid, command in processes_below(fresh_serve.pid).items() if "headrace-host" in command)
    os.kill(host, signal.SIGKILL)
    time.sleep(0.1)
    assert gate.config("kept").get("mark", "") == ""
