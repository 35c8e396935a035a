"""azure-ai-ml, unmodified, on the ARM addresses of datastores and data assets. It lives in an environment of its own: it pins much that no other test needs."""

import json
import os
import pathlib
import subprocess

import pytest
from support.azure import Azure

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def told(serve):
    """What every call gave an owner, and what it gave a user who may only read."""
    from azure.storage.blob import BlobServiceClient

    endpoint = serve.endpoint
    key = {"account_name": endpoint["account"], "account_key": endpoint["account_key"]}
    container = BlobServiceClient(
        f"{endpoint['storage_url']}/{endpoint['account']}", credential=key
    ).get_container_client("demo")
    for name in ("a.csv", "b.csv"):
        container.upload_blob(name, b"x")
    venv = subprocess.run(
        [ROOT / "tools/venv", ROOT / "test/azure-ai-ml.lock"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=900,
    ).stdout.strip()

    def run(token):
        done = subprocess.run(
            [
                f"{venv}/bin/python",
                "-W",
                "ignore",
                ROOT / "test/wire/ai_ml_client.py",
                serve.home / "run/endpoint.json",
                token,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **cloud},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    cloud = {"AZUREML_CURRENT_CLOUD": serve.exports()["AZUREML_CURRENT_CLOUD"]}
    reader = json.loads(serve.cli("user", "create", "aiml", "--json").stdout)["token"]
    return run(endpoint["token"]), run(reader)


def test_datastores(told, serve):
    owner, _ = told
    assert owner["default"] == "workspaceblobstore" and owner["register"] == "demo" and owner["get"] == "dprepdata"
    assert (
        owner["secret"] == serve.endpoint["account_key"]
        and owner["list"] == ["mydatastore", "workspaceblobstore"]
        and owner["delete"] is None
    )


def test_data_assets(told, serve):
    owner, _ = told
    path = f"azureml:/{Azure(serve).workspace_id}/datastores/mydatastore/paths/a.csv"
    assert owner["data"] == ["1", path] and owner["next"] == ["2", path] and owner["latest"] == "2"
    assert owner["one"] == ["words", {"a": "b"}] and owner["names"] == ["asset"] and owner["versions"] == ["2", "1"]
    assert owner["taken"]["status"] == 409 and "a version never changes" in owner["taken"]["message"]
    assert (
        owner["absent"]["status"] == 404
        and 'no such file or folder in datastore "mydatastore"' in owner["absent"]["message"]
    )
    assert owner["archive"]["status"] in (405, 501) and "archiving version 1" in owner["archive"]["message"]


def test_local_files_are_uploaded(told, serve):
    """No name server knows NAME.blob.core.windows.net of this account: the client is told an address that it reaches."""
    from azure.storage.blob import BlobServiceClient

    owner, _ = told
    endpoint = serve.endpoint
    key = {"account_name": endpoint["account"], "account_key": endpoint["account_key"]}
    service = BlobServiceClient(f"{endpoint['storage_url']}/{endpoint['account']}", credential=key)
    store = (
        Azure(serve)
        .call("GET", f"{Azure(serve).workspace_id}/datastores?isDefault=true")
        .json()["value"][0]["properties"]
    )
    assert store["accountName"] == endpoint["account"]
    container = service.get_container_client(store["containerName"])
    below = owner["folder"].split("/paths/")[1]
    assert {
        b.name[len(below) :].lstrip("/"): container.download_blob(b.name).readall()
        for b in container.list_blobs(name_starts_with=below)
    } == {"x y.csv": b"a\n1\n", "deep er/z.csv": b"b\n2\n"}
    assert container.download_blob(owner["file"].split("/paths/")[1]).readall() == b"a\n1\n" and owner["seconds"] < 30


def test_a_reader_sees_and_is_refused_the_rest(told):
    _, reader = told
    assert (
        reader["default"] == "workspaceblobstore"
        and reader["names"] == ["asset", "local-file", "local-folder"]
        and reader["versions"] == ["2", "1"]
    )
    assert "Storage Blob Data Contributor" in reader["folder"] and reader["seconds"] < 30
    for name in ("register", "secret"):
        assert reader[name]["status"] in (403, 404), reader[name]
    assert 'role "Contributor" is missing' in reader["register"]["message"]
