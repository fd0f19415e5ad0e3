"""The outbox and the settings on screen, and who sees what."""

from datetime import timedelta

import pytest

from coachbase import jobs
from coachbase.accounts import actions as accounts
from coachbase.accounts.rules import Role
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.links import actions as links
from coachbase.mail import actions as mail
from coachbase.mail.models import MailServer, MailText, Message
from coachbase.mail.rules import KINDS, State
from tests.mail.test_actions import again, server, thanks

HTMX = {"HX-Request": "true"}


def carols_client(cast):
    return Client.create(name="Dora Lind", email="dora@x.example", coach=cast.carol, created_at=cast.bob.created_at)


# The wall -------------------------------------------------------------------------------------------------------------


def test_carol_sees_nothing_of_bobs_mail(cast, carol, vera):
    message = thanks(cast)
    for path in ("/mail", "/mail?state=queued", "/mail?q=bob", f"/mail?client={cast.bob.public_id}"):
        assert "bob@" not in carol.get(path).text, path
        assert "Thank you" not in carol.get(path).text, path
    home = f"/mail/{message.public_id}"
    for path in (home, f"{home}/html", f"{home}/fate", f"/clients/{cast.bob.public_id}/mail"):
        assert carol.get(path).status_code == 404, path
        assert vera.get(path).status_code in (200, 303), path
    for verb in ("cancel", "resend"):
        assert carol.post(f"{home}/{verb}").status_code == 404
    assert again(message).state is State.QUEUED
    unknown = carol.get("/mail/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert unknown.text == carol.get(home).text


def test_counts_do_not_betray_what_one_may_not_see(cast, carol, vera, smtp):
    smtp.rcpt = ["550 no"]
    thanks(cast)
    jobs.run_jobs()
    assert Message.in_trouble(cast.carol).scalar() == 0
    assert Message.in_trouble(cast.vera).scalar() == 1
    assert "<b>1</b>" not in carol.get("/mail").text
    assert "<b>1</b>" in vera.get("/mail").text


def test_mail_that_concerns_no_client_is_the_owners_and_the_senders(cast, olive, alice):
    accounts.invite(name="Eve Park", email="eve@northbank.example", role=Role.COACH, colleagues=[], by=cast.olive)
    assert "eve@northbank.example" in olive.get("/mail").text
    assert "eve@northbank.example" not in alice.get("/mail").text


def test_the_list_of_one_client_shows_that_clients_mail_only(cast, olive):
    thanks(cast)
    dora = carols_client(cast)
    mail.queue("intake_thanks", to=("Dora", "dora@x.example"), fields={"name": "Dora", "form": "F"}, client=dora)
    page = olive.get(f"/clients/{cast.bob.public_id}/mail")
    assert "bob@brightwater.example" in page.text
    assert "dora@x.example" not in page.text


@pytest.mark.parametrize("path", ["/settings/mail", "/settings/mail?test=01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_the_mail_server_is_the_owners(cast, path, vera, alice):
    assert vera.get(path).status_code == alice.get(path).status_code == 404
    assert vera.post("/settings/mail", data={}).status_code == 404
    assert vera.post("/settings/mail/test", data={"to": "x@y.example"}).status_code == 404


def test_texts_are_for_those_who_run_the_desk(cast, vera, alice):
    assert vera.get("/settings/mail-texts").status_code == 200
    for path in ("/settings/mail-texts", "/settings/mail-texts/test"):
        assert alice.get(path).status_code == 404
    assert alice.post("/settings/mail-texts/test", data={}).status_code == 404
    assert alice.post("/settings/mail-texts/test/restore", data={}).status_code == 404
    assert vera.get("/settings/mail-texts/nonsense").status_code == 404


# The outbox -----------------------------------------------------------------------------------------------------------


def test_an_empty_outbox_says_what_will_stand_there(vera):
    assert "No mail yet" in vera.get("/mail").text
    assert "Mail is not set up yet" not in vera.get("/mail").text


def test_waiting_mail_is_announced_until_there_is_a_server(cast, vera, olive):
    thanks(cast)
    assert "Mail is not set up yet" in vera.get("/mail").text
    assert "Set up mail" not in vera.get("/mail").text, "only the owner can"
    assert "Set up mail" in olive.get("/mail").text
    server()
    assert "Mail is not set up yet" not in vera.get("/mail").text


def test_filters_live_in_the_address(cast, vera, smtp):
    smtp.rcpt = ["550 no such user"]
    thanks(cast)
    jobs.run_jobs()
    other = thanks(cast, to="else@brightwater.example")
    dead, waiting, found = (vera.get(f"/mail?{query}").text for query in ("state=dead", "state=queued", "q=else%40"))
    assert "550 no such user" in dead
    assert "else@" not in dead
    assert other.public_id in waiting
    assert other.public_id in found
    assert "bob@" not in found
    assert "No mail like that" in vera.get("/mail?q=100%25_nothing").text


SENSELESS = [
    "page=99999999999999999999",
    "page=-1",
    "page=x",
    "state=%00",
    "q=%00%25'\"",
    "q=%ED%A0%80",
    "q=" + "x" * 9000,
    "page=" + "9" * 5000,
]


@pytest.mark.parametrize("query", SENSELESS)
def test_senseless_filters_answer_a_page(cast, vera, query):
    thanks(cast)
    assert vera.get(f"/mail?{query}").status_code == 200


def test_a_long_outbox_comes_in_pages_with_few_queries(cast, vera, app):
    for _ in range(60):
        thanks(cast)
    vera.get("/mail")
    seen = []
    original = database.execute_sql

    def counting(sql, *args, **kwargs):
        seen.append(sql)
        return original(sql, *args, **kwargs)

    database.execute_sql = counting
    try:
        page = vera.get("/mail")
    finally:
        del database.execute_sql
    assert page.text.count('class="row"') == 50
    assert len(seen) <= 15
    assert "page=2" in page.text
    assert vera.get("/mail?page=2").text.count('class="row"') == 10


def test_htmx_gets_the_list_alone_with_its_own_id(cast, vera):
    message = thanks(cast)
    answer = vera.post(f"/mail/{message.public_id}/cancel?state=queued", headers=HTMX | {"HX-Target": "outbox"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="stack" id="outbox">')
    assert "Cancelled. It will not be sent." in answer.text
    assert message.public_id not in answer.text
    assert again(message).state is State.CANCELLED


def test_without_script_one_lands_on_the_message(cast, vera, smtp):
    message = thanks(cast)
    jobs.run_jobs()
    answer = vera.post(f"/mail/{message.public_id}/resend")
    new = Message.select().order_by(Message.id.desc()).first()
    assert answer.headers["Location"] == f"/mail/{new.public_id}"
    refused = vera.post(f"/mail/{message.public_id}/cancel")
    assert refused.status_code == 422
    assert "has been sent" in refused.text


def test_sent_twice_a_resend_makes_one_mail(cast, vera, smtp):
    message = thanks(cast)
    jobs.run_jobs()
    for _ in range(2):
        assert vera.post(f"/mail/{message.public_id}/resend", data={"once": "k" * 20}).status_code == 303
    assert Message.select().count() == 2


def test_a_message_shows_all_but_its_link(cast, olive):
    link, token = links.issue("invitation", cast.alice.public_id, lasts=timedelta(days=7))
    fields = {"name": "Alice <b>Kern</b>", "inviter": "Olive"}
    message = mail.queue("invitation", to=("Alice", "a@x.example"), fields=fields, link=(link, token), by=cast.olive)
    page, html = (olive.get(f"/mail/{message.public_id}{part}") for part in ("", "/html"))
    assert "[personal link]" in page.text
    assert "Alice &lt;b&gt;Kern&lt;/b&gt;" in page.text
    assert message.message_id.strip("<>") in page.text
    assert token not in page.text + html.text
    assert "<b>Kern" not in html.text
    assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_the_fate_is_asked_for_until_it_is_known(cast, vera, smtp):
    message = thanks(cast)
    path = f"/mail/{message.public_id}/fate"
    assert 'hx-trigger="every 1s"' in vera.get(path, headers=HTMX).text
    jobs.run_jobs()
    done = vera.get(path, headers=HTMX).text
    assert "hx-trigger" not in done
    assert 'id="fate"' in done
    assert "250 2.0.0 taken" in done


# The server -----------------------------------------------------------------------------------------------------------


def settings(**changes):
    return {
        "host": "smtp.example.com",
        "port": "587",
        "security": "starttls",
        "username": "desk",
        "password": "a secret for smtp",
        "from_name": "Northbank",
        "from_address": "desk@northbank.example",
        "version": "0",
    } | changes


def test_the_owner_sets_up_mail_and_never_sees_the_password_again(cast, olive):
    assert olive.post("/settings/mail", data=settings()).status_code == 303
    page = olive.get("/settings/mail").text
    assert 'value="smtp.example.com"' in page
    assert "a secret for smtp" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": "0"},
        {"port": "9" * 5000},
        {"host": "smtp.example.com/x"},
        {"from_address": "x\r\nBcc: y@z.example"},
        {"from_name": "A\nB"},
        {"security": "none"},
        {"security": "magic"},
        {"version": "x"},
    ],
)
def test_wrong_settings_are_kept_on_screen_and_not_saved(cast, olive, wrong):
    answer = olive.post("/settings/mail", data=settings(**wrong))
    assert answer.status_code == 422
    assert "a secret for smtp" not in answer.text
    assert MailServer.current() is None


def test_settings_of_two_tabs_show_both_but_no_password(cast, olive):
    server(password="the stored one")
    answer = olive.post("/settings/mail", data=settings(version="0", host="other.example.com"))
    assert answer.status_code == 409
    assert "smtp.example.com" in answer.text
    assert "other.example.com" in answer.text
    assert "the stored one" not in answer.text
    assert "a secret for smtp" not in answer.text
    assert MailServer.current().host == "smtp.example.com"


def test_a_test_mail_shows_the_servers_own_answer(cast, olive, smtp):
    smtp.data = ["554 5.7.1 we do not know you"]
    answer = olive.post("/settings/mail/test", data={"to": "olive@northbank.example"})
    place = answer.headers["Location"]
    assert "every 1s" in olive.get(place).text
    jobs.run_jobs()
    assert "554 5.7.1 we do not know you" in olive.get(place).text


# The texts ------------------------------------------------------------------------------------------------------------


def test_every_text_opens_with_its_fields_and_preview(cast, vera):
    for kind, about in KINDS.items():
        page = vera.get(f"/settings/mail-texts/{kind}").text
        assert 'id="preview"' in page
        for name in about.fields:
            assert f"{{{{{name}}}}}" in page


def test_a_misspelt_field_keeps_what_was_typed(cast, vera):
    typed = {"subject": "Hello", "body": "Dear {{nmae}}, yours", "version": "0"}
    answer = vera.post("/settings/mail-texts/intake_thanks", data=typed)
    assert answer.status_code == 422
    assert "There is no field {{nmae}}. Did you mean {{name}}?" in answer.text
    assert "Dear {{nmae}}, yours" in answer.text
    assert MailText.select().count() == 0


def test_the_preview_is_a_part_for_htmx_and_a_page_without(cast, vera):
    typed = {"subject": "Hi {{name}}", "body": "**Soon**, {{name}} <script>alert(1)</script>", "version": "0"}
    path = "/settings/mail-texts/intake_thanks/preview"
    part, page = vera.post(path, data=typed, headers=HTMX), vera.post(path, data=typed)
    assert part.text.split("<", 2)[1].startswith("section")
    for answer in (part, page):
        assert "<strong>Soon</strong>, Bob " in answer.text
        assert "<script>alert" not in answer.text
    assert "**Soon**" in page.text
    assert MailText.select().count() == 0


def test_two_people_editing_one_text_see_both(cast, vera, olive):
    typed = {"subject": "Olive’s", "body": "Olive’s words", "version": "0"}
    assert olive.post("/settings/mail-texts/intake_thanks", data=typed).status_code == 303
    answer = vera.post("/settings/mail-texts/intake_thanks", data=typed | {"body": "Vera’s <i>words</i>"})
    assert answer.status_code == 409
    assert "Olive’s words" in answer.text
    assert "Vera’s &lt;i&gt;words&lt;/i&gt;" in answer.text
    assert MailText.in_force("intake_thanks").body == "Olive’s words"


def test_the_original_text_comes_back(cast, vera):
    typed = {"subject": "Ours", "body": "Our words", "version": "0"}
    vera.post("/settings/mail-texts/intake_thanks", data=typed)
    assert "Restore the original text" in vera.get("/settings/mail-texts/intake_thanks").text
    assert vera.post("/settings/mail-texts/intake_thanks/restore", data={"version": "1"}).status_code == 303
    assert "Our words" not in vera.get("/settings/mail-texts/intake_thanks").text
    assert vera.post("/settings/mail-texts/intake_thanks/restore", data={"version": "9" * 30}).status_code == 400
