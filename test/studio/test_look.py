"""Every page in light and dark, wide and at 360 pixels: contrast, names, targets, nothing wider than the window; and pictures to look at."""

import json
import pathlib

import pytest
import requests
from playwright.sync_api import expect

AUDIT = (pathlib.Path(__file__).parent / "contrast.js").read_text()
PAGES = {
    "overview": "/",
    "linked-services": "/linked-services",
    "link": "/linked-services/synapselink1",
    "link-form": "/linked-services/new",
    "computes": "/computes",
    "access": "/access",
    "datastores": "/datastores",
    "datasets": "/datasets",
    "dataset": "/datasets/titanic",
    "sessions": "/sessions",
    "runs": "/runs",
    "nothing": "/no/such/page",
}
CSV = "PassengerId,Survived,Name,Age\n" + "".join(
    f'{i},{i % 2},"Braund, Mr. {i}",{20 + i % 50}\n' for i in range(1, 200)
)


def workspace(serve):
    end = serve.endpoint
    return (
        f"/subscriptions/{end['subscription_id']}/resourceGroups/{end['resource_group']}/providers/Microsoft.MachineLearningServices"
        f"/workspaces/{end['workspace']}"
    )


def put_blob(serve, path, body):
    from azure.storage.blob import BlobServiceClient

    end = serve.endpoint
    service = BlobServiceClient(f"{end['storage_url']}/{end['account']}", credential=end["account_key"])
    service.get_container_client(end["container"]).upload_blob(path, body, overwrite=True)


def register(serve, name, kind, place, steps, key="folder"):
    reply = requests.post(
        f"{serve.endpoint['url']}/dataset/v1.0{workspace(serve)}/datasets?ifExistsOk=true",
        timeout=30,
        headers={"authorization": "Bearer " + serve.endpoint["token"]},
        json={
            "name": name,
            "datasetType": kind,
            "description": "for the pages",
            "latest": {
                "dataflow": {
                    "paths": [{key: f"azureml://datastores/workspaceblobstore/paths/{place}"}],
                    "transformations": steps,
                }
            },
        },
    )
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture(scope="module")
def filled(serve):
    """A workspace with something on every page."""
    end = serve.endpoint
    serve.cli("link", "create", "synapselink1", "--synapse", end["synapse_workspace"])
    serve.cli("compute", "attach", "sparkcompute", "--link", "synapselink1", "--pool", end["pool"])
    put_blob(serve, "data/titanic.csv", CSV.encode())
    register(
        serve,
        "titanic",
        "tabular",
        "data/titanic.csv",
        [{"read_delimited": {"delimiter": ",", "header": "all_files_same_headers"}}],
        "file",
    )
    return serve


def settle(page):
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".skeleton, .boot")).to_have_count(0)


@pytest.mark.parametrize("scheme,width", [("light", 1280), ("dark", 1280), ("light", 360)])
def test_every_page_can_be_read(filled, studio, shot, scheme, width):
    page = studio(color_scheme=scheme, viewport={"width": width, "height": 860})
    complaints = []
    for name, path in PAGES.items():
        page.goto(f"{filled.endpoint['url']}/studio{path}")
        settle(page)
        complaints += [f"{name}: {complaint}" for complaint in page.evaluate(AUDIT)]
        shot(page, f"{name}-{scheme}-{width}", full_page=True)
    assert not complaints, "\n".join(complaints)


def test_sign_in_and_dialogs_can_be_read(filled, studio, shot):
    page = studio(signed_in=False, viewport={"width": 360, "height": 740})
    complaints = page.evaluate(AUDIT)
    shot(page, "signin-360")
    for scheme in ("light", "dark"):
        page = studio("/access", color_scheme=scheme)
        page.get_by_role("button", name="Add role assignment").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        complaints += page.evaluate(AUDIT)
        shot(page, f"dialog-{scheme}")
    assert not complaints, "\n".join(complaints)


def test_an_answer_that_makes_no_sense_is_not_a_blank_page(filled, studio):
    page = studio("/linked-services")
    page.route("**/computes?*", lambda route: route.fulfill(json={"value": [{"name": "odd", "id": "x"}]}))
    page.get_by_role("link", name="Computes").first.click()
    expect(page.get_by_role("heading", name="This page cannot be shown")).to_be_visible()
    page.unroute("**/computes?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("row", name="sparkcompute")).to_be_visible()
    page.reports.clear()  # that error was this test's own


def test_the_switch_of_colours_wins_over_the_system(filled, studio):
    page = studio(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Dark", exact=True).click()
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Dark", exact=True)).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(background) == dark
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate(background) == light


def test_a_narrow_page_has_its_menu(filled, studio):
    page = studio(viewport={"width": 360, "height": 740})
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("link", name="Datasets").click()
    expect(page.get_by_role("heading", name="Datasets", level=1)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_rows_and_files_of_a_dataset(filled, studio, shot):
    page = studio("/datasets/titanic")
    rows = page.get_by_role("table", name="First rows")
    expect(rows.get_by_role("columnheader")).to_have_text(["PassengerId", "Survived", "Name", "Age"])
    expect(rows.locator("tbody tr")).to_have_count(50)
    expect(rows.locator("tbody tr").first.locator("td")).to_have_text(["1", "1", "Braund, Mr. 1", "21"])
    expect(page.get_by_role("table", name="Files").get_by_role("row", name="titanic.csv")).to_be_visible()
    shot(page, "rows")
    # registered bytes or nothing
    put_blob(filled, "data/titanic.csv", b"other,bytes\n1,2\n")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The file is not what was registered")
    expect(page.get_by_role("alert")).to_contain_text("titanic.csv")
    expect(page.get_by_role("table", name="First rows")).to_have_count(0)


def test_rows_of_parquet_and_json_lines(filled, studio):
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(100)), "city": ["Köln", None] * 50, "deep": [{"a": 1}] * 100}), sink)
    put_blob(filled, "files/part-0.parquet", sink.getvalue())
    put_blob(filled, "files/part-1.jsonl", b'{"at": 1, "what": "<b>bold</b>"}\n{"at": 2}\n')
    register(filled, "mixed", "file", "files/", [])
    page = studio("/datasets/mixed")
    rows = page.get_by_role("table", name="First rows")
    expect(rows.locator("tbody tr")).to_have_count(50)
    expect(rows.locator("tbody tr").first.locator("td")).to_have_text(["0", "Köln", '{"a":1}'])
    page.get_by_role("button", name="Preview part-1.jsonl").click()
    expect(rows.locator("tbody tr").first.locator("td")).to_have_text(["1", "<b>bold</b>"])  # text, never markup


def test_a_tables_own_rules_hold_in_its_preview(filled, studio):
    put_blob(filled, "table/a.txt", 'Größe|b|c\n1|"x|y"|3\n4|5|6\n7|8|9\n'.encode("latin1"))
    register(
        filled,
        "ruled",
        "tabular",
        "table/",
        [
            {"read_delimited": {"delimiter": "|", "encoding": "latin1", "header": "all_files_same_headers"}},
            {"keep_columns": ["b", "Größe"]},
            {"skip": 0},
            {"take": 2},
        ],
    )
    page = studio("/datasets/ruled")
    rows = page.get_by_role("table", name="First rows")
    expect(rows.get_by_role("columnheader")).to_have_text(["b", "Größe"])
    expect(rows.locator("tbody tr")).to_have_count(2)
    expect(rows.locator("tbody tr").first.locator("td")).to_have_text(["x|y", "1"])


def test_a_dataset_is_registered_and_its_next_version(filled, studio):
    put_blob(filled, "fresh/a.csv", b"x\n1\n")
    page = studio("/datasets")
    page.get_by_role("button", name="Register dataset").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("fresh")
    dialog.get_by_label("Path").fill("nothing-here/")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nothing-here")
    dialog.get_by_label("Path").fill("fresh/")
    dialog.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="fresh", level=1)).to_be_visible()
    put_blob(filled, "fresh/b.csv", b"x\n2\n")
    page.get_by_role("button", name="New version").click()
    page.get_by_role("dialog").get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
    page.get_by_label("Version", exact=True).select_option("1")
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
    expect(page.get_by_text("1 file, 4 B")).to_be_visible()


def test_datastores_are_added_and_removed(filled, studio):
    end = filled.endpoint
    page = studio("/datastores")
    page.get_by_role("button", name="Add datastore").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_text("Name the container.")).to_be_visible()
    dialog.get_by_label("Name", exact=False).first.fill("mydatastore")
    dialog.get_by_label("Storage account").fill(end["account"])
    dialog.get_by_label("Container").fill("no-such-container")
    dialog.get_by_label("Account key").fill(end["account_key"])
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("no-such-container")
    dialog.get_by_label("Container").fill(end["container"])
    dialog.get_by_role("button", name="Add").click()
    row = page.get_by_role("row", name="mydatastore")
    expect(row).to_contain_text("Account key")
    assert end["account_key"] not in page.content()
    row.get_by_role("button", name="Make mydatastore the default").click()
    expect(row).to_contain_text("Default")
    page.get_by_role("button", name="Make workspaceblobstore the default").click()
    expect(row.get_by_role("button", name="Remove mydatastore")).to_be_visible()
    row.get_by_role("button", name="Remove mydatastore").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_who_may_not_read_the_data_is_told_why(filled, studio):
    who = json.loads(filled.cli("user", "create", "reader", "--json").stdout)
    put_blob(filled, "secret/a.csv", b"x\n1\n")
    register(filled, "secret", "file", "secret/", [])
    page = studio("/datasets/secret", token=who["token"])
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("Storage Blob Data Reader")
    expect(problem.get_by_role("button", name="Copy command")).to_be_visible()


SCRIPT = """
import os, time
from azureml.core import Run
run = Run.get_context()
run.log("rows", 891)
print("first line", flush=True)
for step in range(20):
    run.log("loss", 1 / (step + 1))
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("weights")
while not os.path.exists(os.environ["GO"]):
    time.sleep(0.05)
print("last line")
"""


def test_a_run_with_its_metrics_files_and_log(filled, studio, shot, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADRACE_HOME", str(filled.home))
    from headrace.azureml.core import Dataset, Environment, Experiment, ScriptRunConfig, Workspace

    end = filled.endpoint
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(SCRIPT)
    environment = Environment("here")
    environment.python.user_managed_dependencies = True
    environment.environment_variables = {"GO": str(tmp_path / "go")}
    workspace = Workspace(end["subscription_id"], end["resource_group"], end["workspace"])
    put_blob(filled, "input/a.csv", b"x\n1\n")
    register(filled, "input-data", "file", "input/", [])
    given = Dataset.get_by_name(workspace, "input-data").as_named_input("train").as_download()
    run = Experiment(workspace, "look").submit(
        ScriptRunConfig(str(tmp_path / "src"), script="train.py", arguments=["--data", given], environment=environment)
    )
    page = studio("/runs")
    page.get_by_role("row", name="look").get_by_role("link").click()
    expect(page.get_by_role("log")).to_contain_text("first line", timeout=30_000)  # while it runs
    assert "last line" not in page.get_by_role("log").text_content()
    expect(page.get_by_role("img", name="loss: 20 values from 0.05 to 1, the last 0.05")).to_be_visible()
    (tmp_path / "go").touch()
    expect(page.get_by_role("log")).to_contain_text("last line", timeout=30_000)
    expect(page.locator(".page-title .status")).to_have_text("Completed", timeout=30_000)
    expect(page.locator(".numbers")).to_contain_text("891")
    expect(
        page.get_by_role("table", name="Inputs").get_by_role("row", name="train input-data, version 1 Downloaded")
    ).to_be_visible()
    expect(page.get_by_role("table", name="Outputs").get_by_role("row", name="outputs/model.txt")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(AUDIT) == []
        shot(page, f"run-{scheme}", full_page=True)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Download outputs/model.txt").click()
    opened.value.close()
    page.goto(f"{end['url']}/studio/#/runs/{run.id}")  # as get_portal_url() has it
    expect(page.get_by_role("heading", name=run.id, level=1)).to_be_visible()
