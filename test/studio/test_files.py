"""What `headrace serve` gives a browser before anybody signs in: the studio's files, and nothing else."""

import gzip
import re
import socket

import pytest
import requests


def get(serve, path, **headers):
    return requests.get(serve.endpoint["url"] + path, headers=headers, allow_redirects=False, timeout=10)


def test_a_browser_is_sent_to_the_studio(serve):
    reply = get(serve, "/", accept="text/html,application/xhtml+xml")
    assert (reply.status_code, reply.headers["location"]) == (302, "/studio/")
    reply = get(serve, "/studio?workspace=a")
    assert (reply.status_code, reply.headers["location"]) == (302, "/studio/?workspace=a")
    assert get(serve, "/", accept="application/json").status_code == 401


def test_the_page_allows_nothing_inline_and_nothing_from_elsewhere(serve):
    page = get(serve, "/studio/")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert (
        policy["default-src"] == "'none'"
        and policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    )
    assert "unsafe" not in page.headers["content-security-policy"] and policy["frame-ancestors"] == "'none'"
    assert page.headers["cache-control"] == "no-cache" and page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=|https?://", page.text)
    # every page's address gives the same document
    assert get(serve, "/studio/linked-services/new").text == page.text


def test_assets_are_kept_for_good_and_travel_small(serve):
    page = get(serve, "/studio/").text
    assets = re.findall(r'(?:src|href)="(/studio/assets/[^"]+)"', page)
    assert len(assets) >= 4
    for path in assets:
        reply = get(serve, path, **{"accept-encoding": "identity"})
        assert reply.status_code == 200 and "immutable" in reply.headers["cache-control"], path
        assert re.search(r"-[\w-]{8}\.\w+$", path), f"{path} carries no hash of its content"
        assert get(serve, path, **{"if-none-match": reply.headers["etag"]}).status_code == 304
    script = next(path for path in assets if path.endswith(".js"))
    packed = requests.get(serve.endpoint["url"] + script, headers={"accept-encoding": "gzip"}, stream=True, timeout=10)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()) == get(serve, script, **{"accept-encoding": "identity"}).content


@pytest.mark.parametrize(
    "path",
    [
        "/studio/assets/../../state.db",
        "/studio/assets/%2e%2e/%2e%2e/token",
        "/studio/assets//etc/passwd",
        "/studio/assets/",
        "/studio/assets/nothing.js",
        "/studio/assets/index.html%00.js",
    ],
)
def test_no_other_file_is_served(serve, path):
    host, port = serve.endpoint["url"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:  # as it stands: requests would tidy the path
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.split(b" ", 2)[1] in (b"400", b"404"), reply[:200]


def test_only_reading(serve):
    reply = requests.post(serve.endpoint["url"] + "/studio/", data=b"x", timeout=10)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")
    assert requests.head(serve.endpoint["url"] + "/studio/", timeout=10).status_code == 200
