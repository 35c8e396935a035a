"""The built-in account's Data Lake side, by azure-storage-file-datalake as it is."""

import os

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.filedatalake import ContentSettings


@pytest.fixture(scope="module")
def lake(datalake):
    return datalake.get_file_system_client("demo")


def names(paths):
    return [p.name for p in paths]


def code_of(error):
    return error.value.error_code


def test_a_file_is_appended_and_flushed(lake, demo):
    file = lake.get_file_client("lake/a b/ü.csv")
    file.create_file(content_settings=ContentSettings(content_type="text/csv"), metadata={"owner": "me"})
    file.append_data(b"hello ", offset=0)
    file.append_data(b"world", offset=6)
    assert file.get_file_properties().size == 0
    file.flush_data(11)
    assert file.download_file().readall() == b"hello world"
    file.append_data(b"!", offset=11, flush=True)
    properties = file.get_file_properties()
    assert (
        properties.size == 12
        and properties.metadata == {"owner": "me"}
        and properties.content_settings.content_type == "text/csv"
    )
    assert demo.download_blob("lake/a b/ü.csv").readall() == b"hello world!"
    with pytest.raises(HttpResponseError) as error:
        file.append_data(b"gap", offset=20)
        file.flush_data(23)
    assert code_of(error) == "InvalidFlushPosition"
    with pytest.raises(HttpResponseError) as error:
        file.append_data(b"over", offset=0)
    assert code_of(error) == "InvalidFlushPosition"
    with pytest.raises(ResourceNotFoundError) as error:
        lake.get_file_client("lake/none").append_data(b"x", offset=0)
    assert code_of(error) == "PathNotFound"
    assert file.download_file(offset=6, length=5).readall() == b"world"


def test_upload_of_a_large_file(lake):
    data = os.urandom(5 * 1024 * 1024 + 3)
    file = lake.get_file_client("lake/large.bin")
    file.upload_data(data, overwrite=True, chunk_size=1024 * 1024, max_concurrency=4)
    assert file.download_file().readall() == data
    file.upload_data(b"small", overwrite=True)
    assert file.download_file().readall() == b"small"


def test_folders_and_listing(datalake):
    fs = datalake.create_file_system("folders")
    fs.create_directory("a/b/c")
    for name in ("a/1.txt", "a/b/2.txt", "a/b/c/3.txt", "a.txt"):
        fs.get_file_client(name).upload_data(name.encode(), overwrite=True)
    everything = ["a", "a.txt", "a/1.txt", "a/b", "a/b/2.txt", "a/b/c", "a/b/c/3.txt"]
    assert names(fs.get_paths()) == everything
    assert names(p for page in fs.get_paths(max_results=2).by_page() for p in page) == everything
    assert names(fs.get_paths(recursive=False)) == ["a", "a.txt"]
    assert names(fs.get_paths("a/b", recursive=False)) == ["a/b/2.txt", "a/b/c"]
    listed = {p.name: p for p in fs.get_paths("a")}
    assert listed["a/b"].is_directory and not listed["a/1.txt"].is_directory and listed["a/1.txt"].content_length == 7
    with pytest.raises(ResourceNotFoundError) as error:
        list(fs.get_paths("none"))
    assert code_of(error) == "PathNotFound"
    assert (
        fs.get_directory_client("a/b").exists()
        and fs.get_directory_client("a/b").get_directory_properties().name == "a/b"
    )
    # a folder made on purpose stays when it is empty
    fs.delete_file("a/b/c/3.txt")
    assert fs.get_directory_client("a/b/c").exists()
    fs.delete_directory("a/b")
    assert names(fs.get_paths()) == ["a", "a.txt", "a/1.txt"]
    with pytest.raises(ResourceNotFoundError):
        fs.delete_directory("a/b")
    assert "folders" in names(datalake.list_file_systems())
    fs.delete_file_system()


def test_rename(lake):
    lake.create_directory("from/deep")
    lake.get_file_client("from/deep/x y").upload_data(b"1", overwrite=True, metadata={"m": "1"})
    etag = lake.get_file_client("from/deep/x y").get_file_properties().etag
    lake.get_directory_client("from").rename_directory("demo/to here")
    assert not lake.get_directory_client("from").exists()
    moved = lake.get_file_client("to here/deep/x y")
    assert (
        moved.download_file().readall() == b"1"
        and moved.get_file_properties().metadata == {"m": "1"}
        and moved.get_file_properties().etag == etag
    )
    moved = moved.rename_file("demo/to here/z")
    assert moved.download_file().readall() == b"1"
    other = lake.get_file_client("to here/other")
    other.upload_data(b"2", overwrite=True)
    with pytest.raises(ResourceExistsError) as error:
        moved.rename_file("demo/to here/other", match_condition=MatchConditions.IfMissing)
    assert code_of(error) == "PathAlreadyExists"
    with pytest.raises(ResourceNotFoundError) as error:
        moved.rename_file("demo/no/such/place")
    assert code_of(error) == "RenameDestinationParentPathNotFound"
    with pytest.raises(ResourceNotFoundError) as error:
        lake.get_file_client("none").rename_file("demo/x")
    assert code_of(error) == "SourcePathNotFound"
    with pytest.raises(HttpResponseError) as error:
        lake.get_directory_client("to here").rename_directory("demo/to here/deep/below")
    assert code_of(error) == "InvalidRenameSourcePath"
    moved.rename_file("demo/to here/other")
    assert other.download_file().readall() == b"1"


def test_conditions(lake):
    file = lake.get_file_client("conditions")
    etag = file.create_file()["etag"]
    with pytest.raises(ResourceExistsError) as error:
        file.create_file(match_condition=MatchConditions.IfMissing)
    assert code_of(error) == "PathAlreadyExists"
    file.upload_data(b"1", overwrite=True)
    with pytest.raises(ResourceModifiedError):
        file.download_file(etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceExistsError) as error:
        lake.get_file_client("conditions/below").create_file()
    assert code_of(error) == "PathConflict"
    lake.create_directory("a-folder")
    with pytest.raises(HttpResponseError) as error:
        lake.get_file_client("a-folder").create_file()
    assert error.value.status_code == 409


def test_access_control_is_shown_and_not_changed(lake):
    lake.create_directory("acl")
    shown = lake.get_directory_client("acl").get_access_control()
    assert shown["owner"] == "$superuser" and shown["acl"].startswith("user::rwx")
    with pytest.raises(HttpResponseError) as error:
        lake.get_directory_client("acl").set_access_control(permissions="0777")
    assert error.value.status_code == 501 and "Set Access Control" in error.value.message
    with pytest.raises(HttpResponseError) as error:
        lake.create_directory("acl2", permissions="0777")
    assert error.value.status_code == 501 and "x-ms-permissions" in error.value.message


def test_a_directory_sas_lists_its_directory(account, datalake):
    import datetime
    from azure.storage.filedatalake import DirectorySasPermissions, FileSystemClient, generate_directory_sas

    fs = datalake.create_file_system("bysas")
    for name in ("e1/sub dir/x.txt", "e1/y.txt", "e2/z.txt"):
        fs.get_file_client(name).upload_data(b"1", overwrite=True)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    sas = generate_directory_sas(
        account.name, "bysas", "e1", account.key, DirectorySasPermissions(read=True, list=True), soon
    )
    guest = FileSystemClient(account.url, "bysas", credential=sas, retry_total=0)
    assert names(guest.get_paths("e1")) == ["e1/sub dir", "e1/sub dir/x.txt", "e1/y.txt"] and names(
        guest.get_paths("/e1/sub dir/")
    ) == ["e1/sub dir/x.txt"]
    assert guest.get_file_client("e1/y.txt").download_file().readall() == b"1"
    for folder in ("e2", "e1x", None):
        with pytest.raises(ClientAuthenticationError):
            list(guest.get_paths(folder))


def test_access_control_of_a_root(account, lake):
    import requests

    assert lake._get_root_directory_client().get_access_control()["permissions"] == "rwxr-x---"
    assert requests.head(f"{account.url}/nowhere?action=getAccessControl").status_code == 401
