"""Sessions that spill at once: each to a folder of its own, with right answers, and nothing is left of it."""

import os
import pathlib
import signal
import stat
import threading

import pytest

from support.serve import BUILD, Serve, until

SESSIONS = 8
ROWS = 500_009  # a prime: multiplying by another number permutes what is below it
BUDGET = "90m"  # the padded rows take more


@pytest.fixture(scope="module")
def tight(tmp_path_factory):
    """A server whose hosts have little memory."""
    program = tmp_path_factory.mktemp("host") / "headrace-host"
    program.write_text(f'#!/bin/sh\nexec "{BUILD}/headrace-host" "$@" --memory {BUDGET}\n')
    program.chmod(0o700)
    with Serve(tmp_path_factory.mktemp("home"), env={"HEADRACE_HOST": str(program), "HEADRACE_LINGER": "20"}) as server:
        yield server


def spilled(server):
    """Files below the spill folder, as {path: size}."""
    found = {}
    for folder, _, files in os.walk(server.home / "run/spill"):
        for name in files:
            path = pathlib.Path(folder, name)
            try:
                found[path] = path.stat().st_size
            except OSError:
                continue
    return {path: size for path, size in found.items() if path.name != "lock"}


def question(factor):
    return f"""SELECT sum(cast(id AS decimal(38, 0)) * place) AS total, count(DISTINCT place) AS places, max(length(pad)) AS pad
               FROM (SELECT id, pad, row_number() OVER (ORDER BY key) AS place
                     FROM (SELECT id, pmod(id * {factor}, {ROWS}) AS key, repeat(cast(id AS string), 20) AS pad FROM range({ROWS})))"""


def answer(factor):
    return sum(number * (number * factor % ROWS + 1) for number in range(ROWS)), ROWS, 120


def test_eight_sessions_that_spill_at_once_answer_right(tight):
    sessions = [tight.session() for _ in range(SESSIONS)]
    answers, failures, over = {}, [], threading.Event()
    folders = set()

    def ask(number):
        try:
            row = sessions[number].sql(question(7919 + number)).collect()[0]
            answers[7919 + number] = (int(row.total), row.places, row.pad)
        except Exception as failure:
            failures.append(failure)

    def watch():
        while not over.wait(0.02):
            folders.update(path.parent for path, size in spilled(tight).items() if size)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(SESSIONS)]
    watcher = threading.Thread(target=watch)
    for thread in [watcher, *threads]:
        thread.start()
    for thread in threads:
        thread.join(300)
    over.set()
    watcher.join()
    assert not failures, failures
    assert answers == {factor: answer(factor) for factor in answers} and len(answers) == SESSIONS
    assert len(folders) == SESSIONS, folders  # each did spill, and not where another did
    for session in sessions:
        session.stop()


def spill_on(server):
    """A session that has spilled, and a thread that goes on with it."""
    spark = server.session()

    def go_on():
        try:
            while True:
                spark.sql(question(7919)).collect()
        except Exception:  # its end is what these tests are about
            pass

    thread = threading.Thread(target=go_on, daemon=True)
    before = set(spilled(server))
    thread.start()
    new = until(lambda: set(spilled(server)) - before, 60, "a spilled file")
    return spark, next(iter(new)).parent


def test_folders_are_private_and_go_with_their_host(tight):
    spark, folder = spill_on(tight)
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    spark.stop()
    until(lambda: not folder.parent.exists(), 20, "the end of the folder")


def test_what_killed_hosts_left_is_swept(tight):
    _, folder = spill_on(tight)
    number = folder.parent.name
    process = next(
        pid
        for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
        if f"{tight.home}/run/spill/{number}\0".encode() in read_command(pid)
    )
    os.kill(process, signal.SIGKILL)
    until(lambda: not folder.parent.exists(), 20, "the end of the folder")


def read_command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_start_sweeps_all_but_what_living_hosts_have(tight):
    spark, folder = spill_on(tight)
    tight.kill()
    left = tight.home / "run/spill/900/engine-dead"
    left.mkdir(parents=True)
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"x" * 1000)
    (tight.home / "run/spill/duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"of an older version")
    tight.start()
    assert folder.exists()  # its host was adopted, with what it spilled
    until(lambda: not left.parent.exists() and not list((tight.home / "run/spill").glob("*.tmp")), 20, "the sweep")
    assert folder.exists()
    tight.stop()
    until(lambda: not spilled(tight), 20, "the end of all spill files")
