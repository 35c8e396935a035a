"""The fork server and the interpreter, without Spark: statements, results, errors, cancelling, ends. The wire is
doc/python.md's."""

import base64
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time

import pytest
from support.interpreter import ROOT, ForkServer, Wire
from support.serve import until

PARENT_PSS = 110 * 1024  # kB


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    with ForkServer(tmp_path_factory.mktemp("forks")) as server:
        yield server


@pytest.fixture
def child(forks):
    made = forks.spawn()
    yield made
    made.stop()


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# the fork server


def test_memory_of_the_parent(forks):
    lines = pathlib.Path(f"/proc/{forks.process.pid}/smaps_rollup").read_text().split("\n")
    pss = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    assert pss <= PARENT_PSS


def test_sockets_are_private(forks, child):
    for path in (forks.path, child.path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_the_parent_opens_no_inet_socket(forks):
    inodes = {os.readlink(f) for f in pathlib.Path(f"/proc/{forks.process.pid}/fd").iterdir() if f.is_symlink()}
    tables = "".join(pathlib.Path(f"/proc/{forks.process.pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    used = {f"socket:[{line.split()[9]}]" for line in tables.split("\n") if len(line.split()) > 9}
    assert not inodes & used


def test_a_statement_soon_after_the_spawn(forks):
    took = []
    for _ in range(5):
        began = time.monotonic()
        child = forks.spawn()
        assert child.text("1 + 1") == "2\n"
        took.append(time.monotonic() - began)
        child.stop()
    assert min(took) < 0.15


@pytest.mark.parametrize(
    "line, word",
    [
        (b"nonsense\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b'{"op": "dance"}\n', "unknown request 'dance'"),
        (b'{"op": "spawn"}\n', "spawn needs 'socket'"),
        (b'{"op": "spawn", "socket": "/x/y", "connect": "sc://h"}\n', "no interpreter"),
    ],
)
def test_bad_requests_to_the_parent(forks, line, word):
    wire = Wire(forks.path)
    wire.raw(line)
    answer = wire.receive()
    assert answer["event"] == "error" and word in answer["message"]
    assert wire.ask(op="ping", id=7)["id"] == 7
    wire.close()


def test_a_second_server_on_the_socket_is_refused(forks):
    done = subprocess.run(
        [sys.executable, "-m", "headrace.interpreter", "--socket", str(forks.path)],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "python")),
        timeout=30,
    )
    assert done.returncode and f"another process listens on '{forks.path}'" in done.stderr


def test_a_killed_child_is_reported(forks):
    child = forks.spawn()
    child.begin("import time; time.sleep(60)")
    os.kill(child.pid, signal.SIGKILL)
    event = forks.exit_of(child)
    assert (event["id"], event["code"], event["signal"]) == (child.number, None, signal.SIGKILL)
    while child.wire.receive() is not None:
        pass


def test_shutdown_is_an_orderly_end(forks):
    child = forks.spawn()
    child.stop()
    event = forks.exit_of(child)
    assert (event["code"], event["signal"]) == (0, None) and not child.path.exists()


def test_children_leave_nothing_behind(forks):
    forks.spawn().stop()
    before = len(os.listdir(f"/proc/{forks.process.pid}/fd"))
    for _ in range(20):
        child = forks.spawn()
        child.text("1")
        child.stop()
        forks.exit_of(child)
    assert len(os.listdir(f"/proc/{forks.process.pid}/fd")) == before
    assert forks.ask(op="ping", id=1)["children"] == []


def test_the_server_takes_its_children_along(tmp_path):
    with ForkServer(tmp_path) as server:
        busy, stubborn = server.spawn(), server.spawn()
        busy.begin("import time; time.sleep(60)")
        stubborn.begin("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
        time.sleep(0.2)
        assert server.ask(op="shutdown", id=1)["event"] == "bye"
        assert server.process.wait(10) == 0
        assert not alive(busy.pid) and not alive(stubborn.pid) and not server.path.exists()


def test_nobody_connected_ends_it(tmp_path):
    with ForkServer(tmp_path, linger=1) as server:
        child = server.spawn()
        child.wire.close()
        server.wire.close()
        assert server.process.wait(10) == 0
        until(lambda: not alive(child.pid), 5, "the child's end")


# results


def test_last_expression_and_output(child):
    assert child.run("x = 1") == {"status": "ok", "execution_count": 0, "data": {"text/plain": ""}}
    assert (
        child.run("import sys\nprint('é∀', x); print('err', file=sys.stderr)\nx + 1\n")["data"]["text/plain"]
        == "é∀ 1\nerr\n2"
    )
    assert child.text("None") == "" and child.text("_") == "2\n"
    assert child.run("'a'")["execution_count"] == 4
    assert child.text("def f():\n    return __name__\n\nf()") == "'__main__'\n"
    assert child.text("") == ""


def test_rich_values(child):
    data = child.data(
        "class T:\n    def _repr_html_(self): return '<b>x</b>'\n    def __repr__(self): return 'T!'\nT()"
    )
    assert data == {"text/plain": "T!", "text/html": "<b>x</b>"}
    data = child.data("print('a < b'); T()")
    assert data["text/plain"] == "a < b\nT!" and data["text/html"] == "<pre>a &lt; b\n</pre>\n<b>x</b>"
    assert "<th>a</th>" in child.data("import pandas as pd\npd.DataFrame({'a': [1]})")["text/html"]
    assert child.data("displayHTML('<i>i</i>')")["text/html"] == "<i>i</i>"
    assert child.text("T").strip() == "<class '__main__.T'>"


def test_ipythons_display_is_the_sessions(child):
    pytest.importorskip("IPython")
    assert child.data("from IPython.display import HTML, display\ndisplay(HTML('<u>u</u>'))")["text/html"] == "<u>u</u>"


def test_livy_magics(child):
    child.run("rows = [{'a': 1, 'b': 'x'}, {'a': None, 'b': 'y'}]")
    assert child.data("%json rows")["application/json"] == [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]
    assert child.data("%table rows")["application/vnd.livy.table.v1+json"] == {
        "headers": [{"name": "a", "type": "BIGINT_TYPE"}, {"name": "b", "type": "STRING_TYPE"}],
        "data": [[1, "x"], [None, "y"]],
    }
    name, value, _ = child.error("%nope rows")
    assert name == "MagicError" and "'%nope' is not known" in value
    assert child.error("%json missing")[0] == "NameError"
    assert child.text("x = '''\n%json rows\n'''\nx") == "'\\n%json rows\\n'\n"


def test_figures(child):
    pytest.importorskip("matplotlib")
    for code in (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n%matplot plt",
        "plt.plot([1]); plt.show()",
        "plt.figure().gca().plot([1]); None",
    ):
        data = child.data(code)
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and "text/html" not in data
    data = child.data("print('two'); [plt.figure().gca().plot([1]) for _ in '12']; plt.show()")
    assert "image/png" not in data and data["text/html"].count("<img") >= 2 and "two" in data["text/html"]


def test_output_of_programs_and_threads(child):
    assert (
        child.text(
            "import os, subprocess; r = subprocess.run(['echo', 'from a program']); x = os.system('echo err >&2')"
        )
        == "from a program\nerr\n"
    )
    assert (
        child.text("import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()")
        == ""
    )
    time.sleep(0.3)
    assert child.text("print('next')") == "late\nnext\n"


def test_output_streams_while_it_runs(child):
    result, events = child.result(child.begin("import time\nfor i in range(4):\n    print(i)\n    time.sleep(0.15)"))
    streamed = "".join(event["text"] for event in events if event["event"] == "stream")
    assert result["output"]["data"]["text/plain"] == "0\n1\n2\n3" and streamed and "0\n1\n2\n3\n".startswith(streamed)


def test_output_has_a_limit(child):
    text = child.text("for i in range(9): print('x' * (1 << 20))")
    assert len(text) < (9 << 20) and text.endswith("than the 8388608 that a statement may show]\n")
    assert child.text("1") == "1\n"


@pytest.mark.parametrize(
    "code, text", [("print('\\ud800 half')", "? half\n"), ("'\\x00'", "'\\x00'\n"), ("print('a\\x00b')", "a\x00b\n")]
)
def test_text_that_is_no_text(child, code, text):
    assert child.text(code) == text


def test_values_that_are_no_json(child):
    assert child.data("v = {'a': float('nan'), 'b': [float('-inf')], 3: {1}}\n%json v")["application/json"] == {
        "a": "NaN",
        "b": ["-Infinity"],
        "3": [1],
    }


def test_a_result_that_is_too_large_is_an_error(child):
    name, value, _ = child.error("displayHTML('x' * (33 << 20))")
    assert name == "ResultError" and re.fullmatch(r"the result is 3460\d+ bytes: a statement may show 33554432", value)
    assert child.text("1") == "1\n"


# errors


def test_tracebacks_show_the_users_code_only(child):
    child.run("import json\ndef load(text):\n    return json.loads(text)")
    name, value, trace = child.error("print('before')\nload('{')")
    assert (name, value) == (
        "JSONDecodeError",
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    )
    assert trace.startswith(
        "before\n\nTraceback (most recent call last):\n  File \"cell [1]\", line 2, in <module>\n    load('{')\n"
    )
    assert '  File "cell [0]", line 3, in load\n    return json.loads(text)\n' in trace
    assert trace.endswith(f"{name}: {value}\n") and "decoder.py" not in trace and "headrace" not in trace


def test_what_a_failing_statement_showed_stands_before_its_error(child):
    done = child.run("import pandas\nprint('first')\ndisplay(pandas.DataFrame({'a': [1]}))\nprint('last')\n1/0")
    assert done["data"]["text/plain"].startswith("first\n") and done["data"]["text/plain"].endswith("last")
    assert "<th>a</th>" in done["data"]["text/html"] and "<pre>last" in done["data"]["text/html"]
    shown, trace = done["traceback"][: done["printed"]], done["traceback"][done["printed"] :]
    assert "".join(shown).rstrip() == done["data"]["text/plain"] and trace[0].startswith("Traceback")
    assert child.run("1/0").keys() == {"status", "execution_count", "ename", "evalue", "traceback"}  # as Livy has it
    long = child.run("print('x' * 1_000_000)\n1/0")
    assert len(long["data"]["text/plain"]) == 1_000_000 and len("".join(long["traceback"])) < 70_000


def test_a_cell_has_the_name_that_its_sender_gives_it(child):
    def trace_of(code, **more):
        return "".join(child.run(code, **more)["traceback"])

    assert 'File "cell In[22]", line 2, in f' in trace_of("def f():\n    return 1/0\nf()", cell="In[22]")
    second = trace_of("\n\nf()", cell="In[22]")  # another line of the same cell
    assert (
        'File "cell In[22], statement 1", line 3' in second and "    return 1/0\n" in second and "\n    f()\n" in second
    )
    assert 'File "cell [2]"' in trace_of("1/0")
    for code, line in (("%table nosuch", "%table nosuch"), ("if True:\n%table x\ny = (", "%table x")):
        shown = trace_of(code)
        assert line in shown and "headrace" not in shown and "magic" not in shown, shown


@pytest.mark.parametrize(
    "code, name, value, shown",
    [
        ("1/0", "ZeroDivisionError", "division by zero", "1/0"),
        ("x = (", "SyntaxError", "'(' was never closed (cell [0], line 1)", "x = ("),
        ("import sys; sys.exit(3)", "SystemExit", "3", "sys.exit(3)"),
        ("{}['k']", "KeyError", "'k'", "{}['k']"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "the statement was cancelled", "raise"),
        ("raise ValueError('∀\\nsecond')", "ValueError", "∀\nsecond", "second"),
        (
            "class E(Exception):\n    def __str__(self): return 1/0\nraise E",
            "E",
            "<ZeroDivisionError, raised by __str__ of E>",
            "raise E",
        ),
    ],
)
def test_errors(child, code, name, value, shown):
    found, message, trace = child.error(code)
    assert (found, message) == (name, value) and shown in trace
    assert child.text("1") == "1\n"


def test_chained_errors(child):
    trace = child.error("try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e")[2]
    assert trace.index("KeyError: 'k'") < trace.index("direct cause") < trace.index("ValueError: bad")


def test_other_kinds_are_refused_by_name(child):
    assert "kind 'spark' is not supported" in child.error("1", kind="spark")[1]


def test_bad_requests_to_a_child(child):
    for message, word in (
        ({"op": "execute", "id": 1}, "execute needs 'code'"),
        ({"op": "x", "id": 2}, "unknown request 'x'"),
    ):
        assert word in child.wire.ask(**message)["message"]
    assert child.text("1") == "1\n"


# cancelling


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "while True: pass", "import threading; threading.Event().wait()"]
)
def test_cancel_a_running_statement(child, code):
    number = child.begin(code)
    time.sleep(0.2)
    began = time.monotonic()
    child.wire.send(op="cancel", id=number)
    result, _ = child.result(number)
    assert result["cancelled"] and result["output"]["ename"] == "KeyboardInterrupt" and time.monotonic() - began < 2
    assert child.text("'on'") == "'on'\n"


def test_cancel_as_it_begins(child):
    for _ in range(20):
        number = child.begin("import time; time.sleep(5)")
        child.wire.send(op="cancel", id=number)
        assert child.result(number)[0]["cancelled"]


def test_cancel_a_waiting_statement(child):
    first = child.begin("import time; time.sleep(0.5); x = 1")
    second = child.begin("x = 2")
    child.wire.send(op="cancel", id=second)
    assert child.result(second)[0]["cancelled"]
    assert not child.result(first)[0]["cancelled"]
    assert child.text("x") == "1\n"


def test_sigint_between_statements_is_nothing(child):
    child.text("1")
    os.kill(child.pid, signal.SIGINT)
    child.wire.send(op="cancel", id=0)
    assert child.text("2") == "2\n"


# around the statements


def test_completions(child):
    child.run(
        "import os\nvalue_of_x = 1\nclass P:\n    @property\n    def bad(self): raise SystemExit\n    other = 1\np = P()"
    )
    ask = lambda code: child.wire.ask(op="complete", id="c", code=code, cursor=len(code))["candidates"]  # noqa: E731
    assert ask("1 + value_o") == ["value_of_x"] and "os.path" in ask("os.pa") and "os.path.join" in ask("f(os.path.jo")
    assert ask("p.") == ["p.bad", "p.other"] and ask("nothing.") == [] and "while" in ask("whi")


def test_environment_folder_and_names(forks, tmp_path):
    (tmp_path / "mine.py").write_text("def boom():\n    raise RuntimeError('in a module')\n")
    child = forks.spawn(
        env={"SHADE": "blue", "HOME": None},
        cwd=str(tmp_path),
        session={"id": 4, "name": "n", "app_id": "app-4", "user": "ann"},
    )
    assert (
        child.text("import os; os.environ['SHADE'], os.environ.get('HOME'), os.getcwd()")
        == f"('blue', None, '{tmp_path}')\n"
    )
    assert child.text("sc.applicationId, sc.appName, sc.sparkUser()") == "('app-4', 'n', 'ann')\n"
    assert f'{tmp_path}/mine.py", line 2, in boom\n    raise RuntimeError' in child.error("import mine\nmine.boom()")[2]
    child.stop()


def test_limits(forks):
    child = forks.spawn(limits={"memory": 4 << 30, "files": 64})
    assert child.text("import resource; resource.getrlimit(resource.RLIMIT_NOFILE)") == "(64, 64)\n"
    assert child.error("x = bytearray(5 << 30)")[0] == "MemoryError"
    child.stop()


def test_workspace_and_azureml(forks):
    fields = {
        "subscription_id": "s",
        "resource_group": "g",
        "workspace_name": "w",
        "url": "https://localhost:9",
        "token": "t",
    }
    child = forks.spawn(workspace=fields)
    assert child.text("ws.name, ws.resource_group") == "('w', 'g')\n"
    assert child.text("from azureml.core import Workspace, Dataset\nisinstance(ws, Workspace)") == "True\n"
    assert child.wire.ask(op="update", id=1, workspace=dict(fields, token="u"))["event"] == "updated"
    assert child.text("ws._endpoint.token") == "'u'\n"
    assert "no server answers at https://localhost:9" in child.error("ws.get_details()")[1]
    child.stop()


# sc and the small RDD


@pytest.mark.parametrize(
    "code, value",
    [
        ("sc.parallelize([3, 1, 2]).map(lambda x: x * 2).collect()", [6, 2, 4]),
        ("sc.parallelize(range(10), 3).glom().map(len).collect()", [3, 3, 4]),
        (
            "sc.parallelize('a b a'.split()).map(lambda w: (w, 1)).reduceByKey(lambda a, b: a + b).sortByKey().collect()",
            [["a", 2], ["b", 1]],
        ),
        ("sc.range(5).filter(lambda x: x % 2).count()", 2),
        ("sc.parallelize([1, 2, 2]).distinct().take(5)", [1, 2]),
        ("sc.parallelize([5, 3]).sortBy(lambda x: x).first()", 3),
        ("sc.emptyRDD().isEmpty()", True),
        ("sc.parallelize([1, 2, 3]).reduce(lambda a, b: a + b)", 6),
        ("sc.parallelize([1]).union(sc.parallelize([2])).collect()", [1, 2]),
        ("sc.parallelize([(1, 'a'), (2, 'b')]).join(sc.parallelize([(1, 'c')])).collect()", [[1, ["a", "c"]]]),
        ("sc.parallelize([1, 2]).zipWithIndex().collectAsMap()[2]", 1),
        ("sc.parallelize('ab').flatMap(lambda c: c * 2).collect()", list("aabb")),
        ("sc.parallelize(range(4), 2).mapPartitions(lambda p: [sum(p)]).collect()", [1, 5]),
        ("sc.broadcast(3).value", 3),
    ],
)
def test_small_rdd(child, code, value):
    assert json.loads(child.text(f"import json; print(json.dumps({code}))")) == value


@pytest.mark.parametrize(
    "code, name",
    [
        ("sc.accumulator(0)", "sc.accumulator"),
        ("sc.binaryFiles('x')", "sc.binaryFiles"),
        ("sc._jvm.java", "sc._jvm"),
        ("sc.parallelize([1]).saveAsTextFile('x')", "RDD.saveAsTextFile"),
        ("sc._jsc.stop()", "sc._jsc.stop"),
    ],
)
def test_refusals_by_name(child, code, name):
    found, message, _ = child.error(code)
    assert found == "UnsupportedOperation" and message.startswith(f"{name} is not supported in this session")
