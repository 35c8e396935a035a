"""What other people's clients do, each in a Python of its own: `clients.py azure-ai-ml | mlflow`, told of the server by the environment. Prints JSON."""

import json
import os
import pathlib
import sys
import time

ENV = os.environ
WORKSPACE = (
    f"/subscriptions/{ENV['SUBSCRIPTION']}/resourceGroups/{ENV['GROUP']}/providers/Microsoft.MachineLearningServices/workspaces/"
    f"{ENV['WORKSPACE']}"
)


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
    return {
        "status": got.info.status,
        "name": got.info.run_name,
        "params": got.data.params,
        "metrics": {k: str(v) for k, v in got.data.metrics.items()},
        "tags": [key for key in got.data.tags if not key.startswith("mlflow.")],
        "id": run.info.run_id,
        "history": [[str(item.value), item.step] for item in client.get_metric_history(run.info.run_id, "loss")],
        "runs": [item.info.status for item in found],
        "experiments": [item.name for item in client.search_experiments()],
    }


def mlflow_artifacts():
    """Every way in which MLflow writes files, and what comes back of them."""
    import hashlib
    import tempfile

    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(ENV["URL"] + "/mlflow/v1.0" + WORKSPACE)
    mlflow.set_experiment("files")
    client, folder = mlflow.MlflowClient(), pathlib.Path(tempfile.mkdtemp())
    os.chdir(tempfile.mkdtemp())
    (folder / "tree/deep er/ünï").mkdir(parents=True)
    for name in ("tree/a.csv", "tree/deep er/b+c & d.txt", "tree/deep er/ünï/ß 100%.txt", "tree/.hidden"):
        (folder / name).write_text(name)
    large = os.urandom(1 << 20) * 100
    (folder / "large.bin").write_bytes(large)
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        mlflow.log_artifact(str(folder / "large.bin"))
        mlflow.log_artifact(str(folder / "tree/a.csv"), "one/two")
        mlflow.log_artifacts(str(folder / "tree"), "copied")
        mlflow.log_text("", "empty.txt")
    id = run.info.run_id

    def walk(path=None):
        return [
            name
            for item in client.list_artifacts(id, path)
            for name in (walk(item.path) if item.is_dir else [item.path])
        ]

    def refusal(call):
        try:
            call()
        except (MlflowException, OSError) as err:
            return str(err)

    back = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=id, artifact_path="", dst_path=str(folder / "back")))
    same = all(
        (back / "copied" / path.relative_to(folder / "tree")).read_bytes() == path.read_bytes()
        for path in (folder / "tree").rglob("*")
        if path.is_file()
    )
    sizes = {item.path: item.file_size for item in client.list_artifacts(id)}
    mlflow.set_tracking_uri(ENV["URL"] + "/mlflow/v1.0" + WORKSPACE)
    with mlflow.start_run(run_id=id):
        mlflow.log_text("again", "notes/hello.txt")
    repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("copied/deep er")
    return {
        "id": id,
        "uri": run.info.artifact_uri,
        "experiment": run.info.experiment_id,
        "location": client.get_experiment(run.info.experiment_id).artifact_location,
        "names": sorted(path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file()),
        "same": same,
        "sizes": sizes,
        "large": (back / "large.bin").read_bytes() == large and hashlib.md5(large).hexdigest(),
        "text": mlflow.artifacts.load_text(f"runs:/{id}/notes/hello.txt"),
        "dict": mlflow.artifacts.load_dict(f"runs:/{id}/config.json"),
        "listed": [item.path for item in client.list_artifacts(id, "copied")],
        "after": sorted(walk()),
        "beside": os.listdir("."),
        "missing": refusal(lambda: mlflow.artifacts.load_text(f"runs:/{id}/none.txt")),
        "below": refusal(lambda: client.log_text(id, "x", "config.json/below.txt")),
    }


FILTERS = [
    "",
    "metrics.loss < 0.5",
    "metrics.loss <= 0.5 AND params.rate = '0.1'",
    "metrics.loss != 0.5",
    "metrics.`a b` > -1e1",
    'metrics."a b" >= 2',
    "metric.loss = 0.5",
    "params.rate LIKE '0.%'",
    "params.model ILIKE 'FOREST%'",
    "params.model LIKE 'forest%'",
    "param.model != 'Forest'",
    "params.none = 'x'",
    "params.none IS NULL",
    "params.none IS NOT NULL",
    "tags.stage IS NULL",
    "tags.`my.tag` = 'x y'",
    "tags.stage = 'prod' and tags.stage != 'x'",
    "tags.stage LIKE '_rod'",
    "status = 'FINISHED'",
    "attributes.status = 'RUNNING'",
    "attributes.run_name = 'r1'",
    "run_name LIKE 'r%' AND metrics.loss > 0",
    "attribute.run_name IN ('r1', 'r3', 'zz')",
    "run_name NOT IN ('r1')",
    "attributes.start_time > 1001",
    "start_time <= 1002",
    "end_time >= 0",
    "tags.mlflow.runName = 'r2'",
    'params.rate = "0.1"',
    # what is refused
    "metrics.loss < 'x'",
    "params.rate = 0.1",
    "params.rate < '1'",
    "metrics.loss LIKE '1'",
    "nonsense.x = 'y'",
    "attributes.colour = 'red'",
    "metrics.loss",
    "= 3",
    "metrics.loss < 1 OR metrics.loss > 3",
    "metrics.loss < 1 AND",
    "status = FINISHED",
    "params.rate = '0.1",
    "metrics.loss IN (1)",
    "start_time = 'x'",
]
ORDERS = [
    ["metrics.loss"],
    ["metrics.loss DESC"],
    ["params.rate ASC", "metrics.loss DESC"],
    ["tags.stage"],
    ["tags.stage DESC"],
    ["start_time"],
    ["attributes.start_time DESC"],
    ["run_name DESC"],
    ['metrics."a b" desc'],
    ["status", "start_time ASC"],
    ["metrics.loss sideways"],
    ["nothing.x"],
    ["colour"],
]
EXPERIMENTS = [
    "",
    "name = 'first'",
    "name LIKE 'f%'",
    "name ILIKE 'FIRST'",
    "attribute.name != 'first'",
    "tags.team = 'a'",
    "tags.team LIKE '%' AND name = 'second'",
    "creation_time > 0",
    "name < 'x'",
    "metrics.a = 1",
    "tags.team = 3",
]


def mlflow_search():
    """The same runs here and in MLflow's own store of files, asked the same: name of the search -> [ours, its own]."""
    import tempfile

    import mlflow
    from mlflow.entities import Metric, Param, RunTag, ViewType
    from mlflow.exceptions import MlflowException

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    clients = [
        mlflow.MlflowClient(ENV["URL"] + "/mlflow/v1.0" + WORKSPACE),
        mlflow.MlflowClient(pathlib.Path(tempfile.mkdtemp()).as_uri()),
    ]
    runs = [
        ("r1", {"loss": 0.5, "a b": 2}, {"rate": "0.1", "model": "Forest"}, {"stage": "prod"}, "FINISHED"),
        ("r2", {"loss": 0.25}, {"rate": "0.2", "model": "forest two"}, {"my.tag": "x y"}, "FAILED"),
        ("r3", {"loss": float("nan"), "a b": -5}, {"rate": "0.1"}, {"stage": "dev"}, None),
        ("r4", {}, {}, {}, "FINISHED"),
        ("r5", {"loss": 3}, {"rate": "10"}, {"stage": "prod"}, "KILLED"),
    ]
    experiments = []
    for client in clients:
        client.create_experiment("second", tags={"team": "b"})
        experiments.append(client.create_experiment("first", tags={"team": "a"}))
        for i, (name, metrics, params, tags, status) in enumerate(runs):
            id = client.create_run(experiments[-1], start_time=1000 + i, run_name=name).info.run_id
            client.log_batch(
                id,
                [Metric(k, v, 1, 0) for k, v in metrics.items()],
                [Param(k, v) for k, v in params.items()],
                [RunTag(k, v) for k, v in tags.items()],
            )
            if status:
                client.set_terminated(id, status, end_time=2000 + i)

    def asked(call):
        said = []
        for client, experiment in zip(clients, experiments):
            try:
                said.append(call(client, experiment))
            except MlflowException as err:
                said.append(err.error_code)
        return said

    def run_names(client, experiment, **options):
        return [run.info.run_name for run in client.search_runs([experiment], **options)]

    said = {text: asked(lambda c, e: run_names(c, e, filter_string=text)) for text in FILTERS}
    said.update({str(order): asked(lambda c, e: run_names(c, e, order_by=order)) for order in ORDERS})
    said["deleted"] = asked(lambda c, e: run_names(c, e, run_view_type=ViewType.DELETED_ONLY))
    said["all"] = asked(lambda c, e: run_names(c, e, run_view_type=ViewType.ALL))

    def pages(client, experiment):
        found, token = [], None
        while token or not found:
            page = client.search_runs([experiment], max_results=2, order_by=["start_time"], page_token=token)
            found.append([run.info.run_name for run in page])
            token = page.token
        return found

    said["pages"] = asked(pages)
    said["too many"] = asked(lambda c, e: run_names(c, e, max_results=50001))
    said["token"] = asked(lambda c, e: run_names(c, e, page_token="x y"))
    said["no experiment"] = asked(lambda c, e: [run.info.run_name for run in c.search_runs([])])

    def kept(client, experiment):
        """What a run holds after it was logged to in ways that make no sense."""
        id, codes = client.create_run(experiment, run_name="odd").info.run_id, []
        for log in (
            lambda: client.log_param(id, "p", "v"),
            lambda: client.log_param(id, "p", "v"),
            lambda: client.log_param(id, "p", "w"),
            lambda: client.log_batch(id, params=[Param("d", "1"), Param("d", "2")]),
            lambda: client.delete_tag(id, "none"),
            lambda: client.set_tag(id, "mlflow.runName", "renamed"),
            lambda: client.set_tag(id, "mlflow.runName", ""),
        ):
            try:
                log()
                codes.append(None)
            except MlflowException as err:
                codes.append(err.error_code)
        run = client.get_run(id)
        return [codes, run.info.run_name, run.data.params]

    said["kept"] = asked(kept)
    for text in EXPERIMENTS:
        said["experiments " + text] = asked(
            lambda c, e: sorted(
                x.name for x in c.search_experiments(filter_string=text) if x.name in ("first", "second")
            )
        )
    for order in (["name"], ["name DESC"], ["creation_time"], ["colour"]):
        said[f"experiments {order}"] = asked(
            lambda c, e: [x.name for x in c.search_experiments(order_by=order) if x.name in ("first", "second")]
        )
    try:
        mlflow.set_tracking_uri(ENV["URL"] + "/mlflow/v1.0" + WORKSPACE)
        refused = clients[0].create_registered_model("m")
    except MlflowException as err:
        refused = str(err)
    try:
        traces = clients[0].search_traces([experiments[0]])
    except MlflowException as err:
        traces = str(err)
    return {"said": said, "refused": refused, "traces": traces}


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
    client = MLClient(Credential(), ENV["SUBSCRIPTION"], ENV["GROUP"], ENV["WORKSPACE"])

    def job(text, **options):
        return command(
            code=str(folder),
            command=text,
            environment="azureml:headrace-local:1",
            compute="local",
            experiment_name="aiml",
            **options,
        )

    shown = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(shown):
        made = client.jobs.create_or_update(
            job(
                "python hello.py ${{inputs.n}} && echo done",
                inputs={"n": 3},
                tags={"colour": "red"},
                display_name="hello",
            )
        )
        client.jobs.stream(made.name)
        got = client.jobs.get(made.name)
        slow = client.jobs.create_or_update(job("sleep 300"))
        client.jobs.begin_cancel(slow.name).result(30)
        while client.jobs.get(slow.name).status not in ("Canceled", "Failed", "Completed"):
            time.sleep(0.05)
        try:
            client.jobs.create_or_update(
                command(code=str(folder), command="true", environment="azureml:other:1", compute="local")
            )
            refusal = None
        except HttpResponseError as err:
            refusal = str(err)
        names = [item.name for item in client.jobs.list()]
    return {
        "status": got.status,
        "experiment": got.experiment_name,
        "tags": got.tags,
        "display_name": got.display_name,
        "log": shown.getvalue(),
        "cancelled": client.jobs.get(slow.name).status,
        "listed": names[:2] == [slow.name, made.name],
        "refusal": refusal,
    }


print(
    json.dumps(
        {"mlflow": mlflow_client, "artifacts": mlflow_artifacts, "search": mlflow_search, "azure-ai-ml": azure_ai_ml}[
            sys.argv[1]
        ]()
    )
)
