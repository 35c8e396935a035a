"""Two servers side by side: real Spark 4.2, and ours.

Real Spark comes from the environment that HEADRACE_ORACLE names (`./dev test` makes it from test/oracle.lock) and is started once for the
whole run; HEADRACE_ORACLE_REMOTE names one that runs already (`./dev oracle`).
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from pyspark.sql.connect.session import SparkSession

from support.serve import BUILD
from support.watch import watch

HERE = pathlib.Path(__file__).parent
ZONE = "America/Los_Angeles"  # a zone with gaps, overlaps and an offset: UTC would hide mistakes


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, seconds):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def oracle_remote(tmp_path_factory):
    """Where real Spark listens."""
    if os.environ.get("HEADRACE_ORACLE_REMOTE"):
        yield os.environ["HEADRACE_ORACLE_REMOTE"]
        return
    venv = os.environ.get("HEADRACE_ORACLE")
    assert venv, (
        "real Spark is needed: run through ./dev test, or set HEADRACE_ORACLE to an environment with pyspark 4.2"
    )
    port, work = free_port(), tmp_path_factory.mktemp("oracle")
    with open(work / "server.log", "wb") as log:
        process = subprocess.Popen(
            [str(HERE / "start_oracle"), venv, str(port), str(work)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(port, process, 120)
        yield f"sc://localhost:{port}"
    finally:
        stop(process)


@pytest.fixture(scope="session")
def host_remote(tmp_path_factory):
    """Where a session host of ours listens, alone."""
    port = free_port()
    path = tmp_path_factory.mktemp("host") / "host.log"
    with open(path, "wb") as log:
        process = subprocess.Popen(
            [str(BUILD / "headrace"), "host", "--listen", f"127.0.0.1:{port}"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(port, process, 20)
        watch(process, path)
        yield f"sc://localhost:{port}"
        assert process.poll() is None, path.read_text()[-6000:]
    finally:
        stop(process)


def session(remote):
    spark = SparkSession.builder.remote(remote).create()
    spark.conf.set("spark.sql.session.timeZone", ZONE)
    return spark


@pytest.fixture(scope="module")
def oracle(oracle_remote):
    """A session of real Spark, of this module's own."""
    spark = session(oracle_remote)
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def ours(host_remote):
    """A session of ours, of this module's own."""
    spark = session(host_remote)
    yield spark
    spark.stop()
