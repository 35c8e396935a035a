"""What `headrace run submit` runs: reads the order as JSON from its first argument, submits, prints the run as JSON. The server is found by HEADRACE_URL,
HEADRACE_TOKEN and HEADRACE_CA_FILE."""

import json
import sys

from headrace.azureml import exceptions
from headrace.azureml.client import Endpoint, parse_id
from headrace.azureml.data import Dataset, FileDataset
from headrace.azureml.runs import Experiment
from headrace.azureml.script import Environment, ScriptRunConfig
from headrace.azureml.workspace import Workspace


def dataset_of(workspace, text):
    """NAME or NAME:VERSION"""
    name, _, version = text.partition(":")
    if version and not version.isdigit():
        raise exceptions.UserErrorException(
            "'%s' is not a dataset, or a dataset and its version: NAME or NAME:VERSION" % text
        )
    return Dataset.get_by_name(workspace, name, int(version) if version else "latest")


def inputs_of(workspace, text, download):
    """NAME=DATASET[:VERSION], separated by commas"""
    found = {}
    for item in filter(None, text.split(",")):
        name, equals, dataset = item.partition("=")
        if not equals:
            raise exceptions.UserErrorException("input '%s' is not NAME=DATASET[:VERSION]" % item)
        found_dataset = dataset_of(workspace, dataset)
        if not isinstance(found_dataset, FileDataset):
            raise exceptions.UserErrorException(
                "input '%s': dataset '%s' is a table, and a run's input is files. Register its files as they are:"
                " headrace dataset register NAME PATH, without --format" % (name, dataset)
            )
        consumption = found_dataset.as_named_input(name)
        found[name] = consumption.as_download() if download else consumption.as_mount()
    return found


def submit(order):
    names = parse_id(order["workspace"])
    endpoint = Endpoint.find()
    workspace = Workspace._known(endpoint, names["subscriptions"], names["resourcegroups"], names["workspaces"])
    config = ScriptRunConfig(
        order["folder"],
        script=order["script"],
        arguments=order["arguments"],
        max_run_duration_seconds=order.get("timeout"),
    )
    if order.get("python"):
        config.run_config.environment = Environment("command")
        config.run_config.environment.python.user_managed_dependencies = True
        config.run_config.environment.python.interpreter_path = order["python"]
    inputs = inputs_of(workspace, order.get("inputs") or "", order.get("download"))
    config.run_config.data = inputs
    config.arguments = [inputs.get(item[1:], item) if item.startswith("@") else item for item in order["arguments"]]
    run = Experiment(workspace, order["experiment"]).submit(config)
    if order.get("name"):
        run.display_name = order["name"]
    return run._history.get()


def main():
    try:
        print(json.dumps(submit(json.loads(sys.argv[1]))))
    except exceptions.AzureMLException as err:
        remedy = err.details.get("remedy")
        runs = remedy is not None and remedy["kind"] != "advice"
        print("headrace: %s" % (remedy["cause"] if runs else err), file=sys.stderr)
        if runs:
            print("try: " + remedy["text"], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
