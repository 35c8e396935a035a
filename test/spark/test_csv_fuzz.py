"""A small, fixed part of csv_fuzz.py: random files, options, modes and schemas give the same schema, rows, count and show() as real Spark."""

import pytest

import csv_fuzz


@pytest.mark.parametrize("seed", [11, 12])
def test_csv_fuzz(ours, oracle, tmp_path, seed):
    wrong = csv_fuzz.run(ours, oracle, seed, 30, str(tmp_path))
    assert not wrong, "\n".join(wrong)
