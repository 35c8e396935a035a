"""The grant on every call: a host serves who brings one of its daemon for its session, and a role that is taken away ends grants now."""

import os
import pathlib
import re
import stat
import time

import grpc
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc

from support.grants import grant, secret_of
from support.serve import processes_below, until
from wire.test_arm import new_user
from wire.test_gate import Gate, named, refused

READER, CONTRIBUTOR = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


class Host:
    """A session host's own socket, as somebody would call it past the gate."""

    def __init__(self, server, session):
        from_gate = set(processes_below(server.pid))
        log = server.log()
        pid = re.findall(
            rf'"session":"{named(session)}"[^\n]*"pid":"(\d+)"|session={named(session)}[^\n]*pid=(\d+)', log
        )
        pid = self.pid = int(next(filter(None, pid[-1])))
        assert pid in from_gate
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        self.socket = command[command.index(b"--socket") + 1].decode()
        self.session = session
        self.stub = base_pb2_grpc.SparkConnectServiceStub(grpc.insecure_channel("unix:" + self.socket))

    def config(self, text=None, session=None):
        request = base_pb2.ConfigRequest(session_id=named(session or self.session))
        request.operation.get_option.keys.append("mark")
        return self.stub.Config(request, metadata=[("authorization", f"Bearer {text}")] if text else [], timeout=20)


@pytest.fixture(scope="module")
def host(serve):
    Gate(serve).config("guarded", mark="1")
    return Host(serve, "guarded")


@pytest.fixture(scope="module")
def secret(serve):
    return secret_of(serve.home)


def test_the_sockets_are_the_owners_alone(serve, host):
    for path in [host.socket, *map(str, (serve.home / "run").glob("*.grants"))]:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert (serve.home / "run/account.grants").is_socket()


def test_a_host_of_a_server_asks_for_the_servers_grant(serve, host, secret):
    me, session = serve.endpoint["principal_id"], named("guarded")
    assert host.config(grant(secret, me, session)).session_id == session
    for text, says in [
        (None, "carries no grant"),
        ("nonsense", "not signed by this server"),
        (serve.endpoint["token"], "not signed by this server"),
        (grant(Ed25519PrivateKey.generate(), me, session), "not signed by this server"),
        (grant(secret, me, session, age=61), "is over"),
        (grant(secret, me, session, seconds=3600), "is over"),
        (grant(secret, me), "made for no session"),
        (grant(secret, me, named("another")), "this host serves another"),
        (grant(secret, "11111111-1111-1111-1111-111111111111", session), "session of another"),
    ]:
        code, details = refused(host.config, text)
        assert code == grpc.StatusCode.UNAUTHENTICATED and says in details, details


def test_a_grant_opens_the_session_that_it_names_only(serve, host, secret):
    text = grant(secret, serve.endpoint["principal_id"], named("guarded"))
    code, details = refused(host.config, text, session="another")
    assert code == grpc.StatusCode.UNAUTHENTICATED and named("another") in details
    release = base_pb2.ReleaseSessionRequest(session_id=named("another"))
    code, _ = refused(host.stub.ReleaseSession, release, metadata=[("authorization", f"Bearer {text}")], timeout=20)
    assert code == grpc.StatusCode.UNAUTHENTICATED


def worker(serve, role="Synapse Compute Operator"):
    """A user who may use the pool: (its name, its gate, how to take the role away)."""
    user, _ = new_user(serve)
    scope = f"workspaces/{serve.endpoint['synapse_workspace']}"
    serve.cli("role", "assign", role, "--assignee", user["name"], "--scope", scope)
    return (
        user,
        Gate(serve, user["token"]),
        lambda: serve.cli("role", "remove", role, "--assignee", user["name"], "--scope", scope),
    )


def test_a_revoked_users_very_next_call_is_refused_and_a_role_given_back_counts_at_once(serve, secret):
    user, gate, take_away = worker(serve)
    gate.config("revoked", mark="1")
    host = Host(serve, "revoked")
    before = grant(secret, user["principal"], named("revoked"))
    assert host.config(before)
    take_away()
    code, details = refused(gate.config, "revoked")
    assert code == grpc.StatusCode.PERMISSION_DENIED and "headrace role assign" in details
    code, details = refused(host.config, before)  # nor past the gate, with the grant it had
    assert code == grpc.StatusCode.UNAUTHENTICATED and "was revoked" in details
    command = re.search(r'headrace (role assign "[^"]+" --assignee \S+ --scope \S+)', details_of(gate, "revoked"))
    serve.cli(*[part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command[1])])
    assert gate.config("revoked")["mark"] == "1"


def details_of(gate, session):
    return refused(gate.config, session)[1]


def test_what_runs_for_a_revoked_user_is_ended(serve):
    user, gate, take_away = worker(serve)
    spark = serve.session(token=user["token"])
    errors = []

    def run():
        try:
            spark.range(10**13).selectExpr("sum(id * 7 % 3)").collect()
        except Exception as error:  # whatever it is, it ended
            errors.append(error)

    import threading

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.5)
    assert thread.is_alive()
    take_away()
    thread.join(20)
    assert not thread.is_alive() and errors


def test_a_removed_users_grants_are_over(serve, secret):
    user, gate, _ = worker(serve)
    gate.config("removed", mark="1")
    host, text = Host(serve, "removed"), grant(secret, user["principal"], named("removed"))
    assert host.config(text)
    serve.cli("user", "remove", user["name"])
    assert refused(gate.config, "removed")[0] == grpc.StatusCode.UNAUTHENTICATED
    until(lambda: not pathlib.Path(f"/proc/{host.pid}").exists(), what="the end of the user's hosts")


# ---- the storage account ----


def account_scope(serve):
    end = serve.endpoint
    return (
        f"/subscriptions/{end['subscription_id']}/resourceGroups/{end['resource_group']}"
        "/providers/Microsoft.Storage/storageAccounts/dprepdata"
    )


def list_demo(serve, text):
    return requests.get(
        f"{serve.endpoint['storage_url']}/dprepdata/demo?restype=container&comp=list",
        timeout=20,
        headers={"authorization": f"Bearer {text}", "x-ms-version": "2021-12-02"},
    )


def test_a_storage_role_that_is_taken_away_fails_the_next_read(serve, secret):
    user, _ = new_user(serve)
    scope = account_scope(serve)
    role = ("role", "assign", "Storage Blob Data Reader", "--assignee", user["name"], "--scope", scope)
    serve.cli(*role)
    text = grant(secret, user["principal"], assigned=[(READER, scope)])
    assert list_demo(serve, text).status_code == 200
    serve.cli("role", "remove", *role[2:])
    reply = list_demo(serve, text)
    assert reply.status_code in (401, 403) and "was revoked" in reply.text
    serve.cli(*role)
    assert list_demo(serve, text).status_code in (401, 403)  # an old grant stays over
    assert list_demo(serve, grant(secret, user["principal"], assigned=[(READER, scope)])).status_code == 200


def test_a_revocation_is_known_to_an_account_that_starts_after_it(fresh_serve):
    secret, user = secret_of(fresh_serve.home), new_user(fresh_serve)[0]
    scope = account_scope(fresh_serve)
    text = grant(secret, user["principal"], assigned=[(READER, scope)])
    assert list_demo(fresh_serve, text).status_code == 200
    role = ("Storage Blob Data Reader", "--assignee", user["name"], "--scope", scope)
    fresh_serve.cli("role", "assign", *role)
    fresh_serve.cli("role", "remove", *role)
    assert "was revoked" in list_demo(fresh_serve, text).text
    pid = next(pid for pid, command in processes_below(fresh_serve.pid).items() if " account " in command)
    os.kill(pid, 9)
    assert "was revoked" in list_demo(fresh_serve, text).text  # it is back on its port, and has read what was said
    fresh_serve.kill()
    fresh_serve.start()
    other = new_user(fresh_serve)[0]
    fresh_serve.cli("user", "remove", other["name"])  # the file is written anew
    pid = next(pid for pid, command in processes_below(fresh_serve.pid).items() if " account " in command)
    os.kill(pid, 9)
    assert "was revoked" in list_demo(fresh_serve, text).text


def datastore_access(serve, azure, permissions="read"):
    return azure.call(
        "POST",
        f"/datastore/v1.0{azure.workspace_id}/datastores/workspaceblobstore/access",
        json={"permissions": permissions},
    )


def test_a_sas_that_was_given_for_a_role_ends_with_it(serve):
    """What a mount and the SDK read a dataset by, when their user has a role and no right to the datastore's key."""
    user, azure = new_user(serve)
    role = ("Storage Blob Data Reader", "--assignee", user["name"], "--scope", account_scope(serve))
    assert 'role "Storage Blob Data Reader" is missing' in datastore_access(serve, azure).json()["error"]["message"]
    serve.cli("role", "assign", *role)

    def given():
        (sas,) = [
            value
            for key, value in datastore_access(serve, azure).json()["conf"].items()
            if key.startswith("fs.azure.sas.")
        ]
        return f"{serve.endpoint['storage_url']}/dprepdata/demo?restype=container&comp=list&{sas}"

    first = given()
    assert requests.get(first, timeout=20).status_code == 200
    serve.cli("role", "remove", *role)
    reply = requests.get(first, timeout=20)
    assert reply.status_code == 403 and user["principal"] in reply.text and "was taken away" in reply.text
    assert 'role "Storage Blob Data Reader" is missing' in datastore_access(serve, azure).json()["error"]["message"]
    serve.cli("role", "assign", *role)
    assert requests.get(given(), timeout=20).status_code == 200 and requests.get(first, timeout=20).status_code == 403
    bent = first.replace(user["principal"], serve.endpoint["principal_id"])
    assert requests.get(bent, timeout=20).status_code == 403  # the signature covers whose it is
