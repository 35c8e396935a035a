"""Runs of scripts, as a user of the SDK has them."""

import math
import os

import pytest
from headrace.azureml import exceptions
from headrace.azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace

from support.serve import until


def submit(ws, folder, *arguments, experiment="tests", **options):
    return Experiment(ws, experiment).submit(
        ScriptRunConfig(folder, script="train.py", arguments=list(arguments), **options)
    )


def test_a_script_runs_and_leaves_what_it_made(ws, script, tmp_path):
    run = submit(
        ws,
        script("""
import os, sys
from azureml.core import Run
run = Run.get_context()
print("arguments", sys.argv[1:])
for i in range(4):
    run.log("loss", 1 / (i + 1), step=i)
run.log("accuracy", 0.8)
run.log("nothing", float("nan"))
run.log_list("sizes", [1, 2, 3])
run.log_row("sine", x=1, y=2.5)
run.log_table("square", {"x": [1, 2], "y": [1, 4]})
run.tag("colour", "blue")
run.upload_file("notes/n.txt", __file__)
os.makedirs("outputs/deep", exist_ok=True)
open("outputs/deep/model.bin", "wb").write(b"m" * 100000)
os.symlink("/etc/passwd", "outputs/link")
"""),
        "--name",
        "a b",
        3,
        "$HOME 'quoted'",
    )
    details = run.wait_for_completion()
    assert details["status"] == "Completed" and details["runNumber"] == 1 and details["scriptName"] == "train.py"
    assert details["createdBy"]["userName"] == "owner" and details["target"] == "local"
    assert "arguments ['--name', 'a b', '3', \"$HOME 'quoted'\"]" in run.get_logs()
    metrics = run.get_metrics()
    assert math.isnan(metrics.pop("nothing"))
    assert metrics == {
        "loss": [1.0, 0.5, 1 / 3, 0.25],
        "accuracy": 0.8,
        "sizes": [1, 2, 3],
        "sine": {"x": 1, "y": 2.5},
        "square": {"x": [1, 2], "y": [1, 4]},
    }
    assert run.get_tags() == {"colour": "blue"}
    assert run.get_file_names() == ["notes/n.txt", "outputs/deep/model.bin", "user_logs/std_log.txt"]
    assert "'outputs/link' is not a plain file, and was not kept" in run.get_logs()
    run.download_file("outputs/deep/model.bin", str(tmp_path / "model.bin"))
    assert (tmp_path / "model.bin").read_bytes() == b"m" * 100000
    run.download_files("outputs", str(tmp_path / "all"))
    assert (tmp_path / "all/outputs/deep/model.bin").stat().st_size == 100000
    with pytest.raises(exceptions.UserErrorException, match='has no file "outputs/absent"'):
        run.download_file("outputs/absent", str(tmp_path / "x"))


def test_what_a_script_prints_streams_in_its_order(ws, script, tmp_path, capsys):
    gate = tmp_path / "gate"
    run = submit(
        ws,
        script(f"""
import os, sys, time
print("one"); print("two", file=sys.stderr); print("three")
while not os.path.exists({str(gate)!r}):
    time.sleep(0.01)
print("four", "é" * 3)
"""),
    )
    until(lambda: run.get_logs() == "one\ntwo\nthree\n", 20, "the first lines")
    assert run.get_status() == "Running"
    gate.touch()
    run.wait_for_completion(show_output=True)
    assert "Streaming user_logs/std_log.txt" in (shown := capsys.readouterr().out)
    assert "one\ntwo\nthree\nfour ééé\n" in shown and "Status: Completed" in shown


def test_a_script_that_raises_fails_its_run_with_the_traceback(ws, script):
    run = submit(
        ws, script("print('before')\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('boom')\n")
    )
    with pytest.raises(exceptions.ActivityFailedException, match="exit code 1: ValueError: boom") as failure:
        run.wait_for_completion()
    assert "raise ValueError" in str(failure.value)
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    error = run.get_details()["error"]["error"]
    assert error["code"] == "UserError" and error["debugInfo"]["stackTrace"].startswith(
        "Traceback (most recent call last):"
    )


def test_a_script_that_is_killed_says_by_what(ws, script):
    run = submit(ws, script("import os; os.kill(os.getpid(), 9)"))
    assert "signal 9" in run.wait_for_completion(raise_on_error=False)["error"]["error"]["message"]


def test_a_run_is_cancelled_with_all_it_started(ws, script):
    run = submit(
        ws,
        script("""
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
print("child", child.pid, flush=True)
time.sleep(300)
"""),
    )
    until(lambda: "child" in run.get_logs(), 20, "the script's start")
    child = int(run.get_logs().split()[1])
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert not os.path.exists(f"/proc/{child}")
    run.cancel()  # once more changes nothing
    assert run.get_status() == "Canceled"


def test_a_run_that_takes_too_long_is_ended(ws, script):
    run = submit(ws, script("import time; time.sleep(300)"), max_run_duration_seconds=1)
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed" and details["error"]["error"]["code"] == "JobTimeout"


def test_runs_wait_for_their_turn(ws, script, tmp_path):
    gate = tmp_path / "gate"
    folder = script(f"import os, time\nwhile not os.path.exists({str(gate)!r}):\n    time.sleep(0.01)\n")
    runs = [submit(ws, folder) for _ in range(6)]
    until(lambda: [run.get_status() for run in runs].count("Running") == 4, 30, "four runs at a time")
    assert [run.status for run in runs].count("Queued") == 2
    runs[5].cancel()
    assert runs[5].get_status() == "Canceled"
    gate.touch()
    assert [run.wait_for_completion()["status"] for run in runs] == ["Completed"] * 5 + ["Canceled"]


def test_an_interactive_run_is_what_a_notebook_logs_to(ws, tmp_path):
    experiment = Experiment(ws, "notebook")
    run = experiment.start_logging(display_name="by hand")
    assert run.get_status() == "Running" and run.display_name == "by hand" and run.type == "azureml.interactive"
    run.log("x", 1)
    run.log("x", 2)
    (tmp_path / "f.txt").write_text("kept")
    run.upload_file("outputs/f.txt", str(tmp_path / "f.txt"))
    run.complete()
    assert (
        run.get_status() == "Completed"
        and run.get_metrics() == {"x": [1, 2]}
        and run.get_file_names() == ["outputs/f.txt"]
    )
    with pytest.raises(exceptions.UserErrorException, match="has ended"):
        run.fail("too late")
    with pytest.raises(ZeroDivisionError), experiment.start_logging() as failing:
        raise ZeroDivisionError("division by zero")
    assert failing.get_details()["error"]["error"]["message"] == "ZeroDivisionError: division by zero"
    assert [found.id for found in experiment.get_runs()] == [failing.id, run.id]
    assert Run.get(ws, run.id).experiment.name == "notebook"
    assert "<table" in run._repr_html_() and run.id in run._repr_html_()


def test_files_of_every_kind_are_kept(ws, tmp_path, monkeypatch):
    """Empty, in one piece, in blocks, from a stream, a folder, a picture."""
    import io

    from headrace.runner import storage

    monkeypatch.setattr(storage, "SINGLE_MAX", 1000)
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    contents = {"empty": b"", "small é": b"x", "sub/large": bytes(range(256)) * 20}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    with Experiment(ws, "files").start_logging() as run:
        run.upload_folder("all", str(folder))
        run.upload_file("text", io.StringIO("text"))
        run.log_image("picture", path=__file__)
        with pytest.raises(exceptions.UserErrorException, match="is not a relative path"):
            run.upload_file("../up", __file__)
    assert run.get_file_names() == ["all/empty", "all/small é", "all/sub/large", "picture.py", "text"]
    run.download_files("all", str(tmp_path / "back"))
    assert {name: (tmp_path / "back/all" / name).read_bytes() for name in contents} == contents
    assert run.get_metrics()["picture"].endswith("/picture.py")


def test_outside_a_run_a_script_prints_what_it_logs(capsys, monkeypatch):
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    run = Run.get_context()
    run.log("loss", 0.5)
    assert capsys.readouterr().out == "Attempted to log scalar metric loss:\n0.5\n"
    with pytest.raises(exceptions.RunEnvironmentException):
        Run.get_context(allow_offline=False)


def test_a_snapshot_leaves_out_what_is_ignored_and_is_bounded(ws, script, monkeypatch):
    folder = script(
        "import os; print(sorted(os.path.join(d, f) for d, _, fs in os.walk('.') for f in fs))",
        **{
            ".amlignore": "*.csv\n!keep.csv\nsecret/\n",
            ".gitignore": "train.py\n",
            "a.csv": "1",
            "keep.csv": "2",
            "b.txt": "3",
        },
    )
    os.makedirs(folder + "/secret")
    open(folder + "/secret/key", "w").close()
    run = submit(ws, folder)
    run.wait_for_completion()
    assert run.get_logs() == "['./.gitignore', './b.txt', './keep.csv', './train.py']\n"
    monkeypatch.setattr("headrace.azureml.snapshot.SIZE_MAX", 2)
    with pytest.raises(exceptions.SnapshotException, match="larger than a snapshot may be"):
        submit(ws, folder)


def test_the_environment_names_a_python(ws, script, tmp_path):
    """A Python that knows nothing of Headrace: the drop-in import works there too, and its own sitecustomize still does."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexport FOUND=wrapper\nexec {os.sys.executable} "$@"\n')
    python.chmod(0o755)
    environment = Environment("mine")
    environment.python.interpreter_path = str(python)
    environment.environment_variables["GIVEN"] = "a b"
    folder = script(
        "import os; from azureml.core import Run; print(os.environ['FOUND'], os.environ['GIVEN'], Run.get_context().id)"
    )
    with pytest.raises(NotImplementedError, match="user_managed_dependencies"):
        submit(ws, folder, environment=environment)
    environment.python.user_managed_dependencies = True
    run = submit(ws, folder, environment=environment)
    run.wait_for_completion()
    assert run.get_logs() == f"wrapper a b {run.id}\n"


@pytest.mark.parametrize(
    "properties, status, message",
    [
        ({"jobType": "Pipeline"}, 501, 'job type "Pipeline" is not supported'),
        ({"command": "true", "computeId": "gpu"}, 404, 'compute "gpu" does not exist'),
        (
            {"command": "true", "environmentId": "azureml:AzureML-sklearn:1"},
            501,
            "images and conda files are not built",
        ),
        (
            {"command": "true", "distribution": {"distributionType": "PyTorch"}},
            501,
            '"distribution" of a job is not supported',
        ),
        ({"command": "true", "resources": {"instanceCount": 2}}, 501, "instanceCount"),
        ({"command": "true", "identity": {"identityType": "Managed"}}, 501, 'identity "Managed" is not supported'),
        ({"command": "true", "limits": {"timeout": "soon"}}, 400, "is not a duration"),
        ({"command": "true", "codeId": "azureml:absent:1"}, 404, 'code "absent:1" does not exist'),
        (
            {"command": "true", "inputs": {"a": {"jobInputType": "uri_folder", "uri": "x", "mode": "ReadWriteMount"}}},
            501,
            "ReadWriteMount",
        ),
        ({"command": ""}, 400, '"command" is missing'),
    ],
)
def test_what_a_job_cannot_be_is_refused_by_name(ws, properties, status, message):
    answer = ws._endpoint.request(
        "PUT",
        ws._id + "/jobs/refused",
        "2023-04-01",
        {"properties": {"jobType": "Command", **properties}},
        accept=(status,),
    )
    assert message in answer.json()["error"]["message"]
    assert ws._endpoint.request("GET", ws._id + "/jobs/refused", "2023-04-01", accept=(404,)).status_code == 404


def test_bad_input_is_refused_before_anything_runs(ws, script):
    with pytest.raises(exceptions.UserErrorException, match="is not in source_directory"):
        Experiment(ws, "tests").submit(ScriptRunConfig(script(""), script="absent.py"))
    with pytest.raises(exceptions.UserErrorException, match="experiment name"):
        Experiment(ws, "a name with / and spaces")
    with pytest.raises(NotImplementedError, match="submit a ScriptRunConfig"):
        Experiment(ws, "tests").submit(object())


def test_a_second_user_is_refused_until_the_printed_command_has_run(serve, ws, script, monkeypatch):
    import json
    import shlex

    ada = json.loads(serve.cli("user", "create", "ada", "--json").stdout)
    folder = script("print('ada')")
    mine = submit(ws, folder, experiment="shared")
    mine.wait_for_completion()
    monkeypatch.setenv("HEADRACE_TOKEN", ada["token"])
    theirs = Workspace(ws.subscription_id, ws.resource_group, ws.name)
    assert [run.id for run in Experiment(theirs, "shared").get_runs()] == [mine.id]  # a Reader may look …
    with pytest.raises(exceptions.UserErrorException) as refusal:  # … but not run, nor change
        submit(theirs, folder, experiment="shared")
    assert "ada" in str(refusal.value) and "Contributor" in str(refusal.value) and ws.name in str(refusal.value)
    with pytest.raises(exceptions.UserErrorException, match="Contributor"):
        next(Experiment(theirs, "shared").get_runs()).tag("mine")
    command = shlex.split(str(refusal.value).partition("To change that: ")[2].strip())
    assert command[0] == "headrace"
    serve.cli(*command[1:], token=serve.endpoint["token"])
    run = submit(theirs, folder, experiment="shared")
    assert run.wait_for_completion()["createdBy"]["userName"] == "ada" and run.get_logs() == "ada\n"


def test_the_token_of_a_run_ends_with_it(ws, script):
    import requests

    run = submit(ws, script("import os; print(os.environ['HEADRACE_TOKEN'])"))
    run.wait_for_completion()
    token = run.get_logs().strip()
    answer = requests.get(
        ws._endpoint.url + "/v1.0/me",
        headers={"Authorization": "Bearer " + token},
        verify=ws._endpoint.ca_file,
        timeout=10,
    )
    assert answer.status_code == 401


def test_the_address_of_a_log_opens_that_log_only(ws, script):
    import requests

    run = submit(ws, script("print('hello')"))
    run.wait_for_completion()
    url = run.get_details()["logFiles"]["user_logs/std_log.txt"]
    get = lambda url: requests.get(url, verify=ws._endpoint.ca_file, timeout=10)  # noqa: E731  (no token)
    assert get(url).text == "hello\n" and get(url + "?offset=3").text == "lo\n" and get(url + "?offset=99").text == ""
    assert get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 401
    assert get(url.rpartition("/log/")[0] + "/details").status_code == 401


def test_a_run_is_removed_with_its_record(ws, script):
    run = submit(ws, script("print(1)"), experiment="gone")
    run.wait_for_completion()
    path = f"{ws._id}/jobs/{run.id}"
    ws._endpoint.request("DELETE", path)
    ws._endpoint.request("GET", path, accept=(404,))
    assert list(Experiment(ws, "gone").get_runs()) == []
