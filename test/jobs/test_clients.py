"""azure-ai-ml and MLflow, unmodified, each in an environment of its own (test/azure-ai-ml.lock, test/mlflow.lock)."""

import json
import os
import pathlib
import subprocess

from headrace.azureml.core import Environment, Experiment, Run, ScriptRunConfig

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def python_of(lock):
    made = subprocess.run(
        [ROOT / "tools/venv", ROOT / "test" / lock], capture_output=True, text=True, timeout=900, check=True
    )
    return made.stdout.strip() + "/bin/python"


def client(serve, which, lock, folder=""):
    known, ca = serve.endpoint, serve.endpoint["ca_file"]
    env = {
        **os.environ,
        "URL": known["https_url"],
        "TOKEN": known["token"],
        "SUBSCRIPTION": known["subscription_id"],
        "GROUP": known["resource_group"],
        "WORKSPACE": known["workspace"],
        "FOLDER": folder,
        "MLFLOW_TRACKING_TOKEN": known["token"],
        "MLFLOW_TRACKING_SERVER_CERT_PATH": ca,
        "GIT_PYTHON_REFRESH": "quiet",
        "ARM_CLOUD_METADATA_URL": known["https_url"] + "/metadata/endpoints",
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZUREML_CURRENT_CLOUD": serve.exports()["AZUREML_CURRENT_CLOUD"],
    }
    done = subprocess.run(
        [python_of(lock), ROOT / "test/jobs/clients.py", which], env=env, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_mlflow_logs_to_the_same_runs(serve, ws):
    said = client(serve, "mlflow", "mlflow.lock")
    run, said["experiments"] = said.pop("id"), "flow" in said["experiments"]
    assert said == {
        "status": "FINISHED",
        "name": "one",
        "params": {"rate": "0.1"},
        "metrics": {"loss": "inf", "a": "1.0", "b": "2.0"},
        "tags": [],
        "history": [["0.5", 1], ["inf", 2]],
        "runs": ["FAILED", "FINISHED"],
        "experiments": True,
    }
    assert Run.get(ws, run).get_metrics() == {"loss": [0.5, float("inf")], "a": 1.0, "b": 2.0}


def test_mlflow_keeps_files_on_the_server(serve, ws):
    """By the tracking address alone, none beside the client; 100 MB pass through."""
    said = client(serve, "artifacts", "mlflow.lock")
    tree = [".hidden", "a.csv", "deep er/b+c & d.txt", "deep er/ünï/ß 100%.txt"]
    names = sorted(
        ["notes/hello.txt", "config.json", "large.bin", "one/two/a.csv", "empty.txt"]
        + ["copied/" + name for name in tree]
    )
    assert (
        said["uri"] == f"mlflow-artifacts:/{said['experiment']}/{said['id']}/artifacts"
        and said["location"] == f"mlflow-artifacts:/{said['experiment']}"
    )
    assert said["names"] == names and said["same"] and said["large"] and said["beside"] == []
    assert said["sizes"] == {
        "config.json": 29,
        "copied": None,
        "empty.txt": 0,
        "large.bin": 100 << 20,
        "notes": None,
        "one": None,
    } and said["dict"] == {"a": [1, 2]}
    assert said["text"] == "again" and said["listed"] == ["copied/.hidden", "copied/a.csv"]
    assert said["after"] == [name for name in names if not name.startswith("copied/deep er")]
    assert "none.txt" in said["missing"] and "cannot be a file of run" in said["below"]
    assert Run.get(ws, said["id"]).get_file_names() == said["after"]


def test_mlflow_searches_as_its_own_store_does(serve):
    said = client(serve, "search", "mlflow.lock")
    assert {asked: ours for asked, (ours, _) in said["said"].items()} == {
        asked: theirs for asked, (_, theirs) in said["said"].items()
    }
    assert said["said"]["metrics.loss < 0.5"][0] == ["r2"] and said["said"]["deleted"][0] == []  # both answer at all
    assert 'MLflow\'s "registered-models/create" is not supported' in said["refused"]
    assert "NOT_IMPLEMENTED" in said["traces"] and "traces" in said["traces"]


def test_mlflow_artifacts_stay_in_their_run_and_under_roles(serve, ws):
    import requests

    run = Experiment(ws, "files").start_logging()
    known = serve.endpoint
    root = f"{known['https_url']}/mlflow/v1.0{ws.get_details()['id']}/api/2.0/mlflow-artifacts/artifacts"
    experiment = run.get_details()["properties"].get("experimentId") or Experiment(ws, "files").id

    def call(method, path, token=None, **more):
        prepared = requests.Request(
            method, root, headers={"Authorization": f"Bearer {token or known['token']}"}, **more
        ).prepare()
        prepared.url = root + path  # as it stands: requests would resolve the dots
        return requests.Session().send(prepared, verify=known["ca_file"], timeout=20)

    home = f"/{experiment}/{run.id}/artifacts"
    assert call("PUT", f"{home}/x.txt", data=b"x").status_code == 200 and call("GET", f"{home}/x.txt").content == b"x"
    assert call("GET", f"?path={home[1:]}").json() == {"files": [{"path": "x.txt", "is_dir": False, "file_size": 1}]}
    for path in (
        f"{home}/%2e%2e/%2e%2e/x.txt",
        f"{home}/../x.txt",
        f"{home}/a/%2e%2e%2fx.txt",
        f"/{experiment}/{run.id}/other/x.txt",
        "/x.txt",
        f"/wrong/{run.id}/artifacts/x.txt",
        f"{home}/a%5Cb.txt",
        f"{home}/a?b.txt",
        f"{home}/{'x' * 900}",
    ):
        for method in ("PUT", "GET", "DELETE"):
            reply = call(method, path, data=b"y" if method == "PUT" else None)
            assert reply.status_code in (400, 404) and reply.json()["error_code"] in (
                "INVALID_PARAMETER_VALUE",
                "RESOURCE_DOES_NOT_EXIST",
            ), (method, path, reply.text)
    assert call("GET", f"{home}/x.txt").headers["X-Content-Type-Options"] == "nosniff"
    reader = json.loads(serve.cli("user", "create", "looker", "--json").stdout)["token"]
    assert call("GET", f"{home}/x.txt", reader).content == b"x"
    for method in ("PUT", "DELETE"):
        reply = call(method, f"{home}/x.txt", reader, data=b"z")
        assert (
            reply.status_code == 403
            and reply.json()["error_code"] == "PERMISSION_DENIED"
            and "headrace role assign" in reply.json()["message"]
        )
    assert call("GET", f"{home}/x.txt", "hr_nobody").status_code == 401
    run.complete()


def test_mlflow_in_a_script_logs_to_its_run(ws, script):
    environment = Environment("mlflow")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = python_of("mlflow.lock")
    environment.environment_variables["GIT_PYTHON_REFRESH"] = "quiet"
    run = Experiment(ws, "inside").submit(
        ScriptRunConfig(
            script("""
import mlflow
with mlflow.start_run():
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.25)
print("logged")
"""),
            script="train.py",
            environment=environment,
        )
    )
    assert run.wait_for_completion()["parameters"] == {"depth": "3"}
    assert run.get_metrics() == {"loss": 0.25} and "logged" in run.get_logs()


def test_azure_ai_ml_submits_streams_lists_and_cancels(serve, ws, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "hello.py").write_text("import sys; print('hello', sys.argv[1:])")
    said = client(serve, "azure-ai-ml", "azure-ai-ml.lock", str(folder))
    assert (
        said["status"] == "Completed"
        and said["experiment"] == "aiml"
        and said["tags"] == {"colour": "red"}
        and said["display_name"] == "hello"
    )
    assert "hello ['3']\ndone" in said["log"] and "Streaming user_logs/std_log.txt" in said["log"]
    assert said["cancelled"] == "Canceled" and said["listed"]
    assert 'environment "' in said["refusal"] and "is not" in said["refusal"] or "does not exist" in said["refusal"]
