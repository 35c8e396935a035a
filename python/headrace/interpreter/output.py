"""What a statement printed and showed, and the bundle that a Livy statement's `data` makes of it."""

import base64
import html
import io
import os
import sys
import tempfile
import threading
import time

TEXT_LIMIT = 8 * 1024 * 1024  # characters of one statement, characters kept between statements
STREAM_EVERY = 0.1  # seconds between two `stream` events
PLAIN, HTML, PNG, JSON, TABLE = (
    "text/plain",
    "text/html",
    "image/png",
    "application/json",
    "application/vnd.livy.table.v1+json",
)


class Output:
    """Collects, in order, the text and the rich pieces of the running statement. Any thread may write.

    What threads print while no statement runs is kept for the next one: a finished statement's answer does not change.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.pieces = []  # ("text", [str, …]) or ("rich", {mime: value})
        self.size = 0
        self.cut = 0
        self.unsent = []
        self.sent_at = 0.0
        self.on_stream = None  # called with (name, text)

    def write(self, name, text):
        if not text:
            return
        with self.lock:
            room = TEXT_LIMIT - self.size
            kept = text if len(text) <= room else text[:room]
            self.cut += len(text) - len(kept)
            self.size += len(kept)
            if not kept:
                return
            if not self.pieces or self.pieces[-1][0] != "text":
                self.pieces.append(("text", []))
            self.pieces[-1][1].append(kept)
            if self.unsent and self.unsent[-1][0] == name:
                self.unsent[-1][1].append(kept)
            else:
                self.unsent.append((name, [kept]))
        self.stream(STREAM_EVERY)

    def leave_out(self, count):
        """So much more was printed and is not shown."""
        with self.lock:
            self.cut += count

    def show(self, bundle):
        """Adds a rich piece: a dictionary of MIME types that are alternatives of each other."""
        with self.lock:
            self.pieces.append(("rich", bundle))

    def stream(self, every=0.0):
        """Sends what was not sent, unless that was done less than `every` seconds ago."""
        with self.lock:
            now = time.monotonic()
            if not self.unsent or self.on_stream is None or now - self.sent_at < every:
                return
            batch, self.unsent, self.sent_at = self.unsent, [], now
            send = self.on_stream
            for name, parts in batch:  # under the lock: the order of two threads' events is the order of their text
                send(name, "".join(parts))

    def begin(self, on_stream):
        with self.lock:
            self.on_stream = on_stream
            self.sent_at = time.monotonic()

    def finish(self):
        """The bundle of everything since the last call."""
        with self.lock:
            pieces, cut = self.pieces, self.cut
            self.pieces, self.size, self.cut, self.unsent, self.on_stream = [], 0, 0, [], None
        pieces = [("text", "".join(value)) if kind == "text" else (kind, value) for kind, value in pieces]
        if cut:
            pieces.append(
                (
                    "text",
                    "\n[%d more characters were printed than the %d that a statement may show]\n" % (cut, TEXT_LIMIT),
                )
            )
        return bundle_of(pieces)


def bundle_of(pieces):
    """One bundle for all pieces. Clients show one MIME type only, so several pieces with a rich one among them become one HTML
    document."""
    plain = "".join(
        value if kind == "text" else value.get(PLAIN, "") for kind, value in pieces
    ).rstrip()  # as Livy's Python has it
    rich = [value for kind, value in pieces if kind == "rich"]
    shown = [(kind, value) for kind, value in pieces if kind == "rich" or value.strip()]
    data = {PLAIN: plain}
    for value in rich:
        data.update({mime: value[mime] for mime in (JSON, TABLE) if mime in value})
    visible = [value for value in rich if HTML in value or PNG in value]
    if len(visible) == 1 and len(shown) == 1:
        data.update(visible[0])
        data[PLAIN] = plain
    elif visible:
        data[HTML] = "\n".join(as_html(kind, value) for kind, value in shown)
    return data


def as_html(kind, value):
    if kind == "text":
        return "<pre>%s</pre>" % html.escape(value)
    if HTML in value:
        return value[HTML]
    if PNG in value:
        return '<img src="data:image/png;base64,%s"/>' % value[PNG]
    return "<pre>%s</pre>" % html.escape(value.get(PLAIN, ""))


def png(data):
    return base64.b64encode(data).decode("ascii")


class _Bytes(io.RawIOBase):
    def __init__(self, stream):
        self._stream = stream

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._stream.write(data.decode("utf-8", "replace"))
        return len(data)


class Stream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr` of a session."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, output, name, descriptor):
        self._output = output
        self._name = name
        self._descriptor = descriptor
        self.buffer = _Bytes(self)

    @property
    def name(self):
        return "<%s>" % self._name

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        self._output.write(self._name, text)
        return len(text)

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False


class Descriptors:
    """Descriptors 1 and 2, which programs that a statement starts write to: an unlinked file, read when a statement ends."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        os.dup2(self.file.fileno(), 1)
        os.dup2(self.file.fileno(), 2)
        flags = 0x400  # O_APPEND: after the file is cut to nothing, writers go on at its start
        import fcntl

        fcntl.fcntl(self.file.fileno(), fcntl.F_SETFL, fcntl.fcntl(self.file.fileno(), fcntl.F_GETFL) | flags)

    def drain(self, output):
        size = os.fstat(self.file.fileno()).st_size
        if not size:
            return
        data = os.pread(self.file.fileno(), min(size, TEXT_LIMIT), 0)
        os.ftruncate(self.file.fileno(), 0)
        output.write("stdout", data.decode("utf-8", "replace"))
        output.leave_out(size - len(data))


def install(output):
    """Makes `output` the place where this process prints. Returns its descriptors' file."""
    descriptors = Descriptors()
    sys.stdout = Stream(output, "stdout", 1)
    sys.stderr = Stream(output, "stderr", 2)
    return descriptors
