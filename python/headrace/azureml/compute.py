"""`azureml.core.compute`"""

import re
import time

from headrace.azureml import exceptions
from headrace.azureml.client import segment
from headrace.azureml.exceptions import ComputeTargetException  # noqa: F401  (azureml.core.compute_target has it)

API = "2020-02-02"
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9-]{0,14}[A-Za-z0-9]$")
ENDED = ("Succeeded", "Failed", "Canceled")
POLL = (0.05, 1.0)  # seconds between two looks at an attach: first, longest


class ComputeTargetAttachConfiguration:
    pass


class SynapseAttachConfiguration(ComputeTargetAttachConfiguration):
    def __init__(self, resource_id):
        self.resource_id = resource_id

    def body(self, workspace):
        return {
            "location": workspace.location,
            "tags": {},
            "properties": {
                "computeType": SynapseCompute._kind,
                "resourceId": self.resource_id,
                "isAttachedCompute": True,
                "description": "",
            },
        }


class ComputeTarget:
    """A compute of a workspace. `ComputeTarget(workspace, name)` is the one that is there."""

    _kind = None

    def __new__(cls, workspace, name):
        arm = workspace._endpoint.get(_path(workspace, name), API, error=ComputeTargetException)
        return _made(workspace, arm)

    def __init__(self, workspace, name):
        pass  # __new__ has filled it

    def _take(self, arm):
        outer = arm.get("properties") or {}
        self._arm = arm
        self.id = arm["id"]
        self.name = arm["name"]
        self.location = arm.get("location")
        self.tags = arm.get("tags") or {}
        self.type = outer.get("computeType")
        self.description = outer.get("description")
        self.provisioning_state = outer.get("provisioningState")
        self.provisioning_errors = outer.get("provisioningErrors")
        self.cluster_resource_id = outer.get("resourceId")
        self.properties = outer.get("properties") or {}

    def __repr__(self):
        return "%s(workspace=%r, name='%s', id='%s', type='%s', provisioning_state='%s', resource_id='%s')" % (
            type(self).__name__,
            self.workspace.name,
            self.name,
            self.id,
            self.type,
            self.provisioning_state,
            self.cluster_resource_id,
        )

    @staticmethod
    def attach(workspace, name, attach_configuration):
        """Starts to attach a compute and returns at once: `wait_for_completion` waits. Raises ComputeTargetException when it is
        refused."""
        if not isinstance(attach_configuration, SynapseAttachConfiguration):
            raise exceptions.UserErrorException(
                "attach_configuration must come from SynapseCompute.attach_configuration, not %s"
                % type(attach_configuration).__name__
            )
        if not NAME.match(str(name)):
            raise ComputeTargetException(
                "compute name '%s' is not valid: 2 to 16 letters, digits and hyphens, a letter first, no hyphen last"
                % name
            )
        answer = workspace._endpoint.request(
            "PUT",
            _path(workspace, name),
            API,
            attach_configuration.body(workspace),
            accept=(200, 201, 202),
            error=ComputeTargetException,
        )
        compute = _made(workspace, answer.json())
        compute._operation = answer.headers.get("Azure-AsyncOperation")
        return compute

    @staticmethod
    def list(workspace):
        """Every compute of the workspace."""
        return [_made(workspace, arm) for arm in workspace._endpoint.list(workspace._id + "/computes", API)]

    def refresh_state(self):
        self._take(self.workspace._endpoint.get(_path(self.workspace, self.name), API, error=ComputeTargetException))

    def get_status(self):
        """The provisioning state: Creating, Succeeded, Failed, …"""
        self.refresh_state()
        return self.provisioning_state

    def wait_for_completion(self, show_output=False):
        """Waits until the attach has ended. Raises ComputeTargetException with the server's reason when it failed."""
        state, reason, pause = self._state()
        shown = None
        while state not in ENDED:
            if show_output and state != shown:
                print(state, flush=True)
                shown = state
            time.sleep(pause if pause else POLL[0])
            state, reason, pause = self._state(pause)
        if show_output:
            print('%s\nProvisioning operation finished, operation "%s"' % (state, state), flush=True)
        if state != "Succeeded":
            raise ComputeTargetException(
                "attaching '%s' ended as %s: %s" % (self.name, state, reason or "the server gives no reason")
            )
        self._operation = None
        self.refresh_state()

    def _state(self, pause=0):
        """(state, reason of a failure, seconds until the next look) of what is under way."""
        following = min(POLL[1], pause * 1.5) if pause else POLL[0]
        if self._operation is None:
            self.refresh_state()
            errors = self.provisioning_errors or []
            return self.provisioning_state, "; ".join(_reason(error) for error in errors), following
        answer = self.workspace._endpoint.get(self._operation, error=ComputeTargetException)
        return answer.get("status"), _reason(answer), following

    def detach(self):
        """Removes the compute from the workspace; its pool stays."""
        self.workspace._endpoint.request(
            "DELETE",
            _path(self.workspace, self.name),
            API,
            params={"underlyingResourceAction": "Detach"},
            accept=(200, 202, 204),
            error=ComputeTargetException,
        )

    def delete(self):
        raise ComputeTargetException("'%s' is attached, not made by the workspace: detach() removes it" % self.name)

    def serialize(self):
        """The compute as a dictionary."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": self._arm.get("properties"),
        }


class SynapseCompute(ComputeTarget):
    """An attached Synapse Spark pool."""

    _kind = "SynapseSpark"

    @staticmethod
    def attach_configuration(linked_service=None, type="SynapseSpark", pool_name=None, resource_id=None):
        """What to attach: the pool `pool_name` of a linked Synapse workspace, or a pool by its resource id."""
        if type != SynapseCompute._kind:
            raise exceptions.UserErrorException(
                "type '%s' is not supported: a Synapse compute is of type '%s'" % (type, SynapseCompute._kind)
            )
        if resource_id is None:
            if not pool_name or not hasattr(linked_service, "linked_service_resource_id"):
                raise exceptions.UserErrorException(
                    "attach_configuration needs a linked service and 'pool_name', or 'resource_id'"
                )
            resource_id = "%s/bigDataPools/%s" % (linked_service.linked_service_resource_id, pool_name)
        return SynapseAttachConfiguration(resource_id)


def _path(workspace, name):
    return "%s/computes/%s" % (workspace._id, segment(name))


def _made(workspace, arm):
    kind = (arm.get("properties") or {}).get("computeType")
    cls = SynapseCompute if kind == SynapseCompute._kind else ComputeTarget
    compute = object.__new__(cls)
    compute.workspace = workspace
    compute._operation = None
    compute._take(arm)
    return compute


def _reason(answer):
    error = answer.get("error") if isinstance(answer, dict) else None
    return (error or {}).get("message") or (error or {}).get("code") or ""
