"""What is done at Alice's changes nothing of Carol's: a write that forgets whose it is would be seen in her rows.

Both ways round, for what is read without asking whose it is gives the first of its table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability import actions as availability
from coachbase.availability.models import Availability, KindTerms, SpecialDay, Trip
from coachbase.availability.rules import SessionKind, Special
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.cohorts import actions as cohorts
from coachbase.cohorts.models import Cohort, Material, Meeting, Seat
from coachbase.cohorts.rules import Tick
from coachbase.db import Model, database, transaction
from coachbase.feeds import actions as feeds
from coachbase.feeds import tasks as reading
from coachbase.feeds.models import Busy, Feed
from coachbase.feeds.rules import BusyTime, FeedKind, Reading
from coachbase.invitations import actions as invitations
from coachbase.invitations.rules import Feed as Address
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.planning import actions as planning
from coachbase.planning.models import Proposal, ProposedSession
from coachbase.polls import actions as polls
from coachbase.polls.models import Poll, PollSlot, Voter
from coachbase.requests import actions as requests
from coachbase.requests.models import Request
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import Attendee, CoachingSession, Hold
from coachbase.sessions.rules import State
from tests.safety.world import World

Rows = set[tuple[str, int]]


def rows_of(*roots: Model) -> Rows:
    """These rows and all that hang on them, whatever tables they stand in."""
    tables = [name for (name,) in database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    keys = [
        (table, column, parent)
        for table in tables
        for _, _, parent, column, *_ in database.execute_sql(f"PRAGMA foreign_key_list({table})").fetchall()
    ]
    found: Rows = set()
    new = {(row._meta.table_name, row.id) for row in roots}
    while new - found:
        found |= new
        new = {
            (table, row)
            for table, column, parent in keys
            for number in [number for name, number in new if name == parent]
            for (row,) in database.execute_sql(f'SELECT rowid FROM "{table}" WHERE "{column}" = {number}')
        }
    return found


def content(rows: Rows) -> dict[tuple[str, int], tuple]:
    """What stands in these rows, and in the links to them."""
    found = {
        (table, row): database.execute_sql(f'SELECT * FROM "{table}" WHERE rowid = {row}').fetchone()
        for table, row in rows
    }
    ids = {value for row in found.values() for value in row or () if isinstance(value, str) and len(value) == 26}
    kept = Link.select().where(Link.subject.in_(ids)).tuples()
    return found | {("link", row[0]): tuple(row) for row in kept}


@dataclass
class House:
    """A coach with assistant, client and sponsor, and their things by the key they have in the world."""

    world: World
    whose: str
    coach: User
    assistant: User
    client: Client

    def its(self, model: type[Model], key: str = "") -> Model:
        ids = self.world.ids[model._meta.table_name]
        return model.get(model.public_id == ids[key or self.whose])

    @property
    def session(self) -> CoachingSession:
        return CoachingSession.known_as(self.world.ids["coaching_session"][self.whose])

    @property
    def rows(self) -> Rows:
        return rows_of(self.coach, self.assistant, self.client, self.its(Organisation))


def house(world: World, whose: str, coach: str, assistant: str) -> House:
    """With what the world lacks: terms of a kind, a busy time, and links that only their holders may lose."""
    of = {name: User.get(User.email == f"{name}@northbank.example") for name in (coach, assistant)}
    client = Client.get(Client.public_id == world.ids["client"][whose])
    here = House(world, whose, of[coach], of[assistant], client)
    KindTerms.create(coach=here.coach, kind_name=SessionKind.COACHING, notice_hours=5)
    now = clock.now()
    Busy.create(feed=here.its(Feed), begins_at=now, ends_at=now + timedelta(hours=1))
    for kind, subject in (
        ("book", here.its(Request)), ("book_assistant", here.its(Request)), ("session", here.session),
        ("session_assistant", here.session), ("poll", here.its(Voter, f"{whose}’s client")), ("client", client),
        ("assistant", client), ("feed_client", client), ("feed_coach", here.coach),
    ):  # fmt: skip
        links.issue(kind, subject.public_id, lasts=timedelta(days=60))
    return here


@pytest.fixture
def alices(app, world) -> House:
    with transaction():
        return house(world, "bob", "alice", "vera")


@pytest.fixture
def carols(alices, world) -> House:
    with transaction():
        return house(world, "dan", "carol", "dora")


def _meeting(here: House) -> Meeting:
    return Meeting.of(here.its(Cohort)).get()


def _settle_feed(here: House) -> None:
    feed, now = here.its(Feed), clock.now()
    busy = [BusyTime(now + timedelta(days=day), now + timedelta(days=day, hours=1), False) for day in (5, 6)]
    reading._settle(feed, Reading(busy), "", now)


def _change_feed(here: House) -> None:
    told = {"name": "Private", "kind": FeedKind.ICS, "username": "", "password": ""}
    feeds.change(here.its(Feed), version=1, address="https://elsewhere.example/a.ics", **told)


def _change_client(here: House, **values: str) -> None:
    clients.change(here.client, values, version=here.client.version, by=here.coach)


def _tick(here: House) -> None:
    meeting = _meeting(here)
    CoachingSession.update(starts_at=clock.now() - timedelta(hours=2), ends_at=clock.now() - timedelta(hours=1)).where(
        CoachingSession.id == meeting.session_id
    ).execute()
    attendee = Attendee.get(Attendee.session == meeting.session_id, Attendee.client == here.client)
    cohorts.tick(here.its(Cohort), {attendee.public_id: Tick(False, True)}, by=here.assistant)


def _let_go(here: House) -> None:
    Hold.update(expires_at=clock.now()).where(Hold.about == here.whose).execute()
    sessions.let_go(here.coach)


def _answer(here: House) -> None:
    voter = Voter.known_as(here.its(Voter, f"{here.whose}’s client").public_id)
    polls.answer(voter, list(PollSlot.of(voter.poll)), note="Any of them")


def _mark(here: House) -> None:
    over = CoachingSession.get(CoachingSession.uid == f"{here.whose}-over@northbank.example")
    sessions.mark(over, State.HELD, by=here.assistant)


def _apply(here: House) -> None:
    ProposedSession.update(after=here.session.starts_at + timedelta(days=20)).where(
        ProposedSession.proposal == here.its(Proposal)
    ).execute()
    planning.apply(Proposal.with_people().where(Proposal.coach == here.coach).get(), version=1, by=here.assistant)


def _undo(here: House) -> None:
    _apply(here)
    planning.undo(Proposal.with_people().where(Proposal.coach == here.coach).get(), by=here.assistant)


def _plan_again(here: House) -> None:
    line = ProposedSession(session=here.session, client=here.client, minutes=60, before=here.session.starts_at)
    planning.propose(here.its(Proposal).kind, here.coach, [line], first=date(2099, 1, 5), by=here.coach)


def _book(here: House) -> None:
    begins = here.session.starts_at + timedelta(days=20)
    scheduling.book(
        here.coach, SessionKind.COACHING, begins, 60, via=Via.STAFF, client=here.client,
        engagement=here.session.engagement, despite="A test", by=here.assistant,
    )  # fmt: skip


def _move(here: House) -> None:
    to = here.session.starts_at + timedelta(days=20)
    scheduling.move(here.session, to, side=Side.FIRM, via=Via.STAFF, despite="A test", by=here.assistant)


def _move_plan(here: House) -> None:
    to = here.session.starts_at + timedelta(days=20)
    scheduling.move_together([(here.session, to)], reason="Ill", despite="A test", by=here.assistant)


def _cancel(here: House) -> None:
    scheduling.cancel(here.session, side=Side.CLIENT, reason="Ill", by=here.assistant)


ACTS: dict[str, Callable[[House], object]] = {
    "the week": lambda of: availability.save_week(of.coach, [[]] * 7, version=Availability.of(of.coach).version),
    "the terms": lambda of: availability.save_terms(
        of.coach, {"place": "https://new.example", "notice_hours": 9}, version=Availability.of(of.coach).version
    ),
    "the terms of a kind": lambda of: availability.save_kinds(
        of.coach, {SessionKind.DEBRIEF: {"notice_hours": 3}}, version=Availability.of(of.coach).version
    ),
    "a day off": lambda of: availability.add_special(
        of.coach, Special(date(2099, 3, 2), date(2099, 3, 2), None, "Away")
    ),
    "no day off": lambda of: availability.remove_special(SpecialDay.get(SpecialDay.coach == of.coach)),
    "no trip": lambda of: availability.remove_trip(Trip.get(Trip.coach == of.coach)),
    "another country": lambda of: availability.choose_country(of.coach, "GB-SCT"),
    "another calendar": _change_feed,
    "a calendar read": _settle_feed,
    "a calendar removed": lambda of: feeds.remove(of.its(Feed)),
    "a cohort closed": lambda of: cohorts.close(of.its(Cohort)),
    "a cohort opened": lambda of: cohorts.reopen(of.its(Cohort)),
    "a topic": lambda of: cohorts.change_topic(_meeting(of), "Trust", version=1),
    "attendance": _tick,
    "a seat left": lambda of: cohorts.leave_seat(of.its(Seat), by=of.assistant),
    "a paper taken back": lambda of: cohorts.take_back(
        _meeting(of), Material.get(Material.meeting == _meeting(of)).document
    ),
    "a booking": _book,
    "a move": _move,
    "a plan of moves": _move_plan,
    "a cancellation": _cancel,
    "a place": lambda of: scheduling.place(of.session, "room", "Room 9", by=of.assistant),
    "a mark": _mark,
    "a request withdrawn": lambda of: requests.withdraw(of.its(Request), by=of.assistant),
    "holds let go": _let_go,
    "a hold released": lambda of: scheduling.release(of.whose),
    "doors to booking shut": lambda of: requests.shut_doors(of.client, requests.BOOK),
    "doors to booking shut for the assistant": lambda of: requests.shut_doors(of.client, requests.BOOK_FOR),
    "doors to changing shut": lambda of: scheduling.shut_doors(of.client, scheduling.CHANGE),
    "doors to changing shut for the assistant": lambda of: scheduling.shut_doors(of.client, scheduling.CHANGE_FOR),
    "what suits": _answer,
    "a poll closed": lambda of: polls.close(of.its(Poll), by=of.assistant),
    "a plan applied": _apply,
    "a plan undone": _undo,
    "a plan dropped": lambda of: planning.drop(of.its(Proposal), version=1),
    "a plan made anew": _plan_again,
    "a calendar by address shut": lambda of: invitations.close_feed(Address.BUSY, of.coach.public_id),
    "a calendar mailed": lambda of: invitations.mail_feed(of.client, by=of.assistant),
    "another address": lambda of: _change_client(of, email="new@client.example"),
    "another assistant": lambda of: _change_client(of, assistant_email="new@client.example"),
    "another zone": lambda of: _change_client(of, zone="America/New_York"),
    "a contact gone": lambda of: clients.remove_contact(of.its(Contact)),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("where", ["at Alice’s", "at Carol’s"])
def test_what_is_done_at_one_coachs_changes_nothing_of_the_others(alices, carols, where, act):
    here, there = (alices, carols) if where == "at Alice’s" else (carols, alices)
    own, others = content(here.rows), content(there.rows - here.rows)
    ACTS[act](here)
    assert content(here.rows) != own
    after = content(there.rows - here.rows)
    assert {row: after.get(row) for row in others if after.get(row) != others[row]} == {}
    assert after.keys() == others.keys()
