"""Answers that come back: what counts, what is stale, and that nothing that is sent us does harm."""

import contextlib
import mailbox
import random
import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from coachbase import clock
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.config import Config, ConfigError, in_force, put_in_force
from coachbase.db import transaction
from coachbase.errors import Refused
from coachbase.invitations import actions as invitations
from coachbase.invitations.rules import read_reply
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Attendee, CoachingSession
from coachbase.sessions.rules import Attendance
from coachbase.timeline.models import Entry
from tests.invitations.conftest import FRIDAY, THURSDAY


def reply(
    session,
    answer,
    *,
    sequence=0,
    email="bob@brightwater.example",
    at=None,
    uid=None,
    method="REPLY",
    start=f":{THURSDAY:%Y%m%dT%H%M%SZ}",
):
    """What a calendar program sends when somebody presses a button."""
    at = at or clock.now()
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
            "VERSION:2.0",
            "CALSCALE:GREGORIAN",
            f"METHOD:{method}",
            "BEGIN:VTIMEZONE",
            "TZID:Gulf Standard Time",
            "BEGIN:STANDARD",
            "DTSTART:19700101T000000",
            "TZOFFSETFROM:+0400",
            "TZOFFSETTO:+0400",
            "END:STANDARD",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
            f"DTSTART{start}",
            f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
            "ORGANIZER;CN=Northbank:mailto:desk@northbank.example",
            f"UID:{uid or session.uid}",
            f'ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN="Haddad, Bob";X-NUM-GUESTS=',
            f" 0:MAILTO:{email}",
            f"SEQUENCE:{sequence}",
            "SUMMARY:Accepted: Coaching session",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )


def as_mail(file: str, sender: str = "Bob <Bob@brightwater.example>") -> bytes:
    """The whole mail around it, as it lies in a mailbox."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "desk@northbank.example", "Accepted"
    mail.set_content("Bob Haddad has accepted.")
    mail.add_alternative(file, subtype="calendar", cte="base64", params={"method": "REPLY"})
    return mail.as_bytes()


@pytest.fixture
def mailed(book, leave):
    """Bob's session on Thursday, its invitation sent."""
    session = book()
    leave()
    return session


def bobs():
    return Attendee.get(Attendee.email == "bob@brightwater.example")


def said():
    return [entry.sentence for entry in Entry.select().where(Entry.kind_name == "session").order_by(Entry.id)]


def test_a_yes_is_noted(mailed):
    said_so = "Bob Haddad accepted Coaching session on Thursday 3 December, 9:00"
    assert invitations.take_reply(reply(mailed, "ACCEPTED")) == f"{said_so}."
    assert (bobs().answer, bobs().answered_at) == (Attendance.ACCEPTED, clock.now())
    assert said()[-1] == said_so


def test_a_no_brings_the_ball_to_the_desk(mailed):
    invitations.take_reply(as_mail(reply(mailed, "DECLINED")))
    assert bobs().answer is Attendance.DECLINED
    bob = Client.get()
    assert (bob.waiting_on, bob.next_step) == (
        Party.US,
        "Find another time: Bob Haddad declined Thursday 3 December, 9:00",
    )


@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
@pytest.mark.parametrize("then", ["moved", "accepted"])
def test_once_it_has_another_time_or_suits_after_all_nobody_looks_for_one(mailed, move, frozen, method, then):
    invitations.take_reply(reply(mailed, "DECLINED", method=method))
    assert Client.get().next_step.startswith("Find another time: Bob Haddad ")
    frozen.shift(timedelta(minutes=5))
    if then == "moved":
        move(mailed, FRIDAY)
    else:
        invitations.take_reply(reply(mailed, "ACCEPTED"))
    assert (Client.get().waiting_on, Client.get().next_step) == (Party.NOBODY, "")


def test_another_session_that_moves_leaves_what_is_to_be_found(mailed, book, move):
    other = book(THURSDAY + timedelta(hours=5))
    invitations.take_reply(reply(mailed, "DECLINED"))
    move(other, FRIDAY)
    assert Client.get().next_step == "Find another time: Bob Haddad declined Thursday 3 December, 9:00"


def test_perhaps_is_noted_and_changes_no_ball(mailed):
    before = Client.get().next_step
    invitations.take_reply(reply(mailed, "TENTATIVE"))
    assert (bobs().answer, Client.get().next_step) == (Attendance.TENTATIVE, before)


def test_the_same_answer_twice_is_noted_once(mailed):
    letter = as_mail(reply(mailed, "ACCEPTED"))
    invitations.take_reply(letter)
    assert "was noted already" in invitations.take_reply(letter)
    assert len([sentence for sentence in said() if "accepted" in sentence]) == 1


def test_an_answer_to_an_older_time_changes_nothing(mailed, move, leave):
    move(mailed, FRIDAY)
    assert "Nothing was changed" in invitations.take_reply(reply(mailed, "ACCEPTED"))
    leave()
    assert "Nothing was changed" in invitations.take_reply(reply(mailed, "ACCEPTED"))
    assert bobs().answer is Attendance.NEEDS_ACTION
    invitations.take_reply(reply(mailed, "ACCEPTED", sequence=1))
    assert bobs().answer is Attendance.ACCEPTED


def test_moved_and_moved_back_unheard_the_answer_to_what_was_heard_counts(mailed, move):
    move(mailed, FRIDAY)
    move(mailed, THURSDAY)
    invitations.take_reply(reply(mailed, "ACCEPTED"))
    assert bobs().answer is Attendance.ACCEPTED


def test_of_two_answers_that_arrive_in_the_wrong_order_the_later_one_counts(mailed, frozen):
    frozen.shift(timedelta(hours=2))
    invitations.take_reply(reply(mailed, "DECLINED"))
    late = reply(mailed, "ACCEPTED", at=clock.now() - timedelta(hours=1))
    assert "Nothing was changed" in invitations.take_reply(late)
    assert bobs().answer is Attendance.DECLINED


def test_a_clock_that_runs_ahead_does_not_silence_later_answers(mailed, frozen):
    invitations.take_reply(reply(mailed, "ACCEPTED", at=datetime.fromisoformat("2031-01-01T00:00:00Z")))
    frozen.shift(timedelta(minutes=5))
    invitations.take_reply(reply(mailed, "DECLINED"))
    assert bobs().answer is Attendance.DECLINED


def test_an_answer_to_what_was_cancelled_changes_nothing(mailed, cancel, leave):
    cancel(mailed)
    leave()
    assert "is not booked any more" in invitations.take_reply(reply(mailed, "ACCEPTED"))


def test_that_the_coach_says_no_stands_on_the_clients_timeline(mailed):
    invitations.take_reply(reply(mailed, "DECLINED", email="alice@northbank.example"))
    assert said()[-1] == "Alice Kern declined Coaching session on Thursday 3 December, 9:00"
    assert bobs().answer is Attendance.NEEDS_ACTION


def test_strangers_and_what_is_no_answer_are_refused(mailed):
    for content in (
        reply(mailed, "ACCEPTED", email="mallory@elsewhere.example"),
        reply(mailed, "ACCEPTED", uid="01ARZ3NDEKTSV4RRFFQ69G5FAV@localhost"),
        reply(mailed, "ACCEPTED", method="REQUEST"),
        reply(mailed, "ACCEPTED", method="ADD"),
        reply(mailed, "ACCEPTED", sequence=1),
        reply(mailed, "DELEGATED"),
        "Yes, I will come!",
        "",
        as_mail("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    ):
        with pytest.raises(Refused):
            invitations.take_reply(content)
    assert bobs().answer is Attendance.NEEDS_ACTION


def test_an_answer_to_an_edition_that_never_left_silences_no_later_one(mailed):
    with pytest.raises(Refused, match="never sent"):
        invitations.take_reply(reply(mailed, "DECLINED", sequence=7))
    invitations.take_reply(reply(mailed, "ACCEPTED"))
    assert (bobs().answer, bobs().sequence) == (Attendance.ACCEPTED, 0)


def test_of_a_group_nobody_answers_in_anothers_name(eight, cast, leave):
    """All members have the same UID: the From of the mail tells who answers."""
    session = scheduling.book(
        cast.alice, SessionKind.GROUP, THURSDAY, 60, via=Via.SEAT, members=eight, title="Circle", by=cast.vera
    )
    leave()
    forged = as_mail(reply(session, "DECLINED", email="ada@quill0.example"), sender="Ben <ben@quill1.example>")
    assert invitations.take_reply(forged) == "Nothing was changed: somebody else sent it."
    ada = Attendee.get(Attendee.email == "ada@quill0.example")
    assert (ada.answer, ada.client.waiting_on) == (Attendance.NEEDS_ACTION, Party.NOBODY)
    told = Entry.select().where(
        Entry.sentence == "An answer in the name of Ada Quillfeather0 came from another address"
    )
    assert [entry.client for entry in told] == [ada.client]
    own = as_mail(reply(session, "DECLINED", email="ada@quill0.example"), sender="ADA@quill0.example")
    invitations.take_reply(own)
    assert Attendee.get(Attendee.id == ada.id).answer is Attendance.DECLINED


@pytest.mark.parametrize("sender", ["Mia <mia@brightwater.example>", "Vera <vera@northbank.example>"])
def test_who_keeps_the_dates_may_answer_in_the_clients_name(mailed, cast, sender):
    with transaction():
        Client.update(assistant_email="mia@brightwater.example").execute()
    invitations.take_reply(as_mail(reply(mailed, "ACCEPTED"), sender=sender))
    assert bobs().answer is Attendance.ACCEPTED


@pytest.mark.parametrize("sender", ["mallory@elsewhere.example", "bob@brightwater.example, m@elsewhere.example", ""])
def test_whoever_else_sends_an_answer_changes_nothing_and_who_pastes_learns_how_it_counts(mailed, cast, sender):
    letter = as_mail(reply(mailed, "DECLINED"), sender=sender)
    with pytest.raises(Refused, match="paste the calendar file alone"):
        invitations.take_reply(letter, by=cast.vera)
    assert bobs().answer is Attendance.NEEDS_ACTION
    invitations.take_reply(reply(mailed, "DECLINED"), by=cast.vera)
    assert bobs().answer is Attendance.DECLINED


@pytest.mark.parametrize(
    "start",
    [
        ":20261204T143000Z",
        ";TZID=W. Europe Standard Time:20261204T153000",
        ';TZID="Asia/Dubai":20261204T183000',
    ],
)
def test_another_time_that_is_proposed_is_told_to_the_desk_and_moves_nothing(mailed, start):
    letter = as_mail(reply(mailed, "TENTATIVE", method="COUNTER", start=start))
    what = (
        "Bob Haddad proposes another time for Coaching session on Thursday 3 December, 9:00: Friday 4 December, 14:30"
    )
    assert invitations.take_reply(letter) == f"{what}."
    assert said()[-1] == what
    bob = Client.get()
    assert (
        bob.next_step
        == "Find another time: Bob Haddad proposes Friday 4 December, 14:30 instead of Thursday 3 December, 9:00"
    )
    assert (bob.waiting_on, bobs().answer) == (Party.US, Attendance.TENTATIVE)
    assert CoachingSession.get().starts_at == THURSDAY
    assert "noted already" in invitations.take_reply(letter)


@pytest.mark.parametrize(
    "start",
    [
        ":tomorrow",
        ":99991231T235959Z",
        ";TZID=Nowhere:20261204T143000",
        ";TZID=Europe:20261204T143000",
        ";TZID=../../etc/passwd:20261204T143000",
        f";TZID={'a' * 900}:20261204T143000",
        ";TZID=Asia/Dubai:00010101T000000",
    ],
)
def test_a_proposal_whose_time_cannot_be_read_is_told_nevertheless(mailed, start):
    invitations.take_reply(reply(mailed, "DECLINED", method="COUNTER", start=start))
    assert Client.get().next_step == "Find another time: Bob Haddad proposes one instead of Thursday 3 December, 9:00"
    assert bobs().answer is Attendance.DECLINED


def test_an_answer_before_anything_was_mailed_is_a_strangers(book):
    with pytest.raises(Refused):
        invitations.take_reply(reply(book(), "ACCEPTED"))


def test_carol_learns_nothing_from_an_answer_to_alices_client(mailed, cast):
    with pytest.raises(Refused) as foreign:
        invitations.take_reply(reply(mailed, "DECLINED"), by=cast.carol)
    with pytest.raises(Refused) as missing:
        invitations.take_reply(reply(mailed, "DECLINED", uid="nothing"), by=cast.carol)
    assert str(foreign.value) == str(missing.value)
    assert bobs().answer is Attendance.NEEDS_ACTION


def mutated(content: bytes, seed: int) -> bytes:
    """Bytes changed, cut out, doubled and mixed up, always in the same way."""
    dice = random.Random(seed)
    data = bytearray(content)
    for _ in range(dice.randrange(1, 12)):
        place, length = dice.randrange(len(data)), dice.randrange(1, 40)
        what = dice.randrange(5)
        if what == 0:
            data[place] = dice.randrange(256)
        elif what == 1:
            del data[place : place + length]
        elif what == 2:
            data[place:place] = data[place : place + length] * dice.randrange(1, 60)
        elif what == 3:
            data[place:place] = dice.choice((b"\0", b"\r\n", b"BEGIN:VEVENT\r\n", b';CN="', b"\xff\xfe", b"=?", b":"))
        else:
            data[place : place + length] = bytes(dice.randrange(256) for _ in range(length))
        data = data or bytearray(b"B")
    return bytes(data)


def test_two_hundred_broken_answers_do_no_harm(mailed):
    whole = (reply(mailed, "ACCEPTED").encode(), as_mail(reply(mailed, "DECLINED")))
    slowest = 0.0
    for seed in range(200):
        began = time.process_time()
        try:
            said_so = invitations.take_reply(mutated(whole[seed % 2], seed))
        except Refused as refused:
            said_so = str(refused)
        slowest = max(slowest, time.process_time() - began)
        assert said_so.endswith(".")
    assert slowest < 2


_PART = b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n"


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff" * 1_000_000,
        b"BEGIN:VCALENDAR\r\n" * 18_000,
        b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + b"ATTENDEE" + b';A="' * 14_000,
        b"BEGIN:VCALENDAR\r\n" + b" x\r\n" * 14_000,
        b"BEGIN:VCALENDAR" + b"\r\nBEGIN:VEVENT" * 3_900,
        b"".join(_PART % (number, number) for number in range(6_000)),
        b"Content-Type: message/rfc822\n\n" * 9_000,
        b"Content-Type: text/calendar; " + b"a*0=b; " * 40_000 + b"\n\nBEGIN:VCALENDAR",
        b"Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n\n" + b"Qk=VHSU4" * 30_000,
        b"Content-Type: text/calendar; charset=unknown-8bit\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n\xe9",
        b"Content-Type: text/calendar\nContent-Transfer-Encoding: x-uuencode\n\nBEGIN:VCALENDAR",
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nUID:\ud800".encode("utf-8", "surrogatepass"),
    ],
    ids=range(12),
)
def test_junk_is_no_answer_and_found_out_at_once(junk):
    began = time.process_time()
    assert isinstance(read_reply(junk), str)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("junk", [b"(", b'"', b"<a@b.example>, ", b"=?utf-8?q?x?= ", b"<", b":;", b"\\", b"\xff,"])
def test_a_sender_that_is_junk_is_nobody_and_that_is_found_out_at_once(mailed, junk):
    file = reply(mailed, "ACCEPTED").encode()
    began = time.process_time()
    read = read_reply(b"From: " + junk * (250_000 // len(junk)) + b"\nContent-Type: text/calendar\n\n" + file)
    assert (read.uid, "@brightwater" in read.sender) == (mailed.uid, False)
    assert time.process_time() - began < 2


# A mailbox ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def box_at(app):
    """`box_at(path)` makes this the mailbox of the practice."""
    before = in_force()

    def use(path: Path) -> None:
        put_in_force(Config(data=before.data, base_url=before.base_url, reply_mailbox=path))

    yield use
    put_in_force(before)


def test_answers_are_read_from_a_maildir_each_once(mailed, box_at, tmp_path):
    box = mailbox.Maildir(tmp_path / "box")
    for letter in (b"Subject: Offers\n\nBuy now", as_mail(reply(mailed, "DECLINED")), b"x" * 400_000):
        box.add(letter)
    box_at(tmp_path / "box")
    invitations.read_mailbox()
    assert bobs().answer is Attendance.DECLINED
    assert [*(tmp_path / "box" / "new").iterdir()] == []
    assert len([*(tmp_path / "box" / "cur").iterdir()]) == 3
    Attendee.update(answer_name=Attendance.NEEDS_ACTION, answered_at=None).execute()
    invitations.read_mailbox()
    assert bobs().answer is Attendance.NEEDS_ACTION, "what was read is not read again"


def test_answers_are_read_from_an_mbox_file_and_nothing_is_lost_in_it(mailed, box_at, tmp_path):
    box = mailbox.mbox(tmp_path / "desk")
    for letter in (b"Subject: Offers\n\nBuy now", as_mail(reply(mailed, "ACCEPTED"))):
        box.add(letter)
    box.close()
    box_at(tmp_path / "desk")
    invitations.read_mailbox()
    assert bobs().answer is Attendance.ACCEPTED
    with contextlib.closing(mailbox.mbox(tmp_path / "desk")) as read:
        left = list(read)
    assert [letter["Subject"] for letter in left] == ["Offers", "Accepted"]
    assert [letter.get_flags() for letter in left] == ["RO", "RO"]


def test_without_a_mailbox_nothing_is_read(mailed, box_at, tmp_path):
    box_at(None)
    invitations.read_mailbox()
    box_at(tmp_path / "gone")
    invitations.read_mailbox()
    assert bobs().answer is Attendance.NEEDS_ACTION


def test_a_mailbox_that_is_none_stops_the_start(tmp_path):
    (tmp_path / "new").mkdir()
    assert Config.from_env({"REPLY_MAILBOX": str(tmp_path)}).reply_mailbox == tmp_path
    assert Config.from_env({}).reply_mailbox is None
    with pytest.raises(ConfigError, match="REPLY_MAILBOX"):
        Config.from_env({"REPLY_MAILBOX": str(tmp_path / "nowhere")})
