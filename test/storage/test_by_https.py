"""The storage account at the server's own address, with its TLS: Azure's clients with a token, and who may."""

import datetime
import json
import os

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerSasPermissions, generate_container_sas
from azure.storage.filedatalake import DataLakeServiceClient

from support.azure import Token


def service_of(serve, token, kind=BlobServiceClient):
    known = serve.endpoint
    return kind(
        f"{known['https_url']}/storage/{known['account']}",
        credential=Token(token),
        connection_verify=known["ca_file"],
        retry_total=0,
    )


def test_a_token_acts_by_its_roles(serve):
    owner = service_of(serve, serve.endpoint["token"])
    container = owner.create_container("by-https")
    data = os.urandom(20 << 20)
    container.upload_blob("large é.bin", data, metadata={"stage": "raw"})
    blob = container.get_blob_client("large é.bin")
    assert blob.download_blob().readall() == data and blob.download_blob(offset=5, length=7).readall() == data[5:12]
    assert (blob.get_blob_properties().size, blob.get_blob_properties().metadata) == (len(data), {"stage": "raw"})
    blob.stage_block("b1", b"new")
    blob.commit_block_list([BlobBlock("b1")])
    assert [b.name for b in container.list_blobs()] == ["large é.bin"] and blob.download_blob().readall() == b"new"
    with pytest.raises(ResourceNotFoundError) as error:
        container.download_blob("none")
    assert error.value.error_code == "BlobNotFound"
    lake = service_of(serve, serve.endpoint["token"], DataLakeServiceClient).get_file_system_client("by-https")
    lake.get_file_client("folder/x.txt").upload_data(b"lake", overwrite=True)
    assert [p.name for p in lake.get_paths("folder")] == ["folder/x.txt"]

    user = json.loads(serve.cli("user", "create", "rita", "--json").stdout)
    guest = service_of(serve, user["token"]).get_container_client("by-https")
    with pytest.raises(HttpResponseError) as error:
        guest.download_blob("folder/x.txt")
    assert error.value.status_code == 403 and "Storage Blob Data Reader" in error.value.message
    scope = (
        f"{serve.endpoint['account_id']}/blobServices/default/containers/by-https"
        if "account_id" in serve.endpoint
        else None
    )
    scope = scope or (
        f"/subscriptions/{serve.endpoint['subscription_id']}/resourceGroups/{serve.endpoint['resource_group']}/providers/Microsoft.Storage/"
        f"storageAccounts/{serve.endpoint['account']}/blobServices/default/containers/by-https"
    )
    serve.cli("role", "assign", "Storage Blob Data Reader", "--assignee", "rita", "--scope", scope)
    assert guest.download_blob("folder/x.txt").readall() == b"lake"
    with pytest.raises(HttpResponseError) as error:
        guest.upload_blob("y.txt", b"")
    assert error.value.status_code == 403 and "Storage Blob Data Contributor" in error.value.message
    with pytest.raises(ClientAuthenticationError):
        service_of(serve, "hr_nobody").get_container_client("by-https").download_blob("folder/x.txt")


def test_a_sas_is_taken_and_a_key_is_not(serve):
    known = serve.endpoint
    service_of(serve, known["token"]).create_container("by-sas").upload_blob("a b.txt", b"1")
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    sas = generate_container_sas(
        known["account"],
        "by-sas",
        known["account_key"],
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=soon,
    )
    for name in (known["account"], known["account"] + ".blob.core.windows.net"):
        root = f"{known['https_url']}/storage/{name}/by-sas"
        assert requests.get(f"{root}/a%20b.txt?{sas}", verify=known["ca_file"]).content == b"1"
        head = requests.head(f"{root}/none.txt?{sas}", verify=known["ca_file"])
        assert (head.status_code, head.headers["x-ms-error-code"], head.headers["Content-Length"]) == (
            404,
            "BlobNotFound",
            "0",
        )
        assert (
            "<Name>a b.txt</Name>"
            in requests.get(f"{root}?restype=container&comp=list&prefix=a+b&{sas}", verify=known["ca_file"]).text
        )
    assert requests.get(f"{root}/a%20b.txt", verify=known["ca_file"]).status_code == 401
    assert requests.get(f"{known['https_url']}/storage/another/by-sas/x", verify=known["ca_file"]).status_code == 404
