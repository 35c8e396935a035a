"""Datasets of a real server, mounted by name with the command; the second user's role."""

import contextlib
import errno
import json
import os
import pathlib
import re
import shlex
import subprocess

import pytest

from conftest import BUILD, FSTYPE, Account, mounted, requests_of, until
from support.rest import Rest

DATA = {"a.csv": b"1,2\n" * 1000, "sub/b.csv": b"3,4\n", "sub/big.bin": os.urandom(2_000_000)}


class Known(Rest):
    stats = Account.stats


@pytest.fixture(scope="module")
def known(serve):
    known = Known(serve)
    with known.container() as container:
        for path, data in DATA.items():
            container.upload_blob(f"prepared/{path}", data)
        known.register("prepared", "prepared")
        known.store = container
        yield known


@contextlib.contextmanager
def by_command(serve, *words, token=None):
    """`headrace mount` in the background; unmounted at the end."""
    point = pathlib.Path(words[-1])
    point.mkdir(exist_ok=True)
    done = serve.cli("mount", "--detach", "--log", f"{point}.log", *map(str, words), token=token)
    assert done.stdout.startswith("mounted ")
    try:
        yield point
    finally:
        subprocess.run([str(BUILD / "headrace"), "unmount", "--lazy", str(point)], capture_output=True)


def test_a_dataset_is_mounted_by_name_and_version(known, tmp_path):
    before = requests_of(known)
    with by_command(known.serve, "prepared", tmp_path / "mnt") as point:
        assert mounted(point) == (FSTYPE, "headrace:prepared:1")
        assert sorted(os.listdir(point)) == ["a.csv", "sub"] and (point / "sub/big.bin").stat().st_size == 2_000_000
        assert requests_of(known) == before
        assert {path: (point / path).read_bytes() for path in DATA} == DATA
    known.store.upload_blob("prepared/c.csv", b"new")
    assert known.register("prepared", "prepared")["latest"]["versionId"] == "2"
    with (
        by_command(known.serve, "prepared:1", tmp_path / "one") as one,
        by_command(known.serve, "prepared", tmp_path / "two") as two,
    ):
        assert sorted(os.listdir(one)) == ["a.csv", "sub"] and sorted(os.listdir(two)) == ["a.csv", "c.csv", "sub"]


@pytest.mark.parametrize(
    "name,status,text",
    [
        ("absent", 1, 'dataset "absent" does not exist'),
        ("prepared:99", 1, 'has no version 99 in workspace "headrace-ml"\ntry: headrace dataset show prepared\n'),
        ("prepared:x", 2, '"x" is not a version'),
    ],
)
def test_what_is_not_there_is_said(known, tmp_path, name, status, text):
    (tmp_path / "mnt").mkdir()
    done = known.serve.cli("mount", name, str(tmp_path / "mnt"), check=False)
    assert done.returncode == status and text in done.stderr and mounted(tmp_path / "mnt") is None


def test_the_second_user_is_refused_and_the_printed_command_lets_him_in(known, tmp_path):
    bob = json.loads(known.serve.cli("user", "create", "bob", "--json").stdout)
    (tmp_path / "mnt").mkdir()
    done = known.serve.cli("mount", "prepared", str(tmp_path / "mnt"), token=bob["token"], check=False)
    assert (
        done.returncode == 1
        and "bob" in done.stderr
        and '"Storage Blob Data Reader"' in done.stderr
        and "containers/demo" in done.stderr
    )
    command = shlex.split(re.search(r"headrace (role assign .*)", done.stderr)[1])
    known.serve.cli(*command)
    with by_command(known.serve, "--check", "1", "prepared:1", tmp_path / "mnt", token=bob["token"]) as point:
        assert (point / "a.csv").read_bytes() == DATA["a.csv"]
        known.serve.cli("role", "remove", command[2], *command[3:])
        until(lambda: "mount.denied" in pathlib.Path(f"{point}.log").read_text(), 15, "the role's end")
        for path in ("a.csv", "sub/big.bin"):  # one that the kernel had, and one that nobody has read
            with pytest.raises(OSError) as failure:
                (point / path).read_bytes()
            assert failure.value.errno == errno.EACCES
        assert "bob" in os.getxattr(point / "a.csv", "user.headrace.error").decode()
        known.serve.cli(*command)
        until(lambda: "mount.allowed" in pathlib.Path(f"{point}.log").read_text(), 15, "the role's return")
        assert (point / "sub/big.bin").read_bytes() == DATA["sub/big.bin"]
