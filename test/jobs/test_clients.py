"""azure-ai-ml and MLflow, unmodified, each in an environment of its own (test/azure-ai-ml.lock, test/mlflow.lock)."""
import json
import os
import pathlib
import subprocess

from headrace.azureml.core import Environment, Experiment, Run, ScriptRunConfig

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def python_of(lock):
    made = subprocess.run([ROOT / "tools/venv", ROOT / "test" / lock], capture_output=True, text=True, timeout=900, check=True)
    return made.stdout.strip() + "/bin/python"


def client(serve, which, lock, folder=""):
    known, ca = serve.endpoint, serve.endpoint["ca_file"]
    env = {**os.environ, "URL": known["https_url"], "TOKEN": known["token"], "SUBSCRIPTION": known["subscription_id"], "GROUP": known["resource_group"],
           "WORKSPACE": known["workspace"], "FOLDER": folder, "MLFLOW_TRACKING_TOKEN": known["token"], "MLFLOW_TRACKING_SERVER_CERT_PATH": ca,
           "GIT_PYTHON_REFRESH": "quiet", "ARM_CLOUD_METADATA_URL": known["https_url"] + "/metadata/endpoints", "REQUESTS_CA_BUNDLE": ca,
           "SSL_CERT_FILE": ca, "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    done = subprocess.run([python_of(lock), ROOT / "test/jobs/clients.py", which], env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_mlflow_logs_to_the_same_runs(serve, ws):
    said = client(serve, "mlflow", "mlflow.lock")
    run, said["experiments"] = said.pop("id"), "flow" in said["experiments"]
    assert said == {"status": "FINISHED", "name": "one", "params": {"rate": "0.1"}, "metrics": {"loss": "inf", "a": "1.0", "b": "2.0"}, "tags": [],
                    "history": [["0.5", 1], ["inf", 2]], "runs": ["FAILED", "FINISHED"], "experiments": True}
    assert Run.get(ws, run).get_metrics() == {"loss": [0.5, float("inf")], "a": 1.0, "b": 2.0}


def test_mlflow_in_a_script_logs_to_its_run(ws, script):
    environment = Environment("mlflow")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = python_of("mlflow.lock")
    environment.environment_variables["GIT_PYTHON_REFRESH"] = "quiet"
    run = Experiment(ws, "inside").submit(ScriptRunConfig(script("""
import mlflow
with mlflow.start_run():
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.25)
print("logged")
"""), script="train.py", environment=environment))
    assert run.wait_for_completion()["parameters"] == {"depth": "3"}
    assert run.get_metrics() == {"loss": 0.25} and "logged" in run.get_logs()


def test_azure_ai_ml_submits_streams_lists_and_cancels(serve, ws, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "hello.py").write_text("import sys; print('hello', sys.argv[1:])")
    said = client(serve, "azure-ai-ml", "azure-ai-ml.lock", str(folder))
    assert said["status"] == "Completed" and said["experiment"] == "aiml" and said["tags"] == {"colour": "red"} and said["display_name"] == "hello"
    assert "hello ['3']\ndone" in said["log"] and "Streaming user_logs/std_log.txt" in said["log"]
    assert said["cancelled"] == "Canceled" and said["listed"]
    assert 'environment "' in said["refusal"] and "is not" in said["refusal"] or "does not exist" in said["refusal"]
