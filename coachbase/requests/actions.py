"""Asking a client to book, and what becomes of it: answered by a booking, withdrawn, or no time suits.

Booked itself by the one path (scheduling), which knows nothing of requests: what it announces is followed here.
"""

from dataclasses import dataclass
from datetime import date

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind, moment_of
from ..clients import actions as clients
from ..clients.models import Client
from ..clients.rules import Party
from ..db import atomic
from ..engagements import actions as engagements
from ..engagements.models import Engagement, Step
from ..engagements.rules import RUNNING, StepKind
from ..errors import Refused
from ..events import announce
from ..links import actions as links
from ..mail import actions as mail
from ..scheduling import actions as scheduling
from ..scheduling.rules import JUST_GONE, Side, Via
from ..sessions import actions as sessions
from ..sessions.models import CoachingSession
from ..sessions.rules import State
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Request, offered
from .rules import RequestState

BOOK, BOOK_FOR = "book", "book_assistant"
"""The kinds of links by which a client, and the client's own assistant, book what is asked for."""


@dataclass(frozen=True)
class BookingAsked:
    """A client is asked to book a session."""

    request: Request
    by: User | None


@atomic
def ask(
    client: Client,
    coach: User,
    kind: SessionKind,
    *,
    minutes: int,
    engagement: Engagement | None,
    from_on: date | None = None,
    until_on: date | None = None,
    by: User | None,
) -> Request:
    """Ask a client to book a session on the own page; the one that is open already when there is one."""
    there = Request.open_of(client).where(Request.kind_name == kind, Request.engagement == engagement).first()
    if there:
        return there
    request = Request.create(
        client=client,
        engagement=engagement,
        coach=coach,
        kind_name=kind,
        minutes=minutes,
        from_on=from_on,
        until_on=until_on,
        asked_at=clock.now(),
        by=by,
    )
    announce(BookingAsked(request, by))
    return request


@atomic
def withdraw(request: Request, *, by: User | None) -> None:
    """Nobody is asked for it any more; what was booked already stays."""
    asked = Request.id == request.id, Request.state_name == RequestState.ASKED
    Request.update(state_name=RequestState.WITHDRAWN).where(*asked).execute()
    mail.call_off(request.public_id)


@atomic
def answer(session: CoachingSession) -> None:
    """Whoever booked it and through whichever door: in this program it is no longer asked for."""
    if session.client_id is None:
        return
    same = Request.kind_name == session.kind_name, Request.engagement == session.engagement
    asked = Request.open_of(session.client).where(*same).first()
    if asked:
        asked.state_name, asked.session, asked.unsuited_at = RequestState.BOOKED, session, None
        asked.save()
        mail.call_off(asked.public_id)
        _found(asked)


@atomic
def ask_again(session: CoachingSession) -> None:
    """What was asked for and is cancelled is asked for again, unless it is used up or its program is over.

    A kickoff there must be, whatever became of the first.
    """
    is_used_up = session.state is not State.CANCELLED and session.kind is not SessionKind.KICKOFF
    if is_used_up or (session.engagement_id and session.engagement.state not in RUNNING):
        return
    answered = Request.get_or_none(Request.session == session, Request.state_name == RequestState.BOOKED)
    if answered:
        answered.state_name, answered.session = RequestState.ASKED, None
        answered.save()


@atomic
def shut_doors(client: Client, kind: str) -> None:
    """The links of this kind to what this client is asked to book die."""
    for request in Request.select(Request.public_id).where(Request.client == client):
        links.revoke_all(kind, request.public_id)


@atomic
def learn(client: Client, zone: str, phone: str) -> None:
    """What a client tells by the way and we did not know yet: the own time zone, a number."""
    client = Client.get_by_id(client.id)
    told = {"zone": zone, "phone": phone}
    new = {name: value for name, value in told.items() if value and not getattr(client, name)}
    if new:
        clients.change(client, new, version=client.version, by=None)


@atomic
def book_asked(request: Request, start: int, *, via: Via, zone: str = "", phone: str = "") -> CoachingSession:
    """Book what was asked for at a time that is on offer: `start` is its minute since 1970. `zone` and `phone` are
    told by the way; what is learnt and what is booked is one thing, so that the form can be sent again after a fault.

    Raises Refused when it is not.
    """
    learn(request.client, zone, phone)
    request = Request.known_as(request.public_id) or request
    if request.state is not RequestState.ASKED:
        raise Refused("This was booked already, or is no longer asked for.")
    openings = offered(request, clock.now())
    if start not in openings.starts:
        raise Refused(JUST_GONE)
    session = scheduling.book(
        request.coach,
        request.kind,
        moment_of(start),
        request.minutes,
        via=via,
        client=request.client,
        engagement=request.engagement,
        contacts=request.guests,
        by=None,
    )
    if openings.unknown:
        sessions.tell(session, f"Please check: {' and '.join(openings.unknown)} could not be read", by=None)
    return session


@atomic
def tell_none_suits(request: Request, words: str, *, side: Side) -> None:
    """No free time suits: what was written stands on the timeline, the ball is ours, nobody is reminded of it."""
    request = Request.known_as(request.public_id) or request
    if request.state is not RequestState.ASKED:
        raise Refused("This was booked already, or is no longer asked for.")
    client = request.client
    who = client.assistant_name or "The client’s assistant" if side is Side.ASSISTANT else client.called
    timeline.record(client, Kind.SESSION, f"{who} on the times for the {request.label.lower()}: “{words}”")
    request.unsuited_at = clock.now()
    request.save()
    if request.kind is SessionKind.KICKOFF and request.engagement_id and _has_open_step(request.engagement):
        engagements.wait_on(request.engagement, StepKind.KICKOFF_BOOKED, Party.US)
    else:
        clients.pass_ball(client, Party.US, _to_find(request))


def _has_open_step(engagement: Engagement) -> bool:
    return any(step.kind is StepKind.KICKOFF_BOOKED and not step.is_gone for step in Step.of(engagement))


def _to_find(request: Request) -> str:
    return f"Find a time for the {request.label.lower()}"


def _found(request: Request) -> None:
    """What we were to find is found: the ball that says so goes."""
    client = Client.get_by_id(request.client_id)
    if (client.waiting_on, client.next_step) == (Party.US, _to_find(request)):
        clients.pass_ball(client, Party.NOBODY, "")


@atomic
def follow_coach(engagement: Engagement) -> None:
    """What is asked for in a program and not booked yet is booked with whoever coaches in it now."""
    change = {"coach": engagement.coach} if engagement.coach_id else {"state_name": RequestState.WITHDRAWN}
    asked = Request.engagement == engagement, Request.state_name == RequestState.ASKED
    Request.update(**change).where(*asked).execute()
