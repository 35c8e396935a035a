"""The drop-in `azureml` import: it answers where nothing else does, last, and a real azureml-core wins."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from link_python import link  # noqa: E402

ARTICLE = (
    "from azureml.core import Workspace, Experiment, Dataset, Environment, Datastore, LinkedService, SynapseWorkspaceLinkedServiceConfiguration\n"
    "from azureml.core.compute import SynapseCompute, ComputeTarget\n"
)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    made = link(tmp_path_factory.mktemp("venv"))

    def run(code, *path):
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HEADRACE"))}
        env.update(PYTHONPATH=os.pathsep.join(map(str, path)), HOME="/nowhere")
        return subprocess.run([str(made), "-c", code], capture_output=True, text=True, env=env, timeout=60)

    return run


def out(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_articles_imports(python):
    assert (
        out(python(ARTICLE + "print(Workspace.__module__, ComputeTarget.__name__)"))
        == "headrace.azureml.workspace ComputeTarget"
    )


def test_one_copy_of_each_class(python):
    code = (
        "import azureml.core.compute, azureml.exceptions, headrace.azureml.core as c, headrace.azureml.compute as d\n"
    )
    assert (
        out(
            python(
                code
                + "print(azureml.core.Workspace is c.Workspace, azureml.core.compute.SynapseCompute is d.SynapseCompute)"
            )
        )
        == "True True"
    )


def test_it_stands_last_and_costs_nothing_before_it_is_used(python):
    code = (
        "import sys; print(sys.meta_path[-1].__module__, 'headrace.azureml' in sys.modules, 'requests' in sys.modules)"
    )
    assert out(python(code)) == "headrace.dropin False False"
    assert "requests" not in out(python(ARTICLE + "import sys; print([m for m in sys.modules if m == 'requests'])"))


def test_other_names_stay_missing(python):
    done = python("import azureml.nothing")
    assert "No module named 'azureml.nothing'" in done.stderr


def test_a_real_azureml_core_wins(python, tmp_path):
    for name in ("azureml/__init__.py", "azureml/core/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "azureml/core/__init__.py").write_text("class Workspace: real = True\n")
    assert out(python("from azureml.core import Workspace; print(Workspace.real)", tmp_path)) == "True"
    done = python("from azureml.core.compute import ComputeTarget", tmp_path)  # and is not mixed with ours
    assert "No module named 'azureml.core.compute'" in done.stderr


def test_another_part_of_azureml_may_be_installed(python, tmp_path):
    (tmp_path / "azureml/fsspec").mkdir(parents=True)
    (tmp_path / "azureml/fsspec/__init__.py").write_text("here = 1\n")
    assert (
        out(
            python(
                "import azureml.fsspec; from azureml.core import Workspace; print(azureml.fsspec.here, Workspace.__module__)",
                tmp_path,
            )
        )
        == "1 headrace.azureml.workspace"
    )


def test_what_is_missing_is_refused_by_name(python):
    for code, name in (
        ("Dataset.Tabular.from_sql_query('x')", "Dataset.Tabular.from_sql_query"),
        ("Dataset.File.from_files('https://a/b')", "the path 'https://a/b'"),
        ("Datastore.register_hdfs(None, 'x')", "Datastore.register_hdfs"),
        ("Environment.from_docker_image('x', 'y')", "Environment.from_docker_image"),
    ):
        done = python(
            "import azureml.exceptions\n"
            + ARTICLE
            + f"try:\n    {code}\nexcept (NotImplementedError, azureml.exceptions.UserErrorException) as e:\n    print(e)"
        )
        assert out(done).startswith(f"{name} is not supported by Headrace")


def test_no_server_is_said_so(python):
    assert "no Headrace server is known here" in python(ARTICLE + "Workspace.from_config()").stderr


def test_the_wheel_lists_every_module():
    """python/meson.build names the modules one by one: none may be forgotten."""
    listed = set(re.findall(r"'([a-z_]+)'", (ROOT / "python/meson.build").read_text()))
    for path in (ROOT / "python/headrace").rglob("*.py"):
        assert path.stem in listed, path
