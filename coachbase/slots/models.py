"""What the slot engine needs to know, read in a handful of queries whatever the range."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts.models import User
from ..availability.models import Availability, CoachWeek, terms_for
from ..availability.rules import instant, minute_of, moment_of, opening_hours
from ..clients.models import Client, Contact
from ..feeds.models import Busy, Feed
from ..sessions.models import Attendee, CoachingSession, Hold
from .rules import Full, Openings, Party, Question, Taken, openings

A_DAY = timedelta(days=1)


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
) -> Openings:
    """When this coach can meet these people, among starts from `first` up to `last`.

    `but` are sessions that would move away, `but_held_for` what a hold was made for that is being confirmed.
    """
    terms = terms_for(coach, kind)
    away = [session.id for session in but]
    now = clock.now()
    host = _coach_party(coach, terms, kind, first, last, now, away=away, but_held_for=but_held_for)
    guests = [_guest_party(client.name, _sessions_of_client(client, first, last, away)) for client in clients]
    guests += [_guest_party(contact.name, _sessions_of_contact(contact, first, last, away)) for contact in contacts]
    return openings(
        Question(
            parties=(host, *guests),
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
    *,
    away: Sequence[int],
    but_held_for: str,
) -> Party:
    week = CoachWeek.of(coach)
    pieces, closed = opening_hours(week, (first - A_DAY).date(), (last + A_DAY).date(), kind)
    own = _sessions_of_coach(coach, first - 7 * A_DAY, last + 7 * A_DAY, away)
    zone = ZoneInfo(coach.zone)
    held = [
        Taken(minute_of(hold.starts_at), minute_of(hold.ends_at), hold.words or "held for somebody who is asked")
        for hold in Hold.living(coach, now).where(Hold.ends_at > first - A_DAY, Hold.starts_at < last + A_DAY)
        if hold.about != but_held_for
    ]
    busy = [
        Taken(minute_of(begins), -(-int(ends.timestamp()) // 60), f"busy in {name}", is_ours=False)
        for begins, ends, name in Busy.of(coach, first - A_DAY, last + A_DAY)
    ]
    return Party(
        name=coach.name,
        pieces=pieces,
        closed=closed,
        taken=[*(_taken(session, zone) for session in own), *held, *busy],
        full=_full(own, terms, zone),
        before=terms.before_minutes,
        after=terms.after_minutes,
        earliest=minute_of(now) + 60 * terms.notice_hours,
        latest=minute_of(now + timedelta(days=terms.horizon_days)),
        unknown=tuple(Feed.unknown_of(coach, now)),
    )


def _guest_party(name: str, sessions: Sequence[CoachingSession]) -> Party:
    """Who comes to the coach: only other sessions in coachbase are in the way, told without saying which."""
    taken = [Taken(minute_of(one.starts_at), minute_of(one.ends_at), "has another session then") for one in sessions]
    return Party(name=name, taken=taken)


def _sessions_of_coach(coach: User, first: datetime, last: datetime, away: Sequence[int]) -> Sequence[CoachingSession]:
    rows = CoachingSession.taking(first, last).select_extend(Client).join(Client, "LEFT OUTER")
    return list(rows.where(CoachingSession.coach == coach, CoachingSession.id.not_in(away)))


def _sessions_of_client(
    client: Client, first: datetime, last: datetime, away: Sequence[int]
) -> Sequence[CoachingSession]:
    in_groups = Attendee.select(Attendee.session).where(Attendee.client == client, Attendee.left_at.is_null())
    theirs = (CoachingSession.client == client) | CoachingSession.id.in_(in_groups)
    rows = CoachingSession.taking(first - A_DAY, last + A_DAY)
    return list(rows.where(theirs, CoachingSession.id.not_in(away)))


def _sessions_of_contact(
    contact: Contact, first: datetime, last: datetime, away: Sequence[int]
) -> Sequence[CoachingSession]:
    theirs = Attendee.select(Attendee.session).where(Attendee.contact == contact, Attendee.left_at.is_null())
    rows = CoachingSession.taking(first - A_DAY, last + A_DAY)
    return list(rows.where(CoachingSession.id.in_(theirs), CoachingSession.id.not_in(away)))


def _taken(session: CoachingSession, zone: ZoneInfo) -> Taken:
    """'10:00 with Bob Haddad': for staff; people behind links never see the reasons."""
    local = session.starts_at.astimezone(zone)
    whom = session.client.name if session.client_id else session.label
    words = f"{local.hour}:{local:%M} with {whom}"
    begins, ends = minute_of(session.starts_at), minute_of(session.ends_at)
    return Taken(begins, ends, words, session.before_minutes, session.after_minutes)


def _full(sessions: Sequence[CoachingSession], terms: Availability, zone: ZoneInfo) -> list[Full]:
    """The days and weeks that hold as many sessions as they may."""
    days = Counter(session.starts_at.astimezone(zone).date() for session in sessions)
    found = []
    if terms.daily_most:
        found += [
            _full_from(day, 1, zone, f"{count} sessions on that day already")
            for day, count in days.items()
            if count >= terms.daily_most
        ]
    if terms.weekly_most:
        weeks = Counter(day - timedelta(days=day.weekday()) for day in days.elements())
        found += [
            _full_from(monday, 7, zone, f"{count} sessions in that week already")
            for monday, count in weeks.items()
            if count >= terms.weekly_most
        ]
    return found


def _full_from(day: date, days: int, zone: ZoneInfo, words: str) -> Full:
    return Full(instant(day, 0, zone.key), instant(day + timedelta(days=days), 0, zone.key), words)


def moments(starts: Sequence[int]) -> list[datetime]:
    """Starts as moments."""
    return [moment_of(start).astimezone(UTC) for start in starts]
