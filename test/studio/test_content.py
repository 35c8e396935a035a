"""The route that previews read: bytes of a file as they were registered, or why not."""

import base64

import pytest
import requests

from studio.test_look import put_blob, register, workspace


@pytest.fixture(scope="module")
def content(serve):
    """content(path, token=…, **query): the reply, of a dataset with the files a.csv and "sub/ü \\"q.csv"."""
    put_blob(serve, "content/a.csv", bytes(range(256)) * 10)
    put_blob(serve, "content/sub/ü q.csv", b"x")
    dataset = register(serve, "content", "file", "content/", [])
    address = (
        f"{serve.endpoint['url']}/dataset/v1.0{workspace(serve)}/datasets/{dataset['datasetId']}/versions/1/content"
    )

    def get(path, token=None, **query):
        return requests.get(
            address,
            params={"path": path, **query},
            timeout=30,
            headers={"authorization": "Bearer " + (token or serve.endpoint["token"])},
        )

    return get


def test_ranges(content):
    whole = content("a.csv").json()
    assert base64.b64decode(whole["data"]) == bytes(range(256)) * 10 and whole["size"] == whole["length"] == 2560
    part = content("a.csv", offset=250, length=10).json()
    assert base64.b64decode(part["data"]) == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]) and part["offset"] == 250
    assert content("a.csv", offset=2555, length=100).json()["length"] == 5
    beyond = content("a.csv", offset=9999).json()
    assert (beyond["length"], beyond["data"]) == (0, "")
    assert base64.b64decode(content("sub/ü q.csv").json()["data"]) == b"x"


@pytest.mark.parametrize("query", [{"offset": -1}, {"offset": "x"}, {"length": 1024 * 1024 + 1}, {"length": ""}])
def test_what_is_no_range_is_refused(content, query):
    reply = content("a.csv", **query)
    assert reply.status_code == 400 and next(iter(query)) in reply.json()["error"]["message"]


@pytest.mark.parametrize("path", ["", "../a.csv", "sub", "A.csv", 'a.csv","url":"', "a.csv\0"])
def test_only_registered_files(content, path):
    assert content(path).status_code in (400, 404)


def test_a_changed_or_removed_file_is_an_error_that_names_it(serve, content):
    put_blob(serve, "content/a.csv", b"other")
    reply = content("a.csv")
    assert reply.status_code == 412 and "a.csv" in reply.json()["error"]["message"]
    from azure.storage.blob import BlobServiceClient

    end = serve.endpoint
    BlobServiceClient(f"{end['storage_url']}/{end['account']}", credential=end["account_key"]).get_blob_client(
        end["container"], "content/a.csv"
    ).delete_blob()
    reply = content("a.csv")
    assert reply.status_code in (404, 412) and "a.csv" in reply.json()["error"]["message"]


def test_reading_needs_the_storage_role(serve, content):
    import json

    who = json.loads(serve.cli("user", "create", "looks-only", "--json").stdout)
    reply = content("a.csv", token=who["token"])
    assert reply.status_code == 403 and "Storage Blob Data Reader" in reply.json()["error"]["message"]
