"""The SDK against a server: workspaces, linked services, computes, and what it says when something is wrong."""

import contextlib
import json
import re
import shlex
import socket
import threading
import uuid

import pytest


@pytest.fixture
def link(sdk, ws, serve):
    """A linked service of a test's own Synapse link; gone afterwards."""
    config = sdk.SynapseWorkspaceLinkedServiceConfiguration(
        ws.subscription_id, ws.resource_group, serve.endpoint["synapse_workspace"]
    )
    made = sdk.LinkedService.register(ws, "link" + uuid.uuid4().hex[:6], config)
    yield made
    made.unregister(detach_computes=True)


def attach(sdk, ws, link, serve, name="pool-a", pool=None):
    config = sdk.compute.SynapseCompute.attach_configuration(
        link, type="SynapseSpark", pool_name=pool or serve.endpoint["pool"]
    )
    return sdk.ComputeTarget.attach(workspace=ws, name=name, attach_configuration=config)


# workspaces


def test_from_config_without_a_file(ws, serve):
    assert (ws.name, ws.resource_group, ws.subscription_id) == tuple(
        serve.endpoint[name] for name in ("workspace", "resource_group", "subscription_id")
    )
    assert ws.location and ws.get_details()["name"] == ws.name


@pytest.mark.parametrize("folder", ["config.json", ".azureml/config.json", "aml_config/config.json", "../config.json"])
def test_from_config_finds_the_file(sdk, ws, monkeypatch, tmp_path, folder):
    here = tmp_path / "deep"
    here.mkdir()
    file = here / folder
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        json.dumps(
            {"subscription_id": ws.subscription_id, "resource_group": ws.resource_group, "workspace_name": "not-there"}
        )
    )
    monkeypatch.chdir(here)
    with pytest.raises(sdk.exceptions.WorkspaceException, match="not-there") as raised:
        sdk.Workspace.from_config()
    assert raised.value.status == 404


@pytest.mark.parametrize("text, word", [("{", "is not JSON"), ('{"subscription_id": "s"}', "has no 'resource_group'")])
def test_a_bad_config(sdk, tmp_path, text, word):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(sdk.exceptions.UserErrorException, match=word):
        sdk.Workspace.from_config()


def test_write_config_and_back(sdk, ws, tmp_path):
    ws.write_config()
    assert sdk.Workspace.from_config().name == ws.name and (tmp_path / ".azureml/config.json").exists()


def test_get_list_create(sdk, ws):
    assert sdk.Workspace.get(ws.name, subscription_id=ws.subscription_id).resource_group == ws.resource_group
    assert [w.name for w in sdk.Workspace.list(ws.subscription_id)[ws.name]] == [ws.name]
    made = sdk.Workspace.create("second", subscription_id=ws.subscription_id, resource_group=ws.resource_group)
    assert made.get_details()["name"] == "second" and "second" in sdk.Workspace.list(ws.subscription_id)
    with pytest.raises(sdk.exceptions.WorkspaceException, match="'second' exists"):
        sdk.Workspace.create("second", subscription_id=ws.subscription_id, resource_group=ws.resource_group)
    assert (
        sdk.Workspace.create(
            "second", subscription_id=ws.subscription_id, resource_group=ws.resource_group, exist_ok=True
        ).name
        == "second"
    )


def test_environment_variables_find_the_server(sdk, serve, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    with pytest.raises(sdk.exceptions.UserErrorException, match="no Headrace server is known here"):
        sdk.Workspace.from_config()
    for name, field in (("URL", "https_url"), ("TOKEN", "token"), ("CA_FILE", "ca_file")):
        monkeypatch.setenv("HEADRACE_" + name, serve.endpoint[field])
    args = [serve.endpoint[name] for name in ("subscription_id", "resource_group", "workspace")]
    assert sdk.Workspace(*args).get_details()["name"] == args[2]
    assert sdk.Workspace.from_config().name == sdk.Workspace.get(args[2]).name == args[2]  # the server says its own
    with pytest.raises(sdk.exceptions.UserErrorException, match="no 'config.json'"):
        sdk.Workspace.from_config(path=str(tmp_path))
    monkeypatch.setenv("HEADRACE_TOKEN", "of-another-house")
    with pytest.raises(sdk.exceptions.AuthenticationException):
        sdk.Workspace(*args)


def test_a_service_principal(sdk, serve, monkeypatch):
    from headrace.azureml.authentication import ServicePrincipalAuthentication, TokenAuthentication

    endpoint = serve.endpoint
    monkeypatch.setenv("HEADRACE_TOKEN", "nothing")
    auth = ServicePrincipalAuthentication(endpoint["tenant_id"], endpoint["principal_id"], endpoint["token"])
    assert sdk.Workspace.from_config(auth=auth).get_details()["name"] == endpoint["workspace"]
    assert (
        sdk.Workspace.from_config(auth=TokenAuthentication(lambda audience: endpoint["token"])).name
        == endpoint["workspace"]
    )
    with pytest.raises(sdk.exceptions.AuthenticationException):
        sdk.Workspace.from_config(
            auth=ServicePrincipalAuthentication(endpoint["tenant_id"], endpoint["principal_id"], "wrong")
        )


def test_a_wrong_authority_is_not_trusted(sdk, serve, monkeypatch):
    monkeypatch.setenv("HEADRACE_URL", serve.endpoint["https_url"])
    monkeypatch.setenv("HEADRACE_TOKEN", serve.endpoint["token"])
    with pytest.raises(sdk.exceptions.ServiceException, match="is not signed by"):
        sdk.Workspace("s", "g", "w")


def test_a_server_that_ends_in_the_handshake_is_asked_again(sdk, serve, monkeypatch):
    """It is no server of another authority: what may wait for it waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked = []

        def cut():
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    asked.append(connection.recv(1 << 16))  # all of its greeting: then the end is an end, not a reset
                    connection.close()

        threading.Thread(target=cut, daemon=True).start()
        monkeypatch.setenv("HEADRACE_URL", f"https://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("HEADRACE_TOKEN", serve.endpoint["token"])
        from headrace.azureml.client import Endpoint

        endpoint = Endpoint.find()
        with pytest.raises(sdk.exceptions.ServiceException, match="no server answers"):
            endpoint.request("GET", "/x", patience=0.5)
        assert len(asked) > 1
        listener.shutdown(socket.SHUT_RDWR)


# linked services


def test_link(sdk, ws, link, serve):
    assert (
        uuid.UUID(link.system_assigned_identity_principal_id)
        and link.linked_synapse_workspace == serve.endpoint["synapse_workspace"]
    )
    assert "resourceGroups" in link.linked_service_resource_id
    again = sdk.LinkedService.get(ws, link.name)
    assert again.system_assigned_identity_principal_id == link.system_assigned_identity_principal_id
    assert link.name in [service.name for service in sdk.LinkedService.list(ws)] and link.name in ws.linked_services
    assert repr(link).startswith(f"LinkedService(name='{link.name}', type='Synapse', ")


def test_a_link_that_cannot_be(sdk, ws, link):
    with pytest.raises(sdk.exceptions.UserErrorException, match="nowhere"):
        sdk.LinkedService.register(
            ws, "l2", sdk.SynapseWorkspaceLinkedServiceConfiguration(ws.subscription_id, ws.resource_group, "nowhere")
        )
    with pytest.raises(sdk.exceptions.UserErrorException, match="missing"):
        sdk.LinkedService.get(ws, "missing")
    with pytest.raises(sdk.exceptions.UserErrorException, match="workspace must be a Workspace"):
        sdk.LinkedService.get(ws.name, link.name)
    with pytest.raises(sdk.exceptions.UserErrorException, match="must be a SynapseWorkspaceLinkedServiceConfiguration"):
        sdk.LinkedService.register(ws, "l2", {})


def test_unregister(sdk, ws, serve):
    config = sdk.SynapseWorkspaceLinkedServiceConfiguration(
        ws.subscription_id, ws.resource_group, serve.endpoint["synapse_workspace"]
    )
    made = sdk.LinkedService.register(ws, "shortlived", config)
    compute = attach(sdk, ws, made, serve, "held")
    compute.wait_for_completion()
    with pytest.raises(sdk.exceptions.UserErrorException, match="held"):
        made.unregister()
    compute.detach()
    made.unregister()
    with pytest.raises(sdk.exceptions.UserErrorException, match="shortlived"):
        sdk.LinkedService.get(ws, "shortlived")


# computes


def test_attach_is_asynchronous(sdk, ws, link, serve, capsys):
    compute = attach(sdk, ws, link, serve)
    assert compute.provisioning_state == "Creating"
    compute.wait_for_completion(show_output=True)
    assert 'operation "Succeeded"' in capsys.readouterr().out and compute.provisioning_state == "Succeeded"
    found = ws.compute_targets["pool-a"]
    assert (found.type, found.get_status(), type(found).__name__) == ("SynapseSpark", "Succeeded", "SynapseCompute")
    assert found.cluster_resource_id.endswith("/bigDataPools/" + serve.endpoint["pool"])
    assert (
        sdk.ComputeTarget(ws, "pool-a").id == found.id
        and found.serialize()["properties"]["computeType"] == "SynapseSpark"
    )
    found.detach()
    assert "pool-a" not in ws.compute_targets


def test_an_attach_that_fails(sdk, ws, link, serve):
    compute = attach(sdk, ws, link, serve, "bad-pool", pool="nopool")
    with pytest.raises(sdk.exceptions.ComputeTargetException, match="nopool"):
        compute.wait_for_completion()
    compute.detach()


def test_bad_attaches(sdk, ws, link, serve):
    with pytest.raises(sdk.exceptions.ComputeTargetException, match="is not valid"):
        attach(sdk, ws, link, serve, "-x")
    with pytest.raises(sdk.exceptions.UserErrorException, match="type 'AmlCompute' is not supported"):
        sdk.compute.SynapseCompute.attach_configuration(link, type="AmlCompute", pool_name="x")
    with pytest.raises(sdk.exceptions.UserErrorException, match="needs a linked service and 'pool_name'"):
        sdk.compute.SynapseCompute.attach_configuration(link)
    with pytest.raises(sdk.exceptions.ComputeTargetException, match="nothing-here"):
        sdk.ComputeTarget(ws, "nothing-here")


def test_a_refusal_says_who_what_where_and_how(sdk, serve, monkeypatch):
    made = json.loads(serve.cli("user", "create", "bob", "--json").stdout)
    monkeypatch.setenv("HEADRACE_TOKEN", made["token"])
    ws = sdk.Workspace.from_config()
    config = sdk.SynapseWorkspaceLinkedServiceConfiguration(
        ws.subscription_id, ws.resource_group, serve.endpoint["synapse_workspace"]
    )
    for place in (
        ws.name,
        serve.endpoint["synapse_workspace"],
    ):  # first the right to change the workspace, then to link to the other
        with pytest.raises(sdk.exceptions.UserErrorException) as raised:
            sdk.LinkedService.register(ws, "of-bob", config)
        message = str(raised.value)
        assert (
            raised.value.status == 403 and '"bob"' in message and "is missing on scope" in message and place in message
        )
        command = shlex.split(re.search(r"headrace (role assign .*)", message).group(1))
        serve.cli(*command, token=serve.endpoint["token"])
    sdk.LinkedService.register(ws, "of-bob", config).unregister()
