"""`sc` and `sqlContext`: the part of a driver's SparkContext that has a meaning without a JVM. Everything else is refused by
name."""

import logging
import os
import threading
import time

from headrace.interpreter import rdd
from headrace.interpreter.unsupported import Unsupported

LEVELS = {
    "ALL": logging.DEBUG,
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "OFF": logging.CRITICAL + 10,
}


class Refusing:
    """Refuses attributes by name."""

    _called = "sc"
    _instead = {}

    def __getattr__(self, name):
        if name.startswith("__") or name in ("_repr_html_", "_repr_png_"):
            raise AttributeError(name)
        hint = self._instead.get(name)
        raise Unsupported(
            "%s.%s is not supported in this session, which has no JVM%s"
            % (self._called, name, ": " + hint if hint else "")
        )


class HadoopConfiguration(Refusing):
    """`sc._jsc.hadoopConfiguration()`: `set(k, v)` is `spark.conf.set("spark.hadoop." + k, v)`, which the session's storage
    reads."""

    _called = "hadoopConfiguration()"

    def __init__(self, spark):
        self._spark = spark

    def set(self, key, value):
        self._spark.conf.set(
            "spark.hadoop." + key,
            value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value),
        )

    setBoolean = setInt = setLong = setDouble = setFloat = set

    def get(self, key, default=None):
        return self._spark.conf.get("spark.hadoop." + key, default)

    def getBoolean(self, key, default):
        value = self.get(key)
        return default if value is None else value.strip().lower() == "true"

    def getInt(self, key, default):
        value = self.get(key)
        return default if value is None else int(value)

    getLong = getInt

    def unset(self, key):
        self._spark.conf.unset("spark.hadoop." + key)


class JavaSparkContext(Refusing):
    _called = "sc._jsc"

    def __init__(self, context):
        self._context = context

    def hadoopConfiguration(self):
        return HadoopConfiguration(self._context._spark)

    def sc(self):
        return self

    def version(self):
        return self._context.version


class SparkConf(Refusing):
    """`sc.getConf()`: the session's configuration, read only."""

    _called = "sc.getConf()"
    _instead = {"set": "use spark.conf.set"}

    def __init__(self, spark):
        self._spark = spark

    def get(self, key, defaultValue=None):
        return self._spark.conf.get(key, defaultValue)

    def getAll(self):
        return list(self._spark.conf.getAll.items())

    def contains(self, key):
        return self.get(key) is not None

    def toDebugString(self):
        return "\n".join("%s=%s" % pair for pair in sorted(self.getAll()))


class Broadcast:
    """A value that functions of this session use."""

    def __init__(self, value):
        self.value = value

    def unpersist(self, blocking=False):
        return None

    def destroy(self, blocking=False):
        self.value = None


class SparkContext(Refusing):
    _instead = {
        "accumulator": "aggregate with a DataFrame",
        "newAPIHadoopFile": "use spark.read",
        "sequenceFile": "use spark.read",
        "binaryFiles": "use spark.read.format('binaryFile')",
        "pickleFile": "use spark.read",
        "runJob": "use a DataFrame",
        "wholeTextFiles": "use spark.read.text(path, wholetext=True)",
        "addArchive": "use spark.addArtifacts(path, archive=True)",
        "setCheckpointDir": "use df.localCheckpoint()",
        "_jvm": "there is no JVM",
        "_gateway": "there is no JVM",
    }

    def __init__(self, *_arguments, **_options):
        """What a driver says of a second one, whatever it is asked for with."""
        one = self.getOrCreate()
        raise ValueError(
            "Cannot run multiple SparkContexts at once; existing SparkContext(app=%s, master=%s) is `sc`: "
            "use that, or SparkContext.getOrCreate()" % (one.appName, one.master)
        )

    @classmethod
    def of_session(cls, spark, session):
        self = cls.__new__(cls)
        self._spark = spark
        self._session = session
        self._jsc = JavaSparkContext(self)
        self._local = threading.local()
        self.startTime = int(time.time() * 1000)
        self.pythonVer = "%d.%d" % __import__("sys").version_info[:2]
        return self

    @classmethod
    def getOrCreate(cls, conf=None):
        from pyspark.sql.connect.session import SparkSession

        return SparkSession.builder.getOrCreate().sparkContext

    def __repr__(self):
        return "<SparkContext master=%s appName=%s>" % (self.master, self.appName)

    def _repr_html_(self):
        return None

    @property
    def version(self):
        return self._spark.version

    @property
    def applicationId(self):
        return self._session.get("app_id") or self._spark.session_id

    @property
    def appName(self):
        return self._session.get("name") or "headrace"

    @property
    def master(self):
        return "local[*]"

    @property
    def uiWebUrl(self):
        return self._session.get("ui_url")

    @property
    def defaultParallelism(self):
        return len(os.sched_getaffinity(0))

    @property
    def defaultMinPartitions(self):
        return min(self.defaultParallelism, 2)

    def sparkUser(self):
        return self._session.get("user") or ""

    def getConf(self):
        return SparkConf(self._spark)

    def setLogLevel(self, logLevel):
        """Sets the level of the session's own (Python) log: a JVM's does not exist."""
        if logLevel.upper() not in LEVELS:
            raise ValueError("log level '%s' is none of %s" % (logLevel, ", ".join(LEVELS)))
        logging.getLogger().setLevel(LEVELS[logLevel.upper()])

    # jobs: a group is a tag on the operations of this thread

    def setJobGroup(self, groupId, description, interruptOnCancel=False):
        self._end_group()
        self._spark.addTag(groupId)
        self._local.group, self._local.description = groupId, description

    def _end_group(self):
        if getattr(self._local, "group", None):
            self._spark.removeTag(self._local.group)
        self._local.group = None

    def setJobDescription(self, value):
        self._local.description = value

    def cancelJobGroup(self, groupId):
        self._spark.interruptTag(groupId)

    addJobTag = property(lambda self: self._spark.addTag)
    removeJobTag = property(lambda self: self._spark.removeTag)
    getJobTags = property(lambda self: self._spark.getTags)
    clearJobTags = property(lambda self: self._spark.clearTags)
    cancelJobsWithTag = property(lambda self: self._spark.interruptTag)

    def cancelAllJobs(self):
        self._spark.interruptAll()

    def getLocalProperty(self, key):
        return {
            "spark.jobGroup.id": getattr(self._local, "group", None),
            "spark.job.description": getattr(self._local, "description", None),
        }.get(key)

    # data

    def parallelize(self, c, numSlices=None):
        return rdd.RDD.of_list(self, c, numSlices or self.defaultParallelism)

    def range(self, start, end=None, step=1, numSlices=None):
        return self.parallelize(range(start) if end is None else range(start, end, step), numSlices)

    def emptyRDD(self):
        return rdd.RDD.of_list(self, [], 1)

    def textFile(self, name, minPartitions=None, use_unicode=True):
        return rdd.of_frame(self._spark.read.text(name.split(","))).map(lambda row: row[0])

    def union(self, rdds):
        return rdds[0].union(*rdds[1:])

    def broadcast(self, value):
        return Broadcast(value)

    def addPyFile(self, path):
        import sys

        self._spark.addArtifacts(path, pyfile=True)
        if path not in sys.path:
            sys.path.insert(
                1, path if path.endswith((".zip", ".egg", ".whl")) else os.path.dirname(os.path.abspath(path))
            )

    def addFile(self, path, recursive=False):
        if recursive:
            raise Unsupported("sc.addFile(recursive=True) is not supported in this session")
        self._spark.addArtifacts(path, file=True)

    def stop(self):
        self._spark.stop()


class SQLContext(Refusing):
    _called = "sqlContext"

    def __init__(self, spark):
        self.sparkSession = spark
        for name in ("sql", "table", "createDataFrame", "range", "read", "readStream", "udf"):
            setattr(self, name, getattr(spark, name))

    def setConf(self, key, value):
        self.sparkSession.conf.set(key, value)

    def getConf(self, key, defaultValue=None):
        return self.sparkSession.conf.get(key, defaultValue)

    def tables(self, dbName=None):
        return self.sparkSession.sql("SHOW TABLES" + (" IN " + dbName if dbName else ""))

    def tableNames(self, dbName=None):
        return [table.name for table in self.sparkSession.catalog.listTables(dbName)]

    def cacheTable(self, tableName):
        self.sparkSession.catalog.cacheTable(tableName)

    def uncacheTable(self, tableName):
        self.sparkSession.catalog.uncacheTable(tableName)

    def clearCache(self):
        self.sparkSession.catalog.clearCache()

    def dropTempTable(self, tableName):
        self.sparkSession.catalog.dropTempView(tableName)

    def registerDataFrameAsTable(self, df, tableName):
        df.createOrReplaceTempView(tableName)
