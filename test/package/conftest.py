"""The wheel, built and installed once for all tests of this folder."""

import os
import pathlib
import subprocess
import sys
import sysconfig
import venv

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """A virtual environment with the wheel installed; its dependencies are the running environment's."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    venv.EnvBuilder(symlinks=True, with_pip=True).create(folder)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "below.pth").write_text(sysconfig.get_path("purelib") + "\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HEADRACE"))}
    env["PATH"] = f"{folder / 'bin'}{os.pathsep}{env['PATH']}"
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-deps", str(ROOT)]
    subprocess.run(pip, check=True, env=env, timeout=900)
    return folder, env
