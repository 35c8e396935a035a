"""`azureml.core.Dataset` and the two kinds of dataset: what is common, and file datasets. Tables are tabular.py's."""

import json
import os
import tempfile
import uuid

from headrace.azureml import blobs
from headrace.azureml.client import segment
from headrace.azureml.consumption import DatasetConsumptionConfig
from headrace.azureml.datastore import AbstractDatastore, DataPath
from headrace.azureml.exceptions import DatasetExecutionError, DatasetValidationError, UserErrorException, unsupported


class AbstractDataset:
    """A dataset: a definition (paths in datastores, what is done with them), and once it is saved or registered, the files that it meant then."""

    _kind = None

    def __init__(self, workspace, paths, steps, view=None):
        self._workspace = workspace
        self._paths = paths  # of the MLTable document
        self._steps = steps
        self._view = None
        self._listing = None  # the manifest, once it was asked for
        self._storage_of = None
        if view is not None:
            self._take(view)

    # what it is

    def _take(self, view):
        self._view = view
        flow = json.loads(view["latest"]["dataflow"])
        self._paths, self._steps = flow["paths"], flow.get("transformations") or []

    @property
    def id(self):
        """The id of what was saved; None while it was not."""
        return self._view["savedDatasetId"] if self._view else None

    @property
    def name(self):
        """The registered name, or None."""
        return self._view.get("name") if self._view else None

    @property
    def version(self):
        """The registered version, a number, or None."""
        return int(self._view["latest"]["versionId"]) if self.name else None

    @property
    def description(self):
        return self._view.get("description") or None if self.name else None

    @property
    def tags(self):
        return dict(self._view.get("tags") or {}) if self.name else None

    @property
    def data_changed_time(self):
        """The latest change of any of its files, a datetime, or None when it has none."""
        from datetime import datetime

        times = [item["modified"] for item in self._manifest()["files"]]
        return datetime.strptime(max(times)[:19], "%Y-%m-%dT%H:%M:%S") if times else None

    def __repr__(self):
        shown = {
            "source": ["('%s', '%s')" % split_uri(next(iter(item.values()))) for item in self._paths],
            "definition": [step if isinstance(step, str) else next(iter(step)) for step in self._steps],
        }
        if self.name:
            shown["registration"] = {
                "id": self.id,
                "name": self.name,
                "version": self.version,
                "workspace": repr(self._workspace),
            }
        return "%s\n%s" % (type(self).__name__, json.dumps(shown, indent=2))

    def __eq__(self, other):
        return (
            type(self) is type(other) and self.id is not None and self.id == other.id and self.version == other.version
        )

    def __hash__(self):
        return hash((type(self), self.id, self.version))

    # saving, registering

    def _flow(self):
        return {"paths": self._paths, "transformations": self._steps}

    def _ask(self, path, params=None, **fields):
        return self._workspace._endpoint.request(
            "POST",
            "/dataset/v1.0%s/%s" % (self._workspace._id, path),
            body={
                "datasetType": self._kind,
                "isVisible": True,
                "latest": {"dataflow": json.dumps(self._flow())},
                **fields,
            },
            params=params,
            error=DatasetValidationError,
            timeout=(10, 600),
        ).json()

    def _save(self):
        """Has the server list the files, once."""
        if self._view is None:
            self._take(self._ask("saveddatasets"))
        return self

    def _with(self, step):
        """The same with one more step: a new, unsaved dataset."""
        return type(self)(self._workspace, self._paths, [*self._steps, step])

    def register(self, workspace, name, description=None, tags=None, create_new_version=False):
        """Registers the dataset under a name, with the files that its definition means now. The same definition with unchanged files is the version that
        is there; another one is refused, unless `create_new_version`. Returns the registered dataset."""
        self._same_workspace(workspace)
        view = self._ask(
            "datasets",
            {
                "ifExistsOk": str(bool(create_new_version)).lower(),
                "updateDefinitionIfExists": str(bool(create_new_version)).lower(),
            },
            name=name,
            description=description,
            tags=tags or {},
        )
        return type(self)(workspace, self._paths, self._steps, view)

    def _same_workspace(self, workspace):
        if (workspace._id or "").lower() != self._workspace._id.lower():
            raise UserErrorException(
                "the dataset's datastores are in workspace '%s': it cannot be registered in '%s'"
                % (self._workspace.name, workspace.name)
            )

    def unregister_all_versions(self):
        """Removes the name with all its versions; the files stay."""
        self._registered("unregister_all_versions")
        self._workspace._endpoint.request("DELETE", _sets(self._workspace) + "/" + segment(self._view["datasetId"]))
        self._view = dict(self._view, name=None)

    def _registered(self, what):
        if not self.name:
            raise UserErrorException("%s() needs a registered dataset: register() it first" % what)

    def _change(self, **words):
        self._take(
            self._workspace._endpoint.request(
                "PATCH",
                "%s/%s/versions/%d" % (_sets(self._workspace), segment(self._view["datasetId"]), self.version),
                body=words,
            ).json()
        )

    def update(self, description=None, tags=None):
        """Changes description and tags of this version."""
        self._registered("update")
        self._change(
            **{key: value for key, value in (("description", description), ("tags", tags)) if value is not None}
        )
        return self

    def add_tags(self, tags=None):
        self._registered("add_tags")
        self._change(tags={**self.tags, **(tags or {})})
        return self

    def remove_tags(self, tags=None):
        self._registered("remove_tags")
        self._change(tags={key: value for key, value in self.tags.items() if key not in (tags or ())})
        return self

    # its files

    def _locate(self):
        """(workspace, id, version) by which the server's REST knows it."""
        self._save()
        return (
            (self._workspace, self._view["datasetId"], self.version or 1)
            if self.name
            else (self._workspace, self.id, 1)
        )

    def _manifest(self):
        """The files and what reaches them: doc/dataset.md's manifest."""
        if self._listing is None:
            workspace, id, version = self._locate()
            self._listing = workspace._endpoint.get(
                "%s/%s/versions/%d/manifest" % (_sets(workspace), segment(id), version),
                error=DatasetExecutionError,
                timeout=(10, 600),
            )
        return self._listing

    def _renewed(self):
        workspace, id, version = self._locate()
        return workspace._endpoint.request(
            "POST", "%s/%s/versions/%d/access" % (_sets(workspace), segment(id), version), error=DatasetExecutionError
        ).json()

    def _storage(self):
        if self._storage_of is None:
            self._storage_of = blobs.Storage(self._manifest()["storage"], self._renewed)
        return self._storage_of

    def _try(self, work):
        """Runs work that reads the files; what changed or went is named."""
        try:
            return work()
        except blobs.Changed as err:
            raise self._lost(err, "has changed since") from None
        except blobs.Missing as err:
            raise self._lost(err, "is gone since") from None
        except blobs.Denied as err:
            raise DatasetExecutionError(str(err)) from None

    def _lost(self, location, how):
        what = (
            "version %d of dataset '%s' was registered" % (self.version, self.name)
            if self.name
            else "the dataset was saved"
        )
        return DatasetExecutionError(
            "'%s' %s %s. A version is read as it was or not at all: register the dataset again with create_new_version=True"
            % (location, how, what),
            code="ConditionNotMet",
        )

    # as a run's input

    def as_named_input(self, name):
        return DatasetConsumptionConfig(name, self)

    # finding

    @staticmethod
    def get_by_name(workspace, name, version="latest"):
        return Dataset.get_by_name(workspace, name, version)

    @staticmethod
    def get_by_id(workspace, id):
        return Dataset.get_by_id(workspace, id)

    @staticmethod
    def get_all(workspace):
        return Dataset.get_all(workspace)

    def __getattr__(self, name):
        if name.startswith("_") or name not in REFUSED:
            raise AttributeError("'%s' has no attribute '%s'" % (type(self).__name__, name))
        raise unsupported("%s.%s" % (type(self).__name__, name))


REFUSED = (
    "random_split",
    "take_sample",
    "filter",
    "as_hdfs",
    "as_cast",
    "file_metadata",
    "hydrate",
    "partition_by",
    "partition_keys",
    "get_partition_key_values",
    "time_after",
    "time_before",
    "time_between",
    "time_recent",
    "timestamp_columns",
    "with_timestamp_columns",
    "submit_profile_run",
    "get_profile",
    "get_profile_runs",
    "to_dask_dataframe",
)


class FileDataset(AbstractDataset):
    """Files of datastores."""

    _kind = "file"

    def to_path(self):
        """The files' paths within the dataset, each with a leading slash."""
        return ["/" + item["path"] for item in self._manifest()["files"]]

    def take(self, count):
        """The first files, in order of their paths."""
        return self._with({"take": _count(count, "take")})

    def skip(self, count):
        """Without the first files."""
        return self._with({"skip": _count(count, "skip")})

    def download(self, target_path=None, overwrite=False, ignore_not_found=False):
        """Downloads the files and returns their local paths. Without target_path, into a new temporary folder."""
        folder = os.path.abspath(target_path) if target_path else tempfile.mkdtemp(prefix="headrace-")
        files = self._manifest()["files"]
        targets = [blobs.inside(folder, item["path"]) for item in files]
        there = [path for path in targets if os.path.exists(path)]
        if there and not overwrite:
            raise UserErrorException("'%s' exists: pass overwrite=True to replace it" % there[0])
        storage = self._storage()

        def one(pair):
            item, path = pair
            try:
                storage.save(item["url"], path, item["etag"])
            except blobs.Missing:
                if not ignore_not_found:
                    raise
                return None
            return path

        return [path for path in self._try(lambda: blobs.parallel(one, list(zip(files, targets)))) if path]

    def mount(self, mount_point=None, **options):
        """The files as a read-only folder: a context manager, or start() and stop(); `mount_point` says where."""
        try:
            from headrace.azureml.mount import mount
        except ImportError:
            raise unsupported("FileDataset.mount", "download() copies the files") from None
        return mount(self, mount_point, **options)

    def as_mount(self, path_on_compute=None):
        """This dataset, mounted, as an input of a run."""
        self._save()
        return DatasetConsumptionConfig("input_" + uuid.uuid4().hex[:8], self, "mount", path_on_compute)

    def as_download(self, path_on_compute=None):
        """This dataset, downloaded, as an input of a run."""
        self._save()
        return DatasetConsumptionConfig("input_" + uuid.uuid4().hex[:8], self, "download", path_on_compute)


class FileDatasetFactory:
    """`Dataset.File`"""

    @staticmethod
    def from_files(path, validate=True, partition_format=None, is_file=False):
        """Files by path: a (datastore, path), a DataPath, or a list of them; a path is a file, a folder, or a pattern (`*`, `?`, `[a-c]`; `**` across
        folders). `validate` has the server list them now: what is missing or matches nothing raises DatasetValidationError."""
        if partition_format is not None:
            raise unsupported("from_files(partition_format=…)")
        workspace, paths = read_paths(path, "file" if is_file else "pattern")
        made = FileDataset(workspace, paths, [])
        return made._save() if validate else made

    @staticmethod
    def upload_directory(src_dir, target, pattern=None, overwrite=False, show_progress=True):
        """Uploads a folder's files to `target`, a datastore, (datastore, path) or DataPath, and returns them as a dataset."""
        store, path = _target(target)
        if pattern is not None:
            raise unsupported("upload_directory(pattern=…)")
        if not os.path.isdir(src_dir):
            raise UserErrorException("src_dir '%s' is not a folder" % src_dir)
        if not overwrite:
            _must_be_free(store, path)
        store.upload(src_dir, path, overwrite=overwrite, show_progress=show_progress)
        return FileDatasetFactory.from_files((store, path or "/"))


class Dataset:
    """The datasets of a workspace: `Dataset.File` and `Dataset.Tabular` make them."""

    File = FileDatasetFactory

    def __init__(self, *args, **kwargs):
        raise UserErrorException(
            "a dataset is made by Dataset.File.from_files or Dataset.Tabular.from_…, or found by Dataset.get_by_name"
        )

    @staticmethod
    def get_by_name(workspace, name, version="latest"):
        """A registered dataset: its latest version, or the one of that number."""
        if not name or not isinstance(name, str):
            raise UserErrorException("Dataset.get_by_name needs the name of a dataset, not %r" % (name,))
        view = workspace._endpoint.get(
            "%s/query/%s" % (_sets(workspace), segment("name=" + name)), error=UserErrorException
        )
        if version not in (None, "latest", "Latest"):
            view = workspace._endpoint.get(
                "%s/%s/versions/%s" % (_sets(workspace), segment(view["datasetId"]), segment(version)),
                error=UserErrorException,
            )
        return made(workspace, view)

    @staticmethod
    def get_by_id(workspace, id):
        """A dataset by the id of what was saved, registered or not."""
        return made(
            workspace, workspace._endpoint.get("%s/%s" % (_sets(workspace), segment(id)), error=UserErrorException)
        )

    @staticmethod
    def get_all(workspace):
        """{name: dataset} of the latest versions."""
        return {view["name"]: made(workspace, view) for view in workspace._endpoint.list(_sets(workspace), None)}


class _Refusing(type):
    _names = ()

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise unsupported("%s.%s" % (cls.__qualname__, name))


KINDS = {}  # datasetType -> class; a kind that is not a file dataset is entered by its own module (tabular.py)


def made(workspace, view):
    return KINDS.get(view["datasetType"], FileDataset)(workspace, [], [], view)


def read_paths(path, kind="pattern"):
    """(workspace, MLTable paths) of what users give as `path`."""
    pairs = list(_pairs(path))
    if not pairs:
        raise DatasetValidationError("the dataset has no paths: pass at least one (datastore, path)")
    stores = [store for store, _ in pairs]
    ids = {store.workspace._id.lower() for store in stores}
    if len(ids) > 1:
        raise UserErrorException(
            "the datastores '%s' are of different workspaces" % "', '".join(store.name for store in stores)
        )
    for store, text in pairs:
        if not isinstance(text, str):
            raise UserErrorException("the path in datastore '%s' is %r, not text" % (store.name, text))
        if not text.strip():
            raise DatasetValidationError(
                "the path in datastore '%s' is empty: name a file, a folder or a pattern; '/' is the whole container"
                % store.name
            )
    paths = [
        {kind: "azureml://datastores/%s/paths/%s" % (store.name, text.lstrip("/") or "/")} for store, text in pairs
    ]
    return stores[0].workspace, paths


def _pairs(path):
    if isinstance(path, DataPath):
        yield path.datastore, path.path_on_datastore
    elif isinstance(path, AbstractDatastore):
        raise UserErrorException("'%s' is a datastore, not a path in one: pass (datastore, '/path')" % path.name)
    elif isinstance(path, str):
        raise unsupported("the path '%s'" % path, "datasets are made of paths in datastores: pass (datastore, '/path')")
    elif isinstance(path, tuple) and len(path) == 2 and isinstance(path[0], AbstractDatastore):
        for text in path[1] if isinstance(path[1], (list, tuple)) else [path[1]]:
            yield path[0], text
    elif isinstance(path, (list, tuple)):
        for item in path:
            yield from _pairs(item)
    elif hasattr(path, "datastore") and hasattr(path, "path_on_datastore"):
        yield path.datastore, path.path_on_datastore
    else:
        raise UserErrorException(
            "a dataset's path is (datastore, path), a DataPath, or a list of them, not %s" % type(path).__name__
        )


def split_uri(uri):
    """(datastore, path) of an azureml:// address."""
    store, _, path = uri.partition("/datastores/" if "/datastores/" in uri[10:] else "://datastores/")[2].partition(
        "/paths/"
    )
    return store, path


def _target(target):
    if isinstance(target, AbstractDatastore):
        return target, ""
    store, path = list(_pairs(target))[0]
    return store, path.strip("/")


def _must_be_free(store, path):
    storage = store._storage("read")
    for name, _, _ in store._try(lambda: list(storage.list(store._root, path + "/" if path else ""))):
        raise UserErrorException(
            "there are files at '%s' in datastore '%s' ('%s'): pass overwrite=True" % (path or "/", store.name, name)
        )


def _sets(workspace):
    return "/dataset/v1.0%s/datasets" % workspace._id


def _count(value, what):
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserErrorException("%s() needs a number from 0, not %r" % (what, value))
    return value
