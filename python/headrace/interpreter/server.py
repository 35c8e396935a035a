"""The fork server: imports what every session needs once, then forks an interpreter per request.

One thread, one selector. It opens no gRPC channel, ever: a channel does not survive a fork, the imported modules do. Memory
counts here,
because it is paid once for the machine and its untouched pages are shared by every interpreter.
"""

import argparse
import gc
import json
import os
import selectors
import signal
import sys
import time

from headrace.interpreter import wire

# Read by numpy's BLAS when it is loaded: its helper threads would die in the fork, and cost the parent memory
PARENT_ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
GRACE = 2.0


def preload():
    """Imports what statements use, down to the modules that pyspark imports lazily, and gives back the memory that only
    importing used."""
    kept = {name: os.environ.get(name) for name in PARENT_ENV}
    os.environ.update({name: value for name, value in PARENT_ENV.items() if kept[name] is None})
    from headrace.interpreter import preload as modules

    modules.run()
    for name, value in kept.items():
        if value is None:
            del os.environ[name]
    gc.collect()
    gc.freeze()
    modules.trim()


class Server:
    def __init__(self, path, linger):
        self.path = path
        self.linger = linger
        self.children = {}  # pid -> (id, peer that asked)
        self.peers = {}  # descriptor -> Peer
        self.alone_since = time.monotonic()
        self.stopping = None
        self.selector = selectors.DefaultSelector()
        self.listener = wire.listen(path)
        self.listener.setblocking(False)
        self.wake_read, self.wake_write = os.pipe()
        for descriptor in (self.wake_read, self.wake_write):
            os.set_blocking(descriptor, False)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(self.wake_read, selectors.EVENT_READ, self.drain)

    def run(self):
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, lambda *_: self.stop())
        print(json.dumps({"event": "ready", "pid": os.getpid()}), flush=True)
        while self.stopping is None or self.children:
            for key, _ in self.selector.select(timeout=self.next_deadline()):
                key.data(key.fileobj)
            self.reap()
            self.check_deadlines()
        self.close()
        return 0

    # deadlines: nobody connected for `linger` seconds; children that ignore SIGTERM

    def next_deadline(self):
        if self.stopping is not None:
            return 0.05
        return None if self.peers else max(0.0, self.alone_since + self.linger - time.monotonic())

    def check_deadlines(self):
        now = time.monotonic()
        if self.stopping is None and not self.peers and now - self.alone_since >= self.linger:
            self.stop()
        if self.stopping is not None and now - self.stopping > GRACE:
            self.signal_children(signal.SIGKILL)

    def stop(self):
        if self.stopping is None:
            self.stopping = time.monotonic()
            self.signal_children(signal.SIGTERM)
            os.write(self.wake_write, b"x")

    def signal_children(self, number):
        for pid in list(self.children):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def close(self):
        signal.set_wakeup_fd(-1)
        self.listener.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        for peer in self.peers.values():
            peer.close()

    # events

    def drain(self, descriptor):
        try:
            while os.read(descriptor, 4096):
                pass
        except BlockingIOError:
            pass

    def reap(self):
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            caller, peer = self.children.pop(pid, (None, None))
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
            event = {"event": "exit", "id": caller, "pid": pid, "code": code, "signal": number}
            if peer is None or not peer.open or not peer.send(event):
                for other in list(self.peers.values()):
                    other.send(event)

    def accept(self, listener):
        try:
            conn, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if not wire.same_user(conn):
            conn.close()
            return
        self.peers[conn.fileno()] = wire.Peer(conn)
        self.selector.register(conn, selectors.EVENT_READ, self.readable)

    def readable(self, conn):
        peer = self.peers[conn.fileno()]
        requests = peer.receive()
        if requests is None:
            self.selector.unregister(conn)
            del self.peers[conn.fileno()]
            peer.close()
            if not self.peers:
                self.alone_since = time.monotonic()
            return
        for request in requests:
            self.answer(peer, request)

    # requests

    def answer(self, peer, request):
        op, caller = request.get("op"), request.get("id")
        handler = {"spawn": self.spawn, "ping": self.ping, "shutdown": self.shutdown}.get(op)
        if handler is None:
            message = request.get("problem") or "unknown request '%s'" % op
            peer.send({"event": "error", "id": caller, "message": message})
            return
        handler(peer, request, caller)

    def ping(self, peer, request, caller):
        peer.send({"event": "pong", "id": caller, "pid": os.getpid(), "children": sorted(self.children)})

    def shutdown(self, peer, request, caller):
        peer.send({"event": "bye", "id": caller})
        self.stop()

    def spawn(self, peer, request, caller):
        missing = [field for field in ("socket", "connect") if not isinstance(request.get(field), str)]
        problem = "spawn needs '%s'" % missing[0] if missing else None
        if self.stopping is not None:
            problem = "the interpreter server is stopping"
        if not problem:
            try:
                listener = wire.listen(request["socket"])
                pid = os.fork()
            except OSError as err:
                problem = "no interpreter: %s" % err
        if problem:
            peer.send({"event": "error", "id": caller, "message": problem})
            return
        if pid == 0:
            self.become_child(request, listener)
        listener.close()
        self.children[pid] = (caller, peer)
        peer.send({"event": "spawned", "id": caller, "pid": pid, "socket": request["socket"]})

    def become_child(self, request, listener):
        """In the child: leaves everything that is the server's, runs the session, never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.selector.close()
            self.listener.close()
            for peer in self.peers.values():
                peer.conn.close()
            os.close(self.wake_read)
            os.close(self.wake_write)
            from headrace.interpreter.session import Session

            code = Session(request, listener, self.linger).run()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            try:
                sys.__stderr__.flush()
            finally:
                os._exit(code)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m headrace.interpreter", description="The fork server behind Headrace's sessions."
    )
    parser.add_argument("--socket", required=True, help="Unix socket to listen on")
    parser.add_argument(
        "--linger", type=float, default=60.0, help="seconds to live on with nobody connected (default 60)"
    )
    options = parser.parse_args(argv)
    try:
        preload()
    except ImportError as error:
        print(
            "the Python of the sessions, '%s', lacks what they need: %s. `pip install headrace` brings it"
            % (sys.executable, error),
            file=sys.stderr,
        )
        return 1
    return Server(options.socket, options.linger).run()
