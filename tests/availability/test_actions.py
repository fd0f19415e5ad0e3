"""What is saved of a coach's hours, and what becomes of two who save at once."""

from datetime import UTC, date, datetime

import pytest

from coachbase import clock
from coachbase.availability import actions
from coachbase.availability.models import (
    WORKING_WEEK,
    Availability,
    CoachWeek,
    Holiday,
    Hours,
    KindTerms,
    SpecialDay,
    Trip,
    terms_for,
)
from coachbase.availability.rules import MOST_AHEAD, SessionKind, Special, Travel, Wall, opening_hours
from coachbase.errors import Refused, Stale

MORNING = [[Wall(8 * 60, 12 * 60)]] + [[]] * 6
THURSDAY = date(2026, 12, 3)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november():
    with clock.pretend(NOW):
        yield


def saved_week(coach):
    return [list(walls) for walls in CoachWeek.of(coach).week]


def test_a_week_that_is_saved_replaces_the_working_week(cast):
    assert saved_week(cast.alice) == [list(walls) for walls in WORKING_WEEK]
    actions.save_week(cast.alice, MORNING, version=0)
    assert saved_week(cast.alice) == MORNING
    assert saved_week(cast.carol) == [list(walls) for walls in WORKING_WEEK], "the coach next door works as before"


def test_a_coach_may_close_the_whole_week(cast):
    actions.save_week(cast.alice, [[]] * 7, version=0)
    assert saved_week(cast.alice) == [[]] * 7


def test_terms_saved_first_leave_the_working_week_as_it_was(cast):
    actions.save_terms(cast.alice, {"notice_hours": 48}, version=0)
    assert saved_week(cast.alice) == [list(walls) for walls in WORKING_WEEK]
    assert Availability.of(cast.alice).notice_hours == 48


def test_hours_keep_the_kinds_they_are_limited_to(cast):
    limited = [[Wall(540, 600, ("chemistry", "kickoff"))]] + [[]] * 6
    actions.save_week(cast.alice, limited, version=0)
    assert saved_week(cast.alice) == limited


def test_hours_that_overlap_are_refused_with_the_day_and_nothing_is_changed(cast):
    with pytest.raises(Refused, match=r"Tuesday: 9:00–12:00 and 11:00–13:00 overlap."):
        actions.save_week(cast.alice, [[], [Wall(540, 720), Wall(660, 780)], *[[]] * 5], version=0)
    assert not Hours.select().exists()
    assert not Availability.select().exists()


@pytest.mark.parametrize(
    "save",
    [
        lambda coach: actions.save_week(coach, MORNING, version=0),
        lambda coach: actions.save_terms(coach, {"place": "elsewhere"}, version=0),
        lambda coach: actions.save_kinds(coach, {SessionKind.KICKOFF: {"minutes": 30}}, version=0),
    ],
)
def test_who_saves_over_a_newer_version_is_refused_and_changes_nothing(cast, save):
    actions.save_terms(cast.alice, {"place": "https://meet.example/alice"}, version=0)
    with pytest.raises(Stale):
        save(cast.alice)
    assert Availability.of(cast.alice).place == "https://meet.example/alice"
    assert saved_week(cast.alice) == [list(walls) for walls in WORKING_WEEK]
    assert not KindTerms.select().exists()


def test_a_kind_of_session_has_its_own_terms_and_the_coachs_for_the_rest(cast):
    actions.save_terms(cast.alice, {"after_minutes": 10, "notice_hours": 24}, version=0)
    actions.save_kinds(cast.alice, {SessionKind.CHEMISTRY: {"notice_hours": 2, "daily_most": 0}}, version=1)
    assert terms_for(cast.alice, "chemistry").notice_hours == 2
    assert terms_for(cast.alice, "chemistry").after_minutes == 10
    assert terms_for(cast.alice, "coaching").notice_hours == 24


def test_a_kind_without_anything_of_its_own_leaves_no_row(cast):
    actions.save_kinds(cast.alice, {SessionKind.CHEMISTRY: {"minutes": 30}, SessionKind.DEBRIEF: {}}, version=0)
    actions.save_kinds(cast.alice, {SessionKind.CHEMISTRY: {"minutes": None}}, version=1)
    assert not KindTerms.select().exists()


# Days that differ -----------------------------------------------------------------------------------------------------


def open_on(coach, day):
    return [(piece.wall, piece.zone) for piece in opening_hours(CoachWeek.of(coach), day, day)[0]]


def test_special_days_and_journeys_change_what_is_open_until_they_are_removed(cast):
    evening = actions.add_special(cast.alice, Special(THURSDAY, THURSDAY, Wall(18 * 60, 20 * 60), "late"))
    trip = actions.add_trip(cast.alice, Travel(THURSDAY, THURSDAY, "Asia/Singapore", "Singapore"))
    assert open_on(cast.alice, THURSDAY) == [(18 * 60, "Asia/Singapore")]
    assert open_on(cast.carol, THURSDAY) == [(9 * 60, "Europe/London")]
    actions.remove_special(evening)
    actions.remove_trip(trip)
    assert open_on(cast.alice, THURSDAY) == [(9 * 60, "Europe/London")]


@pytest.mark.parametrize(
    ("special", "sentence"),
    [
        (Special(THURSDAY, date(2026, 12, 1), None, ""), "The last day comes before the first one."),
        (Special(THURSDAY, THURSDAY, Wall(600, 540), ""), "Hours end after they begin, on the same day."),
    ],
)
def test_days_that_make_no_sense_are_refused(cast, special, sentence):
    with pytest.raises(Refused, match=sentence):
        actions.add_special(cast.alice, special)
    assert not SpecialDay.select().exists()


def test_there_are_so_many_days_ahead_and_no_more(cast):
    row = {"coach": cast.alice, "first": THURSDAY, "last": THURSDAY}
    SpecialDay.insert_many([row | {"public_id": f"{n:026}", "why": ""} for n in range(MOST_AHEAD)]).execute()
    with pytest.raises(Refused, match="Remove some"):
        actions.add_special(cast.alice, Special(THURSDAY, THURSDAY, None, ""))
    actions.add_special(cast.carol, Special(THURSDAY, THURSDAY, None, ""))
    assert not Trip.select().exists()


# Holidays -------------------------------------------------------------------------------------------------------------

CHRISTMAS = date(2026, 12, 25)


def holidays_of(coach):
    return {row.on: row.name for row in Holiday.select().where(Holiday.coach == coach)}


def test_a_country_brings_its_holidays_of_this_year_and_the_next_two(cast):
    actions.choose_country(cast.alice, "GB-SCT")
    found = holidays_of(cast.alice)
    assert found[CHRISTMAS] == "Christmas Day"
    assert found[date(2026, 11, 30)] == "Saint Andrew's Day"
    assert {day.year for day in found} == {2026, 2027, 2028}
    assert open_on(cast.alice, CHRISTMAS) == []
    assert not holidays_of(cast.carol)


def test_a_holiday_that_is_worked_is_open_also_after_another_region_is_chosen(cast):
    actions.choose_country(cast.alice, "GB-SCT")
    actions.work_on(cast.alice, CHRISTMAS, is_worked=True)
    actions.choose_country(cast.alice, "GB-ENG")
    assert open_on(cast.alice, CHRISTMAS) == [(9 * 60, "Europe/London")]
    assert date(2026, 11, 30) not in holidays_of(cast.alice)
    actions.work_on(cast.alice, CHRISTMAS, is_worked=False)
    assert open_on(cast.alice, CHRISTMAS) == []


def test_without_a_country_there_are_no_holidays_but_those_of_past_years(cast):
    Holiday.create(coach=cast.alice, on=date(2025, 12, 25), name="Christmas Day")
    actions.choose_country(cast.alice, "DE")
    actions.choose_country(cast.alice, "")
    assert list(holidays_of(cast.alice)) == [date(2025, 12, 25)]


@pytest.mark.parametrize("country", ["XX", "GB-XX", "/etc/passwd", "-SCT", "x" * 5000])
def test_a_country_nobody_knows_is_refused(cast, country):
    with pytest.raises(Refused, match="not known"):
        actions.choose_country(cast.alice, country)


def test_a_day_that_is_no_holiday_cannot_be_worked_nevertheless(cast):
    with pytest.raises(Refused, match="no holiday"):
        actions.work_on(cast.alice, THURSDAY, is_worked=True)


def test_by_the_clock_the_year_that_comes_near_gets_its_holidays_once(cast):
    actions.choose_country(cast.alice, "GB-ENG")
    actions.work_on(cast.alice, CHRISTMAS, is_worked=True)
    before = holidays_of(cast.alice)
    actions.keep_holidays_ahead()
    assert holidays_of(cast.alice) == before
    with clock.pretend(datetime(2027, 1, 1, 3, 30, tzinfo=UTC)):
        actions.keep_holidays_ahead()
        actions.keep_holidays_ahead()
    assert {day.year for day in holidays_of(cast.alice)} == {2026, 2027, 2028, 2029}
    assert Holiday.get(Holiday.on == CHRISTMAS).is_worked


def test_by_the_clock_nothing_is_added_for_who_has_no_country(cast):
    actions.save_terms(cast.alice, {"notice_hours": 1}, version=0)
    actions.keep_holidays_ahead()
    assert not Holiday.select().exists()
