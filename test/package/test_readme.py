"""README's commands and snippets, verbatim, as somebody follows them: the wheel in an environment `venv`, an empty folder, an empty home.

What is not run as printed: the installation (the wheel of this folder's tests is there already), and `jupyter lab` (its kernel runs notebooks/titanic.ipynb instead of
a browser doing it)."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
NOTEBOOK = ROOT / "notebooks/titanic.ipynb"

# what a kernel of `jupyter lab` does with a notebook; prints what its cells show
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", ()):
        print(output.get("text") or output.get("data", {}).get("text/plain", ""))
"""


def blocks(language, section):
    """The code blocks of a section of README, as they stand there."""
    text = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", README, re.M | re.S).group(1)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def shell(folder, script, **env):
    """Runs bash; what it printed."""
    clean = {
        "HOME": str(folder / "home"),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter"),
        "PYTHONWARNINGS": "ignore",
        **env,
    }
    done = subprocess.run(
        ["bash", "-c", "set -e\n" + script],
        cwd=folder / "empty",
        env=clean,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(environment, tmp_path_factory):
    """A folder of somebody who has just installed, with the server that the second line starts."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("empty", "home"):
        (folder / name).mkdir()
    (folder / "empty/venv").symlink_to(environment[0])
    install, serve, *_ = blocks("", "Use it")[0].splitlines()
    assert install == "python3 -m venv venv && venv/bin/pip install '.[notebook]'"
    server = subprocess.Popen(
        ["bash", "-c", "exec " + serve],
        cwd=folder / "empty",
        env={"HOME": str(folder / "home"), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert "serves home" in server.stdout.readline()
    yield folder
    server.send_signal(signal.SIGTERM)
    assert server.wait(15) == 0


@pytest.fixture(scope="module")
def env_line():
    line = blocks("", "Use it")[0].splitlines()[2]
    assert line.startswith("eval ")
    return line


@pytest.fixture(scope="module")
def executed(place, env_line):
    """What the notebook showed, in `jupyter lab`'s stead."""
    assert blocks("", "Use it")[0].splitlines()[3].split("#")[0].strip() == "venv/bin/jupyter lab"
    (place / "empty/execute.py").write_text(EXECUTE)
    shutil.copy(NOTEBOOK, place / "empty")
    return shell(place, f"{env_line}\nvenv/bin/python execute.py titanic.ipynb")


def test_the_snippet_of_plain_python(place, env_line):
    (snippet,) = blocks("python", "Use it")
    (place / "empty/snippet.py").write_text(snippet)
    shown = shell(place, f"{env_line}\nvenv/bin/python snippet.py")
    counts = [int(row.split("|")[2]) for row in shown.splitlines() if re.match(r"\| *(NULL|[\d.]+)\|", row)]
    assert "Age|count|" in shown and len(counts) == 20 and "only showing top 20 rows" in shown


def test_the_notebook_runs_as_it_is(executed):
    assert "Spark session" in executed and "is stopped" in executed and "prep-pool" in executed
    rows, accuracy = re.search(r"(\d+) rows; training accuracy (0\.\d+)", executed).groups()
    assert 600 < int(rows) < 891 and float(accuracy) > 0.7


def test_the_notebook_runs_a_second_time(executed, place, env_line):
    assert "training accuracy" in shell(place, f"{env_line}\nvenv/bin/python execute.py titanic.ipynb")


def test_the_notebook_has_nothing_to_fill_in():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert not any(
        re.search(r"@[A-Z_]+@|<[A-Za-z ]+>", "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"
    )
    assert not any(cell.get("outputs") for cell in cells)


def test_every_command_finds_its_defaults(executed, place, env_line):
    kinds = (
        "workspace",
        "synapse",
        "pool",
        "link",
        "compute",
        "session",
        "datastore",
        "dataset",
        "run",
        "role",
        "user",
    )
    shown = shell(
        place, "\n".join([env_line, *(f"venv/bin/headrace {kind} list" for kind in kinds), "venv/bin/headrace help"])
    )
    assert "headrace-ml" in shown and "titanic-prepared" in shown and "prep-pool" in shown


def test_a_colleague_on_another_home(executed, place, env_line):
    """Who has an address, a token and the authority's certificate, and nothing else of the server's."""
    point = json.loads((place / "home/.headrace/run/endpoint.json").read_text())
    (place / "elsewhere").mkdir()
    shutil.copy(point["ca_file"], place / "elsewhere/ca.pem")
    env = {
        "HOME": str(place / "elsewhere"),
        "HEADRACE_URL": point["https_url"],
        "HEADRACE_TOKEN": point["token"],
        "HEADRACE_CA_FILE": str(place / "elsewhere/ca.pem"),
    }
    assert "titanic-prepared" in shell(place, "venv/bin/headrace dataset list", **env)
    (place / "empty/snippet.py").write_text(blocks("python", "Use it")[0])
    assert "Age|count|" in shell(place, f"{env_line}\nvenv/bin/python snippet.py", **env)
    code = "from azureml.core import Workspace; print(Workspace.from_config().compute_targets['prep-pool'].provisioning_state)"
    assert shell(place, f'venv/bin/python -c "{code}"', **env) == "Succeeded\n"
    assert "training accuracy" in shell(place, "venv/bin/python execute.py titanic.ipynb", **env)


def test_the_sample_is_the_users(place, env_line):
    """What a user overwrites or removes stays so when the server starts again."""
    data = place / "home/.headrace/storage/dprepdata/demo/Titanic.csv"
    made = data.read_bytes()
    assert made.count(b"\n") == 892 and made.startswith(
        b"PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\n"
    )
    other = place / "home/other"

    def serve():
        server = subprocess.Popen(
            [place / "empty/venv/bin/headrace", "serve", "--home", other],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        server.wait(15)

    serve()
    copy = other / "storage/dprepdata/demo/Titanic.csv"
    assert copy.read_bytes() == made
    copy.write_bytes(b"mine")
    serve()
    assert copy.read_bytes() == b"mine"
    copy.unlink()
    serve()
    assert not copy.exists()
