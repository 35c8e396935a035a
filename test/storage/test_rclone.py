"""rclone, unmodified (test/rclone.lock), which writes a blank in a query as "+"."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = [
    "plain.txt",
    "with blank.txt",
    "a b/x.csv",
    "a b/c d/y z.csv",
    "a+b/plus.csv",
    "a b+c/both.csv",
    "ünï/100%.txt",
    "Case/Mixed.TXT",
    "tabs, & = signs/q.txt",
]


@pytest.fixture(scope="module")
def rclone(account):
    folder = subprocess.run(
        [ROOT / "tools/venv", ROOT / "test/rclone.lock"], stdout=subprocess.PIPE, text=True, check=True, timeout=600
    ).stdout.strip()
    remote = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_HR_TYPE": "azureblob",
        "RCLONE_CONFIG_HR_ACCOUNT": account.name,
        "RCLONE_CONFIG_HR_KEY": account.key,
        "RCLONE_CONFIG_HR_ENDPOINT": account.url,
    }

    def run(*words):
        done = subprocess.run(
            [f"{folder}/bin/rclone", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **remote},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_every_file_goes_and_comes_back(rclone, tmp_path, service):
    here, back, part = tmp_path / "here", tmp_path / "back", tmp_path / "part"
    for name in NAMES:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name * 100)
    rclone("copy", here, "hr:trees/deep er")
    assert sorted(b.name for b in service.get_container_client("trees").list_blobs()) == sorted(
        "deep er/" + name for name in NAMES
    )
    rclone("copy", "hr:trees", back)
    assert {
        p.relative_to(back / "deep er").as_posix(): p.read_text() for p in (back / "deep er").rglob("*") if p.is_file()
    } == {name: name * 100 for name in NAMES}
    rclone("copy", "hr:trees/deep er/a b", part)  # its listing has prefix=deep+er%2Fa+b%2F
    assert sorted(p.relative_to(part).as_posix() for p in part.rglob("*") if p.is_file()) == ["c d/y z.csv", "x.csv"]
    rclone("check", here, "hr:trees/deep er")
    rclone("moveto", "hr:trees/deep er/a b/x.csv", "hr:trees/moved to/x +.csv")
    assert rclone("lsf", "-R", "--files-only", "hr:trees/moved to").splitlines() == ["x +.csv"]
    rclone("purge", "hr:trees/deep er")
    assert rclone("lsf", "-R", "--files-only", "hr:trees").splitlines() == ["moved to/x +.csv"]
