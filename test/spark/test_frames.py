"""Every DataFrame program of frames.py: the same answer as real Spark's, or a refusal by name."""

from frames import PROGRAMS, judge

REFUSED = set()


def test_frames(ours, oracle):
    wrong, refused = [], 0
    for program in PROGRAMS:
        verdict, mine, spark = judge(ours, oracle, program)
        if verdict == ("refused" if program in REFUSED else "same"):
            refused += verdict == "refused"
        else:
            wrong.append(f"{verdict}: {program}\n   ours:  {str(mine)[:400]}\n   spark: {str(spark)[:400]}")
    print(f"{len(PROGRAMS) - refused - len(wrong)} the same as Spark, {refused} refused by name")
    assert not wrong, "\n".join(wrong)
