"""Writes storage_vectors.json: requests and tokens signed by azure-storage-blob, for test_storage_signing.c.

Run it with a Python that has the packages of test/requirements.txt; test/storage/test_signing.py does at each run."""

import base64
import datetime
import json
import sys
from types import SimpleNamespace

from azure.storage.blob import (
    AccountSasPermissions,
    BlobSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from azure.storage.filedatalake import DirectorySasPermissions, generate_directory_sas

ACCOUNT = "dprepdata"
KEY = base64.b64encode(bytes(range(64))).decode()
EXPIRY = datetime.datetime(2099, 1, 2, 3, 4, 5)


class Request(SimpleNamespace):
    pass


def shared_key(method, url, headers):
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    # the policy sees the query as azure-core keeps it: names, and values still encoded
    query = {}
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        query[name] = value
    seen = {}
    policy = SharedKeyCredentialPolicy(ACCOUNT, KEY)
    original = policy._add_authorization_header
    policy._add_authorization_header = lambda request, text: (seen.update(text=text), original(request, text))
    http = Request(method=method, url=url, headers=dict(headers), query=query)
    policy.on_request(Request(http_request=http, context=Request(transport=None)))
    return {
        "kind": "sharedkey",
        "account": ACCOUNT,
        "key": KEY,
        "method": method,
        "path": parts.path,
        "query": parts.query,
        "headers": headers,
        "string": seen["text"],
        "authorization": http.headers["Authorization"],
    }


def sas(token, container, blob, permission, string):
    return {
        "kind": "sas",
        "account": ACCOUNT,
        "key": KEY,
        "token": token,
        "container": container,
        "blob": blob,
        "permission": permission,
        "string": string,
    }


def tokens():
    seen = []
    hook = seen.append
    yield sas(
        generate_account_sas(
            ACCOUNT,
            KEY,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions(read=True, list=True),
            EXPIRY,
            sts_hook=hook,
        ),
        "demo",
        "Titanic.csv",
        "r",
        seen[-1],
    )
    yield sas(
        generate_container_sas(
            ACCOUNT,
            "demo",
            KEY,
            permission=ContainerSasPermissions(read=True, write=True, list=True),
            expiry=EXPIRY,
            start="2020-01-01T00:00:00Z",
            sts_hook=hook,
        ),
        "demo",
        "a b/%41 ü.csv",
        "w",
        seen[-1],
    )
    yield sas(
        generate_blob_sas(
            ACCOUNT,
            "demo",
            "folder/a b+c%20ü.csv",
            account_key=KEY,
            permission=BlobSasPermissions(read=True),
            expiry=EXPIRY,
            content_type="text/csv",
            ip="127.0.0.1-127.0.0.9",
            sts_hook=hook,
        ),
        "demo",
        "folder/a b+c%20ü.csv",
        "r",
        seen[-1],
    )
    yield sas(
        generate_directory_sas(
            ACCOUNT,
            "demo",
            "folder/deep",
            KEY,
            permission=DirectorySasPermissions(read=True, create=True),
            expiry=EXPIRY,
            sts_hook=hook,
        ),
        "demo",
        "folder/deep/x.csv",
        "c",
        seen[-1],
    )


def requests():
    base = f"https://{ACCOUNT}.blob.core.windows.net"
    date = {"x-ms-date": "Sun, 22 Nov 2026 15:00:00 GMT", "x-ms-version": "2021-04-10"}
    yield shared_key("GET", f"{base}/demo?restype=container&comp=list&prefix=a%20b%2Fc&maxresults=5000", dict(date))
    yield shared_key(
        "PUT",
        f"{base}/demo/a%20b/%C3%BC.csv",
        {
            **date,
            "Content-Length": "11",
            "Content-Type": "application/octet-stream",
            "x-ms-blob-type": "BlockBlob",
            "If-None-Match": "*",
            "Content-MD5": "XrY7u+Ae7tCTyyK7j1rNww==",
        },
    )
    yield shared_key("PUT", f"{base}/demo/x?comp=block&blockid=MDAwMDAw%2B%2F%3D", {**date, "Content-Length": "0"})
    yield shared_key(
        "GET",
        f"http://127.0.0.1:10000/{ACCOUNT}/demo/x.csv",
        {**date, "x-ms-range": "bytes=0-1023", "If-Match": '"0x8D"'},
    )
    yield shared_key(
        "PUT",
        f"{base}/demo/x?comp=metadata",
        {
            **date,
            "x-ms-meta-ab": "2",
            "x-ms-meta-a-b": "1",
            "x-ms-meta-a_b": "3",
            "x-ms-meta-a1": "4",
            "x-ms-meta-a": "5",
        },
    )


if __name__ == "__main__":
    with open(sys.argv[1], "w") as out:
        json.dump([*requests(), *tokens()], out, indent=1, ensure_ascii=False)
        out.write("\n")
