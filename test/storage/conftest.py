"""The built-in account alone, Azurite, and blob/ from the command line."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from support.serve import BUILD, until  # noqa: E402

AZURITE = "3.37.0"


class Account:
    """The account's process on a home of its own; the same home again after kill() and start()."""

    name = "dprepdata"

    def __init__(self, home, *arguments):
        self.home, self.arguments, self.process = pathlib.Path(home), arguments, None

    def start(self):
        self.process = subprocess.Popen(
            [
                str(BUILD / "test/unit/account/account_alone"),
                "--home",
                str(self.home),
                "--account",
                self.name,
                "--container",
                "demo",
                *self.arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
            stderr=open(self.home / "account.log", "ab"),
            stdin=subprocess.DEVNULL,
        )
        line = self.process.stdout.readline()
        assert line.startswith("ready port="), (self.home / "account.log").read_text()
        self.port = int(line.split("=")[1])
        self.key = (self.home / f"storage/{self.name}.key").read_text().strip()
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{self.name}"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(10) == 0, (self.home / "account.log").read_text()
        if self.process:
            self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stats(self):
        """The account's own counters, by operation."""
        import requests
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas
        import datetime

        sas = generate_account_sas(
            self.name,
            self.key,
            ResourceTypes(service=True),
            AccountSasPermissions(read=True),
            datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
        )
        answer = requests.get(f"{self.url}?comp=headrace-stats&{sas}", timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Tool:
    """blob_tool with the settings for one account."""

    def __init__(self, *options, account="dprepdata", container="demo"):
        self.options, self.account, self.container = options, account, container

    def wasb(self, path=""):
        return f"wasbs://{self.container}@{self.account}.blob.core.windows.net/{path}"

    def abfs(self, path=""):
        return f"abfss://{self.container}@{self.account}.dfs.core.windows.net/{path}"

    def run(self, *command, options=(), seconds=60):
        return subprocess.run(
            [str(BUILD / "test/unit/blob/blob_tool"), *self.options, *options, *map(str, command)],
            capture_output=True,
            timeout=seconds,
        )

    def ok(self, *command, **more):
        done = self.run(*command, **more)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def lines(self, *command, **more):
        return [line.split("\t") for line in self.ok(*command, **more).decode().splitlines()]

    def fails(self, *command, **more):
        """The error's text; fails the test when the command succeeds."""
        done = self.run(*command, **more)
        assert done.returncode == 1, (done.returncode, done.stdout[:200], done.stderr.decode())
        return done.stderr.decode()


def tool_for(name, url, key):
    return Tool(
        "--endpoint",
        f"{name}={url}",
        "--conf",
        f"fs.azure.account.key.{name}.blob.core.windows.net={key}",
        account=name,
    )


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    account = Account(tmp_path_factory.mktemp("account")).start()
    yield account
    account.stop()


@pytest.fixture
def fresh_account(tmp_path):
    account = Account(tmp_path).start()
    yield account
    account.stop()


@pytest.fixture(scope="module")
def service(account):
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient(account.url, credential=account.key, retry_total=0) as client:
        yield client


@pytest.fixture(scope="module")
def demo(service):
    return service.get_container_client("demo")


@pytest.fixture(scope="module")
def datalake(account):
    from azure.storage.filedatalake import DataLakeServiceClient

    with DataLakeServiceClient(account.url, credential=account.key, retry_total=0) as client:
        yield client


@pytest.fixture(scope="module")
def tool(account):
    return tool_for(account.name, account.url, account.key)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def azurite_folder():
    """Azurite in the cache folder, installed there by npm the first time."""
    cache = pathlib.Path(
        os.environ.get(
            "HEADRACE_DEPS", pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "headrace"
        )
    )
    folder = cache / f"azurite-{AZURITE}"
    program = folder / "node_modules/azurite/dist/src/blob/main.js"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), f"azurite@{AZURITE}"],
            check=True,
            timeout=600,
        )
    return program


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    """Azurite's blob service over http; (name, url, key)."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Azurite needs node")
    from azure.storage.blob import BlobServiceClient

    home, port, name = tmp_path_factory.mktemp("azurite"), free_port(), "azuritetest"
    key = "a2V5IGZvciBhenVyaXRlIGluIHRlc3RzIG9ubHk="
    process = subprocess.Popen(
        [
            node,
            str(azurite_folder()),
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--location",
            str(home),
            "--silent",
            "--skipApiVersionCheck",
            "--disableTelemetry",
        ],
        env=dict(os.environ, AZURITE_ACCOUNTS=f"{name}:{key}"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/{name}"

    def answers():
        assert process.poll() is None, "Azurite ended"
        try:
            BlobServiceClient(url, credential=key, retry_total=0).create_container("demo")
            return True
        except Exception:
            time.sleep(0.1)
            return False

    until(answers, 60, "Azurite")
    yield name, url, key
    process.terminate()
    process.wait(10)
