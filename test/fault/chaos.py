"""kill -9 of every kind of process at random, under writers of every kind: nothing that was acknowledged may be lost, nothing may be half there, and no
process may be left behind.

    python test/fault/chaos.py --kills 300 --seed 1 [--seconds 3600] [--only Upload,Conf] [--home FOLDER]

HEADRACE_BUILD names the build folder. A seed gives the same victims and pauses; what the writers do meanwhile depends on the machine. It prints a line a
round, and at the end a JSON object with what was acknowledged, killed and found; the exit status is 1 when anything was found.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "python")]

from azure.storage.blob import BlobBlock  # noqa: E402
from azure.storage.filedatalake import DataLakeServiceClient  # noqa: E402
from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: E402
from pyspark.sql.connect.session import SparkSession  # noqa: E402

from support.rest import LINK, Rest  # noqa: E402
from support.serve import BUILD, Serve, until  # noqa: E402

MARK = "HEADRACE_CHAOS"  # in the environment of every process of ours
SETTLE_SECONDS = 90  # a writer that has not come to the end of its step by then is stuck
ROUND = 20  # kills between two looks at everything


class Wrong(Exception):
    """Something acknowledged is not there, or something is there that nobody wrote."""


def expect(condition, *what):
    if not condition:
        raise Wrong(" ".join(map(str, what)))


# ---- processes ----


def processes(mark):
    """Every live process of this run, whoever its parent is, as {pid: words of its command line}."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            ours = f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if ours and words[0]:
            found[int(entry.name)] = words
    return found


def parent_of(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kind_of(pid, words, all_words):
    program = os.path.basename(words[0])
    if "headrace.interpreter" in words:
        return "interpreter" if "headrace.interpreter" in all_words.get(parent_of(pid), []) else "interpreters' parent"
    if "headrace.runner" in words:
        return "runner"
    if program == "headrace-host":
        return "host"
    if program == "headrace-mount":
        return "mount"
    if program == "headrace" and len(words) > 1 and words[1] in ("serve", "account"):
        return {"serve": "daemon", "account": "account"}[words[1]]
    return None


# ---- writers: step() does one thing and returns once it is acknowledged; check() looks for all that was ----


class Writer:
    """Notes go to `held` when the answer has come, and to `trying` before: what is there must be what was acknowledged last, or what was tried since."""

    def __init__(self, world):
        self.world, self.rest = world, world.rest
        self.held, self.trying, self.acknowledged, self.failed, self.last = {}, {}, 0, 0, ""
        self.random, self.number = random.Random(), 0

    def prepare(self):
        pass

    def next(self):
        self.number += 1
        return self.number

    def note(self, name, value, work):
        self.trying.setdefault(name, []).append(value)
        work()
        self.trying.pop(name)
        self.held[name] = value
        self.acknowledged += 1

    def check(self):
        for name, value in self.held.items():
            found = self.look(name)
            expect(
                found == value or found in self.trying.get(name, []),
                f"{type(self).__name__}: {name} was acknowledged as {str(value)[:80]!r} and is {str(found)[:80]!r}",
            )


class Upload(Writer):
    """Small blobs, each in one request, over each other."""

    def step(self):
        name, number = f"uploads/{self.random.randrange(6)}", self.next()
        data = number.to_bytes(4, "big") * self.random.choice([10, 1000, 200_000])
        with self.rest.container() as container:
            self.note(name, data, lambda: container.upload_blob(name, data, overwrite=True))

    def look(self, name):
        with self.rest.container() as container:
            return container.download_blob(name).readall()


class Blocks(Upload):
    """Larger ones in blocks: whole, old or new, whatever dies between two of its requests."""

    def step(self):
        name, number = f"blocks/{self.random.randrange(3)}", self.next()
        pieces = [bytes([piece]) + number.to_bytes(4, "big") * 100_000 for piece in range(4)]

        def send():
            with self.rest.container() as container:
                blob = container.get_blob_client(name)
                for i, piece in enumerate(pieces):
                    blob.stage_block(f"{number:08}-{i}", piece)
                blob.commit_block_list([BlobBlock(f"{number:08}-{i}") for i in range(len(pieces))])

        self.note(name, b"".join(pieces), send)


class Rename(Writer):
    """A file gets another name: under one of the two it is, never under both, never under none."""

    def step(self):
        number = self.next()
        old, new, data = f"renames/old-{number}", f"renames/new-{number}", f"content {number}".encode() * 100
        with DataLakeServiceClient(self.rest.url, credential=self.rest.key, retry_total=0, read_timeout=20) as client:
            file = client.get_file_system_client("demo").get_file_client(old)
            file.upload_data(data, overwrite=True)
            self.note(number, (False, data), lambda: file.rename_file(f"demo/{new}"))

    def look(self, number):
        with self.rest.container() as container:
            return container.get_blob_client(f"renames/old-{number}").exists(), container.download_blob(
                f"renames/new-{number}"
            ).readall()

    def check(self):
        super().check()
        with self.rest.container() as container:
            for number, ((_, data),) in self.trying.items():
                there = [
                    name for name in ("old", "new") if container.get_blob_client(f"renames/{name}-{number}").exists()
                ]
                expect(len(there) == 1, f"Rename: of {number}, whose rename was not acknowledged, there is {there}")
                expect(
                    container.download_blob(f"renames/{there[0]}-{number}").readall() == data,
                    f"Rename: {number} has other bytes",
                )
        self.held, self.trying = dict(list(self.held.items())[-50:]), {}


class Link(Writer):
    def step(self):
        name = f"link{self.next()}"
        self.held[name] = self.rest.link(name)["identity"]["principalId"]
        self.acknowledged += 1

    def check(self):
        listed = self.rest.ask("GET", f"{self.rest.workspace}/linkedServices{LINK}")["value"]
        found = {one["name"]: one["identity"]["principalId"] for one in listed}
        for name, principal in self.held.items():
            expect(found.get(name) == principal, f"Link: {name} was {principal} and is {found.get(name)}")
        expect(all(found.values()), "Link: one has no identity")


class Attach(Writer):
    """Acknowledged is the 201, before the attach is done: it must end well though the daemon that promised it is gone."""

    def prepare(self):
        self.rest.link("forcomputes")

    def step(self):
        name = f"c{self.next()}x"
        self.rest.attach(name)
        self.held[name] = "Succeeded"
        self.acknowledged += 1
        time.sleep(0.1)

    def look(self, name):
        def ended():
            state = self.rest.compute(name)["properties"]["provisioningState"]
            return state if state in ("Succeeded", "Failed", "Canceled") else None

        return until(ended, 20, f"the end of attaching {name}")


class Register(Writer):
    def prepare(self):
        with self.rest.container() as container:
            for name in ("a", "b/c"):
                container.upload_blob(f"registered/{name}.csv", name.encode() * 100, overwrite=True)

    def step(self):
        view = self.rest.register(f"set{self.next()}", "registered")
        self.held[view["datasetId"]] = view["latest"]["savedDatasetId"]
        self.acknowledged += 1
        time.sleep(0.05)

    def look(self, name):
        manifest = self.rest.manifest(name, 1)
        expect(
            [(one["path"], one["size"]) for one in manifest["files"]] == [("a.csv", 100), ("b/c.csv", 300)],
            "Register: other files in",
            name,
        )
        return manifest["savedDatasetId"]


class OfSpark(Writer):
    """With a session of its own, which outlives every kill under the same id."""

    def prepare(self):
        self.id = str(uuid.uuid4())
        self.open()

    def open(self):
        self.spark = SparkSession.builder.remote(f"{self.rest.serve.endpoint['connect']};session_id={self.id}").create()
        self.spark.client.set_retry_policies([DefaultPolicy(max_retries=60, initial_backoff=50, max_backoff=300)])

    def folder(self, name, scheme="abfss"):
        at = self.rest.serve.endpoint
        return f"{scheme}://{at['container']}@{at['account']}.{'dfs' if scheme == 'abfss' else 'blob'}.core.windows.net/chaos/{name}"


class Conf(OfSpark):
    def step(self):
        name, value = f"chaos.{self.random.randrange(20)}", f"{self.next()}" * self.random.choice([1, 50])
        if self.number % 7 == 0:
            self.note(name, None, lambda: self.spark.conf.unset(name))
        elif self.number % 5 == 0:
            self.note(name, value, lambda: self.spark.sql(f"SET {name}={value}").collect())
        else:
            self.note(name, value, lambda: self.spark.conf.set(name, value))
        time.sleep(0.02)

    def look(self, name):
        return self.spark.conf.get(name, None)


class View(OfSpark):
    """Views of ranges, and of rows that travel as artifacts."""

    def prepare(self):
        super().prepare()
        self.spark.conf.set("spark.sql.session.localRelationCacheThreshold", "100")

    def step(self):
        name, number = f"view{self.random.randrange(8)}", self.next()
        if number % 4 == 0:
            frame = self.spark.createDataFrame([(number, "x" * 300)] * 3, "number long, pad string").select("number")
        else:
            frame = self.spark.range(3).selectExpr(f"{number}L AS number")
        self.note(name, number, lambda: frame.createOrReplaceTempView(name))
        time.sleep(0.02)

    def look(self, name):
        rows = [row.number for row in self.spark.sql(f"SELECT number FROM {name}").collect()]
        return rows[0] if len(rows) == 3 and len(set(rows)) == 1 else rows


class Append(OfSpark):
    """Rows are appended under a number of their own: all of them once when that was acknowledged, all once or none when it was not."""

    form, scheme, rows = "parquet", "abfss", 500

    def step(self):
        number = self.next()
        frame = self.spark.range(self.rows).selectExpr(f"{number}L AS number", "id")
        writer = frame.coalesce(1).write.mode("append")
        self.note(
            number, self.rows, lambda: getattr(writer, self.form)(self.folder(f"append-{self.form}", self.scheme))
        )

    def check(self):
        if not self.held:
            return
        reader = self.spark.read.schema("number long, id long")
        counts = {
            row.number: (row.n, row.ids)
            for row in getattr(reader, self.form)(self.folder(f"append-{self.form}", self.scheme))
            .selectExpr("number", "id")
            .createOrReplaceTempView("appended")
            or self.spark.sql(
                "SELECT number, count(*) AS n, count(DISTINCT id) AS ids FROM appended GROUP BY number"
            ).collect()
        }
        whole = (self.rows, self.rows)
        for number in self.held:
            expect(
                counts.get(number) == whole,
                f"Append {self.form}: {number} was acknowledged and has {counts.get(number)} rows",
            )
        for number, found in counts.items():
            expect(found == whole, f"Append {self.form}: {number} has {found} rows")
            expect(number in self.held or number in self.trying, f"Append {self.form}: nobody wrote {number}")


class AppendCsv(Append):
    form, scheme = "csv", "wasbs"


class Overwrite(OfSpark):
    """A folder is all of one version, and not older than the one acknowledged last."""

    def step(self):
        number = self.next()
        frame = self.spark.range(2000).selectExpr("id % 3 AS part", "id", f"{number}L AS number")
        self.note(
            "version",
            number,
            lambda: frame.write.mode("overwrite").partitionBy("part").parquet(self.folder("overwritten")),
        )

    def look(self, _):
        rows = self.spark.read.parquet(self.folder("overwritten")).groupBy("number").count().collect()
        expect(len(rows) == 1 and rows[0]["count"] == 2000, "Overwrite: a mix of versions:", rows)
        return rows[0].number


class Statements(Writer):
    """A statement's result is right or there is none; a session that died says so; every acknowledged one is known."""

    def prepare(self):
        self.session = None

    def state(self, number):
        return self.rest.ask("GET", f"/sessions/{number}", status=(200, 404)).get("state", "forgotten")

    def step(self):
        if self.session is None or self.state(self.session) in ("dead", "killed", "error", "forgotten"):
            self.session = self.rest.ask("POST", "/sessions", {"kind": "pyspark"})["id"]
            self.held[self.session] = self.world.killed["daemon"] + self.world.killed["everything"]
            self.acknowledged += 1
            until(lambda: self.state(self.session) not in ("starting", "not_started"), 40, "the session's start")
            return
        number = self.next()
        made = self.rest.ask(
            "POST", f"/sessions/{self.session}/statements", {"code": f"spark.range({number}).count() + {number}"}
        )
        at = f"/sessions/{self.session}/statements/{made['id']}"
        answer = until(
            lambda: (got := self.rest.ask("GET", at))["state"] in ("available", "cancelled", "error") and got,
            60,
            "the statement's end",
        )
        output = answer["output"]
        if output and output["status"] == "ok":
            expect(output["data"]["text/plain"] == str(2 * number), "Statements: 2 *", number, "is", output["data"])
            self.acknowledged += 1

    def check(self):
        self.held = dict(list(self.held.items())[-20:])
        restarts = self.world.killed["daemon"] + self.world.killed["everything"]
        for number, before in self.held.items():
            state = self.state(number)
            known = state in ("starting", "idle", "busy", "dead", "killed", "shutting_down", "error")
            expect(
                known or restarts > before, "Statements: session", number, "is", state
            )  # one that had ended is not told of after a restart


class Metrics(Writer):
    """A run of a notebook's kind, by MLflow's REST: every value once, in order."""

    def call(self, verb, body=None, method="POST", query=""):
        return self.rest.ask(method, f"/mlflow/v1.0{self.rest.workspace}/api/2.0/mlflow/runs/{verb}{query}", body)

    def prepare(self):
        self.run = self.call("create", {"experiment_id": "0", "start_time": 1})["run"]["info"]["run_id"]

    def step(self):
        number = self.next()
        body = {"run_id": self.run, "key": f"m{number}", "value": number * 0.5, "timestamp": number, "step": number}
        self.note(f"m{number}", number * 0.5, lambda: self.call("log-metric", body))
        time.sleep(0.02)

    def check(self):
        data = self.call("get", method="GET", query=f"?run_id={self.run}")["run"]["data"]
        found = {one["key"]: one["value"] for one in data.get("metrics", [])}
        for name, value in self.held.items():
            expect(found.get(name) == value, f"Metrics: {name} was {value} and is {found.get(name)}")
        expect(
            set(found) <= set(self.held) | set(self.trying),
            "Metrics: nobody logged",
            set(found) - set(self.held) - set(self.trying),
        )


class Runs(Writer):
    """Scripts: a run that was submitted ends, as what it did or as what killed it; one that completed has its metric and its file."""

    def prepare(self):
        from headrace.azureml.core import Experiment, Workspace

        at = self.rest.serve.endpoint
        self.experiment = Experiment(Workspace(at["subscription_id"], at["resource_group"], at["workspace"]), "chaos")
        self.source = self.world.folder / "script"
        self.source.mkdir()
        (self.source / "train.py").write_text(
            "import os\nfrom azureml.core import Run\nrun = Run.get_context()\nrun.log('a', 1)\n"
            "os.makedirs('outputs', exist_ok=True)\nopen('outputs/o.txt', 'w').write('kept')\n"
        )
        self.open, self.ended = [], collections.Counter()

    def step(self):
        from headrace.azureml.core import ScriptRunConfig

        if len(self.open) < 3:
            self.open.append(self.experiment.submit(ScriptRunConfig(str(self.source), script="train.py")))
            self.acknowledged += 1
        self.look_after()
        time.sleep(0.5)

    def look_after(self):
        for run in list(self.open):
            status = run.get_status()
            if status not in ("Completed", "Failed", "Canceled"):
                continue
            if status == "Completed":
                expect(
                    run.get_metrics() == {"a": 1} and "outputs/o.txt" in run.get_file_names(),
                    "Runs:",
                    run.id,
                    "completed with",
                    run.get_metrics(),
                    run.get_file_names(),
                )
            self.open.remove(run)
            self.ended[status] += 1

    def check(self):
        deadline = time.monotonic() + 60
        while self.open and time.monotonic() < deadline:
            self.look_after()
            time.sleep(0.2)
        expect(not self.open, "Runs: these do not end:", [(run.id, run.get_status()) for run in self.open])


class Mounted(Writer):
    """A mount: right bytes or an error, and once it was killed another takes its place."""

    def prepare(self):
        self.data = {f"{i}.bin": random.Random(i).randbytes(400_000) for i in range(2)}
        with self.rest.container() as container:
            for name, data in self.data.items():
                container.upload_blob(f"mounted/{name}", data, overwrite=True)
        self.rest.register("mounted", "mounted")
        self.point = None

    def mount(self):
        self.point = self.world.folder / f"mount{self.next()}"
        self.point.mkdir()
        self.rest.serve.cli("mount", "--detach", "--check", "1", "mounted", str(self.point))

    def step(self):
        try:
            if not self.point:
                self.mount()
            self.read(*self.random.choice(list(self.data.items())))
        except Exception:
            self.unmount()
            raise
        time.sleep(0.05)

    def read(self, name, data):
        fd = os.open(self.point / name, os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            at = self.random.randrange(len(data))
            found = os.pread(fd, 100_000, at)
        finally:
            os.close(fd)
        expect(found == data[at : at + 100_000], "Mounted: other bytes in", name, "at", at)
        self.acknowledged += 1

    def unmount(self):
        if self.point:
            subprocess.run([str(BUILD / "headrace"), "unmount", "--lazy", str(self.point)], capture_output=True)
        self.point = None


WRITERS = [
    Upload,
    Blocks,
    Rename,
    Link,
    Attach,
    Register,
    Conf,
    View,
    Append,
    AppendCsv,
    Overwrite,
    Statements,
    Metrics,
    Runs,
    Mounted,
]
VICTIMS = {
    "daemon": 3,
    "account": 3,
    "host": 5,
    "interpreter": 2,
    "interpreters' parent": 1,
    "runner": 2,
    "mount": 2,
    "everything": 1,
}


# ---- the whole ----


class World:
    def __init__(self, folder, kinds, seed, log):
        self.folder, self.random, self.log = folder, random.Random(seed), log
        self.mark = uuid.uuid4().hex
        os.environ.update({MARK: self.mark, "HEADRACE_HOME": str(folder / "home"), "HEADRACE_LINGER": "20"})
        self.serve = Serve(folder / "home")
        self.serve.start()
        self.rest = Rest(self.serve)
        self.goes, self.over, self.findings, self.killed = (
            threading.Event(),
            threading.Event(),
            [],
            collections.Counter(),
        )
        self.writers = [kind(self) for kind in kinds]
        self.busy, self.threads = {}, {}
        for i, writer in enumerate(self.writers):
            writer.random.seed(seed * 1000 + i)
            writer.prepare()

    def found(self, text):
        self.findings.append(text)
        self.log(f"FOUND {text}")

    def work(self, writer):
        while not self.over.is_set():
            self.busy[writer] = False
            self.goes.wait()
            self.busy[writer] = True
            if self.over.is_set() or not self.goes.is_set():
                continue
            try:
                writer.step()
                time.sleep(0.02)
            except Wrong as wrong:
                self.found(str(wrong))
                return
            except Exception as failure:  # what was under way was not acknowledged
                writer.failed += 1
                writer.last = f"{type(failure).__name__}: {str(failure)[:200]}"
                time.sleep(0.05)
        self.busy[writer] = False

    def begin(self):
        for writer in self.writers:
            self.busy[writer] = False
            self.threads[writer] = threading.Thread(target=self.work, args=(writer,), daemon=True)
            self.threads[writer].start()
        self.goes.set()

    def settle(self):
        """All writers at the end of a step; who does not get there is stuck."""
        self.goes.clear()
        deadline = time.monotonic() + SETTLE_SECONDS
        time.sleep(0.05)
        while any(self.busy.values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for writer, busy in self.busy.items():
            if busy and self.threads[writer].is_alive():
                frame = sys._current_frames().get(self.threads[writer].ident)
                where = "".join(traceback.format_stack(frame)[-3:]) if frame else ""
                self.found(f"{type(writer).__name__} is stuck for {SETTLE_SECONDS} s: {where}")

    def check(self):
        for writer in self.writers:
            if self.busy.get(writer):
                continue
            for attempt in range(4):  # a look may meet the last kill, too
                try:
                    writer.check()
                    break
                except Wrong as wrong:
                    self.found(str(wrong))
                    break
                except Exception as failure:
                    if attempt == 3:
                        self.found(
                            f"{type(writer).__name__}: what was acknowledged cannot be looked at: {type(failure).__name__}: {str(failure)[:400]}"
                        )
                    time.sleep(1)

    def kill(self):
        """One process of a kind that lives, or all of them."""
        by_kind, words = collections.defaultdict(list), processes(self.mark)
        for pid in sorted(words):
            kind = kind_of(pid, words[pid], words)
            if kind:
                by_kind[kind].append(pid)
        kinds = [kind for kind in VICTIMS if kind in by_kind or kind == "everything"]
        kind = self.random.choices(kinds, [VICTIMS[one] for one in kinds])[0]
        pids = (
            [pid for one in by_kind for pid in by_kind[one] if one != "mount"]
            if kind == "everything"
            else [self.random.choice(by_kind[kind])]
        )
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.killed[kind] += 1
        if self.serve.pid in pids:
            self.serve.process.wait()
            time.sleep(self.random.choice([0, 0, 0.3, 1]))
            self.serve.start(60)
        if self.serve.process.poll() is not None:
            self.found(
                f"the server ended with {self.serve.process.returncode} after the kill of {kind}: {self.serve.log()[-500:]}"
            )
            self.serve.start(60)

    def end(self):
        self.goes.clear()
        self.over.set()
        self.goes.set()
        for point in self.folder.glob("mount*"):  # a mount may have come to be though its command was killed
            subprocess.run([str(BUILD / "headrace"), "unmount", "--lazy", str(point)], capture_output=True)
        self.serve.stop()
        left = processes(self.mark)
        deadline = time.monotonic() + 30
        while left and time.monotonic() < deadline:
            time.sleep(0.1)
            left = processes(self.mark)
        for pid, words in left.items():
            self.found(f"process {pid} is left behind: {' '.join(words)[:200]}")
            os.kill(pid, signal.SIGKILL)
        spills = list((self.folder / "home/run/spill").glob("*"))
        if spills:
            self.found(f"spill folders are left behind: {spills[:5]}")
        sockets = list((self.folder / "home/run").glob("i[0-9]*.sock"))
        if sockets:
            self.found(f"sockets of interpreters are left behind: {sockets[:5]}")


def run(kills, seed, seconds, kinds=WRITERS, folder=None, log=print):
    """The findings and figures of one run, as a dictionary."""
    where = pathlib.Path(folder or tempfile.mkdtemp(prefix="headrace-chaos-"))
    where.mkdir(parents=True, exist_ok=True)
    world, begun, done = World(where, kinds, seed, log), time.monotonic(), 0
    world.begin()
    time.sleep(1)
    while done < kills and time.monotonic() - begun < seconds:
        world.kill()
        done += 1
        time.sleep(world.random.uniform(0.2, 1.5))
        if done % ROUND == 0:
            world.settle()
            world.check()
            log(
                f"{done} kills, {time.monotonic() - begun:.0f} s, {sum(writer.acknowledged for writer in world.writers)} acknowledged, "
                f"{len(world.findings)} found"
            )
            world.goes.set()
    time.sleep(2)
    world.settle()
    world.check()
    world.killed["daemon"] += 1  # once more, with nothing under way
    world.serve.kill()
    world.serve.start()
    world.check()
    world.end()
    result = {
        "kills": done,
        "seed": seed,
        "seconds": round(time.monotonic() - begun),
        "killed": dict(world.killed),
        "acknowledged": {type(writer).__name__: writer.acknowledged for writer in world.writers},
        "failed": {type(writer).__name__: writer.failed for writer in world.writers},
        "last_failure": {type(writer).__name__: writer.last for writer in world.writers if writer.last},
        "found": world.findings,
    }
    for writer in world.writers:
        if not writer.acknowledged:
            world.found(f"{type(writer).__name__} got nothing acknowledged: {writer.last}")
    if not world.findings and not folder:
        shutil.rmtree(where, ignore_errors=True)
    elif world.findings:
        log(f"the home is kept in {where}")
    return result


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--kills", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--seconds", type=float, default=3600, help="no kill after so long")
    arguments.add_argument("--only", help="names of writers, by commas")
    arguments.add_argument("--home", help="folder for the server's home; a temporary one when not given")
    given = arguments.parse_args()
    kinds = [kind for kind in WRITERS if not given.only or kind.__name__ in given.only.split(",")]
    result = run(given.kills, given.seed, given.seconds, kinds, given.home, lambda text: print(text, flush=True))
    print(json.dumps(result))
    sys.stdout.flush()
    os._exit(1 if result["found"] else 0)  # pyspark's exit hooks would try to reach a server that has ended


if __name__ == "__main__":
    main()
