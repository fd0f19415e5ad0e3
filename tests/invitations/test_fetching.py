"""Answers are fetched from a mailbox by IMAP: each once, and trouble is told where the settings are."""

import re

import pytest

from coachbase.errors import Refused, Stale
from coachbase.invitations import actions as invitations
from coachbase.invitations.models import ReplyBox
from coachbase.mail.rules import Security
from coachbase.sessions.models import Attendee
from coachbase.sessions.rules import Attendance
from tests.imap import PASSWORD, MailboxServer
from tests.imap import imap as imap
from tests.invitations.test_replies import as_mail, bobs, mailed, reply  # noqa: F401 (mailed is a fixture)


def use(port: int, **other: object) -> None:
    asked = {"host": "127.0.0.1", "security": Security.NONE, "username": "desk", "password": PASSWORD}
    box = ReplyBox.current()
    version = box.version if box else 0
    invitations.save_reply_box(**asked | {"port": port, "folder": "INBOX", "version": version} | other)


def test_what_comes_from_now_on_is_taken_each_once(mailed, imap: MailboxServer):  # noqa: F811
    imap.add(as_mail(reply(mailed, "DECLINED")))
    use(imap.port)
    invitations.read_mailbox()
    assert bobs().answer is Attendance.NEEDS_ACTION, "what lay there before is nobody's answer to us"
    imap.add(b"Subject: Offers\r\n\r\nBuy now")
    imap.add(b"x" * 900_000)
    imap.add(as_mail(reply(mailed, "ACCEPTED")))
    invitations.read_mailbox()
    assert bobs().answer is Attendance.ACCEPTED
    assert (ReplyBox.get().last_uid, ReplyBox.get().answer) == (4, "")
    Attendee.update(answer_name=Attendance.NEEDS_ACTION).execute()
    invitations.read_mailbox()
    assert bobs().answer is Attendance.NEEDS_ACTION
    assert "STORE" not in imap.asked


def test_a_mailbox_that_was_made_anew_is_read_from_its_end(mailed, imap: MailboxServer):  # noqa: F811
    use(imap.port)
    invitations.read_mailbox()
    imap.validity = 8
    imap.add(as_mail(reply(mailed, "ACCEPTED")))
    invitations.read_mailbox()
    assert (ReplyBox.get().validity, ReplyBox.get().last_uid) == (8, 1)
    imap.add(as_mail(reply(mailed, "ACCEPTED")))
    invitations.read_mailbox()
    assert bobs().answer is Attendance.ACCEPTED


@pytest.mark.parametrize("trouble", ["hang up", "nonsense", "password", "folder", "closed"])
def test_trouble_is_told_and_mends_itself(mailed, imap: MailboxServer, trouble):  # noqa: F811
    use(imap.port)
    invitations.read_mailbox()
    imap.trouble = trouble
    other = {"password": {"password": "wrong"}, "folder": {"folder": "Elsewhere"}, "closed": {"port": 1}}
    if trouble in other:
        use(**{"port": imap.port} | other[trouble])
    invitations.read_mailbox()
    assert "could not be read" in ReplyBox.get().answer
    imap.trouble = ""
    use(imap.port)
    invitations.read_mailbox()
    imap.add(as_mail(reply(mailed, "ACCEPTED")))
    invitations.read_mailbox()
    assert (ReplyBox.get().answer, bobs().answer) == ("", Attendance.ACCEPTED)


def test_the_password_travels_encrypted_and_is_kept(cast, imap: MailboxServer):
    with pytest.raises(Refused, match="readable"):
        use(993, host="imap.example.com")
    with pytest.raises(Refused, match="password"):
        use(imap.port, password="")
    use(imap.port)
    use(imap.port, password="")
    assert ReplyBox.get().password == PASSWORD
    with pytest.raises(Stale):
        use(imap.port, version=1)
    invitations.forget_reply_box()
    assert ReplyBox.current() is None
    invitations.read_mailbox()


def test_the_password_that_is_kept_is_told_to_no_other_server(cast, imap: MailboxServer):
    use(imap.port)
    for elsewhere in ({"host": "localhost"}, {"port": imap.port + 1}):
        with pytest.raises(Refused, match="given to this server"):
            use(**{"port": imap.port, "password": ""} | elsewhere)
    assert (ReplyBox.get().host, ReplyBox.get().port) == ("127.0.0.1", imap.port)


def test_what_is_typed_stays_when_somebody_took_the_mailbox_away_or_it_will_not_do(olive, imap: MailboxServer):
    typed = {"host": "imap.example.com", "port": "993", "security": "none", "username": "desk", "password": PASSWORD}
    answer = olive.post("/settings/replies", data=typed | {"version": "0"})
    assert (answer.status_code, "readable" in answer.text, 'value="imap.example.com"' in answer.text) == (
        422,
        True,
        True,
    )
    use(imap.port)
    invitations.forget_reply_box()
    typed |= {"security": "tls", "version": "1"}
    answer = olive.post("/settings/replies", data=typed)
    assert (answer.status_code, "took the mailbox away" in answer.text, PASSWORD in answer.text) == (409, True, False)
    assert re.search(r'name="version"[^>]* value="0"', answer.text)
    assert olive.post("/settings/replies", data=typed | {"version": "0"}).status_code == 303


def test_only_the_owner_says_where_answers_are_fetched(olive, vera, imap: MailboxServer):
    typed = {
        "host": "127.0.0.1", "port": imap.port, "security": "none", "username": "desk", "password": PASSWORD,
        "folder": "", "version": 0,
    }  # fmt: skip
    assert vera.get("/settings/replies").status_code == 404
    assert vera.post("/settings/replies", data=typed).status_code == 404
    assert olive.post("/settings/replies", data=typed).status_code == 303
    assert "Not looked at yet" in olive.get("/settings/replies").text
    invitations.read_mailbox()
    page = olive.get("/settings/replies").text
    assert "Looked at today" in page
    assert PASSWORD not in page
    assert olive.post("/settings/replies", data=typed).status_code == 409
    for wrong in ({"username": "désk"}, {"host": "a b"}, {"port": "99999"}, {"password": "wörd"}):
        assert olive.post("/settings/replies", data=typed | {"version": 1} | wrong).status_code == 422
    olive.post("/settings/replies/forget")
    assert ReplyBox.current() is None
