"""Types that agree in all fields but the last are two types, however many fields there are: each has its own answer, within one session and one
statement. 25 fields is where Spark's own display of a type stops."""

import re

import pytest

from queries import answer, same

# what stands in the statements for n fields, of which the last is the one in brackets
WIDE = {
    "FIELDS": lambda n, last: ", ".join([f"c{i} INT" for i in range(n - 1)] + [last]),
    "STRUCT": lambda n, last: "named_struct(" + ", ".join([f"'c{i}', {i}" for i in range(n - 1)] + [last]) + ")",
    "ROW": lambda n, last: ",".join([str(i) for i in range(n - 1)] + [last]),
    "OBJECT": lambda n, last: "{" + ",".join([f'"c{i}":{i}' for i in range(n - 1)] + [last]) + "}",
}

STATEMENTS = """
from_json('{"x":1,"y":2}', 'FIELDS[x INT]').x a, from_json('{"x":1,"y":2}', 'FIELDS[y INT]').y b
from_json('{"s":"abc"}', 'FIELDS[s INT]').s a, from_json('{"s":"abc"}', 'FIELDS[s STRING]').s b
from_json('[{"x":1,"y":2}]', 'array<struct<FIELDS[x INT]>>').x a, from_json('[{"x":1,"y":2}]', 'array<struct<FIELDS[y INT]>>').y b
to_json(STRUCT['x', 1]) a, to_json(STRUCT['y', 1]) b, to_json(STRUCT['y', 'z']) c
to_json(array(STRUCT['x', 1])) a, to_json(array(STRUCT['y', 1])) b
from_csv('ROW[7]', 'FIELDS[x INT]') a, from_csv('ROW[7]', 'FIELDS[x STRING]') b, from_csv('ROW[7]', 'FIELDS[y INT]').y c
to_csv(STRUCT['x', 1]) a, to_csv(STRUCT['x', 'q,r']) b, to_csv(STRUCT['x', date'2020-01-02']) c
hash(STRUCT['x', 1]) a, hash(STRUCT['x', 'a']) b, hash(STRUCT['x', 1L]) c
xxhash64(STRUCT['x', 1]) a, xxhash64(STRUCT['x', 'a']) b, xxhash64(array(STRUCT['x', 2D])) c
cast(STRUCT['x', 1] AS STRING) a, cast(STRUCT['x', 'b'] AS STRING) b
schema_of_json('OBJECT["x":1]') a, schema_of_json('OBJECT["x":"t"]') b, schema_of_json('OBJECT["y":1]') c
schema_of_csv('ROW[1]') a, schema_of_csv('ROW[x]') b
typeof(STRUCT['x', 1]) a, typeof(STRUCT['y', 1]) b, typeof(array(STRUCT['y', 'a'])) c
""".strip().splitlines()


@pytest.mark.parametrize("n", [25, 26, 30, 200])
def test_wide(ours, oracle, n):
    wrong = []
    for statement in STATEMENTS:
        sql = "SELECT " + re.sub(r"([A-Z]+)\[(.*?)\](?=[)'> ])", lambda found: WIDE[found[1]](n, found[2]), statement)
        mine, spark = answer(ours, sql), answer(oracle, sql)
        if not same(mine, spark) or spark[0] == "error":
            wrong.append(f"{statement}\n   ours:  {str(mine)[-400:]}\n   spark: {str(spark)[-400:]}")
    assert not wrong, "\n".join(wrong)
