"""Seats, a series, who was there, and making up: rows, invitations and what two at once can do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from icalendar import Calendar

from coachbase import clock, jobs
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.cohorts import actions
from coachbase.cohorts.models import Cohort, Material, Meeting, Seat, attendees_of
from coachbase.cohorts.rules import FULL, CohortState, Tick
from coachbase.db import database
from coachbase.errors import Refused, Stale
from coachbase.files.models import Document
from coachbase.files.rules import Upload
from coachbase.mail import actions as mail
from coachbase.mail.models import Message
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Attendee, CoachingSession
from coachbase.timeline.models import Entry
from tests.cohorts.conftest import NOW, THURSDAY

WEEK = timedelta(days=7)


def names_of(meeting):
    return [attendee.name for attendee in attendees_of([meeting])]


def series(cohort, by, count=3, **options):
    return actions.book_series(cohort, [THURSDAY + number * WEEK for number in range(count)], by=by, **options)


# Seats ----------------------------------------------------------------------------------------------------------------


def test_each_client_gets_the_next_seat_and_a_line_on_the_timeline(seated, cast):
    assert [(seat.number, seat.client.name) for seat in Seat.of(seated)] == [
        (1, "Ines Marchetti"),
        (2, "Grace Adeyemi"),
    ]
    assert Entry.select().where(Entry.sentence == "Has a seat in Leaders’ circle").count() == 2


def test_a_seat_that_was_left_is_given_again(seated, people, cast):
    actions.leave_seat(Seat.of(seated).first(), by=cast.vera)
    actions.take_seat(seated, people[2], by=cast.vera)
    assert [(seat.number, seat.client.name) for seat in Seat.of(seated)] == [(1, "Tomás Vidal"), (2, "Grace Adeyemi")]


def test_a_full_cohort_refuses_with_a_sentence(seated, people, cast):
    actions.take_seat(seated, people[2], by=cast.vera)
    with pytest.raises(Refused, match="All seats are taken"):
        actions.take_seat(seated, people[3], by=cast.vera)


def test_several_get_a_seat_at_once_or_nobody_does(cohort, people, cast):
    with pytest.raises(Refused, match="You chose 4, and 3 seats are free"):
        actions.take_seats(cohort, people, by=cast.vera)
    assert not Seat.of(cohort).exists()
    assert actions.take_seats(cohort, people[:3], by=cast.vera) == []
    assert [seat.client for seat in Seat.of(cohort)] == people[:3]


def test_nobody_sits_on_two_seats(seated, people, cast):
    with pytest.raises(Refused, match="has a seat already"):
        actions.take_seat(seated, people[0], by=cast.vera)


def test_a_closed_cohort_gives_no_seat_until_it_is_opened_again(seated, people, cast):
    actions.close(seated)
    with pytest.raises(Refused, match="closed"):
        actions.take_seat(seated, people[2], by=cast.vera)
    actions.reopen(seated)
    actions.take_seat(seated, people[2], by=cast.vera)
    assert Cohort.get_by_id(seated.id).state is CohortState.OPEN


def rush(cohort, clients_, by):
    """Everybody tries to get a seat at once; what each was told."""

    def try_one(client):
        with clock.pretend(NOW):
            try:
                actions.take_seat(cohort, client, by=by)
            except Refused as refusal:
                return str(refusal)
            else:
                return "seated"
            finally:
                database.close()

    with ThreadPoolExecutor(8) as hands:
        return list(hands.map(try_one, clients_))


@pytest.mark.parametrize(("crowd", "seats"), [(20, 5), (8, 1)])
def test_of_many_who_try_at_once_exactly_as_many_get_a_seat_as_there_are(cast, people, crowd, seats):
    more = [clients.add({"name": f"Guest {n}", "coach": cast.alice}, how="by hand") for n in range(crowd)]
    cohort = actions.create(cast.alice, {"name": "Small", "seats": seats, "minutes": 60}, by=cast.vera)
    told = rush(cohort, more, cast.vera)
    assert told.count("seated") == seats
    assert set(told) - {"seated"} <= {FULL, "The one seat is taken."}
    assert sorted(seat.number for seat in Seat.of(cohort)) == list(range(1, seats + 1))


def test_the_database_refuses_a_seat_beyond_the_last_or_one_that_is_taken(seated, people, cast, monkeypatch):
    """What holds when the rule forgets to look: the guard of the database, in words."""
    monkeypatch.setattr(actions, "refusal_to_seat", lambda *_: None)
    for number in (4, 2, 0):
        monkeypatch.setattr(actions, "free_number", lambda *_, number=number: number)
        with pytest.raises(Refused, match="All seats are taken"):
            actions.take_seat(seated, people[2], by=cast.vera)
    database.execute_sql("DROP TRIGGER seat_is_one_of_its_cohort")
    monkeypatch.setattr(actions, "free_number", lambda *_: 4)
    actions.take_seat(seated, people[2], by=cast.vera)
    assert Seat.of(seated).count() == 3, "without the guard the fourth of three seats would be given"


def test_fewer_seats_than_are_taken_are_refused_and_two_who_change_it_collide(seated, cast):
    values = {"name": "Circle", "seats": 1, "minutes": 60, "place_kind_name": "video", "place": ""}
    with pytest.raises(Refused, match="Seat 2 is taken"):
        actions.change(seated, values, version=1)
    actions.change(seated, values | {"seats": 2}, version=1)
    with pytest.raises(Stale):
        actions.change(seated, values | {"seats": 3}, version=1)
    assert Cohort.get_by_id(seated.id).seats == 2


# The series -----------------------------------------------------------------------------------------------------------


def test_a_series_is_as_many_sessions_each_with_its_own_event(seated, cast):
    series(seated, cast.vera, topics=["Trust", "", "Peers"])
    meetings = list(Meeting.of(seated))
    assert [(m.number, m.topic, m.session.starts_at) for m in meetings] == [
        (1, "Trust", THURSDAY),
        (2, "", THURSDAY + WEEK),
        (3, "Peers", THURSDAY + 2 * WEEK),
    ]
    assert len({m.session.uid for m in meetings}) == 3
    assert {m.session.kind for m in meetings} == {SessionKind.GROUP}
    assert Cohort.get_by_id(seated.id).state is CohortState.RUNNING


def test_each_member_gets_an_invitation_alone_that_names_nobody_else(seated, cast):
    series(seated, cast.vera, count=1)
    mails = {mail.to_address: mail for mail in Message.select() if mail.calendar}
    assert {"ine@firm.example", "gra@firm.example"} <= set(mails)
    ics = mails["ine@firm.example"].calendar
    (event,) = Calendar.from_ical(ics).walk("VEVENT")
    attendees = event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]]
    assert [str(one).lower() for one in attendees] == ["mailto:ine@firm.example"]
    assert "Grace" not in ics + mails["ine@firm.example"].text


def test_all_dates_are_booked_or_none_and_the_refusal_names_the_date(seated, people, cast):
    scheduling.book(
        cast.alice, SessionKind.CHEMISTRY, THURSDAY + WEEK, 30, via=Via.STAFF, client=people[3], by=cast.vera
    )
    with pytest.raises(Refused, match="Thursday 3 December, 9:00: That time cannot be had"):
        series(seated, cast.vera)
    assert not Meeting.select().exists()
    assert CoachingSession.select().count() == 1


def test_outside_of_the_coachs_hours_a_reason_is_needed(seated, cast):
    evening = THURSDAY.replace(hour=19)
    with pytest.raises(Refused, match="outside the open hours"):
        actions.book_series(seated, [evening], by=cast.vera)
    actions.book_series(seated, [evening], despite="they asked for an evening", by=cast.vera)
    assert Meeting.of(seated).count() == 1


def test_who_has_another_session_then_is_not_invited_to_that_one(seated, people, cast):
    other = clients_session(cast.carol, people[0], THURSDAY)
    assert other.client == people[0]
    first, second, _ = series(seated, cast.vera)
    assert names_of(first) == ["Grace Adeyemi"]
    assert names_of(second) == ["Ines Marchetti", "Grace Adeyemi"]


def clients_session(coach, client, starts_at):
    """With another coach, who has a place, too."""
    return scheduling.book(
        coach,
        SessionKind.CHEMISTRY,
        starts_at,
        30,
        via=Via.STAFF,
        client=client,
        place_kind="video",
        place="https://meet.example/carol",
        by=None,
    )


def test_who_joins_later_is_invited_to_the_sessions_to_come_and_told_of_those_that_clash(seated, people, cast):
    first, second, third = series(seated, cast.vera)
    clients_session(cast.carol, people[2], THURSDAY + WEEK)
    with clock.pretend(THURSDAY + timedelta(hours=3)):
        missed = actions.take_seat(seated, people[2], by=cast.vera)
    assert [len(names_of(each)) for each in (first, second, third)] == [2, 2, 3]
    assert len(missed) == 1
    assert missed[0].startswith("Session 2: ")


def test_who_leaves_is_taken_out_of_the_sessions_to_come_alone(seated, people, cast):
    first, second, third = series(seated, cast.vera)
    with clock.pretend(THURSDAY + timedelta(hours=3)):
        actions.leave_seat(Seat.of(seated).first(), by=cast.vera)
    assert [names_of(each) for each in (first, second, third)] == [
        ["Ines Marchetti", "Grace Adeyemi"],
        ["Grace Adeyemi"],
        ["Grace Adeyemi"],
    ]
    assert {each.session.state_name for each in Meeting.of(seated)} == {"booked"}


def deliver():
    mail.sweep()
    jobs.run_jobs()


def test_who_leaves_is_told_after_a_while_that_the_session_is_not_off_and_hears_nothing_when_it_is_undone(
    seated, cast, smtp
):
    series(seated, cast.vera, count=1)
    deliver()
    smtp.messages.clear()
    for is_undone in (True, False):
        seat = Seat.of(seated).first()
        actions.leave_seat(seat, by=cast.vera)
        deliver()
        assert smtp.messages == []
        if is_undone:
            actions.take_seat(seated, seat.client, by=cast.vera)
        with clock.pretend(NOW + actions.TO_UNDO):
            deliver()
    (letter,) = smtp.messages
    assert letter["To"].startswith("Ines")
    assert letter["Subject"] == "No longer invited: Leaders’ circle, Thursday 26 November, 9:00"
    assert "you need not come" in letter.get_body(("plain",)).get_content()


def test_a_session_added_between_two_takes_its_number_by_its_day(seated, cast):
    series(seated, cast.vera, count=2)
    actions.book_series(seated, [THURSDAY + timedelta(days=1)], topics=["Between"], by=cast.vera)
    assert [(m.number, m.topic) for m in Meeting.of(seated)] == [(1, ""), (2, "Between"), (3, "")]


def test_a_series_of_no_dates_or_too_many_is_refused(seated, cast):
    for starts in ([], [THURSDAY + number * WEEK for number in range(53)]):
        with pytest.raises(Refused):
            actions.book_series(seated, starts, by=cast.vera)


def test_a_topic_changed_by_two_is_not_overwritten(seated, cast):
    (meeting,) = series(seated, cast.vera, count=1)
    actions.change_topic(meeting, "Trust", version=1)
    with pytest.raises(Stale):
        actions.change_topic(meeting, "Delegating", version=1)
    assert Meeting.get_by_id(meeting.id).topic == "Trust"


# Attendance and making up ---------------------------------------------------------------------------------------------


@pytest.fixture
def over(seated, cast):
    """Two sessions, the first one over. Gives the meetings and the invitations to the first."""
    meetings = series(seated, cast.vera, count=2)
    with clock.pretend(THURSDAY + timedelta(days=1)):
        yield meetings, attendees_of(meetings[:1])


def state_of(meeting):
    return CoachingSession.get_by_id(meeting.session_id).state_name


def was_there(attendee):
    return Attendee.get_by_id(attendee.id).was_there


def test_ticks_say_who_was_there_and_the_session_was_held(seated, over, cast):
    (first, second), (ines, grace) = over
    ticks = {ines.public_id: Tick(False, True), grace.public_id: Tick(False, False)}
    assert actions.tick(seated, ticks, by=cast.vera) == 2
    assert (was_there(ines), was_there(grace)) == (True, False)
    assert (state_of(first), state_of(second)) == ("held", "booked")


def test_a_page_that_is_old_does_not_undo_what_another_ticked(seated, over, cast):
    _, (ines, grace) = over
    old = {ines.public_id: Tick(False, False), grace.public_id: Tick(False, False)}
    actions.tick(seated, old | {ines.public_id: Tick(False, True)}, by=cast.vera)
    actions.tick(seated, old | {grace.public_id: Tick(False, True)}, by=cast.olive)
    assert (was_there(ines), was_there(grace)) == (True, True)


def test_a_session_that_has_not_begun_cannot_be_ticked_nor_one_of_another_cohort(seated, over, cast):
    (_, second), (ines, _grace) = over
    later = attendees_of([second])[0]
    assert actions.tick(seated, {later.public_id: Tick(False, True)}, by=cast.vera) == 0
    other = actions.create(cast.carol, {"name": "Next door", "seats": 1, "minutes": 60}, by=cast.carol)
    assert actions.tick(other, {ines.public_id: Tick(False, True)}, by=cast.carol) == 0
    assert was_there(ines) is None
    assert was_there(later) is None


def test_a_session_is_made_up_for_those_alone_who_missed_it(seated, over, people, cast):
    (first, _), _ = over
    made = actions.make_up(first, THURSDAY + timedelta(days=4), [people[1]], by=cast.vera)
    assert names_of(made) == ["Grace Adeyemi"]
    assert (made.number, made.makes_up, made.label) == (1, first, "Session 1, made up")
    with pytest.raises(Refused, match="makes up for another one"):
        actions.make_up(made, THURSDAY + timedelta(days=5), [people[1]], by=cast.vera)
    with pytest.raises(Refused, match="who is to come"):
        actions.make_up(first, THURSDAY + timedelta(days=5), [], by=cast.vera)


def test_who_joins_later_is_not_invited_to_what_makes_up_for_others(seated, over, people, cast):
    (first, second), _ = over
    made = actions.make_up(first, THURSDAY + timedelta(days=4), [people[1]], by=cast.vera)
    actions.take_seat(seated, people[2], by=cast.vera)
    assert names_of(made) == ["Grace Adeyemi"]
    assert "Tomás Vidal" in names_of(second)


# Materials ------------------------------------------------------------------------------------------------------------


def test_materials_hang_on_a_session_until_they_are_taken_back(seated, cast):
    (meeting,) = series(seated, cast.vera, count=1)
    actions.hand_out(meeting, [Upload("slides.txt", b"Trust"), Upload("more.txt", b"Peers")], by=cast.vera)
    assert [each.document.name for each in Material.of([meeting])] == ["slides.txt", "more.txt"]
    document = Material.of([meeting]).first().document
    actions.take_back(meeting, document)
    assert [each.document.name for each in Material.of([meeting])] == ["more.txt"]
    assert Document.get_or_none(Document.id == document.id) is None


def test_one_file_we_do_not_keep_keeps_out_all(seated, cast):
    (meeting,) = series(seated, cast.vera, count=1)
    with pytest.raises(Refused):
        actions.hand_out(meeting, [Upload("a.txt", b"Trust"), Upload("b.svg", b"<svg/>")], by=cast.vera)
    assert not Material.select().exists()
    assert not Document.select().exists()
