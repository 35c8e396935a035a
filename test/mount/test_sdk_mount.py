"""Mounting by the SDK: FileDataset.mount, and its fallback where FUSE cannot be had."""

import errno
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from conftest import BUILD, FSTYPE, mounted, requests_of, until
from support.serve import ROOT
from test_server import DATA, known  # noqa: F401  (known is a fixture)

sys.path.insert(0, str(ROOT / "python"))


@pytest.fixture
def dataset(known, monkeypatch):
    """The registered version 1, by the SDK."""
    monkeypatch.setenv("HEADRACE_HOME", str(known.serve.home))
    monkeypatch.setenv("HEADRACE_BUILD", str(BUILD))
    monkeypatch.delenv("HEADRACE_URL", raising=False)
    from headrace.azureml.core import Dataset, Workspace

    return Dataset.get_by_name(Workspace.from_config(), "prepared", version=1)


def test_the_sdk_mounts(known, dataset):
    before = requests_of(known)
    with dataset.mount() as mount:
        point = pathlib.Path(mount.mount_point)
        assert mounted(point) == (FSTYPE, "headrace:prepared:1")  # FUSE's, wherever /dev/fuse is
        assert sorted(os.listdir(point)) == ["a.csv", "sub"] and requests_of(known) == before
        assert (point / "sub/big.bin").read_bytes() == DATA["sub/big.bin"]
        assert "mounted" in repr(mount)
    assert mounted(point) is None and not point.exists()


def test_start_and_stop_on_a_folder_of_ones_own(dataset, tmp_path):
    mount = dataset.mount(str(tmp_path / "new/folder"))
    assert mount.mount_point == str(tmp_path / "new/folder") and not os.path.exists(tmp_path / "new")
    mount.start()
    mount.start()
    assert (tmp_path / "new/folder/a.csv").read_bytes() == DATA["a.csv"]
    mount.stop()
    mount.stop()
    assert not (tmp_path / "new").exists() and mounted(tmp_path / "new/folder") is None
    (tmp_path / "kept").mkdir()
    with dataset.mount(tmp_path / "kept"):
        assert (tmp_path / "kept/a.csv").exists()
    assert (tmp_path / "kept").exists()


def test_the_sdk_says_what_is_wrong_with_a_mount_point(dataset, tmp_path):
    from headrace.azureml.exceptions import UserErrorException

    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    for name, text in [("file", "is not a folder"), ("full", "is not empty")]:
        with pytest.raises(UserErrorException, match=text):
            dataset.mount(tmp_path / name).start()
    with dataset.mount(tmp_path / "used") as mount, pytest.raises(UserErrorException, match="is in use"):
        dataset.mount(mount.mount_point).start()
    with pytest.raises(UserErrorException, match="mount_options"):
        dataset.mount(mount_options={})


def test_where_fuse_cannot_be_had_the_same_call_downloads_and_says_why(dataset, tmp_path, monkeypatch):
    from headrace.azureml.mount import MountFallbackWarning

    program = tmp_path / "headrace"
    program.write_text("#!/bin/sh\necho 'headrace: there is no /dev/fuse on this machine' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("headrace.azureml.mount.find_program", lambda: str(program))
    with (
        pytest.warns(
            MountFallbackWarning, match="there is no /dev/fuse on this machine: the files of the dataset are downloaded"
        ),
        dataset.mount() as mount,
    ):
        assert mounted(mount.mount_point) is None
        assert {path: pathlib.Path(mount.mount_point, path).read_bytes() for path in DATA} == DATA
    monkeypatch.setattr("headrace.azureml.mount.find_program", lambda: None)
    with pytest.warns(MountFallbackWarning, match="is not installed here"), dataset.mount(tmp_path / "here"):
        assert (tmp_path / "here/a.csv").exists()
    assert not (tmp_path / "here").exists()


def test_a_failed_read_is_explained_beside_the_reader(known, dataset, tmp_path):
    known.store.upload_blob("turn/x.csv", b"old" * 1000)
    known.register("turned", "turn")
    code = """
import time
from headrace.azureml.core import Dataset, Workspace
with Dataset.get_by_name(Workspace.from_config(), "turned").mount() as mount:
    print("mounted", flush=True)
    input()
    try:
        open(mount.mount_point + "/x.csv").read()
    except OSError as err:
        print(err.errno)
    time.sleep(0.5)
"""
    reader = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
    )
    if reader.stdout.readline() != "mounted\n":
        pytest.fail(reader.communicate()[1])
    known.store.upload_blob("turn/x.csv", b"new" * 1000, overwrite=True)
    out, errors = reader.communicate("\n", timeout=30)
    assert (
        out == f"{errno.EIO}\n"
        and "headrace mount: " in errors
        and "turn/x.csv" in errors
        and "changed since" in errors
    )


def test_the_mount_ends_with_a_killed_process(dataset, tmp_path):
    code = (
        "import time\nfrom headrace.azureml.core import Dataset, Workspace\n"
        f"m = Dataset.get_by_name(Workspace.from_config(), 'prepared', 1).mount({str(tmp_path / 'mnt')!r})\nm.start()\nprint('up', flush=True)\ntime.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
    )
    assert owner.stdout.readline() == "up\n" and mounted(tmp_path / "mnt")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    until(lambda: mounted(tmp_path / "mnt") is None, 10, "the mount's end")
