"""Bytes in storage accounts, for the SDK: what a `storage` of the server (doc/dataset.md) reaches, over Azure Blob's REST. Nothing here knows a
dataset."""

import base64
import os
import re
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from headrace.azureml import exceptions

VERSION = "2021-08-06"
TIMEOUT = (10, 60)
ATTEMPTS = 4
BLOCK = 8 << 20  # an upload's block; smaller files are one request
PARALLEL = 8
LOCATION = re.compile(r"^(?:wasbs?|abfss?)://([^@/]+)@([a-z0-9]+)\.(?:blob|dfs)\.[^/]+/?(.*)$", re.S)


class Changed(Exception):
    """An object is not the version that was asked for."""


class Missing(Exception):
    """An object, or its container, is not there."""


class Denied(Exception):
    """Storage refuses: a wrong or expired SAS, a missing role."""


def split(location):
    """(account, container, name) of a wasbs or abfss location."""
    found = LOCATION.match(location)
    if not found:
        raise exceptions.UserErrorException("'%s' is not a location in a storage account" % location)
    return found.group(2), found.group(1), found.group(3)


class Storage:
    """Reads and writes by what the server gave. `renew` gives a new one shortly before it ends."""

    def __init__(self, given, renew=None):
        self._lock = threading.Lock()
        self._local = threading.local()
        self._renew = renew
        self._take(given)

    def _take(self, given):
        self.given = given
        self._ends = _seconds(given.get("expiresOn"))
        self._endpoints = {item["account"]: item for item in given.get("endpoints") or ()}

    def fresh(self):
        """What the server gave, good for a minute at least."""
        with self._lock:
            if self._renew and self._ends and self._ends - time.time() < 60:
                self._take(self._renew())
            return self.given

    def _sas(self, container, account):
        return (self.given.get("conf") or {}).get("fs.azure.sas.%s.%s.blob.core.windows.net" % (container, account))

    def _session(self, account):
        import requests

        sessions = self._local.__dict__.setdefault("sessions", {})
        if account not in sessions:
            session = sessions[account] = requests.Session()
            endpoint = self._endpoints.get(account) or {}
            session.verify = endpoint.get("caFile") or True
            session.trust_env = not endpoint  # what the server named is reached as it stands
        return sessions[account]

    def request(self, method, location, query="", headers=None, data=None, accept=(200,), stream=False):
        """One request, tried again where that helps. Raises Changed, Missing, Denied or ServiceException."""
        try:
            return self._request(method, location, query, headers, data, accept, stream)
        except Denied:
            if not self._renew:
                raise
        # a change of the user's roles ends what was given for them: asked again, the server gives anew or says which role is missing
        with self._lock:
            self._take(self._renew())
        return self._request(method, location, query, headers, data, accept, stream)

    def _request(self, method, location, query, headers, data, accept, stream):
        import requests

        self.fresh()
        account, container, name = split(location)
        base = (self._endpoints.get(account) or {}).get("url") or "https://%s.blob.core.windows.net" % account
        url = "%s/%s%s" % (base.rstrip("/"), container, "/" + quote(name, safe="/~") if name else "")
        sas, token = self._sas(container, account), (self.given.get("bearer") or {}).get(account)
        url += "?" + "&".join(part for part in (query, sas) if part)
        sent = {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True), **(headers or {})}
        if not sas and token:
            if urlsplit(url).scheme != "https":
                raise Denied("access by role to account '%s' needs https" % account)
            sent["Authorization"] = "Bearer " + token
        failure = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(0.2 * 3 ** (attempt - 1))
            try:
                answer = self._session(account).request(
                    method, url, headers=sent, data=data, timeout=TIMEOUT, stream=stream, allow_redirects=False
                )
            except requests.exceptions.RequestException as err:
                failure = exceptions.ServiceException(
                    "account '%s' does not answer: %s" % (account, type(err).__name__)
                )
                continue
            if answer.status_code in accept:
                return answer
            failure = _refused(answer, location, account)
            if answer.status_code not in (408, 429) and answer.status_code < 500:
                break
        raise failure

    def stat(self, location):
        """(ETag, size) of an object."""
        headers = self.request("HEAD", location).headers
        return headers.get("ETag"), int(headers.get("Content-Length") or 0)

    def read(self, location, etag=None):
        return self.request("GET", location, headers={"If-Match": etag} if etag else None).content

    def save(self, location, path, etag=None):
        """An object as a local file: complete, or not there."""
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        answer = self.request("GET", location, headers={"If-Match": etag} if etag else None, stream=True)
        handle, partial = tempfile.mkstemp(prefix=".headrace-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                got = 0
                for piece in answer.iter_content(1 << 20):
                    file.write(piece)
                    got += len(piece)
            if got != int(answer.headers.get("Content-Length") or got):
                raise exceptions.ServiceException("'%s' ended early" % location)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(partial, 0o666 & ~umask)
            os.replace(partial, path)
        except BaseException as err:
            os.unlink(partial)
            if isinstance(err, Exception) and not isinstance(err, (OSError, exceptions.AzureMLException)):
                raise exceptions.ServiceException("'%s' could not be read to its end: %s" % (location, err)) from None
            raise

    def put(self, location, path, overwrite):
        """A local file as an object, visible only when it is whole. False: there is one already."""
        guard = {} if overwrite else {"If-None-Match": "*"}
        with open(path, "rb") as file:
            first = file.read(BLOCK + 1)
            if len(first) <= BLOCK:
                answer = self.request(
                    "PUT",
                    location,
                    headers={"x-ms-blob-type": "BlockBlob", **guard},
                    data=first,
                    accept=(201, 409, 412),
                )
                return answer.status_code == 201
            file.seek(0)
            ids = []
            while True:
                piece = file.read(BLOCK)
                if not piece:
                    break
                ids.append(base64.b64encode(b"%08d" % len(ids)).decode())
                self.request(
                    "PUT", location, "comp=block&blockid=" + quote(ids[-1], safe=""), data=piece, accept=(201,)
                )
        body = "<BlockList>%s</BlockList>" % "".join("<Latest>%s</Latest>" % block for block in ids)
        answer = self.request(
            "PUT", location, "comp=blocklist", headers=guard, data=body.encode(), accept=(201, 409, 412)
        )
        return answer.status_code == 201

    def list(self, container, prefix=""):
        """(name, ETag, size) of every object of a container (a location) below a prefix."""
        marker = ""
        while True:
            query = "restype=container&comp=list&prefix=%s&marker=%s" % (quote(prefix, safe=""), quote(marker, safe=""))
            tree = ElementTree.fromstring(self.request("GET", container, query).content)
            for blob in tree.iter("Blob"):
                folder = blob.findtext("Properties/ResourceType") == "directory" or any(
                    item.tag.lower() == "hdi_isfolder" for item in blob.iterfind("Metadata/*")
                )
                if not folder:
                    yield (
                        blob.findtext("Name"),
                        blob.findtext("Properties/Etag"),
                        int(blob.findtext("Properties/Content-Length") or 0),
                    )
            marker = tree.findtext("NextMarker") or ""
            if not marker:
                return


def parallel(work, items):
    """[work(item)] by a few threads; the first failure ends it."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(PARALLEL, len(items))) as pool:
        try:
            return list(pool.map(work, items))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def inside(folder, name):
    """The local path of a file of a dataset; a name that would leave the folder is refused."""
    if any(part in ("..", ".", "") for part in name.split("/")) or "\0" in name:
        raise exceptions.UserErrorException("'%s' cannot be a file below '%s'" % (name, folder))
    return os.path.join(folder, *name.split("/"))


def _refused(answer, location, account):
    code = answer.headers.get("x-ms-error-code") or str(answer.status_code)
    if answer.status_code == 412:
        return Changed(location)
    if answer.status_code == 404:
        return Missing(location)
    if answer.status_code in (401, 403):
        return Denied(
            "account '%s' refuses '%s' (%s): the key, SAS or role does not allow it" % (account, location, code)
        )
    return exceptions.ServiceException(
        "account '%s' failed on '%s': %s" % (account, location, code), status=answer.status_code
    )


def _seconds(text):
    if not text:
        return 0
    from datetime import datetime, timezone

    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
