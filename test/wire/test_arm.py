"""The management wire with Azure's own clients, over https with the server's authority verified."""

import base64
import json
import os
import re
import shlex
import subprocess
import sys
import time
import uuid

import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)

from support.azure import Azure
from support.serve import until

SPARK_ADMIN = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1"


@pytest.fixture(scope="module")
def azure(serve):
    return Azure(serve)


def new_user(serve, *options):
    """A user's (principal, Azure clients)."""
    made = json.loads(serve.cli("user", "create", f"user-{uuid.uuid4().hex[:8]}", "--json", *options).stdout)
    return made, Azure(serve, made["token"])


def attach(azure, name, pool, workspace_id=None):
    body = {"location": "local", "properties": {"computeType": "SynapseSpark", "resourceId": pool}}
    return azure.call("PUT", f"{workspace_id or azure.workspace_id}/computes/{name}?api-version=2020-02-02", json=body)


def wait_for(azure, response):
    """Polls an asynchronous operation to its end."""

    def ended():
        status = azure.call("GET", response.headers["Azure-AsyncOperation"]).json()
        return status if status["status"] != "InProgress" else None

    return until(ended, 10, "the operation's end")


def link(azure, name, target=None):
    body = {
        "name": name,
        "location": "local",
        "identity": {"type": "SystemAssigned"},
        "properties": {"linkedServiceResourceId": target or azure.synapse_id},
    }
    return azure.call("PUT", f"{azure.workspace_id}/linkedServices/{name}?api-version=2020-04-01-preview", json=body)


# ---- where things are, and who asks ----


def test_endpoint_file_says_where_everything_is(serve):
    path = serve.home / "run/endpoint.json"
    assert path.stat().st_mode & 0o777 == 0o600
    for field in (
        "url",
        "https_url",
        "connect",
        "storage_url",
        "account_key",
        "token",
        "ca_file",
        "pid",
        "subscription_id",
        "resource_group",
        "workspace",
        "synapse_workspace",
        "pool",
    ):
        assert serve.endpoint[field]
    assert serve.endpoint["pid"] == serve.pid
    until(lambda: serve.log().startswith("headrace serves home"), 5, "the line")


def test_metadata_lists_the_clouds_that_clients_insist_on(azure):
    clouds = {
        cloud["name"]: cloud
        for cloud in requests.get(
            azure.url + "/metadata/endpoints?api-version=2019-05-01", verify=azure.endpoint["ca_file"]
        ).json()
    }
    assert (
        clouds["AzureCloud"]["resourceManager"] == azure.url == clouds["LocalCloud"]["authentication"]["loginEndpoint"]
    )


def test_a_client_secret_gives_a_token_that_the_server_takes(azure):
    credential = azure.secret(azure.endpoint["principal_id"])
    token = credential.get_token("https://management.azure.com/.default").token
    assert (
        Azure(azure.server, token)
        .call("GET", "/subscriptions?api-version=2022-12-01")
        .json()["value"][0]["subscriptionId"]
        == azure.subscription
    )


def test_a_wrong_client_secret_is_refused(azure):
    with pytest.raises(ClientAuthenticationError, match="client_secret is not its token"):
        azure.secret(azure.endpoint["principal_id"], "wrong").get_token("https://management.azure.com/.default")


def test_the_managed_identity_endpoint_gives_a_decodable_token(azure):
    for send in (
        {
            "headers": {"Metadata": "true", "secret": azure.token},
            "method": "POST",
            "data": {"resource": "https://management.azure.com/"},
        },
        {
            "headers": {"X-IDENTITY-HEADER": azure.token},
            "method": "GET",
            "params": {"resource": "https://management.azure.com/", "api-version": "2019-08-01"},
        },
    ):
        reply = requests.request(url=azure.endpoint["url"] + "/msi", **send).json()

        claims = json.loads(base64.urlsafe_b64decode(reply["access_token"].split(".")[1] + "=="))
        assert claims["tid"] == azure.endpoint["tenant_id"] and claims["oid"] == azure.endpoint["principal_id"]
        assert reply["token_type"] == "Bearer" and int(reply["expires_on"]) > time.time()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer hr_foreign"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Basic Zm9v"},
        {"Authorization": "Digest x"},
    ],
)
def test_every_request_needs_a_token_of_this_server(azure, headers):
    for path in ("/subscriptions", azure.workspace_id, "/sessions", "/roleAssignments", "/there/is/no/such"):
        reply = requests.get(azure.url + path, headers=headers, verify=azure.endpoint["ca_file"])
        assert reply.status_code == 401
        assert reply.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_unknown_routes_are_named(azure):
    reply = azure.call("GET", "/no/such/thing?api-version=1")
    assert reply.status_code == 404 and "GET /no/such/thing" in reply.json()["error"]["message"]
    reply = azure.call("PATCH", azure.workspace_id)
    assert reply.status_code == 405 and "PATCH" in reply.json()["error"]["message"]


# ---- resources ----


def test_the_workspace_by_azures_client(azure):
    workspace = azure.ml().workspaces.get(azure.group.upper(), azure.workspace.upper())
    assert workspace.id == azure.workspace_id and workspace.name == azure.workspace
    services = requests.get(workspace.discovery_url, verify=azure.endpoint["ca_file"]).json()
    assert services["history"] == azure.url
    assert azure.workspace in [one.name for one in azure.ml().workspaces.list_by_resource_group(azure.group)]
    assert azure.workspace in [one.name for one in azure.ml().workspaces.list_by_subscription()]


def test_resource_ids_are_compared_without_case_and_printed_in_the_canonical_one(azure):
    reply = azure.call(
        "GET",
        azure.synapse_id.replace("resourceGroups", "resourcegroups")
        .replace("Microsoft.Synapse", "microsoft.synapse")
        .upper(),
    )
    assert reply.json()["id"] == azure.synapse_id


def test_workspace_synapse_workspace_and_pool_are_created(azure):
    from azure.mgmt.machinelearningservices.models import Workspace as MlWorkspace
    from azure.mgmt.synapse.models import BigDataPoolResourceInfo, DataLakeStorageAccountDetails, Workspace

    made = (
        azure.ml()
        .workspaces.begin_create_or_update(azure.group, "another", MlWorkspace(location="local", tags={"a": "b"}))
        .result()
    )
    assert made.name == "another" and made.tags == {"a": "b"}
    storage = DataLakeStorageAccountDetails(account_url="https://dprepdata.dfs.core.windows.net", filesystem="demo")
    made = (
        azure.synapse_arm()
        .workspaces.begin_create_or_update(
            azure.group, "more", Workspace(location="local", default_data_lake_storage=storage)
        )
        .result()
    )
    assert made.provisioning_state == "Succeeded" and made.connectivity_endpoints["dev"].endswith("/synapse/more")
    pool = (
        azure.synapse_arm()
        .big_data_pools.begin_create_or_update(
            azure.group, "more", "small", BigDataPoolResourceInfo(location="local", node_count=3)
        )
        .result()
    )
    assert pool.spark_version == "4.2" and pool.node_count == 3
    assert [one.name for one in azure.synapse_arm().big_data_pools.list_by_workspace(azure.group, "more")] == ["small"]
    with pytest.raises(HttpResponseError, match='Spark version "2.4" is not what an embedded pool runs'):
        azure.synapse_arm().big_data_pools.begin_create_or_update(
            azure.group, "more", "old", BigDataPoolResourceInfo(location="local", spark_version="2.4")
        )
    for wrong, says in (
        ({"node_size": "Huge"}, "nodeSize"),
        ({"node_size_family": "HardwareAcceleratedGPU"}, "nodeSizeFamily"),
        ({"node_count": -1}, "nodeCount"),
    ):
        with pytest.raises(HttpResponseError, match=says):
            azure.synapse_arm().big_data_pools.begin_create_or_update(
                azure.group, "more", "odd", BigDataPoolResourceInfo(location="local", **wrong)
            )


def test_names_and_parents_are_checked(azure):
    with pytest.raises(ResourceNotFoundError, match='Synapse workspace "absent" does not exist'):
        azure.synapse_arm().workspaces.get(azure.group, "absent")
    reply = azure.call(
        "PUT", azure.id("Microsoft.Synapse", "workspaces", "absent", "bigDataPools", "p"), json={"location": "local"}
    )
    assert reply.status_code == 404 and 'Synapse workspace "absent" does not exist' in reply.json()["error"]["message"]
    reply = azure.call("PUT", azure.id("Microsoft.Synapse", "workspaces", "a%20b"), json={})
    assert reply.status_code == 400 and '"a b"' in reply.json()["error"]["message"]
    reply = azure.call("GET", azure.workspace_id.replace(azure.subscription, str(uuid.uuid4())))
    assert reply.status_code == 404 and "subscription" in reply.json()["error"]["message"]


# ---- bad bodies ----


@pytest.mark.parametrize(
    "body, says",
    [
        (b"{", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"properties": 7}', '"properties"'),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a": 1, "a": 2}', "not JSON"),
        (b"", "linkedServiceResourceId"),
        (b"[" * 5000, "not JSON"),
    ],
)
def test_malformed_bodies_are_told(azure, body, says):
    reply = azure.call("PUT", f"{azure.workspace_id}/linkedServices/bad", data=body)
    assert reply.status_code == 400 and says in reply.json()["error"]["message"]


def test_a_body_over_the_limit_is_refused_and_the_server_goes_on(azure):
    reply = azure.call("PUT", f"{azure.workspace_id}/linkedServices/bad", data=b" " * (17 * 1024 * 1024))
    assert reply.status_code == 413
    assert azure.call("GET", azure.workspace_id).status_code == 200


# ---- linked services ----


def test_a_link_gets_an_identity_and_is_idempotent(azure):
    reply = link(azure, "first", azure.synapse_id.replace("resourceGroups", "resourcegroups"))
    assert reply.status_code == 200
    made = reply.json()
    assert made["id"] == f"{azure.workspace_id}/linkedServices/first"
    assert made["properties"] == {
        "linkedServiceResourceId": azure.synapse_id,
        "linkType": "Synapse",
        "provisioningState": "Succeeded",
    }
    assert uuid.UUID(made["identity"]["principalId"])
    again = link(azure, "First")
    assert again.status_code == 200 and again.json()["identity"] == made["identity"]
    assert azure.call("GET", f"{azure.workspace_id}/linkedServices/first").json()["identity"] == made["identity"]
    assert "first" in [one["name"] for one in azure.call("GET", f"{azure.workspace_id}/linkedServices").json()["value"]]


def test_a_second_link_of_the_name_to_elsewhere_is_refused_by_name(azure):
    azure.call("PUT", azure.id("Microsoft.Synapse", "workspaces", "elsewhere"), json={"location": "local"})
    link(azure, "taken")
    reply = link(azure, "taken", azure.id("Microsoft.Synapse", "workspaces", "elsewhere"))
    assert reply.status_code == 409 and 'linked service "taken" exists already' in reply.json()["error"]["message"]
    reply = link(azure, "lost", azure.id("Microsoft.Synapse", "workspaces", "nowhere"))
    assert reply.status_code == 404 and '"nowhere"' in reply.json()["error"]["message"]


def test_unlinking_refuses_while_computes_hang_on_it(azure):
    azure.call("PUT", azure.id("Microsoft.Synapse", "workspaces", "chain"), json={"location": "local"})
    azure.call(
        "PUT", azure.id("Microsoft.Synapse", "workspaces", "chain", "bigDataPools", "pool"), json={"location": "local"}
    )
    identity = link(azure, "chained", azure.id("Microsoft.Synapse", "workspaces", "chain")).json()["identity"][
        "principalId"
    ]
    assert (
        wait_for(
            azure,
            attach(azure, "hanging", azure.id("Microsoft.Synapse", "workspaces", "chain", "bigDataPools", "pool")),
        )["status"]
        == "Succeeded"
    )
    path = f"{azure.workspace_id}/linkedServices/chained"
    reply = azure.call("DELETE", path)
    assert reply.status_code == 409 and "hanging" in reply.json()["error"]["message"]
    assert (
        azure.call("DELETE", f"{azure.workspace_id}/computes/hanging?underlyingResourceAction=Delete").status_code
        == 501
    )
    assert (
        azure.call("DELETE", f"{azure.workspace_id}/computes/hanging?underlyingResourceAction=Detach").status_code
        == 200
    )
    assert azure.call("DELETE", path).status_code == 200
    assert azure.call("DELETE", path).status_code == 204
    assert azure.call("GET", f"/v1.0/directoryObjects/{identity}").status_code == 404


# ---- attach ----


@pytest.mark.parametrize("root", ["", "/rp/workspaces"])
def test_attach_is_asynchronous_and_seen_pending(azure, root):
    link(azure, "for-attach")
    name = "two" if root else "one"
    reply = attach(azure, name, f"{azure.synapse_id}/bigDataPools/{azure.pool}", root + azure.workspace_id)
    assert reply.status_code == 201 and reply.json()["properties"]["provisioningState"] == "Creating"
    assert azure.call("GET", reply.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
    assert wait_for(azure, reply)["status"] == "Succeeded"
    compute = azure.call("GET", f"{root}{azure.workspace_id}/computes/{name}").json()
    assert (
        compute["properties"]["provisioningState"] == "Succeeded"
        and compute["properties"]["computeType"] == "SynapseSpark"
    )
    assert compute["properties"]["properties"]["poolName"] == azure.pool
    assert name in [one["name"] for one in azure.call("GET", f"{root}{azure.workspace_id}/computes").json()["value"]]
    assert (
        azure.ml().machine_learning_compute.get(azure.group, azure.workspace, name).properties.provisioning_state
        == "Succeeded"
    )
    other = attach(azure, name, f"{azure.synapse_id}/bigDataPools/other")
    assert other.status_code == 409 and f'compute "{name}" exists already' in other.json()["error"]["message"]


def test_attaching_a_pool_that_does_not_exist_fails_by_name(azure):
    link(azure, "for-attach")
    ended = wait_for(azure, attach(azure, "ghost", f"{azure.synapse_id}/bigDataPools/ghostpool"))
    assert (
        ended["status"] == "Failed"
        and 'Spark pool "ghostpool" does not exist in Synapse workspace' in ended["error"]["message"]
    )
    compute = azure.call("GET", f"{azure.workspace_id}/computes/ghost").json()
    assert compute["properties"]["provisioningState"] == "Failed"
    assert "ghostpool" in compute["properties"]["provisioningErrors"][0]["error"]["message"]
    assert (
        wait_for(azure, attach(azure, "ghost", f"{azure.synapse_id}/bigDataPools/{azure.pool}"))["status"]
        == "Succeeded"
    )


def test_attaching_needs_a_link_and_a_good_name(azure):
    azure.call("PUT", azure.id("Microsoft.Synapse", "workspaces", "unlinked"), json={"location": "local"})
    ended = wait_for(
        azure, attach(azure, "unlinked", azure.id("Microsoft.Synapse", "workspaces", "unlinked", "bigDataPools", "p"))
    )
    assert ended["status"] == "Failed" and "is not linked" in ended["error"]["message"]
    for name in ("x", "1abc", "a" * 17, "end-"):
        assert attach(azure, name, f"{azure.synapse_id}/bigDataPools/{azure.pool}").status_code == 400
    reply = azure.call(
        "PUT", f"{azure.workspace_id}/computes/aks1", json={"properties": {"computeType": "AKS", "resourceId": "/x"}}
    )
    assert reply.status_code == 501 and '"AKS"' in reply.json()["error"]["message"]


# ---- roles ----


def test_synapse_roles_by_azures_client(serve, azure):
    user, _ = new_user(serve)
    client = azure.roles()
    definitions = {role.name: role for role in client.role_definitions.list_role_definitions()}
    assert definitions["Synapse Apache Spark Administrator"].id == SPARK_ADMIN
    scope = f"workspaces/{azure.synapse}"
    made = client.role_assignments.create_role_assignment(str(uuid.uuid4()), SPARK_ADMIN, user["principal"], scope)
    assert (made.role_definition_id, made.principal_id, made.scope, made.principal_type) == (
        SPARK_ADMIN,
        user["principal"],
        scope,
        "User",
    )
    again = client.role_assignments.create_role_assignment(str(uuid.uuid4()), SPARK_ADMIN, user["principal"], scope)
    assert again.id == made.id
    assert [one.id for one in client.role_assignments.list_role_assignments(principal_id=user["principal"]).value] == [
        made.id
    ]
    assert client.role_assignments.get_role_assignment_by_id(made.id).scope == scope
    client.role_assignments.delete_role_assignment_by_id(made.id)
    with pytest.raises(ResourceNotFoundError):
        client.role_assignments.get_role_assignment_by_id(made.id)


def test_role_requests_that_name_nothing_are_refused(azure):
    client, scope = azure.roles(), f"workspaces/{azure.synapse}"
    me = azure.endpoint["principal_id"]
    for role, principal, where, says in (
        (str(uuid.uuid4()), me, scope, "no Synapse role"),
        (SPARK_ADMIN, str(uuid.uuid4()), scope, "does not exist"),
        (SPARK_ADMIN, me, "workspaces/absent", "does not exist"),
        (SPARK_ADMIN, me, "elsewhere/x", "neither"),
        (SPARK_ADMIN, me, f"{scope}/bigDataPools/{azure.pool}", "on a whole workspace"),
    ):
        with pytest.raises(HttpResponseError, match=says):
            client.role_assignments.create_role_assignment(str(uuid.uuid4()), role, principal, where)


def test_azure_roles_by_azures_client(serve, azure):
    user, theirs = new_user(serve, "--no-reader")
    with pytest.raises(HttpResponseError, match='role "Reader" is missing on scope'):
        theirs.ml().workspaces.get(azure.group, azure.workspace)
    client = azure.authorization()
    [reader] = client.role_definitions.list(azure.workspace_id, filter="roleName eq 'Reader'")
    made = client.role_assignments.create(
        azure.workspace_id, str(uuid.uuid4()), {"role_definition_id": reader.id, "principal_id": user["principal"]}
    )
    assert made.role_definition_id == reader.id and made.scope == azure.workspace_id
    with pytest.raises(ResourceExistsError):
        client.role_assignments.create(
            azure.workspace_id, str(uuid.uuid4()), {"role_definition_id": reader.id, "principal_id": user["principal"]}
        )
    assert theirs.ml().workspaces.get(azure.group, azure.workspace).name == azure.workspace
    mine = list(
        client.role_assignments.list_for_scope(azure.workspace_id, filter=f"principalId eq '{user['principal']}'")
    )
    assert [one.name for one in mine] == [made.name]
    client.role_assignments.delete(azure.workspace_id, made.name)
    with pytest.raises(HttpResponseError, match='role "Reader" is missing'):
        theirs.ml().workspaces.get(azure.group, azure.workspace)


def test_a_reader_changes_nothing_and_the_printed_command_lets_it(serve, azure):
    user, theirs = new_user(serve)
    reply = link(theirs, "byreader")
    message = reply.json()["error"]["message"]
    assert reply.status_code == 403 and user["principal"] in message and 'role "Contributor" is missing' in message
    run_printed(serve, message)
    message = link(theirs, "byreader").json()["error"]["message"]
    assert 'role "Owner" is missing' in message and azure.synapse_id in message
    run_printed(serve, message)
    assert link(theirs, "byreader").status_code == 200


def run_printed(serve, message):
    """Runs the command that a refusal ends with, as printed."""

    command = re.search(r'headrace (role assign "[^"]+" --assignee \S+ --scope [^\s"]+)', message)
    assert command, message
    return serve.cli(*shlex.split(command.group(1)))


def test_an_errors_next_step_has_a_kind(serve, azure):
    made, _ = new_user(serve)

    def remedy(path, method="GET", token=serve.endpoint["token"], body=None):
        answer = requests.request(
            method, serve.endpoint["url"] + path, headers={"authorization": "Bearer " + token}, json=body, timeout=30
        )
        error = answer.json()["error"]
        info = error["additionalInfo"][0]
        assert (
            info["type"] == "Remedy"
            and error["message"].startswith(info["info"]["cause"])
            and error["message"].endswith(info["info"]["text"])
        )
        return info["info"]

    workspace = azure.workspace_id
    refused = remedy(
        f"{workspace}/linkedServices/x?api-version=2020-04-01-preview",
        "PUT",
        made["token"],
        {"properties": {"linkedServiceResourceId": "/subscriptions/s"}},
    )
    assert refused["kind"] == "grant" and refused["text"].startswith("headrace role assign ")
    assert 'may not change linked service "x": role "Contributor"' in refused["cause"]
    missing = remedy(f"/dataset/v1.0{workspace}/datasets/query/name=nosuch")
    assert (missing["kind"], missing["text"]) == ("command", "headrace dataset list")
    store = {
        "name": "far",
        "dataStoreType": "AzureBlob",
        "azureStorageSection": {
            "accountName": "far",
            "containerName": "con",
            "endpoint": "http://127.0.0.1:9/far",
            "credentialType": "AccountKey",
            "credential": "c2VjcmV0",
        },
    }
    assert remedy(f"/datastore/v1.0{workspace}/datastores", "POST", body=store)["kind"] == "advice"


def test_nobody_gives_away_what_is_not_theirs(serve, azure):
    user, theirs = new_user(serve)
    with pytest.raises(HttpResponseError, match='role "Synapse Administrator" is missing'):
        theirs.roles().role_assignments.create_role_assignment(
            str(uuid.uuid4()), SPARK_ADMIN, user["principal"], f"workspaces/{azure.synapse}"
        )
    reply = theirs.call("POST", "/v1.0/users", json={"displayName": "friend"})
    assert reply.status_code == 403 and 'role "Owner" is missing' in reply.json()["error"]["message"]


# ---- users and the command ----


def test_users_by_the_command(serve):
    made = json.loads(serve.cli("user", "create", "carla", "--json").stdout)
    assert made["name"] == "carla" and uuid.UUID(made["principal"]) and made["token"].startswith("hr_")
    again = serve.cli("user", "create", "Carla", check=False)
    assert again.returncode == 1 and 'named "Carla" exists already' in again.stderr
    assert "carla" in serve.cli("user", "list").stdout
    assert Azure(serve, made["token"]).call("GET", "/v1.0/me").json()["displayName"] == "carla"
    serve.cli("user", "remove", "carla")
    assert Azure(serve, made["token"]).call("GET", "/v1.0/me").status_code == 401


def test_roles_by_the_command(serve, azure):
    made = json.loads(serve.cli("user", "create", "dora", "--json").stdout)
    scope = f"workspaces/{azure.synapse}"
    assert (
        "now has role"
        in serve.cli(
            "role", "assign", "Synapse Apache Spark Administrator", "--assignee", "dora", "--scope", scope
        ).stdout
    )
    serve.cli("role", "assign", "Synapse Apache Spark Administrator", "--assignee", made["principal"], "--scope", scope)
    listed = json.loads(serve.cli("role", "list", "--assignee", "dora", "--json").stdout)
    assert ("Synapse Apache Spark Administrator", scope) in [(one["role"], one["scope"]) for one in listed]
    serve.cli("role", "remove", "Synapse Apache Spark Administrator", "--assignee", "dora", "--scope", scope)
    assert "Synapse" not in serve.cli("role", "list", "--assignee", "dora").stdout
    bad = serve.cli("role", "assign", "Emperor", "--assignee", "dora", "--scope", scope, check=False)
    assert bad.returncode == 1 and 'no role "Emperor"' in bad.stderr
    bad = serve.cli("role", "assign", "Synapse User", "--assignee", "dora", "--scope", "/subscriptions/x", check=False)
    assert bad.returncode == 2 and "workspaces/NAME" in bad.stderr


def test_pools_by_the_command(serve):
    serve.cli("synapse", "create", "cli-made")
    serve.cli("pool", "create", "clipool", "--synapse", "cli-made")
    assert (
        json.loads(serve.cli("pool", "show", "clipool", "--synapse", "cli-made", "--json").stdout)["properties"][
            "sparkVersion"
        ]
        == "4.2"
    )
    assert "clipool" in serve.cli("pool", "list", "--synapse", "cli-made").stdout
    serve.cli("workspace", "create", "cli-ml")
    assert "cli-ml" in serve.cli("workspace", "list").stdout
    assert 'pool "absent" does not exist' in serve.cli("pool", "show", "absent", check=False).stderr


def test_env_is_what_a_shell_exports(serve, azure):

    text = serve.cli("env").stdout
    out = subprocess.run(
        ["sh", "-c", text + '\necho "$HEADRACE_URL $AZURE_TENANT_ID $SPARK_REMOTE"; test -r "$REQUESTS_CA_BUNDLE"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.split() == [azure.url, azure.endpoint["tenant_id"], azure.endpoint["connect"]]


def test_the_command_says_what_is_wrong(serve):
    for words, says in (
        (["frobnicate"], 'no command "frobnicate"'),
        (["user", "create"], "a word is missing: headrace user create NAME"),
        (["user", "list", "all"], 'a word too many: "all"'),
        (["user", "list", "--colour", "red"], '"--colour" is not known'),
        (["run", "cancel", ""], "word 1 of RUN is empty"),
        (["role", "assign", "Reader", "--scope"], "needs a value"),
        (["serve", "--port", "x"], "not a number"),
        (
            ["dataset", "lst"],
            'no command "dataset lst": did you mean "dataset list"?\ntry: headrace dataset list --help',
        ),
        (["compute", "delete", "x"], 'no command "compute delete": did you mean "compute detach"?'),
        (["datset", "list"], 'no command "datset": did you mean "dataset list"?'),
        (["workspace", "delete", "x"], 'no command "workspace delete"; there are:\n  headrace workspace create NAME'),
        (["role"], 'no command "role"; there are:'),
        (["mont", "x", "y"], 'did you mean "mount"?'),
        (
            ["user", "list", "--jsn"],
            'option "--jsn" is not known here: did you mean "--json"?\ntry: headrace user list --help',
        ),
    ):
        done = serve.cli(*words, check=False)
        assert done.returncode == 2 and says in done.stderr
        assert not done.stdout
    assert "role assign ROLE" in serve.cli("help").stdout
    assert "headrace role assign ROLE" in serve.cli("role", "--help").stdout
    assert "--assignee PRINCIPAL" in serve.cli("role", "assign", "--help").stdout


CREDENTIALS = """
import os, requests
from azure.identity import DefaultAzureCredential, EnvironmentCredential, ManagedIdentityCredential
for kind in (EnvironmentCredential, ManagedIdentityCredential, DefaultAzureCredential):
    print(kind.__name__, kind().get_token("https://management.azure.com/.default").token)
# as msrestazure asks, and with it azureml-core: a virtual machine's, without a secret
asked = requests.post(os.environ["MSI_ENDPOINT"], data={"resource": "https://management.azure.com/"}, headers={"Metadata": "true"})
print("msi", asked.json()["access_token"])
"""


def test_azures_credentials_find_the_server_by_the_environment(serve, azure):
    """`eval "$(headrace env)"`, then each of azure-identity's without an argument: none of them asks Microsoft anything."""
    shell = serve.cli("env").stdout + f"\nexec {sys.executable} -c {shlex.quote(CREDENTIALS)}"
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AZURE", "MSI", "IDENTITY", "HEADRACE", "REQUESTS", "SSL"))
    }
    done = subprocess.run(
        ["sh", "-c", shell],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(clean, HTTPS_PROXY="http://127.0.0.1:9", NO_PROXY="localhost,127.0.0.1"),
    )
    assert done.returncode == 0, done.stderr
    tokens = dict(line.split() for line in done.stdout.splitlines())
    assert list(tokens) == ["EnvironmentCredential", "ManagedIdentityCredential", "DefaultAzureCredential", "msi"]
    for token in tokens.values():
        assert (
            Azure(serve, token).call("GET", "/subscriptions").json()["value"][0]["subscriptionId"] == azure.subscription
        )


def test_instance_discovery_names_this_server(azure):
    found = requests.get(
        azure.url + "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://x/y",
        verify=azure.endpoint["ca_file"],
    ).json()
    assert (
        requests.get(found["tenant_discovery_endpoint"], verify=azure.endpoint["ca_file"])
        .json()["token_endpoint"]
        .startswith(azure.url)
    )
    reply = requests.post(azure.url + "/msi/hr_wrong", data={"resource": "x"}, verify=azure.endpoint["ca_file"])
    assert reply.status_code == 401


def test_a_compute_that_failed_breaks_no_list(azure):
    """azureml-core and azure-ai-ml read properties.properties of every compute of a workspace."""
    pool = azure.id("Microsoft.Synapse", "workspaces", "nobody-made-it", "bigDataPools", "p1")
    path = f"{azure.workspace_id}/computes/orphan?api-version=2020-02-02"
    reply = azure.call(
        "PUT", path, json={"location": "local", "properties": {"computeType": "SynapseSpark", "resourceId": pool}}
    )
    assert reply.status_code == 201 and reply.json()["properties"]["properties"]["poolName"] == "p1"
    until(lambda: azure.call("GET", path).json()["properties"]["provisioningState"] == "Failed", 10, "the attach's end")
    for compute in (
        azure.call("GET", f"{azure.workspace_id}/computes").json()["value"]
        + azure.call("GET", f"/rp/workspaces{azure.workspace_id}/computes").json()["value"]
    ):
        assert compute["properties"]["properties"]["workspaceName"]
    assert [
        c.properties.provisioning_state
        for c in azure.ml().machine_learning_compute.list_by_workspace(azure.group, azure.workspace)
        if c.name == "orphan"
    ] == ["Failed"]
    azure.call("DELETE", path + "&underlyingResourceAction=Detach")
