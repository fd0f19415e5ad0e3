"""What the slot engine needs to know, read in a handful of queries whatever the range and whoever comes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from peewee import JOIN

from .. import clock
from ..accounts.models import User
from ..availability.models import Availability, CoachWeek, terms_for
from ..availability.rules import Closed, Travel, instant, minute_of, moment_of, opening_hours, zone_on
from ..clients.models import Client, Contact
from ..db import kept
from ..feeds.models import Busy, BusyTime
from ..firm.rules import city_of
from ..sessions.models import Attendee, CoachingSession, Hold
from .rules import ALWAYS, Away, Full, Openings, Party, Question, Taken, openings

A_DAY = timedelta(days=1)
A_WEEK = 7 * A_DAY


def openings_of(
    coach: User,
    kind: str,
    minutes: int,
    first: datetime,
    last: datetime,
    *,
    clients: Sequence[Client] = (),
    contacts: Sequence[Contact] = (),
    but: Sequence[CoachingSession] = (),
    but_held_for: str = "",
    is_hosted: bool = True,
) -> Openings:
    """When this coach can meet these people, among starts from `first` up to but without `last`.

    `but` are sessions that would move away, `but_held_for` what a hold was made for that is being confirmed. Without
    `is_hosted` only the guests are asked: who joins what the coach has already.
    """
    terms = kept(("terms", coach.id, kind), lambda: terms_for(coach, kind))
    away = [session.id for session in but]
    now = clock.now()
    host = _coach_party(coach, terms, kind, first, last, now, away, but_held_for) if is_hosted else None
    guests = _guest_parties(clients, contacts, first, last, away)
    return openings(
        Question(
            parties=(*([host] if host else []), *guests),
            minutes=minutes,
            first=minute_of(first),
            last=minute_of(last),
            now=minute_of(now),
            increment=terms.increment,
        )
    )


def _coach_party(
    coach: User,
    terms: Availability,
    kind: str,
    first: datetime,
    last: datetime,
    now: datetime,
    away: Sequence[int],
    but_held_for: str,
) -> Party:
    week = kept(("week", coach.id, coach.zone), lambda: CoachWeek.of(coach))
    pieces, closed = opening_hours(week, (first - A_DAY).date(), (last + A_DAY).date(), kind)
    if not coach.is_active:
        closed.append(Closed(0, ALWAYS, "is locked out"))
    own = _sessions_of_coach(coach, first - A_WEEK, last + A_WEEK, away)
    zone = ZoneInfo(coach.zone)
    living = Hold.living(coach, now).where(Hold.ends_at > first - A_DAY, Hold.starts_at < last + A_DAY)
    held = [_held(hold, zone) for hold in living if hold.about != but_held_for]
    busy, unread = Busy.told([coach], first - A_DAY, last + A_DAY, now)
    return Party(
        name=coach.name,
        pieces=pieces,
        closed=closed,
        taken=[*(_taken(session, zone) for session in own), *held, *map(_busy, busy)],
        full=_full(own, terms, week),
        away=[_away(trip) for trip in week.travels],
        before=terms.before_minutes,
        after=terms.after_minutes,
        earliest=minute_of(now) + 60 * terms.notice_hours,
        latest=minute_of(now + timedelta(days=terms.horizon_days)),
        unknown=tuple(feed.name for feed in unread),
    )


def _busy(time: BusyTime) -> Taken:
    return Taken(*_span(time.begins, time.ends), f"a busy time in {time.calendar}", is_ours=False)


def _guest_parties(
    clients: Sequence[Client], contacts: Sequence[Contact], first: datetime, last: datetime, away: Sequence[int]
) -> list[Party]:
    """Who comes to the coach: only other sessions in coachbase are in the way, told without saying which."""
    if not clients and not contacts:
        return []
    there = (Attendee.session == CoachingSession.id) & Attendee.left_at.is_null()
    theirs = (
        CoachingSession.client.in_(clients) | Attendee.client.in_(clients) | Attendee.contact.in_(contacts),
        CoachingSession.id.not_in(away),
    )
    columns = CoachingSession.starts_at, CoachingSession.ends_at
    whose = CoachingSession.client, Attendee.client, Attendee.contact
    rows = CoachingSession.taking(first - A_DAY, last + A_DAY).select(*columns, *whose)
    taken: dict[tuple[str, int], set[tuple[int, int]]] = defaultdict(set)
    for begins, ends, owner, client, contact in rows.join(Attendee, JOIN.LEFT_OUTER, on=there).where(*theirs).tuples():
        for person in (("client", owner), ("client", client), ("contact", contact)):
            taken[person].add(_span(begins, ends))
    people = [("client", one.id, one.name) for one in clients] + [("contact", one.id, one.name) for one in contacts]
    return [
        Party(name=name, taken=[Taken(*span, "has another session then") for span in sorted(taken[role, known_as])])
        for role, known_as, name in people
    ]


def _sessions_of_coach(coach: User, first: datetime, last: datetime, away: Sequence[int]) -> Sequence[CoachingSession]:
    rows = CoachingSession.taking(first, last).select_extend(Client).join(Client, JOIN.LEFT_OUTER)
    return list(rows.where(CoachingSession.coach == coach, CoachingSession.id.not_in(away)))


def _span(begins: datetime, ends: datetime) -> tuple[int, int]:
    """In whole minutes; one that has begun counts."""
    return minute_of(begins), -(-int(ends.timestamp()) // 60)


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.hour}:{local:%M}"


def _taken(session: CoachingSession, zone: ZoneInfo) -> Taken:
    """'10:00 with Bob Haddad': for staff; people behind links never see the reasons."""
    whom = session.label
    if session.client_id:
        is_theirs = session.client.coach_id == session.coach_id
        whom = session.client.name if is_theirs else "a client who has another coach now"
    words = f"{_clock(session.starts_at, zone)} with {whom}"
    span = _span(session.starts_at, session.ends_at)
    return Taken(*span, words, session.before_minutes, session.after_minutes)


def _held(hold: Hold, zone: ZoneInfo) -> Taken:
    words = f"{_clock(hold.starts_at, zone)} {hold.words or 'held for somebody who is asked'}"
    return Taken(*_span(hold.starts_at, hold.ends_at), words)


def _full(sessions: Sequence[CoachingSession], terms: Availability, week: CoachWeek) -> list[Full]:
    """The days and weeks, on the coach's wall clock, that hold as many sessions as they may."""
    days = Counter(_day_of(session.starts_at, week) for session in sessions)
    found = []
    if terms.daily_most:
        found += [
            _full_from(day, 1, week, f"{count} {_sessions(count)} on that day already")
            for day, count in days.items()
            if count >= terms.daily_most
        ]
    if terms.weekly_most:
        weeks = Counter(day - timedelta(days=day.weekday()) for day in days.elements())
        found += [
            _full_from(monday, 7, week, f"{count} {_sessions(count)} in that week already")
            for monday, count in weeks.items()
            if count >= terms.weekly_most
        ]
    return found


def _away(trip: Travel) -> Away:
    begins, ends = instant(trip.first, 0, trip.zone), instant(trip.last + A_DAY, 0, trip.zone)
    return Away(begins, ends, trip.zone, trip.place or city_of(trip.zone))


def _sessions(count: int) -> str:
    return "session" if count == 1 else "sessions"


def _day_of(moment: datetime, week: CoachWeek) -> date:
    """The day on the wall clock that the coach looks at then, away or at home."""
    for trip in reversed(week.travels):
        day = moment.astimezone(ZoneInfo(trip.zone)).date()
        if trip.first <= day <= trip.last:
            return day
    return moment.astimezone(ZoneInfo(week.zone)).date()


def _full_from(day: date, days: int, week: CoachWeek, words: str) -> Full:
    begins, ends = (instant(each, 0, zone_on(week, each)) for each in (day, day + timedelta(days=days)))
    return Full(begins, ends, words)


def moments(starts: Sequence[int]) -> list[datetime]:
    """Starts as moments."""
    return [moment_of(start).astimezone(UTC) for start in starts]
