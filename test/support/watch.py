"""A server of the tests that dies ends the run at once, with its log: pyspark's client would call its dead address for ten minutes, in silence."""

import os
import pathlib
import signal
import sys
import threading

ENDED_BY_TESTS = (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
capture = None  # pytest's, which test/conftest.py puts here


def watch(process, log, is_stopping=lambda: False):
    """Waits for `process` in the background; `log` is the file that tells why it ended."""

    def wait():
        code = process.wait()
        if is_stopping() or code in ENDED_BY_TESTS:
            return
        if capture:
            capture.suspend_global_capture(in_=True)
        print(
            f"the server '{pathlib.Path(process.args[0]).name}' of these tests ended with {code}:\n"
            f"{pathlib.Path(log).read_text(errors='replace')[-6000:]}",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
