"""An unmodified PySpark Connect client as the parity suites use it: sessions, answers within a time, errors with their whole chain."""

import json
import logging
import os
import threading

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import pyspark.sql.connect.client.core as core  # noqa: E402
from pyspark.sql.connect.session import SparkSession  # noqa: E402

from hive_text import relabel_months  # noqa: E402

logging.disable(logging.CRITICAL)
TRANSPORT = ("UNAVAILABLE", "Connection refused", "failed to connect", "Socket closed", "Connection reset")


class OutOfTime(Exception):
    """No answer within the limit; the operation was interrupted."""


def connect(remote):
    return SparkSession.builder.remote(remote).create()


def within(seconds, call, interrupt=None):
    """call() on a thread of its own; its result or its exception, or OutOfTime."""
    box = {}

    def run():
        try:
            box["value"] = call()
        except BaseException as error:  # handed to the caller, whatever it is
            box["error"] = error

    def wait(target, limit):
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        thread.join(limit)
        return not thread.is_alive()

    if not wait(run, seconds):
        if interrupt:
            wait(interrupt, 5)
        raise OutOfTime(f"no answer in {seconds} s")
    if "error" in box:
        raise box["error"]
    return box["value"]


def collect(frame):
    """A DataFrame's rows as a pyarrow Table of the wire's own types, and its Spark schema."""
    client = frame._session.client
    table, schema, _ = client.to_table(frame._plan.to_proto(client), {})
    if schema is None:
        schema = frame.schema
    if "interval year" in schema.simpleString() or "interval month" in schema.simpleString():
        table = relabel_months(table)
    return table, schema


# ---- errors ----


def throwables(info, answer):
    """The chain of a server's error: [{types, message, condition, state, parameters}], outermost first."""
    chain = []
    at = answer.root_error_idx if answer is not None and answer.HasField("root_error_idx") else None
    while at is not None and at < len(answer.errors) and len(chain) <= len(answer.errors):
        error = answer.errors[at]
        spark = error.spark_throwable
        known = error.HasField("spark_throwable")
        chain.append(
            {
                "types": list(error.error_type_hierarchy),
                "message": error.message,
                "condition": spark.error_class if known and spark.HasField("error_class") else None,
                "state": spark.sql_state if known and spark.HasField("sql_state") else None,
                "parameters": dict(spark.message_parameters) if known else {},
            }
        )
        at = error.cause_idx if error.HasField("cause_idx") else None
    if info is not None and not (chain and chain[0]["condition"]):
        metadata = info.metadata
        head = {
            "types": json.loads(metadata.get("classes") or "[]"),
            "message": "",
            "condition": metadata.get("errorClass"),
            "state": metadata.get("sqlState"),
            "parameters": json.loads(metadata.get("messageParameters") or "{}"),
        }
        chain[:1] = [dict(head, types=chain[0]["types"], message=chain[0]["message"]) if chain else head]
    return chain


def keep_chains():
    """From now on each exception carries its server's error chain: the client itself keeps the first only."""
    convert = core.convert_exception

    def converted(info, truncated_message, answer, *rest, **named):
        error = convert(info, truncated_message, answer, *rest, **named)
        error.throwables = throwables(info, answer)
        return error

    core.convert_exception = converted


keep_chains()


def describe(error):
    """{types, message, condition, state, parameters, name} of an exception: the first of its chain that has a condition, as Spark's own suite takes it."""
    chain = getattr(error, "throwables", [])
    chosen = next((one for one in chain if one["condition"]), chain[0] if chain else None)
    if chosen is None:
        chosen = {"types": [], "message": str(error), "condition": None, "state": None, "parameters": {}}
    return dict(chosen, name=type(error).__name__, message=chosen["message"] or str(error))


def is_transport(error):
    """Whether nobody answered, or the connection broke."""
    return any(text in str(error) for text in TRANSPORT)
