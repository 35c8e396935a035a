"""How the runner tells why a run failed, and what it writes into its own log."""

import sys


class RunError(Exception):
    """Why a run failed, as its record shows it."""

    def __init__(self, code, message, trace=None):
        super().__init__(message)
        self.code, self.trace = code, trace


def tell(*words):
    """A line of runner.log, which nothing hangs on: a full disk takes none."""
    try:
        print(*words, file=sys.stderr, flush=True)
    except OSError:
        pass
