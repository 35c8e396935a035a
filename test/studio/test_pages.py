"""The studio as its reader drives it: the article's link flow by mouse and by keyboard, roles, refusals, an expired token, two people at once."""

import json
import re
import threading

import pytest
from playwright.sync_api import expect

SPARK_ADMIN = "Synapse Apache Spark Administrator"


def cli_json(serve, *arguments):
    return json.loads(serve.cli(*arguments, "--json").stdout)


def fill_link(page, name, pool=None):
    """From the page of linked services to the Review form, as the article has it."""
    page.get_by_role("link", name="Linked Services").first.click()
    page.get_by_role("link", name="Add integration").first.click()
    expect(page.get_by_role("heading", name="Link workspace")).to_be_visible()
    page.get_by_label("Name", exact=False).first.fill(name)
    expect(page.get_by_label("Subscription name")).to_contain_text("Headrace")
    page.get_by_label("Synapse workspace").select_option(label="headrace-synapse")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Select Spark pools (optional)")).to_be_focused()
    if pool:
        page.get_by_role("checkbox", name="embedded").check()
        page.get_by_label("Compute name").fill(pool)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Review")).to_be_focused()


@pytest.fixture(scope="module")
def second_synapse(serve):
    serve.cli("synapse", "create", "other-synapse")


def test_link_as_the_article_says(serve, studio, shot, second_synapse):
    page = studio()
    fill_link(page, "synapselink1", pool="sparkcompute")
    review = page.locator(".review")
    for text in ("synapselink1", "headrace-ml", "Headrace", "headrace-synapse", "sparkcompute"):
        expect(review).to_contain_text(text)
    shot(page, "review")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="synapselink1 is linked")).to_be_visible()
    expect(page.locator(".progress .status.good")).to_have_count(2)
    # the identity is the server's, and needs the role that the article asks for
    link = cli_json(serve, "link", "show", "synapselink1")
    identity = link["identity"]["principalId"] if "identity" in link else link["principal"]
    expect(page.get_by_text(identity, exact=True)).to_be_visible()
    expect(page.get_by_text("This identity cannot use Spark yet")).to_be_visible()
    shot(page, "linked", full_page=True)
    page.get_by_role("button", name=f"Assign {SPARK_ADMIN}").click()
    expect(page.get_by_text("This identity cannot use Spark yet")).to_be_hidden()
    expect(page.locator("dd", has_text=SPARK_ADMIN)).to_be_visible()
    # the identity can be copied, the list and the computes have it
    page.get_by_role("button", name="Open synapselink1").click()
    page.get_by_role("button", name="Copy principal id").click()
    assert page.evaluate("navigator.clipboard.readText()") == identity
    page.get_by_role("link", name="Computes").first.click()
    row = page.get_by_role("row", name=re.compile("sparkcompute"))
    expect(row).to_contain_text("Attached")
    shot(page, "computes")


def test_a_link_with_computes_is_not_unlinked_silently(serve, studio, shot):
    page = studio("/linked-services/synapselink1")
    page.get_by_role("button", name="Unlink").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Unlink").click()
    expect(dialog.get_by_role("alert")).to_contain_text("has computes attached: sparkcompute")
    confirm = dialog.get_by_role("button", name="Detach computes and unlink")
    expect(confirm).to_be_disabled()
    shot(page, "unlink")
    page.keyboard.press("Escape")  # nothing happened
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Unlink")).to_be_focused()
    assert "sparkcompute" in serve.cli("compute", "list").stdout
    page.get_by_role("button", name="Unlink").click()
    dialog.get_by_role("button", name="Unlink").click()
    dialog.get_by_role("checkbox").check()
    confirm.click()
    expect(page.get_by_role("heading", name="No linked services")).to_be_visible()
    assert "sparkcompute" not in serve.cli("compute", "list").stdout


def test_the_link_form_by_keyboard_alone(studio):
    """Tab, arrows, typing and Enter: the focus is always where one would look for it, and always to be seen."""
    page = studio("/linked-services")
    focus = "(() => { const e = document.activeElement; return (e.labels?.[0]?.textContent || e.ariaLabel || e.textContent).trim(); })()"

    def tab_to(text, limit=30):
        for _ in range(limit):
            page.keyboard.press("Tab")
            if page.evaluate(focus).startswith(text):
                style = page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
                )
                assert style == "solid2px", f"focus on {text!r} is not to be seen: {style}"
                return
        raise AssertionError(f"Tab does not reach {text!r}")

    expect(page.get_by_role("heading", name="Linked Services", level=1)).to_be_focused()
    tab_to("Add integration")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add integration")).to_be_focused()
    tab_to("Next")  # an empty form says what is missing, where it is missing
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=False).first).to_be_focused()
    expect(page.get_by_text("Give the linked service a name.")).to_be_visible()
    page.keyboard.type("by-keyboard")
    tab_to("Synapse workspace")
    page.keyboard.type("headrace")  # picks the option that begins so
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    tab_to("Next")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Select Spark pools (optional)")).to_be_focused()
    tab_to("embedded")
    page.keyboard.press("Space")
    expect(page.get_by_label("Compute name")).to_have_value("embedded")
    tab_to("Next")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Review")).to_be_focused()
    tab_to("Create")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="by-keyboard is linked")).to_be_focused()


def test_a_dialog_keeps_the_focus_and_escape_closes_it(studio):
    page = studio("/access")
    opener = page.get_by_role("button", name="Add role assignment")
    opener.press("Enter")
    inside = "document.activeElement.closest('dialog') !== null"
    expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_roles_are_given_and_taken(serve, studio, shot):
    who = cli_json(serve, "user", "create", "ann")
    page = studio("/access")
    page.get_by_role("button", name="Add role assignment").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Role")).to_have_value(
        re.compile("c3a6d2f1")
    )  # the article's role is the one that stands there
    dialog.get_by_label("Assign to").select_option(value=who["principal"])
    shot(page, "assign")
    dialog.get_by_role("button", name="Assign").click()
    row = page.get_by_role("row", name=re.compile("ann"))
    expect(row).to_contain_text(SPARK_ADMIN)
    assert "ann" in serve.cli("role", "list").stdout
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    # storage and management roles are in their own lists, which arrow keys reach
    page.get_by_role("tab", name="Synapse roles").press("ArrowRight")
    expect(page.get_by_role("tab", name="Management roles")).to_be_focused()
    expect(page.get_by_role("row", name=re.compile("owner.*Owner", re.S))).to_be_visible()
    page.get_by_role("tab", name="Storage roles").click()
    page.get_by_role("button", name="Add role assignment").click()
    page.get_by_role("dialog").get_by_label("Role").select_option(label="Storage Blob Data Reader")
    page.get_by_role("dialog").get_by_label("Assign to").select_option(value=who["principal"])
    page.get_by_role("dialog").get_by_role("button", name="Assign").click()
    expect(page.get_by_role("row", name=re.compile("ann"))).to_contain_text("Storage Blob Data Reader")
    shot(page, "access")


def test_a_refusal_names_role_and_scope_and_its_command_works(serve, studio, shot):
    who = cli_json(serve, "user", "create", "rita")
    page = studio(token=who["token"])
    fill_link(page, "ritas-link")
    page.get_by_role("button", name="Create").click()
    problem = page.get_by_role("alert")
    for text in ("rita", who["principal"], "Contributor", "linkedServices/ritas-link"):
        expect(problem).to_contain_text(text)
    shot(page, "refused")
    # what a refusal tells to run works as printed, until nothing is refused any more
    for _ in range(3):
        problem.get_by_role("button", name="Copy command").click()
        command = page.evaluate("navigator.clipboard.readText()")
        assert command.startswith("headrace role assign ")
        import shlex

        serve.cli(*shlex.split(command)[1:])
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".progress .status.busy")).to_have_count(0)
        if page.get_by_role("heading", name="ritas-link is linked").count():
            break
    expect(page.get_by_role("heading", name="ritas-link is linked")).to_be_visible()


def test_a_reader_sees_what_it_may(serve, studio, shot):
    """Reader on the resource group, no Synapse role: one refusal takes nothing else from the page."""
    end = serve.endpoint
    serve.cli("link", "create", "readers-link", "--synapse", end["synapse_workspace"])
    serve.cli("compute", "attach", "readers-pool", "--link", "readers-link", "--pool", end["pool"])
    page = studio("/", token=json.loads(serve.cli("user", "create", "reader", "--json").stdout)["token"])
    expect(page.locator(".tile").nth(1)).to_have_text(re.compile("[1-9][0-9]*Computes"))
    expect(page.locator(".tile").nth(0)).to_contain_text("Linked services: not yours to see")
    expect(page.locator(".tile").nth(2)).to_have_text(re.compile("[0-9]+Datasets"))
    expect(page.get_by_role("alert")).to_contain_text("Synapse User")
    expect(page.locator(".steps li").nth(0)).to_have_class("done")
    expect(page.locator(".steps li").nth(1)).to_contain_text("Your roles do not let you see whether this is done")
    expect(page.locator(".steps li").nth(2)).to_have_class("done")
    shot(page, "overview-reader", full_page=True)
    serve.cli("link", "remove", "readers-link", "--detach-computes")


def test_the_next_step_is_shown_as_what_it_is(serve, studio, shot):
    page = studio("/datasets/nosuch")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("does not exist in workspace")
    expect(problem).to_contain_text("On the command line:")
    expect(problem).to_contain_text("headrace dataset list")
    expect(problem).not_to_contain_text("grant")
    shot(page, "dataset-missing")


def test_a_token_that_ends_in_the_middle_of_the_form_loses_nothing(serve, studio, shot):
    who = cli_json(serve, "user", "create", "tom")
    page = studio("/linked-services/new", token=who["token"])
    page.get_by_label("Name", exact=False).first.fill("toms-link")
    page.get_by_label("Synapse workspace").select_option(label="headrace-synapse")
    serve.cli("user", "remove", "tom")
    page.get_by_role("button", name="Next").click()  # asks for the pools: the server no longer knows the token
    expect(page.get_by_role("heading", name="Sign in again")).to_be_visible()
    expect(page.get_by_text("Your token is no longer accepted")).to_be_visible()
    expect(page.get_by_label("Token")).to_be_focused()
    shot(page, "expired")
    page.get_by_label("Token").fill("hr_somebody-elses")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This server does not take that token")).to_be_visible()
    page.get_by_label("Token").fill(serve.endpoint["token"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in again")).to_be_hidden()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value("toms-link")
    page.reload()  # not even this loses the form, nor the token
    expect(page.get_by_label("Name", exact=False).first).to_have_value("toms-link")
    expect(page.get_by_label("Synapse workspace")).to_contain_text("headrace-synapse")


def test_a_token_that_ends_in_a_dialog_loses_nothing(serve, studio):
    who = cli_json(serve, "user", "create", "tina")
    serve.cli("role", "assign", "Synapse Administrator", "--assignee", "tina", "--scope", "workspaces/headrace-synapse")
    page = studio("/access", token=who["token"])
    page.get_by_role("button", name="Add role assignment").click()
    page.get_by_label("Assign to").select_option("other")
    page.get_by_role("textbox", name="Principal id").fill(who["principal"])
    serve.cli("user", "remove", "tina")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in again")).to_be_visible()
    page.keyboard.press("Escape")  # there is no way past it
    page.keyboard.press("Escape")
    page.get_by_label("Token").fill(serve.endpoint["token"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in again")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Principal id")).to_have_value(who["principal"])
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        who["principal"]
    )  # nobody now: said by the server


def test_two_people_create_the_same_link_at_once(studio, second_synapse):
    one, two = studio(), studio()
    for page in (one, two):
        fill_link(page, "race")
    for page in (one, two):  # both forms are filled in: now both create
        page.evaluate("document.querySelector('.form-foot button[type=submit]').click()")
    won = [
        page
        for page in (one, two)
        if page.get_by_role("heading", name="race is linked")
        .or_(page.get_by_role("heading", name="The link was not made"))
        .first.text_content()
        == "race is linked"
    ]
    assert len(won) == 1
    lost = two if won == [one] else one
    expect(lost.get_by_role("alert")).to_contain_text("Linked service race exists already")
    lost.get_by_role("button", name="Choose another name").click()
    name = lost.get_by_label("Name", exact=False).first
    expect(name).to_have_value("race")
    name.fill("race-2")
    for _ in range(2):
        lost.get_by_role("button", name="Next").click()
    lost.get_by_role("button", name="Create").click()
    expect(lost.get_by_role("heading", name="race-2 is linked")).to_be_visible()


def test_an_attach_that_fails_says_why_and_can_be_tried_again(serve, studio):
    page = studio()
    fill_link(page, "taken-pool", pool="twice")
    serve.cli("compute", "attach", "twice", "--link", "race", "--pool", "embedded", check=False)
    listed = "twice" in serve.cli("compute", "list").stdout
    page.get_by_role("button", name="Create").click()
    if listed:
        expect(page.get_by_role("alert")).to_contain_text("Compute twice exists already")
        expect(page.get_by_role("heading", name="taken-pool is linked, but not every pool is attached")).to_be_visible()
        serve.cli("compute", "detach", "twice")
        page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="taken-pool is linked", exact=True)).to_be_visible()
    assert listed, "headrace compute attach did not make the compute that this test is about"


def test_a_pool_that_cannot_be_attached_says_why(serve, studio, shot, second_synapse):
    """Attaching is asynchronous: the server accepts it, and says afterwards what was wrong."""
    import requests

    end = serve.endpoint
    group = f"/subscriptions/{end['subscription_id']}/resourceGroups/{end['resource_group']}/providers"
    workspace = f"{group}/Microsoft.MachineLearningServices/workspaces/{end['workspace']}"
    pool = f"{group}/Microsoft.Synapse/workspaces/other-synapse/bigDataPools/nothing"
    reply = requests.put(
        f"{end['url']}{workspace}/computes/doomed",
        timeout=10,
        headers={"authorization": "Bearer " + end["token"]},
        json={"location": "local", "properties": {"computeType": "SynapseSpark", "resourceId": pool}},
    )
    assert reply.status_code == 201
    page = studio("/computes")  # pending at first; the page asks again by itself
    row = page.get_by_role("row", name=re.compile("doomed"))
    expect(row).to_contain_text("Failed")
    expect(row).not_to_contain_text("%synapse start")
    expect(row).to_contain_text('Synapse workspace "other-synapse" is not linked')
    shot(page, "failed-attach")
    row.get_by_role("button", name="Detach doomed").click()
    page.get_by_role("dialog").get_by_role("button", name="Detach").click()
    expect(row).to_have_count(0)


def test_sessions_with_statements_and_outputs(studio, shot):
    page = studio("/sessions")
    expect(page.get_by_role("heading", name="No sessions")).to_be_visible()
    page.get_by_role("button", name="New session").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("look")
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="look")).to_be_visible()
    prompt = page.get_by_label("Code to run")

    def run(code):
        expect(page.get_by_text("Shift+Enter runs it")).to_be_visible(timeout=30_000)
        prompt.fill(code)
        prompt.press("Shift+Enter")
        expect(prompt).to_have_value("")

    run("print(spark.range(5).count())")
    expect(page.get_by_label("Output of statement 0")).to_have_text("5", timeout=30_000)
    run("print('just before')\n1 / 0")
    expect(page.locator(".output-error")).to_contain_text("ZeroDivisionError")
    expect(page.get_by_label("Output of statement 1")).to_have_text("just before")
    expect(page.get_by_label("Traceback of statement 1")).not_to_contain_text("just before")
    # HTML is shown in a frame where nothing runs and nothing is fetched
    run(
        "displayHTML('<table><tr><td>cell</td></tr></table><script>parent.document.title = 1</script><img src=x onerror=\"parent.document.title = 2\">')"
    )
    frame = page.frame_locator("iframe.html-output")
    expect(frame.get_by_text("cell")).to_be_visible()
    assert page.title() == "look · Headrace studio"
    run("display(spark.range(100000))")
    table = page.locator("iframe.html-output").nth(1)
    expect(table.content_frame.get_by_text("20 of the first 1,000 rows; the table has more")).to_be_visible()
    page.wait_for_function("""() => {                       // the note stands within the frame, not below what it shows
        const frame = document.querySelectorAll('iframe.html-output')[1], root = frame.contentDocument.documentElement;
        return root.scrollHeight > 600 && root.scrollHeight <= frame.clientHeight;
    }""")
    page.reports[:] = [
        line for line in page.reports if "Applying inline style" not in line
    ]  # pandas' own, which does not apply
    assert page.locator("iframe.html-output").first.get_attribute("sandbox") == "allow-same-origin"
    shot(page, "session", full_page=True)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".page-title .status")).to_contain_text("Stopped")


def test_an_output_reaches_nothing(serve, studio):
    """HTML of a statement cannot run, fetch, submit or navigate, whatever it tries."""
    import http.server

    hits = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{other.server_port}"
    html = (
        f'<p id=here>shown</p><img src="{at}/img"><link rel=stylesheet href="{at}/css"><iframe src="{at}/frame"></iframe><object data="{at}/object"></object>'
        f'<script src="{at}/js"></script><style>body {{ background: url({at}/style) }}</style><a id=away href="{at}/top" target=_top>away</a>'
        f'<form action="{at}/form"><button id=send>send</button></form><video src="{at}/video"></video><meta http-equiv=refresh content="0;url={at}/refresh">'
    )
    page = studio("/sessions")
    page.get_by_role("button", name="New session").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(page.get_by_text("Shift+Enter runs it")).to_be_visible(timeout=30_000)
    page.get_by_label("Code to run").fill(f"displayHTML({html!r})")
    page.get_by_label("Code to run").press("Shift+Enter")
    frame = page.frame_locator("iframe.html-output")
    expect(frame.locator("#here")).to_have_text("shown")
    frame.locator("#send").click()
    frame.locator("#away").click()
    page.wait_for_timeout(500)  # a refresh that worked would be there by now
    expect(frame.locator("#here")).to_have_text("shown")
    assert hits == [] and page.url.startswith(serve.endpoint["url"])
    page.reports.clear()  # Chromium reports each of these attempts
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".page-title .status")).to_contain_text("Stopped")
    other.shutdown()


def test_sign_in_refuses_what_is_no_token_and_signs_out(serve, studio):
    page = studio(signed_in=False)
    expect(page.get_by_label("Token")).to_be_focused()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Paste your token here.")).to_be_visible()
    page.get_by_label("Token").fill("hr_nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This server does not take that token")).to_be_visible()
    page.get_by_label("Token").fill(serve.endpoint["token"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Welcome, owner")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to the studio")).to_be_visible()
    assert page.evaluate("sessionStorage.length + document.cookie.length") == 0
    assert not any(
        serve.endpoint["token"] in path.read_text(errors="replace") for path in (serve.home / "log").glob("*")
    )
