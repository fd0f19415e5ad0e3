"""A coach falls ill for a week, among three coaches with twelve clients each; and how few sessions could have moved."""

import random
import time

import pytest

from coachbase.accounts.models import User
from coachbase.accounts.rules import Role
from coachbase.availability.models import SpecialDay
from coachbase.db import transaction
from coachbase.invitations.actions import quiet
from coachbase.moves.rules import MOVED, NO_PLACE, Movable, Option, smallest_change
from coachbase.planning.models import foresee_absence
from coachbase.sessions.models import CoachingSession
from tests.moves.test_rules import A_DAY, HOUR, MONDAY, brute
from tests.planning.conftest import NOW, at, client_of, place_of, sample

FIRST, LAST = at(1, 11, 0).date(), at(1, 15, 0).date()


@pytest.fixture
def practice(frozen, cast):
    """`practice(seed)`: Alice, Carol and Edgar, each with twelve clients for nine weeks."""

    def filled(seed: int) -> None:
        with transaction(), quiet():
            edgar = User.create(
                name="Edgar Blunt", email="edgar@northbank.example", role_name=Role.COACH, zone="Europe/London",
                created_at=NOW,
            )  # fmt: skip
            place_of(cast.carol)
            place_of(edgar)
            sample([cast.alice, cast.carol, edgar], random.Random(seed))

    return filled


def printed(lines) -> None:
    for line in lines:
        after = f"{line.after:%a %d %b %H:%M}" if line.after else "no place"
        print(f"  {line.who:12} {line.before:%a %d %b %H:%M} -> {after} {line.exception}")


def test_a_week_of_illness_moves_the_sessions_of_that_week_alone_and_is_found_within_a_second(practice, cast):
    practice(seed=1)
    everything = CoachingSession.select().count()
    began = time.process_time()
    lines, is_least = foresee_absence(cast.alice, FIRST, LAST)
    took = time.process_time() - began
    print(
        f"\nof {everything} sessions of 36 clients, ill from {FIRST} to {LAST}: {len(lines)} move, {1000 * took:.0f} ms"
    )
    printed(lines)
    touched = CoachingSession.taking(at(1, 11, 0), at(1, 16, 0)).where(CoachingSession.coach == cast.alice)
    assert {line.session for line in lines} == set(touched)
    assert all(line.moves for line in lines)
    assert is_least
    assert took < 1


def test_in_a_full_calendar_all_find_a_place_within_a_second(frozen, cast, book):
    """Five sessions a day for five weeks, and a hole here and there."""
    rng = random.Random(7)
    with transaction(), quiet():
        for number in range(10, 45):
            for hour, minute in ((9, 0), (10, 30), (12, 0), (13, 30), (15, 0)):
                moment = at(12, 1, hour, minute).replace(month=12 if number <= 31 else 1, day=(number - 1) % 31 + 1)
                moment = moment.replace(year=2026 if number <= 31 else 2027)
                if moment.weekday() < 5 and rng.random() > 0.15:
                    book(moment, client=client_of(cast.alice, f"Client {number} {hour}"))
    began = time.process_time()
    lines, is_least = foresee_absence(cast.alice, at(12, 21, 0).date(), at(12, 23, 0).date())
    took = time.process_time() - began
    print(f"\na full calendar: {len(lines)} touched, {1000 * took:.0f} ms")
    printed(lines)
    assert len(lines) >= 12
    assert all(line.moves for line in lines)
    assert is_least
    assert took < 1


def test_where_nothing_is_free_nobody_moves_in_vain(frozen, cast, book):
    """Neither the one who is touched nor those in the way find a place: they stay, and it is said."""
    SpecialDay.create(coach=cast.alice, first=at(12, 12, 0).date(), last=at(12, 13, 0).date(), why="Weekend")
    SpecialDay.create(coach=cast.alice, first=at(12, 19, 0).date(), last=at(3, 31, 0).date(), why="Sabbatical")
    with transaction(), quiet():
        for day in range(3, 12):
            for hour, minute in ((9, 0), (10, 30), (12, 0), (13, 30), (15, 0)):
                if at(12, day, hour).weekday() < 5:
                    book(at(12, day, hour, minute), client=client_of(cast.alice, f"Client {day} {hour}"))
        book(at(12, 2, 11), client=client_of(cast.alice, "Last place"), minutes=360)
        touched = book(at(12, 15, 10), client=client_of(cast.alice, "Ines Marchetti"))
    (line,), _ = foresee_absence(cast.alice, at(12, 14, 0).date(), at(12, 18, 0).date())
    assert (line.session, line.after, line.exception) == (touched, None, "no free time in the weeks around it")


def test_on_small_cases_as_few_move_as_any_assignment_could_do_with():
    """Printed side by side: the sessions moved by the plan, and by the best of all assignments there are."""
    rng = random.Random(11)
    print("\nmoved by the plan/at least, of them to make room:", end=" ")
    made_room = 0
    for _ in range(40):
        hours = rng.sample(range(9, 16), 5)
        sessions = [
            Movable(HOUR * hour, 60, options_in(rng, 2), stays=Option(HOUR * hour, 0, MONDAY)) for hour in hours[:4]
        ]
        sessions += [Movable(A_DAY + HOUR * place, 60, options_in(rng, 3)) for place in range(rng.randint(1, 3))]
        found, least = smallest_change(sessions), brute(sessions, {})
        assert found.weight == least
        moved = [
            weight % NO_PLACE // MOVED + len(sessions) - 4 - weight // NO_PLACE for weight in (found.weight, least)
        ]
        made_room += found.weight % NO_PLACE // MOVED
        print("/".join(map(str, moved)), end=" ")
    print(f"({made_room} to make room)")
    assert made_room


def options_in(rng, most: int) -> list[Option]:
    """Some hours of a short day."""
    return [Option(HOUR * hour, rng.randint(1, 30), MONDAY) for hour in rng.sample(range(9, 16), most)]
