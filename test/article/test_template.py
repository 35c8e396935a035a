"""Each cell of the committed notebook is the acceptance notebook's, word for word, and none is missing; the runner only fills placeholders."""

import copy
import hashlib
import json
import pathlib
import sys

import nbformat
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ORIGINAL = ROOT.parent / "shared/acceptance/article.ipynb"

sys.path.insert(0, str(ROOT / "tools"))
import article  # noqa: E402


@pytest.fixture(scope="module")
def template():
    return nbformat.read(article.NOTEBOOK, as_version=4)


def digest(cell):
    return hashlib.sha256((cell.cell_type + "\n" + cell.source).encode()).hexdigest()


def test_cells_are_the_originals(template):
    known = json.loads((HERE / "cells.json").read_text())
    assert [(cell.id, digest(cell)) for cell in template.cells] == [
        (name, entry["sha256"]) for name, entry in known.items()
    ]


@pytest.mark.skipif(not ORIGINAL.exists(), reason="the original is not beside this tree")
def test_the_recorded_digests_are_the_originals(template):
    original = nbformat.read(ORIGINAL, as_version=4)
    assert {cell.id: digest(cell) for cell in original.cells} == {
        name: entry["sha256"] for name, entry in json.loads((HERE / "cells.json").read_text()).items()
    }
    assert original.cells == template.cells


def test_filling_changes_placeholders_only(template):
    endpoint = dict.fromkeys(
        ("resource_group", "synapse_workspace", "pool", "subscription_id", "workspace", "account_key"), "VALUE"
    )
    filled = article.fill(copy.deepcopy(template), endpoint)
    for before, after in zip(template.cells, filled.cells):
        expected = before.source
        for name in article.values(endpoint):
            expected = expected.replace(f"@{name}@", article.ALIAS if name == "ALIAS" else "VALUE")
        assert after.source == expected
        assert before.cell_type == "markdown" or "@" not in after.source.replace("demo@dprepdata", "")
