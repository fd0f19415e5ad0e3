"""Rows, the timeline, and what the reader gets."""

from datetime import timedelta

import pytest
import time_machine

from coachbase import clock, jobs
from coachbase.accounts import actions as accounts
from coachbase.db import atomic, database
from coachbase.errors import Refused, Stale
from coachbase.files import actions as files
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail import actions as mail
from coachbase.mail.models import MailServer, MailText, Message
from coachbase.mail.rules import KINDS, LINK_PLACE, Security, State
from coachbase.timeline.models import Entry

HEADERS = set(
    "From To Reply-To Subject Date Message-ID Auto-Submitted MIME-Version Content-Type".split()  # noqa: SIM905
)


def thanks(cast, name="Bob Haddad", to="bob@brightwater.example"):
    return mail.queue(
        "intake_thanks",
        to=(name, to),
        fields={"name": name, "form": "First conversation"},
        client=cast.bob,
        reply_to="vera@northbank.example",
        by=cast.vera,
    )


def invitation(cast):
    link, token = links.issue("invitation", cast.alice.public_id, lasts=timedelta(days=7))
    fields = {"name": "Alice Kern", "inviter": "Olive Marsh"}
    to = ("Alice Kern", "alice@northbank.example")
    return mail.queue("invitation", to=to, fields=fields, link=(link, token), by=cast.olive), token


def again(message):
    return Message.get_by_id(message.id)


def server(**changes):
    there = MailServer.current()
    values = {
        "version": there.version if there else 0,
        "host": "smtp.example.com",
        "port": 587,
        "security": Security.STARTTLS,
        "username": "desk",
        "password": "",
        "from_name": "Northbank",
        "from_address": "desk@northbank.example",
    }
    mail.save_server(**values | changes)


# Queueing -------------------------------------------------------------------------------------------------------------


def test_a_queued_mail_says_all_and_goes_out_with_its_headers(cast, smtp):
    message = thanks(cast)
    assert message.state is State.QUEUED
    jobs.run_jobs()
    (letter,) = smtp.messages
    assert letter["From"] == "Northbank <desk@northbank.example>"
    assert letter["To"] == "Bob Haddad <bob@brightwater.example>"
    assert letter["Reply-To"] == "vera@northbank.example"
    assert letter["Subject"] == "Thank you from Northbank"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == message.message_id
    assert letter["Date"]
    text, html = (letter.get_body([kind]).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert "Hello Bob Haddad" in part
        assert "First conversation" in part
    assert "style=" in html
    assert "List-Unsubscribe" not in letter


def test_the_fate_stands_on_the_row_and_on_the_timeline(cast, smtp):
    message = thanks(cast)
    jobs.run_jobs()
    message = again(message)
    assert (message.state, message.attempts) == (State.SENT, 1)
    assert message.answer == "250 2.0.0 taken, with thanks"
    assert message.sent_at is not None
    entry = Entry.get(Entry.client == cast.bob, Entry.kind_name == "mail")
    assert entry.sentence == "Thank-you sent to bob@brightwater.example"
    assert entry.href == f"/mail/{message.public_id}"


def test_nothing_is_queued_when_the_transaction_fails(cast, smtp):
    @atomic
    def half():
        thanks(cast)
        raise Refused("Something else said no.")

    with pytest.raises(Refused):
        half()
    assert Message.select().count() == 0
    assert jobs.run_jobs() == 0


@pytest.mark.parametrize("fields", [{}, {"name": "Bob"}, {"name": "Bob", "form": "x", "extra": "y"}])
def test_a_caller_that_forgets_a_field_is_told(cast, fields):
    with pytest.raises(ValueError, match="Thank-you needs"):
        mail.queue("intake_thanks", to=("Bob", "bob@x.example"), fields=fields)


def test_an_address_field_leads_to_our_own_page(cast):
    fields = {"client": "Bob Haddad", "form": "First conversation", "page": f"/clients/{cast.bob.public_id}"}
    message = mail.queue("intake_notice", to=("Vera", "vera@northbank.example"), fields=fields, client=cast.bob)
    assert f"http://localhost/clients/{cast.bob.public_id}" in message.text
    assert f'href="http://localhost/clients/{cast.bob.public_id}"' in message.html
    with pytest.raises(ValueError, match="path of ours"):
        mail.queue("intake_notice", to=("Vera", "v@x.example"), fields=fields | {"page": "https://evil.example"})


@pytest.mark.parametrize(
    "name",
    [
        "Bob\r\nBcc: all@evil.example",
        "Bob\nX: y",
        "\u2028Bob",
        'B"ob <x@y.example>,',
        "=?utf-8?q?x=0D=0ABcc:x@y.example?=",
    ],
)
def test_a_name_cannot_add_a_header_or_a_reader(cast, smtp, name):
    thanks(cast, name=name)
    mail.save_text("intake_thanks", version=0, subject="Hello {{name}}", body="{{name}} {{form}}")
    thanks(cast, name=name)
    jobs.run_jobs()
    assert len(smtp.messages) == 2
    for letter in smtp.messages:
        assert letter.recipients == ["bob@brightwater.example"]
        assert set(letter.keys()) == HEADERS
        assert len(letter["To"].addresses) == 1


def test_markup_in_a_name_stays_text(cast, smtp):
    thanks(cast, name="<script>alert(1)</script> **bold** [x](https://evil.example)")
    jobs.run_jobs()
    html = smtp.messages[0].get_body(["html"]).get_content()
    assert "<script" not in html
    assert "<strong>" not in html
    assert "evil.example" not in html


def test_an_address_no_server_can_carry_is_dead_at_once_and_says_why(cast, smtp):
    message = thanks(cast, to="bøb@brightwater.example")
    other = thanks(cast, to="bob@brøtwater.example")
    jobs.run_jobs()
    assert again(message).state is State.DEAD
    assert "before the @" in again(message).answer
    assert again(other).state is State.SENT
    assert smtp.messages[0].recipients == ["bob@xn--brtwater-64a.example"]


# Personal links -------------------------------------------------------------------------------------------------------


def test_the_token_is_in_the_mail_and_nowhere_else(cast, smtp, config):
    message, token = invitation(cast)
    assert message.token == token  # sealed in the file, open only to code
    for path in config.data.glob("coachbase.sqlite3*"):
        assert token.encode() not in path.read_bytes(), path
    assert token not in message.text + message.html + message.text_shown + message.html_shown
    assert "[personal link]" in message.text_shown
    assert LINK_PLACE not in message.html_shown
    jobs.run_jobs()
    address = f"http://localhost/p/invitation/open/{token}"
    assert address in smtp.messages[0].get_body(["plain"]).get_content()
    assert f'href="{address}"' in smtp.messages[0].get_body(["html"]).get_content()
    assert again(message).token is None
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in config.data.glob("coachbase.sqlite3*"):
        assert token.encode() not in path.read_bytes(), path


def test_an_invitation_and_a_reset_go_out_by_themselves(cast, smtp):
    accounts.ask_for_reset("alice@northbank.example")
    jobs.run_jobs()
    assert "/p/reset/open/" in smtp.messages[0].get_body(["plain"]).get_content()


def test_a_server_that_repeats_the_link_does_not_betray_it(cast, smtp):
    message, token = invitation(cast)
    smtp.data = [f"554 I refuse http://localhost/p/invitation/open/{token}"]
    jobs.run_jobs()
    assert again(message).state is State.DEAD
    assert token not in again(message).answer
    assert "[personal link]" in again(message).answer


def test_resending_a_link_mails_a_new_one_and_kills_the_old(cast, smtp):
    message, token = invitation(cast)
    jobs.run_jobs()
    new = mail.resend(again(message), by=cast.olive)
    jobs.run_jobs()
    assert new.message_id != message.message_id
    assert Link.get_by_id(message.link_id).revoked_at is not None
    second = smtp.messages[1].get_body(["plain"]).get_content()
    assert token not in second
    assert "/p/invitation/open/" in second
    with pytest.raises(Refused, match="used or replaced"):
        mail.resend(again(message), by=cast.olive)


def test_a_mail_whose_link_was_replaced_meanwhile_is_not_sent(cast, smtp):
    message, _ = invitation(cast)
    links.revoke_all("invitation", cast.alice.public_id)
    jobs.run_jobs()
    assert smtp.messages == []
    assert again(message).state is State.CANCELLED


# Cancel and resend ----------------------------------------------------------------------------------------------------


def test_none_leaves_after_it_was_cancelled(cast, smtp):
    message, _ = invitation(cast)
    mail.cancel(message)
    mail.sweep()
    jobs.run_jobs()
    assert smtp.messages == []
    assert again(message).state is State.CANCELLED
    assert again(message).token is None


def test_what_is_being_sent_can_no_longer_be_cancelled(cast, smtp):
    message = thanks(cast)
    said = []

    def cancel_now():
        with pytest.raises(Refused) as refusal:
            mail.cancel(message)
        said.append(str(refusal.value))
        database.close()
        return "250 taken"

    smtp.data = [cancel_now]
    jobs.run_jobs()
    assert "no longer be cancelled" in said[0]
    assert again(message).state is State.SENT


def test_resending_what_was_sent_is_a_new_mail(cast, smtp):
    message = thanks(cast)
    jobs.run_jobs()
    new = mail.resend(again(message), by=cast.vera)
    jobs.run_jobs()
    assert new.id != message.id
    assert len(set(smtp.ids)) == 2
    assert smtp.messages[0].get_body(["html"]).get_content() == smtp.messages[1].get_body(["html"]).get_content()


def test_what_waits_cannot_be_resent(cast):
    with pytest.raises(Refused, match="still on its way"):
        mail.resend(thanks(cast), by=cast.vera)


def test_a_failed_one_is_tried_at_once_when_asked(cast, smtp):
    message = thanks(cast)
    smtp.data = ["451 later"]
    jobs.run_jobs()
    same = mail.resend(again(message), by=cast.vera)
    jobs.run_jobs()
    assert same.id == message.id
    assert smtp.ids == [message.message_id]


def test_a_dead_one_that_is_sent_again_needs_no_more_looking_at(cast, smtp):
    message = thanks(cast)
    smtp.rcpt = ["550 5.1.1 no such user"]
    jobs.run_jobs()
    assert Message.in_trouble(cast.vera).scalar() == 1
    mail.resend(again(message), by=cast.vera)
    assert Message.in_trouble(cast.vera).scalar() == 0
    assert again(message).answer == "550 5.1.1 no such user"


# The sweep ------------------------------------------------------------------------------------------------------------


def test_without_a_server_messages_wait_and_no_attempt_counts(cast):
    message = thanks(cast)
    jobs.run_jobs()
    mail.sweep()
    assert jobs.run_jobs() == 0
    assert (again(message).state, again(message).attempts) == (State.QUEUED, 0)
    assert Message.waiting_for_server().exists()


def test_saving_the_server_wakes_what_waited_once(cast):
    thanks(cast), thanks(cast)
    jobs.run_jobs()
    server()
    assert jobs.huey.pending_count() == 2
    mail.sweep()
    mail.sweep()
    assert jobs.huey.pending_count() == 2
    assert not Message.waiting_for_server().exists()


def test_the_sweep_wakes_what_is_due_and_nothing_else(cast, smtp):
    message = thanks(cast)
    smtp.data = ["451 later"]
    jobs.run_jobs()
    mail.sweep()
    assert jobs.run_jobs() == 0
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        mail.sweep()
        assert jobs.run_jobs() == 1
    assert again(message).state is State.SENT


def test_attempts_end(cast, smtp):
    message = thanks(cast)
    smtp.data = ["451 later"] * 20
    now = clock.now()
    for day in range(8):
        with time_machine.travel(now + timedelta(days=day)):
            mail.sweep()
            jobs.run_jobs()
    message = again(message)
    assert (message.state, message.attempts) == (State.DEAD, 6)
    assert Entry.get(Entry.kind_name == "mail").sentence.endswith("could not be delivered")


# Settings -------------------------------------------------------------------------------------------------------------


def test_a_blank_password_keeps_the_one_there_is(cast, config):
    server(password="a secret for smtp")
    server(host="mail.example.com")
    assert MailServer.current().password == "a secret for smtp"
    assert MailServer.select().count() == 1
    for path in config.data.glob("coachbase.sqlite3*"):
        assert b"a secret for smtp" not in path.read_bytes()
    server(username="")
    assert MailServer.current().password is None


def test_settings_that_somebody_else_saved_are_not_overwritten(cast):
    server()
    with pytest.raises(Stale):
        server(version=0, host="other.example.com")
    assert MailServer.current().host == "smtp.example.com"


def test_a_test_mail_is_tried_once_and_shows_the_answer(cast, smtp):
    smtp.data = ["451 4.3.0 not today"]
    message = mail.send_test("olive@northbank.example", by=cast.olive)
    jobs.run_jobs()
    assert (again(message).state, again(message).answer) == (State.DEAD, "451 4.3.0 not today")


def test_no_test_without_a_server(cast):
    with pytest.raises(Refused, match="Save the mail server first"):
        mail.send_test("olive@northbank.example", by=cast.olive)


# Texts ----------------------------------------------------------------------------------------------------------------


def test_the_firms_words_are_used_and_can_be_taken_back(cast):
    mail.save_text("intake_thanks", version=0, subject="Cheers, {{ name }}", body="*Soon.* {{firm}}")
    assert MailText.in_force("intake_thanks").is_own
    message = thanks(cast)
    assert message.subject == "Cheers, Bob Haddad"
    assert "<em>Soon.</em> Northbank" in message.html
    mail.restore_text("intake_thanks", version=1)
    assert not MailText.in_force("intake_thanks").is_own
    assert thanks(cast).subject == "Thank you from Northbank"


def test_a_text_opened_before_it_was_restored_is_stale(cast):
    mail.save_text("intake_thanks", version=0, subject="One", body="One")
    mail.restore_text("intake_thanks", version=1)
    mail.save_text("intake_thanks", version=2, subject="Two", body="Two")
    with pytest.raises(Stale):
        mail.save_text("intake_thanks", version=1, subject="Three", body="Three")
    assert MailText.in_force("intake_thanks").subject == "Two"


def test_a_text_with_an_unknown_field_is_not_saved(cast):
    with pytest.raises(Refused, match="fom"):
        mail.save_text("intake_thanks", version=0, subject="Hello", body="{{fom}}")
    assert MailText.select().count() == 0


def test_a_code_stands_in_the_mail_alone_and_is_not_sent_twice(cast, smtp):
    fields = {"name": "Sam", "title": "Coaching agreement"}
    message = mail.queue("agreement_code", to=("Sam", "sam@brightwater.example"), fields=fields, code="314159")
    assert "314159" not in message.text_shown + message.html_shown + message.subject
    assert "[code]" in message.text_shown
    jobs.run_jobs()
    assert "314159" in smtp.messages[0].get_body(["plain"]).get_content()
    assert "314159" in smtp.messages[0].get_body(["html"]).get_content()
    assert Message.get_by_id(message.id).token is None
    with pytest.raises(Refused, match="ask for a new one"):
        mail.resend(message, by=cast.vera)


def test_a_document_goes_along_byte_for_byte(cast, smtp):
    document = files.store(b"%PDF-1.7 a document", "Agreement.pdf", client=cast.bob)
    fields = {"name": "Bob", "title": "Agreement", "sha256": document.sha256, "verify": "/p/verify"}
    mail.queue("agreement_copy", to=("Bob", "bob@brightwater.example"), fields=fields, attach=document)
    jobs.run_jobs()
    (attached,) = smtp.messages[0].iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("Agreement.pdf", "application/pdf")
    assert attached.get_content() == b"%PDF-1.7 a document"


def test_every_kind_can_be_queued(cast, smtp):
    for kind, about in KINDS.items():
        fields = {name: "/clients" if field.is_address else "Bob" for name, field in about.own_fields.items()}
        link = links.issue("invitation", cast.bob.public_id, lasts=timedelta(days=1)) if about.has_link else None
        code = "314159" if about.has_code else ""
        mail.queue(kind, to=("Bob", "bob@brightwater.example"), fields=fields, link=link, code=code)
    jobs.run_jobs()
    assert len(smtp.messages) == len(KINDS)
    for letter in smtp.messages:
        for part in ("plain", "html"):
            content = letter.get_body([part]).get_content()
            assert "{{" not in content
            assert LINK_PLACE not in content
