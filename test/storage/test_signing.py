"""The vectors of the unit test, made anew by the azure-storage-blob that is installed."""

import pathlib
import subprocess
import sys

from support.serve import BUILD

UNIT = pathlib.Path(__file__).parent.parent / "unit/wire"


def test_vectors_of_the_installed_sdk(tmp_path):
    vectors = tmp_path / "vectors.json"
    subprocess.run([sys.executable, str(UNIT / "make_storage_vectors.py"), str(vectors)], check=True)
    done = subprocess.run(
        [str(BUILD / "test/unit/wire/test_storage_signing"), str(vectors)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
