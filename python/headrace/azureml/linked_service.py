"""`azureml.core.LinkedService`"""

from headrace.azureml import exceptions
from headrace.azureml.client import parse_id, segment

API = "2020-04-01-preview"


class LinkedServiceConfiguration:
    pass


class SynapseWorkspaceLinkedServiceConfiguration(LinkedServiceConfiguration):
    """Which Synapse workspace to link."""

    def __init__(self, subscription_id, resource_group, name):
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.name = name

    @property
    def resource_id(self):
        return "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/workspaces/%s" % (
            self.subscription_id,
            self.resource_group,
            self.name,
        )

    def __repr__(self):
        return "SynapseWorkspaceLinkedServiceConfiguration(subscription_id='%s', resource_group='%s', name='%s')" % (
            self.subscription_id,
            self.resource_group,
            self.name,
        )


class LinkedService:
    """A Synapse workspace linked to a workspace, with the managed identity that acts for the link."""

    def __init__(self, workspace, arm):
        self.workspace = workspace
        self._take(arm)

    def _take(self, arm):
        properties = arm.get("properties") or {}
        self.id = arm["id"]
        self.name = arm["name"]
        self.type = properties.get("linkType") or "Synapse"
        self.linked_service_resource_id = properties.get("linkedServiceResourceId")
        self.system_assigned_identity_principal_id = (arm.get("identity") or {}).get("principalId")

    @property
    def linked_synapse_workspace(self):
        return parse_id(self.linked_service_resource_id or "").get("workspaces")

    def __repr__(self):
        return (
            "LinkedService(name='%s', type='%s', linked_service_resource_id='%s', system_assigned_identity_principal_id='%s')"
            % (self.name, self.type, self.linked_service_resource_id, self.system_assigned_identity_principal_id)
        )

    @staticmethod
    def register(workspace, name, linked_service_config):
        """Links a Synapse workspace under `name`. Needs Owner. Registering the same link again returns it; another one of that
        name is refused."""
        if not isinstance(linked_service_config, SynapseWorkspaceLinkedServiceConfiguration):
            raise exceptions.UserErrorException(
                "linked_service_config must be a SynapseWorkspaceLinkedServiceConfiguration, not %s"
                % type(linked_service_config).__name__
            )
        body = {
            "name": name,
            "location": workspace.location,
            "identity": {"type": "SystemAssigned"},
            "properties": {"linkedServiceResourceId": linked_service_config.resource_id},
        }
        answer = workspace._endpoint.request("PUT", _path(workspace, name), API, body, accept=(200, 201))
        return LinkedService(workspace, answer.json())

    @staticmethod
    def get(workspace, name):
        """The linked service `name`."""
        _check_workspace(workspace)
        return LinkedService(workspace, workspace._endpoint.get(_path(workspace, name), API))

    @staticmethod
    def list(workspace):
        """Every linked service of the workspace."""
        _check_workspace(workspace)
        return [
            LinkedService(workspace, arm) for arm in workspace._endpoint.list(workspace._id + "/linkedServices", API)
        ]

    def unregister(self, detach_computes=False):
        """Removes the link. Refused while computes are attached through it, unless `detach_computes` detaches them too."""
        params = {"detachComputes": "true"} if detach_computes else None
        self.workspace._endpoint.request(
            "DELETE", _path(self.workspace, self.name), API, params=params, accept=(200, 202, 204)
        )


def _path(workspace, name):
    return "%s/linkedServices/%s" % (workspace._id, segment(name))


def _check_workspace(workspace):
    if not hasattr(workspace, "_endpoint"):
        raise exceptions.UserErrorException(
            "workspace must be a Workspace, such as Workspace.from_config() returns, not %r" % (workspace,)
        )
