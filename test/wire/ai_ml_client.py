"""Run by the Python of test/azure-ai-ml.lock: azure-ai-ml's own client on a server whose endpoint file is named. Prints what each call gave, as JSON."""

import json
import os
import pathlib
import sys
import tempfile
import time

endpoint = json.load(open(sys.argv[1], encoding="utf-8"))
os.environ["ARM_CLOUD_METADATA_URL"] = endpoint["https_url"] + "/metadata/endpoints"
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = endpoint["ca_file"]
os.environ["NO_PROXY"] = "localhost,127.0.0.1"

from azure.ai.ml import MLClient  # noqa: E402
from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore, Data  # noqa: E402
from azure.core.credentials import AccessToken  # noqa: E402
from azure.core.exceptions import HttpResponseError  # noqa: E402


class Token:
    def get_token(self, *_scopes, **_options):
        return AccessToken(sys.argv[2], 4102444800)


client = MLClient(Token(), endpoint["subscription_id"], endpoint["resource_group"], endpoint["workspace"])
PATH = "azureml://datastores/mydatastore/paths/"
told = {}


def tell(name, call):
    try:
        told[name] = call()
    except HttpResponseError as err:
        told[name] = {"status": err.status_code, "message": err.message}


def data(path, **fields):
    made = client.data.create_or_update(Data(name="asset", path=PATH + path, type="uri_file", **fields))
    return [made.version, made.path]


tell("default", lambda: client.datastores.get_default().name)
tell(
    "register",
    lambda: (
        client.datastores.create_or_update(
            AzureBlobDatastore(
                name="mydatastore",
                account_name=endpoint["account"],
                container_name="demo",
                credentials=AccountKeyConfiguration(account_key=endpoint["account_key"]),
            )
        ).container_name
    ),
)
tell("get", lambda: client.datastores.get("mydatastore").account_name)
tell("secret", lambda: client.datastores.get("mydatastore", include_secrets=True).credentials.account_key)
tell("list", lambda: [store.name for store in client.datastores.list()])
tell("data", lambda: data("a.csv", version="1", description="words", tags={"a": "b"}))
tell("next", lambda: data("a.csv"))
tell("taken", lambda: data("b.csv", version="1"))
tell("absent", lambda: data("nope.csv", version="9"))
tell("latest", lambda: client.data.get("asset", label="latest").version)
tell("one", lambda: [client.data.get("asset", version="1").description, client.data.get("asset", version="1").tags])
tell("names", lambda: [item.name for item in client.data.list()])
tell("versions", lambda: [item.version for item in client.data.list("asset")])
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "deep er").mkdir()
(folder / "x y.csv").write_text("a\n1\n")
(folder / "deep er/z.csv").write_text("b\n2\n")
started = time.monotonic()
for name, path in (("folder", folder), ("file", folder / "x y.csv")):
    try:
        told[name] = client.data.create_or_update(Data(name="local-" + name, type="uri_" + name, path=str(path))).path
    except Exception as err:  # its own kinds of error
        told[name] = f"refused: {err}"
told["seconds"] = time.monotonic() - started
tell("archive", lambda: client.data.archive("asset", version="1"))
tell("delete", lambda: client.datastores.delete("mydatastore"))
print(json.dumps(told))
