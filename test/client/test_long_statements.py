"""Statements that are long or deep: what they cost is processor time of the host, linear in their length, however loaded the machine is."""
import os
import pathlib

import pytest

SANITIZED = "asan" in os.environ.get("HEADRACE_BUILD", "")
TERMS = 20000


def many(between, term):
    return between.join(term.format(i=i, next=i + 1) for i in range(TERMS))


CHAINS = {
    "or": ("SELECT count(*) FROM range(10) WHERE " + many(" OR ", "id = {i}"), 10),
    "or of a projection": ("SELECT count_if(x) FROM (SELECT " + many(" OR ", "id = {i}") + " x FROM range(10))", 10),
    "and": ("SELECT count(*) FROM range(10) WHERE " + many(" AND ", "id <> {next}"), 1),
    "in": ("SELECT count(*) FROM range(10) WHERE id IN (" + many(", ", "{i}") + ")", 10),
    "in of computed values": ("SELECT count(*) FROM range(10) WHERE id IN (" + many(", ", "id + {next}") + ")", 0),
    "case": ("SELECT max(CASE " + many(" ", "WHEN id = {i} THEN {next}") + " END) FROM range(10)", 10),
    "coalesce": ("SELECT max(coalesce(" + many(", ", "nullif(id, {i})") + ")) FROM range(10)", 9),
    "greatest": ("SELECT max(greatest(" + many(", ", "id + {i}") + ")) FROM range(10)", TERMS + 8),
}


def cpu_seconds(host):
    fields = pathlib.Path(f"/proc/{host.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_linear(host, spark, name):
    statement, expected = CHAINS[name]
    before = cpu_seconds(host)
    assert spark.sql(statement).first()[0] == expected
    assert SANITIZED or cpu_seconds(host) - before < 6       # each takes one or two; what is quadratic takes 13 and more


def test_a_null_in_a_long_or(spark):
    """Parts of a long OR are told from each other: three values of truth all the same."""
    terms = " OR ".join(f"x = {i}" for i in range(200))
    rows = spark.sql(f"SELECT x, {terms} FROM VALUES (0), (199), (200), (NULL) t(x)").collect()
    assert [row[1] for row in rows] == [True, True, False, None]
    rows = spark.sql(f"SELECT x, {terms} OR x = NULL FROM VALUES (0), (200) t(x)").collect()
    assert [row[1] for row in rows] == [True, None]
