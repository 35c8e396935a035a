"""Mounts of manifests on the built-in account, with a server of the test's own where one is needed."""

import contextlib
import datetime
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from storage.conftest import Account  # noqa: E402
from support.serve import BUILD, until  # noqa: E402

PROGRAM = str(BUILD / "headrace-mount")
FSTYPE = "fuse.headrace"


def mounted(point):
    """(fstype, source) of what the kernel says is mounted on `point`; None: nothing."""
    for line in reversed(pathlib.Path("/proc/self/mounts").read_text().splitlines()):
        source, path, fstype = line.split()[:3]
        if path.encode().decode("unicode_escape") == str(point):
            return fstype, source
    return None


class Mount:
    """headrace-mount in the foreground on a folder of the test's own."""

    def __init__(self, point, *arguments, env=None):
        self.point, self.arguments, self.env = pathlib.Path(point), arguments, env

    def start(self):
        self.point.mkdir(exist_ok=True)
        self.errors = open(f"{self.point}.log", "ab+")
        self.process = subprocess.Popen(
            [PROGRAM, *map(str, self.arguments), str(self.point)],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(self.env or {})},
        )
        self.said = self.process.stdout.readline()
        assert self.said.startswith("mounted "), self.log()
        assert mounted(self.point)[0] == FSTYPE
        return self

    def log(self):
        return pathlib.Path(f"{self.point}.log").read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(10) == 0, self.log()
        finally:
            self.process.stdout.close()
            self.errors.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        if mounted(self.point):
            subprocess.run(["umount", "-l", str(self.point)])


def storage_of(account, how="key", seconds=3600):
    """A manifest's storage: by account key, or by a SAS of the container that ends in so many seconds."""
    until_ = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    storage = {
        "conf": {},
        "endpoints": [{"account": account.name, "url": account.url}],
        "expiresOn": until_.isoformat(),
    }
    if how == "key":
        storage["conf"][f"fs.azure.account.key.{account.name}.blob.core.windows.net"] = account.key
    else:
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        sas = generate_container_sas(
            account.name, "demo", account.key, permission=ContainerSasPermissions(read=True, list=True), expiry=until_
        )
        storage["conf"][f"fs.azure.sas.demo.{account.name}.blob.core.windows.net"] = sas
    return storage


def manifest_of(account, container, prefix="", **how):
    """The manifest of everything below prefix, as the server would make it."""
    files = [
        {
            "path": blob.name[len(prefix) :].lstrip("/"),
            "url": f"wasbs://demo@{account.name}.blob.core.windows.net/{blob.name}",
            "etag": blob.etag,
            "size": blob.size,
            "modified": blob.last_modified.isoformat(),
        }
        for blob in container.list_blobs(prefix)
    ]
    return {
        "id": "0f0f",
        "name": "things",
        "version": "3",
        "type": "file",
        "files": files,
        "storage": storage_of(account, **how),
    }


def write(path, manifest):
    pathlib.Path(path).write_text(json.dumps(manifest))
    return path


class Server:
    """The version's REST of a server: a manifest, and access that the test gives, refuses or leaves unanswered."""

    PATH = "/dataset/v1.0/datasets/0f0f/versions/3"

    def __init__(self, manifest, access):
        self.manifest, self.access, self.asked = manifest, access, 0
        self.port = 0
        self.start()

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def refused(self):
                if self.headers["authorization"] == "Bearer secret-token":
                    return False
                self.answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": "a foreign token"}})
                return True

            def do_GET(self):
                if not self.refused():
                    self.answer(200 if self.path == outer.PATH + "/manifest" else 404, outer.manifest)

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                if not self.refused():
                    outer.asked += 1
                    self.answer(*outer.access())

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def mount(self, point, *arguments):
        return Mount(
            point,
            "--url",
            f"http://127.0.0.1:{self.port}",
            "--path",
            self.PATH,
            *arguments,
            env={"HEADRACE_TOKEN": "secret-token"},
        )


@pytest.fixture(autouse=True)
def fuse():
    """Where /dev/fuse is, these tests run; a machine without it is no place to pass them."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse here")


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    account = Account(tmp_path_factory.mktemp("account")).start()
    yield account
    account.stop()


@pytest.fixture
def fresh_account(tmp_path):
    (tmp_path / "account").mkdir()
    account = Account(tmp_path / "account").start()
    yield account
    account.stop()


def container_of(account):
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient(account.url, credential=account.key, retry_total=0).get_container_client("demo")


@pytest.fixture(scope="module")
def demo(account):
    with contextlib.closing(container_of(account)) as container:
        yield container


def requests_of(account):
    """How many requests the account has answered, without the counting itself."""
    return sum(count for name, count in account.stats()["operations"].items() if name != "Headrace Statistics")


__all__ = ["Mount", "Server", "mounted", "manifest_of", "storage_of", "write", "requests_of", "container_of", "until"]
