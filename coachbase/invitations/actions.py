"""Mail invitations, changes, cancellations and reminders; take in replies; give out feeds."""

import imaplib
import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime

from .. import clock, config
from ..accounts.models import Serving, User
from ..clients import actions as clients
from ..clients.models import Client, Contact
from ..clients.rules import Party
from ..db import atomic
from ..errors import Refused, Stale
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import Message
from ..mail.rules import Security, one_line, refusal_of_server
from ..mail.rules import State as MailState
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import Attendance, State
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from . import tasks
from .models import (
    Reminder,
    ReplyBox,
    Told,
    assistant_of,
    attendees_between,
    attendees_to_come,
    guest_of,
    guests_of,
    meeting_of,
    session_with,
    wall_of,
    who_may_answer_for,
)
from .rules import (
    FEED_LASTS,
    NOT_FROM,
    OF_COACH,
    REMINDED_BEFORE,
    TOO_LATE_BEFORE,
    Feed,
    Guest,
    Meeting,
    Method,
    ReminderKind,
    Reply,
    asks_anew,
    calendar_file,
    day_in_words,
    essence,
    is_reminded,
    is_sent_by,
    is_stale,
    is_to_find,
    place_in_words,
    read_reply,
    sentence_of,
    time_in_words,
    written,
)

log = logging.getLogger("coachbase")
BATCH = 50
"""How many are reminded in one transaction; the next run goes on with the others."""

_leave_at: ContextVar[datetime | None] = ContextVar("leave_at", default=None)
_is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)


@contextmanager
def delayed(until: datetime) -> Iterator[None]:
    """Let what is mailed about sessions in this block leave only then: until then it can be undone unheard."""
    token = _leave_at.set(until)
    try:
        yield
    finally:
        _leave_at.reset(token)


@contextmanager
def quiet() -> Iterator[None]:
    """Let nobody be told of what happens to sessions in this block: the past of a sample practice."""
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)


# Invitations ----------------------------------------------------------------------------------------------------------


@atomic
def invite(session: CoachingSession) -> None:
    """Mail everybody who comes, each alone, the invitation to a session that was just booked; the coach, too."""
    _tell(session, guests_of(session))


@atomic
def tell_of_change(session: CoachingSession) -> None:
    """The same invitation with its new time or place: a REQUEST with the same UID and a higher SEQUENCE.

    What still waits to be sent is called off: each hears the last state alone, and nothing when that is what was
    heard already.
    """
    _tell(session, guests_of(session))


@atomic
def take_back(session: CoachingSession) -> None:
    """The session was cancelled: CANCEL for everybody; what still waits to be sent about it is called off."""
    mail.call_off(session.public_id)
    _take_back(session, guests_of(session))


@atomic
def invite_one(attendee: Attendee) -> None:
    """Somebody joined a session that is booked."""
    _tell(attendee.session, _with_assistant(attendee))


@atomic
def take_back_one(attendee: Attendee) -> None:
    """Somebody is no longer invited: CANCEL for this person alone, in other words: it takes place."""
    _take_back(attendee.session, _with_assistant(attendee), kind="session_withdrawn")


@atomic
def ask_anew(message: Message) -> None:
    """A session's new time has left for somebody: what was answered to the old one counts no more."""
    if message.kind == "session_changed" and message.state is MailState.SENT and asks_anew(message.calendar):
        session = CoachingSession.known_as(message.about)
        Attendee.update(answer_name=Attendance.NEEDS_ACTION).where(
            Attendee.session == session, Attendee.email == message.to_address
        ).execute()


def _with_assistant(attendee: Attendee) -> list[tuple[Guest, Client | None]]:
    return [(guest_of(attendee), wall_of(attendee)), *assistant_of(attendee)]


def _is_news(session: CoachingSession) -> bool:
    return session.starts_at > clock.now() and not _is_quiet.get()


def _tell(session: CoachingSession, guests: Iterable[tuple[Guest, Client | None]]) -> None:
    if not _is_news(session):
        return
    meeting = meeting_of(session)
    for guest, client in guests:
        why_not = "" if meeting.place else "nobody said where it is"
        why_not = why_not if guest.email else "no mail address is known"
        if not why_not:
            _tell_one(session, meeting, guest, client)
        elif client is not None and guest.part:
            sentence = f"The invitation of {guest.name} could not be mailed: {why_not}"
            timeline.record(client, Kind.MAIL, sentence, href=f"/sessions/{session.public_id}", by=session.by)


def _tell_one(session: CoachingSession, meeting: Meeting, guest: Guest, client: Client | None) -> None:
    mail.call_off(session.public_id, to=guest.email)
    told = Told.of(session, guest.email)
    if told and not told.begins_at(meeting.starts_at):
        guest = replace(guest, answer=Attendance.NEEDS_ACTION)
    method = Method.REQUEST if guest.part else Method.PUBLISH
    file = calendar_file(meeting, guest, method, sequence=_edition(session, told), stamp=clock.now())
    if told and told.is_sure and essence(told.file) == essence(file):
        return
    is_known = told is not None and told.method is not Method.CANCEL
    _mail("session_changed" if is_known else "session_invite", session, meeting, guest, client, (method, file))


def _take_back(
    session: CoachingSession, guests: Iterable[tuple[Guest, Client | None]], kind: str = "session_cancelled"
) -> None:
    """Only who heard of it, and not yet that it is off, is told."""
    if not _is_news(session):
        return
    meeting = meeting_of(session)
    for guest, client in guests:
        mail.call_off(session.public_id, to=guest.email)
        told = Told.of(session, guest.email)
        if told is None or told.method is Method.CANCEL:
            continue
        file = calendar_file(meeting, guest, Method.CANCEL, sequence=_edition(session, told), stamp=clock.now())
        _mail(kind, session, meeting, guest, client, (Method.CANCEL, file))


def _edition(session: CoachingSession, told: Told | None) -> int:
    """The SEQUENCE of the next file: the session's own, and above all that this reader may have."""
    return session.sequence if told is None else max(session.sequence, told.sequence + 1)


def _mail(
    kind: str,
    session: CoachingSession,
    meeting: Meeting,
    guest: Guest,
    client: Client | None,
    calendar: tuple[str, str] | None,
) -> Message:
    return mail.queue(
        kind,
        to=(guest.name, guest.email),
        fields={
            "name": guest.called,
            "what": guest.what,
            "day": day_in_words(meeting.starts_at, guest.zone),
            "when": time_in_words(meeting.starts_at, meeting.ends_at, guest.zone, guest.beside),
            "where": place_in_words(meeting.place_kind, meeting.place),
        },
        client=client,
        about=session.public_id,
        reply_to=Serving.desk_address(session.coach),
        calendar=calendar,
        after=_leave_at.get(),
        by=session.by,
    )


# Reminders ------------------------------------------------------------------------------------------------------------


@atomic
def remind_due() -> None:
    """By the clock: who is to be reminded now, from the sessions as they are now."""
    now = clock.now()
    reminded = 0
    for attendee in attendees_between(now + TOO_LATE_BEFORE, now + REMINDED_BEFORE):
        reminded += _remind(attendee, now)
        if reminded == BATCH:
            return


def _remind(attendee: Attendee, now: datetime) -> bool:
    """Remind somebody who was invited and did not say no, of a session that is somewhere."""
    session = attendee.session
    told = Told.of(session, attendee.email)
    if told is None or told.method is Method.CANCEL or attendee.answer is Attendance.DECLINED:
        return False
    meeting = meeting_of(session)
    if not meeting.place or not is_reminded(session.starts_at, told.at, now):
        return False
    message = _mail("session_reminder", session, meeting, guest_of(attendee), wall_of(attendee), None)
    Reminder.create(attendee=attendee, kind_name=ReminderKind.DAY_BEFORE, starts_at=session.starts_at, message=message)
    return True


# Answers --------------------------------------------------------------------------------------------------------------


@atomic
def take_reply(content: str | bytes, *, by: User | None = None) -> str:
    """Note what a METHOD:REPLY or COUNTER says; a sentence of what was noted. Stale ones change nothing.

    `by` is who pasted it, and learns nothing of what is not theirs to see. Raises Refused when it is no reply to
    anything of ours.
    """
    reply = read_reply(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    if isinstance(reply, str):
        raise Refused(reply)
    session = session_with(reply.uid, by)
    told = Told.of(session, reply.email) if session else None
    attendee = Attendee.of(session).where(Attendee.email == reply.email).first() if session else None
    is_known = attendee is not None or (session and reply.email.casefold() == session.coach.email.casefold())
    if session is None or told is None or not is_known or told.method is Method.PUBLISH:
        raise Refused("It answers no invitation of ours to this address.")
    if reply.sequence > told.sequence:
        raise Refused("It answers an edition of the invitation that was never sent.")
    name = attendee.name if attendee else session.coach.name
    if not is_sent_by(reply, [reply.email, *who_may_answer_for(session, attendee)]):
        if by is not None:
            raise Refused(NOT_FROM.format(name=name))
        _note_on(session, attendee, f"An answer in the name of {name} came from another address")
        return "Nothing was changed: somebody else sent it."
    what = f"{session.label} on {day_in_words(session.starts_at, session.zone)}"
    if session.state is not State.BOOKED or told.method is Method.CANCEL:
        return f"Nothing was changed: {what} is not booked any more."
    asked = int(written(told.file, "SEQUENCE")) if told.begins_at(session.starts_at) else session.sequence
    if is_stale(reply, asked=asked, answered_at=attendee.answered_at if attendee else None):
        return f"Nothing was changed: {name} answered something else later, or to an older time of {what}."
    sentence, to_do = sentence_of(reply, name, what, session.starts_at, session.zone, clock.now())
    if attendee and not _note_answer(attendee, reply):
        return f"Nothing was changed. It was noted already: {sentence}."
    for client in _note_on(session, attendee, sentence, by=by):
        if to_do:
            clients.pass_ball(client, Party.US, to_do)
    if reply.answer is Attendance.ACCEPTED:
        look_no_further(session, session.starts_at)
    return f"{sentence}."


@atomic
def look_no_further(session: CoachingSession, was: datetime) -> None:
    """The time a session had then suits after all, or it has another: no other is to be found for it any more."""
    for each in session.clients:
        client = Client.get_by_id(each.id)
        if client.waiting_on is Party.US and is_to_find(client.next_step, was, session.zone):
            clients.pass_ball(client, Party.NOBODY, "")


def _note_on(
    session: CoachingSession, attendee: Attendee | None, sentence: str, *, by: User | None = None
) -> list[Client]:
    """On the timeline of the client it is about, or of all when the coach answered; these."""
    concerned = [attendee.client] if attendee and attendee.client_id else session.clients
    for client in concerned:
        timeline.record(client, Kind.SESSION, sentence, href=f"/sessions/{session.public_id}", by=by)
    return concerned


def _note_answer(attendee: Attendee, reply: Reply) -> bool:
    """False when it says what is noted already: a mailbox may be read twice."""
    now = clock.now()
    at = min(reply.at or now, now)
    is_same = attendee.answer is reply.answer and attendee.sequence == reply.sequence
    if is_same and (attendee.answered_at == at or not reply.is_counter):
        return False
    attendee.answer_name, attendee.sequence, attendee.answered_at = reply.answer, reply.sequence, at
    attendee.save()
    return True


def read_mailbox() -> None:
    """By the clock: take the answers that came into the mailbox of REPLY_MAILBOX, or into the one read by IMAP."""
    for letter in tasks.unread(config.in_force().reply_mailbox):
        _take(letter)
    box = ReplyBox.current()
    if box is not None:
        _read(box)


def _take(letter: bytes) -> None:
    """An answer, or any other mail, which changes nothing. Who answered what is no business of the log."""
    try:
        take_reply(letter)
    except Refused as refusal:
        log.info("a mail in the mailbox for answers changed nothing: %s", refusal)


def _read(box: ReplyBox) -> None:
    """What went wrong is written down where the settings are; the next run tries again."""
    try:
        for validity, uid, letter in tasks.fetched(box):
            _take(letter)
            _note_read(box, validity=validity, last_uid=uid)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        _note_read(box, answer=f"{box.host}:{box.port} could not be read: {one_line(str(error))}"[:300])
    else:
        _note_read(box, answer="")


@atomic
def _note_read(box: ReplyBox, **values: int | str) -> None:
    """Unless somebody saved other settings meanwhile."""
    same = ReplyBox.id == box.id, ReplyBox.version == box.version
    ReplyBox.update(looked_at=clock.now(), **values).where(*same).execute()


@atomic
def save_reply_box(
    *, version: int, host: str, port: int, security: Security, username: str, password: str, folder: str
) -> None:
    """Save where answers are fetched, and begin with what comes from now on. A blank password keeps the one there is.

    Raises Stale when somebody else saved the settings since version `version` (0: there were none).
    """
    if refusal := refusal_of_server(host, security, username):
        raise Refused(refusal)
    box = ReplyBox.current()
    if (box.version if box else 0) != version:
        raise Stale("Somebody else changed the mailbox while you were typing.")
    box = box or ReplyBox(version=0)
    if not (password or (box.password and (box.host, box.port) == (host, port))):
        raise Refused("Type the password of the mailbox: none is kept that was given to this server.")
    box.host, box.port, box.security_name = host, port, security
    box.username, box.password, box.folder = username, password or box.password, folder or "INBOX"
    box.version, box.validity, box.last_uid, box.looked_at, box.answer = version + 1, 0, 0, None, ""
    box.save()


@atomic
def forget_reply_box() -> None:
    """Fetch no answers any more; the password is gone."""
    ReplyBox.delete().execute()


# Feeds ----------------------------------------------------------------------------------------------------------------


@atomic
def open_feed(kind: Feed, subject: str) -> tuple[Link, str]:
    """A new secret address of a client's or a coach's calendar; the old one dies."""
    close_feed(kind, subject)
    return links.issue(kind, subject, lasts=FEED_LASTS)


@atomic
def close_feed(kind: Feed, subject: str) -> None:
    """The address works no more; a coach has one, whatever it tells."""
    for each in (Feed.CLIENT,) if kind is Feed.CLIENT else OF_COACH:
        links.revoke_all(each, subject)


@atomic
def mail_feed(client: Client, *, by: User | None) -> None:
    """Mail a client the address of the own sessions' calendar, a new one; staff never see it.

    Raises Refused when there is no mail address.
    """
    if not client.email:
        raise Refused(f"There is no mail address for {client.name}. Add one, then mail the calendar.")
    mail.queue(
        "feed_address",
        to=(client.name, client.email),
        fields={"name": client.called},
        link=open_feed(Feed.CLIENT, client.public_id),
        client=client,
        reply_to=Serving.desk_address(client.coach),
        by=by,
    )


@atomic
def shut_client_feed(client: Client, *, by: User) -> None:
    """The address that was mailed to a client works no more."""
    close_feed(Feed.CLIENT, client.public_id)
    timeline.record(client, Kind.CHANGE, "The address of the client’s calendar was shut", by=by)


# Who they are ---------------------------------------------------------------------------------------------------------


@atomic
def follow_client(client: Client, changed: Collection[str]) -> None:
    """Somebody's name, zone or address changed: what is to come is told to where they are now.

    An address is a mailbox: the calendar mailed to the old one works no more.
    """
    if not {"name", "zone", "email", "assistant_email"}.intersection(changed):
        return
    if "email" in changed and Link.is_out(Feed.CLIENT, client.public_id, clock.now()):
        close_feed(Feed.CLIENT, client.public_id)
        if client.email:
            mail_feed(client, by=None)
    for attendee in attendees_to_come(client, clock.now()):
        attendee.zone = client.zone or attendee.session.coach.zone
        _follow(attendee, client)
        if "assistant_email" in changed:
            _tell(attendee.session, assistant_of(attendee))


@atomic
def follow_contact(contact: Contact) -> None:
    """A sponsor contact has another mail address: what is to come is told there. One who was removed hears no more."""
    if contact.removed_at is None:
        for attendee in attendees_to_come(contact, clock.now()):
            _follow(attendee, contact)


def _follow(attendee: Attendee, who: Client | Contact) -> None:
    """To a new address goes an invitation, and what was answered from the old one counts no more."""
    is_new_mailbox = attendee.email.casefold() != who.email.casefold()
    attendee.name, attendee.email = who.name, who.email
    if is_new_mailbox:
        attendee.answer_name, attendee.answered_at = Attendance.NEEDS_ACTION, None
    attendee.save()
    if is_new_mailbox:
        _tell(attendee.session, [(guest_of(attendee), wall_of(attendee))])
