"""A low limit of open files: the server serves, or it says at its start that this is the reason and how to raise it."""

import resource
import signal
import subprocess

import pytest

from support.serve import BUILD, until


def serve(home, soft, hard):
    """What a server said whose process may have so many open files; it is ended when it serves."""
    process = subprocess.Popen(
        [str(BUILD / "headrace"), "serve", "--home", str(home), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    try:
        until(lambda: process.poll() is not None or (home / "run/endpoint.json").exists(), 30, "its start or its end")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)[0]


@pytest.mark.parametrize("limit", [16, 24, 32, 48])
def test_too_low_a_limit_is_told(tmp_path, limit):
    said = serve(tmp_path / "home", limit, limit)
    assert f"too many open files: the process may have {limit}" in said and "ulimit -n" in said, said
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("soft, hard", [(64, 64), (128, 128), (24, 4096)])
def test_a_low_limit_is_served(tmp_path, soft, hard):
    assert "headrace serves home" in serve(tmp_path / "home", soft, hard)
