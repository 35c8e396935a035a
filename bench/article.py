"""The article's figures, with Sail and a do-nothing server in turn: startup, small pipeline, bulk result, session start, memory.

./dev bench article [a b c d e] [--runs N]
"""

import argparse
import contextlib
import csv
import io
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from record import record  # noqa: E402
from servers import ROOT, Headrace, Nothing, Sail, children, connect, cpu_seconds, disconnect, memory  # noqa: E402

import pyarrow.compute  # noqa: E402
from pyspark.sql.functions import col, desc  # noqa: E402

SESSION = str(uuid.uuid4())


def say(text):
    print(text, flush=True)


def median(values):
    return statistics.median(values)


def verdict(name, value, goal, good):
    say(f"   {name}: {value}   goal: {goal}   {'met' if good else 'NOT MET'}")


def make_csv(path):
    """891 rows of the Titanic's shape: quoted names with commas, missing ages, CRLF."""
    pick = random.Random(1912)
    with open(path, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(
            [
                "PassengerId",
                "Survived",
                "Pclass",
                "Name",
                "Sex",
                "Age",
                "SibSp",
                "Parch",
                "Ticket",
                "Fare",
                "Cabin",
                "Embarked",
            ]
        )
        for i in range(1, 892):
            age = "" if pick.random() < 0.2 else str(pick.randint(1, 74))
            table.writerow(
                [
                    i,
                    int(pick.random() < 0.38),
                    pick.randint(1, 3),
                    f'Passenger {i}, Mr. John "Jack"',
                    pick.choice(["male", "female"]),
                    age,
                    pick.randint(0, 3),
                    pick.randint(0, 2),
                    f"A/5 {pick.randint(1000, 99999)}",
                    f"{pick.uniform(5, 90):.4f}",
                    "" if pick.random() < 0.77 else "C85",
                    pick.choice("SCQ"),
                ]
            )


def startup(runs):
    say(
        f"(a) exec on a fresh home to the first range(1).count(), from a client that held a session elsewhere: {runs} starts of each"
    )
    warm = Sail()
    warm.session().range(1).count()
    times = {Headrace: [], Sail: []}
    for _ in range(runs):
        for kind in times:
            begin = time.monotonic()
            server = kind()
            server.session().range(1).count()
            times[kind].append(time.monotonic() - begin)
            server.stop()
    warm.stop()
    ours, sails = median(times[Headrace]), median(times[Sail])
    say(f"   headrace {ours * 1000:.0f} ms, Sail {sails * 1000:.0f} ms, medians of {runs}")
    verdict("ours / Sail", f"{ours / sails:.2f}", "<= 0.5", ours <= 0.5 * sails)


def pipeline(spark, path):
    df = spark.read.option("header", "true").csv(path)
    df.filter(col("Survived") == 1).groupBy("Age").count().orderBy(desc("count")).show(10)


def record_pipeline(server, path):
    """The file with the server's answers to one run of the pipeline."""
    recording = f"{path}.recording"
    target, token = server.endpoint["connect"].split("/")[2], server.endpoint["token"]

    def run(port):
        spark = connect(f"sc://localhost:{port}", SESSION)
        pipeline(spark, path)
        disconnect(spark)

    record(target, run, recording, [("authorization", f"Bearer {token}")])
    return recording


def measure_pipeline(servers, path, runs):
    """{name: seconds of each run}, {name: the server's CPU seconds a run}; the servers take turns."""
    wall, cpu = {name: [] for name in servers}, {name: cpu_seconds(server.pid) for name, (server, _) in servers.items()}
    for _ in range(runs):
        for name, (_, spark) in servers.items():
            begin = time.perf_counter()
            pipeline(spark, path)
            wall[name].append(time.perf_counter() - begin)
    return wall, {name: (cpu_seconds(server.pid) - cpu[name]) / runs for name, (server, _) in servers.items()}


def small_pipeline(runs):
    say(
        f"(b) the article's pipeline on a local CSV of 891 rows, warm, through the server's port: 20 runs unmeasured, then {runs} of each"
    )
    folder = tempfile.mkdtemp(prefix="headrace-bench-")
    path = f"{folder}/Titanic.csv"
    make_csv(path)
    ours, sail = Headrace(), Sail()
    with contextlib.redirect_stdout(io.StringIO()):  # show() prints
        nothing = Nothing(record_pipeline(ours, path))
        servers = {
            "headrace": (ours, ours.session()),
            "Sail": (sail, sail.session()),
            "nothing": (nothing, nothing.session(SESSION)),
        }
        measure_pipeline(servers, path, 20)
        wall, cpu = measure_pipeline(servers, path, runs)
    for name in servers:
        say(
            f"   {name:9} median {median(wall[name]) * 1000:.2f} ms, fastest {min(wall[name]) * 1000:.2f} ms, server's CPU {cpu[name] * 1000:.2f} ms a run"
        )
    floor = median(wall["nothing"])
    ratio = (median(wall["headrace"]) - floor) / (median(wall["Sail"]) - floor)
    verdict(f"(ours - nothing) / (Sail - nothing), medians of {runs}", f"{ratio:.2f}", "<= 0.5", ratio <= 0.5)
    for server, _ in servers.values():
        server.stop()
    shutil.rmtree(folder)


def bulk(runs):
    say(f"(c) 10 M rows x 4 to Arrow: {runs} runs of each")
    servers = {"headrace": Headrace(), "Sail": Sail()}
    rates = {name: [] for name in servers}
    sessions = {name: server.session() for name, server in servers.items()}
    for _ in range(runs):
        for name, spark in sessions.items():
            df = spark.range(10_000_000).select(
                col("id"), (col("id") * 2).alias("b"), (col("id") + 7).alias("c"), (col("id") % 1000).alias("d")
            )
            begin = time.perf_counter()
            table = df.toArrow()
            rates[name].append(table.nbytes / (time.perf_counter() - begin) / 1e6)
            assert (
                table.num_rows == 10_000_000 and pyarrow.compute.sum(table.column(1)).as_py() == 99_999_990_000_000
            )  # Sail's order varies
            del table
    for name, server in servers.items():
        say(f"   {name:9} {median(rates[name]):.0f} MB/s, median of {runs}")
        server.stop()
    ratio = median(rates["headrace"]) / median(rates["Sail"])
    verdict("ours / Sail", f"{ratio:.1f}", ">= 5", ratio >= 5)


def session_start(runs):
    say(f"(d) %synapse start to the result of spark.range(1).count(): {runs} sessions")
    server = Headrace()
    out = subprocess.run(
        [sys.executable, ROOT / "bench/synapse_start.py", str(runs)],
        env=server.environment(),
        capture_output=True,
        text=True,
    )
    server.stop()
    if out.returncode:
        raise SystemExit(out.stdout + out.stderr)
    times = [float(line) for line in out.stdout.split("\n") if line.replace(".", "", 1).isdigit()]
    verdict(f"median of {len(times)}", f"{median(times) * 1000:.0f} ms", "< 300 ms", median(times) < 0.3)


def describe(pid):
    """The program's name and its first word, however long the path to it is."""
    program, *words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return f"{pathlib.Path(program).name} {' '.join(words[:1])}"


def footprint(sessions):
    say(f"(e) memory, and of {sessions} sessions")
    server = Headrace()
    time.sleep(3)
    pids = children(server.pid)
    roles = {
        pid: (
            "parent"
            if "python" in describe(pid)
            else "host"
            if " host" in describe(pid) or "headrace-host" in describe(pid)
            else "server"
        )
        for pid in pids
    }
    fixed = sum(memory(pid, "Pss") for pid in pids if roles[pid] == "server")
    hosts = [memory(pid, "Pss") for pid in pids if roles[pid] == "host"]
    parents = sum(memory(pid, "Pss") for pid in pids if roles[pid] == "parent")
    one_host = max(hosts) if hosts else 0
    say(
        f"   daemon and account {fixed / 1e6:.1f} MB, one spare host {one_host / 1e6:.1f} MB ({len(hosts)} spare), interpreters' parent {parents / 1e6:.1f} MB"
    )
    verdict(
        "daemon + account + one spare host, PSS",
        f"{(fixed + one_host) / 1e6:.1f} MB",
        "<= 70 MB",
        0 < fixed + one_host <= 70e6,
    )
    verdict("interpreters' parent, PSS", f"{parents / 1e6:.1f} MB", "<= 110 MB", 0 < parents <= 110e6)
    holder = subprocess.Popen(
        [sys.executable, ROOT / "bench/synapse_start.py", str(sessions), "--hold"],
        env=server.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while (line := holder.stdout.readline().strip()) != "held":
        if not line and holder.poll() is not None:
            raise SystemExit("the sessions did not start")
    private = {
        pid: memory(pid, "Private_Clean") + memory(pid, "Private_Dirty")
        for pid in children(server.pid)
        if pid not in pids or roles[pid] == "host"
    }
    kinds = {"host": [], "interpreter": []}
    for pid, size in private.items():
        kinds["interpreter" if "python" in describe(pid) else "host"].append(size)
    host, interpreter = sorted(kinds["host"])[-sessions:], kinds["interpreter"]
    each = (sum(host) + sum(interpreter)) / sessions
    say(
        f"   of {sessions} sessions: host {median(host) / 1e6:.1f} MB, interpreter {median(interpreter) / 1e6:.1f} MB private (medians)"
    )
    verdict("each further session, private", f"{each / 1e6:.1f} MB", "<= 45 MB", 0 < each <= 45e6)
    holder.stdin.close()
    holder.wait(30)
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[])
    parser.add_argument("--runs", type=int, default=0, help="instead of each part's own number")
    args = parser.parse_args()
    parts = {
        "a": (startup, 15),
        "b": (small_pipeline, 200),
        "c": (bulk, 5),
        "d": (session_start, 200),
        "e": (footprint, 5),
    }
    for name in args.parts or parts:
        run, runs = parts[name]
        run(args.runs or runs)


if __name__ == "__main__":
    main()
