"""Storage by role: without a key or SAS, a session reads and writes what its user's storage roles allow, on the account of this server, which
checks too, and on Azurite's OAuth mode, which does not. Every refusal's command is run as it was printed."""

import os
import re
import shlex
import shutil
import subprocess
import time

import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from pyspark.errors import PySparkException

from conftest import azurite_folder, free_port
from support.serve import until
from test_account_tls import certificate  # noqa: F401  (a fixture)
from wire.test_arm import new_user

DEMO, OTHER = "wasbs://demo@dprepdata.blob.core.windows.net", "wasbs://other@dprepdata.blob.core.windows.net"
LAKE = "abfss://demo@dprepdata.dfs.core.windows.net"


def account_client(serve):
    end = serve.endpoint
    return BlobServiceClient(
        f"{end['storage_url']}/dprepdata", credential=end["account_key"], connection_verify=end["ca_file"]
    )


@pytest.fixture(scope="module")
def data(serve):
    client = account_client(serve)
    client.create_container("other")
    for name in ("demo", "other"):
        client.get_container_client(name).upload_blob("people.csv", b"name,age\nada,36\ngrace,85\n")


def scope_of(serve, *below, account="dprepdata"):
    end = serve.endpoint
    group = f"/subscriptions/{end['subscription_id']}/resourceGroups/{end['resource_group']}"
    return "/".join([group, "providers/Microsoft.Storage/storageAccounts", account, *below])


class User:
    """A second user, who may use the pool and has no storage role, with a session."""

    def __init__(self, serve):
        self.serve = serve
        self.made, self.azure = new_user(serve)
        self.name = self.made["name"]
        serve.cli(
            "role",
            "assign",
            "Synapse Compute Operator",
            "--assignee",
            self.name,
            "--scope",
            f"workspaces/{serve.endpoint['synapse_workspace']}",
        )
        self.spark = serve.session(token=self.made["token"])

    def count(self, folder):
        return self.spark.read.option("header", True).csv(f"{folder}/people.csv").count()

    def write(self, path):
        self.spark.range(3).write.mode("overwrite").csv(path)

    def refused(self, act, *arguments):
        with pytest.raises(PySparkException) as caught:
            act(*arguments)
        return str(caught.value)

    def run_printed(self, text):
        """Runs the command that a refusal printed, as its owner would paste it; what it printed."""
        command = re.search(r'headrace (role assign "[^"]+" --assignee [0-9a-f-]{36} --scope [^\s;,]+)', text)
        assert command, text
        return self.serve.cli(*shlex.split(command[1])).stdout

    def role(self, verb, role, scope):
        self.serve.cli("role", verb, role, "--assignee", self.name, "--scope", scope)


@pytest.fixture
def user(serve, data):
    user = User(serve)
    yield user
    user.spark.stop()


def test_a_user_without_a_role_is_told_which_and_the_printed_command_grants_it(serve, user):
    text = user.refused(user.count, DEMO)
    container = scope_of(serve, "blobServices/default/containers/demo")
    for part in (user.name, user.made["principal"], 'role "Storage Blob Data Reader" is missing', container, DEMO):
        assert part in text
    user.run_printed(text)
    assert user.count(DEMO) == 2
    assert user.count(LAKE) == 2
    assert 'containers/other"' in user.refused(user.count, OTHER)  # one container's role is that container's
    text = user.refused(user.write, f"{DEMO}/by-role")
    assert 'role "Storage Blob Data Contributor" is missing' in text
    user.run_printed(text)
    user.write(f"{DEMO}/by-role")
    user.write(f"{LAKE}/by-role-lake")
    assert user.spark.read.csv(f"{DEMO}/by-role").count() == user.spark.read.csv(f"{LAKE}/by-role-lake").count() == 3


@pytest.mark.parametrize("below", [0, 1, 2, 3], ids=["account", "group", "subscription", "container"])
def test_roles_count_on_every_scope_above_the_container(serve, user, below):
    account = scope_of(serve)
    scope = [
        account,
        account.split("/providers/")[0],
        account.split("/resourceGroups/")[0],
        account + "/blobServices/default/containers/other",
    ][below]
    user.role("assign", "Storage Blob Data Reader", scope)
    assert user.count(OTHER) == 2
    user.role("remove", "Storage Blob Data Reader", scope)
    assert "is missing" in user.refused(user.count, OTHER)


def test_a_role_taken_away_fails_the_next_action_of_a_frame_that_was_read(serve, user):
    user.role("assign", "Storage Blob Data Reader", scope_of(serve))
    frame = user.spark.read.option("header", True).csv(f"{DEMO}/people.csv")
    assert frame.count() == 2 and len(frame.collect()) == 2
    user.role("remove", "Storage Blob Data Reader", scope_of(serve))
    with pytest.raises(PySparkException, match="Storage Blob Data Reader"):
        frame.collect()


def test_owner_and_contributor_give_no_data(serve, user):
    user.role("assign", "Owner", scope_of(serve))
    assert "is missing" in user.refused(user.count, DEMO)


def test_a_key_or_sas_of_the_users_own_wins(serve, user):
    host = "dprepdata.blob.core.windows.net"
    user.role("assign", "Storage Blob Data Contributor", scope_of(serve))
    sas = generate_container_sas(
        "dprepdata",
        "demo",
        serve.endpoint["account_key"],
        permission=ContainerSasPermissions(read=True, list=True),
        expiry="2099-01-01",
    )
    user.spark.conf.set(f"fs.azure.sas.demo.{host}", sas)
    assert user.count(DEMO) == 2
    assert "SAS" in user.refused(user.write, f"{DEMO}/refused")
    user.spark.conf.unset(f"fs.azure.sas.demo.{host}")
    user.spark.conf.set(f"fs.azure.account.key.{host}", "d3Jvbmc=")
    assert "account key was not accepted" in user.refused(user.count, DEMO)
    user.role("remove", "Storage Blob Data Contributor", scope_of(serve))
    user.spark.conf.set(f"fs.azure.account.key.{host}", serve.endpoint["account_key"])
    assert user.count(DEMO) == 2


def test_the_grant_goes_to_no_address_that_the_user_named(serve, user):
    """An endpoint of the user's for this server's account name: it gets a token, but none that opens anything here."""
    import http.server
    import threading

    seen = []

    class Catcher(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Authorization"))
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Catcher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    user.role("assign", "Storage Blob Data Reader", scope_of(serve))
    user.spark.conf.set("fs.azure.headrace.endpoint.dprepdata", f"http://127.0.0.1:{server.server_port}/dprepdata")
    user.refused(user.count, DEMO)
    server.shutdown()
    assert seen and seen[0].startswith("Bearer ")
    import requests

    for text in set(seen):
        for url in (
            f"{serve.endpoint['url']}/subscriptions?api-version=2022-12-01",
            f"{serve.endpoint['storage_url']}/dprepdata/demo/people.csv",
        ):
            assert requests.get(
                url, headers={"Authorization": text, "x-ms-version": "2021-12-02"}, timeout=20
            ).status_code in (401, 403)


def test_an_interpreters_session_reads_by_the_same_roles(serve, user):
    """As %synapse does: a Livy session of the user's, its statements in Python."""
    end = serve.endpoint
    base = f"/synapse/{end['synapse_workspace']}/livyApi/versions/2019-11-01-preview/sparkPools/{end['pool']}/sessions"
    session = user.azure.call("POST", base, json={"name": "by-role"}).json()

    def run(code):
        until(lambda: user.azure.call("GET", f"{base}/{session['id']}").json()["state"] == "idle", 30, "the session")
        made = user.azure.call(
            "POST", f"{base}/{session['id']}/statements", json={"code": code, "kind": "pyspark"}
        ).json()
        return until(
            lambda: (
                (got := user.azure.call("GET", f"{base}/{session['id']}/statements/{made['id']}").json())["state"]
                == "available"
                and got
            ),
            30,
            "the statement",
        )["output"]

    code = f"spark.read.option('header', True).csv('{DEMO}/people.csv').count()"
    output = run(code)
    assert output["status"] == "error"
    user.run_printed(output["evalue"])
    output = run(code)
    assert output["status"] == "ok" and output["data"]["text/plain"] == "2", output
    user.azure.call("DELETE", f"{base}/{session['id']}")


# ---- Azurite, which takes any token ----


@pytest.fixture(scope="module")
def oauth(tmp_path_factory, certificate):  # noqa: F811
    """Azurite's blob service over https with OAuth; (account, url, its certificate). It enforces no role."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Azurite needs node")
    home, port, name, key = (
        tmp_path_factory.mktemp("oauth"),
        free_port(),
        "roleaccount",
        "a2V5IGZvciBhenVyaXRlIGluIHRlc3RzIG9ubHk=",
    )
    process = subprocess.Popen(
        [
            node,
            str(azurite_folder()),
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--location",
            str(home),
            "--silent",
            "--skipApiVersionCheck",
            "--disableTelemetry",
            "--oauth",
            "basic",
            "--cert",
            str(certificate / "cert.pem"),
            "--key",
            str(certificate / "key.pem"),
        ],
        env=dict(os.environ, AZURITE_ACCOUNTS=f"{name}:{key}"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    url, ca = f"https://127.0.0.1:{port}/{name}", str(certificate / "cert.pem")

    def answers():
        assert process.poll() is None, "Azurite ended"
        try:
            client = BlobServiceClient(url, credential=key, retry_total=0, connection_verify=ca)
            client.create_container("demo").upload_blob("people.csv", b"name,age\nada,36\ngrace,85\n")
            return True
        except Exception:
            time.sleep(0.1)
            return False

    until(answers, 60, "Azurite")
    yield name, url, ca
    process.terminate()
    process.wait(10)


def test_on_azurite_our_side_refuses_before_a_request_leaves(serve, user, oauth):
    name, url, ca = oauth
    folder = f"wasbs://demo@{name}.blob.core.windows.net"
    user.spark.conf.set(
        f"fs.azure.headrace.endpoint.{name}", "https://127.0.0.1:1/nobody"
    )  # a request that leaves would fail otherwise
    assert 'role "Storage Blob Data Reader" is missing' in user.refused(user.count, folder)
    user.spark.conf.set(f"fs.azure.headrace.endpoint.{name}", url)
    user.spark.conf.set(f"fs.azure.headrace.ca.{name}", ca)
    text = user.refused(user.count, folder)
    assert scope_of(serve, "blobServices/default/containers/demo", account=name) in text
    user.run_printed(text)
    assert user.count(folder) == 2
    text = user.refused(user.write, f"{folder}/by-role")
    user.run_printed(text)
    user.write(f"{folder}/by-role")
    assert user.spark.read.csv(f"{folder}/by-role").count() == 3
    user.role(
        "remove", "Storage Blob Data Contributor", scope_of(serve, "blobServices/default/containers/demo", account=name)
    )
    assert "is missing" in user.refused(user.write, f"{folder}/again")
    assert user.count(folder) == 2
    user.role(
        "remove", "Storage Blob Data Reader", scope_of(serve, "blobServices/default/containers/demo", account=name)
    )
    assert "is missing" in user.refused(user.count, folder)
