"""The form as strangers meet it: by plain pages and buttons, as a browser without JavaScript has them."""

import io
import re
import zipfile
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import Attempt
from coachbase.clients.models import Client
from coachbase.files.models import Document
from coachbase.intake import actions
from coachbase.intake.forms import TRAP
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import QuestionKind
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry
from tests.intake.filling import Filling, answers, fields_of, name_of, questions
from tests.safety.digest import digest

HOSTILE = "<script>alert(1)</script>\"' onfocus=alert(1) {{7*7}} <img src=x onerror=alert(1)>"


# The way through -----------------------------------------------------------------------------------------------------


def test_a_stranger_becomes_a_client(filling, cast):
    filling.send_all()
    assert "Thank you" in filling.answer.text
    client = Client.get(Client.email == "ines@halden.example")
    assert (client.name, client.organisation.name, client.zone) == ("Ines Marchetti", "Halden", "Europe/Rome")
    assert client.waiting_on_name == "us"
    assert Submission.get().client == client
    assert [entry.kind_name for entry in Entry.select().where(Entry.client == client)].count("intake") == 1
    kinds = sorted((message.kind, message.to_address) for message in Message.select())
    assert kinds == [("intake_notice", "vera@northbank.example"), ("intake_thanks", "ines@halden.example")]


def test_the_first_page_says_who_reads_and_what_only_the_coach_reads(filling):
    page = filling.answer.text
    assert "are read by your coach, the assistant who keeps the desk, and the owner of Northbank." in page
    assert "Step 1 of 3" in page
    filling.press(**answers()).follow()
    assert "Only your coach reads this" in filling.answer.text


def test_what_is_missing_or_wrong_is_said_beside_the_field_and_the_rest_stays(filling):
    filling.press(**answers(email="not an address", name="", position="COO & more"))
    assert filling.answer.headers["Location"] == f"{filling.path}?step=1&check=1"
    page = filling.follow().answer.text
    assert "2 answers need another look." in page
    assert "That does not look like an email address." in page
    assert 'value="not an address"' in page
    assert 'value="COO &amp; more"' in page
    for fills in ("name", "email"):
        assert re.search(rf'aria-describedby="{name_of(questions()[fills])}-error"[^>]*aria-invalid="true"', page)


def test_the_back_button_shows_what_was_typed(filling):
    filling.press(**answers(name="Ines Marchetti")).follow()
    filling.press(**answers(wish="To listen more."), act="back").follow()
    assert 'value="Ines Marchetti"' in filling.answer.text
    filling.press(**answers()).follow()
    assert "To listen more." not in filling.answer.text.split("<textarea")[0]
    assert "To delegate well." not in filling.answer.text
    assert "To listen more." in filling.answer.text


def test_a_step_that_was_jumped_over_is_asked_before_sending(filling):
    filling.press(**answers()).follow()
    filling.answer = filling.browser.get(f"{filling.path}?step=3")
    filling.press(**answers())
    assert filling.answer.headers["Location"].endswith("?step=2&check=1")
    filling.follow()
    assert "Please answer this." in filling.answer.text
    assert not Submission.get().is_submitted


@pytest.mark.parametrize("step", ["0", "99", "-1", "", "two", "1e3", "9" * 5000, "²", "1\0"])
def test_a_step_that_is_none_shows_one_that_is(filling, step):
    filling.press(**answers()).follow()
    assert filling.browser.get(filling.path, query_string={"step": step}).status_code == 200


@pytest.mark.parametrize("slug", ["nothing", "open", "INQUIRY", "..", "%00", "x" * 3000, "a%0d%0ab"])
def test_a_form_that_is_not_there_is_not_found(stranger, cast, slug):
    for path in (f"/p/intake/{slug}", f"/p/intake/{slug}/thanks", f"/p/intake/{slug}/later"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/p/intake/{slug}").status_code == 404


def test_a_draft_is_not_public(stranger, cast):
    actions.make_form(title="Secret plan", slug="secret-plan")
    assert stranger.get("/p/intake/secret-plan").status_code == 404


def test_a_closed_form_says_so_and_loses_nothing(filling):
    filling.press(**answers()).follow()
    actions.close(Form.get())
    filling.press(**answers(wish="Kept all the same"))
    assert filling.answer.status_code == 422
    assert "closed while you were typing" in filling.answer.text
    assert "Kept all the same" in filling.answer.text
    assert "closed at the moment" in filling.browser.get(filling.path).text
    actions.reopen(Form.get())
    assert "Kept all the same" in filling.browser.get(f"{filling.path}?step=2").text


def test_questions_published_meanwhile_do_not_change_the_page_somebody_is_on(filling):
    form, data = Form.get(), answers(position="Chief Listener")
    actions.take_out(Question.get(Question.fills == "position"))
    actions.publish(form)
    for _ in range(3):
        filling.press(**data).follow()
    assert Client.get(Client.email == "ines@halden.example").position == "Chief Listener"
    assert Submission.get().form_version.number == 1
    assert FormVersion.published(form).number == 2


def test_what_a_stranger_types_is_text(filling, vera):
    filling.press(**answers(name="Ines " + HOSTILE[:60], position=HOSTILE)).follow()
    for page in (filling.browser.get(f"{filling.path}?step=1").text,):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{7*7}}" in page


# Once ----------------------------------------------------------------------------------------------------------------


def test_reload_back_and_a_second_tab_make_one_submission(filling):
    filling.press(**answers()).follow()
    filling.press(**answers()).follow()
    tab = Filling(filling.browser, filling.traveller)
    filling.press(**answers())
    last = filling.sent
    for _ in range(2):
        again = filling.browser.post(filling.path, data=last | {"act": "next"})
        assert (again.status_code, again.headers["Location"]) == (303, f"{filling.path}/thanks")
    tab.press(**answers())
    assert tab.answer.headers["Location"] == f"{filling.path}/thanks"
    assert Submission.select().count() == 1
    assert Message.select().where(Message.kind == "intake_thanks").count() == 1
    assert filling.browser.get(f"{filling.path}?step=2").headers["Location"] == f"{filling.path}/thanks"


def test_a_tab_opened_before_joins_what_another_tab_began(filling):
    other = Filling(filling.browser, filling.traveller)
    filling.press(**answers(name="First Tab"))
    other.press(**answers(name="Second Tab"))
    assert Submission.select().count() == 1
    kept = [answer.typed for answer in Answer.select()]
    assert "Second Tab" in kept
    assert "First Tab" not in kept


def test_somebody_else_at_the_same_device_can_fill_it_in_too(filling):
    filling.send_all()
    assert filling.browser.get(filling.path).status_code == 303
    filling.traveller.shift(timedelta(seconds=30))
    filling.answer = filling.browser.get(f"{filling.path}?again=1")
    assert "ines@halden.example" not in filling.answer.text
    filling.send_all(email="second@halden.example", name="Second Person")
    assert Submission.select().count() == 2
    assert Client.get(Client.email == "second@halden.example").name == "Second Person"


def test_the_sender_does_not_learn_that_an_address_is_known(stranger, cast, traveller, app):
    first = Filling(stranger, traveller).send_all(email="new@brightwater.example")
    second = Filling(app.test_client(), traveller).send_all(email="bob@brightwater.example")
    assert first.answer.status_code == second.answer.status_code == 200
    without_time = [re.sub(r"<time.*?</time>", "", filling.answer.text) for filling in (first, second)]
    assert without_time[0] == without_time[1]
    assert Submission.select().where(Submission.client == cast.bob).count() == 1


# The way back --------------------------------------------------------------------------------------------------------


def return_token() -> str:
    return Message.select().where(Message.kind == "intake_return").order_by(Message.id.desc()).get().token


def saved(filling) -> str:
    """Save the second step and have the link mailed; its token."""
    filling.press(**answers()).follow()
    filling.press(**answers(wish="Half a thought"), act="later").follow()
    assert 'value="ines@halden.example"' in filling.answer.text
    answer = filling.browser.post(f"{filling.path}/later", data={"email": "ines@halden.example"})
    assert answer.headers["Location"] == f"{filling.path}/later"
    assert "on its way to ines@halden.example" in filling.browser.get(f"{filling.path}/later").text
    return return_token()


def test_a_form_saved_half_way_goes_on_in_another_browser(filling, app):
    token = saved(filling)
    elsewhere = Filling(app.test_client(), filling.traveller)
    filling.traveller.shift(timedelta(days=3))
    opened = elsewhere.browser.get(f"/p/intake/open/{token}")
    assert (opened.status_code, opened.headers["Location"]) == (303, "/p/intake")
    led = elsewhere.browser.get("/p/intake")
    assert led.headers["Location"] == f"{filling.path}?step=3"
    elsewhere.answer = elsewhere.browser.get(f"{filling.path}?step=2")
    assert "Half a thought" in elsewhere.answer.text
    elsewhere.press(**answers()).follow().press(**answers()).follow()
    assert "Thank you" in elsewhere.answer.text
    assert elsewhere.browser.get("/p/intake").headers["Location"] == f"{filling.path}/thanks"


def test_this_browser_goes_on_after_the_link_was_mailed(filling):
    saved(filling)
    assert filling.browser.get("/p/intake").headers["Location"] == f"{filling.path}?step=3"


def test_a_newer_link_kills_the_older(filling, app):
    first = saved(filling)
    filling.browser.post(f"{filling.path}/later", data={"email": "other@halden.example"})
    assert app.test_client().get(f"/p/intake/open/{first}").status_code == 404
    assert app.test_client().get(f"/p/intake/open/{return_token()}").status_code == 303


def test_the_four_doors_of_the_return_link(filling, app):
    token = saved(filling)
    knock = lambda token: app.test_client().get(f"/p/intake/open/{token}")  # noqa: E731
    assert knock(token).status_code == 303
    unknown = knock("no-such-token")
    Link.update(expires_at=clock.now() - timedelta(seconds=1)).execute()
    expired = knock(token)
    Link.update(expires_at=clock.now() + timedelta(days=1), revoked_at=clock.now()).execute()
    revoked = knock(token)
    Link.update(revoked_at=None, kind="reset").execute()
    wrong_kind = knock(token)
    refused = [unknown, expired, revoked, wrong_kind]
    assert [answer.status_code for answer in refused] == [404] * 4
    assert len({answer.text for answer in refused}) == 1
    assert app.test_client().get("/p/intake").status_code == 404


def test_a_cookie_whose_link_died_shows_nothing_that_was_typed(filling):
    filling.press(**answers())
    Link.update(revoked_at=clock.now()).execute()
    page = filling.browser.get(f"{filling.path}?step=1")
    assert page.status_code == 200
    assert "ines@halden.example" not in page.text


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b.example\r\nBcc: all@b.example", "x" * 300 + "@a.example", "a\0@b.example"]
)
def test_a_link_is_mailed_to_an_address_only(filling, email):
    filling.press(**answers(), act="later")
    answer = filling.browser.post(f"{filling.path}/later", data={"email": email})
    assert answer.status_code == 422
    assert Message.select().count() == 0


def test_nobody_is_flooded_with_return_links(filling):
    filling.press(**answers(), act="later")
    told = [filling.browser.post(f"{filling.path}/later", data={"email": "v@halden.example"}) for _ in range(6)]
    assert [answer.status_code for answer in told] == [303] * 5 + [429]
    assert Message.select().count() == 5


# Looking changes nothing ---------------------------------------------------------------------------------------------


def test_looking_changes_nothing(filling, app):
    token = saved(filling)
    paths = [
        f"/p/intake/open/{token}",
        "/p/intake",
        filling.path,
        f"{filling.path}?step=2",
        f"{filling.path}?step=3&check=1",
        f"{filling.path}?again=1",
        f"{filling.path}/later",
        f"{filling.path}/thanks",
    ]
    before = digest()
    for browser in (app.test_client(), filling.browser):
        for path in paths * 3:
            for look in (browser.get, browser.head):
                assert look(path).status_code in (200, 303, 404)
    assert digest() == before
    filling.send_all()
    before = digest()
    for path in paths:
        filling.browser.get(path)
    assert digest() == before


# Spam ----------------------------------------------------------------------------------------------------------------


def test_what_fills_in_the_trap_is_told_kindly_and_may_send_again(filling):
    filling.press(**answers(), **{TRAP: "https://spam.example"})
    assert filling.answer.status_code == 422
    assert "We could not be sure that a person sent this." in filling.answer.text
    assert 'value="ines@halden.example"' in filling.answer.text
    assert Submission.select().count() == 0
    filling.press(**answers())
    assert filling.answer.status_code == 303


def test_faster_than_a_person_is_asked_to_send_once_more(cast, stranger, traveller):
    form = actions.make_form(title="Short", slug="short")
    actions.publish(form)
    filling = Filling(stranger, slug="short")
    asked = questions("short")
    typed = {name_of(asked["name"]): "Ines Marchetti", name_of(asked["email"]): "ines@halden.example"}
    filling.press(**typed)
    assert filling.answer.status_code == 422
    assert "faster than we can take it" in filling.answer.text
    assert "Ines Marchetti" in filling.answer.text
    assert Client.select().count() == 1
    traveller.shift(timedelta(seconds=4))
    filling.press(**typed)
    assert filling.answer.status_code == 303
    assert Client.select().count() == 2


@pytest.mark.parametrize("ticket", ["", "made up", "x" * 100_000, "WyJhIiwxLDFd.AAAA", "null", "\0"])
def test_a_ticket_that_is_not_ours_begins_nothing_and_keeps_what_was_typed(filling, ticket):
    filling.press(**answers(), ticket=ticket)
    assert filling.answer.status_code == 422
    assert "send it once more" in filling.answer.text
    assert "ines@halden.example" in filling.answer.text
    assert Submission.select().count() == 0
    filling.press(**answers())
    assert filling.answer.status_code == 303


def test_the_ticket_of_another_form_is_not_ours(filling):
    actions.publish(actions.make_form(title="Other", slug="other"))
    foreign = fields_of(filling.browser.get("/p/intake/other").text)["ticket"]
    filling.press(**answers(), ticket=foreign)
    assert filling.answer.status_code == 422
    assert Submission.select().count() == 0


def test_a_page_left_open_for_days_is_sent_once_more(filling):
    filling.traveller.shift(timedelta(days=2))
    filling.press(**answers())
    assert "open for a long time" in filling.answer.text
    filling.press(**answers())
    assert filling.answer.status_code == 303


def test_a_page_for_somebody_else_left_open_for_days_is_not_taken_for_sent(filling):
    filling.send_all()
    filling.traveller.shift(timedelta(seconds=30))
    filling.answer = filling.browser.get(f"{filling.path}?again=1")
    filling.traveller.shift(timedelta(days=2))
    filling.press(**answers(email="second@halden.example"))
    assert filling.answer.status_code == 422
    assert "open for a long time" in filling.answer.text
    filling.press(**answers(email="second@halden.example"))
    assert filling.answer.status_code == 303
    assert Submission.select().count() == 2


def test_an_old_page_opens_nothing_without_its_cookie(filling, app):
    filling.press(**answers()).follow()
    filling.traveller.shift(timedelta(days=2))
    data = fields_of(filling.answer.text) | answers()
    thief = app.test_client().post(filling.path, data=data)
    assert thief.status_code == 422
    assert "ines@halden.example" not in thief.headers.get("Set-Cookie", "") + thief.text
    assert filling.press(**answers()).answer.status_code == 303


def test_too_many_keep_what_was_typed(filling):
    filling.press(**answers()).follow().press(**answers()).follow()
    now = clock.now()
    Attempt.insert_many([{"bucket": "intake from 127.0.0.1", "at": now} for _ in range(20)]).execute()
    filling.press(**answers(zone="Europe/Paris"))
    assert filling.answer.status_code == 429
    assert "too often" in filling.answer.text
    assert 'value="Europe/Paris" selected' in filling.answer.text
    assert Client.select().count() == 1
    Attempt.delete().execute()
    filling.press(**answers())
    assert filling.answer.status_code == 303


# Hostile input -------------------------------------------------------------------------------------------------------

UNSTORABLE = {"name": "a\0b", "position": "x" * 121, "organisation": "\x1b[31m"}


@pytest.mark.parametrize(("field", "typed"), UNSTORABLE.items())
def test_what_cannot_be_stored_stays_on_the_page(filling, field, typed):
    filling.press(**answers(**{field: typed}), act="later")
    assert filling.answer.status_code == 422
    assert f'id="{name_of(questions()[field])}-error"' in filling.answer.text
    assert 'value="ines@halden.example"' in filling.answer.text


BAD_VALUES = [
    "\0",
    "x" * 1_000_000,
    str(2**63),
    "9" * 5000,
    "../../etc/passwd",
    '" OR 1=1 --',
    "\r\nBcc: a@b.example",
    "9999-12-31",
    "{" * 2000,
    "\u202e\u2028",
    "c++",
    "%s%n",
    "\ufffe",
]


@pytest.mark.parametrize("value", BAD_VALUES, ids=range(len(BAD_VALUES)))
def test_bad_input_in_every_field_answers_a_page(filling, value):
    for field in [*answers(), "step", "act", "ticket", "remove-" + next(iter(answers())), "once"]:
        data = fields_of(filling.answer.text) | answers() | {field: value}
        answer = filling.browser.post(filling.path, data=data)
        assert answer.status_code in (303, 422, 429), field
    assert filling.browser.get(filling.path).status_code in (200, 303)


def test_fields_of_other_steps_and_of_nobody_are_not_taken(filling):
    filling.press(**answers(), client="1", state="submitted", coach="2")
    asked = {answer.question.fills for answer in Answer.select()}
    assert asked == {"name", "email", "position", "organisation"}


# Files ---------------------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def bomb() -> bytes:
    """A Word file of 300 kB that unpacks to 300 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", b"\0" * 300_000_000)
    return file.getvalue()


@pytest.fixture
def with_file(stranger, cast, traveller) -> Filling:
    form = actions.make_form(title="With a file", slug="with-file", coach=cast.alice)
    actions.add_question(form, QuestionKind.FILE, {"label": "Your CV"})
    actions.add_question(form, QuestionKind.FILE, {"label": "Report", "coach_only": True})
    actions.publish(form)
    return Filling(stranger, traveller, slug="with-file")


def sending(filling, content: bytes, name: str, question: str = "Your CV", **values):
    asked = questions("with-file")
    typed = {name_of(asked["name"]): "Ines Marchetti", name_of(asked["email"]): "ines@halden.example"}
    upload = {name_of(asked[question]): (io.BytesIO(content), name)} if content is not None else {}
    return filling.press(**(typed | upload | values))


REFUSED_FILES = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "logo.svg"),
    "html": (b"<html><script>alert(1)</script></html>", "cv.html"),
    "html said to be png": (b"<html><script>alert(1)</script></html>", "cv.png"),
    "html said to be pdf": (b"<html>%PDF-1.7</html>", "cv.pdf"),
    "svg said to be jpeg": (b"<svg onload=alert(1)>", "cv.jpg"),
    "program": (b"MZ\x90\0", "cv.exe"),
    "program said to be word": (b"MZ\x90\0", "cv.docx"),
    "two endings": (b"<html>", "cv.pdf.html"),
    "zip": (b"PK\x03\x04", "cv.zip"),
    "no ending": (b"%PDF-1.7", "cv"),
    "empty": (b"", "cv.pdf"),
    "dots": (b"%PDF-1.7", ".."),
}


@pytest.mark.parametrize(("content", "name"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_a_hostile_file_is_refused_beside_its_field(with_file, content, name):
    sending(with_file, content, name)
    assert with_file.answer.status_code == 422
    assert f'id="{name_of(questions("with-file")["Your CV"])}-error"' in with_file.answer.text
    assert "Ines Marchetti" in with_file.answer.text
    assert Document.select().count() == 0


def test_a_bomb_is_refused(with_file):
    sending(with_file, bomb(), "cv.docx")
    assert with_file.answer.status_code == 422
    assert Document.select().count() == 0


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/cv.pdf",
        "C:\\Windows\\cv.pdf",
        "cv.pdf\0.html",
        "a%0d%0aSet-Cookie: x=1.pdf",
        "x" * 5000 + ".pdf",
        "con<|>:?*.pdf",
        "%22quoted%22.pdf",
    ],
)
def test_a_name_that_climbs_out_is_only_a_name(with_file, name, alice):
    sending(with_file, b"%PDF-1.7 harmless", name)
    if with_file.answer.status_code == 303:
        document = Document.get()
        assert not re.search(r'[\\/\0\r\n<>:"|?*]', document.name)
        assert len(document.name) <= 115
        handed = alice.get(f"/documents/{document.public_id}")
        assert handed.status_code == 200
        assert "Set-Cookie" not in handed.headers
    else:
        assert with_file.answer.status_code == 422
        assert Document.select().count() == 0


POLYGLOTS = {
    "html in png": (PNG + b"<html><script>alert(1)</script>", "cv.png"),
    "html in pdf": (b"%PDF-1.7\n<script>alert(1)</script>", "cv.pdf"),
}


@pytest.mark.parametrize(("content", "name"), POLYGLOTS.values(), ids=POLYGLOTS)
def test_a_polyglot_is_handed_out_as_an_attachment_only(with_file, content, name, alice):
    sending(with_file, content, name).follow()
    document = Document.get()
    assert document.client == Client.get(Client.email == "ines@halden.example")
    answer = alice.get(f"/documents/{document.public_id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype in ("image/png", "application/pdf", "application/octet-stream")


def test_a_good_file_stays_although_another_answer_is_wrong(with_file):
    asked = questions("with-file")
    sending(with_file, b"%PDF-1.7 good", "cv.pdf", **{name_of(asked["email"]): "wrong"}).follow()
    assert "does not look like an email address" in with_file.answer.text
    assert "cv.pdf" in with_file.answer.text
    sending(with_file, None, "").follow()
    assert "Thank you" in with_file.answer.text
    assert Document.get().name == "cv.pdf"


def test_a_file_can_be_taken_away_and_replaced(with_file):
    asked = questions("with-file")
    cv = name_of(asked["Your CV"])
    wrong = {name_of(asked["email"]): "wrong"}
    sending(with_file, b"%PDF-1.7 first", "first.pdf", **wrong).follow()
    sending(with_file, b"%PDF-1.7 second", "second.pdf", **wrong).follow()
    assert [document.name for document in Document.select()] == ["second.pdf"]
    sending(with_file, None, "", **wrong, **{f"remove-{cv}": "1"}).follow()
    assert Document.select().count() == 0
    assert "second.pdf" not in with_file.answer.text


def test_nobody_opens_a_file_of_a_form_that_is_not_sent(with_file, olive, alice, vera, carol):
    asked = questions("with-file")
    sending(with_file, b"%PDF-1.7 good", "cv.pdf", **{name_of(asked["email"]): "wrong"})
    path = f"/documents/{Document.get().public_id}"
    assert [who.get(path).status_code for who in (olive, alice, vera, carol)] == [404] * 4


def test_a_page_sent_again_and_again_without_its_cookie_leaves_no_heap_of_links(filling, app):
    filling.press(**answers())
    told = [app.test_client().post(filling.path, data=filling.sent).status_code for _ in range(45)]
    assert told.count(429) >= 5
    assert Link.select().where(Link.kind == actions.LINK).count() <= 40
