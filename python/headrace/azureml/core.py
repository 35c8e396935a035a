"""`azureml.core`"""

from headrace import __version__ as VERSION  # noqa: F401
from headrace.azureml.compute import ComputeTarget  # noqa: F401
from headrace.azureml.data import Dataset, Datastore  # noqa: F401
from headrace.azureml.linked_service import LinkedService, SynapseWorkspaceLinkedServiceConfiguration  # noqa: F401
from headrace.azureml.runs import Experiment, Run  # noqa: F401
from headrace.azureml.script import Environment, RunConfiguration, ScriptRunConfig  # noqa: F401
from headrace.azureml.workspace import Workspace  # noqa: F401
