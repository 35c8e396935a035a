"""Somebody sets the wall clock, by days, under a running server: nothing ends for that, and what is to end does."""

import subprocess

import pytest

from support.rest import Rest
from support.serve import Serve, until

# the wall clock of a process, moved by as many seconds as a file says
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(clock, now);
    FILE *file = clock == CLOCK_REALTIME && getenv("STEPPED") ? fopen(getenv("STEPPED"), "r") : NULL;
    long seconds;
    if (file && fscanf(file, "%ld", &seconds) == 1)
        now->tv_sec += seconds;
    if (file)
        fclose(file);
    return code;
}
"""


@pytest.fixture
def stepped(tmp_path):
    """A server and a function that sets its clock."""
    (tmp_path / "step.c").write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "step.so", tmp_path / "step.c", "-ldl"], check=True)
    (tmp_path / "seconds").write_text("0")
    with Serve(
        tmp_path / "home", env={"LD_PRELOAD": str(tmp_path / "step.so"), "STEPPED": str(tmp_path / "seconds")}
    ) as server:
        yield server, lambda seconds: (tmp_path / "seconds").write_text(str(seconds))


@pytest.mark.parametrize("days", [2, -2])
def test_a_step_of_the_clock_ends_no_session(stepped, days):
    server, step = stepped
    rest = Rest(server)

    def state(number):
        return rest.ask("GET", f"/sessions/{number}")["state"]

    number = rest.ask("POST", "/sessions", {"kind": "pyspark", "heartbeatTimeoutInSecond": 600})["id"]
    until(lambda: state(number) == "idle", 40, "the session's start")
    spark = server.session()
    spark.conf.set("mark", "kept")
    step(days * 86400)
    rest.link("stepped")
    rest.attach("stepped")
    until(lambda: rest.compute("stepped")["properties"]["provisioningState"] == "Succeeded", 20, "the attach")
    until(lambda: state(number) == "idle", 5, "the session")  # looked after twice a second
    assert spark.conf.get("mark") == "kept" and spark.range(3).count() == 3
    rest.ask("DELETE", f"/sessions/{number}")
    until(lambda: not list((server.home / "run").glob("i[0-9]*.sock")), 15, "the end of its interpreter")


def test_sockets_of_killed_interpreters_are_swept(tmp_path):
    with Serve(tmp_path / "home") as server:
        server.kill()
        left = server.home / "run/i99.sock"
        left.touch()
        server.start()
        assert not left.exists()
