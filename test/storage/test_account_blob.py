"""The built-in account, by azure-storage-blob as it is."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import threading

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    ResourceTypes,
    StandardBlobTier,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

SOON = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
NAMES = [
    "plain.csv",
    "a b.csv",
    "ünïcødé/ß.csv",
    "100%/50%25.csv",
    "plus+and&.csv",
    "question?.csv",
    "hash#.csv",
    "deep/er/still/x",
    "semi;colon=1,2'",
    "emoji-😀",
]


def code_of(error):
    return error.value.error_code


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_went(demo, account, name):
    blob = demo.get_blob_client("names/" + name)
    blob.upload_blob(b"data of " + name.encode(), overwrite=True)
    assert blob.download_blob().readall() == b"data of " + name.encode()
    assert "names/" + name in [b.name for b in demo.list_blobs(name_starts_with="names/")]
    assert (account.home / "storage/dprepdata/demo/names" / name).read_bytes() == b"data of " + name.encode()
    blob.delete_blob()
    assert not blob.exists()


def test_properties_and_metadata(demo):
    blob = demo.get_blob_client("props.csv")
    blob.upload_blob(
        b"x,y\n1,2\n",
        overwrite=True,
        metadata={"owner": "me", "Stage": "raw data"},
        content_settings=ContentSettings(
            content_type="text/csv",
            content_encoding="identity",
            content_language="en",
            cache_control="no-cache",
            content_disposition="attachment",
        ),
    )
    properties = blob.get_blob_properties()
    assert properties.size == 8 and properties.blob_type == "BlockBlob"
    assert {k.lower(): v for k, v in properties.metadata.items()} == {"owner": "me", "stage": "raw data"}
    settings = properties.content_settings
    assert (
        settings.content_type,
        settings.content_encoding,
        settings.content_language,
        settings.cache_control,
        settings.content_disposition,
    ) == ("text/csv", "identity", "en", "no-cache", "attachment")
    assert bytes(settings.content_md5) == hashlib.md5(b"x,y\n1,2\n").digest()
    before = properties.etag
    blob.set_blob_metadata({"owner": "you"})
    after = blob.get_blob_properties()
    assert (
        after.etag != before
        and after.metadata == {"owner": "you"}
        and after.content_settings.content_type == "text/csv"
    )
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    assert blob.get_blob_properties().content_settings.content_type == "text/plain"
    assert blob.download_blob().readall() == b"x,y\n1,2\n"
    with pytest.raises(HttpResponseError) as error:
        blob.set_blob_metadata({"big": "x" * 6000})
    assert code_of(error) == "MetadataTooLarge"


def test_ranges(account, demo):
    data = os.urandom(100_000)
    blob = demo.get_blob_client("ranges.bin")
    blob.upload_blob(data, overwrite=True)
    assert blob.download_blob(offset=10, length=90).readall() == data[10:100]
    assert blob.download_blob(offset=99_990).readall() == data[99_990:]
    assert blob.download_blob(offset=0, length=1000, validate_content=True).readall() == data[:1000]
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob(offset=100_000, length=1)
    assert error.value.status_code == 416 and code_of(error) == "InvalidRange"
    sas = generate_blob_sas(
        "dprepdata",
        "demo",
        "ranges.bin",
        account_key=account.key,
        permission=BlobSasPermissions(read=True),
        expiry=SOON,
    )
    url = f"{account.url}/demo/ranges.bin?{sas}"
    answer = requests.get(url, headers={"Range": "bytes=5-9"})
    assert (
        answer.status_code == 206
        and answer.content == data[5:10]
        and answer.headers["Content-Range"] == "bytes 5-9/100000"
    )
    answer = requests.get(url, headers={"Range": "bytes=99999-200000"})
    assert answer.status_code == 206 and answer.content == data[-1:]
    answer = requests.get(url, headers={"Range": "bytes=100000-"})
    assert answer.status_code == 416 and answer.headers["Content-Range"] == "bytes */100000"
    assert requests.get(url, headers={"Range": "lines=1-2"}).status_code == 200
    empty = demo.get_blob_client("empty.bin")
    empty.upload_blob(b"", overwrite=True)
    assert empty.download_blob().readall() == b""


def test_conditions(demo):
    blob = demo.get_blob_client("conditions.txt")
    first = blob.upload_blob(b"1", overwrite=True)["etag"]
    with pytest.raises(ResourceExistsError) as error:
        blob.upload_blob(b"2", overwrite=False)
    assert code_of(error) == "BlobAlreadyExists"
    second = blob.upload_blob(b"2", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)["etag"]
    assert second != first
    with pytest.raises(ResourceModifiedError) as error:
        blob.upload_blob(b"3", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)
    assert code_of(error) == "ConditionNotMet"
    with pytest.raises(ResourceModifiedError):
        blob.download_blob(etag=first, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob(etag=second, match_condition=MatchConditions.IfModified)
    assert error.value.status_code == 304
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=first, match_condition=MatchConditions.IfNotModified)
    assert blob.download_blob(etag=second, match_condition=MatchConditions.IfNotModified).readall() == b"2"
    tags = {blob.upload_blob(b"same", overwrite=True)["etag"] for _ in range(20)}
    assert len(tags) == 20
    blob.delete_blob()
    assert blob.upload_blob(b"same")["etag"] not in tags


def test_blocks(demo):
    blob = demo.get_blob_client("blocks.bin")
    blob.stage_block("b001", b"hello ")
    blob.stage_block("b002", b"world")
    blob.stage_block("b003", b"never used")
    assert not blob.exists()
    committed, waiting = blob.get_block_list("all")
    assert committed == [] and sorted((b.id, b.size) for b in waiting) == [("b001", 6), ("b002", 5), ("b003", 10)]
    blob.commit_block_list(
        [BlobBlock("b001"), BlobBlock("b002")],
        metadata={"k": "v"},
        content_settings=ContentSettings(content_type="text/plain"),
    )
    assert blob.download_blob().readall() == b"hello world"
    assert blob.get_blob_properties().content_settings.content_type == "text/plain"
    committed, waiting = blob.get_block_list("all")
    assert [(b.id, b.size) for b in committed] == [("b001", 6), ("b002", 5)] and waiting == []
    blob.stage_block("b004", b"!")
    blob.commit_block_list([BlobBlock("b002"), BlobBlock("b004"), BlobBlock("b001")])
    assert blob.download_blob().readall() == b"world!hello "
    with pytest.raises(HttpResponseError) as error:
        blob.commit_block_list([BlobBlock("none")])
    assert code_of(error) == "InvalidBlockList"
    with pytest.raises(HttpResponseError):
        blob.stage_block("a-longer-name", b"x") and blob.stage_block("b005", b"x")
    with pytest.raises(ResourceExistsError):
        blob.commit_block_list([BlobBlock("b001")], match_condition=MatchConditions.IfMissing)
    assert blob.download_blob().readall() == b"world!hello "


def test_a_large_blob_in_parallel_blocks(service):
    data = os.urandom(9 * 1024 * 1024 + 17)
    small = BlobServiceClient(
        service.url,
        credential=service.credential,
        max_block_size=1024 * 1024,
        max_single_put_size=1024 * 1024,
        max_chunk_get_size=1024 * 1024,
        max_single_get_size=1024 * 1024,
    )
    blob = small.get_blob_client("demo", "large.bin")
    blob.upload_blob(data, overwrite=True, max_concurrency=4)
    assert blob.download_blob(max_concurrency=4).readall() == data


def test_listing(service):
    container = service.create_container("listing")
    names = sorted(["a", "a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv", "b.csv", "c/x", "ä/y"], key=lambda n: n.encode())
    for name in names:
        if name != "a":
            container.upload_blob(name, name.encode(), metadata={"n": str(len(name))})
    container.upload_blob("a", b"")
    assert [b.name for b in container.list_blobs()] == names
    assert [b.name for page in container.list_blobs(results_per_page=2).by_page() for b in page] == names
    assert [b.name for b in container.list_blobs(name_starts_with="b/")] == ["b/1.csv", "b/2.csv", "b/c/3.csv"]
    assert [b.name for b in container.list_blobs(name_starts_with="b")] == ["b.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"]
    assert sorted(b.name for b in container.walk_blobs()) == ["a", "a.csv", "b.csv", "b/", "c/", "ä/"]
    assert [b.name for page in container.walk_blobs(results_per_page=1).by_page() for b in page] == [
        "a",
        "a.csv",
        "b.csv",
        "b/",
        "c/",
        "ä/",
    ]
    assert sorted(b.name for b in container.walk_blobs(name_starts_with="b/")) == ["b/1.csv", "b/2.csv", "b/c/"]
    listed = next(b for b in container.list_blobs(include=["metadata"]) if b.name == "b.csv")
    assert (
        listed.metadata == {"n": "5"}
        and listed.size == 5
        and listed.etag == container.get_blob_client("b.csv").get_blob_properties().etag.strip('"')
    )
    assert (
        list(container.list_blobs(name_starts_with="none")) == []
        and list(container.list_blobs(name_starts_with="../")) == []
    )
    # a folder goes with its last blob
    container.delete_blob("b/c/3.csv")
    container.delete_blob("b/1.csv")
    container.delete_blob("b/2.csv")
    assert sorted(b.name for b in container.walk_blobs()) == ["a", "a.csv", "b.csv", "c/", "ä/"]
    service.delete_container("listing")


def test_containers(service):
    service.create_container("one-more", metadata={"a": "b"})
    with pytest.raises(ResourceExistsError) as error:
        service.create_container("one-more")
    assert code_of(error) == "ContainerAlreadyExists"
    client = service.get_container_client("one-more")
    assert client.get_container_properties().metadata == {"a": "b"}
    client.set_container_metadata({"c": "d"})
    assert client.get_container_properties().metadata == {"c": "d"}
    assert {c.name for c in service.list_containers()} >= {"demo", "one-more"}
    assert [c.name for c in service.list_containers(name_starts_with="one")] == ["one-more"]
    assert [c.name for page in service.list_containers(results_per_page=1).by_page() for c in page] == sorted(
        c.name for c in service.list_containers()
    )
    client.delete_container()
    with pytest.raises(ResourceNotFoundError) as error:
        client.get_container_properties()
    assert code_of(error) == "ContainerNotFound"
    with pytest.raises(HttpResponseError) as error:
        service.create_container("Not_Valid")
    assert code_of(error) == "InvalidResourceName"
    assert service.get_account_information()["account_kind"] == "StorageV2"
    assert service.get_service_properties()["delete_retention_policy"].enabled is False


def test_copy(demo):
    source, target = demo.get_blob_client("from.csv"), demo.get_blob_client("to/there.csv")
    source.upload_blob(b"copied", overwrite=True, metadata={"m": "1"})
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    assert target.download_blob().readall() == b"copied" and target.get_blob_properties().metadata == {"m": "1"}
    with pytest.raises(ResourceNotFoundError) as error:
        target.start_copy_from_url(source.url + "-none")
    assert (
        code_of(error) == "CannotVerifyCopySource"
        and error.value.response.headers["x-ms-copy-source-status-code"] == "404"
    )
    assert error.value.response.headers["x-ms-copy-source-error-code"] == "BlobNotFound"
    with pytest.raises(HttpResponseError) as error:
        target.start_copy_from_url("https://example.blob.core.windows.net/a/b")
    assert code_of(error) == "NotImplemented"


def test_missing_things(service, demo):
    with pytest.raises(ResourceNotFoundError) as error:
        demo.download_blob("nothing")
    assert code_of(error) == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as error:
        service.get_blob_client("nowhere", "x").upload_blob(b"")
    assert code_of(error) == "ContainerNotFound"
    demo.upload_blob("file", b"", overwrite=True)
    with pytest.raises(ResourceExistsError) as error:
        demo.upload_blob("file/below", b"")
    assert code_of(error) == "PathConflict"
    demo.upload_blob("dir/x", b"", overwrite=True)
    with pytest.raises(ResourceExistsError) as error:
        demo.upload_blob("dir", b"")
    assert code_of(error) == "ResourceTypeMismatch"


def test_what_is_not_done_is_refused_by_name(demo, service):
    blob = demo.get_blob_client("refused")
    blob.upload_blob(b"x", overwrite=True)
    for attempt, name in [
        (lambda: blob.create_snapshot(), "Snapshot Blob"),
        (lambda: blob.acquire_lease(), "Lease Blob"),
        (lambda: blob.set_standard_blob_tier("Cool"), "Set Blob Tier"),
        (lambda: blob.set_blob_tags({"a": "b"}), "Set Blob Tags"),
        (lambda: demo.get_blob_client("page").create_page_blob(512), "PageBlob"),
        (lambda: demo.get_blob_client("append").create_append_blob(), "AppendBlob"),
        (lambda: service.create_container("public", public_access="blob"), "Public access"),
        (lambda: demo.set_container_access_policy({}), "Set Container ACL"),
        (lambda: blob.upload_blob(b"x", overwrite=True, tags={"a": "b"}), "x-ms-tags"),
        (lambda: blob.upload_blob(b"x", overwrite=True, standard_blob_tier=StandardBlobTier.COOL), "x-ms-access-tier"),
        (lambda: blob.download_blob(version_id="1"), "versionid"),
        (lambda: blob.delete_blob(delete_snapshots="only"), "snapshots"),
    ]:
        with pytest.raises(HttpResponseError) as error:
            attempt()
        assert error.value.status_code == 501 and code_of(error) == "NotImplemented" and name in error.value.message, (
            name,
            error.value.message,
        )


def test_wrong_content_md5(account):
    sas = generate_container_sas(
        "dprepdata", "demo", account.key, permission=ContainerSasPermissions(create=True, write=True), expiry=SOON
    )
    headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}
    answer = requests.put(f"{account.url}/demo/md5.txt?{sas}", data=b"this", headers=headers)
    assert answer.status_code == 400 and answer.headers["x-ms-error-code"] == "Md5Mismatch"
    answer = requests.put(f"{account.url}/demo/md5.txt?comp=block&blockid=YWFh&{sas}", data=b"this", headers=headers)
    assert answer.status_code == 400 and answer.headers["x-ms-error-code"] == "Md5Mismatch"


def test_a_wrong_key(account):
    with pytest.raises(ClientAuthenticationError) as error:
        BlobServiceClient(
            account.url, credential=base64.b64encode(b"wrong").decode(), retry_total=0
        ).get_account_information()
    assert code_of(error) == "AuthenticationFailed"
    answer = requests.get(f"{account.url}/demo/x")
    assert answer.status_code == 401 and "NoAuthenticationInformation" in answer.text
    assert account.key not in (account.home / "account.log").read_text()


def test_sas(account, demo):
    demo.upload_blob("sas/a.csv", b"sas", overwrite=True)
    demo.upload_blob("sas/b.csv", b"sas", overwrite=True)
    sas = generate_blob_sas(
        "dprepdata", "demo", "sas/a.csv", account_key=account.key, permission=BlobSasPermissions(read=True), expiry=SOON
    )
    client = BlobClient(account.url, "demo", "sas/a.csv", credential=sas, retry_total=0)
    assert client.download_blob().readall() == b"sas"
    with pytest.raises(HttpResponseError) as error:
        client.upload_blob(b"no", overwrite=True)
    assert error.value.status_code == 403 and code_of(error) == "AuthorizationPermissionMismatch"
    with pytest.raises(ClientAuthenticationError) as error:
        BlobClient(account.url, "demo", "sas/b.csv", credential=sas, retry_total=0).download_blob()
    assert code_of(error) == "AuthenticationFailed"
    old = generate_container_sas(
        "dprepdata",
        "demo",
        account.key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry="2020-01-01T00:00:00Z",
    )
    answer = requests.get(f"{account.url}/demo/sas/a.csv?{old}")
    assert answer.status_code == 403 and "expired at 2020-01-01T00:00:00Z" in answer.text
    whole = generate_container_sas(
        "dprepdata",
        "demo",
        account.key,
        permission=ContainerSasPermissions(read=True, list=True, write=True),
        expiry=SOON,
    )
    container = ContainerClient(account.url, "demo", credential=whole, retry_total=0)
    assert [b.name for b in container.list_blobs(name_starts_with="sas/")] == ["sas/a.csv", "sas/b.csv"]
    container.upload_blob("sas/c d.csv", b"1")
    with pytest.raises(HttpResponseError) as error:
        container.delete_blob("sas/c d.csv")
    assert code_of(error) == "AuthorizationPermissionMismatch"
    everything = generate_account_sas(
        "dprepdata",
        account.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, list=True, write=True, delete=True),
        SOON,
    )
    assert "demo" in [c.name for c in BlobServiceClient(account.url, credential=everything).list_containers()]
    https = generate_account_sas(
        "dprepdata", account.key, ResourceTypes(service=True), AccountSasPermissions(list=True), SOON, protocol="https"
    )
    with pytest.raises(HttpResponseError) as error:
        list(BlobServiceClient(account.url, credential=https, retry_total=0).list_containers())
    assert code_of(error) == "AuthorizationProtocolMismatch"


@pytest.mark.parametrize(
    "path",
    [
        "demo/../../secret",
        "demo/..",
        "demo/a/../b",
        "demo/%2e%2e/x",
        "demo/a/%2E%2e/b",
        "demo/./x",
        "demo//x",
        "demo/a%00b",
        "demo/a/%2e%2e%2fb",
        "%2e%2e/x",
        ".headrace/tmp",
        "demo/" + "x" * 256,
        "demo/" + "a/" * 600,
        "demo/%zz",
        "Demo/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_paths_that_lead_nowhere(account, path, method):
    """Signed properly, so that what refuses is the name."""
    import socket

    sas = generate_account_sas(
        "dprepdata",
        account.key,
        ResourceTypes(object=True, container=True),
        AccountSasPermissions(read=True, write=True),
        SOON,
    )
    with socket.create_connection(("127.0.0.1", account.port)) as connection:
        connection.sendall(
            f"{method} /dprepdata/{path}?{sas} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-ms-blob-type: BlockBlob\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    status = int(answer.split()[1])
    assert 400 <= status < 500, answer[:200]
    assert not (account.home / "secret").exists() and not (account.home / "storage/secret").exists()


def test_a_body_over_its_limit(account):
    sas = generate_account_sas(
        "dprepdata", account.key, ResourceTypes(object=True), AccountSasPermissions(read=True, write=True), SOON
    )
    url = f"{account.url}/demo/over?{sas}"
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", account.port)
    connection.putrequest("PUT", url[url.index("/dprepdata") :])
    connection.putheader("x-ms-blob-type", "BlockBlob")
    connection.putheader("Content-Length", str(6 * 1024**4))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and b"RequestBodyTooLarge" in answer.read()
    connection.close()
    answer = requests.put(f"{account.url}/demo/over?comp=blocklist&{sas}", data=b"<BlockList>" + b" " * (17 << 20))
    assert answer.status_code == 413
    for body in [
        b"",
        b"<BlockList>",
        b"<BlockList><Other>YQ==</Other></BlockList>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><BlockList/>",
        b"\xff\xfe",
    ]:
        answer = requests.put(f"{account.url}/demo/over?comp=blocklist&{sas}", data=body)
        assert answer.status_code == 400 and answer.headers["x-ms-error-code"] == "InvalidXmlDocument", body


def test_host_style_addresses(account):
    sas = generate_account_sas(
        "dprepdata",
        account.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, list=True, write=True),
        SOON,
    )
    root = f"http://127.0.0.1:{account.port}"
    host = {"Host": f"dprepdata.blob.localhost:{account.port}"}
    assert (
        requests.put(
            f"{root}/demo/host.txt?{sas}", data=b"h", headers={**host, "x-ms-blob-type": "BlockBlob"}
        ).status_code
        == 201
    )
    assert requests.get(f"{root}/demo/host.txt?{sas}", headers=host).content == b"h"
    assert requests.get(f"{account.url}/demo/host.txt?{sas}").content == b"h"
    answer = requests.get(f"{root}/demo/none?{sas}", headers={"Host": f"dprepdata.dfs.localhost:{account.port}"})
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "PathNotFound"
    assert requests.get(f"http://127.0.0.1:{account.port}/other/demo?{sas}").status_code == 404


def test_readers_and_writers_at_once(demo):
    """A reader sees one version or another, whole."""
    blob = demo.get_blob_client("busy.bin")
    versions = [bytes([65 + i]) * 300_000 for i in range(4)]
    blob.upload_blob(versions[0], overwrite=True)
    wrong, stop = [], threading.Event()

    def write(i):
        while not stop.is_set():
            blob.upload_blob(versions[i], overwrite=True)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(1, 4)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        if blob.download_blob().readall() not in versions:
            wrong.append(1)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_files_put_there_by_hand_are_blobs(account, demo):
    path = account.home / "storage/dprepdata/demo/by-hand.csv"
    path.write_bytes(b"1")
    blob = demo.get_blob_client("by-hand.csv")
    first = blob.get_blob_properties()
    assert blob.download_blob().readall() == b"1" and first.size == 1
    path.write_bytes(b"22")
    assert blob.get_blob_properties().etag != first.etag
    blob.upload_blob(b"333", overwrite=True)
    uploaded = blob.get_blob_properties().etag
    path.write_bytes(b"444")
    assert blob.get_blob_properties().etag != uploaded
    os.symlink("/etc/hostname", account.home / "storage/dprepdata/demo/link")
    assert not demo.get_blob_client("link").exists()
    os.unlink(account.home / "storage/dprepdata/demo/link")


def test_what_was_acknowledged_survives_a_kill(fresh_account):
    account = fresh_account
    container = BlobServiceClient(account.url, credential=account.key, retry_total=0).get_container_client("demo")
    done, stop = {}, threading.Event()

    def write(i):
        n = 0
        while not stop.is_set():
            name, data = f"w{i}/{n % 7}.bin", f"{i}-{n}-".encode() * 5000
            try:
                done[name] = (
                    container.upload_blob(name, data, overwrite=True, metadata={"n": str(n)})
                    .get_blob_properties()
                    .etag,
                    data,
                    str(n),
                )
            except Exception:
                done.pop(name, None)  # the answer did not come: either version may be there
                return
            n += 1

    threads = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    import time

    time.sleep(0.7)
    account.kill()
    stop.set()
    for thread in threads:
        thread.join()
    account.start()
    assert len(done) >= 3
    container = BlobServiceClient(account.url, credential=account.key).get_container_client("demo")
    for name, (etag, data, n) in done.items():
        blob = container.get_blob_client(name)
        assert (
            blob.download_blob().readall() == data
            and blob.get_blob_properties().etag == etag
            and blob.get_blob_properties().metadata == {"n": n}
        )
    for blob in container.list_blobs(include=["metadata"]):
        whole = container.download_blob(blob.name).readall()
        assert (
            len(whole) == blob.size
            and len({whole[i : i + len(whole) // 5000] for i in range(0, len(whole), len(whole) // 5000)}) == 1
        )
    assert not list((account.home / "storage/dprepdata/.headrace/tmp").iterdir())


def test_one_process_an_account(account):
    import subprocess
    from support.serve import BUILD

    second = subprocess.run(
        [str(BUILD / "test/unit/account/account_alone"), "--home", str(account.home), "--account", "dprepdata"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert second.returncode == 1 and "another process serves the account 'dprepdata'" in second.stderr


def test_counters(account, demo):
    demo.upload_blob("count", b"12345", overwrite=True)
    before = account.stats()
    demo.download_blob("count").readall()
    after = account.stats()
    assert after["operations"]["Get Blob"] == before["operations"].get("Get Blob", 0) + 1
    assert after["bytes_out"] > before["bytes_out"] and json.dumps(after)


def sas_of(account, permission="rlcw", **more):
    return generate_container_sas("dprepdata", "demo", account.key, permission=permission, expiry=SOON, **more)


def test_a_query_is_decoded_as_a_form_is(account, demo):
    """Go, .NET and Java write a blank as "+" there, and a plus sign as %2B; what they sign is what that reads."""
    for name in ("form a/x.csv", "form+a/y.csv"):
        demo.upload_blob(name, b"1", overwrite=True)
    sas = sas_of(account)

    def listed(query, path="demo", key="restype=container&comp=list"):
        return requests.get(f"{account.url}/{path}?{key}&{query}&{sas}").text

    assert (
        "<Name>form a/x.csv</Name>" in listed("prefix=form+a%2F")
        and "form+a" not in listed("prefix=form+a%2F").split("<Blobs>")[1]
    )
    assert "<Name>form+a/y.csv</Name>" in listed("prefix=form%2Ba/") and "<Name>form a/x.csv</Name>" in listed(
        "prefix=form%20a/"
    )
    assert "<BlobPrefix><Name>form a/</Name>" in listed("prefix=form+&delimiter=/")
    paths = requests.get(f"{account.url}/demo?resource=filesystem&recursive=true&directory=form+a&{sas}").json()[
        "paths"
    ]
    assert [p["name"] for p in paths] == ["form a/x.csv"]
    # a path is none: there "+" is itself
    assert requests.get(f"{account.url}/demo/form+a/y.csv?{sas}").content == b"1"
    assert requests.get(f"{account.url}/demo/form+a/x.csv?{sas}").status_code == 404
    # SharedKey signs the decoded value
    query = "comp=list&prefix=form+a%2F&restype=container"
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    text = f"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-12-02\n/dprepdata/dprepdata/demo\ncomp:list\nprefix:form a/\nrestype:container"
    signature = base64.b64encode(
        hmac.new(base64.b64decode(account.key), text.encode(), hashlib.sha256).digest()
    ).decode()
    answer = requests.get(
        f"{account.url}/demo?{query}",
        headers={"x-ms-date": date, "x-ms-version": "2021-12-02", "Authorization": f"SharedKey dprepdata:{signature}"},
    )
    assert answer.status_code == 200 and "form a/x.csv" in answer.text, answer.text


def test_304_says_why(account, demo):
    etag = demo.upload_blob("same.csv", b"1", overwrite=True).get_blob_properties().etag
    url = f"{account.url}/demo/same.csv?{sas_of(account)}"
    for method in ("GET", "HEAD"):
        for headers in ({"If-None-Match": etag}, {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}):
            answer = requests.request(method, url, headers=headers)
            assert (answer.status_code, answer.headers["x-ms-error-code"], answer.content) == (
                304,
                "ConditionNotMet",
                b"",
            )


def test_a_refused_head_promises_no_body(account):
    sas = generate_account_sas(
        "dprepdata",
        account.key,
        ResourceTypes(object=True, container=True),
        AccountSasPermissions(read=True, list=True),
        SOON,
    )
    for path in ("demo/none.csv", "demo/none.csv?action=getStatus", "nowhere?restype=container", "demo/x?comp=nothing"):
        answer = requests.head(f"{account.url}/{path}{'&' if '?' in path else '?'}{sas}")
        assert answer.status_code in (404, 501) and answer.headers["x-ms-error-code"], path
        assert "Content-Type" not in answer.headers and answer.headers["Content-Length"] == "0", path


def test_other_bytes_than_their_hash_are_refused(account, demo):
    right, wrong = (base64.b64encode(hashlib.md5(data).digest()).decode() for data in (b"this", b"other"))
    crc = {
        b"this": "ogxg+aLmLsU=",
        b"123456789": "iJh5CoYUi64=",
    }  # "123456789": the catalogue's check value of CRC-64/NVME
    sas, blob = sas_of(account), {"x-ms-blob-type": "BlockBlob"}

    def put(headers, query="", data=b"this"):
        answer = requests.put(f"{account.url}/demo/hashed.txt?{query}{sas}", data=data, headers={**blob, **headers})
        return answer.status_code, answer.headers.get("x-ms-error-code")

    for name in ("Content-MD5", "x-ms-blob-content-md5"):  # of a whole blob the two are one
        assert put({name: wrong}) == (400, "Md5Mismatch") and put({name: "short"}) == (400, "InvalidMd5")
    assert not demo.get_blob_client("hashed.txt").exists()
    assert put({"x-ms-blob-content-md5": right}) == (201, None)
    assert put({"Content-MD5": wrong}, "comp=block&blockid=YWFh&") == (400, "Md5Mismatch")
    listing = b"<?xml version='1.0' encoding='utf-8'?><BlockList></BlockList>"
    assert put({"Content-MD5": wrong}, "comp=blocklist&", listing) == (400, "Md5Mismatch")
    assert put({"x-ms-blob-content-md5": wrong}, "comp=blocklist&", listing) == (
        201,
        None,
    )  # of a list it is kept as it is given
    assert (
        demo.get_blob_client("hashed.txt").get_blob_properties().content_settings.content_md5
        == hashlib.md5(b"other").digest()
    )
    assert put({"x-ms-content-crc64": crc[b"123456789"]}, data=b"123456789") == (201, None)
    assert put({"x-ms-content-crc64": crc[b"123456789"]}) == (400, "Crc64Mismatch")
    answer = requests.get(
        f"{account.url}/demo/hashed.txt?{sas}", headers={"Range": "bytes=0-8", "x-ms-range-get-content-crc64": "true"}
    )
    assert answer.headers["x-ms-content-crc64"] == crc[b"123456789"]


def test_metadata_keeps_its_case_and_all_of_its_names(account, demo):
    many = {f"Name{i}": str(i) for i in range(60)}
    blob = demo.get_blob_client("cased.csv")
    blob.upload_blob(b"", overwrite=True, metadata={"CreatedBy": "Me", "stage_2": "raw", **many})
    assert blob.get_blob_properties().metadata == {"CreatedBy": "Me", "stage_2": "raw", **many}
    (listed,) = list(demo.list_blobs(name_starts_with="cased", include=["metadata"]))
    assert listed.metadata == {"CreatedBy": "Me", "stage_2": "raw", **many}
    demo.set_container_metadata({"TeamName": "x"})
    assert demo.get_container_properties().metadata == {"TeamName": "x"}
    url, headers = f"{account.url}/demo/cased.csv?comp=metadata&{sas_of(account)}", {"x-ms-version": "2021-12-02"}
    assert requests.put(url, headers={**headers, "x-ms-meta-1x": "y"}).headers["x-ms-error-code"] == "InvalidMetadata"
    assert requests.put(url, headers={**headers, "x-ms-meta-": "y"}).headers["x-ms-error-code"] == "EmptyMetadataKey"


def test_a_sas_says_what_a_browser_is_told(account, demo):
    demo.upload_blob(
        "told.bin",
        b"1,2\n",
        overwrite=True,
        content_settings=ContentSettings(content_type="application/x-own", content_language="en"),
    )
    sas = generate_blob_sas(
        "dprepdata",
        "demo",
        "told.bin",
        account_key=account.key,
        permission=BlobSasPermissions(read=True),
        expiry=SOON,
        cache_control="no-store",
        content_disposition="attachment; filename=a.csv",
        content_encoding="identity",
        content_type="text/csv",
    )
    headers = requests.get(f"{account.url}/demo/told.bin?{sas}").headers
    assert (
        headers["Cache-Control"],
        headers["Content-Disposition"],
        headers["Content-Encoding"],
        headers["Content-Type"],
        headers["Content-Language"],
    ) == ("no-store", "attachment; filename=a.csv", "identity", "text/csv", "en")
    assert demo.get_blob_client("told.bin").get_blob_properties().content_settings.content_type == "application/x-own"


def test_a_copy_is_told_in_properties_and_listings(account, demo):
    source, target = demo.get_blob_client("copied/from.csv"), demo.get_blob_client("copied/to.csv")
    source.upload_blob(b"four", overwrite=True)
    sas = generate_blob_sas(
        "dprepdata",
        "demo",
        "copied/from.csv",
        account_key=account.key,
        permission=BlobSasPermissions(read=True),
        expiry=SOON,
    )
    started = target.start_copy_from_url(f"{source.url}?{sas}")
    copy = target.get_blob_properties().copy
    assert (copy.id, copy.status, copy.progress, copy.source) == (
        started["copy_id"],
        "success",
        "4/4",
        source.url,
    ) and copy.completion_time
    assert [(b.name, b.copy.status) for b in demo.list_blobs(name_starts_with="copied/", include=["copy"])] == [
        ("copied/from.csv", None),
        ("copied/to.csv", "success"),
    ]
    target.upload_blob(b"new", overwrite=True)
    assert target.get_blob_properties().copy.id is None


def test_what_a_listing_includes(account, demo):
    demo.upload_blob("included.csv", b"", overwrite=True)
    for include in (["snapshots"], ["versions"], ["tags"], ["deleted"], ["metadata", "copy", "snapshots"]):
        assert [b.name for b in demo.list_blobs(name_starts_with="included", include=include)] == [
            "included.csv"
        ]  # there are no others
    for query, code in (
        ("include=everything", "InvalidQueryParameterValue"),
        ("include=permissions", "NotImplemented"),
        ("showonly=files", "NotImplemented"),
    ):
        answer = requests.get(f"{account.url}/demo?restype=container&comp=list&{query}&{sas_of(account)}")
        assert answer.headers["x-ms-error-code"] == code


def test_put_from_a_url(account, demo):
    source, target = demo.get_blob_client("url/from.bin"), demo.get_blob_client("url/to.bin")
    data = os.urandom(3 << 20)
    source.upload_blob(
        data,
        overwrite=True,
        metadata={"m": "1"},
        content_settings=ContentSettings(content_type="application/x-own", cache_control="no-cache"),
    )
    sas = generate_blob_sas(
        "dprepdata",
        "demo",
        "url/from.bin",
        account_key=account.key,
        permission=BlobSasPermissions(read=True),
        expiry=SOON,
    )
    url, md5 = f"{source.url}?{sas}", hashlib.md5(data).digest()
    assert target.upload_blob_from_url(url, overwrite=True)["etag"]
    properties = target.get_blob_properties()
    assert (
        target.download_blob().readall() == data
        and properties.content_settings.content_md5 == md5
        and properties.metadata == {}
    )
    assert (properties.content_settings.content_type, properties.content_settings.cache_control) == (
        "application/x-own",
        "no-cache",
    )
    answer = target.upload_blob_from_url(
        url, overwrite=True, include_source_blob_properties=False, source_content_md5=md5, metadata={"N": "2"}
    )
    staged = target.stage_block_from_url("YWFh", url, source_content_md5=md5)
    assert answer["content_crc64"] == staged["content_crc64"] is not None
    properties = target.get_blob_properties()
    assert properties.content_settings.content_type == "application/octet-stream" and properties.metadata == {"N": "2"}
    for options, status, code in (
        ({"source_content_md5": hashlib.md5(b"x").digest()}, 400, "Md5Mismatch"),
        ({"source_if_modified_since": SOON}, 404, "CannotVerifyCopySource"),
    ):
        with pytest.raises(HttpResponseError) as error:
            target.upload_blob_from_url(url, overwrite=True, **options)
        assert error.value.status_code == status and code == code_of(error)
    with pytest.raises(ClientAuthenticationError) as error:  # on Azure it reads any address, and no account's key helps
        target.upload_blob_from_url(source.url, overwrite=True)
    assert (
        code_of(error) == "CannotVerifyCopySource"
        and error.value.response.headers["x-ms-copy-source-error-code"] == "NoAuthenticationInformation"
    )
    joined = demo.get_blob_client("url/joined.bin")
    joined.stage_block_from_url("b1", url, source_offset=0, source_length=1000)
    joined.stage_block_from_url("b2", url, source_offset=1000, source_length=len(data))
    joined.commit_block_list([BlobBlock("b1"), BlobBlock("b2")])
    assert joined.download_blob().readall() == data


def test_listing_starts_where_it_is_told(service, datalake):
    container = service.create_container("starts")
    for name in ("a/1", "a/2", "a/3", "b/1", "c"):
        container.upload_blob(name, b"")
    assert [b.name for b in container.list_blobs(start_from="a/3")] == ["a/3", "b/1", "c"]
    assert [
        b.name
        for page in container.list_blobs(name_starts_with="a/", start_from="a/2", results_per_page=1).by_page()
        for b in page
    ] == ["a/2", "a/3"]
    paths = datalake.get_file_system_client("starts")
    assert [p.name for p in paths.get_paths(start_from="b")] == ["b", "b/1", "c"]
    assert [p.name for p in paths.get_paths("a", start_from="2")] == ["a/2", "a/3"]
    container.delete_container()


def test_what_the_account_is_asked_from_everywhere(account, service, demo):
    blob = demo.get_blob_client("asked.csv")
    blob.upload_blob(b"", overwrite=True)
    assert (
        service.get_account_information()["sku_name"]
        == demo.get_account_information()["sku_name"]
        == blob.get_account_information()["sku_name"]
        == "Standard_LRS"
    )
    web = service.create_container("$web")
    web.upload_blob("index.html", b"<p>")
    assert web.download_blob("index.html").readall() == b"<p>"
    web.delete_container()
    url = f"{account.url}/demo/asked.csv?{sas_of(account)}"
    assert requests.get(url, headers={"x-ms-version": "2999-01-01"}).status_code == 200
    answer = requests.get(url, headers={"x-ms-version": "newest"})
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")
