"""The interpreter of one session: statements on the main thread in order, every other request on a thread of its own at any
time."""

import os
import queue
import resource
import selectors
import signal
import sys
import threading
import time

from headrace.interpreter import names, output, wire
from headrace.interpreter.run import Runner, completions

LIMITS = {"memory": resource.RLIMIT_AS, "cpu": resource.RLIMIT_CPU, "files": resource.RLIMIT_NOFILE}
TICK = 0.1
RESULT_BYTES = 32 * 1024 * 1024
NEVER_RAN = {
    "status": "error",
    "execution_count": None,
    "ename": "KeyboardInterrupt",
    "traceback": [],
    "evalue": "the statement was cancelled before it ran",
}


class Statement:
    def __init__(self, peer, request):
        self.peer = peer
        self.id = request.get("id")
        self.code = request.get("code")
        self.kind = request.get("kind")
        self.cell = request.get("cell")
        self.cancelled = False
        self.progress = 0.0
        self.told_at = time.monotonic()

    def send(self, event, **fields):
        self.peer.send({"event": event, "id": self.id, **fields})

    def send_result(self, cancelled, output):
        """Sends the result; one that cannot be sent becomes an error, so that a statement always ends."""
        event = {"event": "result", "id": self.id, "cancelled": cancelled, "output": output}
        try:
            line = wire.encode(event)
            problem = (
                "the result is %d bytes: a statement may show %d" % (len(line), RESULT_BYTES)
                if len(line) > RESULT_BYTES
                else None
            )
        except (ValueError, TypeError) as error:
            problem = "the result cannot be sent: %s" % error
        if problem:
            failed = {
                "status": "error",
                "execution_count": output.get("execution_count"),
                "ename": "ResultError",
                "evalue": problem,
                "traceback": [],
            }
            line = wire.encode(dict(event, output=failed))
        self.peer.send_line(line)


class Session:
    def __init__(self, request, listener, linger):
        self.request = request
        self.path = request["socket"]
        self.linger = linger
        self.listener = listener
        self.queue = queue.SimpleQueue()  # statements, and None to look at `ending`; a signal handler may put
        self.lock = (
            threading.Lock()
        )  # over `waiting`, `running` and a statement's `cancelled`; never taken by a signal handler
        self.waiting = {}
        self.running = None
        self.ending = False
        self.peers = {}
        self.alone_since = time.monotonic()
        self.main_thread = threading.main_thread().ident
        self.owed = (
            set()
        )  # signals whose Python handler has not run yet: a lock that is being waited for may have swallowed them
        self.wake_read, self.wake_write = os.pipe()
        for descriptor in (self.wake_read, self.wake_write):
            os.set_blocking(descriptor, False)

    def run(self):
        self.enter()
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self.on_sigterm)
        signal.signal(signal.SIGINT, self.on_sigint)
        threading.Thread(target=self.serve, name="control", daemon=True).start()
        try:
            self.work()
        finally:
            for peer in list(self.peers.values()):
                peer.close()
            self.main.__dict__.clear()  # what it had open is flushed and closed
            try:
                os.unlink(self.path)
            except OSError:
                pass
        return 0

    def enter(self):
        """Takes on what the request says, and builds what statements see."""
        request = self.request
        for name, value in (request.get("limits") or {}).items():
            if name not in LIMITS:
                raise ValueError("unknown limit '%s'" % name)
            resource.setrlimit(LIMITS[name], (int(value), int(value)))
        names.set_environment(request.get("env") or {})
        if request.get("cwd"):
            os.chdir(request["cwd"])
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, "")
        self.log = (
            open(request["log"], "a", buffering=1) if request.get("log") else os.fdopen(os.dup(2), "w", buffering=1)
        )
        sys.__stderr__ = self.log
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self.out = output.Output()
        self.descriptors = output.install(self.out)
        self.main = names.new_main()
        self.runner = Runner(self.main, self.out)
        self.spark = names.fill(self.main, request, self.runner)
        self.spark._client.register_progress_handler(self.progress)
        try:
            names.configure(self.spark, request.get("conf"))
        except Exception as error:  # the session is there: its first statement says what is wrong with it
            self.runner.broken = error

    # the main thread

    def work(self):
        while not self.ending:
            statement = self.queue.get()
            if statement is None:
                continue
            with self.lock:
                if self.waiting.pop(statement.id, None) is not statement:
                    continue  # cancelled before it ran
                self.running = statement
            self.execute(statement)

    def execute(self, statement):
        tag = "headrace-statement-%s" % statement.id
        statement.send("started")
        self.out.begin(lambda name, text: statement.send("stream", name=name, text=text))
        names.tag(self.spark, tag, True)
        self.descriptors.drain(self.out)
        result = self.runner.run(
            statement.code,
            statement.kind,
            statement.cell,
            stopped=lambda: statement.cancelled or self.ending,
            before_finish=lambda: self.descriptors.drain(self.out),
        )
        names.tag(self.spark, tag, False)
        with self.lock:
            self.running = None
        cancelled = statement.cancelled or result.get("ename") == "KeyboardInterrupt"
        statement.send_result(cancelled, result)

    def progress(self, stages, inflight_tasks, operation_id, done):
        statement = self.running
        total = sum(stage.num_tasks for stage in stages or ())
        share = min(1.0, sum(stage.num_completed_tasks for stage in stages) / total) if total else 0.0
        now = time.monotonic()
        if statement is not None and total and share != statement.progress and now - statement.told_at >= TICK:
            statement.progress, statement.told_at = share, now
            statement.send("progress", progress=share)

    def on_sigterm(self, *_):
        """Ends after the running statement's code, which is broken off."""
        self.owed.discard(signal.SIGTERM)
        self.ending = True
        self.queue.put(None)
        if self.runner.interruptible:
            raise SystemExit("the session is ending")

    def on_sigint(self, *_):
        self.owed.discard(signal.SIGINT)
        self.runner.interrupt()

    # the control thread

    def serve(self):
        selector = self.selector = selectors.DefaultSelector()
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ, self.accept)
        selector.register(self.wake_read, selectors.EVENT_READ, self.signalled)
        while True:
            quick = (
                bool(self.waiting) or self.running is not None or self.ending or not self.peers
            )  # in this order: see work()
            for key, _ in selector.select(timeout=TICK if quick else None):
                key.data(key.fileobj)
            self.out.stream(TICK)
            for number in tuple(self.owed):
                signal.pthread_kill(self.main_thread, number)
            if not self.peers and time.monotonic() - self.alone_since >= self.linger:
                self.end()

    def end(self):
        self.ending = True
        self.queue.put(None)
        self.poke(signal.SIGTERM)

    def poke(self, number):
        self.owed.add(number)
        signal.pthread_kill(self.main_thread, number)

    def signalled(self, descriptor):
        if signal.SIGTERM in os.read(descriptor, 4096):
            self.ending = True
            self.queue.put(None)

    def accept(self, listener):
        try:
            conn, _ = self.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if not wire.same_user(conn):
            conn.close()
            return
        conn.setblocking(True)
        self.peers[conn.fileno()] = wire.Peer(conn)
        self.selector.register(conn, selectors.EVENT_READ, self.readable)

    def readable(self, conn):
        peer = self.peers[conn.fileno()]
        requests = peer.receive()
        if requests is None:
            self.selector.unregister(conn)
            del self.peers[conn.fileno()]
            peer.close()
            self.alone_since = time.monotonic()
            return
        for request in requests:
            handler = getattr(self, "on_%s" % request.get("op"), None) if isinstance(request.get("op"), str) else None
            try:
                if handler is None:
                    raise ValueError(request.get("problem") or "unknown request '%s'" % request.get("op"))
                handler(peer, request)
            except Exception as error:
                peer.send({"event": "error", "id": request.get("id"), "message": str(error)})

    def on_execute(self, peer, request):
        if not isinstance(request.get("code"), str):
            raise ValueError("execute needs 'code'")
        if not isinstance(request.get("cell"), (str, type(None))):
            raise ValueError("'cell' is not a text")
        statement = Statement(peer, request)
        with self.lock:
            if statement.id in self.waiting:
                raise ValueError("statement %s is waiting already" % statement.id)
            self.waiting[statement.id] = statement
        self.queue.put(statement)

    def on_cancel(self, peer, request):
        wanted = request.get("id")
        with self.lock:
            statement = self.waiting.pop(wanted, None)
            running = self.running
            if running is not None and running.id == wanted:
                running.cancelled = True
        if statement is not None:
            statement.send("result", cancelled=True, output=NEVER_RAN)
        elif running is None or running.id != wanted:
            return  # it has ended: its result is on the way
        else:
            self.interrupt(wanted)

    def interrupt(self, wanted):
        self.poke(signal.SIGINT)
        names.interrupt_tag(self.spark, "headrace-statement-%s" % wanted)

    def on_complete(self, peer, request):
        code = request.get("code") or ""
        cursor = request.get("cursor")
        found = completions(code, len(code) if cursor is None else int(cursor), self.main.__dict__)
        peer.send({"event": "complete", "id": request.get("id"), "candidates": found})

    def on_update(self, peer, request):
        names.set_environment(request.get("env") or {})
        if request.get("workspace"):
            names.update_workspace(self.main, request["workspace"])
        peer.send({"event": "updated", "id": request.get("id")})

    def on_ping(self, peer, request):
        peer.send({"event": "pong", "id": request.get("id"), "busy": self.running is not None})

    def on_shutdown(self, peer, request):
        peer.send({"event": "bye", "id": request.get("id")})
        self.end()
