"""A disk that is full: what cannot be kept is not acknowledged, everybody is told so, what was there goes on, and all works again once there is room."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from pyspark.errors import PySparkException

from support.rest import Rest
from support.serve import BUILD, Serve, processes_below, until

MEGABYTES = 64


def can_mount():
    return (
        subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
        ).returncode
        == 0
    )


class Small(Serve):
    """A server whose home is a small file system, which nobody else sees: as root, or where users may have namespaces."""

    inodes = 0  # 0: as many as one likes

    def launch(self):
        self.home.mkdir(parents=True, exist_ok=True)
        self.within = [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            f'mount -t tmpfs -o size={MEGABYTES}m,nr_inodes={self.inodes} none "$1" && shift && exec "$@"',
            "sh",
            str(self.home),
        ]
        super().launch()

    def restart(self):
        """Killed, and started on the same file system."""
        spaces = [open(f"/proc/{self.pid}/ns/{kind}") for kind in ("user", "mnt")]
        self.kill()
        user, mount = (f"/proc/{os.getpid()}/fd/{space.fileno()}" for space in spaces)
        self.within = [
            "nsenter",
            f"--user={user}",
            f"--mount={mount}",
            "--preserve-credentials",
            "sh",
            "-c",
            'rm -f "$1/run/endpoint.json" && shift && exec "$@"',
            "sh",
            str(self.home),
        ]
        super().launch()
        self.await_ready()
        for space in spaces:
            space.close()

    def spares(self):
        """Hosts that no session has."""
        hosts = self.inside / "run/hosts"
        return len(list(hosts.glob("*.sock"))) - len(list(hosts.glob("*.session")))

    def await_ready(self, seconds=30):
        at = self.inside / "run/endpoint.json"
        until(at.exists, seconds, "endpoint.json")
        self.endpoint = json.loads(at.read_text())
        self.endpoint["ca_file"] = str(self.inside / "tls/ca.pem")

    @property
    def inside(self):
        """The home as the server sees it."""
        return pathlib.Path(f"/proc/{self.pid}/root{self.home}")

    def fill(self):
        """Leaves no byte."""
        with open(self.inside / "filler", "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def make_room(self):
        (self.inside / "filler").unlink()

    def fill_inodes(self):
        """Leaves no file to be made."""
        (self.inside / "many").mkdir()
        made = 0
        for _ in range(10):  # what the server still has in hand gives some back: until none comes for a second
            try:
                while made < 100_000:
                    (self.inside / f"many/{made}").touch()
                    made += 1
            except OSError:
                time.sleep(0.1)
        assert made < 100_000, "the file system takes any number of files"

    @property
    def daemon(self):
        return next(
            pid
            for pid, command in {self.pid: "", **processes_below(self.pid)}.items()
            if os.readlink(f"/proc/{pid}/exe") == str(BUILD / "headrace")
        )

    def free_inodes(self):
        shutil.rmtree(self.inside / "many")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    if not can_mount():
        pytest.skip("this machine lets nobody but root mount, and we are not root")
    with Small(tmp_path_factory.mktemp("home") / "home") as server:
        yield server


@pytest.fixture
def full(small):
    small.fill()
    yield small
    if (small.inside / "filler").exists():
        small.make_room()


def refused(work):
    with pytest.raises(PySparkException) as refusal:
        work()
    return str(refusal.value)


def kill_hosts(server):
    for pid, command in processes_below(server.pid).items():
        if "headrace-host" in command:
            os.kill(pid, signal.SIGKILL)


def test_a_session_acknowledges_nothing_that_it_cannot_keep(small):
    spark = small.session()
    spark.conf.set("kept", "before")
    spark.range(3).createOrReplaceTempView("kept")
    small.fill()
    pad = "x" * 5000
    works = [
        lambda: spark.conf.set("kept", pad),
        lambda: spark.conf.set("lost", pad),
        lambda: spark.sql(f"SET lost = {pad}").collect(),
        lambda: spark.sql(f"SELECT '{pad}' AS a").createOrReplaceTempView("kept"),
        lambda: spark.sql(f"CREATE TEMP VIEW lost AS SELECT '{pad}' AS a").collect(),
    ]
    for work in works:
        text = refused(work)
        assert "the disk is full" in text and ".journal" in text and "free space there" in text, text
    (local := small.home.parent / "artifact.bin").write_bytes(b"x" * 100_000)
    assert "the disk is full" in refused(lambda: spark.addArtifacts(str(local), file=True))
    assert spark.conf.get("kept") == "before" and spark.conf.get("lost", None) is None  # nothing of it was done
    assert spark.sql("SELECT count(*) AS n FROM kept").collect()[0].n == 3  # and what reads goes on
    assert "lost" not in [table.name for table in spark.catalog.listTables()]
    small.make_room()
    spark.conf.set("later", pad)
    kill_hosts(small)
    assert (
        spark.conf.get("kept") == "before" and spark.conf.get("later") == pad and spark.conf.get("lost", None) is None
    )
    assert spark.sql("SELECT count(*) AS n FROM kept").collect()[0].n == 3
    spark.stop()


def test_the_account_and_writers_name_the_disk(full):
    from azure.core.exceptions import HttpResponseError

    rest, spark = Rest(full), full.session()
    at = full.endpoint
    with rest.container() as container:
        for size in (1_000_000, 3):
            with pytest.raises(HttpResponseError) as refusal:
                container.upload_blob(f"big{size}", b"x" * size, overwrite=True)
            assert refusal.value.status_code == 507 and refusal.value.error_code == "InsufficientStorage"
            assert "The disk that holds this account is full." in str(refusal.value) and str(full.home) in str(
                refusal.value
            )
        with pytest.raises(HttpResponseError) as refusal:
            container.get_blob_client("blocks").stage_block("a", b"x" * 100_000)
        assert refusal.value.status_code == 507
    for form in ("parquet", "csv"):
        text = refused(
            lambda: getattr(spark.range(100_000).write, form)(
                f"abfss://{at['container']}@{at['account']}.dfs.core.windows.net/full-{form}"
            )
        )
        assert "The disk that holds this account is full" in text and f"full-{form}" in text, text
    text = refused(lambda: spark.range(100_000).write.parquet(f"file://{full.home}/local"))
    assert "the disk is full" in text and "free space there" in text, text
    full.make_room()
    with rest.container() as container:
        container.upload_blob("after", b"y", overwrite=True)
        assert container.download_blob("after").readall() == b"y"
    spark.stop()


def test_the_store_refuses_and_the_server_lives_on(full):
    rest = Rest(full)

    def link(number):
        return rest.ask(
            "PUT",
            f"{rest.workspace}/linkedServices/full{number}?api-version=2020-04-01-preview",
            {"identity": {"type": "SystemAssigned"}, "properties": {"linkedServiceResourceId": rest.synapse}},
            status=(200, 201, 507),
        )

    answers = [link(number) for number in range(30)]  # what room there is in the database's own files is soon used up
    kept = [answer["name"] for answer in answers if "identity" in answer]
    refusals = [answer["error"] for answer in answers if "identity" not in answer]
    assert refusals and all("the disk of its home is full" in error["message"] for error in refusals), refusals[:1]
    full.make_room()
    assert link(99)["identity"]["principalId"]
    listed = [
        one["name"]
        for one in rest.ask("GET", f"{rest.workspace}/linkedServices?api-version=2020-04-01-preview")["value"]
    ]
    assert set(listed) == {*kept, "full99"}


SORT = """SELECT max(place) AS n, max(length(pad)) AS pad
          FROM (SELECT pad, row_number() OVER (ORDER BY key) AS place
                FROM (SELECT pmod(id * 7919, 900001) AS key, repeat(cast(id AS string), 20) AS pad FROM range(900001)))"""


def test_a_query_that_cannot_spill_says_so(tmp_path_factory):
    if not can_mount():
        pytest.skip("this machine lets nobody but root mount, and we are not root")
    program = tmp_path_factory.mktemp("host") / "headrace-host"
    program.write_text(f'#!/bin/sh\nexec "{BUILD}/headrace-host" "$@" --memory 60m\n')
    program.chmod(0o700)
    with Small(tmp_path_factory.mktemp("home") / "home", env={"HEADRACE_HOST": str(program)}) as server:
        spark = server.session()
        spark.range(1).count()
        server.fill()
        text = refused(lambda: spark.sql(SORT).collect())
        assert "the disk is full that it spills to" in text and "run/spill" in text and "free space there" in text, text
        server.make_room()
        assert spark.range(3).count() == 3
        spark.stop()


class FewFiles(Small):
    inodes = 2000


@pytest.fixture
def few(tmp_path_factory):
    if not can_mount():
        pytest.skip("this machine lets nobody but root mount, and we are not root")
    with FewFiles(tmp_path_factory.mktemp("home") / "home") as server:
        yield server


def test_a_host_that_cannot_start_for_want_of_files_says_so(few):
    spark = few.session()
    spark.conf.set("kept", "before")
    until(lambda: few.spares(), 20, "a spare")
    os.kill(few.daemon, signal.SIGSTOP)  # what its hosts leave is not to be room for the next
    kill_hosts(few)
    for at in (few.inside / "run").rglob("*"):
        if at.is_socket() and at.parent.name == "hosts":
            at.unlink()
    shutil.rmtree(few.inside / "run/spill", ignore_errors=True)
    (few.inside / "run/spill").mkdir(mode=0o700)
    few.fill_inodes()
    os.kill(few.daemon, signal.SIGCONT)
    try:
        text = refused(lambda: spark.range(3).count())
        assert "the disk" in text and "is full" in text and "free space there" in text, text
        text = refused(lambda: few.session().range(1).count())
        assert "the disk" in text and "is full" in text and "free space there" in text, text
    finally:
        few.free_inodes()
    assert spark.conf.get("kept") == "before" and spark.range(3).count() == 3
    spark.stop()


def test_a_session_without_a_record_keeps_nothing(few):
    """Its host can write its journal, which stands already; the record by which a later server finds it cannot be made."""
    until(lambda: few.spares(), 20, "a spare")
    few.fill_inodes()
    try:
        spark = few.session()
        text = refused(lambda: spark.conf.set("lost", "x"))
        assert "the session cannot be kept" in text and "the disk is full" in text and "free space there" in text, text
    finally:
        few.free_inodes()
    spark.conf.set("kept", "x")
    few.restart()
    assert spark.conf.get("kept") == "x"
    spark.stop()


# ---- runs ----

SCRIPT = """
import os, sys, time
print("started", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
if sys.argv[2] == "writes":
    with open("outputs/o.txt", "w") as file:
        file.write("kept")
"""


@pytest.fixture
def ws(small, monkeypatch):
    for name, value in (
        ("URL", small.endpoint["https_url"]),
        ("TOKEN", small.endpoint["token"]),
        ("CA_FILE", small.endpoint["ca_file"]),
    ):
        monkeypatch.setenv("HEADRACE_" + name, value)
    from headrace.azureml.core import Workspace

    at = small.endpoint
    return Workspace(at["subscription_id"], at["resource_group"], at["workspace"])


def start_run(ws, tmp_path, what):
    from headrace.azureml.core import Experiment, ScriptRunConfig

    (folder := tmp_path / "src").mkdir()
    (folder / "train.py").write_text(SCRIPT)
    gate = tmp_path / "gate"
    run = Experiment(ws, "full").submit(ScriptRunConfig(str(folder), script="train.py", arguments=[gate, what]))
    until(lambda: "started" in run.get_logs(), 30, "the script's start")
    until(lambda: run.get_status() == "Running", 10, "Running")
    return run, gate


def fill_store(small):
    """Leaves no room in the database's own files either."""
    rest = Rest(small)
    body = {"identity": {"type": "SystemAssigned"}, "properties": {"linkedServiceResourceId": rest.synapse}}
    for number in range(100):
        if "error" in rest.ask(
            "PUT",
            f"{rest.workspace}/linkedServices/store{number}?api-version=2020-04-01-preview",
            body,
            status=(200, 201, 507),
        ):
            return
    raise AssertionError("the store took everything")


def test_a_run_that_ends_while_the_disk_is_full_is_not_lost(small, ws, tmp_path):
    run, gate = start_run(ws, tmp_path, "nothing")
    small.fill()
    gate.touch()
    time.sleep(2)
    assert run.get_status() in ("Running", "Finalizing")  # nobody says that it died
    small.make_room()
    until(lambda: run.get_status() == "Completed", 30, f"Completed, not {run.get_status()}")


def test_a_run_says_that_the_disk_is_full(small, ws, tmp_path):
    run, gate = start_run(ws, tmp_path, "writes")
    small.fill()
    gate.touch()
    time.sleep(1)
    until(
        lambda: not [words for words in processes_below(small.pid).values() if "train.py" in words],
        20,
        "the script's end",
    )
    time.sleep(0.5)
    small.make_room()
    until(lambda: run.get_status() == "Failed", 30, "Failed")
    error = run.get_details()["error"]["error"]
    assert "the disk is full" in error["message"] and "free space there" in error["message"], error


def test_the_end_of_a_run_is_recorded_when_there_is_room(small, ws, tmp_path):
    run, _gate = start_run(ws, tmp_path, "nothing")
    small.fill()
    fill_store(small)
    runner = [pid for pid, words in processes_below(small.pid).items() if "headrace.runner" in words]
    os.kill(runner[0], signal.SIGKILL)
    time.sleep(1)
    assert run.get_status() == "Running"
    small.make_room()
    until(lambda: run.get_status() == "Failed", 20, "Failed")
    assert "killed by signal 9" in run.get_details()["error"]["error"]["message"]


def test_who_holds_a_right_is_not_removed_when_nobody_could_remember_it(few):
    """A process that starts later knows from RUN/revoked which grants ended. Without room for it nothing is done, and the answer says so."""
    rest = Rest(few)
    path = rest.ask("POST", "/v1.0/users", {"displayName": "ann"})["id"]
    few.fill_inodes()
    try:
        answer = rest.ask("DELETE", f"/v1.0/users/{path}", status=(507,))
        assert "the disk is full" in answer["error"]["message"] and "run/revoked" in answer["error"]["message"], answer
        assert rest.ask("GET", f"/v1.0/users/{path}")["displayName"] == "ann"
    finally:
        few.free_inodes()
    rest.ask("DELETE", f"/v1.0/users/{path}", status=(204,))
    assert len((few.inside / "run/revoked").read_text().splitlines()) == 1
