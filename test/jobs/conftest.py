"""What the tests of runs share: a server, the SDK as its owner, a folder with scripts."""

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))


def connect(monkeypatch, server, token=None):
    """The owner's workspace, or that of who has the token, found as a user's shell finds it."""
    for name in list(os.environ):
        if name.startswith(("HEADRACE_", "AZUREML_")) and name != "HEADRACE_BUILD":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADRACE_HOME", str(server.home))
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)  # as an activated environment has it
    if token:
        monkeypatch.setenv("HEADRACE_TOKEN", token)
    from headrace.azureml.core import Workspace

    known = server.endpoint
    return Workspace(known["subscription_id"], known["resource_group"], known["workspace"])


@pytest.fixture
def ws(serve, monkeypatch):
    """The owner's workspace; what still runs when the test ends is cancelled, so that a failing test holds up no other."""
    workspace = connect(monkeypatch, serve)
    yield workspace
    for run in workspace._endpoint.get(f"/history/v1.0{workspace._id}/runs")["value"]:
        if run["runType"] == "azureml.scriptrun" and run["status"] not in ("Completed", "Failed", "Canceled"):
            workspace._endpoint.request("POST", f"/history/v1.0{workspace._id}/runs/{run['runId']}/cancel", body={})


@pytest.fixture
def fresh_ws(fresh_serve, monkeypatch):
    return connect(monkeypatch, fresh_serve)


@pytest.fixture
def script(tmp_path):
    """script("print(1)") -> a source folder whose train.py that is; further files by name."""

    def make(text, **files):
        folder = tmp_path / "src"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(text)
        for name, content in files.items():
            (folder / name).write_text(content)
        return str(folder)

    return make
