"""Over a thousand sessions no process or descriptor is left, and the daemon's memory does not grow."""

import os
import pathlib

import grpc
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc, relations_pb2

from support.serve import processes_below, until

SESSIONS = 1000


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1])
    return 0


def one_session(stub, metadata, number):
    """A session as the client's wire sees it: run range(1), release the session. Raw, because a thousand pyspark sessions take minutes."""
    session = f"00000000-0000-4000-8000-{number:012d}"
    user = base_pb2.UserContext(user_id="leak")
    plan = base_pb2.Plan(root=relations_pb2.Relation(range=relations_pb2.Range(start=0, end=1, step=1)))
    rows = 0
    for answer in stub.ExecutePlan(
        base_pb2.ExecutePlanRequest(session_id=session, user_context=user, plan=plan), metadata=metadata, timeout=30
    ):
        rows += answer.arrow_batch.row_count
    assert rows == 1
    stub.ReleaseSession(
        base_pb2.ReleaseSessionRequest(session_id=session, user_context=user), metadata=metadata, timeout=30
    )


def test_a_thousand_sessions_leave_nothing(serve):
    authority = serve.endpoint["connect"].split("/")[2]
    metadata = [("authorization", f"Bearer {serve.endpoint['token']}")]
    with grpc.insecure_channel(authority) as channel:
        stub = base_pb2_grpc.SparkConnectServiceStub(channel)
        for number in range(20):
            one_session(stub, metadata, number)
        settled = len(processes_below(serve.pid))
        open_before = descriptors(serve.pid)
        at_200 = 0
        for number in range(20, SESSIONS):
            one_session(stub, metadata, number)
            if number == 200:
                at_200 = resident(serve.pid)
        at_end = resident(serve.pid)
        until(lambda: len(processes_below(serve.pid)) <= settled, 20, "the end of the released sessions' processes")
        until(lambda: descriptors(serve.pid) <= open_before, 20, "the closing of the released sessions' descriptors")
    assert at_end <= at_200 * 1.05, f"the daemon's memory grew from {at_200} kB at session 200 to {at_end} kB"
