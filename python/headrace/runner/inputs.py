"""Datasets as a run's script sees them: mounted or downloaded, at a path; or, when they are used directly, by their id."""

import os
import re
import warnings

from headrace.runner.report import RunError, tell

SAVED = re.compile(r"^azureml://datasets/([^/]+)/versions/([^/]+)$")
NAMED = re.compile(r"^(?:azureml:)?(?:/subscriptions/.*)?/data/([^/]+)/versions/([^/]+)$", re.I)
SHORT = re.compile(r"^azureml:([^/:]+):([^/:]+)$")
PATHS = re.compile(r"^azureml://(?:subscriptions/.*?/)?datastores/([^/]+)/paths/(.*)$", re.I)


def find(workspace, uri):
    """(dataset, whether it is one file) that an input's address means."""
    from headrace.azureml.data import Dataset, Datastore

    found = SAVED.match(uri)
    if found:
        return Dataset.get_by_id(workspace, found.group(1))
    found = NAMED.match(uri) or SHORT.match(uri)
    if found:
        version = found.group(2)
        return Dataset.get_by_name(workspace, found.group(1), version if version == "latest" else int(version))
    found = PATHS.match(uri)
    if found:
        return Dataset.File.from_files((Datastore.get(workspace, found.group(1)), found.group(2) or "/"))
    raise RunError(
        "UserError",
        "input '%s' is neither a dataset of the workspace nor a path of a datastore (azureml://datastores/NAME/paths/PATH)"
        % uri,
    )


def materialize(runner, name, value):
    """{"path", "mode", "kind"} of one input of the run."""
    from headrace.azureml.exceptions import AzureMLException

    if value.get("jobInputType") == "literal":
        return {"path": value.get("value", ""), "mode": "Direct", "kind": "literal"}
    mode = value.get("mode") or "ReadOnlyMount"
    try:
        dataset = find(runner.workspace(), value["uri"])
        if mode == "Direct":
            return {
                "path": dataset.id,
                "mode": mode,
                "kind": "dataset",
                "name": dataset.name,
                "version": dataset.version,
            }
        if not hasattr(dataset, "download"):
            raise RunError("UserError", "a tabular dataset has no files to mount or download")
        path = (
            _mounted(runner, name, value, dataset)
            if mode == "ReadOnlyMount"
            else _downloaded(runner, name, value, dataset)
        )
        if value.get("jobInputType") == "uri_file":
            path = _only_file(path, dataset)
        return {"path": path, "mode": mode, "kind": "files"}
    except (AzureMLException, OSError, RunError) as err:
        raise RunError("DataAccessError", "input '%s' (%s): %s" % (name, value["uri"], err)) from None


def _only_file(folder, dataset):
    paths = dataset.to_path()
    if len(paths) != 1:
        raise RunError("UserError", "it is an input of type uri_file, and has %d files" % len(paths))
    return os.path.join(folder, paths[0].lstrip("/"))


def _folder(runner, name, value):
    from headrace.runner.storage import inside

    wanted = value.get("pathOnCompute")
    return inside(runner.work, wanted) if wanted else os.path.join(runner.folder, "inputs", name)


def _mounted(runner, name, value, dataset):
    wanted = value.get("pathOnCompute") or ""
    folder = wanted if os.path.isabs(wanted) else _folder(runner, name, value)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    context = dataset.mount(folder)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        context.start()
    runner.mounts.append(context)
    for warning in said:
        runner.note("input '%s': %s" % (name, warning.message))
    return folder


def _downloaded(runner, name, value, dataset):
    if os.path.isabs(value.get("pathOnCompute") or ""):
        raise RunError(
            "UserError",
            "path_on_compute '%s' of a download is not relative to the run's folder" % value["pathOnCompute"],
        )
    folder = _folder(runner, name, value)
    os.makedirs(folder, exist_ok=True)
    dataset.download(folder)
    return folder


def release(runner):
    """Takes the run's mounts away, and what was downloaded for it."""
    import shutil

    for context in runner.mounts:
        try:
            context.stop()
        except OSError as err:
            tell("unmounting:", err)
    runner.mounts = []
    folder = os.path.join(runner.folder, "inputs")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if not os.path.ismount(path):
            shutil.rmtree(path, ignore_errors=True)
