"""What may stand in a text, what may enter a mail, and what becomes of one."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from coachbase.mail.models import MailText
from coachbase.mail.rules import (
    DELAYS,
    FACES,
    KINDS,
    LINK_PLACE,
    Security,
    State,
    delay_after,
    fill,
    fill_html,
    is_due,
    paragraphs,
    plain,
    plain_value,
    refusal_of_body,
    refusal_of_server,
    refusal_of_subject,
    refusal_to_cancel,
    refusal_to_resend,
    tidy,
)
from coachbase.mail.tasks import content_of, html_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CODE = KINDS["agreement_code"].anew
THANKS, INVITATION = KINDS["intake_thanks"], KINDS["invitation"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_texts_follow_their_own_rules(kind):
    text = MailText(kind=kind, subject="", body="", version=0)
    text = MailText._filled_in(text, kind)
    assert refusal_of_subject(KINDS[kind], text.subject) is None
    assert refusal_of_body(KINDS[kind], text.body) is None
    assert KINDS[kind].has_link == ("{{link}}" in text.body)
    assert KINDS[kind].has_code == ("{{code}}" in text.body)


@pytest.mark.parametrize(
    "body", ["https://evil.example/?c={{code}}", "evil.example/{{code}}", "[x](https://e.example/{{code}})"]
)
def test_a_code_is_carried_nowhere_by_a_link_and_shown_on_no_locked_screen(body):
    assert refusal_of_body(KINDS["agreement_code"], f"Hello {body}") is not None
    assert "{{code}} has no place in a subject" in refusal_of_subject(KINDS["agreement_code"], "{{code}} is your code")


def test_a_misspelt_field_is_refused_by_its_name():
    assert refusal_of_subject(THANKS, "Hello {{nmae}}") == "There is no field {{nmae}}. Did you mean {{name}}?"
    assert "{{inviter}}" in refusal_of_body(THANKS, "From {{inviter}}")
    assert refusal_of_body(THANKS, "Hello {{name}") is not None
    assert refusal_of_body(THANKS, "Hello {{}}") is not None


@pytest.mark.parametrize("body", ["", "  ", "Hello {{name}}, no way on", "![x](https://x.example/y.png) {{link}}"])
def test_what_an_invitation_may_not_say(body):
    assert refusal_of_body(INVITATION, body) is not None


@pytest.mark.parametrize(
    "body",
    [
        "[x]({{name}})",
        "[x]( {{name}} )",
        "[x](https://evil.example/{{name}})",
        "[x](javascript:alert(1))",
        "[x](/settings)",
        "[x]\n\n[x]: {{name}}",
        "<a href='{{name}}'>x</a>",
        "<https://x.example/{{name}}>",
    ],
)
def test_a_link_never_leads_to_what_a_stranger_typed(body):
    assert refusal_of_body(THANKS, body) is not None
    html = fill_html(content_of(body), {"name": "javascript:alert(1)"})
    assert "javascript:alert" not in html.split(">", 1)[0]
    assert 'href="javascript' not in html


def test_links_to_whole_addresses_and_to_address_fields_are_fine():
    body = "[Go]({{link}}) or [ask](mailto:desk@northbank.example) or [read](https://northbank.example/a)"
    assert refusal_of_body(INVITATION, body) is None


def test_a_value_is_never_read_as_a_field_or_as_markup():
    values = {"name": "{{form}} <b>*Bob*</b> & [x](y)", "form": "Intake"}
    assert fill("Hello {{name}}", values) == "Hello {{form}} <b>*Bob*</b> & [x](y)"
    html = fill_html(html_of("Hello **{{name}}**"), values)
    assert "{{form}} &lt;b&gt;*Bob*&lt;/b&gt; &amp; [x](y)" in html


@pytest.mark.parametrize(
    ("typed", "enters"),
    [
        ("Bob\r\nBcc: all@x.example", "Bob Bcc: all@x.example"),
        ("Bob\x00\x1b[31m\u202eevil", "Bob[31mevil"),
        (f"Bob{LINK_PLACE}", "Bob"),
        ("Win at https://evil.example/x now", "Win at … now"),
        ("www.evil.example", "…"),
        ("\ud800Zoë  O’Neil ", "Zoë O’Neil"),
        ("x" * 9000, "x" * 300),
    ],
)
def test_what_a_value_brings_into_a_mail(typed, enters):
    assert plain_value(typed) == enters


def test_the_text_part_spells_out_links():
    body = "# Hello\n\n**Now** [Go on]({{link}}) or <https://x.example>"
    assert plain(body) == "Hello\n\nNow Go on: {{link}} or https://x.example\n"


def test_a_link_alone_becomes_a_button_and_nothing_is_loaded_from_afar():
    html = html_of("Hello {{name}},\n\n[Go on]({{link}})")
    assert 'class="button"' in html
    assert "background: #0d5f66" in html
    assert 'href="{{link}}"' in html
    for forbidden in ("<img", "src=", "url(", "<link", "<script", "<style"):
        assert forbidden not in html


def test_fields_are_stored_without_spaces():
    assert tidy("{{ name }} {{form}}") == "{{name}} {{form}}"


def test_waits_grow_and_then_end():
    waits = [delay_after(attempts) for attempts in range(1, 8)]
    assert waits == [*DELAYS, None, None]
    assert sorted(DELAYS) == list(DELAYS)


@pytest.mark.parametrize(
    ("state", "try_at", "leased_until", "due"),
    [
        (State.QUEUED, None, None, True),
        (State.FAILED, -1, None, True),
        (State.FAILED, 1, None, False),
        (State.LEASED, None, 1, False),
        (State.LEASED, None, -1, True),
        (State.SENT, None, None, False),
        (State.DEAD, None, None, False),
        (State.CANCELLED, None, None, False),
    ],
)
def test_when_a_worker_may_take_a_message(state, try_at, leased_until, due):
    moment = lambda minutes: minutes and NOW + timedelta(minutes=minutes)  # noqa: E731
    assert is_due(state, try_at=moment(try_at), leased_until=moment(leased_until), now=NOW) is due


def test_what_can_be_taken_back():
    assert {state for state in State if not refusal_to_cancel(state)} == {State.QUEUED, State.FAILED, State.DEAD}


def test_what_can_be_sent_again():
    may = {state for state in State if not refusal_to_resend(state, anew="", had_link=False, link_lives=False)}
    assert may == {State.SENT, State.FAILED, State.DEAD, State.CANCELLED}
    assert "used or replaced" in refusal_to_resend(State.SENT, anew="", had_link=True, link_lives=False)
    assert "ask for a new one" in refusal_to_resend(State.SENT, anew=CODE, had_link=False, link_lives=False)
    assert refusal_to_resend(State.FAILED, anew=CODE, had_link=False, link_lives=False) is None


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.has_code])
def test_who_lost_a_mail_with_a_code_is_told_where_to_ask_for_another(kind):
    assert KINDS[kind].anew


def test_a_text_of_the_firms_own_keeps_its_lines_and_nothing_hidden():
    typed = "Twenty minutes.\r\n\n\n\nOne go\u202e.\ufffc  \n"
    assert paragraphs(typed) == "Twenty minutes.\n\nOne go."
    assert fill_html("<p>{{how}}</p>", {"how": "a <b>\n\nb"}) == "<p>a &lt;b&gt;<br><br>b</p>"


def test_every_state_has_a_face_of_its_own():
    assert len({face.word for face in FACES.values()}) == len(State)


def test_a_password_does_not_travel_readable():
    assert refusal_of_server("smtp.example.com", Security.NONE, "desk") is not None
    assert refusal_of_server("localhost", Security.NONE, "desk") is None
    assert refusal_of_server("smtp.example.com", Security.STARTTLS, "desk") is None


@pytest.mark.parametrize(
    ("place", "html"),
    [
        ("Room 4 <b>", "Room 4 &lt;b&gt;"),
        ("https://m.example/a?b=1&c=2.", '<a href="https://m.example/a?b=1&amp;c=2" style="color: #0d5f66">*</a>.'),
        (
            'https://m.example/"onclick="x',
            '<a href="https://m.example/" style="color: #0d5f66">*</a>&quot;onclick=&quot;x',
        ),
        ("see https://m.example/{{link}}", 'see <a href="https://m.example/" style="color: #0d5f66">*</a>{{link}}'),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_place_is_clicked_on_only_where_it_is_a_web_address(place, html):
    filled = fill_html("{{where}}", {"where": place, "link": "SECRET"}, ["where"])
    assert re.sub(r">https[^<]*</a>", ">*</a>", filled) == html


def test_elsewhere_an_address_is_no_link():
    assert fill_html("{{name}}", {"name": "https://m.example"}) == "https://m.example"
