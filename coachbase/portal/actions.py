"""Mail people the link to their own page, and remind them of what is open."""

from collections.abc import Collection
from datetime import datetime

from peewee import IntegrityError

from .. import clock
from ..accounts.models import Serving, User
from ..agreements import actions as agreements
from ..agreements.models import Signer
from ..agreements.rules import LINK_LASTS as SIGN_LASTS
from ..assessments.models import Assessment
from ..availability.rules import SessionKind
from ..clients import actions as clients
from ..clients.models import Client, Contact
from ..clients.rules import Party, called
from ..db import atomic
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..engagements.rules import StepKind
from ..errors import Refused
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import Message
from ..raters import actions as raters
from ..raters.models import Rater, returned_mails
from ..requests import actions as requests
from ..requests.models import Request
from ..scheduling import actions as scheduling
from ..scheduling.rules import day_in_words
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import (
    ASSISTANT,
    CLIENT,
    INVOICES,
    SIGN,
    SPONSOR,
    Chaser,
    asks_of,
    open_things,
    page_is_on_its_way,
    running_of,
)
from .rules import LINK_LASTS, Reader, Thing, day_of, in_words, is_due, is_working_time, may_name, merged

BATCH = 50
"""How many are reminded in one transaction; the next run goes on with the others."""


# Pages ----------------------------------------------------------------------------------------------------------------


@atomic
def invite(engagement: Engagement, *, by: User | None = None) -> None:
    """Mail the client the link to the own page. Links mailed before stay alive: see `mail_anew`.

    Without an address the timeline says so, and the ball is ours.
    """
    client = engagement.client
    if not client.email:
        timeline.record(client, Kind.MAIL, "The page could not be mailed: no mail address is known", by=by)
        clients.pass_ball(client, Party.US, "Find out the mail address")
        return
    _mail_page("client_page", engagement, by=by)


@atomic
def mail_anew(client: Client, *, by: User) -> None:
    """Mail the client a new link to the own page; whoever came by an older one is out, also where it led on to."""
    engagement = _latest(client)
    if not client.email:
        raise Refused(f"There is no mail address for {client.name}. Add one, then mail the page.")
    _shut(client)
    _mail_page("client_page", engagement, by=by)


@atomic
def ask_to_book(request: Request, *, by: User | None = None) -> None:
    """Mail the client that a session waits to be booked, with the link to the own page.

    Not while a mail with that link is still to leave: the page it leads to says so as well. Without an address, or a
    place to meet, or with times too far ahead, the timeline says so, and the ball is ours.
    """
    client = request.client
    if not client.email:
        timeline.record(client, Kind.MAIL, "The page could not be mailed: no mail address is known", by=by)
        clients.pass_ball(client, Party.US, "Find out the mail address")
        return
    if lacking := _what_keeps_from_booking(request):
        sentence = f"The {request.label.lower()} cannot be booked yet: {lacking}"
        timeline.record(client, Kind.SESSION, sentence, href="/settings/availability", by=by)
        if request.kind is SessionKind.KICKOFF and request.engagement_id:
            engagements.wait_on(request.engagement, StepKind.KICKOFF_BOOKED, Party.US)
        return
    if page_is_on_its_way(client):
        return
    mail.queue(
        "booking_request",
        to=(client.name, client.email),
        fields={"name": client.called, "session": request.label.lower(), "coach": request.coach.name},
        link=_link(CLIENT, client.public_id),
        client=client,
        about=request.public_id,
        reply_to=Serving.desk_address(request.coach),
        by=by,
    )


def _what_keeps_from_booking(request: Request) -> str:
    if not any(request.draft().where):
        return f"say where {request.coach.name}’s sessions are"
    if opens_on := request.opens_on(clock.now()):
        return f"{request.coach.name}’s times for it open on {day_in_words(opens_on)}; book it here, or wait until then"
    return ""


@atomic
def invite_assistant(engagement: Engagement, *, by: User | None = None) -> None:
    """Mail the client's own assistant, if there is one, the link to a page with dates only."""
    if engagement.client.assistant_email:
        _mail_dates(engagement, by=by)


@atomic
def mail_assistant_anew(client: Client, *, by: User) -> None:
    """Mail the client's own assistant a new link to the page with dates; the older ones die."""
    engagement = _latest(client)
    if not client.assistant_email:
        raise Refused(f"No assistant of {client.name} is known. Add the address in the details, then mail the page.")
    _shut_assistants(client)
    _mail_dates(engagement, by=by)


@atomic
def send_logistics(engagement: Engagement) -> None:
    """Tell the client that the logistics stand on the page; nothing when there are none."""
    if engagement.logistics.strip() and engagement.client.email:
        _mail_page("logistics", engagement)


@atomic
def follow_addresses(client: Client, changed: Collection[str]) -> None:
    """Another address is another mailbox: links that went to the old one die, and who had one gets a new one."""
    engagement = running_of(client).first()
    now = clock.now()
    if "assistant_email" in changed:
        had_one = Link.is_out(ASSISTANT, client.public_id, now)
        _shut_assistants(client)
        if had_one and engagement:
            invite_assistant(engagement)
    if "email" in changed:
        had_one = Link.is_out(CLIENT, client.public_id, now)
        _shut(client)
        if engagement and client.email and (had_one or any(ask.is_open for ask in asks_of(client))):
            _mail_page("client_page", engagement)


@atomic
def forget_contact(contact: Contact) -> None:
    """The links to a sponsor contact's page die: they went to an address that is no longer theirs."""
    links.revoke_all(SPONSOR, contact.public_id)
    links.revoke_all(INVOICES, contact.public_id)


def _latest(client: Client) -> Engagement:
    """The program that runs, or the last one that did."""
    engagement = running_of(client).first() or Engagement.of(client).first()
    if engagement is None:
        raise Refused(f"{client.name} has no program yet, so the page would be empty. Start one first.")
    return engagement


def _shut(client: Client) -> None:
    """No link to the client's page works any more, nor one that its buttons gave to a browser."""
    links.revoke_all(CLIENT, client.public_id)
    links.revoke_all(INVOICES, client.public_id)
    for ask in asks_of(client):
        links.revoke_all(ask.way, ask.subject)
    requests.shut_doors(client, requests.BOOK)
    scheduling.shut_doors(client, scheduling.CHANGE)


def _shut_assistants(client: Client) -> None:
    """The same for the page of the client's own assistant."""
    links.revoke_all(ASSISTANT, client.public_id)
    requests.shut_doors(client, requests.BOOK_FOR)
    scheduling.shut_doors(client, scheduling.CHANGE_FOR)


def _mail_page(kind: str, engagement: Engagement, *, by: User | None = None) -> None:
    client = engagement.client
    mail.queue(
        kind,
        to=(client.name, client.email),
        fields={"name": client.called, "program": engagement.name},
        link=_link(CLIENT, client.public_id),
        client=client,
        about=engagement.public_id,
        reply_to=Serving.desk_address(engagement.coach),
        by=by,
    )


def _mail_dates(engagement: Engagement, *, by: User | None) -> None:
    client = engagement.client
    mail.queue(
        "assistant_page",
        to=(client.assistant_name, client.assistant_email),
        fields={"name": called(client.assistant_name) or client.assistant_email, "client": client.name},
        link=_link(ASSISTANT, client.public_id),
        client=client,
        reply_to=Serving.desk_address(engagement.coach),
        by=by,
    )


def _link(kind: str, subject: str) -> tuple[Link, str]:
    return links.issue(kind, subject, lasts=SIGN_LASTS if kind == SIGN else LINK_LASTS)


# Reminders ------------------------------------------------------------------------------------------------------------


@atomic
def remind(client: Client, *, by: User) -> list[str]:
    """Remind everybody who holds up this client's onboarding, now; who is.

    Raises Refused when nothing is open, all were reminded today, or everything has been named often enough.
    """
    things = open_things(client)
    if not things:
        raise Refused("Nothing is open with anybody whom we can write to.")
    allowed = [thing for thing in things if may_name(thing)]
    if not allowed:
        raise Refused("They were reminded of it as often as is kind. A call may do more now.")
    now = clock.now()
    reminded = [lot[0].reader.name for lot in merged(allowed) if _mail_reminder(lot, now, by=by)]
    if not reminded:
        raise Refused("Everybody was reminded today already. One mail a day is enough.")
    return list(dict.fromkeys(reminded))


@atomic
def remind_due() -> None:
    """By the clock: one merged mail a person and day, in working hours where they are, at most four for one thing."""
    now = clock.now()
    lots = merged(thing for thing in open_things() if may_name(thing))
    due = [lot for lot in lots if any(is_due(thing, now) for thing in lot)]
    reminded = 0
    for lot in due:
        reminded += _mail_reminder(lot, now)
        if reminded == BATCH:
            return


def _mail_reminder(lot: list[Thing], now: datetime, *, by: User | None = None) -> bool:
    """One mail for all that is open with a reader; False when there was one today.

    Older links stay alive: a nudge must not shut the page that is open on somebody's phone (docs/decisions/0012).
    """
    reader = lot[0].reader
    chaser = first_today(reader.email, reader.zone, now)
    if chaser is None:
        return False
    for thing in lot:
        _count(thing, now, by)
    chaser.message = _queue_reminder(lot, reader, by)
    chaser.save()
    return True


@atomic
def first_today(email: str, zone: str, now: datetime) -> Chaser | None:
    """The right to remind somebody on this day of theirs; None when that was done already, of whatever."""
    try:
        return Chaser.create(email=email, on=day_of(now, zone))
    except IntegrityError:
        return None


@atomic
def remind_raters(assessment: Assessment, *, by: User) -> int:
    """Remind everybody who was asked about a client and is silent, now; how many, and never who.

    Raises Refused when there is nobody, or all were written to today.
    """
    now, reminded = clock.now(), 0
    for rater in raters.to_remind(assessment):
        if chaser := first_today(rater.email, rater.reads_at, now):
            _remind_rater(chaser, rater, by)
            reminded += 1
    if not reminded:
        raise Refused("Everybody was written to today already. One mail a day is enough.")
    return reminded


@atomic
def chase_raters() -> None:
    """By the clock: who was asked about a client, on the instrument's rhythm, in working hours where they are.

    Not whose last mail came back: another to the same address would not arrive either.
    """
    now = clock.now()
    due = [rater for rater in Rater.silent() if rater.is_due(now) and is_working_time(now, rater.reads_at)]
    came_back, reminded = returned_mails(due), 0
    for rater in due:
        chaser = None if rater.public_id in came_back else first_today(rater.email, rater.reads_at, now)
        if chaser is not None:
            _remind_rater(chaser, rater, None)
            reminded += 1
        if reminded == BATCH:
            return


def _remind_rater(chaser: Chaser, rater: Rater, by: User | None) -> None:
    chaser.message = raters.remind(rater, by=by)
    chaser.save()


def _count(thing: Thing, now: datetime, by: User | None) -> None:
    """Note it where it is counted."""
    if isinstance(thing.about, Signer):
        agreements.remind(thing.about, by=by)
        return
    thing.about.reminders += 1
    thing.about.reminded_at = now
    thing.about.save()


def _queue_reminder(lot: list[Thing], reader: Reader, by: User | None) -> Message:
    """A mail about clients of several coaches stands behind none of their walls: then each timeline says its part."""
    concerned = list({thing.client.id: thing.client for thing in lot}.values())
    is_behind_one_wall = len({client.coach_id for client in concerned}) == 1
    for client in concerned[1:] if is_behind_one_wall else concerned:
        said = in_words(thing for thing in lot if thing.client == client)
        timeline.record(client, Kind.MAIL, f"Reminded {reader.name}: {said}", by=by)
    return mail.queue(
        "reminder",
        to=(reader.name, reader.email),
        fields={"name": reader.name if reader.page[0] == CLIENT else called(reader.name), "things": in_words(lot)},
        link=_link(*reader.page),
        client=concerned[0] if is_behind_one_wall else None,
        about=lot[0].about.public_id if len(lot) == 1 else "",
        reply_to=Serving.desk_address(concerned[0].coach),
        by=by,
    )
