"""The pages of a coach's availability: rows of times without a script, conflicts, and who may see them."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from coachbase.accounts.models import Serving
from coachbase.availability.models import Availability, CoachWeek, Holiday, KindTerms, SpecialDay, Trip
from coachbase.availability.rules import Wall
from coachbase.db import transaction
from tests.safety.walk import read

LIST = "/settings/availability"
MONDAY = {"row-0": "0", "begins-0": "08:00", "ends-0": "12:30"}


@pytest.fixture
def home(cast):
    return f"{LIST}/{cast.alice.public_id}"


def fields_of(browser, page, action=None):
    """What the form would send if nobody touched it."""
    answer = browser.get(page)
    assert answer.status_code == 200
    form = next(
        form for form in read(page, answer.text).forms if form.action == (action or page) and form.method == "POST"
    )
    found = {}
    for name, value in form.fields:
        found.setdefault(name, []).append(value)
    return found


def week_of(coach):
    return [list(walls) for walls in CoachWeek.of(coach).week]


# The week -------------------------------------------------------------------------------------------------------------


def test_the_week_is_saved_as_it_was_shown(vera, cast, home):
    sent = {name: values for name, values in fields_of(vera, home).items() if not name.startswith("kinds-")}
    answer = vera.post(home, data=sent | {"act": "save"})
    assert answer.status_code == 303
    assert week_of(cast.alice) == [[Wall(540, 1020)]] * 5 + [[], []]
    assert Availability.of(cast.alice).version == 1


def test_rows_of_times_with_their_kinds_become_the_week(vera, cast, home):
    rows = {"row-0": ["0", "1", "2"], "begins-0": ["13:00", "08:00", ""], "ends-0": ["00:00", "12:30", ""]}
    answer = vera.post(home, data=rows | {"kinds-0-1": ["chemistry", "kickoff"], "version": "0"})
    assert answer.status_code == 303
    assert week_of(cast.alice)[0] == [Wall(480, 750, ("chemistry", "kickoff")), Wall(780, 1440)]
    assert week_of(cast.alice)[1:] == [[]] * 6


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"begins-0": "12:00", "ends-0": "09:00"}, "Hours end after they begin"),
        ({"begins-0": "nine", "ends-0": "five"}, "A time looks like 9:00."),
        ({"begins-0": "09:00", "ends-0": ""}, "A time looks like 9:00."),
        ({"row-0": ["0", "1"], "begins-0": ["09:00", "10:00"], "ends-0": ["11:00", "12:00"]}, "overlap"),
        ({"row-0": [str(n) for n in range(99)], "begins-0": ["09:00"] * 99, "ends-0": ["09:05"] * 99}, "At most 12"),
    ],
)
def test_hours_that_will_not_do_are_shown_again_with_the_reason_beside_the_day(vera, cast, home, row, sentence):
    answer = vera.post(home, data={"row-0": "0", "version": "0"} | row)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Look at Monday." in answer.text
    assert not Availability.select().exists()


def test_what_was_typed_stays_on_screen(vera, home):
    answer = vera.post(home, data={"row-0": "0", "begins-0": "12:00", "ends-0": "09:00", "version": "0"})
    assert 'name="begins-0" value="12:00"' in answer.text
    assert 'name="ends-0" value="09:00"' in answer.text


def test_without_a_script_a_button_adds_a_row_and_another_takes_it_away_and_nothing_is_saved(vera, home):
    answer = vera.post(home, data=MONDAY | {"version": "0", "act": "add-0"})
    assert answer.status_code == 200
    assert re.findall(r'name="row-0" value="(\d)"', answer.text) == ["0", "1"]
    rows = {"row-0": ["0", "1"], "begins-0": ["08:00", "13:00"], "ends-0": ["12:30", "14:00"], "version": "0"}
    answer = vera.post(home, data=rows | {"act": "drop-0-0"})
    assert re.findall(r'name="begins-0" value="(\d\d:\d\d)"', answer.text) == ["13:00"]
    assert not Availability.select().exists()


def test_without_a_script_a_button_makes_the_other_weekdays_as_monday(vera, home):
    answer = vera.post(home, data=MONDAY | {"kinds-0-0": "debrief", "version": "0", "act": "copy"})
    assert answer.text.count('value="08:00"') == 5
    assert len(re.findall(r'name="kinds-\d-0" value="debrief" checked', answer.text)) == 5


@pytest.mark.parametrize("act", ["add-9", "add-²", "drop-", "add--1", "drop-0-" + "9" * 500, "constructor"])
def test_buttons_that_are_not_ours_do_nothing_worse_than_save(vera, home, act):
    assert vera.post(home, data=MONDAY | {"version": "0", "act": act}).status_code in (200, 303)


def test_two_who_save_the_week_see_both_weeks_and_may_keep_either(vera, olive, cast, home):
    vera.post(home, data=MONDAY | {"version": "0"})
    tuesday = {"row-1": "0", "begins-1": "10:00", "ends-1": "11:00", "kinds-1-0": "debrief"}
    answer = olive.post(home, data=tuesday | {"version": "0"})
    assert answer.status_code == 409
    assert "Monday 8:00–12:30" in answer.text
    assert "Tuesday 10:00–11:00 (debrief)" in answer.text
    assert week_of(cast.alice)[0] == [Wall(480, 750)]
    kept = next(form for form in read(home, answer.text).forms if ("version", "1") in form.fields)
    assert olive.post(kept.action, data=dict(kept.fields)).status_code == 303
    assert week_of(cast.alice) == [[], [Wall(600, 660, ("debrief",))], [], [], [], [], []]


# Terms ----------------------------------------------------------------------------------------------------------------


def test_terms_are_saved_with_the_place(vera, cast, home):
    sent = fields_of(vera, f"{home}/terms") | {"place": "https://meet.example/alice", "notice_hours": "48"}
    assert vera.post(f"{home}/terms", data=sent).status_code == 303
    saved = Availability.of(cast.alice)
    assert (saved.place, saved.place_kind_name, saved.notice_hours) == ("https://meet.example/alice", "video", 48)


def test_two_who_save_the_terms_see_both(vera, olive, cast, home):
    sent = fields_of(vera, f"{home}/terms")
    vera.post(f"{home}/terms", data=sent | {"place": "the blue room"})
    answer = olive.post(f"{home}/terms", data=sent | {"place": "the red room"})
    assert answer.status_code == 409
    assert "the blue room" in answer.text
    assert "the red room" in answer.text
    assert Availability.of(cast.alice).place == "the blue room"


def test_a_kind_of_session_gets_its_own_terms_and_its_conflict_shows_both(vera, olive, cast, home):
    sent = fields_of(vera, f"{home}/kinds")
    assert vera.post(f"{home}/kinds", data=sent | {"chemistry_minutes": "30"}).status_code == 303
    answer = olive.post(f"{home}/kinds", data=sent | {"chemistry_minutes": "45"})
    assert answer.status_code == 409
    assert "Chemistry call: length in minutes" in answer.text
    assert [row.minutes for row in KindTerms.of(cast.alice)] == [30]
    kept = next(form for form in read(home, answer.text).forms if ("version", "1") in form.fields)
    assert olive.post(kept.action, data=dict(kept.fields)).status_code == 303
    assert [row.minutes for row in KindTerms.of(cast.alice)] == [45]


def test_a_number_out_of_range_says_so_beside_its_field(vera, home):
    sent = fields_of(vera, f"{home}/kinds")
    answer = vera.post(f"{home}/kinds", data=sent | {"chemistry_minutes": "5"})
    assert answer.status_code == 422
    assert "A number from 10 to 480, or nothing." in answer.text


# Days -----------------------------------------------------------------------------------------------------------------

EVENING = {"first": "2026-12-03", "how": "open", "begins": "18:00", "ends": "20:00", "why": "for Tokyo"}


def undo_of(answer, browser):
    page = browser.get(answer.headers["Location"])
    return unescape(re.search(r'action="([^"]*restore[^"]*)"', page.text)[1])


def test_other_hours_on_a_day_are_added_removed_and_brought_back(vera, cast, home):
    assert vera.post(f"{home}/days", data=EVENING).status_code == 303
    row = SpecialDay.get()
    assert row.special == (date(2026, 12, 3), date(2026, 12, 3), Wall(1080, 1200), "for Tokyo")
    undo = undo_of(vera.post(f"{home}/days/{row.public_id}/remove"), vera)
    assert not SpecialDay.select().exists()
    assert vera.post(undo).status_code == 303
    assert SpecialDay.get().special == row.special


def test_days_off_need_no_times_and_are_brought_back_with_their_reason(vera, home):
    vera.post(f"{home}/days", data={"first": "2026-12-03", "last": "2026-12-05", "how": "closed", "why": "skiing"})
    row = SpecialDay.get()
    assert row.special.wall is None
    vera.post(undo_of(vera.post(f"{home}/days/{row.public_id}/remove"), vera))
    assert SpecialDay.get().special == row.special


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"begins": ""}, "Type both times"),
        ({"ends": "17:00"}, "Hours end after they begin"),
        ({"last": "2026-12-01"}, "The last day comes before"),
        ({"first": ""}, "Choose a day."),
        ({"first": "9999-12-31"}, "Choose a day between"),
    ],
)
def test_days_that_will_not_do_say_why_and_keep_what_was_typed(vera, home, change, sentence):
    answer = vera.post(f"{home}/days", data=EVENING | change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "for Tokyo" in answer.text


def test_a_journey_is_added_removed_and_brought_back(vera, home):
    sent = {
        "trip-first": "2026-12-03",
        "trip-last": "2026-12-09",
        "trip-zone": "Asia/Singapore",
        "trip-place": "Singapore",
    }
    assert vera.post(f"{home}/travel", data=sent).status_code == 303
    row = Trip.get()
    vera.post(undo_of(vera.post(f"{home}/travel/{row.public_id}/remove"), vera))
    assert Trip.get().travel == row.travel


@pytest.mark.parametrize("zone", ["/etc/passwd", "../../etc/passwd", "Mars/Olympus", "", "x" * 9999])
def test_a_zone_that_is_none_is_refused(vera, home, zone):
    answer = vera.post(f"{home}/travel", data={"trip-first": "2026-12-03", "trip-zone": zone})
    assert answer.status_code == 422
    assert not Trip.select().exists()


def test_holidays_are_listed_by_country_and_one_is_worked_nevertheless(vera, cast, home):
    assert vera.post(f"{home}/country", data={"country": "DE", "region": "SCT"}).status_code == 303
    assert Availability.of(cast.alice).country == "DE", "a region of another country is none"
    day = Holiday.coming(cast.alice, date.today() + timedelta(days=2)).first()
    answer = vera.post(f"{home}/holidays", data={"on": day.on.isoformat(), "worked": "1"})
    assert answer.status_code == 303
    assert "works nevertheless" in vera.get(f"{home}/days").text
    assert Holiday.get_by_id(day.id).is_worked


def test_the_next_two_weeks_show_what_comes_of_it(vera, cast, home):
    with transaction():
        today = date.fromordinal(date.today().toordinal() + 3)
        SpecialDay.create(coach=cast.alice, first=today, last=today, why="at the dentist")
    assert "at the dentist" in vera.get(home).text


# Who sees what --------------------------------------------------------------------------------------------------------


def test_an_assistant_of_one_coach_goes_straight_to_that_coachs_hours(vera, home):
    assert vera.get(LIST).headers["Location"] == home


def test_an_assistant_of_several_chooses_among_those_she_serves(vera, cast):
    with transaction():
        Serving.create(assistant=cast.vera, coach=cast.carol)
    page = vera.get(LIST).text
    assert "Alice Kern" in page
    assert "Carol Voss" in page
    assert "Olive" not in page


def test_nobody_sees_or_sets_the_hours_of_a_coach_next_door(vera, carol, alice, cast, home):
    other = f"{LIST}/{cast.carol.public_id}"
    for page in ("", "/terms", "/kinds", "/days"):
        for browser in (vera, alice):
            assert browser.get(other + page).status_code == 404
            assert browser.post(other + page, data=MONDAY | {"version": "0"}).status_code == 404
        assert carol.get(home + page).status_code == 404
    assert not Availability.select().exists()


def test_a_day_of_another_coach_cannot_be_removed_through_ones_own_page(carol, vera, cast, home):
    vera.post(f"{home}/days", data=EVENING)
    own = f"{LIST}/{cast.carol.public_id}"
    assert carol.post(f"{own}/days/{SpecialDay.get().public_id}/remove").status_code == 404
    assert SpecialDay.select().count() == 1


def test_each_page_asks_few_queries_however_much_there_is(vera, cast, home, queries):
    with transaction():
        for number in range(60):
            day = date(2027, 1, 1 + number % 28)
            SpecialDay.create(coach=cast.alice, first=day, last=day, why="x")
            Trip.create(coach=cast.alice, first=day, last=day, zone="Asia/Singapore")
    vera.get(home)
    for page in ("", "/terms", "/kinds", "/days"):
        with queries() as asked:
            vera.get(home + page)
        assert len(asked) <= 15, page
