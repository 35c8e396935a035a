"""`azureml.data` and its sub-modules: the names under which datasets and datastores are imported."""

from headrace.azureml.consumption import DatasetConsumptionConfig  # noqa: F401
from headrace.azureml.dataset import Dataset, FileDataset, FileDatasetFactory, _Refusing  # noqa: F401
from headrace.azureml.datastore import (  # noqa: F401
    AbstractDatastore,
    AzureBlobDatastore,
    AzureDataLakeGen2Datastore,
    DataPath,
    Datastore,
)
from headrace.azureml.exceptions import DatasetExecutionError, DatasetValidationError  # noqa: F401
from headrace.azureml.tabular import DataType, PromoteHeadersBehavior, TabularDataset, TabularDatasetFactory  # noqa: F401
