"""Fixtures that every suite shares: a server on a home of its own, and ways to look at its processes."""
import atexit
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.serve import Serve   # noqa: E402


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """`headrace serve` on a fresh home, for the tests of one module."""
    with Serve(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture
def fresh_serve(tmp_path):
    """`headrace serve` on a fresh home, for one test that kills or restarts it."""
    with Serve(tmp_path / "home") as server:
        yield server


def pytest_unconfigure(config):
    """pyspark's client tidies each session that was left open as Python exits, and tries for ten minutes when the server has ended. The servers of
    these tests have ended, whatever their sessions did: reports are written, so nothing is left for exit hooks to do."""
    atexit._clear()
