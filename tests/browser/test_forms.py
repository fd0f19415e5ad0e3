"""Forms in a real browser: building by hand and by keys, filling in on a phone and without JavaScript, hostile text."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.intake import actions
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import QuestionKind
from tests.browser.chromium import PHONE

ASKED = (
    (QuestionKind.SHORT, {"label": "What are you called?", "fills": "preferred_name"}),
    (QuestionKind.SECTION, {"label": "All kinds", "help": "One of each."}),
    (QuestionKind.LONG, {"label": "What would you like to change?", "coach_only": True}),
    (QuestionKind.CHOICE, {"label": "When?", "options": json.dumps(["Now", "Later"]), "required": True}),
    (QuestionKind.SEVERAL, {"label": "Which days?", "options": json.dumps(["Monday", "Tuesday", "Friday"])}),
    (QuestionKind.SCALE, {"label": "How urgent?", "options": json.dumps([1, 10, "not at all", "very"])}),
    (QuestionKind.DATE, {"label": "Since when?"}),
    (QuestionKind.PHONE, {"label": "Your phone", "fills": "phone"}),
    (QuestionKind.FILE, {"label": "Your CV"}),
    (QuestionKind.CONSENT, {"label": "I agree", "required": True}),
)


@pytest.fixture
def form(cast, live_server) -> Form:
    """Alice's form, with a question of every kind on two steps."""
    with transaction():
        form = actions.make_form(title="Every kind", slug="every-kind", coach=cast.alice, thanks="Until soon.")
        for kind, values in ASKED:
            actions.add_question(form, kind, values)
        actions.publish(form)
    return form


def labels(form: Form) -> list[str]:
    return [question.label for question in Question.of(FormVersion.newest(form))]


def row(page, label):
    return page.locator("#questions .row", has=page.get_by_role("link", name=label, exact=True))


def drag(page, label, onto):
    """Take a question by its handle and let it go above another."""
    row(page, label).scroll_into_view_if_needed()
    start, end = row(page, label).locator(".handle").bounding_box(), row(page, onto).bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 12, start["y"] - 10, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 6, steps=12)
    page.wait_for_timeout(150)
    page.mouse.up()


def test_questions_are_put_in_order_by_dragging(page, form, enter):
    enter(page, "vera")
    page.goto(f"/settings/forms/{form.public_id}")
    drag(page, "When?", "Your name")
    expect(page.locator("#said")).to_have_text("“When?” is now 1 of 12.")
    drag(page, "Since when?", "Which days?")
    expect(page.locator("#said")).to_contain_text("“Since when?” is now")
    assert labels(form)[0] == "When?"
    assert labels(form).index("Since when?") == labels(form).index("Which days?") - 1
    expect(page.get_by_text("These changes are not published yet")).to_be_visible()
    page.reload()
    expect(page.locator("#questions .row a").first).to_have_text("When?")


def test_questions_are_put_in_order_by_keys_and_the_place_is_said(page, form, enter):
    enter(page, "vera")
    page.goto(f"/settings/forms/{form.public_id}")
    row(page, "All kinds").get_by_role("link").focus()
    for place in (3, 2):
        page.keyboard.press("Alt+ArrowUp")
        expect(page.locator("#said")).to_have_text(f"“All kinds” is now {place} of 12.")
        expect(row(page, "All kinds").get_by_role("link")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#said")).to_have_text("“All kinds” is now 3 of 12.")
    assert labels(form)[2] == "All kinds"


def test_a_form_is_built_without_javascript(open_page, form, enter):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(f"/settings/forms/{form.public_id}/questions/new")
    page.get_by_role("link", name="One of several").click()
    page.get_by_label("Question").fill("Tea or coffee?")
    page.get_by_label("Options").fill("Tea\nCoffee")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Move “Tea or coffee?” up").click()
    assert labels(form)[-2] == "Tea or coffee?"
    page.get_by_role("button", name="Publish").click()
    assert FormVersion.published(form).number == 2


def fill_in(page):
    """Both steps of the form, with a mistake on each, and a look back; then send."""
    page.goto("/p/intake/every-kind")
    page.get_by_label("Your name").fill("Ines Marchetti")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("Your email")).to_be_focused()
    expect(page.get_by_text("Please type your email address.")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Ines Marchetti")
    page.get_by_label("Your email").fill("ines@halden.example")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All kinds")
    page.get_by_label("What would you like to change?").fill("Everything.\nSlowly.")
    page.get_by_label("Monday").check()
    page.get_by_label("Friday").check()
    page.get_by_text("7", exact=True).click()
    page.get_by_label("Since when?").fill("2026-01-31")
    page.get_by_label("Your CV").set_input_files({"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"})
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Your name")).to_have_value("Ines Marchetti")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("What would you like to change?")).to_have_value("Everything.\nSlowly.")
    expect(page.get_by_label("Friday")).to_be_checked()
    expect(page.get_by_text("cv.pdf")).to_be_visible()
    page.wait_for_timeout(3000)  # nobody is faster, and the form knows
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("2 answers need another look.")).to_be_visible()
    page.get_by_label("Later", exact=True).check()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_a_form_is_filled_in_on_a_phone_without_javascript(open_page, form):
    page = open_page(java_script_enabled=False, viewport=PHONE, has_touch=True, is_mobile=True)
    fill_in(page)
    given = {answer.question.label: answer.typed for answer in Answer.select()}
    assert given["Which days?"] == ["Monday", "Friday"]
    assert (given["How urgent?"], given["Since when?"], given["When?"]) == ("7", "2026-01-31", "Later")
    assert Client.get(Client.email == "ines@halden.example").coach.name == "Alice Kern"


def test_the_browsers_own_back_and_reload_send_nothing_twice(page, form):
    fill_in(page)
    for look in (page.reload, page.go_back, page.go_back, page.reload):
        look()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert Submission.select().count() == 1


def test_a_phone_shows_every_step_without_scrolling_sideways(phone, form):
    for path in ("/p/intake/every-kind", "/p/intake/inquiry"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_about_forms_is_out_of_reach(open_page, form, enter, axe, scheme):
    stranger = open_page(color_scheme=scheme)
    stranger.goto("/p/intake/every-kind")
    assert axe(stranger) == []
    stranger.get_by_role("button", name="Next").click()
    assert axe(stranger) == []
    fill_in(stranger)
    assert axe(stranger) == []
    vera = open_page(color_scheme=scheme)
    enter(vera, "vera")
    home = f"/settings/forms/{form.public_id}"
    client = Client.get(Client.email == "ines@halden.example")
    kinds = [f"{home}/questions/new?kind={kind}" for kind in ("short", "choice", "scale", "section")]
    around = ["/settings/forms", "/settings/forms/new", home, f"{home}/questions/new", f"{home}/submissions"]
    for path in [*around, *kinds, f"{home}/preview", f"{home}/preview?step=2", f"/clients/{client.public_id}/answers"]:
        vera.goto(path)
        assert axe(vera) == [], path


def test_saving_for_later_is_within_reach(page, form, axe):
    page.goto("/p/intake/every-kind")
    page.get_by_label("Your email").fill("ines@halden.example")
    page.get_by_role("button", name="Save and return later").click()
    expect(page.get_by_label("Your email")).to_have_value("ines@halden.example")
    assert axe(page) == []
    page.get_by_role("button", name="Mail me the link").click()
    expect(page.get_by_text("on its way to ines@halden.example")).to_be_visible()
    page.get_by_role("link", name="Go on now").click()
    expect(page.get_by_label("Your email")).to_have_value("ines@halden.example")


PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "' autofocus onfocus=window.pwned=1 x='",
    "javascript:window.pwned=1",
    "</textarea><script>window.pwned=1</script>",
    "</title><script>window.pwned=1</script>",
    '<div hx-get="/p/intake/inquiry" hx-trigger="load">x</div>',
    '<div data-hx-on:load="window.pwned=1">x</div>',
    "{{ 7 * 7 }}{% raise %}${window.pwned=1}",
    "<a href=javascript:window.pwned=1>x</a>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
)


def test_what_a_stranger_types_runs_nowhere(page, form, enter):
    """Every text field at once, on every page that shows it; the browser also tells of each script it refused."""
    asked = {question.fills or question.label: question for question in Question.of(FormVersion.published(form))}
    for number, payload in enumerate(PAYLOADS):
        with clock.pretend(clock.now() - timedelta(days=len(PAYLOADS) - number)), transaction():
            submission = actions.start(FormVersion.published(form), f"t{number}", source="10.0.0.1")
            texts = {asked["name"]: payload, asked["email"]: "ines@halden.example", asked["When?"]: "Now"}
            more = {
                asked["preferred_name"]: payload,
                asked["What would you like to change?"]: payload,
                asked["I agree"]: "yes",
            }
            actions.keep(submission, texts | more, {})
            actions.submit(submission, source="10.0.0.1")
    client = Client.get(Client.email == "ines@halden.example")
    enter(page, "alice")
    for path in ("", "/answers", "/mail", "/edit"):
        page.goto(f"/clients/{client.public_id}{path}")
        assert page.evaluate("window.pwned") is None, path
    page.goto(f"/clients/{client.public_id}/answers")
    for payload in PAYLOADS:
        expect(page.get_by_text(payload, exact=True).first).to_be_visible()


def test_what_the_firm_writes_runs_nowhere(page, cast, live_server, enter):
    with transaction():
        for number, payload in enumerate(PAYLOADS):
            form = actions.make_form(title=payload, slug=f"hostile-{number}", intro=payload, thanks=payload)
            values = {"label": payload, "help": payload, "options": json.dumps([payload, "other"])}
            actions.add_question(form, QuestionKind.CHOICE, values)
            actions.publish(form)
    enter(page, "vera")
    forms = [f"/settings/forms/{form.public_id}" for form in Form.select().where(Form.slug.startswith("hostile-"))]
    for path in ["/settings/forms", *forms, *(f"/p/intake/hostile-{number}" for number in range(len(PAYLOADS)))]:
        page.goto(path)
        assert page.evaluate("window.pwned") is None, path
