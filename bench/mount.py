"""Mounts, ours and rclone's in turn on the same built-in account: sequential MB/s, random 4 KB reads, small files, listing.

    ./dev bench mount [--runs N] [--latency MS]

--latency puts so much time before each request, as a distant account would. Without rclone (Debian's package) ours is measured alone. Pages that
the kernel has cached are dropped before each part.
"""

import argparse
import asyncio
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from servers import BUILD, Headrace, cpu_seconds, memory  # noqa: E402

BIG, SMALL_FILES, SMALL_BYTES, MANY = 256_000_000, 1000, 10_000, 10_000


class Account:
    """A server's built-in account with the data of every part, as one dataset: its manifest, and the SAS that reads it."""

    def __init__(self):
        self.server = Headrace()
        at = self.server.endpoint
        folder = pathlib.Path(self.server.home, "storage", at["account"], at["container"], "bench")
        for name in ("small", "many"):
            (folder / name).mkdir(parents=True)
        with open(folder / "big.bin", "wb") as file:
            for _ in range(BIG // 1_000_000):
                file.write(os.urandom(1_000_000))
        for i in range(SMALL_FILES):
            (folder / f"small/{i:05}.bin").write_bytes(os.urandom(SMALL_BYTES))
        for i in range(MANY):
            (folder / f"many/{i:05}.csv").touch()
        sets = (
            f"/dataset/v1.0/subscriptions/{at['subscription_id']}/resourceGroups/{at['resource_group']}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{at['workspace']}"
        )
        flow = json.dumps(
            {"paths": [{"pattern": "azureml://datastores/workspaceblobstore/paths/bench"}], "transformations": []}
        )
        saved = self.ask("POST", f"{sets}/saveddatasets", {"datasetType": "file", "latest": {"dataflow": flow}})
        self.manifest = self.ask("GET", f"{sets}/datasets/{saved['savedDatasetId']}/versions/1/manifest")
        self.sas = next(iter(self.manifest["storage"]["conf"].values()))
        self.container = at["container"]

    def ask(self, method, path, body=None):
        at = self.server.endpoint
        request = urllib.request.Request(
            at["https_url"] + path,
            json.dumps(body).encode() if body else None,
            method=method,
            headers={"authorization": "Bearer " + at["token"], "content-type": "application/json"},
        )
        with urllib.request.urlopen(
            request, context=ssl.create_default_context(cafile=at["ca_file"]), timeout=120
        ) as answer:
            return json.load(answer)

    @property
    def url(self):
        return self.manifest["storage"]["endpoints"][0]["url"]

    def move_away(self, seconds):
        """The account is reached through a distance from now on."""
        address = urllib.parse.urlsplit(self.url)
        distance = Distance(address.port, seconds)
        self.manifest["storage"]["endpoints"][0]["url"] = address._replace(
            netloc=f"{address.hostname}:{distance.port}"
        ).geturl()


class Distance:
    """A proxy in front of the account: what a client sends waits so long. Requests here are one packet each."""

    def __init__(self, port, seconds):
        self.target, self.seconds, self.port = port, seconds, 0
        started = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(started)), daemon=True).start()
        started.wait()

    async def serve(self, started):
        server = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await server.serve_forever()

    async def connect(self, reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(self.relay(reader, up_writer, self.seconds), self.relay(up_reader, writer, 0))
        except OSError:
            pass

    async def relay(self, reader, writer, seconds):
        try:
            while data := await reader.read(1 << 20):
                await asyncio.sleep(seconds)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


class Ours:
    name = "headrace"

    def __init__(self, account, folder):
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps(account.manifest))
        self.point = folder / "ours"
        self.point.mkdir()
        self.process = subprocess.Popen(
            [BUILD / "headrace-mount", "--manifest", manifest, self.point], stdout=subprocess.PIPE, text=True
        )
        if not self.process.stdout.readline().startswith("mounted"):
            raise SystemExit("headrace-mount did not mount")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


class Rclone:
    name = "rclone"

    def __init__(self, account, folder):
        self.point = folder / "rclone"
        self.point.mkdir()
        self.process = subprocess.Popen(
            [
                "rclone",
                "mount",
                f":azureblob:{account.container}/bench",
                self.point,
                "--azureblob-sas-url",
                f"{account.url}/{account.container}?{account.sas}",
                "--read-only",
                "--dir-cache-time",
                "24h",
                "--attr-timeout",
                "24h",
                "--no-modtime",
                "--config",
                folder / "none",
            ],
            stdout=subprocess.DEVNULL,
            stderr=open(folder / "rclone.log", "w"),
        )
        until = time.monotonic() + 30
        while not os.path.ismount(self.point):
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("rclone did not mount: " + (folder / "rclone.log").read_text())
            time.sleep(0.02)

    def stop(self):
        subprocess.run(["fusermount3", "-uz", self.point], check=False)
        self.process.wait(20)


PEERS = {"rclone": Rclone}


def drop(path):
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


# ---- the parts: each returns one figure ----


def sequential(point):
    drop(point / "big.bin")
    total, buffer, begin = 0, bytearray(1 << 20), time.perf_counter()
    with open(point / "big.bin", "rb", buffering=0) as file:
        while got := file.readinto(buffer):
            total += got
    assert total == BIG
    return total / (time.perf_counter() - begin) / 1e6


def two_streams(point):
    drop(point / "big.bin")

    def half(at):
        left, buffer = BIG // 2, bytearray(1 << 20)
        with open(point / "big.bin", "rb", buffering=0) as file:
            file.seek(at)
            while left > 0 and (got := file.readinto(buffer)):
                left -= got

    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(half, (0, BIG // 2)))
    return BIG / (time.perf_counter() - begin) / 1e6


def random_reads(point):
    drop(point / "big.bin")
    pick, times = random.Random(time.monotonic_ns()), []
    fd = os.open(point / "big.bin", os.O_RDONLY)
    for _ in range(100):
        at = pick.randrange(BIG // 4096) * 4096
        begin = time.perf_counter()
        assert len(os.pread(fd, 4096, at)) == 4096
        times.append(time.perf_counter() - begin)
    os.close(fd)
    return statistics.median(times) * 1000


def first_byte(point):
    drop(point / "big.bin")
    begin = time.perf_counter()
    with open(point / "big.bin", "rb", buffering=0) as file:
        assert file.read(1)
    return (time.perf_counter() - begin) * 1000


def small_files(threads):
    def part(point):
        paths = [point / f"small/{i:05}.bin" for i in range(SMALL_FILES)]
        for path in paths:
            drop(path)
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            assert sum(pool.map(lambda path: len(path.read_bytes()), paths)) == SMALL_FILES * SMALL_BYTES
        return SMALL_FILES / (time.perf_counter() - begin)

    return part


def listing(point):
    begin = time.perf_counter()
    assert sum(entry.stat().st_size == 0 for entry in os.scandir(point / "many")) == MANY
    return MANY / (time.perf_counter() - begin)


PARTS = [  # what, unit, larger is better, part
    ("sequential read of 256 MB", "MB/s", True, sequential),
    ("two readers, half each", "MB/s", True, two_streams),
    ("first byte of 256 MB", "ms", False, first_byte),
    ("random 4 KB read, median of 100", "ms", False, random_reads),
    ("10 KB files, 1 thread", "files/s", True, small_files(1)),
    ("10 KB files, 8 threads", "files/s", True, small_files(8)),
    ("listing with stat", "files/s", True, listing),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--latency", type=float, default=0, help="milliseconds before each request")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    account = Account()
    if args.latency:
        account.move_away(args.latency / 1000)
    mounts = [Ours(account, folder)] + [peer(account, folder) for name, peer in PEERS.items() if shutil.which(name)]
    try:
        for what, unit, larger, part in PARTS:
            figures = {mount.name: [] for mount in mounts}
            for _ in range(args.runs):
                for mount in mounts:
                    figures[mount.name].append(part(mount.point))
            medians = {name: statistics.median(values) for name, values in figures.items()}
            line = ", ".join(
                f"{name} {value:,.2f}" if value < 10 else f"{name} {value:,.0f}" for name, value in medians.items()
            )
            ours = medians["headrace"]
            ratio = "".join(
                f"; {ours / value if larger else value / ours:.1f} times {name}"
                for name, value in medians.items()
                if name != "headrace"
            )
            print(f"{what}: {line} {unit}{ratio}", flush=True)
        for mount in mounts:
            print(
                f"{mount.name}: {memory(mount.process.pid, 'Pss') / 1e6:.0f} MB, {cpu_seconds(mount.process.pid):.1f} s of CPU"
            )
    finally:
        for mount in mounts:
            mount.stop()
        account.server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
