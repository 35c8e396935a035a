"""`azureml.core.Datastore`"""

import os

from headrace.azureml import exceptions
from headrace.azureml.blobs import Denied, Missing, Storage, inside, parallel
from headrace.azureml.client import segment

GIVEN = {"AccountKey": "account_key", "Sas": "sas_token"}


class DataPath:
    """A path in a datastore."""

    def __init__(self, datastore=None, path_on_datastore=None, name=None):
        if not isinstance(datastore, AbstractDatastore):
            raise exceptions.UserErrorException("DataPath needs a datastore, not %s" % type(datastore).__name__)
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore or ""
        self.datapath_name = name

    def __repr__(self):
        return "$AZUREML_DATAREFERENCE_%s/%s" % (self.datastore.name, self.path_on_datastore)


class AbstractDatastore:
    """What the datastores of a workspace share."""

    def __init__(self, workspace, view):
        self.workspace = workspace
        self._take(view)

    def _take(self, view):
        section = view.get("azureStorageSection") or {}
        self._view = view
        self.name = view["name"]
        self.datastore_type = view.get("dataStoreType")
        self.description = view.get("description")
        self.tags = view.get("tags") or {}
        self.is_default = bool(view.get("isDefault"))
        self.account_name = section.get("accountName")
        self.container_name = section.get("containerName")
        self.endpoint = section.get("endpoint")
        self.protocol = section.get("protocol")
        self.credential_type = section.get("credentialType")
        self.is_sas = self.credential_type == "Sas"
        self.account_key = self.sas_token = None  # for those only who may change the workspace
        if self.credential_type in GIVEN:
            setattr(self, GIVEN[self.credential_type], section.get("credential"))
        self.subscription_id = section.get("subscriptionId")
        self.resource_group = section.get("resourceGroup")

    def __repr__(self):
        return "%s(name='%s', account_name='%s', container_name='%s', workspace='%s')" % (
            type(self).__name__,
            self.name,
            self.account_name,
            self.container_name,
            self.workspace.name,
        )

    @property
    def _root(self):
        dfs = self.datastore_type == "AzureDataLakeGen2"
        return "%s://%s@%s.%s.core.windows.net" % (
            "abfss" if dfs else "wasbs",
            self.container_name,
            self.account_name,
            "dfs" if dfs else "blob",
        )

    def _storage(self, permissions):
        def ask():
            path = "%s/%s/access" % (_path(self.workspace), segment(self.name))
            return self.workspace._endpoint.request("POST", path, body={"permissions": permissions}).json()

        return Storage(ask(), ask)

    def path(self, path=None):
        """A path in this datastore, for `Dataset.File.from_files` and the like."""
        return DataPath(self, path or "/")

    def set_as_default(self):
        """Makes this the workspace's default datastore."""
        path = "%s/default/%s" % (_path(self.workspace), segment(self.name))
        self._take(self.workspace._endpoint.request("PUT", path).json())

    def unregister(self):
        """Removes the datastore from the workspace; what it points to stays."""
        self.workspace._endpoint.request(
            "DELETE",
            "%s/%s" % (_path(self.workspace), segment(self.name)),
            accept=(200, 204),
            error=exceptions.UserErrorException,
        )

    # bytes

    def upload(self, src_dir, target_path=None, overwrite=False, show_progress=True):
        """Uploads a folder's files, with the folder structure. Without `overwrite`, files that are there already are left alone. Returns their path in
        the datastore."""
        if not os.path.isdir(src_dir):
            raise exceptions.UserErrorException("src_dir '%s' is not a folder" % src_dir)
        files = [os.path.join(folder, name) for folder, _, names in os.walk(src_dir) for name in names]
        return self.upload_files(sorted(files), src_dir, target_path, overwrite, show_progress)

    def upload_files(self, files, relative_root=None, target_path=None, overwrite=False, show_progress=True):
        """Uploads files, named by their path below `relative_root` (without one, below the folder that they share)."""
        files = [os.path.abspath(os.fspath(file)) for file in files]
        if not files:
            raise exceptions.UserErrorException("there are no files to upload")
        absent = [file for file in files if not os.path.isfile(file)]
        if absent:
            raise exceptions.UserErrorException("'%s' is not a file" % absent[0])
        root = (
            os.path.abspath(relative_root)
            if relative_root
            else os.path.commonpath([os.path.dirname(file) for file in files])
        )
        outside = [file for file in files if os.path.relpath(file, root).startswith("..")]
        if outside:
            raise exceptions.UserErrorException("'%s' is not below relative_root '%s'" % (outside[0], root))
        folder = (target_path or "").strip("/")
        storage = self._storage("write")

        def one(file):
            name = "/".join(part for part in (folder, *os.path.relpath(file, root).split(os.sep)) if part)
            if show_progress:
                print("Uploading %s" % file, flush=True)
            done = storage.put("%s/%s" % (self._root, name), file, overwrite)
            if show_progress:
                print(
                    "Uploaded %s" % file if done else "Target already exists. Skipping upload for %s" % name, flush=True
                )
            return done

        done = self._try(lambda: parallel(one, files))
        if show_progress:
            print("Uploaded %d files" % sum(done), flush=True)
        return DataPath(self, folder or "/")

    def download(self, target_path, prefix=None, overwrite=False, show_progress=True):
        """Downloads what stands below `prefix`, with the folder structure. Returns how many files were written."""
        storage = self._storage("read")
        prefix = (prefix or "").lstrip("/")
        found = self._try(lambda: list(storage.list(self._root, prefix)))

        def one(item):
            name, etag, _ = item
            path = inside(os.path.abspath(target_path), name)
            if os.path.exists(path) and not overwrite:
                if show_progress:
                    print("Path already exists. Skipping download for %s" % path, flush=True)
                return 0
            storage.save("%s/%s" % (self._root, name), path, _quoted(etag))
            if show_progress:
                print("Downloaded %s" % name, flush=True)
            return 1

        return sum(self._try(lambda: parallel(one, found)))

    def _try(self, work):
        try:
            return work()
        except Missing as err:
            raise exceptions.UserErrorException("datastore '%s': '%s' does not exist" % (self.name, err)) from None
        except Denied as err:
            raise exceptions.UserErrorException("datastore '%s': %s" % (self.name, err)) from None


class AzureBlobDatastore(AbstractDatastore):
    """A container of an Azure Blob account."""


class AzureDataLakeGen2Datastore(AbstractDatastore):
    """A file system of a Data Lake Storage Gen2 account."""


CLASSES = {"AzureBlob": AzureBlobDatastore, "AzureDataLakeGen2": AzureDataLakeGen2Datastore}


class Datastore:
    """The datastores of a workspace. `Datastore(workspace, name)` is one of them, without a name the default."""

    def __new__(cls, workspace, name=None):
        return Datastore.get(workspace, name) if name else Datastore.get_default(workspace)

    @staticmethod
    def get(workspace, datastore_name):
        """The datastore of that name. UserErrorException when there is none."""
        if not datastore_name or not isinstance(datastore_name, str):
            raise exceptions.UserErrorException(
                "Datastore.get needs the name of a datastore, not %r" % (datastore_name,)
            )
        return _made(workspace, workspace._endpoint.get("%s/%s" % (_path(workspace), segment(datastore_name))))

    @staticmethod
    def get_default(workspace):
        return _made(workspace, workspace._endpoint.get(_path(workspace) + "/default"))

    @staticmethod
    def register_azure_blob_container(
        workspace,
        datastore_name,
        container_name,
        account_name,
        sas_token=None,
        account_key=None,
        protocol=None,
        endpoint=None,
        overwrite=False,
        create_if_not_exists=False,
        skip_validation=False,
        blob_cache_timeout=None,
        grant_workspace_access=False,
        subscription_id=None,
        resource_group=None,
        description=None,
        tags=None,
    ):
        """Registers a container, by an account key, a SAS, or neither: then each user needs a storage role.

        endpoint: "core.windows.net", another cloud's domain, or the whole address of the account ("http://127.0.0.1:10000/devstoreaccount1"). The
        container is looked at first, unless `skip_validation`.
        """
        if sas_token and account_key:
            raise exceptions.UserErrorException(
                "register_azure_blob_container takes a sas_token or an account_key, not both"
            )
        return _register(
            workspace,
            datastore_name,
            "AzureBlob",
            account_name,
            container_name,
            ("AccountKey", account_key) if account_key else ("Sas", sas_token) if sas_token else ("None", None),
            (protocol, endpoint, overwrite, skip_validation, description, tags),
            create_if_not_exists=create_if_not_exists,
            blob_cache_timeout=blob_cache_timeout,
            grant_workspace_access=grant_workspace_access,
        )

    @staticmethod
    def register_azure_data_lake_gen2(
        workspace,
        datastore_name,
        filesystem,
        account_name,
        tenant_id=None,
        client_id=None,
        client_secret=None,
        resource_url=None,
        authority_url=None,
        protocol=None,
        endpoint=None,
        overwrite=False,
        subscription_id=None,
        resource_group=None,
        grant_workspace_access=False,
        account_key=None,
        sas_token=None,
        skip_validation=False,
        description=None,
        tags=None,
    ):
        """Registers a file system. Azure's own call knows service principals and roles; here it is roles, or (as an addition) an account key or a SAS."""
        return _register(
            workspace,
            datastore_name,
            "AzureDataLakeGen2",
            account_name,
            filesystem,
            ("AccountKey", account_key) if account_key else ("Sas", sas_token) if sas_token else ("None", None),
            (protocol, endpoint, overwrite, skip_validation, description, tags),
            tenant_id=tenant_id,
            client_id=client_id,
            client_secret=client_secret,
            resource_url=resource_url,
            authority_url=authority_url,
            grant_workspace_access=grant_workspace_access,
        )


def _refusing(name):
    def refuse(*args, **kwargs):
        raise exceptions.unsupported("Datastore." + name, "AzureBlob and AzureDataLakeGen2 are")

    return staticmethod(refuse)


for _name in (
    "register_azure_data_lake",
    "register_azure_file_share",
    "register_azure_my_sql",
    "register_azure_postgre_sql",
    "register_azure_sql_database",
    "register_dbfs",
    "register_hdfs",
):
    setattr(Datastore, _name, _refusing(_name))


def all_of(workspace):
    """{name: datastore}"""
    return {view["name"]: _made(workspace, view) for view in workspace._endpoint.list(_path(workspace), None)}


def _path(workspace):
    return "/datastore/v1.0%s/datastores" % workspace._id


def _made(workspace, view):
    return CLASSES.get(view.get("dataStoreType"), AbstractDatastore)(workspace, view)


def _register(workspace, name, kind, account, container, credential, rest, **refused):
    protocol, endpoint, overwrite, skip_validation, description, tags = rest
    for option, value in refused.items():
        if value:
            raise exceptions.unsupported("%s=… of a datastore" % option)
    body = {
        "name": name,
        "dataStoreType": kind,
        "description": description,
        "tags": tags or {},
        "azureStorageSection": {
            "accountName": account,
            "containerName": container,
            "protocol": protocol,
            "endpoint": endpoint,
            "credentialType": credential[0],
            "credential": credential[1],
        },
    }
    path = _path(workspace) + ("/" + segment(name) if overwrite else "")
    params = {"skipValidation": "true"} if skip_validation else None
    return _made(
        workspace, workspace._endpoint.request("PUT" if overwrite else "POST", path, body=body, params=params).json()
    )


def _quoted(etag):
    return etag if not etag or etag.startswith('"') else '"%s"' % etag
