"""Scripts on an attached Spark pool: a session of the pool that acts for the linked service's managed identity."""

import shlex

import pytest
from headrace.azureml import exceptions
from headrace.azureml.compute import ComputeTarget, SynapseCompute
from headrace.azureml.core import (
    Datastore,
    Experiment,
    LinkedService,
    RunConfiguration,
    ScriptRunConfig,
    SynapseWorkspaceLinkedServiceConfiguration,
)

from support.serve import until

SCRIPT = """
from azureml.core import Run
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
run = Run.get_context()
run.log("rows", spark.range(42).count())
print(spark.range(3).selectExpr("id * 2 AS doubled").toPandas().doubled.tolist())
"""


@pytest.fixture(scope="module")
def pool(serve):
    return serve.cli("pool", "create", "trainpool", "--json") and "trainpool"


def attached(ws, serve, pool):
    synapse = serve.endpoint["synapse_workspace"]
    link = LinkedService.register(
        ws, "link", SynapseWorkspaceLinkedServiceConfiguration(ws.subscription_id, ws.resource_group, synapse)
    )
    compute = ComputeTarget.attach(ws, "sparkalias", SynapseCompute.attach_configuration(link, pool_name=pool))
    compute.wait_for_completion()
    return link, compute


def test_the_identity_of_the_link_needs_the_role_and_gets_it_by_the_printed_command(serve, ws, script, pool):
    link, compute = attached(ws, serve, pool)
    config = ScriptRunConfig(
        script(SCRIPT), script="train.py", compute_target=compute, run_config=RunConfiguration(framework="PySpark")
    )
    with pytest.raises(exceptions.UserErrorException) as refusal:
        Experiment(ws, "spark").submit(config)
    message = str(refusal.value)
    assert link.system_assigned_identity_principal_id in message and "Synapse Apache Spark Administrator" in message
    assert f"workspaces/{serve.endpoint['synapse_workspace']}" in message
    command = shlex.split(message.partition("To change that: ")[2].strip())
    serve.cli(*command[1:])
    run = Experiment(ws, "spark").submit(config)
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Completed", run.get_logs()
    assert run.get_metrics() == {"rows": 42} and run.get_logs() == "[0, 2, 4]\n" and details["target"] == "sparkalias"
    assert "token=" not in str(run.get_details())


def test_a_role_that_was_taken_away_ends_what_waits(serve, ws, script, pool):
    link, _ = attached(ws, serve, pool)
    config = ScriptRunConfig(script("import time; time.sleep(60)"), script="train.py")
    busy = [Experiment(ws, "spark").submit(config) for _ in range(4)]
    until(lambda: all(run.get_status() == "Running" for run in busy), 30, "four that run")
    serve.cli(
        "role",
        "assign",
        "Synapse Compute Operator",
        "--assignee",
        link.system_assigned_identity_principal_id,
        "--scope",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    )
    waiting = Experiment(ws, "spark").submit(
        ScriptRunConfig(script(SCRIPT), script="train.py", compute_target="sparkalias")
    )
    assert waiting.get_status() == "Queued"
    for role in ("Synapse Compute Operator", "Synapse Apache Spark Administrator"):
        for scope in (
            f"workspaces/{serve.endpoint['synapse_workspace']}",
            f"workspaces/{serve.endpoint['synapse_workspace']}/bigDataPools/{pool}",
        ):
            serve.cli(
                "role",
                "remove",
                role,
                "--assignee",
                link.system_assigned_identity_principal_id,
                "--scope",
                scope,
                check=False,
            )
    busy[0].cancel()
    error = waiting.wait_for_completion(raise_on_error=False)["error"]["error"]
    assert error["code"] == "RunNotStarted" and "Synapse Apache Spark Administrator" in error["message"]
    for run in busy:
        run.cancel()


def test_what_a_pool_cannot_be_is_refused_by_name(serve, ws, script, pool):
    with pytest.raises(exceptions.UserErrorException, match='compute "absent" does not exist'):
        Experiment(ws, "spark").submit(ScriptRunConfig(script(""), script="train.py", compute_target="absent"))
    with pytest.raises(exceptions.UserErrorException, match="needs an attached Spark pool"):
        Experiment(ws, "spark").submit(
            ScriptRunConfig(script(""), script="train.py", run_config=RunConfiguration(framework="PySpark"))
        )


def test_the_data_of_a_pools_run_is_the_identitys(serve, ws, script, pool):
    """Without a key or SAS: the storage roles of the linked service's identity decide, not the submitter's."""
    link, _ = attached(ws, serve, pool)
    account, identity = serve.endpoint["account"], link.system_assigned_identity_principal_id
    Datastore.get_default(ws).upload_files([__file__], target_path="pool", overwrite=True, show_progress=False)
    container = Datastore.get_default(ws).container_name
    serve.cli(
        "role",
        "assign",
        "Synapse Apache Spark Administrator",
        "--assignee",
        identity,
        "--scope",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    )
    config = ScriptRunConfig(
        script(f"""
from pyspark.sql import SparkSession
path = "wasbs://{container}@{account}.blob.core.windows.net/pool/test_pool.py"
print(SparkSession.builder.getOrCreate().read.text(path).count() > 10)
"""),
        script="train.py",
        compute_target="sparkalias",
    )
    refused = Experiment(ws, "spark").submit(config)
    assert refused.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    text = refused.get_logs()
    assert identity in text and "Storage Blob Data Reader" in text
    command = shlex.split(text[text.index("headrace role assign") :].splitlines()[0])
    serve.cli(*command[1:])
    run = Experiment(ws, "spark").submit(config)
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Completed", run.get_logs()
    assert run.get_logs() == "True\n"
