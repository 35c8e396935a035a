"""Access to a mount's bytes over time: credentials that end and are renewed, a role that goes and comes back, a server or an account that moves."""

import errno
import os
import threading
import time

import pytest

from conftest import Mount, Server, container_of, manifest_of, mounted, storage_of, until


@pytest.fixture
def stored(account, demo):
    demo.upload_blob("data/a.csv", b"a" * 100_000, overwrite=True)
    demo.upload_blob("data/b.csv", b"b" * 100_000, overwrite=True)
    return manifest_of(account, demo, "data", how="sas", seconds=60)


@pytest.fixture
def server(account, stored):
    """A server that gives a SAS of a minute, until the test has it do something else."""
    server = Server(stored, lambda: (200, storage_of(account, "sas", 60)))
    yield server
    server.stop()


def read_fresh(path, offset=0, size=100):
    """Bytes that the kernel has not cached."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.pread(fd, size, offset)
    finally:
        os.close(fd)


def fails(path, code, **how):
    with pytest.raises(OSError) as failure:
        read_fresh(path, **how)
    assert failure.value.errno == code, failure.value
    return os.getxattr(path, "user.headrace.error").decode()


def test_access_is_renewed_before_it_ends(account, server, tmp_path):
    """No read of a reader who never stops fails, though each credential is good for two seconds at most."""
    server.manifest["storage"] = storage_of(account, "sas", 2)
    server.access = lambda: (200, storage_of(account, "sas", 2))
    with server.mount(tmp_path / "mnt") as mount:
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            assert read_fresh(mount.point / "a.csv") == b"a" * 100
            time.sleep(0.05)
        assert server.asked >= 2
        assert "mount.read" not in mount.log()


def test_access_that_has_ended_is_renewed_when_a_reader_meets_it(account, server, tmp_path):
    """The server says that it is good for an hour; the account thinks otherwise after a second."""
    server.manifest["storage"] = storage_of(account, "sas", 1) | {"expiresOn": "2099-01-01T00:00:00Z"}
    with server.mount(tmp_path / "mnt", "--check", 3600) as mount:
        assert read_fresh(mount.point / "a.csv") == b"a" * 100 and server.asked == 0
        time.sleep(1.5)
        assert read_fresh(mount.point / "b.csv", 5000) == b"b" * 100 and server.asked == 1


def test_a_revoked_role_ends_reads_and_its_return_brings_them_back(account, server, tmp_path):
    with server.mount(tmp_path / "mnt", "--check", 1) as mount:
        assert (mount.point / "a.csv").read_bytes() == b"a" * 100_000
        server.access = lambda: (
            403,
            {
                "error": {
                    "code": "AuthorizationFailed",
                    "message": "bob needs Storage Blob Data Reader on the container",
                }
            },
        )
        until(lambda: "mount.denied" in mount.log(), 10, "the denial")
        assert "bob needs" in fails(mount.point / "b.csv", errno.EACCES)
        with pytest.raises(PermissionError):
            open(mount.point / "a.csv", "rb").read()  # what the kernel had cached went too
        assert (mount.point / "a.csv").stat().st_size == 100_000
        server.access = lambda: (200, storage_of(account, "sas", 60))
        until(lambda: "mount.allowed" in mount.log(), 10, "the role's return")
        assert (mount.point / "a.csv").read_bytes() == b"a" * 100_000


def test_a_version_that_is_gone_from_the_server_is_no_longer_read(server, tmp_path):
    with server.mount(tmp_path / "mnt", "--check", 1) as mount:
        server.access = lambda: (404, {"error": {"code": "ResourceNotFound", "message": "there is no dataset 0f0f"}})
        until(lambda: "mount.denied" in mount.log(), 10, "the denial")
        assert "there is no dataset 0f0f" in fails(mount.point / "a.csv", errno.EACCES)


def test_a_refusal_that_stays_with_fresh_access_is_a_refusal(account, server, tmp_path):
    """The account itself refuses: the SAS is not signed as it should be."""
    wrong = storage_of(account, "sas", 60)
    wrong["conf"] = {key: value.replace("sig=", "sig=AA") for key, value in wrong["conf"].items()}
    server.manifest["storage"] = wrong
    server.access = lambda: (200, wrong)
    with server.mount(tmp_path / "mnt") as mount:
        assert "was not accepted" in fails(mount.point / "a.csv", errno.EACCES)
        assert 1 <= server.asked < 10


def test_a_server_that_restarts_is_not_noticed(account, server, tmp_path):
    with server.mount(tmp_path / "mnt", "--check", 1) as mount:
        server.stop()
        time.sleep(1.5)
        assert read_fresh(mount.point / "a.csv") == b"a" * 100  # what was given is still good
        asked = server.asked
        server.start()
        until(lambda: server.asked > asked, 15, "the next question")
        assert read_fresh(mount.point / "b.csv") == b"b" * 100
        assert "mount.read" not in mount.log() and "mount.denied" not in mount.log()


def test_a_reader_waits_for_a_server_that_is_away_when_its_access_ended(account, server, tmp_path):
    server.manifest["storage"] = storage_of(account, "sas", 1)
    with server.mount(tmp_path / "mnt", "--check", 3600) as mount:
        server.stop()
        time.sleep(1.5)
        threading.Timer(1, server.start).start()
        assert read_fresh(mount.point / "a.csv") == b"a" * 100


def test_but_not_for_ever(account, server, tmp_path):
    server.manifest["storage"] = storage_of(account, "sas", 1)
    with server.mount(tmp_path / "mnt", "--patience", 1, "--check", 3600) as mount:
        server.stop()
        time.sleep(1.5)
        why = fails(mount.point / "a.csv", errno.EACCES)
        assert "does not answer" in why
        server.start()


def test_an_account_that_moves_is_followed(fresh_account, tmp_path):
    demo = container_of(fresh_account)
    demo.upload_blob("x/a", b"here")
    demo.upload_blob("x/b", b"there")
    server = Server(manifest_of(fresh_account, demo, "x"), lambda: (200, storage_of(fresh_account)))
    with server.mount(tmp_path / "mnt", "--check", 3600) as mount:
        assert (mount.point / "a").read_bytes() == b"here"
        before = fresh_account.port
        fresh_account.kill()
        fresh_account.start()
        assert fresh_account.port != before
        assert (mount.point / "b").read_bytes() == b"there"
    server.stop()


def test_a_foreign_token_or_an_absent_server_mounts_nothing(server, tmp_path):
    for change, text in [
        ({"HEADRACE_TOKEN": "other"}, "a foreign token"),
        ({"HEADRACE_TOKEN": ""}, "HEADRACE_TOKEN is not set"),
    ]:
        mount = server.mount(tmp_path / "mnt")
        mount.env = change
        with pytest.raises(AssertionError, match=text):
            mount.start()
        assert mount.process.wait(10) == 1 and mounted(mount.point) is None
    server.stop()
    mount = server.mount(tmp_path / "mnt")
    with pytest.raises(AssertionError, match="does not answer"):
        mount.start()
    mount.process.wait(10)
    server.start()


__all__ = ["Mount"]
