"""A browser for the studio's tests: Debian's Chromium, headless, on a server of the module's own.

Every page is watched: a script error, a policy violation, a request to another host or an Authorization that travels in an address fails the test."""

import os
import pathlib
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

SHOTS = pathlib.Path(os.environ.get("HEADRACE_BUILD", pathlib.Path(__file__).parents[2] / "build")) / "studio"
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium")
    assert program, "chromium is missing: tools/packages installs it"
    with sync_playwright() as playwright:
        # tests run as root in containers, where Chromium has no sandbox of its own
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


class Watch:
    def __init__(self, page, origin):
        self.wrong, self.allowed, self.origin = [], set(), origin
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        page.on("console", lambda message: self.console(message))
        page.on("request", lambda request: self.request(request))

    def console(self, message):
        # refused requests, and scripts that the frame of an output keeps from running, are what some tests are about; Chromium reports each
        expected = ("Failed to load resource", "Blocked script execution in 'about:srcdoc'")
        if message.type == "error" and not message.text.startswith(expected):
            self.wrong.append(f"console: {message.text}")

    def request(self, request):
        if not request.url.startswith((self.origin, "data:", "about:")):
            self.wrong.append(f"a request to another place: {request.url}")
        if "hr_" in request.url:
            self.wrong.append(f"a token in an address: {request.url}")


@pytest.fixture
def studio(serve, chromium):
    """studio(token=…, path=…, **options of the browser's context): a page, signed in with the owner's token unless told otherwise."""
    contexts, watches = [], []
    home = serve.endpoint["url"]

    def open_page(path="/", token=None, signed_in=True, server=None, **options):
        origin = server.endpoint["url"] if server else home
        context = chromium.new_context(
            **{
                "viewport": {"width": 1280, "height": 860},
                "permissions": ["clipboard-read", "clipboard-write"],
                **options,
            }
        )
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page, origin))
        page.reports = watches[-1].wrong
        page.goto(origin + "/studio" + path)
        if signed_in:
            page.get_by_label("Token").fill(token or (server or serve).endpoint["token"])
            page.get_by_role("button", name="Sign in").click()
            expect(page.locator("main h1")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    wrong = [line for watch in watches for line in watch.wrong]
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def shot():
    SHOTS.mkdir(parents=True, exist_ok=True)

    def take(page, name, **options):
        page.evaluate("document.fonts.ready")
        page.screenshot(path=str(SHOTS / f"{name}.png"), animations="disabled", **options)

    return take
