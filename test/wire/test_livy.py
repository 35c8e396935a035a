"""Sessions by REST: Livy's root with plain requests, Synapse's with azure-synapse-spark, and who may use them."""

import json
import os
import signal
import subprocess
import time

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.synapse.spark.models import SparkSessionOptions, SparkStatementOptions

from support.azure import Azure
from support.serve import BUILD, Serve, processes_below, until
from wire.test_arm import new_user, run_printed


class Livy:
    """Livy's REST as sparkmagic speaks it, with one principal's token."""

    def __init__(self, server, token=None, basic=False):
        self.url, self.token = server.endpoint["url"], token or server.endpoint["token"]
        self.auth = (
            {"auth": ("anyone", self.token)} if basic else {"headers": {"Authorization": f"Bearer {self.token}"}}
        )

    def call(self, method, path, **options):
        return requests.request(method, self.url + path, timeout=60, **self.auth, **options)

    def start(self, **body):
        reply = self.call("POST", "/sessions", json={"kind": "pyspark", **body})
        assert reply.status_code == 201, reply.text
        session = reply.json()
        assert reply.headers["Location"] == f"/sessions/{session['id']}"
        until(lambda: self.call("GET", f"/sessions/{session['id']}/state").json()["state"] == "idle", 30, "idle")
        return f"/sessions/{session['id']}"

    def send(self, session, code, **body):
        reply = self.call("POST", f"{session}/statements", json={"code": code, **body})
        assert reply.status_code == 201, reply.text
        return f"{session}/statements/{reply.json()['id']}"

    def finished(self, statement, seconds=30):
        def done():
            reply = self.call("GET", statement).json()
            return reply if reply["state"] in ("available", "cancelled") else None

        return until(done, seconds, "the statement's end")

    def run(self, session, code, **body):
        return self.finished(self.send(session, code, **body))["output"]


@pytest.fixture(scope="module")
def livy(serve):
    return Livy(serve)


@pytest.fixture
def session(livy):
    path = livy.start()
    yield path
    livy.call("DELETE", path)


# ---- Livy's root ----


def test_a_session_view_holds_what_clients_read(livy, session):
    view = livy.call("GET", session).json()
    for field in (
        "id",
        "name",
        "appId",
        "owner",
        "proxyUser",
        "state",
        "kind",
        "appInfo",
        "log",
        "ttl",
        "idleTimeout",
        "driverMemory",
        "driverCores",
        "executorMemory",
        "executorCores",
        "numExecutors",
        "conf",
        "archives",
        "files",
        "jars",
        "pyFiles",
        "queue",
        "heartbeatTimeoutInSecond",
    ):
        assert field in view
    assert (
        view["state"] == "idle"
        and view["owner"] == "owner"
        and isinstance(view["log"], list)
        and set(view["appInfo"]) == {"driverLogUrl", "sparkUiUrl"}
    )
    assert livy.call("GET", f"/sessions/{view['name']}").json()["id"] == view["id"]
    listed = livy.call("GET", "/sessions?from=0&size=1000").json()
    assert (
        view["id"] in [one["id"] for one in listed["sessions"]]
        and listed["from"] == 0
        and listed["total"] == len(listed["sessions"])
    )


def test_statements_keep_their_state_and_give_results(livy, session):
    assert livy.run(session, "x = 20\nx + 1")["data"]["text/plain"].strip() == "21"
    assert livy.run(session, "print('hello')\nx")["data"]["text/plain"].split() == ["hello", "20"]
    failed = livy.run(session, "1/0")
    assert (failed["status"], failed["ename"]) == ("error", "ZeroDivisionError") and isinstance(
        failed["traceback"], list
    )
    assert livy.run(session, "x")["status"] == "ok"
    listed = livy.call("GET", f"{session}/statements?from=1&size=2").json()
    assert listed["total_statements"] == 4 and [one["id"] for one in listed["statements"]] == [1, 2]
    down = livy.call("GET", f"{session}/statements?order=desc&size=1").json()
    assert [one["id"] for one in down["statements"]] == [3]


def test_basic_authorization_takes_the_token_as_password(serve):
    assert Livy(serve, basic=True).call("GET", "/sessions").status_code == 200
    assert Livy(serve, "hr_wrong", basic=True).call("GET", "/sessions").status_code == 401


def test_asking_for_a_running_statement_is_held_open_until_it_ends(livy, session):
    statement = livy.send(session, "import time; time.sleep(0.4); 'done'")
    begun = time.monotonic()
    reply = livy.call("GET", statement).json()
    assert reply["state"] == "available" and 0.2 < time.monotonic() - begun < 2


def test_a_running_statement_is_cancelled(livy, session):
    statement = livy.send(session, "import time\nwhile True: time.sleep(0.01)")
    until(lambda: livy.call("GET", statement).json()["state"] == "running", 10, "running")
    assert livy.call("GET", f"{session}/state").json()["state"] == "busy"
    assert livy.call("POST", f"{statement}/cancel", json={}).json() == {"msg": "canceled"}
    assert livy.finished(statement)["state"] == "cancelled"
    assert livy.run(session, "'still here'")["status"] == "ok"
    number = int(statement.rsplit("/", 1)[1])
    assert livy.call("POST", f"{statement}/cancel", json={}).json() == {"msg": f"statement {number} had ended already"}
    assert livy.call("POST", f"{session}/interrupt").json() == {"msg": "nothing was running"}


def test_a_cancelled_statement_keeps_what_it_showed(livy, session):
    statement = livy.send(session, "import time\nprint('so far')\nwhile True: time.sleep(0.01)")
    until(lambda: livy.call("GET", statement).json()["state"] == "running", 10, "running")
    time.sleep(0.2)
    livy.call("POST", f"{statement}/cancel", json={})
    done = livy.finished(statement)
    assert done["state"] == "cancelled" and done["output"]["ename"] == "KeyboardInterrupt"
    assert done["output"]["data"] == {"text/plain": "so far"} and done["output"]["traceback"][0] == "so far\n"


def test_interrupt_cancels_and_the_log_tells(livy, session):
    statement = livy.send(session, "import time\nwhile True: time.sleep(0.01)")
    until(lambda: livy.call("GET", statement).json()["state"] == "running", 10, "running")
    assert livy.call("POST", f"{session}/interrupt").status_code == 200
    assert livy.finished(statement)["state"] == "cancelled"
    log = livy.call("GET", f"{session}/log?from=0&size=1").json()
    assert log["from"] == 0 and log["total"] >= 2 and len(log["log"]) == 1
    assert len(livy.call("GET", f"{session}/log?size=-1").json()["log"]) == log["total"]


def test_completion(livy, session):
    livy.run(session, "a_long_name = 1")
    reply = livy.call("POST", f"{session}/completion", json={"code": "a_long", "kind": "pyspark", "cursor": 6})
    assert "a_long_name" in reply.json()["candidates"]


def test_a_deleted_session_is_gone(livy):
    path = livy.start()
    assert livy.call("DELETE", path).json() == {"msg": "deleted"}
    reply = livy.call("GET", path)
    assert reply.status_code == 404 and reply.json()["msg"] == f"Session '{path.split('/')[-1]}' not found."
    assert livy.call("DELETE", path).status_code == 404
    assert livy.call("POST", f"{livy.start()}/stop").status_code == 204


@pytest.mark.parametrize(
    "body, says",
    [
        ({"kind": "spark"}, 'kind "spark"'),
        ({"kind": "sparkr"}, 'kind "sparkr"'),
        ({"jars": ["a.jar"]}, '"jars"'),
        ({"pyFiles": ["a.py"]}, '"pyFiles"'),
        ({"ttl": "soon"}, '"ttl"'),
        ({"conf": []}, '"conf"'),
        ({"name": "1st"}, "digit"),
    ],
)
def test_what_a_session_cannot_do_is_refused_by_name(livy, body, says):
    reply = livy.call("POST", "/sessions", json=body)
    assert (
        reply.status_code == 400
        and says in reply.json()["msg"]
        and reply.json()["msg"].startswith("Rejected, Reason: ")
    )


@pytest.mark.parametrize(
    "body, says",
    [
        (
            {"executorMemory": "lots"},
            '"executorMemory" is "lots": it must be a whole number with a unit, like "512m" or "2g"',
        ),
        ({"driverMemory": "1.5g"}, '"driverMemory" is "1.5g"'),
        ({"driverMemory": "0"}, '"driverMemory" is "0"'),
        ({"driverMemory": {}}, '"driverMemory" is neither a text nor a whole number'),
        ({"numExecutors": 0}, '"numExecutors" is "0": it must be a whole number from 1'),
        ({"executorCores": "many"}, '"executorCores" is "many"'),
        ({"conf": {"spark.executor.memory": "lots"}}, '"executorMemory" is "lots"'),
        ({"executorMemory": "1024t"}, "GiB: ask for less, or name no sizes"),
        ({"executorMemory": "9999999999999p"}, '"executorMemory" is'),
        ({"numExecutors": 1000000, "executorMemory": "1024p"}, "ask for less"),
        ({"executorMemory": "1k", "driverMemory": "1k"}, "a session needs 64 MiB"),
        (
            {"numExecutors": 20, "executorCores": 4, "executorMemory": "1m"},
            "ask for 81 cores, and a session of this pool has 64 at most",
        ),
    ],
)
def test_sizes_that_cannot_be_had_are_refused_by_name(livy, body, says):
    reply = livy.call("POST", "/sessions", json={"kind": "pyspark", **body})
    assert (
        reply.status_code == 400
        and reply.json()["msg"].startswith("Rejected, Reason: ")
        and says in reply.json()["msg"]
    ), reply.text


LIST = "spark.sql('SELECT size(collect_list(id)) FROM range(12000000)').collect()[0][0]"


def test_sizes_are_the_sessions_budget_and_stand_in_its_configuration(livy):
    small = livy.start(
        driverMemory="64m", executorMemory="64M", executorCores=2, conf={"spark.executor.instances": "1"}
    )
    shown = livy.run(
        small,
        "[spark.conf.get('spark.' + name, None) for name in ('driver.memory', 'executor.memory', 'executor.cores', 'executor.instances', 'driver.cores')]",
    )
    assert shown["data"]["text/plain"] == "['64m', '64M', '2', '1', None]", shown
    assert "memory is used up" in livy.run(small, LIST)["evalue"]
    assert livy.run(small, "spark.range(10).count()")["data"]["text/plain"] == "10"
    assert "CANNOT_MODIFY_CONFIG" in livy.run(small, "spark.conf.set('spark.executor.memory', '8g')")["evalue"]
    large = livy.start(executorMemory="2g")
    assert livy.run(large, LIST)["data"]["text/plain"] == "12000000"


def test_unknown_fields_are_ignored_and_names_are_unique(livy):
    path = livy.start(name="unique", somethingNew={"a": 1}, queue="default")
    reply = livy.call("POST", "/sessions", json={"name": "unique"})
    assert reply.status_code == 400 and "Duplicate session name: unique" in reply.json()["msg"]
    assert livy.call("DELETE", "/sessions/unique").status_code == 200
    assert livy.call("GET", path).status_code == 404


def test_batches_are_listed_and_refused_by_name(livy):
    assert livy.call("GET", "/batches").json() == {"from": 0, "total": 0, "sessions": []}
    reply = livy.call("POST", "/batches", json={"file": "a.py"})
    assert reply.status_code == 400 and "batch jobs are not supported" in reply.json()["msg"]
    assert livy.call("GET", "/batches/7/state").status_code == 404


def test_malformed_requests_are_told(livy, session):
    assert livy.call("POST", "/sessions", data=b"{").status_code == 400
    assert livy.call("POST", f"{session}/statements", json={}).json()["msg"] == '"code" is missing'
    assert livy.call("GET", f"{session}/statements/99").status_code == 404
    assert livy.call("GET", f"{session}/statements/x").status_code == 404
    assert livy.call("GET", "/sessions/987654").status_code == 404
    assert livy.call("PATCH", session).status_code == 405


def test_large_outputs_do_not_pile_up_in_the_server(serve, livy):
    """A session's ended statements keep 64 MB: beyond, the oldest say that their output is dropped."""
    session = livy.start()
    statements = []
    for number in range(10):
        statements.append(livy.send(session, f"print('{number}' + 'x' * 7_900_000)" + " " * 20_000))
        until(lambda: livy.call("GET", session + "/state").json()["state"] == "idle", 30, "the statement's end")
    first, last = livy.finished(statements[0]), livy.finished(statements[-1])
    assert "is not kept any more" in first["output"]["data"]["text/plain"] and first["state"] == "available"
    assert first["code"].startswith("print('0'") and len(first["code"]) < 5000
    assert len(last["output"]["data"]["text/plain"]) > 7_900_000
    rollup = open(f"/proc/{serve.pid}/smaps_rollup").read()
    assert int(rollup.split("Pss_Anon:")[1].split()[0]) < 200_000  # kB; all ten, as they are parsed and kept, are more
    assert livy.run(session, "print('goes on')")["data"]["text/plain"] == "goes on"
    livy.call("DELETE", session)


def test_an_idle_session_ends_and_a_busy_one_does_not(livy):
    path = livy.start(idleTimeout="1s")
    assert livy.run(path, "import time; time.sleep(2.5); 'slept'")["data"]["text/plain"].strip() == "'slept'"
    until(lambda: livy.call("GET", path).json()["state"] == "killed", 10, "killed")
    assert any("idle for longer" in line for line in livy.call("GET", path).json()["log"])


def test_a_session_without_heartbeat_ends(livy):
    path = livy.start(heartbeatTimeoutInSecond=1)
    time.sleep(2.5)
    assert livy.call("GET", path).json()["state"] == "killed"


# ---- the interpreter's death ----


def interpreter_of(livy, session):
    return int(livy.run(session, "import os; os.getpid()")["data"]["text/plain"])


def test_a_killed_interpreter_fails_its_statement_and_the_session_is_dead(livy):
    path = livy.start()
    pid = interpreter_of(livy, path)
    statement = livy.send(path, "import time; time.sleep(60)")
    until(lambda: livy.call("GET", statement).json()["state"] == "running", 10, "running")
    os.kill(pid, signal.SIGKILL)
    ended = livy.finished(statement)
    assert ended["output"]["status"] == "error" and "died" in ended["output"]["evalue"]
    assert livy.call("GET", path).json()["state"] == "dead"
    reply = livy.call("POST", f"{path}/statements", json={"code": "1"})
    assert reply.status_code == 400 and "dead" in reply.json()["msg"]
    assert livy.run(livy.start(), "1+1")["status"] == "ok"


def test_the_interpreters_parent_may_die(fresh_serve):
    livy = Livy(fresh_serve)
    path = livy.start()
    mine = interpreter_of(livy, path)
    [parent] = [
        pid for pid, line in processes_below(fresh_serve.pid).items() if "headrace.interpreter" in line and pid != mine
    ]
    os.kill(parent, signal.SIGKILL)
    assert livy.run(path, "1+1") == {
        "status": "ok",
        "execution_count": 1,
        "data": {"text/plain": "2"},
    }  # what runs goes on
    assert livy.run(livy.start(), "'a new one'")["status"] == "ok"


def test_no_process_is_left_behind(serve, livy):
    paths = [livy.start() for _ in range(3)]
    pids = [interpreter_of(livy, path) for path in paths]
    for path in paths:
        livy.call("DELETE", path)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 10, "the interpreters' end")


# ---- Synapse's root ----


def wait(client, session_id):
    return until(
        lambda: (view := client.spark_session.get_spark_session(session_id, detailed=True)).state == "idle" and view,
        30,
        "idle",
    )


def test_azures_client_runs_a_session(serve):
    client = Azure(serve).spark()
    options = SparkSessionOptions(
        name="from-azure",
        configuration={"spark.sql.shuffle.partitions": "7"},
        driver_memory="4g",
        driver_cores=2,
        tags={"a": "b"},
    )
    made = client.spark_session.create_spark_session(options, detailed=True)
    assert made.name == "from-azure" and made.tags == {"a": "b"}
    view = wait(client, made.id)
    assert (view.spark_pool_name, view.workspace_name, view.submitter_name) == (
        serve.endpoint["pool"],
        serve.endpoint["synapse_workspace"],
        "owner",
    )
    assert view.livy_info.current_state == "idle" and view.livy_info.job_creation_request.name == "from-azure"
    assert (view.job_type, view.result, view.scheduler.current_state, view.plugin.current_state) == (
        "SparkSession",
        "Uncertain",
        "Scheduled",
        "Monitoring",
    )
    statement = client.spark_session.create_spark_statement(made.id, SparkStatementOptions(code="6*7", kind="pyspark"))
    done = until(
        lambda: (one := client.spark_session.get_spark_statement(made.id, statement.id)).state == "available" and one,
        30,
        "available",
    )
    assert done.output.data["text/plain"].strip() == "42"
    assert client.spark_session.get_spark_statements(made.id).total == 1
    client.spark_session.reset_spark_session_timeout(made.id)
    assert made.id in [one.id for one in client.spark_session.get_spark_sessions().sessions]
    client.spark_session.cancel_spark_session(made.id)
    ended = client.spark_session.get_spark_session(made.id, detailed=True)
    assert (ended.state, ended.result) == ("killed", "Cancelled")
    assert client.spark_batch.get_spark_batch_jobs().total == 0


def test_a_pool_that_does_not_exist_is_named(serve):
    with pytest.raises(HttpResponseError, match='Spark pool \\\\?"nopool\\\\?" does not exist'):
        Azure(serve).spark("nopool").spark_session.create_spark_session(SparkSessionOptions(name="x"))


# ---- roles ----


def test_a_user_without_the_role_is_refused_and_the_printed_command_lets_it_start(serve):
    user, theirs = new_user(serve)
    client = theirs.spark()
    with pytest.raises(HttpResponseError) as refused:
        client.spark_session.create_spark_session(SparkSessionOptions(name="mine"))
    assert refused.value.status_code == 403
    message = json.loads(refused.value.response.text())["error"]["message"]
    for part in (
        user["principal"],
        user["name"],
        "Synapse Apache Spark Administrator",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    ):
        assert part in message
    assert Livy(serve, user["token"]).call("POST", "/sessions", json={}).status_code == 403
    run_printed(serve, message)
    made = client.spark_session.create_spark_session(SparkSessionOptions(name="mine"))
    wait(client, made.id)
    client.spark_session.cancel_spark_session(made.id)


@pytest.mark.parametrize(
    "role, scope, may",
    [
        ("Synapse Compute Operator", "workspaces/{synapse_workspace}/bigDataPools/{pool}", True),
        ("Synapse Contributor", "workspaces/{synapse_workspace}", False),
        ("Synapse User", "workspaces/{synapse_workspace}", False),
    ],
)
def test_which_roles_start_a_session(serve, role, scope, may):
    user, _ = new_user(serve)
    serve.cli("role", "assign", role, "--assignee", user["name"], "--scope", scope.format(**serve.endpoint))
    reply = Livy(serve, user["token"]).call("POST", "/sessions", json={})
    assert reply.status_code == (201 if may else 403)
    if may:
        Livy(serve, user["token"]).call("DELETE", f"/sessions/{reply.json()['id']}")


def test_a_session_is_its_owners(serve, livy, session):
    user, _ = new_user(serve)
    theirs = Livy(serve, user["token"])
    serve.cli(
        "role",
        "assign",
        "Synapse Apache Spark Administrator",
        "--assignee",
        user["name"],
        "--scope",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    )
    reply = theirs.call("POST", f"{session}/statements", json={"code": "1"})
    assert reply.status_code == 403 and "only its owner runs statements" in reply.json()["msg"]
    assert theirs.call("DELETE", session).status_code == 403
    assert theirs.call("GET", session).status_code == 200  # this role reads logs
    outsider = Livy(serve, new_user(serve)[0]["token"])
    assert outsider.call("GET", session).status_code == 403
    assert outsider.call("GET", "/sessions").json()["total"] == 0


def test_a_role_taken_away_ends_what_a_session_may_do(serve):
    user, _ = new_user(serve)
    theirs, scope = Livy(serve, user["token"]), f"workspaces/{serve.endpoint['synapse_workspace']}"
    serve.cli("role", "assign", "Synapse Compute Operator", "--assignee", user["name"], "--scope", scope)
    path = theirs.start()
    assert theirs.run(path, "1")["status"] == "ok"
    serve.cli("role", "remove", "Synapse Compute Operator", "--assignee", user["name"], "--scope", scope)
    assert theirs.call("POST", f"{path}/statements", json={"code": "1"}).status_code == 403


# ---- the server's death ----


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(fresh_serve):
    serve, azure = fresh_serve, Azure(fresh_serve)
    from wire.test_arm import attach, link, wait_for

    before = dict(serve.endpoint)
    user = json.loads(serve.cli("user", "create", "kept", "--json").stdout)
    serve.cli(
        "role", "assign", "Synapse Compute Operator", "--assignee", "kept", "--scope", f"workspaces/{azure.synapse}"
    )
    identity = link(azure, "kept").json()["identity"]
    assert (
        wait_for(azure, attach(azure, "kept", f"{azure.synapse_id}/bigDataPools/{azure.pool}"))["status"] == "Succeeded"
    )
    pending = attach(azure, "pending", f"{azure.synapse_id}/bigDataPools/{azure.pool}")
    mine = Livy(serve)
    path, idle, deleted = mine.start(), mine.start(idleTimeout="1s"), mine.start()
    until(lambda: mine.call("GET", idle).json()["state"] == "killed", 30, "the idle session's end")
    mine.call("DELETE", deleted)
    serve.kill()
    serve.start()
    after = Azure(serve)
    assert {name: serve.endpoint[name] for name in before if name != "pid"} == {
        name: before[name] for name in before if name != "pid"
    }
    assert after.call("GET", f"{azure.workspace_id}/linkedServices/kept").json()["identity"] == identity
    assert (
        after.call("GET", f"{azure.workspace_id}/computes/kept").json()["properties"]["provisioningState"]
        == "Succeeded"
    )
    assert wait_for(after, pending)["status"] == "Succeeded"  # it went on with what it had accepted
    theirs = Livy(serve, user["token"])
    new = theirs.start()
    mine = Livy(serve)
    for _ in range(2):  # and after a start that follows an end
        assert [mine.call("GET", ended).json().get("state") for ended in (path, idle)] == ["dead", "killed"]
        assert mine.call("GET", deleted).status_code == 404  # Livy's clients know it as gone
        listed = {
            f"/sessions/{row['id']}": row["state"] for row in json.loads(serve.cli("session", "list", "--json").stdout)
        }
        assert (listed[path], listed[idle], listed[deleted]) == ("dead", "killed", "killed")
        serve.stop()
        serve.start()
        mine = Livy(serve)
    assert int(new.split("/")[-1]) > int(path.split("/")[-1])


def test_a_second_server_on_the_home_is_refused_by_name(serve):
    done = serve.cli("serve", "--home", str(serve.home), check=False)
    assert done.returncode == 1 and "is served already, by process %d" % serve.pid in done.stderr
    assert Livy(serve).call("GET", "/sessions").status_code == 200


def test_a_start_that_fails_says_why(serve, tmp_path):
    """By its message and status, and not by a crash."""
    port = serve.endpoint["url"].rsplit(":", 1)[1]
    long = tmp_path / ("x" * (82 - len(str(tmp_path)) - 1) if len(str(tmp_path)) < 80 else "x")
    for home, words, why in (
        (tmp_path / "a", ["--port", port], f"cannot listen on '127.0.0.1:{port}': address already in use"),
        (tmp_path / "b", ["--listen", "192.0.2.1"], "address not available"),
        (tmp_path / "c", ["--listen", "no.such..name"], "not an address to listen on"),
        (os.fsencode(tmp_path) + b"/d\xff", [], "is not a path in UTF-8"),
        (long, [], "sockets below it leave room for 81: serve from a shorter path"),
    ):
        done = subprocess.run(
            [BUILD / "headrace", "serve", "--home", home, *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
        )
        assert done.returncode in (1, 2) and why in done.stderr, (home, done)


def test_sigterm_ends_everything(fresh_serve):
    livy = Livy(fresh_serve)
    statement = livy.send(livy.start(), "import time; time.sleep(60)")
    until(lambda: livy.call("GET", statement).json()["state"] == "running", 10, "running")
    pids = list(processes_below(fresh_serve.pid))
    assert pids
    fresh_serve.stop()
    assert not (fresh_serve.home / "run/endpoint.json").exists()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 10, "the helpers' end")
    assert fresh_serve.process.returncode == 0


# ---- an address that others reach ----


def test_other_addresses_than_loopback_take_tls_only(tmp_path, monkeypatch):
    with Serve(tmp_path / "home", "--listen", "0.0.0.0") as serve:
        endpoint, headers = serve.endpoint, {"Authorization": f"Bearer {serve.endpoint['token']}"}
        assert (
            endpoint["url"] == endpoint["https_url"]
            and "use_ssl=true" in endpoint["connect"]
            and endpoint["storage_url"].startswith("https://localhost:")
        )
        assert (
            requests.get(endpoint["https_url"] + "/sessions", headers=headers, verify=endpoint["ca_file"]).status_code
            == 200
        )
        try:
            assert (
                requests.get(
                    endpoint["https_url"].replace("https", "http") + "/sessions", headers=headers, timeout=10
                ).status_code
                == 400
            )
        except requests.ConnectionError:
            pass
        assert requests.get(endpoint["https_url"] + "/sessions", verify=endpoint["ca_file"]).status_code == 401
        assert "owner" in serve.cli("user", "list").stdout
        monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", endpoint["ca_file"])
        spark, account = serve.session(), f"{endpoint['account']}.blob.core.windows.net"
        spark.conf.set(f"fs.azure.account.key.{account}", endpoint["account_key"])
        spark.range(3).write.csv(f"wasbs://{endpoint['container']}@{account}/numbers")
        assert spark.read.csv(f"wasbs://{endpoint['container']}@{account}/numbers").count() == 3


# ---- one session, every door ----


def test_connect_and_rest_see_the_same_session(serve, livy, session):
    livy.run(session, "spark.range(5).createOrReplaceTempView('five')")
    theirs = serve.session(session_id=livy.call("GET", session).json()["connectSessionId"])
    assert theirs.sql("select sum(id) from five").collect()[0][0] == 10
    theirs.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    assert (
        livy.run(session, "spark.conf.get('spark.sql.session.timeZone')")["data"]["text/plain"].strip()
        == "'Asia/Tokyo'"
    )


def test_a_user_without_the_role_is_refused_by_connect_too(serve):
    user, _ = new_user(serve)
    with pytest.raises(Exception, match="Synapse Apache Spark Administrator") as refused:
        serve.session(token=user["token"]).range(1).count()
    run_printed(serve, str(refused.value))
    assert serve.session(token=user["token"]).range(1).count() == 1


def test_connect_refuses_a_foreign_token(serve):
    with pytest.raises(Exception, match="not this server's"):
        serve.session(token="hr_foreign").range(1).count()


def test_the_version_that_clients_look_at_first(livy):
    assert livy.call("GET", "/version").json()["version"].startswith("0.8.0")


def test_what_a_pool_of_azure_has_and_this_one_has_not_is_named(livy, session):
    for code, name, remedy in (
        ("mssparkutils.fs.ls('/')", "mssparkutils.fs.ls", "spark.read"),
        ("dbutils.fs.ls('/')", "dbutils.fs.ls", "spark.read"),
        (
            "from notebookutils import mssparkutils\nmssparkutils.credentials.getSecret('v', 's')",
            "mssparkutils.credentials.getSecret",
            "configuration",
        ),
        ("import notebookutils\nnotebookutils.notebook.run('x')", "notebookutils.notebook.run", "run"),
    ):
        output = livy.run(session, code)
        assert (output["status"], output["ename"]) == ("error", "NotImplementedError"), output
        assert output["evalue"].startswith(f"{name} is not supported on this pool: ") and remedy in output["evalue"]
    for name in ("pyspark.mllib.stat", "pyspark.mllib.clustering", "pyspark.streaming"):
        output = livy.run(session, f"import {name}")
        assert (
            output["ename"] == "ImportError"
            and output["evalue"].startswith(f"{name} is not supported on this pool: ")
            and "toPandas" in output["evalue"]
        )
    assert (
        livy.run(session, "from pyspark.mllib.linalg import Vectors\nfrom pyspark.ml.feature import VectorAssembler")[
            "status"
        ]
        == "ok"
    )
    output = livy.run(session, "import notebookutils_of_mine")
    assert output["ename"] == "ModuleNotFoundError"
