"""Tabular datasets: files read as a table, by pandas or by Spark. doc/dataset.md says how columns get their types."""

from headrace.azureml import dataset as datasets
from headrace.azureml import frames, spark
from headrace.azureml.dataset import AbstractDataset, read_paths
from headrace.azureml.exceptions import UserErrorException, unsupported
from headrace.azureml.steps import ENCODINGS


class PromoteHeadersBehavior:
    """How the first line of a delimited file is read."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


class DataType:
    """A column's type for `set_column_types`."""

    def __init__(self, kind, formats=None):
        self._kind = kind
        self._formats = formats

    @staticmethod
    def to_string():
        return DataType("string")

    @staticmethod
    def to_long():
        return DataType("int")

    @staticmethod
    def to_float(decimal_mark="."):
        if decimal_mark != ".":
            raise unsupported("DataType.to_float(decimal_mark=%r)" % decimal_mark)
        return DataType("float")

    @staticmethod
    def to_bool():
        return DataType("boolean")

    @staticmethod
    def to_datetime(formats=None):
        """A date and time; `formats` are strptime's, tried in order; without them, ISO 8601."""
        formats = [formats] if isinstance(formats, str) else list(formats or ())
        return DataType("datetime", formats)

    @staticmethod
    def to_stream(workspace=None):
        raise unsupported("DataType.to_stream")

    def __repr__(self):
        return "DataType.to_%s()" % {"int": "long", "boolean": "bool"}.get(self._kind, self._kind)


class TabularDatasetFactory:
    """`Dataset.Tabular`"""

    @staticmethod
    def from_delimited_files(
        path,
        validate=True,
        include_path=False,
        infer_column_types=True,
        set_column_types=None,
        separator=",",
        header=True,
        partition_format=None,
        support_multi_line=False,
        empty_as_string=False,
        encoding="utf8",
    ):
        """A table of delimited text. `header`: True (every file begins with the same names) or False (columns are Column1, Column2, …)."""
        if not isinstance(separator, str) or len(separator) != 1:
            raise unsupported("separator %r" % (separator,), "one character is")
        reader = {
            "delimiter": separator,
            "header": _header(header),
            "encoding": _encoding(encoding),
            "infer_column_types": bool(infer_column_types),
            "support_multi_line": bool(support_multi_line),
            "empty_as_string": bool(empty_as_string),
            "include_path_column": bool(include_path),
        }
        return _make(path, {"read_delimited": reader}, validate, set_column_types, partition_format)

    @staticmethod
    def from_json_lines_files(
        path,
        validate=True,
        include_path=False,
        set_column_types=None,
        partition_format=None,
        invalid_lines="error",
        encoding="utf8",
    ):
        """A table of JSON objects, one a line. `invalid_lines`: "error" or "drop"."""
        if invalid_lines not in ("error", "drop"):
            raise UserErrorException("invalid_lines is %r, not 'error' or 'drop'" % (invalid_lines,))
        reader = {
            "encoding": _encoding(encoding),
            "invalid_lines": invalid_lines,
            "include_path_column": bool(include_path),
        }
        return _make(path, {"read_json_lines": reader}, validate, set_column_types, partition_format)

    @staticmethod
    def from_parquet_files(path, validate=True, include_path=False, set_column_types=None, partition_format=None):
        """A table of Parquet files."""
        return _make(
            path,
            {"read_parquet": {"include_path_column": bool(include_path)}},
            validate,
            set_column_types,
            partition_format,
        )

    @staticmethod
    def from_sql_query(*args, **kwargs):
        raise unsupported("Dataset.Tabular.from_sql_query")

    @staticmethod
    def register_pandas_dataframe(dataframe, target, name, description=None, tags=None, show_progress=True):
        """Stores a pandas DataFrame as Parquet in `target`, a datastore, (datastore, path) or DataPath, and registers it as the next version of `name`."""
        import os
        import tempfile
        import uuid

        store, path = datasets._target(target)
        folder = "/".join(part for part in (path, str(uuid.uuid4())) if part)
        with tempfile.TemporaryDirectory() as local:
            dataframe.to_parquet(os.path.join(local, "part-00000.parquet"), index=False)
            store.upload(local, folder, overwrite=True, show_progress=show_progress)
        made = TabularDatasetFactory.from_parquet_files((store, folder))
        return made.register(store.workspace, name, description, tags, create_new_version=True)


class TabularDataset(AbstractDataset):
    """A table, read from files of datastores."""

    _kind = "tabular"

    def take(self, count):
        """The first records."""
        return self._with({"take": datasets._count(count, "take")})

    def skip(self, count):
        """Without the first records."""
        return self._with({"skip": datasets._count(count, "skip")})

    def keep_columns(self, columns, validate=False):
        """Only these columns, in the order in which they are given."""
        return self._checked({"keep_columns": _names(columns)}, validate)

    def drop_columns(self, columns):
        """Without these columns."""
        return self._with({"drop_columns": _names(columns)})

    def _checked(self, step, validate):
        made = self._with(step)
        if validate:
            made.take(1).to_pandas_dataframe()
        return made

    def to_pandas_dataframe(self, on_error="null", out_of_range_datetime="null"):
        """The whole table as a pandas DataFrame. `on_error`: a value that set_column_types cannot convert is "null", or ends it ("fail")."""
        for name, value in (("on_error", on_error), ("out_of_range_datetime", out_of_range_datetime)):
            if value not in ("null", "fail"):
                raise UserErrorException("%s is %r, not 'null' or 'fail'" % (name, value))
        return frames.read(self, on_error)

    def to_spark_dataframe(self):
        """The table as a DataFrame of the Spark session that is active here. It reads the registered bytes, whenever it is evaluated, or fails naming
        the file that changed."""
        return spark.read(self)

    def to_csv_files(self, separator=","):
        raise unsupported("TabularDataset.to_csv_files", "to_spark_dataframe().write.csv(…) writes files")

    def to_parquet_files(self):
        raise unsupported("TabularDataset.to_parquet_files", "to_spark_dataframe().write.parquet(…) writes files")

    def __getitem__(self, name):
        raise unsupported("TabularDataset['%s']" % name, "filter with to_pandas_dataframe() or to_spark_dataframe()")


def _make(path, reader, validate, types, partition_format):
    if partition_format is not None:
        raise unsupported("partition_format=…")
    workspace, paths = read_paths(path)
    steps = [reader]
    if types:
        steps.append({"convert_column_types": [_conversion(name, kind) for name, kind in types.items()]})
    made = TabularDataset(workspace, paths, steps)
    return made._save() if validate else made


def _conversion(name, kind):
    if not isinstance(kind, DataType):
        raise UserErrorException("the type of column '%s' is %r: use DataType.to_…()" % (name, kind))
    return {
        "columns": name,
        "column_type": {"datetime": {"formats": kind._formats}} if kind._kind == "datetime" else kind._kind,
    }


def _header(header):
    if header is True or header == PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS and header is not False:
        return "all_files_same_headers"
    if header is False or header == PromoteHeadersBehavior.NO_HEADERS:
        return "no_header"
    raise unsupported("header=%r" % (header,), "True (all files have the same headers) and False (none has) are")


def _encoding(encoding):
    if encoding not in ENCODINGS:
        raise unsupported("encoding '%s'" % encoding, "%s are" % ", ".join(ENCODINGS))
    return encoding


def _names(columns):
    names = [columns] if isinstance(columns, str) else list(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise UserErrorException("the columns are %r, not a name or a list of names" % (columns,))
    return names


datasets.KINDS["tabular"] = TabularDataset
datasets.Dataset.Tabular = TabularDatasetFactory
