"""link_python.py FOLDER: a virtual environment on top of the running one that finds this tree's package as the wheel would
install it.

It sees the running environment's packages, `headrace` from python/, the `.pth` file that installs the drop-in import, and
IPython's
configuration. The demo and the tests run kernels in it, so that what they show does not depend on an installation.
"""

import pathlib
import shutil
import sys
import sysconfig
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent


def link(folder):
    """Makes the environment; returns its Python."""
    folder = pathlib.Path(folder)
    venv.EnvBuilder(symlinks=True, with_pip=False, clear=True).create(folder)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "below.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (site / "headrace.pth").write_text(f"{ROOT / 'python'}\n{(ROOT / 'python/data/headrace.pth').read_text()}")
    shutil.copytree(ROOT / "python/data/etc", folder / "etc", dirs_exist_ok=True)
    return folder / "bin" / "python"


if __name__ == "__main__":
    print(link(sys.argv[1]))
