"""Fixtures that every suite shares: a server on a home of its own, and ways to look at its processes."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support import watch  # noqa: E402
from support.serve import Serve  # noqa: E402

EXIT_STATUS = pytest.StashKey()


def pytest_configure(config):
    watch.capture = config.pluginmanager.getplugin("capturemanager")


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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    session.config.stash[EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Ends here, without Python's own end: pyspark's client releases what was left open from exit hooks and from threads that are joined, and tries
    for ten minutes when the server has ended. The servers of these tests have ended, and the reports are written."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(EXIT_STATUS, 1))
