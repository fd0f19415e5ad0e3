"""`make shots`: every main page of the sample practice, at two widths and in both themes, into shots/.

Look at each of them. What you would not show a paying customer is not done.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import DESKTOP, PHONE, launch

ROOT = Path(__file__).resolve().parents[2]
INTO = ROOT / "shots"
FOLLOW = {
    "client": ("/clients?q=bob", "main a[href^='/clients/0']"),
    "sponsor": ("/sponsors?q=bright", "main a[href^='/sponsors/0']"),
    "message": ("/mail", "main a[href^='/mail/0']"),
    "form-builder": ("/settings/forms", "main a[href^='/settings/forms/0']"),
    "member": ("/settings/team", "main a[href^='/settings/team/0']"),
}
"""Pages with an id in their address: where a link to one stands."""
PAGES = {
    "today": "/",
    "board": "/boards/onboarding",
    "board-late": "/boards/onboarding?late=1",
    "clients": "/clients",
    "client-new": "/clients/new",
    "import": "/clients/import",
    "sponsors": "/sponsors",
    "mail": "/mail",
    "search": "/search?q=br",
    "account": "/account",
    "welcome": "/welcome",
    "settings-firm": "/settings/firm",
    "settings-team": "/settings/team",
    "settings-forms": "/settings/forms",
    "settings-stages": "/settings/stages",
    "settings-mail-texts": "/settings/mail-texts",
    "settings-mail": "/settings/mail",
    "keys": "/keys",
    "nothing-here": "/clients/01ARZ3NDEKTSV4RRFFQ69G5FAV",
}
OF_THE_CLIENT = {
    "client-answers": "/answers",
    "client-documents": "/documents",
    "client-mail": "/mail",
    "client-edit": "/edit",
}
PUBLIC = {"public-intake": "/p/intake/inquiry", "sign-in": "/sign-in", "forgot": "/forgot"}


@contextmanager
def sample_practice() -> Iterator[tuple[str, str]]:
    """A server on a sample practice of its own: (address, everybody's password)."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        url = f"http://127.0.0.1:{port}"
        environment = os.environ | {"COACHBASE_DATA": folder, "PORT": port, "BASE_URL": url, "COACHBASE_DEBUG": "1"}
        run = [sys.executable, str(ROOT / "app.py")]
        subprocess.run([*run, "migrate"], env=environment, check=True, capture_output=True)
        told = subprocess.run([*run, "sample"], env=environment, check=True, capture_output=True, text=True).stdout
        server = subprocess.Popen([*run, "serve"], env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_for(url)
            yield url, re.search(r"password is (\S+)", told).group(1)
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("The server did not start.")


def _sign_in(page: Page, url: str, who: str, password: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", f"{who}@northbank.example")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{url}/")


def _take(page: Page, url: str, path: str, name: str) -> None:
    answer = page.goto(url + path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=INTO / f"{name}.png")
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    print(f"{answer.status} {name}{'  (wider than the window)' if wide else ''}")


def _take_all(browser: Browser, url: str, password: str, size: dict[str, int], theme: str) -> None:
    suffix = f"{size['width']}-{theme}"
    options = {"viewport": size, "color_scheme": theme, "locale": "en-GB", "reduced_motion": "reduce"}
    public = browser.new_context(**options).new_page()
    for name, path in PUBLIC.items():
        _take(public, url, path, f"{name}-{suffix}")
    page = browser.new_context(**options).new_page()
    _sign_in(page, url, "olive", password)
    for name, path in (PAGES | {"pieces": "/ui"}).items():
        _take(page, url, path, f"{name}-{suffix}")
    for name, (where, link) in FOLLOW.items():
        page.goto(url + where)
        path = page.locator(link).first.get_attribute("href")
        _take(page, url, path, f"{name}-{suffix}")
        for tab, tail in OF_THE_CLIENT.items() if name == "client" else ():
            _take(page, url, path + tail, f"{tab}-{suffix}")
    page.goto(f"{url}/boards/onboarding")
    page.keyboard.press("Control+k")
    page.wait_for_timeout(400)
    page.screenshot(path=INTO / f"palette-{suffix}.png")


def main() -> None:
    INTO.mkdir(exist_ok=True)
    with sample_practice() as (url, password), sync_playwright() as playwright:
        browser = launch(playwright)
        for size in (DESKTOP, PHONE):
            for theme in ("light", "dark"):
                _take_all(browser, url, password, size, theme)
        browser.close()
    print(f"{len(list(INTO.glob('*.png')))} pictures in {INTO.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()
