"""The servers that are measured: each starts on a free port with a fresh folder, says where it listens, and stops by itself on exit."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from pyspark.sql.connect.session import SparkSession

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("HEADRACE_BUILD", ROOT / "build"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid):
    """pid and every process below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


def cpu_seconds(pid):
    """User and system seconds of pid and its children that live (reaped ones included)."""
    total, tick = 0.0, os.sysconf("SC_CLK_TCK")
    for one in children(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15]) / tick
    return total


def memory(pid, field):
    """Bytes of `field` (Pss, Private_Clean, Private_Dirty) of one process."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def connect(remote, session_id=None):
    """A Spark session that fails at once where nobody answers, instead of asking again for minutes."""
    if session_id:
        remote += (";" if "/;" in remote else "/;") + f"session_id={session_id}"
    spark = SparkSession.builder.remote(remote).create()
    spark.client.set_retry_policies([])
    return spark


def disconnect(spark):
    """pyspark asks its first session for settings, wherever a Column is made: one that is over must not stay that."""
    spark.release_session_on_close = False  # the server ends too
    spark.stop()


class Server:
    """A running server; `remote` is what SparkSession.builder.remote takes."""

    def __init__(self, command, env=None):
        self.started = time.monotonic()
        self.sessions = []
        self.process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(os.environ, **(env or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.stop)  # a part that fails leaves no server behind

    @property
    def pid(self):
        return self.process.pid

    def session(self, session_id=None):
        """A new session of this server; it ends with the server."""
        self.sessions.append(connect(self.remote, session_id))
        return self.sessions[-1]

    def stop(self):
        while self.sessions:
            disconnect(self.sessions.pop())
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Headrace(Server):
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="headrace-bench-")
        super().__init__(
            [BUILD / "headrace", "serve", "--home", self.home, "--port", "0"], {"HEADRACE_PYTHON": sys.executable}
        )
        path = pathlib.Path(self.home, "run/endpoint.json")
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > self.started + 60:
                raise SystemExit("headrace serve did not start")
            time.sleep(0.001)
        self.endpoint = json.loads(path.read_text())
        self.remote = self.endpoint["connect"]

    def environment(self):
        """Of a program that is a client of this server, whatever the shell that measures knows."""
        at = self.endpoint
        return dict(
            os.environ,
            PYTHONPATH=str(ROOT / "python"),
            HEADRACE_HOME=self.home,
            HEADRACE_URL=at["https_url"],
            HEADRACE_TOKEN=at["token"],
            HEADRACE_CA_FILE=at["ca_file"],
        )

    def stop(self):
        super().stop()
        shutil.rmtree(self.home, ignore_errors=True)


class Sail(Server):
    def __init__(self):
        port = free_port()
        super().__init__([pathlib.Path(sys.executable).parent / "sail", "spark", "server", "--port", port])
        wait_for(port, self)
        self.remote = f"sc://localhost:{port}"


class Nothing(Server):
    def __init__(self, recording):
        port = free_port()
        super().__init__([BUILD / "bench/nothing", recording, port])
        wait_for(port, self)
        self.remote = f"sc://localhost:{port}"


def wait_for(port, server):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError as err:
            if server.process.poll() is not None or time.monotonic() > server.started + 60:
                raise SystemExit("the server did not start") from err
            time.sleep(0.001)
