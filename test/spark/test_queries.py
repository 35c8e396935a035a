"""Every query of queries/*.sql: the same answer as real Spark's, or, where refused.txt lists it, a refusal by name."""
import pytest

from queries import FOLDER, judge, load

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
            wrong.append(f"{verdict}, expected {expected}: {sql}\n   ours:  {str(mine)[:300]}\n   spark: {str(spark)[:300]}")
    print(f"{path.stem}: {counts['same']} the same as Spark, {counts['refused']} refused by name")
    assert not wrong, "\n".join(wrong)
