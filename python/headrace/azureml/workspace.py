"""`azureml.core.Workspace`"""

import json
import os

from headrace.azureml import exceptions
from headrace.azureml.client import Endpoint, segment
from headrace.azureml.runs import Experiment, Run

API = "2022-05-01"
FOLDERS = ("", ".azureml", "aml_config")  # as the original looks for config.json, here and in each folder above


class Workspace:
    """An Azure Machine Learning workspace of this server."""

    def __init__(self, subscription_id, resource_group, workspace_name, auth=None, **options):
        """Connects to an existing workspace. Raises WorkspaceException when it is not there, UserErrorException when the role
        is missing."""
        _refuse("Workspace", options, ("_location", "_disable_service_check", "_workspace_id", "sku", "tags", "_cloud"))
        self._set(_endpoint(auth), subscription_id, resource_group, workspace_name)
        self._load()

    def _set(self, endpoint, subscription_id, resource_group, name):
        self._endpoint = endpoint
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.name = name
        self._arm = None

    @classmethod
    def _known(cls, endpoint, subscription_id, resource_group, name):
        """A workspace that is there, without asking for it."""
        workspace = cls.__new__(cls)
        workspace._set(endpoint, subscription_id, resource_group, name)
        return workspace

    def _adopt(self, other):
        self._endpoint = other._endpoint

    def _load(self):
        if self._arm is None:
            self._arm = self._endpoint.get(self._id, API, error=exceptions.WorkspaceException)
        return self._arm

    @property
    def _id(self):
        return "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s" % (
            segment(self.subscription_id),
            segment(self.resource_group),
            segment(self.name),
        )

    def __repr__(self):
        return "Workspace.create(name='%s', subscription_id='%s', resource_group='%s')" % (
            self.name,
            self.subscription_id,
            self.resource_group,
        )

    @property
    def location(self):
        return self._load().get("location")

    @property
    def tags(self):
        return self._load().get("tags") or {}

    def get_details(self):
        """The workspace as the server describes it: id, name, location, and its properties beside them."""
        arm = dict(self._load())
        properties = arm.pop("properties", {})
        return {**arm, **properties}

    @property
    def compute_targets(self):
        """{name: compute} of what is attached."""
        from headrace.azureml.compute import ComputeTarget

        return {compute.name: compute for compute in ComputeTarget.list(self)}

    @property
    def linked_services(self):
        """{name: linked service}"""
        from headrace.azureml.linked_service import LinkedService

        return {service.name: service for service in LinkedService.list(self)}

    @property
    def datastores(self):
        """{name: datastore}"""
        from headrace.azureml.datastore import all_of

        return all_of(self)

    @property
    def datasets(self):
        """{name: latest version of the dataset}"""
        from headrace.azureml.data import Dataset

        return Dataset.get_all(self)

    @property
    def experiments(self):
        """{name: experiment}"""
        return {made.name: made for made in Experiment.list(self)}

    @property
    def environments(self):
        """{name: environment}: the server's own Python"""
        from headrace.azureml.script import Environment

        return Environment.list(self)

    def get_run(self, run_id):
        return Run.get(self, run_id)

    def get_default_datastore(self):
        from headrace.azureml.datastore import Datastore

        return Datastore.get_default(self)

    def set_default_datastore(self, name):
        from headrace.azureml.datastore import Datastore

        Datastore.get(self, name).set_as_default()

    # finding and making

    @staticmethod
    def from_config(path=None, auth=None, _logger=None, _file_name=None):
        """The workspace that config.json names, looked for in `path` (the working folder), its .azureml and aml_config, and the
        folders above.

        Without any config.json, the workspace of the run that this is, else the server's own.
        """
        name = _file_name or "config.json"
        found = _find_config(path or os.getcwd(), name)
        if found is None:
            if path is not None:
                raise exceptions.UserErrorException(
                    "no '%s' in '%s', its .azureml or aml_config, or a folder above. Workspace.write_config makes one"
                    % (name, path)
                )
            return Workspace(*(_run_workspace() or _server_workspace(_endpoint(auth))), auth)
        with open(found, encoding="utf-8") as file:
            try:
                config = json.load(file)
                known = [config[field] for field in ("subscription_id", "resource_group", "workspace_name")]
            except ValueError as err:
                raise exceptions.UserErrorException("'%s' is not JSON: %s" % (found, err)) from None
            except KeyError as err:
                raise exceptions.UserErrorException("'%s' has no %s" % (found, err)) from None
        return Workspace(*known, auth=auth)

    def write_config(self, path=None, file_name=None):
        """Writes .azureml/config.json under `path` (the working folder)."""
        folder = os.path.join(path or os.getcwd(), ".azureml")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, file_name or "config.json"), "w", encoding="utf-8") as file:
            json.dump(
                {
                    "subscription_id": self.subscription_id,
                    "resource_group": self.resource_group,
                    "workspace_name": self.name,
                },
                file,
                indent=4,
            )

    @staticmethod
    def get(name, auth=None, subscription_id=None, resource_group=None, location=None, cloud=None, id=None):
        endpoint = _endpoint(auth)
        subscription_id = subscription_id or endpoint.defaults.get("subscription_id")
        if not subscription_id:
            raise exceptions.UserErrorException("Workspace.get needs 'subscription_id'")
        if resource_group:
            return Workspace(subscription_id, resource_group, name, auth)
        found = Workspace.list(subscription_id, auth).get(name, [])
        if len(found) != 1:
            raise exceptions.WorkspaceException(
                "there %s workspace '%s' in subscription '%s'%s"
                % (
                    ("is no", name, subscription_id, "")
                    if not found
                    else ("is more than one", name, subscription_id, ": pass 'resource_group'")
                )
            )
        return found[0]

    @staticmethod
    def list(subscription_id, auth=None, resource_group=None):
        """{name: [workspace, …]}"""
        endpoint = _endpoint(auth)
        group = "/resourceGroups/" + segment(resource_group) if resource_group else ""
        path = "/subscriptions/%s%s/providers/Microsoft.MachineLearningServices/workspaces" % (
            segment(subscription_id),
            group,
        )
        found = {}
        for arm in endpoint.list(path, API):
            parts = arm["id"].strip("/").split("/")
            workspace = Workspace._known(endpoint, parts[1], parts[3], arm["name"])
            workspace._arm = arm
            found.setdefault(arm["name"], []).append(workspace)
        return found

    @staticmethod
    def create(
        name,
        auth=None,
        subscription_id=None,
        resource_group=None,
        location=None,
        create_resource_group=True,
        exist_ok=False,
        tags=None,
        friendly_name=None,
        description=None,
        show_output=True,
        **options,
    ):
        """Creates a workspace. `exist_ok` returns one that is there."""
        _refuse("Workspace.create", options, ())
        endpoint = _endpoint(auth)
        subscription_id = subscription_id or endpoint.defaults.get("subscription_id")
        resource_group = resource_group or endpoint.defaults.get("resource_group")
        if not subscription_id or not resource_group:
            raise exceptions.UserErrorException("Workspace.create needs 'subscription_id' and 'resource_group'")
        workspace = Workspace._known(endpoint, subscription_id, resource_group, name)
        try:
            workspace._load()
        except exceptions.WorkspaceException as err:
            if err.status != 404:
                raise
        else:
            if not exist_ok:
                raise exceptions.WorkspaceException(
                    "workspace '%s' exists in resource group '%s': pass exist_ok=True to use it"
                    % (name, resource_group)
                )
            return workspace
        body = {
            "location": location or "local",
            "tags": tags or {},
            "identity": {"type": "SystemAssigned"},
            "properties": {"friendlyName": friendly_name or name, "description": description or ""},
        }
        endpoint.request("PUT", workspace._id, API, body, accept=(200, 201), error=exceptions.WorkspaceException)
        return Workspace(subscription_id, resource_group, name, auth)


def _endpoint(auth):
    endpoint = Endpoint.find()
    token = auth._token() if hasattr(auth, "_token") else None
    if auth is not None and token is None and hasattr(auth, "get_token") and not hasattr(auth, "_token"):
        token = auth.get_token("https://management.azure.com/.default").token
    return Endpoint(endpoint.url, token, endpoint.ca_file, endpoint._defaults) if token else endpoint


def _server_workspace(endpoint):
    return [endpoint.defaults[field] for field in ("subscription_id", "resource_group", "workspace")]


def _run_workspace():
    """The workspace that a training run was submitted to; None elsewhere."""
    found = [os.environ.get("AZUREML_ARM_" + name) for name in ("SUBSCRIPTION", "RESOURCEGROUP", "WORKSPACE_NAME")]
    return found if all(found) else None


def _find_config(path, name):
    if os.path.isfile(path):
        return path
    folder = os.path.abspath(path)
    while True:
        for inner in FOLDERS:
            candidate = os.path.join(folder, inner, name)
            if os.path.isfile(candidate):
                return candidate
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _refuse(what, options, ignored):
    unknown = [name for name, value in options.items() if value is not None and name not in ignored]
    if unknown:
        raise exceptions.unsupported("%s(%s=…)" % (what, unknown[0]))


Run._workspace_of = Workspace._known
