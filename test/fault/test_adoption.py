"""The daemon is killed and started again: hosts go on, are adopted, and clients reattach by themselves."""

import os
import pathlib
import signal
import stat
import threading
import time

import pytest
from pyspark.sql.connect.client.retries import DefaultPolicy

from support.serve import processes_below, until


def host_processes(home):
    """Every live session host of a home, whoever its parent is now, as {pid: command line}."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if (
            entry.name.isdigit()
            and command[0].endswith(b"headrace-host")
            and any(part.startswith(str(home).encode() + b"/") for part in command)
        ):
            found[int(entry.name)] = b" ".join(command).decode()
    return found


def session_hosts(home):
    """Those that a session has: a spare's journal is empty."""

    def journal(command):
        return pathlib.Path(command.split("--journal ")[1].split()[0])

    return [
        pid
        for pid, command in host_processes(home).items()
        if journal(command).exists() and journal(command).stat().st_size
    ]


def eager(spark):
    """The client's own retries, which by default pause longer than these tests take."""
    spark.client.set_retry_policies([DefaultPolicy(max_retries=200, max_backoff=200)])
    return spark


class InThread(threading.Thread):
    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.result, self.error = work, None, None
        self.start()

    def run(self):
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error

    def value(self, seconds):
        self.join(seconds)
        assert not self.is_alive(), "it has not ended"
        if self.error:
            raise self.error
        return self.result


def ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_running_query_goes_on_over_the_daemons_death(fresh_serve):
    spark = fresh_serve.session()
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.range(3).createOrReplaceTempView("kept")
    spark.sql("SELECT * FROM kept").collect()
    rows = 60_000_000
    query = InThread(
        lambda: (
            spark.range(rows)
            .selectExpr("sum(sqrt(id) - sqrt(id)) AS zero", "sum(id % 7) AS sevens", "count(*) AS n")
            .collect()
        )
    )
    before = {pid: ticks(pid) for pid in host_processes(fresh_serve.home)}
    worker = until(
        lambda: next((pid for pid, was in before.items() if ticks(pid) > was + 5), None), 10, "the query's run"
    )
    fresh_serve.kill()
    time.sleep(0.3)  # a moment without any daemon
    assert query.is_alive() and worker in host_processes(fresh_serve.home)
    fresh_serve.start()
    assert "session.adopted" in fresh_serve.log()
    [row] = query.value(90)
    assert (row.zero, row.n) == (0.0, rows) and row.sevens == sum(id % 7 for id in range(rows % 7)) + rows // 7 * 21
    assert worker in host_processes(fresh_serve.home)  # the same process: nothing was run again
    assert spark.conf.get("spark.sql.shuffle.partitions") == "7"
    assert spark.sql("SELECT count(*) AS n FROM kept").collect()[0].n == 3
    spark.stop()
    until(lambda: worker not in host_processes(fresh_serve.home), 10, "the end of the adopted host, once released")


def test_a_results_stream_is_whole_over_the_daemons_death(fresh_serve):
    spark = eager(fresh_serve.session())
    rows, seen = 8_000_000, threading.Event()

    def read():
        total = count = 0
        for row in spark.range(rows).toLocalIterator():
            total, count = total + row.id, count + 1
            if count == 10_000:
                seen.set()
                time.sleep(1)  # the daemon dies meanwhile, with responses on their way
            if count == 200_000:
                break
        return total, count

    few = InThread(read)
    whole = InThread(lambda: spark.range(rows).selectExpr("id", "id * 2 AS twice").toArrow())
    assert seen.wait(30)
    fresh_serve.kill()
    fresh_serve.start()
    table = whole.value(60)
    assert table.num_rows == rows and table.column("id").to_pylist()[::1_000_000] == list(range(0, rows, 1_000_000))
    import pyarrow.compute as compute

    assert compute.sum(table.column("twice")).as_py() == rows * (rows - 1)
    assert few.value(60) == (sum(range(200_000)), 200_000)
    spark.stop()


def test_hosts_that_nobody_adopts_end_by_themselves(tmp_path):
    from support.serve import Serve

    server = Serve(tmp_path / "home", env={"HEADRACE_LINGER": "1.5"})
    server.start()
    spark = eager(server.session())
    assert spark.range(1).count() == 1
    query = spark.range(3)
    assert len(host_processes(server.home)) >= 1
    server.kill()
    until(lambda: not host_processes(server.home), 10, "the end of every host")
    server.start()  # the journal brings the session back in a new host
    assert query.count() == 3
    spark.stop()
    server.stop()


def test_sigterm_ends_adopted_hosts_too(fresh_serve):
    spark = eager(fresh_serve.session())
    assert spark.range(1).count() == 1
    fresh_serve.kill()
    assert host_processes(fresh_serve.home)
    fresh_serve.start()
    assert spark.range(2).count() == 2
    fresh_serve.stop()
    until(lambda: not host_processes(fresh_serve.home), 5, "the end of every host")


def test_the_daemon_killed_again_and_again(fresh_serve):
    """Each restart adopts the same host; the session's calls go on."""
    spark = eager(fresh_serve.session())
    assert spark.range(1).count() == 1
    storage = fresh_serve.endpoint["storage_url"]
    fresh_serve.kill()
    hosts = session_hosts(fresh_serve.home)
    for _ in range(3):
        fresh_serve.start()
        assert spark.range(5).filter("id > 2").count() == 2

        def adopted():
            return [pid for pid in host_processes(fresh_serve.home) if pid not in processes_below(fresh_serve.pid)]

        until(lambda: len(adopted()) == 1, 5, "the end of the killed daemon's spare")
        assert adopted() == hosts
        fresh_serve.kill()
    os.kill(hosts[0], signal.SIGKILL)  # while no daemon runs
    fresh_serve.start()
    assert fresh_serve.endpoint["storage_url"] == storage
    assert spark.range(6).count() == 6
    spark.stop()


def test_an_adopted_host_that_dies_is_replaced(fresh_serve):
    spark = eager(fresh_serve.session())
    spark.conf.set("spark.sql.shuffle.partitions", "9")
    assert spark.range(1).count() == 1
    fresh_serve.kill()
    [victim] = session_hosts(fresh_serve.home)
    fresh_serve.start()
    assert spark.range(1).count() == 1
    os.kill(victim, signal.SIGKILL)
    assert spark.conf.get("spark.sql.shuffle.partitions") == "9"
    spark.stop()


def test_sockets_are_their_owners(serve):
    spark = serve.session()
    assert spark.range(1).count() == 1
    folder = serve.home / "run/hosts"
    link = folder / "sockets"
    sockets = link if link.is_symlink() else folder
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in sockets.iterdir() if path.is_socket()}
    assert modes and set(modes.values()) == {0o600}
    assert stat.S_IMODE(os.stat(sockets).st_mode) == 0o700 and stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    spark.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_another_user_is_not_heard(serve):
    """Even where the folder's mode would let it by."""
    import subprocess
    import sys

    spark = serve.session()
    assert spark.range(1).count() == 1
    folder = serve.home / "run/hosts"
    sockets = (folder / "sockets").resolve() if (folder / "sockets").is_symlink() else folder
    [path, *_] = [str(path) for path in sockets.iterdir() if path.is_socket()]
    folders = [
        parent
        for parent in pathlib.Path(path).parents
        if parent.stat().st_mode & 0o777 != 0o755 and str(parent) not in ("/", "/tmp")
    ]
    before = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in folders}
    try:
        for parent in folders:
            parent.chmod(0o755)
        os.chmod(path, 0o666)
        code = (
            "import os,socket,sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]);"
            "s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(len(s.recv(10)))"
        )
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=20)
    finally:
        os.chmod(path, 0o600)
        for parent, mode in before.items():
            parent.chmod(mode)
    assert done.stdout.strip() == "0" or "reset" in done.stderr.lower() or "Broken pipe" in done.stderr, (
        done.stdout,
        done.stderr,
    )
    spark.stop()
