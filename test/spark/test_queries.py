"""Every query of queries/*.sql: the same answer as real Spark's, or, where refused.txt lists it, a refusal by name."""

import pytest

from queries import FOLDER, answer, judge, load

REFUSED = {line for line in (FOLDER / "refused.txt").read_text().splitlines() if line and not line.startswith("#")}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_queries(path, ours, oracle):
    wrong, counts = [], {"same": 0, "refused": 0}
    for sql in load(path):
        verdict, mine, spark = judge(ours, oracle, sql)
        expected = "refused" if sql in REFUSED else "same"
        if verdict == expected:
            counts[verdict] += 1
        else:
            wrong.append(
                f"{verdict}, expected {expected}: {sql}\n   ours:  {str(mine)[:300]}\n   spark: {str(spark)[:300]}"
            )
    print(f"{path.stem}: {counts['same']} the same as Spark, {counts['refused']} refused by name")
    assert not wrong, "\n".join(wrong)


def test_no_function_of_spark_is_an_unknown_name(ours, oracle):
    """What Spark has and we have not is refused as that; only what nobody has is an unresolved routine."""
    names = [
        row[0]
        for row in oracle.sql("SHOW FUNCTIONS").collect()
        if row[0][0].isalpha() and row[0] not in ("case", "cast", "range")
    ]
    unknown = [name for name in names if answer(ours, f"SELECT `{name}`()")[1] == "UNRESOLVED_ROUTINE"]
    assert len(names) > 500 and not unknown, unknown
    for sql in (
        "SELECT no_such_function(1)",
        "SELECT nowhere.upper('a')",
        "SELECT system.builtin.upper('a'), builtin.lower('A')",
        "SELECT * FROM no_such_function(1)",
    ):
        assert judge(ours, oracle, sql)[0] == "same", sql
