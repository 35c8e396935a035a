"""`azureml.core.Experiment`, `Environment`, `Run` and `ScriptRunConfig`: the names of the article's first cell. What they do is
refused by name."""

from headrace.azureml.data import _Refusing
from headrace.azureml.exceptions import unsupported


class Experiment(metaclass=_Refusing):
    def __init__(self, workspace, name, **options):
        raise unsupported("Experiment(…)")


class Environment(metaclass=_Refusing):
    def __init__(self, name, **options):
        raise unsupported("Environment(…)")


class Run(metaclass=_Refusing):
    def __init__(self, experiment, run_id, **options):
        raise unsupported("Run(…)")


class ScriptRunConfig(metaclass=_Refusing):
    def __init__(self, source_directory, **options):
        raise unsupported("ScriptRunConfig(…)")
