"""A real browser on a real server. Whatever goes wrong in it unseen — a console error, a refused script, a request to
somewhere else — fails the test."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import axe as axe_core
from tests.browser.chromium import DESKTOP, PHONE, launch
from tests.cast import PASSWORD

PICTURES_OF_FAILURES = Path(__file__).resolve().parents[2] / "shots" / "failed"

FAILED = pytest.StashKey[bool]()

# Chromium puts some refusals nowhere but in this event.
REPORT_POLICY_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event =>
  console.error(`Content-Security-Policy ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`))
"""
# An answer like 409 or 422 is for the page to show; the browser logs it as an error all the same.
REFUSAL_LOGGED_BY_BROWSER = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def tolerated():
    """Patterns of complaints this test provokes on purpose: `tolerated.append(r"…")`."""
    return []


@pytest.fixture
def open_page(browser, live_server, tolerated, request):
    """Opens a page as a stranger with nothing stored, twice for two people. Takes Playwright's context options."""
    contexts = []
    complaints = []

    def open_page(**options):
        usual = {"base_url": live_server.url, "viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce"}
        context = browser.new_context(**(usual | options))
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(REPORT_POLICY_VIOLATIONS)
        listen(context, live_server.url, complaints)
        return context.new_page()

    yield open_page

    if failed(request.node):
        keep_pictures(contexts, request.node.name)
    for context in contexts:
        context.close()
    unexpected = [said for said in complaints if not any(re.search(pattern, said) for pattern in tolerated)]
    assert not unexpected, "the browser complained:\n" + "\n".join(unexpected)


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def phone(open_page):
    return open_page(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


@pytest.fixture
def enter():
    """`enter(page, "vera")` signs a member of the cast in."""

    def enter(page, name):
        page.goto("/sign-in")
        page.get_by_label("Email").fill(f"{name}@northbank.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)

    return enter


@pytest.fixture
def axe():
    """`assert axe(page) == []`"""
    return axe_core.violations


def listen(context, home, complaints):
    context.on("console", lambda message: complaints.extend(console_complaint(message)))
    context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
    context.on("request", lambda request: complaints.extend(foreign_request(request.url, home)))
    context.on("response", lambda answer: complaints.extend(broken_answer(answer)))


def console_complaint(message):
    if message.type == "error" and not REFUSAL_LOGGED_BY_BROWSER.match(message.text):
        yield f"console: {message.text}"


def foreign_request(url, home):
    if not url.startswith((home, "data:", "blob:", "about:")):
        yield f"asked another server: {url}"


def broken_answer(answer):
    is_asset = answer.request.resource_type in ("script", "stylesheet", "font", "image", "manifest")
    if answer.status >= 500 or (is_asset and answer.status >= 400):
        yield f"{answer.status} for {answer.request.method} {answer.url}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


def failed(item):
    return item.stash.get(FAILED, False)


def keep_pictures(contexts, name):
    PICTURES_OF_FAILURES.mkdir(parents=True, exist_ok=True)
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages, start=1):
        page.screenshot(path=PICTURES_OF_FAILURES / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}-{number}.png")
