"""A tabular dataset as a Spark DataFrame. The session is told the manifest once, and reads `dataset://ID`: each file at the ETag that was registered, by
the access that the server gives for this dataset. Access ends; a thread renews it as long as the session lives."""

import base64
import json
import threading
import weakref
import zlib

from headrace.azureml import exceptions
from headrace.azureml.exceptions import DatasetExecutionError, unsupported
from headrace.azureml.tabular import ENCODINGS, conversions, spark_pattern, steps_of

FILES = "spark.hadoop.fs.azure.headrace.dataset.%s"
ACCESS = "spark.hadoop.fs.azure.headrace.access.%s"
WHOLE_MAX = 32 << 10  # a manifest up to here is one setting, a larger one comes packed and in parts
PART = 48 << 10
CASTS = {"string": "string", "int": "bigint", "float": "double", "boolean": "boolean"}

_told = weakref.WeakKeyDictionary()  # session -> ids it knows
_lock = threading.Lock()


def active_session():
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession.getActiveSession() or SparkSession._get_default_session()  # another thread's, where this one has none
    if spark is None:
        raise exceptions.UserErrorException(
            "there is no Spark session here: use a cell with %%synapse, or SparkSession.builder.remote(…).getOrCreate() first"
        )
    return spark


def read(dataset):
    spark = active_session()
    kind, options, steps = steps_of(dataset)
    if options.get("include_path_column"):
        raise unsupported("include_path=True in a Spark session", "pyspark's input_file_name() names the file")
    id = _tell(spark, dataset)
    reader = spark.read.option("recursiveFileLookup", "true")
    path = "dataset://%s/" % id
    frame = READERS[kind](reader, options, path)
    for step, argument in steps:
        frame = STEPS[step](frame, argument)
    return frame


def _tell(spark, dataset):
    """Makes the dataset's files known to the session, and how they are reached."""
    manifest = dataset._manifest()
    id = manifest["savedDatasetId"]
    with _lock:
        known = _told.setdefault(spark, {})
        if id not in known:
            for key, value in _settings(id, manifest["files"]):
                spark.conf.set(key, value)
        storage = dataset._storage()
        if id in known:  # what was given may have ended with a role
            storage._take(dataset._renewed())
        spark.conf.set(ACCESS % id, json.dumps(storage.fresh()))
        if id not in known:
            known[id] = True
            _Renewal(spark, dataset, id).start()
    return id


def _settings(id, files):
    text = json.dumps({"files": files})
    if len(text) <= WHOLE_MAX:
        return [(FILES % id, text)]
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    parts = [packed[at : at + PART] for at in range(0, len(packed), PART)]
    return [("%s.%d" % (FILES % id, at), "%d/%d:%s" % (len(parts), len(text.encode()), part)) for at, part in enumerate(parts)]


class _Renewal:
    """Renews a dataset's access in a session, at two thirds of its life, while the session is used."""

    def __init__(self, spark, dataset, id):
        self._spark = weakref.ref(spark)
        self._dataset = dataset
        self._id = id

    def start(self):
        import time

        left = self._dataset._storage()._ends - time.time()
        timer = threading.Timer(max(5.0, left * 2 / 3), self._renew)
        timer.daemon = True
        timer.start()

    def _renew(self):
        spark = self._spark()
        if spark is None or spark.is_stopped:
            return
        try:
            storage = self._dataset._storage()
            storage._take(self._dataset._renewed())
            spark.conf.set(ACCESS % self._id, json.dumps(storage.given))
        except Exception:  # the session or a role ended: a read that needs access will say so
            return
        self.start()


def _delimited(reader, options, path):
    encoding = ENCODINGS[options.get("encoding", "utf8")][1]
    if encoding is None:
        raise unsupported("encoding '%s' in a Spark session" % options["encoding"])
    headed = options.get("header", "all_files_same_headers") != "no_header"
    frame = reader.csv(
        path,
        sep=options.get("delimiter", ","),
        header=headed,
        inferSchema=options.get("infer_column_types", True),
        multiLine=options.get("support_multi_line", False),
        encoding=encoding,
        quote='"',
        escape='"',
    )
    if not headed:
        frame = frame.toDF(*["Column%d" % (i + 1) for i in range(len(frame.columns))])
    return frame.fillna("") if options.get("empty_as_string") else frame


def _json_lines(reader, options, path):
    if options.get("encoding", "utf8") not in ("utf8", "ascii"):
        raise unsupported("encoding '%s' of JSON lines in a Spark session" % options["encoding"])
    return reader.json(path, mode="DROPMALFORMED" if options.get("invalid_lines") == "drop" else "FAILFAST")


def _parquet(reader, options, path):
    return reader.parquet(path)


READERS = {"read_delimited": _delimited, "read_json_lines": _json_lines, "read_parquet": _parquet}


def _convert(frame, argument):
    from pyspark.sql import functions

    for name, kind, formats in conversions(argument):
        _must_have(frame, [name])
        column = frame[_quoted(name)]
        if kind == "datetime" and formats:
            column = functions.coalesce(
                *[functions.try_to_timestamp(column.cast("string"), functions.lit(spark_pattern(text))) for text in formats]
            )
        else:
            column = column.try_cast(CASTS.get(kind, "timestamp"))
        frame = frame.withColumn(name, column)
    return frame


def _must_have(frame, names):
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DatasetExecutionError("the dataset has no column '%s'; it has %s" % (missing[0], ", ".join(frame.columns)))


def _quoted(name):
    return "`%s`" % name.replace("`", "``")


def _keep(frame, names):
    _must_have(frame, names)
    return frame.select(*[frame[_quoted(name)] for name in names])


def _drop(frame, names):
    _must_have(frame, names)
    return frame.drop(*names)


STEPS = {
    "convert_column_types": _convert,
    "take": lambda frame, count: frame.limit(count),
    "skip": lambda frame, count: frame.offset(count),
    "keep_columns": _keep,
    "drop_columns": _drop,
}
