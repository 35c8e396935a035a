"""Newline-delimited JSON over Unix sockets that only this user may open."""

import json
import os
import socket
import struct
import threading

MAX_LINE = 64 * 1024 * 1024
BACKLOG = 64


def listen(path):
    """A listening socket at `path`, mode 0600. A stale file is replaced, a live server's is not.

    The socket is bound under a name of its own and renamed into place, so that nobody can connect before its mode is right.
    """
    if os.path.exists(path) and _answers(path):
        raise OSError("another process listens on '%s'" % path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        staged = path + ".new"
        if os.path.lexists(staged):
            os.unlink(staged)
        sock.bind(staged)
        os.chmod(staged, 0o600)
        sock.listen(BACKLOG)
        os.rename(staged, path)
    except BaseException:
        sock.close()
        raise
    return sock


def _answers(path):
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(path)
        return True
    except OSError:
        return False
    finally:
        probe.close()


def encode(message):
    """The message's line. Half a surrogate pair, which is no text, becomes a question mark. Raises ValueError for what JSON cannot hold."""
    return (
        json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
        + b"\n"
    )


def same_user(conn):
    creds = conn.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", creds)[1] == os.getuid()


class Peer:
    """One connection: `feed` turns received bytes into requests, `send` may be called from any thread."""

    def __init__(self, conn):
        self.conn = conn
        self.open = True
        self._lock = threading.Lock()
        self._pending = bytearray()

    def send(self, message):
        return self.send_line(encode(message))

    def send_line(self, data):
        with self._lock:
            if not self.open:
                return False
            try:
                self.conn.sendall(data)
            except OSError:
                self.open = False
        return self.open

    def receive(self):
        """Reads once; returns the complete requests, or None at the end of the stream."""
        try:
            data = self.conn.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            return None
        if not data:
            return None
        self._pending += data
        if b"\n" not in data:
            return None if len(self._pending) > MAX_LINE else []
        lines = self._pending.split(b"\n")
        self._pending = lines.pop()
        return [self._decode(line) for line in lines if line.strip()]

    @staticmethod
    def _decode(line):
        try:
            message = json.loads(line)
        except ValueError as err:
            return {"op": None, "problem": "not JSON: %s" % err}
        return message if isinstance(message, dict) else {"op": None, "problem": "not a JSON object"}

    def close(self):
        with self._lock:
            self.open = False
            self.conn.close()
