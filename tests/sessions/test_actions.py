"""Marking sessions, and the ledger that follows."""

from datetime import timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.availability import actions as availability
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.boards.models import Card
from coachbase.boards.rules import StageMeaning
from coachbase.clients.models import Client
from coachbase.clients.rules import Party, Status
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.errors import Refused, Stale
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side
from coachbase.sessions import actions
from coachbase.sessions.models import CoachingSession, LedgerEntry, Strip, places_of, stalled_programs
from coachbase.sessions.rules import Entry, State
from coachbase.timeline.models import Entry as TimelineEntry
from tests.sessions.conftest import NOW


def lines(program):
    return [(line.entry, line.count) for line in LedgerEntry.of(program)]


def test_an_active_program_has_bought_its_sessions_once(cast, program, balance):
    assert lines(program) == [("bought", 12)]
    engagements.pause(program, by=cast.vera)
    engagements.resume(program, by=cast.vera)
    assert balance() == "12 bought · 12 left"


def test_a_booking_counts_as_booked_until_somebody_says_what_became_of_it(cast, book, program, balance):
    session = book(-3)
    assert balance() == "12 bought · 1 booked · 11 left"
    marked = actions.mark(session, State.HELD, by=cast.alice)
    assert (marked.state, marked.ended_at) == (State.HELD, NOW)
    assert balance() == "12 bought · 1 held · 11 left"
    assert lines(program)[1:] == [("booked", 1), ("booked", -1), ("held", 1)]
    newest = TimelineEntry.of(cast.bob).order_by(TimelineEntry.id.desc()).first()
    assert (newest.sentence, newest.href) == ("Coaching session: held", f"/sessions/{session.public_id}")


def test_a_mark_is_corrected_by_more_lines_never_by_other_ones(cast, book, program, balance):
    session = book(-3)
    for state in (State.HELD, State.NO_SHOW, State.LATE_CANCELLED):
        actions.mark(session, state, by=cast.vera)
    before = lines(program)
    assert balance() == "12 bought · 1 cancelled late · 11 left"
    actions.mark(session, State.BOOKED, by=cast.vera)
    assert balance() == "12 bought · 1 booked · 11 left"
    assert lines(program)[: len(before)] == before
    assert CoachingSession.get_by_id(session.id).ended_at is None


@pytest.mark.parametrize("statement", ["UPDATE ledger_entry SET count = 5", "DELETE FROM ledger_entry"])
def test_nobody_rewrites_the_ledger(program, statement):
    with pytest.raises(IntegrityError, match="append only"):
        database.execute_sql(statement)


def test_what_has_not_begun_is_not_marked(cast, book):
    with pytest.raises(Refused, match="not begun yet"):
        actions.mark(book(2), State.HELD, by=cast.alice)


def test_who_saw_an_older_session_does_not_mark_over_somebody_else(cast, book, balance):
    session = book(-3)
    actions.mark(session, State.NO_SHOW, by=cast.alice, version=session.version)
    with pytest.raises(Stale):
        actions.mark(session, State.HELD, by=cast.vera, version=session.version)
    assert balance() == "12 bought · 1 no-show · 11 left"


def test_a_corrected_cancellation_takes_its_time_only_if_it_is_free(cast, book, balance):
    session = book(-3)
    actions.mark(session, State.LATE_CANCELLED, by=cast.vera)
    book(-3)
    with pytest.raises(Refused, match="Another session stands at that time"):
        actions.mark(session, State.BOOKED, by=cast.vera)
    assert balance() == "12 bought · 1 cancelled late · 1 booked · 10 left"


def test_a_late_cancellation_costs_nothing_where_the_agreement_does_not_say_so(cast, book, program, balance):
    Engagement.update(late_is_charged=False).where(Engagement.id == program.id).execute()
    session = book(-3)
    actions.mark(session, State.LATE_CANCELLED, by=cast.vera)
    assert balance() == "12 bought · 12 left"
    actions.mark(session, State.HELD, by=cast.vera)
    assert balance() == "12 bought · 1 held · 11 left"


def test_terms_that_changed_meanwhile_leave_no_line_behind(cast, book, program, balance):
    session = book(-3)
    actions.mark(session, State.LATE_CANCELLED, by=cast.vera)
    Engagement.update(late_is_charged=False).where(Engagement.id == program.id).execute()
    actions.mark(session, State.NO_SHOW, by=cast.vera)
    assert balance() == "12 bought · 1 no-show · 11 left"


def test_a_session_we_missed_ourselves_costs_nothing_and_says_why(cast, book, balance):
    session = book(-3)
    with pytest.raises(Refused, match="Say why"):
        actions.mark(session, State.CANCELLED, by=cast.vera)
    actions.mark(session, State.CANCELLED, by=cast.vera, reason="Alice was ill")
    assert balance() == "12 bought · 12 left"
    actions.mark(session, State.BOOKED, by=cast.vera)
    assert balance() == "12 bought · 1 booked · 11 left"


def test_a_coachs_own_cancellation_needs_nothing_made_up(cast, book, program, balance):
    scheduling.cancel(book(0, hour=12), side=Side.COACH, reason="ill", by=cast.alice)
    assert balance() == "12 bought · 12 left"
    assert Entry.MADE_UP not in {entry for entry, _ in lines(program)}


def test_a_client_who_cancels_late_has_used_the_session_up(cast, book, balance):
    session = book(0, hour=12)
    scheduling.cancel(session, side=Side.CLIENT, reason="", by=None)
    assert balance() == "12 bought · 1 cancelled late · 11 left"
    with pytest.raises(Refused, match="not begun"):
        actions.mark(session, State.BOOKED, by=cast.vera)


def test_a_session_called_off_before_it_began_stays_called_off(cast, book):
    session = book(2)
    scheduling.cancel(session, side=Side.CLIENT, reason="", by=None)
    with clock.pretend(NOW + timedelta(days=3)), pytest.raises(Refused, match="cancelled before it began"):
        actions.mark(session, State.HELD, by=cast.vera)


def test_three_way_meetings_come_beside_the_sessions_of_a_program(cast, book, program):
    actions.mark(book(-3, kind=SessionKind.THREE_WAY), State.HELD, by=cast.vera)
    assert lines(program) == [("bought", 12)]


# Lines by hand --------------------------------------------------------------------------------------------------------


def test_lines_by_hand_keep_who_and_why(cast, book, program, balance):
    session = book(-3)
    actions.mark(session, State.NO_SHOW, by=cast.vera)
    actions.enter_by_hand(program, Entry.MADE_UP, 1, reason="Flight cancelled", session=session, by=cast.vera)
    actions.enter_by_hand(program, Entry.BOUGHT, 2, reason="Sam added two", by=cast.olive)
    assert balance() == "14 bought · 1 made up · 1 no-show · 14 left"
    last = LedgerEntry.of(program)[-1]
    assert (last.by, last.reason) == (cast.olive, "Sam added two")
    actions.mark(session, State.HELD, by=cast.vera)
    assert balance() == "14 bought · 1 made up · 1 held · 14 left"


def test_what_is_left_is_forfeited_by_an_act_with_a_reason(cast, book, program, balance):
    actions.mark(book(-3), State.HELD, by=cast.vera)
    engagements.complete(program, by=cast.vera)
    assert balance() == "12 bought · 1 held · 11 left"
    with pytest.raises(Refused, match="Only 11 are left"):
        actions.enter_by_hand(program, Entry.FORFEITED, 12, reason="Over", by=cast.vera)
    with pytest.raises(Refused, match="Say why"):
        actions.enter_by_hand(program, Entry.FORFEITED, 11, reason="", by=cast.vera)
    actions.enter_by_hand(program, Entry.FORFEITED, 11, reason="Over", by=cast.vera)
    assert balance() == "12 bought · 1 held · 11 forfeited · 0 left"


def test_sessions_bought_beside_a_program_are_not_bought_again_when_it_goes_on(cast, program, balance):
    actions.enter_by_hand(program, Entry.BOUGHT, 2, reason="Two more", by=cast.vera)
    engagements.pause(program, by=cast.vera)
    engagements.resume(program, by=cast.vera)
    assert balance() == "14 bought · 14 left"


# How a program gets on ------------------------------------------------------------------------------------------------


def test_the_strip_says_what_was_and_what_is_next(cast, book, program):
    actions.mark(book(-14), State.HELD, by=cast.alice)
    actions.mark(book(-7), State.NO_SHOW, by=cast.alice)
    book(4, kind=SessionKind.THREE_WAY)
    coming = book(2)
    strip = Strip.of(cast.bob, program, NOW)
    assert [mark.state for mark in strip.marks][:5] == ["held", "no_show", "next", "booked", "open"]
    assert (strip.next, strip.place, strip.stalled) == (coming, ("video", "https://meet.example/alice"), None)
    assert len([mark for mark in strip.marks if not mark.is_three_way]) == 12


def test_a_program_is_stalled_when_nothing_is_booked_and_long_nothing_was_held(cast, book, program):
    actions.mark(book(-30), State.HELD, by=cast.alice)
    [stalled] = stalled_programs(cast.vera, NOW)
    assert (stalled.engagement, stalled.days, stalled.left) == (program, 29, 11)
    assert Strip.of(cast.bob, program, NOW).stalled == 29
    assert stalled_programs(cast.carol, NOW) == []
    actions.mark(book(-2), State.NO_SHOW, by=cast.alice)
    assert [each.days for each in stalled_programs(cast.vera, NOW)] == [29]  # nothing was held by it
    book(5)
    assert stalled_programs(cast.vera, NOW) == []
    assert Strip.of(cast.bob, program, NOW).stalled is None


def test_a_program_without_a_session_stalls_from_the_end_of_its_onboarding(cast, program):
    assert stalled_programs(cast.vera, NOW + timedelta(days=27)) == []
    assert [each.days for each in stalled_programs(cast.vera, NOW + timedelta(days=28))] == [28]
    engagements.pause(program, by=cast.vera)
    assert stalled_programs(cast.vera, NOW + timedelta(days=28)) == []


def test_the_place_of_several_sessions_is_found_at_once(cast, book, program, queries):
    own = book(2, place_kind="phone", place="+44 1")
    there = [own, book(3), book(4)]
    sessions = list(CoachingSession.with_people().order_by(CoachingSession.id))
    with queries() as asked:
        places = places_of(sessions)
    assert len(asked) == 1
    assert places == {one.id: one.where for one in there}
    assert places[own.id] == ("phone", "+44 1")


# What follows ---------------------------------------------------------------------------------------------------------


def test_a_program_whose_place_changes_gives_its_sessions_a_new_edition(cast, book, program):
    inherits, own, over = book(2), book(3, place_kind="room", place="Room 4"), book(-2)
    before = {one.id: one.sequence for one in (inherits, own, over)}
    actions.place_program(program, "phone", "+44 20 1", version=program.version, by=cast.vera)
    now = {one.id: one for one in CoachingSession.with_people()}
    assert now[inherits.id].where == ("phone", "+44 20 1")
    assert [now[one.id].sequence - before[one.id] for one in (inherits, own, over)] == [1, 0, 0]


def test_a_coachs_usual_place_reaches_the_sessions_that_inherit_it(cast, book, program):
    session = book(2)
    terms = Availability.of(cast.alice)
    availability.save_terms(cast.alice, {"place": "https://meet.example/new"}, version=terms.version)
    now = CoachingSession.known_as(session.public_id)
    assert (now.where, now.sequence) == (("video", "https://meet.example/new"), session.sequence + 1)


def test_sessions_are_never_left_without_a_place(cast, book, program):
    actions.place_program(program, "room", "Room 4", version=program.version, by=cast.vera)
    book(2)
    Availability.update(place="").execute()
    with pytest.raises(Refused, match="nowhere"):
        actions.place_program(program, "", "", version=program.version + 1, by=cast.vera)
    assert Engagement.get_by_id(program.id).place == "Room 4"


def test_a_kickoff_that_was_held_moves_the_card_on(cast, book, program):
    actions.mark(book(-1, kind=SessionKind.KICKOFF), State.HELD, by=cast.alice)
    card = Card.with_client().where(Card.client == cast.bob).get()
    assert card.stage.meaning is StageMeaning.ACTIVE
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.status, bob.waiting_on) == (Status.ACTIVE, Party.NOBODY)
