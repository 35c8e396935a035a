"""What is killed while a run is under way: the script, its runner, the daemon, the storage account, all of them."""

import os
import pathlib
import signal

from headrace.azureml.core import Experiment, Run, ScriptRunConfig

from support.serve import processes_below, until

SCRIPT = """
import os, subprocess, sys, time
from azureml.core import Run
run = Run.get_context()
run.log("before", 1)
run.flush()
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
open("outputs/early.txt", "w").write("early")
print("started", os.getpid(), child.pid, flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
run.log("after", 2)
os.makedirs("outputs", exist_ok=True)
open("outputs/o.txt", "w").write("kept")
print("done")
"""


def start(ws, script, tmp_path):
    """A run whose script has started, the file that it waits for, and every process of it."""
    gate = tmp_path / "gate"
    run = Experiment(ws, "killed").submit(ScriptRunConfig(script(SCRIPT), script="train.py", arguments=[gate]))
    until(lambda: "started" in run.get_logs(), 30, "the script's start")
    return run, gate, [int(word) for word in run.get_logs().split()[1:3]]


def runner_of(server):
    """The one process that executes a run."""
    found = [
        int(path.parent.name)
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
        if (words := _words(path)) and "headrace.runner" in words and words[-1].startswith(str(server.home))
    ]
    return found[0] if len(found) == 1 else None


def _words(path):
    try:
        return path.read_bytes().decode().rstrip("\0").split("\0")
    except OSError:
        return None


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(pids):
    until(lambda: not any(lives(pid) for pid in pids), 20, "the end of every process of the run")


def test_a_killed_runner_fails_its_run_and_leaves_no_process(fresh_serve, fresh_ws, script, tmp_path):
    run, _, pids = start(fresh_ws, script, tmp_path)
    os.kill(runner_of(fresh_serve), signal.SIGKILL)
    error = run.wait_for_completion(raise_on_error=False)["error"]["error"]
    assert error["code"] == "RunnerDied" and "killed by signal 9" in error["message"]
    assert run.get_status() == "Failed" and run.get_metrics() == {"before": 1} and "started" in run.get_logs()
    until_gone(pids)


def test_a_run_goes_on_while_the_daemon_is_killed_and_is_found_again(fresh_serve, fresh_ws, script, tmp_path):
    run, gate, pids = start(fresh_ws, script, tmp_path)
    waiting = [
        Experiment(fresh_ws, "killed").submit(ScriptRunConfig(script("print('later')"), script="train.py"))
        for _ in range(2)
    ]
    for other in waiting:
        other.wait_for_completion()
    fresh_serve.kill()
    assert lives(pids[0])
    fresh_serve.start()
    assert run.get_status() == "Running" and run.get_metrics() == {"before": 1}
    gate.touch()
    assert run.wait_for_completion()["status"] == "Completed"
    assert (
        run.get_metrics() == {"before": 1, "after": 2}
        and "outputs/o.txt" in run.get_file_names()
        and "done" in run.get_logs()
    )
    run.download_file("outputs/o.txt", str(tmp_path / "o.txt"))
    assert (tmp_path / "o.txt").read_text() == "kept"
    until_gone(pids)


def test_a_run_that_ends_while_the_daemon_is_down_has_ended_so(fresh_serve, fresh_ws, script, tmp_path):
    """What it logs and leaves waits for the server."""
    run, gate, pids = start(fresh_ws, script, tmp_path)
    (log,) = fresh_serve.home.glob("runs/*/user_logs/std_log.txt")
    fresh_serve.kill()
    gate.touch()
    until(lambda: "done" in log.read_text(), 20, "the script's last line")
    fresh_serve.start()
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics() == {"before": 1, "after": 2} and "outputs/o.txt" in run.get_file_names()


def test_daemon_and_runner_killed_together(fresh_serve, fresh_ws, script, tmp_path):
    run, _, pids = start(fresh_ws, script, tmp_path)
    runner = runner_of(fresh_serve)
    fresh_serve.kill()
    os.kill(runner, signal.SIGKILL)
    fresh_serve.start()
    error = run.wait_for_completion(raise_on_error=False)["error"]["error"]
    assert error["code"] == "RunnerDied" and "while the server was down" in error["message"]
    until_gone(pids)


def test_what_was_queued_when_the_daemon_was_killed_runs_later(fresh_serve, fresh_ws, script, tmp_path):
    gate = tmp_path / "gate"
    folder = script(SCRIPT)
    runs = [
        Experiment(fresh_ws, "killed").submit(ScriptRunConfig(folder, script="train.py", arguments=[gate]))
        for _ in range(6)
    ]
    fresh_serve.kill()  # whatever each of them has come to
    gate.touch()
    fresh_serve.start()
    assert [run.wait_for_completion(raise_on_error=False)["status"] for run in runs] == ["Completed"] * 6
    assert [Run.get(fresh_ws, run.id).number for run in runs] == [1, 2, 3, 4, 5, 6]


def test_a_server_that_is_told_to_end_ends_its_runs(fresh_serve, fresh_ws, script, tmp_path):
    run, _, pids = start(fresh_ws, script, tmp_path)
    runner = runner_of(fresh_serve)
    below = processes_below(fresh_serve.pid)
    assert runner in below
    fresh_serve.stop()
    until_gone([*pids, runner])
    fresh_serve.start()
    details = run.wait_for_completion()
    assert details["status"] == "Canceled" and details["error"]["error"]["message"] == "the server was stopped"
    assert run.get_file_names() == ["outputs/early.txt", "user_logs/std_log.txt"]  # kept by the server that came after


def test_the_storage_account_killed_while_outputs_are_kept(fresh_serve, fresh_ws, script, tmp_path):
    run, gate, _ = start(fresh_ws, script, tmp_path)
    (account,) = [pid for pid, command in processes_below(fresh_serve.pid).items() if " account " in command]
    gate.touch()
    os.kill(account, signal.SIGKILL)
    assert run.wait_for_completion()["status"] == "Completed" and "outputs/o.txt" in run.get_file_names()
    run.download_file("outputs/o.txt", str(tmp_path / "o.txt"))
    assert (tmp_path / "o.txt").read_text() == "kept"
