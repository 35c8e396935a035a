"""Mounts as readers see them: lazy, byte-exact, of one version; ends and repairs. On the built-in account, through the kernel's FUSE."""

import concurrent.futures
import contextlib
import errno
import mmap
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import (
    BUILD,
    FSTYPE,
    PROGRAM,
    Mount,
    container_of,
    manifest_of,
    mounted,
    requests_of,
    storage_of,
    until,
    write,
)

HEADRACE = str(BUILD / "headrace")


@pytest.fixture(scope="module")
def originals(demo):
    """What is stored under things/, as {path: bytes}."""
    pick = random.Random(7)
    kept = {
        "a.txt": b"hello\n",
        "empty": b"",
        "sub/b.bin": pick.randbytes(3_000_001),
        "sub/deeper/ä b.csv": b"1,2\n" * 5000,
        "one byte": b"x",
    }
    for path, data in kept.items():
        demo.upload_blob(f"things/{path}", data)
    return kept


@pytest.fixture
def things(account, demo, originals, tmp_path):
    with Mount(
        tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest_of(account, demo, "things"))
    ) as mount:
        yield mount


def files_below(folder):
    return sorted(
        str(pathlib.Path(base, name).relative_to(folder)) for base, _, names in os.walk(folder) for name in names
    )


def test_mounting_listing_and_stat_ask_storage_nothing(account, demo, originals, tmp_path):
    manifest = write(tmp_path / "m.json", manifest_of(account, demo, "things"))
    before = requests_of(account)
    with Mount(tmp_path / "mnt", "--manifest", manifest) as mount:
        assert files_below(mount.point) == sorted(originals)
        listing = subprocess.run(["ls", "-lR", mount.point], capture_output=True, text=True, check=True).stdout
        assert "b.bin" in listing
        for path, data in originals.items():
            assert (mount.point / path).stat().st_size == len(data)
        os.statvfs(mount.point)
        etag = os.getxattr(mount.point / "a.txt", "user.headrace.etag").decode()
        assert requests_of(account) == before  # not one
        assert (mount.point / "a.txt").read_bytes() == originals["a.txt"]
        assert account.stats()["operations"]["Get Blob"] == 1  # so the counting counts
        assert requests_of(account) == before + 1
        assert etag == demo.get_blob_client("things/a.txt").get_blob_properties().etag.strip('"')


def test_it_is_a_fuse_mount_of_its_own_type(things):
    assert mounted(things.point) == (FSTYPE, "headrace:things:3")
    assert things.said == f"mounted things:3 (5 files, 3.0 MB) on {things.point}\n"
    assert os.getxattr(things.point, "user.headrace.pid") == str(things.process.pid).encode()


def test_every_byte_is_the_original(things, originals):
    for path, data in originals.items():
        assert (things.point / path).read_bytes() == data


def test_random_reads_by_several_threads(things, originals):
    data, path = originals["sub/b.bin"], things.point / "sub/b.bin"

    def reader(seed):
        pick = random.Random(seed)
        with open(path, "rb", buffering=0) as file:
            for _ in range(150):
                at, size = pick.randrange(len(data) + 100), pick.choice([1, 17, 4096, 70_000, 1_000_000])
                assert os.pread(file.fileno(), size, at) == data[at : at + size]
                if pick.random() < 0.2:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(reader, range(6)))


def test_memory_maps(things, originals):
    with open(things.point / "sub/b.bin", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
        assert view[2_000_000:2_000_100] == originals["sub/b.bin"][2_000_000:2_000_100]
        assert view[:] == originals["sub/b.bin"]


def test_a_small_read_of_a_big_file_fetches_little(account, demo, tmp_path):
    with open(
        account.home / "storage" / account.name / "demo" / "big.bin", "wb"
    ) as file:  # an account's blob is a plain file
        file.truncate(200_000_000)
        file.seek(150_000_000)
        file.write(b"needle")
    with Mount(
        tmp_path / "mnt",
        "--manifest",
        write(
            tmp_path / "m.json",
            manifest_of(account, demo, "big.bin")
            | {"files": [{**manifest_of(account, demo, "big.bin")["files"][0], "path": "big.bin"}]},
        ),
    ) as mount:
        before = account.stats()["bytes_out"]
        with open(mount.point / "big.bin", "rb", buffering=0) as file:
            assert os.pread(file.fileno(), 4096, 149_999_999)[1:7] == b"needle"
        assert account.stats()["bytes_out"] - before < 1_000_000
        with open(mount.point / "big.bin", "rb", buffering=0) as file:
            assert os.pread(file.fileno(), 4096, 0) == bytes(4096)
        assert account.stats()["bytes_out"] - before < 3_000_000


def test_what_was_read_is_kept_by_the_kernel(account, things):
    assert (things.point / "sub/b.bin").read_bytes()
    before = account.stats()["bytes_out"]
    data = (things.point / "sub/b.bin").read_bytes()
    assert len(data) == 3_000_001 and account.stats()["bytes_out"] - before < 100_000


@pytest.mark.parametrize("change", ["change", "delete"])
def test_an_object_that_is_no_longer_the_registered_one_fails_by_name(account, demo, tmp_path, change):
    demo.upload_blob(f"turn/{change}/x.csv", b"a" * 500_000, overwrite=True)
    demo.upload_blob(f"turn/{change}/y.csv", b"stays", overwrite=True)
    with Mount(
        tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest_of(account, demo, f"turn/{change}"))
    ) as mount:
        with open(mount.point / "x.csv", "rb", buffering=0) as file:
            assert os.pread(file.fileno(), 10, 0) == b"a" * 10
            if change == "change":
                demo.upload_blob("turn/change/x.csv", b"b" * 500_000, overwrite=True)
            else:
                demo.delete_blob("turn/delete/x.csv")
            seen = set()
            with pytest.raises(OSError) as failure:
                for at in range(
                    0, 500_000, 1000
                ):  # some bytes may have been fetched before: only old ones are ever seen
                    seen |= set(os.pread(file.fileno(), 1000, at))
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                until(
                    lambda: time.sleep(0.3) or seen.update(os.pread(file.fileno(), 4096, 490_000)) or False,
                    10,
                    "the failure",
                )
            assert failure.value.errno == errno.EIO and seen <= {ord("a")}
        why = os.getxattr(mount.point / "x.csv", "user.headrace.error").decode()
        assert (
            "wasbs://demo@dprepdata.blob.core.windows.net/turn" in why
            and ("changed" if change == "change" else "was deleted") in why
        )
        assert "mount.read path=x.csv" in mount.log() and mount.log().count("mount.read") <= 2
        assert (mount.point / "y.csv").read_bytes() == b"stays"
        assert "user.headrace.error" not in os.listxattr(mount.point / "y.csv")


def test_the_whole_object_can_be_read_again_when_it_is_put_back(account, demo, tmp_path):
    """What fails is the version, not the mount: nothing of a failure is kept."""
    blob = account.home / "storage" / account.name / "demo" / "back.csv"
    blob.write_bytes(b"12345")
    with Mount(
        tmp_path / "mnt",
        "--manifest",
        write(
            tmp_path / "m.json",
            manifest_of(account, demo, "back.csv")
            | {"files": [{**manifest_of(account, demo, "back.csv")["files"][0], "path": "back.csv"}]},
        ),
    ) as mount:
        os.rename(blob, f"{blob}.away")
        with pytest.raises(OSError):
            (mount.point / "back.csv").read_bytes()
        os.rename(f"{blob}.away", blob)
        assert (mount.point / "back.csv").read_bytes() == b"12345"
        with pytest.raises(OSError):
            os.getxattr(mount.point / "back.csv", "user.headrace.error")


WRITES = [
    ("create", lambda at: open(at / "new", "x")),
    ("write", lambda at: open(at / "a.txt", "r+")),
    ("append", lambda at: open(at / "a.txt", "a")),
    ("remove", lambda at: os.unlink(at / "a.txt")),
    ("mkdir", lambda at: os.mkdir(at / "new")),
    ("rmdir", lambda at: os.rmdir(at / "sub")),
    ("rename", lambda at: os.rename(at / "a.txt", at / "b")),
    ("chmod", lambda at: os.chmod(at / "a.txt", 0o644)),
    ("times", lambda at: os.utime(at / "a.txt")),
    ("link", lambda at: os.link(at / "a.txt", at / "b")),
    ("symlink", lambda at: os.symlink("x", at / "b")),
    ("attribute", lambda at: os.setxattr(at / "a.txt", "user.x", b"1")),
    ("truncate", lambda at: os.truncate(at / "a.txt", 0)),
]


def test_writing_is_refused(things):
    for what, attempt in WRITES:
        with pytest.raises(OSError) as failure:
            attempt(things.point)
        assert failure.value.errno == errno.EROFS, what


def test_many_files_are_listed_and_looked_up_without_a_request(account, tmp_path):
    """20,000 files that storage does not even have."""
    files = [
        {
            "path": f"part={i // 1000}/file-{i:05}.csv",
            "url": f"wasbs://demo@{account.name}.blob.core.windows.net/x/file-{i}",
            "etag": f'"0x{i:x}"',
            "size": i,
            "modified": "2026-01-01T00:00:00Z",
        }
        for i in range(20_000)
    ]
    manifest = {"id": "1", "name": "many", "version": 1, "files": files, "storage": storage_of(account)}
    before = requests_of(account)
    with Mount(tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest)) as mount:
        found = [
            entry.stat().st_size for base, _, _ in os.walk(mount.point) for entry in os.scandir(base) if entry.is_file()
        ]
        assert sorted(found) == list(range(20_000))
        assert not (mount.point / "part=3" / "file-99999.csv").exists()
        assert requests_of(account) == before
        pages = pathlib.Path(f"/proc/{mount.process.pid}/statm").read_text().split()
        assert int(pages[1]) * os.sysconf("SC_PAGE_SIZE") < 60_000_000
        assert os.getxattr(mount.point / "part=19/file-19999.csv", "user.headrace.url").endswith(b"/x/file-19999")


@pytest.fixture(scope="module")
def folder_of_small_files(account, demo):
    kept = {f"{i:04}.bin": random.Random(i).randbytes(5000 + i) for i in range(300)}
    folder = account.home / "storage" / account.name / "demo" / "small"
    folder.mkdir()
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    return kept


@pytest.mark.parametrize("threads", [1, 8])
def test_small_files_read_in_order_are_fetched_ahead_once_each(account, demo, folder_of_small_files, tmp_path, threads):
    kept = folder_of_small_files
    with Mount(
        tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest_of(account, demo, "small/"))
    ) as mount:
        before = requests_of(account), account.stats()["bytes_out"]
        for name in ("0000.bin", "0001.bin", "0002.bin", "0003.bin", "0004.bin", "0005.bin"):
            assert (mount.point / name).read_bytes() == kept[name]
        until(lambda: requests_of(account) - before[0] > 8, 10, "files fetched before they are asked for")
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(lambda name: (mount.point / name).read_bytes() == kept[name], sorted(kept))) == [
                True
            ] * len(kept)
        assert requests_of(account) - before[0] <= len(kept) * 1.1
        assert account.stats()["bytes_out"] - before[1] < 1.2 * sum(map(len, kept.values())) + 100_000


def test_small_files_read_in_any_order_are_fetched_as_they_are_read(account, demo, folder_of_small_files, tmp_path):
    names = random.Random(3).sample(sorted(folder_of_small_files), 100)
    with Mount(
        tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest_of(account, demo, "small/"))
    ) as mount:
        before = requests_of(account)
        for name in names:
            assert (mount.point / name).read_bytes() == folder_of_small_files[name]
        assert requests_of(account) - before <= 120


# ---- ends ----


def test_unmounting_ends_the_process_in_order(things):
    done = subprocess.run([HEADRACE, "unmount", things.point], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert things.process.wait(10) == 0 and mounted(things.point) is None


def test_fusermount_ends_it_too(things):
    subprocess.run(["fusermount3", "-u", things.point], check=True)
    assert things.process.wait(10) == 0


def test_a_busy_mount_stays_unless_lazy(things):
    with open(things.point / "a.txt", "rb") as file:
        done = subprocess.run([HEADRACE, "unmount", things.point], capture_output=True, text=True)
        assert (
            done.returncode == 1
            and "in use" in done.stderr
            and f"try: headrace unmount --lazy {things.point}" in done.stderr
        )
        assert mounted(things.point) and file.read() == b"hello\n"
        subprocess.run([HEADRACE, "unmount", "--lazy", things.point], check=True, capture_output=True)
        assert mounted(things.point) is None
    assert things.process.wait(10) == 0


def test_sigterm_ends_it_with_files_open(things):
    fd = os.open(things.point / "a.txt", os.O_RDONLY)
    things.stop()
    assert mounted(things.point) is None
    with contextlib.suppress(OSError):  # closing a file of an ended mount may say so
        os.close(fd)


@pytest.mark.parametrize("how", ["mount", "unmount"])
def test_a_killed_mount_is_repaired(account, demo, originals, tmp_path, how):
    manifest = write(tmp_path / "m.json", manifest_of(account, demo, "things"))
    with Mount(tmp_path / "mnt", "--manifest", manifest) as mount:
        mount.kill()
        with pytest.raises(OSError) as failure:
            os.listdir(mount.point)
        assert failure.value.errno == errno.ENOTCONN
        listing = subprocess.run([HEADRACE, "mount", "list"], capture_output=True, text=True, check=True).stdout
        assert [line for line in listing.splitlines() if str(mount.point) in line and "dead" in line]
        if how == "unmount":
            subprocess.run([HEADRACE, "unmount", mount.point], check=True, capture_output=True)
            assert mounted(mount.point) is None and os.listdir(mount.point) == []
        with Mount(mount.point, "--manifest", manifest) as again:
            assert (again.point / "a.txt").read_bytes() == b"hello\n"
            assert ("mount.repaired" in again.log()) == (how == "mount")


def test_it_ends_with_the_process_it_belongs_to(account, demo, originals, tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with Mount(
        tmp_path / "mnt",
        "--with-pid",
        owner.pid,
        "--manifest",
        write(tmp_path / "m.json", manifest_of(account, demo, "things")),
    ) as mount:
        owner.kill()
        owner.wait()
        assert mount.process.wait(10) == 0 and mounted(mount.point) is None


def test_detached_it_returns_when_it_is_mounted(account, demo, originals, tmp_path):
    (tmp_path / "mnt").mkdir()
    done = subprocess.run(
        [
            HEADRACE,
            "mount",
            "--detach",
            "--manifest",
            write(tmp_path / "m.json", manifest_of(account, demo, "things")),
            "--log",
            tmp_path / "log",
            tmp_path / "mnt",
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0 and done.stdout.startswith("mounted things:3 "), done.stderr
    assert (tmp_path / "mnt/a.txt").read_bytes() == b"hello\n"
    pid = int(os.getxattr(tmp_path / "mnt", "user.headrace.pid"))
    subprocess.run([HEADRACE, "unmount", tmp_path / "mnt"], check=True, capture_output=True)
    until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the process's end")
    done = subprocess.run(
        [HEADRACE, "mount", "--detach", "--manifest", tmp_path / "missing", tmp_path / "mnt"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1 and "missing" in done.stderr and mounted(tmp_path / "mnt") is None


AS_NOBODY = """
mount -t tmpfs none /mnt && mknod /mnt/fuse c 10 229 && chmod 666 /mnt/fuse && mount --bind /mnt/fuse /dev/fuse || exit 77
exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -e -c '
{at}/headrace mount --detach --manifest {at}/m.json {at}/mnt && cat {at}/mnt/a.txt && grep -c fuse.headrace.*user_id=65534 /proc/mounts
kill -9 $({python} -c "import os; print(os.getxattr(\\"{at}/mnt\\", \\"user.headrace.pid\\").decode())")
{at}/headrace mount --detach --manifest {at}/m.json {at}/mnt && cat {at}/mnt/a.txt && {at}/headrace unmount {at}/mnt && ls {at}/mnt'
"""


def test_a_user_who_is_not_root_mounts_repairs_and_unmounts(account, demo, originals):
    """In a mount namespace whose /dev/fuse is everybody's, as it is on most machines."""
    with tempfile.TemporaryDirectory() as at:
        write(f"{at}/m.json", manifest_of(account, demo, "things"))
        for name in ("headrace", "headrace-mount"):
            shutil.copy(BUILD / name, at)
        os.mkdir(f"{at}/mnt")
        os.chown(f"{at}/mnt", 65534, 65534)
        os.chmod(at, 0o755)
        os.chmod(f"{at}/m.json", 0o644)
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", AS_NOBODY.format(at=at, python="python3")],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode == 77 or "unshare" in done.stderr:
            pytest.skip("a mount namespace cannot be made here")
        line = f"mounted things:3 (5 files, 3.0 MB) on {at}/mnt\nhello\n"
        assert done.stdout == line + "1\n" + line + f"unmounted {at}/mnt\n", done.stderr


# ---- what is refused ----


def refused(point, *arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments), str(point)], capture_output=True, text=True, timeout=30)
    assert done.stdout == "" and done.stderr.startswith("headrace: "), (done.stdout, done.stderr)
    return done.returncode, done.stderr


def test_mount_points_that_cannot_be_are_refused_by_name(account, demo, originals, things, tmp_path):
    manifest = write(tmp_path / "again.json", manifest_of(account, demo, "things"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thing").touch()
    for point, status, text in [
        (tmp_path / "gone", 1, "does not exist\ntry: mkdir -p"),
        (manifest, 2, "is not a folder"),
        (tmp_path / "full", 1, "is not empty"),
        (things.point, 1, "is in use: headrace:things:3 is mounted on it\ntry: headrace unmount"),
        (things.point / "sub", 1, "is not empty"),
    ]:
        code, said = refused(point, "--manifest", manifest)
        assert (code, text in said) == (status, True), said
    assert (things.point / "a.txt").read_bytes() == b"hello\n"


FILE = {"path": "a", "url": "wasbs://demo@dprepdata.blob.core.windows.net/a", "etag": '"0x1"', "size": 1}


@pytest.mark.parametrize(
    "files,text",
    [
        ([FILE, FILE], "stands twice"),
        ([FILE, FILE | {"path": "a/b"}], "is a file and, with 'a/b', a folder"),
        ([FILE | {"path": "../x"}], "not relative"),
        ([FILE | {"path": "/x"}], "not relative"),
        ([FILE | {"path": ""}], "not relative"),
        ([FILE | {"path": "x" * 256}], "more than 255 bytes"),
        ([FILE | {"etag": ""}], "no ETag"),
        ([FILE | {"size": -1}], "no size"),
        ([FILE | {"size": "1"}], "no size"),
        ([FILE | {"url": "/etc/passwd"}], "storage accounts only"),
        ([{"path": "a"}], 'no text as "url"'),
        ("x", 'no list of "files"'),
        ([FILE | {"path": "a\0b"}], "is not JSON"),
    ],
)
def test_manifests_that_no_file_system_can_show_are_refused_by_name(tmp_path, files, text):
    (tmp_path / "mnt").mkdir()
    code, said = refused(tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", {"files": files}))
    assert code and text in said
    assert mounted(tmp_path / "mnt") is None


def test_without_fuse_it_says_why_with_a_status_of_its_own(tmp_path):
    (tmp_path / "mnt").mkdir()
    hidden = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            f"mount -t tmpfs none /dev && exec {HEADRACE} mount --manifest /nothing {tmp_path}/mnt",
        ],
        capture_output=True,
        text=True,
    )
    if "unshare" in hidden.stderr:
        pytest.skip("a mount namespace cannot be made here")
    assert (hidden.returncode, hidden.stderr) == (3, "headrace: there is no /dev/fuse on this machine\n")


def test_a_killed_reader_and_a_mount_told_to_end_do_not_wait_for_silent_storage(account, demo, originals, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        manifest = manifest_of(account, demo, "things")
        manifest["storage"]["endpoints"][0]["url"] = f"http://127.0.0.1:{silent.getsockname()[1]}/{account.name}"
        with Mount(tmp_path / "mnt", "--manifest", write(tmp_path / "m.json", manifest)) as mount:
            reader = subprocess.Popen(["cat", mount.point / "a.txt"], stdout=subprocess.DEVNULL)
            silent.accept()  # it has asked, and is not answered
            reader.send_signal(signal.SIGKILL)
            assert reader.wait(10) == -signal.SIGKILL
            patient = subprocess.Popen(
                ["cat", mount.point / "sub/b.bin"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            silent.accept()
            mount.stop()  # and a mount that is told to end does not wait for its reader
            assert patient.wait(10) == 1


def test_an_account_that_comes_back_is_waited_for(fresh_account, tmp_path):
    demo = container_of(fresh_account)
    demo.upload_blob("x/a", b"still here")
    manifest = write(tmp_path / "m.json", manifest_of(fresh_account, demo, "x"))
    port = fresh_account.port
    with Mount(tmp_path / "mnt", "--manifest", manifest) as mount:
        fresh_account.kill()
        reader = subprocess.Popen(["cat", mount.point / "a"], stdout=subprocess.PIPE)
        time.sleep(0.5)
        fresh_account.arguments = ("--listen", f"127.0.0.1:{port}")
        fresh_account.start()
        assert reader.communicate(timeout=30)[0] == b"still here" and reader.returncode == 0


def test_an_account_that_stays_away_is_an_error_in_the_end(fresh_account, tmp_path):
    demo = container_of(fresh_account)
    demo.upload_blob("x/a", b"gone")
    with Mount(
        tmp_path / "mnt",
        "--patience",
        1,
        "--manifest",
        write(tmp_path / "m.json", manifest_of(fresh_account, demo, "x")),
    ) as mount:
        fresh_account.kill()
        with pytest.raises(OSError) as failure:
            (mount.point / "a").read_bytes()
        assert failure.value.errno == errno.EIO
        assert "nobody answers" in os.getxattr(mount.point / "a", "user.headrace.error").decode()
    fresh_account.start()
