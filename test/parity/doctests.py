"""PySpark's own Connect doctests, unmodified: a docstring is right when all its examples are.

Each module runs its own _test() in a process of its own (`python doctests.py MODULE OUT LIMIT`), with the server that SPARK_CONNECT_TESTING_REMOTE names;
only doctest.testmod is replaced, by one that counts docstring by docstring and stops each after a time.
"""

import doctest
import json
import logging
import os
import pathlib
import runpy
import signal
import subprocess
import sys

MODULES = (
    "functions.builtin",
    "dataframe",
    "column",
    "readwriter",
    "window",
    "group",
    "catalog",
    "session",
    "conf",
    "tvf",
    "observation",
    "functions.partitioning",
    "streaming.readwriter",
)


class TooLong(Exception):
    """A docstring took longer than its limit."""


def too_long(*_):
    raise TooLong


def counting_testmod(out, limit):
    """A doctest.testmod that writes {name: whether it passed} for each docstring to `out`, a JSON line each."""

    def testmod(
        m=None,
        name=None,
        globs=None,
        verbose=None,
        report=True,
        optionflags=0,
        extraglobs=None,
        raise_on_error=False,
        exclude_empty=False,
    ):
        tests = [test for test in doctest.DocTestFinder().find(m, name or m.__name__, globs=globs) if test.examples]
        out.write(json.dumps([test.name for test in tests]) + "\n")
        runner = doctest.DocTestRunner(verbose=False, optionflags=optionflags)
        failed = 0
        for test in tests:
            said = []
            signal.alarm(limit)
            try:
                bad = runner.run(test, out=said.append).failed
            except BaseException as error:  # also what ends a process, such as SystemExit: it fails this docstring only
                bad, said = 1, [repr(error)]
            signal.alarm(0)
            failed += bad
            out.write(json.dumps({"name": test.name, "passed": not bad, "said": "".join(said)[:2000]}) + "\n")
        return doctest.TestResults(failed, len(tests))

    return testmod


def run_module(name, out_path, limit):
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, too_long)
    with open(out_path, "w", buffering=1, encoding="utf-8") as out:
        doctest.testmod = counting_testmod(out, limit)
        try:
            runpy.run_module(f"pyspark.sql.connect.{name}", run_name="__main__", alter_sys=True)
        except SystemExit:
            pass  # _test() ends with it when a docstring failed
    os._exit(0)  # the client's exit hooks wait for servers that have gone


def run(remote, module, work, seconds=600, limit=30):
    """{docstring: {passed, said}} of one module; one that was not reached within `seconds` has not passed."""
    work = pathlib.Path(work)
    out = work / f"{module}.jsonl"
    out.unlink(missing_ok=True)
    env = dict(os.environ, SPARK_CONNECT_TESTING_REMOTE=remote, SPARK_HOME=str(work))
    env.pop("SPARK_REMOTE", None)
    child = subprocess.Popen(
        [sys.executable, __file__, module, str(out), str(limit)],
        cwd=work,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    lines = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    results = {
        name: {"passed": False, "said": "not reached"} for line in lines if isinstance(line, list) for name in line
    }
    results.update({line["name"]: line for line in lines if isinstance(line, dict)})
    return results


if __name__ == "__main__":
    run_module(sys.argv[1], sys.argv[2], int(sys.argv[3]))
