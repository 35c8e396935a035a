"""sparkmagic's PySpark kernel, unmodified, against the Livy root: it knows nothing of Headrace but the address and a token."""

import json

import pytest
from support.serve import BUILD

import article

pytest.importorskip("sparkmagic")


@pytest.fixture(scope="module")
def kernel(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparkmagic")
    config = {
        "kernel_python_credentials": {"username": "", "password": "", "url": serve.endpoint["url"], "auth": "None"},
        "custom_headers": {"Authorization": "Bearer " + serve.endpoint["token"]},
        "logging_config": {"version": 1},
        "wait_for_idle_timeout_seconds": 15,
        "heartbeat_refresh_seconds": 5,
    }
    (folder / "config.json").write_text(json.dumps(config))
    with article.Kernel(
        folder / "work",
        serve.home,
        serve.endpoint,
        BUILD,
        module="sparkmagic.kernels.pysparkkernel.pysparkkernel",
        env={"SPARKMAGIC_CONF_DIR": str(folder)},
    ) as kernel:
        yield kernel
        kernel.run("%%cleanup -f")


def run(kernel, source):
    cell = kernel.run(source)
    text = article.text_of(cell)
    assert not article.failed(cell) and "An error was encountered" not in text, text
    return text


def test_a_statement_starts_the_session(kernel):
    text = run(kernel, "print(spark.range(5).count(), sc.version == spark.version)")
    assert "5 True" in text and "SparkSession available as 'spark'" in text


def test_text_and_last_expression(kernel):
    assert "+---+" in run(kernel, "df = spark.createDataFrame([(1, 'a'), (2, None)], ['n', 's'])\ndf.show()")
    assert "DataFrame[n: bigint, s: string]" in run(kernel, "df")


def test_o_brings_a_frame_over(kernel):
    run(kernel, "%%spark -o df\ndf = df.orderBy('n')")
    assert run(kernel, "%%local\nprint(sorted(df.columns), df.n.tolist())").strip() == "['n', 's'] [1, 2]"


def test_sql(kernel):
    run(kernel, "df.createOrReplaceTempView('v')")
    run(kernel, "%%sql -q -o found\nSELECT n, n * 2 AS twice FROM v ORDER BY n")
    assert run(kernel, "%%local\nprint(found.twice.tolist())").strip() == "[2, 4]"


def test_send_to_spark(kernel):
    run(kernel, "%%local\nimport pandas as pd\npdf = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\nword = 'it'")
    run(kernel, "%%send_to_spark -i word -t str -n word")
    run(kernel, "%%send_to_spark -i pdf -t df -n sent")
    assert "it [('a', 'bigint'), ('b', 'string')] 2" in run(kernel, "print(word, sent.dtypes, sent.count())")


def test_pictures(kernel):
    pytest.importorskip("matplotlib")
    cell = kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\n%matplot plt")
    assert any("image/png" in output.get("data", {}) for output in cell.outputs), article.text_of(cell)


def test_errors_are_readable(kernel):
    text = article.text_of(kernel.run("def f():\n    return 1/0\nf()"))
    assert "division by zero" in text and "return 1/0" in text
    assert "[UNRESOLVED_COLUMN" in article.text_of(kernel.run("df.select('nope')\ndf.select('nope').show()"))


def test_info_and_logs(kernel):
    shown = "".join(output.get("data", {}).get("text/html", "") for output in kernel.run("%%info").outputs)
    assert "idle" in shown and "pyspark" in shown and "started as application" in run(kernel, "%%logs")
