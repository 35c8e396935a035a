"""Azure's own clients, pointed at a test's server over https with its authority verified."""

import urllib.parse

import requests
from azure.core.credentials import AccessToken


class Token:
    """A credential that is one token as it stands."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, 4102444800)


class Azure:
    """The clients of one principal, by its token."""

    def __init__(self, server, token=None):
        self.server, self.endpoint = server, server.endpoint
        self.url, self.token = self.endpoint["https_url"], token or self.endpoint["token"]
        self.options = {"connection_verify": self.endpoint["ca_file"], "retry_total": 0}
        self.group, self.subscription = self.endpoint["resource_group"], self.endpoint["subscription_id"]
        self.workspace, self.synapse, self.pool = (
            self.endpoint["workspace"],
            self.endpoint["synapse_workspace"],
            self.endpoint["pool"],
        )

    @property
    def credential(self):
        return Token(self.token)

    def secret(self, principal, secret=None):
        """The principal as an application with a client secret."""
        from azure.identity import ClientSecretCredential

        return ClientSecretCredential(
            self.endpoint["tenant_id"],
            principal,
            secret or self.token,
            authority=self.url,
            disable_instance_discovery=True,
            **self.options,
        )

    def arm(self, client, *arguments, **options):
        """A management client class, pointed here."""
        return client(
            self.credential,
            *arguments,
            base_url=self.url,
            credential_scopes=["https://management.azure.com/.default"],
            polling_interval=0.05,
            **self.options,
            **options,
        )

    def ml(self):
        from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient

        return self.arm(MachineLearningServicesMgmtClient, self.subscription)

    def synapse_arm(self):
        from azure.mgmt.synapse import SynapseManagementClient

        return self.arm(SynapseManagementClient, self.subscription)

    def authorization(self):
        from azure.mgmt.authorization import AuthorizationManagementClient

        return self.arm(AuthorizationManagementClient, self.subscription)

    def dev(self, synapse=None):
        """The Synapse workspace's own address, as its ARM resource names it."""
        return self.synapse_arm().workspaces.get(self.group, synapse or self.synapse).connectivity_endpoints["dev"]

    def roles(self, synapse=None):
        from azure.synapse.accesscontrol import AccessControlClient

        return AccessControlClient(self.credential, self.dev(synapse), **self.options)

    def spark(self, pool=None):
        from azure.synapse.spark import SparkClient

        return SparkClient(self.credential, self.dev(), pool or self.pool, **self.options)

    def call(self, method, path, **options):
        """A plain request with the token."""
        return requests.request(
            method,
            urllib.parse.urljoin(self.url, path),
            headers={"Authorization": f"Bearer {self.token}"},
            verify=self.endpoint["ca_file"],
            timeout=30,
            **options,
        )

    def id(self, provider=None, *names):
        """A resource id: id("Microsoft.Synapse", "workspaces", NAME, …)."""
        path = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return path + (f"/providers/{provider}/" + "/".join(names) if provider else "")

    @property
    def workspace_id(self):
        return self.id("Microsoft.MachineLearningServices", "workspaces", self.workspace)

    @property
    def synapse_id(self):
        return self.id("Microsoft.Synapse", "workspaces", self.synapse)
