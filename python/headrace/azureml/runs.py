"""`azureml.core.Experiment` and `Run`."""

import codecs
import json
import os
import sys
import time
import uuid
from html import escape

from headrace.azureml import exceptions
from headrace.azureml.client import Endpoint, segment
from headrace.azureml.exceptions import UserErrorException, unsupported
from headrace.azureml.history import IMAGE, LIST, ROW, SCALAR, TABLE, History, number
from headrace.azureml.offline import OfflineRun
from headrace.azureml.script import ScriptRunConfig

API = "2023-04-01"
ENDED = ("Completed", "Failed", "Canceled")
LOG = "user_logs/std_log.txt"
PATIENCE = 60  # seconds for which a script waits for a server that is being started again
POLL = (0.05, 1.0)  # seconds between two looks at a run that is waited for: first, longest


class Experiment:
    """A name under which runs are kept."""

    def __init__(
        self,
        workspace,
        name,
        _skip_name_validation=False,
        _id=None,
        _archived_time=None,
        _create_in_cloud=True,
        **options,
    ):
        if options:
            raise unsupported("Experiment(%s=…)" % next(iter(options)))
        if not hasattr(workspace, "_endpoint"):
            raise UserErrorException("workspace must be a Workspace, not %r" % (workspace,))
        self.workspace = workspace
        self.name = name
        path = "/history/v1.0%s/experiments/%s" % (workspace._id, segment(name))
        answer = workspace._endpoint.request("GET", path, accept=(200, 404))
        if answer.status_code == 404:
            answer = workspace._endpoint.request("POST", path, body={})
        self._take(answer.json())

    def _take(self, dto):
        self.id, self.name, self.tags = dto["experimentId"], dto["name"], dto.get("tags") or {}

    @property
    def workspace_object(self):
        return self.workspace

    def __repr__(self):
        return "Experiment(name='%s', workspace='%s')" % (self.name, self.workspace.name)

    def _repr_html_(self):
        return _table(
            ("Name", "Workspace", "Report Page"), ((self.name, self.workspace.name, _link(self.get_portal_url())),)
        )

    def get_portal_url(self):
        return self.workspace._endpoint.url + "/studio/runs"

    @staticmethod
    def list(workspace, experiment_name=None, view_type="ActiveOnly", tags=None):
        """Every experiment of the workspace."""
        found = []
        for dto in workspace._endpoint.get("/history/v1.0%s/experiments" % workspace._id)["value"]:
            if experiment_name in (None, dto["name"]):
                made = object.__new__(Experiment)
                made.workspace = workspace
                made._take(dto)
                found.append(made)
        return found

    def submit(self, config, tags=None, **options):
        """Brings the script's folder to the server, starts the run, and returns it at once."""
        if options:
            raise unsupported("Experiment.submit(%s=…)" % next(iter(options)))
        if not isinstance(config, ScriptRunConfig):
            raise unsupported("Experiment.submit of a %s" % type(config).__name__, "submit a ScriptRunConfig")
        from headrace.azureml import snapshot

        properties = config._properties(self.workspace)
        properties["experimentName"] = self.name
        properties["tags"] = {str(key): str(value) for key, value in (tags or {}).items()}
        properties["codeId"] = snapshot.upload(self.workspace, config.source_directory)
        run_id = _new_id(self.name)
        self.workspace._endpoint.request(
            "PUT", _job(self.workspace, run_id), API, {"properties": properties}, accept=(200, 201)
        )
        return Run(self, run_id)

    def start_logging(self, *args, outputs=None, snapshot_directory=None, display_name=None, **options):
        """An interactive run, which ends with complete(), fail() or the end of a `with` block. `outputs` is a folder that is
        kept when it completes."""
        if args or options:
            raise unsupported("Experiment.start_logging(%s=…)" % (next(iter(options)) if options else args[0]))
        run_id = _new_id(self.name)
        run = Run._made(self, run_id)
        run._history.patch(runId=run_id, **({"displayName": display_name} if display_name else {}))
        run._outputs = outputs
        if snapshot_directory is not None:
            from headrace.azureml import snapshot

            run.add_properties({"azureml.codeId": snapshot.upload(self.workspace, snapshot_directory)})
        run._refresh()
        return run

    def get_runs(self, type=None, tags=None, properties=None, include_children=False):
        """The runs of the experiment, newest first."""
        return Run.list(self, type=type, tags=tags, properties=properties, include_children=include_children)

    def delete(self, workspace=None, experiment_id=None):
        raise unsupported("Experiment.delete")

    def archive(self):
        raise unsupported("Experiment.archive")


def _new_id(experiment):
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in experiment)[:200]
    return "%s_%d_%s" % (kept, time.time(), uuid.uuid4().hex[:8])


def _job(workspace, run_id):
    return "%s/jobs/%s" % (workspace._id, segment(run_id))


class Run:
    """One run: a script's, or an interactive one."""

    def __init__(self, experiment, run_id, outputs=None, **options):
        self._set(experiment, run_id)
        self._outputs = outputs
        self._refresh()

    @classmethod
    def _made(cls, experiment, run_id, dto=None):
        run = object.__new__(cls)
        run._set(experiment, run_id)
        run._outputs = None
        run._dto = dto or {}
        return run

    def _set(self, experiment, run_id):
        self.experiment = experiment
        self.id = run_id
        self._history = History(experiment.workspace._endpoint, experiment.workspace._id, experiment.name, run_id)

    def _refresh(self):
        self._dto = self._history.get()
        return self._dto

    # ---- what it is ----

    @property
    def number(self):
        return self._dto.get("runNumber")

    @property
    def name(self):
        return self.display_name

    @property
    def display_name(self):
        return self._dto.get("displayName")

    @display_name.setter
    def display_name(self, value):
        self._dto = self._history.patch(displayName=value)

    @property
    def type(self):
        return self._dto.get("runType")

    @property
    def status(self):
        return self._dto.get("status")

    @property
    def tags(self):
        return dict(self._dto.get("tags") or {})

    @property
    def properties(self):
        return dict(self._dto.get("properties") or {})

    @property
    def parent(self):
        return None

    def get_children(self, **options):
        return iter(())

    def child_run(self, *args, **options):
        raise unsupported("Run.child_run")

    @property
    def input_datasets(self):
        """{name: path, or dataset for one that is used directly} of the run's inputs, inside its script."""
        return Inputs(self)

    def __repr__(self):
        return "Run(Experiment: %s,\nId: %s,\nType: %s,\nStatus: %s)" % (
            self.experiment.name,
            self.id,
            self.type,
            self.status,
        )

    def _repr_html_(self):
        row = (self.experiment.name, self.id, self.type, self.status, _link(self.get_portal_url()))
        return _table(("Experiment", "Id", "Type", "Status", "Details Page"), (row,))

    def get_portal_url(self):
        return "%s/studio/runs/%s" % (self.experiment.workspace._endpoint.url, segment(self.id))

    def get_status(self):
        """Queued, Preparing, Running, Finalizing, CancelRequested, Completed, Failed or Canceled."""
        return self._refresh()["status"]

    def get_details(self):
        """The run as the server keeps it."""
        details = self._history.details()
        self._dto = {**self._dto, **details}
        return details

    def get_details_with_logs(self):
        details = self.get_details()
        details["logFiles"] = {
            name: self._history.log_text(url, 0).decode("utf-8", "replace") for name, url in details["logFiles"].items()
        }
        return details

    def get_logs(self):
        """What the script has printed so far."""
        reader = _Log(self)
        return "".join(iter(reader.more, ""))

    def get_all_logs(self, destination=None):
        """Writes the run's logs to a folder; their paths."""
        folder = destination or os.getcwd()
        path = os.path.join(folder, LOG)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.get_logs())
        return [path]

    @staticmethod
    def get(workspace, run_id):
        """The run of that id."""
        dto = workspace._endpoint.get("/history/v1.0%s/runs/%s" % (workspace._id, segment(run_id)))
        return Run._made(Experiment(workspace, dto["experimentName"]), dto["runId"], dto)

    @staticmethod
    def list(
        experiment, type=None, tags=None, properties=None, status=None, include_children=False, _rehydrate_runs=True
    ):
        """The runs of an experiment, newest first. `tags` and `properties` are a name, or {name: value}."""
        workspace, token = experiment.workspace, None
        path = "/history/v1.0%s/experiments/%s/runs" % (workspace._id, segment(experiment.name))
        while True:
            page = workspace._endpoint.get(path, params={"continuationToken": token} if token else None)
            for dto in page["value"]:
                chosen = type in (None, dto["runType"]) and status in (None, dto["status"])
                if chosen and _has(dto["tags"], tags) and _has(dto["properties"], properties):
                    yield Run._made(experiment, dto["runId"], dto)
            token = page.get("continuationToken")
            if not token:
                return

    @classmethod
    def get_context(cls, allow_offline=True, used_for_context_manager=False, **options):
        """The run of the script that asks; outside a run, one that prints."""
        env = os.environ
        run_id, scope = env.get("AZUREML_RUN_ID"), env.get("AZUREML_WORKSPACE_SCOPE")
        if not run_id or not scope or not env.get("HEADRACE_TOKEN"):
            if allow_offline:
                return OfflineRun()
            raise exceptions.RunEnvironmentException("there is no run here: the script was not started by one")
        if cls._context is None or cls._context.id != run_id:
            parts = scope.strip("/").split("/")
            endpoint = Endpoint.find()
            endpoint.patience = PATIENCE
            workspace = cls._workspace_of(endpoint, parts[1], parts[3], parts[7])
            cls._context = cls(Experiment(workspace, env["AZUREML_EXPERIMENT_NAME"]), run_id)
        return cls._context

    _context = None
    _workspace_of = None  # what makes a workspace of its names: set by workspace.py, which imports this module

    # ---- what is logged ----

    def log(self, name, value, description="", step=None):
        """A number or a text under a name; several under one name make a list."""
        data, kind = number(value, "a metric's value")
        self._history.log(name, SCALAR, {str(name): kind}, [{str(name): data}], step)

    def log_list(self, name, value, description=""):
        pairs = [number(item, "a value of the list") for item in value]
        kind = "Double" if any(kind == "Double" for _, kind in pairs) else pairs[0][1] if pairs else "Double"
        self._history.log(name, LIST, {str(name): kind}, [{str(name): data} for data, _ in pairs])

    def log_row(self, name, description=None, **columns):
        """A row of a table: log_row("sine", x=0.1, y=0.0998)."""
        pairs = {key: number(value, "column '%s'" % key) for key, value in columns.items()}
        self._history.log(
            name, ROW, {k: kind for k, (_, kind) in pairs.items()}, [{k: data for k, (data, _) in pairs.items()}]
        )

    def log_table(self, name, value, description=""):
        """A table of columns: {"x": [0, 1], "y": [0, 1]}; a column that is not a list stands in the first row."""
        columns = {
            key: list(cells) if isinstance(cells, (list, tuple)) or hasattr(cells, "tolist") else [cells]
            for key, cells in value.items()
        }
        rows, kinds = [{} for _ in range(max(map(len, columns.values()), default=0))], {}
        for key, cells in columns.items():
            for row, cell in zip(rows, cells):
                row[key], kind = number(cell, "column '%s'" % key)
                kinds[key] = "Double" if "Double" in (kind, kinds.get(key)) else kind
        self._history.log(name, TABLE, kinds, rows)

    def log_image(self, name, path=None, plot=None, description=""):
        """A picture: a file, or a matplotlib figure."""
        import tempfile

        if (path is None) == (plot is None):
            raise UserErrorException("log_image takes 'path' or 'plot'")
        with tempfile.TemporaryDirectory() as folder:
            if plot is not None:
                path = os.path.join(folder, "plot.png")
                plot.savefig(path, format="png", bbox_inches="tight")
            stored = name + (os.path.splitext(path)[1] or ".png")
            self.upload_file(stored, path)
        self._history.log(
            name, IMAGE, {name: "Artifact"}, [{name: "aml://artifactId/ExperimentRun/dcid.%s/%s" % (self.id, stored)}]
        )

    def log_accuracy_table(self, *args, **options):
        raise unsupported("Run.log_accuracy_table")

    def log_confusion_matrix(self, *args, **options):
        raise unsupported("Run.log_confusion_matrix")

    def log_predictions(self, *args, **options):
        raise unsupported("Run.log_predictions")

    def log_residuals(self, *args, **options):
        raise unsupported("Run.log_residuals")

    def flush(self, timeout_seconds=300):
        """Waits until what was logged is with the server."""
        self._history.flush()

    def get_metrics(self, name=None, recursive=False, run_type=None, populate=False):
        """{name: value}: a number, the list of them in their order, or a dictionary of a table's columns."""
        self.flush()
        found = self._history.metrics()
        return {name: found[name]} if name is not None and name in found else {} if name is not None else found

    # ---- tags and properties ----

    def tag(self, key, value=None):
        self._dto = self._history.patch(tags={str(key): "" if value is None else str(value)})

    def set_tags(self, tags):
        self._dto = self._history.patch(tags={str(key): str(value) for key, value in tags.items()})

    def get_tags(self):
        return dict(self._refresh()["tags"])

    def remove_tags(self, tags):
        names = [tags] if isinstance(tags, str) else tags
        self._dto = self._history.patch(tags=dict.fromkeys(names))

    def add_properties(self, properties):
        self._dto = self._history.patch(properties={str(key): str(value) for key, value in properties.items()})

    def get_properties(self):
        return dict(self._refresh()["properties"])

    # ---- files ----

    def upload_file(self, name, path_or_stream, datastore_name=None):
        """Keeps a file with the run."""
        if datastore_name is not None:
            raise unsupported("Run.upload_file(datastore_name=…)")
        if hasattr(path_or_stream, "read"):
            import tempfile

            with tempfile.NamedTemporaryFile() as file:
                data = path_or_stream.read()
                file.write(data.encode() if isinstance(data, str) else data)
                file.flush()
                return self._history.upload([(name, file.name)])
        if not os.path.isfile(path_or_stream):
            raise UserErrorException("there is no file '%s' to upload" % path_or_stream)
        return self._history.upload([(name, path_or_stream)])

    def upload_files(self, names, paths, return_artifacts=False, timeout_seconds=None, datastore_name=None):
        if len(names) != len(paths):
            raise UserErrorException("upload_files takes as many names as paths")
        for name, path in zip(names, paths):
            self.upload_file(name, path, datastore_name)

    def upload_folder(self, name, path, datastore_name=None):
        """Keeps the files of a folder with the run, below `name`."""
        if datastore_name is not None:
            raise unsupported("Run.upload_folder(datastore_name=…)")
        if not os.path.isdir(path):
            raise UserErrorException("there is no folder '%s' to upload" % path)
        files = []
        for here, folders, names in os.walk(path):
            folders.sort()
            for file in sorted(names):
                relative = os.path.relpath(os.path.join(here, file), path).replace(os.sep, "/")
                files.append(("%s/%s" % (name.rstrip("/"), relative), os.path.join(here, file)))
        self._history.upload(files)

    def get_file_names(self):
        """The files that are kept with the run."""
        return self._history.artifacts()

    def download_file(self, name, output_file_path=None, _validate_checksum=False):
        """Fetches a kept file, to a path, into a folder, or here under its own name."""
        path = output_file_path or os.path.basename(name)
        if os.path.isdir(path) or path.endswith(os.sep):
            path = os.path.join(path, os.path.basename(name))
        self._history.download(name, os.path.abspath(path))

    def download_files(
        self,
        prefix=None,
        output_directory=None,
        output_paths=None,
        batch_size=100,
        append_prefix=True,
        timeout_seconds=None,
    ):
        """Fetches the kept files whose names begin with `prefix`."""
        if output_paths is not None:
            raise unsupported("Run.download_files(output_paths=…)")
        top = os.path.abspath(output_directory or ".")
        for name in self.get_file_names():
            if prefix and not name.startswith(prefix):
                continue
            relative = name if append_prefix or not prefix else name[len(prefix) :].lstrip("/")
            path = os.path.normpath(os.path.join(top, relative))
            if not path.startswith(os.path.join(top, "")):
                raise UserErrorException("file '%s' of the run leads out of '%s'" % (name, top))
            self._history.download(name, path)

    def get_snapshot_id(self):
        return ((self._refresh().get("runDefinition") or {}).get("codeId") or "").split("/codes/")[-1].split("/")[
            0
        ] or None

    def register_model(self, *args, **options):
        raise unsupported("Run.register_model")

    # ---- its end ----

    def complete(self, _set_status=True):
        """Ends an interactive run well. In a submitted script it changes nothing: the script's own end does."""
        self.flush()
        if self.type == "azureml.scriptrun":
            return
        if self._outputs:
            self.upload_folder("outputs", self._outputs)
        self._dto = self._history.patch(status="Completed")

    def fail(self, error_details=None, error_code=None, _set_status=True):
        """Ends an interactive run as failed."""
        self.flush()
        if self.type == "azureml.scriptrun":
            raise UserErrorException("a submitted run fails by its script: raise an exception, or sys.exit(1)")
        error = {
            "code": error_code or "UserError",
            "message": str(error_details) if error_details is not None else "failed",
        }
        self._dto = self._history.patch(status="Failed", error={"error": error})

    def cancel(self):
        """Asks for the run's end. Cancelling one that has ended changes nothing."""
        if self.type == "azureml.scriptrun":
            self._dto = self._history.cancel()
        else:
            self._dto = self._history.patch(status="Canceled")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if value is not None:
            self.fail("%s: %s" % (kind.__name__, value))
        else:
            self.complete()

    def wait_for_completion(self, show_output=False, wait_post_processing=False, raise_on_error=True):
        """Waits for the run's end, with what its script prints if asked to. Returns its details. Raises ActivityFailedException
        when it failed, unless told not to."""
        log, pause = _Log(self) if show_output else None, POLL[0]
        if show_output:
            print("RunId: %s\nWeb View: %s" % (self.id, self.get_portal_url()), flush=True)
        try:
            while True:
                details = self.get_details()
                ended = details["status"] in ENDED
                shown = log.show() if log else False
                if ended:
                    break
                pause = POLL[0] if shown else min(POLL[1], pause * 1.5)
                time.sleep(pause)
        except KeyboardInterrupt:
            if show_output:
                print(
                    "The output streaming for the run interrupted.\nBut the run is still executing on the compute target."
                )
            raise
        if log:
            while log.show():
                pass
            print(
                "\nExecution Summary\n=================\nRunId: %s\nStatus: %s" % (self.id, details["status"]),
                flush=True,
            )
        if raise_on_error and details["status"] == "Failed":
            raise exceptions.ActivityFailedException(_failure(details))
        return details


def _failure(details):
    error = (details.get("error") or {}).get("error") or {}
    trace = (error.get("debugInfo") or {}).get("stackTrace")
    return "Activity Failed: %s%s" % (error.get("message") or "no reason is known", "\n\n" + trace if trace else "")


def _has(mapping, wanted):
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in mapping
    return all(mapping.get(key) == str(value) for key, value in wanted.items())


class _Log:
    """What the script prints, read from where it was left."""

    def __init__(self, run):
        self.run, self.offset, self.url, self.begun = run, 0, None, False
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self):
        if self.url is None:
            self.url = self.run._history.details()["logFiles"].get(LOG)
            if self.url is None:
                return ""
        data = self.run._history.log_text(self.url, self.offset)
        self.offset += len(data)
        return self.decoder.decode(data)

    def show(self):
        """Prints what is new; whether there was any."""
        text = self.more()
        if text and not self.begun:
            print("\nStreaming %s\n%s\n" % (LOG, "=" * (10 + len(LOG))))
            self.begun = True
        sys.stdout.write(text)
        sys.stdout.flush()
        return bool(text)


class Inputs(dict):
    """The inputs of the run whose script asks; empty elsewhere."""

    def __init__(self, run):
        super().__init__()
        known = (
            json.loads(os.environ.get("HEADRACE_RUN_INPUTS") or "{}")
            if os.environ.get("AZUREML_RUN_ID") == run.id
            else {}
        )
        self._known, self._run = known, run
        for name, value in known.items():
            self[name] = value["path"]

    def __getitem__(self, name):
        value = super().__getitem__(name)
        known = self._known[name]
        if known["kind"] == "dataset":
            from headrace.azureml.data import Dataset

            workspace = self._run.experiment.workspace
            return (
                Dataset.get_by_name(workspace, known["name"], known["version"])
                if known["name"]
                else Dataset.get_by_id(workspace, value)
            )
        return value

    def __missing__(self, name):
        known = "it has %s" % ", ".join("'%s'" % key for key in self) if self else "it has none"
        raise UserErrorException("run '%s' has no input '%s': %s" % (self._run.id, name, known))


def _link(url):
    return '<a href="%s" target="_blank" rel="noopener">Link to the studio</a>' % escape(url, quote=True)


def _table(titles, rows):
    head = "".join("<th>%s</th>" % escape(title) for title in titles)
    body = "".join(
        "<tr>%s</tr>"
        % "".join("<td>%s</td>" % (cell if str(cell).startswith("<a ") else escape(str(cell))) for cell in row)
        for row in rows
    )
    return '<table style="width:100%%"><tr>%s</tr>%s</table>' % (head, body)
