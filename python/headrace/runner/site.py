"""A folder for PYTHONPATH that shows a run's script the package `headrace`, and nothing else of ours, whichever Python it runs in:
the drop-in `azureml` import works in a Python that has never heard of us, as long as it has `requests`."""

import os

CUSTOMIZE = '''"""Made for one run: the drop-in import of azureml, then the sitecustomize that stands behind this one."""
import importlib.machinery
import importlib.util
import os
import sys

import headrace.dropin

headrace.dropin.install()
_here = os.path.dirname(os.path.abspath(__file__))
_spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if os.path.abspath(p) != _here])
if _spec and _spec.loader:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["sitecustomize"] = _module
    _spec.loader.exec_module(_module)
'''


def make(folder):
    """Makes the folder; returns its path."""
    import headrace

    path = os.path.join(folder, "site")
    os.makedirs(path, exist_ok=True)
    os.symlink(os.path.dirname(os.path.abspath(headrace.__file__)), os.path.join(path, "headrace"))
    with open(os.path.join(path, "sitecustomize.py"), "w", encoding="utf-8") as file:
        file.write(CUSTOMIZE)
    return path


def without(python_path, package_parent):
    """PYTHONPATH without the folder that this package came from: the script sees it by its own folder."""
    kept = [
        part
        for part in python_path.split(os.pathsep)
        if part and os.path.realpath(part) != os.path.realpath(package_parent)
    ]
    return os.pathsep.join(kept)
