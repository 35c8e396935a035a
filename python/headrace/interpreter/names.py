"""What a session's code finds defined, and what is added to pyspark's client so that session code written for a driver runs as
it is."""

import os
import sys
import threading
import types

from headrace.interpreter import absent, errors


STATE = {}  # of this process: the request that it was forked for


def set_environment(changes):
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)


def new_main():
    """A fresh `__main__`: functions defined in it are pickled by value, as in a driver's shell."""
    import builtins

    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __doc__=None)
    sys.modules["__main__"] = main
    sys.ps1, sys.ps2 = (
        ">>> ",
        "... ",
    )  # as in every shell: pyspark takes a __main__ without a file for a run of its doctests
    return main


def fill(main, request, runner):
    """Puts `spark`, `sc`, `sqlContext`, `ws`, `display` and `displayHTML` in place; returns the Spark session."""
    from headrace.interpreter.context import SQLContext

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    os.environ.setdefault("MPLBACKEND", "module://headrace.interpreter.figures")
    spark = connect(request)
    STATE["request"] = request
    context = context_of(spark)
    main.__dict__.update(
        spark=spark, sc=context, sqlContext=SQLContext(spark), display=runner.display, displayHTML=runner.display_html
    )
    absent.install(main.__dict__)
    if request.get("workspace"):
        main.__dict__["ws"] = workspace(request["workspace"])
    return spark


def configure(spark, conf):
    """Sets the configuration that the session was asked for, as a SparkSession's builder does: what is static is left alone, with a warning."""
    if conf:
        spark.conf._set_all({str(key): str(value) for key, value in conf.items()}, silent=True)


def connect(request):
    """The session's SparkSession. The channel connects by itself, in the background, at once."""
    from pyspark.sql.connect.client import ChannelBuilder
    from pyspark.sql.connect.session import SparkSession

    where = request["connect"]
    if where.startswith("unix:"):
        params = {name: request[name] for name in ("token", "session_id", "user_id") if request.get(name)}

        class UnixChannel(ChannelBuilder):
            host = where

            def toChannel(self):
                token = self.getDefault(self.PARAM_TOKEN, None)
                if token:  # no TLS inside one machine: the socket's mode protects it
                    self.add_interceptor(_bearer(token))
                self.setChannelOption("grpc.default_authority", "localhost")
                return self._insecure_channel(where)

        session = SparkSession(connection=UnixChannel(params=params))
    else:
        session = SparkSession(connection=where)
    os.environ["SPARK_REMOTE"] = where
    session.release_session_on_close = False  # the session is the daemon's, not its code's
    SparkSession._set_default_and_active_session(session)
    session._client._channel.subscribe(lambda state: None, try_to_connect=True)
    return session


def create_again(original):
    """`SparkSession.builder.getOrCreate()` after `spark.stop()`: a new connection to the same session, whatever address it has."""

    def create(self):
        wanted = self._options.get("spark.remote")
        if (
            self._channel_builder is not None
            or "request" not in STATE
            or wanted not in (None, STATE["request"]["connect"])
        ):
            return original(self)
        session = connect(STATE["request"])
        self._apply_options(session)
        return session

    return create


def _bearer(token):
    import collections

    import grpc

    details = collections.namedtuple(
        "details", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")
    )

    class Bearer(
        grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamUnaryClientInterceptor
    ):
        def _with(self, go, call, request):
            metadata = list(call.metadata or ()) + [("authorization", "Bearer " + token)]
            return go(details(call.method, call.timeout, metadata, call.credentials, None, None), request)

        intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _with

    return Bearer()


def workspace(fields):
    """`ws`: made without a request to the server; what it does not know it asks for when it is used."""
    from headrace.azureml.core import Workspace
    from headrace.azureml import client

    return Workspace._known(
        client.Endpoint(fields["url"], fields.get("token"), fields.get("ca_file")),
        fields["subscription_id"],
        fields["resource_group"],
        fields["workspace_name"],
    )


def update_workspace(main, fields):
    fresh = workspace(fields)
    current = main.__dict__.get("ws")
    if type(current) is type(fresh):
        current._adopt(fresh)
    else:
        main.__dict__["ws"] = fresh


# cancelling: every operation of a statement carries its tag


def tag(spark, name, on):
    try:
        (spark.addTag if on else spark.removeTag)(name)
    except Exception:  # the code has stopped `spark`
        pass


def interrupt_tag(spark, name):
    def interrupt():
        try:
            spark.interruptTag(name)
        except Exception as error:
            try:
                print("interrupt of %s: %s" % (name, errors.message_of(error)), file=sys.__stderr__)
            except OSError:  # the log's disk is full
                pass

    threading.Thread(target=interrupt, name="interrupt", daemon=True).start()


# pyspark's client, for code written for a driver


def call_site(depth):
    """Where pyspark says a column came from: a line of a cell, without walking through the whole stack."""
    frame = sys._getframe(1)
    while frame is not None and not errors.is_user(frame.f_code.co_filename):
        frame = frame.f_back
    return "%s:%d" % (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ""


def patch_pyspark():
    """Once, in the fork server. Everything here makes a name work that the Connect client lacks; nothing changes a result."""
    import pyspark
    from pyspark.errors import utils as error_utils
    from pyspark.errors.exceptions.base import PySparkException
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.readwriter import DataFrameReader
    from pyspark.sql.connect.session import SparkSession
    import pyspark.sql.session

    from headrace.interpreter import context, rdd

    error_utils._capture_call_site = call_site
    PySparkException._log_exception = lambda self: None  # the statement's error says the same, once
    SparkSession.sparkContext = property(lambda self: context_of(self))
    SparkSession._jsc = property(lambda self: context_of(self)._jsc)
    SparkSession._sc = property(lambda self: context_of(self))
    DataFrame.rdd = property(rdd.of_frame)
    DataFrame.toJSON = rdd.json_of_frame
    for name in ("json", "csv"):
        setattr(DataFrameReader, name, rdd.reading(getattr(DataFrameReader, name)))
    # builder.master(…), config("spark.master", …): the session is there already and keeps its master, as a driver's does
    pyspark.sql.session.SparkSession.Builder._validate_startup_urls = lambda self: None
    SparkSession.Builder.create = create_again(SparkSession.Builder.create)
    SparkSession.createDataFrame = rdd.creating(SparkSession.createDataFrame)
    if not hasattr(pyspark, "SparkContext"):
        pyspark.SparkContext = context.SparkContext
        pyspark.RDD = rdd.RDD


def context_of(spark):
    from headrace.interpreter.context import SparkContext

    if not hasattr(spark, "_headrace_context"):
        spark.__dict__["_headrace_context"] = SparkContext.of_session(
            spark, STATE.get("request", {}).get("session") or {}
        )
    return spark.__dict__["_headrace_context"]
