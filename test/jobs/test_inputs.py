"""Datasets as inputs of runs: mounted, downloaded, used directly; what they were is recorded."""

import json
import os

import pytest
from headrace.azureml import exceptions
from headrace.azureml.core import Dataset, Datastore, Experiment, Run, ScriptRunConfig

from support.serve import processes_below

TRAIN = """
import csv, glob, os, sys
import numpy as np
from azureml.core import Run
from sklearn.linear_model import LogisticRegression
run = Run.get_context()
folder = sys.argv[2]
assert folder == run.input_datasets["points"] == os.environ["AZUREML_DATAREFERENCE_points"], run.input_datasets
print("mounted" if os.path.ismount(folder) else "a folder", sorted(os.listdir(folder)))
rows = [row for path in sorted(glob.glob(folder + "/part-*.csv")) for row in csv.reader(open(path))]
x, y = np.array([[float(a), float(b)] for a, b, _ in rows]), np.array([int(c) for *_, c in rows])
model = LogisticRegression().fit(x, y)
run.log("accuracy", model.score(x, y))
run.log("rows", len(rows))
os.makedirs("outputs", exist_ok=True)
np.save("outputs/coefficients.npy", model.coef_)
"""


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    for part in range(2):
        lines = [f"{i / 10},{(i * 7 % 13) / 3},{int(i / 10 + part > 5)}" for i in range(100)]
        (folder / f"part-{part}.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def dataset(ws, points):
    try:
        return Dataset.get_by_name(ws, "points")
    except exceptions.UserErrorException:
        made = Dataset.File.upload_directory(
            str(points), (Datastore.get_default(ws), "points"), overwrite=True, show_progress=False
        )
        return made.register(ws, "points")


def test_a_model_is_trained_on_a_mounted_dataset(serve, ws, script, dataset, tmp_path):
    run = Experiment(ws, "train").submit(
        ScriptRunConfig(
            script(TRAIN), script="train.py", arguments=["--data", dataset.as_named_input("points").as_mount()]
        )
    )
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Completed", run.get_logs()
    expected = "mounted" if os.path.exists("/dev/fuse") else "a folder"
    assert f"{expected} ['part-0.csv', 'part-1.csv']" in run.get_logs()
    assert run.get_metrics()["rows"] == 200 and run.get_metrics()["accuracy"] > 0.9
    assert "outputs/coefficients.npy" in run.get_file_names()
    (used,) = details["inputDatasets"]
    assert used["inputDetails"] == {"inputName": "points", "mechanism": "Mount", "pathOnCompute": None}
    assert used["identifier"] == {"savedId": dataset.id, "registeredId": "points", "registeredVersion": "1"}
    assert not [command for command in processes_below(serve.pid).values() if "headrace-mount" in command]
    assert str(serve.home) not in open("/proc/self/mountinfo").read()


def test_a_model_is_trained_on_a_downloaded_dataset(ws, script, dataset):
    run = Experiment(ws, "train").submit(
        ScriptRunConfig(
            script("""
import os, sys
from azureml.core import Run
run = Run.get_context()
folder = run.input_datasets["points"]
print(os.path.ismount(folder), folder == sys.argv[2], sorted(os.listdir(folder)))
run.log("rows", sum(len(open(os.path.join(folder, name)).readlines()) for name in os.listdir(folder)))
"""),
            script="train.py",
            arguments=["--data", dataset.as_named_input("points").as_download()],
        )
    )
    run.wait_for_completion()
    assert run.get_logs() == "False True ['part-0.csv', 'part-1.csv']\n" and run.get_metrics() == {"rows": 200}


def test_an_unregistered_dataset_and_one_used_directly(ws, script, dataset):
    store = Datastore.get_default(ws)
    unsaved = Dataset.File.from_files([(store, "points/part-1.csv")])
    run = Experiment(ws, "train").submit(
        ScriptRunConfig(
            script("""
import os, sys
from azureml.core import Run
run = Run.get_context()
print(sorted(os.listdir(sys.argv[1])), run.input_datasets["direct"].name, os.path.relpath(sys.argv[1]))
"""),
            script="train.py",
            arguments=[unsaved.as_download("here/points"), dataset.as_named_input("direct")],
        )
    )
    run.wait_for_completion()
    assert run.get_logs() == "['part-1.csv'] points here/points\n"


def test_an_input_that_is_gone_fails_the_run_and_names_it(ws, script, dataset):
    store = Datastore.get_default(ws)
    (folder := os.path.join(os.path.dirname(script("")), "short")) and os.makedirs(folder)
    with open(folder + "/f.txt", "w") as file:
        file.write("1")
    lived = Dataset.File.upload_directory(folder, (store, "short"), show_progress=False)
    with open(folder + "/f.txt", "w") as file:
        file.write("22")
    store.upload(folder, "short", overwrite=True, show_progress=False)
    run = Experiment(ws, "train").submit(
        ScriptRunConfig(script("print(1)"), script="train.py", arguments=[lived.as_named_input("gone").as_download()])
    )
    with pytest.raises(exceptions.ActivityFailedException, match="input 'gone'.*short/f.txt.*has changed"):
        run.wait_for_completion()
    assert run.get_details()["error"]["error"]["code"] == "DataAccessError"


def test_a_user_without_the_data_role_is_told_which_and_helped_by_it(serve, ws, script, dataset, monkeypatch):
    """A datastore without credentials: the run reads it as its submitter."""
    import shlex

    from headrace.azureml.core import Workspace

    Datastore.register_azure_blob_container(
        ws,
        "byrole",
        container_name=serve.endpoint.get("container", "demo"),
        account_name=serve.endpoint["account"],
        overwrite=True,
    )
    bob = json.loads(serve.cli("user", "create", "bob", "--json").stdout)
    serve.cli("role", "assign", "Contributor", "--assignee", "bob", "--scope", ws._id)
    mine = Dataset.File.from_files((Datastore.get(ws, "byrole"), "points/part-*.csv"))
    folder = script("import os, sys; print(len(os.listdir(sys.argv[1])))")
    monkeypatch.setenv("HEADRACE_TOKEN", bob["token"])
    theirs = Workspace(ws.subscription_id, ws.resource_group, ws.name)
    config = ScriptRunConfig(
        folder, script="train.py", arguments=[Dataset.get_by_id(theirs, mine.id).as_named_input("data").as_download()]
    )
    run = Experiment(theirs, "roles").submit(config)
    message = run.wait_for_completion(raise_on_error=False)["error"]["error"]["message"]
    assert "bob" in message and "Storage Blob Data Reader" in message, message
    command = shlex.split(message[message.index("headrace role assign") :].splitlines()[0])
    serve.cli(*command[1:], token=serve.endpoint["token"])
    run = Experiment(theirs, "roles").submit(config)
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Completed", run.get_details()
    assert run.get_logs() == "2\n"


def test_an_input_outside_a_run_is_refused_by_name(ws, script):
    run = Experiment(ws, "train").start_logging()
    with pytest.raises(exceptions.UserErrorException, match="has no input 'points'"):
        run.input_datasets["points"]
    run.complete()
    with pytest.raises(exceptions.UserErrorException, match="not letters, digits and underscores"):
        Dataset.get_by_name(ws, "points").as_named_input("not a name")
    assert Run.get(ws, run.id).get_status() == "Completed"
