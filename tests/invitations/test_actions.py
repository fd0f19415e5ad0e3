"""Who is told what of a session: rows, mails as they arrive, and nothing more than that."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from coachbase import clock, jobs
from coachbase.accounts.models import User
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact
from coachbase.db import transaction
from coachbase.errors import Refused
from coachbase.firm.models import Firm
from coachbase.invitations import actions as invitations
from coachbase.invitations.models import feed_of
from coachbase.invitations.rules import Feed
from coachbase.mail import actions as mail
from coachbase.mail.models import MailServer, Message
from coachbase.mail.rules import State as MailState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import Attendee
from coachbase.sessions.rules import Attendance
from coachbase.timeline.models import Entry
from tests.invitations.conftest import FRIDAY, NOW, PLACE, THURSDAY, file_of, part, to
from tests.smtp import use


def event_of(letter):
    return Calendar.from_ical(file_of(letter)).walk("VEVENT")[0]


def waiting():
    return list(Message.select().where(Message.state_name == MailState.QUEUED).order_by(Message.id))


# Booked ---------------------------------------------------------------------------------------------------------------


def test_a_booking_is_mailed_to_client_and_coach_each_alone(book, leave):
    book()
    letters = leave()
    assert sorted(letter["To"] for letter in letters) == [
        "Alice Kern <alice@northbank.example>",
        "Bob Haddad <bob@brightwater.example>",
    ]
    bob = to(letters, "Bob")
    assert bob["Subject"] == "Coaching session with Alice Kern, Thursday 3 December, 13:00"
    assert bob["Reply-To"] == "vera@northbank.example"
    text = part(bob, "text/plain")
    assert "Thursday 3 December 2026, 13:00–14:00 Dubai time (UTC+4), which is 9:00 in London (GMT)" in text
    assert PLACE in text
    assert f'href="{PLACE}"' in part(bob, "text/html")


def test_the_mail_is_built_as_calendar_programs_want_it(book, leave):
    book()
    bob = to(leave(), "Bob")
    assert bob.get_content_type() == "multipart/mixed"
    shown, enclosed = bob.iter_parts()
    assert shown.get_content_type() == "multipart/alternative"
    kinds = [each.get_content_type() for each in shown.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    calendar = list(shown.iter_parts())[2]
    assert (calendar.get_param("method"), calendar.get_content_charset()) == ("REQUEST", "utf-8")
    assert enclosed.get_filename() == "invite.ics"
    assert enclosed.is_attachment()
    assert enclosed.get_payload(decode=True) == calendar.get_payload(decode=True)
    assert file_of(bob).count("METHOD:REQUEST") == 1


def test_answers_go_to_whoever_the_mail_is_from_when_it_leaves(book, smtp):
    """The mail server may be set up, or another one, after the session was booked."""
    MailServer.delete().execute()
    book()
    jobs.run_jobs()
    assert smtp.messages == []
    use(smtp.port)
    MailServer.update(from_address="calls@bücher.example").execute()
    mail.sweep()
    jobs.run_jobs()
    bob = to(smtp.messages, "Bob")
    assert bob["From"] == "Northbank <calls@xn--bcher-kva.example>"
    assert event_of(bob)["ORGANIZER"] == "mailto:calls@xn--bcher-kva.example"


def test_the_clients_own_assistant_is_told_and_not_asked(book, leave, cast):
    Client.update(assistant_name="Ines Marchetti", assistant_email="ines@brightwater.example").execute()
    book(client=Client.get_by_id(cast.bob.id))
    ines = to(leave(), "Ines")
    assert ines["Subject"].strip().startswith("Coaching session with Alice Kern for Bob Haddad")
    assert [each.get_content_type() for each in ines.iter_parts()] == ["multipart/alternative", "text/calendar"]
    assert "Hello Ines," in part(ines, "text/plain")
    assert "METHOD:PUBLISH" in file_of(ines)
    assert "ATTENDEE" not in file_of(ines)


def test_a_sponsor_contact_who_comes_is_invited_and_hears_of_whom(book, leave, cast):
    book(kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    letters = leave()
    greetings = [part(letter, "text/plain").split("\n")[0].strip() for letter in letters]
    assert sorted(greetings) == ["Hello Alice,", "Hello Bob,", "Hello Sam,"]
    assert event_of(to(letters, "Sam"))["SUMMARY"] == "Three-way meeting with Alice Kern and Bob Haddad"
    assert event_of(to(letters, "Bob"))["SUMMARY"] == "Three-way meeting with Alice Kern"
    assert "sam@brightwater.example" not in to(letters, "Bob").as_string()


def test_one_address_gets_one_mail(book, leave, cast):
    Client.update(assistant_email="BOB@brightwater.example").execute()
    book(client=Client.get_by_id(cast.bob.id))
    assert len(leave()) == 2


def test_who_has_no_address_gets_no_mail_and_the_timeline_says_so(book, leave, cast):
    Client.update(email="").execute()
    book(client=Client.get_by_id(cast.bob.id))
    assert [letter["To"] for letter in leave()] == ["Alice Kern <alice@northbank.example>"]
    assert Entry.select().where(Entry.sentence.contains("no mail address is known")).count() == 1


def test_an_invitation_to_nowhere_never_leaves(book, leave, cast, eight):
    with invitations.quiet():
        session = book()
    with transaction():
        Availability.update(place="").execute()
    invitations.invite(session)
    assert leave() == []
    assert Entry.select().where(Entry.sentence.contains("nobody said where it is")).count() == 2


def test_a_session_in_the_past_tells_nobody(book):
    """Whoever puts right what was weeks ago writes no mail."""
    with invitations.quiet():
        session = book()
    with clock.pretend(THURSDAY + timedelta(days=20)):
        invitations.invite(session)
        invitations.tell_of_change(session)
        invitations.take_back(session)
    assert waiting() == []


def test_in_a_sample_nobody_is_told(book, move, cancel):
    with invitations.quiet():
        session = book()
        move(session, FRIDAY)
        cancel(session)
    assert waiting() == []


def test_a_group_gets_a_mail_each_and_nobody_learns_who_else_comes(frozen, cast, eight, leave):
    scheduling.book(
        cast.alice, SessionKind.GROUP, THURSDAY, 90, via=Via.SEAT, members=eight, title="Leading in public",
        despite="a test", by=cast.vera,
    )  # fmt: skip
    letters = leave()
    assert len(letters) == 9
    for member in eight:
        letter = to(letters, member.name)
        file = file_of(letter).replace("\r\n ", "")
        assert file.count("\r\nATTENDEE") == 1
        assert f":mailto:{member.email}" in file
        assert "SUMMARY:Leading in public\r\n" in file
        whole = letter.as_string() + file + part(letter, "text/plain") + part(letter, "text/html")
        for other in eight:
            assert other is member or (other.name not in whole and other.email not in whole)
    assert not any(member.name in file_of(to(letters, "Alice")) for member in eight)


# Changed --------------------------------------------------------------------------------------------------------------


def test_a_move_is_the_same_event_in_a_new_edition(book, move, leave):
    session = book()
    first = event_of(to(leave(), "Bob"))
    move(session, FRIDAY)
    letter = to(leave(), "Bob")
    second = event_of(letter)
    assert letter["Subject"].strip() == "Changed: Coaching session with Alice Kern, Friday 4 December, 18:30"
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)
    assert second["DTSTART"].dt == FRIDAY
    assert Calendar.from_ical(file_of(letter))["METHOD"] == "REQUEST"


def test_moved_three_times_before_the_worker_looks_only_the_last_state_is_sent(book, move, leave, cast):
    session = book()
    move(session, FRIDAY)
    scheduling.place(session, "phone", "+44 20 7946 0000", by=cast.vera)
    move(session, THURSDAY + timedelta(hours=2))
    letters = leave()
    assert len(letters) == 2
    event = event_of(to(letters, "Bob"))
    assert (event["SEQUENCE"], event["DTSTART"].dt) == (3, THURSDAY + timedelta(hours=2))
    assert event["LOCATION"] == "Phone: +44 20 7946 0000"
    assert "URL" not in event
    assert to(letters, "Bob")["Subject"].startswith("Coaching session"), "it is the first that Bob hears"
    off = Message.select().where(Message.state_name == MailState.CANCELLED)
    assert {message.answer for message in off} == {"Not sent: what it asks for is done or withdrawn."}


def test_moved_and_moved_back_before_the_mail_left_nobody_hears_of_it(book, move, leave):
    session = book()
    leave()
    move(session, FRIDAY)
    move(session, THURSDAY)
    assert leave() == []


def test_moved_and_moved_back_after_the_mail_left_everybody_hears_twice(book, move, leave):
    session = book()
    leave()
    move(session, FRIDAY)
    assert len(leave()) == 2
    move(session, THURSDAY)
    letters = leave()
    assert event_of(to(letters, "Bob"))["SEQUENCE"] == 2
    assert event_of(to(letters, "Bob"))["DTSTART"].dt == THURSDAY


def test_what_is_planned_leaves_later_and_undone_in_time_it_never_does(book, move, leave, frozen):
    session = book()
    leave()
    with invitations.delayed(NOW + timedelta(minutes=2)):
        move(session, FRIDAY)
    assert leave() == []
    frozen.shift(timedelta(minutes=1))
    with invitations.delayed(NOW + timedelta(minutes=3)):
        move(session, THURSDAY)
    frozen.shift(timedelta(minutes=9))
    assert leave() == []
    with invitations.delayed(clock.now() + timedelta(minutes=2)):
        move(session, FRIDAY)
    frozen.shift(timedelta(minutes=3))
    assert len(leave()) == 2


def test_what_is_not_known_to_have_arrived_is_said_again(book, move, leave, smtp):
    """The line broke while the update was handed over: it may be in Bob's calendar."""
    session = book()
    leave()
    smtp.data = ["drop", "drop"]
    move(session, FRIDAY)
    leave()
    move(session, THURSDAY)
    letters = leave()
    assert event_of(to(letters, "Bob"))["SEQUENCE"] == 2


def test_what_was_called_off_while_a_server_took_it_is_said_again(book, move, leave, smtp):
    """The attempt fails, and is not repeated; what it said holds once more."""
    session = book()

    def move_meanwhile():
        move(session, FRIDAY)
        move(session, THURSDAY)
        return "451 later"

    smtp.data = [move_meanwhile]
    event = event_of(to(leave(), "Bob"))
    assert (event["DTSTART"].dt, event["SEQUENCE"]) == (THURSDAY, 2)


def test_who_said_yes_to_the_old_time_is_asked_anew(book, move, leave, cast):
    session = book()
    leave()
    Attendee.update(answer_name=Attendance.ACCEPTED).execute()
    scheduling.place(session, "phone", "+44 20 7946 0000", by=cast.vera)
    assert event_of(to(leave(), "Bob"))["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert Attendee.get().answer is Attendance.ACCEPTED
    move(session, FRIDAY)
    assert Attendee.get().answer is Attendance.ACCEPTED, "nobody has heard of the new time yet"
    assert event_of(to(leave(), "Bob"))["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert Attendee.get().answer is Attendance.NEEDS_ACTION


def test_a_sponsor_contact_with_another_address_is_invited_there(book, leave, cast):
    book(kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    leave()
    sam = Contact.get_by_id(cast.sam.id)
    clients.change_contact(
        sam, name=sam.name, role=sam.role, title="", email="sam@elsewhere.example", phone="", version=sam.version
    )
    (letter,) = [letter for letter in leave() if "elsewhere" in letter["To"]]
    assert letter["Subject"].strip().startswith("Three-way meeting")
    assert event_of(letter)["ATTENDEE"] == "mailto:sam@elsewhere.example"


# Cancelled ------------------------------------------------------------------------------------------------------------


def test_a_cancelled_session_is_taken_out_of_every_calendar(book, cancel, leave):
    session = book()
    leave()
    cancel(session)
    letters = leave()
    assert len(letters) == 2
    event = event_of(to(letters, "Bob"))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)
    assert Calendar.from_ical(file_of(letters[0]))["METHOD"] == "CANCEL"


def test_who_never_got_the_invitation_hears_nothing_of_its_end(book, cancel, leave):
    cancel(book())
    assert leave() == []
    assert waiting() == []


def test_one_person_is_taken_out_of_a_group_and_the_others_hear_nothing(frozen, cast, eight, leave):
    scheduling.book(
        cast.alice, SessionKind.GROUP, THURSDAY, 90, via=Via.SEAT, members=eight[:3], despite="a test", by=cast.vera
    )
    leave()
    attendee = Attendee.get(Attendee.client == eight[0])
    scheduling.leave(attendee, by=cast.vera)
    letters = leave()
    assert [eight[0].email in letter["To"] for letter in letters] == [True]
    event = event_of(letters[0])
    assert (event["STATUS"], event["SEQUENCE"], event["ATTENDEE"]) == ("CANCELLED", 1, f"mailto:{eight[0].email}")
    scheduling.join(attendee.session, eight[0], by=cast.vera)
    back = leave()
    assert len(back) == 1
    assert (event_of(back[0])["SEQUENCE"], back[0]["Subject"]) == (2, "Group session, Thursday 3 December, 10:00")


def test_a_mail_that_a_server_was_taking_when_it_was_called_off_is_not_tried_again(book, cancel, leave, smtp, frozen):
    session = book()

    def cancel_meanwhile():
        cancel(session)
        return "451 later"

    smtp.data = [cancel_meanwhile]
    letters = leave()
    frozen.shift(timedelta(hours=1))
    assert [letter["Subject"].split(":")[0].strip() for letter in letters + leave()] == ["Cancelled"]
    invited = Message.select().where(Message.kind == "session_invite")
    assert {message.state for message in invited} == {MailState.CANCELLED}


def test_what_is_no_longer_so_is_not_sent_again(book, move, cancel, leave, cast):
    session = book()
    first = Message.get(Message.to_address == "bob@brightwater.example")
    leave()
    move(session, FRIDAY)
    leave()
    with pytest.raises(Refused, match="has changed since"):
        mail.resend(first, by=cast.vera)
    move(session, THURSDAY)
    waits = Message.select().where(Message.state_name == MailState.QUEUED).get()
    cancel(session)
    with pytest.raises(Refused, match="has changed since"):
        mail.resend(waits, by=cast.vera)
    leave()
    last = Message.select().where(Message.to_address == "bob@brightwater.example").order_by(Message.id.desc()).first()
    mail.resend(last, by=cast.vera)
    assert event_of(to(leave(), "Bob"))["STATUS"] == "CANCELLED"


# Reminders ------------------------------------------------------------------------------------------------------------


def test_the_day_before_client_and_sponsor_are_reminded_once(book, leave, frozen, cast):
    book(kind=SessionKind.THREE_WAY, contacts=[cast.sam])
    leave()
    frozen.move_to(THURSDAY - timedelta(hours=24, minutes=1))
    invitations.remind_due()
    assert leave() == []
    frozen.move_to(THURSDAY - timedelta(hours=24))
    invitations.remind_due()
    invitations.remind_due()
    letters = leave()
    assert sorted(letter["To"].split()[0] for letter in letters) == ["Bob", "Sam"]
    text = part(to(letters, "Bob"), "text/plain")
    assert "13:00–14:00 Dubai time" in text
    assert PLACE in text
    assert "text/calendar" not in to(letters, "Bob").as_string()


def test_a_cancelled_session_sends_no_reminder(book, cancel, leave, frozen):
    session = book()
    leave()
    frozen.move_to(THURSDAY - timedelta(hours=23))
    cancel(session)
    leave()
    for _ in range(24):
        frozen.shift(timedelta(hours=1))
        invitations.remind_due()
        assert leave() == []


def test_a_reminder_that_waits_when_the_session_is_cancelled_or_moved_never_leaves(book, move, cancel, leave, frozen):
    for undo in (cancel, lambda session: move(session, FRIDAY)):
        frozen.move_to(NOW)
        session = book()
        leave()
        frozen.move_to(THURSDAY - timedelta(hours=23))
        invitations.remind_due()
        undo(session)
        assert not any(letter["Subject"].strip().startswith("Reminder") for letter in leave())
        if session.starts_at != FRIDAY:
            frozen.move_to(NOW)


def test_a_moved_session_is_reminded_of_at_its_new_time_alone(book, move, leave, frozen):
    session = book()
    leave()
    move(session, FRIDAY)
    leave()
    subjects = []
    frozen.move_to(THURSDAY - timedelta(hours=25))
    for _ in range(60):
        frozen.shift(timedelta(hours=1))
        invitations.remind_due()
        subjects += [letter["Subject"].strip() for letter in leave()]
    assert subjects == ["Reminder: Coaching session with Alice Kern, Friday 4 December, 18:30"]


def test_a_cancelled_session_is_not_reminded_of_while_nobody_could_be_told_yet(book, cancel, leave, frozen):
    session = book()
    leave()
    cancel(session)
    frozen.move_to(THURSDAY - timedelta(hours=20))
    invitations.remind_due()
    assert {message.kind for message in waiting()} == {"session_cancelled"}


def test_who_was_reminded_of_the_old_time_is_reminded_of_the_new_one_too(book, move, leave, frozen):
    session = book()
    leave()
    subjects = []
    for goes_on in (lambda: frozen.move_to(THURSDAY - timedelta(hours=23)), lambda: move(session, FRIDAY)):
        goes_on()
        leave()
        for _ in range(30):
            invitations.remind_due()
            subjects += [letter["Subject"].strip() for letter in leave()]
            frozen.shift(timedelta(minutes=30))
        frozen.move_to(THURSDAY - timedelta(hours=3))
    frozen.move_to(FRIDAY - timedelta(hours=23))
    invitations.remind_due()
    subjects += [letter["Subject"].strip() for letter in leave()]
    assert subjects == [
        "Reminder: Coaching session with Alice Kern, Thursday 3 December, 13:00",
        "Reminder: Coaching session with Alice Kern, Friday 4 December, 18:30",
    ]


def test_nobody_is_reminded_of_what_they_just_heard_or_declined(book, leave, frozen):
    book(starts_at=NOW + timedelta(hours=25))
    leave()
    frozen.shift(timedelta(hours=2))
    invitations.remind_due()
    assert leave() == []
    book(starts_at=FRIDAY)
    leave()
    Attendee.update(answer_name=Attendance.DECLINED).execute()
    frozen.move_to(FRIDAY - timedelta(hours=20))
    invitations.remind_due()
    assert leave() == []


def test_no_reminder_leaves_without_a_place(book, leave, frozen):
    book()
    leave()
    with transaction():
        Availability.update(place="").execute()
    frozen.move_to(THURSDAY - timedelta(hours=23))
    invitations.remind_due()
    assert leave() == []


@pytest.mark.parametrize("hours", [23, 12, 3])
def test_a_worker_that_slept_reminds_late_but_not_at_the_door(book, leave, frozen, hours):
    book()
    leave()
    frozen.move_to(THURSDAY - timedelta(hours=hours))
    invitations.remind_due()
    assert len(leave()) == 1
    frozen.move_to(THURSDAY - timedelta(hours=1))
    Message.delete().where(Message.kind == "session_reminder").execute()
    invitations.remind_due()
    assert leave() == []


def test_each_edition_is_stamped_when_it_was_written(book, move, cancel, leave, frozen):
    session = book()
    stamps = [event_of(to(leave(), "Bob"))["DTSTAMP"].dt]
    frozen.shift(timedelta(hours=1))
    move(session, FRIDAY)
    stamps.append(event_of(to(leave(), "Bob"))["DTSTAMP"].dt)
    frozen.shift(timedelta(hours=1))
    cancel(session)
    stamps.append(event_of(to(leave(), "Bob"))["DTSTAMP"].dt)
    assert stamps == [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]


# Hostile words --------------------------------------------------------------------------------------------------------

HEADERS = {"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}


@pytest.mark.parametrize(
    "words",
    [
        "Bob\r\nBcc: all@evil.example\r\nX-Own: 1",
        "Bob\nATTENDEE:mailto:mallory@evil.example\nEND:VEVENT\nBEGIN:VEVENT",
        '"><script>alert(1)</script><img src="https://evil.example/1.png">',
        "=?utf-8?q?Bob=0D=0ABcc:all=40evil.example?=",
        "\u2028\u2029Bob\x0b\x0c\x85END:VCALENDAR\0",
        "[Sign in](https://evil.example/) {{link}} {{name}}",
    ],
)
def test_from_the_invitation_to_the_cancellation_words_stay_words(words, cast, frozen, leave):
    """As they may stand in the database, whatever the forms let in: names, titles, places and reasons."""
    names = {"name": words, "preferred_name": words, "assistant_name": words, "assistant_email": "eve@x.example"}
    Client.update(names).where(Client.id == cast.bob.id).execute()
    User.update(name=words).where(User.id == cast.alice.id).execute()
    Firm.update(name=words).execute()
    alice, bob = User.get_by_id(cast.alice.id), Client.get_by_id(cast.bob.id)
    sessions = [
        scheduling.book(
            alice, kind, THURSDAY + timedelta(hours=hours), 60, via=Via.STAFF, title=words, place_kind="room",
            place=words.replace("https://", "Room "), despite=words, by=cast.vera, **who,
        )
        for hours, kind, who in ((0, SessionKind.COACHING, {"client": bob}), (3, SessionKind.GROUP, {"members": [bob]}))
    ]  # fmt: skip
    letters = leave()
    for session in sessions:
        scheduling.move(session, session.starts_at + timedelta(days=1), side=Side.FIRM, via=Via.STAFF, reason=words,
                        despite=words, by=cast.vera)  # fmt: skip
    letters += leave()
    for session in sessions:
        scheduling.cancel(session, side=Side.FIRM, reason=words, by=cast.vera)
    letters += leave()
    assert len(letters) == 3 * 2 * 3
    for letter in letters:
        assert set(letter.keys()) == HEADERS
        assert letter.recipients == [address.addr_spec for address in letter["To"].addresses]
        html = part(letter, "text/html")
        assert not re.search(r"<script|<img|https://evil\.example[^<]*\"", html)
        file = file_of(letter)
        assert (file.count("\r\nBEGIN:VEVENT\r\n"), file.count("\r\nEND:VCALENDAR\r\n")) == (1, 1)
        lines = file.replace("\r\n ", "").split("\r\n")
        asked = [line.rpartition(":mailto:")[2] for line in lines if line.startswith("ATTENDEE")]
        assert asked == [each for each in letter.recipients if each != "eve@x.example"]
        assert "\r" not in file.replace("\r\n", "")
    for kind, subject in ((Feed.CLIENT, bob.public_id), (Feed.INITIALS, alice.public_id)):
        sessions[0].state_name = "booked"
        sessions[0].save()
        told = feed_of(kind, subject, NOW)
        assert told.count("\r\nBEGIN:VEVENT\r\n") == told.count("\r\nEND:VEVENT\r\n") == 1
        assert "\r\nATTENDEE" not in told
