"""`headrace serve` as a test's own: started on a folder, stopped at the end, and looked at through /proc."""

import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

from support.watch import watch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("HEADRACE_BUILD", ROOT / "build"))


def until(condition, seconds=10, what="the condition"):
    """Waits until condition() is true and returns its value; fails the test after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.01)
    return value


def processes_below(pid):
    """The live processes started by pid, at any depth, as {pid: command line}."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            try:
                found[child] = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found.update(processes_below(child))
    return found


class Serve:
    """A server on `home`. Usable again after stop() or kill(): start() takes the same home."""

    def __init__(self, home, *arguments, env=None):
        self.home, self.arguments, self.env, self.process, self.endpoint = (
            pathlib.Path(home),
            arguments,
            env,
            None,
            None,
        )
        self.sessions = 0
        self.within = []  # words before the program's: what it runs in

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, seconds=30):
        self.launch()
        self.await_ready(seconds)

    def launch(self):
        """The process, which is not ready yet."""
        path = self.home / "run/endpoint.json"
        path.unlink(missing_ok=True)
        self.home.mkdir(parents=True, exist_ok=True)
        log = open(self.home / "server.log", "ab")
        self.process = subprocess.Popen(
            [*self.within, str(BUILD / "headrace"), "serve", "--home", str(self.home), "--port", "0", *self.arguments],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HEADRACE_PYTHON": sys.executable, **(self.env or {})},
        )
        log.close()

    def await_ready(self, seconds=30):
        path = self.home / "run/endpoint.json"

        def ready():
            assert self.process.poll() is None, f"headrace serve ended with {self.process.returncode}: {self.log()}"
            return path.exists()

        until(ready, seconds, "endpoint.json")
        self.endpoint = json.loads(path.read_text())
        watch(self.process, self.home / "server.log")

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return (self.home / "server.log").read_text(errors="replace")[-4000:]

    def _forget_sessions(self):
        """pyspark asks its default session for settings, wherever a Column is made: one whose server has ended would hold the next test for minutes."""
        session = sys.modules.get("pyspark.sql.connect.session")
        if self.sessions and session:
            session.SparkSession._default_session = session.SparkSession._active_session.session = None
            self.sessions = 0

    def stop(self):
        self._forget_sessions()
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired as err:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server: {self.log()}") from err

    def kill(self):
        self.process.kill()
        self.process.wait()

    def exports(self):
        """What `eval "$(headrace env)"` puts into a shell's environment, by name."""
        lines = [line.removeprefix("export ").partition("=") for line in self.cli("env").stdout.splitlines()]
        return {name: shlex.split(value)[0] if value != "''" else "" for name, _, value in lines}

    def cli(self, *arguments, token=None, check=True):
        """Runs `headrace …` against this server; the finished process."""
        env = dict(os.environ, HEADRACE_HOME=str(self.home))
        if token:
            env["HEADRACE_TOKEN"] = token
        return subprocess.run(
            [str(BUILD / "headrace"), *arguments], env=env, capture_output=True, text=True, check=check, timeout=60
        )

    def session(self, session_id=None, token=None):
        """A new Spark Connect session through the server's port, by unmodified pyspark-client."""
        from pyspark.sql.connect.session import SparkSession

        self.sessions += 1
        remote = self.endpoint["connect"]
        if token:
            remote = remote.replace(self.endpoint["token"], token)
        if session_id:
            remote += f";session_id={session_id}"
        return SparkSession.builder.remote(remote).create()
