"""A tabular dataset as a Spark DataFrame. The session is told the manifest once, and reads `dataset://ID`: each file at the ETag that was registered, by
the access that the server gives for this dataset. Access ends; a thread renews it as long as the session lives."""

import base64
import json
import re
import threading
import weakref
import zlib

from headrace.azureml import blobs, delimited, exceptions
from headrace.azureml.exceptions import DatasetExecutionError, unsupported
from headrace.azureml.steps import ENCODINGS, conversions, spark_pattern, steps_of

FILES = "spark.hadoop.fs.azure.headrace.dataset.%s"
ACCESS = "spark.hadoop.fs.azure.headrace.access.%s"
WHOLE_MAX = 32 << 10  # a manifest up to here is one setting, a larger one comes packed and in parts
PART = 48 << 10
CASTS = {"string": "string", "int": "bigint", "float": "double", "boolean": "boolean"}

_told = weakref.WeakKeyDictionary()  # session -> ids it knows
_lock = threading.Lock()


def active_session():
    from pyspark.sql.connect.session import SparkSession

    spark = (
        SparkSession.getActiveSession() or SparkSession._get_default_session()
    )  # another thread's, where this one has none
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
    frame = READERS[kind](reader, options, path, dataset, steps)
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
    return [
        ("%s.%d" % (FILES % id, at), "%d/%d:%s" % (len(parts), len(text.encode()), part))
        for at, part in enumerate(parts)
    ]


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


def _delimited(reader, options, path, dataset, steps):
    from pyspark.sql.types import StringType, StructField, StructType

    names = _header(dataset, options)
    schema = StructType([StructField(name, StringType()) for name in names])
    if not names:
        return active_session().createDataFrame([], schema)
    multiple = delimited.is_multiple(options)
    frame = reader.csv(
        path,
        schema=schema,
        sep=options.get("delimiter", ","),
        header=delimited.is_headed(options),
        multiLine=multiple,
        encoding=ENCODINGS[options.get("encoding", "utf8")][1],
        quote='"',
        escape='"',
        mode="FAILFAST",  # every record has as many values as the header
        unescapedQuoteHandling="RAISE_ERROR",
        maxColumns=max(20480, len(names)),
    )
    lines = active_session().read.option("recursiveFileLookup", "true").text(path, wholetext=multiple)
    _check_lines(lines, options)
    typed = {
        name.lower()
        for step, argument in steps
        if step == "convert_column_types"
        for name, _, _ in conversions(argument)
    }
    infers = [options.get("infer_column_types", True) and name.lower() not in typed for name in names]
    looks = _looks(frame, names, options)
    return frame.select(
        *[
            _column(frame, name, look if infer else 0, options).alias(name)
            for name, look, infer in zip(names, looks, infers)
        ]
    )


def _header(dataset, options):
    """The names of all files' columns, by the beginning of each; raises as pandas' reader does."""
    files, storage = dataset._manifest()["files"], dataset._storage()
    heads = dataset._try(lambda: blobs.parallel(lambda item: _head(storage, item), files))
    expected = None
    for item, head in zip(files, heads):
        try:
            delimited.check_start(head)
            text = head.decode(ENCODINGS[options.get("encoding", "utf8")][0], "ignore").encode()
            if len(head) >= delimited.HEAD and not re.search(rb"[\r\n]", text.lstrip()):
                text = (
                    storage.read(item["url"], item["etag"])
                    .decode(ENCODINGS[options.get("encoding", "utf8")][0], "replace")
                    .encode()
                )
            names = delimited.names(options, text)
            if names is not None:
                delimited.check_header(options, names, expected)
                expected = names
        except ValueError as err:
            raise _unreadable(item["url"], err) from None
    return expected or []


def _head(storage, item):
    wanted = {"If-Match": item["etag"], "Range": "bytes=0-%d" % (delimited.HEAD - 1)}
    body = storage.request("GET", item["url"], headers=wanted, accept=(200, 206)).content if item["size"] else b""
    try:
        return delimited.unpacked(item, body, whole=False)
    except ValueError as err:
        raise _unreadable(item["url"], err) from None


def _unreadable(place, why):
    return DatasetExecutionError("'%s' cannot be read as delimited: %s" % (place, why))


def _check_lines(lines, options):
    """Quotes, by line (by file where values may span lines): a reader of values does not see how they were written."""
    from pyspark.sql import functions

    value, begins = delimited.quoted(options.get("delimiter", ","))
    rest = functions.regexp_replace(lines.value, value, "")
    bad = lines.where(lines.value.contains('"') & rest.rlike(begins)).select("value").limit(1).collect()
    if not bad:
        return
    place = "a file of the dataset"
    whole = delimited.is_multiple(options)
    raise _unreadable(
        place, delimited.BAD_QUOTE if whole else "%s; or %s" % (delimited.BAD_QUOTE, delimited.QUOTED_BREAK)
    )


# what a value looks like, as bits; those that all values of a column have are left
INT, LONG, WHOLE, DECIMAL, TRUTH, DAY, MOMENT, TEXT = (1 << at for at in range(8))
COLUMNS_AT_ONCE = 200


def _looks(frame, names, options):
    """What all values of each column look like; every record is read, so that what cannot be is told now, as pandas' reader tells it."""
    from pyspark.sql import functions

    looks = []
    for at in range(0, len(names), COLUMNS_AT_ONCE):
        some = names[at : at + COLUMNS_AT_ONCE]
        asked = [
            functions.expr("bit_and(%s)" % _look(_quoted(name))).alias("c%d" % number)
            for number, name in enumerate(some)
        ]
        asked += [
            functions.expr("count_if(contains(%s, '\ufffd'))" % _quoted(name)).alias("b%d" % number)
            for number, name in enumerate(some)
        ]
        try:
            row = frame.select(*[frame[_quoted(name)] for name in names]).agg(*asked).collect()[0]
        except Exception as err:
            if "FILE_CHANGED" in str(err) or "FAILED_READ_FILE" not in str(err) and "quote character" not in str(err):
                raise
            raise _unreadable(
                "a file of the dataset",
                "a record has not as many values as the header, or its quotes are wrong: %s" % _first_line(err),
            ) from None
        looks += [0 if look is None else look for look in row[: len(some)]]
        if any(row[len(some) :]):
            raise _unreadable(
                "a file of the dataset", delimited.NOT_TEXT % ENCODINGS[options.get("encoding", "utf8")][0]
            )
    return looks


def _first_line(err):
    return str(err).splitlines()[0][:300]


def _look(name):
    def bit(condition, value):
        return "if(%s, %d, 0)" % (condition, value)

    def like(pattern):
        return "%s RLIKE '%s'" % (name, pattern)

    bits = [
        bit("%s AND try_cast(%s AS INT) IS NOT NULL" % (like(delimited.WHOLE), name), INT),
        bit("%s AND try_cast(%s AS BIGINT) IS NOT NULL" % (like(delimited.WHOLE), name), LONG),
        bit(like(delimited.WHOLE), WHOLE),
        bit(like(delimited.DECIMAL), DECIMAL),
        bit(like(delimited.TRUTH), TRUTH),
        bit("%s AND try_cast(%s AS DATE) IS NOT NULL" % (like(delimited.DAY), name), DAY),
        bit("%s AND %s IS NOT NULL" % (like(delimited.MOMENT), _moment(name)), MOMENT),
    ]
    return "CASE WHEN nullif(%s, '') IS NOT NULL THEN %s END" % (name, " | ".join(bits))


def _moment(name):
    """The local time of UTC, as pandas has it: a time zone behind it is taken off."""
    sign, hours, minutes = ("regexp_extract(%s, '([+-])([0-9]{2}):?([0-9]{2})$', %d)" % (name, at) for at in (1, 2, 3))
    local = "try_cast(regexp_replace(%s, '%s', '') AS TIMESTAMP_NTZ)" % (name, delimited.ZONE)
    ahead = "CAST(concat(%s, %s) AS INT) * 60 + CAST(concat(%s, %s) AS INT)" % (sign, hours, sign, minutes)
    return "(CASE WHEN %s = '' THEN %s ELSE %s - INTERVAL '1' MINUTE * (%s) END)" % (sign, local, local, ahead)


def _column(frame, name, look, options):
    from pyspark.sql import functions

    text = "nullif(%s, '')" % _quoted(name)
    if look & WHOLE:
        text_type = "INT" if look & INT else "BIGINT" if look & LONG else None
        if text_type:
            return functions.expr("try_cast(%s AS %s)" % (text, text_type))
    elif look & DECIMAL:
        return functions.expr("try_cast(%s AS DOUBLE)" % text)
    elif look & TRUTH:
        return functions.expr("lower(%s) = 'true'" % text)
    elif look & DAY:
        return functions.expr("try_cast(%s AS DATE)" % text)
    elif look & MOMENT:
        return functions.expr(_moment(text))
    made = functions.expr("coalesce(%s, '')" % _quoted(name) if options.get("empty_as_string") else text)
    return functions.regexp_replace(made, "\r\n?", "\n") if delimited.is_multiple(options) else made


def _json_lines(reader, options, path, dataset, steps):
    if options.get("encoding", "utf8") not in ("utf8", "ascii"):
        raise unsupported("encoding '%s' of JSON lines in a Spark session" % options["encoding"])
    return reader.json(path, mode="DROPMALFORMED" if options.get("invalid_lines") == "drop" else "FAILFAST")


def _parquet(reader, options, path, dataset, steps):
    return reader.parquet(path)


READERS = {"read_delimited": _delimited, "read_json_lines": _json_lines, "read_parquet": _parquet}


def _convert(frame, argument):
    from pyspark.sql import functions

    for name, kind, formats in conversions(argument):
        _must_have(frame, [name])
        column = frame[_quoted(name)]
        if kind == "datetime" and formats:
            column = functions.coalesce(
                *[
                    functions.try_to_timestamp(column.cast("string"), functions.lit(spark_pattern(text)))
                    for text in formats
                ]
            )
        else:
            column = _converted(frame, name, kind)
        frame = frame.withColumn(name, column)
    return frame


def _converted(frame, name, kind):
    from pyspark.sql import functions

    column, text = frame[_quoted(name)], dict(frame.dtypes)[name] == "string"
    if not text or kind == "string":
        return column.try_cast(CASTS.get(kind, "timestamp"))
    value = _quoted(name)
    if kind == "datetime":
        made = "CAST(%s AS TIMESTAMP)" % _moment(value)
    elif kind == "int":
        made = "try_cast(regexp_replace(%s, '[.]0* *$', '') AS BIGINT)" % value
    else:
        made = "try_cast(%s AS %s)" % (value, CASTS[kind])
    return functions.expr("CASE WHEN %s RLIKE '%s' THEN %s END" % (value, delimited.CONVERTED[kind], made))


def _must_have(frame, names):
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DatasetExecutionError(
            "the dataset has no column '%s'; it has %s" % (missing[0], ", ".join(frame.columns))
        )


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
