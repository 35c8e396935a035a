"""A running server's REST and storage, for tests that look at the wire itself."""

import contextlib
import json

import requests

COMPUTE = "?api-version=2020-02-02"
LINK = "?api-version=2020-04-01-preview"


class Unavailable(Exception):
    """The server says that something it needs is not there now: the same request may be made again."""


class Rest:
    """Requests as the server's owner. It follows the server to wherever it is started again."""

    def __init__(self, serve):
        self.serve = serve
        at = serve.endpoint
        group = f"/subscriptions/{at['subscription_id']}/resourceGroups/{at['resource_group']}"
        self.workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{at['workspace']}"
        self.synapse = f"{group}/providers/Microsoft.Synapse/workspaces/{at['synapse_workspace']}"
        self.pool = f"{self.synapse}/bigDataPools/{at['pool']}"
        self.name, self.key = at["account"], at["account_key"]

    @property
    def url(self):
        """The storage account's."""
        return f"{self.serve.endpoint['storage_url']}/{self.name}"

    def ask(self, method, path, body=None, status=(200, 201), token=None, timeout=20):
        at = self.serve.endpoint
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method,
                at["https_url"] + path,
                json=body,
                verify=at["ca_file"],
                timeout=timeout,
                headers={"Authorization": "Bearer " + (token or at["token"])},
            )
        if answer.status_code in (502, 503):
            raise Unavailable(answer.text)
        assert answer.status_code in status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    @contextlib.contextmanager
    def container(self, name="demo"):
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient(
            self.url, credential=self.key, retry_total=0, connection_timeout=5, read_timeout=20
        ) as client:
            yield client.get_container_client(name)

    # what tests make

    def link(self, name):
        return self.ask(
            "PUT",
            f"{self.workspace}/linkedServices/{name}{LINK}",
            {"identity": {"type": "SystemAssigned"}, "properties": {"linkedServiceResourceId": self.synapse}},
        )

    def attach(self, name):
        return self.ask(
            "PUT",
            f"{self.workspace}/computes/{name}{COMPUTE}",
            {
                "location": "local",
                "properties": {"computeType": "SynapseSpark", "resourceId": self.pool, "isAttachedCompute": True},
            },
        )

    def compute(self, name):
        return self.ask("GET", f"{self.workspace}/computes/{name}{COMPUTE}")

    def register(self, name, folder):
        flow = {
            "paths": [{"pattern": f"azureml://datastores/workspaceblobstore/paths/{folder}"}],
            "transformations": [],
        }
        return self.ask(
            "POST",
            f"/dataset/v1.0{self.workspace}/datasets?ifExistsOk=true",
            {"name": name, "datasetType": "file", "latest": {"dataflow": json.dumps(flow)}},
        )

    def manifest(self, dataset, version):
        return self.ask("GET", f"/dataset/v1.0{self.workspace}/datasets/{dataset}/versions/{version}/manifest")
