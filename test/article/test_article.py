"""The article's notebook in a stock kernel against a real server, held against the acceptance table."""

import copy
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

import nbformat
import pytest
from support.serve import BUILD

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import article  # noqa: E402
from storage.conftest import azurite  # noqa: E402,F401

# of what Apache Spark 4.2.0 writes for the same cells: it reads and writes quotes and spaces in ways of its own
SPARKS_OUTPUT = "c65b7f3a908fc4364283050e87c5909cc84c99dc2273fdf072b4035746867e91"

META = {
    "application_id",
    "application_name",
    "application_state",
    "application_url",
    "driver_cores",
    "driver_memory",
    "environment_name",
    "environment_version",
    "executor_cores",
    "executor_memory",
    "num_executors",
    "resource_group",
    "session_id",
    "spark_conf",
    "spark_ui_url",
    "start_timeout_seconds",
    "subscription_id",
    "synapse_session_guid",
    "timeout_minutes",
    "workspace_name",
}


@pytest.fixture(scope="module")
def cells(serve, tmp_path_factory):
    """{tag: executed cell}; the cells run once, in order."""
    article.upload(serve.endpoint, article.titanic())
    notebook = article.fill(copy.deepcopy(nbformat.read(article.NOTEBOOK, as_version=4)), serve.endpoint)
    done = {}
    with article.Kernel(tmp_path_factory.mktemp("owner"), serve.home, BUILD) as kernel:
        assumed = article.assume(kernel, serve.endpoint)
        assert not article.failed(assumed), article.text_of(assumed)
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.tags[0] != "unlink":
                kernel.execute(cell)
                done[cell.metadata.tags[0]] = cell
                assert not article.failed(cell), f"{cell.metadata.tags[0]}: {article.text_of(cell)}\n{serve.log()}"
        done["mounts"] = kernel.run(
            "with train_ds.mount() as m:\n    print(m.mount_point)\n    print(open('/proc/mounts').read())"
        )
        done["input"] = kernel.run("input1")
    return done


def table(text):
    """The cells of the first table that show() printed."""
    lines = text[text.index("+-") :].split("\n")
    end = [i for i, line in enumerate(lines) if line.startswith("+-")][2]
    rule, body = lines[0], lines[1:end]
    assert lines[end] == rule and body[1] == rule and all(len(line) == len(rule) for line in body)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body if line != rule]


def test_link(cells):
    for tag in ("link", "get-link"):
        text = article.text_of(cells[tag])
        assert "name='synapselink1'" in text
        principal = re.search(r"system_assigned_identity_principal_id='([^']+)'", text).group(1)
        assert str(uuid.UUID(principal)) == principal
    text = article.text_of(cells["get-link"])
    assert text.split("\n")[0] == principal and text.split("\n")[1].startswith("[LinkedService(name='synapselink1'")


def test_role(cells, serve):
    assert "rror" not in article.text_of(cells["role"])
    principal = article.text_of(cells["get-link"]).split("\n")[0]
    listed = serve.cli("role", "list", "--json").stdout
    assert principal in listed


def test_attach_and_compute(cells):
    text = article.text_of(cells["compute-targets"])
    assert (
        f"name='{article.ALIAS}'" in text and "type='SynapseSpark'" in text and "provisioning_state='Succeeded'" in text
    )


def test_start_and_meta(cells, serve):
    assert "is ready" in article.text_of(cells["start"])
    meta = json.loads(article.text_of(cells["meta"]))
    assert set(meta) >= META
    assert (meta["workspace_name"], meta["resource_group"]) == (
        serve.endpoint["workspace"],
        serve.endpoint["resource_group"],
    )
    assert meta["application_state"] == "idle"


def check_prepare(text):
    assert text.startswith("+----+-----+\n| Age|count|\n+----+-----+\n")
    header, *rows = table(text)
    assert header == ["Age", "count"] and len(rows) == 10
    assert rows[:2] == [["NULL", "52"], ["24", "15"]]
    assert sorted(rows[2:6]) == [[age, "11"] for age in ("22", "27", "35", "36")]
    counts = [int(count) for _, count in rows]
    assert counts == sorted(counts, reverse=True) and "only showing top 10 rows" in text
    second = table(text[text.index("only showing top 10 rows") :])
    assert second[0] == [
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
    assert len(second) == 21 and second[1][0] == "1" and "only showing top 20 rows" in text


def check_saved(container):
    names = [blob.name for blob in container.list_blobs(name_starts_with="training_data/Titanic.csv/")]
    files = {name.removeprefix("training_data/Titanic.csv/") for name in names}
    parts = sorted(name for name in files if name.startswith("part-"))
    assert (
        "_SUCCESS" in files and parts and all(name.endswith(".csv") for name in parts) and files == {"_SUCCESS", *parts}
    )
    text = "".join(container.download_blob("training_data/Titanic.csv/" + name).readall().decode() for name in parts)
    rows = list(csv.reader(io.StringIO(text, newline=""), escapechar="\\", doublequote=False))
    assert len(rows) == 891 and all(len(row) == 12 for row in rows)
    assert sorted(int(row[0]) for row in rows) == list(range(1, 892))
    assert hashlib.sha256(text.encode()).hexdigest() == SPARKS_OUTPUT


def test_dataset_to_spark(cells):
    assert article.text_of(cells["dataset-to-spark"]) == "891\n"


def test_dataset_and_train(cells):
    found = re.search(r"^891 rows; training accuracy (0\.\d+)$", article.text_of(cells["train"]), re.M)
    assert 0.75 <= float(found.group(1)) <= 0.85
    assert "mount" in article.text_of(cells["input"])


@pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="no /dev/fuse")
def test_the_mount_is_fuses(cells):
    point, *mounts = article.text_of(cells["mounts"]).split("\n")
    assert [line for line in mounts if line.split()[1:2] == [point] and line.split()[2].startswith("fuse")], mounts


def test_prepare(cells):
    check_prepare(article.text_of(cells["prepare"]))


def test_save(cells, serve):
    check_saved(article.storage(serve.endpoint).get_container_client("demo"))


def test_the_storage_cells_on_azurite(cells, serve, azurite, tmp_path):  # noqa: F811
    """The same cells with another account's name: what they read and write is Azurite's."""
    from azure.storage.blob import BlobServiceClient

    name, url, key = azurite
    container = BlobServiceClient(url, credential=key).get_container_client("demo")
    container.upload_blob("Titanic.csv", article.titanic(), overwrite=True)
    sources = {
        cell.metadata.tags[0]: cell.source
        for cell in nbformat.read(article.NOTEBOOK, as_version=4).cells
        if cell.cell_type == "code"
    }
    with article.Kernel(tmp_path, serve.home, BUILD) as kernel:
        kernel.run(f"%synapse start -c {article.ALIAS}")
        kernel.run(f"%synapse spark.conf.set('fs.azure.headrace.endpoint.{name}', '{url}')")
        shown = {}
        for tag in ("read", "prepare", "save"):
            cell = kernel.run(sources[tag].replace("dprepdata", name).replace("@ACCESS_KEY@", key))
            shown[tag] = article.text_of(cell)
            assert not article.failed(cell), shown[tag]
    check_prepare(shown["prepare"])
    check_saved(container)


def test_unlink(serve, tmp_path):
    """Its own link, since the others' computes hang on the notebook's: refused while a compute is attached, then done."""
    source = """
from azureml.core import LinkedService, SynapseWorkspaceLinkedServiceConfiguration, Workspace
from azureml.core.compute import ComputeTarget, SynapseCompute
ws = Workspace.from_config()
config = SynapseWorkspaceLinkedServiceConfiguration(ws.subscription_id, ws.resource_group, "other-synapse")
linked_service = LinkedService.register(ws, "other", config)
pool = SynapseCompute.attach_configuration(linked_service, type="SynapseSpark", pool_name="p")
ComputeTarget.attach(ws, "other-pool", pool).wait_for_completion()
"""
    serve.cli("synapse", "create", "other-synapse")
    serve.cli("pool", "create", "p", "--synapse", "other-synapse")
    cell = next(
        cell for cell in nbformat.read(article.NOTEBOOK, as_version=4).cells if cell.metadata.get("tags") == ["unlink"]
    )
    with article.Kernel(tmp_path, serve.home, BUILD) as kernel:
        made = kernel.run(source)
        assert not article.failed(made), article.text_of(made)
        kernel.execute(cell)
        assert article.failed(cell) and "other-pool" in article.text_of(cell), article.text_of(cell)
        shown = article.text_of(
            kernel.run("'other-pool' in ws.compute_targets, [link.name for link in LinkedService.list(ws)]")
        )
        assert shown.startswith("(True") and "'other'" in shown
        removed = kernel.run(
            "linked_service.unregister(detach_computes=True)\n'other-pool' in ws.compute_targets, 'other' in [link.name for link in LinkedService.list(ws)]"
        )
        assert article.text_of(removed) == "(False, False)\n"


def test_stop(cells, serve):
    assert "is stopped" in article.text_of(cells["stop"])


def test_a_second_user_is_refused_and_the_printed_command_helps(cells, serve, tmp_path):
    made = json.loads(serve.cli("user", "create", "ann", "--json").stdout)
    endpoint = serve.endpoint
    start = f"%synapse start -c {article.ALIAS} -s {endpoint['subscription_id']} -r {endpoint['resource_group']} -w {endpoint['workspace']}"
    with article.Kernel(tmp_path, serve.home, BUILD, token=made["token"]) as kernel:
        refused = kernel.run(start)
        text = article.text_of(refused)
        assert (
            article.failed(refused)
            and "ann" in text
            and "Synapse" in text
            and f"workspaces/{endpoint['synapse_workspace']}" in text
        )
        command = re.search(r"headrace role assign .*", text).group(0)
        done = subprocess.run(
            command,
            shell=True,
            capture_output=True,
            text=True,
            timeout=30,
            env=dict(kernel.env, HEADRACE_TOKEN=endpoint["token"]),
        )
        assert done.returncode == 0, done.stderr
        started = kernel.run(start)
        assert not article.failed(started), article.text_of(started)
        assert article.text_of(kernel.run("%synapse spark.range(3).count()")) == "3\n"
        assert not article.failed(kernel.run("%synapse stop"))
