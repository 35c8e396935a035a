"""A source folder as a run gets it: which files belong to it, and how they come to the server's storage."""

import hashlib
import os
import re

from headrace.azureml import exceptions
from headrace.azureml.client import segment

API = "2023-04-01"
SIZE_MAX = 300 * 1024 * 1024  # Azure's own limit
FILES_MAX = 2000  # Azure's own limit
ALWAYS = (".git", ".azureml", "__pycache__", ".ipynb_checkpoints", ".amlignore", ".amltmp")
IGNORES = (".amlignore", ".gitignore")  # the first that is there


def ignored_by(folder):
    """A function of (relative path, is a folder) that says what .amlignore, or else .gitignore, leaves out."""
    rules = []
    for name in IGNORES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                rules = [rule for rule in map(_rule, file.read().splitlines()) if rule]
            break

    def ignored(path, is_folder):
        wanted = False
        for pattern, negated, folders_only in rules:
            if (is_folder or not folders_only) and pattern.fullmatch(path):
                wanted = not negated
        return wanted

    return ignored


def _rule(line):
    text = line.rstrip("\r\n")
    text = re.sub(r"(?<!\\)\s+$", "", text)
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[1:] if negated else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    body = _pattern(text.lstrip("/"))
    return re.compile(body if anchored else "(?:.*/)?" + body), negated, folders_only


def _pattern(text):
    out, at = "", 0
    while at < len(text):
        if text.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif text.startswith("/**", at) and at + 3 == len(text):
            out, at = out + "/.*", at + 3
        elif text[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif text[at] == "?":
            out, at = out + "[^/]", at + 1
        elif text[at] == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2)
            inner = text[at + 1 : end]
            out, at = out + "[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]", end + 1
        elif text[at] == "\\" and at + 1 < len(text):
            out, at = out + re.escape(text[at + 1]), at + 2
        else:
            out, at = out + re.escape(text[at]), at + 1
    return out


def files_of(folder):
    """[(relative path, path)] of the snapshot. Raises UserErrorException when it is too large."""
    ignored, found, total = ignored_by(folder), [], 0
    for here, folders, files in os.walk(folder):
        base = os.path.relpath(here, folder)
        base = "" if base == "." else base.replace(os.sep, "/") + "/"
        folders[:] = sorted(name for name in folders if name not in ALWAYS and not ignored(base + name, True))
        for name in sorted(files):
            path = os.path.join(here, name)
            if name in ALWAYS or ignored(base + name, False) or not os.path.isfile(path):
                continue
            total += os.path.getsize(path)
            found.append((base + name, path))
            if total > SIZE_MAX or len(found) > FILES_MAX:
                raise exceptions.SnapshotException(
                    "source_directory '%s' is larger than a snapshot may be (%d MB, %d files): name what it does not need in %s"
                    % (folder, SIZE_MAX // 1024 // 1024, FILES_MAX, IGNORES[0])
                )
    return found


def fingerprint(files):
    """The snapshot's name: the same files have the same."""
    whole = hashlib.sha256()
    for name, path in files:
        with open(path, "rb") as file:
            inner = (
                hashlib.file_digest(file, "sha256") if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read())
            )
        whole.update(("%s\0%s\n" % (name, inner.hexdigest())).encode())
    return whole.hexdigest()[:40]


def upload(workspace, folder):
    """Brings the folder to the server's storage, unless the same files are there. Returns the id of the code."""
    from headrace.runner import storage

    files = files_of(folder)
    path = "%s/codes/%s/versions/1" % (workspace._id, segment(fingerprint(files)))
    endpoint = workspace._endpoint
    known = endpoint.request("GET", path, API, accept=(200, 404))
    if known.status_code == 200:
        return known.json()["id"]
    place = endpoint.request(
        "POST", path + "/startPendingUpload", API, {"pendingUploadType": "TemporaryBlobReference"}
    ).json()
    place = place["blobReferenceForConsumption"]
    for name, here in files:
        storage.put(endpoint.session(), storage.blob_url(place["credential"]["sasUri"], name), here)
    made = endpoint.request("PUT", path, API, {"properties": {"codeUri": place["blobUri"]}}, accept=(200, 201, 409))
    return made.json()["id"] if made.status_code != 409 else workspace._id + path[len(workspace._id) :]
