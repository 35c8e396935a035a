"""The README's pictures, taken of a running demo: `./dev demo --pictures`. They are looked at before they are committed."""

import os
import shutil

from article import ROOT

FOLDER = ROOT / "doc/pictures"
WIDE = {"width": 1280, "height": 800}


class Camera:
    """Chromium, headless."""

    def __enter__(self):
        from playwright.sync_api import sync_playwright

        self.playwright = sync_playwright().start()
        # root has no sandbox of Chromium's own in a container
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = self.playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        FOLDER.mkdir(exist_ok=True)
        return self

    def __exit__(self, *error):
        self.browser.close()
        self.playwright.stop()

    def studio(self, endpoint, pages):
        """A picture of each of the studio's pages, {name: path}."""
        page = self.browser.new_page(viewport=WIDE)
        page.goto(endpoint["url"] + "/studio/")
        page.get_by_label("Token").fill(endpoint["token"])
        page.get_by_role("button", name="Sign in").click()
        page.locator("main h1").wait_for()
        for name, path in pages.items():
            page.goto(endpoint["url"] + "/studio" + path)
            page.locator("main h1").wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(FOLDER / f"{name}.png"), animations="disabled")

    def notebook(self, html, above):
        """The executed notebook from the heading `above` on."""
        page = self.browser.new_page(viewport={"width": 1180, "height": 900})
        page.goto(html.as_uri())
        page.locator("h2", has_text=above).evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=str(FOLDER / "notebook.png"))
