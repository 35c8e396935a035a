"""Each check of `./dev lint` finds the fault that it is there for: planted in a copy of the tree, one at a time."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what git would commit, as a repository of its own: the checks ask git for their files."""
    copy = tmp_path_factory.mktemp("lint") / "tree"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in names.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    subprocess.run("git init -q && git add -A", shell=True, cwd=copy, check=True)
    return copy


def check(tree, command):
    done = subprocess.run(command, shell=True, cwd=tree, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


# the check, the file, what is put in the place of what (a pattern; "" appends), what the check says
PLANTED = [
    (
        "tools/check_layers",
        "src/base/arena.c",
        r"^",
        '#include "io/file.h"\n',
        r"src/base/arena\.c: base may not include io/file\.h",
    ),
    (
        "tools/check_layers",
        "src/host/format/files/lines.c",
        r"^",
        '#include "host/format/csv/csv.h"\n',
        r"host/format/files may not include host/format/csv/csv\.h",
    ),
    (
        "tools/check_layers",
        "src/blob/write.c",
        r"^",
        '#include "blob/azure/azure.h"\n',
        r"src/blob/write\.c: blob may not include blob/azure/azure\.h",
    ),
    (
        "tools/check_layers",
        "src/daemon/gate/gate.c",
        r"^",
        '#include "client/client.h"\n',
        r"src/daemon/gate/gate\.c: daemon/gate may not include client/client\.h",
    ),
    (
        "tools/check_layers",
        "src/host/duck/value.c",
        r"^",
        '#include "host/analyze/analyze.h"\n',
        r"src/host/duck/value\.c: host/duck may not include host/analyze/analyze\.h",
    ),
    ("tools/check_functions", "doc/functions.md", r"`sha2`", "`sha3`", r"sha2"),
    (
        "tools/check_conditions",
        "src/host/sql/sql.c",
        "",
        'static void planted(struct hr_err *err)\n{\n    hr_fail_spark(err, "NO_SUCH_CONDITION", NULL);\n}\n',
        r"condition NO_SUCH_CONDITION is not in base/conditions\.h",
    ),
    (
        "tools/check_wheel",
        "python/headrace/planted.py",
        "",
        "",
        r"python/headrace/planted\.py: not in python/meson\.build",
    ),
    (
        "tools/check_imports",
        "python/headrace/azureml/exceptions.py",
        "",
        "from headrace.azureml import client\n",
        r"headrace\.azureml\.client -> headrace\.azureml\.exceptions",
    ),
    (
        "tools/check_buffers",
        "src/host/value/zone.c",
        "",
        "void planted(void) { hr_buf_init(&b, 10); }\n",
        r"src/host/value/zone\.c",
    ),
    ("tools/format --check", "src/base/map.c", "", "int  planted;\n", r"src/base/map\.c.*clang-format"),
    ("tools/format --check", "python/headrace/dropin.py", "", "planted = {  }\n", r"dropin\.py"),
    ("tools/format --check", "tools/sample.py", "", "import planted\n", r"F401|E402"),
]


@pytest.mark.parametrize("command, name, pattern, text, says", PLANTED, ids=[f"{row[0]}-{row[1]}" for row in PLANTED])
def test_a_planted_fault_is_found(tree, command, name, pattern, text, says):
    path = tree / name
    before = path.read_text() if path.exists() else None
    planted = re.sub(pattern, lambda _: text, before, count=1) if pattern else (before or "") + text
    assert planted != before
    path.write_text(planted)
    try:
        status, said = check(tree, f"git add -A && {command}")
    finally:
        path.unlink() if before is None else path.write_text(before)
    assert status != 0 and re.search(says, said), said


@pytest.mark.parametrize("command", sorted({row[0] for row in PLANTED}))
def test_without_it_nothing_is_said(tree, command):
    status, said = check(tree, f"git add -A && {command}")
    assert status == 0, said


@pytest.mark.parametrize(
    "files, says",
    [
        ({"one": "int planted(void) { return 1; }"}, r"planted \(one\.o\) does not begin with hr_"),
        ({"one": "int hr_planted(void) { return 1; }"}, r"hr_planted \(one\.o\) is used by no other file"),
        (
            {"one": "int hr_twice(void) { return 1; }", "two": "int hr_twice(void) { return 2; }"},
            r"hr_twice is defined twice",
        ),
    ],
    ids=["prefix", "uncalled", "twice"],
)
def test_names_are_those_of_the_object_files(tree, files, says):
    build = tree / "build" / "src"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    for name, text in files.items():
        subprocess.run(["cc", "-c", "-o", build / f"{name}.o", "-x", "c", "-"], input=text, text=True, check=True)
    status, said = check(tree, "tools/check_names")
    assert status != 0 and re.search(says, said), said


def test_a_line_that_is_too_long_and_a_machines_path_are_found(tree):
    """The rest of tools/lint is the script itself."""
    path = tree / "tools" / "planted.sh"
    path.write_text("#" * 221 + "\n" + "cat /" + "work/planted\n")
    try:
        status, said = check(tree, "git add -A && tools/lint")
    finally:
        path.unlink()
    assert status != 0 and "lines over 220 characters" in said and "machine paths" in said, said
