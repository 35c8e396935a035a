"""The life of one run: prepare, execute, keep what it left, say how it ended."""

import ctypes
import errno
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from headrace.runner import inputs, storage
from headrace.runner.report import RunError, tell

POLL = 0.05  # seconds between two looks at the script, its limits and the wish to end it
GRACE = 4  # seconds that a script gets between TERM and KILL; the server gives this process more
PATIENCE = 300  # seconds for which a server that does not answer is asked again: it may be being started again
SNAPSHOT_MAX = 300 * 1024 * 1024
LOG_MAX = 1024**3
TRACE_MAX = 64 * 1024
VARIABLE = "HEADRACE_RUN_FOLDER"  # every process of the run inherits it: that is how they are found
LOCK = 3  # the descriptor of `lock`, from the server
KEPT = ("outputs", "logs")  # folders of the working folder whose files are kept
FULL = (errno.ENOSPC, errno.EDQUOT)
ROOM_EVERY = 0.5  # seconds between two looks whether a full disk has room again
NOT_FINAL = 5  # exit status: the run has ended, its outputs are not kept yet; the server starts this again


class Cancelled(Exception):
    pass


class Runner:
    def __init__(self, folder, order):
        self.folder, self.order, self.spec = folder, order, order["spec"]
        self.work = os.path.join(folder, "work")
        self.log_path = os.path.join(folder, "user_logs", "std_log.txt")
        self.started = None
        self.exit_code = None
        self.wish = None  # a signal's wish to end
        self.http = storage.session(order.get("caFile"))
        self.inputs = {}
        self.mounts = []
        self.unsaid = None  # a status that the full disk did not take, and that need not be waited for

    # ---- what the server reads ----

    def status(self, state, **more):
        """Says durably where the run is. A disk that is full is waited for: what is not said here would be taken for a death."""
        value = {"state": state, "pid": os.getpid(), "startedMs": self.started, "exitCode": self.exit_code, **more}
        self.unsaid = {key: item for key, item in value.items() if item is not None}
        told = False
        while not self.say():
            if not told:
                tell("%s: the disk is full: free space there, the run goes on then" % self.folder)
                told = True
            if self.wish:
                raise RunError("DiskFull", disk_full(self.folder))
            time.sleep(ROOM_EVERY)

    def say(self):
        """Writes what is not said yet; False: the disk is full."""
        if self.unsaid is None:
            return True
        try:
            write_json(os.path.join(self.folder, "status.json"), self.unsaid)
        except OSError as err:
            if err.errno not in FULL:
                raise
            return False
        self.unsaid = None
        return True

    def note(self, text):
        """A line of ours in the run's log."""
        with open(self.log_path, "ab") as log:
            log.write(("[headrace] %s\n" % text).encode())

    def cancelled(self):
        if self.wish:
            return self.wish
        try:
            with open(os.path.join(self.folder, "cancel"), encoding="utf-8") as file:
                return file.read() or "cancelled"
        except FileNotFoundError:
            return None

    def endpoint(self):
        """The server, which may be being started again: it is waited for, unless the run is to end."""
        from headrace.azureml.client import Endpoint

        made = Endpoint(self.order["url"], self.order["token"], self.order.get("caFile"), patience=PATIENCE)
        made.give_up = lambda: self.cancelled() is not None
        return made

    def workspace(self):
        """The run's workspace, by its own token."""
        from headrace.azureml.workspace import Workspace

        parts = self.order["workspace"].strip("/").split("/")
        endpoint = self.endpoint()
        return Workspace._known(endpoint, parts[1], parts[3], parts[7])

    # ---- the run ----

    def execute(self):
        """Runs everything but the keeping of outputs; returns the final status' fields."""
        state, error = "Completed", None
        try:
            self.prepare()
            self.run_script()
        except Cancelled as wish:
            state, error = "Canceled", {"code": "Canceled", "message": str(wish)}
        except RunError as err:
            state, error = "Failed", {"code": err.code, "message": str(err), "traceback": err.trace}
        except storage.StorageError as err:
            state, error = "Failed", {"code": "StorageError", "message": str(err)}
        except Exception as err:  # ours: the run's record says so, runner.log has the rest
            import traceback

            tell(traceback.format_exc())
            if isinstance(err, OSError) and err.errno in FULL:
                error = {"code": "DiskFull", "message": disk_full(err.filename or self.folder)}
            else:
                error = {"code": "RunnerError", "message": "%s: %s" % (type(err).__name__, err)}
            state = "Failed"
        ended = int(time.time() * 1000)
        self.sweep()
        if error:
            error = {key: value for key, value in error.items() if value}
        final = {
            "state": state,
            "error": error,
            "endedMs": ended,
            "startedMs": self.started,
            "exitCode": self.exit_code,
        }
        self.status("Finalizing", final=final)
        return final

    def finalize(self, final):
        """Keeps what the script left. False: nobody answers, and whoever is started next for this run goes on here."""
        from headrace.azureml.client import NoAnswer

        self.started, self.exit_code = final.pop("startedMs", None), final.pop("exitCode", None)
        try:
            self.keep()
            shutil.rmtree(self.work, ignore_errors=True)
        except (storage.NoAnswer, NoAnswer) as err:
            tell("outputs:", err)
            return False
        except Exception as err:
            tell("outputs:", err)
            if not final.get("error"):
                final.update(
                    state="Failed",
                    error={"code": "OutputsNotKept", "message": "the outputs could not be kept: %s" % err},
                )
        shutil.rmtree(os.path.join(self.folder, "site"), ignore_errors=True)
        self.status(final.pop("state"), **final)
        return True

    def prepare(self):
        os.makedirs(os.path.join(self.work, "outputs"), exist_ok=True)
        os.makedirs(os.path.join(self.work, "logs"), exist_ok=True)
        self.check_wish()
        prefix = self.spec.get("codePrefix")
        if prefix:
            storage.fetch_tree(self.http, self.order["code"], prefix, self.work, SNAPSHOT_MAX)
        self.check_wish()
        for name, value in (self.spec.get("inputs") or {}).items():
            self.inputs[name] = inputs.materialize(self, name, value)
            self.check_wish()

    def check_wish(self):
        wish = self.cancelled()
        if wish:
            raise Cancelled(wish)

    def command(self):
        """The command with the places of inputs and outputs in it."""
        import shlex

        def place(match):
            kind, name = match.group(1), match.group(2)
            if kind == "inputs":
                if name not in self.inputs:
                    raise RunError("UserError", "the command names input '%s', which the run does not have" % name)
                return shlex.quote(str(self.inputs[name]["path"]))
            path = os.path.join(self.work, "outputs", name)
            os.makedirs(path, exist_ok=True)
            return shlex.quote(path)

        return re.sub(r"\$\{\{\s*(inputs|outputs)\.([\w.-]+)\s*\}\}", place, self.spec["command"])

    def environment(self):
        """What the script's process is told, beside what this one was."""
        order, parts = self.order, self.order["workspace"].strip("/").split("/")
        bin_folder = os.path.dirname(sys.executable)
        env = {**os.environ, "PYTHONPATH": self.python_path()}
        env.update(self.spec.get("environmentVariables") or {})
        env.update(
            {
                "PATH": bin_folder + os.pathsep + env.get("PATH", os.defpath),
                "PYTHONUNBUFFERED": "1",  # so that the log has the script's lines in their order
                VARIABLE: self.folder,
                "HEADRACE_URL": order["url"],
                "HEADRACE_TOKEN": order["token"],
                "HEADRACE_CA_FILE": order.get("caFile") or "",
                "HEADRACE_RUN_INPUTS": json.dumps(self.inputs),
                "AZUREML_RUN_ID": order["run"],
                "AZUREML_EXPERIMENT_NAME": order["experiment"],
                "AZUREML_EXPERIMENT_SCOPE": "%s/experiments/%s" % (order["workspace"], order["experiment"]),
                "AZUREML_ARM_SUBSCRIPTION": parts[1],
                "AZUREML_ARM_RESOURCEGROUP": parts[3],
                "AZUREML_ARM_WORKSPACE_NAME": parts[7],
                "AZUREML_ARM_PROJECT_NAME": order["experiment"],
                "AZUREML_WORKSPACE_SCOPE": order["workspace"],
                "MLFLOW_TRACKING_URI": "%s/mlflow/v1.0%s" % (order["url"], order["workspace"]),
                "MLFLOW_TRACKING_TOKEN": order["token"],
                "MLFLOW_TRACKING_SERVER_CERT_PATH": order.get("caFile") or "",
                "MLFLOW_RUN_ID": order["run"],
                "MLFLOW_EXPERIMENT_NAME": order["experiment"],
            }
        )
        if order.get("sparkRemote"):
            env["SPARK_REMOTE"] = order[
                "sparkRemote"
            ]  # SparkSession.builder.getOrCreate() is the run's session of its pool
        for name, value in self.inputs.items():
            env["AZUREML_DATAREFERENCE_" + name] = env["AZURE_ML_INPUT_" + name] = str(value["path"])
        return env

    def python_path(self):
        import headrace
        from headrace.runner import site

        ours = os.path.dirname(os.path.dirname(os.path.abspath(headrace.__file__)))
        rest = site.without(os.environ.get("PYTHONPATH", ""), ours)
        return os.pathsep.join(filter(None, (site.make(self.folder), rest)))

    def run_script(self):
        command = self.command()
        libc = ctypes.CDLL(None, use_errno=True)

        def die_with_us():
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

        with open(self.log_path, "ab") as log:
            child = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=self.work,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_us,
            )
        self.started = int(time.time() * 1000)
        self.unsaid = {"state": "Running", "pid": os.getpid(), "startedMs": self.started, "script": child.pid}
        why = self.watch(child)
        self.exit_code = child.returncode
        if why:
            raise why
        if child.returncode:
            raise RunError("UserError", self.failure(child.returncode), self.last_traceback())

    def watch(self, child):
        """Waits for the script; returns the exception to be raised when we ended it."""
        limit = self.spec.get("timeoutSeconds")
        deadline = time.monotonic() + limit if limit else None
        pause, room_at = 0.005, 0
        while child.poll() is None:
            if self.unsaid and time.monotonic() >= room_at and not self.say():
                room_at = time.monotonic() + ROOM_EVERY
            wish = self.cancelled()
            if wish:
                self.end(child)
                return Cancelled(wish)
            if deadline and time.monotonic() > deadline:
                self.end(child)
                return RunError("JobTimeout", "the run took longer than its limit of %d seconds, and was ended" % limit)
            if os.path.getsize(self.log_path) > LOG_MAX:
                self.end(child)
                return RunError("LogTooLarge", "the script printed more than %d bytes, and was ended" % LOG_MAX)
            try:
                child.wait(pause)
            except subprocess.TimeoutExpired:
                pause = min(POLL, pause * 2)
        return None

    def end(self, child):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                pass
            try:
                child.wait(GRACE)
                return
            except subprocess.TimeoutExpired:
                continue
        child.wait()

    def failure(self, code):
        if code < 0:
            return "the script was killed by signal %d (%s)" % (-code, signal.strsignal(-code))
        if code > 128 and code < 160:  # the shell's way to say it
            return "the script was killed by signal %d (%s)" % (code - 128, signal.strsignal(code - 128))
        trace = self.last_traceback()
        last = trace.strip().splitlines()[-1] if trace else None
        full = "; " + disk_full(self.folder) if is_full(self.folder) else ""
        return "the script ended with exit code %d%s%s" % (code, ": " + last if last else "", full)

    def last_traceback(self):
        with open(self.log_path, "rb") as log:
            log.seek(max(0, os.path.getsize(self.log_path) - TRACE_MAX))
            text = log.read().decode("utf-8", "replace")
        at = text.rfind("Traceback (most recent call last):")
        return text[at:] if at >= 0 else None

    # ---- what is left ----

    def sweep(self):
        """Ends what the script left behind, in whatever session it went."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            found = processes_of(self.folder)
            for pid in found:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + 1
            while found and time.monotonic() < deadline and set(found) & set(processes_of(self.folder)):
                time.sleep(0.01)
        reap()
        inputs.release(self)

    def kept_files(self):
        """(path in the record, path here) of every file that is kept."""
        for top in KEPT:
            for folder, names, files in os.walk(os.path.join(self.work, top)):
                names.sort()
                for name in sorted(files):
                    path = os.path.join(folder, name)
                    relative = os.path.relpath(path, self.work)
                    if os.path.islink(path) or not os.path.isfile(path):
                        self.note("'%s' is not a plain file, and was not kept" % relative)
                    else:
                        yield relative.replace(os.sep, "/"), path
        if os.path.exists(self.log_path):
            yield "user_logs/std_log.txt", self.log_path

    def keep(self):
        from headrace.azureml.history import History

        History(self.endpoint(), self.order["workspace"], self.order["experiment"], self.order["run"]).upload(
            list(self.kept_files())
        )


def disk_full(place):
    return "the disk is full that has '%s': free space there, and submit the run again" % place


def is_full(folder):
    room = os.statvfs(folder)
    return not room.f_bavail or (room.f_files and not room.f_favail)


def adopt_orphans():
    """What the script's processes leave behind becomes this process's child, so that it is seen to its end."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def reap():
    """Takes the ended orphans from the process table; the script itself was waited for."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def processes_of(folder):
    """Every process, but this one, whose environment says that it belongs to the run."""
    wanted = ("%s=%s" % (VARIABLE, folder)).encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/environ" % name, "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    return found


def write_json(path, value):
    """Replaces the file as a whole, durably."""
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def main(arguments):
    if len(arguments) != 1:
        print("usage: python -m headrace.runner FOLDER", file=sys.stderr)
        return 2
    folder = os.path.abspath(arguments[0])
    os.set_inheritable(LOCK, False)  # ours alone: it says that we live
    fcntl.flock(
        LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB
    )  # the server has taken it for us; OSError: somebody started this by hand
    before = read_json(os.path.join(folder, "status.json")) or {}
    if before and "final" not in before:
        return 3  # it began once, and is not begun again
    runner = Runner(folder, read_json(os.path.join(folder, "run.json")))

    def on_signal(number, frame):
        runner.wish = runner.wish or "the process that ran it was told to end"

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    adopt_orphans()
    if runner.order.get("headrace"):
        os.environ["HEADRACE_BUILD"] = os.path.dirname(
            runner.order["headrace"]
        )  # where the SDK finds the command that mounts
    storage.give_up = lambda: runner.cancelled() is not None
    if not before:
        runner.status("Preparing")
    return 0 if runner.finalize(before.get("final") or runner.execute()) else NOT_FINAL
