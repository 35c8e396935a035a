"""What the tests of the SDK and of the magics share."""

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "python"))


@pytest.fixture
def sdk(serve, monkeypatch, tmp_path):
    """The SDK's modules, with the server found as a user's shell finds it, in an empty folder."""
    for name in list(os.environ):
        if name.startswith("HEADRACE_") and name != "HEADRACE_BUILD":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADRACE_HOME", str(serve.home))
    monkeypatch.chdir(tmp_path)
    from headrace.azureml import compute, core, exceptions

    core.compute, core.exceptions = compute, exceptions
    return core


@pytest.fixture
def ws(sdk):
    return sdk.Workspace.from_config()
