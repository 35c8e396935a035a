"""A mount that reads by role: the daemon's short grants as bearer tokens, over TLS with an authority of our own, on the Data Lake endpoint."""

import errno
import os
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conftest import Account, Server, until
from support.grants import grant

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
ACCOUNT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/dprepdata"
CONTAINER = f"{ACCOUNT_ID}/blobServices/default/containers/demo"
ADA = "11111111-1111-1111-1111-111111111111"


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """(account over TLS, its certificate, the secret that signs what it takes)"""
    home, secret = tmp_path_factory.mktemp("secure"), Ed25519PrivateKey.generate()
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            home / "key.pem",
            "-out",
            home / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )
    (home / "grants").write_text(
        secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
    )
    account = Account(
        home,
        "--tls-cert",
        str(home / "cert.pem"),
        "--tls-key",
        str(home / "key.pem"),
        "--grant-key",
        str(home / "grants"),
        "--resource-id",
        ACCOUNT_ID,
    ).start()
    folder = home / "storage" / account.name / "demo" / "lake"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.bin").write_bytes(name.encode() * 1_000_000)
    yield account, home / "cert.pem", secret
    account.stop()


def storage(secure, seconds, role=READER, secret=None):
    account, ca, ours = secure
    token = grant(secret or ours, ADA, assigned=[(role, CONTAINER)], seconds=seconds)
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return {
        "conf": {},
        "bearer": {account.name: token},
        "expiresOn": ends,
        "endpoints": [
            {"account": account.name, "url": f"https://127.0.0.1:{account.port}/{account.name}", "caFile": str(ca)}
        ],
    }


def manifest(secure, first):
    from azure.storage.blob import BlobServiceClient

    account, ca, _ = secure
    with BlobServiceClient(
        f"https://127.0.0.1:{account.port}/{account.name}", credential=account.key, connection_verify=str(ca)
    ) as client:
        blobs = list(client.get_container_client("demo").list_blobs("lake/"))
    files = [
        {
            "path": blob.name,
            "url": f"abfss://demo@{account.name}.dfs.core.windows.net/{blob.name}",
            "etag": blob.etag,
            "size": blob.size,
        }
        for blob in blobs
    ]
    return {"id": "1", "name": "lake", "version": 1, "files": files, "storage": first}


def read(path, offset):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.pread(fd, 1000, offset)
    finally:
        os.close(fd)


def test_grants_are_renewed_and_end_with_the_role(secure, tmp_path):
    server = Server(manifest(secure, storage(secure, 2)), lambda: (200, storage(secure, 2)))
    with server.mount(tmp_path / "mnt") as mount:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert read(mount.point / "lake/a.bin", 500_000) == b"a" * 1000
        assert server.asked >= 2 and "mount.read" not in mount.log()
        server.access = lambda: (403, {"error": {"message": "ada needs Storage Blob Data Reader"}})
        until(lambda: "mount.denied" in mount.log(), 10, "the denial")
        with pytest.raises(PermissionError):
            read(mount.point / "lake/b.bin", 0)
        assert b"ada needs" in os.getxattr(mount.point / "lake/b.bin", "user.headrace.error")
    server.stop()


def test_a_forged_grant_reads_nothing(secure, tmp_path):
    forged = storage(secure, 60, secret=Ed25519PrivateKey.generate())
    server = Server(manifest(secure, forged), lambda: (200, forged))
    with server.mount(tmp_path / "mnt") as mount, pytest.raises(OSError) as failure:
        read(mount.point / "lake/a.bin", 0)
    assert failure.value.errno == errno.EACCES
    server.stop()
