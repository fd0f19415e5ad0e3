"""P3: whatever comes in parallel and by whichever door, nobody is booked twice, and nobody is told that we are busy."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from peewee import IntegrityError, OperationalError

from coachbase import clock, triggers
from coachbase.accounts.models import User
from coachbase.availability.models import Hours
from coachbase.availability.rules import DAY as A_DAY_OF_MINUTES
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.db import database, new_public_id
from coachbase.errors import Refused
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import Attendee, CoachingSession, Hold
from coachbase.sessions.rules import TAKES_TIME
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

THREADS, SLOTS, ATTEMPTS = 8, 60, 400
FIRST = MONDAY + 2 * DAY
ALONE = 16
"""The first attempts come one after the other, each at a free time: every door lets somebody in."""
SLOT = timedelta(minutes=30)
"""Slots of half an hour; attempts begin on quarters and last up to an hour, so most overlap without being the same."""


def together(acts: list[Callable[[], object]], threads: int = THREADS) -> Counter:
    """Do all of it, so many at a time: how often each ended in which way."""
    fates: Counter = Counter()
    waiting, gate = iter(acts), threading.Barrier(threads)
    taking = threading.Lock()

    def work() -> None:
        gate.wait()
        while True:
            with taking:
                act = next(waiting, None)
            if act is None:
                break
            fate = _fate(act)
            with taking:
                fates[fate] += 1
        database.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return fates


def _fate(act: Callable[[], object]) -> str:
    try:
        with clock.pretend(MONDAY):
            act()
    except Refused:
        return "refused"
    except (IntegrityError, OperationalError) as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def overlapping() -> list[tuple]:
    """Pairs of sessions, or of a session and a hold, that share a coach, a client or a guest and a moment."""
    takes = "state IN ('booked', 'held', 'no_show')"
    touch = "a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
    sessions = f"SELECT a.id, b.id FROM coaching_session a JOIN coaching_session b ON a.id < b.id AND {touch}"
    alike = "(a.coach_id = b.coach_id OR a.client_id = b.client_id)"
    pairs = database.execute_sql(f"{sessions} WHERE a.{takes} AND b.{takes} AND {alike}").fetchall()
    same = "(x.client_id = y.client_id OR x.contact_id = y.contact_id) AND x.left_at IS NULL AND y.left_at IS NULL"
    guests = f"{sessions} JOIN attendee x ON x.session_id = a.id JOIN attendee y ON y.session_id = b.id AND {same}"
    pairs += database.execute_sql(f"{guests} WHERE a.{takes} AND b.{takes}").fetchall()
    held = f"SELECT a.id, b.id FROM coaching_session a JOIN hold b ON a.coach_id = b.coach_id AND {touch}"
    pairs += database.execute_sql(f"{held} WHERE a.{takes}").fetchall()
    both = f"SELECT a.id, b.id FROM hold a JOIN hold b ON a.id < b.id AND a.coach_id = b.coach_id AND {touch}"
    return pairs + database.execute_sql(both).fetchall()


@pytest.fixture
def round_the_clock(cast, program) -> None:
    """Alice and Carol are open day and night, and no program runs out of sessions."""
    for coach in (cast.alice, cast.carol):
        for weekday in range(7):
            Hours.create(coach=coach, weekday=weekday, begins=0, ends=A_DAY_OF_MINUTES)
    program.sessions = 0
    program.save()


@pytest.fixture
def clients(cast) -> list[Client]:
    return [
        Client.create(name=f"Client {n}", email=f"c{n}@x.example", coach=cast.alice, zone="UTC", created_at=MONDAY)
        for n in range(THREADS)
    ]


class Doors:
    """Every way in which a time is taken, each at a moment of the same few days."""

    def __init__(self, cast, program, clients: list[Client]) -> None:
        self.cast, self.program, self.clients, self.chance = cast, program, clients, random.Random(4)
        self.booked = [
            self._book(FIRST + (SLOTS + 2 * number) * SLOT, client, Via.STAFF) for number, client in enumerate(clients)
        ]
        self.group = actions.book(
            cast.alice, SessionKind.GROUP, FIRST - DAY, 60, via=Via.STAFF, members=[], by=cast.vera
        )

    def attempt(self, number: int) -> Callable[[], object]:
        doors = (self.public, self.staff, self.reschedule, self.hold, self.poll, self.seat, self.cadence, self.plan)
        door, client = doors[number % len(doors)], self.chance.choice(self.clients)
        moment = FIRST + self.chance.randrange(2 * SLOTS) * SLOT / 2
        if number < ALONE:
            moment = FIRST + 2 * number * HOUR
        return lambda: door(moment, client, number)

    def _book(self, moment, client, via, minutes=45, **facts):
        by = self.cast.vera if via in actions.BY_STAFF else None
        return actions.book(
            self.cast.alice, SessionKind.CHEMISTRY, moment, minutes, via=via, client=client, by=by, despite="-", **facts
        )

    def public(self, moment, client, number):
        self._book(moment, client, Via.CLIENT)

    def staff(self, moment, client, number):
        coach = self.cast.carol if number % 16 == 1 else self.cast.alice
        actions.book(
            coach, SessionKind.CHEMISTRY, moment, 60, via=Via.STAFF, client=client, by=self.cast.vera, despite="-"
        )

    def cadence(self, moment, client, number):
        self._book(moment, client, Via.CADENCE, minutes=30)

    def reschedule(self, moment, client, number):
        session = self.booked[number % len(self.booked)]
        actions.move(session, moment, side=Side.CLIENT, via=Via.CLIENT, by=None)

    def plan(self, moment, client, number):
        first, second = self.booked[number % 7], self.booked[number % 7 + 1]
        aims = [(first, moment), (second, moment + HOUR)]
        actions.move_together(aims, reason="ill", despite="-", by=self.cast.vera)

    def hold(self, moment, client, number):
        actions.hold(
            self.cast.alice, moment, 30, kind=SessionKind.THREE_WAY, about=f"poll-{number}", lasts=DAY, words="held"
        )

    def poll(self, moment, client, number):
        """Confirm what was held in an earlier turn, if it was."""
        about = f"poll-{number - 1 - (8 * self.chance.randrange(4) if number >= ALONE else 0)}"
        held = Hold.get_or_none(Hold.about == about)
        if held is None:
            raise Refused("nothing was held")
        self._book(held.starts_at, client, Via.POLL, minutes=30, held_for=about)

    def seat(self, moment, client, number):
        """A meeting of a group, or one more member in one."""
        if number % 16 == 5:
            actions.join(self.group, client, by=self.cast.vera)
        else:
            members = self.chance.sample(self.clients, 3)
            actions.book(
                self.cast.alice, SessionKind.GROUP, moment, 60, via=Via.SEAT, members=members, by=self.cast.vera
            )


def test_through_all_doors_of_the_one_path_at_once_nobody_is_booked_twice(cast, program, round_the_clock, clients):
    doors = Doors(cast, program, clients)
    acts = [doors.attempt(number) for number in range(ATTEMPTS)]
    fates = Counter(map(_fate, acts[:ALONE]))
    assert fates == {"done": ALONE}, "each door is open"
    fates += together(acts[ALONE:])
    assert overlapping() == []
    assert set(fates) == {"done", "refused"}, "and nobody was told that the database is busy"
    assert sum(fates.values()) == ATTEMPTS
    assert fates["done"] > SLOTS / 3
    vias = {session.via for session in CoachingSession.select(CoachingSession.via)}
    assert vias >= {"client", "staff", "poll", "seat", "cadence"}
    assert CoachingSession.select().where(CoachingSession.moves > 0).exists()


def test_nobody_sits_in_two_rooms(cast, program, round_the_clock, clients):
    group = actions.book(cast.alice, SessionKind.GROUP, THURSDAY, 60, via=Via.STAFF, members=[], by=cast.vera)

    def booking(client):
        return lambda: actions.book(
            cast.carol, SessionKind.CHEMISTRY, THURSDAY, 60, via=Via.STAFF, client=client, by=cast.vera
        )

    acts = [act for each in clients for act in (lambda each=each: actions.join(group, each, by=None), booking(each))]
    together(acts)
    assert overlapping() == []
    assert Attendee.select().count() == len(clients), "and everybody sits in one of them"


# The guard behind it, and that these tests could fail -----------------------------------------------------------------


def race_for_one_slot(cast) -> int:
    """Eight threads look whether a slot is free and write, without any transaction around it: how many got it."""
    looked = threading.Barrier(THREADS)

    def act():
        is_free = not CoachingSession.taking(THURSDAY, THURSDAY + HOUR).exists()
        looked.wait()
        assert is_free
        CoachingSession.create(
            uid=f"{threading.get_ident()}", coach=cast.alice, kind_name="chemistry", starts_at=THURSDAY,
            ends_at=THURSDAY + HOUR, zone="UTC", via="staff", created_at=MONDAY,
        )  # fmt: skip

    return together([act] * THREADS)["done"]


def test_the_database_itself_lets_only_one_of_eight_in(cast):
    assert race_for_one_slot(cast) == 1
    assert overlapping() == []


def test_without_its_trigger_the_database_would_take_all_eight(cast):
    database.execute_sql("DROP TRIGGER session_overlaps_none_on_insert")
    assert race_for_one_slot(cast) == THREADS
    assert overlapping() != [], "so the test above can fail"


GUEST_TRIGGERS = [name for name in triggers.TRIGGERS if name.startswith("guest")]


def gathering(coach, starts_at=THURSDAY, state="booked"):
    """A group's session, or the other half of a three-way one: nobody in its own columns but the coach."""
    session = row(coach, None, starts_at, 60, state, uid=new_public_id())
    session.save()
    return session


def seat(session, client=None, contact=None, **facts):
    return Attendee(
        session=session, role_name="client", client=client, contact=contact, name="", email="", zone="UTC", **facts
    )


def race_for_one_guest(cast) -> int:
    """Eight coaches look whether Bob is free for their groups and write, without any transaction around it."""
    facts = {"role_name": "coach", "zone": "UTC", "password_hash": "-", "created_at": MONDAY}
    coaches = [User.create(name=f"Coach {n}", email=f"coach{n}@x.example", **facts) for n in range(THREADS)]
    groups, looked = [gathering(coach) for coach in coaches], threading.Barrier(THREADS)

    def sitting(group):
        def act():
            is_free = not Attendee.select().where(Attendee.client == cast.bob).exists()
            looked.wait()
            assert is_free
            seat(group, cast.bob).save()

        return act

    return together([sitting(group) for group in groups])["done"]


def test_the_database_itself_lets_a_guest_into_one_of_eight_rooms(cast):
    assert race_for_one_guest(cast) == 1
    assert overlapping() == []


def test_without_its_trigger_a_guest_would_sit_in_all_eight(cast):
    database.execute_sql("DROP TRIGGER guest_overlaps_none_on_insert")
    assert race_for_one_guest(cast) == THREADS
    assert overlapping() != [], "so the test above can fail"


def test_what_keeps_a_guest_from_a_second_session(cast):
    """Members and sponsors alike; not who left, not what is cancelled, not what only touches."""
    first, second = gathering(cast.alice), gathering(cast.carol)
    seat(first, cast.bob).save()
    seat(first, contact=cast.sam).save()
    for guest in ({"client": cast.bob}, {"contact": cast.sam}):
        with pytest.raises(IntegrityError, match="overlap"):
            seat(second, **guest).save()
        seat(second, **guest, left_at=MONDAY).save()
        seat(gathering(cast.carol, state="cancelled"), **guest).save()
        seat(gathering(cast.carol, THURSDAY + (2 if guest.get("contact") else 1) * HOUR), **guest).save()
    seat(second, contact=None).save()


@pytest.mark.parametrize("column", ["session", "client", "contact", "left_at"])
def test_every_column_of_an_invitation_that_could_bring_two_together_is_watched(cast, column):
    first, second = gathering(cast.alice), gathering(cast.carol)
    seat(first, cast.bob, cast.sam).save()
    lying = {
        "session": (gathering(cast.carol, THURSDAY + DAY), cast.bob, None, None),
        "client": (second, None, None, None),
        "contact": (second, None, None, None),
        "left_at": (second, cast.bob, None, MONDAY),
    }
    session, client, contact, left_at = lying[column]
    other = seat(session, client, contact, left_at=left_at)
    other.save()
    new = {"session": second, "client": cast.bob, "contact": cast.sam, "left_at": None}
    with pytest.raises(IntegrityError, match="overlap"):
        Attendee.update(**{column: new[column]}).where(Attendee.id == other.id).execute()


@pytest.mark.parametrize("column", ["starts_at", "ends_at", "state_name"])
def test_a_session_that_moves_takes_nobody_out_of_another(cast, column):
    seat(gathering(cast.alice), cast.bob).save()
    begins = THURSDAY - HOUR if column == "ends_at" else THURSDAY + (HOUR if column == "starts_at" else 0 * HOUR)
    other = gathering(cast.carol, begins, "cancelled" if column == "state_name" else "booked")
    seat(other, cast.bob).save()
    new = {"starts_at": begins - MINUTE, "ends_at": THURSDAY + MINUTE, "state_name": "held"}[column]
    with pytest.raises(IntegrityError, match="overlap"):
        CoachingSession.update(**{column: new}).where(CoachingSession.id == other.id).execute()


def test_an_invitation_that_says_nothing_new_is_not_looked_at_again(cast):
    """What older data may hold must not stand in the way of an answer, or of saying who was there."""
    for trigger in GUEST_TRIGGERS:
        database.execute_sql(f"DROP TRIGGER {trigger}")
    for coach in (cast.alice, cast.carol):
        seat(gathering(coach), cast.bob).save()
    triggers.install()
    answered = Attendee.select().first()
    answered.was_there = True
    answered.save()
    assert Attendee.select().where(Attendee.was_there).count() == 1


def test_what_the_guard_says_is_refused_in_words_and_leaves_nothing(cast, program):
    """As if somebody else had invited Bob between the look and the line."""
    database.execute_sql(
        "CREATE TRIGGER somebody_was_faster BEFORE INSERT ON attendee "
        "BEGIN SELECT RAISE(ABORT, 'these times overlap'); END"
    )
    group = {"via": Via.STAFF, "members": [cast.bob], "by": cast.vera}
    with pytest.raises(Refused, match="just gone"):
        actions.book(cast.alice, SessionKind.GROUP, THURSDAY, 60, **group)
    assert not CoachingSession.select().exists()


def row(coach, client, starts_at, minutes, state="booked", uid="b"):
    return CoachingSession(
        uid=uid, coach=coach, client=client, kind_name="coaching", starts_at=starts_at, state_name=state,
        ends_at=starts_at + timedelta(minutes=minutes), zone="UTC", via="staff", created_at=MONDAY,
    )  # fmt: skip


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("coach", "client", "begins", "minutes", "state", "refused"),
    [
        ("alice", None, 0, 60, "booked", True),
        ("alice", None, 59, 60, "booked", True),
        ("alice", None, 60, 60, "booked", False),
        ("alice", None, -60, 60, "booked", False),
        ("alice", None, -59, 60, "booked", True),
        ("alice", None, -30, 120, "booked", True),
        ("alice", None, 20, 20, "booked", True),
        ("carol", None, 0, 60, "booked", False),
        ("carol", "bob", 0, 60, "booked", True),
        ("carol", "bob", 60, 60, "booked", False),
        ("alice", None, 0, 60, "held", True),
        ("alice", None, 0, 60, "no_show", True),
        ("alice", None, 0, 60, "cancelled", False),
        ("alice", None, 0, 60, "late_cancelled", False),
    ],
)
def test_what_the_triggers_take_for_an_overlap(cast, coach, client, begins, minutes, state, refused):
    row(cast.alice, cast.bob, THURSDAY, 60, uid="a").save()
    other = row(getattr(cast, coach), client and getattr(cast, client), THURSDAY + begins * MINUTE, minutes, state)
    if refused:
        with pytest.raises(IntegrityError, match="overlap"):
            other.save()
    else:
        other.save()


@pytest.mark.parametrize(
    "change",
    ["starts_at", "ends_at", "state", "coach", "client"],
)
def test_every_column_that_could_bring_two_together_is_watched(cast, change):
    """Each row lies so that this one column alone makes the overlap."""
    row(cast.alice, cast.bob, THURSDAY, 60, uid="a").save()
    lying = {
        "starts_at": (cast.alice, None, THURSDAY + HOUR, 60, "booked"),
        "ends_at": (cast.alice, None, THURSDAY - HOUR, 60, "booked"),
        "state": (cast.alice, None, THURSDAY, 60, "cancelled"),
        "coach": (cast.carol, None, THURSDAY, 60, "booked"),
        "client": (cast.carol, None, THURSDAY, 60, "booked"),
    }
    other = row(*lying[change])
    other.save()
    new = {
        "starts_at": {"starts_at": THURSDAY + HOUR - MINUTE},
        "ends_at": {"ends_at": THURSDAY + MINUTE},
        "state": {"state_name": "booked"},
        "coach": {"coach": cast.alice},
        "client": {"client": cast.bob},
    }
    with pytest.raises(IntegrityError, match="overlap"):
        CoachingSession.update(**new[change]).where(CoachingSession.id == other.id).execute()


def test_a_session_and_a_hold_of_one_coach_do_not_overlap_either_way_round(cast):
    held = {"about": "poll", "expires_at": MONDAY, "starts_at": THURSDAY, "ends_at": THURSDAY + HOUR}
    hold = Hold.create(coach=cast.alice, **held)
    with pytest.raises(IntegrityError, match="overlap"):
        row(cast.alice, None, THURSDAY + 59 * MINUTE, 60).save()
    with pytest.raises(IntegrityError, match="overlap"):
        Hold.create(coach=cast.alice, **held)
    row(cast.carol, None, THURSDAY, 60).save()
    row(cast.alice, None, THURSDAY + HOUR, 60, uid="c").save()
    with pytest.raises(IntegrityError, match="overlap"):
        Hold.update(ends_at=THURSDAY + HOUR + MINUTE).where(Hold.id == hold.id).execute()


def test_the_triggers_know_the_states_that_take_time():
    listed = ", ".join(f"'{state}'" for state in TAKES_TIME)
    assert f"({listed})" == triggers._TAKES_TIME
