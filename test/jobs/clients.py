"""What other people's clients do, each in a Python of its own: `clients.py azure-ai-ml | mlflow`, told of the server by the environment. Prints JSON."""
import json
import os
import pathlib
import sys
import time

ENV = os.environ
WORKSPACE = (f"/subscriptions/{ENV['SUBSCRIPTION']}/resourceGroups/{ENV['GROUP']}/providers/Microsoft.MachineLearningServices/workspaces/"
             f"{ENV['WORKSPACE']}")


def mlflow_client():
    import mlflow
    mlflow.set_tracking_uri(ENV["URL"] + "/mlflow/v1.0" + WORKSPACE)
    mlflow.set_experiment("flow")
    with mlflow.start_run(run_name="one") as run:
        mlflow.log_param("rate", 0.1)
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metric("loss", float("inf"), step=2)
        mlflow.log_metrics({"a": 1, "b": 2})
        mlflow.set_tag("colour", "red")
    client = mlflow.MlflowClient()
    client.delete_tag(run.info.run_id, "colour")
    got = client.get_run(run.info.run_id)
    try:
        with mlflow.start_run():
            raise ValueError("boom")
    except ValueError:
        pass
    found = mlflow.search_runs([got.info.experiment_id], output_format="list")
    return {"status": got.info.status, "name": got.info.run_name, "params": got.data.params, "metrics": {k: str(v) for k, v in got.data.metrics.items()},
            "tags": [key for key in got.data.tags if not key.startswith("mlflow.")], "id": run.info.run_id,
            "history": [[str(item.value), item.step] for item in client.get_metric_history(run.info.run_id, "loss")],
            "runs": [item.info.status for item in found], "experiments": [item.name for item in client.search_experiments()]}


def azure_ai_ml():
    import contextlib
    import io
    import logging

    from azure.ai.ml import MLClient, command
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import HttpResponseError
    logging.disable(logging.CRITICAL)

    class Credential:
        def get_token(self, *scopes, **options):
            return AccessToken(ENV["TOKEN"], 4102444800)

    folder = pathlib.Path(ENV["FOLDER"])
    client = MLClient(Credential(), ENV["SUBSCRIPTION"], ENV["GROUP"], ENV["WORKSPACE"], cloud="LocalCloud")

    def job(text, **options):
        return command(code=str(folder), command=text, environment="azureml:headrace-local:1", compute="local", experiment_name="aiml", **options)
    shown = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(shown):
        made = client.jobs.create_or_update(job("python hello.py ${{inputs.n}} && echo done", inputs={"n": 3}, tags={"colour": "red"}, display_name="hello"))
        client.jobs.stream(made.name)
        got = client.jobs.get(made.name)
        slow = client.jobs.create_or_update(job("sleep 300"))
        client.jobs.begin_cancel(slow.name).result(30)
        while client.jobs.get(slow.name).status not in ("Canceled", "Failed", "Completed"):
            time.sleep(0.05)
        try:
            client.jobs.create_or_update(command(code=str(folder), command="true", environment="azureml:other:1", compute="local"))
            refusal = None
        except HttpResponseError as err:
            refusal = str(err)
        names = [item.name for item in client.jobs.list()]
    return {"status": got.status, "experiment": got.experiment_name, "tags": got.tags, "display_name": got.display_name, "log": shown.getvalue(),
            "cancelled": client.jobs.get(slow.name).status, "listed": names[:2] == [slow.name, made.name], "refusal": refusal}


print(json.dumps({"mlflow": mlflow_client, "azure-ai-ml": azure_ai_ml}[sys.argv[1]]()))
