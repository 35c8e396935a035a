"""The fork server and its interpreters, driven over their sockets as the daemon drives them."""

import json
import os
import pathlib
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Wire:
    """Newline-delimited JSON over a Unix socket."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")

    def send(self, **message):
        self.raw(json.dumps(message).encode() + b"\n")

    def raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next message; None at the end of the stream."""
        try:
            line = self.lines.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None

    def ask(self, **message):
        self.send(**message)
        return self.receive()

    def close(self):
        self.lines.close()
        self.socket.close()


class ForkServer:
    def __init__(self, folder, linger=30):
        self.folder, self.linger, self.count, self.exits = pathlib.Path(folder), linger, 0, {}
        self.path = self.folder / "parent.sock"

    def __enter__(self):
        env = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headrace.interpreter", "--socket", str(self.path), "--linger", str(self.linger)],
            stdout=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
        assert json.loads(self.process.stdout.readline()) == {"event": "ready", "pid": self.process.pid}
        self.wire = Wire(self.path)
        return self

    def __exit__(self, *_):
        self.wire.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def spawn(self, connect="sc://127.0.0.1:9", **fields):
        """An interpreter; nothing answers at the default address, which only Spark calls notice."""
        self.count += 1
        path = self.folder / f"child-{self.count}.sock"
        answer = self.ask(
            op="spawn", id=self.count, socket=str(path), connect=connect, log=str(self.folder / "child.log"), **fields
        )
        assert answer["event"] == "spawned", answer
        return Child(self, answer["pid"], path, self.count)

    def receive(self):
        """The next answer; exit events, which come at any time, are kept by process."""
        while (event := self.wire.receive())["event"] == "exit":
            self.exits[event["pid"]] = event
        return event

    def ask(self, **message):
        self.wire.send(**message)
        return self.receive()

    def exit_of(self, child):
        """The exit event of a child."""
        while child.pid not in self.exits:
            event = self.wire.receive()
            assert event["event"] == "exit", event
            self.exits[event["pid"]] = event
        return self.exits[child.pid]


class Child:
    def __init__(self, server, pid, path, number):
        self.server, self.pid, self.path, self.number = server, pid, path, number
        self.wire = Wire(path)
        self.next = 0

    def begin(self, code, kind="pyspark", **more):
        """Sends a statement; its number."""
        number, self.next = self.next, self.next + 1
        self.wire.send(op="execute", id=number, code=code, kind=kind, **more)
        return number

    def result(self, number):
        """(the result, everything that came for the statement before it)."""
        events = []
        while True:
            event = self.wire.receive()
            assert event is not None, "the interpreter has gone"
            if event["event"] == "result" and event["id"] == number:
                return event, events
            events.append(event)

    def run(self, code, kind="pyspark", **more):
        """The output of a statement."""
        return self.result(self.begin(code, kind, **more))[0]["output"]

    def data(self, code, kind="pyspark"):
        output = self.run(code, kind)
        assert output["status"] == "ok", output
        return output["data"]

    def text(self, code, kind="pyspark"):
        """What the statement shows, with the last line's end, which Livy's `data` never has."""
        text = self.data(code, kind)["text/plain"]
        assert text == text.rstrip()
        return text and text + "\n"

    def error(self, code, kind="pyspark"):
        """(ename, evalue, traceback as text) of a statement that fails."""
        output = self.run(code, kind)
        assert output["status"] == "error", output
        assert all(line.endswith("\n") for line in output["traceback"])
        return output["ename"], output["evalue"], "".join(output["traceback"])

    def stop(self):
        self.wire.send(op="shutdown", id="stop")
        while self.wire.receive() is not None:
            pass
        self.wire.close()
