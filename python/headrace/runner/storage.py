"""Files in the storage account, by addresses that carry a shared access signature. Nothing here knows a run."""

import os
import time
import urllib.parse
from xml.etree import ElementTree

PIECE = 1024 * 1024
SINGLE_MAX = 64 * 1024 * 1024  # a larger file goes up in blocks of this size
PATIENCE = 120  # seconds for which a storage account that does not answer is asked again
TIMEOUT = (10, 300)


class StorageError(Exception):
    pass


class NoAnswer(StorageError):
    pass


def give_up():
    """Whether waiting for an account that does not answer makes no sense any more; the runner's own takes its place."""
    return False


def session(ca_file):
    import requests

    made = requests.Session()
    made.verify = ca_file or True
    made.trust_env = False
    return made


def request(http, method, url, accept, **options):
    """One request, asked again while nobody answers: a server that is being started again is no reason to lose a run."""
    import requests

    deadline, pause = time.monotonic() + PATIENCE, 0.1
    while True:
        try:
            answer = http.request(method, url, timeout=TIMEOUT, **options)
        except requests.exceptions.ConnectionError as err:
            if time.monotonic() > deadline or give_up():
                raise NoAnswer("the storage account does not answer: %s" % err) from None
            time.sleep(pause)
            pause = min(2, pause * 2)
            if hasattr(options.get("data"), "seek"):
                options["data"].seek(0)
            continue
        if answer.status_code not in accept:
            reason = answer.headers.get("x-ms-error-code") or answer.reason
            raise StorageError("%s of '%s' failed: %d %s" % (method, url.partition("?")[0], answer.status_code, reason))
        return answer


def blob_url(container_url, name):
    address, _, signature = container_url.partition("?")
    return "%s/%s?%s" % (address, urllib.parse.quote(name), signature)


def list_blobs(http, container_url, prefix):
    """(name, size) of every blob below `prefix`."""
    marker = ""
    while True:
        url = "%s&restype=container&comp=list&prefix=%s&marker=%s" % (
            container_url,
            urllib.parse.quote(prefix, safe=""),
            urllib.parse.quote(marker, safe=""),
        )
        page = ElementTree.fromstring(request(http, "GET", url, (200,)).content)
        for blob in page.iter("Blob"):
            yield blob.findtext("Name"), int(blob.findtext("Properties/Content-Length") or 0)
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return


def inside(folder, relative):
    """The path of `relative` in `folder`, which must not lead out of it."""
    path = os.path.normpath(os.path.join(folder, relative))
    if not path.startswith(os.path.join(os.path.normpath(folder), "")):
        raise StorageError("'%s' leads out of its folder" % relative)
    return path


def fetch(http, url, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with request(http, "GET", url, (200,), stream=True) as answer, open(path, "wb") as file:
        for piece in answer.iter_content(PIECE):
            file.write(piece)


def fetch_tree(http, container_url, prefix, folder, limit):
    """Every blob below `prefix` as a file of `folder`; at most `limit` bytes."""
    total = 0
    for name, size in list_blobs(http, container_url, prefix + "/"):
        total += size
        if total > limit:
            raise StorageError("the snapshot is larger than the limit of %d bytes" % limit)
        fetch(http, blob_url(container_url, name), inside(folder, name[len(prefix) + 1 :]))


def put(http, url, path):
    """A file to a blob's address."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if size <= SINGLE_MAX:
            headers = {"x-ms-blob-type": "BlockBlob", "Content-Length": str(size)}
            request(http, "PUT", url, (201,), data=file if size else b"", headers=headers)
            return
        names = []
        while piece := file.read(SINGLE_MAX):
            names.append("%08d" % len(names))
            request(
                http,
                "PUT",
                "%s&comp=block&blockid=%s" % (url, urllib.parse.quote(_encoded(names[-1]))),
                (201,),
                data=piece,
            )
        blocks = "".join("<Latest>%s</Latest>" % _encoded(name) for name in names)
        body = '<?xml version="1.0" encoding="utf-8"?><BlockList>%s</BlockList>' % blocks
        request(http, "PUT", url + "&comp=blocklist", (201,), data=body.encode())


def _encoded(name):
    import base64

    return base64.b64encode(name.encode()).decode()
