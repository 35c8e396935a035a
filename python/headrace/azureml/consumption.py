"""`azureml.data.dataset_consumption_config`: how a run is given a dataset."""

from headrace.azureml import exceptions

MODES = ("direct", "mount", "download")


class DatasetConsumptionConfig:
    """A dataset as a run's input: by name (`direct`), mounted, or downloaded."""

    def __init__(self, name, dataset, mode="direct", path_on_compute=None):
        if mode not in MODES:
            raise exceptions.unsupported("mode '%s' of a dataset input" % mode, "direct, mount and download are")
        if not str(name).isidentifier():
            raise exceptions.UserErrorException(
                "the input name '%s' is not letters, digits and underscores: it becomes an environment variable" % name
            )
        self.name = name
        self.dataset = dataset
        self.mode = mode
        self.path_on_compute = path_on_compute

    def as_mount(self, path_on_compute=None):
        return DatasetConsumptionConfig(self.name, _files(self.dataset, "as_mount"), "mount", path_on_compute)

    def as_download(self, path_on_compute=None):
        return DatasetConsumptionConfig(self.name, _files(self.dataset, "as_download"), "download", path_on_compute)

    def as_hdfs(self):
        raise exceptions.unsupported("as_hdfs()", "to_spark_dataframe() reads a dataset in a Spark session")

    def __repr__(self):
        return "DatasetConsumptionConfig(name='%s', mode='%s', path_on_compute=%r)" % (
            self.name,
            self.mode,
            self.path_on_compute,
        )


def _files(dataset, what):
    if not hasattr(dataset, "to_path"):
        raise exceptions.UserErrorException("%s() needs a file dataset, not a %s" % (what, type(dataset).__name__))
    return dataset
