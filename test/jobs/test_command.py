"""`headrace run …`, as somebody at a shell has it."""

import json
import subprocess

from headrace.azureml.core import Dataset, Datastore

from support.serve import BUILD


def test_a_run_is_submitted_followed_and_looked_at(serve, ws, script, tmp_path):
    (tmp_path / "points.csv").write_text("1,2\n3,4\n")
    store = Datastore.get_default(ws)
    store.upload_files([str(tmp_path / "points.csv")], target_path="cli", overwrite=True, show_progress=False)
    Dataset.File.from_files((store, "cli/points.csv")).register(ws, "cli-points")
    folder = script("""
import os, sys
from azureml.core import Run
run = Run.get_context()
print("arguments", sys.argv[1], sys.argv[3:], os.listdir(sys.argv[2]))
run.log("rate", 0.5); run.log("rate", 0.25)
open("outputs/o.txt", "w").write("12345")
""")
    done = serve.cli(
        "run",
        "submit",
        folder,
        "train.py",
        "--experiment",
        "shell",
        "--name",
        "first one",
        "--input",
        "data=cli-points:1",
        "--follow",
        "--",
        "--data",
        "@data",
        "-x",
        "a b",
    )
    first, rest = done.stdout.split("\n", 1)
    assert rest == "arguments --data ['-x', 'a b'] ['points.csv']\n"
    run = first.split()[1]
    (listed,) = json.loads(serve.cli("run", "list", "--experiment", "shell", "--json").stdout)
    assert (listed["runId"], listed["status"], listed["displayName"]) == (run, "Completed", "first one")
    assert (
        "first one" in (table := serve.cli("run", "list").stdout) and table.startswith("RUN ") and "Completed" in table
    )
    assert serve.cli("run", "logs", run).stdout == rest
    assert serve.cli("run", "metrics", run).stdout.splitlines()[1].split() == ["rate", "0.25", "2", "0"]
    assert ["outputs/o.txt", "5"] in [line.split()[:2] for line in serve.cli("run", "files", run).stdout.splitlines()]
    assert (
        json.loads(serve.cli("run", "show", run, "--json").stdout)["inputDatasets"][0]["identifier"]["registeredId"]
        == "cli-points"
    )


def test_a_failing_run_fails_the_command_that_follows_it(serve, ws, script):
    done = serve.cli("run", "submit", script("raise ValueError('boom')"), "train.py", "--follow", check=False)
    assert done.returncode == 1 and "Failed: the script ended with exit code 1: ValueError: boom" in done.stderr
    assert "ValueError: boom" in serve.cli("run", "show", done.stdout.split()[1]).stdout


def test_a_run_is_cancelled(serve, ws, script):
    run = json.loads(serve.cli("run", "submit", script("import time; time.sleep(300)"), "train.py", "--json").stdout)[
        "runId"
    ]
    follower = subprocess.Popen(
        [str(BUILD / "headrace"), "run", "logs", run, "--follow", "--home", str(serve.home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "Cancel" in serve.cli("run", "cancel", run).stdout
    assert "is Canceled: cancelled by owner" in follower.communicate(timeout=30)[1] and follower.returncode == 1
    again = serve.cli("run", "cancel", run, check=False)
    assert (again.returncode, again.stderr) == (1, f'headrace: run "{run}" has ended already: it is Canceled\n')


def test_what_is_wrong_is_said(serve, ws, script):
    def says(*words, **options):
        done = serve.cli("run", *words, check=False, **options)
        assert done.returncode, done.stdout
        return done.stderr

    folder = script("")
    assert "script 'absent.py' is not in source_directory" in says("submit", folder, "absent.py")
    assert "not NAME=DATASET[:VERSION]" in says("submit", folder, "train.py", "--input", "points")
    serve.cli("dataset", "register", "a-table", "cli/points.csv", "--format", "csv", "--no-header")
    said = says("submit", folder, "train.py", "--input", "points=a-table")
    assert (
        "input 'points': dataset 'a-table' is a table" in said and "as_mount" not in said and "without --format" in said
    )
    assert 'run "absent" does not exist in workspace' in says("show", "absent")
    assert 'experiment "absent" does not exist' in says("list", "--experiment", "absent")
    assert "a word is missing" in says("submit", folder)
    eve = json.loads(serve.cli("user", "create", "eve", "--json").stdout)["token"]
    assert (
        (refusal := says("submit", folder, "train.py", token=eve))
        and "try: headrace role assign" in refusal
        and "Contributor" in refusal
    )
