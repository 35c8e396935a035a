"""A short run of the chaos script (doc/session.md tells of long ones)."""

import json
import subprocess
import sys

from support.serve import ROOT


def test_a_few_kills_lose_nothing(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "test/fault/chaos.py",
            "--kills",
            "10",
            "--seed",
            "5",
            "--seconds",
            "30",
            "--home",
            tmp_path / "chaos",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["kills"] >= 3 and len(result["acknowledged"]) >= 12 and not result["found"]
