"""The SDK: Azure Machine Learning's names, for Headrace, over Azure's REST shapes and nothing private.

`azureml.core…` and `headrace.azureml.core…` are the same classes: headrace.dropin makes the first from the second where no
azureml-core is installed.
"""

# import name -> the module of ours whose names it shows
MODULES = {
    "azureml": "headrace.azureml.root",
    "azureml.core": "headrace.azureml.core",
    "azureml.core.authentication": "headrace.azureml.authentication",
    "azureml.core.compute": "headrace.azureml.compute",
    "azureml.core.compute_target": "headrace.azureml.compute",
    "azureml.core.dataset": "headrace.azureml.data",
    "azureml.core.datastore": "headrace.azureml.data",
    "azureml.core.environment": "headrace.azureml.script",
    "azureml.core.experiment": "headrace.azureml.runs",
    "azureml.core.linked_service": "headrace.azureml.linked_service",
    "azureml.core.run": "headrace.azureml.runs",
    "azureml.core.runconfig": "headrace.azureml.script",
    "azureml.core.script_run": "headrace.azureml.runs",
    "azureml.core.script_run_config": "headrace.azureml.script",
    "azureml.core.workspace": "headrace.azureml.workspace",
    "azureml.data": "headrace.azureml.data",
    "azureml.data.azure_data_lake_datastore": "headrace.azureml.data",
    "azureml.data.azure_storage_datastore": "headrace.azureml.data",
    "azureml.data.datapath": "headrace.azureml.data",
    "azureml.data.dataset_consumption_config": "headrace.azureml.data",
    "azureml.data.dataset_error_handling": "headrace.azureml.data",
    "azureml.data.dataset_factory": "headrace.azureml.data",
    "azureml.data.dataset_type_definitions": "headrace.azureml.data",
    "azureml.data.file_dataset": "headrace.azureml.data",
    "azureml.data.tabular_dataset": "headrace.azureml.data",
    "azureml.exceptions": "headrace.azureml.exceptions",
}
