"""When something happened, under which heading it stands, and who may change a note."""

from datetime import UTC, datetime

import pytest

from coachbase.accounts.rules import Role
from coachbase.clients.actions import FIELDS
from coachbase.timeline.rules import (
    FILTERS,
    Kind,
    may_edit_note,
    moment_of,
    month_of,
    refusal_of_moment,
    sentence_of_change,
)
from coachbase.web.filters import zone_beside

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_author_and_the_owner_may_change_a_note_and_nobody_else():
    assert may_edit_note(is_author=True, role=Role.ASSISTANT)
    assert may_edit_note(is_author=False, role=Role.OWNER)
    assert not may_edit_note(is_author=False, role=Role.COACH)
    assert not may_edit_note(is_author=False, role=Role.ASSISTANT)


def test_a_wall_time_is_the_moment_it_was_in_that_zone():
    assert moment_of(datetime(2026, 7, 1, 9, 0), "Europe/London") == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert moment_of(datetime(2026, 11, 1, 9, 0), "Asia/Dubai") == datetime(2026, 11, 1, 5, 0, tzinfo=UTC)


def test_an_hour_that_came_twice_is_the_first_one():
    assert moment_of(datetime(2026, 10, 25, 1, 30), "Europe/London") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_has_not_happened_yet_cannot_be_logged():
    assert refusal_of_moment(datetime(2026, 11, 20, 12, 0), "Europe/London", NOW) is None
    assert "still to come" in refusal_of_moment(datetime(2026, 11, 20, 12, 1), "Europe/London", NOW)
    assert refusal_of_moment(datetime(2026, 11, 20, 15, 59), "Asia/Dubai", NOW) is None
    assert "still to come" in refusal_of_moment(datetime(2026, 11, 20, 16, 1), "Asia/Dubai", NOW)


@pytest.mark.parametrize("year", [1, 1989])
def test_a_year_long_ago_is_a_slip_of_the_finger(year):
    assert "too long ago" in refusal_of_moment(datetime(year, 1, 1), "Asia/Dubai", NOW)


def test_the_end_of_time_is_still_to_come():
    assert "still to come" in refusal_of_moment(datetime(9999, 12, 31, 23, 59), "America/Los_Angeles", NOW)


def test_an_hour_that_the_clocks_skipped_never_was():
    assert "no such time" in refusal_of_moment(datetime(2026, 3, 29, 1, 30), "Europe/London", NOW)


def test_a_month_is_named_in_the_readers_zone_and_the_year_when_it_is_another():
    midnight = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
    assert month_of(midnight, "Europe/London", NOW) == "October"
    assert month_of(midnight, "Asia/Dubai", NOW) == "November"
    assert month_of(datetime(2025, 12, 1, tzinfo=UTC), "UTC", NOW) == "December 2025"


def test_a_change_names_every_field_a_client_has_in_words():
    assert sentence_of_change(("coach", "phone")) == "Changed coach and phone"
    assert "_" not in sentence_of_change(tuple(sorted(FIELDS)))


def test_the_chips_show_every_kind_once():
    shown = [kind for kinds in FILTERS.values() for kind in kinds]
    assert sorted(shown) == sorted(Kind)


@pytest.mark.parametrize(
    ("theirs", "mine", "said"),
    [
        ("Asia/Dubai", "Europe/London", "Dubai, 4 h ahead"),
        ("America/New_York", "Europe/London", "New York, 5 h behind"),
        ("Asia/Kolkata", "Europe/London", "Kolkata, 5½ h ahead"),
        ("Asia/Kathmandu", "UTC", "Kathmandu, 5¾ h ahead"),
        ("Europe/London", "UTC", "London, same time"),
        ("America/St_Johns", "America/Halifax", "St Johns, ½ h ahead"),
        ("America/Argentina/Buenos_Aires", "UTC", "Buenos Aires, 3 h behind"),
    ],
)
def test_a_persons_zone_is_said_as_seen_from_the_readers(theirs, mine, said):
    assert zone_beside(theirs, mine, NOW) == said


def test_how_far_zones_are_apart_depends_on_the_day():
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert zone_beside("Asia/Dubai", "Europe/London", summer) == "Dubai, 3 h ahead"
