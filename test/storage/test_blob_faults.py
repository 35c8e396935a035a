"""blob/ when something goes wrong: wrong credentials, changed objects, and a network between it and the account that fails."""

import base64
import datetime
import http.client
import http.server
import subprocess
import threading
import time

import pytest
from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)
from support.serve import BUILD

from conftest import Tool
from test_blob import MB, pattern

HOST = "dprepdata.blob.core.windows.net"


class Network:
    """A proxy before the account. fault(number, method, path) says what happens to the request: None (passed on), "drop" (closed without an answer),
    "lost" (carried out, but the answer does not come), "cut" (half of the body), "silent" (nothing for long), "etag" (another ETag), a number (that status)."""

    def __init__(self, account):
        self.account, self.fault, self.seen = account, lambda *_: None, []
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                network.seen.append((self.command, self.path))
                fault = network.fault(len(network.seen), self.command, self.path)
                if fault == "silent":
                    time.sleep(3)
                if fault in ("drop", "silent"):
                    self.close_connection = True
                    return
                if isinstance(fault, int):
                    text = b"<?xml version='1.0'?><Error><Code>ServerBusy</Code><Message>Busy.</Message></Error>"
                    self.send_response(fault)
                    self.send_header("x-ms-error-code", "ServerBusy")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(text)
                    return
                behind = http.client.HTTPConnection("127.0.0.1", network.account.port)
                behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    behind.putheader(name, value)
                behind.endheaders(body)
                answer = behind.getresponse()
                data = answer.read()
                behind.close()
                if fault == "lost":
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    self.send_header(name, '"0xOTHER"' if fault == "etag" and name.lower() == "etag" else value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)
                self.close_connection = self.close_connection or fault == "cut"

            do_GET = do_PUT = do_HEAD = do_DELETE = do_PATCH = do_POST = handle_one

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # the default 5 loses connections, which come back a second later

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/dprepdata"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def network(account):
    network = Network(account)
    yield network
    network.stop()


@pytest.fixture
def through(account, network):
    return Tool(
        "--endpoint",
        f"dprepdata={network.url}",
        "--conf",
        f"fs.azure.account.key.{HOST}={account.key}",
        "--timeout",
        "1000",
    )


@pytest.fixture(scope="module")
def large(demo):
    demo.upload_blob("large.bin", pattern(20 * MB + 5), overwrite=True)
    return "large.bin"


def counts(text):
    return {k: int(v) for k, v in (pair.split("=") for pair in text.split())}


# ---- credentials ----


def with_conf(account, **conf):
    options = ["--endpoint", f"dprepdata={account.url}"]
    for key, value in conf.items():
        options += ["--conf", f"{key}={value}"]
    return Tool(*options)


def test_a_wrong_key(account, demo, large):
    wrong = base64.b64encode(b"quite another key").decode()
    tool = with_conf(account, **{f"fs.azure.account.key.{HOST}": wrong})
    for path in (tool.wasb(large), tool.abfs(large)):
        for command in (
            ("stat", path),
            ("cat", path, 1, 0),
            ("put", path + "2", 10, 10),
            ("ls", path.rsplit("/", 1)[0]),
        ):
            error = tool.fails(*command)
            assert (
                "HR_E_STORAGE_DENIED: authentication failed for account 'dprepdata': the account key was not accepted"
                in error
            )
            assert f"fs.azure.account.key.{HOST}" in error and wrong not in error


def test_no_credentials(account, large):
    error = with_conf(account).fails("stat", with_conf(account).wasb(large))
    assert "no key and no SAS is set" in error and f"set fs.azure.account.key.{HOST}" in error


def test_sas(account, demo, large):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    key = f"fs.azure.sas.demo.{HOST}"
    reading = generate_container_sas(
        "dprepdata", "demo", account.key, permission=ContainerSasPermissions(read=True, list=True), expiry=soon
    )
    tool = with_conf(account, **{f"spark.hadoop.{key}": "?" + reading})
    assert tool.ok("cat", tool.wasb(large), 8 * MB, 0) == pattern(20 * MB + 5)
    assert tool.ok("cat", tool.abfs(large), 8 * MB, 0) == pattern(20 * MB + 5)
    assert ["file", large] in [line[:2] for line in tool.lines("ls", tool.wasb())]
    error = tool.fails("put", tool.wasb("new"), 10, 10)
    assert "HR_E_STORAGE_DENIED: cannot write" in error and "permissions 'rl'" in error and reading not in error
    old = generate_container_sas(
        "dprepdata", "demo", account.key, permission=ContainerSasPermissions(read=True), expiry="2021-02-03T04:05:06Z"
    )
    tool = with_conf(account, **{key: old})
    error = tool.fails("stat", tool.wasb(large))
    assert (
        "HR_E_STORAGE_DENIED" in error
        and "the SAS for 'demo' expired at 2021-02-03T04:05:06Z" in error
        and f"make a new SAS and set it as {key}" in error
    )
    tool = with_conf(account, **{key: reading.replace("sig=", "sig=A")})
    error = tool.fails("stat", tool.wasb(large))
    assert "the SAS for 'demo' was not accepted" in error
    one = generate_blob_sas(
        "dprepdata", "demo", large, account_key=account.key, permission=BlobSasPermissions(read=True), expiry=soon
    )
    tool = with_conf(account, **{"fs.azure.account.auth.type": "SAS", "fs.azure.sas.fixed.token": one})
    assert tool.lines("stat", tool.abfs(large))[0][2] == str(20 * MB + 5)


# ---- objects that change ----


def read_slowly(tool, path, change):
    """Starts a slow read with a small window, changes the object, and gives what came and the error."""
    process = subprocess.Popen(
        [
            str(BUILD / "test/unit/blob/blob_tool"),
            *tool.options,
            "--ahead",
            "1",
            "--range",
            "65536",
            "cat",
            path,
            "65536",
            "5",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    first = process.stdout.read(200_000)
    change()
    rest, error = process.communicate(timeout=60)
    return process.returncode, first + rest, error.decode()


@pytest.mark.parametrize("dialect", ["wasb", "abfs"])
def test_versions_are_never_mixed(tool, demo, dialect):
    path = getattr(tool, dialect)("changing.bin")
    blob = demo.get_blob_client("changing.bin")
    blob.upload_blob(b"1" * 4 * MB, overwrite=True)
    code, data, error = read_slowly(tool, path, lambda: blob.upload_blob(b"2" * 4 * MB, overwrite=True))
    assert code == 1 and set(data) == {ord("1")} and len(data) < 4 * MB
    assert f"HR_E_CHANGED: '{path}' changed while it was read" in error
    code, data, error = read_slowly(tool, path, blob.delete_blob)
    assert code == 1 and f"HR_E_CHANGED: '{path}' was deleted while it was read" in error


def test_a_server_that_ignores_if_match(through, network, large):
    network.fault = lambda n, method, path: "etag" if method == "GET" and n > 3 else None
    assert "HR_E_CHANGED" in through.fails("cat", through.wasb(large), MB, 0, options=("--ahead", "1"))


# ---- a network that fails ----


@pytest.mark.parametrize("fault", ["drop", "cut", 500, 503, 429])
def test_what_passes_is_tried_again(through, network, large, fault):
    network.fault = lambda n, method, path: fault if n % 3 == 0 else None
    out = through.ok("cat", through.wasb(large), 5 * MB, 0, "counts")
    assert out[: 20 * MB + 5] == pattern(20 * MB + 5)
    assert counts(out[20 * MB + 5 :].decode())["retries"] >= 2
    written = through.lines("put", through.wasb("written.bin"), 20 * MB, MB)[0]
    assert written[2] == str(20 * MB)
    assert through.ok("cat", through.wasb("written.bin"), 5 * MB, 0) == pattern(20 * MB)
    through.ok("put", through.abfs("written2.bin"), 20 * MB, MB)
    assert through.ok("cat", through.abfs("written2.bin"), 5 * MB, 0) == pattern(20 * MB)


@pytest.mark.parametrize(
    "fault,says",
    [
        ("drop", "the connection to '127.0.0.1"),
        (503, "503 ServerBusy"),
        ("silent", "was silent for 1000 ms"),
        ("cut", "(2 attempts)"),
    ],
)
def test_what_does_not_pass_is_an_error(through, network, large, fault, says):
    network.fault = lambda n, method, path: fault if method == "GET" else None
    error = through.fails("cat", through.wasb(large), MB, 0, options=("--attempts", "2"))
    assert says in error and f"'{through.wasb(large)}'" in error and "2 attempts" in error


def test_nobody_there(account):
    tool = Tool(
        "--endpoint", "dprepdata=http://127.0.0.1:1/dprepdata", "--conf", f"fs.azure.account.key.{HOST}={account.key}"
    )
    assert (
        "HR_E_STORAGE_DOWN" in (error := tool.fails("stat", tool.wasb("x")))
        and "nobody answers at '127.0.0.1:1'" in error
    )


@pytest.mark.parametrize("size", [100, 9 * MB])
def test_a_commit_whose_answer_is_lost(through, network, demo, size):
    """The first attempt was carried out; the second is refused because the object is there: it is ours."""
    lost = []

    def fault(n, method, path):
        if method == "PUT" and "comp=block&" not in path and not lost:
            lost.append(path)
            return "lost"
        return None

    network.fault = fault
    name = f"lost-{size}"
    assert through.lines("putnew", through.wasb(name), size, MB)[0][2] == str(size)
    assert lost and demo.download_blob(name).readall() == pattern(size)
    lost[:] = ["done"]
    assert "HR_E_EXISTS" in through.fails("putnew", through.wasb(name), size + 1, MB)


def test_a_rename_whose_answer_is_lost(through, network, demo):
    lost = []

    def fault(n, method, path):
        if method == "PUT" and "resource=" not in path and not lost:
            lost.append(path)
            return "lost"
        return None

    network.fault = fault
    through.ok("put", through.abfs("lost-rename"), 1000, 100)
    assert lost and demo.download_blob("lost-rename").readall() == pattern(1000)


def test_a_query_that_is_cancelled_ends_at_once(through, network, large):
    network.fault = lambda n, method, path: "silent" if method == "GET" else None
    started = time.monotonic()
    error = through.fails("cancel", 300, "cat", through.wasb(large), MB, 0, options=("--timeout", "20000"))
    assert "HR_E_CANCELLED" in error and time.monotonic() - started < 2


def test_the_engine_is_told_why(through, network, large):
    through.ok(
        "sql",
        f"COPY (SELECT range AS id FROM range(1000)) TO '{through.wasb('told.parquet')}' (FORMAT parquet, USE_TMP_FILE false)",
    )
    network.fault = lambda n, method, path: 503 if method == "GET" else None
    error = through.fails(
        "sql", f"SELECT sum(id) FROM read_parquet('{through.wasb('told.parquet')}')", options=("--attempts", "2")
    )
    assert "error HR_E_STORAGE_DOWN: cannot read" in error and "503 ServerBusy" in error


def test_a_stage_that_fails_leaves_nothing(through, network, demo):
    network.fault = lambda n, method, path: 500 if "comp=blocklist" in path and "part-2" in path else None
    assert "part-2" in through.fails("stage", through.wasb("half"), 3, options=("--attempts", "2"))
    assert [b.name for b in demo.list_blobs(name_starts_with="half")] == []


def test_a_large_object_is_not_first_copied_whole(account, tool, demo):
    demo.upload_blob("huge.bin", bytes(64 * MB), overwrite=True)
    before = account.stats()["bytes_out"]
    process = subprocess.Popen(
        [str(BUILD / "test/unit/blob/blob_tool"), *tool.options, "cat", tool.wasb("huge.bin"), "65536", "20"],
        stdout=subprocess.PIPE,
    )
    process.stdout.read(65536)
    process.kill()
    process.communicate()
    assert account.stats()["bytes_out"] - before < 24 * MB


def test_latency_is_hidden_by_reading_ahead(through, network, demo):
    """100 ms a request: fetching ahead makes a sequential read much faster than one request after the other."""
    demo.upload_blob("late.bin", pattern(5 * MB), overwrite=True)

    def fault(n, method, path):
        time.sleep(0.1)

    network.fault = fault

    def seconds(*options):
        started = time.monotonic()
        assert through.ok(
            "cat", through.wasb("late.bin"), 256 * 1024, 0, options=("--range", str(256 * 1024), *options)
        ) == pattern(5 * MB)
        return time.monotonic() - started

    assert seconds() < seconds("--ahead", "1") / 1.5
