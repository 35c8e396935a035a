"""The HTTP server (build/test/unit/http/http_echo) against real clients and against bytes that no client sends."""

import os
import socket
import ssl
import subprocess
import threading
import time

import pytest

from support.serve import BUILD, until

ECHO = BUILD / "test/unit/http/http_echo"
VERSIONS = ["--http1.1", "--http2-prior-knowledge"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def server(certificate):
    process = subprocess.Popen(
        [ECHO, "--tls", certificate / "cert.pem", certificate / "key.pem", "--body-max", "3000000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    process.port = int(process.stdout.readline())
    yield process
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(scope="module")
def port(server):
    return server.port


def curl(*arguments, **options):
    done = subprocess.run(["curl", "-sS", "-m", "20", *map(str, arguments)], capture_output=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def exchange(port, data, wait=None):
    """Sends the bytes, ends the sending side, returns all that comes back."""
    with socket.create_connection(("localhost", port), timeout=10) as connection:
        for part in data if isinstance(data, list) else [data]:
            connection.sendall(part)
            time.sleep(wait or 0)
        if wait is None:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while got := connection.recv(65536):
                answer += got
        except ConnectionResetError:
            pass
        return answer


def test_one_port_speaks_all_of_it(port, certificate):
    address = f"localhost:{port}/"
    assert curl("--http1.1", f"http://{address}") == f"GET / http1 {address[:-1]}\n".encode()
    assert curl("--http2-prior-knowledge", f"http://{address}") == f"GET / http2 {address[:-1]}\n".encode()
    ca = ["--cacert", certificate / "cert.pem"]
    assert curl(*ca, f"https://{address}") == f"GET / http2 tls {address[:-1]}\n".encode()
    assert curl(*ca, "--http1.1", f"https://{address}") == f"GET / http1 tls {address[:-1]}\n".encode()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["echo", "collect"])
def test_bodies_come_back_whole(port, version, chunked, path, tmp_path):
    body = os.urandom(2_500_000)
    (tmp_path / "body").write_bytes(body)
    more = ["-H", "Transfer-Encoding: chunked"] if chunked and version == "--http1.1" else []
    assert (
        curl(version, *more, "-H", "Expect:", "--data-binary", f"@{tmp_path}/body", f"http://localhost:{port}/{path}")
        == body
    )


def test_bodies_come_back_whole_through_tls(port, certificate, tmp_path):
    body = os.urandom(2_500_000)
    (tmp_path / "body").write_bytes(body)
    for version in ["--http1.1", "--http2"]:
        assert (
            curl(
                version,
                "--cacert",
                certificate / "cert.pem",
                "--data-binary",
                f"@{tmp_path}/body",
                f"https://localhost:{port}/echo",
            )
            == body
        )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_its_limit_is_413(port, version, chunked, tmp_path):
    (tmp_path / "body").write_bytes(bytes(4_000_000))
    more = ["-H", "Transfer-Encoding: chunked"] if chunked and version == "--http1.1" else []
    out = curl(
        version, *more, "--data-binary", f"@{tmp_path}/body", "-w", " %{http_code}", f"http://localhost:{port}/collect"
    )
    assert out == b"the request's body is larger than the limit of 3000000 bytes\n 413"


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n",
        b"\x00\x01\x02\x03\x04",
        b"GET / HTTP/1.1\nHost: h\n\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST /never HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\nX: y\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400_and_closed(port, data):
    answer = exchange(port, data)
    assert answer.startswith(b"HTTP/1.1 400 ") or (data.startswith(b"PRI") and answer.startswith(b"HTTP/1.1 505 "))
    assert answer.count(b"connection: close") == 1


def test_a_broken_http2_connection_is_told_and_closed(port):
    answer = exchange(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64)
    assert b"\x00\x00\x00\x00" in answer and answer[3] == 4  # its SETTINGS, then a GOAWAY, then the end


def test_broken_tls_is_closed(port):
    assert exchange(port, b"\x16\x03\x01\x00\x05hello")[:1] in (b"\x15", b"")


def test_pipelined_requests_are_answered_in_order(port):
    one = b"POST /collect HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n%s"
    late, last = b"GET /late HTTP/1.1\r\nHost: h\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    answer = exchange(port, one % b"abc" + late + one % b"def" + last, wait=0)
    assert [part.rpartition(b"\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"abc",
        b"late\n",
        b"def",
        b"GET / http1 h\n",
    ]


def test_continue_is_said_before_the_body_and_not_after_a_refusal(port):
    with socket.create_connection(("localhost", port), timeout=5) as connection:
        connection.sendall(b"POST /collect HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(1000).endswith(b"abc")
    refused = exchange(
        port, b"POST /collect HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\nExpect: 100-continue\r\n\r\n"
    )
    assert refused.startswith(b"HTTP/1.1 413 ") and b"100 Continue" not in refused


def test_head_has_no_body_and_the_connection_goes_on(port):
    answer = exchange(
        port,
        b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /bytes?5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        wait=0,
    )
    heads = answer.split(b"\r\n\r\n")
    assert len(heads) == 3 and not heads[2]


def test_http10_is_answered_and_closed(port):
    answer = exchange(port, b"GET /bytes?5 HTTP/1.0\r\n\r\n", wait=0)
    assert b"transfer-encoding" not in answer and answer.endswith(b"\r\n\r\n" + bytes(5))


def test_a_client_that_goes_away_stops_its_response(server, port):
    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    before = descriptors()
    for _ in range(20):
        connection = socket.create_connection(("localhost", port))
        connection.sendall(b"GET /bytes?1000000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.recv(1000)
        connection.close()
    until(lambda: descriptors() <= before, what="every connection's end")


def test_many_connections_at_once(port, certificate):
    context = ssl.create_default_context(cafile=certificate / "cert.pem")
    failures = []

    def run(number):
        try:
            with socket.create_connection(("localhost", port), timeout=20) as plain:
                connection = context.wrap_socket(plain, server_hostname="localhost") if number % 2 else plain
                for _ in range(5):
                    connection.sendall(b"GET /bytes?1000 HTTP/1.1\r\nHost: h\r\n\r\n")
                    got = b""
                    while not got.endswith(b"0\r\n\r\n"):
                        got += connection.recv(65536)
        except Exception as error:  # noqa: BLE001 (shown by the assertion)
            failures.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_cancelled_stream_storm_ends_the_connection(port):
    """CVE-2023-44487: streams opened to be cancelled at once."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    block = bytes([0x82, 0x86, 0x41, 0x01, ord("h"), 0x04, 0x06]) + b"/never"

    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    storm = b"".join(frame(1, 5, 2 * i + 1, block) + frame(3, 0, 2 * i + 1, b"\0\0\0\x08") for i in range(3000))
    answer = exchange(port, preface + storm)
    goaway = answer.rfind(b"\x07\x00\x00\x00\x00\x00")
    assert goaway >= 0 and answer[goaway + 10 : goaway + 14] == b"\0\0\0\x0b"  # ENHANCE_YOUR_CALM


# ---- the slow ----


@pytest.fixture(scope="module")
def hasty():
    """A server whose patience is 0.4 s, for six connections."""
    process = subprocess.Popen(
        [ECHO, "--head-ms", "400", "--stall-ms", "400", "--idle-ms", "400", "--connections-max", "6"],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield int(process.stdout.readline())
    process.terminate()
    assert process.wait(10) == 0


def until_closed(connection, seconds=10):
    """What still comes, until the other side ends."""
    connection.settimeout(seconds)
    answer = b""
    try:
        while got := connection.recv(65536):
            answer += got
    except ConnectionResetError:
        pass
    return answer


def drip(connection, data, pause=0.05):
    """Sends byte for byte, as slowloris does, until the other side has had enough."""
    try:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize(
    "opening",
    [b"", b"GET / HTT", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01"],
    ids=["nothing", "half a head", "half a preface", "half of TLS"],
)
def test_who_says_nothing_is_closed(hasty, opening):
    with socket.create_connection(("localhost", hasty)) as connection:
        connection.sendall(opening)
        until_closed(connection)


def test_a_head_that_drips_is_ended(hasty):
    with socket.create_connection(("localhost", hasty)) as connection:
        assert drip(connection, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: 1\r\n" * 100)


@pytest.mark.parametrize("rest", ["stalls", "drips"])
def test_a_body_that_does_not_get_on_is_ended(hasty, rest):
    with socket.create_connection(("localhost", hasty)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nbegin")
        if rest == "drips":
            assert drip(connection, b"x" * 200, pause=0.1)
        else:
            until_closed(connection)


def test_a_slow_body_that_gets_on_is_taken(hasty):
    """Faster than 64 bytes a second, though slower than the patience for a whole one."""
    with socket.create_connection(("localhost", hasty)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"x" * 50)
            time.sleep(0.1)
        assert until_closed(connection).startswith(b"HTTP/1.1 200")


def h2_frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def test_a_stream_that_stalls_is_reset_and_its_connection_goes_on(hasty):
    head = bytes([0x83, 0x86, 0x04, 0x05]) + b"/echo" + bytes([0x01, 0x01]) + b"x"  # POST, http, /echo, authority x
    with socket.create_connection(("localhost", hasty)) as connection:
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + h2_frame(4, 0, 0)
            + h2_frame(1, 4, 1, head)
            + h2_frame(0, 0, 1, b"begin")
        )
        connection.settimeout(10)
        seen = b""
        while h2_frame(3, 0, 1, b"\0\0\0\x08") not in seen:  # RST_STREAM, CANCEL
            got = connection.recv(65536)
            assert got, "the connection ended with the stream"
            seen += got
        connection.sendall(h2_frame(6, 0, 0, b"12345678"))
        while h2_frame(6, 1, 0, b"12345678") not in seen:  # the ping's answer
            got = connection.recv(65536)
            assert got
            seen += got
        until_closed(connection)  # and then it is idle


def test_beyond_the_limit_the_idle_give_way(hasty):
    crowd = [socket.create_connection(("localhost", hasty)) for _ in range(20)]
    try:
        assert curl(f"http://localhost:{hasty}/echo", "-d", "heard") == b"heard"
        busy = socket.create_connection(("localhost", hasty))
        busy.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200\r\n\r\n" + b"x" * 100)
        crowd += [socket.create_connection(("localhost", hasty)) for _ in range(20)]
        time.sleep(0.1)
        busy.sendall(b"x" * 100)
        assert until_closed(busy).count(b"x" * 100) == 2  # who is heard is not put out
        busy.close()
    finally:
        for connection in crowd:
            connection.close()
