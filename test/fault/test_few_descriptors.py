"""A low limit of open files: the server serves, or it says that this is the reason; nobody aborts without a word."""
import resource
import signal
import subprocess

import pytest

from support.serve import BUILD, until


@pytest.mark.parametrize("limit", [24, 32, 48, 64, 128])
def test_a_low_limit_is_served_or_told(tmp_path, limit):
    home = tmp_path / "home"
    process = subprocess.Popen([str(BUILD / "headrace"), "serve", "--home", str(home), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    try:
        until(lambda: process.poll() is not None or (home / "run/endpoint.json").exists(), 30, "its start or its end")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[0]
    served = "headrace serves home" in said
    log = home / "log/account.log"
    assert served or "Too many open files" in said + (log.read_text() if log.exists() else ""), said
    assert served or limit < 64, said
