"""A coach falls ill for a week, among three coaches with twelve clients each."""

import random
import time

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.accounts.rules import Role
from coachbase.db import transaction
from coachbase.planning.models import foresee_absence
from tests.planning.conftest import NOW, at, place_of, sample


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_week_of_illness_moves_only_the_sessions_of_that_week_and_is_found_within_a_second(frozen, cast, seed):
    with transaction():
        dora = User.create(
            name="Edgar Blunt", email="e@northbank.example", role_name=Role.COACH, zone="Europe/London", created_at=NOW
        )
        place_of(cast.carol)
        place_of(dora)
        sample([cast.alice, cast.carol, dora], random.Random(seed))
    began = time.perf_counter()
    lines, is_least = foresee_absence(cast.alice, at(1, 11, 0).date(), at(1, 15, 0).date())
    took = time.perf_counter() - began
    print(
        f"\nseed {seed}: {len(lines)} sessions, {sum(line.moves for line in lines)} moved, least: {is_least}, {took * 1000:.0f} ms"
    )
    for line in lines:
        after = f"{line.after:%a %d %b %H:%M}" if line.after else "no place"
        print(f"  {line.who:12} {line.before:%a %d %b %H:%M} -> {after} {line.exception}")
    assert clock.now() == NOW
    assert took < 1
