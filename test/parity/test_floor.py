"""All of ./dev parity but a few slow units, as a floor: no unit of it gives fewer right answers, more wrong ones or more internal errors than what landed.

`./dev parity --quick --record` raises the floor. It cannot be lowered by that command."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import parity  # noqa: E402

UNITS = [(suite, unit) for suite, units in parity.landed().items() for unit in units if unit not in parity.SLOW]


@pytest.fixture(scope="module")
def results():
    return parity.run_all(parity.SUITES, quick=True, limit=30)


@pytest.mark.parametrize("suite,unit", UNITS)
def test_floor(results, suite, unit):
    verdicts = results[suite][unit]
    reason = parity.fallen(parity.count(verdicts), parity.landed()[suite][unit])
    assert not reason, f"{reason}; ./dev parity {suite} --files {unit} --show wrong,refused,internal"
