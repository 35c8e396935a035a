"""Statements that would make gigabytes: at 256 MiB each answers or fails by name, its process stays below a bound, and the session goes on."""

import os
import pathlib
import threading
import time

import pytest
from pyspark.errors import PySparkException

MEMORY, PROCESS = (
    256 << 20,
    1 << 30,
)  # the budget, and what the process may reach: HR_SESSION_MEMORY_MARGIN and what is made between two looks
SANITIZED = "asan" in os.environ.get("HEADRACE_BUILD", "")  # its own memory is counted there too

STATEMENTS = """
SELECT size(sequence(1, 2000000000))
SELECT size(sequence(timestamp'0001-01-01', timestamp'9999-01-01', interval 1 second))
SELECT length(repeat('x', 2000000000))
SELECT max(length(repeat('x', cast(id * 1000000 AS INT)))) FROM range(2000)
SELECT length(space(2147483647))
SELECT length(lpad('x', 2147483647, 'ab')), length(rpad('x', 2147483647, 'ab'))
SELECT length(format_number(1, 2147483647))
SELECT count(*) FROM (SELECT stack(2147483647, 1, 2))
SELECT size(array_repeat('abc', 2147483647))
SELECT sum(c) FROM (SELECT explode(sequence(1, 1000000000)) c)
SELECT length(replace(repeat('a', 1000000), 'a', repeat('b', 1000000)))
SELECT length(regexp_replace(repeat('a', 10000000), 'a', repeat('b', 1000)))
SELECT length(concat_ws(x, x, array(x, x, x), x, x)) FROM (SELECT repeat('a', 100000000) x)
SELECT length(concat(x, x, x, x, x, x, x, x, x, x)) FROM (SELECT repeat('a', 100000000) x)
SELECT length(array_join(array_repeat('abc', 10000000), repeat('x', 1000)))
SELECT size(flatten(array_repeat(sequence(1, 1000000), 1000)))
SELECT size(collect_list(id)) FROM range(100000000)
SELECT size(collect_set(id)) FROM range(50000000)
SELECT size(array_distinct(sequence(1, 3000000 + id))) FROM range(2)
SELECT size(array_union(sequence(1, 3000000 + id), sequence(-3000000L, 0L))) FROM range(2)
SELECT arrays_overlap(sequence(1, 3000000 + id), sequence(-3000000L, 0L)) FROM range(20)
SELECT size(map_from_arrays(sequence(1, 3000000 + id), sequence(1, 3000000 + id))) FROM range(2)
SELECT size(sort_array(sequence(3000000 + id, 1, -1))) FROM range(20)
SELECT length(string_agg(repeat('a', 1000), ',')) FROM range(1000000)
""".strip().splitlines()


@pytest.fixture
def small(make_host):
    return make_host("--memory", "256m")


def highest(host):
    status = pathlib.Path(f"/proc/{host.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def test_nothing_outgrows_the_budget(small):
    spark = small.session()
    for statement in STATEMENTS:
        try:
            spark.sql(statement).collect()
        except PySparkException as error:
            assert error.getCondition() in (
                "OUT_OF_MEMORY",
                "CONNECT.LIMIT_EXCEEDED",
                "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER",
            ), (statement, str(error)[:300])
            assert "SET threads" not in str(error), statement
        assert SANITIZED or highest(small) < PROCESS, statement
        assert spark.sql("SELECT sum(id) FROM range(100000)").first()[0] == 4999950000, statement


def test_what_fits_is_answered(small):
    spark = small.session()
    assert spark.sql(
        "SELECT length(repeat('ab', 20000000)), size(sequence(1, 1000000)), length(lpad('x', 10000000, 'abc'))"
    ).first() == (40000000, 1000000, 10000000)


LONG_ROWS = [  # a look at the flag within a row, or minutes and hours
    "SELECT regexp_count(repeat('ab', 40000000 + cast(id AS INT)), '[ab]') FROM range(1)",
    "SELECT length(regexp_replace(repeat('a', 50000000 + cast(id AS INT)), '(a)', '')) FROM range(1)",
    "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000 + cast(id AS INT))) FROM range(1)",
]


@pytest.mark.parametrize("statement", LONG_ROWS)
def test_an_interrupt_ends_one_long_row(small, statement):
    spark = small.session()
    stop = threading.Timer(1.5, spark.interruptAll)
    stop.start()
    began = time.monotonic()
    with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
        spark.sql(statement).collect()
    assert time.monotonic() - began < 20  # alone it takes two
