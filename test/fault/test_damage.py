"""Files of sessions that were damaged, clients that send too much, and calls that are not theirs to make: told, survived, nothing else lost."""

import uuid

import grpc
import pytest
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc


class Calls:
    def __init__(self, server):
        port = server.endpoint["url"].rsplit(":", 1)[1]
        self.channel = grpc.insecure_channel(
            f"localhost:{port}",
            options=[("grpc.max_metadata_size", 10 << 20), ("grpc.absolute_max_metadata_size", 10 << 20)],
        )
        self.stub = base_pb2_grpc.SparkConnectServiceStub(self.channel)
        self.metadata = [("authorization", f"Bearer {server.endpoint['token']}")]

    def set(self, session, value):
        operation = base_pb2.ConfigRequest.Operation(
            set=base_pb2.ConfigRequest.Set(pairs=[base_pb2.KeyValue(key="mark", value=value)])
        )
        self.stub.Config(
            base_pb2.ConfigRequest(session_id=session, operation=operation), metadata=self.metadata, timeout=20
        )

    def get(self, session, *metadata):
        operation = base_pb2.ConfigRequest.Operation(get_option=base_pb2.ConfigRequest.GetOption(keys=["mark"]))
        reply = self.stub.Config(
            base_pb2.ConfigRequest(session_id=session, operation=operation),
            metadata=self.metadata + list(metadata),
            timeout=20,
        )
        return reply.pairs[0].value


def test_damaged_files_of_sessions_are_not_fatal(fresh_serve):
    calls, whole, torn, lost = Calls(fresh_serve), *(str(uuid.uuid4()) for _ in range(3))
    for session in (whole, torn, lost):
        calls.set(session, "kept")
    calls.set(torn, "last")
    fresh_serve.stop()
    folder = fresh_serve.home / "run/hosts"
    records = {path.read_text().splitlines()[1]: path for path in folder.glob("*.session")}
    assert set(records) == {whole, torn, lost}
    journal = records[torn].with_suffix(".journal")
    journal.write_bytes(journal.read_bytes()[:-3])  # its last record is torn
    records[lost].write_bytes(b"garbage")
    (folder / "99999999999999.session").write_text("x")
    (folder / "777.sock").write_text("not a socket")
    (folder / "778.journal").mkdir()
    (folder / "779.session.new").write_text("half")
    fresh_serve.start()
    calls = Calls(fresh_serve)
    assert calls.get(whole) == "kept"
    assert calls.get(torn) == "kept"  # all but what was torn
    assert "journal.torn" in fresh_serve.log()
    assert calls.get(lost) == ""  # a new session
    calls.set(lost, "again")
    assert calls.get(lost) == "again"


@pytest.mark.parametrize(
    "metadata", [[("x-large", "y" * 200_000)], [(f"x-{number}", "y") for number in range(300)]], ids=["large", "many"]
)
def test_too_much_metadata_is_refused_and_the_session_goes_on(serve, metadata):
    calls, session = Calls(serve), str(uuid.uuid4())
    calls.set(session, "kept")
    with pytest.raises(grpc.RpcError):
        calls.get(session, *metadata)
    assert calls.get(session) == "kept"
    assert calls.get(session, ("x-fits", "y" * 50_000)) == "kept"


def test_what_gate_and_host_say_to_each_other_is_not_a_clients_to_say(serve, tmp_path):
    calls, session = Calls(serve), str(uuid.uuid4())
    calls.set(session, "kept")
    evil = tmp_path / "written"
    calls.stub.CloneSession(
        base_pb2.CloneSessionRequest(session_id=session),
        metadata=calls.metadata + [("headrace-clone", str(evil))],
        timeout=20,
    )
    assert not evil.exists()
    for path in ("/headrace/hold", "/headrace/grant"):
        with pytest.raises(grpc.RpcError) as refusal:
            calls.channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)(
                b"", metadata=calls.metadata, timeout=10
            )
        assert refusal.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert calls.get(session) == "kept"
