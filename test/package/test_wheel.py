"""`pip install .` in a virtual environment gives the server, the command and the package, and needs nothing of the tree. Slow: it builds."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(environment, *command, **options):
    folder, env = environment
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, cwd=folder, **options)


def test_the_libraries_are_the_wheels(environment):
    folder, _ = environment
    for name in ("headrace", "headrace-host", "headrace-mount"):
        linked = run(environment, "ldd", str(folder / "bin" / name)).stdout
        assert "not found" not in linked
        for line in linked.splitlines():
            assert "libduckdb" not in line or str(folder) in str(pathlib.Path(line.split("=>")[1].split()[0]).resolve())
        dynamic = run(environment, "readelf", "-d", str(folder / "bin" / name)).stdout
        assert all("$ORIGIN" in line for line in dynamic.splitlines() if "PATH" in line)


def test_the_package_and_the_drop_in_import(environment):
    folder, _ = environment
    code = "import headrace; from azureml.core import Workspace; print(headrace.__file__, Workspace.__module__)"
    place, module = run(environment, "python", "-c", code).stdout.split()
    assert place.startswith(str(folder)) and module == "headrace.azureml.workspace"


def test_the_magics_load_by_themselves(environment):
    done = run(environment, "python", "-m", "IPython", "--colors=NoColor", "-c", "%synapse help")
    assert "%synapse start -c COMPUTE" in done.stdout, done.stderr


def test_a_session_through_the_installed_server(environment, tmp_path, monkeypatch):
    """The server finds its host, its interpreter and its own files."""
    folder, env = environment
    sys.path.insert(0, str(ROOT / "tools"))
    from support import serve as support

    import article

    for name in list(os.environ):
        if name.startswith("PYTHON"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", env["PATH"])
    monkeypatch.setattr(support, "BUILD", folder / "bin")
    with support.Serve(tmp_path / "home", env={"HEADRACE_PYTHON": ""}) as server:
        article.upload(server.endpoint, b"a,b\n1,x\n", name="t.csv")
        session = server.session()
        assert session.range(3).count() == 3
        session.stop()
        endpoint = server.endpoint
        import requests

        page = requests.get(endpoint["url"] + "/studio/", timeout=60).text  # the studio is part of the program
        script = page.split('<script type="module" crossorigin src="')[1].split('"')[0]
        assert requests.get(endpoint["url"] + script, timeout=60).status_code == 200

        base, auth = endpoint["url"] + "/sessions", {"Authorization": "Bearer " + endpoint["token"]}
        number = requests.post(base, json={"kind": "pyspark"}, headers=auth, timeout=60).json()["id"]
        support.until(
            lambda: requests.get(f"{base}/{number}", headers=auth, timeout=60).json()["state"] == "idle",
            30,
            "an idle session",
        )
        statement = requests.post(
            f"{base}/{number}/statements", json={"code": "spark.range(4).count()"}, headers=auth, timeout=60
        ).json()
        url = f"{base}/{number}/statements/{statement['id']}"
        answer = support.until(
            lambda: requests.get(url, headers=auth, timeout=60).json()["output"], 30, "the statement's output"
        )
        assert answer["data"]["text/plain"] == "4", answer
