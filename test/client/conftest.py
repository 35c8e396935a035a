"""A session host alone: `headrace-host --listen`, and unmodified pyspark-client sessions on it."""

import pathlib
import signal
import subprocess

import pytest
from pyspark.sql.connect.session import SparkSession

from support.serve import BUILD
from support.watch import watch


class Host:
    """One process; `port` is where it listens. Killed in the end if it has not gone by itself."""

    def __init__(self, log, *options):
        self.log = log
        self.sessions = []
        self.stopping = False
        self.errors = open(log, "ab")
        self.process = subprocess.Popen(
            [str(pathlib.Path(BUILD) / "headrace-host"), "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        line = self.process.stdout.readline()
        assert "listening on" in line, pathlib.Path(log).read_text()
        self.port = int(line.rsplit(":", 1)[1])
        self.remote = f"sc://localhost:{self.port}"
        watch(self.process, log, lambda: self.stopping)

    def session(self, path=""):
        self.sessions.append(SparkSession.builder.remote(self.remote + path).create())
        SparkSession._default_session = SparkSession._active_session.session = self.sessions[
            -1
        ]  # the client keeps the first, though it ended
        return self.sessions[-1]

    def stop(self, kind=signal.SIGTERM):
        self.stopping = True
        for session in self.sessions:  # one that is left alone would call its dead server when it is collected
            session.client.close()
        if self.process.poll() is None:
            self.process.send_signal(kind)
        code = self.process.wait(20)
        self.process.stdout.close()
        self.errors.close()
        return code


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("host") / "log")
    yield host
    assert host.process.poll() is None, pathlib.Path(host.log).read_text()  # no test may have killed it
    code, log = host.stop(), pathlib.Path(host.log).read_text()
    assert code == 0 and "runtime error" not in log and "Sanitizer" not in log, log[-6000:]


@pytest.fixture
def spark(host):
    session = host.session()
    yield session
    session.stop()


@pytest.fixture
def make_host(tmp_path):
    """Hosts with options of a test's own: make_host("--journal", path)."""
    made = []

    def make(*options):
        made.append(Host(tmp_path / f"log{len(made)}", *map(str, options)))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)
