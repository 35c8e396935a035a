"""./dev parity: how much of Spark we are, by Spark's own suites, beside the figures that landed last.

  ./dev parity [golden] [functions] [doctests]     all three without a name
      --files 'postgreSQL/*,cast.sql'              of golden, these only; of doctests, these modules
      --quick                                      what test_floor.py holds in every test run
      --show wrong,internal                        print these queries with what came and what was wanted
      --record                                     the figures become the landed ones; they may only rise
      --remote sc://host:port                      another server: golden creates and drops tables there, never point it at data you want
      --jobs 2

Each golden file and each module of doctests has a session host of its own, so a host that dies is told by the file that killed it. Every verdict is
left in build/parity/*.json. What the verdicts mean: golden.py.
"""

import argparse
import collections
import contextlib
import fnmatch
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import connection
import doctests
import functions
import golden
import spark_tests

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
LANDED = HERE / "landed.json"
SUITES = ("functions", "doctests", "golden")
FILE_SECONDS = 240
SLOW = ("streaming.readwriter", "cte-recursion.sql")  # some ten seconds each, waiting: not in every test run


class FileTooLong(Exception):
    """A golden file took longer than FILE_SECONDS."""


# ---- servers ----


@contextlib.contextmanager
def host():
    """A session host of the build on a free port: (its address, whether it lives)."""
    program = pathlib.Path(os.environ.get("HEADRACE_BUILD", ROOT / "build")) / "headrace-host"
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([program, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            line = process.stdout.readline()
            if "listening on" not in line:
                log.seek(0)
                raise SystemExit(f"{program} does not start: {log.read()}")
            yield f"sc://localhost:{line.strip().rsplit(':', 1)[1]}", lambda: process.poll() is None
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def server(remote):
    return contextlib.nullcontext((remote, lambda: True)) if remote else host()


# ---- one unit of work each: a golden file, the function table, a module of doctests ----


def too_long(*_):
    raise FileTooLong


def run_in_session(remote, run):
    """[verdict] that run(session, put, alive) put."""
    verdicts = []
    signal.signal(signal.SIGALRM, too_long)
    with server(remote) as (address, alive):
        session = connection.within(30, lambda: connection.connect(address))
        signal.alarm(FILE_SECONDS)
        try:
            run(session, verdicts.append, alive)
        except FileTooLong:
            verdicts.append({"verdict": "timeout", "got": f"the whole took longer than {FILE_SECONDS} s"})
        finally:
            signal.alarm(0)
        with contextlib.suppress(connection.OutOfTime):
            connection.within(5, session.client.close)  # while its server lives: a client goes on asking a dead one
    return verdicts


def filled(verdicts, count):
    """What was not asked counts as not answered."""
    return verdicts[:count] + [{"verdict": "timeout", "got": "not asked"}] * (count - len(verdicts))


def run_golden(data, name, remote, limit):
    count = len(golden.read_results(data / f"sql-tests/results/{name}.out"))
    run = lambda session, put, alive: golden.File(data, name, session, limit).run(put, alive)  # noqa: E731
    return filled(run_in_session(remote, run), count)


def run_functions(data, _, remote, limit):
    run = lambda session, put, alive: functions.run(data, session, limit, put, alive)  # noqa: E731
    return filled(run_in_session(remote, run), len(functions.examples(data)))


def run_doctests(_, module, remote, limit):
    with tempfile.TemporaryDirectory() as work, server(remote) as (address, _):
        results = doctests.run(address, module, work)
    return [
        {"verdict": judge_docstring(one), "name": name, "got": one["said"]} for name, one in sorted(results.items())
    ]


def judge_docstring(result):
    if result["passed"]:
        return "exact"
    if "INTERNAL_ERROR" in result["said"]:
        return "internal"
    return "refused" if "Traceback" in result["said"] else "wrong"


RUN = {"golden": run_golden, "functions": run_functions, "doctests": run_doctests}


def perform(job):
    suite, name, data, remote, limit = job
    started = time.monotonic()
    verdicts = RUN[suite](data, name, remote, limit)
    return suite, name, verdicts, time.monotonic() - started


def units(suite, data, patterns, quick):
    every = {
        "golden": lambda: golden.names(data),
        "functions": lambda: ["sql-expression-schema.md"],
        "doctests": lambda: list(doctests.MODULES),
    }[suite]()
    if quick:
        return [name for name in every if name not in SLOW]
    if suite == "functions" or not patterns:
        return every
    return [name for name in every if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def run_all(suites, patterns=(), quick=False, remote=None, jobs=2, limit=10, told=lambda *_: None):
    """{suite: {unit: [verdict]}}; told(suite, unit, verdicts, seconds) as each is done."""
    data = spark_tests.fetch()
    work = [(suite, name, data, remote, limit) for suite in suites for name in units(suite, data, patterns, quick)]
    results = {suite: {} for suite in suites}
    with multiprocessing.get_context("fork").Pool(1 if remote else jobs) as pool:
        for suite, name, verdicts, seconds in pool.imap(perform, work, chunksize=1):
            results[suite][name] = verdicts
            told(suite, name, verdicts, seconds)
    return results


# ---- the figures ----


def count(verdicts):
    return dict(collections.Counter(verdict["verdict"] for verdict in verdicts))


def landed():
    return json.loads(LANDED.read_text()) if LANDED.exists() else {}


def conformant(counts):
    return sum(counts.get(verdict, 0) for verdict in golden.CONFORMANT)


def fallen(counts, before):
    """In words, what is worse than what landed; None where nothing is."""
    if conformant(counts) < conformant(before):
        return f"{conformant(counts)} right answers, {conformant(before)} had landed"
    if counts.get("internal", 0) > before.get("internal", 0):
        return f"{counts['internal']} internal errors, {before.get('internal', 0)} had landed"
    if counts.get("wrong", 0) > before.get("wrong", 0):
        return f"{counts['wrong']} wrong answers, {before.get('wrong', 0)} had landed"
    return None


def cells(counts, before):
    """One column a verdict: the count, and in parentheses by how much it changed."""
    texts = []
    for verdict in golden.VERDICTS:
        now, change = counts.get(verdict, 0), counts.get(verdict, 0) - (before or counts).get(verdict, 0)
        texts.append(f"{now or '.'}{f' ({change:+})' if change else ''}".rjust(13))
    return "".join(texts)


def show(data, suite, name, verdicts, wanted):
    queries = golden.read_results(data / f"sql-tests/results/{name}.out") if suite == "golden" else []
    for i, verdict in enumerate(verdicts):
        if verdict["verdict"] not in wanted:
            continue
        asked = queries[i].sql if queries else verdict.get("name", i)
        expected = queries[i].output[:600] if queries else verdict.get("want", "")
        print(
            f"  [{i}] {verdict['verdict']}: {asked}\n    want: {expected}\n    got:  {verdict.get('got', '')} {verdict.get('message', '')}"
        )


def record(results):
    """Makes the figures the landed ones; returns what has fallen, and then records nothing."""
    figures = landed()
    worse = []
    for suite, by_unit in results.items():
        for name, verdicts in by_unit.items():
            before = figures.get(suite, {}).get(name)
            reason = fallen(count(verdicts), before) if before else None
            if reason:
                worse.append(f"{suite} {name}: {reason}")
            figures.setdefault(suite, {})[name] = count(verdicts)
    if not worse:
        write_landed(figures)
    return worse


def write_landed(figures):
    """A line a unit, so that a change reads as one."""
    suites = []
    for suite in sorted(figures):
        lines = ",\n".join(
            f"    {json.dumps(name)}: {json.dumps(counts, sort_keys=True)}"
            for name, counts in sorted(figures[suite].items())
        )
        suites.append(f"  {json.dumps(suite)}: {{\n{lines}\n  }}")
    LANDED.write_text("{\n" + ",\n".join(suites) + "\n}\n")


def total(by_unit):
    return sum((collections.Counter(counts) for counts in by_unit), collections.Counter())


def summary(suite, results, figures):
    now = total(count(verdicts) for verdicts in results.values())
    before = total(figures.get(name, {}) for name in results) if all(name in figures for name in results) else None
    print(f"{'all of ' + suite:48}{sum(now.values()):6}{cells(now, before)}")
    share = 100 * conformant(now) / max(sum(now.values()), 1)
    return f"{suite}: {conformant(now)} of {sum(now.values())} right ({share:.1f} %), wrong {now['wrong']}, refused {now['refused']}, internal {now['internal']}"


def options():
    parser = argparse.ArgumentParser(
        prog="./dev parity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suites", nargs="*", metavar="suite", help=", ".join(SUITES))
    parser.add_argument("--files", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--show", default="")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--remote")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=10, help="seconds for an answer")
    chosen = parser.parse_args()
    unknown = set(chosen.suites) - set(SUITES)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}: there are {', '.join(SUITES)}")
    return chosen


def main():
    chosen = options()
    figures, wanted = landed(), set(chosen.show.split(","))
    print(f"{'':48}{'asked':>6}{''.join(verdict.rjust(13) for verdict in golden.VERDICTS)}   seconds")

    def told(suite, name, verdicts, seconds):
        counts = count(verdicts)
        print(
            f"{name[:47]:48}{len(verdicts):6}{cells(counts, figures.get(suite, {}).get(name))}{seconds:10.1f}",
            flush=True,
        )
        show(spark_tests.fetch(), suite, name, verdicts, wanted)

    patterns = [pattern for pattern in chosen.files.split(",") if pattern]
    results = run_all(chosen.suites or SUITES, patterns, chosen.quick, chosen.remote, chosen.jobs, chosen.limit, told)
    folder = ROOT / "build/parity"
    folder.mkdir(parents=True, exist_ok=True)
    for suite, by_unit in results.items():
        (folder / f"{suite}.json").write_text(json.dumps(by_unit, indent=1))
    closing = [summary(suite, by_unit, figures.get(suite, {})) for suite, by_unit in results.items()]
    print(*closing, sep="\n")
    worse = record(results) if chosen.record else []
    for line in worse:
        print("fallen, so nothing was recorded:", line)
    sys.stdout.flush()
    os._exit(1 if worse else 0)  # the client's exit hooks wait for servers that have gone


if __name__ == "__main__":
    main()
