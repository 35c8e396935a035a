"""Daemon and storage account, each alone and both together, killed -9 during link, attach, register, upload and mount, and started again on the
same home: nothing that was acknowledged is lost, nothing is half there, and the next one works.

One home goes through all of it: what an early case acknowledged must still be there after the last kill.
"""

import itertools
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "mount"))
from support.rest import COMPUTE, LINK, Rest  # noqa: E402
from support.serve import BUILD, processes_below, until  # noqa: E402

HEADRACE = str(BUILD / "headrace")
LEAST = 2  # acknowledged before the kill
numbers = itertools.count()


def accounts(server):
    return [pid for pid, command in processes_below(server.pid).items() if " account --home" in command]


class Action:
    """What is going on when the kill comes. step() does one and returns once it is acknowledged; held is what must then stay."""

    def __init__(self, rest, folder):
        self.rest, self.folder, self.held, self.done = rest, folder, {}, 0

    def prepare(self):
        pass

    def kept(self):
        """Every acknowledged one is as it was acknowledged, and there is none that is broken."""
        for name, what in self.held.items():
            assert self.look(name) == what, name


class Link(Action):
    def step(self):
        name = f"link{next(numbers)}"
        self.held[name] = self.rest.link(name)["identity"]["principalId"]

    def look(self, name):
        return self.rest.ask("GET", f"{self.rest.workspace}/linkedServices/{name}{LINK}")["identity"]["principalId"]

    def kept(self):
        super().kept()
        listed = self.rest.ask("GET", f"{self.rest.workspace}/linkedServices{LINK}")["value"]
        assert all(one["identity"]["principalId"] for one in listed) and {one["name"] for one in listed} >= set(
            self.held
        )


class Attach(Action):
    """Acknowledged is the 201, before the attach is done: it must end well though the daemon that promised it is gone."""

    def prepare(self):
        self.rest.link("forcomputes")

    def step(self):
        name = f"c{next(numbers)}x"
        self.rest.attach(name)
        self.held[name] = "Succeeded"
        if random.random() < 0.5:
            self.look(name)

    def look(self, name):
        def ended():
            state = self.rest.compute(name)["properties"]["provisioningState"]
            return state if state in ("Succeeded", "Failed", "Canceled") else None

        return until(ended, 20, f"the end of attaching {name}")

    def kept(self):
        super().kept()
        for one in self.rest.ask("GET", f"{self.rest.workspace}/computes{COMPUTE}")["value"]:
            assert self.look(one["name"]) == "Succeeded"


class Register(Action):
    def prepare(self):
        with self.rest.container() as container:
            for name in ("a", "b/c"):
                container.upload_blob(f"registered/{name}.csv", name.encode() * 100, overwrite=True)

    def step(self):
        view = self.rest.register(f"set{next(numbers)}", "registered")
        self.held[view["datasetId"]] = view["latest"]["savedDatasetId"]

    def look(self, name):
        manifest = self.rest.manifest(name, 1)
        assert [(one["path"], one["size"], bool(one["etag"])) for one in manifest["files"]] == [
            ("a.csv", 100, True),
            ("b/c.csv", 300, True),
        ]
        return manifest["savedDatasetId"]


class Upload(Action):
    """Small blobs in one request and larger ones in blocks, each new or over an old one: whole, old or new, never between."""

    trying = {}  # name: what was under way when the connection broke, and may have arrived whole

    def step(self):
        number = next(numbers)
        name, size = f"uploads/{number % 4}", random.choice([10, 100_000, 5_000_000])
        data = number.to_bytes(4, "big") * (size // 4)
        self.trying[name] = data
        with self.rest.container() as container:
            blob = container.get_blob_client(name)
            if size < 1_000_000:
                blob.upload_blob(data, overwrite=True)
            else:
                from azure.storage.blob import BlobBlock

                blocks = [f"{number:08}-{i:02}" for i in range(3)]
                for i, block in enumerate(blocks):
                    blob.stage_block(block, data[i * len(data) // 3 : (i + 1) * len(data) // 3])
                blob.commit_block_list([BlobBlock(block) for block in blocks])
        self.held[name] = self.trying.pop(name)

    def look(self, name):
        with self.rest.container() as container:
            data = container.download_blob(name).readall()
        return self.held[name] if data == self.trying.get(name) else data


class MountAndRead(Action):
    """A mount that was there before the kill is read all the while, others come and go; readers see a pause and the right bytes."""

    def prepare(self):
        self.data = {f"{i}.bin": random.Random(i).randbytes(1_500_000) for i in range(3)}
        with self.rest.container() as container:
            for name, data in self.data.items():
                container.upload_blob(f"mounted/{name}", data, overwrite=True)
        self.rest.register("mounted", "mounted")
        self.point = self.folder / f"mount{next(numbers)}"
        self.mount(self.point)

    def mount(self, point):
        point.mkdir()
        self.rest.serve.cli("mount", "--detach", "--check", "1", "mounted", str(point))

    def read(self, point):
        for name, data in list(self.data.items())[:2]:
            fd = os.open(point / name, os.O_RDONLY)
            try:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                at = random.randrange(len(data))
                assert os.pread(fd, 300_000, at) == data[at : at + 300_000]
            finally:
                os.close(fd)

    def step(self):
        self.read(self.point)  # over the kill: it waits, and does not fail
        other = self.folder / f"mount{next(numbers)}"
        try:
            self.mount(other)
            self.read(other)
        finally:
            subprocess.run([HEADRACE, "unmount", "--lazy", str(other)], capture_output=True)

    def kept(self):
        self.read(self.point)
        assert "error" not in " ".join(os.listxattr(self.point / "0.bin"))

    def close(self):
        subprocess.run([HEADRACE, "unmount", "--lazy", str(self.point)], capture_output=True)


def kill(server, victims):
    pids = ([server.pid] if "daemon" in victims else []) + (accounts(server) if "account" in victims else [])
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    if "daemon" in victims:
        server.process.wait()
        server.start()


def run(action, server, victims):
    """Steps in a thread; the kill comes at any moment of one, after some were acknowledged."""
    over, failures, first = threading.Event(), [], action.done

    def work():
        while not over.wait(0.01):
            try:
                action.step()
                action.done += 1
            except AssertionError as failure:  # the bytes were wrong, or a status that nobody expects
                failures.append(failure)
                return
            except Exception:  # the connection broke: what was under way was not acknowledged
                over.wait(0.02)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        until(lambda: failures or action.done >= first + LEAST, 30, "the first acknowledgements")
        time.sleep(random.random() * 0.1)
        kill(server, victims)
        before = action.done
        until(lambda: failures or action.done > before, 30, "an acknowledgement after the kill")
    finally:
        over.set()
        thread.join(30)
    assert not thread.is_alive() and not failures, failures


@pytest.fixture(scope="module")
def everything(serve, tmp_path_factory):
    """One of each action, kept for all cases."""
    rest, folder = Rest(serve), tmp_path_factory.mktemp("mounts")
    actions = {kind.__name__: kind(rest, folder) for kind in (Link, Attach, Register, Upload, MountAndRead)}
    for action in actions.values():
        action.prepare()
    yield actions
    actions["MountAndRead"].close()


@pytest.mark.parametrize("victims", ["daemon", "account", "daemon and account"])
@pytest.mark.parametrize("name", ["Link", "Attach", "Register", "Upload", "MountAndRead"])
def test_killed_during(serve, everything, name, victims):
    run(everything[name], serve, victims)
    everything[name].kept()


def test_all_of_it_is_there_in_the_end(serve, everything):
    serve.kill()
    serve.start()
    for action in everything.values():
        action.kept()
