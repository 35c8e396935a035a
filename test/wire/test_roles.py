"""Each role of the article on its wire, by a second user: the refusal names who lacks which role where, the command in it is run as it was printed,
and then the same call succeeds. `headrace role explain` says the same as the wire, before and after."""

import json
import re
import shlex

import grpc
import pytest
from azure.core.exceptions import HttpResponseError
from azure.synapse.spark.models import SparkSessionOptions

from support.azure import Azure
from support.grants import grant, secret_of
from wire.test_arm import attach, link, new_user, wait_for
from wire.test_gate import Gate, refused
from wire.test_grants import account_scope, list_demo

COMMAND = r'headrace (role assign "([^"]+)" --assignee ([0-9a-f-]{36}) --scope ([^\s"]+))'


@pytest.fixture(scope="module")
def owner(serve):
    """The owner's clients; the linked service "shared" and the compute on it are its."""
    azure = Azure(serve)
    assert link(azure, "shared").status_code == 200
    return azure


@pytest.fixture
def user(serve, owner):
    made, azure = new_user(serve)
    azure.made = made
    return azure


def explain(serve, action, scope, user):
    return json.loads(
        serve.cli("role", "explain", action, "--scope", scope, "--assignee", user.made["name"], "--json").stdout
    )[0]


def granted(serve, user, message, role, action=None):
    """The refusal names the user, role and scope; `role explain` has the same command; it is run as printed; `role explain` then says by what."""
    command = re.search(COMMAND, message)
    assert command, message
    whole, named, principal, scope = command.groups()
    assert (named, principal) == (role, user.made["principal"]), message
    assert user.made["name"] in message and f'role "{role}" is missing on scope "{scope}"' in message
    if action:
        said = explain(serve, action, scope, user)
        assert (
            not said["allowed"] and said["command"] == command[0] and said["missing"] == {"role": role, "scope": scope}
        )
    serve.cli(*shlex.split(whole))
    if action:
        said = explain(serve, action, scope, user)
        assert said["allowed"] and {"role": role, "scope": scope} in said["assignments"]
    return scope


def message_of(reply):
    assert reply.status_code == 403, reply.text
    return reply.json()["error"]["message"]


def test_owner_links(serve, owner, user):
    granted(serve, user, message_of(link(user, "theirs")), "Contributor", "write")
    assert granted(serve, user, message_of(link(user, "theirs")), "Owner", "link") == owner.synapse_id
    made = link(user, "theirs")
    assert made.status_code == 200 and made.json()["identity"]["principalId"]


@pytest.mark.parametrize(
    "role, scope",
    [("Synapse User", None), ("Synapse Contributor", "synapse"), ("Contributor", "resource"), ("Owner", "resource")],
)
def test_user_or_contributor_gets_a_linked_service(serve, owner, user, role, scope):
    one = f"{owner.workspace_id}/linkedServices/shared?api-version=2020-04-01-preview"
    every = f"{owner.workspace_id}/linkedServices?api-version=2020-04-01-preview"
    message = message_of(user.call("GET", one))
    assert message == message_of(user.call("GET", every))  # not an empty list, which would say that there is none
    if scope is None:
        granted(serve, user, message, role, "see-synapse")
    else:
        where = owner.synapse_id if scope == "resource" else f"workspaces/{owner.synapse}"
        serve.cli("role", "assign", role, "--assignee", user.made["name"], "--scope", where)
    assert user.call("GET", one).json()["name"] == "shared"
    assert "shared" in [row["name"] for row in user.call("GET", every).json()["value"]]


def test_contributor_attaches_a_pool(serve, owner, user):
    pool = f"{owner.synapse_id}/bigDataPools/{owner.pool}"
    granted(serve, user, message_of(attach(user, "bySecond", pool)), "Contributor", "write")
    assert wait_for(user, attach(user, "bySecond", pool))["status"] == "Succeeded"


def test_spark_administrator_starts_sessions_by_rest_and_by_connect(serve, owner, user):
    with pytest.raises(HttpResponseError) as caught:
        user.spark().spark_session.create_spark_session(SparkSessionOptions(name="roles"))
    code, details = refused(Gate(serve, user.token).config, "roles")
    assert code == grpc.StatusCode.PERMISSION_DENIED
    role = "Synapse Apache Spark Administrator"
    assert re.search(COMMAND, details)[1] == re.search(COMMAND, str(caught.value))[1]
    assert granted(serve, user, details, role, "use-compute") == f"workspaces/{owner.synapse}"
    session = user.spark().spark_session.create_spark_session(SparkSessionOptions(name="roles"))
    user.spark().spark_session.cancel_spark_session(session.id)
    assert Gate(serve, user.token).config("roles") is not None


def test_compute_operator_of_one_pool_starts_there(serve, owner, user):
    scope = f"workspaces/{owner.synapse}/bigDataPools/{owner.pool}"
    serve.cli("role", "assign", "Synapse Compute Operator", "--assignee", user.made["name"], "--scope", scope)
    session = user.spark().spark_session.create_spark_session(SparkSessionOptions(name="roles"))
    user.spark().spark_session.cancel_spark_session(session.id)
    assert explain(serve, "use-compute", scope, user)["assignments"] == [
        {"role": "Synapse Compute Operator", "scope": scope}
    ]
    assert not explain(serve, "use-compute", f"workspaces/{owner.synapse}", user)["allowed"]


def held(serve, user):
    rows = json.loads(serve.cli("role", "list", "--assignee", user.made["name"], "--json").stdout)
    roles = {row["name"]: row["id"] for row in json.loads(serve.cli("role", "definition", "--json").stdout)}
    return [(roles[row["role"]], row["scope"]) for row in rows]


def test_data_reader_and_contributor_on_the_accounts_own_wire(serve, owner, user):
    """The account's door, past every other check: a grant says what its principal holds, and the account decides."""
    import requests

    secret = secret_of(serve.home)
    reply = list_demo(serve, grant(secret, user.made["principal"], assigned=held(serve, user)))
    assert reply.status_code == 403 and reply.headers["x-ms-error-code"] == "AuthorizationPermissionMismatch"
    text = reply.text.replace("&quot;", '"').replace("somebody", user.made["name"])
    assert (
        granted(serve, user, text, "Storage Blob Data Reader", "read-data")
        == account_scope(serve) + "/blobServices/default/containers/demo"
    )
    assert list_demo(serve, grant(secret, user.made["principal"], assigned=held(serve, user))).status_code == 200

    def put():
        return requests.put(
            f"{serve.endpoint['storage_url']}/dprepdata/demo/by-role.txt",
            data=b"x",
            timeout=20,
            headers={
                "authorization": f"Bearer {grant(secret, user.made['principal'], assigned=held(serve, user))}",
                "x-ms-version": "2021-12-02",
                "x-ms-blob-type": "BlockBlob",
            },
        )

    reply = put()
    assert reply.headers["x-ms-error-code"] == "AuthorizationPermissionMismatch"
    granted(
        serve,
        user,
        reply.text.replace("&quot;", '"').replace("somebody", user.made["name"]),
        "Storage Blob Data Contributor",
        "write-data",
    )
    assert put().status_code == 201


def test_a_linked_services_identity_is_a_principal_like_any_other(serve, owner):
    identity = link(owner, "shared").json()["identity"]["principalId"]
    for role, scope in [
        ("Synapse Apache Spark Administrator", f"workspaces/{owner.synapse}"),
        ("Storage Blob Data Reader", account_scope(serve)),
    ]:
        assert "now has role" in serve.cli("role", "assign", role, "--assignee", identity, "--scope", scope).stdout
    said = json.loads(
        serve.cli("role", "explain", "--assignee", identity, "--scope", account_scope(serve), "--json").stdout
    )
    assert {row["action"]: row["allowed"] for row in said} == {
        "read": False,
        "write": False,
        "assign": False,
        "link": False,
        "read-data": True,
        "write-data": False,
    }
    assert (
        serve.cli(
            "role", "remove", "Storage Blob Data Reader", "--assignee", identity, "--scope", account_scope(serve)
        ).returncode
        == 0
    )


def test_azures_permissions_are_those_of_the_caller(serve, owner, user):
    from azure.mgmt.authorization.v2022_04_01 import AuthorizationManagementClient

    client = user.arm(AuthorizationManagementClient, user.subscription)
    before = list(client.permissions.list_for_resource_group(user.group))
    assert [one.actions for one in before] == [["*/read"]]  # the Reader that every user is at first
    serve.cli(
        "role", "assign", "Storage Blob Data Reader", "--assignee", user.made["name"], "--scope", account_scope(serve)
    )
    assert len(list(client.permissions.list_for_resource_group(user.group))) == 1
    data = list(
        client.permissions.list_for_resource(user.group, "Microsoft.Storage", "", "storageAccounts", "dprepdata")
    )
    assert sorted(action for one in data for action in one.data_actions or []) == [
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ]


def test_explain_and_list_read_well(serve, owner, user):
    name, scope = user.made["name"], f"workspaces/{owner.synapse}"
    table = serve.cli("role", "explain", "use-compute", "--scope", scope).stdout
    assert re.search(r"^owner +use-compute +yes +\"Synapse Administrator\" on workspaces/", table, re.M)
    assert re.search(rf"^{name} +use-compute +no +headrace role assign", table, re.M)
    listed = serve.cli("role", "list").stdout.splitlines()
    assert listed[0].split() == ["NAME", "ROLE", "SCOPE"] and any(
        line.split()[:2] == [name, "Reader"] for line in listed
    )
    for words, says in (
        (["fly", "--scope", scope], 'there is no action "fly"'),
        (["read-data", "--scope", scope], "use-compute"),
        (["read-data"], '"--scope" is missing'),
    ):
        failed = serve.cli("role", "explain", *words, check=False)
        assert failed.returncode and says in failed.stderr
    again = serve.cli(
        "role",
        "assign",
        "Reader",
        "--assignee",
        name,
        "--scope",
        f"/subscriptions/{owner.subscription}/resourceGroups/{owner.group}",
        "--json",
    )
    assert json.loads(again.stdout)["state"] == "already"
