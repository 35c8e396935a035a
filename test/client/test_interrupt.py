"""An interrupt ends a statement wherever it is, and the session answers the next one. Alone each takes a second or less to end."""
import threading
import time

import pytest
from pyspark.errors import PySparkException

LONG = "repeat('{}', 200000000 + cast(id AS INT))"
TERMS = 100000

VALUES = [                                                   # of one row, for whose value alone some seconds are too few
    "repeat('a', 100000 + cast(id AS INT)) LIKE concat('%', repeat('a_', 20000), 'b%')",
    "repeat('a', 1000000 + cast(id AS INT)) ILIKE concat('%', repeat('a_', 20000), 'b%')",
    "repeat('a', 100000 + cast(id AS INT)) LIKE ANY ('x', '%" + "a_" * 5000 + "b%')",
    "length(upper(" + LONG.format("é") + "))",
    "length(lower(" + LONG.format("É") + "))",
    "length(initcap(" + LONG.format("é") + "))",
    "length(url_encode(" + LONG.format("é") + "))",
    "length(translate(" + LONG.format("a") + ", 'bcdefghijklmnop', 'x'))",
    "length(translate(repeat('a', 1000000 + cast(id AS INT)), repeat('b', 1000000), 'x'))",
    "substring_index(repeat('a', 10000000 + cast(id AS INT)), concat(repeat('a', 1000000), 'b'), -1)",
    "levenshtein(repeat('a', 300000 + cast(id AS INT)), repeat('b', 300000))",
    "length(mask(" + LONG.format("é") + "))",
    "size(sentences(repeat('a b. ', 100000000 + cast(id AS INT))))",
    "aggregate(sequence(1, 30000000 + id), 0L, (a, x) -> a + x)",
    "size(transform(sequence(1, 20000000 + id), x -> hash(sqrt(x), sqrt(x + 1))))",
    "size(array_distinct(sequence(1, 200000 + id)))",
    "size(array_union(sequence(1, 200000 + id), array(1L)))",
    "size(array_except(sequence(1, 200000 + id), sequence(1L, 200000L)))",
    "exists(sequence(1, 200000 + id), x -> exists(sequence(1, 200000L), y -> y < 0))",
]
STATEMENTS = [f"SELECT {value} FROM range(1)" for value in VALUES] + [
    "SELECT count(*) FROM range(10) WHERE " + " OR ".join(f"(id = {i} AND id <> {i + 1})" for i in range(TERMS)),
    "SELECT count(*) FROM range(10000000000) WHERE hash(id) = id",
    "SELECT sum(a.id + b.id) FROM range(10000000) a JOIN range(10000000) b ON a.id < b.id",
    "SELECT max(x) FROM (SELECT row_number() OVER (ORDER BY hash(id)) x FROM range(100000000))",
    "SELECT count(DISTINCT hash(id, 1)) FROM range(1000000000)",
]


@pytest.fixture(scope="module")
def patient(host):
    session = host.session()
    session.sql("SELECT 1").collect()
    return session


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text[7:60])
def test_an_interrupt_ends_it(patient, statement):
    ended = threading.Event()

    def interrupt():
        while not ended.wait(1):                             # again: the first may come before the statement
            patient.interruptAll()

    thread = threading.Thread(target=interrupt)
    began = time.monotonic()
    thread.start()
    try:
        with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
            patient.sql(statement).collect()
    finally:
        ended.set()
        thread.join()
    assert time.monotonic() - began < 20                     # a loaded machine takes its time, what does not listen takes minutes
    assert patient.sql("SELECT sum(id) FROM range(1000)").first()[0] == 499500
