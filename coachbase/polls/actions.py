"""Propose times to client and sponsor, take their answers, book the first that suits all."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts.models import Attempt, Serving, User
from ..availability.rules import SessionKind, minute_of
from ..clients import actions as clients
from ..clients.models import Client, Contact
from ..clients.rules import Party, called
from ..db import atomic, database
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..engagements.rules import StepKind
from ..errors import Refused
from ..links import actions as links
from ..mail import actions as mail
from ..scheduling import actions as scheduling
from ..scheduling.models import as_told_to
from ..scheduling.rules import Via, in_words, refusal_to_have, refusal_to_meet
from ..sessions.models import CoachingSession
from ..slots.models import openings_of
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from . import rules
from .models import Poll, PollSlot, Vote, Voter
from .rules import (
    HELD_FOR,
    LINK,
    LINK_LASTS,
    PollState,
    agreed,
    listed,
    possible,
    refusal_to_answer,
    refusal_to_propose,
)

ADMITTED, AN_HOUR = 120, timedelta(hours=1)


@atomic
def propose(
    engagement: Engagement, contacts: Sequence[Contact], starts: Sequence[datetime], *, minutes: int, by: User
) -> Poll:
    """Hold these times and mail client and contacts a link each. Raises Refused when one is no longer free."""
    engagement = Engagement.with_client().where(Engagement.id == engagement.id).get()
    starts = sorted({start.replace(second=0, microsecond=0) for start in starts})
    _expect_possible(engagement, contacts, starts, minutes)
    for old in Poll.of(engagement).where(Poll.state_name == PollState.STUCK):
        _end(old, PollState.CLOSED)
    now = clock.now()
    poll = Poll.create(
        engagement=engagement, coach=engagement.coach, minutes=minutes, expires_at=now + HELD_FOR, created_at=now, by=by
    )
    for start in starts:
        _hold(poll, start, contacts, by)
    for voter in [_ask(poll, person) for person in (engagement.client, *contacts)]:
        _mail(voter)
    names = listed([engagement.client.name, *(contact.name for contact in contacts)])
    _tell(poll, f"{len(starts)} times for the {poll.label.lower()} proposed to {names}", by=by)
    return poll


@atomic
def answer(voter: Voter, suiting: Collection[PollSlot], *, note: str = "", zone: str = "") -> Poll:
    """Which times suit this person; when one suits all by now, it is booked. May be answered anew while it is open.

    Raises Refused when the times are no longer on offer.
    """
    voter = Voter.known_as(voter.public_id) or voter
    poll, now = voter.poll, clock.now()
    if refusal := refusal_to_answer(poll.state, poll.expires_at, now):
        raise Refused(refusal)
    chosen = {slot.id for slot in suiting}
    Vote.delete().where(Vote.voter == voter).execute()
    slots = list(PollSlot.of(poll))
    Vote.insert_many([{"voter": voter, "slot": slot, "suits": slot.id in chosen} for slot in slots]).execute()
    voter.answered_at, voter.note, voter.zone = now, note, zone or voter.zone
    voter.save()
    mail.call_off(voter.public_id)
    said = "Nothing suits" if not chosen else f"{len(chosen)} of {len(slots)} times suit"
    _tell(poll, f"{said} {voter.name} for the {poll.label.lower()}" + (f": “{note}”" if note else ""), by=None)
    _settle(poll)
    return poll


@atomic
def close(poll: Poll, *, by: User) -> None:
    """Nobody is asked any more; the times are free again. Raises Refused when it is booked."""
    poll = Poll.known_as(poll.public_id) or poll
    if poll.state is PollState.BOOKED:
        raise Refused("It is booked. Move or cancel the session instead.")
    if poll.state is not PollState.CLOSED:
        _end(poll, PollState.CLOSED)
        _tell(poll, f"The times for the {poll.label.lower()} are no longer on offer", by=by)


@atomic
def close_all(engagement: Engagement) -> None:
    """What a program asks is asked no more: it is over, or the meeting was booked by other ways."""
    for poll in Poll.of(engagement).where(Poll.state_name.in_((PollState.OPEN, PollState.STUCK))):
        _end(poll, PollState.CLOSED)


@atomic
def sweep() -> None:
    """By the clock: what has expired, or has no time left that could suit, is stuck and says so."""
    now = clock.now()
    for poll in Poll.still_open():
        voters = list(Voter.of(poll))
        if poll.expires_at <= now:
            silent = [voter.name for voter in voters if voter.answered_at is None]
            _stick(poll, f"Nobody heard from {listed(silent)} in time")
        elif not possible([slot.id for slot in PollSlot.on_offer(poll, now)], Vote.answers(voters)):
            _stick(poll, "The times that were left have passed")


@atomic
def follow_client(client: Client) -> None:
    """Another address is another mailbox: links that went to the old one die, and who is asked gets a new one."""
    for voter in Voter.with_poll().where(Voter.client == client):
        _follow(voter, client)


@atomic
def follow_contact(contact: Contact) -> None:
    """The same for a sponsor contact; without one who left the sponsor there is no meeting to agree on."""
    for voter in Voter.with_poll().where(Voter.contact == contact):
        if contact.removed_at is None:
            _follow(voter, contact)
            continue
        links.revoke_all(LINK, voter.public_id)
        if voter.poll.state is PollState.OPEN:
            _stick(voter.poll, f"{voter.name} is no longer at the sponsor")


def _follow(voter: Voter, person: Client | Contact) -> None:
    links.revoke_all(LINK, voter.public_id)
    mail.call_off(voter.public_id)
    voter.email, voter.name = person.email, person.name
    voter.save()
    if voter.poll.state is PollState.OPEN and voter.email and voter.answered_at is None:
        _mail(voter)


@atomic
def admit(voter: Voter, *, source: str) -> str:
    """The token of a link for a browser that came by another link of the same person.

    Raises TooMany when one address asks for them without end.
    """
    Attempt.count_one(f"{LINK} held from {source}", limit=ADMITTED, within=AN_HOUR, now=clock.now())
    return links.issue(LINK, voter.public_id, lasts=LINK_LASTS)[1]


# Proposing ------------------------------------------------------------------------------------------------------------


def _expect_possible(
    engagement: Engagement, contacts: Sequence[Contact], starts: Sequence[datetime], minutes: int
) -> None:
    client = engagement.client
    if engagement.coach_id is None:
        raise Refused("Nobody coaches in this program yet.")
    if Poll.open_of(engagement):
        raise Refused("They are being asked already. Close that first, or wait for their answers.")
    where = CoachingSession(coach=engagement.coach, client=client, engagement=engagement).where
    unreachable = [person.name for person in (client, *contacts) if not person.email]
    kind, knows_guests = SessionKind.THREE_WAY, all(each.organisation_id == client.organisation_id for each in contacts)
    if refusal := (
        refusal_to_propose(
            people=len(contacts), unreachable=unreachable, starts=starts, minutes=minutes, zone=engagement.coach.zone
        )
        or refusal_to_meet(kind, has_client=True, is_their_program=True, is_coached=True, knows_guests=knows_guests)
        or refusal_to_have(kind, engagement.state, minutes=minutes, has_place=any(where), left=None, despite="")
    ):
        raise Refused(refusal)


def _hold(poll: Poll, start: datetime, contacts: Sequence[Contact], by: User) -> None:
    """A time that is free for all of them as far as we know, held with the coach."""
    client, day = poll.client, timedelta(days=1)
    openings = openings_of(
        poll.coach,
        poll.kind,
        poll.minutes,
        start - day,
        start + day,
        clients=[client],
        contacts=contacts,
        but_held_for=poll.public_id,
    )
    local = start.astimezone(ZoneInfo(poll.coach.zone))
    if reasons := as_told_to(by, poll.coach, openings.why_not(minute_of(start))):
        raise Refused(f"{rules.in_words(local.date())}, {local.hour}:{local:%M} is not free: {in_words(reasons)}.")
    hold = scheduling.hold(
        poll.coach,
        start,
        poll.minutes,
        kind=poll.kind,
        about=poll.public_id,
        lasts=poll.expires_at - clock.now(),
        words=f"held for the {poll.label.lower()} with {client.name}",
    )
    PollSlot.create(poll=poll, starts_at=start, hold=hold)


def _ask(poll: Poll, person: Client | Contact) -> Voter:
    is_client = isinstance(person, Client)
    return Voter.create(
        poll=poll,
        client=person if is_client else None,
        contact=None if is_client else person,
        name=person.name,
        email=person.email,
        zone=(person.zone if is_client else "") or poll.coach.zone,
        asked_at=clock.now(),
    )


def _mail(voter: Voter) -> None:
    poll = voter.poll
    until = poll.expires_at.astimezone(ZoneInfo(voter.zone)).date()
    mail.queue(
        "poll_request",
        to=(voter.name, voter.email),
        fields={
            "name": poll.client.called if voter.client_id else called(voter.name),
            "what": poll.label.lower(),
            "with": listed([each.name for each in Voter.of(poll) if each != voter] + [poll.coach.name]),
            "until": rules.in_words(until),
        },
        link=links.issue(LINK, voter.public_id, lasts=LINK_LASTS),
        client=poll.client,
        about=voter.public_id,
        reply_to=Serving.desk_address(poll.coach),
        by=poll.by,
    )


# Deciding -------------------------------------------------------------------------------------------------------------


def _settle(poll: Poll) -> None:
    """Book the first time that suits all; when none can suit all any more, nobody else need answer."""
    voters = list(Voter.of(poll))
    answers = Vote.answers(voters)
    slots = {slot.id: slot for slot in PollSlot.on_offer(poll, clock.now())}
    for slot in agreed(slots, answers, [voter.id for voter in voters]):
        if _book(poll, slots[slot], voters):
            return
    if not possible(slots, answers):
        _stick(poll, "No time can suit everybody any more")
    elif len(answers) == len(voters):
        _stick(poll, "What suited everybody has gone meanwhile")


def _book(poll: Poll, slot: PollSlot, voters: Sequence[Voter]) -> bool:
    """Whether it could be booked: somebody may have got another session at that time since it was proposed."""
    try:
        with database.savepoint():
            session = scheduling.book(
                poll.coach,
                poll.kind,
                slot.starts_at,
                poll.minutes,
                via=Via.POLL,
                client=poll.client,
                engagement=poll.engagement,
                contacts=[voter.contact for voter in voters if voter.contact_id],
                title=poll.title,
                held_for=poll.public_id,
                by=None,
            )
    except Refused:
        return False
    poll.session = session
    _end(poll, PollState.BOOKED)
    return True


def _stick(poll: Poll, why: str) -> None:
    """Somebody has to look for other times: the ball is ours."""
    _end(poll, PollState.STUCK)
    _tell(poll, f"No time found for the {poll.label.lower()}: {why[0].lower()}{why[1:]}", by=None)
    engagement = poll.engagement
    if engagement.is_onboarding:
        engagements.wait_on(engagement, StepKind.THREE_WAY_AGREED, Party.US)
    else:
        clients.pass_ball(poll.client, Party.US, f"Find another time for the {poll.label.lower()}")


def _end(poll: Poll, state: PollState) -> None:
    """What was held is free, and nobody is asked any more."""
    scheduling.release(poll.public_id)
    poll.state_name = state
    poll.version += 1
    poll.save()
    for voter in Voter.of(poll):
        mail.call_off(voter.public_id)


def _tell(poll: Poll, sentence: str, *, by: User | None) -> None:
    timeline.record(poll.client, Kind.SESSION, sentence, href=f"/polls/{poll.public_id}", by=by)
