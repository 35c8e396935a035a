"""`azureml.core.ScriptRunConfig`, `Environment` and `RunConfiguration`: what to run, and with which Python."""

import os
import shlex
import uuid

from headrace.azureml.exceptions import UserErrorException, unsupported

LOCAL = "local"
ENVIRONMENT = "headrace-local"  # the server's name for a Python of its own machine


class PythonSection:
    """Which Python. Nothing is built: `user_managed_dependencies` has to be True."""

    def __init__(self):
        self.user_managed_dependencies = False
        self.interpreter_path = "python"
        self.conda_dependencies = None
        self.conda_dependencies_file = None
        self.base_conda_environment = None


class DockerSection:
    def __init__(self):
        self.base_image = None
        self.base_dockerfile = None
        self.enabled = False


class Environment:
    """A Python on the server's machine: its own, or the one that `python.interpreter_path` names."""

    def __init__(self, name, **options):
        if options:
            raise unsupported("Environment(%s=…)" % next(iter(options)))
        self.name = name
        self.version = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables = {}

    def __repr__(self):
        return "Environment(name='%s', interpreter_path='%s')" % (self.name, self.python.interpreter_path)

    def _check(self):
        """The interpreter; raises by name what would have to be built."""
        python, docker = self.python, self.docker
        what = (
            "docker.base_image"
            if docker.base_image
            else "docker.base_dockerfile"
            if docker.base_dockerfile
            else "docker.enabled"
            if docker.enabled
            else "python.conda_dependencies"
            if python.conda_dependencies is not None and not python.user_managed_dependencies
            else "python.conda_dependencies_file"
            if python.conda_dependencies_file
            else "python.base_conda_environment"
            if python.base_conda_environment
            else None
        )
        if what:
            raise unsupported(
                "Environment.%s of '%s'" % (what, self.name), "images and conda environments are not built"
            )
        if not python.user_managed_dependencies:
            raise unsupported(
                "Environment '%s' without python.user_managed_dependencies=True" % self.name,
                "environments are not built, a Python that is there is used",
            )
        return python.interpreter_path or "python"

    def register(self, workspace):
        raise unsupported("Environment.register")

    def clone(self, new_name):
        import copy

        made = copy.deepcopy(self)
        made.name = new_name
        return made

    @staticmethod
    def get(workspace, name, version=None, label=None):
        """The one environment that a server has, 'headrace-local': its own Python."""
        if name != ENVIRONMENT:
            raise UserErrorException(
                "environment '%s' does not exist: the one environment is '%s'" % (name, ENVIRONMENT)
            )
        made = Environment(name)
        made.version = "1"
        made.python.user_managed_dependencies = True
        return made

    @staticmethod
    def list(workspace):
        return {ENVIRONMENT: Environment.get(workspace, ENVIRONMENT)}

    @staticmethod
    def from_existing_conda_environment(name, conda_environment_name):
        raise unsupported("Environment.from_existing_conda_environment")

    @staticmethod
    def from_conda_specification(name, file_path):
        raise unsupported("Environment.from_conda_specification")

    @staticmethod
    def from_pip_requirements(name, file_path, pip_version=None):
        raise unsupported("Environment.from_pip_requirements")

    @staticmethod
    def from_docker_image(name, image, **options):
        raise unsupported("Environment.from_docker_image")

    @staticmethod
    def from_dockerfile(name, dockerfile, **options):
        raise unsupported("Environment.from_dockerfile")


class RunConfiguration:
    """What a run is given beside its script."""

    def __init__(
        self, script=None, arguments=None, framework=None, communicator=None, conda_dependencies=None, **options
    ):
        given = {
            "framework": framework,
            "communicator": communicator,
            "conda_dependencies": conda_dependencies,
            **options,
        }
        for name, value in given.items():
            if str(value).lower() not in ("none", "python", "pyspark" if name == "framework" else "none"):
                raise unsupported("RunConfiguration(%s=…)" % name)
        self.script = script
        self.arguments = arguments or []
        self.command = None
        self.target = LOCAL
        self.framework = framework or "Python"
        self.environment = None
        self.environment_variables = {}
        self.data = {}
        self.max_run_duration_seconds = None


class ScriptRunConfig:
    """A script of a folder, its arguments, and where and with which Python it runs."""

    def __init__(
        self,
        source_directory=None,
        script=None,
        arguments=None,
        run_config=None,
        _telemetry_values=None,
        compute_target=None,
        environment=None,
        distributed_job_config=None,
        resume_from=None,
        max_run_duration_seconds=None,
        command=None,
        docker_runtime_config=None,
    ):
        for name, value in (
            ("distributed_job_config", distributed_job_config),
            ("resume_from", resume_from),
            ("docker_runtime_config", docker_runtime_config),
        ):
            if value is not None:
                raise unsupported("ScriptRunConfig(%s=…)" % name)
        if script and command:
            raise UserErrorException("ScriptRunConfig takes 'script' or 'command', not both")
        self.source_directory = os.path.abspath(source_directory or ".")
        self.run_config = run_config or RunConfiguration()
        self.script = script or self.run_config.script
        self.arguments = list(arguments if arguments is not None else self.run_config.arguments)
        self.command = command or self.run_config.command
        self.run_config.script, self.run_config.arguments, self.run_config.command = (
            self.script,
            self.arguments,
            self.command,
        )
        if compute_target is not None:
            self.run_config.target = getattr(compute_target, "name", compute_target)
        if environment is not None:
            self.run_config.environment = environment
        if max_run_duration_seconds is not None:
            self.run_config.max_run_duration_seconds = max_run_duration_seconds
        if not self.script and not self.command:
            raise UserErrorException("ScriptRunConfig needs 'script' or 'command'")

    def __repr__(self):
        return "ScriptRunConfig(source_directory='%s', script=%r, arguments=%r, compute_target=%r)" % (
            self.source_directory,
            self.script,
            self.arguments,
            self.run_config.target,
        )

    # ---- as the server is told ----

    def _properties(self, workspace):
        """The properties of an ARM job, but its code."""
        config, inputs = self.run_config, {}
        if not os.path.isdir(self.source_directory):
            raise UserErrorException("source_directory '%s' is not a folder" % self.source_directory)
        if self.script and not os.path.isfile(os.path.join(self.source_directory, self.script)):
            raise UserErrorException(
                "script '%s' is not in source_directory '%s'" % (self.script, self.source_directory)
            )
        target = getattr(config.target, "name", config.target) or LOCAL
        if config.framework.lower() == "pyspark" and target == LOCAL:
            raise UserErrorException("framework 'PySpark' needs an attached Spark pool as the target, not '%s'" % LOCAL)
        environment = config.environment
        if isinstance(environment, str):
            environment = Environment.get(workspace, environment)
        interpreter = environment._check() if environment is not None else "python"
        words = self._words(interpreter, inputs, workspace)
        for name, consumption in config.data.items():
            inputs.setdefault(name, consumption_input(consumption, workspace)[1])
        variables = {**(environment.environment_variables if environment else {}), **config.environment_variables}
        body = {
            "jobType": "Command",
            "command": words,
            "computeId": target,
            "environmentVariables": {str(name): str(value) for name, value in variables.items()},
            "inputs": inputs,
            "properties": {"azureml.scriptName": self.script or ""},
        }
        if environment is not None:
            body["properties"]["azureml.environmentName"] = environment.name
        if config.max_run_duration_seconds:
            body["limits"] = {"jobLimitsType": "Command", "timeout": "PT%dS" % config.max_run_duration_seconds}
        return body

    def _words(self, interpreter, inputs, workspace):
        if self.command:
            if isinstance(self.command, str):
                return self.command
            return " ".join(_word(item, inputs, workspace) for item in self.command)
        words = [shlex.quote(interpreter), shlex.quote(self.script)]
        return " ".join(words + [_word(item, inputs, workspace) for item in self.arguments])


def _word(item, inputs, workspace):
    """One argument as it stands in the command; a dataset is an input, and its path stands there."""
    if hasattr(item, "dataset") or hasattr(item, "as_named_input"):
        name, value = consumption_input(item, workspace)
        inputs[name] = value
        return "${{inputs.%s}}" % name
    if type(item).__name__ in ("OutputFileDatasetConfig", "HDFSOutputDatasetConfig", "DataReference", "PipelineData"):
        raise unsupported("a %s as an argument" % type(item).__name__)
    return shlex.quote(str(item))


def consumption_input(item, workspace):
    """(name, input of the job) of a dataset, or of what as_named_input, as_mount and as_download make of one."""
    from headrace.azureml.consumption import DatasetConsumptionConfig

    if not isinstance(item, DatasetConsumptionConfig):
        if not hasattr(item, "as_named_input"):
            raise UserErrorException(
                "an input is a dataset, or what as_named_input, as_mount or as_download make of one, not %r" % (item,)
            )
        item = item.as_named_input("input_" + uuid.uuid4().hex[:8])
    dataset = item.dataset
    place = dataset._locate()[0]
    if place._id.lower() != workspace._id.lower():
        raise UserErrorException(
            "input '%s' is a dataset of workspace '%s': the run is in '%s'" % (item.name, place.name, workspace.name)
        )
    value = {
        "jobInputType": "uri_folder" if hasattr(dataset, "to_path") else "mltable",
        "mode": {"mount": "ReadOnlyMount", "download": "Download", "direct": "Direct"}[item.mode],
        "uri": "azureml:%s:%d" % (dataset.name, dataset.version)
        if dataset.name
        else "azureml://datasets/%s/versions/1" % dataset.id,
        "datasetId": dataset.id,
    }
    if dataset.name:
        value["datasetName"], value["datasetVersion"] = dataset.name, str(dataset.version)
    if item.path_on_compute:
        value["pathOnCompute"] = item.path_on_compute
    return item.name, value
