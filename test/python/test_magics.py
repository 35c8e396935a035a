"""%synapse in a stock IPython kernel: no %load_ext, nothing but the installed files."""

import asyncio
import base64
import inspect
import json
import threading
import time

import pytest
from support.serve import BUILD

import article

ALIAS = "magic-pool"


@pytest.fixture(scope="module")
def start(serve):
    """Attaches the pool once; the line that starts a session on it."""
    endpoint = serve.endpoint
    return f"%synapse start -c {ALIAS} -s {endpoint['subscription_id']} -r {endpoint['resource_group']} -w {endpoint['workspace']}"


@pytest.fixture(scope="module")
def kernel(serve, start, tmp_path_factory):
    with article.Kernel(tmp_path_factory.mktemp("kernel"), serve.home, BUILD) as kernel:
        cell = kernel.run(f"""from azureml.core import Workspace, LinkedService, SynapseWorkspaceLinkedServiceConfiguration
from azureml.core.compute import ComputeTarget, SynapseCompute
ws = Workspace.from_config()
config = SynapseWorkspaceLinkedServiceConfiguration(ws.subscription_id, ws.resource_group, '{serve.endpoint["synapse_workspace"]}')
link = LinkedService.register(ws, 'magiclink', config)
attach = SynapseCompute.attach_configuration(link, pool_name='{serve.endpoint["pool"]}')
ComputeTarget.attach(ws, '{ALIAS}', attach).wait_for_completion()""")
        assert not article.failed(cell), article.text_of(cell)
        yield kernel


@pytest.fixture(scope="module")
def session(kernel, start):
    """A kernel whose session runs; returns what runs a cell in it."""
    text = article.text_of(kernel.run(start))
    assert "is ready" in text, text
    yield lambda source: kernel.run(source if source.lstrip().startswith("%") else "%%synapse\n" + source)
    kernel.run("%synapse stop")


def error_of(cell):
    outputs = [output for output in cell.outputs if output.output_type == "error"]
    assert outputs, article.text_of(cell)
    return outputs[0]


def test_without_a_session(kernel):
    error = error_of(kernel.run("%synapse 1 + 1"))
    assert error.ename == "SynapseError" and "start one with `%synapse start -c COMPUTE`" in error.evalue
    assert (
        error_of(kernel.run("%synapse strat -c x")).evalue
        == "'strat' is not a sub-command of %synapse: did you mean `%synapse start`?"
    )
    assert error.traceback == [f"SynapseError: {error.evalue}"]


def test_help(kernel):
    text = article.text_of(kernel.run("%synapse help"))
    assert all(word in text for word in ("start", "meta", "stop", "list", "run", "--executor-cores", "--start-timeout"))


@pytest.mark.parametrize(
    "line, word",
    [
        ("%synapse start -c nothing-here", "nothing-here"),
        ("%synapse start", "-c"),
        ("%synapse start -c x --bogus", "--bogus"),
        (f"%synapse start -c {ALIAS} -s only", "belong together"),
        (f"%synapse start -c {ALIAS} -e env", "-e is not supported"),
        (f"%%synapse start -c {ALIAS}\n[1]", "must be a JSON object"),
        (f"%%synapse start -c {ALIAS}\n{{", "is not JSON"),
        (
            f'%%synapse start -c {ALIAS}\n{{"conff": {{"spark.sql.session.timeZone": "UTC"}}}}',
            '"conff" is no setting of Spark\'s',
        ),
        (
            f'%%synapse start -c {ALIAS}\n{{"conf": {{}}, "driverMemory": "1g"}}',
            '"driverMemory" is not known beside "conf"',
        ),
        ("%%synapse begin\n1", "'begin' is not a sub-command"),
        ("%synapse run cobol 1", "takes one of"),
    ],
)
def test_bad_starts(kernel, line, word):
    error = error_of(kernel.run(line))
    assert error.ename == "SynapseError" and word in error.evalue and len(error.traceback) == 1


def test_statements(session):
    assert article.text_of(session("x = 20\nprint('é', x)\nx + 1")) == "é 20\n21\n"
    assert article.text_of(session("%synapse x * 2")) == "40\n"
    assert article.text_of(session("%synapse y = {'a': x}; print(y, '$x')")) == "{'a': 20} $x\n"
    assert article.text_of(session("%% synapse\n\nx")) == "20\n"
    assert article.text_of(session("\n%%  synapse\nx")) == "20\n"
    assert article.text_of(session("spark.range(2).show()")) == "+---+\n| id|\n+---+\n|  0|\n|  1|\n+---+\n"


def test_the_notebook_itself_is_apart(kernel, session):
    assert error_of(kernel.run("x")).ename == "NameError"


def test_html_and_pictures(session):
    output = session("import pandas as pd\npd.DataFrame({'a': [1]})").outputs[0]
    assert output.output_type == "display_data" and "<th>a</th>" in output.data["text/html"]
    pytest.importorskip("matplotlib")
    output = session("import matplotlib.pyplot as plt\nplt.plot([1, 2])\n%matplot plt").outputs[0]
    assert base64.b64decode(output.data["image/png"]).startswith(b"\x89PNG")


def test_errors(session):
    error = error_of(session("def f():\n    return 1/0\nf()"))
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    text = "\n".join(error.traceback)
    assert (
        text.startswith("ZeroDivisionError: division by zero\n") and "    return 1/0" in text and "magics" not in text
    )
    error = error_of(session("spark.range(1).select('nope').show()"))
    assert (
        error.ename == "AnalysisException"
        and error.evalue.startswith("[UNRESOLVED_COLUMN")
        and "JVM" not in "".join(error.traceback)
    )


def test_what_was_shown_comes_before_what_went_wrong(session):
    cell = session("for i in range(3): print(i)\n1/0")
    assert [output.output_type for output in cell.outputs] == ["stream", "error"] and cell.outputs[
        0
    ].text == "0\n1\n2\n"
    trace = "\n".join(error_of(cell).traceback)
    assert "\n0\n" not in trace and f'File "cell In[{cell.execution_count}]", line 2' in trace


@pytest.mark.parametrize(
    "line, says", [("strat -c prep-pool", "start"), ("status", "meta"), ("sql SELECT 1", "run sql"), ("stpo", "stop")]
)
def test_a_mistyped_sub_command_is_told(kernel, session, line, says):
    assert error_of(session("%synapse " + line)).evalue.endswith(f": did you mean `%synapse {says}`?")


def test_a_variable_may_be_named_like_one(session):
    session("status = 1")
    assert article.text_of(session("%synapse status")) == "1\n"
    assert "did you mean" not in error_of(session("%synapse a_name")).evalue


def test_sql(session):
    assert article.text_of(session("%synapse run sql select 1 as one")) == "+---+\n|one|\n+---+\n|  1|\n+---+\n"
    assert "|  a|" in article.text_of(session("%%synapse run sql\nselect 'b' as a"))
    wrong = error_of(session("%synapse run sql SELEC 1"))
    assert (
        wrong.ename == "ParseException"
        and "magic" not in "".join(wrong.traceback)
        and "cell" not in "".join(wrong.traceback)
    )
    assert "'spark' is not supported" in error_of(session("%synapse run scala 1")).evalue


def test_meta_and_list(session, serve):
    meta = json.loads(article.text_of(session("%synapse meta")))
    assert (
        meta["workspace_name"] == serve.endpoint["workspace"]
        and meta["application_state"] == "idle"
        and meta["timeout_minutes"] == 30
    )
    lines = article.text_of(session("%synapse list")).splitlines()
    assert lines[0].split() == ["session", "name", "state", "pool", "submitted", "by"]
    assert any(line.startswith("*") and f" {meta['session_id']} " in line for line in lines[1:])


def test_sizes(kernel, session, start):
    kernel.run("%synapse stop")
    assert (
        '"executorMemory" is "lots"'
        in error_of(kernel.run(start + " --executor-memory lots -n 3 --driver-cores 2")).evalue
    )
    assert "is ready" in article.text_of(kernel.run(start + " --executor-memory 512m -n 3 --driver-cores 2"))
    assert (
        article.text_of(session("%synapse [spark.conf.get('spark.executor.' + n) for n in ('memory', 'instances')]"))
        == "['512m', '3']\n"
    )
    meta = json.loads(article.text_of(kernel.run("%synapse meta")))
    assert (meta["executor_memory"], meta["num_executors"], meta["driver_cores"]) == ("512m", 3, 2)
    kernel.run("%synapse stop")
    assert "is ready" in article.text_of(kernel.run(start))


def test_a_second_start_is_refused(session, start):
    assert "`%synapse stop` ends it" in error_of(session(start)).evalue


def test_interrupt_cancels(kernel, session):
    def interrupt():
        done = kernel.manager.interrupt_kernel()
        if inspect.isawaitable(done):
            asyncio.run(done)

    timer = threading.Timer(1.0, interrupt)
    timer.start()
    began = time.monotonic()
    cell = session("import time\nprint('hello')\ntime.sleep(60)")
    error = error_of(cell)
    assert cell.outputs[0].output_type == "stream" and cell.outputs[0].text == "hello\n"
    assert error.evalue == "the statement was cancelled" and time.monotonic() - began < 10
    assert article.text_of(session("%synapse 'still here'")) == "'still here'\n"


def test_a_cell_that_catches_the_interrupt_goes_on_and_is_shown(kernel, session):
    timer = threading.Timer(
        1.0, lambda: asyncio.run(done) if inspect.isawaitable(done := kernel.manager.interrupt_kernel()) else None
    )
    timer.start()
    cell = session(
        "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('caught')\ntime.sleep(1.5)\nprint('after')\n'result'"
    )
    assert "caught\nafter\n'result'" in article.text_of(cell) and not [
        output for output in cell.outputs if output.output_type == "error"
    ]


def test_configuration_and_ws(kernel, session, start):
    assert "is stopped" in article.text_of(kernel.run("%synapse stop"))
    text = article.text_of(kernel.run("%" + start + ' -t 5\n{"conf": {"spark.sql.shuffle.partitions": 3}}'))
    assert "is ready" in text, text
    assert article.text_of(session("%synapse spark.conf.get('spark.sql.shuffle.partitions')")) == "'3'\n"
    assert json.loads(article.text_of(session("%synapse meta")))["spark_conf"] == {"spark.sql.shuffle.partitions": "3"}
    assert (
        article.text_of(
            session(
                "from azureml.core import Workspace\nisinstance(ws, Workspace), ws.get_details()['name'] == ws.name"
            )
        )
        == "(True, True)\n"
    )


def test_a_dead_session_is_said_so(kernel, session, start):
    error = error_of(session("import os\nos.kill(os.getpid(), 9)"))
    assert "interpreter" in error.evalue
    assert "`%synapse stop`, then `%synapse start`" in error_of(session("%synapse 1")).evalue
    kernel.run("%synapse stop")
    assert "is ready" in article.text_of(kernel.run(start))
    assert article.text_of(session("%synapse 1")) == "1\n"


def test_the_kernels_end_ends_its_session(serve, start, kernel, tmp_path):
    with article.Kernel(tmp_path, serve.home, BUILD) as other:
        assert "is ready" in article.text_of(other.run(start))
        number = json.loads(article.text_of(other.run("%synapse meta")))["session_id"]
    lines = article.text_of(kernel.run("%synapse list")).splitlines()
    assert not any(f" {number} " in line and "idle" in line for line in lines)


def test_the_sdks_errors_are_the_callers_line_and_the_message(kernel):
    error = error_of(
        kernel.run(
            "from azureml.core import Workspace, LinkedService\nws = Workspace.from_config()\nLinkedService.get(ws, 'nix')"
        )
    )
    lines = "\n".join(error.traceback).split("\n")
    assert lines[0] == "line 3: LinkedService.get(ws, 'nix')" and "nix" in lines[1] and len(lines) == 2
