"""Runs the queries of queries/*.sql on real Spark and on ours, and says where they differ: schema (names, types, nullability), rows in their order,
error condition.

    python test/spark/queries.py OURS ORACLE [FILE…] [--refused]     remotes as in SparkSession.builder.remote
"""

import logging
import math
import pathlib
import sys

from pyspark.errors import PySparkException

logging.getLogger("SQLQueryContextLogger").disabled = True  # pyspark logs every error with its JVM stack trace

FOLDER = pathlib.Path(__file__).parent / "queries"
STATEMENTS = ("SELECT", "WITH", "VALUES", "SELEC ", "DESCRIBE", "SHOW", "SET", "RESET", "CREATE OR REPLACE TEMP VIEW")


def load(path):
    """The queries of one file: a line is a whole query, or an expression to be selected."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [
        line if line.upper().startswith(STATEMENTS) else f"SELECT {line}"
        for line in lines
        if line and not line.startswith("#")
    ]


def comparable(value):
    """A value whose equality is what we mean: NaN equals NaN, 1 is not 1.0, −0.0 is not 0.0."""
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else repr(value))
    if isinstance(value, (list, tuple)):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return [(comparable(key), comparable(item)) for key, item in value.items()]
    return (type(value).__name__, value)


def answer(spark, sql):
    """(schema json, rows) or the error's condition."""
    try:
        frame = spark.sql(sql)
        return frame.schema.json(), [comparable(tuple(row)) for row in frame.collect()]
    except PySparkException as error:
        return "error", error.getCondition() or type(error).__name__
    except OverflowError as error:
        raise AssertionError(f"Python cannot hold what {sql!r} gives: compare it as text") from error


def same(ours, spark):
    if ours == spark:
        return True
    if ours[0] == "error" or spark[0] == "error" or ours[0] != spark[0]:
        return False
    return close(ours[1], spark[1])


def close(a, b):
    """Doubles may differ in their last place: sums and library functions round in another order."""
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == 2 and a[0] == b[0] == "float":
        if "nan" in (a[1], b[1]):
            return a[1] == b[1]
        return math.isclose(float(a[1]), float(b[1]), rel_tol=1e-14) and math.copysign(1, float(a[1])) == math.copysign(
            1, float(b[1])
        )
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))
    return a == b


def is_refusal(ours):
    """Ours said by name that it does not do this."""
    return ours[0] == "error" and (ours[1].startswith("UNSUPPORTED_") or ours[1] == "NOT_IMPLEMENTED")


def judge(ours, oracle, sql):
    """('same' | 'refused' | 'wrong', ours, Spark's)"""
    spark, mine = answer(oracle, sql), answer(ours, sql)
    if same(mine, spark):
        return "same", mine, spark
    return ("refused" if is_refusal(mine) else "wrong"), mine, spark


def main():
    from pyspark.sql.connect.session import SparkSession

    names = [name for name in sys.argv[3:] if not name.startswith("--")]
    ours, oracle = (SparkSession.builder.remote(remote).create() for remote in sys.argv[1:3])
    for session in (ours, oracle):
        session.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    counts = {"same": 0, "refused": 0, "wrong": 0}
    for path in sorted(FOLDER.glob("*.sql")):
        if names and path.stem not in names:
            continue
        for sql in load(path):
            verdict, mine, spark = judge(ours, oracle, sql)
            counts[verdict] += 1
            if verdict == "wrong" or (verdict == "refused" and "--refused" in sys.argv):
                print(f"{verdict}: {sql}\n   ours:  {str(mine)[:400]}\n   spark: {str(spark)[:400]}", flush=True)
    print(counts)


if __name__ == "__main__":
    main()
