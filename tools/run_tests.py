"""Runs the tests and closes with one line that counts them: `N passed, N failed`.

Without arguments: lint, the unit tests (plain and under the sanitizers), then every pytest folder. Arguments name some of
them: `unit`, `asan`, `lint`, or paths for pytest.
"""

import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTEST = [
    "test/lint",
    "test/python",
    "test/client",
    "test/storage",
    "test/wire",
    "test/studio",
    "test/spark",
    "test/parity",
    "test/mount",
    "test/article",
    "test/jobs",
    "test/fault",
    "test/package",
]


class Tally:
    """Counts of passed, failed and skipped tests, and what failed."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures, self.seconds = [], []

    def add(self, name, passed, failed, skipped=0):
        self.passed, self.failed, self.skipped = self.passed + passed, self.failed + failed, self.skipped + skipped
        if failed:
            self.failures.append(name)

    def add_junit(self, name, path, status):
        """Adds a JUnit report; a runner that failed without saying which test counts as one failure."""
        if not path.exists():
            self.add(name, 0, 1)
            return
        cases = list(xml.parse(path).getroot().iter("testcase"))
        failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
        skipped = sum(1 for case in cases if case.find("skipped") is not None)
        self.add(name, len(cases) - failed - skipped, failed or int(status not in (0, 5)), skipped)


def heading(text):
    print(f"\033[1m==> {text}\033[0m", flush=True)


def run_lint(tally):
    heading("lint")
    tally.add("lint", *((1, 0) if subprocess.run(["tools/lint"]).returncode == 0 else (0, 1)))


def sanitized():
    """The environment of what runs under the sanitizers: every report ends its process."""
    return dict(
        os.environ,
        ASAN_OPTIONS="detect_leaks=1:abort_on_error=1:allocator_may_return_null=1",
        UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
        LSAN_OPTIONS=f"suppressions={ROOT}/test/lsan.supp:print_suppressions=0",
    )


def run_unit(tally, build):
    heading(f"unit tests ({build})")
    report = ROOT / build / "meson-logs" / "testlog.junit.xml"
    report.unlink(missing_ok=True)
    env = sanitized()
    status = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs"], env=env).returncode
    tally.add_junit(f"unit ({build})", report, status)


def run_asan(tally):
    heading("the sanitizers' build")
    if not (ROOT / "build-asan/build.ninja").exists():
        subprocess.run(
            ["meson", "setup", "build-asan", "-Db_sanitize=address,undefined", "-Db_lundef=false"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    if subprocess.run(["ninja", "-C", "build-asan", "--quiet"]).returncode:
        tally.add("asan build", 0, 1)
        return
    run_unit(tally, "build-asan")
    run_pytest(tally, ["test/client"], dict(sanitized(), HEADRACE_BUILD=str(ROOT / "build-asan")), " (build-asan)")


def run_pytest(tally, paths, env=None, kind=""):
    for path in paths:
        heading(f"pytest {path}{kind}")
        report = ROOT / "build" / "reports" / (path.replace("/", "_") + kind.strip(" ()") + ".xml")
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        status = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--durations=3",
                f"--junitxml={report}",
                path,
            ],
            env=env,
        ).returncode
        tally.add_junit(path + kind, report, status)


def main(arguments):
    os.chdir(ROOT)
    os.environ["HEADRACE_CHECK_VECTORS"] = "1"  # what kernels and scans write is looked through
    os.environ["HEADRACE_PYTHON"] = sys.executable  # what interpreters are forked from: it has what notebooks import
    started, tally = time.monotonic(), Tally()
    wanted = arguments or ["lint", "unit", "asan"] + [path for path in PYTEST if (ROOT / path).is_dir()]
    for what in wanted:
        at = time.monotonic()
        if what == "lint":
            run_lint(tally)
        elif what == "unit":
            run_unit(tally, "build")
        elif what == "asan":
            run_asan(tally)
        else:
            run_pytest(tally, [what])
        tally.seconds.append((what, time.monotonic() - at))
    if tally.failures:
        print("failed:", ", ".join(tally.failures))
    print("seconds:", ", ".join(f"{what} {seconds:.0f}" for what, seconds in tally.seconds))
    print(f"took {time.monotonic() - started:.0f} s")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
